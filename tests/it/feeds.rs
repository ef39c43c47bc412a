//! Reading identity providers: every trap of the protocols, over a scripted transport.

mod entra;
mod loops;
mod okta;
mod recorded;
mod scim;
mod script;
