//! The seats of a ledger by holder and pool, with what is known of them without going through all.
//!
//! Every change of a seat goes through here, so that the sums of a pool and the list of seats that are about to change
//! are always those of the seats. A plan for a few people starts from them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::ledger::{HoldState, Holding};
use crate::model::{ClassName, PersonId, PoolId, Time};

/// Who, and in which pool.
pub type SeatKey = (PersonId, PoolId);

/// All seats. To be read it is a map; whatever changes it keeps the sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    seats: BTreeMap<SeatKey, Holding>,
    sums: Sums,
}

/// The seats of one pool in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Seats in any state.
    pub seats: u64,
    /// Seats whose grant is not confirmed.
    pub granting: u64,
    /// Seats that are being taken.
    pub revoking: u64,
    /// Seats by the class whose reserve they use.
    pub classes: BTreeMap<ClassName, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    tallies: BTreeMap<PoolId, Tally>,
    /// Seats that time, a call or a brake changes: in grace, or with a step that is not confirmed.
    moving: BTreeSet<SeatKey>,
    /// Ends of grace.
    graces: BTreeSet<(Time, SeatKey)>,
}

impl Tally {
    /// Seats that are confirmed and not being taken.
    pub const fn held(&self) -> u64 {
        self.seats.saturating_sub(self.granting).saturating_sub(self.revoking)
    }

    /// Seats that are not being taken.
    pub const fn live(&self) -> u64 {
        self.seats.saturating_sub(self.revoking)
    }
}

impl Holdings {
    /// Puts a seat, in place of one that the person has in the pool.
    pub fn insert(&mut self, key: SeatKey, holding: Holding) {
        self.remove(&key);
        self.sums.add(&key, &holding);
        self.seats.insert(key, holding);
    }

    /// Takes a seat out.
    pub fn remove(&mut self, key: &SeatKey) -> Option<Holding> {
        let holding = self.seats.remove(key)?;
        self.sums.drop(key, &holding);
        Some(holding)
    }

    /// Changes a seat, if there is one.
    pub fn change(&mut self, key: &SeatKey, change: impl FnOnce(&mut Holding)) {
        let Some(holding) = self.seats.get_mut(key) else { return };
        self.sums.drop(key, holding);
        change(holding);
        self.sums.add(key, holding);
    }

    /// The seats of every pool in which there are any, in numbers.
    pub const fn tallies(&self) -> &BTreeMap<PoolId, Tally> {
        &self.sums.tallies
    }

    /// How many seats of the pool there are, in any state.
    pub fn count(&self, pool: &PoolId) -> u64 {
        self.sums.tallies.get(pool).map_or(0, |tally| tally.seats)
    }

    /// Seats in grace, and seats with a step that is not confirmed.
    pub fn moving(&self) -> impl Iterator<Item = &SeatKey> {
        self.sums.moving.iter()
    }

    /// The first end of a grace after `now`.
    pub fn next_grace(&self, now: Time) -> Option<Time> {
        let after = (now, (PersonId(u64::MAX), PoolId::new("")));
        self.sums.graces.range(after..).map(|(at, _)| *at).find(|at| *at > now)
    }
}

impl Sums {
    fn add(&mut self, key: &SeatKey, holding: &Holding) {
        let tally = self.tallies.entry(key.1.clone()).or_default();
        tally.seats = tally.seats.saturating_add(1);
        match holding.state {
            HoldState::Granting => tally.granting = tally.granting.saturating_add(1),
            HoldState::Revoking => tally.revoking = tally.revoking.saturating_add(1),
            HoldState::Held => {}
        }
        if let Some(class) = &holding.class {
            let count = tally.classes.entry(class.clone()).or_default();
            *count = count.saturating_add(1);
        }
        if let Some(leaving) = &holding.leaving {
            self.graces.insert((leaving.due_at, key.clone()));
        }
        if holding.leaving.is_some() || holding.state != HoldState::Held {
            self.moving.insert(key.clone());
        }
    }

    /// The reverse of `add`. A pool or a class without seats is not in the sums, so that equal seats have equal sums.
    fn drop(&mut self, key: &SeatKey, holding: &Holding) {
        if let Some(tally) = self.tallies.get_mut(&key.1) {
            tally.seats = tally.seats.saturating_sub(1);
            match holding.state {
                HoldState::Granting => tally.granting = tally.granting.saturating_sub(1),
                HoldState::Revoking => tally.revoking = tally.revoking.saturating_sub(1),
                HoldState::Held => {}
            }
            if let Some(class) = &holding.class
                && let Some(count) = tally.classes.get_mut(class)
            {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    tally.classes.remove(class);
                }
            }
            if tally.seats == 0 {
                self.tallies.remove(&key.1);
            }
        }
        if let Some(leaving) = &holding.leaving {
            self.graces.remove(&(leaving.due_at, key.clone()));
        }
        self.moving.remove(key);
    }
}

impl Deref for Holdings {
    type Target = BTreeMap<SeatKey, Holding>;

    fn deref(&self) -> &Self::Target {
        &self.seats
    }
}

impl Extend<(SeatKey, Holding)> for Holdings {
    fn extend<I: IntoIterator<Item = (SeatKey, Holding)>>(&mut self, seats: I) {
        for (key, holding) in seats {
            self.insert(key, holding);
        }
    }
}

impl FromIterator<(SeatKey, Holding)> for Holdings {
    fn from_iter<I: IntoIterator<Item = (SeatKey, Holding)>>(seats: I) -> Self {
        let mut holdings = Self::default();
        holdings.extend(seats);
        holdings
    }
}

impl<'a> IntoIterator for &'a Holdings {
    type Item = (&'a SeatKey, &'a Holding);
    type IntoIter = std::collections::btree_map::Iter<'a, SeatKey, Holding>;

    fn into_iter(self) -> Self::IntoIter {
        self.seats.iter()
    }
}
