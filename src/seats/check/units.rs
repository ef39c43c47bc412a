//! Which numbered seat everybody gets, and whether the vendor's terms let it go to them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, gained, lost, name};
use crate::model::{Exemption, PersonId, PoolId, Time, UnitNo};
use crate::rules::Standing;
use crate::seats::{Cooling, Event, Step, UnitState, Units};

type Taken = BTreeMap<(PoolId, UnitNo), PersonId>;

/// Invariant 1, seat by seat: none has two users, none leaves its last user before the terms allow, and no more change
/// hands than the terms allow.
pub(super) fn read(reader: &mut Reader<'_>) {
    let mut taken = before(reader);
    let plan = reader.plan;
    let mut made: BTreeMap<&PoolId, u32> = BTreeMap::new();
    let mut gains: BTreeSet<(PersonId, &PoolId)> = BTreeSet::new();
    for step in &plan.steps {
        if let Some(pool) = lost(step)
            && let Some(holding) = reader.ledger.holdings.get(&(step.person, pool.clone()))
            && !super::replay::stays_cold(reader, step, pool)
        {
            taken.remove(&(pool.clone(), holding.unit));
        }
        if let Some(pool) = gained(step) {
            gains.insert((step.person, pool));
            give(reader, &mut taken, &mut made, step, pool);
        }
    }
    for (person, pool) in plan.units.keys() {
        if !gains.contains(&(*person, pool)) {
            reader.fault(1, format!("a seat of {pool} is named for {person}, who gets none"));
        }
    }
}

fn before(reader: &Reader<'_>) -> Taken {
    let called_free: BTreeSet<(PersonId, &PoolId)> = reader.plan.notes.iter().filter_map(called_free).collect();
    let held = reader.seats().map(|((person, pool), holding)| (*person, pool, holding.unit));
    let cooling = reader.ledger.cooling.iter().map(|((person, pool), cooling)| (*person, pool, cooling.unit));
    let cooling = cooling.filter(|(person, pool, _)| !called_free.contains(&(*person, pool)));
    held.chain(cooling).map(|(person, pool, unit)| ((pool.clone(), unit), person)).collect()
}

fn called_free(note: &Event) -> Option<(PersonId, &PoolId)> {
    if let Event::Cooled { person, pool } = note { Some((*person, pool)) } else { None }
}

fn give<'a>(
    reader: &mut Reader<'a>,
    taken: &mut Taken,
    made: &mut BTreeMap<&'a PoolId, u32>,
    step: &Step,
    pool: &'a PoolId,
) {
    let person = step.person;
    let Some(unit) = reader.plan.units.get(&(person, pool.clone())).copied() else {
        return reader.fault(1, format!("{} names no seat", name(step)));
    };
    let own = reader.ledger.cooling.get(&(person, pool.clone())).is_some_and(|cooling| cooling.unit == unit);
    let at_desk = reader.policy.occupied.get(pool).is_some_and(|desk| desk.people.contains(&person));
    let exists = reader.counted(pool).is_none_or(|(_, bought)| (1..=bought).contains(&unit.0));
    if !exists && !own && !at_desk {
        reader.fault(1, format!("{} gives seat {unit}, which was not bought", name(step)));
    }
    match taken.insert((pool.clone(), unit), person) {
        Some(other) if other != person || !own => {
            reader.fault(1, format!("{} gives seat {unit}, which {other} has", name(step)));
        }
        Some(_) | None => {}
    }
    let history = reader.ledger.units.get(pool).and_then(|units| units.get(unit));
    // Where not all seats are looked at, the history of this one says whether somebody else has it.
    if let Some(few) = &reader.few
        && let Some(unit_before) = history.filter(|unit| unit.state == UnitState::Used)
        && let Some(other) = unit_before.tenures.last().map(|last| last.person).filter(|other| !few.contains(other))
    {
        reader.fault(1, format!("{} gives seat {unit}, which {other} has", name(step)));
    }
    let goes_to_other_hands = history.and_then(|unit| unit.tenures.last()).is_some_and(|last| last.person != person);
    if goes_to_other_hands && !own && !at_desk {
        let made = made.entry(pool).or_default();
        *made = made.saturating_add(1);
        let made = *made;
        within_quota(reader, step, pool, made);
    }
}

fn within_quota(reader: &mut Reader<'_>, step: &Step, pool: &PoolId, made: u32) {
    let Some(reassign) = reader.policy.catalog.pools.get(pool).and_then(|pool| pool.reassign) else { return };
    let counts = |at: &Time| reader.now.since(*at) < reassign.per;
    let units = reader.ledger.units.get(pool).map(Units::iter);
    let before = units.into_iter().flatten().flat_map(|(_, unit)| &unit.changes).filter(|at| counts(at)).count();
    if u64::try_from(before).unwrap_or(u64::MAX).saturating_add(made.into()) > u64::from(reassign.at_most) {
        reader.fault(1, format!("{} is one change of hands more than the {} allowed", name(step), reassign.at_most));
    }
}

/// Whether a cooling seat may be called free: its time is over, or its last holder left and the terms exempt that.
pub(super) fn may_cool_off(reader: &Reader<'_>, person: PersonId, pool: &PoolId, cooling: &Cooling) -> bool {
    let leavers = reader.policy.catalog.pools.get(pool).and_then(|pool| pool.min_hold.as_ref());
    let exempt = leavers.is_some_and(|terms| terms.exempt.contains(&Exemption::Leaver));
    let gone = match reader.desired.get(&person).map(|want| &want.standing) {
        Some(Standing::Left { absence, accepted, .. }) => !absence || *accepted,
        Some(Standing::Active | Standing::Frozen { .. } | Standing::Suspended { .. } | Standing::PreStart) | None => {
            false
        }
    };
    cooling.until <= reader.now || (exempt && gone)
}
