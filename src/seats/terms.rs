//! The vendor's limit on changes of hands, as far as a plan has to count them.
//!
//! A seat that goes to somebody else than its last holder changes hands. A seat that nobody ever had does not, and
//! neither does one that its last holder gets again. The limit holds for the pool, as it is written in the catalog; the
//! facts it is counted from are those of the seats.

use std::collections::BTreeSet;

use super::Ledger;
use super::cooling::is_over;
use super::frame::Frame;
use super::unit::{Unit, Units};
use crate::model::{Exemption, PersonId, Pool, PoolId, Seats, Time, UnitNo};

/// What is left of the limit while a plan is made.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    left: i64,
    fresh: i64,
    owners: BTreeSet<PersonId>,
}

impl Quota {
    /// `None` for a pool without such a limit.
    pub(super) fn of(frame: &Frame<'_>, pool: &Pool) -> Option<Self> {
        let reassign = pool.reassign?;
        let used = changes(frame.ledger, pool, frame.now).len();
        let owners = open_units(frame, pool).into_iter().filter_map(|(_, unit)| Some(unit.last()?.person));
        let given = frame.ledger.units.get(&pool.id).map_or(0, |units| {
            let bought = units.iter().filter(|(number, _)| number.0 <= bought(pool));
            bought.count()
        });
        Some(Self {
            left: i64::from(reassign.at_most).saturating_sub(count(used)),
            fresh: i64::from(bought(pool)).saturating_sub(count(given)).max(0),
            owners: owners.collect(),
        })
    }

    /// Whether that person may be given a seat without breaking the limit.
    pub(super) fn allows(&self, person: PersonId) -> bool {
        self.fresh > 0 || self.left > 0 || self.owners.contains(&person)
    }

    /// Counts a seat that the person gets. One that was at the desk before changes no hands.
    pub(super) fn take(&mut self, person: PersonId, was_there: bool) {
        if self.owners.remove(&person) {
            return;
        }
        if self.fresh > 0 {
            self.fresh = self.fresh.saturating_sub(1);
        } else if !was_there {
            self.left = self.left.saturating_sub(1);
        }
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many seats the pool has.
pub(super) fn bought(pool: &Pool) -> u32 {
    match pool.seats {
        Seats::Bought(bought) => bought,
        Seats::Unlimited => 0,
    }
}

/// The changes of hands that count against the limit now, oldest first.
pub fn changes(ledger: &Ledger, pool: &Pool, now: Time) -> Vec<Time> {
    let (Some(reassign), Some(units)) = (pool.reassign, ledger.units.get(&pool.id)) else { return Vec::new() };
    let mut changes: Vec<Time> = units.changes_since(now.minus(reassign.per)).collect();
    changes.sort_unstable();
    changes
}

/// Seats that were given before and may be given now: idle ones, and those whose cooling this plan notes to be over.
pub(super) fn open_units<'a>(frame: &Frame<'a>, pool: &Pool) -> Vec<(UnitNo, &'a Unit)> {
    let Some(units) = frame.ledger.units.get(&pool.id) else { return Vec::new() };
    let cooled = frame.ledger.cooling.iter().filter(|((person, id), cooling)| {
        *id == pool.id && is_over(cooling, frame.desired.get(person), frame.counted(id), frame.now)
    });
    let cooled = cooled.filter_map(|(_, cooling)| Some((cooling.unit, units.get(cooling.unit)?)));
    let bought = bought(pool);
    units.idle().chain(cooled).filter(|(number, _)| number.0 <= bought).collect()
}

/// The next instant after `now` at which a pool may give a seat to other hands again, for pools that people wait for.
pub fn terms_due(ledger: &Ledger, pools: &[&Pool], now: Time) -> Option<Time> {
    let waits = |pool: &PoolId| ledger.waiting.keys().any(|(_, waited)| waited == pool);
    let limited = pools.iter().filter(|pool| pool.reassign.is_some() && waits(&pool.id));
    let due = limited.filter_map(|pool| {
        let reassign = pool.reassign?;
        let changes = changes(ledger, pool, now);
        let at_most = usize::try_from(reassign.at_most).unwrap_or(usize::MAX);
        let first = changes.len().checked_sub(at_most)?;
        Some(changes.get(first)?.plus(reassign.per))
    });
    due.filter(|at| *at > now).min()
}

/// The word of an exemption, as in the catalog.
pub const fn exemption_word(exemption: Exemption) -> &'static str {
    match exemption {
        Exemption::Leaver => "leaver",
        Exemption::AbsenceCover => "absence-cover",
        Exemption::DeviceLoss => "device-loss",
    }
}

/// The seat for somebody who had one at the desk before us: a new number where there is one, so that no clock is
/// touched, else the lowest idle one.
pub fn adopted_unit(ledger: &Ledger, pool: &Pool) -> Option<UnitNo> {
    let units = ledger.units.get(&pool.id);
    let numbers = (units.map_or(1, Units::first_new)..=bought(pool)).map(UnitNo);
    let new = numbers.into_iter().find(|number| units.is_none_or(|units| units.get(*number).is_none()));
    new.or_else(|| units?.idle().map(|(number, _)| number).next())
}
