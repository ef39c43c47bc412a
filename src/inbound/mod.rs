//! What others may ask of us: probes and metrics on the ops listener, the command line on the control socket.

pub mod listener;
pub mod ops;
pub mod telemetry;
