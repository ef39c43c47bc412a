//! Rows of hashes and numbers, and the tables that find them. Tables hold row numbers only; the hashes stand in the
//! rows, once.

use hashbrown::HashTable;

use super::facts::ABSENT;
use crate::model::{MatchKey, PersonId};

/// No row.
const NONE: u32 = u32::MAX;

/// One account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Feed and id.
    pub(super) hash: u64,
    /// All facts.
    pub(super) digest: u64,
    /// Whose it is.
    pub(super) person: PersonId,
    /// The next account of the same person.
    sibling: u32,
    /// The number of the feed.
    pub(super) feed: u16,
    /// What is known of it.
    pub(super) flags: Flags,
    /// When the provider changed it last, in milliseconds; [`NEVER`] where it does not say.
    pub(super) changed_at: i64,
}

/// The provider does not say when it changed an account.
pub(super) const NEVER: i64 = i64::MIN;

/// What is known of an account, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Flags(u16);

impl Flags {
    /// Somebody who may be here.
    pub(super) const LIVE: Self = Self(1);
    /// The provider said that it is gone.
    pub(super) const GONE: Self = Self(1 << 1);
    /// Set while whole readings do not show it.
    pub(super) const MISSING: Self = Self(1 << 2);
    /// Shown by the present whole reading.
    pub(super) const SEEN: Self = Self(1 << 3);
    /// First shown in this round: to whom it belongs may still be revised.
    pub(super) const FRESH: Self = Self(1 << 4);
    /// Only its number is known, from the journal.
    pub(super) const RESERVED: Self = Self(1 << 5);

    /// Whether all bits of `other` are set.
    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// With the bits of `other` set or cleared.
    #[must_use]
    pub(super) const fn with(self, other: Self, on: bool) -> Self {
        if on { Self(self.0 | other.0) } else { Self(self.0 & !other.0) }
    }
}

/// The values of one key, by row.
#[derive(Debug)]
struct Column {
    kind: MatchKey,
    values: Vec<u64>,
    next: Vec<u32>,
    heads: HashTable<u32>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Index {
    rows: Vec<Row>,
    accounts: HashTable<u32>,
    people: HashTable<u32>,
    columns: Vec<Column>,
}

impl Index {
    /// An empty index of those keys.
    pub(super) fn new(kinds: &[MatchKey]) -> Self {
        let column = |&kind| Column { kind, values: Vec::new(), next: Vec::new(), heads: HashTable::new() };
        Self {
            rows: Vec::new(),
            accounts: HashTable::new(),
            people: HashTable::new(),
            columns: kinds.iter().map(column).collect(),
        }
    }

    /// The rows by number.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many people have an account.
    pub(super) fn people(&self) -> usize {
        self.people.len()
    }

    /// The row with that account hash.
    pub(super) fn find(&self, hash: u64) -> Option<u32> {
        self.accounts.find(hash, |&at| hash_at(&self.rows, at) == hash).copied()
    }

    /// One row.
    pub(super) fn row(&self, at: u32) -> Option<&Row> {
        self.rows.get(slot(at))
    }

    /// Adds an account of `person` without keys.
    pub(super) fn push(&mut self, hash: u64, feed: u16, flags: Flags, person: PersonId) -> u32 {
        let at = u32::try_from(self.rows.len()).unwrap_or(NONE);
        debug_assert!(at != NONE, "four thousand million accounts");
        self.rows.push(Row { hash, digest: 0, person, sibling: NONE, feed, flags, changed_at: NEVER });
        let rows = &self.rows;
        self.accounts.insert_unique(hash, at, |&at| hash_at(rows, at));
        for column in &mut self.columns {
            column.values.push(ABSENT);
            column.next.push(NONE);
        }
        self.join(at, person);
        at
    }

    /// Writes down the digest and flags.
    pub(super) fn note(&mut self, at: u32, digest: u64, flags: Flags) {
        if let Some(row) = self.rows.get_mut(slot(at)) {
            row.digest = digest;
            row.flags = flags;
        }
    }

    /// Writes down when the provider changed an account.
    pub(super) fn changed(&mut self, at: u32, changed_at: i64) {
        if let Some(row) = self.rows.get_mut(slot(at)) {
            row.changed_at = changed_at;
        }
    }

    /// Sets or clears flags.
    pub(super) fn flag(&mut self, at: u32, flags: Flags, on: bool) {
        if let Some(row) = self.rows.get_mut(slot(at)) {
            row.flags = row.flags.with(flags, on);
        }
    }

    /// Clears flags of every account of a feed.
    pub(super) fn clear(&mut self, feed: u16, flags: Flags) {
        for row in self.rows.iter_mut().filter(|row| row.feed == feed) {
            row.flags = row.flags.with(flags, false);
        }
    }

    /// Gives an account to another person.
    pub(super) fn give(&mut self, at: u32, person: PersonId) {
        let Some(before) = self.row(at).map(|row| row.person) else { return };
        if before != person {
            self.leave(at, before);
            self.join(at, person);
        }
    }

