//! How everything stands, as a value that passes write and reports read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::look::Awaited;
use super::readback::ReadBack;
use super::settled::Settled;
use super::subscribe::Subscribed;
use super::view::{PassView, ReadingView};
use crate::model::{AccountId, FeedName, PersonId, PoolId, TargetName, Time};
use crate::seats::{Kept, Occupied, Recent};
use crate::target::Observed;

/// Members at desks, by desk and pool.
pub(super) type DeskCounts = BTreeMap<TargetName, BTreeMap<PoolId, u64>>;

/// What passes leave behind for reports and for the next pass. What reports tell of it is kept in a note; the rest is lost
/// at a restart without harm.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    /// The last reading of each feed.
    pub(super) readings: BTreeMap<FeedName, ReadingView>,
    /// The last look at each desk.
    pub(super) desks: BTreeMap<TargetName, Desk>,
    /// Steps that a desk did not do, and when they are tried again.
    pub(super) failing: BTreeMap<(PersonId, PoolId), Failing>,
    /// Those of an earlier process, until a pass of this one has tried them: they are told, and wait for nothing.
    pub(super) failed_before: BTreeMap<(PersonId, PoolId), Failing>,
    /// The last pass.
    pub(super) last_pass: Option<PassView>,
    /// What the checker refused in the last pass.
    pub(super) alerts: Vec<String>,
    /// Seats that the last plan would take and may not.
    pub(super) kept: Vec<Kept>,
    /// How the last pass left everybody; `None` where it did not end well, or none was made.
    pub(super) settled: Option<Box<Settled>>,
    /// About whose seats something was written since a plan was made last.
    pub(super) stirred: BTreeSet<PersonId>,
    /// What passed lately, for brakes over time.
    pub(super) recent: Recent,
    /// The journal's next entry that `recent` does not know; `None` until the first look.
    pub(super) recalled: Option<u64>,
    /// Last whole and last good reading of feeds, where that is newer than what the store says.
    pub(super) times: BTreeMap<FeedName, (Option<Time>, Option<Time>)>,
    /// Accounts that the pass under way reads because a hook pointed at them.
    pub(super) expected: BTreeMap<AccountId, Awaited>,
    /// People whose seats change because a hook pointed at them, until a desk has confirmed it.
    pub(super) awaited: BTreeMap<PersonId, Awaited>,
    /// How long the last events took to a confirmed seat, in milliseconds, oldest first.
    pub(super) event_to_seat_ms: VecDeque<u64>,
    /// What came in at hooks since the start, by feed.
    pub(super) hooks: BTreeMap<FeedName, Knocked>,
    /// Subscriptions that we keep, by feed.
    pub(super) subscriptions: BTreeMap<FeedName, Subscribed>,
    /// Reading back, by feed.
    pub(super) read_back: BTreeMap<FeedName, ReadBack>,
}

/// Times from event to seat that are kept for `status`.
const TIMES_KEPT: usize = 1_024;

/// What came in at one hook.
#[derive(Clone, Debug, Default)]
pub(super) struct Knocked {
    /// When a delivery was taken last.
    pub(super) last: Option<Time>,
    /// Events taken.
    pub(super) events: u64,
    /// Deliveries turned away.
    pub(super) refused: u64,
    /// Why the last one was.
    pub(super) why: Option<String>,
}

/// A desk as it was last seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    /// Its holders; `None` until it has been read.
    pub(super) observed: Option<Observed>,
    /// Members by pool: as read, and as changed by us since.
    pub(super) counts: BTreeMap<PoolId, u64>,
    /// Seats that are not ours, by pool.
    pub(super) occupied: BTreeMap<PoolId, Occupied>,
    /// Seats of ours that it does not show.
    pub(super) lost: BTreeMap<PoolId, Vec<PersonId>>,
    /// When.
    pub(super) at: Option<Time>,
    /// What failed.
    pub(super) error: Option<String>,
}

/// A step that a desk did not do.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    /// The desk's words.
    pub(super) why: String,
    /// How often.
    pub(super) tries: u32,
    /// Not before.
    pub(super) until: Time,
}

impl Standing {
    /// Keeps how long an event took to a confirmed seat.
    pub(super) fn took(&mut self, span: Duration) {
        if self.event_to_seat_ms.len() >= TIMES_KEPT {
            self.event_to_seat_ms.pop_front();
        }
        self.event_to_seat_ms.push_back(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    }

    /// The time within which that share (of a hundred) of the last events had come to a seat.
    pub(super) fn event_to_seat(&self, share: usize) -> Option<u64> {
        let mut sorted: Vec<u64> = self.event_to_seat_ms.iter().copied().collect();
        sorted.sort_unstable();
        let rank = sorted.len().saturating_mul(share).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied()
    }

    /// Counts one member more or less at the desks that were read.
    pub(super) fn count(&mut self, pool: &PoolId, losing: bool) {
        for count in self.desks.values_mut().filter_map(|desk| desk.counts.get_mut(pool)) {
            *count = if losing { count.saturating_sub(1) } else { count.saturating_add(1) };
        }
    }

    /// Steps that a desk did not do, as far as is known.
    pub(super) fn failing(&self) -> impl Iterator<Item = (&(PersonId, PoolId), &Failing)> {
        let before = self.failed_before.iter().filter(|(key, _)| !self.failing.contains_key(key));
        self.failing.iter().chain(before)
    }

    /// Members at the desks, by desk and pool, as last read and changed by us since; empty until a desk was read.
    pub(super) fn desk_counts(&self) -> DeskCounts {
        let read = self.desks.iter().filter(|(_, desk)| desk.at.is_some());
        read.map(|(name, desk)| (name.clone(), desk.counts.clone())).collect()
    }

    /// Seats at desks that are not ours, by pool. Of several desks the fullest counts.
    pub(super) fn occupied(&self) -> BTreeMap<PoolId, Occupied> {
        let mut occupied: BTreeMap<PoolId, Occupied> = BTreeMap::new();
        for desk in self.desks.values() {
            for (pool, others) in &desk.occupied {
                let entry = occupied.entry(pool.clone()).or_default();
                entry.strangers = entry.strangers.max(others.strangers);
                entry.people.extend(others.people.iter().copied());
            }
        }
        occupied
    }
}
