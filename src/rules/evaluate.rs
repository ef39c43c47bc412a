//! One person through the table.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Basis, Claim, RuleSet};
use crate::directory::Person;
use crate::model::{ClassName, PoolId, RuleId};

/// What the table gives one person on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The tier.
    pub tier: Given,
    /// Add-ons beside it, each with the row that gives it.
    pub addons: BTreeMap<PoolId, Claim>,
    /// The class of the deciding row.
    pub class: Option<ClassName>,
    /// The deciding row or exception; `None` when no row decides.
    pub rule: Option<RuleId>,
    /// The attributes the deciding row looked at, and the job code.
    pub basis: Basis,
    /// Add-ons that exclude each other and meet in this person: nothing about them may change.
    pub clash: Option<String>,
}

/// The tier that the table gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// No row decides: the catalog's default tier.
    Default,
    /// `tier = "none"`: no tier and no add-on.
    Denied(Claim),
    /// This tier.
    Tier(PoolId, Claim),
}

/// How one row or exception met one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowTrace {
    /// The row.
    pub id: RuleId,
    /// Whether it matched.
    pub matched: bool,
    /// Whether it decided the tier.
    pub decides: bool,
    /// Why, in a few words: `job_code SD-12 matches SD-1*`, `department is HR, not IT`, `less specific than row x`.
    pub why: String,
}

impl RuleSet {
    /// Decides for one person. About one look-up, whatever the number of rows.
    pub fn decide(&self, person: &Person, today: Date) -> Decision {
        let _ = (person, today);
        unreachable!("stub")
    }

    /// Tells how every row met the person, the deciding one first.
    pub fn trace(&self, person: &Person, today: Date) -> Vec<RowTrace> {
        let _ = (person, today);
        unreachable!("stub")
    }

    /// The next day after `today` on which a row or exception begins or is over.
    pub fn next_change(&self, today: Date) -> Option<Date> {
        let _ = today;
        unreachable!("stub")
    }
}
