//! The hash chain that proves what happened, in which order, and that nothing was taken out.
//!
//! Pure. An [`Entry`] is one line of the journal; `chain` links and verifies.

pub mod chain;
pub mod entry;

pub use chain::{Break, verify};
pub use entry::Entry;
