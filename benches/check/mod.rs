//! What people who edit a table wait for: compiling it, and looking at it as a whole, for three kinds of tables.

use std::fmt::Write as _;
use std::hint::black_box;

use divan::Bencher;
use jiff::tz::TimeZone;
use seatwarden::rules::{Source, compile, examine};

use crate::evaluate::{TODAY, catalog};

/// Kinds of tables.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Codes of their own, as in `evaluate`.
    Apart,
    /// What grows over years: departments, globs over exact codes, dates, rows of last year.
    Grown,
    /// Ranges that overlap each other, with a row below that they take everybody from.
    Covered,
}

fn table(kind: Kind, rows: usize) -> Vec<Source> {
    let mut text = "id,job_code,department,group,tier,priority,from,until\n".to_owned();
    for row in 0..rows {
        let (code, department, group, priority, until) = match (kind, row % 10) {
            (Kind::Apart, 8) => (format!("R{row}-1..R{row}-9"), "IT", "", 0, ""),
            (Kind::Apart, 9) => (format!("G{row}-*"), "IT", "", 0, ""),
            (Kind::Apart, _) => (format!("C-{row}"), "IT", "", 0, ""),
            (Kind::Grown, 0) => (format!("F{}-*", row / 100), "", "", 0, ""),
            (Kind::Grown, 1) => (format!("F{}-{row}..F{}-{}", row / 100, row / 100, row + 5), "IT|HR", "", 0, ""),
            (Kind::Grown, 2) => (format!("F{}-{row}", row / 100), "", "desk|!contractors", 1, ""),
            (Kind::Grown, 3) => (format!("F{}-{}", row / 100, row - 1), "!HR", "", 1, "2027-06-30"),
            (Kind::Grown, _) => (format!("F{}-{row}", row / 100), "IT", "", 0, ""),
            (Kind::Covered, 9) => (format!("K{0}-2..K{0}-28", row / 10), "", "", 0, ""),
            (Kind::Covered, at) => (format!("K{0}-{1}..K{0}-{2}", row / 10, at * 3, at * 3 + 5), "", "", 1, ""),
        };
        let _written = writeln!(text, "row-{row},{code},{department},{group},fulfiller,{priority},,{until}");
    }
    vec![Source { path: "rules.csv".to_owned(), bytes: text.into_bytes() }]
}

#[divan::bench(args = [Kind::Apart, Kind::Grown, Kind::Covered])]
fn compile_10_000_rows(bencher: Bencher, kind: Kind) {
    let (sources, catalog) = (table(kind, 10_000), catalog());
    bencher.bench_local(|| compile(black_box(&sources), &catalog, &TimeZone::UTC));
}

#[divan::bench(args = [Kind::Apart, Kind::Grown, Kind::Covered], sample_count = 10)]
fn examine_10_000_rows(bencher: Bencher, kind: Kind) {
    let (sources, catalog) = (table(kind, 10_000), catalog());
    bencher.bench_local(|| examine(black_box(&sources), &catalog, &TimeZone::UTC, TODAY));
}
