//! Makes a group of batches durable, step by step.
//!
//! 1. sled: one transaction with the manifest, or a redo note and several; flushed, and the file synced.
//! 2. `journal.jsonl`: the lines of the entries; synced.
//! 3. the manifest's file; synced.
//! 4. readers get the new ledger, and the committers their answer.
//!
//! Killed before 1 is done, the batches never were. Killed between 1 and 2, sled has entries that the file lacks: the
//! opening appends them. Killed between 2 and 3, sled stands after the manifest's file, which is usual. So the
//! journal's file never has an entry that sled has not, unless sled lost it; and no cut of a batch in the file needs to be
//! told from a whole one. Nobody was answered in any of these cases; the batches may be there or not, whole or not
//! at all.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use super::blocks::{self, Rows};
use super::changes::Group;
use super::folder::Folder;
use super::journal_file::JournalFile;
use super::manifest::{Manifest, Side};
use super::redo::Redo;
use super::seat_rows;
use super::trees::{OPS_PER_PIECE, Stage, Sums, Trees, io};
use crate::seats::Ledger;
use crate::store::StoreError;
use crate::store::migrate::FORMAT;

/// What readers and the writer share.
pub(super) struct Shared {
    pub(super) folder: Folder,
    pub(super) trees: Trees,
    /// Held for writing while sled changes: a reader that needs two records sees them of one moment.
    gate: RwLock<()>,
    ledger: RwLock<Arc<Ledger>>,
    /// Held through all four steps, and by whoever compares the four with each other.
    whole: Mutex<()>,
    stopped: Mutex<Option<String>>,
}

impl Shared {
    pub(super) fn new(folder: Folder, trees: Trees, ledger: Ledger) -> Self {
        Self {
            folder,
            trees,
            gate: RwLock::new(()),
            ledger: RwLock::new(Arc::new(ledger)),
            whole: Mutex::new(()),
            stopped: Mutex::new(None),
        }
    }

    pub(super) fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn standing_still(&self) -> MutexGuard<'_, ()> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes no more writes. The first reason stays.
    pub(super) fn stop(&self, why: &str) {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.to_owned());
    }

    pub(super) fn stopped(&self) -> Option<String> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The one that writes.
pub(super) struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) manifest: Manifest,
    database: File,
    journal: JournalFile,
    side: Side,
    redo: Redo,
    /// For each kind of rows where folding goes on, and what the last fold left loose.
    folds: Vec<Fold>,
}

struct Fold {
    rows: Rows,
    next: Option<u64>,
    floor: u64,
}

/// Whether to wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// On disk when it returns.
    Now,
    /// Whoever asks syncs at the end.
    Later,
}

impl Engine {
    pub(super) fn new(shared: Arc<Shared>, manifest: Manifest, side: Side, redo: Redo) -> Result<Self, StoreError> {
        let path = shared.folder.database().join("db");
        let database = File::open(&path).map_err(io("open", &path))?;
        let journal = JournalFile::open(&shared.folder.journal())?;
        let folds = Rows::ALL.into_iter().map(|rows| Fold { rows, next: None, floor: 0 }).collect();
        Ok(Self { shared, manifest, database, journal, side, redo, folds })
    }

    /// All four steps.
    pub(super) fn commit(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let _whole = shared.standing_still();
        self.write(group, Sync::Now)?;
        if !group.entries.is_empty() {
            let lines: usize = group.entries.iter().map(|(_, line)| line.len().saturating_add(1)).sum();
            let mut text = Vec::with_capacity(lines);
            for (_, line) in &group.entries {
                text.extend_from_slice(line.as_bytes());
                text.push(b'\n');
            }
            self.journal.append(&text)?;
        }
        self.side.write(&self.manifest)?;
        self.publish(group);
        Ok(())
    }

