//! What a group of batches changes, and how that lies in the trees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::blocks::{self, Rows};
use super::journal_file::line_of;
use super::seat_rows::{self, Brought};
use super::trees::{Kind, Stage, Trees, read_value};
use crate::audit::report::subject;
use crate::audit::{Entry, Tip, link_under};
use crate::directory::PersonRecord;
use crate::model::{Digest, FeedName, PersonId, TargetName};
use crate::seats::Ledger;
use crate::seats::ledger::{Hold, Touched};
use crate::store::{Batch, FeedState, Hint, StoreError, codec};

/// Numbers of dirty people per record.
const DIRTY_RANGE: u64 = 4_096;
/// So many last entries of a person are indexed; older ones are found by reading the journal.
pub(super) const HISTORY_KEPT: usize = 2_048;
const TRUST: &[u8] = b"distrusted";
const ACCEPTED: &[u8] = b"accepted/";
const PIN: &[u8] = b"pin/";
const DESK_ACCOUNT: &[u8] = b"desk/";

/// Records of people as they lie in the trees.
pub(super) type PeopleRows = BTreeMap<u64, Option<Vec<u8>>>;

/// Encodes the records; the last one of a person counts. Done by the committer: the one writer has enough to do, and
/// memory is returned by the thread that took it.
pub(super) fn people_rows(people: Vec<PersonRecord>) -> Result<PeopleRows, StoreError> {
    people.into_iter().map(|record| Ok((record.id.0, Some(codec::encode(&record)?)))).collect()
}

/// The changes of several batches in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Group {
    people: PeopleRows,
    feeds: BTreeMap<FeedName, FeedState>,
    dirty: BTreeMap<PersonId, bool>,
    notes: BTreeMap<String, Option<String>>,
    hints: BTreeMap<u64, Option<Hint>>,
    /// Entries with their text.
    pub(super) entries: Vec<(Entry, String)>,
}

impl Group {
    /// Adds a batch whose people were encoded before, or refuses it and stays as it is. `tip` is where the journal ends
    /// and moves on.
    pub(super) fn add(
        &mut self,
        batch: Batch,
        people: PeopleRows,
        tip: &mut Tip,
        journal: &Path,
    ) -> Result<(), StoreError> {
        let Batch { at, pass, rules, people: _, feeds, dirty, clean, events, notes, hints } = batch;
        let mut entries = Vec::with_capacity(events.len());
        let mut end = tip.clone();
        for event in events {
            let entry = link_under(&end, at, pass, rules.clone(), event);
            let line = line_of(&entry, journal)?;
            end = Tip::of(&entry);
            entries.push((entry, line));
        }
        *tip = end;
        self.entries.append(&mut entries);
        self.people.extend(people);
        self.feeds.extend(feeds);
        self.notes.extend(notes);
        self.hints.extend(hints);
        // Whoever is named in both is looked at once more, rather than not at all.
        self.dirty.extend(clean.into_iter().map(|person| (person, false)));
        self.dirty.extend(dirty.into_iter().map(|person| (person, true)));
        Ok(())
    }

    /// Adds an entry that is in a journal already.
    pub(super) fn replay(&mut self, entry: Entry, line: String) {
        self.entries.push((entry, line));
    }

    /// Stages everything but the manifest, and gives the people away. `ledger` is the one before these entries.
    pub(super) fn stage(&mut self, stage: &mut Stage<'_>, ledger: &Ledger) -> Result<(), StoreError> {
        let Self { people, feeds, dirty, notes, hints, entries } = self;
        blocks::write(stage, Rows::People, std::mem::take(people))?;
        for (name, state) in feeds {
            stage.put(Kind::Feeds, name.as_str().as_bytes(), &codec::encode(state)?)?;
        }
        for (name, note) in notes {
            match note {
                Some(text) => stage.put(Kind::Notes, name.as_bytes(), text.as_bytes())?,
                None => stage.remove(Kind::Notes, name.as_bytes())?,
            }
        }
        for (number, hint) in hints {
            match hint {
                Some(hint) => stage.put(Kind::Inbox, &number.to_be_bytes(), &codec::encode(hint)?)?,
                None => stage.remove(Kind::Inbox, &number.to_be_bytes())?,
            }
        }
        stage_dirty(stage, dirty)?;
        stage_journal(stage, entries)?;
        stage_ledger(stage, ledger, entries)
    }
}

