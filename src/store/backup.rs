//! A store as a file: one JSON line per record, closed by a line that counts them.
//!
//! A backup is what cannot be read again from elsewhere, the journal, and what spares reading it again: people, notes
//! and how many accounts every feed had. Where feeds went on from is left out, so that a restored store reads them from
//! the beginning; what it knows is old, and like any rebuilt store it revokes nobody until every feed was read whole.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::sled::Restoring;
use super::{Batch, FeedState, Store, StoreError};
use crate::audit::{Entry, LINE_LIMIT, Verifier};
use crate::directory::PersonRecord;
use crate::model::{FeedName, Time};

/// The form of the lines below.
const FORMAT: u32 = 1;

/// Records that are written at once.
const AT_ONCE: usize = 200;

/// One line of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first.
    Backup {
        /// The form of the lines.
        format: u32,
        /// When it was begun.
        made_at: Time,
    },
    /// What is known of somebody.
    Person(PersonRecord),
    /// How a feed stood.
    Feed(FeedName, FeedState),
    /// A small fact by name.
    Note(String, String),
    /// An entry of the journal, from the first one on.
    Entry(Entry),
    /// The last.
    End(Counts),
}

/// How much is in a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// People.
    pub people: u64,
    /// Feeds.
    pub feeds: u64,
    /// Notes.
    pub notes: u64,
    /// Entries of the journal.
    pub entries: u64,
    /// The hash of the last entry; empty where there is none.
    pub tip: String,
}

/// Why a backup cannot be taken back.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not a whole backup.
    #[error("{} is not a whole backup: line {line}: {why}", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a restored store was made of, and where the one before it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the backup was begun.
    pub made_at: Time,
    /// What it holds.
    #[serde(flatten)]
    pub counts: Counts,
    /// The folder with what was there before.
    pub before: Option<PathBuf>,
}

/// Calls `each` with every line of a backup until it returns false. Commits may go on meanwhile: the journal is whole
/// up to where it ended when the last line was made, and people are at least as they were at the first.
pub fn write(store: &dyn Store, now: Time, each: &mut dyn FnMut(Line) -> bool) -> Result<(), StoreError> {
    let mut counts = Counts::default();
    let mut goes_on = each(Line::Backup { format: FORMAT, made_at: now });
    store.people(&mut |record| {
        counts.people = counts.people.saturating_add(1);
        goes_on = goes_on && each(Line::Person(record));
        goes_on
    })?;
    for (name, state) in store.feeds()? {
        counts.feeds = counts.feeds.saturating_add(1);
        goes_on = goes_on && each(Line::Feed(name, FeedState { cursor: None, ..state }));
    }
    store.notes_under("", &mut |name, text| {
        counts.notes = counts.notes.saturating_add(1);
        goes_on = goes_on && each(Line::Note(name.to_owned(), text));
        goes_on
    })?;
    store.journal(1, &mut |entry| {
        counts.entries = entry.seq;
        counts.tip.clone_from(&entry.hash);
        goes_on = goes_on && each(Line::Entry(entry));
        goes_on
    })?;
    if goes_on {
        each(Line::End(counts));
    }
    Ok(())
}

/// Reads a backup from end to end before anything is changed, then puts it in the place of the store in `folder`, which
/// nobody may have open. What was there is kept beside it.
pub async fn restore(file: &Path, folder: &Path, now: Time) -> Result<Restored, RestoreError> {
    let (made_at, counts) = check(file)?;
    let mut restoring = Restoring::begin(folder)?;
    let mut lines = Lines::open(file)?;
    while let Some(line) = lines.next_line()? {
        if let Line::Entry(entry) = line {
            restoring.entry(&entry)?;
        }
    }
    let opened = restoring.open(&format!("restored from the backup of {made_at}"), now)?;
    let mut lines = Lines::open(file)?;
    let mut batch = Batch::new(now, 0);
    while let Some(line) = lines.next_line()? {
        match line {
            Line::Person(record) => {
                batch.dirty.insert(record.id);
                batch.people.push(record);
            }
            Line::Feed(name, state) => drop(batch.feeds.insert(name, state)),
            Line::Note(name, text) => drop(batch.notes.insert(name, Some(text))),
            Line::Backup { .. } | Line::Entry(_) | Line::End(_) => continue,
        }
        if batch.people.len() + batch.notes.len() >= AT_ONCE {
            opened.commit(std::mem::replace(&mut batch, Batch::new(now, 0))).await?;
        }
    }
    opened.commit(batch).await?;
    drop(opened);
    let before = restoring.take_the_place()?;
    Ok(Restored { made_at, counts, before })
}

/// Reads a whole backup and says what it holds.
fn check(file: &Path) -> Result<(Time, Counts), RestoreError> {
    let mut lines = Lines::open(file)?;
    let (mut head, mut end) = (None, None);
    let mut counts = Counts::default();
    let mut chain = Verifier::new();
    while let Some(line) = lines.next_line()? {
        if end.is_some() {
            return Err(lines.invalid("there is more behind the last line"));
        }
        match (&line, head) {
            (Line::Backup { format, made_at }, None) if *format == FORMAT => head = Some(*made_at),
            (Line::Backup { format, .. }, None) => {
                return Err(lines.invalid(format!("its form is {format}, this program knows {FORMAT}")));
            }
            (_, None) | (Line::Backup { .. }, Some(_)) => {
                return Err(lines.invalid("a backup begins with one line that says so"));
            }
            (_, Some(_)) => {}
        }
        let count = match line {
            Line::Backup { .. } => continue,
            Line::Person(_) => &mut counts.people,
            Line::Feed(..) => &mut counts.feeds,
            Line::Note(..) => &mut counts.notes,
            Line::Entry(entry) => {
                chain.entry(&entry).map_err(|broken| lines.invalid(broken.why))?;
                counts.tip = entry.hash;
                &mut counts.entries
            }
            Line::End(said) => {
                end = Some(said);
                continue;
            }
        };
        *count = count.saturating_add(1);
    }
    match (head, end) {
        (Some(made_at), Some(said)) if said == counts => Ok((made_at, counts)),
        (_, Some(said)) => Err(lines.invalid(format!("it says that it has {said:?} and has {counts:?}"))),
        (_, None) => Err(lines.invalid("it breaks off: the last line is missing")),
    }
}

struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    at: u64,
    text: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, RestoreError> {
        let file = File::open(path).map_err(|source| RestoreError::Read { path: path.to_path_buf(), source })?;
        Ok(Self { path: path.to_path_buf(), reader: BufReader::new(file), at: 0, text: Vec::new() })
    }

    fn next_line(&mut self) -> Result<Option<Line>, RestoreError> {
        self.text.clear();
        self.at = self.at.saturating_add(1);
        let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX).saturating_add(1024);
        let read = (&mut self.reader).take(limit).read_until(b'\n', &mut self.text);
        match read {
            Ok(0) => Ok(None),
            Ok(_) => match serde_json::from_slice(&self.text) {
                Ok(line) => Ok(Some(line)),
                Err(error) => Err(self.invalid(error.to_string())),
            },
            Err(source) => Err(RestoreError::Read { path: self.path.clone(), source }),
        }
    }

    fn invalid(&self, why: impl Into<String>) -> RestoreError {
        RestoreError::Invalid { path: self.path.clone(), line: self.at, why: why.into() }
    }
}
