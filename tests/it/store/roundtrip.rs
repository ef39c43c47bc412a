use std::sync::Arc;

use proptest::prelude::*;
use seatwarden::model::{FeedName, PersonId, PoolId};
use seatwarden::seats::{Event, Ledger};
use seatwarden::store::{Batch, Store};
use tokio::runtime::Runtime;

use super::world::{Content, at, basis, batch, cause, held_plan, long_person, open, person};

#[tokio::test]
async fn what_was_committed_is_read_back_before_and_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Content::empty();
    let mut rng = fastrand::Rng::with_seed(1);
    {
        let store = open(dir.path());
        for second in 0..60 {
            let batch = batch(&mut rng, second);
            model.apply(&batch);
            store.commit(batch).await.unwrap();
        }
        assert_eq!(Content::of(&store), model);
        assert_eq!(store.verify().unwrap().findings, Vec::<String>::new());
    }
    let store = open(dir.path());
    assert_eq!(Content::of(&store), model);
    for id in (0..400).map(PersonId) {
        assert_eq!(store.person(id).unwrap(), model.people.get(&id).cloned(), "{id}");
        assert_eq!(store.history(id, 3).unwrap(), model.history(id, 3), "{id}");
        assert_eq!(store.history(id, usize::MAX).unwrap(), model.history(id, usize::MAX), "{id}");
    }
    let mut from_nine = Vec::new();
    store
        .journal(9, &mut |entry| {
            from_nine.push(entry);
            from_nine.len() < 3
        })
        .unwrap();
    assert_eq!(from_nine, model.entries[8..11]);
    let found = store.verify().unwrap();
    assert!(found.ok);
    assert_eq!(
        (found.people, found.holdings, found.entries),
        (model.people.len() as u64, model.ledger.holdings.len() as u64, model.entries.len() as u64)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Random batches, with reopenings anywhere between them, against the model.
    #[test]
    fn commits_and_reopenings_equal_the_model(seed: u64, script in prop::collection::vec(0_u8..8, 1..25)) {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut model = Content::empty();
        let mut store = open(dir.path());
        for (second, word) in (0..).zip(script) {
            if word == 0 {
                drop(store);
                store = open(dir.path());
                prop_assert_eq!(Content::of(&store), model.clone());
            }
            let batch = batch(&mut rng, second);
            model.apply(&batch);
            runtime.block_on(store.commit(batch)).unwrap();
        }
        prop_assert_eq!(Content::of(&store), model.clone());
        prop_assert_eq!(store.verify().unwrap().findings, Vec::<String>::new());
        drop(store);
        let store = open(dir.path());
        prop_assert_eq!(Content::of(&store), model);
    }

    /// The journal is the truth: its replay is the ledger.
    #[test]
    fn replaying_the_journal_yields_the_ledger(seed: u64) {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut rng = fastrand::Rng::with_seed(seed);
        let store = open(dir.path());
        for second in 0..20 {
            runtime.block_on(store.commit(batch(&mut rng, second))).unwrap();
        }
        let mut replayed = Ledger::default();
        store.journal(1, &mut |entry| { replayed.apply(entry.at, &entry.event); true }).unwrap();
        prop_assert_eq!(&replayed, &*store.ledger());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_committers_share_groups_and_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    let mut tasks = Vec::new();
    for writer in 0..64_u64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for turn in 0..20_u64 {
                let mut batch = Batch::new(at(turn), writer);
                batch.people.push(person(writer * 1_000 + turn, turn));
                batch.dirty.insert(PersonId(writer * 1_000 + turn));
                batch.events.push(Event::FeedAccepted { feed: FeedName::new(format!("f{writer}")), accounts: turn });
                store.commit(batch).await.unwrap();
                // Acknowledged means visible, to this committer at once.
                assert_eq!(store.ledger().accepted[&FeedName::new(format!("f{writer}"))], turn);
                assert!(store.person(PersonId(writer * 1_000 + turn)).unwrap().is_some());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let before = Content::of(&*store);
    assert_eq!((before.people.len(), before.entries.len(), before.dirty.len()), (1_280, 1_280, 1_280));
    assert!(store.verify().unwrap().ok);
    drop(store);
    assert_eq!(Content::of(&open(dir.path())), before);
}

#[tokio::test]
async fn a_batch_larger_than_a_transaction_is_one_batch() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut big = Batch::new(at(1), 1);
    // One person in each of 700 blocks, and an entry of some hundred parts.
    big.people.extend((0..700).map(|n| person(n * 64, 1)));
    big.dirty.extend((0..700).map(|n| PersonId(n * 64)));
    big.events.push(Event::Held(held_plan("big", 4_000)));
    let mut model = Content::empty();
    model.apply(&big);
    store.commit(big).await.unwrap();
    assert_eq!(Content::of(&store), model);
    assert_eq!(std::fs::metadata(dir.path().join("redo")).unwrap().len(), 0, "nothing is unfinished");
    drop(store);
    let store = open(dir.path());
    assert_eq!(Content::of(&store), model);
    // A shorter value leaves no parts behind.
    let mut smaller = Batch::new(at(2), 2);
    smaller.events.push(Event::Held(held_plan("big", 1)));
    smaller.people.push(long_person(0, 2, 100_000));
    model.apply(&smaller);
    store.commit(smaller).await.unwrap();
    let mut short = Batch::new(at(3), 2);
    short.people.push(person(0, 3));
    model.apply(&short);
    store.commit(short).await.unwrap();
    assert_eq!(Content::of(&store), model);
    assert!(store.verify().unwrap().ok);
    drop(store);
    assert_eq!(Content::of(&open(dir.path())), model);
}

#[tokio::test]
async fn a_history_longer_than_its_index_is_read_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut model = Content::empty();
    for second in 0..5 {
        let mut batch = Batch::new(at(second), 1);
        batch.events.extend((0..500).map(|_| Event::Stays { person: PersonId(3), pool: PoolId::new("fulfiller") }));
        batch.events.push(Event::Trusted {});
        model.apply(&batch);
        store.commit(batch).await.unwrap();
    }
    for limit in [0, 1, 2_048, 2_400, usize::MAX] {
        assert_eq!(store.history(PersonId(3), limit).unwrap(), model.history(PersonId(3), limit), "{limit}");
    }
}

#[tokio::test]
async fn an_empty_batch_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let read = || std::fs::read(dir.path().join("manifest")).unwrap();
    let before = read();
    store.commit(Batch::new(at(1), 1)).await.unwrap();
    assert_eq!(read(), before);
}

#[tokio::test]
async fn whoever_is_both_clean_and_dirty_is_looked_at_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = Batch::new(at(1), 1);
    batch.dirty.insert(PersonId(7));
    batch.clean.insert(PersonId(7));
    store.commit(batch).await.unwrap();
    assert!(store.dirty().unwrap().contains(&PersonId(7)));
}

#[tokio::test]
async fn a_ledger_once_handed_out_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let before = store.ledger();
    let mut batch = Batch::new(at(1), 1);
    let (person, pool) = (PersonId(1), PoolId::new("fulfiller"));
    batch.events.push(Event::Granting {
        person,
        pool,
        class: None,
        cause: cause("a row"),
        basis: basis("SD-1"),
        unit: None,
    });
    store.commit(batch).await.unwrap();
    assert!(before.holdings.is_empty());
    assert_eq!(store.ledger().holdings.len(), 1);
}
