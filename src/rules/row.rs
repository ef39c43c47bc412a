//! Rows and exceptions as the program relies on them.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::Place;
use super::cell::Cell;
use super::pattern::Specificity;
use crate::model::{ClassName, PoolId, RuleId};

/// A row of the table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: RuleId,
    pub(super) place: Place,
    /// The number of the entry it was written as, for labels; means nothing once a table is compiled.
    pub(super) entry: usize,
    /// Filled match columns, by the slot of the column.
    pub(super) cells: Vec<(usize, Cell)>,
    pub(super) gives: Gives,
    pub(super) window: Window,
    pub(super) priority: i64,
    pub(super) owner: Option<String>,
    pub(super) note: Option<String>,
}

/// What a row or exception gives.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gives {
    /// `None` when it only adds add-ons.
    pub(super) tier: Option<Tier>,
    pub(super) addons: BTreeSet<PoolId>,
    pub(super) class: Option<ClassName>,
}

/// What stands in the tier cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// `none`.
    Denied,
    Pool(PoolId),
}

impl Gives {
    pub(super) fn denies(&self) -> bool {
        self.tier == Some(Tier::Denied)
    }

    /// In words, such as `fulfiller + major-incident for class on-call`.
    pub(super) fn text(&self) -> String {
        let tier = match &self.tier {
            None => None,
            Some(Tier::Denied) => Some("none".to_owned()),
            Some(Tier::Pool(pool)) => Some(pool.to_string()),
        };
        let parts: Vec<String> = tier.into_iter().chain(self.addons.iter().map(PoolId::to_string)).collect();
        let class = self.class.as_ref().map(|class| format!(" for class {class}")).unwrap_or_default();
        format!("{}{class}", parts.join(" + "))
    }
}

/// The days on which a row or exception is in force, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

impl Window {
    pub(super) fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// The days of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { from: self.from.max(other.from), until }
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!((self.from, self.until), (Some(from), Some(until)) if from > until)
    }

    /// Days on which it begins, and on which it is no longer.
    pub(super) fn turns(&self) -> impl Iterator<Item = Date> {
        self.from.into_iter().chain(self.until.and_then(|until| until.tomorrow().ok()))
    }
}

/// What decides between rows that match the same person, the higher the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) priority: i64,
    pub(super) specificity: Specificity,
    pub(super) filled: usize,
}

impl Row {
    /// The cell of a column, when it is filled.
    pub(super) fn cell(&self, slot: usize) -> Option<&Cell> {
        self.cells.iter().find(|(other, _)| *other == slot).map(|(_, cell)| cell)
    }

    /// Its rank for somebody whose job code matched that specifically. `status` and `feed` count as match columns;
    /// priority, dates and class do not.
    pub(super) fn rank(&self, specificity: Specificity) -> Rank {
        Rank { priority: self.priority, specificity, filled: self.cells.len() }
    }
}

/// An exception for one person.
#[derive(Clone, Debug)]
pub(super) struct Exception {
    /// `exception:` and the person as written.
    pub(super) id: RuleId,
    pub(super) place: Place,
    /// The number of the entry it was written as, for labels.
    pub(super) entry: usize,
    /// E-mail or employee number in normal form.
    pub(super) person: String,
    pub(super) gives: Gives,
    pub(super) window: Window,
    pub(super) owner: String,
    pub(super) reason: String,
}
