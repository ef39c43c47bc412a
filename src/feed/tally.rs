//! What a walk has shown so far: how many accounts, whether one came twice, which rows could not be read.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use super::answer::Trouble;
use super::pages::label;
use crate::directory::Gap;
use crate::model::Time;

/// Whether an account may come twice in one walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    /// The protocol allows it; the last word wins (Graph delta, lists of changes).
    Legal,
    /// It proves that pages moved under the walk, so somebody else may have been skipped.
    Drift,
}

/// Keeps no ids, only a 64-bit hash of each: 10 to 20 bytes an account, 19 MB at a million. Two ids with one hash (1 in 37
/// million at a million accounts) make a reading partial, never whole.
#[derive(Debug)]
pub(super) struct Tally {
    seen: Hashes,
    repeats: Repeats,
    repeated: Odd,
    faulty: Odd,
    moved: Option<(u64, String)>,
    /// The page that is being taken in, from 1.
    pub page: u64,
    /// The latest change that an account told.
    pub latest: Option<Time>,
}

#[expect(clippy::disallowed_types, reason = "only membership is asked; its order is never seen")]
type Hashes = std::collections::HashSet<u64, BuildHasherDefault<Ready>>;

/// How often something odd was met, and where first.
#[derive(Debug, Default)]
struct Odd {
    count: u64,
    first: Option<(u64, String)>,
}

impl Odd {
    fn note(&mut self, page: u64, why: impl FnOnce() -> String) {
        self.count = self.count.saturating_add(1);
        if self.first.is_none() {
            self.first = Some((page, why()));
        }
    }

    fn others(&self) -> String {
        match self.count {
            0 | 1 => String::new(),
            count => format!(" (and {} more)", count.saturating_sub(1)),
        }
    }
}

impl Tally {
    pub(super) fn new(repeats: Repeats) -> Self {
        Self {
            seen: Hashes::default(),
            repeats,
            repeated: Odd::default(),
            faulty: Odd::default(),
            moved: None,
            page: 1,
            latest: None,
        }
    }

    /// An account was shown; false when it had been shown before.
    pub(super) fn show(&mut self, id: &str, changed_at: Option<Time>) -> bool {
        self.latest = self.latest.max(changed_at);
        let new = self.seen.insert(xxh3_64(id.as_bytes()));
        if !new && self.repeats == Repeats::Drift {
            self.repeated.note(self.page, || "an account came twice, so pages moved during the walk".into());
        }
        new
    }

    /// Whether the account was shown before.
    pub(super) fn has(&self, id: &str) -> bool {
        self.seen.contains(&xxh3_64(id.as_bytes()))
    }

    /// The provider said that an account is deleted: it no longer counts.
    pub(super) fn remove(&mut self, id: &str) {
        self.seen.remove(&xxh3_64(id.as_bytes()));
    }

    /// A row could not be read. The others stand, the reading is partial.
    pub(super) fn fault(&mut self, row: usize, why: &str) {
        self.faulty.note(self.page, || format!("row {row}: {why}"));
    }

    /// Pages moved under the walk in a way that only the protocol can see.
    pub(super) fn drift(&mut self, why: String) {
        let page = self.page;
        self.moved.get_or_insert((page, why));
    }

    /// Accounts shown, each counted once.
    pub(super) fn accounts(&self) -> u64 {
        u64::try_from(self.seen.len()).unwrap_or(u64::MAX)
    }

    /// Forgets what was shown: the walk begins again.
    pub(super) fn clear(&mut self) {
        *self = Self { latest: self.latest, ..Self::new(self.repeats) };
    }

    /// What keeps a walk that came to its end from being whole.
    pub(super) fn gap(&self, what: &str) -> Option<Gap> {
        if let Some((page, why)) = &self.moved {
            return Some(Trouble::drift(why.clone()).at(label(what, *page)));
        }
        if let Some((page, why)) = &self.repeated.first {
            return Some(Trouble::drift(format!("{why}{}", self.repeated.others())).at(label(what, *page)));
        }
        let (page, why) = self.faulty.first.as_ref()?;
        Some(Trouble::invalid(format!("{why}{}", self.faulty.others())).at(label(what, *page)))
    }
}

/// Takes a number that is a hash already.
#[derive(Debug, Default)]
struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
