//! An edit of a table of 1,000 rows against all people: one row, a tenth of the rows, every row.

use std::hint::black_box;

use divan::Bencher;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use seatwarden::directory::Person;
use seatwarden::model::OnSuspended;
use seatwarden::rules::{CensusTaker, RuleSet, Source, Subject, compile, diff};

use crate::evaluate::{catalog, people_of, table};

const TODAY: Date = date(2026, 11, 22);
const ROWS: usize = 1_000;
const PEOPLE: [u64; 3] = [1_000, 100_000, 1_000_000];

fn compiled(sources: &[Source]) -> RuleSet {
    match compile(sources, &catalog(), &TimeZone::UTC).set {
        Some(set) => set,
        None => std::process::abort(),
    }
}

/// The table, with another tier in every row whose number can be divided by `step`.
fn edited(step: usize) -> RuleSet {
    let mut sources = table(ROWS);
    for source in &mut sources {
        let text = String::from_utf8_lossy(&source.bytes).into_owned();
        let lines = text.lines().enumerate().map(|(number, line)| {
            let is_edited = number > 0 && (number - 1) % step == 0;
            if is_edited { line.replace(",fulfiller", ",requester") } else { line.to_owned() }
        });
        source.bytes = lines.collect::<Vec<_>>().join("\n").into_bytes();
    }
    compiled(&sources)
}

fn compare(bencher: Bencher, people: u64, step: usize) {
    let old = compiled(&table(ROWS));
    let new = edited(step);
    let people = people_of(ROWS, people);
    let subjects = |people: &[Person]| {
        let subject = |person| Subject { person, in_conflict: false, on_suspended: OnSuspended::Hold };
        diff(&old, &new, people.iter().map(subject), TODAY)
    };
    bencher.counter(people.len()).bench_local(|| black_box(subjects(black_box(&people))));
}

#[divan::bench(args = PEOPLE, sample_count = 7)]
fn one_row(bencher: Bencher, people: u64) {
    compare(bencher, people, ROWS);
}

#[divan::bench(args = PEOPLE, sample_count = 7)]
fn a_tenth_of_the_rows(bencher: Bencher, people: u64) {
    compare(bencher, people, 10);
}

#[divan::bench(args = PEOPLE, sample_count = 7)]
fn every_row(bencher: Bencher, people: u64) {
    compare(bencher, people, 1);
}

/// Beside it: everybody decided twice with everything that a decision holds.
#[divan::bench(args = [1_000, 100_000], sample_count = 7)]
fn everybody_decided_twice(bencher: Bencher, people: u64) {
    let (old, new) = (compiled(&table(ROWS)), edited(10));
    let people = people_of(ROWS, people);
    bencher.counter(people.len()).bench_local(|| {
        people.iter().filter(|person| old.decide(person, TODAY).tier != new.decide(person, TODAY).tier).count()
    });
}

/// Deciding for everybody and counting by row and code.
#[divan::bench(args = [1_000, 100_000], sample_count = 7)]
fn census(bencher: Bencher, people: u64) {
    let set = compiled(&table(ROWS));
    let people = people_of(ROWS, people);
    bencher.counter(people.len()).bench_local(|| {
        let mut taker = CensusTaker::new(&set, TODAY);
        for person in &people {
            taker.see(person, &set.decide(person, TODAY));
        }
        black_box(taker.finish())
    });
}
