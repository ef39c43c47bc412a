//! One plan around what brakes hold, before brakes judge it.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::frame::{Around, Frame};
use super::later::Made;
use super::order::{Loose, ordered};
use super::plan::{Step, WaitingRow};
use super::room::Rooms;
use super::scan::Sheet;
use super::{Ledger, Policy, undo};
use crate::model::{PersonId, PoolId, Time, UnitNo};
use crate::rules::Desired;

/// What would be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) steps: Vec<Step>,
    pub(super) units: BTreeMap<(PersonId, PoolId), UnitNo>,
    pub(super) waiting: Vec<WaitingRow>,
    pub(super) notes: Vec<Event>,
    pub(super) keep: u64,
    /// Those not looked at who wait for a seat that was free at some moment of this draft.
    pub(super) called: BTreeSet<PersonId>,
}

/// Plans around what is held, for everybody or for `few`.
pub(super) fn draft(
    desired: &Desired,
    ledger: &Ledger,
    policy: &Policy,
    now: Time,
    around: &Around,
    few: Option<&BTreeSet<PersonId>>,
) -> Draft {
    let mut frame = Frame::new(desired, ledger, policy, now, around);
    frame.few = few;
    let mut sheet = Sheet::scan(&frame);
    let rooms = sheet.rooms.clone();
    sheet.serve_tiers();
    let bases = sheet.settle_tiers();
    sheet.addons(&bases);
    let Sheet { frame, rooms: after, revokes, moves, grants, hold_offs, mut notes, waits, keep, .. } = sheet;
    let (mut steps, units) = ordered(frame, Loose { revokes, moves, grants, hold_offs }, rooms);
    undo::sign(&mut steps, ledger);
    let called = few.map_or_else(BTreeSet::new, |few| called(frame, &after, few));
    let (waiting, more) = waits.finish(frame, &after, &Made { steps: &steps, units: &units });
    notes.extend(more);
    notes.sort_by(|a, b| note_key(a).cmp(&note_key(b)));
    Draft { steps, units, waiting, notes, keep, called }
}

/// Who waits for a seat that people of their class could have had, and is not among `few`.
fn called(frame: &Frame<'_>, rooms: &Rooms<'_>, few: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    if !rooms.had_any() {
        return BTreeSet::new();
    }
    let waiting = frame.ledger.waiting.keys().filter(|(person, pool)| rooms.had(pool) && !few.contains(person));
    let class = |person: &PersonId| frame.desired.get(person).and_then(|want| want.class.as_ref());
    waiting.filter(|(person, pool)| rooms.had_for(pool, class(person))).map(|(person, _)| *person).collect()
}

/// What frees seats comes before what uses them.
fn note_key(note: &Event) -> (u8, Option<(PersonId, &PoolId)>) {
    match note {
        Event::Cooled { person, pool } => (0, Some((*person, pool))),
        Event::Stays { person, pool } => (1, Some((*person, pool))),
        Event::Rebased { person, pool, .. } => (2, Some((*person, pool))),
        Event::Leaving { person, pool, .. } => (3, Some((*person, pool))),
        Event::WaitEnded { person, pool, .. } => (4, Some((*person, pool))),
        Event::Waiting { person, pool, .. } => (5, Some((*person, pool))),
        Event::Person(_)
        | Event::Granting { .. }
        | Event::Granted { .. }
        | Event::GrantDropped { .. }
        | Event::Adopted { .. }
        | Event::Revoking { .. }
        | Event::Revoked { .. }
        | Event::RevokeDropped { .. }
        | Event::Held(_)
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::HoldEnded { .. }
        | Event::FeedAccepted { .. }
        | Event::Rebuilt { .. }
        | Event::Trusted {}
        | Event::Pinned(_)
        | Event::DeskAccount { .. }
        | Event::Unpinned { .. } => (6, None),
    }
}
