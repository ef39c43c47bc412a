//! Who waits for what, why, and at which place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::frame::Frame;
use super::later::{Made, Outlook};
use super::ledger::{HoldState, Waiting};
use super::over::priority;
use super::plan::WaitingRow;
use super::room::Rooms;
use crate::model::{PersonId, Pool, PoolId, Time};
use crate::rules::{Claim, Standing, Want};

/// What keeps somebody from a seat beside the number of seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    /// Something held excludes it.
    Excluded,
    /// The tier that is held cannot be taken, and nobody has two.
    OldSeat,
}

/// The waits of a draft.
#[derive(Debug, Default)]
pub(super) struct Waits<'a> {
    open: BTreeMap<(PersonId, &'a PoolId), Open<'a>>,
    left: BTreeSet<PersonId>,
    notes: Vec<Event>,
}

#[derive(Debug)]
struct Open<'a> {
    want: &'a Want,
    claim: &'a Claim,
    blocked: Option<Blocked>,
}

/// A row with what orders it.
struct Row<'a> {
    shown: WaitingRow,
    floor: bool,
    priority: i64,
    order_key: &'a str,
}

impl<'a> Waits<'a> {
    /// The person should hold a seat of the pool and does not get one now.
    pub(super) fn open(
        &mut self,
        person: PersonId,
        pool: &'a Pool,
        want: &'a Want,
        claim: &'a Claim,
        blocked: Option<Blocked>,
    ) {
        self.open.insert((person, &pool.id), Open { want, claim, blocked });
    }

    /// The person got one after all.
    pub(super) fn close(&mut self, person: PersonId, pool: &'a Pool) {
        self.open.remove(&(person, &pool.id));
    }

    /// The waits that the person has by the ledger stay as they are.
    pub(super) fn leave(&mut self, person: PersonId) {
        self.left.insert(person);
    }

    /// A brake holds a tier from the person, who keeps a place in the queue meanwhile: else the next pass would plan
    /// for others, and the digest that somebody is about to approve would be gone.
    pub(super) fn held(&mut self, frame: &Frame<'_>, person: PersonId, tier: Option<&(PoolId, Claim)>) {
        let (Some(pools), Some((_, claim))) = (frame.around.gains.get(&person), tier) else { return };
        for pool in pools.keys().filter(|pool| !frame.chain(Some(pool)).is_empty()) {
            self.note(frame, person, pool, claim, true);
        }
    }

    /// Notes the place in the queue, once.
    pub(super) fn note(&mut self, frame: &Frame<'_>, person: PersonId, pool: &PoolId, claim: &Claim, blocked: bool) {
        let known = frame.ledger.waiting.get(&(person, pool.clone()));
        let is_known =
            |waiting: &Waiting| waiting.rule.as_ref() == Some(&claim.rule) && (blocked || waiting.refused.is_some());
        if !known.is_some_and(is_known) {
            let (pool, rule) = (pool.clone(), Some(claim.rule.clone()));
            self.notes.push(Event::Waiting { person, pool, rule, blocked });
        }
    }

