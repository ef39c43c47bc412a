//! Rows and exceptions as cells of text under a header: what CSV files and sheets have in common.

use std::collections::BTreeSet;

use super::{Cells, Draft, order};
use crate::rules::column::{Column, Key};
use crate::rules::csv_table::is_formula;

/// The name of the sheet that holds rows.
pub const RULES: &str = "rules";
/// The name of the sheet that holds exceptions.
pub const EXCEPTIONS: &str = "exceptions";

/// Cells under a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// [`RULES`] or [`EXCEPTIONS`].
    pub name: &'static str,
    /// The names of the columns.
    pub header: Vec<String>,
    /// As many cells per row as the header has.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn rules(draft: &Draft) -> Self {
        Self::new(RULES, &draft.rules, &[Key::Id, Key::On(Column::JOB_CODE), Key::Tier])
    }

    pub(super) fn exceptions(draft: &Draft) -> Option<Self> {
        let always = [Key::Person, Key::Tier, Key::Until, Key::Owner, Key::Reason];
        Some(Self::new(EXCEPTIONS, &draft.exceptions, &always)).filter(|grid| !grid.rows.is_empty())
    }

    /// All columns that any row fills, and those that nobody wants to do without.
    fn new(name: &'static str, rows: &[Cells], always: &[Key]) -> Self {
        let keys: BTreeSet<&Key> = rows.iter().flat_map(Cells::keys).chain(always).collect();
        let mut keys: Vec<&Key> = keys.into_iter().collect();
        keys.sort_by_cached_key(|key| order(key));
        let row =
            |cells: &Cells| keys.iter().map(|key| cells.get(key).map_or(String::new(), |v| cell(key, v))).collect();
        Self { name, header: keys.iter().map(ToString::to_string).collect(), rows: rows.iter().map(row).collect() }
    }

    /// Cells that a spreadsheet changes when it opens them from CSV, where nothing says that they are text.
    pub fn fragile(&self) -> Vec<&str> {
        let cells = self.rows.iter().flatten().map(String::as_str);
        cells.filter(|cell| loses_zeros(cell) || loses_digits(cell) || is_scientific(cell)).collect()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn loses_zeros(cell: &str) -> bool {
    cell.len() > 1 && cell.starts_with('0') && is_number(cell)
}

fn loses_digits(cell: &str) -> bool {
    cell.len() > 15 && is_number(cell)
}

fn is_scientific(cell: &str) -> bool {
    cell.split_once(['e', 'E']).is_some_and(|(number, power)| is_number(number) && is_number(power))
}

/// Several values in one cell. A first value that looks like a formula gets an empty one before it, which means
/// nothing to us and keeps spreadsheets from running it.
pub(super) fn cell(key: &Key, values: &[String]) -> String {
    let joined = values.join(if *key == Key::On(Column::JOB_CODE) { " " } else { "|" });
    if key.is_list() && is_formula(&joined) { format!("|{joined}") } else { joined }
}
