//! Tables of ten thousand rows of every shape are proven whole. Proofs have budgets that count work, the same on any
//! machine, and what exceeds them is told as R032: no R032 means that the work stayed within them.

use std::fmt::Write as _;

use seatwarden::rules::Compiled;

use super::world::{compiled, examined, source};

const ROWS: usize = 10_000;

/// A table of one row for each number: what stands in `job_code,department,tier,priority`.
fn table(row: impl Fn(usize) -> String) -> Compiled {
    let mut text = "id,job_code,department,tier,priority\n".to_owned();
    for number in 0..ROWS {
        writeln!(text, "r{number},{}", row(number)).unwrap();
    }
    examined(&[source("a.csv", text)])
}

fn count(compiled: &Compiled, code: &str) -> usize {
    compiled.findings.iter().filter(|finding| finding.code == code).count()
}

fn tier(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "agent" } else { "fulfiller" }
}

/// Four letters, different for every number.
fn letters(number: usize) -> String {
    [17_576, 676, 26, 1].map(|unit| char::from(b'A' + u8::try_from(number / unit % 26).unwrap())).iter().collect()
}

/// Numbers that look drawn, the same in every run.
fn drawn(number: usize, below: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33).unwrap() % below
}

#[test]
fn codes_and_departments() {
    let found = table(|number| format!("C-{},D{},{},0", number / 5, number % 5, tier(number)));
    assert_eq!(found.findings, []);
}

#[test]
fn globs_with_text_at_no_end() {
    let found = table(|number| format!("*{}*,,agent,0", letters(number)));
    assert_eq!(found.findings, []);
    // Every two of them match somebody, and all of them end in time.
    let found = table(|number| format!("*{}*,,{},0", letters(number), tier(number)));
    assert_eq!((count(&found, "R031"), count(&found, "R032")), (1_000, 0));
}

#[test]
fn globs_by_their_ends() {
    let found = table(|number| format!("*-{number},,{},0", tier(number)));
    assert_eq!(found.findings, []);
}

#[test]
fn ranges_that_overlap() {
    let range = |number: usize| {
        let low = drawn(number, 100_000);
        format!("SD-{low:06}..SD-{:06}", low + drawn(number * 7, 3_000))
    };
    let found = table(|number| format!("{},,agent,{}", range(number), number % 7));
    assert_eq!((count(&found, "R031"), count(&found, "R032")), (0, 0));
    assert_eq!(count(&found, "R050"), 1_000);
}

#[test]
fn many_kinds_of_values() {
    let value = |number: usize| match number % 5 {
        0 => format!("S{}*", drawn(number, 5_000)),
        1 => format!("*{}", drawn(number, 5_000)),
        2 => format!("*{}*", &letters(drawn(number, 9_999))[1..]),
        3 => format!("S{number}..S{}", number + 50),
        _ => format!("S{}*{}", drawn(number, 100), drawn(number * 3, 100)),
    };
    let found = table(|number| format!("{},,agent,{}", value(number), number % 3));
    assert_eq!((count(&found, "R031"), count(&found, "R032")), (0, 0));
}

#[test]
fn rows_that_are_all_alike() {
    let found = table(|_| "*S*D*,,agent,0".to_owned());
    assert_eq!((count(&found, "R050"), count(&found, "R032")), (1_000, 0));
    let found = table(|number| format!("SD-1,,{},0", tier(number)));
    assert_eq!((count(&found, "R031"), count(&found, "R032")), (1_000, 0));
    let found = table(|number| format!("SD-*,,agent,{number}"));
    assert_eq!((count(&found, "R050"), count(&found, "R032")), (1_000, 0));
}

/// Beyond any budget: what was not compared is said, with a count, and the rest is.
#[test]
fn what_is_not_judged_is_told() {
    let value = |number: usize| match number % 2 {
        0 => format!("S{}*|!*{}*{}", drawn(number, 500), drawn(number * 3, 50), drawn(number * 5, 9)),
        _ => format!("*{}*|!S{}*", drawn(number, 500), drawn(number * 3, 50)),
    };
    let mut text = "id,job_code,tier,priority\n".to_owned();
    for number in 0..3_000 {
        writeln!(text, "r{number},{},{},0", value(number), tier(number)).unwrap();
    }
    let found = compiled(&[source("a.csv", text)]);
    let told = found.findings.iter().find(|finding| finding.message.starts_with("too many rows overlap"));
    assert!(count(&found, "R031") > 0);
    assert!(told.is_none_or(|told| told.code == "R032" && told.message.contains("of 3000 rows")), "{told:?}");
}
