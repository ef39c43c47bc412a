//! Numbered seats and what happened to each: seat 17 of pool fulfiller.
//!
//! The vendor's clocks run on the seat, not on the person, so the ledger knows of every seat who had it and when it
//! went from one person to another. Seats that nobody ever had are not in here: every number that is missing is new.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{PersonId, Time, UnitNo};

/// Holders of one seat that are remembered; the journal has them all.
pub const TENURES: usize = 8;

/// How long a change of hands is remembered: longer than any term that a catalog may name.
pub const CHANGES_KEPT: Duration = Duration::from_hours(24 * 366 * 3);

/// The seats of one pool that were ever given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Units {
    seats: BTreeMap<UnitNo, Unit>,
    /// Those that nobody has and that do not cool.
    idle: BTreeSet<UnitNo>,
    /// Every number from 1 to this was given before, and the next one never.
    given: u32,
}

/// One seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Whether it is in use.
    pub state: UnitState,
    /// Who had it, oldest first; the last one has it or had it last. Never empty.
    pub tenures: Vec<Tenure>,
    /// When it went to somebody else than the last holder, oldest first.
    pub changes: Vec<Time>,
}

/// Whether a seat is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitState {
    /// Held, being granted or being taken.
    Used,
    /// The vendor's terms keep it from the next holder.
    Cooling,
    /// May be given.
    Free,
}

/// The time in which one person had a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    /// Who.
    pub person: PersonId,
    /// Since when.
    pub from: Time,
    /// Until when; `None` while it lasts.
    pub until: Option<Time>,
}

impl Unit {
    /// Who has it or had it last.
    pub fn last(&self) -> Option<&Tenure> {
        self.tenures.last()
    }

    /// Whether that person had it last.
    pub fn was_of(&self, person: PersonId) -> bool {
        self.last().is_some_and(|tenure| tenure.person == person)
    }
}

impl Units {
    /// The seat of that number, if it was ever given.
    pub fn get(&self, unit: UnitNo) -> Option<&Unit> {
        self.seats.get(&unit)
    }

    /// All seats that were ever given, by number.
    pub fn iter(&self) -> impl Iterator<Item = (UnitNo, &Unit)> {
        self.seats.iter().map(|(number, unit)| (*number, unit))
    }

    /// Seats that were given before and that nobody has, by number.
    pub fn idle(&self) -> impl Iterator<Item = (UnitNo, &Unit)> {
        self.idle.iter().filter_map(|number| Some((*number, self.seats.get(number)?)))
    }

    /// The lowest number that was never given.
    pub const fn first_new(&self) -> u32 {
        self.given.saturating_add(1)
    }

    /// When seats of the pool went to other hands since `from`, in no order.
    pub fn changes_since(&self, from: Time) -> impl Iterator<Item = Time> {
        self.seats.values().flat_map(|unit| &unit.changes).copied().filter(move |at| *at > from)
    }

    /// Puts a seat as it was read from a store; `None` takes it out.
    pub fn put(&mut self, number: UnitNo, unit: Option<Unit>) {
        self.idle.remove(&number);
        if let Some(unit) = unit {
            if unit.state == UnitState::Free {
                self.idle.insert(number);
            }
            self.seats.insert(number, unit);
            self.came(number);
        } else {
            self.seats.remove(&number);
            self.went(number);
        }
    }

    /// Whether nothing was ever given.
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// Whether that seat may be given: it is new or idle.
    pub fn is_open(&self, number: UnitNo) -> bool {
        self.seats.get(&number).is_none_or(|unit| unit.state == UnitState::Free)
    }

    /// Gives a seat: the one that is wanted, or, for entries of a journal that name none or one in use, the lowest
    /// idle one, or the one after the last. `changes` is false for a seat that the person had before, at the desk.
    pub(super) fn give(&mut self, person: PersonId, wanted: Option<UnitNo>, at: Time, changes: bool) -> UnitNo {
        let next = || {
            let last = self.seats.keys().next_back().map_or(0, |last| last.0);
            self.idle.first().copied().unwrap_or(UnitNo(last.saturating_add(1)))
        };
        let number = wanted.filter(|number| self.is_open(*number)).unwrap_or_else(next);
        let fresh = || Unit { state: UnitState::Free, tenures: Vec::new(), changes: Vec::new() };
        let unit = self.seats.entry(number).or_insert_with(fresh);
        if changes && unit.last().is_some_and(|last| last.person != person) {
            let kept = at.minus(CHANGES_KEPT);
            unit.changes.retain(|change| *change >= kept);
            unit.changes.push(at);
        }
        unit.tenures.push(Tenure { person, from: at, until: None });
        let surplus = unit.tenures.len().saturating_sub(TENURES);
        unit.tenures.drain(..surplus);
        unit.state = UnitState::Used;
        self.idle.remove(&number);
        self.came(number);
        number
    }

    fn came(&mut self, number: UnitNo) {
        if number.0 == self.first_new() {
            while self.given < u32::MAX && self.seats.contains_key(&UnitNo(self.first_new())) {
                self.given = self.first_new();
            }
        }
    }

    fn went(&mut self, number: UnitNo) {
        self.given = self.given.min(number.0.saturating_sub(1));
    }

    /// Takes back a gift that did not come about: the seat is as it was before.
    pub(super) fn ungive(&mut self, number: UnitNo) {
        let Some(unit) = self.seats.get_mut(&number) else { return };
        let given = unit.tenures.pop();
        if unit.last().zip(given).is_some_and(|(last, given)| last.person != given.person) {
            unit.changes.pop();
        }
        if unit.tenures.is_empty() {
            self.seats.remove(&number);
            self.went(number);
        } else {
            unit.state = UnitState::Free;
            self.idle.insert(number);
        }
    }

    /// The last holder has a cooling seat again; their time goes on.
    pub(super) fn resume(&mut self, number: UnitNo) {
        self.change(number, UnitState::Used, |last| last.until = None);
    }

    /// The holder has it no longer.
    pub(super) fn leave(&mut self, number: UnitNo, at: Time, state: UnitState) {
        self.change(number, state, |last| last.until = Some(at));
    }

    /// A cooling seat may be given.
    pub(super) fn cooled(&mut self, number: UnitNo) {
        self.change(number, UnitState::Free, |_| ());
    }

    fn change(&mut self, number: UnitNo, state: UnitState, tenure: impl FnOnce(&mut Tenure)) {
        let Some(unit) = self.seats.get_mut(&number) else { return };
        unit.state = state;
        if let Some(last) = unit.tenures.last_mut() {
            tenure(last);
        }
        if state == UnitState::Free {
            self.idle.insert(number);
        } else {
            self.idle.remove(&number);
        }
    }
}
