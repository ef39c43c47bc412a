//! Reading identity providers: every trap of the protocols, over a scripted transport and over HTTP against the mocks.

mod entra;
mod hostile;
mod live;
mod loops;
mod okta;
mod okta_log;
mod property;
mod recorded;
mod scim;
mod script;
