//! A table in CSV: a header, then one row or exception per record.

use std::collections::BTreeMap;

use super::code;
use super::column::{Column, Key};
use super::csv_text::{Field, Record, Stop, records};
use super::damage::{hidden, is_cell_error, odd_space};
use super::normal::normal;
use super::table::{Entry, Kind, Value, Written, key_of, known_key};
use super::text::{Findings, Span};

/// Reads a file whose header names columns in any order. A header with `person` holds exceptions. After an empty line
/// another header may follow, so that rows and exceptions can stand in one file.
pub(super) fn read(file: usize, text: &str, entries: &mut Vec<Entry>, findings: &mut Findings<'_>) {
    let (start, separator) = match told_separator(text) {
        None => (0, separator_of(text)),
        Some((start, separator)) if [',', ';', '\t'].contains(&separator) => (start, separator),
        Some((start, separator)) => {
            let message = format!("the separator `{separator}` is none of comma, semicolon and tab");
            findings.add(code::CSV_HEADER, Span::new(file, 0, start), message, "save the file with one of these");
            return;
        }
    };
    let (list, stop) = records(text, start, separator);
    if let Some(stop) = stop {
        report(file, stop, findings);
    }
    if list.is_empty() && stop.is_none() {
        findings.add(code::CSV_HEADER, Span::new(file, 0, 0), "the file has no header", HEADER_HELP);
    }
    for (header, rows) in sections(&list) {
        section(file, header, rows, entries, findings);
    }
}

/// Headers with the records below them.
pub(super) fn sections(list: &[Record]) -> Vec<(&Record, &[Record])> {
    let first = (!list.is_empty()).then_some(0);
    let later =
        (1..list.len()).filter(|at| list.get(*at).is_some_and(|record| record.after_blank && is_header(record)));
    let starts: Vec<usize> = first.into_iter().chain(later).collect();
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    let section = |(start, end): (&usize, usize)| list.get(*start..end).and_then(<[Record]>::split_first);
    starts.iter().zip(ends).filter_map(section).collect()
}

/// Whether every cell names a column, and one of them is what every row or exception needs.
fn is_header(record: &Record) -> bool {
    let kind = kind_of(record);
    let known = |field: &Field| known_key(field.text.trim(), kind);
    let needed = if kind == Kind::Exception { Key::Person } else { Key::Id };
    record.fields.iter().all(|field| known(field).is_some())
        && record.fields.iter().any(|field| known(field).as_ref() == Some(&needed))
}

pub(super) fn kind_of(header: &Record) -> Kind {
    if header.fields.iter().any(|field| field.text.trim() == "person") { Kind::Exception } else { Kind::Rule }
}

fn section(file: usize, header: &Record, rows: &[Record], entries: &mut Vec<Entry>, findings: &mut Findings<'_>) {
    let count = header.fields.len();
    if count > MAX_COLUMNS {
        let message = format!("the header has {count} columns, more than {MAX_COLUMNS}");
        findings.add(code::CSV_HEADER, span_of(file, header), message, HEADER_HELP);
        return;
    }
    let kind = kind_of(header);
    let columns = columns_of(file, header, rows, kind, findings);
    for record in rows {
        let span = span_of(file, record);
        let (have, want) = (record.fields.len(), header.fields.len());
        if have != want {
            let message = format!("the row has {have} cells, and the header has {want}");
            let help = "a cell that holds the separator has to stand in double quotes";
            findings.add(code::CSV_WIDTH, span, message, help);
            continue;
        }
        let cells = cells_of(file, record, &columns, findings);
        entries.push(Entry { kind, span, cells, unsure: is_unsure(record, &columns) });
    }
}

/// More columns than a table can have a use for: a file that is no table is told so once.
const MAX_COLUMNS: usize = 1_000;

const HEADER_HELP: &str = "the first line names the columns, such as `id,job_code,tier`";

