//! What `rules diff` prints. People are named only where that was asked for.

use serde::{Deserialize, Serialize};

use super::PersonView;
use crate::model::{Digest, PoolId, PoolKind, Time};
use crate::rules::{CodeImpact, Edit, Kind, Place, Tally};

/// `rules diff -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactView {
    /// What people call the old table.
    pub old: String,
    /// What people call the new table.
    pub new: String,
    /// The digest of the old table.
    pub old_digest: Digest,
    /// The digest of the new table.
    pub new_digest: Digest,
    /// When it was compared.
    pub made_at: Time,
    /// The day for which the tables were asked, as `2026-12-31`.
    pub day: String,
    /// People to whom a table can give or take something.
    pub people: u64,
    /// People for whom no table has a say: left, not started, suspended, in conflict.
    pub apart: u64,
    /// People by what becomes of them.
    pub summary: Tally,
    /// Counted pools: tiers first, highest rank first.
    pub pools: Vec<PoolImpactView>,
    /// Money by currency and period.
    pub cost: Vec<CostView>,
    /// Rows that were edited or by which something changes.
    pub rows: Vec<RowImpactView>,
    /// Job codes of people for whom something changes.
    pub codes: Vec<CodeImpact>,
    /// What the brakes would make of the new table.
    pub brakes: Vec<BrakeView>,
    /// Whether any of them would hold it, now or when grace ends.
    pub held: bool,
    /// People for whom something changes; `null` unless names were asked for.
    pub changes: Option<Vec<ChangeView>>,
}

/// What becomes of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolImpactView {
    /// The pool.
    pub pool: PoolId,
    /// Tier or add-on.
    pub kind: PoolKind,
    /// Seats bought.
    pub bought: u32,
    /// Seats held, being granted, being taken and cooling in the ledger now.
    pub used: u32,
    /// Seats at the desk whose holders are nobody we know.
    pub foreign: u32,
    /// People who gain a seat, also by moving.
    pub gain: u64,
    /// People who lose a seat, also by moving.
    pub lose: u64,
    /// Seats needed by the old table.
    pub before: u64,
    /// Seats needed by the new table.
    pub after: u64,
    /// Seats missing for the new table: needed and foreign ones above what was bought.
    pub short: u64,
    /// People who would wait with the old table in force.
    pub waiting_before: u64,
    /// People who would wait with the new table in force.
    pub waiting: u64,
    /// Those of them who wait by the edit.
    pub waiting_new: u64,
    /// Money, where the catalog has a price.
    pub cost: Option<CostView>,
}

/// Money per period, as exact decimal text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostView {
    /// ISO 4217 code.
    pub currency: String,
    /// `month` or `year`.
    pub per: String,
    /// The price of the seats needed by the old table.
    pub before: String,
    /// The price of the seats needed by the new table.
    pub after: String,
    /// The difference.
    pub change: String,
    /// The price of the seats that are missing.
    pub to_buy: String,
}

/// What becomes of people by one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowImpactView {
    /// The row's id; `exceptions` for all exceptions together where people are not named.
    pub id: String,
    /// What happened to the row.
    pub edit: Edit,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What it said.
    pub was: Option<String>,
    /// What it says.
    pub is: Option<String>,
    /// People to whom it gave something.
    pub before: u64,
    /// People to whom it gives something.
    pub after: u64,
    /// Seats gained by it, without moves.
    pub gain: u64,
    /// People who move to or from the tier that it gives.
    pub r#move: u64,
    /// Seats lost that it gave, without moves.
    pub lose: u64,
}

/// What a brake would make of the new table in one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrakeView {
    /// The brake, such as `rules_edit.per_pass`.
    pub cause: String,
    /// The pool it counts in.
    pub pool: PoolId,
    /// How many pass.
    pub limit: u64,
    /// How many are wanted.
    pub wanted: u64,
    /// Whether it would hold them.
    pub holds: bool,
    /// Losses that come later, when grace ends.
    pub later: u64,
    /// Whether it would hold those, if nothing else changes until then.
    pub holds_later: bool,
    /// The cause in numbers.
    pub text: Option<String>,
}

/// One person for whom something changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// Who.
    pub person: PersonView,
    /// The first job code.
    pub job_code: Option<String>,
    /// What becomes of them.
    pub kind: Kind,
    /// What the old table gives, such as `fulfiller + major-incident`.
    pub before: String,
    /// What the new table gives.
    pub after: String,
    /// The row that decided.
    pub row_before: Option<String>,
    /// The row that decides.
    pub row_after: Option<String>,
}
