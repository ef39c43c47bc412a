//! Batches by seed, and a slow obvious model of what a store has to remember.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use seatwarden::audit::report::subject;
use seatwarden::audit::{Entry, Tip, link};
use seatwarden::directory::{AccountRow, Missing, PersonRecord};
use seatwarden::model::{
    Account, AccountId, Attribute, ClassName, Digest, FeedName, PersonId, PoolId, RuleId, Status, TargetName, Time,
    UnitNo,
};
use seatwarden::rules::Basis;
use seatwarden::seats::event::HoldEnd;
use seatwarden::seats::{Action, Cause, Event, Evidence, HeldPlan, Known, Ledger, Pin, PinEnd, Reason, Step};
use seatwarden::store::{Batch, FeedState, Hint, Opened, SledStore, Store};

pub(crate) const NOTES: [&str; 3] = ["rules_digest", "last_pass", "x"];

pub(crate) fn at(second: u64) -> Time {
    Time::from_millis(1_700_000_000_000 + i64::try_from(second).unwrap() * 1_000)
}

pub(crate) fn open(path: &Path) -> SledStore {
    let Opened { store, recovered } = SledStore::open_at(path, at(0)).unwrap();
    assert_eq!(recovered, None);
    store
}

pub(crate) fn person(id: u64, version: u64) -> PersonRecord {
    let feed = FeedName::new("okta-prod");
    let account = Account {
        id: AccountId { feed, id: format!("00u{id:017}") },
        status: if version % 7 == 3 { Status::Gone } else { Status::Active },
        raw_status: "ACTIVE".to_owned(),
        user_name: Some(format!("user{id}@acme.example")),
        email: Some(format!("user{id}@acme.example")),
        employee_number: Some(format!("{:06}", 100_000 + id)),
        display_name: None,
        attributes: BTreeMap::from([
            (Attribute::JobCode, vec![format!("SD-{}", version % 100)]),
            (Attribute::Custom("floor".to_owned()), vec!["1".to_owned(), "2".to_owned()]),
        ]),
        changed_at: Some(at(version)),
    };
    let missing = (version % 5 == 4).then_some(Missing { since: at(version), confirmed: true, accepted: false });
    PersonRecord { id: PersonId(id), accounts: vec![AccountRow { account, read_at: at(version), missing }] }
}

/// A record whose row is longer than a part.
pub(crate) fn long_person(id: u64, version: u64, bytes: usize) -> PersonRecord {
    let mut record = person(id, version);
    record.accounts[0].account.display_name = Some("x".repeat(bytes));
    record
}

pub(crate) fn cause(text: &str) -> Cause {
    Cause {
        reason: Reason::JobCodeChanged,
        evidence: Evidence::Positive,
        rule: Some(RuleId::new("sd")),
        text: text.to_owned(),
    }
}

pub(crate) fn basis(code: &str) -> Basis {
    Basis { facts: BTreeMap::from([(Attribute::JobCode, code.to_owned())]), until: Some("2026-12-31".parse().unwrap()) }
}

pub(crate) fn held_plan(name: &str, steps: u64) -> HeldPlan {
    let step = |id| Step {
        action: Action::Revoke,
        person: PersonId(id),
        pool: PoolId::new("fulfiller"),
        from: Some(PoolId::new("fulfiller")),
        to: None,
        class: None,
        cause: cause("too many at once"),
        basis: basis("SD-1"),
        due_at: None,
    };
    HeldPlan {
        digest: Digest::new(format!("sha256:{name}")),
        cause: "revoke.per_pass".to_owned(),
        pool: PoolId::new("fulfiller"),
        limit: 5,
        wanted: steps,
        text: "all of one code".to_owned(),
        held_at: at(1),
        expires_at: at(2),
        steps: (0..steps).map(step).collect(),
    }
}

