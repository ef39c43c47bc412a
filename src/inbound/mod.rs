//! What others may ask or tell us: the control socket of the command line, the ops listener, and the public listener
//! with its hooks.

pub mod control;
pub mod hooks;
pub mod listener;
pub mod ops;
pub mod public;
pub mod scim;
