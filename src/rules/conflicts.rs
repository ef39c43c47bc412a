//! What is wrong with a table as a whole: rows that tie and disagree, exceptions that disagree, and pools that
//! exclude each other and could meet in one person. Every error comes with a person who shows it.

use std::collections::{BTreeMap, BTreeSet};

use super::automaton::TooLong;
use super::check::excludes;
use super::code;
use super::column::Column;
use super::desired::carries;
use super::lookup::{Best, Lookup};
use super::pairs::{self, One, Pairs};
use super::row::{Exception, Row, Tier};
use super::seek::{Case, Seeker, Witness};
use super::table::Entry;
use super::text::Findings;
use super::{Place, labels, meetings};
use crate::model::{Catalog, PoolId};

/// How much work all searches of a table may be: well below a second.
const BUDGET: u64 = 12_000_000;

/// What one pair may take of it before the others had their turn.
const ALLOWANCE: u64 = 20_000;

/// So many pairs are passed for one step of an automaton.
pub(super) const PAIRS_A_STEP: u64 = 4;

/// Looks for all of them.
pub(super) fn find(
    lookup: &Lookup,
    columns: &[Column],
    exceptions: &[Exception],
    entries: &[Entry],
    catalog: &Catalog,
    findings: &mut Findings<'_>,
) {
    let mut seeker = Seeker::new(lookup, columns, BUDGET);
    seeker.allowance = ALLOWANCE;
    let mut unproven = Unproven::default();
    ties(&mut seeker, entries, &mut unproven, findings);
    meetings::find(&mut seeker, entries, catalog, &mut unproven, findings);
    unproven.report(&lookup.rows, findings);
    among_exceptions(exceptions, entries, catalog, findings);
}

/// What could not be proven within the budget.
#[derive(Debug, Default)]
pub(super) struct Unproven {
    first: Option<(Place, String)>,
    more: usize,
    /// Numbers of rows that were not compared with all others.
    left: BTreeSet<usize>,
}

impl Unproven {
    pub(super) fn add(&mut self, one: &Row, other: &Row) {
        match self.first {
            Some(_) => self.more += 1,
            None => self.first = Some((other.place.clone(), format!("rows {} and {}", one.id, other.id))),
        }
    }

    pub(super) fn leave(&mut self, rows: impl IntoIterator<Item = usize>) {
        self.left.extend(rows);
    }

    fn report(self, rows: &[Row], findings: &mut Findings<'_>) {
        let help = "whoever both match is held as a conflict; give one of them a higher priority";
        if let Some((place, rows)) = self.first {
            let more = if self.more == 0 { String::new() } else { format!(" (and {} more pairs)", self.more) };
            let message = format!("{rows}{more} are too entangled to tell whether they disagree about a person");
            findings.add_at(code::UNPROVEN, &place, message, help.to_owned());
        }
        if let Some(first) = self.left.first().and_then(|number| rows.get(*number)) {
            let (count, all) = (self.left.len(), rows.len());
            let message = format!(
                "too many rows overlap: {count} of {all} rows, {} among them, were not compared with all others",
                first.id
            );
            findings.add_at(code::UNPROVEN, &first.place, message, help.replace("one of them", "rows that overlap"));
        }
    }
}

fn ties<'a>(seeker: &mut Seeker<'a>, entries: &[Entry], unproven: &mut Unproven, findings: &mut Findings<'_>) {
    let single: Vec<usize> = (1..seeker.columns.len()).filter(|slot| seeker.is_single(*slot)).collect();
    let rows: &'a [Row] = &seeker.lookup.rows;
    let kinds = (0..rows.len()).map(|number| seeker.lookup.kind(number)).collect();
    let none = vec![false; rows.len()];
    let (told, outranked, vain) = (none.clone(), none, vec![0; rows.len()]);
    let mut ties = Ties { seeker, entries, findings, kinds, told, vain, outranked, again: Vec::new() };
    let mut left = pairs::each(rows, &single, &mut ties);
    // What one allowance did not suffice for gets what the others left.
    ties.seeker.allowance = u64::MAX;
    for (one, other) in std::mem::take(&mut ties.again) {
        if !ties.is_idle(one.number, other.number) && ties.look(one, other).is_err() {
            unproven.add(one.row, other.row);
        }
    }
    ties.seeker.allowance = ALLOWANCE;
    left.retain(|number| ties.told.get(*number) != Some(&true) && ties.outranked.get(*number) != Some(&true));
    unproven.leave(left);
}

