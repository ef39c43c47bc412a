//! Which rows and exceptions differ between two tables, and whom they can touch.
//!
//! A decision follows from the rows that match a person. Whoever matches no row that was added, removed or changed
//! matches the same rows in both tables, so that both decide the same; only the others have to be decided twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::RuleSet;
use super::cell::Cell;
use super::column::Column;
use super::facts::Facts;
use super::index::{Index, RowNo};
use super::normal::normal;
use super::row::{Exception, Gives, Row, Window};
use crate::directory::Person;
use crate::model::RuleId;

/// What happened to a row between two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// The new table alone has it.
    Added,
    /// The old table alone has it.
    Removed,
    /// It says something else.
    Changed,
    /// It says the same; what it decides may differ all the same, by what became of other rows.
    Same,
}

/// Rows and exceptions of one table that the other has not, or not so.
pub(super) struct Edited<'r> {
    set: &'r RuleSet,
    index: Index,
    /// So many rows are edited that finding out whom they touch takes longer than deciding for everybody.
    everybody: bool,
    /// People whom edited exceptions name, in normal form.
    named: BTreeSet<&'r str>,
}

impl<'r> Edited<'r> {
    pub(super) fn new(set: &'r RuleSet, other: &RuleSet) -> Self {
        let rows = &set.lookup.rows;
        let edited = rows.iter().enumerate().filter(|(_, row)| {
            let twin = row_of(other, &row.id);
            twin.is_none_or(|twin| !is_same(set, row, other, twin))
        });
        let numbers: Vec<RowNo> = edited.filter_map(|(number, _)| RowNo::try_from(number).ok()).collect();
        let everybody = set.catalog != other.catalog || numbers.len().saturating_mul(2) > rows.len();
        let (ours, theirs) = (exceptions(set), exceptions(other));
        let named = ours.iter().filter(|(person, said)| theirs.get(*person) != Some(said));
        let named = named.map(|(person, _)| *person).collect();
        Self { set, index: Index::build(rows, numbers, set.columns.len()), everybody, named }
    }

    /// Whether an edited row matches the person, or an edited exception names them.
    pub(super) fn touches(&self, person: &Person, facts: &Facts<'_>, today: Date) -> bool {
        if self.everybody || self.names(person) {
            return true;
        }
        let mut touched = false;
        self.index.visit(facts, &mut |number| {
            let row = self.set.lookup.rows.get(number as usize);
            touched = touched || row.is_some_and(|row| row.meets(facts, today).is_some());
            !touched
        });
        touched
    }

    fn names(&self, person: &Person) -> bool {
        let keys = [&person.email, &person.employee_number];
        !self.named.is_empty() && keys.into_iter().flatten().any(|key| self.named.contains(&*normal(key)))
    }
}

/// What happened to every row and exception of two tables, by id.
pub(super) fn edits(old: &RuleSet, new: &RuleSet) -> BTreeMap<RuleId, Edit> {
    let mut edits = BTreeMap::new();
    for row in &old.lookup.rows {
        let edit = match row_of(new, &row.id) {
            None => Edit::Removed,
            Some(twin) if is_same(old, row, new, twin) => Edit::Same,
            Some(_) => Edit::Changed,
        };
        edits.insert(row.id.clone(), edit);
    }
    for row in &new.lookup.rows {
        edits.entry(row.id.clone()).or_insert(Edit::Added);
    }
    let (before, after) = (exceptions_by_id(old), exceptions_by_id(new));
    for (id, said) in &before {
        let edit = match after.get(id) {
            None => Edit::Removed,
            Some(twin) if twin == said => Edit::Same,
            Some(_) => Edit::Changed,
        };
        edits.insert((*id).clone(), edit);
    }
    for id in after.keys().filter(|id| !before.contains_key(*id)) {
        edits.insert((*id).clone(), Edit::Added);
    }
    edits
}

fn row_of<'r>(set: &'r RuleSet, id: &RuleId) -> Option<&'r Row> {
    let rows = &set.lookup.rows;
    rows.binary_search_by(|row| row.id.cmp(id)).ok().and_then(|at| rows.get(at))
}

/// Whether two rows decide the same. Slots depend on the other rows of a table; columns do not.
fn is_same(set: &RuleSet, row: &Row, other: &RuleSet, twin: &Row) -> bool {
    fn cells<'r>(set: &'r RuleSet, row: &'r Row) -> Vec<(Option<&'r Column>, &'r Cell)> {
        let mut cells: Vec<_> = row.cells.iter().map(|(slot, cell)| (set.columns.get(*slot), cell)).collect();
        cells.sort_by(|a, b| a.0.cmp(&b.0));
        cells
    }
    row.gives == twin.gives
        && row.window == twin.window
        && row.priority == twin.priority
        && cells(set, row) == cells(other, twin)
}

/// What exceptions say.
type Said<'r> = Vec<(&'r RuleId, &'r Gives, Window)>;

fn exceptions(set: &RuleSet) -> BTreeMap<&str, Said<'_>> {
    let mut said: BTreeMap<&str, Said<'_>> = BTreeMap::new();
    for exception in &set.exceptions {
        said.entry(&exception.person).or_default().push(say(exception));
    }
    said
}

fn exceptions_by_id(set: &RuleSet) -> BTreeMap<&RuleId, Said<'_>> {
    let mut said: BTreeMap<&RuleId, Said<'_>> = BTreeMap::new();
    for exception in &set.exceptions {
        said.entry(&exception.id).or_default().push(say(exception));
    }
    said
}

const fn say(exception: &Exception) -> (&RuleId, &Gives, Window) {
    (&exception.id, &exception.gives, exception.window)
}
