//! Days that dates leave out: a row ends, and the one that was meant to follow begins later than on the next day.
//!
//! Rows belong together when they ask for the same, or when they ask for the same job codes and their ids differ in a
//! number at the end (`desk-2026`, `desk-2027`). Exceptions belong together by person. A gap longer than the rows on
//! both of its sides is taken for a season and not told.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::cell::{Cell, Values};
use super::code;
use super::column::Key;
use super::digest::canonical;
use super::row::{Row, Window};
use super::survey::Table;
use super::text::{Findings, Span};

/// Something with dates.
#[derive(Clone, Copy)]
struct Dated<'a> {
    name: &'a str,
    entry: usize,
    window: Window,
}

/// Warns of every gap that is not over.
pub(super) fn find(table: &Table<'_>, today: Date, findings: &mut Findings<'_>) {
    let rows = &table.lookup.rows;
    let mut told = BTreeSet::new();
    if rows.iter().any(|row| row.window != Window::default()) {
        let mut groups: BTreeMap<(u8, String), Vec<Dated<'_>>> = BTreeMap::new();
        for row in rows {
            let dated = Dated { name: row.id.as_str(), entry: row.entry, window: row.window };
            groups.entry((0, same_people(row))).or_default().push(dated);
            if let (Some(family), Some(codes)) = (family(row.id.as_str()), row.cell(0)) {
                let codes = format!("{family}\n{}\n{}", kind_of(row), text_of(codes));
                groups.entry((1, codes)).or_default().push(dated);
            }
        }
        for group in groups.into_values() {
            in_group(group, "rows", table, today, &mut told, findings);
        }
    }
    let mut people: BTreeMap<&str, Vec<Dated<'_>>> = BTreeMap::new();
    for exception in table.exceptions {
        let name = exception.id.as_str();
        let dated = Dated { name, entry: exception.entry, window: exception.window };
        people.entry(&exception.person).or_default().push(dated);
    }
    for group in people.into_values() {
        in_group(group, "exceptions", table, today, &mut told, findings);
    }
}

fn in_group(
    mut group: Vec<Dated<'_>>,
    kind: &str,
    table: &Table<'_>,
    today: Date,
    told: &mut BTreeSet<(usize, usize)>,
    findings: &mut Findings<'_>,
) {
    group.sort_by_key(|dated| (dated.window.from, dated.window.until.unwrap_or(Date::MAX)));
    let mut group = group.into_iter();
    let Some(mut last) = group.next() else { return };
    for next in group {
        if let (Some(end), Some(begin)) = (last.window.until, next.window.from)
            && let (Ok(first), Ok(until)) = (end.tomorrow(), begin.yesterday())
            && first <= until
            && until >= today
            && days(first, until) <= length(last.window).max(length(next.window))
            && told.insert((last.entry, next.entry))
        {
            report(last, next, (first, until), kind, table, findings);
        }
        if last.window.until.is_some_and(|end| next.window.until.is_none_or(|other| other > end)) {
            last = next;
        }
    }
}

fn report(
    last: Dated<'_>,
    next: Dated<'_>,
    (first, until): (Date, Date),
    kind: &str,
    table: &Table<'_>,
    findings: &mut Findings<'_>,
) {
    let count = days(first, until);
    let when = if count == 1 { first.to_string() } else { format!("{first} to {until} ({count} days)") };
    let message = format!("{kind} {} and {} leave out {when}", last.name, next.name);
    let help = format!("both ends of dates count: let the second begin on {first}, if no gap is meant");
    let span = |dated: Dated<'_>, key: &Key| -> Option<Span> {
        let entry = table.entries.get(dated.entry)?;
        Some(entry.get(key).map_or(entry.span, |cell| cell.span))
    };
    let Some(begins) = span(next, &Key::From) else { return };
    let others = span(last, &Key::Until).map(|span| (span, format!("{} ends", last.name))).into_iter().collect();
    findings.add_labelled(code::GAP, (begins, format!("{} begins", next.name)), others, message, help);
}

/// Days from one to the other, both counted.
fn days(first: Date, last: Date) -> i64 {
    i64::from((last - first).get_days()) + 1
}

/// How long a window is; one that is open at an end is as long as can be.
fn length(window: Window) -> i64 {
    match (window.from, window.until) {
        (Some(from), Some(until)) => days(from, until),
        _ => i64::MAX,
    }
}

/// The row's condition in one form, and what kind of row it is.
fn same_people(row: &Row) -> String {
    let cells = row.cells.iter().map(|(slot, cell)| format!("{slot} {}", text_of(cell)));
    std::iter::once(kind_of(row)).chain(cells).collect::<Vec<_>>().join("\n")
}

/// Rows with a tier take turns; rows with add-ons alone do when they add the same.
fn kind_of(row: &Row) -> String {
    if row.gives.tier.is_some() { "tier".to_owned() } else { row.gives.text() }
}

fn text_of(cell: &Cell) -> String {
    let texts = |values: &Values| {
        let mut texts: Vec<String> = values.patterns().map(|pattern| canonical(&pattern)).collect();
        texts.sort_unstable();
        texts.join("|")
    };
    format!("{} ! {}", texts(&cell.include), texts(&cell.exclude))
}

/// The id without a year, quarter or number at its end; `None` when there is none.
fn family(id: &str) -> Option<&str> {
    let separators = ['-', '_', '.', ' ', '/'];
    let mut rest = id;
    for _ in 0..3 {
        let digits = rest.trim_end_matches(|letter: char| letter.is_ascii_digit());
        if digits.len() == rest.len() {
            break;
        }
        let quarter = digits.strip_suffix(['q', 'Q', 'h', 'H']).filter(|rest| rest.ends_with(separators));
        rest = quarter.unwrap_or(digits).trim_end_matches(separators);
    }
    (rest.len() < id.len() && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn families_of_ids() {
        for id in ["desk-2026", "desk-2026-q1", "desk_2026_H2", "desk-2026-01-15", "desk2"] {
            assert_eq!(family(id), Some("desk"), "{id}");
        }
        assert_eq!(family("desk"), None);
        assert_eq!(family("2026"), None);
        assert_eq!(family("faq1"), Some("faq"));
    }
}
