//! Whether what a plan does was allowed to pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, gained, lost, name};
use crate::model::{PersonId, PoolId};
use crate::seats::{Action, Brake, Reason, Step};

type Mark<'a> = (Action, PersonId, &'a PoolId);

fn mark(step: &Step) -> Mark<'_> {
    (step.action, step.person, &step.pool)
}

/// Invariant 7: a held plan applies none of its steps, and nothing passes above its limit.
pub(super) fn read(reader: &mut Reader<'_>) {
    let plan = reader.plan;
    let held: BTreeSet<Mark<'_>> = plan.held.iter().flat_map(|held| &held.steps).map(mark).collect();
    for step in plan.steps.iter().filter(|step| held.contains(&mark(step))) {
        reader.fault(7, format!("{} is held and made all the same", name(step)));
    }
    let approved = approved(reader);
    limits(reader, &approved);
}

/// The steps that people have released; a release that is not one is a fault.
fn approved<'a>(reader: &mut Reader<'a>) -> BTreeSet<Mark<'a>> {
    let (plan, ledger) = (reader.plan, reader.ledger);
    let made: BTreeSet<Mark<'a>> = plan.steps.iter().map(mark).collect();
    let mut approved = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for digest in &plan.released {
        let wanted = usize::try_from(reader.policy.brakes.approvers.max(1)).unwrap_or(usize::MAX);
        let Some(hold) = ledger.held.get(digest) else {
            reader.fault(7, format!("{digest} is released and was never held"));
            continue;
        };
        let in_time = reader.now < hold.plan.expires_at;
        if !in_time || hold.approvals.len() < wanted || hold.rejected.is_some() {
            reader.fault(7, format!("{digest} is released without a valid approval"));
        }
        if !seen.insert(digest) || plan.held.iter().any(|held| held.digest == *digest) {
            reader.fault(7, format!("{digest} is released twice, or held and released"));
        }
        if !hold.plan.steps.iter().all(|step| made.contains(&mark(step))) {
            reader.fault(7, format!("{digest} is released, and not all of its steps are made"));
        }
        approved.extend(hold.plan.steps.iter().map(mark));
    }
    approved
}

fn limits(reader: &mut Reader<'_>, approved: &BTreeSet<Mark<'_>>) {
    let (plan, brakes) = (reader.plan, &reader.policy.brakes);
    let mut losses: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
    let mut gains: BTreeMap<&PoolId, u64> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| !approved.contains(&mark(step))) {
        if let Some(pool) = lost(step) {
            losses.entry(pool).or_default().push(step);
        }
        if let Some(pool) = gained(step) {
            let count = gains.entry(pool).or_default();
            *count = count.saturating_add(1);
        }
    }
    for (pool, steps) in losses {
        let whole = len(reader.ledger.holdings.keys().filter(|(_, held)| held == pool).count());
        let edited = len(steps.iter().filter(|step| step.cause.reason == Reason::RulesChanged).count());
        let today = reader.policy.revoked_today.get(pool).copied().unwrap_or(0);
        exceeds(reader, "rules_edit.per_pass", pool, edited, above(&brakes.rules_edit, whole));
        exceeds(reader, "revoke.per_pass", pool, len(steps.len()), above(&brakes.revoke, whole));
        if let Some(per_day) = &brakes.revoke.per_day {
            let limit = per_day.of(whole).max(brakes.revoke.at_least).saturating_sub(today);
            exceeds(reader, "revoke.per_day", pool, len(steps.len()), limit);
        }
    }
    for (pool, count) in gains {
        let bought = reader.counted(pool).map_or(0, |(_, bought)| u64::from(bought));
        exceeds(reader, "grant.per_pass", pool, count, above(&brakes.grant, bought));
    }
}

fn above(brake: &Brake, whole: u64) -> u64 {
    brake.per_pass.of(whole).max(brake.at_least)
}

fn exceeds(reader: &mut Reader<'_>, brake: &str, pool: &PoolId, wanted: u64, limit: u64) {
    if wanted > limit {
        reader.fault(7, format!("{wanted} steps in {pool} pass {brake}, which lets {limit} pass"));
    }
}

fn len(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
