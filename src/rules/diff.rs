//! Two tables over the same people: who gains, moves and loses.
//!
//! Everybody is decided by the new table, because seats are counted for all; by the old one only those whom an edited
//! row can touch (see `edits`). People who are alike in everything that the tables look at are decided once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::RuleSet;
use super::column::Column;
use super::edits::Edited;
use super::facts::Facts;
use super::impact::{Change, Impact};
use super::normal::normal;
use super::outcome::{OutcomeNo, Outcomes, Plain};
use crate::directory::Person;
use crate::model::{Attribute, FeedName, OnSuspended, Status};

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
    /// Columns that either table looks at.
    columns: BTreeSet<&'r Column>,
    /// People who are alike.
    pub(super) groups: Vec<Group>,
    /// Numbers of groups by what their people have in those columns.
    alike: Alike,
    key: Vec<u8>,
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
            columns: old.columns.iter().chain(&new.columns).collect(),
            groups: Vec::new(),
            alike: Alike::default(),
            key: Vec::new(),
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
        let number = self.group_of(subject.person);
        let Some(group) = self.groups.get_mut(number) else { return false };
        group.people += 1;
        let Group { before, after, code, people: _ } = *group;
        if before != after {
            self.changes.push(Change { person: subject.person.id, code, before, after });
        }
        before != after
    }

    /// The group of people who are alike; whoever an exception may name is like nobody else.
    fn group_of(&mut self, person: &Person) -> usize {
        if self.alike.len() >= MOST_ALIKE || is_named(self.old, person) || is_named(self.new, person) {
            let group = self.decided(person);
            self.groups.push(group);
            return self.groups.len() - 1;
        }
        let mut key = std::mem::take(&mut self.key);
        write_key(&self.columns, person, &mut key);
        let number = self.alike.get(key.as_slice()).copied().unwrap_or_else(|| {
            let group = self.decided(person);
            self.groups.push(group);
            self.alike.insert(key.as_slice().into(), self.groups.len() - 1);
            self.groups.len() - 1
        });
        self.key = key;
        number
    }

    fn decided(&mut self, person: &Person) -> Group {
        let facts = Facts::of(person, &self.new.columns);
        let met = self.new.meet(person, &facts, self.today);
        let after = self.outcomes.of(self.new, &met, &mut self.plain_new);
        let before = if self.has_same_columns {
            self.before(person, &facts, &facts)
        } else {
            self.before(person, &facts, &Facts::of(person, &self.old.columns))
        };
        let before = before.unwrap_or(after);
        let code = if before == after { None } else { self.codes.number(person) };
        Group { before, after, code, people: 0 }
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

/// People who are alike in everything that both tables look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) before: OutcomeNo,
    pub(super) after: OutcomeNo,
    /// The number of their job code, where something changes.
    pub(super) code: Option<u32>,
    pub(super) people: u64,
}

/// Looked up by key and never walked, so that its order cannot be seen.
#[expect(clippy::disallowed_types, reason = "one look-up by hash per person is the point of it; it is never iterated")]
type Alike = std::collections::HashMap<Box<[u8]>, usize, Xxh3DefaultBuilder>;

/// More kinds of people than that are decided one by one: it bounds memory where a column tells everybody apart.
const MOST_ALIKE: usize = 200_000;

/// Whether an exception may name the person.
fn is_named(set: &RuleSet, person: &Person) -> bool {
    let keys = [&person.email, &person.employee_number];
    !set.by_person.is_empty() && keys.into_iter().flatten().any(|key| set.by_person.contains_key(&*normal(key)))
}

/// What a person has in the columns, as written at the provider; every text with its length before it.
fn write_key(columns: &BTreeSet<&Column>, person: &Person, key: &mut Vec<u8>) {
    fn write<'t>(key: &mut Vec<u8>, texts: impl ExactSizeIterator<Item = &'t str>) {
        key.extend(texts.len().to_le_bytes());
        for text in texts {
            key.extend(text.len().to_le_bytes());
            key.extend(text.as_bytes());
        }
    }
    key.clear();
    for column in columns {
        match column {
            Column::Status => write(key, std::iter::once(person.status.as_str())),
            Column::Feed => write(key, person.feeds.iter().map(FeedName::as_str)),
            Column::Attribute(attribute) => {
                let values = person.attributes.get(attribute).map(Vec::as_slice).unwrap_or_default();
                write(key, values.iter().map(String::as_str));
            }
        }
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
