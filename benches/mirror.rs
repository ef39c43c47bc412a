//! The mirror at the sizes of real directories: what is new, what is unchanged, and a start from stored records.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::collections::BTreeMap;

use divan::counter::ItemsCount;
use seatwarden::directory::{Matching, Mirror, Page, PersonRecord};
use seatwarden::model::{Account, AccountId, Attribute, FeedName, MatchKey, PersonId, Status, Time};

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// As Okta sends them.
const PAGE: usize = 200;

fn main() {
    divan::main();
}

fn matching() -> Matching {
    Matching { match_on: vec![MatchKey::EmployeeNumber, MatchKey::Email], prefer: vec!["okta".into()] }
}

fn account(feed: &FeedName, number: usize) -> Account {
    let attributes = BTreeMap::from([
        (Attribute::JobCode, vec![format!("SD-{}", number % 900)]),
        (Attribute::Title, vec!["Service Desk Analyst II".to_owned()]),
        (Attribute::Department, vec!["IT Operations".to_owned()]),
        (Attribute::CostCenter, vec![format!("CC-{}", number % 500)]),
        (Attribute::EmployeeType, vec!["Employee".to_owned()]),
    ]);
    Account {
        id: AccountId { feed: feed.clone(), id: format!("00u{number:017}") },
        status: Status::Active,
        raw_status: "ACTIVE".to_owned(),
        user_name: Some(format!("user.{number}@acme.example")),
        email: Some(format!("user.{number}@acme.example")),
        employee_number: Some(format!("{number:07}")),
        display_name: Some(format!("User {number}")),
        attributes,
        changed_at: Some(Time::from_millis(0)),
    }
}

fn pages(feed: &FeedName, size: usize) -> Vec<Page> {
    let accounts: Vec<Account> = (0..size).map(|number| account(feed, number)).collect();
    accounts.chunks(PAGE).map(|page| Page { accounts: page.to_vec(), ..Page::default() }).collect()
}

/// Absorbs pages; what is written is dropped, as the store would have it.
fn absorb(mirror: &mut Mirror, feed: &FeedName, pages: &[Page]) -> usize {
    let lookup = &mut |_: PersonId| None;
    pages.iter().map(|page| mirror.absorb(feed, page, Time::from_millis(1), lookup).records.len()).sum()
}

#[divan::bench(args = SIZES, max_time = 20)]
fn absorb_new(bencher: divan::Bencher<'_, '_>, size: usize) {
    let feed = FeedName::new("okta");
    let pages = pages(&feed, size);
    bencher.counter(ItemsCount::new(size)).with_inputs(|| Mirror::new(matching())).bench_local_values(|mut mirror| {
        assert_eq!(absorb(&mut mirror, &feed, &pages), size);
        mirror
    });
}

#[divan::bench(args = SIZES, max_time = 20)]
fn absorb_unchanged(bencher: divan::Bencher<'_, '_>, size: usize) {
    let feed = FeedName::new("okta");
    let pages = pages(&feed, size);
    let mut mirror = Mirror::new(matching());
    absorb(&mut mirror, &feed, &pages);
    bencher.counter(ItemsCount::new(size)).bench_local(|| {
        mirror.begin_whole(&feed);
        assert_eq!(absorb(&mut mirror, &feed, &pages), 0);
    });
}

/// Every account meets one of another feed: half of the accounts are linked.
#[divan::bench(args = SIZES, max_time = 20)]
fn absorb_second_feed(bencher: divan::Bencher<'_, '_>, size: usize) {
    let (okta, entra) = (FeedName::new("okta"), FeedName::new("entra"));
    let first = pages(&okta, size / 2);
    let second = pages(&entra, size / 2);
    let start = || {
        let mut mirror = Mirror::new(matching());
        absorb(&mut mirror, &okta, &first);
        mirror.settle();
        mirror
    };
    bencher.counter(ItemsCount::new(size / 2)).with_inputs(start).bench_local_values(|mut mirror| {
        absorb(&mut mirror, &entra, &second);
        assert_eq!(mirror.people(), u64::try_from(size / 2).unwrap());
        mirror
    });
}

#[divan::bench(args = SIZES, max_time = 20)]
fn load(bencher: divan::Bencher<'_, '_>, size: usize) {
    let feed = FeedName::new("okta");
    let mut mirror = Mirror::new(matching());
    let lookup = &mut |_: PersonId| None;
    let records: Vec<PersonRecord> = pages(&feed, size)
        .iter()
        .flat_map(|page| mirror.absorb(&feed, page, Time::from_millis(1), lookup).records)
        .collect();
    bencher.counter(ItemsCount::new(size)).with_inputs(|| Mirror::new(matching())).bench_local_values(|mut mirror| {
        for record in &records {
            mirror.load(record);
        }
        mirror
    });
}
