//! Reads through to another store and writes nowhere: what `plan` works on, and what tests use instead of a disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Batch, FeedState, Hint, Store, StoreError, Verification};
use crate::audit::report::subject;
use crate::audit::{Entry, Tip, chain};
use crate::directory::PersonRecord;
use crate::model::{FeedName, PersonId};
use crate::seats::Ledger;

/// See the module.
pub struct Overlay {
    base: Option<Arc<dyn Store>>,
    written: Mutex<Written>,
}

/// What was committed here and nowhere else.
#[derive(Default)]
struct Written {
    people: BTreeMap<PersonId, PersonRecord>,
    feeds: BTreeMap<FeedName, FeedState>,
    dirty: BTreeMap<PersonId, bool>,
    notes: BTreeMap<String, Option<String>>,
    hints: BTreeMap<u64, Option<Hint>>,
    entries: Vec<Entry>,
    /// Where the base's journal ends, once it had to be known.
    base_tip: Option<Tip>,
    ledger: Arc<Ledger>,
}

impl Overlay {
    /// Everything `base` has, and commits that only this value sees. The ledger is that of this moment: a base that is
    /// written meanwhile does not mix with what is committed here.
    pub fn new(base: Arc<dyn Store>) -> Self {
        let ledger = base.ledger();
        Self { base: Some(base), written: Mutex::new(Written { ledger, ..Written::default() }) }
    }

    /// A store in memory alone.
    pub fn empty() -> Self {
        Self { base: None, written: Mutex::default() }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn base_tip(&self) -> Result<Tip, StoreError> {
        self.base.as_ref().map_or_else(|| Ok(Tip::genesis()), |base| tip_of(base.as_ref()))
    }
}

/// The end of a journal, found in few reads: the trait has no question for it.
fn tip_of(store: &dyn Store) -> Result<Tip, StoreError> {
    let first_from = |seq: u64| -> Result<Option<Tip>, StoreError> {
        let mut found = None;
        store.journal(seq, &mut |entry| {
            found = Some(Tip::of(&entry));
            false
        })?;
        Ok(found)
    };
    let Some(mut tip) = first_from(1)? else {
        return Ok(Tip::genesis());
    };
    let mut stride = 1_u64;
    while let Some(further) = first_from(tip.seq.saturating_add(stride))? {
        tip = further;
        stride = stride.saturating_mul(2);
    }
    while stride > 0 {
        match first_from(tip.seq.saturating_add(stride))? {
            Some(further) => tip = further,
            None => stride /= 2,
        }
    }
    Ok(tip)
}

#[async_trait]
impl Store for Overlay {
    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let base_tip = if batch.events.is_empty() { None } else { Some(self.base_tip()?) };
        let mut written = self.written();
        let Batch { at, pass, rules, people, feeds, dirty, clean, events, notes, hints } = batch;
        for event in events {
            let tip = match (written.entries.last(), &written.base_tip) {
                (Some(last), _) => Tip::of(last),
                (None, Some(tip)) => tip.clone(),
                (None, None) => {
                    let tip = base_tip.clone().unwrap_or_else(Tip::genesis);
                    written.base_tip = Some(tip.clone());
                    tip
                }
            };
            Arc::make_mut(&mut written.ledger).apply(at, &event);
            written.entries.push(chain::link_under(&tip, at, pass, rules.clone(), event));
        }
        written.people.extend(people.into_iter().map(|record| (record.id, record)));
        written.feeds.extend(feeds);
        written.notes.extend(notes);
        written.hints.extend(hints);
        if self.base.is_none() {
            written.hints.retain(|_, hint| hint.is_some());
        }
        written.dirty.extend(clean.into_iter().map(|person| (person, false)));
        written.dirty.extend(dirty.into_iter().map(|person| (person, true)));
        Ok(())
    }

    fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.written().ledger)
    }

    fn feeds(&self) -> Result<BTreeMap<FeedName, FeedState>, StoreError> {
        let mut feeds = self.base.as_ref().map_or_else(|| Ok(BTreeMap::new()), |base| base.feeds())?;
        feeds.extend(self.written().feeds.clone());
        Ok(feeds)
    }

    fn dirty(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut dirty = self.base.as_ref().map_or_else(|| Ok(BTreeSet::new()), |base| base.dirty())?;
        for (person, is_dirty) in &self.written().dirty {
            if *is_dirty {
                dirty.insert(*person);
            } else {
                dirty.remove(person);
            }
        }
        Ok(dirty)
    }

    fn hints(&self) -> Result<BTreeMap<u64, Hint>, StoreError> {
        let mut hints = self.base.as_ref().map_or_else(|| Ok(BTreeMap::new()), |base| base.hints())?;
        for (number, hint) in &self.written().hints {
            match hint {
                Some(hint) => hints.insert(*number, hint.clone()),
                None => hints.remove(number),
            };
        }
        Ok(hints)
    }

    fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        if let Some(note) = self.written().notes.get(name) {
            return Ok(note.clone());
        }
        self.base.as_ref().map_or(Ok(None), |base| base.note(name))
    }

    fn notes_under(&self, prefix: &str, each: &mut dyn FnMut(&str, String) -> bool) -> Result<(), StoreError> {
        let mut notes: BTreeMap<String, Option<String>> = BTreeMap::new();
        if let Some(base) = &self.base {
            base.notes_under(prefix, &mut |name, note| {
                notes.insert(name.to_owned(), Some(note));
                true
            })?;
        }
        let written = self.written();
        let own = written.notes.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        notes.extend(own.map(|(name, note)| (name.clone(), note.clone())));
        drop(written);
        for (name, note) in notes {
            if let Some(note) = note
                && !each(&name, note)
            {
                break;
            }
        }
        Ok(())
    }

    fn person(&self, id: PersonId) -> Result<Option<PersonRecord>, StoreError> {
        if let Some(record) = self.written().people.get(&id) {
            return Ok(Some(record.clone()));
        }
        self.base.as_ref().map_or(Ok(None), |base| base.person(id))
    }

    fn people(&self, each: &mut dyn FnMut(PersonRecord) -> bool) -> Result<(), StoreError> {
        // A copy, because `each` may ask this store for more.
        let mut own = self.written().people.clone();
        let mut go_on = true;
        if let Some(base) = &self.base {
            base.people(&mut |record| {
                while go_on && own.first_key_value().is_some_and(|(id, _)| *id <= record.id) {
                    let Some((id, newer)) = own.pop_first() else { break };
                    go_on = each(newer);
                    if id == record.id {
                        return go_on;
                    }
                }
                go_on = go_on && each(record);
                go_on
            })?;
        }
        for record in own.into_values() {
            if !go_on {
                break;
            }
            go_on = each(record);
        }
        Ok(())
    }

    fn journal(&self, from: u64, each: &mut dyn FnMut(Entry) -> bool) -> Result<(), StoreError> {
        let (own, base_end) = {
            let written = self.written();
            (written.entries.clone(), written.base_tip.as_ref().map_or(u64::MAX, |tip| tip.seq))
        };
        let mut go_on = true;
        if let Some(base) = &self.base {
            base.journal(from, &mut |entry| {
                // What the base got after this overlay began its own entries is another story.
                if entry.seq > base_end {
                    return false;
                }
                go_on = each(entry);
                go_on
            })?;
        }
        for entry in own.into_iter().filter(|entry| entry.seq >= from) {
            if !go_on {
                break;
            }
            go_on = each(entry);
        }
        Ok(())
    }

    fn history(&self, person: PersonId, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let mut entries = self.base.as_ref().map_or_else(|| Ok(Vec::new()), |base| base.history(person, limit))?;
        let written = self.written();
        let base_end = written.base_tip.as_ref().map_or(u64::MAX, |tip| tip.seq);
        entries.retain(|entry| entry.seq <= base_end);
        entries.extend(written.entries.iter().filter(|entry| subject(&entry.event) == Some(person)).cloned());
        let surplus = entries.len().saturating_sub(limit);
        Ok(entries.split_off(surplus))
    }

    fn verify(&self) -> Result<Verification, StoreError> {
        let Some(base) = &self.base else {
            let written = self.written();
            let mut findings = Vec::new();
            if let Err(broken) = chain::verify(&written.entries) {
                findings.push(format!("journal entry {}: {}", broken.seq, broken.why));
            }
            return Ok(Verification {
                ok: findings.is_empty(),
                people: written.people.len() as u64,
                holdings: written.ledger.holdings.len() as u64,
                entries: written.entries.len() as u64,
                findings,
            });
        };
        base.verify()
    }
}
