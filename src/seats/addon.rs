//! The third stage of a draft: add-ons, which rest on a tier and never meet what they exclude.

use std::collections::BTreeMap;

use super::frame::excludes;
use super::queue::serve;
use super::reason;
use super::scan::{Ending, Seat, Sheet, Subject};
use super::tier::{After, Base, entry};
use super::wait::Blocked;
use crate::model::{PersonId, Pool, PoolId, PoolKind};
use crate::rules::{Claim, Want};

/// Somebody active who holds or wants add-ons.
#[derive(Debug)]
pub(super) struct Hopeful<'a> {
    pub(super) person: PersonId,
    pub(super) want: &'a Want,
    /// Held add-ons.
    pub(super) seats: Vec<Seat<'a>>,
    pub(super) after: After<'a>,
}

/// An add-on that somebody wants and does not hold.
#[derive(Debug)]
struct Wish<'a> {
    person: PersonId,
    want: &'a Want,
    claim: &'a Claim,
}

/// What a new add-on would be held together with.
#[derive(Debug)]
struct Beside<'a> {
    base: Base<'a>,
    /// Add-ons when the plan is done.
    addons: Vec<&'a Pool>,
    /// Held add-ons of pools that observe: what a plan does to them is not made.
    observed: Vec<&'a Pool>,
}

impl<'a> Sheet<'a> {
    /// Takes, keeps and gives add-ons, when all tiers are settled.
    pub(super) fn addons(&mut self, bases: &[Base<'a>]) {
        let mut beside: BTreeMap<PersonId, Beside<'a>> = BTreeMap::new();
        let mut wishes: BTreeMap<&'a PoolId, (&'a Pool, Vec<Wish<'a>>)> = BTreeMap::new();
        for hopeful in std::mem::take(&mut self.hopefuls) {
            let base = match hopeful.after {
                After::Known(base) => base,
                After::Seeker(index) => bases.get(index).copied().unwrap_or_default(),
            };
            let mut held = self.held_addons(&hopeful, base);
            // A seat that a brake holds back may come any time, so it excludes like one that is held.
            let coming = self.frame.around.gains.get(&hopeful.person).into_iter().flat_map(BTreeMap::keys);
            held.extend(coming.filter_map(|pool| self.frame.counted(pool)).filter(|pool| pool.kind == PoolKind::Addon));
            for (pool, wish) in self.wishes(&hopeful, base) {
                wishes.entry(&pool.id).or_insert((pool, Vec::new())).1.push(wish);
            }
            let observed = hopeful.seats.iter().filter_map(Seat::addon).filter(|pool| self.frame.observes(&pool.id));
            let observed = observed.collect();
            beside.insert(hopeful.person, Beside { base, addons: held, observed });
        }
        self.rooms.watch(PoolKind::Addon);
        for (pool, wishes) in wishes.into_values() {
            self.serve_addon(pool, &wishes, &mut beside);
        }
    }

    /// Decides about the add-ons that are held, and tells which stay.
    fn held_addons(&mut self, hopeful: &Hopeful<'a>, base: Base<'a>) -> Vec<&'a Pool> {
        let Hopeful { person, want, seats, after: _ } = hopeful;
        let who = Subject { person: *person, want, seats };
        let mut stay = Vec::new();
        for seat in seats {
            let Some(pool) = seat.pool else { continue };
            let ending = self.ending(want, seat, pool);
            let goes = match want.addons.get(seat.id) {
                // What goes on its own account does so whatever becomes of the base.
                None if ending == Ending::Now => {
                    let cause = reason::loss(pool, seat.holding, want, self.frame.today);
                    self.end(who, seat, None, cause, ending)
                }
                _ if !base.still_carries(self.frame, pool) => {
                    let cause = reason::base_missing(seat.id, seat.holding.rule.clone());
                    self.end(who, seat, None, cause, Ending::Now)
                }
                Some(claim) if seat.is_live() => {
                    self.stay(*person, seat, want.class.as_ref());
                    if !self.is_loss_held(who, seat) {
                        self.rebase(*person, want, claim, seat);
                    }
                    false
                }
                Some(_) => self.end(who, seat, None, reason::base_missing(seat.id, None), Ending::Never),
                None => {
                    let cause = reason::loss(pool, seat.holding, want, self.frame.today);
                    self.end(who, seat, None, cause, ending)
                }
            };
            if !goes {
                stay.push(pool);
            }
        }
        stay
    }

    fn wishes(&mut self, hopeful: &Hopeful<'a>, base: Base<'a>) -> Vec<(&'a Pool, Wish<'a>)> {
        let Hopeful { person, want, seats, after: _ } = hopeful;
        let mut wishes = Vec::new();
        for (id, claim) in &want.addons {
            let Some(pool) = self.frame.counted(id).filter(|pool| pool.kind == PoolKind::Addon) else { continue };
            let held = seats.iter().any(|seat| seat.id == id);
            if self.frame.is_gain_held(*person, id) {
                self.waits.leave(*person);
                self.waits.note(self.frame, *person, id, claim, true);
            } else if !held && base.may_carry(self.frame, pool) {
                wishes.push((pool, Wish { person: *person, want, claim }));
            }
        }
        wishes
    }

    fn serve_addon(&mut self, pool: &'a Pool, wishes: &[Wish<'a>], beside: &mut BTreeMap<PersonId, Beside<'a>>) {
        let mut queue = Vec::new();
        for (index, wish) in wishes.iter().enumerate() {
            let excluded = beside.get(&wish.person).is_some_and(|beside| {
                let tiers = beside.base.tiers(self.frame, pool).into_iter().flatten();
                let observed: &[&Pool] = if self.frame.observes(&pool.id) { &[] } else { &beside.observed };
                beside.addons.iter().chain(observed).copied().chain(tiers).any(|other| excludes(other, pool))
            });
            self.waits.open(wish.person, pool, wish.want, wish.claim, excluded.then_some(Blocked::Excluded));
            if !excluded {
                queue.push(entry(self.frame, index, wish.person, wish.want, pool));
            }
        }
        for index in serve(&mut self.rooms, &pool.id, queue) {
            let Some(Wish { person, want, claim }) = wishes.get(index) else { continue };
            self.waits.close(*person, pool);
            if let Some(beside) = beside.get_mut(person) {
                beside.addons.push(pool);
            }
            let step = self.grant(*person, want, pool, &pool.id, claim, None);
            let turn = self.turn();
            self.grants.push((turn, step));
        }
    }
}
