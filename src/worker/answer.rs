//! Verbs in, frames out. The control socket and the command line in one process call the same function.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::Scope;
use super::explain::{Found, Question};
use super::inbox::{InboxError, Received};
use super::pass::Outcome;
use super::request::{Answer, Frame, Request, exit};
use super::view::{PlanView, ReceivedView};
use super::warden::{Warden, WardenError};
use crate::audit;
use crate::feed::hook;
use crate::model::{Digest, FeedName, PoolId, TargetName};
use crate::store::{Overlay, Store, StoreError, backup};
use crate::target::TargetError;

impl Warden {
    /// Answers one request. Frames before [`Frame::End`] go out as they come; the end is what is returned.
    pub async fn answer(&self, request: Request, frames: &mpsc::Sender<Frame>) -> Answer {
        // On the heap: a pass holds much while it waits, and every verb that asks would carry it along.
        Box::pin(self.try_answer(request, frames)).await.unwrap_or_else(|error| failed(&error))
    }

    /// Tells whoever asks that they wait.
    async fn say_if_passing(&self, frames: &mpsc::Sender<Frame>) {
        if self.turn.try_lock().is_err() {
            let text = "a pass is under way; this goes on when it has ended".to_owned();
            // Whoever has gone away needs no answer.
            drop(frames.send(Frame::Talk(text)).await);
        }
    }

    async fn try_answer(&self, request: Request, frames: &mpsc::Sender<Frame>) -> Result<Answer, WardenError> {
        match request {
            Request::Plan {} => {
                let (view, exit) = self.plan().await?;
                Ok(Answer::with_exit(exit, &view))
            }
            Request::Apply { expected } => {
                self.say_if_passing(frames).await;
                let expected = expected.map(Digest::new);
                let outcome = self.pass_if(Scope::Full, expected.as_ref()).await?;
                Ok(pass_answer(&outcome))
            }
            Request::Sync { what } => {
                self.say_if_passing(frames).await;
                self.sync(what.as_deref()).await
            }
            Request::Approve { digest, reason, by } => self.judge_hold(&digest, &reason, &by, true).await,
            Request::Undo { pass, reason, by, really } => {
                self.say_if_passing(frames).await;
                self.undo(pass, &by, &reason, really).await
            }
            Request::Reject { digest, reason, by } => self.judge_hold(&digest, &reason, &by, false).await,
            Request::Explain { person, at, rules, all_rows } => self.explain(&Question { person, at, rules, all_rows }),
            Request::RulesDiff { old, new, names } => self.rules_diff(old, new, names),
            Request::RulesCoverage { table } => self.rules_coverage(table),
            Request::Status {} => Ok(Answer::data(&self.status_view()?)),
            Request::Seats {} => Ok(Answer::data(&self.seats_view())),
            Request::People { pool, search, limit } => {
                let pool = pool.as_deref().map(PoolId::from);
                if let Some(pool) = pool.as_ref().filter(|pool| self.parts.catalog.pool(pool).is_none()) {
                    return Ok(Answer::failed(exit::USAGE, format!("there is no pool `{pool}` in the catalog")));
                }
                Ok(Answer::data(&self.people_view(pool.as_ref(), search.as_deref(), limit)?))
            }
            Request::TargetList {} => {
                self.observe_desks(false).await;
                Ok(Answer::data(&self.target_views()))
            }
            Request::TargetAdopt { target } => {
                self.say_if_passing(frames).await;
                self.adopt(&TargetName::new(target)).await
            }
            Request::AuditExport { from } => Ok(self.export(from, frames).await),
            Request::AuditVerify {} => {
                let mut verifier = audit::Verifier::new();
                let mut broken = None;
                self.parts.store.journal(1, &mut |entry| {
                    broken = verifier.entry(&entry).err();
                    broken.is_none()
                })?;
                Ok(audit_answer(verifier.tip().seq, broken))
            }
            Request::StoreVerify {} => {
                let verification = self.parts.store.verify()?;
                let code = if verification.ok { exit::DONE } else { exit::DATA };
                Ok(Answer::with_exit(code, &verification))
            }
            Request::StoreBackup {} => Ok(self.backup(frames).await),
            Request::TargetDrift { target } => Ok(self.drift(target.map(TargetName::new).as_ref()).await),
            Request::WebhookReplay { feed, body } => self.replay_hook(&FeedName::new(feed), &body).await,
        }
    }

    /// Plans on what the feeds say now and writes nothing. Gives the exit code that a pass would end with.
    async fn plan(&self) -> Result<(PlanView, u8), WardenError> {
        let beside = self.beside(Arc::new(Overlay::new(self.parts.store.clone())))?;
        let (planned, _) = beside.plan_pass(&Scope::Full, 0).await?;
        let view = beside.plan_view(&planned);
        let outcome = Outcome {
            readings: planned.readings.readings,
            plan: planned.plan,
            applied: super::Applied::default(),
            desk_trouble: planned.desk_trouble,
            view: super::view::PassView::default(),
            unread: planned.readings.unread,
        };
        Ok((view, outcome.exit()))
    }

    async fn sync(&self, what: Option<&str>) -> Result<Answer, WardenError> {
        let scope = match what {
            None => Scope::Full,
            Some(name) if self.parts.feeds.contains_key(&FeedName::from(name)) => Scope::Feed(FeedName::from(name)),
            Some(person) => match self.look_up(person)? {
                Found::One(id) => Scope::Person(id),
                Found::Nobody => {
                    let why = format!("`{person}` is neither a feed nor anybody known");
                    return Ok(Answer::failed(exit::DATA, why));
                }
                several @ Found::Several(_) => return self.not_one(person, several),
            },
        };
        let outcome = self.pass(scope).await?;
        Ok(pass_answer(&outcome))
    }

