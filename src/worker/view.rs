//! What the verbs print, as values: the JSON of INTERFACE section 5 and the source of every text table.
//!
//! Fields may be added, never renamed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Digest, FeedName, PersonId, PoolId, PoolKind, RuleId, Time, UnitNo};
use crate::rules::Finding;
use crate::seats::{Action, Evidence, Reason};

mod coverage;
mod desk;
mod explain;
mod impact;

pub use coverage::*;
pub use desk::*;
pub use explain::*;
pub use impact::*;

/// A person in a report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PersonView {
    /// The number, as `p-17`.
    pub id: PersonId,
    /// E-mail address.
    pub email: Option<String>,
    /// Employee number.
    pub employee_number: Option<String>,
}

impl PersonView {
    /// The best name we have.
    pub fn label(&self) -> String {
        self.email.clone().or_else(|| self.employee_number.clone()).unwrap_or_else(|| self.id.to_string())
    }
}

/// `plan -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanView {
    /// SHA-256 over steps, held plans and rules.
    pub digest: Digest,
    /// When it was made.
    pub made_at: Time,
    /// The table in force.
    pub rules_digest: Option<Digest>,
    /// What it rests on.
    pub feeds: Vec<ReadingView>,
    /// Counts.
    pub summary: Summary,
    /// Steps that would go.
    pub steps: Vec<StepView>,
    /// The queues.
    pub waiting: Vec<WaitingView>,
    /// What brakes hold.
    pub held: Vec<HeldView>,
    /// What somebody should look at.
    pub findings: Vec<Finding>,
    /// People who claim one identity; at most a hundred.
    #[serde(default)]
    pub conflicts: Vec<ConflictView>,
    /// Desks that are written to, observed, or out of reach.
    pub targets: Vec<TargetView>,
    /// Seats that the facts would take and no pass may.
    #[serde(default)]
    pub kept: Vec<KeptView>,
}

/// Somebody whose identity others claim too: they keep what they hold and get nothing until that is resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// Who.
    pub person: PersonView,
    /// Which identity, and who else.
    pub text: String,
}

/// A seat that no pass takes, whatever the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptView {
    /// Whose.
    pub person: PersonView,
    /// Of which pool.
    pub pool: PoolId,
    /// Why it would go.
    pub text: String,
    /// Why it stays.
    pub why: String,
}

/// `undo -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoView {
    /// The pass.
    pub pass: u64,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Whether it was done, or is only shown.
    pub done: bool,
    /// People who get back, or give back, what the pass changed.
    pub people: u64,
    /// What stays as it is.
    pub not_undone: Vec<NotUndoneView>,
    /// The plan as it would be made.
    pub plan: PlanView,
    /// The pass that did it.
    pub applied: Option<PassView>,
}

/// A seat that an undo leaves as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUndoneView {
    /// Whose.
    pub person: PersonView,
    /// Of which pool.
    pub pool: PoolId,
    /// What stands in the way.
    pub why: String,
}

/// An undone pass that still decides what people hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneView {
    /// The pass.
    pub pass: u64,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
    /// How many people it concerns still.
    pub people: u64,
}

/// A name of `[people] protected` and whom it fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedView {
    /// The name as configured.
    pub name: String,
    /// Whom it fits; nobody is a fault of the configuration.
    pub people: Vec<PersonView>,
}

/// One reading behind a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingView {
    /// The feed.
    pub name: FeedName,
    /// `whole`, `changes` or `partial`; `none` when it was not read.
    pub coverage: String,
    /// Accounts shown, or known where nothing was read.
    pub accounts: u64,
    /// When the reading began.
    pub read_at: Option<Time>,
    /// What failed, on which call.
    pub error: Option<String>,
}

/// Counts of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Seats to give.
    pub grant: u64,
    /// Tiers to change.
    pub r#move: u64,
    /// Seats to take.
    pub revoke: u64,
    /// People in queues.
    pub wait: u64,
    /// Steps that brakes hold.
    pub hold: u64,
    /// Seats that stay.
    pub keep: u64,
    /// Steps that come later by date.
    pub hold_off: u64,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// What.
    pub action: Action,
    /// For whom.
    pub person: PersonView,
    /// The pool granted or revoked.
    pub pool: PoolId,
    /// Before.
    pub from: Option<PoolId>,
    /// After.
    pub to: Option<PoolId>,
    /// The row.
    pub rule: Option<RuleId>,
    /// The kind of reason.
    pub reason: Reason,
    /// What proves it.
    pub evidence: Evidence,
    /// The story.
    pub text: String,
    /// When, for what comes later.
    pub due_at: Option<Time>,
}

/// One place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// Who.
    pub person: PersonView,
    /// For what.
    pub pool: PoolId,
    /// From 1.
    pub position: u32,
    /// Since when.
    pub since: Time,
    /// `pool_full`, `reserved`, `terms`, `excluded`, `old_seat_kept` or `on_hold`.
    pub reason: String,
    /// Until when the vendor's terms keep the seat, where it is they that do.
    #[serde(default)]
    pub not_before: Option<Time>,
    /// Why there is no seat, and what would allow one sooner.
    #[serde(default)]
    pub text: String,
    /// When one is likely to come; `null` when nobody can tell.
    #[serde(default)]
    pub expected: Option<Time>,
    /// What that rests on, or `unknown: …`.
    #[serde(default)]
    pub expected_by: String,
}

