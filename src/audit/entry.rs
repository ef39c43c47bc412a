//! One line of the journal.

use serde::{Deserialize, Serialize};

use crate::model::{Digest, Time};
use crate::seats::Event;

/// What happened, when, in which pass, linked to the entry before it. In JSON the fields of the event stand beside
/// `seq`, `at`, `prev`, `hash` and `pass`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Time,
    /// The pass it happened in, or 0 outside of any.
    pub pass: u64,
    /// The digest of the rules table in force; absent where none was, and in entries of versions that did not write it.
    /// An absent digest leaves no trace in the JSON, so that such entries hash as they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Digest>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
    /// The hash of the entry before; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 (hexadecimal) over the entry without this field, as JSON with sorted keys and no blanks.
    pub hash: String,
}
