//! The only folder that asks the system for time or chance, listens to signals, or starts the log.

pub mod chance;
pub mod clock;
pub mod lifecycle;
pub mod logs;

pub use chance::Chance;
pub use clock::{Clock, ManualClock, SystemClock};
