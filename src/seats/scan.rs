//! The first stage of a draft: one walk over everybody who wants or holds a seat, or over the few to look at.
//!
//! Decides what needs no look at anybody else: who stays, who loses at once, whose grace runs. Whoever wants a seat
//! is noted for the stages after it.

use std::collections::BTreeSet;

use super::addon::Hopeful;
use super::cooling::is_over;
use super::event::{Cause, Event};
use super::frame::Frame;
use super::holdings::Tally;
use super::ledger::{HoldState, Holding};
use super::order::Moving;
use super::plan::{Action, Step};
use super::reason;
use super::room::Rooms;
use super::tier::{Base, Seeker};
use super::wait::Waits;
use crate::model::{ClassName, PersonId, Pool, PoolId, PoolKind, RuleId, Time};
use crate::rules::{Claim, Standing, Want};

/// A seat of the person at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat<'a> {
    pub(super) id: &'a PoolId,
    /// `None` when the catalog no longer counts it; such a seat is kept until its holder leaves.
    pub(super) pool: Option<&'a Pool>,
    pub(super) holding: &'a Holding,
}

impl<'a> Seat<'a> {
    /// Whether it is held or being granted, and not being taken.
    pub(super) fn is_live(&self) -> bool {
        self.holding.state != HoldState::Revoking
    }

    /// The pool, when the seat is one of a counted tier.
    pub(super) fn tier(&self) -> Option<&'a Pool> {
        self.pool.filter(|pool| pool.kind == PoolKind::Tier)
    }

    /// The pool, when the seat is one of a counted add-on.
    pub(super) fn addon(&self) -> Option<&'a Pool> {
        self.pool.filter(|pool| pool.kind == PoolKind::Addon)
    }
}

/// The person at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'c, 'a> {
    pub(super) person: PersonId,
    pub(super) want: &'a Want,
    /// All seats of the person.
    pub(super) seats: &'c [Seat<'a>],
}

/// When a seat that the table no longer gives goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// In this plan.
    Now,
    /// When grace ends; `new` when it begins now.
    Later {
        /// The end of grace.
        due_at: Time,
        /// Whether the ledger does not know yet.
        new: bool,
    },
    /// Not while things are as they are.
    Never,
}

/// What the stages of a draft gather.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) rooms: Rooms<'a>,
    pub(super) revokes: Vec<Step>,
    pub(super) moves: Vec<Moving>,
    /// With the turn in which each was given.
    pub(super) grants: Vec<(usize, Step)>,
    pub(super) turns: usize,
    pub(super) hold_offs: Vec<Step>,
    pub(super) notes: Vec<Event>,
    pub(super) seekers: Vec<Seeker<'a>>,
    pub(super) hopefuls: Vec<Hopeful<'a>>,
    pub(super) waits: Waits<'a>,
    pub(super) keep: u64,
}

impl<'a> Sheet<'a> {
    /// Walks over everybody, or over the few.
    pub(super) fn scan(frame: &'a Frame<'a>) -> Self {
        let mut sheet = Self {
            frame,
            rooms: Rooms::new(frame),
            revokes: Vec::new(),
            moves: Vec::new(),
            grants: Vec::new(),
            turns: 0,
            hold_offs: Vec::new(),
            notes: Vec::new(),
            seekers: Vec::new(),
            hopefuls: Vec::new(),
            waits: Waits::default(),
            keep: 0,
        };
        sheet.cooling();
        sheet.reserved();
        match frame.few {
            None => sheet.everybody(),
            Some(few) => sheet.only(few),
        }
        sheet.rooms.watch(PoolKind::Tier);
        sheet
    }

    fn everybody(&mut self) {
        let frame = self.frame;
        let mut wants = frame.desired.iter().peekable();
        let mut holdings = frame.ledger.holdings.iter().peekable();
        let mut seats: Vec<Seat<'a>> = Vec::new();
        loop {
            let next = (wants.peek().map(|(person, _)| **person), holdings.peek().map(|((person, _), _)| *person));
            let person = match next {
                (Some(one), Some(other)) => one.min(other),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => break,
            };
            seats.clear();
            while let Some(((_, id), holding)) = holdings.next_if(|((holder, _), _)| *holder == person) {
                seats.push(Seat { id, pool: frame.counted(id), holding });
            }
            let want = wants.next_if(|(wanting, _)| **wanting == person).map(|(_, want)| want);
            self.person(person, want, &seats);
        }
    }

    /// Counts all seats by the sums of the ledger, and counts those of the few anew.
    fn only(&mut self, few: &BTreeSet<PersonId>) {
        let frame = self.frame;
        self.rooms.hold_all(&frame.ledger.holdings);
        let live = frame.ledger.holdings.tallies().values().map(Tally::live);
        self.keep = live.fold(0, u64::saturating_add);
        for person in few {
            let seats = frame.ledger.of_person(*person);
            let seats: Vec<Seat<'a>> =
                seats.map(|(id, holding)| Seat { id, pool: frame.counted(id), holding }).collect();
            for seat in &seats {
                self.rooms.unhold(seat.id, *person, seat.holding.class.as_ref());
                self.keep = self.keep.saturating_sub(u64::from(seat.is_live()));
            }
            self.person(*person, frame.desired.get(person), &seats);
        }
    }

