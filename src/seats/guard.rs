//! The brakes: what looks like a mistake is held until a person has looked at it.
//!
//! Steps are judged by pool and by cause. When a cause wants more than its limit, **all** its steps in that pool are
//! held as one plan with a digest; everything else goes on, leavers by the provider's own word included. What was held stays held until it is approved or the facts
//! move, also when its limit would let it pass by now.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::Bench;
use super::brake::{Kind, Span};
use super::digest::held_digest;
use super::draft::{Draft, draft};
use super::frame::Around;
use super::hold::{self, is_released};
use super::keep::kept;
use super::plan::{KeptBy, Step};
use super::{Ledger, Policy};
use crate::model::{Digest, PersonId, PoolId, Time};
use crate::rules::Desired;

/// The brake of an edited table, in one pass.
pub const RULES_EDIT: &str = Kind::RulesEdit.cause(Span::Pass);

/// A draft that passes, what it plans around, and what was released by approval.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) draft: Draft,
    pub(super) held: BTreeMap<Key, Group>,
    pub(super) released: BTreeMap<Digest, (Key, Group)>,
    /// Plans of the ledger about people of whom this pass knows nothing: it cannot tell whether their facts have
    /// moved, so they are held as they are.
    pub(super) asleep: BTreeSet<Digest>,
    /// Steps that are made by nobody's word.
    pub(super) kept: BTreeMap<Step, KeptBy>,
}

/// A cause and the pool it counts in.
pub(super) type Key = (&'static str, PoolId);

/// Steps that are held together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// How many would have passed.
    pub(super) limit: u64,
    /// How many were wanted, with those that pass all the same.
    pub(super) wanted: u64,
    /// What the brake counted beyond this pool, in a sentence.
    pub(super) story: Option<String>,
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
/// `few` are the people to look at; `None` looks at everybody.
pub(super) fn judge(
    desired: &Desired,
    ledger: &Ledger,
    policy: &Policy,
    now: Time,
    mut few: Option<BTreeSet<PersonId>>,
) -> Verdict {
    let bench = Bench::new(desired, ledger, policy);
    let asleep = ledger.held.iter().filter(|(_, hold)| hold.plan.expires_at > now && hold::is_unseen(hold, desired));
    let mut verdict = Verdict { asleep: asleep.map(|(digest, _)| digest.clone()).collect(), ..Verdict::default() };
    // Approved plans that cannot be made as approved; they stay held.
    let mut unfit: BTreeSet<Digest> = BTreeSet::new();
    loop {
        verdict.draft = draft(desired, ledger, policy, now, &around(&verdict, ledger), few.as_ref());
        // A seat that could have gone to somebody else makes this draft a wrong one, so nothing may follow from it.
        if let Some(few) = few.as_mut().filter(|_| !verdict.draft.called.is_empty()) {
            few.append(&mut verdict.draft.called);
            continue;
        }
        let kept = kept(&verdict.draft.steps, desired, ledger, policy);
        if !kept.is_empty() {
            verdict.kept.extend(kept);
            continue;
        }
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
    (before.limit, before.wanted) = (group.limit, group.wanted.max(before.wanted));
    before.story = group.story.or(before.story.take());
    before.counted.extend(group.counted);
    before.along.extend(group.along);
}

fn around(verdict: &Verdict, ledger: &Ledger) -> Around {
    let mut around = Around::default();
    let asleep = verdict.asleep.iter().filter_map(|digest| ledger.held.get(digest)).flat_map(|hold| &hold.plan.steps);
    let held = verdict.held.values().flat_map(|group| &group.counted);
    for step in verdict.kept.keys() {
        if let Some(pool) = step.ends() {
            around.losses.entry(step.person).or_default().insert(pool.clone());
        }
    }
    for step in held.chain(asleep) {
        if let Some(pool) = step.ends() {
            around.losses.entry(step.person).or_default().insert(pool.clone());
        }
        if let Some(pool) = step.gains() {
            around.gains.entry(step.person).or_default().insert(pool.clone(), step.class.clone());
        }
    }
    around
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
