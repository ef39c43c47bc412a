//! What happened in the company, in order. The providers' change feeds are read from here.

use jiff::Timestamp;

use super::person::{Accounts, PersonId};

/// What kind of thing happened to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Hired, or given a further account.
    Hired,
    /// Job code, department or another attribute changed.
    Moved,
    /// Name or address changed.
    Renamed,
    /// Left.
    Left,
    /// Came back.
    Rehired,
    /// Suspended by an admin.
    Suspended,
    /// No longer suspended.
    Unsuspended,
    /// Soft-deleted.
    Deleted,
    /// Deleted for good.
    Purged,
    /// Joined a group.
    Joined,
    /// Left a group.
    Parted,
    /// Reports to somebody else.
    Manager,
    /// The Okta status changed by itself (locked out, password expired).
    Status,
}

/// One entry of the company's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// To whom.
    pub person: PersonId,
    /// What.
    pub what: What,
    /// The accounts that this touched. They differ from the person's present ones after a purge and a rehire.
    pub accounts: Accounts,
    /// The group, for [`What::Joined`] and [`What::Parted`].
    pub group: Option<String>,
}
