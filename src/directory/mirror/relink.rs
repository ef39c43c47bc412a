//! Keeps links and conflicts up to date around the accounts that changed.

use std::collections::BTreeSet;

use super::Mirror;
use super::facts::{ABSENT, key_text, value_hash};
use super::index::Flags;
use super::link::{Party, number, unite};
use super::work::Work;
use crate::directory::Conflict;
use crate::model::PersonId;

/// A value that more accounts share tells nobody apart: `0000`, `n/a`, the address of a team. It links nobody, and
/// everybody live who has it is in conflict.
pub(super) const WORN: usize = 32;

/// So many of the others are named in a conflict over a worn value.
const NAMED: usize = 3;

/// Accounts that hang together through values; beyond it the links stay as they are. People have a handful.
const COMPONENT: usize = 1024;

impl Mirror {
    /// Links the accounts in `seeds` and all who hang together with them anew.
    pub(super) fn relink(&mut self, seeds: &[u32], work: &mut Work<'_>) {
        let Some(component) = self.component(seeds) else { return };
        if component.len() < 2 {
            return;
        }
        let parties = self.parties(&component);
        if parties.len() < 2 {
            return;
        }
        let index = &self.index;
        let ranks = &self.ranks;
        let crowded = |rank: usize, value: u64| {
            ranks.get(rank).is_none_or(|&column| index.with_value(column, value).nth(WORN).is_some())
        };
        let united = unite(parties, ranks.len(), &crowded);
        let before = |at: u32| index.row(at).map_or(PersonId(0), |row| row.person);
        let next = &mut self.next;
        let numbers = number(united, &before, &mut || take(next, work));
        for (at, person) in numbers {
            let Some(row) = self.index.row(at).copied() else { continue };
            if row.person == person {
                continue;
            }
            self.touch(at, work);
            work.people.extend([row.person, person]);
            self.index.give(at, person);
            if !work.shift(row.hash, row.person, person) {
                // The record is lost; the next reading that shows the account writes it anew.
                self.index.note(at, 0, row.flags);
            }
        }
    }

    /// The accounts that hang together with `seeds`; `None` when there are too many.
    fn component(&self, seeds: &[u32]) -> Option<BTreeSet<u32>> {
        let mut found: BTreeSet<u32> = seeds.iter().copied().collect();
        let mut queue: Vec<u32> = seeds.to_vec();
        while let Some(at) = queue.pop() {
            let person = self.index.row(at).map(|row| row.person);
            let siblings = person.into_iter().flat_map(|person| self.index.of_person(person));
            // One above the limit still counts as neighbors, so that links are dissolved when a value becomes worn.
            let sharing = self.ranks.iter().flat_map(|&column| {
                let value = self.index.value(column, at);
                let crowded = self.index.with_value(column, value).nth(WORN + 1).is_some();
                self.index.with_value(column, if crowded { ABSENT } else { value })
            });
            for other in siblings.chain(sharing) {
                if found.insert(other) {
                    queue.push(other);
                }
            }
            if found.len() > COMPONENT {
                return None;
            }
        }
        Some(found)
    }

    /// One party for the settled accounts of each person, and one for each fresh account.
    fn parties(&self, component: &BTreeSet<u32>) -> Vec<Party> {
        let mut parties: Vec<Party> = Vec::new();
        for &at in component {
            let Some(row) = self.index.row(at) else { continue };
            let anchor = (!row.flags.has(Flags::FRESH)).then_some(row.person);
            let live = row.flags.has(Flags::LIVE).then_some(row.feed);
            let values = self.ranks.iter().map(|&column| self.index.value(column, at));
            let values = values.map(|value| Some(value).filter(|&value| value != ABSENT).into_iter().collect());
            let known = parties.iter_mut().find(|party| anchor.is_some() && party.anchor == anchor);
            if let Some(party) = known {
                party.members.insert(at);
                party.live.extend(live);
                for (own, value) in party.keys.iter_mut().zip(values) {
                    let value: BTreeSet<u64> = value;
                    own.extend(value);
                }
            } else {
                parties.push(Party {
                    anchor,
                    members: [at].into(),
                    live: live.into_iter().collect(),
                    keys: values.collect(),
                });
            }
        }
        parties
    }

