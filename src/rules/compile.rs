//! Rows become an index, or findings.

use jiff::tz::TimeZone;

use super::Finding;
use crate::model::{Catalog, Digest};

/// A file of the table as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path as shown to people; the ending tells TOML from CSV.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The outcome of compiling: a table without errors, and what was found.
#[derive(Debug)]
pub struct Compiled {
    /// The table; `None` when a finding is an error.
    pub set: Option<RuleSet>,
    /// Errors and warnings, ordered by place.
    pub findings: Vec<Finding>,
}

/// A compiled table.
#[derive(Debug)]
pub struct RuleSet {
    digest: Digest,
}

impl RuleSet {
    /// SHA-256 over the rows in a canonical form: the same for any order of rows and files, and for TOML and CSV.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Compiles all files of a table together.
pub fn compile(files: &[Source], catalog: &Catalog, zone: &TimeZone) -> Compiled {
    let _ = (files, catalog, zone);
    unreachable!("stub")
}
