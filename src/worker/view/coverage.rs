//! What `rules coverage` prints: counts by row and by job code, and nobody's name.

use serde::{Deserialize, Serialize};

use crate::model::{Digest, PoolId, RuleId};
use crate::rules::Place;

/// `rules coverage -o json`. Days are `2026-12-31`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageView {
    /// The digest of the table.
    pub rules_digest: Digest,
    /// The day for which it was asked.
    pub day: String,
    /// The day since which codes are counted; `null` before the first pass.
    pub counted_since: Option<String>,
    /// The day since which the table of the last pass is in force, as far as it was counted.
    pub table_since: Option<String>,
    /// Counts.
    pub summary: CoverageSummary,
    /// Every row by id.
    pub rows: Vec<RowCoverage>,
    /// Every job code that is or was seen, by code.
    pub codes: Vec<CodeCoverage>,
}

/// Counts of a table and its people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageSummary {
    /// People who have not left.
    pub people: u64,
    /// Those without a job code.
    pub people_without_code: u64,
    /// Those with a job code for whom no row decides and none adds.
    pub people_without_row: u64,
    /// Job codes that they have.
    pub codes: u64,
    /// Job codes of which nobody has a row.
    pub codes_without_row: u64,
    /// Job codes that the last edit of the table made mean something else.
    pub codes_changed: u64,
    /// Rows.
    pub rows: u64,
    /// Rows that give nothing to anybody.
    pub rows_without_people: u64,
    /// Exceptions, which are not listed because they name people.
    pub exceptions: u64,
    /// Exceptions that give nothing to anybody.
    pub exceptions_without_people: u64,
}

/// People of one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCoverage {
    /// The row.
    pub id: RuleId,
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What it says.
    pub text: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// People for whom it decides the tier.
    pub people: u64,
    /// People to whom it adds an add-on without deciding.
    pub adds: u64,
}

/// People of one job code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCoverage {
    /// The code as the feeds show it.
    pub code: String,
    /// People who have it now.
    pub people: u64,
    /// Those for whom no row decides and none adds.
    pub without_row: u64,
    /// The row that decides for most of them.
    pub rule: Option<RuleId>,
    /// The tier that it gives; `null` when it is denied.
    pub tier: Option<PoolId>,
    /// The day on which it was first seen; `null` before the first pass.
    pub first_seen: Option<String>,
    /// The day on which it was last seen.
    pub last_seen: Option<String>,
    /// What it meant before the last edit of the table, when that was something else.
    pub changed: Option<ChangedView>,
    /// How many people had it, from which day on, oldest first.
    pub history: Vec<DayCount>,
}

/// What a code meant before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedView {
    /// The day on which the change was first counted; `null` when the table is not in force.
    pub on: Option<String>,
    /// The row that decided for most people.
    pub rule: Option<RuleId>,
    /// The tier that it gave.
    pub tier: Option<PoolId>,
}

/// So many people from that day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub day: String,
    /// People.
    pub people: u64,
}
