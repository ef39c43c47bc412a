//! All that the planner and the brakes rely on beside people and ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::{Catalog, Digest, PersonId, PoolId, Time};

/// What was bought, what may change at once, and what others hold at the desk.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What was bought.
    pub catalog: Catalog,
    /// What may change at once.
    pub brakes: Brakes,
    /// Seats at the desk that are not in the ledger, by pool.
    pub occupied: BTreeMap<PoolId, Occupied>,
    /// Seats taken in the last 24 hours, by pool.
    pub revoked_today: BTreeMap<PoolId, u64>,
    /// What may be done in a pool; a pool that is not named is [`PoolMode::Full`].
    pub modes: BTreeMap<PoolId, PoolMode>,
    /// False after a rebuild until every feed was read whole: nothing is revoked.
    pub may_revoke: bool,
    /// The digest of the rules table in force; goes into the plan's digest.
    pub rules_digest: Digest,
    /// The zone in which days of the table begin and end.
    pub time_zone: TimeZone,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupied {
    /// Holders that are nobody we know.
    pub strangers: u32,
    /// Holders that are people we know.
    pub people: BTreeSet<PersonId>,
}

/// What may change at once. There is no way to turn them off.
#[derive(Clone, Debug, PartialEq)]
pub struct Brakes {
    /// Seats taken in a pool.
    pub revoke: Brake,
    /// Seats given in a pool.
    pub grant: Brake,
    /// Seats taken in a pool because the table was edited.
    pub rules_edit: Brake,
    /// Accounts that a feed may lose from one whole reading to the next.
    pub feed_shrink: Limit,
    /// How long a held plan can be approved.
    pub approval_expires: Duration,
    /// How many different people have to approve.
    pub approvers: u32,
}

/// A limit per pass, and per sliding day where it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Brake {
    /// What trips above `at_least`.
    pub per_pass: Limit,
    /// So many never trip.
    pub at_least: u64,
    /// The same over the last 24 hours, in share of the same whole.
    pub per_day: Option<Limit>,
}

/// A count, a share of a whole in percent, or both: whichever is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// So many.
    pub count: Option<u64>,
    /// So many in a hundred of the whole.
    pub percent: Option<f64>,
}

impl Limit {
    /// How many of `whole` the limit lets pass; a share is rounded down.
    pub fn of(&self, whole: u64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of seats are far below 2^52 and percentages are checked to lie in 0..=100"
        )]
        let share = self.percent.map(|percent| (whole as f64 * percent / 100.0).floor() as u64);
        match (self.count, share) {
            (Some(count), Some(share)) => count.min(share),
            (Some(count), None) => count,
            (None, share) => share.unwrap_or(0),
        }
    }
}

impl Brake {
    /// How many of `whole` pass at once: the larger of `at_least` and `per_pass`.
    pub fn per_pass_of(&self, whole: u64) -> u64 {
        self.at_least.max(self.per_pass.of(whole))
    }

    /// How many of `whole` pass within a day.
    pub fn per_day_of(&self, whole: u64) -> Option<u64> {
        self.per_day.map(|limit| self.at_least.max(limit.of(whole)))
    }
}

/// The start of the sliding day that ends `now`.
pub fn day_before(now: Time) -> Time {
    now.minus(Duration::from_hours(24))
}
