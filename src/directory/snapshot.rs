//! What a feed hands over, and how much it proves.

use serde::{Deserialize, Serialize};

use crate::model::{Account, FeedName, Time};

/// Some accounts of one feed, in the order the provider sent them. The last word on an account wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Accounts as they are now.
    pub accounts: Vec<Account>,
    /// Accounts the provider says are deleted.
    pub removed: Vec<Removed>,
    /// How the accounts were asked for.
    pub asked: Asked,
}

/// How accounts were asked for, which says how far their word goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// By a list, which may be a cached page or an index that lags behind: a row that is older than what is known is
    /// not believed.
    #[default]
    Listed,
    /// Each by its immutable id: that is how it is, whatever time it bears.
    ById,
}

/// The provider's positive word that an account is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The immutable id at the provider.
    pub id: String,
    /// The provider's words, such as `@removed: changed`.
    pub how: String,
}

/// How much a reading proves about the accounts that it did not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "coverage")]
pub enum Coverage {
    /// The walk ended by the protocol's own sign without error, duplicate or drift: what it did not show is missing.
    Whole,
    /// Every change since the cursor, deletions included: what it did not show is as it was.
    Delta,
    /// Accounts changed since the cursor; deletions cannot be seen this way.
    Changes,
    /// The walk did not end well: what it did not show is unknown.
    Partial(Gap),
}

impl Coverage {
    /// The word used in JSON and reports. A delta on top of a whole mirror counts as whole.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Whole | Self::Delta => "whole",
            Self::Changes => "changes",
            Self::Partial(_) => "partial",
        }
    }

    /// Why the reading is partial.
    pub const fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Partial(gap) => Some(gap),
            Self::Whole | Self::Delta | Self::Changes => None,
        }
    }
}

/// Where a reading broke off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// What kind of trouble, for the exit code and for when to try again.
    pub kind: GapKind,
    /// The call, such as `GET /api/v1/users (page 7)`; never with a query that holds personal data.
    pub call: String,
    /// What went wrong, in a sentence for an operator.
    pub why: String,
}

/// The kinds of trouble of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// No answer: connection, time-out, 5xx or throttled until the deadline.
    Unreachable,
    /// The provider refused us (401, 403).
    Refused,
    /// Pages moved under the walk: duplicates, a changed total, a short list, an expired cursor.
    Drift,
    /// An answer that is not what the protocol says.
    Invalid,
    /// Far fewer accounts than last time, twice in a row.
    Suspect,
}

/// The end of one reading; the pages came before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The feed.
    pub feed: FeedName,
    /// How much it proves.
    pub coverage: Coverage,
    /// Accounts shown, each counted once.
    pub accounts: u64,
    /// Where to go on next time; kept only after the pages are stored. `None` leaves the old cursor.
    pub cursor: Option<String>,
    /// When the reading began.
    pub read_at: Time,
}
