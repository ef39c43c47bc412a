//! What a table gives one person, as far as anybody notices, and how two tables differ in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::RuleSet;
use super::desired::carries;
use super::evaluate::{Met, Source};
use crate::model::{Catalog, ClassName, PoolId, RuleId};

/// What a table gives one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outcome {
    /// The tier, counted or free; `None` when a row denies it.
    pub tier: Option<PoolId>,
    /// Add-ons that stand on the tier, each with the row that gives it.
    pub addons: BTreeMap<PoolId, RuleId>,
    /// The class whose reserve may be used.
    pub class: Option<ClassName>,
    /// The deciding row or exception; `None` when no row decides.
    pub rule: Option<RuleId>,
    /// Rows disagree about the person or give what excludes each other: nothing about them may change.
    pub conflict: bool,
}

/// What becomes of one person between two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Seats are gained and none is lost.
    Gain,
    /// Seats are lost and none is gained.
    Lose,
    /// Both: another tier, or another add-on.
    Move,
    /// The same seats by another row, for another class, or another free tier.
    Other,
    /// One of the tables has a conflict about the person, so that nothing may change.
    Conflict,
}

impl Outcome {
    /// Pools in which a seat is needed.
    pub fn seats(&self, catalog: &Catalog) -> BTreeSet<PoolId> {
        if self.conflict {
            return BTreeSet::new();
        }
        let pools = self.tier.iter().chain(self.addons.keys());
        pools.filter(|pool| catalog.is_counted(pool)).cloned().collect()
    }

    /// The row that gives the seat of a pool.
    pub fn row_of(&self, pool: &PoolId) -> Option<&RuleId> {
        self.addons.get(pool).or(self.rule.as_ref())
    }

    /// The deciding row and the rows that give add-ons.
    pub fn rows(&self) -> BTreeSet<&RuleId> {
        self.rule.iter().chain(self.addons.values()).collect()
    }

    /// In words, such as `fulfiller + major-incident`.
    pub fn text(&self) -> String {
        let tier = self.tier.as_ref().map_or("none", PoolId::as_str);
        let parts: Vec<&str> = std::iter::once(tier).chain(self.addons.keys().map(PoolId::as_str)).collect();
        parts.join(" + ")
    }
}

impl Kind {
    /// What happens between two different outcomes.
    pub fn between(before: &Outcome, after: &Outcome, catalog: &Catalog) -> Self {
        if before.conflict || after.conflict {
            return Self::Conflict;
        }
        let (had, has) = (before.seats(catalog), after.seats(catalog));
        match (has.is_subset(&had), had.is_subset(&has)) {
            (true, true) => Self::Other,
            (false, true) => Self::Gain,
            (true, false) => Self::Lose,
            (false, false) => Self::Move,
        }
    }
}

/// The number of an outcome in [`Outcomes`].
pub(super) type OutcomeNo = u32;

/// Every outcome that was seen, once: people are many, outcomes few.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    list: Vec<Outcome>,
    numbers: BTreeMap<Outcome, OutcomeNo>,
}

/// The outcomes of rows of one table that decide alone, by row; the first is that of nobody's row.
pub(super) type Plain = Vec<Option<OutcomeNo>>;

impl Outcomes {
    pub(super) fn number(&mut self, outcome: Outcome) -> OutcomeNo {
        if let Some(number) = self.numbers.get(&outcome) {
            return *number;
        }
        let number = OutcomeNo::try_from(self.list.len()).unwrap_or(OutcomeNo::MAX);
        self.list.push(outcome.clone());
        self.numbers.insert(outcome, number);
        number
    }

    pub(super) fn get(&self, number: OutcomeNo) -> Option<&Outcome> {
        self.list.get(number as usize)
    }

    pub(super) fn into_list(self) -> Vec<Outcome> {
        self.list
    }

    /// The outcome of somebody. `plain` remembers those that follow from the deciding row alone.
    pub(super) fn of(&mut self, set: &RuleSet, met: &Met<'_>, plain: &mut Plain) -> OutcomeNo {
        let own = met.source.map_or(0, |source| source.gives().addons.len());
        // Neither an exception nor a row with add-ons alone had a say.
        let is_plain = met.plain && met.clash.is_none() && met.addons.len() == own;
        let place = met.row.map_or(0, |row| row as usize + 1);
        if let (true, Some(Some(number))) = (is_plain, plain.get(place)) {
            return *number;
        }
        let number = self.number(outcome(set, met));
        if let (true, Some(remembered)) = (is_plain, plain.get_mut(place)) {
            *remembered = Some(number);
        }
        number
    }
}

/// What becomes of a decision.
pub(super) fn outcome(set: &RuleSet, met: &Met<'_>) -> Outcome {
    let base = set.base(met.source);
    let carried = met.addons.iter().filter(|(addon, _)| carries(&set.catalog, base, addon));
    Outcome {
        tier: base.cloned(),
        addons: carried.map(|(addon, source)| ((*addon).clone(), source.id().clone())).collect(),
        class: met.source.and_then(|source| source.gives().class.clone()),
        rule: met.source.map(Source::id).cloned(),
        conflict: met.clash.is_some(),
    }
}