fn report(file: usize, stop: Stop, findings: &mut Findings<'_>) {
    match stop {
        Stop::Open { at } => findings.add(
            code::CSV_QUOTING,
            Span::new(file, at, at + 1),
            "the quote that opens here is never closed",
            "close the cell with a double quote; write a double quote inside of it twice",
        ),
        Stop::After { at } => findings.add(
            code::CSV_QUOTING,
            Span::new(file, at, at + 1),
            "text follows the closing quote of a cell",
            "quote the whole cell; write a double quote inside of it twice",
        ),
        Stop::Inside { at } => findings.add(
            code::CSV_QUOTING,
            Span::new(file, at, at + 1),
            "a double quote stands in a cell that is not quoted",
            "quote the whole cell; write a double quote inside of it twice",
        ),
        Stop::Return { at } => findings.add(
            code::LINE_ENDS,
            Span::new(file, at, at + 1),
            "a line ends with a carriage return alone",
            "save the file with line ends of Windows (CRLF) or Unix (LF)",
        ),
    }
}

/// `sep=;`, by which Excel tells itself the separator: what it is, and where the table begins.
pub(super) fn told_separator(text: &str) -> Option<(usize, char)> {
    let line = text.split_inclusive('\n').next()?;
    let told = line.trim_end_matches(['\n', '\r']).trim_matches('"');
    let (name, separator) = told.split_once('=')?;
    let mut letters = separator.chars();
    let separator = letters.next().filter(|_| name.eq_ignore_ascii_case("sep") && letters.next().is_none())?;
    Some((line.len(), separator))
}

/// The separator under which most of the header's cells are known columns; a comma when none is better.
pub(super) fn separator_of(text: &str) -> char {
    let line = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let known = |separator: char| {
        let (header, _) = records(line, 0, separator);
        header.first().map_or(0, |record| {
            let is_known = |field: &&Field| {
                let name = field.text.trim();
                known_key(name, Kind::Rule).or_else(|| known_key(name, Kind::Exception)).is_some()
            };
            record.fields.iter().filter(is_known).count()
        })
    };
    let mut best = (known(','), ',');
    for separator in [';', '\t'] {
        let count = known(separator);
        if count > best.0 {
            best = (count, separator);
        }
    }
    if best.0 > 0 {
        return best.1;
    }
    // No column is known: the separator seen most is the likeliest to give helpful findings.
    let count = |separator: char| line.matches(separator).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(',')
}

/// The key of every column; `None` where a finding was made about it.
fn columns_of(
    file: usize,
    header: &Record,
    rows: &[Record],
    kind: Kind,
    findings: &mut Findings<'_>,
) -> Vec<Option<Key>> {
    let mut columns: Vec<Option<Key>> = Vec::with_capacity(header.fields.len());
    let mut unknown = false;
    let used = used_columns(header, rows);
    for (number, field) in header.fields.iter().enumerate() {
        let span = Span::new(file, field.start, field.end);
        let name = field.text.trim();
        if number >= used {
            columns.push(None);
            continue;
        }
        if let Some(damage) = hidden(name) {
            let message = format!("the column `{}` {}", shortened(name).escape_debug(), damage.message);
            findings.add(damage.code, span, message, damage.help);
            unknown = true;
            columns.push(None);
            continue;
        }
        let key = match key_of(name, kind) {
            _ if name.is_empty() => {
                findings.add(code::CSV_HEADER, span, "a column has no name", HEADER_HELP);
                None
            }
            Err(help) => {
                findings.add(code::UNKNOWN_KEY, span, format!("unknown column `{}`", shortened(name)), help);
                None
            }
            Ok(key) if columns.iter().flatten().any(|other| *other == key) => {
                let message = format!("column `{key}` is there twice");
                findings.add(code::KEY_TWICE, span, message, "separate several values of a cell by `|`");
                None
            }
            Ok(key) => Some(key),
        };
        unknown |= key.is_none();
        columns.push(key);
    }
    let needed: &[Key] = match kind {
        Kind::Rule => &[Key::Id],
        Kind::Exception => &[Key::Person, Key::Until, Key::Owner, Key::Reason],
    };
    for key in needed {
        // A misspelt name has its own finding; to ask for the column as well would say it twice.
        if !unknown && !columns.iter().flatten().any(|column| column == key) {
            let message = format!("the header has no column `{key}`");
            findings.add(code::MISSING_COLUMN, span_of(file, header), message, format!("add a column `{key}`"));
        }
    }
    columns
}

