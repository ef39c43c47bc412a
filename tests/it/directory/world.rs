//! A mirror with the store it would have, and the slow way to know the same.

use std::collections::{BTreeMap, BTreeSet};

use seatwarden::directory::{Absorbed, AccountRow, Conflict, Matching, Mirror, Page, PersonRecord, Removed, normalize};
use seatwarden::model::{Account, AccountId, FeedName, MatchKey, PersonId, Status, Time};

pub(super) fn matching() -> Matching {
    Matching { match_on: vec![MatchKey::EmployeeNumber, MatchKey::Email], prefer: vec!["hr".into(), "okta".into()] }
}

/// An account from `feed/id`, employee number and e-mail; empty texts are absent.
pub(super) fn account(place: &str, employee_number: &str, email: &str) -> Account {
    let (feed, id) = place.split_once('/').unwrap();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Account {
        id: AccountId { feed: feed.into(), id: id.into() },
        status: Status::Active,
        raw_status: "ACTIVE".into(),
        user_name: None,
        email: text(email),
        employee_number: text(employee_number),
        display_name: None,
        attributes: BTreeMap::new(),
        changed_at: None,
    }
}

pub(super) fn gone(account: Account) -> Account {
    Account { status: Status::Gone, raw_status: "DEPROVISIONED".into(), ..account }
}

pub(super) fn at(seconds: i64) -> Time {
    Time::from_millis(seconds * 1000)
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) mirror: Mirror,
    pub(super) store: BTreeMap<PersonId, PersonRecord>,
    pub(super) now: i64,
}

impl World {
    pub(super) fn new() -> Self {
        Self { mirror: Mirror::new(matching()), store: BTreeMap::new(), now: 0 }
    }

    /// Reads accounts of one feed, one page.
    pub(super) fn show(&mut self, accounts: &[Account]) -> Absorbed {
        let feed = accounts[0].id.feed.clone();
        self.page(&feed, &Page { accounts: accounts.to_vec(), ..Page::default() })
    }

    pub(super) fn delete(&mut self, place: &str) -> Absorbed {
        let (feed, id) = place.split_once('/').unwrap();
        let removed = vec![Removed { id: id.into(), how: "@removed: deleted".into() }];
        self.page(&feed.into(), &Page { removed, ..Page::default() })
    }

    pub(super) fn page(&mut self, feed: &FeedName, page: &Page) -> Absorbed {
        self.now += 1;
        let Self { mirror, store, now } = self;
        let absorbed = mirror.absorb(feed, page, at(*now), &mut |id| store.get(&id).cloned());
        self.commit(&absorbed);
        absorbed
    }

    pub(super) fn miss(&mut self, places: &[&str], confirmed: bool, accepted: bool) -> Absorbed {
        self.now += 1;
        let ids = places.iter().map(|place| (self.person(place), id(place)));
        let ids: Vec<_> = ids.collect();
        let Self { mirror, store, now } = self;
        let absorbed = mirror.mark_missing(&ids, confirmed, accepted, at(*now), &mut |id| store.get(&id).cloned());
        self.commit(&absorbed);
        absorbed
    }

    pub(super) fn unseen(&self, feed: &str) -> Vec<String> {
        let unseen = self.mirror.unseen(&feed.into(), &mut |id| self.store.get(&id).cloned());
        unseen.into_iter().map(|(_, id)| id.to_string()).collect()
    }

    fn commit(&mut self, absorbed: &Absorbed) {
        for record in &absorbed.records {
            assert!(record.accounts.is_sorted_by(|a, b| a.account.id < b.account.id), "{record:?}");
            self.store.insert(record.id, record.clone());
        }
    }

    pub(super) fn person(&self, place: &str) -> PersonId {
        self.mirror.person_of(&id(place)).unwrap()
    }

    pub(super) fn row(&self, place: &str) -> &AccountRow {
        let record = &self.store[&self.person(place)];
        record.accounts.iter().find(|row| row.account.id == id(place)).unwrap()
    }

    /// Who is one person, as text: `a/1 b/1 | a/2`.
    pub(super) fn people(&self) -> String {
        let mut people: Vec<String> = self.store.values().map(names).filter(|names| !names.is_empty()).collect();
        people.sort();
        people.join(" | ")
    }

    /// Conflicts as text, each person by their first account: `a/1 email=x with b/1`.
    pub(super) fn conflicts(&self) -> Vec<String> {
        let name = |id: &PersonId| names(&self.store[id]).split(' ').next().unwrap().to_owned();
        let mut all: Vec<String> = Vec::new();
        for (person, Conflict { key, value, with }) in self.mirror.conflicts() {
            let mut with: Vec<String> = with.iter().map(name).collect();
            with.sort();
            all.push(format!("{} {key}={value} with {}", name(person), with.join(" ")));
        }
        all.sort();
        all
    }

