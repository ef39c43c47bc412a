//! What to write beside the cells that have a part in a finding about whole rows.

use super::column::{Column, Key};
use super::row::{Exception, Row};
use super::seek::Witness;
use super::table::Entry;
use super::text::Span;

/// A place and what stands there.
pub(super) type Label = (Span, String);

/// The row, at its id.
pub(super) fn row(entries: &[Entry], row: &Row) -> Label {
    let at = entries.get(row.entry).map(|entry| entry.get(&Key::Id).map_or(entry.span, |cell| cell.span));
    (at.unwrap_or(NOWHERE), format!("row {}", row.id))
}

/// The exception, at its person.
pub(super) fn exception(entries: &[Entry], exception: &Exception) -> Label {
    let at = entries.get(exception.entry).map(|entry| entry.get(&Key::Person).map_or(entry.span, |cell| cell.span));
    (at.unwrap_or(NOWHERE), format!("gives {}", exception.gives.text()))
}

/// What an exception gives, cell by cell.
pub(super) fn given(entries: &[Entry], exception: &Exception) -> Vec<Label> {
    let Some(entry) = entries.get(exception.entry) else { return Vec::new() };
    let cells = [Key::Tier, Key::Addons, Key::Class].into_iter().filter_map(|key| entry.get(&key));
    cells.map(|cell| (cell.span, String::new())).collect()
}

/// Its match cells, with what they match of a person, then what it gives.
pub(super) fn cells(entries: &[Entry], row: &Row, columns: &[Column], witness: Option<&Witness>) -> Vec<Label> {
    let Some(entry) = entries.get(row.entry) else { return Vec::new() };
    let span = |key: Key| entry.get(&key).map(|cell| cell.span);
    let matching = row.cells.iter().filter_map(|(slot, _)| {
        let value = witness.and_then(|witness| witness.value(*slot));
        let label = value.map_or_else(String::new, |value| format!("matches {value}"));
        Some((span(Key::On(columns.get(*slot)?.clone()))?, label))
    });
    let gives = span(Key::Tier).or_else(|| span(Key::Addons));
    matching.chain(gives.map(|span| (span, format!("gives {}", row.gives.text())))).collect()
}

/// A file that is not there: a label without a place is left out.
const NOWHERE: Span = Span::new(usize::MAX, 0, 0);
