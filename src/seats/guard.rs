//! The brakes: what looks like a mistake is held until a person has looked at it.
//!
//! Steps are judged by pool and by cause. When a cause wants more than its limit, **all** its steps in that pool are
//! held as one plan with a digest; everything else goes on. What was held stays held until it is approved or the facts
//! move, also when its limit would let it pass by now.

use std::collections::{BTreeMap, BTreeSet};

use super::digest::held_digest;
use super::draft::{Draft, draft};
use super::event::{Evidence, Reason};
use super::frame::Around;
use super::hold::{self, is_released};
use super::plan::Step;
use super::policy::PoolMode;
use super::{Ledger, Policy};
use crate::model::{Digest, PersonId, PoolId, PoolKind, Seats, Time};
use crate::rules::{Desired, Standing};

/// The brake of people who are merely missing, while their feed's shrinking is not believed.
pub const FEED_SHRINK: &str = "feed_shrink";
/// The brake of an edited table.
pub const RULES_EDIT: &str = "rules_edit.per_pass";
/// The brake of seats taken at once.
pub const REVOKE: &str = "revoke.per_pass";
/// The brake of seats taken within a day.
pub const REVOKE_DAY: &str = "revoke.per_day";
/// The brake of seats given at once.
pub const GRANT: &str = "grant.per_pass";

/// A draft that passes, what it plans around, and what was released by approval.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) draft: Draft,
    pub(super) held: BTreeMap<Key, Group>,
    pub(super) released: BTreeMap<Digest, (Key, Group)>,
    /// Plans of the ledger about people of whom this pass knows nothing: it cannot tell whether their facts have
    /// moved, so they are held as they are.
    pub(super) asleep: BTreeSet<Digest>,
}

/// A cause and the pool it counts in.
pub(super) type Key = (&'static str, PoolId);

/// Steps that are held together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) limit: u64,
    /// Steps of the pool, which the brake counts.
    pub(super) counted: BTreeSet<Step>,
    /// Steps of other pools that cannot be without them: the add-on on a tier, the tier under an add-on.
    pub(super) along: BTreeSet<Step>,
}

impl Group {
    /// All steps, ordered.
    pub(super) fn steps(&self) -> Vec<Step> {
        self.counted.union(&self.along).cloned().collect()
    }
}

/// Drafts until nothing new trips.
pub(super) fn judge(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Verdict {
    let bench = Bench { desired, ledger, policy, held_seats: held_seats(ledger) };
    let asleep = ledger.held.iter().filter(|(_, hold)| hold.plan.expires_at > now && hold::is_unseen(hold, desired));
    let mut verdict = Verdict { asleep: asleep.map(|(digest, _)| digest.clone()).collect(), ..Verdict::default() };
    // Approved plans that cannot be made as approved; they stay held.
    let mut unfit: BTreeSet<Digest> = BTreeSet::new();
    loop {
        verdict.draft = draft(desired, ledger, policy, now, &around(&verdict, ledger));
        let tripped = bench.tripped(&verdict);
        if tripped.is_empty() {
            let Some(digest) = unmade(&verdict) else { return verdict };
            if let Some((key, group)) = verdict.released.remove(&digest) {
                add(&mut verdict.held, key, group);
            }
            unfit.insert(digest);
            continue;
        }
        for (key, group) in tripped {
            let steps = group.steps();
            let digest = held_digest(key.0, &key.1, &steps);
            let fit = !unfit.contains(&digest) && !verdict.held.contains_key(&key) && bench.is_applied(&steps);
            if fit && is_released(ledger, policy, &digest, now) {
                verdict.released.insert(digest, (key, group));
            } else {
                add(&mut verdict.held, key, group);
            }
        }
    }
}

fn add(held: &mut BTreeMap<Key, Group>, key: Key, group: Group) {
    let before = held.entry(key).or_default();
    before.limit = group.limit;
    before.counted.extend(group.counted);
    before.along.extend(group.along);
}

fn around(verdict: &Verdict, ledger: &Ledger) -> Around {
    let mut around = Around::default();
    let asleep = verdict.asleep.iter().filter_map(|digest| ledger.held.get(digest)).flat_map(|hold| &hold.plan.steps);
    for step in verdict.held.values().flat_map(|group| &group.counted).chain(asleep) {
        if let Some(pool) = step.loses() {
            around.losses.entry(step.person).or_default().insert(pool.clone());
        }
        if let Some(pool) = step.gains() {
            around.gains.entry(step.person).or_default().insert(pool.clone(), step.class.clone());
        }
    }
    around
}

fn held_seats(ledger: &Ledger) -> BTreeMap<&PoolId, u64> {
    let mut seats: BTreeMap<&PoolId, u64> = BTreeMap::new();
    for (_, pool) in ledger.holdings.keys() {
        let count = seats.entry(pool).or_default();
        *count = count.saturating_add(1);
    }
    seats
}

struct Bench<'a> {
    desired: &'a Desired,
    ledger: &'a Ledger,
    policy: &'a Policy,
    held_seats: BTreeMap<&'a PoolId, u64>,
}