/// One held plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// What to approve.
    pub digest: Digest,
    /// The brake.
    pub cause: String,
    /// The pool it counts in.
    pub pool: PoolId,
    /// How many would have passed.
    pub limit: u64,
    /// How many were wanted.
    pub wanted: u64,
    /// The cause in numbers.
    pub text: String,
    /// Since when.
    pub held_at: Time,
    /// Until when it can be approved.
    pub expires_at: Time,
    /// Who has approved so far.
    pub approved_by: Vec<String>,
    /// Who refused.
    pub rejected_by: Option<String>,
    /// The steps.
    pub steps: Vec<StepView>,
}

/// One line of `seats -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsView {
    /// The pool.
    pub pool: PoolId,
    /// Tier or add-on.
    pub kind: PoolKind,
    /// Bought; `null` for a free tier.
    pub bought: Option<u32>,
    /// Confirmed.
    pub used: u32,
    /// Grants under way.
    pub pending: u32,
    /// Cooling.
    pub cooling: u32,
    /// Left; `null` for a free tier.
    pub free: Option<u32>,
    /// Floors by class.
    pub reserved: BTreeMap<String, ReservedView>,
    /// People in the queue.
    pub waiting: u32,
    /// The desk's own count.
    pub target_count: Option<u64>,
    /// Seats at the desk that are not ours.
    pub foreign: u64,
    /// How many more seats are in use than were bought.
    #[serde(default)]
    pub over: u32,
    /// The numbered seats that nobody has; `null` for a free tier.
    #[serde(default)]
    pub units: Option<UnitsView>,
    /// When the pool is full at this rate; `null` for a free tier.
    #[serde(default)]
    pub forecast: Option<ForecastView>,
    /// People who should have held a seat and found none.
    #[serde(default)]
    pub denials: DenialsView,
    /// Whom to ask for a seat, one for each that is in use beyond what was bought.
    #[serde(default)]
    pub ask: Vec<AskView>,
}

/// What the past of a pool says about its future.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForecastView {
    /// When it is full; `null` when it does not fill up, or nobody can tell.
    pub full_at: Option<Time>,
    /// The same in words.
    pub text: String,
}

/// Refusals of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialsView {
    /// All of them.
    pub refused: u64,
    /// Those that a seat came after.
    pub later_granted: u64,
    /// Those that ended without one.
    pub given_up: u64,
    /// The last that are over, newest first.
    pub last: Vec<DenialView>,
}

/// One refusal that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialView {
    /// Who, by number.
    pub person: PersonId,
    /// Since when.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// Whether a seat was got.
    pub granted: bool,
}

/// Somebody to ask for a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskView {
    /// Who, by number.
    pub person: PersonId,
    /// Which seat.
    pub unit: UnitNo,
    /// Why they come first.
    pub why: String,
}

/// The seats of a pool that nobody has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitsView {
    /// Never given to anybody.
    pub new: u32,
    /// Given before and free.
    pub idle: u32,
    /// Kept by the vendor's terms, soonest first, the first [`UNITS_SHOWN`] of them.
    pub cooling: Vec<CoolingView>,
    /// The vendor's limit on changes of hands; `null` where there is none.
    pub reassign: Option<ReassignView>,
}

/// So many cooling seats are listed by number.
pub const UNITS_SHOWN: usize = 20;

/// A cooling seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoolingView {
    /// Its number.
    pub unit: UnitNo,
    /// Until when.
    pub until: Time,
}

/// A limit on changes of hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReassignView {
    /// Made in the time that counts.
    pub made: u32,
    /// Allowed.
    pub at_most: u32,
}

/// A floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedView {
    /// Kept for the class.
    pub floor: u32,
    /// Used by the class.
    pub used: u32,
}

/// One line of `people -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Who.
    #[serde(flatten)]
    pub person: PersonView,
    /// Name for people to read.
    pub name: Option<String>,
    /// Where they stand.
    pub status: String,
    /// The job code.
    pub job_code: Option<String>,
    /// The tier they have now.
    pub tier: PoolId,
    /// The add-ons they have now.
    pub addons: Vec<PoolId>,
    /// The pool they wait for.
    pub waiting_for: Vec<PoolId>,
    /// The row that decides.
    pub rule: Option<RuleId>,
}