/// Pairs of rows that are looked at for people about whom they disagree.
struct Ties<'s, 'a, 'f> {
    seeker: &'s mut Seeker<'a>,
    entries: &'s [Entry],
    findings: &'s mut Findings<'f>,
    /// What each row gives.
    kinds: Vec<Option<u32>>,
    /// One finding a row is enough to mend the table, and keeps a table in which all rows tie from taking long.
    told: Vec<bool>,
    /// How many pairs of each row were looked at in vain.
    vain: Vec<u8>,
    /// Rows of which everybody is decided by a row of a higher rank: about whom they disagree does not matter.
    outranked: Vec<bool>,
    /// Pairs that took more than their allowance.
    again: Vec<(One<'a>, One<'a>)>,
}

impl<'a> Pairs<'a> for Ties<'_, 'a, '_> {
    fn is_idle(&self, one: usize, other: usize) -> bool {
        let is_out = |number: usize| self.outranked.get(number) == Some(&true);
        let agree = self.kinds.get(one) == self.kinds.get(other);
        agree || one == other || self.told.get(one.max(other)) == Some(&true) || is_out(one) || is_out(other)
    }

    fn see(&mut self, one: One<'a>, other: One<'a>) -> bool {
        let (one, other) = if one.number < other.number { (one, other) } else { (other, one) };
        if let Err(TooLong) = self.look(one, other) {
            if self.again.len() == MOST_AGAIN {
                self.seeker.budget = 0;
            }
            self.again.push((one, other));
        }
        !self.seeker.is_spent()
    }

    fn passed(&mut self, pairs: usize) -> bool {
        self.seeker.spend(pairs as u64 / PAIRS_A_STEP).is_ok()
    }
}

/// After so many pairs in vain a row is looked at by itself.
const VAIN: u8 = 6;

/// So many pairs are looked at a second time; a table with more of them is not proven.
const MOST_AGAIN: usize = 10_000;

impl<'a> Ties<'_, 'a, '_> {
    /// After some pairs in vain it pays to ask whether the row ever counts.
    fn in_vain(&mut self, one: One<'a>) {
        let Some(vain) = self.vain.get_mut(one.number) else { return };
        *vain = vain.saturating_add(1);
        if *vain == VAIN {
            let case = Case { rows: vec![one.row], decider: Some(one.row), ..Case::default() };
            let nobody = matches!(self.seeker.find(&case, &beaten(one.row)), Ok(None));
            if let Some(outranked) = self.outranked.get_mut(one.number) {
                *outranked = nobody;
            }
        }
    }

    /// Tells of two rows, the one with the smaller id first, when they tie for somebody.
    fn look(&mut self, first: One<'a>, second: One<'a>) -> Result<(), TooLong> {
        let (one, other) = (first.row, second.row);
        let case = Case { rows: vec![one, other], decider: Some(one), equal: Some(other), ..Case::default() };
        let Some(witness) = self.seeker.find(&case, &beaten(one))? else {
            self.in_vain(first);
            self.in_vain(second);
            return Ok(());
        };
        if let Some(told) = self.told.get_mut(second.number) {
            *told = true;
        }
        let columns = self.seeker.columns;
        let person = witness.text(columns);
        let (mine, theirs) = (one.gives.text(), other.gives.text());
        let message = format!("rows {} and {} tie for {person} and disagree: {mine} or {theirs}", one.id, other.id);
        let (early, late) = if one.place <= other.place { (one, other) } else { (other, one) };
        let at = format!("{}:{}", early.place.file, early.place.line);
        let help = format!("give one of them a higher priority or make it more specific; {} is at {at}", early.id);
        let mut others = labels::cells(self.entries, late, columns, Some(&witness));
        others.push(labels::row(self.entries, early));
        others.extend(labels::cells(self.entries, early, columns, Some(&witness)));
        self.findings.add_labelled(code::TIE, labels::row(self.entries, late), others, message, help);
        Ok(())
    }
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
    let others = || -> Vec<labels::Label> {
        let given = |exception: &Exception| labels::given(entries, exception);
        given(other).into_iter().chain([label(one)]).chain(given(one)).collect()
    };
    let at = format!("the other one is at {}:{}", one.place.file, one.place.line);
    if one.gives.tier.is_some() && other.gives.tier.is_some() {
        if one.gives == other.gives {
            return false;
        }
        let message = format!("two exceptions for one person disagree: {} or {}", one.gives.text(), other.gives.text());
        findings.add_labelled(code::EXCEPTIONS_DISAGREE, label(other), others(), message, at);
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
            findings.add_labelled(code::ADDONS_MEET, label(other), others(), message, at);
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
