//! Whom a plan takes no seat from, whatever the cause: protected people, and the last holders of a pool that keeps
//! some. A desk without its break-glass account or its last administrator cannot be mended from inside.

use std::collections::{BTreeMap, BTreeSet};

use super::holdings::Tally;
use super::ledger::HoldState;
use super::plan::{KeptBy, Step};
use super::{Ledger, Policy};
use crate::model::{PersonId, Pool, PoolId, PoolKind, Time};
use crate::rules::{Desired, Standing};

/// The steps of a draft that must not be made.
pub(super) fn kept(steps: &[Step], desired: &Desired, ledger: &Ledger, policy: &Policy) -> BTreeMap<Step, KeptBy> {
    let mut kept = BTreeMap::new();
    if !policy.protected.is_empty() {
        let mine = steps.iter().filter(|step| policy.protected.contains(&step.person) && takes(step, policy));
        kept.extend(mine.map(|step| (step.clone(), KeptBy::Protected)));
    }
    for pool in policy.catalog.pools.values().filter(|pool| pool.keep > 0) {
        kept.extend(last(pool, steps, desired, ledger, &kept));
    }
    kept
}

/// Whether the step ends a seat and gives none that is more.
fn takes(step: &Step, policy: &Policy) -> bool {
    let tier =
        |pool: &PoolId| policy.catalog.pool(pool).filter(|pool| pool.kind == PoolKind::Tier).map(|pool| pool.rank);
    let rises = step.gains().and_then(tier) > step.loses().and_then(tier);
    step.ends().is_some() && !(step.gains().is_some() && rises)
}

/// The steps that would leave the pool with fewer holders than it keeps. Whoever works here stays before whoever left,
/// then whoever has been there longest.
fn last(
    pool: &Pool,
    steps: &[Step],
    desired: &Desired,
    ledger: &Ledger,
    before: &BTreeMap<Step, KeptBy>,
) -> Vec<(Step, KeptBy)> {
    let losing = steps.iter().filter(|step| step.loses() == Some(&pool.id) && !before.contains_key(*step));
    let mut losing: Vec<&Step> = losing.collect();
    if losing.is_empty() {
        return Vec::new();
    }
    let losers: BTreeSet<PersonId> = losing.iter().map(|step| step.person).collect();
    let is_holder =
        |person: &&PersonId| ledger.holding(**person, &pool.id).is_some_and(|holding| holding.state == HoldState::Held);
    let lose = u64::try_from(losers.iter().filter(is_holder).count()).unwrap_or(u64::MAX);
    let holders = ledger.holdings.tallies().get(&pool.id).map_or(0, Tally::held);
    let stay = holders.saturating_sub(lose);
    let short = usize::try_from(u64::from(pool.keep).saturating_sub(stay)).unwrap_or(usize::MAX);
    losing.sort_by_key(|step| {
        let works = desired.get(&step.person).is_some_and(|want| want.standing == Standing::Active);
        let since = ledger.holding(step.person, &pool.id).map_or(Time::default(), |holding| holding.since);
        (!works, since, step.person)
    });
    losing.into_iter().take(short).map(|step| (step.clone(), KeptBy::Last { keep: pool.keep })).collect()
}