    /// The first step alone.
    pub(super) fn write(&mut self, group: &mut Group, sync: Sync) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut stage = Stage::new(&shared.trees);
        group.stage(&mut stage, &shared.ledger())?;
        let mut next = self.manifest.clone();
        for (entry, line) in &group.entries {
            next.journal.add(crate::audit::Tip::of(entry), line);
        }
        self.finish(stage, next, sync)
    }

    /// The last step.
    pub(super) fn publish(&self, group: &Group) {
        if group.entries.is_empty() {
            return;
        }
        let mut ledger = self.shared.ledger.write().unwrap_or_else(PoisonError::into_inner);
        // Copied only where a reader still holds the one before.
        let ledger = Arc::make_mut(&mut ledger);
        for (entry, _) in &group.entries {
            ledger.apply(entry.at, &entry.event);
        }
    }

    /// Writes all seats anew in the present format, all of it or none.
    pub(super) fn rewrite_seats(&mut self) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut stage = Stage::new(&shared.trees);
        seat_rows::rewrite(&mut stage, &shared.ledger())?;
        self.finish(stage, Manifest { format: FORMAT, ..self.manifest.clone() }, Sync::Now)
    }

    /// Writes what is staged, with its manifest.
    fn finish(&mut self, stage: Stage<'_>, mut next: Manifest, sync: Sync) -> Result<(), StoreError> {
        let mut ops = stage.finish(&mut next.sums)?;
        next.commit = next.commit.saturating_add(1);
        ops.push(next.op()?);
        let is_large = ops.len() > OPS_PER_PIECE;
        if is_large {
            self.redo.note(next.commit, &ops)?;
        }
        {
            let _alone = self.shared.gate.write().unwrap_or_else(PoisonError::into_inner);
            self.shared.trees.apply(&ops)?;
        }
        if is_large || sync == Sync::Now {
            self.sync_database()?;
        }
        if is_large {
            self.redo.cut()?;
        }
        self.manifest = next;
        Ok(())
    }

    pub(super) fn sync_database(&self) -> Result<(), StoreError> {
        self.shared.trees.flush()?;
        self.database.sync_data().map_err(io("sync", &self.shared.folder.database()))
    }

    /// Writes the manifest beside sled.
    pub(super) fn write_side(&self) -> Result<(), StoreError> {
        self.side.write(&self.manifest)
    }

    /// Folds the loose rows of one range, if there are enough. Returns whether there is more to fold.
    pub(super) fn fold(&mut self) -> Result<bool, StoreError> {
        let sums = &self.manifest.sums;
        let wanted = |fold: &&mut Fold| fold.next.is_some() || fold.rows.wants_fold(sums, fold.floor);
        let Some(fold) = self.folds.iter_mut().find(wanted) else {
            return Ok(false);
        };
        let (rows, from) = (fold.rows, fold.next.unwrap_or(0));
        let shared = Arc::clone(&self.shared);
        let _whole = shared.standing_still();
        let mut stage = Stage::new(&shared.trees);
        let next = blocks::fold_next(&mut stage, rows, from)?.filter(|next| *next > from);
        // No sync: nobody waits for it, and what a crash undoes is folded again. sled's log keeps the order, so that
        // the next commit's sync covers it.
        self.finish(stage, self.manifest.clone(), Sync::Later)?;
        let left = loose(&self.manifest.sums, rows);
        if let Some(fold) = self.folds.iter_mut().find(|fold| fold.rows == rows) {
            fold.next = next;
            if next.is_none() {
                fold.floor = left;
            }
        }
        Ok(true)
    }

    /// Whether loose rows have piled up so far that folding no longer waits for an idle moment.
    pub(super) fn is_fold_overdue(&self) -> bool {
        self.folds.iter().any(|fold| fold.rows.wants_fold(&self.manifest.sums, fold.floor.saturating_add(8_192)))
    }
}

fn loose(sums: &Sums, rows: Rows) -> u64 {
    sums.get(&rows.loose()).map_or(0, |sum| sum.records)
}

#[cfg(test)]
mod tests {
    use super::super::open::open;
    use super::super::trees::Kind;
    use super::*;
    use crate::audit::Tip;
    use crate::model::{PersonId, Time};
    use crate::rules::Basis;
    use crate::seats::{Cause, Event, Evidence, Reason};
    use crate::store::Batch;

    fn granted(person: u64) -> [Event; 2] {
        let (person, pool) = (PersonId(person), "fulfiller".into());
        let text = "a row gives it".to_owned();
        let cause = Cause { reason: Reason::Rule, evidence: Evidence::Rule, rule: Some("sd".into()), text };
        let basis = Basis::default();
        [
            Event::Granting { person, pool, class: None, cause, basis, unit: None },
            Event::Granted { person, pool: "fulfiller".into() },
        ]
    }

    #[test]
    fn a_store_of_the_first_format_is_brought_to_this_one_with_everything_it_knows() {
        let dir = tempfile::tempdir().unwrap();
        let now = Time::from_millis(1_795_000_000_000);
        let mut ready = open(dir.path(), now).unwrap();
        let mut batch = Batch::new(now, 1);
        batch.events.extend((1..=3).flat_map(granted));
        batch.notes.insert("pass".to_owned(), Some("1".to_owned()));
        let (mut group, mut tip) = (Group::default(), Tip::genesis());
        group.add(batch, super::super::changes::PeopleRows::new(), &mut tip, dir.path()).unwrap();
        ready.engine.commit(&mut group).unwrap();
        let ledger = ready.engine.shared.ledger();
        // What the first format had: rows that nobody reads today, and no record per seat.
        let shared = Arc::clone(&ready.engine.shared);
        let mut stage = Stage::new(&shared.trees);
        for person in 1..=4_u64 {
            stage.put(Kind::SeatsLoose, &person.to_be_bytes(), b"of the first format").unwrap();
        }
        for number in 1..=3_u32 {
            stage.remove(Kind::Units, &[&b"fulfiller"[..], &number.to_be_bytes()].concat()).unwrap();
        }
        let old = Manifest { format: 1, ..ready.engine.manifest.clone() };
        ready.engine.finish(stage, old, Sync::Now).unwrap();
        ready.engine.write_side().unwrap();
        drop((ready, shared));
        for _ in 0..2 {
            let ready = open(dir.path(), now).unwrap();
            assert_eq!(ready.recovered, None);
            assert_eq!(*ready.engine.shared.ledger(), *ledger);
            assert_eq!(ready.engine.manifest.format, FORMAT);
            assert_eq!(ready.engine.shared.trees.read(Kind::Notes, b"pass").unwrap().unwrap(), b"1");
        }
    }
}