/// Columns up to the last that has a name or anything in it: spreadsheets save columns that were once used.
fn used_columns(header: &Record, rows: &[Record]) -> usize {
    let blank = |record: &Record, at: usize| record.fields.get(at).is_none_or(|field| field.text.trim().is_empty());
    let used = |at: &usize| !blank(header, *at) || rows.iter().any(|row| !blank(row, *at));
    (0..header.fields.len()).rfind(used).map_or(header.fields.len(), |last| last + 1)
}

/// Whether anything is written under a column that is not known.
fn is_unsure(record: &Record, columns: &[Option<Key>]) -> bool {
    record.fields.iter().zip(columns).any(|(field, column)| column.is_none() && !field.text.trim().is_empty())
}

fn cells_of(
    file: usize,
    record: &Record,
    columns: &[Option<Key>],
    findings: &mut Findings<'_>,
) -> BTreeMap<Key, Written> {
    let mut cells = BTreeMap::new();
    for (field, column) in record.fields.iter().zip(columns) {
        let span = Span::new(file, field.start, field.end);
        let formula = is_formula(&field.text);
        if formula {
            let message = format!("the cell starts like a formula: `{}`", shortened(field.text.trim()));
            findings.add(code::FORMULA, span, message, "a spreadsheet would run it; write the value itself");
        }
        let failed = is_cell_error(&field.text);
        if failed {
            let message = format!("the cell holds the error `{}` of a spreadsheet", field.text.trim());
            findings.add(code::CELL_ERROR, span, message, "mend the formula and save its value, or write the value");
        }
        if let Some(key) = column {
            let broken = formula || failed;
            if key.is_compared()
                && let Some(damage) = odd_space(&field.text)
            {
                findings.add(damage.code, span, format!("the cell {}", damage.message), damage.help);
            }
            let values = if broken { Vec::new() } else { values_of(span, field, key) };
            cells.insert(key.clone(), Written { span, values, broken });
        }
    }
    cells
}

/// Spreadsheets run a cell that starts with `=`, `+` or `@`, or with `-` before a letter; some also in full width.
pub(super) fn is_formula(text: &str) -> bool {
    let head: String = text.trim_start().chars().take(2).collect();
    let head = normal(&head);
    let mut letters = head.chars();
    match letters.next() {
        Some('=' | '+' | '@') => true,
        Some('-') => letters.next().is_some_and(char::is_alphabetic),
        _ => false,
    }
}

/// Splits a cell by `|`, and a cell of job codes by spaces too.
fn values_of(span: Span, field: &Field, key: &Key) -> Vec<Value> {
    let pieces = pieces(&field.text, key).into_iter();
    pieces.map(|piece| Value { text: piece.to_owned(), span: piece_span(span, field, piece) }).collect()
}

/// The values in the text of a cell.
pub(super) fn pieces<'a>(text: &'a str, key: &Key) -> Vec<&'a str> {
    let pieces: Vec<&str> = if *key == Key::On(Column::JOB_CODE) {
        text.split(|letter: char| letter == '|' || letter.is_whitespace()).collect()
    } else if key.is_list() {
        text.split('|').collect()
    } else {
        vec![text]
    };
    pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// Where a piece of a cell stands. A quoted cell with doubled quotes inside is named as a whole.
fn piece_span(span: Span, field: &Field, piece: &str) -> Span {
    let at = piece.as_ptr() as usize - field.text.as_ptr() as usize;
    let quotes = usize::from(field.quoted);
    let is_verbatim = field.end - field.start == field.text.len() + 2 * quotes;
    if is_verbatim {
        Span::new(span.file, span.start + quotes + at, span.start + quotes + at + piece.len())
    } else {
        span
    }
}

fn span_of(file: usize, record: &Record) -> Span {
    let start = record.fields.first().map_or(0, |field| field.start);
    let end = record.fields.last().map_or(start, |field| field.end);
    Span::new(file, start, end)
}

/// At most 60 characters, for messages.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}
