//! Forty trials each of what disks do: a tail cut off, four KiB zeroed, one bit flipped. Every one has to be found or
//! proven harmless; none may open short without a word, none may lose an acknowledged event.

use std::fs;
use std::path::{Path, PathBuf};

use seatwarden::model::PersonId;
use seatwarden::store::{Batch, SledStore, Store};

use super::opening::{assert_rebuilt, copy};
use super::world::{Content, at, event, open, person};

const TRIALS: u64 = 40;

#[derive(Clone, Copy, Debug)]
enum Damage {
    TailCut,
    Zeroed,
    BitFlipped,
}

impl Damage {
    fn strike(self, path: &Path, rng: &mut fastrand::Rng) {
        let mut bytes = fs::read(path).unwrap();
        match self {
            Self::TailCut => {
                let cut = rng.usize(1..=64) * 1_024;
                bytes.truncate(bytes.len().saturating_sub(cut));
            }
            Self::Zeroed => {
                let start = rng.usize(..bytes.len().saturating_sub(4_096).max(1));
                bytes.iter_mut().skip(start).take(4_096).for_each(|byte| *byte = 0);
            }
            Self::BitFlipped => {
                let place = rng.usize(..bytes.len());
                bytes[place] ^= 1 << rng.u8(..8);
            }
        }
        fs::write(path, bytes).unwrap();
    }
}

/// People and events, and loose rows over blocks. sled writes to wherever a segment got free, so that the end of its
/// file is the end of its log only in a store that is young: the trials take turns with three ages.
async fn fixture(pages: u64, changes: u64) -> (tempfile::TempDir, Content) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut rng = fastrand::Rng::with_seed(99);
    for page in 0..pages {
        let mut batch = Batch::new(at(page), page);
        batch.people.extend((page * 200..(page + 1) * 200).map(|id| person(id, page)));
        batch.dirty.extend((page * 200..(page + 1) * 200).map(PersonId));
        batch.events.extend((0..40).map(|_| event(&mut rng)));
        store.commit(batch).await.unwrap();
    }
    for second in 20..20 + changes {
        let mut batch = Batch::new(at(second), 9);
        batch.people.push(person(rng.u64(..pages * 200), second));
        batch.clean.insert(PersonId(rng.u64(..pages * 200)));
        batch.events.push(event(&mut rng));
        store.commit(batch).await.unwrap();
    }
    let content = Content::of(&store);
    (dir, content)
}

fn largest_file(dir: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|child| child.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.into_iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

/// What came of the trials of one kind, for the reader of the test's output.
#[derive(Debug, Default)]
struct Outcome {
    harmless: u32,
    rebuilt: u32,
    mended: u32,
}

async fn trials(damage: Damage, seed: u64, target: impl Fn(&Path) -> PathBuf) -> Outcome {
    let ages = [fixture(15, 100).await, fixture(3, 12).await, fixture(6, 40).await];
    let mut outcome = Outcome::default();
    for (trial, (whole, before)) in (0..TRIALS).zip(ages.iter().cycle()) {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        let mut rng = fastrand::Rng::with_seed(seed * 1_000 + trial);
        damage.strike(&target(dir.path()), &mut rng);
        let opened = SledStore::open_at(dir.path(), at(500)).unwrap_or_else(|error| panic!("trial {trial}: {error}"));
        let after = Content::of(&opened.store);
        let found = opened.store.verify().unwrap();
        assert!(found.ok, "trial {trial}: {:?}", found.findings);
        if after == *before {
            match opened.recovered {
                None => outcome.harmless += 1,
                Some(_) => outcome.mended += 1,
            }
        } else {
            assert!(opened.recovered.is_some(), "trial {trial}: something is missing, and nothing was said");
            assert_rebuilt(&after, before);
            outcome.rebuilt += 1;
        }
        // Whatever was found, it is a store again.
        opened.store.commit(Batch { people: vec![person(1, 1)], ..Batch::new(at(501), 1) }).await.unwrap();
        drop(opened.store);
        let again = SledStore::open_at(dir.path(), at(502)).unwrap();
        assert_eq!(again.recovered, None, "trial {trial}");
        assert_eq!(again.store.ledger().distrusted.is_some(), after.ledger.distrusted.is_some());
    }
    outcome
}

fn in_sled(dir: &Path) -> PathBuf {
    largest_file(&dir.join("sled"))
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("journal.jsonl")
}

#[tokio::test]
async fn sled_with_a_cut_tail() {
    let outcome = trials(Damage::TailCut, 1, in_sled).await;
    assert!(outcome.rebuilt > 0, "a trial that finds nothing proves nothing: {outcome:?}");
}

#[tokio::test]
async fn sled_with_a_zeroed_page() {
    let outcome = trials(Damage::Zeroed, 2, in_sled).await;
    assert!(outcome.rebuilt > 0, "{outcome:?}");
}

#[tokio::test]
async fn sled_with_a_flipped_bit() {
    let outcome = trials(Damage::BitFlipped, 3, in_sled).await;
    assert!(outcome.rebuilt > 0, "{outcome:?}");
}

#[tokio::test]
async fn a_journal_with_a_cut_tail() {
    let outcome = trials(Damage::TailCut, 4, journal).await;
    assert_eq!(u64::from(outcome.mended), TRIALS, "{outcome:?}");
}

#[tokio::test]
async fn a_journal_with_a_zeroed_page() {
    let outcome = trials(Damage::Zeroed, 5, journal).await;
    assert_eq!(u64::from(outcome.mended), TRIALS, "{outcome:?}");
}

#[tokio::test]
async fn a_journal_with_a_flipped_bit() {
    let outcome = trials(Damage::BitFlipped, 6, journal).await;
    assert_eq!(u64::from(outcome.mended), TRIALS, "{outcome:?}");
}
