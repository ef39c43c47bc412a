//! Who may open a store, and what is made of one that is not as it was left.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use seatwarden::audit::verify;
use seatwarden::seats::Event;
use seatwarden::store::{Batch, Opened, SledStore, Store, StoreError};

use super::world::{Content, at, batch, open};

/// A store with some content, closed.
async fn filled(dir: &Path, seed: u64, batches: u64) -> Content {
    let store = open(dir);
    let mut rng = fastrand::Rng::with_seed(seed);
    for second in 0..batches {
        store.commit(batch(&mut rng, second)).await.unwrap();
    }
    Content::of(&store)
}

fn reopen(dir: &Path) -> (SledStore, Option<String>) {
    let Opened { store, recovered } = SledStore::open_at(dir, at(1_000)).unwrap();
    let found = store.verify().unwrap();
    assert!(found.ok, "{:?}", found.findings);
    (store, recovered)
}

/// After a rebuild: the ledger and its journal in full, nobody's records, and a word about it.
#[track_caller]
pub(super) fn assert_rebuilt(after: &Content, before: &Content) {
    let (last, kept) = after.entries.split_last().expect("a rebuild is written down");
    assert!(matches!(last.event, Event::Rebuilt { .. }));
    assert_eq!(kept, before.entries, "no acknowledged event is lost");
    assert!(verify(&after.entries).is_ok());
    assert!(after.ledger.distrusted.is_some(), "nothing is revoked until feeds were read whole");
    let mut ledger = before.ledger.clone();
    ledger.distrusted.clone_from(&after.ledger.distrusted);
    assert_eq!(after.ledger, ledger);
    assert!(after.people.is_empty() && after.feeds.is_empty() && after.dirty.is_empty());
}

#[tokio::test]
async fn a_second_opener_is_refused_and_the_first_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let second = SledStore::open_at(dir.path(), at(0));
    assert!(matches!(second.err(), Some(StoreError::InUse { path }) if path == dir.path()));
    store.commit(batch(&mut fastrand::Rng::with_seed(1), 1)).await.unwrap();
    drop(store);
    drop(open(dir.path()));
}

#[tokio::test]
async fn everything_is_closed_to_others_whatever_it_was_before() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("deep/store");
    filled(&root, 3, 8).await;
    fs::set_permissions(root.join("journal.jsonl"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
    let store = open(&root);
    assert_closed(&root);
    drop(store);
    assert_closed(&root);
}

fn assert_closed(path: &Path) {
    let meta = fs::metadata(path).unwrap();
    let mode = meta.permissions().mode() & 0o777;
    if meta.is_dir() {
        assert_eq!(mode, 0o700, "{}", path.display());
        for child in fs::read_dir(path).unwrap() {
            assert_closed(&child.unwrap().path());
        }
    } else {
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 4, 3).await;
    let path = dir.path().join("manifest");
    let places: Vec<u8> = fs::read(&path)
        .unwrap()
        .chunks(4_096)
        .flat_map(|place| {
            let text = std::str::from_utf8(place).unwrap().trim_end().split_once(' ').unwrap().1;
            let text = text.replace("{\"format\":3,", "{\"format\":9,\"of\":\"the future\",");
            let sum = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
            let mut place = format!("{sum:016x} {text}").into_bytes();
            place.resize(4_096, b' ');
            place
        })
        .collect();
    fs::write(&path, &places).unwrap();
    let journal = fs::read(dir.path().join("journal.jsonl")).unwrap();
    let refused = SledStore::open_at(dir.path(), at(0)).err();
    assert!(matches!(refused, Some(StoreError::Newer { found: 9, known: 3 })), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), places);
    assert_eq!(fs::read(dir.path().join("journal.jsonl")).unwrap(), journal);
}

#[tokio::test]
async fn killed_before_the_last_lines_were_appended() {
    // After the database, before the journal's file: any number of lines may lack, the last of them in part.
    for lacking in [1, 7, 200, 1_500, usize::MAX] {
        let dir = tempfile::tempdir().unwrap();
        let before = filled(dir.path(), 5, 12).await;
        let path = dir.path().join("journal.jsonl");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len().saturating_sub(lacking)]).unwrap();
        let (store, recovered) = reopen(dir.path());
        assert_eq!(Content::of(&store), before);
        assert!(recovered.is_some_and(|said| said.contains("appended")));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        drop(store);
        assert_eq!(reopen(dir.path()).1, None, "mended once");
    }
}

#[tokio::test]
async fn killed_before_the_manifest_was_written_beside() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut rng = fastrand::Rng::with_seed(6);
    store.commit(batch(&mut rng, 1)).await.unwrap();
    let older = fs::read(dir.path().join("manifest")).unwrap();
    for second in 2..9 {
        store.commit(batch(&mut rng, second)).await.unwrap();
    }
    let before = Content::of(&store);
    drop(store);
    fs::write(dir.path().join("manifest"), older).unwrap();
    let (store, recovered) = reopen(dir.path());
    assert_eq!((Content::of(&store), recovered), (before, None));
}

#[tokio::test]
async fn a_damaged_manifest_beside_is_written_anew() {
    for damage in [&b""[..], b"garbage", &[0; 8_192]] {
        let dir = tempfile::tempdir().unwrap();
        let before = filled(dir.path(), 7, 6).await;
        fs::write(dir.path().join("manifest"), damage).unwrap();
        let (store, recovered) = reopen(dir.path());
        assert_eq!(Content::of(&store), before);
        assert!(recovered.is_some_and(|said| said.contains("manifest")));
        drop(store);
        assert_eq!(reopen(dir.path()).1, None);
    }
}