    fn join(&mut self, at: u32, person: PersonId) {
        let hash = person_hash(person);
        let rows = &mut self.rows;
        let first = self.people.find_mut(hash, |&head| person_at(rows, head) == person);
        let sibling = first.map_or(NONE, |head| std::mem::replace(head, at));
        if let Some(row) = rows.get_mut(slot(at)) {
            row.person = person;
            row.sibling = sibling;
        }
        if sibling == NONE {
            self.people.insert_unique(hash, at, |&head| person_hash(person_at(rows, head)));
        }
    }

    fn leave(&mut self, at: u32, person: PersonId) {
        let hash = person_hash(person);
        let after = self.rows.get(slot(at)).map_or(NONE, |row| row.sibling);
        let rows = &mut self.rows;
        let Ok(mut entry) = self.people.find_entry(hash, |&head| person_at(rows, head) == person) else { return };
        if *entry.get() == at {
            if after == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = after;
            }
            return;
        }
        let mut before = *entry.get();
        while let Some(row) = rows.get_mut(slot(before)) {
            if row.sibling == at {
                row.sibling = after;
                return;
            }
            before = row.sibling;
        }
    }

    /// The accounts of a person.
    pub(super) fn of_person(&self, person: PersonId) -> impl Iterator<Item = u32> {
        let head = self.people.find(person_hash(person), |&head| person_at(&self.rows, head) == person);
        let sibling = |&at: &u32| self.rows.get(slot(at)).map(|row| row.sibling).filter(|&next| next != NONE);
        std::iter::successors(head.copied(), sibling)
    }

    /// The number of a key's column.
    pub(super) fn column_of(&self, kind: MatchKey) -> Option<usize> {
        self.columns.iter().position(|column| column.kind == kind)
    }

    /// The kinds of the columns.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (usize, MatchKey)> {
        self.columns.iter().map(|column| column.kind).enumerate()
    }

    /// An account's value in a column, or [`ABSENT`].
    pub(super) fn value(&self, column: usize, at: u32) -> u64 {
        self.columns.get(column).and_then(|column| column.values.get(slot(at))).copied().unwrap_or(ABSENT)
    }

    /// The accounts with a value.
    pub(super) fn with_value(&self, column: usize, value: u64) -> impl Iterator<Item = u32> {
        let column = self.columns.get(column).filter(|_| value != ABSENT);
        let head = column.and_then(|column| {
            column.heads.find(value, |&head| column.values.get(slot(head)) == Some(&value)).copied()
        });
        let next =
            move |&at: &u32| column.and_then(|column| column.next.get(slot(at)).copied()).filter(|&next| next != NONE);
        std::iter::successors(head, next)
    }

    /// Gives an account a value in a column.
    pub(super) fn set_value(&mut self, column: usize, at: u32, value: u64) {
        let Some(column) = self.columns.get_mut(column) else { return };
        let Some(before) = column.values.get(slot(at)).copied() else { return };
        if before != value {
            column.unhook(at, before);
            column.hook(at, value);
        }
    }
}

impl Column {
    fn hook(&mut self, at: u32, value: u64) {
        let values = &mut self.values;
        let first = if value == ABSENT {
            None
        } else {
            self.heads.find_mut(value, |&head| values.get(slot(head)) == Some(&value))
        };
        let next = first.map_or(NONE, |head| std::mem::replace(head, at));
        if let (Some(own), Some(link)) = (values.get_mut(slot(at)), self.next.get_mut(slot(at))) {
            *own = value;
            *link = next;
        }
        if next == NONE && value != ABSENT {
            self.heads.insert_unique(value, at, |&head| values.get(slot(head)).copied().unwrap_or(ABSENT));
        }
    }

    fn unhook(&mut self, at: u32, value: u64) {
        let after = self.next.get(slot(at)).copied().unwrap_or(NONE);
        let values = &self.values;
        let Ok(mut entry) = self.heads.find_entry(value, |&head| values.get(slot(head)) == Some(&value)) else {
            return;
        };
        if *entry.get() == at {
            if after == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = after;
            }
            return;
        }
        let mut before = *entry.get();
        while let Some(link) = self.next.get_mut(slot(before)) {
            if *link == at {
                *link = after;
                return;
            }
            before = *link;
        }
    }
}

fn slot(at: u32) -> usize {
    at as usize
}

fn hash_at(rows: &[Row], at: u32) -> u64 {
    rows.get(slot(at)).map_or(0, |row| row.hash)
}

fn person_at(rows: &[Row], at: u32) -> PersonId {
    rows.get(slot(at)).map_or(PersonId(0), |row| row.person)
}

/// Numbers are dense; the tables want every bit to matter (the finalizer of `SplitMix64`).
fn person_hash(person: PersonId) -> u64 {
    let mixed = (person.0 ^ (person.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
