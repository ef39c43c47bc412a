//! What is wrong with a table as a whole: rows that tie and disagree, exceptions that disagree, and pools that
//! exclude each other and could meet in one person. Every error comes with a person who shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::automaton::TooLong;
use super::check::excludes;
use super::code;
use super::column::Column;
use super::desired::carries;
use super::lookup::{Best, Lookup};
use super::row::{Exception, Row, Tier};
use super::seek::{Case, Seeker, Witness};
use super::table::Entry;
use super::text::Findings;
use super::{Place, labels, meetings, pairs};
use crate::model::{Catalog, PoolId};

/// How many steps of automata all searches of a table may take: well below a second.
const BUDGET: u64 = 6_000_000;

/// How many pairs of rows may be looked at more closely.
const SEARCHES: u64 = 2_000_000;

/// Looks for all of them.
pub(super) fn find(
    lookup: &Lookup,
    columns: &[Column],
    exceptions: &[Exception],
    entries: &[Entry],
    catalog: &Catalog,
    findings: &mut Findings<'_>,
) {
    let mut seeker = Seeker::new(lookup, columns, BUDGET, SEARCHES);
    let mut unproven = Unproven::default();
    ties(&mut seeker, entries, &mut unproven, findings);
    meetings::find(&mut seeker, entries, catalog, &mut unproven, findings);
    unproven.report(findings);
    among_exceptions(exceptions, entries, catalog, findings);
}

/// Pairs of rows of which nothing could be proven within the budget.
#[derive(Debug, Default)]
pub(super) struct Unproven {
    first: Option<(Place, String)>,
    more: usize,
}

impl Unproven {
    pub(super) fn add(&mut self, one: &Row, other: &Row) {
        match self.first {
            Some(_) => self.more += 1,
            None => self.first = Some((other.place.clone(), format!("rows {} and {}", one.id, other.id))),
        }
    }

    fn report(self, findings: &mut Findings<'_>) {
        if let Some((place, rows)) = self.first {
            let more = if self.more == 0 { String::new() } else { format!(" (and {} more pairs)", self.more) };
            let message = format!("{rows}{more} are too entangled to tell whether they disagree about a person");
            let help = "whoever both match is held as a conflict; give one of them a higher priority".to_owned();
            findings.add_at(code::UNPROVEN, &place, message, help);
        }
    }
}

fn ties<'a>(seeker: &mut Seeker<'a>, entries: &[Entry], unproven: &mut Unproven, findings: &mut Findings<'_>) {
    let single: Vec<usize> = (1..seeker.columns.len()).filter(|slot| seeker.is_single(*slot)).collect();
    let rows: &'a [Row] = &seeker.lookup.rows;
    // One finding a row is enough to mend the table, and keeps a table in which all rows tie from taking long.
    let mut told: BTreeSet<&str> = BTreeSet::new();
    pairs::each(rows, &single, &mut |one, other| {
        let (one, other) = if one.id < other.id { (one, other) } else { (other, one) };
        let (first, second) = (one.id.as_str(), other.id.as_str());
        if one.gives == other.gives || first == second || told.contains(second) {
            return;
        }
        let case = Case { rows: vec![one, other], decider: Some(one), equal: Some(other), ..Case::default() };
        match seeker.find(&case, &beaten(one)) {
            Ok(None) => {}
            Ok(Some(witness)) => {
                told.insert(second);
                let person = witness.text(seeker.columns);
                let message = format!(
                    "rows {first} and {second} tie for {person} and disagree: {} or {}",
                    one.gives.text(),
                    other.gives.text()
                );
                let (early, late) = if one.place <= other.place { (one, other) } else { (other, one) };
                let at = format!("{}:{}", early.place.file, early.place.line);
                let help =
                    format!("give one of them a higher priority or make it more specific; {} is at {at}", early.id);
                let columns = seeker.columns;
                let mut others = labels::cells(entries, late, columns, Some(&witness));
                others.push(labels::row(entries, early));
                others.extend(labels::cells(entries, early, columns, Some(&witness)));
                findings.add_labelled(code::TIE, labels::row(entries, late), others, message, help);
            }
            Err(TooLong) => unproven.add(one, other),
        }
    });
}

/// Spoils a witness when another row ranks above the decider there.
pub(super) fn beaten<'a>(decider: &'a Row) -> impl Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row> {
    move |witness, best| {
        let rank = decider.rank(decider.meets(&witness.facts(), witness.day)?);
        best.filter(|best| best.rank > rank).map(|best| best.row)
    }
}

/// Exceptions for one person, named alike, that are in force on the same day.
fn among_exceptions(exceptions: &[Exception], entries: &[Entry], catalog: &Catalog, findings: &mut Findings<'_>) {
    let mut by_person: BTreeMap<&str, Vec<&Exception>> = BTreeMap::new();
    for exception in exceptions {
        by_person.entry(&exception.person).or_default().push(exception);
    }
    for list in by_person.values() {
        for (at, one) in list.iter().enumerate() {
            let later = list.iter().skip(at + 1).filter(|other| !one.window.and(&other.window).is_empty());
            // One finding for each is enough, and keeps a list of a thousand from taking long.
            for other in later {
                if compare(one, other, entries, catalog, findings) {
                    break;
                }
            }
        }
    }
}

/// Whether two exceptions do not go together.
fn compare(
    one: &Exception,
    other: &Exception,
    entries: &[Entry],
    catalog: &Catalog,
    findings: &mut Findings<'_>,
) -> bool {
    let label = |exception: &Exception| labels::exception(entries, exception);
    let at = format!("the other one is at {}:{}", one.place.file, one.place.line);
    if one.gives.tier.is_some() && other.gives.tier.is_some() {
        if one.gives == other.gives {
            return false;
        }
        let message = format!("two exceptions for one person disagree: {} or {}", one.gives.text(), other.gives.text());
        findings.add_labelled(code::EXCEPTIONS_DISAGREE, label(other), vec![label(one)], message, at);
        return true;
    }
    if one.gives.denies() || other.gives.denies() {
        return false;
    }
    let tier = [one, other].into_iter().find_map(|exception| pool_of(exception.gives.tier.as_ref()));
    let held = |addon: &&PoolId| tier.is_none() || carries(catalog, tier, addon);
    let pools = |exception: &'_ Exception| -> BTreeSet<PoolId> {
        let addons = exception.gives.addons.iter().filter(held).cloned();
        addons.chain(pool_of(exception.gives.tier.as_ref()).cloned()).collect()
    };
    let theirs = pools(other);
    for mine in pools(one) {
        if let Some(theirs) = theirs.iter().find(|theirs| excludes(catalog, &mine, theirs)) {
            let message = format!("two exceptions for one person give {mine} and {theirs}, which exclude each other");
            findings.add_labelled(code::ADDONS_MEET, label(other), vec![label(one)], message, at);
            return true;
        }
    }
    false
}

pub(super) const fn pool_of(tier: Option<&Tier>) -> Option<&PoolId> {
    match tier {
        Some(Tier::Pool(pool)) => Some(pool),
        Some(Tier::Denied) | None => None,
    }
}
