//! The hash chain that proves what happened, in which order, and that nothing was taken out.
//!
//! Pure. An [`Entry`] is one line of the journal; `chain` links and verifies; `report` tells an entry to
//! people; `past` reads the journal up to an instant.

pub mod chain;
pub mod entry;
pub mod past;
pub mod report;

pub use chain::{Break, LINE_LIMIT, Tip, Verifier, link, link_under, verify, verify_lines};
pub use entry::Entry;
pub use past::{Past, PastReader};
pub use report::{deed, sentence};
