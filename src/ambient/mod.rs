//! The only folder that asks the system for time or chance, listens to signals, and tells the outside how we are:
//! systemd and the log.

pub mod chance;
pub mod clock;
pub mod lifecycle;
pub mod logs;
pub mod systemd;

pub use chance::Chance;
pub use clock::{Clock, ManualClock, SystemClock};
pub use lifecycle::Lifecycle;
