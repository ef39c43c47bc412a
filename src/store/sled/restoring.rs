//! A store that takes the place of another one in the same folder, which may be a mounted volume.
//!
//! Whenever it is broken off, the folder has one whole journal: the old one until the new one is renamed over it. A
//! journal without its database is rebuilt at the next opening.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::{Folder, Lock};
use super::journal_file::{NewJournal, line_of};
use super::open;
use super::trees::io;
use super::{SledStore, started};
use crate::audit::{Entry, Tip};
use crate::model::Time;
use crate::store::StoreError;

/// The folder in which the new store is made.
const MAKING: &str = "restoring";

/// See the module. The store in the folder stays closed to others as long as this lives.
pub struct Restoring {
    folder: Folder,
    making: Folder,
    journal: Option<NewJournal>,
    _lock: Lock,
}

impl Restoring {
    /// Begins in a folder that nobody has open; whatever an earlier try left is thrown away.
    pub fn begin(path: &Path) -> Result<Self, StoreError> {
        let folder = Folder::create(path)?;
        let lock = Lock::take(&folder)?;
        let root = path.join(MAKING);
        if root.exists() {
            fs::remove_dir_all(&root).map_err(io("remove", &root))?;
        }
        let making = Folder::create(&root)?;
        let journal = Some(NewJournal::create(root.join("journal.jsonl.new"))?);
        Ok(Self { folder, making, journal, _lock: lock })
    }

    /// Adds the next entry of the journal.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let line = line_of(entry, &self.making.journal())?;
        self.journal.as_mut().map_or(Ok(()), |journal| journal.push(Tip::of(entry), &line))
    }

    /// Makes a store of the entries, which says why it was made of them.
    pub fn open(&mut self, why: &str, now: Time) -> Result<SledStore, StoreError> {
        if let Some(journal) = self.journal.take() {
            journal.replace(&self.making.journal())?;
        }
        started(open::open_again(self.making.root(), now, Some(why))?).map(|opened| opened.store)
    }

    /// Sets what is in the folder aside and moves the new store in. Says where the old one is, if there was one.
    pub fn take_the_place(self) -> Result<Option<PathBuf>, StoreError> {
        let aside = self.folder.unused(|number| format!("before-restore-{number}"));
        let kept = self.folder.journal().exists() || self.folder.database().exists();
        if kept {
            fs::create_dir(&aside).map_err(io("make", &aside))?;
            if self.folder.journal().exists() {
                fs::hard_link(self.folder.journal(), aside.join("journal.jsonl")).map_err(io("keep", &aside))?;
            }
            for path in [self.folder.database(), self.folder.manifest(), self.folder.redo()] {
                into(&path, &aside)?;
            }
        }
        self.folder.sync()?;
        for path in [self.making.journal(), self.making.database(), self.making.manifest(), self.making.redo()] {
            into(&path, self.folder.root())?;
            self.folder.sync()?;
        }
        fs::remove_dir_all(self.making.root()).map_err(io("remove", self.making.root()))?;
        self.folder.close_to_others()?;
        self.folder.sync()?;
        Ok(kept.then_some(aside))
    }
}

/// Moves what is at `path`, if anything is, into a folder.
fn into(path: &Path, folder: &Path) -> Result<(), StoreError> {
    let Some(name) = path.file_name().filter(|_| path.exists()) else { return Ok(()) };
    fs::rename(path, folder.join(name)).map_err(io("move", path))
}