#[tokio::test]
async fn an_older_database_is_not_taken_for_the_newest() {
    // What a cut tail looks like at its most innocent: whole in itself, and older than what was acknowledged.
    for with_events in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let mut rng = fastrand::Rng::with_seed(8);
        drop(open(dir.path()));
        {
            let store = open(dir.path());
            for second in 0..5 {
                store.commit(batch(&mut rng, second)).await.unwrap();
            }
        }
        let kept = tempfile::tempdir().unwrap();
        copy(&dir.path().join("sled"), &kept.path().join("sled"));
        let before = {
            let store = open(dir.path());
            let mut last = Batch::new(at(9), 1);
            last.dirty.insert(seatwarden::model::PersonId(5));
            if with_events {
                last.events.push(Event::Trusted {});
            }
            store.commit(last).await.unwrap();
            Content::of(&store)
        };
        fs::remove_dir_all(dir.path().join("sled")).unwrap();
        copy(&kept.path().join("sled"), &dir.path().join("sled"));
        let (store, recovered) = reopen(dir.path());
        assert_rebuilt(&Content::of(&store), &before);
        assert!(recovered.is_some_and(|said| said.contains("acknowledged")));
        assert!(dir.path().join("sled.damaged-1").is_dir());
        drop(store);
        assert_eq!(reopen(dir.path()).1, None, "rebuilt once");
    }
}

#[tokio::test]
async fn a_missing_database_is_rebuilt_from_the_journal_alone() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), 9, 10).await;
    let elsewhere = tempfile::tempdir().unwrap();
    fs::copy(dir.path().join("journal.jsonl"), elsewhere.path().join("journal.jsonl")).unwrap();
    let (store, _) = reopen(elsewhere.path());
    assert_rebuilt(&Content::of(&store), &before);
    drop(store);

    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let (store, recovered) = reopen(dir.path());
    assert_rebuilt(&Content::of(&store), &before);
    assert!(recovered.is_some());
    // And it is a store like any other.
    store.commit(batch(&mut fastrand::Rng::with_seed(1), 2_000)).await.unwrap();
    let now = Content::of(&store);
    drop(store);
    let (store, recovered) = reopen(dir.path());
    assert_eq!((Content::of(&store), recovered), (now, None));
}

#[tokio::test]
async fn when_both_are_damaged_the_longest_chain_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), 10, 15).await;
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let path = dir.path().join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let broken = lines.len() / 2;
    lines[broken] = lines[broken].replacen("\"pass\":", "\"pass\":9", 1);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (store, recovered) = reopen(dir.path());
    let after = Content::of(&store);
    assert_eq!(after.entries.len(), broken + 1);
    assert_eq!(after.entries[..broken], before.entries[..broken]);
    assert!(matches!(after.entries[broken].event, Event::Rebuilt { .. }));
    assert!(after.ledger.distrusted.is_some());
    assert!(recovered.is_some_and(|said| said.contains("journal.jsonl was damaged too")));
    assert_eq!(fs::read_to_string(dir.path().join("journal.damaged-1.jsonl")).unwrap(), lines.join("\n") + "\n");
}

#[tokio::test]
async fn a_gap_in_the_journal_is_filled_from_a_damaged_database() {
    // The database is older than acknowledged, and the file has lost a line that the database still has.
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 11, 10).await;
    let kept = tempfile::tempdir().unwrap();
    copy(&dir.path().join("sled"), &kept.path().join("sled"));
    let before = {
        let store = open(dir.path());
        store.commit(Batch { events: vec![Event::Trusted {}], ..Batch::new(at(99), 1) }).await.unwrap();
        Content::of(&store)
    };
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    copy(&kept.path().join("sled"), &dir.path().join("sled"));
    let path = dir.path().join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let gap = [&lines[..3], &lines[5..]].concat().join("\n") + "\n";
    fs::write(&path, gap).unwrap();
    let (store, recovered) = reopen(dir.path());
    assert_rebuilt(&Content::of(&store), &before);
    assert!(recovered.is_some_and(|said| said.contains("2 entries came from the damaged database")));
}

#[tokio::test]
async fn a_leftover_snapshot_is_set_aside_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), 12, 10).await;
    fs::write(dir.path().join("sled/snap.FFFFFFFFFFFFFFFF.generating"), b"half").unwrap();
    let (store, recovered) = reopen(dir.path());
    assert_eq!(Content::of(&store), before);
    assert!(recovered.is_some_and(|said| said.contains("unfinished snapshot")));
    assert_eq!(fs::read(dir.path().join("snapshot.damaged-1")).unwrap(), b"half");
}

#[tokio::test]
async fn a_rebuild_that_was_killed_is_begun_again() {
    // The journal has its `Rebuilt`, the database does not know of it.
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), 13, 10).await;
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    drop(reopen(dir.path()));
    for unfinished in 1..3 {
        fs::remove_dir_all(dir.path().join("sled")).unwrap();
        if unfinished == 2 {
            fs::create_dir(dir.path().join("sled")).unwrap();
        }
        drop(reopen(dir.path()));
    }
    let (store, recovered) = reopen(dir.path());
    let after = Content::of(&store);
    assert_eq!(recovered, None);
    assert_eq!(after.entries[..before.entries.len()], before.entries);
    assert_eq!(after.entries.len(), before.entries.len() + 3);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_an_error_and_not_a_new_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), b"").unwrap();
    let refused = SledStore::open_at(&dir.path().join("file"), at(0)).err();
    assert!(matches!(refused, Some(StoreError::Io { .. })), "{refused:?}");
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for child in fs::read_dir(from).unwrap() {
        let child = child.unwrap();
        let target = to.join(child.file_name());
        if child.file_type().unwrap().is_dir() {
            copy(&child.path(), &target);
        } else {
            fs::copy(child.path(), target).unwrap();
        }
    }
}
