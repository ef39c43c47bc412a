//! Rows that never count because other rows take everybody they match. Exact for the grammar of cells, for people who
//! have one value in every column but `group` and `feed`, and for the days from today on.
//!
//! A row with a tier is searched for a person for whom it decides. A row with add-ons alone is searched for a person to
//! whom nobody else gives one of them; of rows that give the same to the same people the one with the smallest id
//! counts.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::automaton::TooLong;
use super::column::Key;
use super::lookup::{Best, Lookup};
use super::row::Row;
use super::seek::{Case, Seeker, Witness};
use super::survey::Table;
use super::text::{Findings, Span};
use super::{code, labels};
use crate::model::PoolId;

/// How much work all searches of a table may be: well below a second.
const BUDGET: u64 = 12_000_000;

/// What one search may take of it before the others had their turn.
const ALLOWANCE: u64 = 10_000;

/// Rows that one search may refuse: a range is often covered by a row for every code of it.
const TRIES: usize = 2_000;

/// More rows than that are named as they were found, without looking which of them could be left out.
const MOST_NAMED: usize = 24;

/// Rows that were found to take people away, by id.
type Takers<'a> = RefCell<BTreeMap<&'a str, &'a Row>>;

/// Warns of every such row but those that are told already.
pub(super) fn find(table: &Table<'_>, told: &BTreeSet<&str>, today: Date, findings: &mut Findings<'_>) {
    let mut seeker = Seeker::new(table.lookup, table.columns, BUDGET);
    (seeker.tries, seeker.allowance) = (TRIES, ALLOWANCE);
    let mut search = Search { seeker, today, idle: BTreeSet::new(), unproven: Vec::new() };
    // The largest id first: of rows that could each be left out the one with the smallest id stays.
    let rows = table.lookup.rows.iter().rev().filter(|row| !told.contains(row.id.as_str()));
    search.judge(rows, table, findings);
    // What one allowance did not suffice for gets what the others left.
    search.seeker.allowance = u64::MAX;
    let entangled = std::mem::take(&mut search.unproven);
    search.judge(entangled.into_iter(), table, findings);
    if let Some(first) = search.unproven.last() {
        let more = match search.unproven.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let message = format!("row {}{more} is too entangled with others to tell whether it ever counts", first.id);
        let help = "nothing is wrong by that; fewer exclusions and globs would let it be proven".to_owned();
        findings.add_at(code::UNPROVEN, &first.place, message, help);
    }
}

struct Search<'a> {
    seeker: Seeker<'a>,
    today: Date,
    /// Rows with add-ons alone that were found never to count.
    idle: BTreeSet<&'a str>,
    unproven: Vec<&'a Row>,
}

