//! The inbox of hints: durable when it says yes, and looked at before it forgets.
//!
//! A hint is on disk before its sender is answered. Those about the same account are one until somebody looks; a hint
//! that comes while a pass looks is a further one, for the pass may have looked too early. What a pass took is removed
//! when it has looked, and comes back when it could not. Numbers are used once, so that a removal never meets a later
//! hint about the same account.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Notify;
use xxhash_rust::xxh3::xxh3_64;

use super::metrics;
use super::warden::Warden;
use crate::feed::hook::graph::Lifecycle;
use crate::feed::hook::{Heard, To};
use crate::model::{FeedName, Time};
use crate::store::{Batch, Hint, StoreError};

/// Accounts that wait to be looked at. A whole company may be hinted at; beyond that the sender has to come again,
/// and the next full pass sees everything in any case.
const CAPACITY: usize = 200_000;

/// Accounts that one pass reads by id: with sixteen reads at a time and 20 ms each this is a quarter of a second, which
/// the leaver behind them can wait.
const AT_ONCE: usize = 200;

/// From so many ordinary hints of a feed on, reading what changed is cheaper than reading each by id.
const STORM: usize = 200;

/// Events remembered so that a repeated delivery costs nothing.
const REMEMBERED: usize = 16_384;

/// The pause after a look that failed, doubled each time up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(5);
/// Above this the incremental pass looks earlier anyway.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Why a delivery is not taken. Its sender should come again.
#[derive(Debug, Error)]
pub enum InboxError {
    /// As many accounts wait as may.
    #[error("{CAPACITY} accounts wait to be looked at; send it again later")]
    Full,
    /// It cannot be written down.
    #[error("the store does not take it: {0}")]
    Store(#[from] StoreError),
}

/// What became of a delivery's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Now on disk.
    pub accepted: u64,
    /// About something that waits to be looked at already.
    pub coalesced: u64,
    /// Delivered before.
    pub duplicate: u64,
    /// Not about anything of ours.
    pub ignored: u64,
    /// Not from whom they should be.
    pub dropped: u64,
}

/// One feed, and an account of it or whatever changed.
pub(super) type Spot = (FeedName, Option<String>);

/// What waits about one spot.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Its numbers in the store.
    numbers: BTreeSet<u64>,
    pub(super) event: String,
    pub(super) urgent: bool,
    /// When the first of them came.
    pub(super) received_at: Time,
    tries: u32,
    not_before: Option<Time>,
}

/// Spots that a pass looks at.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub(super) spots: BTreeMap<Spot, Waiting>,
    /// Feeds of which so many spots were taken that what changed is read instead.
    pub(super) storms: BTreeSet<FeedName>,
}

impl Taken {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.spots.len()
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        let Self { spots, storms: _ } = self;
        spots.is_empty()
    }
}

/// See the module.
pub(super) struct Inbox {
    state: Mutex<State>,
    woken: Notify,
    /// Somebody should look after the subscriptions.
    pub(super) renewals: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: BTreeMap<Spot, Waiting>,
    /// Spots that are being written down.
    entering: usize,
    recent: BTreeSet<u64>,
    recent_order: VecDeque<u64>,
    lifecycle: BTreeMap<FeedName, BTreeSet<Lifecycle>>,
}

impl State {
    fn remember(&mut self, event: u64) {
        if self.recent.insert(event) {
            self.recent_order.push_back(event);
        }
        while self.recent_order.len() > REMEMBERED {
            if let Some(oldest) = self.recent_order.pop_front() {
                self.recent.remove(&oldest);
            }
        }
    }

    fn add(&mut self, number: u64, hint: Hint) {
        let spot = (hint.feed, hint.account);
        if let Some(waiting) = self.waiting.get_mut(&spot) {
            waiting.numbers.insert(number);
            waiting.urgent |= hint.urgent;
            waiting.received_at = waiting.received_at.min(hint.received_at);
            waiting.not_before = None;
            return;
        }
        let Hint { event, urgent, received_at, .. } = hint;
        let numbers = [number].into();
        self.waiting.insert(spot, Waiting { numbers, event, urgent, received_at, tries: 0, not_before: None });
    }
}

