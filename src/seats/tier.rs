//! The second stage of a draft: one tier per person.
//!
//! Whoever wants a tier that is not held becomes a [`Seeker`]. Pools are served from the highest rank down, so that a
//! seat which a rise frees below is there for the next in that queue.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::event::Cause;
use super::frame::{Frame, excludes};
use super::over::priority;
use super::queue::{Entry, serve};
use super::reason;
use super::scan::{Ending, Seat, Sheet, Subject};
use super::wait::Blocked;
use crate::model::{PersonId, Pool, PoolId, Time};
use crate::rules::{Claim, Want};

/// What add-ons rest on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base<'a> {
    /// The person's tier when the plan is done.
    pub(super) after: Option<&'a Pool>,
    /// The same without what is only planned, in pools that observe.
    pub(super) real: Option<&'a Pool>,
    /// The free tier of somebody without a counted one.
    pub(super) free: Option<&'a PoolId>,
    /// Whether an unfinished step or a brake leaves open which tier it will be, so that nothing new is built on it.
    pub(super) open: bool,
}

impl<'a> Base<'a> {
    /// The tiers that count for an add-on: nothing is built on a mere plan where steps are applied.
    pub(super) fn tiers(&self, frame: &Frame<'a>, addon: &Pool) -> [Option<&'a Pool>; 2] {
        [self.after, if frame.observes(&addon.id) { self.after } else { self.real }]
    }

    /// Whether the add-on may be given.
    pub(super) fn may_carry(&self, frame: &Frame<'a>, addon: &Pool) -> bool {
        !self.open && self.tiers(frame, addon).into_iter().all(|tier| self.rests(addon, tier))
    }

    /// Whether the add-on may stay.
    pub(super) fn still_carries(&self, frame: &Frame<'a>, addon: &Pool) -> bool {
        self.tiers(frame, addon).into_iter().any(|tier| self.rests(addon, tier))
    }

    fn rests(&self, addon: &Pool, tier: Option<&Pool>) -> bool {
        let tier = tier.map(|pool| &pool.id).or(self.free);
        addon.requires.is_empty() || tier.is_some_and(|tier| addon.requires.contains(tier))
    }
}

/// The base of a person: known after the scan, or when the seeker has been served.
#[derive(Clone, Copy, Debug)]
pub(super) enum After<'a> {
    Known(Base<'a>),
    Seeker(usize),
}

/// Somebody who wants a tier that is not held.
#[derive(Debug)]
pub(super) struct Seeker<'a> {
    pub(super) person: PersonId,
    pub(super) want: &'a Want,
    pub(super) tier: &'a PoolId,
    pub(super) claim: &'a Claim,
    /// Best first.
    pub(super) candidates: Vec<Candidate<'a>>,
    pub(super) old: Option<Old<'a>>,
    pub(super) served: Option<&'a Pool>,
    pub(super) turn: usize,
}

/// Who seeks a seat of one pool.
struct Queue<'a> {
    pool: &'a Pool,
    seekers: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) pool: &'a Pool,
    pub(super) blocked: Option<Blocked>,
}

/// The tier that a seeker has now.
#[derive(Debug)]
pub(super) struct Old<'a> {
    pub(super) seat: Seat<'a>,
    pub(super) pool: &'a Pool,
    pub(super) fate: Fate,
    pub(super) cause: Cause,
}

/// What becomes of the old tier when there is no better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Goes anyway.
    Gone,
    /// Goes when grace ends.
    Grace { due_at: Time, new: bool },
    /// Stays as the fallback of the wanted one.
    Fallback,
    /// Cannot be taken, so that nothing better can be given either.
    Stuck,
}

