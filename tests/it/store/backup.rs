//! A store as a file, and back.

use std::fs;
use std::path::Path;

use seatwarden::store::backup::{Counts, Line, RestoreError, restore, write};
use seatwarden::store::{SledStore, Store};

use super::world::{at, batch, open};

fn lines(store: &SledStore) -> Vec<Line> {
    let mut lines = Vec::new();
    write(store, at(9), &mut |line| {
        lines.push(line);
        true
    })
    .unwrap();
    lines
}

fn save(path: &Path, lines: &[Line]) {
    let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
    fs::write(path, text).unwrap();
}

async fn filled(path: &Path, seed: u64) -> SledStore {
    let store = open(path);
    let mut rng = fastrand::Rng::with_seed(seed);
    for second in 0..40 {
        store.commit(batch(&mut rng, second)).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_restored_store_knows_what_was_known_and_trusts_no_absence() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to, file) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("backup"));
    for seed in 0..8 {
        drop(fs::remove_dir_all(&from));
        let store = filled(&from, seed).await;
        let made = lines(&store);
        save(&file, &made);
        // What is in the way is kept, also when there are several.
        drop(filled(&to, seed + 100).await);
        let restored = restore(&file, &to, at(99)).await.unwrap();
        assert!(restored.before.unwrap().join("journal.jsonl").exists());
        assert!(!to.join("restoring").exists());
        let back = open(&to);
        let mut again = lines(&back);
        let Some(Line::End(Counts { entries, .. })) = made.last() else { panic!("{made:?}") };
        assert_eq!(restored.counts.entries, *entries);
        let rebuilt = again.iter().position(|line| matches!(line, Line::Entry(entry) if entry.seq == entries + 1));
        let Line::Entry(entry) = again.remove(rebuilt.unwrap()) else { unreachable!() };
        assert!(format!("{:?}", entry.event).contains("restored from the backup of"), "{entry:?}");
        assert_eq!(again[..again.len() - 1], made[..made.len() - 1]);
        let (mut was, mut is) = (store.ledger().as_ref().clone(), back.ledger().as_ref().clone());
        assert!(is.distrusted.is_some(), "nothing is revoked on the word of old facts");
        (was.distrusted, is.distrusted) = (None, None);
        assert_eq!(was, is);
        let feeds = back.feeds().unwrap();
        assert!(feeds.values().all(|feed| feed.cursor.is_none()), "every feed is read from the beginning");
        let mut people = Vec::new();
        back.people(&mut |record| {
            people.push(record.id);
            true
        })
        .unwrap();
        assert_eq!(back.dirty().unwrap().into_iter().collect::<Vec<_>>(), people, "everybody is decided for again");
        assert!(back.verify().unwrap().ok);
    }
}

#[tokio::test]
async fn what_is_not_a_whole_backup_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to, file) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("backup"));
    let store = filled(&from, 1).await;
    let there = filled(&to, 2).await;
    let before = lines(&there);
    save(&file, &lines(&store));
    let whole = fs::read(&file).unwrap();
    let refused = restore(&file, &to, at(99)).await.unwrap_err();
    assert!(matches!(refused, RestoreError::Store(_)) && refused.to_string().contains("in use"), "{refused}");
    drop(there);
    let mut chance = fastrand::Rng::with_seed(7);
    for trial in 0..60 {
        let mut spoiled = whole.clone();
        match trial % 4 {
            0 => spoiled.truncate(chance.usize(..whole.len())),
            // A line less: a person, a note or an entry that nobody would miss.
            1 => {
                let mut rows: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
                rows.remove(chance.usize(..rows.len()));
                spoiled = rows.concat();
            }
            2 => {
                let rows: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
                let twice = chance.usize(..rows.len());
                spoiled = [&rows[..=twice], &rows[twice..]].concat().concat();
            }
            _ => {
                let at = chance.usize(..whole.len());
                spoiled.splice(at..=at, *b"\0{[");
            }
        }
        fs::write(&file, &spoiled).unwrap();
        let refused = restore(&file, &to, at(99)).await.unwrap_err();
        assert!(matches!(refused, RestoreError::Invalid { .. }), "trial {trial}: {refused}");
    }
    let missing = restore(&folder.path().join("nosuch"), &to, at(99)).await.unwrap_err();
    assert!(matches!(missing, RestoreError::Read { .. }), "{missing}");
    assert_eq!(lines(&open(&to)), before);
}
