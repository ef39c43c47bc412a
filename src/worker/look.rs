//! A pass over what hooks pointed at, and how long it took from the event to the seat.

use std::collections::{BTreeMap, BTreeSet};

use tracing::info;

use super::inbox::{Spot, Taken};
use super::pass::Outcome;
use super::warden::{Warden, WardenError};
use super::{Scope, metrics};
use crate::model::{AccountId, PersonId, Time};
use crate::seats::HoldState;

/// An event whose person's seats may change.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    pub(super) event: String,
    pub(super) received_at: Time,
}

impl Warden {
    /// Looks where hooks pointed, by the road of every pass. What could not be looked at is kept for later.
    pub async fn look(&self, taken: Taken) -> Result<Outcome, WardenError> {
        let mut accounts = BTreeSet::new();
        let mut feeds = taken.storms.clone();
        let mut expected = BTreeMap::new();
        for ((feed, account), waiting) in &taken.spots {
            match account {
                None => {
                    feeds.insert(feed.clone());
                }
                Some(id) => {
                    let id = AccountId { feed: feed.clone(), id: id.clone() };
                    let awaited = Awaited { event: waiting.event.clone(), received_at: waiting.received_at };
                    expected.insert(id.clone(), awaited);
                    if !taken.storms.contains(feed) {
                        accounts.insert(id);
                    }
                }
            }
        }
        let leavers = taken.spots.values().filter(|waiting| waiting.urgent).count();
        info!(hints = taken.len(), leavers, feeds = feeds.len(), "looking where hooks pointed");
        self.stand().expected = expected;
        let outcome = self.pass(Scope::Hinted { accounts, feeds }).await;
        self.forget_awaited();
        let seen = outcome.as_ref().map(|outcome| seen(&taken, outcome)).unwrap_or_default();
        self.settle_hints(taken, &seen).await?;
        outcome
    }

    /// Tells whose seats an event is about, once the accounts have been read.
    pub(super) fn await_seats(&self) {
        let expected = std::mem::take(&mut self.stand().expected);
        let people: Vec<(PersonId, Awaited)> = {
            let known = self.known();
            expected.into_iter().filter_map(|(id, awaited)| Some((known.mirror.person_of(&id)?, awaited))).collect()
        };
        let mut standing = self.stand();
        for (person, awaited) in people {
            let since = standing.awaited.entry(person).or_insert_with(|| awaited.clone());
            if awaited.received_at < since.received_at {
                *since = awaited;
            }
        }
    }

    /// A desk has confirmed a change of somebody's seats.
    pub(super) fn note_seat(&self, person: PersonId, now: Time) {
        let mut standing = self.stand();
        let Some(awaited) = standing.awaited.remove(&person) else { return };
        let took = now.since(awaited.received_at);
        standing.took(took);
        drop(standing);
        metrics::event_to_seat(took);
        let duration_ms = took.as_millis();
        info!(event.id = %awaited.event, person.id = %person, duration_ms, "the desk confirmed what a hook pointed at");
    }

    /// Keeps waiting only for seats whose change is under way.
    fn forget_awaited(&self) {
        let ledger = self.ledger();
        let under_way =
            |person: &PersonId| ledger.of_person(*person).any(|(_, holding)| holding.state != HoldState::Held);
        self.stand().awaited.retain(|person, _| under_way(person));
    }
}

/// The spots that the pass has read to an end.
fn seen(taken: &Taken, outcome: &Outcome) -> BTreeSet<Spot> {
    let unread = |spot: &Spot| {
        let by_change = spot.1.is_none() || taken.storms.contains(&spot.0);
        if by_change { outcome.unread.contains(&(spot.0.clone(), None)) } else { outcome.unread.contains(spot) }
    };
    taken.spots.keys().filter(|spot| !unread(spot)).cloned().collect()
}