    /// Everything that must hold whatever happened.
    pub(super) fn check(&self) {
        let mut seen = BTreeSet::new();
        for (person, record) in &self.store {
            assert_eq!(*person, record.id);
            for row in &record.accounts {
                assert!(seen.insert(row.account.id.clone()), "{} stands in two records", row.account.id);
                assert_eq!(self.mirror.person_of(&row.account.id), Some(*person));
            }
        }
        assert_eq!(self.mirror.conflicts(), &slow_conflicts(&self.store));
        let people = self.store.values().filter(|record| !record.accounts.is_empty()).count();
        assert_eq!(self.mirror.people(), people as u64);
        let rebuilt = self.rebuilt();
        assert_eq!(rebuilt.conflicts(), self.mirror.conflicts());
        assert_eq!(rebuilt.people(), self.mirror.people());
        for feed in ["hr", "okta", "entra"].map(FeedName::from) {
            let live = |row: &&AccountRow| row.account.id.feed == feed && is_live(row);
            let live = self.store.values().flat_map(|record| &record.accounts).filter(live).count();
            assert_eq!(self.mirror.accounts(&feed), live as u64, "{feed}");
            assert_eq!(rebuilt.accounts(&feed), live as u64, "{feed} after a restart");
        }
        for row in self.store.values().flat_map(|record| &record.accounts) {
            assert_eq!(rebuilt.person_of(&row.account.id), self.mirror.person_of(&row.account.id));
            if let Some(value) = &row.account.email {
                let found = self.mirror.find(MatchKey::Email, value);
                assert!(found.contains(&self.mirror.person_of(&row.account.id).unwrap()));
                assert_eq!(found, rebuilt.find(MatchKey::Email, value));
            }
        }
    }

    pub(super) fn rebuilt(&self) -> Mirror {
        let mut mirror = Mirror::new(matching());
        self.store.values().for_each(|record| mirror.load(record));
        mirror
    }

    pub(super) fn restart(&mut self) {
        self.mirror = self.rebuilt();
    }
}

pub(super) fn id(place: &str) -> AccountId {
    let (feed, id) = place.split_once('/').unwrap();
    AccountId { feed: feed.into(), id: id.into() }
}

fn names(record: &PersonRecord) -> String {
    record.accounts.iter().map(|row| row.account.id.to_string()).collect::<Vec<_>>().join(" ")
}

pub(super) fn is_live(row: &AccountRow) -> bool {
    row.account.status != Status::Gone && !row.missing.is_some_and(|missing| missing.confirmed && missing.accepted)
}

pub(super) fn key(account: &Account, key: MatchKey) -> Option<String> {
    match key {
        MatchKey::EmployeeNumber => account.employee_number.as_deref().and_then(normalize),
        MatchKey::Email => account.email.as_deref().and_then(normalize),
        MatchKey::UserName => account.user_name.as_deref().and_then(normalize),
    }
}

/// Two people are in conflict when live accounts of theirs share a value; the first key counts.
fn slow_conflicts(store: &BTreeMap<PersonId, PersonRecord>) -> BTreeMap<PersonId, Conflict> {
    let live: Vec<(PersonId, &Account)> = store
        .values()
        .flat_map(|record| record.accounts.iter().map(|row| (record.id, row)))
        .filter(|(_, row)| is_live(row))
        .map(|(person, row)| (person, &row.account))
        .collect();
    let mut conflicts: BTreeMap<PersonId, (usize, BTreeSet<String>, BTreeSet<PersonId>)> = BTreeMap::new();
    for (one, own) in &live {
        for (other, its) in live.iter().filter(|(other, _)| other != one) {
            for (rank, kind) in matching().match_on.into_iter().enumerate() {
                let Some(value) = key(own, kind).filter(|value| key(its, kind).as_ref() == Some(value)) else {
                    continue;
                };
                let conflict = conflicts.entry(*one).or_insert((rank, BTreeSet::new(), BTreeSet::new()));
                if rank < conflict.0 {
                    (conflict.0, conflict.1) = (rank, BTreeSet::new());
                }
                if rank == conflict.0 {
                    conflict.1.insert(value);
                }
                conflict.2.insert(*other);
            }
        }
    }
    let told = |(rank, values, with): (usize, BTreeSet<String>, BTreeSet<PersonId>)| {
        let key = matching().match_on[rank].as_str().to_owned();
        // Of several values of the first key the mirror names the one with the lowest hash, which tells nobody
        // anything: any choice that does not depend on order will do.
        let hash = |value: &String| xxhash_rust::xxh3::xxh3_64(value.as_bytes());
        Conflict { key, value: values.into_iter().min_by_key(hash).unwrap(), with }
    };
    conflicts.into_iter().map(|(person, conflict)| (person, told(conflict))).collect()
}
