//! What `explain` prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{PersonView, WaitingView};
use crate::model::{FeedName, PoolId, RuleId, Time};

/// `explain -o json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExplainView {
    /// Who.
    pub person: PersonView,
    /// Name for people to read.
    pub name: Option<String>,
    /// Where they stand.
    pub status: String,
    /// Their accounts.
    pub accounts: Vec<AccountView>,
    /// How the rows met them, the deciding one first.
    pub rows: Vec<RowView>,
    /// What they should hold.
    pub desired: DesiredView,
    /// What they hold.
    pub holding: HoldingView,
    /// What is due next.
    pub next: Option<NextView>,
    /// What happened, oldest first.
    pub history: Vec<Value>,
    /// Two claims on one identity.
    pub conflict: Option<String>,
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
    /// When these facts were first read.
    pub read_at: Time,
    /// Since when whole readings do not show it.
    pub missing_since: Option<Time>,
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
    /// Why, or why not.
    pub why: String,
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
    /// Whether anything may change: `active`, `frozen: …`, `suspended`, `pre_start`, `left`.
    pub standing: String,
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
}

/// One seat of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// The pool.
    pub pool: PoolId,
    /// `granting`, `held` or `revoking`.
    pub state: String,
    /// Since when.
    pub since: Time,
    /// The row that gives it.
    pub rule: Option<RuleId>,
    /// The story of the grant.
    pub text: String,
    /// When grace ends.
    pub leaving_at: Option<Time>,
    /// Why no pass takes it.
    #[serde(default)]
    pub protected: Option<String>,
}

/// What comes next for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextView {
    /// What: the action of the step, `held` or `waiting`.
    pub what: String,
    /// In which pool.
    pub pool: PoolId,
    /// When, if a date decides.
    pub due_at: Option<Time>,
    /// The story.
    pub text: String,
}