    /// The queues as people see them, and what the ledger has to learn.
    pub(super) fn finish(
        mut self,
        frame: &'a Frame<'a>,
        rooms: &Rooms<'_>,
        made: &Made<'_>,
    ) -> (Vec<WaitingRow>, Vec<Event>) {
        let mut rows = Vec::new();
        let waits = std::mem::take(&mut self.open);
        for ((person, pool), open) in &waits {
            self.note(frame, *person, pool, open.claim, open.blocked.is_some());
            let reason = match open.blocked {
                Some(Blocked::Excluded) => "excluded",
                Some(Blocked::OldSeat) => "old_seat_kept",
                None if rooms.left_for(pool, open.want.class.as_ref()) > 0 => "terms",
                None if rooms.has_free(pool) => "reserved",
                None => "pool_full",
            };
            if frame.few.is_none() {
                rows.push(row(frame, rooms, *person, pool, Some(open.want), reason));
            }
        }
        let gained: BTreeSet<(PersonId, &PoolId)> =
            made.steps.iter().filter_map(|step| Some((step.person, step.gains()?))).collect();
        let lost: BTreeSet<(PersonId, &PoolId)> =
            made.steps.iter().filter_map(|step| Some((step.person, step.loses()?))).collect();
        for (person, pool) in frame.waiting() {
            if waits.contains_key(&(*person, pool)) || gained.contains(&(*person, pool)) {
                continue;
            }
            let want = frame.desired.get(person);
            match want.map(|want| &want.standing) {
                None | Some(Standing::Frozen { .. } | Standing::Suspended { .. }) => {
                    if frame.few.is_none() {
                        rows.push(row(frame, rooms, *person, pool, want, "on_hold"));
                    }
                }
                Some(Standing::Active) => {
                    let over = self.over(frame, *person, pool, lost.contains(&(*person, pool)));
                    self.notes.extend(over);
                }
                Some(Standing::PreStart | Standing::Left { .. }) => self.notes.push(ended(*person, pool, false)),
            }
        }
        (numbered(frame, rooms, made, rows), self.notes)
    }

    /// The end of a wait that nobody active has any more.
    fn over(&self, frame: &Frame<'_>, person: PersonId, pool: &PoolId, lost: bool) -> Option<Event> {
        match frame.ledger.holding(person, pool).map(|holding| holding.state) {
            Some(_) if lost => Some(ended(person, pool, false)),
            Some(HoldState::Held) => Some(ended(person, pool, true)),
            Some(HoldState::Granting | HoldState::Revoking) => None,
            None if self.left.contains(&person) => None,
            None => Some(ended(person, pool, false)),
        }
    }
}

fn ended(person: PersonId, pool: &PoolId, granted: bool) -> Event {
    Event::WaitEnded { person, pool: pool.clone(), granted }
}

fn row<'a>(
    frame: &Frame<'a>,
    rooms: &Rooms<'_>,
    person: PersonId,
    pool: &PoolId,
    want: Option<&'a Want>,
    reason: &str,
) -> Row<'a> {
    let shown = WaitingRow {
        person,
        pool: pool.clone(),
        position: 0,
        since: frame.since(person, pool),
        reason: reason.into(),
        not_before: None,
        expected: None,
        expected_by: String::new(),
        text: String::new(),
    };
    let floor = rooms.has_floor(pool, want.and_then(|want| want.class.as_ref()));
    let priority = want.map_or(0, |want| priority(want, pool));
    Row { shown, floor, priority, order_key: want.map_or("", |want| &want.order_key) }
}

fn numbered<'a>(frame: &'a Frame<'a>, rooms: &Rooms<'_>, made: &Made<'_>, mut rows: Vec<Row<'_>>) -> Vec<WaitingRow> {
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut numbered: Vec<WaitingRow> = Vec::with_capacity(rows.len());
    let mut outlook: Option<Outlook<'a>> = None;
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for Row { shown: mut row, .. } in rows {
        let before = numbered.last().filter(|last| last.pool == row.pool);
        row.position = before.map_or(0, |last| last.position).saturating_add(1);
        if row.position == 1 {
            outlook = frame.policy.catalog.pool(&row.pool).map(|pool| Outlook::new(frame, rooms, made, pool));
            places.clear();
        }
        let place = places.entry(row.reason.clone()).or_default();
        if let Some(outlook) = &outlook {
            (row.not_before, row.text) = outlook.of(&row.reason, *place);
            (row.expected, row.expected_by) = outlook.expected(&row.reason, *place, frame.now);
        }
        *place = place.saturating_add(1);
        numbered.push(row);
    }
    numbered
}

type Key<'r> = (&'r PoolId, bool, Reverse<i64>, Time, &'r str, PersonId);

fn key<'r>(row: &'r Row<'_>) -> Key<'r> {
    (&row.shown.pool, !row.floor, Reverse(row.priority), row.shown.since, row.order_key, row.shown.person)
}