fn stage_dirty(stage: &mut Stage<'_>, changes: &BTreeMap<PersonId, bool>) -> Result<(), StoreError> {
    let mut by_range: BTreeMap<u64, Vec<(u64, bool)>> = BTreeMap::new();
    for (person, is_dirty) in changes {
        by_range.entry(person.0 / DIRTY_RANGE).or_default().push((person.0 % DIRTY_RANGE, *is_dirty));
    }
    for (range, changed) in by_range {
        let key = range.to_be_bytes();
        let old: Vec<u64> = read_value(stage.trees, Kind::Dirty, &key)?.unwrap_or_default();
        let mut dirty: BTreeSet<u64> = codec::from_deltas(old).into_iter().collect();
        for (person, is_dirty) in changed {
            if is_dirty {
                dirty.insert(person);
            } else {
                dirty.remove(&person);
            }
        }
        if dirty.is_empty() {
            stage.remove(Kind::Dirty, &key)?;
        } else {
            stage.put(Kind::Dirty, &key, &codec::encode(&codec::deltas(dirty))?)?;
        }
    }
    Ok(())
}

/// People to look at again.
pub(super) fn load_dirty(trees: &Trees) -> Result<BTreeSet<PersonId>, StoreError> {
    let mut dirty = BTreeSet::new();
    trees.scan(Kind::Dirty, &[], None, &mut |key, payload| {
        let range = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
        let range = range.map_err(|_| StoreError::Damaged("a key of `dirty` has another length".to_owned()))?;
        let start = range.saturating_mul(DIRTY_RANGE);
        let numbers = codec::from_deltas(codec::decode(&payload)?);
        dirty.extend(numbers.into_iter().map(|number| PersonId(start.saturating_add(number))));
        Ok(true)
    })?;
    Ok(dirty)
}

/// What providers pointed at.
pub(super) fn load_hints(trees: &Trees) -> Result<BTreeMap<u64, Hint>, StoreError> {
    let mut hints = BTreeMap::new();
    trees.scan(Kind::Inbox, &[], None, &mut |key, payload| {
        let number = <[u8; 8]>::try_from(key).map(u64::from_be_bytes);
        let number = number.map_err(|_| StoreError::Damaged("a key of `inbox` has another length".to_owned()))?;
        hints.insert(number, codec::decode(&payload)?);
        Ok(true)
    })?;
    Ok(hints)
}

fn stage_journal(stage: &mut Stage<'_>, entries: &[(Entry, String)]) -> Result<(), StoreError> {
    let mut lines = BTreeMap::new();
    let mut by_person: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (entry, line) in entries {
        lines.insert(entry.seq, Some(line.as_bytes().to_vec()));
        if let Some(person) = subject(&entry.event) {
            by_person.entry(person.0).or_default().push(entry.seq);
        }
    }
    blocks::write(stage, Rows::Journal, lines)?;
    let mut history = BTreeMap::new();
    for (person, new) in by_person {
        let mut all = load_history(stage.trees, PersonId(person))?;
        all.extend(new);
        let surplus = all.len().saturating_sub(HISTORY_KEPT);
        history.insert(person, Some(codec::encode(&codec::deltas(all.split_off(surplus)))?));
    }
    blocks::write(stage, Rows::History, history)
}

/// The numbers of the last entries about a person.
pub(super) fn load_history(trees: &Trees, person: PersonId) -> Result<Vec<u64>, StoreError> {
    let row = blocks::get(trees, Rows::History, person.0)?;
    row.map_or_else(|| Ok(Vec::new()), |row| codec::decode(&row).map(codec::from_deltas))
}

