//! What is known of every account, and which accounts are one person.
//!
//! Pure. `mirror` keeps the index that tells new facts from old ones, `merge` turns the accounts of one person into
//! a [`Person`], `provenance` says where each fact of a person came from, `snapshot` says how much a reading proves, `absence` decides what a
//! missing account means, `leaving` what an announced date does.

pub mod absence;
pub mod leaving;
pub mod merge;
pub mod mirror;
pub mod provenance;
pub mod record;
pub mod snapshot;

pub use absence::{Shrink, judge};
pub use leaving::{LEAVES_AT, leaves_at, left_by};
pub use merge::{Conflict, Departure, Matching, Person, merge};
pub use mirror::{Absorbed, Lookup, Mirror, normalize};
pub use provenance::{Fact, Other, Yields, provenance};
pub use record::{AccountRow, Missing, PersonRecord};
pub use snapshot::{Asked, Coverage, Gap, GapKind, Page, Reading, Removed};