impl<'a> Search<'a> {
    fn case(&self, rows: Vec<&'a Row>, decider: Option<&'a Row>) -> Case<'a> {
        Case { rows, decider, named: true, since: Some(self.today), ..Case::default() }
    }

    /// Tells of rows that never count, and remembers those of which nothing can be said.
    fn judge(&mut self, rows: impl Iterator<Item = &'a Row>, table: &Table<'_>, findings: &mut Findings<'_>) {
        for row in rows {
            match if row.gives.tier.is_some() { self.deciding(row) } else { self.adding(row) } {
                Ok(None) => {}
                Ok(Some(takers)) => {
                    self.idle.insert(row.id.as_str());
                    report(table, row, &takers, findings);
                }
                Err(TooLong) => self.unproven.push(row),
            }
        }
    }

    /// The rows that take everybody from a row with a tier; `None` when it decides for somebody.
    fn deciding(&mut self, row: &'a Row) -> Result<Option<Vec<&'a Row>>, TooLong> {
        let takers = Takers::default();
        let case = self.case(vec![row], Some(row));
        let spoils = |witness: &Witness, best: Option<Best<'a>>| {
            let best = best?;
            let taker = takes(best.row, row, witness).then_some(best.row)?;
            takers.borrow_mut().insert(taker.id.as_str(), taker);
            Some(taker)
        };
        if self.seeker.find(&case, &spoils)?.is_some() {
            return Ok(None);
        }
        let found: Vec<&'a Row> = takers.into_inner().into_values().collect();
        Ok(Some(self.fewest(row, found)))
    }

    /// Leaves out rows without which the others still take everybody.
    fn fewest(&mut self, row: &'a Row, mut takers: Vec<&'a Row>) -> Vec<&'a Row> {
        if takers.len() > MOST_NAMED {
            return takers;
        }
        // Rows that ask for more go first, so that the wide one that does it alone stays.
        takers.sort_by_key(|taker| std::cmp::Reverse(taker.cells.len()));
        let mut at = 0;
        while at < takers.len() && takers.len() > 1 {
            let mut fewer = takers.clone();
            fewer.remove(at);
            let case = self.case(vec![row], Some(row));
            let spoils =
                |witness: &Witness, _: Option<Best<'a>>| fewer.iter().copied().find(|taker| takes(taker, row, witness));
            match self.seeker.find(&case, &spoils) {
                Ok(None) => takers = fewer,
                Ok(Some(_)) | Err(TooLong) => at += 1,
            }
        }
        takers.sort_by(|a, b| a.id.cmp(&b.id));
        takers
    }

    /// The rows that leave nothing to a row with add-ons alone.
    fn adding(&mut self, row: &'a Row) -> Result<Option<Vec<&'a Row>>, TooLong> {
        let takers = Takers::default();
        for addon in &row.gives.addons {
            if self.adds(row, addon, &takers)? {
                return Ok(None);
            }
        }
        Ok(Some(takers.into_inner().into_values().collect()))
    }

    /// Whether there is somebody to whom only this row gives the add-on.
    fn adds(&mut self, row: &'a Row, addon: &PoolId, takers: &Takers<'a>) -> Result<bool, TooLong> {
        let lookup = self.seeker.lookup;
        let idle = std::mem::take(&mut self.idle);
        let passed = Cell::new(0);
        let outcome = self.adds_beside(row, addon, takers, (lookup, &idle, &passed));
        self.idle = idle;
        self.seeker.spend_on_lookups(passed.get()).and(outcome)
    }

    fn adds_beside(
        &mut self,
        row: &'a Row,
        addon: &PoolId,
        takers: &Takers<'a>,
        (lookup, idle, passed): (&'a Lookup, &BTreeSet<&'a str>, &Cell<u64>),
    ) -> Result<bool, TooLong> {
        let gives_too = |witness: &Witness| {
            let mut work = passed.take();
            let adding = lookup.adding_counted(&witness.facts(), witness.day, &mut work);
            passed.set(work);
            let adding = adding.into_iter();
            adding.rev().find(|other| {
                other.id != row.id && other.gives.addons.contains(addon) && !idle.contains(other.id.as_str())
            })
        };
        let note = |taker: &'a Row| {
            takers.borrow_mut().insert(taker.id.as_str(), taker);
            taker
        };
        let by_tier = RefCell::new(false);
        let takes_it = |decider: &Row| decider.gives.denies() || decider.gives.addons.contains(addon);
        let spoils = |witness: &Witness, best: Option<Best<'a>>| {
            let decider = best.map(|best| best.row).filter(|decider| takes_it(decider));
            if decider.is_some() {
                by_tier.replace(true);
            }
            gives_too(witness).or(decider).map(note)
        };
        if self.seeker.find(&self.case(vec![row], None), &spoils)?.is_some() {
            return Ok(true);
        }
        if !by_tier.into_inner() {
            return Ok(false);
        }
        // Whom a denying row matches may still be decided by another row that ranks higher.
        for decider in lookup.rows.iter().filter(|other| other.gives.tier.is_some() && !takes_it(other)) {
            let spoils = |witness: &Witness, best: Option<Best<'a>>| {
                let rank = decider.rank(decider.meets(&witness.facts(), witness.day)?);
                let beaten = best.filter(|best| best.rank > rank).map(|best| best.row);
                gives_too(witness).map(note).or(beaten)
            };
            let mut case = self.case(vec![row, decider], Some(decider));
            case.named = false;
            if self.seeker.find(&case, &spoils)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether the other row decides in place of the row. Rows that tie and disagree are an error of their own.
fn takes(other: &Row, row: &Row, witness: &Witness) -> bool {
    let facts = witness.facts();
    let rank = |row: &Row| Some(row.rank(row.meets(&facts, witness.day)?));
    match (rank(other), rank(row)) {
        (Some(theirs), Some(mine)) => {
            theirs > mine || (theirs == mine && other.id < row.id && other.gives == row.gives)
        }
        _ => false,
    }
}

fn report(table: &Table<'_>, row: &Row, takers: &[&Row], findings: &mut Findings<'_>) {
    let names: Vec<&str> = takers.iter().take(MOST_NAMED).map(|taker| taker.id.as_str()).collect();
    let more = takers.len().saturating_sub(names.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let (rows, take) = if takers.len() == 1 { ("row", "takes") } else { ("rows", "take") };
    let what = if row.gives.tier.is_some() { "decides" } else { "adds anything" };
    let message = format!("row {} never {what}: {rows} {}{more} {take} everybody it matches", row.id, names.join(", "));
    let same = takers.iter().all(|taker| taker.gives == row.gives);
    let help = if same {
        "it changes nothing; delete it, or find what it was meant to tell apart"
    } else {
        "delete it, or give it a higher priority or a more specific job code than theirs"
    };
    let mut places: Vec<(Span, String)> = labels::cells(table.entries, row, table.columns, None);
    places.retain(|(span, _)| *span != key_span(table, row, &Key::Id));
    places.extend(takers.iter().take(MOST_NAMED).map(|taker| {
        let (span, name) = labels::row(table.entries, taker);
        (span, format!("{name} gives {}", taker.gives.text()))
    }));
    let here = (labels::row(table.entries, row).0, format!("never {what}"));
    findings.add_labelled(code::COVERED, here, places, message, help.to_owned());
}

fn key_span(table: &Table<'_>, row: &Row, key: &Key) -> Span {
    let entry = table.entries.get(row.entry);
    entry.and_then(|entry| entry.get(key)).map_or(Span::new(usize::MAX, 0, 0), |cell| cell.span)
}
