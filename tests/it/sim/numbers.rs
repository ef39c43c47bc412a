//! Numbered seats as the vendor sees them, added up from the journal: whose each is, since when, and how often it went
//! from hand to hand.

use std::collections::BTreeMap;
use std::time::Duration;

use seatwarden::audit::Entry;
use seatwarden::model::{PersonId, PoolId, Time, UnitNo};
use seatwarden::seats::{Event, Reason};

use super::truth::Pools;

const DAY: Duration = Duration::from_hours(24);

/// Who had a seat last.
#[derive(Clone, Copy, Debug)]
struct Tenure {
    person: PersonId,
    since: Time,
    /// Taken because the person left.
    left: bool,
}

/// The seats of all pools.
#[derive(Default)]
pub(super) struct Numbers {
    held: BTreeMap<(PersonId, PoolId), UnitNo>,
    last: BTreeMap<(PoolId, UnitNo), Tenure>,
    /// What a grant that is not confirmed may have to give back: the tenure before, and whether hands were changed.
    begun: BTreeMap<(PersonId, PoolId), (Option<Tenure>, bool)>,
    changed: BTreeMap<PoolId, Vec<Time>>,
}

impl Numbers {
    /// Takes down an event. `is_leaver` tells of somebody whether the world has ever shown that they left.
    pub(super) fn note(
        &mut self,
        entry: &Entry,
        pools: &Pools,
        is_leaver: &dyn Fn(PersonId) -> bool,
    ) -> Result<(), String> {
        match &entry.event {
            Event::Granting { person, pool, unit: Some(unit), .. } => {
                self.given(entry.at, *person, pool, *unit, pools, Some(is_leaver))
            }
            Event::Adopted { person, pool, unit: Some(unit), .. } => {
                self.given(entry.at, *person, pool, *unit, pools, None)
            }
            Event::Granting { unit: None, .. } | Event::Adopted { unit: None, .. } => {
                Err("a seat is given that has no number".to_owned())
            }
            Event::GrantDropped { person, pool, .. } => {
                let key = (*person, pool.clone());
                let unit = self.held.remove(&key);
                if let (Some((before, changed)), Some(unit)) = (self.begun.remove(&key), unit) {
                    match before {
                        Some(before) => self.last.insert((pool.clone(), unit), before),
                        None => self.last.remove(&(pool.clone(), unit)),
                    };
                    if changed {
                        self.changed.entry(pool.clone()).or_default().pop();
                    }
                }
                Ok(())
            }
            Event::Revoking { person, pool, cause } => {
                let left = matches!(cause.reason, Reason::Left | Reason::Absent | Reason::NotStarted);
                if let Some(unit) = self.held.get(&(*person, pool.clone()))
                    && let Some(tenure) = self.last.get_mut(&(pool.clone(), *unit))
                {
                    tenure.left = left;
                }
                Ok(())
            }
            Event::Revoked { person, pool, .. } => {
                self.held.remove(&(*person, pool.clone()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// `is_leaver` is there when we give the seat; one that was at the desk before has changed hands without us.
    fn given(
        &mut self,
        at: Time,
        person: PersonId,
        pool: &PoolId,
        unit: UnitNo,
        pools: &Pools,
        is_leaver: Option<&dyn Fn(PersonId) -> bool>,
    ) -> Result<(), String> {
        let key = (person, pool.clone());
        if let Some(other) = self.held.iter().find(|((_, id), number)| id == pool && **number == unit)
            && *other.0 != key
        {
            return Err(format!("invariant 1: seat {unit:?} of {pool} goes to {person} and is {}'s", other.0.0));
        }
        let shape = &pools[pool.as_str()];
        let before = self.last.get(&(pool.clone(), unit)).copied();
        let changes = before.is_some_and(|before| before.person != person);
        if let Some(is_leaver) = is_leaver {
            let returns = before.is_some_and(|before| before.person == person);
            if unit.0 > shape.seats.unwrap_or(0) && !returns {
                return Err(format!("invariant 1: seat {unit:?} of {pool} was not bought and goes to {person}"));
            }
            if let Some(before) = before.filter(|_| changes) {
                let until = before.since.plus(DAY * shape.min_hold_days);
                if at < until && !before.left && !is_leaver(before.person) {
                    return Err(format!("a term of {pool} is broken: {unit:?} goes to {person} before {until}"));
                }
                if let Some((at_most, days)) = shape.reassign {
                    let from = at.minus(DAY * days);
                    let counted = self.changed.get(pool).map_or(0, |all| all.iter().filter(|at| **at > from).count());
                    if counted >= at_most as usize {
                        return Err(format!("a term of {pool} is broken: {counted} changes of hands in {days} days"));
                    }
                }
            }
        }
        let counts = changes && is_leaver.is_some();
        if counts {
            self.changed.entry(pool.clone()).or_default().push(at);
        }
        if is_leaver.is_some() {
            self.begun.insert(key.clone(), (before, counts));
        }
        // Whoever gets their own seat again has had it since then.
        let since = before.filter(|_| !changes).map_or(at, |before| before.since);
        self.last.insert((pool.clone(), unit), Tenure { person, since, left: false });
        self.held.insert(key, unit);
        Ok(())
    }

    /// When the terms next let a seat of one of those pools change hands, where they forbid it now.
    pub(super) fn next(&self, pools: &Pools, waited: &dyn Fn(&PoolId) -> bool, now: Time) -> Option<Time> {
        let due = self.changed.iter().filter(|(pool, _)| waited(pool)).filter_map(|(pool, changed)| {
            let (at_most, days) = pools[pool.as_str()].reassign?;
            let per = DAY * days;
            let counted: Vec<Time> = changed.iter().copied().filter(|at| at.plus(per) > now).collect();
            let first = counted.len().checked_sub(at_most as usize)?;
            Some(counted.get(first)?.plus(per))
        });
        due.min()
    }
}
