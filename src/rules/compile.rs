//! Rows become an index, or findings.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::cell::Values;
use super::check::{Checked, check};
use super::column::Column;
use super::digest::digest;
use super::lookup::Lookup;
use super::row::Exception;
use super::survey::Table;
use super::text::{Findings, Text};
use super::{Finding, Place, Severity, conflicts, over, survey, table};
use crate::model::{Catalog, Digest, RuleId, Time};

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
    zone: TimeZone,
    pub(super) catalog: Catalog,
    /// Whether any pool excludes another.
    pub(super) has_exclusions: bool,
    /// Match columns that any row fills, the job code first; slots are positions in here.
    pub(super) columns: Vec<Column>,
    /// Every value that any row names, by slot.
    pub(super) named: Vec<Values>,
    pub(super) lookup: Lookup,
    /// Ordered by id.
    pub(super) exceptions: Vec<Exception>,
    /// Numbers of exceptions by the person they name, in normal form.
    pub(super) by_person: BTreeMap<String, Vec<usize>>,
    /// Days on which a row or exception begins or is over, in order.
    pub(super) turns: Vec<Date>,
}

/// A row or exception, for reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row's id, or `exception:PERSON`.
    pub id: RuleId,
    /// Where it is written.
    pub place: Place,
    /// What it says, such as `job_code SD-1*|SD-20..SD-29, department IT: fulfiller + major-incident`.
    pub text: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The note of a row, the reason of an exception.
    pub note: Option<String>,
}

/// Compiles all files of a table together. `zone` is where its days begin and end.
pub fn compile(files: &[Source], catalog: &Catalog, zone: &TimeZone) -> Compiled {
    build(files, catalog, zone, None)
}

/// Compiles a table and also warns of what does no harm and is hardly meant: rows that never count, days on which no
/// row counts, values that look alike. Takes longer; what is in force needs none of it.
pub fn examine(files: &[Source], catalog: &Catalog, zone: &TimeZone, today: Date) -> Compiled {
    build(files, catalog, zone, Some(today))
}

fn build(files: &[Source], catalog: &Catalog, zone: &TimeZone, today: Option<Date>) -> Compiled {
    let mut refused = Vec::new();
    let mut texts = Vec::new();
    for file in files {
        match Text::decode(file) {
            Ok(text) => texts.push(text),
            Err(finding) => refused.push(*finding),
        }
    }
    // The order in which files were read must not be seen in what is told of them.
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    let mut findings = Findings::new(&texts, refused);
    let entries = table::read(&texts, &mut findings);
    let Checked { columns, rows, exceptions } = check(&entries, catalog, &mut findings);
    let lookup = Lookup::new(rows, columns.len());
    conflicts::find(&lookup, &columns, &exceptions, &entries, catalog, &mut findings);
    if let Some(today) = today {
        survey::find(
            &Table { lookup: &lookup, columns: &columns, exceptions: &exceptions, entries: &entries },
            today,
            &mut findings,
        );
    }
    let findings = findings.into_sorted();
    let is_sound = findings.iter().all(|finding| finding.severity != Severity::Error);
    let set = is_sound.then(|| RuleSet::new(columns, lookup, exceptions, catalog, zone));
    Compiled { set, findings }
}

impl RuleSet {
    fn new(
        columns: Vec<Column>,
        lookup: Lookup,
        mut exceptions: Vec<Exception>,
        catalog: &Catalog,
        zone: &TimeZone,
    ) -> Self {
        exceptions.sort_by(|a, b| (&a.id, &a.gives, a.window).cmp(&(&b.id, &b.gives, b.window)));
        let mut by_person: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, exception) in exceptions.iter().enumerate() {
            by_person.entry(exception.person.clone()).or_default().push(number);
        }
        let windows = lookup.rows.iter().map(|row| row.window);
        let windows = windows.chain(exceptions.iter().map(|exception| exception.window));
        let mut turns: Vec<Date> = windows.flat_map(|window| window.turns().collect::<Vec<_>>()).collect();
        turns.sort_unstable();
        turns.dedup();
        Self {
            digest: digest(&columns, &lookup.rows, &exceptions),
            zone: zone.clone(),
            has_exclusions: catalog.pools.values().any(|pool| !pool.excludes.is_empty()),
            catalog: catalog.clone(),
            named: named(&lookup, columns.len()),
            columns,
            lookup,
            exceptions,
            by_person,
            turns,
        }
    }

    /// SHA-256 over the rows in a canonical form: the same for any order of rows and files, and for TOML and CSV.
    /// Owners, notes and reasons are not in it.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The day of the table at that instant.
    pub fn today(&self, now: Time) -> Date {
        now.date_in(&self.zone)
    }

    /// The instant after `now` at which a row or exception begins or is over.
    pub fn next_change_at(&self, now: Time) -> Option<Time> {
        self.next_change(self.today(now)).map(|day| Time::start_of(day, &self.zone))
    }

    /// Rows by id, then exceptions.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        let rows = self.lookup.rows.iter().map(|row| Line {
            id: row.id.clone(),
            place: row.place.clone(),
            text: format!("{}: {}", self.condition(row), row.gives.text()),
            owner: row.owner.clone(),
            note: row.note.clone(),
        });
        rows.chain(self.exceptions.iter().map(|exception| Line {
            id: exception.id.clone(),
            place: exception.place.clone(),
            text: exception.gives.text(),
            owner: Some(exception.owner.clone()),
            note: Some(exception.reason.clone()),
        }))
    }

    /// Warnings for rows and exceptions that are over: somebody should renew or delete them.
    pub fn overdue(&self, today: Date) -> Vec<Finding> {
        over::find(&self.lookup.rows, &self.exceptions, today).into_iter().map(|(finding, _)| finding).collect()
    }

    fn condition(&self, row: &super::row::Row) -> String {
        let cells = row.cells.iter().filter_map(|(slot, cell)| Some((self.columns.get(*slot)?, cell)));
        let parts: Vec<String> = cells.map(|(column, cell)| format!("{column} {}", cell.text())).collect();
        if parts.is_empty() { "everybody".to_owned() } else { parts.join(", ") }
    }
}

fn named(lookup: &Lookup, slots: usize) -> Vec<Values> {
    let mut named: Vec<Values> = std::iter::repeat_with(Values::default).take(slots).collect();
    for (slot, cell) in lookup.rows.iter().flat_map(|row| &row.cells) {
        if let Some(all) = named.get_mut(*slot) {
            for values in [&cell.include, &cell.exclude] {
                all.exact.extend(values.exact.iter().cloned());
                all.ranges.extend(values.ranges.iter().cloned());
                all.globs.extend(values.globs.iter().cloned());
            }
        }
    }
    named.iter_mut().for_each(Values::arrange);
    named
}
