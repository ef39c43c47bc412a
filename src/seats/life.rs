//! The life of one assignment, as stages and the events that may lead from one to the next.
//!
//! ```text
//! free ── requested ── waiting ──> granting ──> held <──> grace
//!   ^                     ^           |  |        |         |
//!   |                     +─ dropped ─+  +────────┴─────────+──> revoking ──> cooling ──> free
//!   +───────────────────────────────────────────────────────────────┘  (nothing keeps the seat)
//! ```
//!
//! The ledger refuses an event that does not fit: it stays as it is, and the journal still has the entry.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::ledger::{HoldState, Ledger};
use crate::model::{PersonId, PoolId};
use crate::rules::{Standing, Want};

/// Where a person and a pool stand with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is between them.
    Free,
    /// The table gives the seat, and no pass has decided yet.
    Requested,
    /// A place in the queue.
    Waiting,
    /// Begun, and not confirmed by the desk.
    Granting,
    /// Confirmed by the desk.
    Held,
    /// The table no longer gives it; grace runs.
    Grace,
    /// Being taken, and not confirmed by the desk.
    Revoking,
    /// Taken, and kept from others by the vendor's terms.
    Cooling,
}

impl Stage {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Free,
        Self::Requested,
        Self::Waiting,
        Self::Granting,
        Self::Held,
        Self::Grace,
        Self::Revoking,
        Self::Cooling,
    ];

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Requested => "requested",
            Self::Waiting => "waiting",
            Self::Granting => "granting",
            Self::Held => "held",
            Self::Grace => "grace",
            Self::Revoking => "revoking",
            Self::Cooling => "cooling",
        }
    }

    /// The stage by the ledger alone; whoever wants a seat besides may be [`Self::Requested`].
    pub fn of(ledger: &Ledger, person: PersonId, pool: &PoolId) -> Self {
        let key = (person, pool.clone());
        let held = ledger.holdings.get(&key).map(|holding| match holding.state {
            HoldState::Granting => Self::Granting,
            HoldState::Held if holding.leaving.is_some() => Self::Grace,
            HoldState::Held => Self::Held,
            HoldState::Revoking => Self::Revoking,
        });
        let cooling = || ledger.cooling.contains_key(&key).then_some(Self::Cooling);
        let waiting = || ledger.waiting.contains_key(&key).then_some(Self::Waiting);
        held.or_else(cooling).or_else(waiting).unwrap_or(Self::Free)
    }

    /// The stage with what the table gives.
    #[must_use]
    pub fn with(self, want: Option<&Want>, pool: &PoolId) -> Self {
        let gives = want.is_some_and(|want| {
            let tier = want.tier.as_ref().is_some_and(|(tier, _)| tier == pool);
            want.standing == Standing::Active && (tier || want.addons.contains_key(pool))
        });
        if self == Self::Free && gives { Self::Requested } else { self }
    }

    /// Whether that event may happen at this stage. Events that are not about one seat may always happen.
    pub const fn allows(self, event: &Event) -> bool {
        match event {
            Event::Granting { .. } => matches!(self, Self::Free | Self::Requested | Self::Waiting | Self::Cooling),
            Event::Granted { .. } | Event::GrantDropped { .. } => matches!(self, Self::Granting),
            // Whoever has the seat at the desk has it, whatever was begun. One that is being taken is not adopted.
            Event::Adopted { .. } => !matches!(self, Self::Revoking),
            Event::Revoking { .. } => matches!(self, Self::Granting | Self::Held | Self::Grace),
            Event::Revoked { .. } | Event::RevokeDropped { .. } => matches!(self, Self::Revoking),
            Event::Leaving { .. } | Event::Rebased { .. } => matches!(self, Self::Granting | Self::Held | Self::Grace),
            // Grace may run for a seat whose grant is not confirmed yet.
            Event::Stays { .. } => matches!(self, Self::Granting | Self::Grace),
            // A place in the queue is kept beside a seat that comes or goes.
            Event::Waiting { .. } => !matches!(self, Self::Held | Self::Grace),
            Event::Cooled { .. } => matches!(self, Self::Cooling),
            Event::WaitEnded { .. }
            | Event::Person(_)
            | Event::Held(_)
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::HoldEnded { .. }
            | Event::FeedAccepted { .. }
            | Event::Rebuilt { .. }
            | Event::Trusted {}
            | Event::Pinned(_)
            | Event::DeskAccount { .. }
            | Event::Unpinned { .. } => true,
        }
    }
}

/// The person and pool that an event is about.
pub const fn seat_of(event: &Event) -> Option<(PersonId, &PoolId)> {
    match event {
        Event::Granting { person, pool, .. }
        | Event::Granted { person, pool }
        | Event::GrantDropped { person, pool, .. }
        | Event::Adopted { person, pool, .. }
        | Event::Revoking { person, pool, .. }
        | Event::Revoked { person, pool, .. }
        | Event::RevokeDropped { person, pool, .. }
        | Event::Leaving { person, pool, .. }
        | Event::Stays { person, pool }
        | Event::Rebased { person, pool, .. }
        | Event::Waiting { person, pool, .. }
        | Event::WaitEnded { person, pool, .. }
        | Event::Cooled { person, pool } => Some((*person, pool)),
        Event::Person(_)
        | Event::Held(_)
        | Event::Approved { .. }
        | Event::Rejected { .. }
        | Event::HoldEnded { .. }
        | Event::FeedAccepted { .. }
        | Event::Rebuilt { .. }
        | Event::Trusted {}
        | Event::Pinned(_)
        | Event::DeskAccount { .. }
        | Event::Unpinned { .. } => None,
    }
}
