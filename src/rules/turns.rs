//! Numbers at which ranges begin and end: between two of them nothing changes, so that one text of each stretch stands
//! for all.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::{Number, Pattern, Range, split_number};
use super::witness::Question;

/// Texts that a cell with ranges names, one of each kind that the cells of a question tell apart.
pub(super) struct Turns {
    by_prefix: BTreeMap<Box<str>, Numbers>,
    /// Texts that are no number.
    exact: Vec<Box<str>>,
    /// Whether there is no other kind: no cell of the question names a glob.
    pub(super) are_all: bool,
}

/// What stands under one prefix.
#[derive(Default)]
struct Numbers {
    ranges: Vec<Range>,
    /// Where a stretch begins.
    begin: BTreeSet<Number>,
    /// How many digits are told apart.
    widths: BTreeSet<usize>,
}

impl Turns {
    /// `None` when no required cell names ranges, or exact values beside them, alone.
    pub(super) fn of(question: &Question<'_>) -> Option<Self> {
        let mut required = question.require.iter().map(|cell| &cell.include);
        let closed = required.find(|values| !values.is_empty() && values.globs.is_empty())?;
        let mut turns = Self { by_prefix: BTreeMap::new(), exact: Vec::new(), are_all: true };
        turns.exact.extend(closed.exact.iter().map(|exact| exact.value.clone()));
        for range in &closed.ranges {
            turns.by_prefix.entry(range.value.prefix.clone()).or_default().ranges.push(range.value.clone());
        }
        for cell in question.cells() {
            for values in [&cell.include, &cell.exclude] {
                values.patterns().for_each(|pattern| turns.add(&pattern));
            }
        }
        for numbers in turns.by_prefix.values_mut() {
            // Longer than all that is told apart; a range without a width takes it, whatever its zeros.
            let longest = numbers.widths.last().copied().unwrap_or_default();
            let digits = numbers.ranges.iter().map(|range| range.high.digits().len()).max().unwrap_or_default();
            numbers.widths.insert(longest.max(digits) + 1);
        }
        Some(turns)
    }

    fn add(&mut self, pattern: &Pattern) {
        let (prefix, low, high, width) = match pattern {
            Pattern::Glob(_) => {
                self.are_all = false;
                return;
            }
            Pattern::Exact(text) => {
                let (prefix, digits) = split_number(text);
                let number = Number::new(digits);
                (prefix, number.clone(), number, Some(digits.len()))
            }
            Pattern::Range(range) => (&*range.prefix, range.low.clone(), range.high.clone(), range.width),
        };
        if let Some(numbers) = self.by_prefix.get_mut(prefix) {
            numbers.widths.extend(width.filter(|width| *width > 0));
            numbers.begin.insert(high.next());
            numbers.begin.insert(low);
        }
    }

    /// One text of each kind.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        let of_ranges = self.by_prefix.iter().flat_map(|(prefix, numbers)| {
            numbers.begin.iter().filter(|number| numbers.holds(number)).flat_map(move |number| {
                let least = number.digits().len().max(1);
                let widths = std::iter::once(least).chain(numbers.widths.iter().copied().filter(move |w| *w > least));
                widths.map(move |width| format!("{prefix}{:0>width$}", number.digits()))
            })
        });
        self.exact.iter().map(ToString::to_string).chain(of_ranges)
    }
}

impl Numbers {
    fn holds(&self, number: &Number) -> bool {
        self.ranges.iter().any(|range| range.low <= *number && *number <= range.high)
    }
}
