//! What everybody should hold, by the table, and what happens to those who should not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Decision;
use crate::directory::{Conflict, Person};
use crate::model::{Attribute, Catalog, ClassName, FeedName, OnSuspended, PersonId, PoolId, RuleId};

/// Everybody who should hold a counted seat, and everybody who holds or waits for one now.
/// Whoever is not in here is unknown, and unknown people keep their seat.
pub type Desired = BTreeMap<PersonId, Want>;

/// What one person should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// What may happen to them.
    pub standing: Standing,
    /// Orders people who wait equally long.
    pub order_key: String,
    /// The class whose reserve they may use.
    pub class: Option<ClassName>,
    /// The counted tier they should hold; `None` for a free tier, for `none` and for the default tier.
    pub tier: Option<(PoolId, Claim)>,
    /// The free tier they have when `tier` is `None`, for reports.
    pub free_tier: Option<PoolId>,
    /// Add-ons they should hold beside the tier.
    pub addons: BTreeMap<PoolId, Claim>,
    /// The row that decided, also when it decided for nothing.
    pub rule: Option<RuleId>,
    /// The facts behind the decision, shown when a seat is lost.
    pub basis: Basis,
}

/// What may happen to a person's seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Works here: gains and loses by the table.
    Active,
    /// Keeps what is held, gains nothing, loses nothing: a conflict, an unknown status, a suspension on `hold`
    /// without grace.
    Frozen {
        /// Why, in a few words for reports.
        why: String,
    },
    /// Suspended on `hold`: keeps what is held through the pool's grace, gains nothing.
    Suspended {
        /// The provider's own word.
        word: String,
    },
    /// Has not started: holds nothing.
    PreStart,
    /// Left, or suspended on `revoke`: loses everything at once.
    Left {
        /// The feed that shows it.
        feed: FeedName,
        /// The provider's own word, or how the absence was confirmed.
        word: String,
        /// Whether the provider said so or merely stopped showing them.
        absence: bool,
        /// False for an absence that `feed_shrink` does not believe yet.
        accepted: bool,
    },
}

/// A seat that the table gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The row that gives it.
    pub rule: RuleId,
    /// Given by an exception, not by a row.
    pub exception: bool,
    /// The last day it is given, when the row or exception says so.
    pub until: Option<Date>,
}

/// The attributes that the deciding row looked at, with their values. Comparing two of them tells whether a person
/// or the table changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// Value by attribute; `job_code` is always there when the person has one.
    pub facts: BTreeMap<Attribute, String>,
    /// The last day that the deciding row or exception gives the seat, so that an end by date is told from an edit.
    pub until: Option<Date>,
}

/// What one person should hold, out of what the table gives and where they stand. `on_suspended` is the policy of the
/// feed that decided the person's status.
pub fn want(
    person: &Person,
    decision: &Decision,
    conflict: Option<&Conflict>,
    on_suspended: OnSuspended,
    catalog: &Catalog,
) -> Want {
    let _ = (person, decision, conflict, on_suspended, catalog);
    unreachable!("stub")
}