    /// Notes the values of an account for `refresh`, where somebody else has them too.
    pub(super) fn touch(&self, at: u32, work: &mut Work<'_>) {
        for &column in &self.ranks {
            let value = self.index.value(column, at);
            if self.index.with_value(column, value).nth(1).is_some() {
                work.values.insert((column, value));
            }
        }
    }

    /// Derives the conflicts of everybody whose claims may have changed. They are dirty when a conflict came or went.
    pub(super) fn refresh(&mut self, work: &mut Work<'_>) {
        let mut people = std::mem::take(&mut work.people);
        for (column, value) in std::mem::take(&mut work.values) {
            let sharing = || self.index.with_value(column, value).filter_map(|at| self.index.row(at));
            if sharing().nth(WORN + 1).is_none() {
                people.extend(sharing().map(|row| row.person));
            } else {
                people.extend(sharing().filter(|row| row.flags.has(Flags::LIVE)).take(NAMED + 1).map(|row| row.person));
            }
        }
        for person in people {
            let conflict = self.clash(person, work);
            let before = self.conflicts.contains_key(&person);
            if before != conflict.is_some() {
                work.dirty.insert(person);
            }
            match conflict {
                Some(conflict) => self.conflicts.insert(person, conflict),
                None => self.conflicts.remove(&person),
            };
        }
    }

    /// The conflict of a person: live accounts of other people that have a value of one of theirs.
    fn clash(&self, person: PersonId, work: &mut Work<'_>) -> Option<Conflict> {
        let mut first: Option<(usize, u64, usize)> = None;
        let mut with = BTreeSet::new();
        let live = |at: &u32| self.index.row(*at).is_some_and(|row| row.flags.has(Flags::LIVE));
        for at in self.index.of_person(person).filter(live) {
            for (rank, &column) in self.ranks.iter().enumerate() {
                let value = self.index.value(column, at);
                let crowded = self.index.with_value(column, value).nth(WORN).is_some();
                let others = self.index.with_value(column, value).filter(live);
                let others = others.filter_map(|at| self.index.row(at)).map(|row| row.person);
                let others = others.filter(|&other| other != person).take(if crowded { NAMED } else { usize::MAX });
                let mut others = others.peekable();
                if others.peek().is_some() {
                    first = Some(first.map_or((rank, value, column), |best| best.min((rank, value, column))));
                }
                with.extend(others);
            }
        }
        let (rank, value, column) = first?;
        let key = self.matching.match_on.get(rank)?.as_str().to_owned();
        Some(Conflict { value: self.text_of(rank, column, value, work), key, with })
    }

    /// The text of a value in conflict, which the index does not keep: from a conflict over it that is known, from a
    /// record at hand, or from the store.
    fn text_of(&self, rank: usize, column: usize, value: u64, work: &mut Work<'_>) -> String {
        let Some(&key) = self.matching.match_on.get(rank) else { return String::new() };
        let rows = || self.index.with_value(column, value).filter_map(|at| self.index.row(at)).take(WORN);
        let known = rows().filter_map(|row| self.conflicts.get(&row.person));
        if let Some(conflict) =
            known.into_iter().find(|known| known.key == key.as_str() && value_hash(&known.value) == value)
        {
            return conflict.value.clone();
        }
        if let Some(row) = rows().find_map(|row| work.row_at_hand(row.person, row.hash)) {
            return key_text(&row.account, key).unwrap_or_default();
        }
        rows()
            .find_map(|row| work.row(row.person, row.hash).and_then(|row| key_text(&row.account, key)))
            .unwrap_or_default()
    }
}

/// Takes the next number.
pub(super) fn take(next: &mut u64, work: &mut Work<'_>) -> PersonId {
    let person = PersonId(*next);
    *next = next.saturating_add(1);
    work.create(person);
    person
}
