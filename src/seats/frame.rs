//! What a draft of a plan looks at, with the look-ups that all its stages share.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::cooling::is_over;
use super::event::Reason;
use super::ledger::Cooling;
use super::policy::PoolMode;
use super::{Ledger, Policy};
use crate::model::{ClassName, PersonId, Pool, PoolId, PoolKind, Time};
use crate::rules::Desired;

/// What brakes hold back, so that a draft plans around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    /// Seats that stay because taking them is held.
    pub(super) losses: BTreeMap<PersonId, BTreeSet<PoolId>>,
    /// Seats that are kept free because giving them is held, with the class they would use.
    pub(super) gains: BTreeMap<PersonId, BTreeMap<PoolId, Option<ClassName>>>,
}

/// The arguments of a draft.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) desired: &'a Desired,
    pub(super) ledger: &'a Ledger,
    pub(super) policy: &'a Policy,
    pub(super) now: Time,
    pub(super) today: Date,
    pub(super) around: &'a Around,
    /// The only people to look at; everybody else stays as they are.
    pub(super) few: Option<&'a BTreeSet<PersonId>>,
    chains: BTreeMap<&'a PoolId, Chain<'a>>,
    /// Why seats would be given that brakes have held so far.
    held: BTreeMap<(PersonId, &'a PoolId), Reason>,
}

/// A tier and what people get while they wait for it, best first.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain<'a> {
    /// Counted tiers.
    pub(super) pools: Vec<&'a Pool>,
    /// The free tier at the end.
    pub(super) free: Option<&'a PoolId>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        ledger: &'a Ledger,
        policy: &'a Policy,
        now: Time,
        around: &'a Around,
    ) -> Self {
        let tiers = policy.catalog.pools.values().filter(|pool| pool.kind == PoolKind::Tier);
        let counted = tiers.filter(|pool| policy.catalog.is_counted(&pool.id));
        let chains = counted.map(|pool| (&pool.id, chain(policy, pool))).collect();
        let held = held(ledger);
        let today = now.date_in(&policy.time_zone);
        Self { desired, ledger, policy, now, today, around, few: None, chains, held }
    }

    /// The pool, when its seats are counted.
    pub(super) fn counted(&self, id: &PoolId) -> Option<&'a Pool> {
        self.policy.catalog.pool(id).filter(|pool| matches!(pool.seats, crate::model::Seats::Bought(_)))
    }

    /// The counted tiers that `tier` leads to, best first; empty for a free one.
    pub(super) fn chain(&self, tier: Option<&PoolId>) -> &[&'a Pool] {
        tier.and_then(|tier| self.chains.get(tier)).map_or(&[], |chain| &chain.pools)
    }

    /// The free tier of somebody who should have `tier` and has no seat.
    pub(super) fn free_tier(&self, tier: Option<&PoolId>) -> Option<&'a PoolId> {
        tier.and_then(|tier| self.chains.get(tier)).and_then(|chain| chain.free)
    }

    pub(super) fn mode(&self, pool: &PoolId) -> PoolMode {
        self.policy.modes.get(pool).copied().unwrap_or(PoolMode::Full)
    }

    /// Whether steps of the pool are only planned.
    pub(super) fn observes(&self, pool: &PoolId) -> bool {
        self.mode(pool) == PoolMode::Observe
    }

    /// Whether seats of the pool may be taken at all.
    pub(super) fn may_lose(&self, pool: &PoolId) -> bool {
        self.policy.may_revoke && self.mode(pool) != PoolMode::AddOnly
    }

    /// Whether taking the seat is held by a brake.
    pub(super) fn is_loss_held(&self, person: PersonId, pool: &PoolId) -> bool {
        self.around.losses.get(&person).is_some_and(|pools| pools.contains(pool))
    }

    /// Whether giving the seat is held by a brake.
    pub(super) fn is_gain_held(&self, person: PersonId, pool: &PoolId) -> bool {
        self.around.gains.get(&person).is_some_and(|pools| pools.contains_key(pool))
    }

    /// Places in queues, of everybody or of the few.
    pub(super) fn waiting(&self) -> Box<dyn Iterator<Item = &'a (PersonId, PoolId)> + 'a> {
        let waiting = &self.ledger.waiting;
        let Some(few) = self.few else { return Box::new(waiting.keys()) };
        let of = |person: &PersonId| {
            let person = *person;
            let places = waiting.range((person, PoolId::new(""))..).map(|(key, _)| key);
            places.take_while(move |(who, _)| *who == person)
        };
        Box::new(few.iter().flat_map(of))
    }

    /// Since when the person waits for the pool; from now on when they do not yet.
    pub(super) fn since(&self, person: PersonId, pool: &PoolId) -> Time {
        self.waits_since(person, pool).unwrap_or(self.now)
    }

    /// Since when the person waits for the pool by the ledger.
    pub(super) fn waits_since(&self, person: PersonId, pool: &PoolId) -> Option<Time> {
        self.ledger.waiting.get(&(person, pool.clone())).map(|waiting| waiting.since)
    }

    /// Since when the person has waited for a seat to be free. Whoever is kept from a seat by a brake is queued too,
    /// but for no lack of seats; what they were held for is why they get it.
    pub(super) fn waits_for_seat(&self, person: PersonId, pool: &PoolId) -> Option<Time> {
        let freed = self.held.get(&(person, pool)).is_none_or(|reason| *reason == Reason::SeatFreed);
        self.waits_since(person, pool).filter(|_| freed)
    }

    /// Seats of the pool that are counted for the person without being held: at the desk, or cooling.
    pub(super) fn counted_for(&self, person: PersonId, pool: &PoolId) -> i64 {
        let occupied = self.policy.occupied.get(pool).is_some_and(|at_desk| at_desk.people.contains(&person));
        let cooling = self.own_cooling(person, pool).is_some();
        i64::from(occupied).saturating_add(i64::from(cooling))
    }

    /// The seat that the person had last and that cools for everybody else.
    pub(super) fn own_cooling(&self, person: PersonId, pool: &PoolId) -> Option<&'a Cooling> {
        let cooling = self.ledger.cooling.get(&(person, pool.clone()))?;
        (!is_over(cooling, self.desired.get(&person), self.counted(pool), self.now)).then_some(cooling)
    }
}

/// Whether nobody may hold both.
pub(super) fn excludes(one: &Pool, other: &Pool) -> bool {
    one.excludes.contains(&other.id) || other.excludes.contains(&one.id)
}

fn chain<'a>(policy: &'a Policy, top: &'a Pool) -> Chain<'a> {
    let catalog = &policy.catalog;
    let mut pools = vec![top];
    let mut last = top;
    // A fallback that is not lower ends the chain: it could lead in a circle.
    while let Some(next) = last.fallback.as_ref().and_then(|id| catalog.pool(id)) {
        if !catalog.is_counted(&next.id) {
            return Chain { pools, free: Some(&next.id) };
        }
        if next.kind != PoolKind::Tier || (next.rank, &next.id) >= (last.rank, &last.id) {
            break;
        }
        pools.push(next);
        last = next;
    }
    let free = (!catalog.is_counted(&catalog.default_tier)).then_some(&catalog.default_tier);
    Chain { pools, free }
}

fn held(ledger: &Ledger) -> BTreeMap<(PersonId, &PoolId), Reason> {
    let steps = ledger.held.values().flat_map(|hold| &hold.plan.steps);
    steps.filter_map(|step| Some(((step.person, step.gains()?), step.cause.reason))).collect()
}
