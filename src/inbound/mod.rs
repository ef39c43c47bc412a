//! What others may ask of us: the control socket of the command line, and the ops listener.

pub mod control;
pub mod listener;
pub mod ops;
