//! The worker: one loop with few arms (trigger, timer, due time, hint, shutdown), one [`pass`] for every scope.
//!
//! | file | what |
//! |---|---|
//! | `pass` | the road of every trigger |
//! | `read`, `missing` | feeds into the mirror; what absence means |
//! | `observe` | what the desks hold |
//! | `apply` | intent, call, result |
//! | `intents` | intents that were left without a result |
//! | `warden` | the state that passes share |
//! | `answer`, `operate`, `report`, `agenda`, `explain` | what the command line asks |
//! | `memory` | what passed lately, out of the journal |
//! | `note` | what a pass saw, for processes that make none |
//! | `protected` | whom no pass takes a seat from |
//! | `inbox`, `look` | what hooks pointed at, until a pass has looked there |
//! | `subscribe`, `readback` | keeps providers calling; reads back what they did not tell |
//! | `drift` | where a desk and the ledger differ |
//! | `undo` | the seats of a pass, given back |
//! | `reload` | rules files that change on disk |

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::ambient::Chance;
use crate::model::{AccountId, FeedName, PersonId, Time};
use crate::seats;

mod agenda;
mod answer;
pub mod apply;
mod coverage;
mod doubted;
mod drift;
mod explain;
mod impact;
mod inbox;
mod intents;
mod look;
mod memory;
mod metrics;
mod missing;
mod note;
mod observe;
mod operate;
pub mod pass;
mod protected;
mod read;
mod readback;
mod reload;
mod report;
pub mod request;
mod settled;
mod status;
mod subscribe;
mod undo;
pub mod view;
mod warden;

pub use answer::{audit_answer, failed, target_exit};
pub use apply::Applied;
pub use inbox::{InboxError, Received, Taken};
pub use observe::DeskTrouble;
pub use pass::Outcome;
pub use reload::watch_rules;
pub use request::{Answer, Frame, Request, RulesFile};
pub use subscribe::keep_subscribed;
pub use warden::{Parts, Warden, WardenError};

/// How much of the world a pass looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every feed whole, every desk.
    Full,
    /// What changed since the last reading.
    Incremental,
    /// One feed whole and afresh, account by account.
    Feed(FeedName),
    /// One person, read by id.
    Person(PersonId),
    /// What hooks pointed at: these accounts by id, and what changed in these feeds.
    Hinted {
        /// Read by id.
        accounts: BTreeSet<AccountId>,
        /// Read for changes.
        feeds: BTreeSet<FeedName>,
    },
    /// Nothing new is read: a date has come, an operator approved, the table was edited.
    Due,
}

impl Scope {
    /// The word in logs, metrics and reports.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
            Self::Feed(_) => "feed",
            Self::Person(_) => "person",
            Self::Hinted { .. } => "hinted",
            Self::Due => "due",
        }
    }
}

/// A reason to make a pass now. Carries no data: the pass reads the truth itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Make a pass of this scope.
    Pass(Scope),
    /// Rules files may have changed.
    RulesChanged,
}

/// Triggers that wait for the loop. Above this a sender waits; a full pass covers whatever was not said.
pub const INBOX: usize = 256;

/// Runs until `stop`; finishes the pass in hand, for which the caller sets the limit.
pub async fn run(
    warden: Arc<Warden>,
    mut inbox: mpsc::Receiver<Trigger>,
    chance: Arc<Chance>,
    stop: CancellationToken,
) {
    let times = warden.parts().config.pass.clone();
    let clock = warden.parts().clock.clone();
    // What was due until then has been looked at by a pass of this loop.
    let mut looked_at = clock.now();
    let mut next_full = looked_at;
    let mut next_incremental = clock.now().plus(times.incremental);
    loop {
        let due = warden.next_due(looked_at);
        let wake = due.unwrap_or(next_incremental).min(next_incremental).min(next_full);
        let scope = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            trigger = inbox.recv() => match trigger {
                None => break,
                Some(Trigger::Pass(scope)) => scope,
                Some(Trigger::RulesChanged) => {
                    if !warden.reload_rules() {
                        continue;
                    }
                    Scope::Due
                }
            },
            () = clock.sleep_until(wake) => match clock.now() {
                now if now >= next_full => Scope::Full,
                now if now >= next_incremental => Scope::Incremental,
                _ => Scope::Due,
            },
            // Behind the timer, which passes of others and an endless stream of hints must not starve.
            () = warden.passed.notified() => continue,
            taken = warden.hints() => {
                if let Err(error) = warden.look(taken).await {
                    error!(%error, pass.scope = "hinted", "a pass could not be made; what hooks pointed at is kept");
                }
                continue;
            }
        };
        let begun = clock.now();
        if let Err(error) = warden.pass(scope.clone()).await {
            error!(%error, pass.scope = scope.word(), "a pass could not be made; everybody keeps their seat");
        }
        looked_at = begun;
        let now = clock.now();
        // Late ticks are not made up for: the next interval begins when a pass has ended.
        if scope == Scope::Full {
            next_full = now.plus(jittered(times.full, times.jitter, &chance));
        }
        if matches!(scope, Scope::Full | Scope::Incremental) {
            next_incremental = now.plus(jittered(times.incremental, times.jitter, &chance));
        }
    }
    info!("the loop has ended");
}

fn jittered(interval: Duration, jitter: f64, chance: &Chance) -> Duration {
    interval.mul_f64((1.0 + jitter * (2.0 * chance.fraction() - 1.0)).max(0.0))
}

impl Warden {
    /// The first instant after `since` at which time alone changes something: grace, cooling, the terms of a
    /// pool that people wait for, approvals, a day of the table, or the date on which somebody leaves. It may have come
    /// already, where nobody has looked since.
    pub fn next_due(&self, since: Time) -> Option<Time> {
        let zone = &self.parts.config.time_zone;
        let day = self
            .rules()
            .ok()
            .and_then(|rules| rules.next_change(since.date_in(zone)))
            .map(|date| Time::start_of(date, zone));
        let ledger = self.ledger();
        let seats = seats::next_due(&ledger, since);
        let pools: Vec<_> = self.parts.catalog.pools.values().collect();
        let terms = seats::terms_due(&ledger, &pools, since);
        let leaving = self.known().leaving.values().copied().filter(|at| *at > since).min();
        // A due step that could not be done must not spin the loop.
        let soonest = since.plus(Duration::from_secs(1));
        [day, seats, terms, leaving].into_iter().flatten().min().map(|due| due.max(soonest))
    }
}