    async fn replay_hook(&self, feed: &FeedName, body: &str) -> Result<Answer, WardenError> {
        let Some(hook) = self.parts.config.feeds.get(feed).and_then(|feed| feed.hook.as_ref()) else {
            return Ok(Answer::failed(exit::USAGE, format!("there is no feed `{feed}` with a `hook`")));
        };
        let heard = match hook::replay::read(hook, body, self.now()) {
            Ok(heard) => heard,
            Err(unheard) => return Ok(Answer::failed(exit::DATA, unheard.to_string())),
        };
        let request = format!("replay-{}", self.now().millis());
        match self.receive(feed, heard, &request).await {
            Ok(Received { accepted, coalesced, duplicate, ignored, dropped }) => {
                Ok(Answer::data(&ReceivedView { request, accepted, coalesced, duplicate, ignored, dropped }))
            }
            Err(InboxError::Store(error)) => Err(error.into()),
            Err(error @ InboxError::Full) => Ok(Answer::failed(exit::LATER, error.to_string())),
        }
    }

    async fn backup(&self, frames: &mpsc::Sender<Frame>) -> Answer {
        let now = self.now();
        self.read_out(frames, move |store, each| {
            backup::write(store, now, &mut |line| each(serde_json::to_value(line)))
        })
        .await
    }

    async fn export(&self, from: u64, frames: &mpsc::Sender<Frame>) -> Answer {
        self.read_out(frames, move |store, each| {
            store.journal(from.max(1), &mut |entry| each(serde_json::to_value(entry)))
        })
        .await
    }

    /// Hands out what is read of the store, item by item. It is read on a thread of its own, which waits for whoever
    /// takes the items; `each` says whether somebody still does.
    async fn read_out(
        &self,
        frames: &mpsc::Sender<Frame>,
        read: impl FnOnce(&dyn Store, &mut dyn FnMut(serde_json::Result<Value>) -> bool) -> Result<(), StoreError>
        + Send
        + 'static,
    ) -> Answer {
        let (store, frames) = (self.parts.store.clone(), frames.clone());
        let done = tokio::task::spawn_blocking(move || {
            let mut each = |item: serde_json::Result<Value>| {
                item.is_ok_and(|item| frames.blocking_send(Frame::Item(item)).is_ok())
            };
            read(store.as_ref(), &mut each)
        });
        match done.await {
            Ok(Ok(())) => Answer { exit: exit::DONE, data: Value::Null, error: None },
            Ok(Err(error)) => failed(&error.into()),
            Err(error) => Answer::failed(exit::FAILED, error.to_string()),
        }
    }
}

/// The answer of `audit verify`.
pub fn audit_answer(entries: u64, broken: Option<audit::Break>) -> Answer {
    match broken {
        None => Answer::data(&serde_json::json!({"ok": true, "entries": entries, "first_bad": null, "why": null})),
        Some(broken) => {
            let data = serde_json::json!({"ok": false, "entries": entries, "first_bad": broken.seq, "why": broken.why});
            let error = Some(format!("the chain breaks at seq {}: {}", broken.seq, broken.why));
            Answer { exit: exit::DATA, data, error }
        }
    }
}

fn pass_answer(outcome: &Outcome) -> Answer {
    let gaps: Vec<String> = outcome
        .readings
        .iter()
        .filter_map(|reading| {
            reading.coverage.gap().map(|gap| format!("feed {}: {}: {}", reading.feed, gap.call, gap.why))
        })
        .chain(outcome.desk_trouble.iter().map(|trouble| format!("target {trouble}")))
        .chain(
            outcome
                .plan
                .held
                .iter()
                .map(|held| format!("held by {}: {} (digest {})", held.cause, held.text, held.digest)),
        )
        .chain((outcome.applied.failed > 0).then(|| {
            let failed = outcome.applied.failed;
            format!("{failed} of the steps failed at a desk and stay open; `seatwarden status` names them")
        }))
        .collect();
    let mut answer = Answer::with_exit(outcome.exit(), &outcome.view);
    answer.error = (!gaps.is_empty()).then(|| gaps.join("\n"));
    answer
}

/// The exit code for trouble with a desk: what it answers and cannot be used is for another time.
pub fn target_exit(error: &TargetError) -> u8 {
    match error {
        TargetError::Refused { .. } => exit::REFUSED,
        TargetError::Unreachable { .. } => exit::UNREACHABLE,
        TargetError::NoAccount { .. }
        | TargetError::Ambiguous { .. }
        | TargetError::Full { .. }
        | TargetError::Invalid { .. }
        | TargetError::ReadOnly => exit::LATER,
    }
}

/// The answer for a warden's error.
pub fn failed(error: &WardenError) -> Answer {
    let code = match error {
        WardenError::Store(StoreError::Damaged(_)) | WardenError::Rules(_) | WardenError::Moved { .. } => exit::DATA,
        WardenError::Store(
            StoreError::InUse { .. } | StoreError::Io { .. } | StoreError::Newer { .. } | StoreError::Stopped(_),
        ) => exit::UNREACHABLE,
        WardenError::Refused(_) => exit::FAILED,
    };
    Answer::failed(code, error.to_string())
}
