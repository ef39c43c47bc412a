//! Two tables over the same people: who gains, moves and loses.
//!
//! Everybody is decided by the new table, because seats are counted for all; by the old one only those whom an edited
//! row can touch (see `edits`). Outcomes are kept once and people as numbers of them, so that a million people take
//! well below a second.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::RuleSet;
use super::edits::Edited;
use super::facts::Facts;
use super::impact::{Change, Impact};
use super::normal::normal;
use super::outcome::{OutcomeNo, Outcomes, Plain};
use crate::directory::Person;
use crate::model::{Attribute, OnSuspended, Status};

/// Somebody to decide for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'p> {
    /// The person.
    pub person: &'p Person,
    /// Another person claims the same identity, so that nothing about either may change.
    pub in_conflict: bool,
    /// The policy of the feed that decided the person's status.
    pub on_suspended: OnSuspended,
}

impl Subject<'_> {
    /// Whether the table can give or take anything: the person works here and nothing keeps them as they are. The same
    /// people for whom [`want`](super::want) says `Active`, but for a clash, which depends on the table.
    pub fn is_active(&self) -> bool {
        let status = match self.person.status {
            Status::Active | Status::OnLeave => true,
            Status::Suspended => self.on_suspended == OnSuspended::Keep,
            Status::PreStart | Status::Gone | Status::Unknown => false,
        };
        status && !self.in_conflict
    }
}

/// Compares two tables, which were compiled for the same catalog, over all people.
pub fn diff<'p>(old: &RuleSet, new: &RuleSet, people: impl IntoIterator<Item = Subject<'p>>, today: Date) -> Impact {
    let mut differ = Differ::new(old, new, today);
    for subject in people {
        differ.see(subject);
    }
    differ.finish()
}

/// Compares two tables over people who are shown one by one.
pub struct Differ<'r> {
    pub(super) today: Date,
    pub(super) old: &'r RuleSet,
    pub(super) new: &'r RuleSet,
    removed: Edited<'r>,
    added: Edited<'r>,
    has_same_columns: bool,
    plain_old: Plain,
    plain_new: Plain,
    pub(super) outcomes: Outcomes,
    /// People by the outcome that both tables give them.
    pub(super) same: BTreeMap<OutcomeNo, u64>,
    /// People by the two outcomes that the tables give them.
    pub(super) pairs: BTreeMap<(OutcomeNo, OutcomeNo), u64>,
    pub(super) changes: Vec<Change>,
    pub(super) codes: Codes,
    pub(super) people: u64,
    pub(super) apart: u64,
}

impl<'r> Differ<'r> {
    /// Begins to compare.
    pub fn new(old: &'r RuleSet, new: &'r RuleSet, today: Date) -> Self {
        Self {
            today,
            old,
            new,
            removed: Edited::new(old, new),
            added: Edited::new(new, old),
            has_same_columns: old.columns == new.columns,
            plain_old: vec![None; old.lookup.rows.len() + 1],
            plain_new: vec![None; new.lookup.rows.len() + 1],
            outcomes: Outcomes::default(),
            same: BTreeMap::new(),
            pairs: BTreeMap::new(),
            changes: Vec::new(),
            codes: Codes::default(),
            people: 0,
            apart: 0,
        }
    }

    /// Takes in one person. Tells whether the tables differ about them.
    pub fn see(&mut self, subject: Subject<'_>) -> bool {
        if !subject.is_active() {
            self.apart += 1;
            return false;
        }
        self.people += 1;
        let Subject { person, .. } = subject;
        let facts = Facts::of(person, &self.new.columns);
        let met = self.new.meet(person, &facts, self.today);
        let after = self.outcomes.of(self.new, &met, &mut self.plain_new);
        let before = if self.has_same_columns {
            self.before(person, &facts, &facts)
        } else {
            self.before(person, &facts, &Facts::of(person, &self.old.columns))
        };
        match before.filter(|before| *before != after) {
            None => {
                *self.same.entry(after).or_default() += 1;
                false
            }
            Some(before) => {
                *self.pairs.entry((before, after)).or_default() += 1;
                let code = self.codes.number(person);
                self.changes.push(Change { person: person.id, code, before, after });
                true
            }
        }
    }

    /// The outcome of the old table; `None` when it has to be that of the new one.
    fn before(&mut self, person: &Person, new: &Facts<'_>, old: &Facts<'_>) -> Option<OutcomeNo> {
        let touched = self.added.touches(person, new, self.today) || self.removed.touches(person, old, self.today);
        touched.then(|| {
            let met = self.old.meet(person, old, self.today);
            self.outcomes.of(self.old, &met, &mut self.plain_old)
        })
    }

    /// What the comparison comes to.
    pub fn finish(self) -> Impact {
        Impact::of(self)
    }
}

/// Job codes of people for whom something changes, each once.
#[derive(Debug, Default)]
pub(super) struct Codes {
    numbers: BTreeMap<String, u32>,
    pub(super) shown: Vec<String>,
}

impl Codes {
    /// The number of the person's first job code.
    fn number(&mut self, person: &Person) -> Option<u32> {
        let code = job_code(person)?;
        let key = normal(code);
        if let Some(number) = self.numbers.get(&*key) {
            return Some(*number);
        }
        let number = u32::try_from(self.shown.len()).ok()?;
        self.shown.push(code.to_owned());
        self.numbers.insert(key.into_owned(), number);
        Some(number)
    }
}

/// The person's first job code as written at the provider.
pub(super) fn job_code(person: &Person) -> Option<&str> {
    let codes = person.attributes.get(&Attribute::JobCode)?;
    codes.iter().map(|code| code.trim()).find(|code| !code.is_empty())
}
