//! What others may ask or tell us: the control socket of the command line, the ops listener, and the public listener
//! with its hooks and SCIM servers. `jws` checks the signatures of tokens that both take.

pub mod control;
pub mod hooks;
mod jws;
pub mod listener;
pub mod ops;
pub mod public;
pub mod scim;
