//! A catalog, people and tables in few words.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use proptest::prelude::ProptestConfig;
use seatwarden::directory::Person;
use seatwarden::model::{Attribute, Catalog, ClassName, FeedName, PersonId, Pool, PoolKind, Seats, Status};
use seatwarden::rules::{Compiled, Finding, RuleSet, Severity, Source, compile, examine};

/// requester (free, default), agent, fulfiller with a reserve for on-call; major-incident builds on fulfiller, and it
/// excludes change-advisory; reports builds on nothing; chat is free.
pub(super) fn catalog() -> Catalog {
    let mut pools = vec![
        Pool::plain("requester", PoolKind::Tier, 0, Seats::Unlimited),
        Pool::plain("agent", PoolKind::Tier, 10, Seats::Bought(50)),
        Pool::plain("fulfiller", PoolKind::Tier, 20, Seats::Bought(120)),
        Pool::plain("major-incident", PoolKind::Addon, 0, Seats::Bought(15)),
        Pool::plain("change-advisory", PoolKind::Addon, 0, Seats::Bought(15)),
        Pool::plain("reports", PoolKind::Addon, 0, Seats::Bought(5)),
        Pool::plain("chat", PoolKind::Addon, 0, Seats::Unlimited),
    ];
    pools[2].reserve.insert(ClassName::new("on-call"), 10);
    pools[3].requires.insert("fulfiller".into());
    pools[3].excludes.insert("change-advisory".into());
    Catalog { default_tier: "requester".into(), pools: pools.into_iter().map(|pool| (pool.id.clone(), pool)).collect() }
}

pub(super) fn source(path: &str, bytes: impl Into<Vec<u8>>) -> Source {
    Source { path: path.to_owned(), bytes: bytes.into() }
}

pub(super) fn compiled(files: &[Source]) -> Compiled {
    compile(files, &catalog(), &TimeZone::UTC)
}

/// With the warnings for people who edit it, on the day of `today`.
pub(super) fn examined(files: &[Source]) -> Compiled {
    examine(files, &catalog(), &TimeZone::UTC, today())
}

pub(super) fn toml(text: &str) -> Compiled {
    compiled(&[source("a.toml", text)])
}

pub(super) fn csv(text: &str) -> Compiled {
    compiled(&[source("a.csv", text)])
}

/// The table, which must have no error.
pub(super) fn sound(compiled: Compiled) -> RuleSet {
    let Compiled { set, findings } = compiled;
    set.unwrap_or_else(|| panic!("the table does not compile: {findings:#?}"))
}

/// `code line:column` of every finding.
pub(super) fn told(compiled: &Compiled) -> Vec<String> {
    let errors = compiled.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(compiled.set.is_none(), errors, "a table is refused for errors and for nothing else");
    compiled.findings.iter().map(at).collect()
}

pub(super) fn at(finding: &Finding) -> String {
    let place = finding.place.as_ref().expect("a finding about a file has a place");
    format!("{} {}:{}", finding.code, place.line, place.column)
}

/// Nobody in particular: active, shown by okta.
pub(super) fn somebody() -> Person {
    Person {
        id: PersonId(1),
        status: Status::Active,
        departure: None,
        email: Some("ann@acme.example".to_owned()),
        employee_number: Some("104233".to_owned()),
        user_name: None,
        display_name: None,
        attributes: BTreeMap::new(),
        sources: BTreeMap::new(),
        feeds: BTreeSet::from([FeedName::new("okta")]),
        status_feed: Some(FeedName::new("okta")),
        order_key: "104233".to_owned(),
    }
}

/// Somebody with these values by column.
pub(super) fn person(values: &[(&str, &str)]) -> Person {
    let mut person = somebody();
    for (column, value) in values {
        let attribute = Attribute::from_column(column).expect("an attribute");
        person.attributes.entry(attribute).or_default().push((*value).to_owned());
    }
    person
}

pub(super) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(super) fn today() -> Date {
    day("2026-06-15")
}

/// That many random cases, or as many as `PROPTEST_CASES` says.
pub(super) fn cases(modest: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { modest };
    ProptestConfig { cases, max_global_rejects: cases.saturating_mul(100), failure_persistence: None, ..default }
}
