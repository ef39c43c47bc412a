//! The index of the mirror: which account is whose, and whether its facts are new. Hashes and numbers only, so that a
//! million accounts take tens of megabytes; the records themselves stay in the store.

use std::collections::{BTreeMap, BTreeSet};

use super::{Conflict, Matching, Page, PersonRecord};
use crate::model::{AccountId, FeedName, MatchKey, PersonId, Time};
use crate::seats::Known;

/// Reads the stored record of a person.
pub type Lookup<'a> = &'a mut dyn FnMut(PersonId) -> Option<PersonRecord>;

/// What a page changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Records to write, whole.
    pub records: Vec<PersonRecord>,
    /// People to look at again.
    pub dirty: BTreeSet<PersonId>,
    /// Accounts of the page that this whole reading had not shown before.
    pub new_in_reading: u64,
    /// Accounts of the page that this whole reading had shown before: the walk drifted.
    pub repeated: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Mirror {}

impl Mirror {
    /// An empty mirror.
    pub fn new(matching: Matching) -> Self {
        let _ = matching;
        unreachable!("stub")
    }

    /// Takes in a stored record, at start.
    pub fn load(&mut self, record: &PersonRecord) {
        let _ = record;
        unreachable!("stub")
    }

    /// Keeps a number for the accounts it stood for, so that a store rebuilt from the journal finds its people again.
    pub fn reserve(&mut self, known: &Known) {
        let _ = known;
        unreachable!("stub")
    }

    /// Begins a whole reading of a feed: nothing has been shown yet.
    pub fn begin_whole(&mut self, feed: &FeedName) {
        let _ = feed;
        unreachable!("stub")
    }

    /// Takes in a page.
    pub fn absorb(&mut self, feed: &FeedName, page: &Page, read_at: Time, lookup: Lookup<'_>) -> Absorbed {
        let _ = (feed, page, read_at, lookup);
        unreachable!("stub")
    }

    /// Accounts of a feed that the whole reading since `begin_whole` did not show, other than those already known to
    /// be gone or accepted as missing.
    pub fn unseen(&self, feed: &FeedName, lookup: Lookup<'_>) -> Vec<(PersonId, AccountId)> {
        let _ = (feed, lookup);
        unreachable!("stub")
    }

    /// Writes down that whole readings no longer show these accounts. `confirmed`: a read by id said gone.
    /// `accepted`: the absence is believed.
    pub fn mark_missing(
        &mut self,
        accounts: &[(PersonId, AccountId)],
        confirmed: bool,
        accepted: bool,
        at: Time,
        lookup: Lookup<'_>,
    ) -> Absorbed {
        let _ = (accounts, confirmed, accepted, at, lookup);
        unreachable!("stub")
    }

    /// People who share an identity with others.
    pub fn conflicts(&self) -> &BTreeMap<PersonId, Conflict> {
        unreachable!("stub")
    }

    /// Live accounts of a feed.
    pub fn accounts(&self, feed: &FeedName) -> u64 {
        let _ = feed;
        unreachable!("stub")
    }

    /// Whose account it is.
    pub fn person_of(&self, account: &AccountId) -> Option<PersonId> {
        let _ = account;
        unreachable!("stub")
    }

    /// People with that value of a key, by hash: the caller compares the record.
    pub fn find(&self, key: MatchKey, value: &str) -> Vec<PersonId> {
        let _ = (key, value);
        unreachable!("stub")
    }

    /// How many people there are.
    pub fn people(&self) -> u64 {
        unreachable!("stub")
    }
}
