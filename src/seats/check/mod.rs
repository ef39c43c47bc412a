//! Reads every plan with other eyes: shares no code with the planner.
//!
//! `replay` carries the steps out one by one on a picture of the seats and counts; `units` looks at each seat;
//! `grounds` asks of every step by what right it is made; `brakes` asks whether it may be made now, `protected` whether
//! ever; `sums` counts anew what the ledger counts along. A fault refuses the plan: everybody keeps their seat, and
//! somebody is told.

mod brakes;
mod grounds;
mod protected;
mod replay;
mod sums;
mod undone;
mod units;

use std::collections::{BTreeMap, BTreeSet};

use super::holdings::SeatKey;
use super::{Action, Event, Holding, Ledger, Plan, Policy, PoolMode, Step};
use crate::model::{PersonId, Pool, PoolId, PoolKind, Seats, Time};
use crate::rules::Desired;

/// A promise that a plan would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the invariant in ARCHITECTURE.md.
    pub invariant: u8,
    /// What would break, without personal data.
    pub text: String,
}

/// Every fault of the plan; an empty list means that it may be applied.
pub fn check(plan: &Plan, desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Vec<Fault> {
    read(plan, desired, ledger, policy, now, None)
}

/// Every fault of a plan for a few people, found without going through all seats: those of the people in the plan are
/// looked at, and of all others the ledger's sums are believed, which every [`check`] counts anew.
pub fn check_few(plan: &Plan, desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Vec<Fault> {
    let rebased = plan
        .notes
        .iter()
        .filter_map(|note| if let Event::Rebased { person, .. } = note { Some(*person) } else { None });
    let people = plan.steps.iter().map(|step| step.person).chain(rebased).collect();
    read(plan, desired, ledger, policy, now, Some(people))
}

fn read(
    plan: &Plan,
    desired: &Desired,
    ledger: &Ledger,
    policy: &Policy,
    now: Time,
    few: Option<BTreeSet<PersonId>>,
) -> Vec<Fault> {
    let mut by_person: BTreeMap<PersonId, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        by_person.entry(step.person).or_default().push(step);
    }
    let mut reader = Reader { plan, desired, ledger, policy, now, by_person, few, faults: Vec::new() };
    sums::read(&mut reader);
    reader.order();
    reader.twice();
    reader.notes();
    grounds::read(&mut reader);
    replay::read(&mut reader);
    units::read(&mut reader);
    brakes::read(&mut reader);
    protected::read(&mut reader);
    undone::read(&mut reader);
    reader.faults
}

/// The plan, what it was made from, and what was found so far.
struct Reader<'a> {
    plan: &'a Plan,
    desired: &'a Desired,
    ledger: &'a Ledger,
    policy: &'a Policy,
    now: Time,
    by_person: BTreeMap<PersonId, Vec<&'a Step>>,
    /// Everybody whose seats the plan touches; `None` where all seats are looked at.
    few: Option<BTreeSet<PersonId>>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, invariant: u8, text: impl Into<String>) {
        self.faults.push(Fault { invariant, text: text.into() });
    }

    /// The pool with the seats bought; `None` for one that is not counted.
    fn counted(&self, id: &PoolId) -> Option<(&'a Pool, u32)> {
        let pool = self.policy.catalog.pools.get(id)?;
        match pool.seats {
            Seats::Bought(bought) => Some((pool, bought)),
            Seats::Unlimited => None,
        }
    }

    /// Seats to look at one by one: all, or those of the few.
    fn seats(&self) -> Box<dyn Iterator<Item = (&'a SeatKey, &'a Holding)> + '_> {
        let ledger = self.ledger;
        let Some(few) = &self.few else { return Box::new(ledger.holdings.iter()) };
        let of = move |person: &PersonId| {
            let person = *person;
            ledger.holdings.range((person, PoolId::new(""))..).take_while(move |((who, _), _)| *who == person)
        };
        Box::new(few.iter().flat_map(of))
    }

    /// How many seats of the pool are in use by people, in any state.
    fn seats_of(&self, pool: &PoolId) -> u64 {
        if self.few.is_some() {
            return self.ledger.holdings.count(pool);
        }
        let seats = self.ledger.holdings.keys().filter(|(_, held)| held == pool).count();
        u64::try_from(seats).unwrap_or(u64::MAX)
    }

    /// All steps for the person, in order.
    fn steps_of(&self, person: PersonId) -> impl Iterator<Item = &'a Step> {
        self.by_person.get(&person).into_iter().flatten().copied()
    }

    fn is_tier(&self, id: &PoolId) -> bool {
        self.counted(id).is_some_and(|(pool, _)| pool.kind == PoolKind::Tier)
    }

    fn mode(&self, id: &PoolId) -> PoolMode {
        self.policy.modes.get(id).copied().unwrap_or(PoolMode::Full)
    }

    /// Invariant 8: what frees seats comes first, and every step says why.
    fn order(&mut self) {
        let plan = self.plan;
        let rank = |step: &Step| match step.action {
            Action::Revoke => 0,
            Action::Move => 1,
            Action::Grant => 2,
            Action::HoldOff => 3,
        };
        for pair in plan.steps.windows(2) {
            if let [before, after] = pair
                && rank(before) > rank(after)
            {
                self.fault(8, format!("{} comes after a step that should follow it", name(after)));
            }
        }
        for step in &plan.steps {
            if step.cause.text.trim().is_empty() {
                self.fault(8, format!("{} does not say why", name(step)));
            }
            if gained(step).is_some() && step.cause.rule.is_none() {
                self.fault(8, format!("{} names no row", name(step)));
            }
            match (step.action, step.due_at) {
                (Action::HoldOff, Some(due_at)) if due_at > self.now => {}
                (Action::HoldOff, _) => self.fault(8, format!("{} has no later time", name(step))),
                (Action::Revoke | Action::Move | Action::Grant, None) => {}
                (Action::Revoke | Action::Move | Action::Grant, Some(_)) => {
                    self.fault(8, format!("{} is made now and has a later time", name(step)));
                }
            }
        }
    }

    /// Nothing is decided twice for one person and pool.
    fn twice(&mut self) {
        let mut seen: BTreeSet<(PersonId, &PoolId)> = BTreeSet::new();
        for step in &self.plan.steps {
            let pools: BTreeSet<&PoolId> = [Some(&step.pool), lost(step)].into_iter().flatten().collect();
            for pool in pools {
                if !seen.insert((step.person, pool)) {
                    self.fault(5, format!("{} is a second step for {} and {pool}", name(step), step.person));
                }
            }
        }
    }

    /// Notes are written without a call, so none may stand for one.
    fn notes(&mut self) {
        for note in &self.plan.notes {
            match note {
                Event::Leaving { person, pool, due_at, .. } if *due_at <= self.now => {
                    self.fault(4, format!("the grace of {person} in {pool} would be over as it begins"));
                }
                Event::Leaving { person, pool, .. }
                | Event::Stays { person, pool }
                | Event::Rebased { person, pool, .. } => {
                    if !self.ledger.holdings.contains_key(&(*person, pool.clone())) {
                        self.fault(2, format!("a note is about a seat of {pool} that {person} does not hold"));
                    }
                }
                Event::Cooled { person, pool } => {
                    let cooling = self.ledger.cooling.get(&(*person, pool.clone()));
                    if !cooling.is_some_and(|cooling| units::may_cool_off(self, *person, pool, cooling)) {
                        self.fault(1, format!("the seat of {pool} that {person} had is called free before its time"));
                    }
                }
                Event::Waiting { .. } | Event::WaitEnded { .. } | Event::Held(_) | Event::HoldEnded { .. } => {}
                Event::Person(_)
                | Event::Granting { .. }
                | Event::Granted { .. }
                | Event::GrantDropped { .. }
                | Event::Adopted { .. }
                | Event::Revoking { .. }
                | Event::Revoked { .. }
                | Event::RevokeDropped { .. }
                | Event::Approved { .. }
                | Event::Rejected { .. }
                | Event::FeedAccepted { .. }
                | Event::Rebuilt { .. }
                | Event::Trusted {}
                | Event::Pinned(_)
                | Event::DeskAccount { .. }
                | Event::Unpinned { .. } => {
                    self.fault(8, "a note would change a seat, an approval or a feed without a step");
                }
            }
        }
    }
}

/// The pool in which the step takes a seat.
fn lost(step: &Step) -> Option<&PoolId> {
    match step.action {
        Action::Revoke => Some(&step.pool),
        Action::Move => step.from.as_ref(),
        Action::Grant | Action::HoldOff => None,
    }
}

/// The pool in which the step gives a seat.
fn gained(step: &Step) -> Option<&PoolId> {
    match step.action {
        Action::Grant | Action::Move => Some(&step.pool),
        Action::Revoke | Action::HoldOff => None,
    }
}

/// The step in a few words.
fn name(step: &Step) -> String {
    let action = match step.action {
        Action::Revoke => "revoking",
        Action::Move => "moving to",
        Action::Grant => "granting",
        Action::HoldOff => "holding off",
    };
    format!("{action} {} for {}", step.pool, step.person)
}
