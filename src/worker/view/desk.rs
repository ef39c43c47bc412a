//! Desks: `target list`, `target adopt` and `target drift`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PersonView;
use crate::model::{PersonId, PoolId, TargetName, Time};

/// One desk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// Its name.
    pub name: String,
    /// `observe`, `add_only` or `full`.
    pub mode: String,
    /// `ok`, `failing` or `unknown`.
    pub state: String,
    /// Members by pool, as the desk says.
    pub counts: BTreeMap<PoolId, u64>,
    /// Members that are not ours, by pool.
    pub foreign: BTreeMap<PoolId, u64>,
    /// Seats of ours that the desk does not show, by pool.
    pub lost: BTreeMap<PoolId, u64>,
    /// When it was last read.
    pub observed_at: Option<Time>,
    /// What failed.
    pub error: Option<String>,
    /// Steps that could not be done, with the desk's words.
    pub failing: Vec<FailingView>,
}

/// A step that the desk did not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingView {
    /// Who.
    pub person: PersonId,
    /// Which pool.
    pub pool: PoolId,
    /// What the desk said.
    pub why: String,
    /// When it is tried again.
    pub next_try: Option<Time>,
}

/// One row of `target adopt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptView {
    /// The desk.
    pub target: TargetName,
    /// Seats taken into the ledger.
    pub adopted: u64,
    /// Seats at the desk of people whom nobody knows: left alone.
    pub strangers: u64,
    /// Seats that did not fit: more than bought, a second tier.
    pub left: Vec<String>,
}

/// One row of `target drift`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DriftView {
    /// The desk.
    pub target: TargetName,
    /// The pool.
    pub pool: PoolId,
    /// How they differ.
    pub difference: Difference,
    /// Who, if we know.
    pub person: Option<PersonView>,
    /// The desk's id of the account, if it is known.
    pub account: Option<String>,
}

/// How a desk and the ledger differ about a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// In the ledger and not at the desk: the next pass gives it again, or ends it where nobody should have it.
    NotAtDesk,
    /// At the desk, of somebody we know, and not in the ledger: left alone until it is adopted.
    NotInLedger,
    /// At the desk, of somebody whom no feed shows: left alone.
    Stranger,
}

impl Difference {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAtDesk => "not_at_desk",
            Self::NotInLedger => "not_in_ledger",
            Self::Stranger => "stranger",
        }
    }
}
