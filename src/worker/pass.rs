//! One pass. First run, nth run, restart, timer, due time, rule edit and operator all take this road, with another
//! scope: read, judge what is missing, decide for whoever changed, plan, check, apply.

use std::collections::BTreeSet;

use tokio::sync::MutexGuard;
use tracing::{Instrument, error, info, info_span};

use super::answer::target_exit;
use super::apply::Applied;
use super::observe::DeskTrouble;
use super::read::ReadingsDone;
use super::settled::Settled;
use super::view::PassView;
use super::warden::{Warden, WardenError};
use super::{Scope, metrics};
use crate::config::FeedKind;
use crate::directory::{Coverage, Gap, GapKind, Reading};
use crate::feed::push;
use crate::model::{Digest, FeedName, PersonId};
use crate::seats::{self, Event, Plan, Policy, PoolMode};
use crate::store::Batch;

/// What a pass came to.
#[derive(Debug)]
pub struct Outcome {
    /// The readings it rests on.
    pub readings: Vec<Reading>,
    /// The plan.
    pub plan: Plan,
    /// What was done of it.
    pub applied: Applied,
    /// Desks that could not be read or written.
    pub desk_trouble: Vec<DeskTrouble>,
    /// Its number, scope, times and counts.
    pub view: PassView,
    /// What hooks pointed at and could not be read.
    pub unread: BTreeSet<(FeedName, Option<String>)>,
}

/// A plan and what it was made from.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) policy: Policy,
    pub(super) readings: ReadingsDone,
    pub(super) desk_trouble: Vec<DeskTrouble>,
}

impl Warden {
    /// Makes one pass. Passes take turns; a call waits for the pass that is under way.
    pub async fn pass(&self, scope: Scope) -> Result<Outcome, WardenError> {
        self.pass_if(scope, None).await
    }

    /// Makes one pass, and applies its plan only if it has the digest that was expected.
    pub async fn pass_if(&self, scope: Scope, expected: Option<&Digest>) -> Result<Outcome, WardenError> {
        let _turn = self.turn.lock().await;
        let number = self.next_pass();
        let span = info_span!("pass", pass.id = number, pass.scope = scope.word());
        let started_at = self.now();
        let result = async {
            let (planned, judging) = self.plan_pass(&scope, number).await?;
            let digest = seats::plan_digest(&planned.plan, &planned.policy);
            if let Some(expected) = expected.filter(|expected| **expected != digest) {
                return Err(WardenError::Moved { expected: expected.clone(), now: digest });
            }
            self.commit_notes(&planned, number).await?;
            drop(judging);
            let applied = self.apply(&planned, number).await?;
            self.remember_catalog(&planned.plan, number).await?;
            self.stand().settled = Some(Box::new(Settled::after(&planned.plan, &planned.policy)));
            Ok::<_, WardenError>((planned, applied))
        }
        .instrument(span.clone())
        .await;
        let mut view = PassView {
            pass: number,
            scope: scope.word().to_owned(),
            started_at,
            duration_ms: u64::try_from(self.now().since(started_at).as_millis()).unwrap_or(u64::MAX),
            ..PassView::default()
        };
        let outcome = result.map(|(planned, applied)| {
            view.granted = applied.granted;
            view.revoked = applied.revoked;
            view.moved = applied.moved;
            view.failed = applied.failed;
            view.held = planned.plan.held.iter().map(|held| held.wanted).sum();
            let partial = planned.readings.readings.iter().any(|reading| reading.coverage.gap().is_some());
            let word = match () {
                () if partial || !planned.desk_trouble.is_empty() || applied.failed > 0 => "partial",
                () if !planned.plan.held.is_empty() => "held",
                () => "ok",
            };
            word.clone_into(&mut view.result);
            let Planned { plan, policy: _, readings, desk_trouble } = planned;
            Outcome {
                readings: readings.readings,
                plan,
                applied,
                desk_trouble,
                view: view.clone(),
                unread: readings.unread,
            }
        });
        if outcome.is_err() {
            "failed".clone_into(&mut view.result);
        }
        span.in_scope(|| {
            let PassView { granted, revoked, moved, failed, held, duration_ms, result, .. } = &view;
            info!(result, granted, revoked, moved, failed, held, duration_ms, "pass done");
        });
        metrics::pass(&view);
        {
            let mut standing = self.stand();
            standing.last_pass = Some(view);
            if outcome.is_ok() {
                standing.failed_before.clear();
            }
        }
        let noted = self.leave_note(number).await;
        self.show_metrics();
        self.passed.notify_one();
        match noted {
            Err(error) if outcome.is_ok() => Err(error.into()),
            Ok(()) | Err(_) => outcome,
        }
    }

