//! Reading identity providers: every trap of the protocols, over a scripted transport.

mod entra;
mod hostile;
mod loops;
mod okta;
mod property;
mod recorded;
mod scim;
mod script;
