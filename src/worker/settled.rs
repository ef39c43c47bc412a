//! Whether a pass may plan for a few people alone, and for whom.
//!
//! After a pass that ended well everybody is as its plan left them. Until policy or day change, only those can come to
//! something else whose wishes changed, about whom that plan had a step, about whose seats anything was written since,
//! and those whom the ledger itself lists; so the plan for them is the plan for all. Whenever that is not certain, everybody is planned for.

use std::collections::BTreeSet;

use super::Scope;
use super::warden::Warden;
use crate::model::{PersonId, Time};
use crate::rules::Desired;
use crate::seats::{self, Event, Fault, Ledger, Plan, Policy, PoolMode};

/// How the last pass left everybody.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// Whom to look at again, whatever became of the steps.
    people: BTreeSet<PersonId>,
    policy: Policy,
}

impl Settled {
    /// After a pass that wrote its notes and tried its steps.
    pub(super) fn after(plan: &Plan, policy: &Policy) -> Self {
        Self { people: plan.people(), policy: policy.clone() }
    }

    /// The people for whom a pass has to plan; `None` for everybody. `changed` is who wants something else since, and
    /// about whose seats something was written.
    pub(super) fn few(
        self,
        scope: &Scope,
        policy: &Policy,
        changed: [BTreeSet<PersonId>; 2],
    ) -> Option<BTreeSet<PersonId>> {
        // What is only planned is not in the ledger, so that nobody could tell who waits for it.
        let observes = policy.modes.values().any(|mode| *mode == PoolMode::Observe);
        if matches!(scope, Scope::Full) || observes || !self.policy.is_like(policy) {
            return None;
        }
        let Self { mut people, policy: _ } = self;
        people.extend(changed.into_iter().flatten());
        Some(people)
    }
}

/// Whose seats an event is about, in whatever way.
fn stirs(event: &Event) -> Option<PersonId> {
    if let Event::Pinned(pin) = event {
        return Some(pin.person);
    }
    if let Event::Unpinned { person, .. } = event {
        return Some(*person);
    }
    seats::seat_of(event).map(|(person, _)| person)
}

impl Warden {
    /// To be called before events are written: whoever is named for nothing is looked at once more, and nobody is
    /// forgotten.
    pub(super) fn stir(&self, events: &[Event]) {
        self.stand().stirred.extend(events.iter().filter_map(stirs));
    }

    /// The plan for these people, or for everybody, with what the checker finds.
    pub(super) fn decide(
        desired: &Desired,
        ledger: &Ledger,
        policy: &Policy,
        now: Time,
        few: Option<&BTreeSet<PersonId>>,
    ) -> (Plan, Vec<Fault>) {
        let Some(few) = few else {
            let plan = seats::decide(desired, ledger, policy, now);
            let faults = seats::check(&plan, desired, ledger, policy, now);
            return (plan, faults);
        };
        let plan = seats::decide_few(desired, ledger, policy, now, few);
        debug_assert_eq!(
            plan,
            Plan { waiting: Vec::new(), ..seats::decide(desired, ledger, policy, now) },
            "the plan for a few is not the plan for all"
        );
        let faults = seats::check_few(&plan, desired, ledger, policy, now);
        (plan, faults)
    }
}
