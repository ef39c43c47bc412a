//! What should happen next: one total function, the same for the same arguments.
//!
//! A draft is made as if there were no brakes, judged, and made again around what is held, until nothing new trips.
//! A draft goes through stages, one file each: `scan` (who stays, who loses, whose grace runs), `tier` and `addon`
//! (who gets a seat, by `queue`), `order` (what comes first) and `wait` (who does not get one, and why).

use std::collections::BTreeSet;

use super::draft::Draft;
use super::guard::judge;
use super::hold;
use super::ledger::HoldState;
use super::{Kept, Ledger, Plan, Policy};
use crate::model::{PersonId, Time};
use crate::rules::Desired;

/// Plans, judges by the brakes, and plans again around what is held.
///
/// The notes of the plan are facts for the ledger that need no call; they are to be written before the first step.
/// The steps are to be made in their order: a seat that one frees is the seat that a later one gives.
pub fn decide(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Plan {
    let verdict = judge(desired, ledger, policy, now);
    let (held, hold_notes) = hold::settle(&verdict, desired, ledger, policy, now);
    let released = verdict.released.keys().cloned().collect();
    let Draft { steps, units, waiting, mut notes, keep } = verdict.draft;
    notes.extend(hold_notes);
    let kept = verdict.kept.into_iter().map(|(step, by)| Kept { step, by }).collect();
    Plan { steps, units, waiting, held, notes, released, keep, kept }
}

/// The next instant at which time alone changes a plan: grace ends, a seat has cooled, an approval expires.
pub fn next_due(ledger: &Ledger, now: Time) -> Option<Time> {
    let grace = ledger.holdings.values().filter_map(|holding| holding.leaving.as_ref()).map(|leaving| leaving.due_at);
    let cooling = ledger.cooling.values().map(|cooling| cooling.until);
    let approvals = ledger.held.values().map(|hold| hold.plan.expires_at);
    grace.chain(cooling).chain(approvals).filter(|at| *at > now).min()
}

/// Everybody whom a pass over a few people has to look at, so that it plans the same as a pass over all: the few
/// themselves, and whoever waits, is in grace, unfinished, or in a held plan. The others stay as they are.
pub fn scope(ledger: &Ledger, dirty: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    let moving =
        ledger.holdings.iter().filter(|(_, holding)| holding.leaving.is_some() || holding.state != HoldState::Held);
    let held = ledger.held.values().flat_map(|hold| &hold.plan.steps).map(|step| step.person);
    let waiting = ledger.waiting.keys().map(|(person, _)| *person);
    dirty.iter().copied().chain(moving.map(|((person, _), _)| *person)).chain(held).chain(waiting).collect()
}
