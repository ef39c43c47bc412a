//! What `explain` prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PersonView, SeatsView, WaitingView};
use crate::model::{Digest, FeedName, PoolId, RuleId, Time, UnitNo};

/// `explain -o json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainView {
    /// Who.
    pub person: PersonView,
    /// Name for people to read.
    pub name: Option<String>,
    /// Where they stand.
    pub status: String,
    /// The instant that this is about: now, or that of `--at`.
    pub at: Time,
    /// Whether `--at` asked for the past.
    pub past: bool,
    /// The first entry of the journal, where the past was asked for: nothing is known of seats before it.
    #[serde(default)]
    pub journal_begins: Option<Time>,
    /// Their accounts.
    pub accounts: Vec<AccountView>,
    /// What is known of them, each with the account that says it and what others say.
    pub facts: Vec<FactView>,
    /// How the rows met them, the deciding one first.
    pub rows: Vec<RowView>,
    /// Rows that do not match and are not listed.
    pub rows_omitted: u64,
    /// The table that `rows` and `desired` come from; `None` where it is not known any more.
    pub table: Option<TableView>,
    /// What they should hold.
    pub desired: DesiredView,
    /// With `--with-rules`: what the table in force gives.
    pub desired_in_force: Option<DesiredView>,
    /// What they hold.
    pub holding: HoldingView,
    /// The pools that they want, hold or wait for.
    pub pools: Vec<SeatsView>,
    /// What is due next.
    pub next: Option<NextView>,
    /// Everything that is due, `next` first.
    pub due: Vec<NextView>,
    /// The last call to a desk that its answer is known of.
    pub last_call: Option<CallView>,
    /// What happened, oldest first; each entry of the journal with a `text` beside its fields.
    pub history: Vec<Value>,
    /// Two claims on one identity.
    pub conflict: Option<String>,
    /// Both sides of a conflict: everybody who claims the identity, this person first.
    pub conflict_sides: Vec<SideView>,
    /// What cannot be told any more, with the reason.
    pub unknown: Vec<String>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The feed.
    pub feed: FeedName,
    /// The id there.
    pub id: String,
    /// Our word for the status.
    pub status: String,
    /// The provider's own word.
    pub raw_status: String,
    /// What tables can match.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Where each attribute stands in the provider's object.
    pub paths: BTreeMap<String, String>,
    /// When these facts were first read.
    pub read_at: Time,
    /// The last good reading of the feed, which would have shown a change.
    pub confirmed_at: Option<Time>,
    /// Since when whole readings do not show it.
    pub missing_since: Option<Time>,
}

/// One fact and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactView {
    /// `status`, `email`, `job_code`, `attr.NAME` …
    pub name: String,
    /// As the provider wrote it.
    pub values: Vec<String>,
    /// The feed that says it; `None` where the journal alone proves it.
    pub feed: Option<FeedName>,
    /// The account there.
    pub account: Option<String>,
    /// Where it stands in the provider's object.
    pub path: Option<String>,
    /// When it was first read so, or written into the journal.
    pub read_at: Time,
    /// Why this counts, where accounts say different things or the journal is the source.
    pub why: Option<String>,
    /// What other accounts say.
    pub others: Vec<OtherView>,
}

/// What an account says that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherView {
    /// The feed.
    pub feed: FeedName,
    /// The account there.
    pub account: String,
    /// As the provider wrote it.
    pub values: Vec<String>,
    /// When it was first read so.
    pub read_at: Time,
    /// Why it does not count.
    pub why: String,
}

/// One row of the table against one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowView {
    /// The row.
    pub id: RuleId,
    /// Whether it matched.
    pub matched: bool,
    /// Whether it decided.
    pub decides: bool,
    /// Whether one column alone, or its dates alone, keep it from matching.
    pub near: bool,
    /// Why, or why not.
    pub why: String,
    /// What kept it from matching: names of columns, `from`, `until`.
    pub missed: Vec<String>,
    /// What it gives.
    pub gives: String,
    /// Where it is written, as `rules/a.csv:2`.
    pub place: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its note or reason.
    pub note: Option<String>,
}

/// The table that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableView {
    /// Its digest.
    pub digest: Digest,
    /// Whether it is the one in force, or one given with `--with-rules`.
    pub in_force: bool,
    /// Since when passes have used it, where that is known.
    pub since: Option<Time>,
}

/// What a person should hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredView {
    /// The tier.
    pub tier: Option<PoolId>,
    /// The add-ons.
    pub addons: Vec<PoolId>,
    /// The class.
    pub class: Option<String>,
    /// The deciding row.
    pub rule: Option<RuleId>,
    /// Whether anything may change: `active`, `frozen: …`, `suspended`, `pre_start`, `left`; `unknown` for a past that
    /// is not known.
    pub standing: String,
    /// Add-ons that a row gives and the tier does not carry, each with the reason.
    pub unmet: BTreeMap<PoolId, String>,
    /// The decision in a sentence.
    pub text: String,
}

/// What a person holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingView {
    /// The tier now; the default tier where nothing is held.
    pub tier: PoolId,
    /// Counted seats.
    pub seats: Vec<SeatView>,
    /// Queues.
    pub waiting: Vec<WaitingView>,
    /// Seats they gave back that nobody may get yet, with the end of that.
    pub cooling: BTreeMap<PoolId, Time>,
}

/// One seat of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// The pool.
    pub pool: PoolId,
    /// Which of its seats.
    #[serde(default)]
    pub unit: UnitNo,
    /// `granting`, `held` or `revoking`.
    pub state: String,
    /// Since when.
    pub since: Time,
    /// The row that gives it.
    pub rule: Option<RuleId>,
    /// The class whose reserve it uses.
    pub class: Option<String>,
    /// Whether it was held at the desk before us.
    pub adopted: bool,
    /// The story of the grant.
    pub text: String,
    /// When grace ends.
    pub leaving_at: Option<Time>,
    /// Why no pass takes it.
    #[serde(default)]
    pub protected: Option<String>,
    /// Why grace runs, or why it is being taken.
    pub leaving_text: Option<String>,
}

/// What comes next for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextView {
    /// What: the action of the step, `held`, `waiting`, `unfinished`, or `table` for a day on which the table decides
    /// otherwise.
    pub what: String,
    /// In which pool.
    pub pool: PoolId,
    /// When, if a date decides.
    pub due_at: Option<Time>,
    /// The story.
    pub text: String,
    /// What an operator can do, as a command.
    pub how: Option<String>,
    /// The plan that holds it.
    pub digest: Option<Digest>,
    /// Until when that plan can be approved.
    pub until: Option<Time>,
    /// The place in the queue.
    pub position: Option<u32>,
}

/// A call to a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallView {
    /// When its answer was written down.
    pub at: Time,
    /// `grant`, `revoke` or `adopt`.
    pub what: String,
    /// In which pool.
    pub pool: PoolId,
    /// The desks that have a place for the pool.
    pub desks: Vec<String>,
    /// Whether the desk did it.
    pub done: bool,
    /// What it answered.
    pub answer: String,
    /// When it is tried again.
    pub next_try: Option<Time>,
}

/// One side of a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideView {
    /// Who.
    pub person: PersonView,
    /// Name for people to read.
    pub name: Option<String>,
    /// Where they stand.
    pub status: String,
    /// Their accounts, with the value that both claim: `okta/00u1 says 104233`.
    pub accounts: Vec<String>,
    /// What they hold.
    pub holds: Vec<PoolId>,
}
