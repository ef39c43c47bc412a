//! A change to the world as a value: printable, comparable, storable, refusable.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::{Cause, Event};
use crate::model::{ClassName, Digest, PersonId, PoolId, Time, UnitNo};
use crate::rules::Basis;

/// All that a pass would do, in the order it would do it: revocations before grants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Steps that go.
    pub steps: Vec<Step>,
    /// Which seat of the pool each of those gets who gain one. Held steps name none: which seat costs least is known
    /// when they are released.
    pub units: BTreeMap<(PersonId, PoolId), UnitNo>,
    /// People who should hold a seat and cannot yet, in order of position.
    pub waiting: Vec<WaitingRow>,
    /// Steps held by brakes.
    pub held: Vec<HeldPlan>,
    /// Changes of the ledger that need no call: waits, grace, cooling, other rows for the same seat.
    pub notes: Vec<Event>,
    /// Digests of approved plans whose steps are among `steps`.
    pub released: Vec<Digest>,
    /// Seats that stay as they are.
    pub keep: u64,
    /// Steps that the facts would make and nobody may.
    pub kept: Vec<Kept>,
}

/// A step that is not made, whatever the cause and whoever approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What would be done.
    pub step: Step,
    /// Why it is not.
    pub by: KeptBy,
}

/// Why a seat is never taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptBy {
    /// The holder is protected.
    Protected,
    /// The pool keeps so many holders.
    Last {
        /// How many.
        keep: u32,
    },
}

impl KeptBy {
    /// The reason in words, for a seat of that pool.
    pub fn text(self, pool: &PoolId) -> String {
        match self {
            Self::Protected => "the holder is protected and never loses a seat by a pass".to_owned(),
            Self::Last { keep } => format!("{pool} keeps its last {keep} holders"),
        }
    }
}

/// A plan in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Seats given.
    pub grant: u64,
    /// People moved from one tier to another.
    #[serde(rename = "move")]
    pub moves: u64,
    /// Seats taken.
    pub revoke: u64,
    /// Places in queues.
    pub wait: u64,
    /// Steps that brakes hold.
    pub hold: u64,
    /// Seats that stay.
    pub keep: u64,
}

impl Plan {
    /// The plan in numbers. What is due later is among the seats that stay.
    pub fn summary(&self) -> Summary {
        let Self { steps, units: _, waiting, held, notes: _, released: _, keep, kept: _ } = self;
        let count = |action: Action| length(steps.iter().filter(|step| step.action == action).count());
        Summary {
            grant: count(Action::Grant),
            moves: count(Action::Move),
            revoke: count(Action::Revoke),
            wait: length(waiting.len()),
            hold: held.iter().map(|held| length(held.steps.len())).sum(),
            keep: *keep,
        }
    }

    /// Whether it changes anybody's seat now.
    pub fn changes_seats(&self) -> bool {
        self.steps.iter().any(|step| step.action != Action::HoldOff)
    }

    /// Everybody about whom it has a step, or whom it keeps from one: whom the plan after it has to look at again,
    /// whatever became of the steps.
    pub fn people(&self) -> BTreeSet<PersonId> {
        self.steps.iter().chain(self.kept.iter().map(|kept| &kept.step)).map(|step| step.person).collect()
    }

    /// What it does for one person, now or later.
    pub fn steps_of(&self, person: PersonId) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.person == person)
    }

    /// What the person waits for.
    pub fn waits_of(&self, person: PersonId) -> impl Iterator<Item = &WaitingRow> {
        self.waiting.iter().filter(move |row| row.person == person)
    }

    /// What brakes hold back for the person.
    pub fn held_for(&self, person: PersonId) -> impl Iterator<Item = (&HeldPlan, &Step)> {
        let steps = self.held.iter().flat_map(|held| held.steps.iter().map(move |step| (held, step)));
        steps.filter(move |(_, step)| step.person == person)
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Takes a seat away.
    Revoke,
    /// Changes a person's tier from one counted pool to another.
    Move,
    /// Gives a seat.
    Grant,
    /// Will be done at `due_at`, nothing is called now.
    HoldOff,
}

/// One step for one person and one pool.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// For whom.
    pub person: PersonId,
    /// The pool that is granted (grant, move) or revoked (revoke, hold-off).
    pub pool: PoolId,
    /// The tier or add-on before; `None` for an add-on not held.
    pub from: Option<PoolId>,
    /// The tier or add-on after; `None` for an add-on no longer held.
    pub to: Option<PoolId>,
    /// The class whose reserve a grant may use.
    pub class: Option<ClassName>,
    /// Why.
    pub cause: Cause,
    /// The facts that a grant is based on.
    pub basis: Basis,
    /// When it will be done, for a hold-off.
    pub due_at: Option<Time>,
}

impl Step {
    /// The pool in which this step takes a seat away.
    pub fn loses(&self) -> Option<&PoolId> {
        match self.action {
            Action::Revoke => Some(&self.pool),
            Action::Move => self.from.as_ref(),
            Action::Grant | Action::HoldOff => None,
        }
    }

    /// The pool in which this step ends a seat, now or later.
    pub fn ends(&self) -> Option<&PoolId> {
        match self.action {
            Action::HoldOff => Some(&self.pool),
            Action::Revoke | Action::Move | Action::Grant => self.loses(),
        }
    }

    /// The pool in which this step gives a seat.
    pub fn gains(&self) -> Option<&PoolId> {
        match self.action {
            Action::Grant | Action::Move => Some(&self.pool),
            Action::Revoke | Action::HoldOff => None,
        }
    }
}

/// A person in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Who.
    pub person: PersonId,
    /// For which pool.
    pub pool: PoolId,
    /// From 1.
    pub position: u32,
    /// Since when.
    pub since: Time,
    /// Why there is no seat: `pool_full`, `reserved` for other classes, `terms` of the vendor, `excluded`,
    /// `old_seat_kept`, or `on_hold` while nothing about the person may change.
    pub reason: String,
    /// Until when the vendor's terms keep the seat that would come to this place in the queue, if it is they that do.
    pub not_before: Option<Time>,
    /// The same in words, and what would allow it sooner.
    pub text: String,
    /// When a seat is likely to come to this place: by a date that is known, or by the releases of the past.
    pub expected: Option<Time>,
    /// What that rests on, or why nobody can tell.
    pub expected_by: String,
}

/// Steps that a brake holds: immutable, released by its digest, once, before it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPlan {
    /// SHA-256 over the canonical bytes of cause, pool and steps.
    pub digest: Digest,
    /// The brake, such as `revoke.per_pass`.
    pub cause: String,
    /// The pool it counts in.
    pub pool: PoolId,
    /// How many would have passed.
    pub limit: u64,
    /// How many were wanted.
    pub wanted: u64,
    /// The cause in numbers: "37 of 41 come from job code 4711 leaving row 12".
    pub text: String,
    /// Since when.
    pub held_at: Time,
    /// Until when it can be approved.
    pub expires_at: Time,
    /// The steps.
    pub steps: Vec<Step>,
}
