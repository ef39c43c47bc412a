//! One person through tables of 100, 1,000 and 10,000 rows, beside a plain scan over the same rows.

use std::fmt::Write as _;
use std::hint::black_box;

use divan::Bencher;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use seatwarden::directory::{AccountRow, Matching, Person, PersonRecord, merge};
use seatwarden::model::{
    Account, AccountId, Attribute, Attributes, Catalog, FeedName, PersonId, Pool, PoolId, PoolKind, Seats, Status, Time,
};
use seatwarden::rules::{RuleSet, Source, compile};

pub(crate) const TODAY: Date = date(2026, 11, 22);

fn pool(name: &str, rank: i64, seats: Seats) -> (PoolId, Pool) {
    (PoolId::from(name), Pool::plain(name, PoolKind::Tier, rank, seats))
}

pub(crate) fn catalog() -> Catalog {
    let pools = [pool("requester", 0, Seats::Unlimited), pool("fulfiller", 20, Seats::Bought(120))].into();
    Catalog { default_tier: PoolId::from("requester"), pools }
}

/// Of ten rows eight name an exact code, one a range and one a glob.
pub(crate) fn table(rows: usize) -> Vec<Source> {
    let mut text = "id,job_code,department,tier\n".to_owned();
    for row in 0..rows {
        let code = match row % 10 {
            8 => format!("R{row}-1..R{row}-9"),
            9 => format!("G{row}-*"),
            _ => format!("C-{row}"),
        };
        let _written = writeln!(text, "row-{row},{code},IT,fulfiller");
    }
    vec![Source { path: "rules.csv".to_owned(), bytes: text.into_bytes() }]
}

fn rules(rows: usize) -> RuleSet {
    let compiled = compile(&table(rows), &catalog(), &TimeZone::UTC);
    match compiled.set {
        Some(set) => set,
        None => std::process::abort(),
    }
}

fn people(rows: usize) -> Vec<Person> {
    people_of(rows, 1_000)
}

pub(crate) fn people_of(rows: usize, people: u64) -> Vec<Person> {
    (0..people)
        .map(|number| {
            let row = usize::try_from(number).unwrap_or(0) * 7_919 % rows;
            let code = match row % 10 {
                8 => format!("R{row}-5"),
                9 => format!("G{row}-77"),
                _ => format!("C-{row}"),
            };
            let attributes: Attributes =
                [(Attribute::JobCode, vec![code]), (Attribute::Department, vec!["IT".to_owned()])].into();
            let account = Account {
                id: AccountId { feed: FeedName::from("okta"), id: format!("00u{number}") },
                status: Status::Active,
                raw_status: "ACTIVE".to_owned(),
                user_name: None,
                email: Some(format!("a{number}@acme.example")),
                employee_number: Some(format!("{number:06}")),
                display_name: None,
                attributes,
                changed_at: None,
            };
            let row = AccountRow { account, read_at: Time::from_millis(0), missing: None };
            merge(&PersonRecord { id: PersonId(number), accounts: vec![row] }, &Matching::default())
        })
        .collect()
}

#[divan::bench(args = [100, 1_000, 10_000])]
fn compile_rows(bencher: Bencher, rows: usize) {
    let sources = table(rows);
    let catalog = catalog();
    bencher.bench_local(|| compile(black_box(&sources), &catalog, &TimeZone::UTC));
}

#[divan::bench(args = [100, 1_000, 10_000])]
fn decide_1_000_people(bencher: Bencher, rows: usize) {
    let rules = rules(rows);
    let people = people(rows);
    bencher.counter(1_000_u32).bench_local(|| {
        for person in &people {
            black_box(rules.decide(black_box(person), TODAY));
        }
    });
}

/// What the index saves: every row is looked at.
#[divan::bench(args = [100, 1_000])]
fn trace_100_people(bencher: Bencher, rows: usize) {
    let rules = rules(rows);
    let people = people(rows);
    bencher.counter(100_u32).bench_local(|| {
        for person in people.iter().take(100) {
            black_box(rules.trace(black_box(person), TODAY));
        }
    });
}
