//! Invariant 11: protected people and the last holders that a pool keeps never lose a seat by a plan.

use std::collections::BTreeSet;

use super::{Reader, gained, lost, name};
use crate::model::{PersonId, Pool, PoolId};
use crate::seats::{Event, HoldState, Tally};

pub(super) fn read(reader: &mut Reader<'_>) {
    let plan = reader.plan;
    let rank = |reader: &Reader<'_>, pool: Option<&PoolId>| {
        let tier = pool.filter(|pool| reader.is_tier(pool))?;
        reader.policy.catalog.pools.get(tier).map(|tier| tier.rank)
    };
    for step in plan.steps.iter().filter(|step| reader.policy.protected.contains(&step.person)) {
        let Some(pool) = lost(step) else { continue };
        let rises = rank(reader, gained(step)) > rank(reader, Some(pool)) && gained(step).is_some();
        if !rises {
            reader.fault(11, format!("{}: the person is protected", name(step)));
        }
    }
    for note in &plan.notes {
        if let Event::Leaving { person, pool, .. } = note
            && reader.policy.protected.contains(person)
        {
            reader.fault(11, format!("grace would begin for {person} in {pool}, who is protected"));
        }
    }
    for pool in reader.policy.catalog.pools.values().filter(|pool| pool.keep > 0) {
        let losers: BTreeSet<PersonId> =
            plan.steps.iter().filter(|step| lost(step) == Some(&pool.id)).map(|step| step.person).collect();
        if losers.is_empty() {
            continue;
        }
        let stay = held(reader, pool).saturating_sub(held_by(reader, pool, &losers));
        if stay < u64::from(pool.keep) {
            let keep = pool.keep;
            reader.fault(11, format!("{stay} holders of {} would be left of {keep} that it keeps", pool.id));
        }
    }
}

/// Confirmed seats of the pool.
fn held(reader: &Reader<'_>, pool: &Pool) -> u64 {
    let holdings = &reader.ledger.holdings;
    if reader.few.is_some() {
        return holdings.tallies().get(&pool.id).map_or(0, Tally::held);
    }
    let held = holdings.iter().filter(|((_, of), holding)| *of == pool.id && holding.state == HoldState::Held);
    u64::try_from(held.count()).unwrap_or(u64::MAX)
}

fn held_by(reader: &Reader<'_>, pool: &Pool, people: &BTreeSet<PersonId>) -> u64 {
    let is_held = |person: &&PersonId| {
        let holding = reader.ledger.holdings.get(&(**person, pool.id.clone()));
        holding.is_some_and(|holding| holding.state == HoldState::Held)
    };
    u64::try_from(people.iter().filter(is_held).count()).unwrap_or(u64::MAX)
}