/// Any event about few people and pools, so that they meet.
pub(crate) fn event(rng: &mut fastrand::Rng) -> Event {
    let person = PersonId(rng.u64(1..40));
    let pool = PoolId::new(["fulfiller", "major-incident"][rng.usize(..2)]);
    let digest = Digest::new(format!("sha256:{}", rng.u8(..3)));
    let class = rng.bool().then(|| ClassName::new("on-call"));
    let cause = cause("because \"quoted\" \u{e9}\n");
    let basis = basis(&format!("SD-{}", rng.u8(..9)));
    // Old entries name no seat, and some name one that is in use.
    let unit = rng.bool().then(|| UnitNo(rng.u32(1..12)));
    let by = "ann@acme.example".to_owned();
    let reason = "checked".to_owned();
    match rng.u8(..20) {
        0 => Event::Person(Known {
            person,
            accounts: vec![AccountId { feed: FeedName::new("entra"), id: person.to_string() }],
            email: Some(format!("user{}@acme.example", person.0)),
            employee_number: None,
        }),
        1..=4 => Event::Granting { person, pool, class, cause, basis, unit },
        5..=7 => Event::Granted { person, pool },
        8 => Event::GrantDropped { person, pool, why: "409".to_owned() },
        9 => Event::Adopted { person, pool, target: TargetName::new("desk"), class, cause, basis, unit },
        10 => Event::Revoking { person, pool, cause },
        11 => Event::Revoked { person, pool, cooling_until: rng.bool().then(|| at(99)) },
        12 => match rng.u8(..3) {
            0 => Event::RevokeDropped { person, pool, why: "still there".to_owned() },
            1 => Event::Stays { person, pool },
            _ => Event::Cooled { person, pool },
        },
        13 => Event::Leaving { person, pool, due_at: at(50), cause },
        14 => Event::Rebased { person, pool, class, rule: Some(RuleId::new("other")), basis },
        15 => Event::Waiting { person, pool, rule: None, blocked: rng.bool() },
        16 => Event::WaitEnded { person, pool, granted: rng.bool() },
        17 => Event::Held(HeldPlan { digest, ..held_plan("", rng.u64(..4)) }),
        18 => match rng.u8(..3) {
            0 => Event::Approved { digest, by, reason },
            1 => Event::Rejected { digest, by, reason },
            _ => Event::HoldEnded { digest, why: HoldEnd::Expired },
        },
        _ => match rng.u8(..7) {
            6 => Event::DeskAccount { person, target: "desk".into(), account: format!("u-{}", rng.u8(..3)) },
            4 => Event::Pinned(Pin {
                person,
                undone: rng.u64(..9),
                tier: Some(pool),
                addons: BTreeSet::new(),
                facts: basis.facts,
                table: digest.clone(),
                catalog: digest,
                by,
                reason,
            }),
            5 => Event::Unpinned { person, why: PinEnd::Rules },
            0 => Event::Rebuilt { why: "a test".to_owned() },
            1 => Event::Trusted {},
            _ => Event::FeedAccepted { feed: FeedName::new("entra"), accounts: rng.u64(..) },
        },
    }
}

/// Any batch; some small, some with more writes than one transaction takes.
pub(crate) fn batch(rng: &mut fastrand::Rng, second: u64) -> Batch {
    let mut batch = Batch::new(at(second), rng.u64(..5));
    let version = rng.u64(..1_000);
    match rng.u8(..10) {
        0 => batch.people.extend((0..300).map(|_| person(rng.u64(..100_000), version))),
        1 | 2 => {
            let first = rng.u64(..2_000);
            batch.people.extend((first..first + 200).map(|id| person(id, version)));
        }
        3 => batch.people.push(long_person(rng.u64(..200), version, rng.usize(3_000..40_000))),
        4 => {}
        _ => batch.people.extend((0..rng.u64(..5)).map(|_| person(rng.u64(..300), version))),
    }
    for _ in 0..rng.u8(..4) {
        batch.dirty.insert(PersonId(rng.u64(..10_000)));
        batch.clean.insert(PersonId(rng.u64(..300)));
    }
    batch.dirty.extend(batch.people.iter().map(|record| record.id));
    if rng.bool() {
        let state = FeedState {
            cursor: rng.bool().then(|| "c".repeat(rng.usize(..20_000))),
            last_whole: Some(at(version)),
            last_good: None,
            accounts: version,
        };
        batch.feeds.insert(FeedName::new(["okta-prod", "entra"][rng.usize(..2)]), state);
    }
    let events = if rng.u8(..10) == 0 { 150 } else { rng.u64(..6) };
    batch.events.extend((0..events).map(|_| event(rng)));
    if rng.bool() {
        batch.notes.insert(NOTES[rng.usize(..3)].to_owned(), rng.bool().then(|| format!("note {version}")));
    }
    for _ in 0..rng.u8(..5) {
        batch.hints.insert(rng.u64(..200), rng.bool().then(|| hint(version)));
    }
    batch
}

