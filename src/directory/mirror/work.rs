//! The records that one call reads and changes.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::account_hash;
use super::{Absorbed, Lookup};
use crate::directory::{AccountRow, PersonRecord};
use crate::model::{AccountId, PersonId};

/// See the module.
pub(super) struct Work<'a> {
    lookup: Lookup<'a>,
    records: BTreeMap<PersonId, PersonRecord>,
    changed: BTreeSet<PersonId>,
    created: BTreeSet<PersonId>,
    /// People to look at again.
    pub(super) dirty: BTreeSet<PersonId>,
    /// Values, by column, whose claims may have changed.
    pub(super) values: BTreeSet<(usize, u64)>,
    /// People whose claims may have changed.
    pub(super) people: BTreeSet<PersonId>,
    /// Accounts not shown before by this reading.
    pub(super) new_in_reading: u64,
    /// Accounts shown before by this reading.
    pub(super) repeated: u64,
    /// Accounts whose rows were not believed.
    pub(super) doubted: BTreeSet<AccountId>,
}

impl<'a> Work<'a> {
    /// Nothing read yet.
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self {
            lookup,
            records: BTreeMap::new(),
            changed: BTreeSet::new(),
            created: BTreeSet::new(),
            dirty: BTreeSet::new(),
            values: BTreeSet::new(),
            people: BTreeSet::new(),
            new_in_reading: 0,
            repeated: 0,
            doubted: BTreeSet::new(),
        }
    }

    /// Takes a record as read.
    pub(super) fn keep(&mut self, record: PersonRecord) {
        self.records.insert(record.id, record);
    }

    /// Begins the record of a number that never stood for anybody.
    pub(super) fn create(&mut self, person: PersonId) {
        self.created.insert(person);
        self.keep(PersonRecord { id: person, accounts: Vec::new() });
    }

    /// Forgets a number that was begun and not used.
    pub(super) fn forget(&mut self, person: PersonId) {
        self.created.remove(&person);
        self.records.remove(&person);
        self.changed.remove(&person);
        self.dirty.remove(&person);
    }

    fn record(&mut self, person: PersonId) -> &mut PersonRecord {
        let lookup = &mut self.lookup;
        self.records
            .entry(person)
            .or_insert_with(|| lookup(person).unwrap_or(PersonRecord { id: person, accounts: Vec::new() }))
    }

    /// A person's account by hash.
    pub(super) fn row(&mut self, person: PersonId, hash: u64) -> Option<&AccountRow> {
        self.record(person).accounts.iter().find(|row| account_hash(&row.account.id) == hash)
    }

    /// The same, without asking the store.
    pub(super) fn row_at_hand(&self, person: PersonId, hash: u64) -> Option<&AccountRow> {
        self.records.get(&person)?.accounts.iter().find(|row| account_hash(&row.account.id) == hash)
    }

    /// Writes an account of a person.
    pub(super) fn put(&mut self, person: PersonId, row: AccountRow) {
        let accounts = &mut self.record(person).accounts;
        match accounts.binary_search_by(|known| known.account.id.cmp(&row.account.id)) {
            Ok(at) => {
                if let Some(known) = accounts.get_mut(at) {
                    *known = row;
                }
            }
            Err(at) => accounts.insert(at, row),
        }
        self.changed.insert(person);
        self.dirty.insert(person);
    }

    /// Moves an account to another person. False when the record does not have it.
    pub(super) fn shift(&mut self, hash: u64, from: PersonId, to: PersonId) -> bool {
        let accounts = &mut self.record(from).accounts;
        let Some(at) = accounts.iter().position(|row| account_hash(&row.account.id) == hash) else { return false };
        let row = accounts.remove(at);
        self.changed.insert(from);
        self.dirty.insert(from);
        self.put(to, row);
        true
    }

    /// What the call changed.
    pub(super) fn done(self) -> Absorbed {
        let Self { mut records, changed, created, mut dirty, new_in_reading, repeated, doubted, .. } = self;
        let mut written = Vec::with_capacity(changed.len());
        for person in changed {
            let Some(record) = records.remove(&person) else { continue };
            if record.accounts.is_empty() && created.contains(&person) {
                dirty.remove(&person);
            } else {
                written.push(record);
            }
        }
        Absorbed { records: written, dirty, new_in_reading, repeated, doubted }
    }
}
