//! What should happen next: one total function, the same for the same arguments.
//!
//! A draft is made as if there were no brakes, judged, and made again around what is held, until nothing new trips.
//! A draft goes through stages, one file each: `scan` (who stays, who loses, whose grace runs), `tier` and `addon`
//! (who gets a seat, by `queue`), `order` (what comes first) and `wait` (who does not get one, and why).

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::{Verdict, judge};
use super::hold;
use super::{Kept, Ledger, Plan, Policy};
use crate::model::{PersonId, PoolId, Time};
use crate::rules::Desired;

/// Plans, judges by the brakes, and plans again around what is held.
///
/// The notes of the plan are facts for the ledger that need no call; they are to be written before the first step.
/// The steps are to be made in their order: a seat that one frees is the seat that a later one gives.
pub fn decide(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Plan {
    finished(judge(desired, ledger, policy, now, None), desired, ledger, policy, now)
}

/// The same plan, found without a look at those whom it leaves as they are. `people` is everybody who wants something
/// else than when the last such plan was made and its notes were written, everybody in [`Plan::people`] of that plan, and
/// everybody about whose seats anything was written since; policy and day must be those of that plan. Whom else to look
/// at is found here: seats that are moving, held plans, and the queue of a pool as soon as it has a seat to give.
///
/// It tells no queues: `waiting` is empty, for most of those who wait are not looked at.
pub fn decide_few(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time, people: &BTreeSet<PersonId>) -> Plan {
    let few = unsettled(ledger, people).chain(waiting_with_seat(ledger, policy)).collect();
    finished(judge(desired, ledger, policy, now, Some(few)), desired, ledger, policy, now)
}

fn finished(verdict: Verdict, desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Plan {
    let (held, hold_notes) = hold::settle(&verdict, desired, ledger, policy, now);
    let released = verdict.released.keys().cloned().collect();
    let Draft { steps, units, waiting, mut notes, keep, called: _ } = verdict.draft;
    notes.extend(hold_notes);
    let kept = verdict.kept.into_iter().map(|(step, by)| Kept { step, by }).collect();
    Plan { steps, units, waiting, held, notes, released, keep, kept }
}

/// The next instant at which time alone changes a plan: grace ends, a seat has cooled, an approval expires.
pub fn next_due(ledger: &Ledger, now: Time) -> Option<Time> {
    let grace = ledger.holdings.next_grace(now).into_iter();
    let cooling = ledger.cooling.values().map(|cooling| cooling.until);
    let approvals = ledger.held.values().map(|hold| hold.plan.expires_at);
    grace.chain(cooling).chain(approvals).filter(|at| *at > now).min()
}

/// Everybody whom a pass over a few people has to look at, so that it plans the same as a pass over all: the few
/// themselves, and whoever waits, is in grace, unfinished, or in a held plan. The others stay as they are.
pub fn scope(ledger: &Ledger, dirty: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    unsettled(ledger, dirty).chain(ledger.waiting.keys().map(|(person, _)| *person)).collect()
}

/// These people, and whoever is in grace, unfinished or in a held plan.
fn unsettled<'a>(ledger: &'a Ledger, people: &'a BTreeSet<PersonId>) -> impl Iterator<Item = PersonId> + 'a {
    let moving = ledger.holdings.moving().map(|(person, _)| *person);
    let held = ledger.held.values().flat_map(|hold| &hold.plan.steps).map(|step| step.person);
    people.iter().copied().chain(moving).chain(held)
}

/// Whoever waits for a seat that is counted for them already, at the desk or cooling: they need none that is free.
fn waiting_with_seat<'a>(ledger: &'a Ledger, policy: &'a Policy) -> impl Iterator<Item = PersonId> + 'a {
    let at_desk =
        policy.occupied.iter().flat_map(|(pool, occupied)| occupied.people.iter().map(move |who| (*who, pool)));
    let at_desk = at_desk.filter(|(person, pool)| ledger.waiting.contains_key(&(*person, PoolId::clone(pool))));
    let cooling = ledger.cooling.keys().filter(|key| ledger.waiting.contains_key(*key));
    at_desk.map(|(person, _)| person).chain(cooling.map(|(person, _)| *person))
}