    fn cooling(&mut self) {
        for ((person, pool), cooling) in &self.frame.ledger.cooling {
            let want = self.frame.desired.get(person);
            if is_over(cooling, want, self.frame.counted(pool), self.frame.now) {
                self.notes.push(Event::Cooled { person: *person, pool: pool.clone() });
            } else {
                self.rooms.cool(pool);
            }
        }
    }

    fn reserved(&mut self) {
        for (person, pools) in &self.frame.around.gains {
            for (pool, class) in pools {
                self.rooms.take(pool, *person, class.as_ref(), self.frame.counted_for(*person, pool));
            }
        }
    }

    fn person(&mut self, person: PersonId, want: Option<&'a Want>, seats: &[Seat<'a>]) {
        let Some(want) = want else {
            return self.keep_all(person, seats);
        };
        let who = Subject { person, want, seats };
        let rule = |seat: &Seat<'a>| seat.holding.rule.clone();
        match &want.standing {
            Standing::Active => self.active(who),
            Standing::Frozen { why: _ } => self.keep_all(person, seats),
            Standing::Suspended { word } => self.suspended(who, word),
            Standing::PreStart => self.leaves(who, |seat| reason::not_started(rule(seat))),
            Standing::Left { feed, word, absence, accepted: _ } => {
                self.leaves(who, |seat| reason::left(feed, word, *absence, rule(seat)));
            }
        }
    }

    fn active(&mut self, who: Subject<'_, 'a>) {
        for seat in who.seats.iter().filter(|seat| seat.pool.is_none()) {
            self.stay(who.person, seat, seat.holding.class.as_ref());
        }
        let after = self.tiers(who);
        let addons: Vec<Seat<'a>> = who.seats.iter().filter(|seat| seat.addon().is_some()).copied().collect();
        if !addons.is_empty() || !who.want.addons.is_empty() {
            self.hopefuls.push(Hopeful { person: who.person, want: who.want, seats: addons, after });
        }
    }

    fn keep_all(&mut self, person: PersonId, seats: &[Seat<'a>]) {
        for seat in seats {
            self.stay(person, seat, seat.holding.class.as_ref());
        }
    }

    fn leaves(&mut self, who: Subject<'_, 'a>, cause: impl Fn(&Seat<'a>) -> Cause) {
        for seat in who.seats {
            self.end(who, seat, None, cause(seat), Ending::Now);
        }
    }

    fn suspended(&mut self, who: Subject<'_, 'a>, word: &str) {
        let cause = |seat: &Seat<'a>| reason::suspended(word, seat.holding.rule.clone());
        let (mut base, mut had_base) = (Base::default(), false);
        for seat in who.seats.iter().filter(|seat| seat.addon().is_none()) {
            let ending = self.ending_of_suspended(seat);
            let to = self.frame.free_tier(Some(seat.id)).cloned();
            let live = seat.tier().filter(|_| seat.is_live());
            had_base |= live.is_some();
            let goes = self.end(who, seat, to, cause(seat), ending);
            base.after = base.after.or(live.filter(|_| !goes));
            base.real = base.real.or(live.filter(|_| !goes || self.frame.observes(seat.id)));
        }
        for seat in who.seats.iter().filter(|seat| seat.addon().is_some()) {
            // Without a base before there is nothing that this plan takes away.
            let rests = !had_base || seat.pool.is_some_and(|pool| base.still_carries(self.frame, pool));
            let ending = self.ending_of_suspended(seat);
            if rests || ending == Ending::Now {
                self.end(who, seat, None, cause(seat), ending);
            } else {
                let cause = reason::base_missing(seat.id, seat.holding.rule.clone());
                self.end(who, seat, None, cause, Ending::Now);
            }
        }
    }

    fn ending_of_suspended(&self, seat: &Seat<'a>) -> Ending {
        match (&seat.holding.leaving, seat.pool) {
            (Some(leaving), _) if leaving.due_at <= self.frame.now => Ending::Now,
            (Some(leaving), _) => Ending::Later { due_at: leaving.due_at, new: false },
            (None, Some(pool)) if !pool.grace.is_zero() => {
                Ending::Later { due_at: self.frame.now.plus(pool.grace), new: true }
            }
            (None, _) => Ending::Never,
        }
    }

    /// When a seat goes that the table no longer gives to somebody active.
    pub(super) fn ending(&self, want: &Want, seat: &Seat<'a>, pool: &Pool) -> Ending {
        let now = self.frame.now;
        // Grace is for people who move; an undo is asked for now.
        if super::undo::is_pinned(want)
            || seat.holding.state == HoldState::Granting
            || reason::is_expired(seat.holding, self.frame.today)
            || pool.grace.is_zero()
        {
            return Ending::Now;
        }
        match &seat.holding.leaving {
            Some(leaving) if leaving.due_at <= now => Ending::Now,
            Some(leaving) => Ending::Later { due_at: leaving.due_at, new: false },
            None => Ending::Later { due_at: now.plus(pool.grace), new: true },
        }
    }

    /// Ends a seat as `ending` says; tells whether it goes now. A seat that stays is counted.
    pub(super) fn end(
        &mut self,
        who: Subject<'_, 'a>,
        seat: &Seat<'a>,
        to: Option<PoolId>,
        cause: Cause,
        ending: Ending,
    ) -> bool {
        if seat.is_live() && !self.is_stuck(who, seat) {
            match ending {
                Ending::Now => {
                    self.lose(who, seat, to, cause);
                    return true;
                }
                Ending::Later { due_at, new } => self.hold_off(who, seat, to, cause, due_at, new),
                Ending::Never => {}
            }
        }
        self.stay(who.person, seat, seat.holding.class.as_ref());
        false
    }

    /// Plans a loss for later, and notes it once.
    pub(super) fn hold_off(
        &mut self,
        who: Subject<'_, 'a>,
        seat: &Seat<'a>,
        to: Option<PoolId>,
        cause: Cause,
        due_at: Time,
        new: bool,
    ) {
        if new {
            let (person, pool, cause) = (who.person, seat.id.clone(), cause.clone());
            self.notes.push(Event::Leaving { person, pool, due_at, cause });
        }
        let step = revoke(who.person, who.want, seat, to, cause);
        self.hold_offs.push(Step { action: Action::HoldOff, due_at: Some(due_at), ..step });
    }

    fn lose(&mut self, who: Subject<'_, 'a>, seat: &Seat<'a>, to: Option<PoolId>, cause: Cause) {
        if self.cools(seat, &cause) {
            self.rooms.cool(seat.id);
        }
        self.revokes.push(revoke(who.person, who.want, seat, to, cause));
    }

    /// Whether the seat would cool after being taken for that cause.
    pub(super) fn cools(&self, seat: &Seat<'a>, cause: &Cause) -> bool {
        seat.pool.is_some_and(|pool| super::cooling_until(seat.holding, cause, pool, self.frame.now).is_some())
    }

    /// Whether the seat cannot be taken: by the pool's mode, by a brake, or because an add-on on it is held by one.
    pub(super) fn is_stuck(&self, who: Subject<'_, 'a>, seat: &Seat<'a>) -> bool {
        !self.frame.may_lose(seat.id) || self.is_loss_held(who, seat)
    }

    /// Whether a brake holds the loss of the seat, or of an add-on that rests on it.
    pub(super) fn is_loss_held(&self, who: Subject<'_, 'a>, seat: &Seat<'a>) -> bool {
        let held = |pool: &PoolId| self.frame.is_loss_held(who.person, pool);
        let carries = |addon: &Pool| addon.requires.contains(seat.id) && held(&addon.id);
        held(seat.id) || (seat.tier().is_some() && who.seats.iter().filter_map(Seat::addon).any(carries))
    }

    /// Counts a seat that is in use after the plan.
    pub(super) fn stay(&mut self, person: PersonId, seat: &Seat<'a>, class: Option<&ClassName>) {
        self.rooms.hold(seat.id, person, class);
        if seat.is_live() {
            self.keep = self.keep.saturating_add(1);
        }
    }

    /// Notes that a seat stays and what gives it now.
    pub(super) fn rebase(&mut self, person: PersonId, want: &Want, claim: &Claim, seat: &Seat<'a>) {
        if seat.holding.leaving.is_some() {
            self.notes.push(Event::Stays { person, pool: seat.id.clone() });
        }
        let Holding { class, rule, basis, .. } = seat.holding;
        let same = *class == want.class
            && rule.as_ref() == Some(&claim.rule)
            && basis.until == claim.until
            && basis.facts == want.basis.facts;
        if !same {
            self.notes.push(Event::Rebased {
                person,
                pool: seat.id.clone(),
                class: want.class.clone(),
                rule: Some(RuleId::clone(&claim.rule)),
                basis: reason::basis_of(want, claim),
            });
        }
    }
}

/// The step that takes a seat.
pub(super) fn revoke(person: PersonId, want: &Want, seat: &Seat<'_>, to: Option<PoolId>, cause: Cause) -> Step {
    Step {
        action: Action::Revoke,
        person,
        pool: seat.id.clone(),
        from: Some(seat.id.clone()),
        to,
        class: seat.holding.class.clone(),
        cause,
        basis: want.basis.clone(),
        due_at: None,
    }
}
