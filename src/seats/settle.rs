//! What the tier stage comes to: steps, waits, and what add-ons rest on.

use super::event::{Cause, Reason};
use super::order::{Bond, Moving};
use super::plan::{Action, Step};
use super::reason;
use super::scan::{Sheet, Subject, revoke};
use super::tier::{Base, Fate, Old, Seeker};
use crate::model::{PersonId, Pool, PoolId};
use crate::rules::{Claim, Want};

impl<'a> Sheet<'a> {
    /// Turns what the seekers got into steps and waits, and tells what their add-ons rest on.
    pub(super) fn settle_tiers(&mut self) -> Vec<Base<'a>> {
        std::mem::take(&mut self.seekers).into_iter().map(|seeker| self.settle(seeker)).collect()
    }

    fn settle(&mut self, seeker: Seeker<'a>) -> Base<'a> {
        let Seeker { person, want, tier, claim, candidates, old, served, turn } = seeker;
        let free = self.frame.free_tier(Some(tier));
        for candidate in
            candidates.iter().take_while(|candidate| served.is_none_or(|pool| pool.id != candidate.pool.id))
        {
            self.waits.open(person, candidate.pool, want, claim, candidate.blocked);
        }
        let who = Subject { person, want, seats: &[] };
        let observes = |pool: &Pool| self.frame.observes(&pool.id);
        let (after, real) = match (old, served) {
            (None, None) => (None, None),
            (None, Some(pool)) => {
                let step = self.grant(person, want, pool, tier, claim, free.cloned());
                self.grants.push((turn, step));
                (Some(pool), Some(pool).filter(|pool| !observes(pool)))
            }
            (Some(old), Some(pool)) => {
                let real = match (observes(old.pool), observes(pool)) {
                    (false, false) => Some(pool),
                    (false, true) => None,
                    (true, _) => Some(old.pool),
                };
                let moving = self.moving(person, want, pool, tier, claim, &old);
                self.moves.push(Moving { turn, ..moving });
                (Some(pool), real)
            }
            (Some(Old { seat, pool, fate, cause }), None) => match fate {
                Fate::Gone => {
                    self.revokes.push(revoke(person, want, &seat, free.cloned(), cause));
                    (None, Some(pool).filter(|pool| observes(pool)))
                }
                Fate::Grace { due_at, new } => {
                    self.hold_off(who, &seat, Some(tier.clone()), cause, due_at, new);
                    (Some(pool), Some(pool))
                }
                Fate::Fallback => {
                    self.rebase(person, want, claim, &seat);
                    (Some(pool), Some(pool))
                }
                Fate::Stuck => (Some(pool), Some(pool)),
            },
        };
        Base { after, real, free, open: false }
    }

    /// The step that gives a seat.
    pub(super) fn grant(
        &self,
        person: PersonId,
        want: &Want,
        pool: &Pool,
        wanted: &PoolId,
        claim: &Claim,
        from: Option<PoolId>,
    ) -> Step {
        Step {
            action: Action::Grant,
            person,
            pool: pool.id.clone(),
            from,
            to: Some(pool.id.clone()),
            class: want.class.clone(),
            cause: reason::gain(&pool.id, claim, wanted, self.frame.waits_for_seat(person, &pool.id)),
            basis: reason::basis_of(want, claim),
            due_at: None,
        }
    }

    fn moving(
        &self,
        person: PersonId,
        want: &Want,
        pool: &Pool,
        wanted: &PoolId,
        claim: &Claim,
        old: &Old<'a>,
    ) -> Moving {
        let from = Some(old.seat.id.clone());
        let grant = self.grant(person, want, pool, wanted, claim, from.clone());
        let revoke = revoke(person, want, &old.seat, grant.to.clone(), old.cause.clone());
        // Whoever rises from the fallback does so because it is their turn; everybody else because something changed.
        let freed = old.fate == Fate::Fallback && grant.cause.reason == Reason::SeatFreed;
        let cause =
            if freed { grant.cause.clone() } else { Cause { rule: grant.cause.rule.clone(), ..old.cause.clone() } };
        Moving {
            step: Step { action: Action::Move, cause, ..grant.clone() },
            rank: pool.rank,
            turn: 0,
            class: old.class(want).cloned(),
            cools: self.cools(&old.seat, &old.cause),
            gone: old.fate == Fate::Gone,
            counted: self.frame.counted_for(person, &pool.id),
            bond: match (self.frame.observes(old.seat.id), self.frame.observes(&pool.id)) {
                (false, true) => Bond::Apart,
                (true, false) => Bond::Together,
                (false, false) | (true, true) => Bond::Free,
            },
            revoke,
            grant: Step { from: None, ..grant },
        }
    }
}
