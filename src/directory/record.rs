//! What the store keeps of each person.

use serde::{Deserialize, Serialize};

use crate::model::{Account, PersonId, Time};

/// Everything known of one person: the accounts that are theirs. Without accounts it is the record of a number that
/// stood for somebody who turned out to be another person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// The person's number.
    pub id: PersonId,
    /// Their accounts, ordered by account id.
    pub accounts: Vec<AccountRow>,
}

/// An account as it was last shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// When these facts were first read.
    pub read_at: Time,
    /// Set while whole readings do not show the account.
    pub missing: Option<Missing>,
}

/// An account that whole readings no longer show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// When a whole reading first did not show it.
    pub since: Time,
    /// A read by immutable id answered that it does not exist.
    pub confirmed: bool,
    /// The absence is believed: within `feed_shrink`, or approved by an operator.
    pub accepted: bool,
}
