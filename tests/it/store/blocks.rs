//! Loose rows, blocks, and the fold between them, seen from outside: by content and by size.

use seatwarden::model::PersonId;
use seatwarden::store::{Batch, Store};

use super::world::{Content, at, open, person};

#[tokio::test]
async fn thousands_of_small_changes_are_folded_and_nothing_changes_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut model = Content::empty();
    let mut first = Batch::new(at(1), 1);
    first.people.extend((0..2_000).map(|id| person(id, 1)));
    model.apply(&first);
    store.commit(first).await.unwrap();
    // Neighbors never change together, so that every change is a loose row.
    for turn in 0..40_u64 {
        let mut batch = Batch::new(at(turn), 2);
        batch.people.extend((0..100).map(|n| person(n * 64 + turn, turn + 2)));
        model.apply(&batch);
        store.commit(batch).await.unwrap();
        assert_eq!(
            store.person(PersonId(64 + turn)).unwrap().as_ref(),
            model.people.get(&PersonId(64 + turn)),
            "turn {turn}"
        );
    }
    assert_eq!(Content::of(&store), model);
    assert!(store.verify().unwrap().ok);
    // Folding takes idle moments; the writes of notes leave some between them.
    let mut loose = u64::MAX;
    for turn in 0..2_000 {
        let mut batch = Batch::new(at(100), 3);
        batch.notes.insert("turn".to_owned(), Some(turn.to_string()));
        store.commit(batch).await.unwrap();
        let manifest = std::fs::read_to_string(dir.path().join("manifest")).unwrap();
        loose = manifest
            .split("\"people_loose\":{\"records\":")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .map_or(0, |count| count.parse::<u64>().unwrap());
        if loose < 2_500 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(loose < 2_500, "{loose} of 4,000 rows are still loose");
    drop(store);
    let store = open(dir.path());
    assert_eq!(Content::of(&store), model);
}

#[tokio::test]
async fn sequential_people_go_into_blocks_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for page in 0..20_u64 {
        let mut batch = Batch::new(at(page), 1);
        batch.people.extend((page * 200..(page + 1) * 200).map(|id| person(id, 1)));
        store.commit(batch).await.unwrap();
    }
    drop(store);
    let blobs = std::fs::read_dir(dir.path().join("sled/blobs")).unwrap().count();
    assert_eq!(blobs, 0, "no value is so large that sled makes a file of it");
    let mut count = 0;
    open(dir.path())
        .people(&mut |_| {
            count += 1;
            true
        })
        .unwrap();
    assert_eq!(count, 4_000);
}
