//! One plan around what brakes hold, before brakes judge it.

use std::collections::BTreeMap;

use super::event::Event;
use super::frame::{Around, Frame};
use super::later::Made;
use super::order::{Loose, ordered};
use super::plan::{Step, WaitingRow};
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
}

/// Plans around what is held.
pub(super) fn draft(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time, around: &Around) -> Draft {
    let frame = Frame::new(desired, ledger, policy, now, around);
    let mut sheet = Sheet::scan(&frame);
    let rooms = sheet.rooms.clone();
    sheet.serve_tiers();
    let bases = sheet.settle_tiers();
    sheet.addons(&bases);
    let Sheet { frame, rooms: after, revokes, moves, grants, hold_offs, mut notes, waits, keep, .. } = sheet;
    let (mut steps, units) = ordered(frame, Loose { revokes, moves, grants, hold_offs }, rooms);
    undo::sign(&mut steps, ledger);
    let (waiting, more) = waits.finish(frame, &after, &Made { steps: &steps, units: &units });
    notes.extend(more);
    notes.sort_by(|a, b| note_key(a).cmp(&note_key(b)));
    Draft { steps, units, waiting, notes, keep }
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
