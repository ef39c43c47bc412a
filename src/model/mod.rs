//! The vocabulary every other folder speaks: ids, people, licenses, time.
//!
//! Pure values. Nothing here reads a clock, a file or a socket.

pub mod id;
pub mod license;
pub mod money;
pub mod person;
pub mod time;

pub use id::{AccountId, ClassName, Digest, FeedName, PersonId, PoolId, RuleId, TargetName, UnitNo};
pub use license::{Amount, Billing, Catalog, Exemption, MinHold, Money, Pool, PoolKind, Reassign, Seats};
pub use money::Sum;
pub use person::{Account, Attribute, Attributes, MatchKey, OnSuspended, Status};
pub use time::Time;
