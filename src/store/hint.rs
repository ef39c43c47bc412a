//! What a provider pointed at: kept until somebody has looked there, and never taken for a fact.

use serde::{Deserialize, Serialize};

use crate::model::{FeedName, Time};

/// A reason to look at one account, or at a feed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Which feed spoke.
    pub feed: FeedName,
    /// The account by its immutable id; `None` for whatever changed since the last reading.
    pub account: Option<String>,
    /// Whether somebody may have left: such a look comes first.
    pub urgent: bool,
    /// What the event is called in logs.
    pub event: String,
    /// When it came in.
    pub received_at: Time,
}