/// `status -o json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// The program's version.
    pub version: String,
    /// The instant of all this.
    #[serde(default)]
    pub at: Time,
    /// The store is open and a table is in force.
    pub ready: bool,
    /// Whether a daemon answered.
    pub daemon: bool,
    /// Feeds.
    pub feeds: Vec<FeedView>,
    /// Desks.
    pub targets: Vec<TargetView>,
    /// The last pass.
    pub last_pass: Option<PassView>,
    /// What brakes hold.
    pub held: Vec<HeldView>,
    /// Seats by pool.
    #[serde(default)]
    pub seats: Vec<SeatsView>,
    /// What is due by date, the soonest first.
    #[serde(default)]
    pub due: Vec<DueView>,
    /// The table.
    pub rules: RulesView,
    /// Why nothing is revoked at present.
    pub distrusted: Option<String>,
    /// What the independent checker refused.
    pub alerts: Vec<String>,
    /// People who claim one identity; at most a hundred.
    #[serde(default)]
    pub conflicts: Vec<ConflictView>,
    /// Who never loses a seat by a pass.
    #[serde(default)]
    pub protected: Vec<ProtectedView>,
    /// Seats that the facts would take and no pass may, as of the last pass.
    #[serde(default)]
    pub kept: Vec<KeptView>,
    /// Undone passes that still decide what people hold.
    #[serde(default)]
    pub undone: Vec<UndoneView>,
    /// What providers called out to us since the start.
    #[serde(default)]
    pub hooks: HooksView,
}

/// Hooks in `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HooksView {
    /// Accounts and feeds that wait to be looked at.
    pub waiting: u64,
    /// Half of the last events had come to a confirmed seat within so many milliseconds.
    pub event_to_seat_p50_ms: Option<u64>,
    /// And 95 of a hundred within so many.
    pub event_to_seat_p95_ms: Option<u64>,
    /// Events that those two rest on.
    pub measured: u64,
    /// Each feed that has a hook.
    pub feeds: Vec<HookView>,
}

/// One hook in `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HookView {
    /// The feed.
    pub name: String,
    /// Accounts that wait to be looked at.
    pub waiting: u64,
    /// When a delivery was taken last.
    pub last_event: Option<Time>,
    /// Events taken.
    pub events: u64,
    /// Deliveries turned away.
    pub refused: u64,
    /// Why the last one was.
    pub last_refusal: Option<String>,
    /// The subscription at Microsoft Graph, where we keep one.
    pub subscription: Option<SubscriptionView>,
    /// Why what the hook did not tell cannot be read back.
    #[serde(default)]
    pub read_back_error: Option<String>,
}

/// A subscription in `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionView {
    /// `active`, `failing` or `none`.
    pub state: String,
    /// When it ends unless it is renewed.
    pub expires_at: Option<Time>,
    /// When it was last seen at the provider.
    pub checked_at: Option<Time>,
    /// What failed.
    pub error: Option<String>,
}

/// Something that comes by date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueView {
    /// When, of several the first.
    pub at: Time,
    /// `grace_ends`, `cooled`, `approval_expires` or `table`.
    pub what: String,
    /// In which pool.
    pub pool: Option<PoolId>,
    /// How many seats or plans.
    pub count: u64,
    /// In words.
    pub text: String,
}

/// One feed in `status`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FeedView {
    /// Its name.
    pub name: String,
    /// `ok`, `late`, `partial` or `quarantined`.
    pub state: String,
    /// The start of the last whole reading.
    pub last_whole: Option<Time>,
    /// The start of the last good reading.
    pub last_change: Option<Time>,
    /// Seconds since then.
    pub lag_s: Option<u64>,
    /// Live accounts.
    pub accounts: u64,
    /// The vendor's limit.
    pub rate: RateView,
    /// What failed, on which call.
    pub error: Option<String>,
    /// What the feed does without, and why; its readings stand all the same.
    pub degraded: Option<String>,
    /// When the provider forgets where the last reading ended, so that everybody has to be read again.
    pub cursor_expires: Option<Time>,
}

/// How much of a vendor's limit is left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RateView {
    /// Calls per window, as the vendor says.
    pub limit: Option<u64>,
    /// Left, as the vendor says.
    pub remaining: Option<u64>,
    /// When the window ends.
    pub reset: Option<Time>,
    /// 429 answers so far.
    pub throttled: u64,
    /// Requests that the vendor bills, since the start; `null` where they cost nothing.
    pub billed: Option<u64>,
}

/// One pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassView {
    /// Its number.
    pub pass: u64,
    /// `full`, `incremental`, `due`, `person` or `feed`.
    pub scope: String,
    /// When it began.
    pub started_at: Time,
    /// How long it took.
    pub duration_ms: u64,
    /// `ok`, `held`, `partial`, `failed`.
    pub result: String,
    /// Seats given.
    pub granted: u64,
    /// Seats taken.
    pub revoked: u64,
    /// Tiers changed.
    pub moved: u64,
    /// Steps that failed.
    pub failed: u64,
    /// Steps held.
    pub held: u64,
}

/// The table in `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesView {
    /// Its digest.
    pub digest: Option<Digest>,
    /// When it came into force.
    pub loaded_at: Option<Time>,
    /// Why a newer one did not.
    pub error: Option<String>,
}

/// What became of a replayed delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedView {
    /// What its events are called in logs, with their place behind a slash.
    pub request: String,
    /// To be looked at.
    pub accepted: u64,
    /// About something that waits already.
    pub coalesced: u64,
    /// Heard before.
    pub duplicate: u64,
    /// Not about anything of ours.
    pub ignored: u64,
    /// Not from whom they should be.
    pub dropped: u64,
}
