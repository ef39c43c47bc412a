//! One person out of their accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::PersonRecord;
use crate::model::{Attribute, Attributes, FeedName, MatchKey, PersonId, Status};

/// A person as the rules see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person's number.
    pub id: PersonId,
    /// Where they stand; the first feed of `[people] prefer` that has an account of theirs decides.
    pub status: Status,
    /// How we know that they left; `None` while they have not.
    pub departure: Option<Departure>,
    /// E-mail address as written at the provider.
    pub email: Option<String>,
    /// Employee number as written at the provider.
    pub employee_number: Option<String>,
    /// Login name.
    pub user_name: Option<String>,
    /// Name for people to read.
    pub display_name: Option<String>,
    /// Attributes, each from the first feed in order of preference that has one.
    pub attributes: Attributes,
    /// The feed each attribute came from.
    pub sources: BTreeMap<Attribute, FeedName>,
    /// The feeds that show the person now.
    pub feeds: BTreeSet<FeedName>,
    /// The feed that decided `status`.
    pub status_feed: Option<FeedName>,
    /// The text that orders people who wait equally long: employee number, else e-mail, else account id.
    pub order_key: String,
}

/// How it is known that somebody left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The provider said so: deactivated, disabled or deleted.
    Positive {
        /// The feed that said it.
        feed: FeedName,
        /// The provider's own word.
        word: String,
    },
    /// Missing from a whole reading, and gone by a read by id; accepted or within `feed_shrink`.
    Absence {
        /// The feed that no longer shows them.
        feed: FeedName,
        /// False while the feed's shrinking is not accepted, so that the loss is held under `feed_shrink`.
        accepted: bool,
    },
}

/// Two claims on one identity. Nobody gains or loses by it until a person resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The key both claim, such as `employee_number`.
    pub key: String,
    /// The value both claim.
    pub value: String,
    /// The other people who claim it.
    pub with: BTreeSet<PersonId>,
}

/// How accounts of several feeds become one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Keys in the order they are tried; the immutable id of a feed always wins.
    pub match_on: Vec<MatchKey>,
    /// Feeds in the order their word counts; feeds not named come after, all alike.
    pub prefer: Vec<FeedName>,
}

/// Makes one person of a record.
pub fn merge(record: &PersonRecord, matching: &Matching) -> Person {
    let _ = (record, matching);
    unreachable!("stub")
}
