//! What does no harm in a table and is hardly meant: rows that never count, days without a row, values that look alike.
//! A table with such things works; people who edit it should know.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::column::{Column, Key};
use super::lookup::Lookup;
use super::row::Exception;
use super::table::Entry;
use super::text::Findings;
use super::{Related, cover, gaps, lookalike, never, over};

/// A table as it is looked at: what it means, and where that is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) lookup: &'a Lookup,
    pub(super) columns: &'a [Column],
    pub(super) exceptions: &'a [Exception],
    pub(super) entries: &'a [Entry],
}

/// Looks for all of it, from that day on.
pub(super) fn find(table: &Table<'_>, today: Date, findings: &mut Findings<'_>) {
    for (mut finding, entry) in over::find(&table.lookup.rows, table.exceptions, today) {
        let until = table.entries.get(entry).and_then(|entry| entry.get(&Key::Until));
        let place = until.and_then(|cell| findings.place(cell.span));
        finding.related.extend(place.map(|place| Related { place, message: "the last day".to_owned() }));
        findings.push(finding);
    }
    // A row that never counts for one reason is not told again for another.
    let mut told: BTreeSet<&str> = BTreeSet::new();
    told.extend(table.lookup.rows.iter().filter(|row| over::is_over(row.window, today)).map(|row| row.id.as_str()));
    told.extend(never::find(table, findings));
    cover::find(table, &told, today, findings);
    gaps::find(table, today, findings);
    lookalike::find(table, findings);
}
