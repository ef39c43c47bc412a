//! What passed lately, out of the journal, for brakes over time.
//!
//! The journal is the only memory: a restart reads the last days of it again and counts the same. What an operator
//! approved is not counted, because somebody has looked at it: one big approved change must not hold every leaver of
//! the week after it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Ledger;
use super::brake::{Span, home};
use super::event::{Event, HoldEnd, Reason};
use super::plan::Step;
use crate::model::{Digest, FeedName, PersonId, PoolId, Time};

/// How many, by span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spans {
    /// In the last hour.
    pub hour: u64,
    /// In the last 24 hours.
    pub day: u64,
    /// In the last seven days.
    pub week: u64,
}

impl Spans {
    /// How many in that span; nothing before a pass counts in it.
    pub const fn of(self, span: Span) -> u64 {
        match span {
            Span::Pass => 0,
            Span::Hour => self.hour,
            Span::Day => self.day,
            Span::Week => self.week,
        }
    }

    fn add(&mut self, at: Time, now: Time) {
        for (span, count) in [(Span::Hour, &mut self.hour), (Span::Day, &mut self.day), (Span::Week, &mut self.week)] {
            if at >= span.start(now) {
                *count = count.saturating_add(1);
            }
        }
    }
}

/// Counts of what passed without an approval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Seats taken, by pool and reason; `None` where the reason is out of sight.
    pub taken: BTreeMap<(PoolId, Option<Reason>), Spans>,
    /// Seats given, by pool and by the pool that the person gave up for it.
    pub given: BTreeMap<(PoolId, Option<PoolId>), Spans>,
    /// People who lost seats, by feed.
    pub people: BTreeMap<FeedName, Spans>,
}

/// The journal's last week, event by event.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    rows: VecDeque<Row>,
    /// Plans that are held, with the halves of their steps.
    held: BTreeMap<Digest, Vec<Half>>,
    /// Halves of steps that were approved and are not made yet.
    released: BTreeSet<Half>,
    losing: BTreeMap<(PersonId, PoolId), Reason>,
    gaining: BTreeMap<(PersonId, PoolId), Option<PoolId>>,
    /// The seat that is taken right before one is given to the same person is what they give up for it.
    last: Option<(PersonId, PoolId)>,
}

/// One seat given or taken.
#[derive(Clone, Debug)]
struct Row {
    at: Time,
    person: PersonId,
    pool: PoolId,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Taken(Option<Reason>),
    Given { instead: Option<PoolId> },
}

/// The part of a step in one pool: whether it takes, for whom, where.
type Half = (bool, PersonId, PoolId);

fn halves(step: &Step) -> impl Iterator<Item = Half> {
    let lost = step.loses().map(|pool| (true, step.person, pool.clone()));
    lost.into_iter().chain(step.gains().map(|pool| (false, step.person, pool.clone())))
}

impl Recent {
    /// Takes in the next event of the journal.
    pub fn take_in(&mut self, at: Time, event: &Event) {
        let before = self.last.take();
        match event {
            Event::Held(plan) => {
                self.held.insert(plan.digest.clone(), plan.steps.iter().flat_map(halves).collect());
            }
            Event::HoldEnded { digest, why } => {
                let halves = self.held.remove(digest).unwrap_or_default();
                match why {
                    HoldEnd::Released => self.released.extend(halves),
                    HoldEnd::Expired | HoldEnd::Outdated => {}
                }
            }
            Event::Revoking { person, pool, cause } => {
                self.losing.insert((*person, pool.clone()), cause.reason);
                self.last = Some((*person, pool.clone()));
            }
            Event::Granting { person, pool, .. } => {
                let instead = before.filter(|(loser, _)| loser == person).map(|(_, pool)| pool);
                self.gaining.insert((*person, pool.clone()), instead);
            }
            Event::Revoked { person, pool, .. } => {
                let reason = self.losing.remove(&(*person, pool.clone()));
                self.count(at, true, *person, pool, Change::Taken(reason));
            }
            Event::Granted { person, pool } => {
                let instead = self.gaining.remove(&(*person, pool.clone())).flatten();
                self.count(at, false, *person, pool, Change::Given { instead });
            }
            Event::RevokeDropped { person, pool, .. } => {
                self.losing.remove(&(*person, pool.clone()));
                self.released.remove(&(true, *person, pool.clone()));
            }
            Event::GrantDropped { person, pool, .. } => {
                self.gaining.remove(&(*person, pool.clone()));
                self.released.remove(&(false, *person, pool.clone()));
            }
            Event::Person(_)
            | Event::Adopted { .. }
            | Event::Leaving { .. }
            | Event::Stays { .. }
            | Event::Rebased { .. }
            | Event::Waiting { .. }
            | Event::WaitEnded { .. }
            | Event::Cooled { .. }
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::FeedAccepted { .. }
            | Event::Rebuilt { .. }
            | Event::Trusted {}
            | Event::Pinned(_)
            | Event::DeskAccount { .. }
            | Event::Unpinned { .. } => {}
        }
    }

    fn count(&mut self, at: Time, taken: bool, person: PersonId, pool: &PoolId, change: Change) {
        if !self.released.remove(&(taken, person, pool.clone())) {
            self.rows.push_back(Row { at, person, pool: pool.clone(), change });
        }
    }

    /// Forgets what is older than a week.
    pub fn forget(&mut self, now: Time) {
        let from = Span::Week.start(now);
        while self.rows.front().is_some_and(|row| row.at < from) {
            self.rows.pop_front();
        }
    }

    /// The counts as of `now`. Whose a person is, the ledger knows.
    pub fn counts(&self, now: Time, ledger: &Ledger, prefer: &[FeedName]) -> Lately {
        let mut lately = Lately::default();
        // A person who loses two seats of the same day is one person; the latest loss counts.
        let mut losers: BTreeMap<PersonId, Time> = BTreeMap::new();
        for Row { at, person, pool, change } in self.rows.iter().filter(|row| row.at >= Span::Week.start(now)) {
            match change {
                Change::Taken(reason) => {
                    lately.taken.entry((pool.clone(), *reason)).or_default().add(*at, now);
                    let latest = losers.entry(*person).or_insert(*at);
                    *latest = (*latest).max(*at);
                }
                Change::Given { instead } => {
                    lately.given.entry((pool.clone(), instead.clone())).or_default().add(*at, now);
                }
            }
        }
        for (person, at) in losers {
            let feeds = ledger.known.get(&person).into_iter().flat_map(|known| &known.accounts);
            if let Some(feed) = home(feeds.map(|account| &account.feed), prefer) {
                lately.people.entry(feed.clone()).or_default().add(at, now);
            }
        }
        lately
    }
}