impl<'a> Sheet<'a> {
    /// Decides about the tiers of one person, as far as that needs no look at anybody else.
    pub(super) fn tiers(&mut self, who: Subject<'_, 'a>) -> After<'a> {
        let Subject { person, want, seats } = who;
        let frame = self.frame;
        let wanted = want.tier.as_ref().map(|(tier, _)| tier);
        let chain = frame.chain(wanted);
        let place = |pool: &Pool| chain.iter().position(|tier| tier.id == pool.id);
        let live = seats.iter().filter(|seat| seat.is_live()).filter_map(|seat| Some((seat, seat.tier()?)));
        let best = live.min_by_key(|(_, pool)| (place(pool).unwrap_or(usize::MAX), Reverse((pool.rank, &pool.id))));
        let free = if chain.is_empty() { want.free_tier.as_ref() } else { frame.free_tier(wanted) };
        let tier = best.map(|(_, pool)| pool);
        let stays = Base { after: tier, real: tier, free, open: false };
        let (open, stays) = (After::Known(Base { open: true, ..stays }), After::Known(stays));
        if self.is_pinned(who, best.map(|(seat, _)| seat)) {
            for seat in seats.iter().filter(|seat| seat.tier().is_some()) {
                self.stay(person, seat, seat.holding.class.as_ref());
            }
            self.waits.leave(person);
            self.waits.held(frame, person, want.tier.as_ref());
            return open;
        }
        let unfinished = self.others(who, best.map(|(seat, pool)| (seat.id, pool)));
        if unfinished {
            self.waits.leave(person);
        }
        let claim = want.tier.as_ref().filter(|_| !chain.is_empty()).map(|(tier, claim)| (tier, claim));
        match (best, claim) {
            (None, _) if unfinished => open,
            (None, None) => stays,
            (None, Some((tier, claim))) => self.seek(who, tier, claim, chain, None),
            (Some((seat, pool)), claim) => match (place(pool), claim) {
                (Some(at), Some((tier, claim))) => {
                    self.stay(person, seat, want.class.as_ref());
                    let stuck = self.is_stuck(who, seat);
                    if at == 0 || unfinished || stuck {
                        self.rebase(person, want, claim, seat);
                    }
                    if at == 0 || unfinished {
                        return stays;
                    }
                    let cause = reason::loss(pool, seat.holding, want, frame.today);
                    let fate = if stuck { Fate::Stuck } else { Fate::Fallback };
                    let better = chain.get(..at).unwrap_or_default();
                    self.seek(who, tier, claim, better, Some(Old { seat: *seat, pool, fate, cause }))
                }
                (_, claim) => {
                    let chain = if unfinished { &[] } else { chain };
                    self.mover(who, seat, pool, claim, chain, free)
                }
            },
        }
    }

    /// Whether a brake holds something about the person's tier, so that all of it stays as it is.
    fn is_pinned(&self, who: Subject<'_, 'a>, best: Option<&Seat<'a>>) -> bool {
        let gains = self.frame.around.gains.get(&who.person);
        let is_tier = |pool: &PoolId| !self.frame.chain(Some(pool)).is_empty();
        gains.is_some_and(|pools| pools.keys().any(is_tier)) || best.is_some_and(|seat| self.is_loss_held(who, seat))
    }

    /// Takes every tier beside the best one, and tells whether one is being taken already: until that is over nothing
    /// else is given, because a person never has two.
    fn others(&mut self, who: Subject<'_, 'a>, best: Option<(&PoolId, &Pool)>) -> bool {
        let mut unfinished = false;
        for seat in who.seats {
            let Some(pool) = seat.tier() else { continue };
            if best.is_some_and(|(id, _)| id == seat.id) {
                continue;
            }
            unfinished |= !seat.is_live();
            let cause = reason::loss(pool, seat.holding, who.want, self.frame.today);
            let (to, cause) = match best {
                Some((id, _)) => (Some(id.clone()), reason::second_tier(id, cause)),
                None => (None, cause),
            };
            // A second tier that cannot be taken blocks like an unfinished one.
            unfinished |= !self.end(who, seat, to, cause, Ending::Now);
        }
        unfinished
    }

    /// Somebody whose tier the table no longer gives.
    fn mover(
        &mut self,
        who: Subject<'_, 'a>,
        seat: &Seat<'a>,
        pool: &'a Pool,
        claim: Option<(&'a PoolId, &'a Claim)>,
        chain: &[&'a Pool],
        free: Option<&'a PoolId>,
    ) -> After<'a> {
        let cause = reason::loss(pool, seat.holding, who.want, self.frame.today);
        let ending = self.ending(who.want, seat, pool);
        let fate = match ending {
            Ending::Never => Fate::Stuck,
            Ending::Now | Ending::Later { .. } if self.is_stuck(who, seat) => Fate::Stuck,
            Ending::Now => Fate::Gone,
            Ending::Later { due_at, new } => Fate::Grace { due_at, new },
        };
        // Grace leaves the old tier to whoever falls; only a rise is made before it ends.
        let open = chain.iter().filter(|tier| fate == Fate::Gone || tier.rank > pool.rank).copied();
        let open: Vec<&'a Pool> = open.collect();
        if let (Some((tier, claim)), false) = (claim, open.is_empty()) {
            if fate != Fate::Gone {
                self.stay(who.person, seat, seat.holding.class.as_ref());
            } else if self.cools(seat, &cause) {
                self.rooms.cool(seat.id);
            }
            return self.seek(who, tier, claim, &open, Some(Old { seat: *seat, pool, fate, cause }));
        }
        let to = claim.map(|(tier, _)| tier).or(free).cloned();
        let goes = self.end(who, seat, to, cause, ending);
        let real = (!goes || self.frame.observes(seat.id)).then_some(pool);
        After::Known(Base { after: (!goes).then_some(pool), real, free, open: false })
    }

    fn seek(
        &mut self,
        who: Subject<'_, 'a>,
        tier: &'a PoolId,
        claim: &'a Claim,
        chain: &[&'a Pool],
        old: Option<Old<'a>>,
    ) -> After<'a> {
        let candidate = |pool: &&'a Pool| Candidate { pool, blocked: self.blocked(who, pool, old.as_ref()) };
        let candidates = chain.iter().map(candidate).collect();
        let Subject { person, want, seats: _ } = who;
        self.seekers.push(Seeker { person, want, tier, claim, candidates, old, served: None, turn: 0 });
        After::Seeker(self.seekers.len().saturating_sub(1))
    }

    fn blocked(&self, who: Subject<'_, 'a>, pool: &Pool, old: Option<&Old<'a>>) -> Option<Blocked> {
        let by_old = old.is_some_and(|old| match old.fate {
            Fate::Stuck => true,
            // The old tier would go while the new one is only planned.
            Fate::Grace { .. } | Fate::Fallback => self.is_apart(old, pool),
            Fate::Gone => false,
        });
        let addons = who.seats.iter().filter_map(|seat| Some((seat, seat.addon()?)));
        let mut excluding = addons.filter(|(_, addon)| excludes(addon, pool));
        if by_old {
            Some(Blocked::OldSeat)
        } else if excluding.any(|(seat, addon)| !self.goes_with(who, seat, addon, pool, old)) {
            Some(Blocked::Excluded)
        } else {
            None
        }
    }

    /// Whether the add-on goes in this plan when the person gets the tier.
    fn goes_with(
        &self,
        who: Subject<'_, 'a>,
        seat: &Seat<'a>,
        addon: &Pool,
        tier: &Pool,
        old: Option<&Old<'a>>,
    ) -> bool {
        let stays = old.is_some_and(|old| self.frame.observes(old.seat.id) && !self.frame.observes(&addon.id));
        let based = addon.requires.is_empty() || addon.requires.contains(&tier.id) || stays;
        let wanted = who.want.addons.contains_key(&addon.id);
        // A loss that is only planned makes no room where steps are applied.
        let made = !self.frame.observes(&addon.id) || self.frame.observes(&tier.id);
        made && seat.is_live()
            && !self.is_stuck(who, seat)
            && (!based || (!wanted && self.ending(who.want, seat, addon) == Ending::Now))
    }

    /// Gives the tiers that are left, highest rank first.
    pub(super) fn serve_tiers(&mut self) {
        let mut queues: BTreeMap<Reverse<(i64, &'a PoolId)>, Queue<'a>> = BTreeMap::new();
        for (index, seeker) in self.seekers.iter().enumerate() {
            for candidate in seeker.candidates.iter().filter(|candidate| candidate.blocked.is_none()) {
                let pool = candidate.pool;
                queues
                    .entry(Reverse((pool.rank, &pool.id)))
                    .or_insert(Queue { pool, seekers: Vec::new() })
                    .seekers
                    .push(index);
            }
        }
        for Queue { pool, seekers } in queues.into_values() {
            let seekers = seekers.into_iter().filter_map(|index| Some((index, self.seekers.get(index)?)));
            let open = seekers.filter(|(_, seeker)| seeker.served.is_none());
            let queue = open.map(|(index, seeker)| entry(self.frame, index, seeker.person, seeker.want, pool));
            let queue = queue.collect();
            for index in serve(&mut self.rooms, &pool.id, queue) {
                self.served(index, pool);
            }
        }
    }

    /// The next turn: whoever is served first stands first in the plan, so that a desk with fewer seats than were
    /// bought gives them to the right people.
    pub(super) fn turn(&mut self) -> usize {
        self.turns = self.turns.saturating_add(1);
        self.turns
    }

    fn served(&mut self, index: usize, pool: &'a Pool) {
        let turn = self.turn();
        let Some(seeker) = self.seekers.get_mut(index) else { return };
        (seeker.served, seeker.turn) = (Some(pool), turn);
        let Some(old) = &seeker.old else { return };
        let (seat, class) = (old.seat, old.class(seeker.want).cloned());
        if old.fate != Fate::Gone {
            let cools = super::cooling_until(seat.holding, &old.cause, old.pool, self.frame.now).is_some();
            self.keep = self.keep.saturating_sub(1);
            self.rooms.release(seat.id, class.as_ref(), cools);
        }
    }

    /// Whether the old seat really goes while the new one is only planned.
    pub(super) fn is_apart(&self, old: &Old<'a>, pool: &Pool) -> bool {
        self.frame.observes(&pool.id) && !self.frame.observes(old.seat.id)
    }
}

impl<'a> Old<'a> {
    /// The class that the old seat is counted under.
    pub(super) fn class(&self, want: &'a Want) -> Option<&'a crate::model::ClassName> {
        if self.fate == Fate::Fallback { want.class.as_ref() } else { self.seat.holding.class.as_ref() }
    }
}

/// A place in the queue of a pool.
pub(super) fn entry<'a>(frame: &Frame<'a>, index: usize, person: PersonId, want: &'a Want, pool: &Pool) -> Entry<'a> {
    Entry {
        index,
        person,
        class: want.class.as_ref(),
        priority: priority(want, &pool.id),
        since: frame.since(person, &pool.id),
        order_key: &want.order_key,
        counted: frame.counted_for(person, &pool.id),
    }
}
