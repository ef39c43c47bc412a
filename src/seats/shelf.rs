//! Which numbered seat a step gives: the one whose use costs least.
//!
//! First the person's own seat, cooling or idle, because it changes no hands; then one that nobody ever had; then one
//! whose clock has run out; last one that an exemption of the terms freed before its time. Among equals the one that
//! changed hands least often, then the one whose clock ran out first, then the lowest number.

use std::collections::{BTreeMap, BTreeSet};

use super::cooling_until;
use super::event::Cause;
use super::frame::Frame;
use super::terms::{bought, open_units};
use super::unit::{Unit, Units};
use crate::model::{Billing, PersonId, Pool, PoolId, Time, UnitNo};

/// The seats of each pool in which a plan gives some, while its steps are put in order.
#[derive(Debug)]
pub(super) struct Shelves<'a> {
    frame: &'a Frame<'a>,
    pools: BTreeMap<PoolId, Shelf<'a>>,
    given: BTreeMap<(PersonId, PoolId), UnitNo>,
}

#[derive(Debug)]
struct Shelf<'a> {
    pool: &'a Pool,
    units: Option<&'a Units>,
    /// No number below was never given.
    next: u32,
    open: BTreeSet<(Cost, UnitNo)>,
    /// Set aside for those who had them last and get one in this plan.
    own: BTreeMap<PersonId, UnitNo>,
}

/// Whether the clock still runs, how often it changed hands, and when the clock ends.
type Cost = (bool, usize, Time);

impl<'a> Shelves<'a> {
    /// The open seats of the pools in which `gains` give one.
    pub(super) fn new<'g>(frame: &'a Frame<'a>, gains: impl Iterator<Item = (PersonId, &'g PoolId)>) -> Self {
        let mut gaining: BTreeMap<&PoolId, BTreeSet<PersonId>> = BTreeMap::new();
        for (person, pool) in gains {
            gaining.entry(pool).or_default().insert(person);
        }
        let mut pools = BTreeMap::new();
        for (id, people) in gaining {
            let Some(pool) = frame.counted(id) else { continue };
            let units = frame.ledger.units.get(id);
            let next = units.map_or(1, Units::first_new);
            let mut shelf = Shelf { pool, units, next, open: BTreeSet::new(), own: BTreeMap::new() };
            for (number, unit) in open_units(frame, pool) {
                match unit.last().map(|last| last.person) {
                    Some(person) if people.contains(&person) && !shelf.own.contains_key(&person) => {
                        shelf.own.insert(person, number);
                    }
                    Some(_) | None => shelf.put(number, unit, frame.now),
                }
            }
            pools.insert(id.clone(), shelf);
        }
        Self { frame, pools, given: BTreeMap::new() }
    }

    /// The seat that the person has in the pool is taken for that cause; nobody may get one that cools.
    pub(super) fn free(&mut self, person: PersonId, pool: &PoolId, cause: &Cause) {
        let Some(stock) = self.pools.get_mut(pool) else { return };
        let Some(holding) = self.frame.ledger.holding(person, pool) else { return };
        let unit = stock.units.and_then(|units| units.get(holding.unit));
        let cools = cooling_until(holding, cause, stock.pool, self.frame.now).is_some();
        if let Some(unit) = unit.filter(|_| !cools && holding.unit.0 <= bought(stock.pool)) {
            stock.put(holding.unit, unit, self.frame.now);
        }
    }

    /// Whether the vendor bills the highest count of the pool.
    pub(super) fn bills_peak(&self, pool: &PoolId) -> bool {
        self.pools.get(pool).is_some_and(|stock| stock.pool.billing == Billing::Peak)
    }

    /// Whether there is a seat for the person that is set aside for nobody else.
    pub(super) fn has_one(&mut self, person: PersonId, pool: &PoolId) -> bool {
        let counted = self.frame.counted_for(person, pool) > 0;
        let Some(stock) = self.pools.get_mut(pool) else { return false };
        counted || stock.own.contains_key(&person) || stock.new_one().is_some() || !stock.open.is_empty()
    }

    /// Gives the person the seat that costs least.
    pub(super) fn give(&mut self, person: PersonId, pool: &PoolId) {
        let cooling = self.frame.own_cooling(person, pool).map(|cooling| cooling.unit);
        let Some(stock) = self.pools.get_mut(pool) else { return };
        let own = stock.own.remove(&person);
        let given = cooling.or(own).or_else(|| {
            let new = stock.new_one();
            stock.next = new.map_or(stock.next, |new| new.saturating_add(1));
            new.map(UnitNo).or_else(|| stock.open.pop_first().map(|(_, number)| number))
        });
        // A pool may have more seats at the desk than were bought; whoever is adopted then gets a number after them.
        let given = given.or_else(|| {
            let last = stock.units.and_then(|units| units.iter().last()).map_or(0, |(number, _)| number.0);
            stock.next = stock.next.max(last.saturating_add(1)).max(bought(stock.pool).saturating_add(1));
            let beyond = UnitNo(stock.next);
            stock.next = stock.next.saturating_add(1);
            (self.frame.counted_for(person, pool) > 0).then_some(beyond)
        });
        if let Some(unit) = given {
            self.given.insert((person, pool.clone()), unit);
        }
    }

    /// Who gets which seat.
    pub(super) fn given(self) -> BTreeMap<(PersonId, PoolId), UnitNo> {
        self.given
    }
}

impl Shelf<'_> {
    fn put(&mut self, number: UnitNo, unit: &Unit, now: Time) {
        let from = unit.last().map_or(now, |last| last.from);
        let clock = self.pool.min_hold.as_ref().map_or(from, |terms| from.plus(terms.time));
        self.open.insert(((clock > now, unit.changes.len(), clock), number));
    }

    /// The lowest number that was never given.
    fn new_one(&mut self) -> Option<u32> {
        while self.units.is_some_and(|units| units.get(UnitNo(self.next)).is_some()) {
            self.next = self.next.saturating_add(1);
        }
        (self.next <= bought(self.pool)).then_some(self.next)
    }
}