fn hint(version: u64) -> Hint {
    Hint {
        feed: FeedName::new("okta-prod"),
        account: (!version.is_multiple_of(3)).then(|| format!("00u{version}")),
        urgent: version.is_multiple_of(2),
        event: format!("event {version}"),
        received_at: at(version),
    }
}

/// Everything a store says, read back through the trait.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) people: BTreeMap<PersonId, PersonRecord>,
    pub(crate) feeds: BTreeMap<FeedName, FeedState>,
    pub(crate) dirty: BTreeSet<PersonId>,
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) hints: BTreeMap<u64, Hint>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) ledger: Ledger,
}

impl Content {
    pub(crate) fn empty() -> Self {
        Self {
            people: BTreeMap::new(),
            feeds: BTreeMap::new(),
            dirty: BTreeSet::new(),
            notes: BTreeMap::new(),
            hints: BTreeMap::new(),
            entries: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    pub(crate) fn of(store: &dyn Store) -> Self {
        let mut content = Self {
            feeds: store.feeds().unwrap(),
            dirty: store.dirty().unwrap(),
            hints: store.hints().unwrap(),
            ledger: Ledger::clone(&store.ledger()),
            ..Self::empty()
        };
        let mut last = None;
        store
            .people(&mut |record| {
                assert!(last.replace(record.id).is_none_or(|last| last < record.id), "people come in order");
                content.people.insert(record.id, record);
                true
            })
            .unwrap();
        store
            .journal(1, &mut |entry| {
                content.entries.push(entry);
                true
            })
            .unwrap();
        for name in NOTES {
            if let Some(note) = store.note(name).unwrap() {
                content.notes.insert(name.to_owned(), note);
            }
        }
        content
    }

    /// The model: what a batch means, said as plainly as possible.
    pub(crate) fn apply(&mut self, batch: &Batch) {
        for record in &batch.people {
            self.people.insert(record.id, record.clone());
        }
        self.feeds.extend(batch.feeds.clone());
        for person in &batch.clean {
            self.dirty.remove(person);
        }
        self.dirty.extend(&batch.dirty);
        for (name, note) in &batch.notes {
            match note {
                Some(note) => self.notes.insert(name.clone(), note.clone()),
                None => self.notes.remove(name),
            };
        }
        for (number, hint) in &batch.hints {
            match hint {
                Some(hint) => self.hints.insert(*number, hint.clone()),
                None => self.hints.remove(number),
            };
        }
        for event in &batch.events {
            let tip = self.entries.last().map_or_else(Tip::genesis, Tip::of);
            self.entries.push(link(&tip, batch.at, batch.pass, event.clone()));
            self.ledger.apply(batch.at, event);
        }
    }

    pub(crate) fn history(&self, person: PersonId, limit: usize) -> Vec<Entry> {
        let all: Vec<Entry> =
            self.entries.iter().filter(|entry| subject(&entry.event) == Some(person)).cloned().collect();
        all[all.len().saturating_sub(limit)..].to_vec()
    }
}
