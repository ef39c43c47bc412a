//! The order of a plan: what is taken before what is given, so that no pool ever holds more than was bought.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::frame::Frame;
use super::plan::Step;
use super::room::Rooms;
use super::shelf::Shelves;
use crate::model::{ClassName, PersonId, PoolId, PoolKind, UnitNo};

/// Whether the two halves of a move may be steps of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// If they have to be.
    Free,
    /// They have to be: the new seat is only planned, and the old one really goes.
    Apart,
    /// They may not be: the loss is only planned, and the person would have two tiers.
    Together,
}

/// A move with what its order depends on.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) step: Step,
    /// The rank of the tier that is given.
    pub(super) rank: i64,
    /// When it was served.
    pub(super) turn: usize,
    /// The class that the old seat is counted under.
    pub(super) class: Option<ClassName>,
    /// Whether the old seat cools.
    pub(super) cools: bool,
    /// Whether the old seat goes in any case.
    pub(super) gone: bool,
    /// Seats of the new pool that are counted for the person before.
    pub(super) counted: i64,
    pub(super) bond: Bond,
    /// The halves.
    pub(super) revoke: Step,
    pub(super) grant: Step,
}

/// The steps of a plan before they are ordered.
#[derive(Debug)]
pub(super) struct Loose {
    pub(super) revokes: Vec<Step>,
    pub(super) moves: Vec<Moving>,
    pub(super) grants: Vec<(usize, Step)>,
    pub(super) hold_offs: Vec<Step>,
}

/// Steps in order, and which seat each of those gets who gain one.
type Ordered = (Vec<Step>, BTreeMap<(PersonId, PoolId), UnitNo>);

/// Orders the steps and gives each its seat. `rooms` is what is in use after the revocations, without the seats of people who move.
pub(super) fn ordered<'a>(frame: &'a Frame<'a>, loose: Loose, rooms: Rooms<'_>) -> Ordered {
    let Loose { mut revokes, moves, mut grants, mut hold_offs } = loose;
    let (apart, together): (Vec<Moving>, Vec<Moving>) =
        moves.into_iter().partition(|moving| moving.bond == Bond::Apart);
    // A seat that is counted for somebody before fills the floor of their class without using another.
    let mut rooms = rooms;
    for (_, grant) in &grants {
        let counted = frame.counted_for(grant.person, &grant.pool);
        if counted > 0 {
            rooms.take(&grant.pool, grant.person, grant.class.as_ref(), counted);
        }
    }
    let moving = together.iter().chain(&apart).map(|moving| &moving.step);
    let gains = moving.chain(grants.iter().map(|(_, step)| step)).map(|step| (step.person, &step.pool));
    let mut shelves = Shelves::new(frame, gains);
    for revoke in revokes.iter().chain(apart.iter().map(|moving| &moving.revoke)) {
        shelves.free(revoke.person, &revoke.pool, &revoke.cause);
    }
    let (moves, split) = in_turn(together, rooms, &mut shelves);
    for Moving { revoke, grant, turn, .. } in split.into_iter().chain(apart) {
        revokes.push(revoke);
        grants.push((turn, grant));
    }
    let kind = |step: &Step| frame.policy.catalog.pool(&step.pool).map(|pool| (pool.kind, Reverse(pool.rank)));
    // An add-on goes before the tier that it rests on, and comes after it.
    revokes.sort_by_cached_key(|step| (Reverse(kind(step).map(|(kind, _)| kind)), step.pool.clone(), step.person));
    let first = Some((PoolKind::Tier, Reverse(i64::MAX)));
    grants.sort_by_cached_key(|(turn, step)| (kind(step).or(first), step.pool.clone(), *turn));
    hold_offs.sort_by_cached_key(|step| (step.due_at, step.pool.clone(), step.person));
    for (_, grant) in &grants {
        shelves.give(grant.person, &grant.pool);
    }
    let grants = grants.into_iter().map(|(_, step)| step);
    (revokes.into_iter().chain(moves).chain(grants).chain(hold_offs).collect(), shelves.given())
}

/// Orders moves so that each finds its seat free when its turn comes. Moves that wait for each other in a circle are
/// returned apart: their old seats go first and their new ones come last.
fn in_turn(mut moves: Vec<Moving>, mut rooms: Rooms<'_>, shelves: &mut Shelves<'_>) -> (Vec<Step>, Vec<Moving>) {
    for moving in moves.iter().filter(|moving| moving.gone) {
        if let Some(from) = &moving.step.from {
            rooms.restore(from, moving.class.as_ref(), moving.cools);
        }
    }
    for moving in moves.iter().filter(|moving| moving.counted > 0) {
        rooms.take(&moving.step.pool, moving.step.person, moving.step.class.as_ref(), moving.counted);
    }
    moves.sort_by(|a, b| (Reverse(a.rank), &a.step.pool, a.turn).cmp(&(Reverse(b.rank), &b.step.pool, b.turn)));
    let (mut steps, mut split) = (Vec::new(), Vec::new());
    while !moves.is_empty() {
        let before = moves.len();
        let mut leaving = leaving(&moves);
        let mut later = Vec::new();
        for moving in moves {
            let class = moving.step.class.as_ref();
            let (person, pool) = (moving.step.person, &moving.step.pool);
            // Where the vendor bills the peak, whoever leaves goes before whoever comes.
            let peak = shelves.bills_peak(pool) && leaving.get(pool).is_some_and(|count| *count > 0);
            let fits = !peak && rooms.left_for(pool, class) > 0 && shelves.has_one(person, pool);
            if moving.counted > 0 || fits {
                if moving.counted == 0 {
                    rooms.take(pool, person, class, 0);
                }
                shelves.give(person, pool);
                release(&mut rooms, shelves, &moving);
                if let Some(count) = moving.step.from.as_ref().and_then(|from| leaving.get_mut(from)) {
                    *count = count.saturating_sub(1);
                }
                steps.push(moving.step);
            } else {
                later.push(moving);
            }
        }
        if later.len() == before {
            let stuck = later.len();
            let (circle, waiting): (Vec<Moving>, Vec<Moving>) =
                later.into_iter().partition(|moving| moving.gone && moving.bond == Bond::Free);
            if waiting.len() == stuck {
                // A rise finds its seat freed by a revocation or a higher rise. If that were ever wrong, it stays out
                // of this plan and comes in the next.
                break;
            }
            for moving in circle {
                release(&mut rooms, shelves, &moving);
                split.push(moving);
            }
            moves = waiting;
        } else {
            moves = later;
        }
    }
    (steps, split)
}

/// How many moves leave each pool.
fn leaving(moves: &[Moving]) -> BTreeMap<PoolId, u32> {
    let mut leaving: BTreeMap<PoolId, u32> = BTreeMap::new();
    for from in moves.iter().filter_map(|moving| moving.step.from.as_ref()) {
        let count = leaving.entry(from.clone()).or_default();
        *count = count.saturating_add(1);
    }
    leaving
}

fn release(rooms: &mut Rooms<'_>, shelves: &mut Shelves<'_>, moving: &Moving) {
    if let Some(from) = &moving.step.from {
        shelves.free(moving.step.person, from, &moving.revoke.cause);
        rooms.release(from, moving.class.as_ref(), moving.cools);
    }
}
