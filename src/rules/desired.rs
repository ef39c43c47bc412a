//! What everybody should hold, by the table, and what happens to those who should not.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Decision, Given};
use crate::directory::{Conflict, Departure, Person};
use crate::model::{Attribute, Catalog, ClassName, FeedName, OnSuspended, PersonId, PoolId, RuleId, Status};

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
    /// The row's priority, by which people wait; 0 for an exception.
    pub priority: i64,
    /// The last day it is given, when the row or exception says so.
    pub until: Option<Date>,
}

/// The attributes that the deciding row looked at, with their values. Comparing two of them tells whether a person
/// or the table changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// Value by attribute, for every attribute that the table has a column for; an empty text where the person lacks
    /// it. `job_code` is there whenever the person has one, and only then. Of many values, such as groups, those that
    /// the table names, joined by `|`.
    pub facts: BTreeMap<Attribute, String>,
    /// The last day that the deciding row or exception gives the seat, so that an end by date is told from an edit.
    pub until: Option<Date>,
}

/// What one person should hold, out of what the table gives and where they stand. `on_suspended` is the policy of the
/// feed that decided the person's status.
///
/// - A conflict or an unknown status freezes. So does a clash, except for those who left or have not started: whatever
///   the rows say, they hold nothing.
/// - On leave counts as active: a seat that is not wanted then takes a row with `status = "on_leave"`.
/// - Whoever left or has not started wants nothing here, so that no reader of this has to remember to look at
///   `standing` first.
/// - An add-on whose base tier the table does not give is dropped; [`unmet`] names it.
/// - Uncounted pools are not in here: there is nothing to hold and nothing to take.
pub fn want(
    person: &Person,
    decision: &Decision,
    conflict: Option<&Conflict>,
    on_suspended: OnSuspended,
    catalog: &Catalog,
) -> Want {
    let standing = standing(person, decision, conflict, on_suspended);
    let mut want = Want {
        standing,
        order_key: person.order_key.clone(),
        class: decision.class.clone(),
        tier: None,
        free_tier: None,
        addons: BTreeMap::new(),
        rule: decision.rule.clone(),
        basis: decision.basis.clone(),
    };
    if matches!(want.standing, Standing::Left { .. } | Standing::PreStart) {
        return want;
    }
    match &decision.tier {
        Given::Default => want.free_tier = Some(catalog.default_tier.clone()),
        Given::Denied(_) => {}
        Given::Tier(pool, claim) if catalog.is_counted(pool) => want.tier = Some((pool.clone(), claim.clone())),
        Given::Tier(pool, _) => want.free_tier = Some(pool.clone()),
    }
    let base = base_of(decision, catalog);
    let carried = decision.addons.iter().filter(|(addon, _)| carries(catalog, base, addon));
    let counted = carried.filter(|(addon, _)| catalog.is_counted(addon));
    want.addons = counted.map(|(addon, claim)| (addon.clone(), claim.clone())).collect();
    want
}

/// Add-ons that the table gives to somebody whose tier does not carry them, each with the row that gives it.
/// [`want`] leaves them out; `explain` names them.
pub fn unmet(decision: &Decision, catalog: &Catalog) -> BTreeMap<PoolId, Claim> {
    let base = base_of(decision, catalog);
    let unmet = decision.addons.iter().filter(|(addon, _)| !carries(catalog, base, addon));
    unmet.map(|(addon, claim)| (addon.clone(), claim.clone())).collect()
}

/// The tier that the table gives, free or not; `None` when it is denied.
fn base_of<'a>(decision: &'a Decision, catalog: &'a Catalog) -> Option<&'a PoolId> {
    match &decision.tier {
        Given::Default => Some(&catalog.default_tier),
        Given::Denied(_) => None,
        Given::Tier(pool, _) => Some(pool),
    }
}

/// Whether an add-on may stand on that tier: it requires none, or this one among others.
pub(super) fn carries(catalog: &Catalog, base: Option<&PoolId>, addon: &PoolId) -> bool {
    catalog
        .pool(addon)
        .is_none_or(|pool| pool.requires.is_empty() || base.is_some_and(|base| pool.requires.contains(base)))
}

fn standing(person: &Person, decision: &Decision, conflict: Option<&Conflict>, on_suspended: OnSuspended) -> Standing {
    if let Some(Conflict { key, value: _, with }) = conflict {
        let others: Vec<String> = with.iter().map(ToString::to_string).collect();
        return Standing::Frozen { why: format!("{key} is also claimed by {}", others.join(", ")) };
    }
    let clash = || decision.clash.clone().map(|why| Standing::Frozen { why });
    match person.status {
        Status::Unknown => Standing::Frozen { why: "the provider's status is not known to us".to_owned() },
        Status::Gone => left(person),
        Status::PreStart => Standing::PreStart,
        Status::Active | Status::OnLeave => clash().unwrap_or(Standing::Active),
        Status::Suspended => match on_suspended {
            OnSuspended::Revoke => {
                suspended(person, |feed, word| Standing::Left { feed, word, absence: false, accepted: true })
            }
            OnSuspended::Hold => clash().unwrap_or_else(|| suspended(person, |_, word| Standing::Suspended { word })),
            OnSuspended::Keep => clash().unwrap_or(Standing::Active),
        },
    }
}

fn left(person: &Person) -> Standing {
    match &person.departure {
        Some(Departure::Positive { feed, word }) => {
            Standing::Left { feed: feed.clone(), word: word.clone(), absence: false, accepted: true }
        }
        Some(Departure::Absence { feed, accepted }) => Standing::Left {
            feed: feed.clone(),
            word: "missing from a whole reading, and gone by a read by id".to_owned(),
            absence: true,
            accepted: *accepted,
        },
        // Nobody loses a seat without evidence that can be named.
        None => Standing::Frozen { why: "gone, and no feed shows how".to_owned() },
    }
}

/// The provider's own word is not among a person's facts; ours is the same in every feed.
fn suspended(person: &Person, standing: impl FnOnce(FeedName, String) -> Standing) -> Standing {
    match &person.status_feed {
        Some(feed) => standing(feed.clone(), Status::Suspended.as_str().to_owned()),
        None => Standing::Frozen { why: "suspended, and no feed shows it".to_owned() },
    }
}
