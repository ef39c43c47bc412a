//! Rows that can match nobody: a cell excludes whatever it names. Exact for the grammar of cells.

use super::code;
use super::column::Key;
use super::survey::Table;
use super::text::Findings;
use super::witness::Question;

/// How many steps of automata may be taken for one table. A cell that takes more is left to `cover`.
const BUDGET: u64 = 1_000_000;

/// Warns of every such cell, and names the rows.
pub(super) fn find<'a>(table: &Table<'a>, findings: &mut Findings<'_>) -> Vec<&'a str> {
    let mut budget = BUDGET;
    let mut rows = Vec::new();
    for row in &table.lookup.rows {
        // Without exclusions there is always a value that a cell names.
        for (slot, cell) in row.cells.iter().filter(|(_, cell)| !cell.exclude.is_empty()) {
            let Some(column) = table.columns.get(*slot) else { continue };
            let question = Question { require: vec![cell], ..Question::default() };
            if !matches!(question.answer(column, &mut budget), Ok(None)) {
                continue;
            }
            rows.push(row.id.as_str());
            let Some(entry) = table.entries.get(row.entry) else { continue };
            let span = entry.get(&Key::On(column.clone())).map_or(entry.span, |cell| cell.span);
            let message = format!("row {} can never match anybody: its {column} excludes all that it names", row.id);
            let help = "remove the exclusion that takes the rest, or delete the row";
            findings.add(code::NEVER_MATCHES, span, message, help);
        }
    }
    rows
}
