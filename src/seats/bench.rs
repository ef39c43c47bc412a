//! Which steps of a draft trip a brake, pool by pool and cause by cause.

use std::collections::{BTreeMap, BTreeSet};

use super::digest::held_digest;
use super::event::{Evidence, Reason};
use super::guard::{FEED_SHRINK, GRANT, Group, Key, REVOKE, REVOKE_DAY, RULES_EDIT, Verdict};
use super::plan::Step;
use super::policy::PoolMode;
use super::{Ledger, Policy};
use crate::model::{PersonId, PoolId, PoolKind, Seats};
use crate::rules::{Desired, Standing};

/// What brakes are judged by.
pub(super) struct Bench<'a> {
    desired: &'a Desired,
    ledger: &'a Ledger,
    policy: &'a Policy,
    held_seats: BTreeMap<&'a PoolId, u64>,
}

/// The steps of one pool while they are judged.
struct Docket<'b> {
    pool: &'b PoolId,
    open: &'b [&'b Step],
    verdict: &'b Verdict,
    tripped: &'b mut BTreeMap<Key, Group>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(desired: &'a Desired, ledger: &'a Ledger, policy: &'a Policy) -> Self {
        let mut held_seats: BTreeMap<&PoolId, u64> = BTreeMap::new();
        for (_, pool) in ledger.holdings.keys() {
            let count = held_seats.entry(pool).or_default();
            *count = count.saturating_add(1);
        }
        Self { desired, ledger, policy, held_seats }
    }

    /// What trips in the draft, of the first kind that trips at all: what is taken from tiers, then from add-ons, then
    /// what is given of tiers, then of add-ons. The later ones depend on what becomes of the earlier ones.
    pub(super) fn tripped(&self, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let released: BTreeSet<Step> = verdict.released.values().flat_map(|(_, group)| group.steps()).collect();
        let open: Vec<&Step> = verdict.draft.steps.iter().filter(|step| !released.contains(*step)).collect();
        let kinds = [PoolKind::Tier, PoolKind::Addon];
        let losses = kinds.into_iter().map(|kind| self.losses(&open, kind, verdict));
        let gains = kinds.into_iter().map(|kind| self.gains(&open, kind, verdict));
        losses.chain(gains).find(|tripped| !tripped.is_empty()).unwrap_or_default()
    }

    fn losses(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let brakes = &self.policy.brakes;
        let mut tripped = BTreeMap::new();
        for (pool, steps) in by_pool(open, |step| step.loses().filter(|pool| self.kind(pool) == kind)) {
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            let whole = self.held_seats.get(pool).copied().unwrap_or(0);
            let (suspect, steps): (Vec<&Step>, Vec<&Step>) = steps.into_iter().partition(|step| self.is_suspect(step));
            self.trip(&mut docket, FEED_SHRINK, &suspect, count(&suspect), 0);
            let (edited, others): (Vec<&Step>, Vec<&Step>) =
                steps.iter().partition(|step| step.cause.reason == Reason::RulesChanged);
            let limit = brakes.rules_edit.per_pass_of(whole);
            let rest = if self.trip(&mut docket, RULES_EDIT, &edited, count(&edited), limit) { others } else { steps };
            let limit = brakes.revoke.per_pass_of(whole);
            if !self.revocations(&mut docket, REVOKE, &rest, limit)
                && let Some(per_day) = brakes.revoke.per_day_of(whole)
            {
                let today = self.policy.revoked_today.get(pool).copied().unwrap_or(0);
                self.revocations(&mut docket, REVOKE_DAY, &rest, per_day.saturating_sub(today));
            }
        }
        tripped
    }

    /// All revocations count together. Leavers by the provider's own word are held only when they alone are more than
    /// the limit: a mass move that somebody has to look at first must not keep the seats of people who left.
    fn revocations(&self, docket: &mut Docket<'_>, cause: &'static str, steps: &[&Step], limit: u64) -> bool {
        let wanted = count(steps);
        let (leavers, others): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| is_leaver(step));
        if count(&leavers) > limit || self.was_held(docket, cause, steps) {
            self.trip(docket, cause, steps, wanted, limit)
        } else {
            self.trip(docket, cause, &others, wanted, limit)
        }
    }

    fn gains(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let mut tripped = BTreeMap::new();
        for (pool, steps) in by_pool(open, |step| step.gains().filter(|pool| self.kind(pool) == kind)) {
            let bought = match self.policy.catalog.pool(pool).map(|pool| pool.seats) {
                Some(Seats::Bought(bought)) => u64::from(bought),
                Some(Seats::Unlimited) | None => 0,
            };
            let limit = self.policy.brakes.grant.per_pass_of(bought);
            let mut docket = Docket { pool, open, verdict, tripped: &mut tripped };
            self.trip(&mut docket, GRANT, &steps, count(&steps), limit);
        }
        tripped
    }

    /// Holds the steps if more are wanted than pass, if they were held before, or if others of the same cause are held
    /// in this pass.
    fn trip(&self, docket: &mut Docket<'_>, cause: &'static str, steps: &[&Step], wanted: u64, limit: u64) -> bool {
        if steps.is_empty() {
            return false;
        }
        let key = (cause, docket.pool.clone());
        let trips = wanted > limit || docket.verdict.held.contains_key(&key) || self.was_held(docket, cause, steps);
        if trips {
            docket.tripped.insert(key, Group { limit, wanted, ..self.group(docket.open, steps) });
        }
        trips
    }

    fn was_held(&self, docket: &Docket<'_>, cause: &str, steps: &[&Step]) -> bool {
        let mut holds = self.ledger.held.values().map(|hold| &hold.plan);
        // The digest of many steps takes a while, and mostly nothing is held.
        holds.any(|plan| plan.cause == cause && plan.pool == *docket.pool) && {
            let steps = self.group(docket.open, steps).steps();
            self.ledger.held.contains_key(&held_digest(cause, docket.pool, &steps))
        }
    }

    fn group(&self, open: &[&Step], steps: &[&Step]) -> Group {
        let counted: BTreeSet<Step> = steps.iter().copied().cloned().collect();
        Group { along: self.along(open, &counted), counted, ..Group::default() }
    }

    /// Steps of other pools that go with these: an add-on that loses its base, the base of an add-on.
    fn along(&self, open: &[&Step], counted: &BTreeSet<Step>) -> BTreeSet<Step> {
        let losing: BTreeMap<PersonId, &PoolId> =
            counted.iter().filter_map(|step| Some((step.person, step.loses()?))).collect();
        let follows = |step: &&&Step| {
            let (Some(lost), Some(pool)) = (losing.get(&step.person), step.loses()) else { return false };
            match (self.kind(lost), self.kind(pool)) {
                (PoolKind::Tier, PoolKind::Addon) => step.cause.reason == Reason::BaseMissing,
                (PoolKind::Addon, PoolKind::Tier) => {
                    self.policy.catalog.pool(lost).is_some_and(|addon| addon.requires.contains(pool))
                }
                (PoolKind::Tier, PoolKind::Tier) | (PoolKind::Addon, PoolKind::Addon) => false,
            }
        };
        open.iter().filter(follows).copied().cloned().collect()
    }

    /// Whether the worker would make every step: a release in a pool that only observes would be used up for nothing.
    pub(super) fn is_applied(&self, steps: &[Step]) -> bool {
        let observed = |pool: &PoolId| self.policy.modes.get(pool) == Some(&PoolMode::Observe);
        !steps.iter().flat_map(|step| [step.loses(), step.gains()]).flatten().any(observed)
    }

    fn kind(&self, pool: &PoolId) -> PoolKind {
        self.policy.catalog.pool(pool).map_or(PoolKind::Tier, |pool| pool.kind)
    }

    /// Whether the step rests on an absence that is not believed yet.
    fn is_suspect(&self, step: &Step) -> bool {
        let standing = self.desired.get(&step.person).map(|want| &want.standing);
        step.cause.evidence == Evidence::Absence
            && !matches!(standing, Some(Standing::Left { absence: true, accepted: true, .. }))
    }
}

fn by_pool<'b>(
    steps: &[&'b Step],
    pool_of: impl Fn(&'b Step) -> Option<&'b PoolId>,
) -> BTreeMap<&'b PoolId, Vec<&'b Step>> {
    let mut pools: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        if let Some(pool) = pool_of(step) {
            pools.entry(pool).or_default().push(step);
        }
    }
    pools
}

fn is_leaver(step: &Step) -> bool {
    step.cause.reason == Reason::Left && step.cause.evidence == Evidence::Positive
}

fn count(steps: &[&Step]) -> u64 {
    u64::try_from(steps.len()).unwrap_or(u64::MAX)
}
