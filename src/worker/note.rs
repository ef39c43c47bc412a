//! The note that every pass leaves, so that a process that makes none can tell how it stands.
//!
//! It is no entry of the journal: what happens to seats is there, and a pass that changes nothing adds nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::memory::first_seq;
use super::status::{Desk, Failing, Standing};
use super::view::{PassView, ReadingView};
use super::warden::Warden;
use crate::model::{FeedName, PersonId, PoolId, TargetName, Time};
use crate::seats::{Kept, Occupied};
use crate::store::{Batch, Store, StoreError};

/// What the last pass saw.
const LAST: &str = "last_pass";

/// The number of the last pass that wrote anything.
pub(super) const NUMBER: &str = "pass";

/// Entries at the end of the journal that are looked at first for the number of a pass.
const TAIL: u64 = 64;

/// What the last pass saw, as it is kept. What it lacks is not known.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    pass: Option<PassView>,
    readings: BTreeMap<FeedName, ReadingView>,
    times: BTreeMap<FeedName, (Option<Time>, Option<Time>)>,
    desks: BTreeMap<TargetName, DeskNote>,
    failing: Vec<FailingNote>,
    alerts: Vec<String>,
    kept: Vec<Kept>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct DeskNote {
    counts: BTreeMap<PoolId, u64>,
    occupied: BTreeMap<PoolId, Occupied>,
    lost: BTreeMap<PoolId, Vec<PersonId>>,
    at: Option<Time>,
    error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct FailingNote {
    person: PersonId,
    pool: PoolId,
    why: String,
    tries: u32,
    until: Time,
}

impl Warden {
    /// Keeps what the pass saw, and its number, for processes to come.
    pub(super) async fn leave_note(&self, pass: u64) -> Result<(), StoreError> {
        let text = serde_json::to_string(&note_of(&self.stand())).unwrap_or_default();
        let mut batch = Batch::new(self.now(), pass);
        batch.notes.insert(LAST.to_owned(), Some(text));
        self.commit(batch).await
    }

    /// Takes in what the last pass of an earlier process saw. A desk that is told here has to be read all the same
    /// before a pass relies on it.
    pub(super) fn take_up_note(&self) -> Result<(), StoreError> {
        let Some(text) = self.parts.store.note(LAST)? else { return Ok(()) };
        // A note that another version wrote otherwise costs reports their past, and no seat.
        let Ok(note) = serde_json::from_str::<Note>(&text) else { return Ok(()) };
        let desks = note.desks.into_iter().filter_map(|(name, desk)| {
            let target = self.parts.targets.get(&name)?;
            let DeskNote { mut counts, mut occupied, mut lost, at, error } = desk;
            // The places of a desk are configured, perhaps otherwise since.
            counts.retain(|pool, _| target.has_place_for(pool));
            occupied.retain(|pool, _| target.has_place_for(pool));
            lost.retain(|pool, _| target.has_place_for(pool));
            Some((name, Desk { observed: None, counts, occupied, lost, at, error }))
        });
        let desks = desks.collect();
        let failing = note.failing.into_iter().map(|failing| {
            let FailingNote { person, pool, why, tries, until } = failing;
            ((person, pool), Failing { why, tries, until })
        });
        let mut standing = self.stand();
        standing.last_pass = note.pass;
        standing.readings = note.readings;
        standing.times = note.times;
        standing.desks = desks;
        standing.failed_before = failing.collect();
        standing.alerts = note.alerts;
        standing.kept = note.kept;
        Ok(())
    }
}

fn note_of(standing: &Standing) -> Note {
    let desk = |desk: &Desk| DeskNote {
        counts: desk.counts.clone(),
        occupied: desk.occupied.clone(),
        lost: desk.lost.clone(),
        at: desk.at,
        error: desk.error.clone(),
    };
    let failing = standing.failing().map(|((person, pool), failing)| FailingNote {
        person: *person,
        pool: pool.clone(),
        why: failing.why.clone(),
        tries: failing.tries,
        until: failing.until,
    });
    Note {
        pass: standing.last_pass.clone(),
        readings: standing.readings.clone(),
        times: standing.times.clone(),
        desks: standing.desks.iter().map(|(name, of)| (name.clone(), desk(of))).collect(),
        failing: failing.collect(),
        alerts: standing.alerts.clone(),
        kept: standing.kept.clone(),
    }
}

/// The number of the last pass: by the note or, where a rebuilt or an older store has none that is right, by the journal.
pub(super) fn last_number(store: &dyn Store) -> Result<u64, StoreError> {
    let noted = store.note(NUMBER)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let end = first_seq(|seq| {
        let mut behind = true;
        store.journal(seq, &mut |_| {
            behind = false;
            false
        })?;
        Ok(behind)
    })?;
    let mut span = TAIL;
    loop {
        // What operators did belongs to no pass, so that the last entries need not tell.
        let from = end.saturating_sub(span).max(1);
        let mut last = 0;
        store.journal(from, &mut |entry| {
            last = last.max(entry.pass);
            true
        })?;
        if last > 0 || from == 1 {
            return Ok(last.max(noted));
        }
        span = span.saturating_mul(8);
    }
}
