//! The only folder that asks the system for time or chance, or listens to signals.

pub mod chance;
pub mod clock;

pub use chance::Chance;
pub use clock::{Clock, ManualClock, SystemClock};
