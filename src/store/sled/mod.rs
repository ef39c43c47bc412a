//! The embedded store: sled, and beside it what sled cannot promise.
//!
//! In the folder lie `sled/`, `journal.jsonl` (the audit chain, append-only), `manifest` (what was acknowledged),
//! `redo` (usually empty) and `lock`; after damage also what was set aside, as `*.damaged-N`. `trees` and `blocks` are
//! the layout in sled, `changes` is what a batch means in it, `engine` the order of writing, `writer` the one
//! thread, `open`, `reconcile` and `recover` the way back in, `restoring` that of a backup.
//!
//! It deliberately has no cache of its own beside the ledger, and no transactions for callers: a batch is one.

mod blocks;
mod changes;
mod engine;
mod folder;
mod journal_file;
mod manifest;
mod open;
mod reconcile;
mod recover;
mod redo;
mod restoring;
mod seat_rows;
mod trees;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::blocks::Rows;
use self::changes::{each_row, load_dirty, load_hints, load_history, people_rows, text};
use self::engine::Shared;
use self::folder::Lock;
use self::journal_file::is_exactly;
use self::manifest::Manifest;
use self::open::{Ready, differs};
pub use self::restoring::Restoring;
use self::trees::{Kind, io};
use self::writer::{Job, QUEUE, guarded};
use super::{Batch, FeedState, Hint, Store, StoreError, Verification, codec};
use crate::ambient::{Clock as _, SystemClock};
use crate::audit::report::subject;
use crate::audit::{Entry, LINE_LIMIT, Verifier};
use crate::directory::PersonRecord;
use crate::model::{FeedName, PersonId, Time};
use crate::seats::Ledger;

/// Notes read at once; the largest is a table of 4 MiB, or a group with very many members.
const NOTES_AT_ONCE: usize = 64;

/// An open store, and what had to be done to open it.
pub struct Opened {
    /// The store.
    pub store: SledStore,
    /// What was found damaged or unfinished and how it was mended, for the log; nothing after a clean stop.
    /// When people and cursors were lost, the ledger says `distrusted` too.
    pub recovered: Option<String>,
}

/// See the module. Dropping it waits until everything that was handed in is written.
pub struct SledStore {
    shared: Arc<Shared>,
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    /// Let go last, when the database is closed.
    _lock: Lock,
}

impl SledStore {
    /// Opens the store in a folder, which is made (mode 0700) where it is missing. Blocks for as long as it takes to
    /// read everything: about 0.2 s per million people.
    pub fn open(path: &Path) -> Result<Opened, StoreError> {
        Self::open_at(path, SystemClock.now())
    }

    /// The same, with the instant that a rebuild is noted with.
    pub fn open_at(path: &Path, now: Time) -> Result<Opened, StoreError> {
        started(open::open(path, now)?)
    }

    /// Reads, where a panic of sled is damage and not the end of the program.
    fn read<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        guarded(|| {
            let _reading = self.shared.reading();
            work()
        })
    }

    /// Calls `each` with rows from `from` on, without holding anything meanwhile.
    fn each(
        &self,
        rows: Rows,
        from: u64,
        each: &mut dyn FnMut(&[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        let mut next = from;
        while let Some((found, further)) = self.read(|| blocks::next_range(&self.shared.trees, rows, next))? {
            for (_, row) in found {
                if !each(&row)? {
                    return Ok(());
                }
            }
            if further <= next {
                break;
            }
            next = further;
        }
        Ok(())
    }

    fn entry(&self, seq: u64) -> Result<Option<Entry>, StoreError> {
        let line = self.read(|| blocks::get(&self.shared.trees, Rows::Journal, seq))?;
        line.map(|line| parse(&line)).transpose()
    }
}

/// An open store with its writer.
fn started(ready: Ready) -> Result<Opened, StoreError> {
    let Ready { engine, recovered, lock } = ready;
    let shared = Arc::clone(&engine.shared);
    let root = shared.folder.root().to_path_buf();
    let (jobs, queue) = mpsc::channel(QUEUE);
    let writer = thread::Builder::new().name("store-writer".to_owned());
    let writer = writer.spawn(move || writer::run(engine, queue)).map_err(io("start the writer of", &root))?;
    let store = SledStore { shared, jobs: Some(jobs), writer: Some(writer), _lock: lock };
    Ok(Opened { store, recovered })
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer has panicked; the next opening checks what it left");
        }
    }
}

fn parse(line: &[u8]) -> Result<Entry, StoreError> {
    serde_json::from_slice(line).map_err(|error| StoreError::Damaged(format!("a journal entry: {error}")))
}

#[async_trait]
impl Store for SledStore {
    async fn commit(&self, mut batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let gone = || StoreError::Stopped(self.shared.stopped().unwrap_or_else(|| "its writer is gone".to_owned()));
        let people = people_rows(std::mem::take(&mut batch.people))?;
        let (answer, answered) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Job { batch, people, answer }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    fn ledger(&self) -> Arc<Ledger> {
        self.shared.ledger()
    }

    fn feeds(&self) -> Result<BTreeMap<FeedName, FeedState>, StoreError> {
        self.read(|| {
            let mut feeds = BTreeMap::new();
            self.shared.trees.scan(Kind::Feeds, &[], None, &mut |key, payload| {
                feeds.insert(FeedName::new(text(key)?), codec::decode(&payload)?);
                Ok(true)
            })?;
            Ok(feeds)
        })
    }

    fn dirty(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        self.read(|| load_dirty(&self.shared.trees))
    }

    fn hints(&self) -> Result<BTreeMap<u64, Hint>, StoreError> {
        self.read(|| load_hints(&self.shared.trees))
    }

    fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        let note = self.read(|| self.shared.trees.read(Kind::Notes, name.as_bytes()))?;
        note.map(|note| text(&note)).transpose()
    }

