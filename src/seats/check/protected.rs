//! Invariant 11: protected people and the last holders that a pool keeps never lose a seat by a plan.

use std::collections::BTreeSet;

use super::{Reader, gained, lost, name};
use crate::model::{PersonId, PoolId};
use crate::seats::{Event, HoldState};

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
        let mut stay = 0_u32;
        for ((person, held), holding) in &reader.ledger.holdings {
            let counts = *held == pool.id && holding.state == HoldState::Held && !losers.contains(person);
            stay = stay.saturating_add(u32::from(counts));
        }
        if !losers.is_empty() && stay < pool.keep {
            let keep = pool.keep;
            reader.fault(11, format!("{stay} holders of {} would be left of {keep} that it keeps", pool.id));
        }
    }
}