impl Inbox {
    /// What was in the store when the process began: an earlier one may have died before it looked.
    pub(super) fn open(hints: BTreeMap<u64, Hint>) -> Self {
        let mut state = State { next: 1, ..State::default() };
        for (number, hint) in hints {
            state.next = state.next.max(number.saturating_add(1));
            state.add(number, hint);
        }
        Self { state: Mutex::new(state), woken: Notify::new(), renewals: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many spots wait, by feed.
    pub(super) fn waiting(&self) -> BTreeMap<FeedName, u64> {
        let mut counts = BTreeMap::new();
        for (feed, _) in self.state().waiting.keys() {
            let count: &mut u64 = counts.entry(feed.clone()).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// What providers said of subscriptions since the last call.
    pub(super) fn lifecycle(&self) -> BTreeMap<FeedName, BTreeSet<Lifecycle>> {
        std::mem::take(&mut self.state().lifecycle)
    }

    /// Takes what should be looked at first: whoever may have left before everybody else.
    fn take(&self, now: Time) -> Taken {
        let mut state = self.state();
        let ready = |waiting: &Waiting| waiting.not_before.is_none_or(|at| at <= now);
        let mut spots: Vec<(bool, u64, Spot)> = state
            .waiting
            .iter()
            .filter(|(_, waiting)| ready(waiting))
            .map(|(spot, waiting)| (!waiting.urgent, waiting.numbers.first().copied().unwrap_or(0), spot.clone()))
            .collect();
        spots.sort();
        let leavers = spots.iter().take_while(|(ordinary, _, _)| !ordinary).count();
        let mut taken = Taken::default();
        if leavers == 0 {
            let mut counts: BTreeMap<&FeedName, usize> = BTreeMap::new();
            for (_, _, (feed, _)) in &spots {
                let count = counts.entry(feed).or_default();
                *count = count.saturating_add(1);
            }
            taken.storms =
                counts.into_iter().filter(|(_, count)| *count >= STORM).map(|(feed, _)| feed.clone()).collect();
        }
        let mut room = AT_ONCE;
        let limit = if leavers == 0 { spots.len() } else { leavers };
        for (_, _, spot) in spots.into_iter().take(limit) {
            let in_storm = taken.storms.contains(&spot.0);
            if !in_storm && room == 0 {
                continue;
            }
            room = room.saturating_sub(usize::from(!in_storm));
            if let Some(waiting) = state.waiting.remove(&spot) {
                taken.spots.insert(spot, waiting);
            }
        }
        taken
    }

    /// Puts back what could not be looked at, for later.
    fn put_back(&self, spots: BTreeMap<Spot, Waiting>, now: Time) {
        let mut state = self.state();
        for (spot, mut back) in spots {
            let pause = PAUSE.saturating_mul(1_u32 << back.tries.min(6)).min(LONGEST_PAUSE);
            back.tries = back.tries.saturating_add(1);
            back.not_before = Some(now.plus(pause));
            match state.waiting.get_mut(&spot) {
                Some(newer) => {
                    newer.numbers.append(&mut back.numbers);
                    newer.urgent |= back.urgent;
                    newer.received_at = newer.received_at.min(back.received_at);
                }
                None => {
                    state.waiting.insert(spot, back);
                }
            }
        }
    }

    /// When something may be looked at again. What may be looked at now is not asked for: it was just taken.
    fn next(&self) -> Option<Time> {
        self.state().waiting.values().filter_map(|waiting| waiting.not_before).min()
    }
}

impl Warden {
    /// Takes in what a delivery said. On disk when this returns; an error means that nothing was taken.
    pub async fn receive(&self, feed: &FeedName, heard: Heard, request: &str) -> Result<Received, InboxError> {
        let now = self.now();
        let mut received = Received { ignored: heard.ignored, dropped: heard.dropped, ..Received::default() };
        let mut hints: BTreeMap<Spot, Hint> = BTreeMap::new();
        let mut events = Vec::new();
        for (place, pointer) in heard.pointers.into_iter().enumerate() {
            let known = pointer.event.as_ref().map(|id| xxh3_64(format!("{feed}\n{id}").as_bytes()));
            if let Some(known) = known {
                if self.inbox.state().recent.contains(&known) {
                    received.duplicate = received.duplicate.saturating_add(1);
                    continue;
                }
                events.push(known);
            }
            let event = pointer.event.unwrap_or_else(|| format!("{request}/{place}"));
            tracing::debug!(feed.name = %feed, event.id = %event, urgent = pointer.urgent, "a hook points at somebody");
            for spot in self.spots(feed, pointer.to)? {
                let urgent = pointer.urgent;
                let hint = Hint {
                    feed: spot.0.clone(),
                    account: spot.1.clone(),
                    urgent,
                    event: event.clone(),
                    received_at: now,
                };
                match hints.get_mut(&spot) {
                    Some(same) => {
                        same.urgent |= urgent;
                        received.coalesced = received.coalesced.saturating_add(1);
                    }
                    None => {
                        hints.insert(spot, hint);
                    }
                }
            }
        }
        let mut batch = Batch::new(now, 0);
        let count = {
            let mut state = self.inbox.state();
            hints.retain(|spot, hint| {
                let waits = state.waiting.get(spot).is_some_and(|waiting| waiting.urgent || !hint.urgent);
                received.coalesced = received.coalesced.saturating_add(u64::from(waits));
                !waits
            });
            let count = hints.len();
            if state.waiting.len().saturating_add(state.entering).saturating_add(count) > CAPACITY {
                return Err(InboxError::Full);
            }
            for hint in hints.into_values() {
                batch.hints.insert(state.next, Some(hint));
                state.next = state.next.saturating_add(1);
            }
            state.entering = state.entering.saturating_add(count);
            count
        };
        let entering = Entering { inbox: &self.inbox, count };
        if !batch.is_empty() {
            self.commit(batch.clone()).await?;
        }
        drop(entering);
        let mut state = self.inbox.state();
        for (number, hint) in batch.hints {
            if let Some(hint) = hint {
                received.accepted = received.accepted.saturating_add(1);
                state.add(number, hint);
            }
        }
        for event in events {
            state.remember(event);
        }
        if !heard.lifecycle.is_empty() {
            state.lifecycle.entry(feed.clone()).or_default().extend(heard.lifecycle);
            self.inbox.renewals.notify_one();
        }
        drop(state);
        self.inbox.woken.notify_one();
        self.count_received(feed, &received, now);
        Ok(received)
    }

    /// Takes in what a provider pushed: its documents and the reason to look at them are on disk together when this
    /// returns, or neither is. Never joined with a hint that waits: a pass may be reading what was there before.
    pub async fn take_pushed(
        &self,
        feed: &FeedName,
        notes: BTreeMap<String, Option<String>>,
        accounts: BTreeMap<String, bool>,
        request: &str,
    ) -> Result<(), InboxError> {
        let now = self.now();
        let mut batch = Batch::new(now, 0);
        batch.notes = notes;
        let count = accounts.len();
        {
            let mut state = self.inbox.state();
            if state.waiting.len().saturating_add(state.entering).saturating_add(count) > CAPACITY {
                return Err(InboxError::Full);
            }
            for (account, urgent) in accounts {
                let (feed, event) = (feed.clone(), request.to_owned());
                let hint = Hint { feed, account: Some(account), urgent, event, received_at: now };
                batch.hints.insert(state.next, Some(hint));
                state.next = state.next.saturating_add(1);
            }
            state.entering = state.entering.saturating_add(count);
        }
        let entering = Entering { inbox: &self.inbox, count };
        self.parts.store.commit(batch.clone()).await?;
        drop(entering);
        let mut state = self.inbox.state();
        for (number, hint) in batch.hints {
            if let Some(hint) = hint {
                state.add(number, hint);
            }
        }
        drop(state);
        self.inbox.woken.notify_one();
        let accepted = u64::try_from(count).unwrap_or(u64::MAX);
        self.count_received(feed, &Received { accepted, ..Received::default() }, now);
        Ok(())
    }

    fn count_received(&self, feed: &FeedName, received: &Received, now: Time) {
        let Received { accepted, coalesced, duplicate, ignored, dropped } = *received;
        metrics::hook_events(feed, "accepted", accepted);
        metrics::hook_events(feed, "coalesced", coalesced);
        metrics::hook_events(feed, "duplicate", duplicate);
        metrics::hook_events(feed, "ignored", ignored);
        metrics::hook_events(feed, "dropped", dropped);
        let mut standing = self.stand();
        let knocked = standing.hooks.entry(feed.clone()).or_default();
        knocked.last = Some(now);
        knocked.events = knocked.events.saturating_add(accepted).saturating_add(coalesced);
    }

    /// A delivery was turned away. `result` is the word in metrics, `why` the sentence in `status`.
    pub fn turned_away(&self, feed: &FeedName, result: &'static str, why: &str) {
        metrics::hook_events(feed, result, 1);
        let mut standing = self.stand();
        let knocked = standing.hooks.entry(feed.clone()).or_default();
        knocked.refused = knocked.refused.saturating_add(1);
        knocked.why = Some(why.to_owned());
    }

    /// Where a pointer leads: accounts that can be read by id, or the feed as a whole.
    fn spots(&self, feed: &FeedName, to: To) -> Result<BTreeSet<Spot>, StoreError> {
        let whole = || [(feed.clone(), None)].into();
        match to {
            To::Feed => Ok(whole()),
            To::Account(id) => Ok([(feed.clone(), Some(id))].into()),
            To::Person(key, value) => {
                let people = self.known().mirror.find(key, &value);
                let mut spots = BTreeSet::new();
                for person in people {
                    let record = self.parts.store.person(person)?;
                    let rows = record.into_iter().flat_map(|record| record.accounts);
                    spots.extend(rows.map(|row| (row.account.id.feed, Some(row.account.id.id))));
                }
                Ok(if spots.is_empty() { whole() } else { spots })
            }
        }
    }

    /// Waits until there is something to look at and takes it.
    pub async fn hints(&self) -> Taken {
        loop {
            let woken = self.inbox.woken.notified();
            let taken = self.inbox.take(self.now());
            if !taken.is_empty() {
                return taken;
            }
            match self.inbox.next() {
                Some(at) => tokio::select! {
                    () = woken => {}
                    () = self.parts.clock.sleep_until(at) => {}
                },
                None => woken.await,
            }
        }
    }

    /// Takes what there is to look at now.
    pub fn take_hints(&self) -> Taken {
        self.inbox.take(self.now())
    }

    /// Forgets what was looked at and keeps the rest for later.
    pub(super) async fn settle_hints(&self, taken: Taken, seen: &BTreeSet<Spot>) -> Result<(), StoreError> {
        let now = self.now();
        let (done, open): (BTreeMap<_, _>, BTreeMap<_, _>) =
            taken.spots.into_iter().partition(|(spot, _)| seen.contains(spot));
        if !open.is_empty() {
            tracing::warn!(
                open = open.len(),
                "some of what hooks pointed at could not be looked at; it is tried again"
            );
        }
        self.inbox.put_back(open, now);
        let mut batch = Batch::new(now, 0);
        batch.hints = done.values().flat_map(|waiting| waiting.numbers.iter().map(|number| (*number, None))).collect();
        if batch.is_empty() { Ok(()) } else { self.commit(batch).await }
    }
}

/// Counts spots that are being written down, also where the writer is broken off.
struct Entering<'a> {
    inbox: &'a Inbox,
    count: usize,
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        let mut state = self.inbox.state();
        state.entering = state.entering.saturating_sub(self.count);
    }
}
