//! What must survive a crash, as the program means it; not a key-value API.
//!
//! `sled/` is the only folder that names sled. `overlay` reads through and writes nowhere, for `plan`. `codec` is the
//! form of a record, `migrate` the format of the folder, `backup` a store as a file.

pub mod backup;
mod codec;
pub mod hint;
pub mod migrate;
pub mod overlay;
pub mod sled;

pub use self::hint::Hint;
pub use self::overlay::Overlay;
pub use self::sled::{Opened, SledStore};

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::audit::Entry;
use crate::directory::PersonRecord;
use crate::model::{Digest, FeedName, PersonId, Time};
use crate::seats::{Event, Ledger};

/// Everything that changes together: all of it or none, durable when `commit` returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// When.
    pub at: Time,
    /// The pass it belongs to, or 0.
    pub pass: u64,
    /// The digest of the rules table in force, which every entry made of `events` carries.
    pub rules: Option<Digest>,
    /// People whose accounts changed, whole records.
    pub people: Vec<PersonRecord>,
    /// State of feeds, for those that are named.
    pub feeds: BTreeMap<FeedName, FeedState>,
    /// People to look at again.
    pub dirty: BTreeSet<PersonId>,
    /// People who were looked at.
    pub clean: BTreeSet<PersonId>,
    /// What happened to seats, in order; becomes journal entries and changes the ledger.
    pub events: Vec<Event>,
    /// Small facts of the worker by name, such as `rules_digest`; `None` removes.
    pub notes: BTreeMap<String, Option<String>>,
    /// What providers pointed at, each under a number that is used once; `None` removes what was looked at.
    pub hints: BTreeMap<u64, Option<Hint>>,
}

impl Batch {
    /// An empty batch of that moment and pass.
    pub fn new(at: Time, pass: u64) -> Self {
        Self { at, pass, ..Self::default() }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Self { at: _, pass: _, rules: _, people, feeds, dirty, clean, events, notes, hints } = self;
        people.is_empty()
            && feeds.is_empty()
            && dirty.is_empty()
            && clean.is_empty()
            && events.is_empty()
            && notes.is_empty()
            && hints.is_empty()
    }
}

/// Where a feed stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// Where to go on, in the feed's own words.
    pub cursor: Option<String>,
    /// The start of the last whole reading.
    pub last_whole: Option<Time>,
    /// The start of the last reading that was not partial.
    pub last_good: Option<Time>,
    /// Accounts shown by the last whole reading.
    pub accounts: u64,
}

/// Why the store cannot do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the store in {} is in use by another process", path.display())]
    InUse {
        /// Its folder.
        path: PathBuf,
    },
    /// The folder cannot be read or written.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is stored is not what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// Written by a newer version.
    #[error("the store has format {found}, this program knows up to {known}")]
    Newer {
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// The writer has stopped after an earlier error.
    #[error("the store no longer takes writes: {0}")]
    Stopped(String),
}

/// What `store verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether everything fits.
    pub ok: bool,
    /// Records of people read and found whole.
    pub people: u64,
    /// Seats in the ledger.
    pub holdings: u64,
    /// Entries in the journal.
    pub entries: u64,
    /// What does not fit.
    pub findings: Vec<String>,
}

/// The store.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes the batch: all of it or none, and on disk when this returns.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;

    /// The ledger as of the last commit.
    fn ledger(&self) -> Arc<Ledger>;

    /// State of every feed.
    fn feeds(&self) -> Result<BTreeMap<FeedName, FeedState>, StoreError>;

    /// People to look at again.
    fn dirty(&self) -> Result<BTreeSet<PersonId>, StoreError>;

    /// What providers pointed at and nobody has looked at yet, by number.
    fn hints(&self) -> Result<BTreeMap<u64, Hint>, StoreError>;

    /// A small fact by name.
    fn note(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Calls `each` with the notes whose name begins so, in order of name, until it returns false.
    fn notes_under(&self, prefix: &str, each: &mut dyn FnMut(&str, String) -> bool) -> Result<(), StoreError>;

    /// What is known of one person.
    fn person(&self, id: PersonId) -> Result<Option<PersonRecord>, StoreError>;

    /// Calls `each` with every person in order of number, until it returns false.
    fn people(&self, each: &mut dyn FnMut(PersonRecord) -> bool) -> Result<(), StoreError>;

    /// Calls `each` with the journal's entries from `seq` on, until it returns false.
    fn journal(&self, from: u64, each: &mut dyn FnMut(Entry) -> bool) -> Result<(), StoreError>;

    /// The journal's entries about one person, oldest first, the last `limit` of them.
    fn history(&self, person: PersonId, limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// Reads everything and compares it.
    fn verify(&self) -> Result<Verification, StoreError>;
}