/// Applies the entries to a ledger that has just the rows they touch, and stages what became of those. The ledger
/// that readers see changes later, when all is on disk.
fn stage_ledger(stage: &mut Stage<'_>, base: &Ledger, entries: &[(Entry, String)]) -> Result<(), StoreError> {
    let mut part = Ledger { distrusted: base.distrusted.clone(), ..Ledger::default() };
    let mut touched: BTreeSet<Touched> = BTreeSet::new();
    let mut brought = Brought::default();
    for (entry, _) in entries {
        let touch = Ledger::default().apply(entry.at, &entry.event);
        match &touch {
            Touched::Seat(person, pool) => brought.seat(&mut part, base, *person, pool, &entry.event),
            Touched::Hold(digest) => {
                if !touched.contains(&touch)
                    && let Some(hold) = base.held.get(digest)
                {
                    part.held.insert(digest.clone(), hold.clone());
                }
            }
            // These are written whole by their events.
            Touched::Known(_) | Touched::Accepted(_) | Touched::Trust | Touched::DeskAccount(..) | Touched::Pin(_) => {}
        }
        touched.insert(touch);
        part.apply(entry.at, &entry.event);
    }

    brought.stage(stage, &part, base)?;
    let mut known = BTreeMap::new();
    for (person, row) in &part.known {
        known.insert(person.0, Some(codec::encode(row)?));
    }
    blocks::write(stage, Rows::Known, known)?;
    for touch in touched {
        match touch {
            Touched::Seat(..) | Touched::Known(_) => {}
            Touched::Hold(digest) => match part.held.get(&digest) {
                Some(hold) => stage.put(Kind::Holds, digest.as_str().as_bytes(), &codec::encode(hold)?)?,
                None => stage.remove(Kind::Holds, digest.as_str().as_bytes())?,
            },
            Touched::Accepted(feed) => {
                if let Some(accounts) = part.accepted.get(&feed) {
                    let key = [ACCEPTED, feed.as_str().as_bytes()].concat();
                    stage.put(Kind::State, &key, &codec::encode(accounts)?)?;
                }
            }
            Touched::DeskAccount(person, target) => {
                let key = [DESK_ACCOUNT, &person.0.to_be_bytes(), target.as_str().as_bytes()].concat();
                if let Some(account) = part.desk_accounts.get(&(person, target)) {
                    stage.put(Kind::State, &key, account.as_bytes())?;
                }
            }
            Touched::Pin(person) => {
                let key = [PIN, &person.0.to_be_bytes()].concat();
                match part.pins.get(&person) {
                    Some(pinned) => stage.put(Kind::State, &key, &codec::encode(pinned)?)?,
                    None => stage.remove(Kind::State, &key)?,
                }
            }
            Touched::Trust => match &part.distrusted {
                Some(why) => stage.put(Kind::State, TRUST, why.as_bytes())?,
                None => stage.remove(Kind::State, TRUST)?,
            },
        }
    }
    Ok(())
}

/// The ledger as it lies in the trees.
pub(super) fn load_ledger(trees: &Trees) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    seat_rows::load(trees, &mut ledger)?;
    each_row(trees, Rows::Known, 0, &mut |id, row| {
        ledger.known.insert(PersonId(id), codec::decode(&row)?);
        Ok(true)
    })?;
    trees.scan(Kind::Holds, &[], None, &mut |key, payload| {
        ledger.held.insert(Digest::new(text(key)?), codec::decode::<Hold>(&payload)?);
        Ok(true)
    })?;
    trees.scan(Kind::State, &[], None, &mut |key, payload| {
        if key == TRUST {
            ledger.distrusted = Some(text(&payload)?);
        } else if let Some(feed) = key.strip_prefix(ACCEPTED) {
            ledger.accepted.insert(FeedName::new(text(feed)?), codec::decode(&payload)?);
        } else if let Some(key) = key.strip_prefix(DESK_ACCOUNT) {
            let Some((person, target)) = key.split_first_chunk::<8>() else {
                return Err(StoreError::Damaged("the key of an account at a desk is too short".to_owned()));
            };
            let key = (PersonId(u64::from_be_bytes(*person)), TargetName::new(text(target)?));
            ledger.desk_accounts.insert(key, text(&payload)?);
        } else if let Some(person) = key.strip_prefix(PIN) {
            let person = <[u8; 8]>::try_from(person).map(u64::from_be_bytes);
            let person = person.map_err(|_| StoreError::Damaged("the key of a pin has another length".to_owned()))?;
            ledger.pins.insert(PersonId(person), codec::decode(&payload)?);
        }
        Ok(true)
    })?;
    Ok(ledger)
}

/// The ledger as the entries of the journal add up.
pub(super) fn sum_of_journal(trees: &Trees) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    each_row(trees, Rows::Journal, 1, &mut |_, line| {
        let entry: Entry = serde_json::from_slice(&line)
            .map_err(|error| StoreError::Damaged(format!("an entry of the journal cannot be read: {error}")))?;
        ledger.apply(entry.at, &entry.event);
        Ok(true)
    })?;
    Ok(ledger)
}

/// Takes a row by number and says whether to go on.
type EachRow<'a> = &'a mut dyn FnMut(u64, Vec<u8>) -> Result<bool, StoreError>;

/// Calls `each` with the rows from `from` on, until it returns false.
pub(super) fn each_row(trees: &Trees, rows: Rows, from: u64, each: EachRow<'_>) -> Result<(), StoreError> {
    let mut next = from;
    while let Some((found, further)) = blocks::next_range(trees, rows, next)? {
        for (id, row) in found {
            if !each(id, row)? {
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

/// UTF-8 that we wrote ourselves.
pub(super) fn text(bytes: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| StoreError::Damaged("a text is not UTF-8".to_owned()))
}