impl Bench<'_> {
    /// What trips in the draft, of the first kind that trips at all: what is taken from tiers, then from add-ons, then
    /// what is given of tiers, then of add-ons. The later ones depend on what becomes of the earlier ones.
    fn tripped(&self, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let released: BTreeSet<Step> = verdict.released.values().flat_map(|(_, group)| group.steps()).collect();
        let open: Vec<&Step> = verdict.draft.steps.iter().filter(|step| !released.contains(*step)).collect();
        let kinds = [PoolKind::Tier, PoolKind::Addon];
        let losses = kinds.into_iter().map(|kind| self.losses(&open, kind, verdict));
        let gains = kinds.into_iter().map(|kind| self.gains(&open, kind, verdict));
        losses.chain(gains).find(|tripped| !tripped.is_empty()).unwrap_or_default()
    }

    fn losses(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let mut pools: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
        for step in open {
            if let Some(pool) = step.loses().filter(|pool| self.kind(pool) == kind) {
                pools.entry(pool).or_default().push(step);
            }
        }
        let mut tripped = BTreeMap::new();
        for (pool, steps) in pools {
            let brakes = &self.policy.brakes;
            let whole = self.held_seats.get(pool).copied().unwrap_or(0);
            let (suspect, steps): (Vec<&Step>, Vec<&Step>) = steps.into_iter().partition(|step| self.is_suspect(step));
            self.trip(&mut tripped, verdict, open, FEED_SHRINK, pool, &suspect, 0);
            let (edited, others): (Vec<&Step>, Vec<&Step>) =
                steps.iter().partition(|step| step.cause.reason == Reason::RulesChanged);
            let limit = brakes.rules_edit.per_pass_of(whole);
            let rest =
                if self.trip(&mut tripped, verdict, open, RULES_EDIT, pool, &edited, limit) { others } else { steps };
            let limit = brakes.revoke.per_pass_of(whole);
            if !self.trip(&mut tripped, verdict, open, REVOKE, pool, &rest, limit)
                && let Some(per_day) = brakes.revoke.per_day_of(whole)
            {
                let today = self.policy.revoked_today.get(pool).copied().unwrap_or(0);
                self.trip(&mut tripped, verdict, open, REVOKE_DAY, pool, &rest, per_day.saturating_sub(today));
            }
        }
        tripped
    }

    fn gains(&self, open: &[&Step], kind: PoolKind, verdict: &Verdict) -> BTreeMap<Key, Group> {
        let mut pools: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
        for step in open {
            if let Some(pool) = step.gains().filter(|pool| self.kind(pool) == kind) {
                pools.entry(pool).or_default().push(step);
            }
        }
        let mut tripped = BTreeMap::new();
        for (pool, steps) in pools {
            let bought = match self.policy.catalog.pool(pool).map(|pool| pool.seats) {
                Some(Seats::Bought(bought)) => u64::from(bought),
                Some(Seats::Unlimited) | None => 0,
            };
            let limit = self.policy.brakes.grant.per_pass_of(bought);
            self.trip(&mut tripped, verdict, open, GRANT, pool, &steps, limit);
        }
        tripped
    }

    /// Adds the group if it trips: above its limit, held before, or more of what is held in this pass.
    #[expect(clippy::too_many_arguments, reason = "one brake: what it counts, where, and how much passes")]
    fn trip(
        &self,
        tripped: &mut BTreeMap<Key, Group>,
        verdict: &Verdict,
        open: &[&Step],
        cause: &'static str,
        pool: &PoolId,
        steps: &[&Step],
        limit: u64,
    ) -> bool {
        if steps.is_empty() {
            return false;
        }
        let key = (cause, pool.clone());
        let wanted = u64::try_from(steps.len()).unwrap_or(u64::MAX);
        let counted: BTreeSet<Step> = steps.iter().copied().cloned().collect();
        let group = Group { limit, along: self.along(open, &counted), counted };
        let trips = wanted > limit || verdict.held.contains_key(&key) || self.was_held(&key, &group);
        if trips {
            tripped.insert(key, group);
        }
        trips
    }

    fn was_held(&self, (cause, pool): &Key, group: &Group) -> bool {
        let mut holds = self.ledger.held.values().map(|hold| &hold.plan);
        holds.any(|plan| plan.cause == *cause && plan.pool == *pool)
            && self.ledger.held.contains_key(&held_digest(cause, pool, &group.steps()))
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
    fn is_applied(&self, steps: &[Step]) -> bool {
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

/// An approved plan of which the draft does not make every step: something else that is held stands in its way.
fn unmade(verdict: &Verdict) -> Option<Digest> {
    if verdict.released.is_empty() {
        return None;
    }
    let made: BTreeSet<&Step> = verdict.draft.steps.iter().collect();
    let unmade = verdict.released.iter().find(|(_, (_, group))| !group.steps().iter().all(|step| made.contains(step)));
    unmade.map(|(digest, _)| digest.clone())
}