    /// Everything of a pass up to the plan: reads, decides, plans and has the plan checked. Nobody approves or rejects
    /// as long as the guard lives.
    pub(super) async fn plan_pass(
        &self,
        scope: &Scope,
        pass: u64,
    ) -> Result<(Planned, MutexGuard<'_, ()>), WardenError> {
        let rules = self.rules()?;
        let readings = self.read_feeds(scope, pass).await?;
        self.trust_again(&readings.readings, pass).await?;
        let dirty = self.parts.store.dirty()?;
        let looked_at: BTreeSet<PersonId> = dirty.iter().copied().chain(self.ledger().people()).collect();
        let ended = self.ended_pins(&rules)?;
        // Until this pass has ended well, too, nothing is settled.
        let settled = self.stand().settled.take();
        let changed = self.desire(&rules, looked_at)?;
        self.remember_codes(rules.digest(), pass).await?;
        self.remember_table(&rules, pass).await?;
        let desk_trouble = self.observe_desks(matches!(scope, Scope::Full)).await;
        let mut before = Batch::new(self.now(), pass);
        before.events.extend(readings.events.iter().cloned());
        before.events.extend(ended);
        if !before.is_empty() {
            self.commit(before).await?;
        }
        self.recall()?;
        let judging = self.judging.lock().await;
        let now = self.now();
        let policy = self.policy(&rules);
        let ledger = self.ledger();
        let stirred = std::mem::take(&mut self.stand().stirred);
        let few = settled.zip(changed).and_then(|(settled, changed)| settled.few(scope, &policy, [changed, stirred]));
        let (plan, faults) = Self::decide(&self.known().desired, &ledger, &policy, now, few.as_ref());
        let alerts: Vec<String> =
            faults.iter().map(|fault| format!("invariant {}: {}", fault.invariant, fault.text)).collect();
        {
            let mut standing = self.stand();
            standing.alerts.clone_from(&alerts);
            standing.kept.clone_from(&plan.kept);
        }
        if !alerts.is_empty() {
            // The plan is our own work: a fault in it is a bug, and everybody keeps their seat until it is mended.
            error!(faults = alerts.len(), first = alerts.first(), "the checker refuses the plan; nothing is done");
            return Err(WardenError::Refused(alerts.join("; ")));
        }
        let mut after = Batch::new(now, pass);
        after.clean = dirty;
        after.notes.extend(self.rules_note(&rules, now)?.map(|(name, note)| (name, Some(note))));
        if !after.is_empty() {
            self.commit(after).await?;
        }
        Ok((Planned { plan, policy, readings, desk_trouble }, judging))
    }

    /// After a rebuild: revocations are allowed again once every feed was read whole in one pass. A feed that pushes is
    /// whole when everybody of it who has a seat was pushed again; see `feed::push`.
    async fn trust_again(&self, readings: &[Reading], pass: u64) -> Result<(), WardenError> {
        if self.ledger().distrusted.is_none() {
            return Ok(());
        }
        let whole = |name: &FeedName| {
            readings.iter().any(|reading| reading.feed == *name && reading.coverage == Coverage::Whole)
                || self.pushed_again(name).unwrap_or(false)
        };
        if !self.parts.feeds.is_empty() && self.parts.feeds.keys().all(whole) {
            let mut batch = Batch::new(self.now(), pass);
            batch.events.push(Event::Trusted {});
            self.commit(batch).await?;
            info!("every feed was read whole after the rebuild; revocations are allowed again");
        }
        Ok(())
    }

    /// Whether it is a feed that pushes, and whoever of it has been known with a seat was pushed since.
    fn pushed_again(&self, name: &FeedName) -> Result<bool, WardenError> {
        if self.parts.config.feeds.get(name).is_none_or(|feed| feed.kind != FeedKind::ScimPush) {
            return Ok(false);
        }
        for known in self.ledger().known.values() {
            for account in known.accounts.iter().filter(|account| account.feed == *name) {
                if self.parts.store.note(&push::name(name, push::Kind::User, &account.id))?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// What planner and brakes rely on, now.
    pub(super) fn policy(&self, rules: &crate::rules::RuleSet) -> Policy {
        let ledger = self.ledger();
        let prefer = self.parts.config.people.prefer.clone();
        let protected = self.protected();
        let catalog_before = self.catalog_before();
        let standing = self.stand();
        Policy {
            catalog: self.parts.catalog.as_ref().clone(),
            brakes: self.parts.config.brakes.clone(),
            occupied: standing.occupied(),
            lately: standing.recent.counts(self.now(), &ledger, &prefer),
            catalog_before,
            protected,
            prefer,
            modes: self.modes(),
            may_revoke: ledger.distrusted.is_none(),
            rules_digest: rules.digest().clone(),
            time_zone: self.parts.config.time_zone.clone(),
        }
    }
}

impl Outcome {
    /// The exit code of a single pass: trouble first, then what waits for an operator.
    pub fn exit(&self) -> u8 {
        use super::request::exit;
        let gaps = || {
            self.readings
                .iter()
                .filter_map(|reading| reading.coverage.gap().map(|gap: &Gap| (gap.kind, reading.accounts)))
        };
        let desks = |code: u8| self.desk_trouble.iter().any(|trouble| target_exit(&trouble.error) == code);
        if gaps().any(|(kind, _)| kind == GapKind::Refused) || desks(exit::REFUSED) || self.applied.refused {
            exit::REFUSED
        } else if gaps().any(|(kind, accounts)| kind == GapKind::Unreachable && accounts == 0)
            || desks(exit::UNREACHABLE)
            || self.applied.unreachable
        {
            exit::UNREACHABLE
        } else if gaps().next().is_some() || !self.desk_trouble.is_empty() || self.applied.failed > 0 {
            exit::LATER
        } else if !self.plan.held.is_empty() {
            exit::HELD
        } else {
            exit::DONE
        }
    }

    /// Whether the plan changes anything that may be changed.
    pub fn changes(&self, modes: &std::collections::BTreeMap<crate::model::PoolId, PoolMode>) -> bool {
        self.plan
            .steps
            .iter()
            .any(|step| step.due_at.is_none() && modes.get(&step.pool).is_none_or(|mode| *mode != PoolMode::Observe))
    }
}
