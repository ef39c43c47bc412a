//! Everybody through one table, counted by row and by job code: rows that nobody needs, codes that no row knows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::diff::job_code;
use super::normal::normal;
use super::{Decision, Given, Line, RuleSet};
use crate::directory::Person;
use crate::model::{PoolId, RuleId, Status};

/// What a census found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// The day for which the table was asked.
    pub today: Date,
    /// People who have not left.
    pub people: u64,
    /// People without a job code.
    pub without_code: u64,
    /// Every row and exception, rows by id first.
    pub rows: Vec<RowCount>,
    /// Job codes that the feeds show, in normal form.
    pub codes: BTreeMap<String, CodeCount>,
}

/// People of one row or exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The row.
    pub line: Line,
    /// Whether it is an exception for one person.
    pub exception: bool,
    /// People for whom it decides the tier.
    pub decides: u64,
    /// People to whom it gives an add-on without deciding.
    pub adds: u64,
}

/// People of one job code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeCount {
    /// The code as the feeds first show it.
    pub shown: String,
    /// People who have it.
    pub people: u64,
    /// Those for whom no row decides and none adds.
    pub without_row: u64,
    /// People by what decides for them.
    pub meanings: BTreeMap<Meaning, u64>,
}

/// What a row makes of a code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meaning {
    /// The deciding row, `None` for none. Exceptions concern a person, not a code, and are not counted.
    pub rule: Option<RuleId>,
    /// The tier; `None` when it is denied.
    pub tier: Option<PoolId>,
}

impl CodeCount {
    /// What the code means for most people; of equally many a row before none, and the smaller id.
    pub fn meaning(&self) -> Option<&Meaning> {
        let order = |(meaning, people): &(&Meaning, &u64)| (Reverse(**people), meaning.rule.is_none());
        self.meanings.iter().min_by_key(order).map(|(meaning, _)| meaning)
    }
}

/// Takes a census of people who are shown one by one.
pub struct CensusTaker<'r> {
    set: &'r RuleSet,
    today: Date,
    people: u64,
    without_code: u64,
    rows: BTreeMap<RuleId, (u64, u64)>,
    codes: BTreeMap<String, CodeCount>,
}

impl<'r> CensusTaker<'r> {
    /// Begins.
    pub fn new(set: &'r RuleSet, today: Date) -> Self {
        Self { set, today, people: 0, without_code: 0, rows: BTreeMap::new(), codes: BTreeMap::new() }
    }

    /// Counts one person, for whom the table has decided.
    pub fn see(&mut self, person: &Person, decision: &Decision) {
        if person.status == Status::Gone {
            return;
        }
        self.people += 1;
        if let Some(rule) = &decision.rule {
            self.row(rule).0 += 1;
        }
        for rule in decision.addons.values().map(|claim| &claim.rule) {
            if decision.rule.as_ref() != Some(rule) {
                self.row(rule).1 += 1;
            }
        }
        let Some(code) = job_code(person) else {
            self.without_code += 1;
            return;
        };
        let key = normal(code);
        if !self.codes.contains_key(&*key) {
            let count = CodeCount { shown: code.to_owned(), ..CodeCount::default() };
            self.codes.insert(key.clone().into_owned(), count);
        }
        let Some(count) = self.codes.get_mut(&*key) else { return };
        count.people += 1;
        if decision.rule.is_none() && decision.addons.is_empty() {
            count.without_row += 1;
        }
        let (tier, by_exception) = match &decision.tier {
            Given::Default => (Some(&self.set.catalog.default_tier), false),
            Given::Denied(claim) => (None, claim.exception),
            Given::Tier(pool, claim) => (Some(pool), claim.exception),
        };
        if !by_exception {
            let meaning = Meaning { rule: decision.rule.clone(), tier: tier.cloned() };
            *count.meanings.entry(meaning).or_default() += 1;
        }
    }

    fn row(&mut self, id: &RuleId) -> &mut (u64, u64) {
        if !self.rows.contains_key(id) {
            self.rows.insert(id.clone(), (0, 0));
        }
        self.rows.entry(id.clone()).or_default()
    }

    /// The counts.
    pub fn finish(self) -> Census {
        let rows = self.set.lookup.rows.len();
        let count = |(number, line): (usize, Line)| {
            let (decides, adds) = self.rows.get(&line.id).copied().unwrap_or_default();
            RowCount { line, exception: number >= rows, decides, adds }
        };
        Census {
            today: self.today,
            people: self.people,
            without_code: self.without_code,
            rows: self.set.lines().enumerate().map(count).collect(),
            codes: self.codes,
        }
    }
}