    fn notes_under(&self, prefix: &str, each: &mut dyn FnMut(&str, String) -> bool) -> Result<(), StoreError> {
        let mut from = prefix.as_bytes().to_vec();
        loop {
            let mut found = Vec::new();
            // In pieces, so that nothing is held while `each` works.
            self.read(|| {
                self.shared.trees.scan(Kind::Notes, &from, None, &mut |key, payload| {
                    if !key.starts_with(prefix.as_bytes()) {
                        return Ok(false);
                    }
                    found.push((text(key)?, text(&payload)?));
                    Ok(found.len() < NOTES_AT_ONCE)
                })
            })?;
            let is_last = found.len() < NOTES_AT_ONCE;
            if let Some((name, _)) = found.last() {
                from = name.as_bytes().to_vec();
                from.push(0);
            }
            for (name, note) in found {
                if !each(&name, note) {
                    return Ok(());
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn person(&self, id: PersonId) -> Result<Option<PersonRecord>, StoreError> {
        let row = self.read(|| blocks::get(&self.shared.trees, Rows::People, id.0))?;
        row.map(|row| codec::decode(&row)).transpose()
    }

    fn people(&self, each: &mut dyn FnMut(PersonRecord) -> bool) -> Result<(), StoreError> {
        self.each(Rows::People, 0, &mut |row| Ok(each(codec::decode(row)?)))
    }

    fn journal(&self, from: u64, each: &mut dyn FnMut(Entry) -> bool) -> Result<(), StoreError> {
        self.each(Rows::Journal, from, &mut |line| Ok(each(parse(line)?)))
    }

    fn history(&self, person: PersonId, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut numbers = self.read(|| load_history(&self.shared.trees, person))?;
        if numbers.len() < limit && numbers.len() >= changes::HISTORY_KEPT {
            let mut all = Vec::new();
            self.journal(1, &mut |entry| {
                if subject(&entry.event) == Some(person) {
                    all.push(entry);
                }
                true
            })?;
            let surplus = all.len().saturating_sub(limit);
            return Ok(all.split_off(surplus));
        }
        let surplus = numbers.len().saturating_sub(limit);
        let mut entries = Vec::new();
        for seq in numbers.split_off(surplus) {
            entries.extend(self.entry(seq)?);
        }
        Ok(entries)
    }

    /// Commits wait meanwhile; reads do not.
    fn verify(&self) -> Result<Verification, StoreError> {
        let _whole = self.shared.standing_still();
        let trees = &self.shared.trees;
        let ledger = self.shared.ledger();
        let mut found = Verification { holdings: ledger.holdings.len() as u64, ..Verification::default() };
        if let Some(why) = self.shared.stopped() {
            found.findings.push(format!("the store takes no more writes: {why}"));
        }
        let manifest = guarded(|| Manifest::load(trees))?
            .ok_or_else(|| StoreError::Damaged("the database has lost its manifest".to_owned()))?;
        for kind in Kind::COUNTED {
            let expected = manifest.sums.get(&kind).copied().unwrap_or_default();
            match guarded(|| trees.sum(kind)) {
                Ok(sum) => found.findings.extend(differs(kind, expected, sum)),
                Err(error) => found.findings.push(error.to_string()),
            }
        }
        let people = guarded(|| {
            each_row(trees, Rows::People, 0, &mut |id, row| {
                let record: PersonRecord = codec::decode(&row)?;
                if record.id != PersonId(id) {
                    return Err(StoreError::Damaged(format!("the record of {} lies under {id}", record.id)));
                }
                found.people = found.people.saturating_add(1);
                Ok(true)
            })
        });
        found.findings.extend(people.err().map(|error| error.to_string()));

        let mut verifier = Verifier::new();
        let mut replayed = Ledger::default();
        let journal = guarded(|| {
            each_row(trees, Rows::Journal, 1, &mut |_, line| {
                verifier
                    .line(&text(&line)?, LINE_LIMIT)
                    .map_err(|broken| StoreError::Damaged(format!("journal entry {}: {}", broken.seq, broken.why)))?;
                let entry = parse(&line)?;
                replayed.apply(entry.at, &entry.event);
                Ok(true)
            })
        });
        found.entries = verifier.tip().seq;
        if let Err(error) = journal {
            found.findings.push(error.to_string());
        } else {
            let end = manifest.journal.tip();
            if *verifier.tip() != end {
                found.findings.push(format!("the journal ends with entry {} instead of {}", found.entries, end.seq));
            }
            if replayed != *ledger {
                found.findings.push("the ledger is not the sum of the journal".to_owned());
            }
        }
        if !is_exactly(&self.shared.folder.journal(), &manifest.journal)? {
            found.findings.push("journal.jsonl is not the journal in the database".to_owned());
        }
        found.ok = found.findings.is_empty();
        Ok(found)
    }
}
