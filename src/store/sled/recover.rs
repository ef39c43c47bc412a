//! Rebuilding a store that cannot be proven whole.
//!
//! What is true of seats is in the journal, so the ledger comes back in full. What was known of people and where
//! feeds stood is gone with the damaged database and is read again; until that has happened the ledger says
//! `distrusted`, and nothing is revoked.
//!
//! The journal with its new last entry, [`Event::Rebuilt`], is in place before the new database is begun. Killed
//! anywhere after that, the next opening finds a database behind its journal and begins again.

use std::fs;
use std::sync::Arc;

use super::blocks::{self, Rows};
use super::changes::Group;
use super::engine::{Engine, Shared, Sync};
use super::folder::Folder;
use super::journal_file::{Lines, NewJournal, follows, line_of};
use super::manifest::{Manifest, Side};
use super::open::open_database;
use super::reconcile::keep_copy;
use super::redo::Redo;
use super::trees::{Trees, io};
use super::writer::guarded;
use crate::audit::{Entry, Tip, link};
use crate::model::Time;
use crate::seats::{Event, Ledger};
use crate::store::StoreError;

/// So many entries are written at once.
const REPLAYED_AT_ONCE: usize = 256;

/// Sets the database aside and makes a new one of the journal.
pub(super) fn rebuild(
    folder: &Folder,
    damaged: Option<Trees>,
    side: Side,
    acknowledged: u64,
    why: &str,
    now: Time,
    said: &mut Vec<String>,
) -> Result<Engine, StoreError> {
    let inside = damaged.as_ref().and_then(|trees| guarded(|| Manifest::load(trees)).ok().flatten());
    let commit = inside.map_or(0, |manifest| manifest.commit).max(acknowledged);
    mend_journal(folder, damaged.as_ref(), why, now, said)?;
    // Closing writes, and a damaged database may refuse even that.
    drop(guarded(|| {
        drop(damaged);
        Ok(())
    }));
    let database = folder.database();
    if database.exists() {
        let aside = folder.aside("sled", "");
        fs::rename(&database, &aside).map_err(io("set aside", &database))?;
        said.push(format!("the damaged database is {}", aside.display()));
    }
    folder.sync()?;

    let (mut redo, _of_the_damaged) = Redo::open(folder)?;
    redo.cut()?;
    let shared = Arc::new(Shared::new(folder.clone(), open_database(&database)?, Ledger::default()));
    let mut engine = Engine::new(shared, Manifest::empty(commit.saturating_add(1)), side, redo)?;
    replay(folder, &mut engine)?;
    engine.sync_database()?;
    folder.sync()?;
    engine.write_side()?;
    Ok(engine)
}

/// Writes the journal's entries into an empty database.
fn replay(folder: &Folder, engine: &mut Engine) -> Result<(), StoreError> {
    let Some(mut lines) = Lines::open(&folder.journal())? else {
        return Err(StoreError::Damaged("the journal vanished while it was read".to_owned()));
    };
    let mut tip = Tip::genesis();
    let mut group = Group::default();
    while let Some((line, _)) = lines.next_line()? {
        let entry = follows(&tip, line);
        let entry = entry.ok_or_else(|| StoreError::Damaged(format!("the journal breaks after entry {}", tip.seq)))?;
        tip = Tip::of(&entry);
        group.replay(entry, super::changes::text(line)?);
        if group.entries.len() >= REPLAYED_AT_ONCE {
            engine.write(&mut group, Sync::Later)?;
            engine.publish(&group);
            group = Group::default();
        }
    }
    engine.write(&mut group, Sync::Later)?;
    engine.publish(&group);
    Ok(())
}

/// Writes the longest chain that the file and the database give together, entry by entry from whichever has it whole,
/// and closes it with the rebuild.
fn mend_journal(
    folder: &Folder,
    damaged: Option<&Trees>,
    why: &str,
    now: Time,
    said: &mut Vec<String>,
) -> Result<(), StoreError> {
    let path = folder.journal();
    let mut new = NewJournal::create(folder.root().join("journal.jsonl.new"))?;
    let mut file = InFile { lines: Lines::open(&path)?, ahead: None, is_whole: true };
    let mut database = damaged;
    let mut from_database = 0_u64;
    loop {
        let tip = new.sum.tip();
        if let Some((entry, line)) = file.entry_after(&tip)? {
            new.push(Tip::of(&entry), &line)?;
        } else if let Some((entry, line)) = next_in_database(&mut database, &tip) {
            new.push(Tip::of(&entry), &line)?;
            from_database = from_database.saturating_add(1);
        } else {
            break;
        }
    }
    let tip = new.sum.tip();
    let entry = link(&tip, now, 0, Event::Rebuilt { why: why.to_owned() });
    new.push(Tip::of(&entry), &line_of(&entry, &path)?)?;
    if !file.is_whole || file.ahead.is_some() {
        let aside = folder.aside("journal", ".jsonl");
        keep_copy(&path, &aside)?;
        said.push(format!(
            "journal.jsonl was damaged too and ends with entry {} now; the damaged one is {}",
            tip.seq,
            aside.display()
        ));
    }
    if from_database > 0 {
        said.push(format!("{from_database} entries came from the damaged database"));
    }
    new.replace(&path)?;
    folder.sync()
}

/// The file, read once from front to back.
struct InFile {
    lines: Option<Lines>,
    /// An entry that is whole in itself, further on than what is looked for.
    ahead: Option<(Entry, String)>,
    /// Whether every line so far was used.
    is_whole: bool,
}

impl InFile {
    fn entry_after(&mut self, tip: &Tip) -> Result<Option<(Entry, String)>, StoreError> {
        let wanted = tip.seq.saturating_add(1);
        loop {
            if self.ahead.is_none() {
                self.ahead = self.next_whole()?;
            }
            match &self.ahead {
                None => return Ok(None),
                Some((entry, _)) if entry.seq > wanted => return Ok(None),
                Some((entry, _)) if entry.seq == wanted && entry.prev == tip.hash => return Ok(self.ahead.take()),
                Some(_) => {
                    self.is_whole = false;
                    self.ahead = None;
                }
            }
        }
    }

    /// The next line whose hash fits its content.
    fn next_whole(&mut self) -> Result<Option<(Entry, String)>, StoreError> {
        let Some(lines) = &mut self.lines else {
            return Ok(None);
        };
        while let Some((line, ended)) = lines.next_line()? {
            self.is_whole = self.is_whole && ended;
            if let Ok(entry) = serde_json::from_slice::<Entry>(line) {
                let before = Tip { seq: entry.seq.saturating_sub(1), hash: entry.prev.clone() };
                if follows(&before, line).is_some() {
                    let text = super::changes::text(line)?;
                    return Ok(Some((entry, text)));
                }
            }
            self.is_whole = false;
        }
        Ok(None)
    }
}

/// The entry after `tip` in the database. One that panics is not asked again.
fn next_in_database(database: &mut Option<&Trees>, tip: &Tip) -> Option<(Entry, String)> {
    let trees = (*database)?;
    let read = guarded(|| blocks::get(trees, Rows::Journal, tip.seq.saturating_add(1)));
    let Ok(line) = read else {
        *database = None;
        return None;
    };
    let line = line?;
    let entry = follows(tip, &line)?;
    Some((entry, super::changes::text(&line).ok()?))
}
