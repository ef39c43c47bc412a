//! What an operator may do: approve, reject, adopt.

use std::collections::BTreeMap;

use super::observe::owners;
use super::request::{Answer, exit};
use super::view::AdoptView;
use super::warden::{Warden, WardenError};
use crate::model::{Digest, PersonId, PoolId, PoolKind, Seats, TargetName};
use crate::seats::{self, Cause, Event, Evidence, HoldState, Reason};
use crate::store::Batch;

impl Warden {
    /// Releases or refuses a held plan; the next pass acts on it.
    pub(super) async fn judge_hold(
        &self,
        digest: &str,
        reason: &str,
        by: &str,
        approve: bool,
    ) -> Result<Answer, WardenError> {
        let judging = self.judging.lock().await;
        let ledger = self.ledger();
        let now = self.now();
        let Some(digest) = full_digest(digest, ledger.held.keys()) else {
            return Ok(Answer::failed(exit::DATA, format!("no plan with the digest {digest} is held")));
        };
        if reason.trim().is_empty() || by.trim().is_empty() {
            return Ok(Answer::failed(exit::USAGE, "a reason and a name are needed"));
        }
        let verdict = if approve {
            seats::approve(&ledger, &self.parts.config.brakes, &digest, by, reason, now)
        } else {
            seats::reject(&ledger, &digest, by, reason, now)
        };
        let event = match verdict {
            Ok(event) => event,
            Err(refusal) => return Ok(Answer::failed(exit::DATA, refusal.to_string())),
        };
        let mut batch = Batch::new(now, 0);
        batch.events.push(event);
        self.commit(batch).await?;
        drop(judging);
        let ledger = self.ledger();
        let needed = self.parts.config.brakes.approvers.max(1);
        let hold = ledger.held.get(&digest);
        let approvals = hold.map_or(0, |hold| hold.approvals.len());
        let data = serde_json::json!({
            "digest": digest,
            "approved": approve,
            "by": by,
            "approvals": approvals,
            "needed": needed,
        });
        Ok(Answer { exit: exit::DONE, data, error: None })
    }

    /// Takes seats that people held at a desk before us into the ledger. Nothing is called but reads.
    pub(super) async fn adopt(&self, target: &TargetName) -> Result<Answer, WardenError> {
        let Some(desk) = self.parts.targets.get(target).cloned() else {
            return Ok(Answer::failed(exit::USAGE, format!("there is no target `{target}` in the configuration")));
        };
        let turn = self.turn.lock().await;
        let observed = match desk.observe().await {
            Ok(observed) => observed,
            Err(error) => return Ok(Answer::failed(super::answer::target_exit(&error), format!("{target}: {error}"))),
        };
        let rules = self.rules()?;
        let today = self.now().date_in(&self.parts.config.time_zone);
        let mut view = AdoptView { target: target.clone(), adopted: 0, strangers: 0, left: Vec::new() };
        let mut ledger = self.ledger().as_ref().clone();
        let owners = owners(&ledger, target);
        let now = self.now();
        let mut batch = Batch::new(now, 0);
        let mut tiers: BTreeMap<PersonId, PoolId> = BTreeMap::new();
        let mut pools: Vec<&PoolId> = observed.holders.keys().collect();
        // Tiers before add-ons, so that an add-on finds its base.
        pools.sort_by_key(|pool| self.kind(pool));
        for pool in pools {
            for account in observed.holders.get(pool).into_iter().flatten() {
                let Some(person) = self.holder(target, account, &owners) else {
                    view.strangers = view.strangers.saturating_add(1);
                    continue;
                };
                if ledger.holding(person, pool).is_some() {
                    continue;
                }
                if let Some(why) = self.misfit(&ledger, person, pool, &tiers) {
                    view.left.push(format!("{person} in {pool}: {why}"));
                    continue;
                }
                let record = self.parts.store.person(person)?;
                let decision = record.map(|record| rules.decide(&self.person_of(&record), today));
                let class = decision.as_ref().and_then(|decision| decision.class.clone());
                let cause = Cause {
                    reason: Reason::Operator,
                    evidence: Evidence::Operator,
                    rule: decision.as_ref().and_then(|decision| decision.rule.clone()),
                    text: format!("held at {target} before and adopted"),
                };
                let basis = decision.map(|decision| decision.basis).unwrap_or_default();
                let (pool_id, target) = (pool.clone(), target.clone());
                let unit = self.parts.catalog.pool(pool).and_then(|pool| seats::adopted_unit(&ledger, pool));
                let known = Event::DeskAccount { person, target: target.clone(), account: account.id.clone() };
                let event = Event::Adopted { person, pool: pool_id, target, class, cause, basis, unit };
                ledger.apply(now, &event);
                batch.events.extend(self.introduce([person].into())?);
                batch.events.extend([known, event]);
                if self.kind(pool) == Some(PoolKind::Tier) {
                    tiers.insert(person, pool.clone());
                }
                view.adopted = view.adopted.saturating_add(1);
            }
        }
        if !batch.is_empty() {
            self.commit(batch).await?;
        }
        self.stand().desks.remove(target);
        self.observe_desks(false).await;
        self.leave_note(0).await?;
        drop(turn);
        Ok(Answer::data(&view))
    }

    /// Why a seat at a desk cannot be taken into the ledger.
    fn misfit(
        &self,
        ledger: &seats::Ledger,
        person: PersonId,
        pool: &PoolId,
        tiers: &BTreeMap<PersonId, PoolId>,
    ) -> Option<String> {
        let pools = &self.parts.catalog;
        let used = ledger.counts().get(pool).copied().unwrap_or_default().total();
        match pools.pool(pool)?.seats {
            Seats::Unlimited => return Some("the tier is free and not counted".to_owned()),
            Seats::Bought(bought) if used >= bought => return Some(format!("all {bought} seats are in use")),
            Seats::Bought(_) => {}
        }
        if self.kind(pool) == Some(PoolKind::Tier) {
            let held = ledger
                .of_person(person)
                .find(|(held, holding)| self.kind(held) == Some(PoolKind::Tier) && holding.state != HoldState::Revoking)
                .map(|(held, _)| held);
            return held.or(tiers.get(&person)).map(|held| format!("already has the tier {held}"));
        }
        let requires = &pools.pool(pool)?.requires;
        let has_base = requires.is_empty() || ledger.of_person(person).any(|(held, _)| requires.contains(held));
        let excluded = ledger.of_person(person).map(|(held, _)| held).find(|held| {
            pools.pool(pool).is_some_and(|pool| pool.excludes.contains(*held))
                || pools.pool(held).is_some_and(|held| held.excludes.contains(pool))
        });
        match (has_base, excluded) {
            (false, _) => Some("the tier it needs is not held".to_owned()),
            (true, Some(other)) => Some(format!("excluded by {other}")),
            (true, None) => None,
        }
    }
}

/// The one digest that begins like this; at least eight hexadecimal digits are needed.
fn full_digest<'a>(text: &str, held: impl Iterator<Item = &'a Digest>) -> Option<Digest> {
    let hex = text.trim().strip_prefix("sha256:").unwrap_or(text.trim()).to_ascii_lowercase();
    if hex.len() < 8 {
        return None;
    }
    let wanted = format!("sha256:{hex}");
    let mut fitting = held.filter(|digest| digest.as_str().starts_with(&wanted));
    let first = fitting.next()?;
    fitting.next().is_none().then(|| first.clone())
}
