//! What people who edit a table wait for: compiling it, and looking at it as a whole, for many kinds of tables.

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
    /// Five departments of every code.
    Departments,
    /// Globs by either end, by both, by a piece between stars, and ranges, all of one column.
    Odd,
    /// Globs in three columns.
    Columns,
    /// Ranges drawn over each other at seven priorities.
    Ranges,
    /// The same row again and again.
    Alike,
    /// Globs that exclude globs, which no budget suffices for.
    Entangled,
}

/// Numbers that look drawn, the same in every run.
fn drawn(row: usize, salt: u64, below: usize) -> usize {
    let mixed = (row as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt);
    usize::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33).unwrap_or(0) % below
}

/// Letters, the same for the same number.
fn letters(number: usize, count: u32) -> String {
    (0..count).filter_map(|at| char::from_u32(65 + u32::try_from(number / 26_usize.pow(at) % 26).ok()?)).collect()
}

/// Values of one column that are told apart by nothing simple.
fn odd(row: usize) -> String {
    let low = drawn(row, 1, 5_000);
    match row % 6 {
        0 => format!("S{low}*"),
        1 => format!("*{low}"),
        2 => format!("*{}*", letters(low * 3, 3)),
        3 => format!("S{low}..S{}", low + 50),
        4 => format!("S{}*{}", drawn(row, 2, 100), drawn(row, 3, 100)),
        _ => format!("S{low}"),
    }
}

fn table(kind: Kind, rows: usize) -> Vec<Source> {
    let mut text = "id,job_code,department,group,title,tier,priority,from,until\n".to_owned();
    for row in 0..rows {
        let mut title = String::new();
        let piece = format!("*{}*", letters(drawn(row, 5, 676), 2));
        let five = ["IT", "HR", "FIN", "OPS", "LAW"].into_iter().nth(row % 5).unwrap_or_default();
        let (low, high) = (drawn(row, 6, 100_000), drawn(row, 7, 3_000));
        if matches!(kind, Kind::Columns) {
            title = format!("{}*", letters(drawn(row, 4, 676), 2));
        }
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
            (Kind::Departments, _) => (format!("C-{}", row / 5), five, "", 0, ""),
            (Kind::Odd, at) => (odd(row), "", "", at % 3, ""),
            (Kind::Columns, at) => (format!("S{}*", low / 100), &*piece, "", at % 3, ""),
            (Kind::Ranges, _) => (format!("SD-{low:06}..SD-{:06}", low + high), "", "", row % 7, ""),
            (Kind::Alike, _) => ("*S*D*".to_owned(), "", "", 0, ""),
            (Kind::Entangled, at) if at % 2 == 0 => (format!("S{}* !*{}", low / 200, high / 60), "", "", at % 3, ""),
            (Kind::Entangled, at) => (format!("*{} !S{}*", low / 200, high / 6), "", "", at % 3, ""),
            (Kind::Covered, at) => (format!("K{0}-{1}..K{0}-{2}", row / 10, at * 3, at * 3 + 5), "", "", 1, ""),
        };
        let tier = if matches!(kind, Kind::Entangled) && row % 2 == 0 { "requester" } else { "fulfiller" };
        let _written = writeln!(text, "row-{row},{code},{department},{group},{title},{tier},{priority},,{until}");
    }
    vec![Source { path: "rules.csv".to_owned(), bytes: text.into_bytes() }]
}

const KINDS: [Kind; 9] = [
    Kind::Apart,
    Kind::Grown,
    Kind::Covered,
    Kind::Departments,
    Kind::Odd,
    Kind::Columns,
    Kind::Ranges,
    Kind::Alike,
    Kind::Entangled,
];

#[divan::bench(args = KINDS)]
fn compile_10_000_rows(bencher: Bencher, kind: Kind) {
    let (sources, catalog) = (table(kind, 10_000), catalog());
    bencher.bench_local(|| compile(black_box(&sources), &catalog, &TimeZone::UTC));
}

#[divan::bench(args = KINDS, sample_count = 10)]
fn examine_10_000_rows(bencher: Bencher, kind: Kind) {
    let (sources, catalog) = (table(kind, 10_000), catalog());
    bencher.bench_local(|| examine(black_box(&sources), &catalog, &TimeZone::UTC, TODAY));
}
