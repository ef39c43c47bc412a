//! All that the planner and the brakes rely on beside people and ledger.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::brake::Brakes;
use super::lately::Lately;
use super::shape::Shape;
use crate::model::{Catalog, Digest, FeedName, PersonId, PoolId};

/// What was bought, what may change at once, and what others hold at the desk.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What was bought.
    pub catalog: Catalog,
    /// What may change at once.
    pub brakes: Brakes,
    /// Seats at the desk that are not in the ledger, by pool.
    pub occupied: BTreeMap<PoolId, Occupied>,
    /// What passed lately without an approval, for brakes over time.
    pub lately: Lately,
    /// The catalog that earlier plans were made by; `None` when it is not known.
    pub catalog_before: Option<Shape>,
    /// People who never lose a seat by a pass.
    pub protected: BTreeSet<PersonId>,
    /// Feeds in the order their word counts: whose a person is.
    pub prefer: Vec<FeedName>,
    /// What may be done in a pool; a pool that is not named is [`PoolMode::Full`].
    pub modes: BTreeMap<PoolId, PoolMode>,
    /// False after a rebuild until every feed was read whole: nothing is revoked.
    pub may_revoke: bool,
    /// The digest of the rules table in force; goes into the plan's digest.
    pub rules_digest: Digest,
    /// The zone in which days of the table begin and end.
    pub time_zone: TimeZone,
}

impl Policy {
    /// Whether both are the same but for what passed lately, which moves with time alone.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self {
            catalog,
            brakes,
            occupied,
            lately: _,
            catalog_before,
            protected,
            prefer,
            modes,
            may_revoke,
            rules_digest,
            time_zone,
        } = self;
        *catalog == other.catalog
            && *brakes == other.brakes
            && *occupied == other.occupied
            && *catalog_before == other.catalog_before
            && *protected == other.protected
            && *prefer == other.prefer
            && *modes == other.modes
            && *may_revoke == other.may_revoke
            && *rules_digest == other.rules_digest
            && *time_zone == other.time_zone
    }
}

/// What may be done in a pool, by the mode of its desks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolMode {
    /// Planned and reported; the worker applies nothing.
    Observe,
    /// Seats are given and never taken: the planner plans no revocation there and counts on none.
    AddOnly,
    /// Seats are given and taken.
    Full,
}

/// Seats at the desk that the ledger does not hold: they belong to others, and they use up what was bought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupied {
    /// Holders that are nobody we know.
    pub strangers: u32,
    /// Holders that are people we know.
    pub people: BTreeSet<PersonId>,
}
