//! Intents that an earlier pass, perhaps of an earlier process, left without a result.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::apply::{AT_ONCE, Applied, Ended};
use super::warden::{Warden, WardenError};
use crate::model::{PersonId, PoolId, PoolKind, Seats};
use crate::rules::Standing;
use crate::seats::{self, Event, HoldState};
use crate::store::Batch;

/// Whose seat of which pool, and whether it stays although it was begun to be taken.
type Intent = (PersonId, PoolId, bool);

impl Warden {
    /// Finishes them. What is taken goes before what is given, so that nobody has two tiers at a desk.
    pub(super) async fn finish_intents(
        &self,
        plan: &seats::Plan,
        pass: u64,
        applied: &mut Applied,
    ) -> Result<(), WardenError> {
        for losing in [true, false] {
            for chunk in self.open_intents(plan, losing).chunks(AT_ONCE) {
                self.finish_chunk(chunk, losing, pass, applied).await?;
            }
        }
        Ok(())
    }

    async fn finish_chunk(
        &self,
        chunk: &[Intent],
        losing: bool,
        pass: u64,
        applied: &mut Applied,
    ) -> Result<(), WardenError> {
        let beyond = &self.beyond();
        let calls: FuturesUnordered<_> = chunk
            .iter()
            .map(|(person, pool, stays)| async move {
                let ended = if losing && !stays {
                    self.call_revoke(*person, pool).await
                } else if !losing && beyond.contains(pool) && !self.shows(*person, pool) {
                    Ended::Dropped("more seats are in use than were bought".to_owned())
                } else {
                    self.call_grant(*person, pool).await
                };
                (*person, pool, *stays, ended)
            })
            .collect();
        let ends: Vec<_> = calls.collect().await;
        let mut batch = Batch::new(self.now(), pass);
        for (person, pool, stays, ended) in ends {
            if let (true, Ended::Done { .. }) = (stays, &ended) {
                let why = "the person is entitled to the seat again".to_owned();
                self.stand().failing.remove(&(person, pool.clone()));
                batch.events.push(Event::RevokeDropped { person, pool: pool.clone(), why });
                continue;
            }
            if self.settle(person, pool, losing, ended, applied, &mut batch) {
                let done = if losing { &mut applied.revoked } else { &mut applied.granted };
                *done = done.saturating_add(1);
            }
        }
        if !batch.is_empty() {
            self.commit(batch).await?;
        }
        Ok(())
    }

    /// Intents of one kind to be finished now, and whether the seat stays after all: facts may have moved since it was
    /// begun to be taken. A grant that the plan takes back is not made first, and none before the old tier is gone.
    fn open_intents(&self, plan: &seats::Plan, losing: bool) -> Vec<Intent> {
        let ledger = self.ledger();
        let (paused, beyond) = (self.paused(self.now()), self.beyond());
        let taken: BTreeSet<(PersonId, &PoolId)> =
            plan.steps.iter().filter_map(|step| Some((step.person, step.loses()?))).collect();
        let is_tier = |pool: &PoolId| self.kind(pool) == Some(PoolKind::Tier);
        let open = ledger.holdings.iter().filter(|(key, holding)| {
            let (person, pool) = key;
            let ready = match holding.state {
                HoldState::Held => false,
                HoldState::Revoking => losing,
                HoldState::Granting => {
                    let going = ledger.of_person(*person).filter(|(_, other)| other.state == HoldState::Revoking);
                    let blocked = is_tier(pool) && going.map(|(id, _)| id).any(is_tier);
                    let seen = !beyond.contains(pool) || self.is_read(pool);
                    !losing && !blocked && seen && !taken.contains(&(*person, pool))
                }
            };
            ready && !paused.contains(*key)
        });
        open.map(|((person, pool), _)| (*person, pool.clone(), losing && self.is_due_again(&ledger, *person, pool)))
            .collect()
    }

    /// Whether somebody whose seat is being taken should have it after all, and may.
    fn is_due_again(&self, ledger: &seats::Ledger, person: PersonId, pool: &PoolId) -> bool {
        let known = self.known();
        let Some(want) = known.desired.get(&person).filter(|want| want.standing == Standing::Active) else {
            return false;
        };
        let live = || ledger.of_person(person).filter(|(_, holding)| holding.state != HoldState::Revoking);
        let tiers: BTreeSet<&PoolId> =
            live().map(|(id, _)| id).filter(|id| self.kind(id) == Some(PoolKind::Tier)).collect();
        if self.kind(pool) == Some(PoolKind::Tier) {
            return want.tier.as_ref().is_some_and(|(tier, _)| tier == pool) && tiers.is_empty();
        }
        let carried =
            |requires: &BTreeSet<PoolId>| requires.is_empty() || tiers.iter().any(|tier| requires.contains(*tier));
        let excluded = |excludes: &BTreeSet<PoolId>| live().any(|(id, _)| excludes.contains(id));
        want.addons.contains_key(pool)
            && self.parts.catalog.pool(pool).is_some_and(|it| carried(&it.requires) && !excluded(&it.excludes))
    }

    /// Pools of which more seats are in use than were bought, after the catalog was edited.
    fn beyond(&self) -> BTreeSet<PoolId> {
        let counts = self.ledger().counts().into_iter();
        let beyond = counts.filter(|(pool, count)| match self.parts.catalog.pool(pool).map(|pool| pool.seats) {
            Some(Seats::Bought(bought)) => count.total() > bought,
            Some(Seats::Unlimited) | None => false,
        });
        beyond.map(|(pool, _)| pool).collect()
    }
}
