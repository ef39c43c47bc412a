//! Finds the rows that may match a person in about one look-up, whatever the number of rows.
//!
//! A node splits its rows by the column that tells them apart best: exact values are hashed, globs are hashed by
//! their longest text (before the first star, after the last, or between two), ranges are sorted under their prefix.
//! Rows that say nothing of that column are split by another one. What comes out is a superset: the caller compares
//! the rest. Rows keep the order in which they were given, so a caller that gives the best first may stop early.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use super::facts::Facts;
use super::pattern::{Number, compare, significant, split_number};
use super::row::Row;

/// The number of a row in the table.
pub(super) type RowNo = u32;

/// Looked up by key and never walked, so that its order cannot be seen.
#[expect(clippy::disallowed_types, reason = "one look-up by hash is the point of the index; it is never iterated")]
type Hashed<T> = std::collections::HashMap<Box<str>, T, Xxh3DefaultBuilder>;

/// So few rows are compared one by one.
const LEAF_ROWS: usize = 6;

/// An index over some rows of a table.
#[derive(Debug)]
pub(super) enum Index {
    Leaf(Vec<RowNo>),
    Split(Box<Split>),
}

/// Rows told apart by one column.
#[derive(Debug)]
pub(super) struct Split {
    slot: usize,
    exact: Hashed<Index>,
    ranges: Hashed<Ranges>,
    heads: Affixes,
    tails: Affixes,
    /// Globs of which the longest text stands between two stars.
    pieces: Affixes,
    /// Globs without any text.
    other: Index,
    /// Rows that name no value in this column: they leave it empty or only exclude.
    rest: Index,
}

/// Ranges under one prefix, by their lower end.
#[derive(Debug)]
struct Ranges(Vec<Interval>);

#[derive(Debug)]
struct Interval {
    low: Number,
    high: Number,
    /// The highest end up to here, so that a search backwards knows where to stop.
    reach: Number,
    rows: Index,
}

/// Globs by the text at one end.
#[derive(Debug, Default)]
struct Affixes {
    by_text: Hashed<Index>,
    /// Lengths of the texts in bytes.
    lengths: Vec<usize>,
}

impl Index {
    /// Indexes the rows of these numbers. `slots` counts the columns of the table.
    pub(super) fn build(rows: &[Row], numbers: Vec<RowNo>, slots: usize) -> Self {
        let free: Vec<usize> = (0..slots).collect();
        Self::node(rows, numbers, &free)
    }

    fn node(rows: &[Row], numbers: Vec<RowNo>, free: &[usize]) -> Self {
        if numbers.len() <= LEAF_ROWS {
            return Self::Leaf(numbers);
        }
        let best = free.iter().filter_map(|slot| Some((cost(rows, &numbers, *slot)?, *slot))).min();
        match best {
            // A split has to pay for its look-up.
            Some((cost, slot)) if cost * 4 <= numbers.len() * 3 => {
                let free: Vec<usize> = free.iter().copied().filter(|other| *other != slot).collect();
                Self::Split(Box::new(Split::new(rows, &numbers, slot, &free)))
            }
            _ => Self::Leaf(numbers),
        }
    }

    /// Shows every row that may match; some of them more than once. Once `see` says no, the rows that come after it in
    /// the same list, in the order in which they were given, are left out.
    pub(super) fn visit(&self, facts: &Facts<'_>, see: &mut impl FnMut(RowNo) -> bool) {
        match self {
            Self::Leaf(rows) => {
                let _stopped_at = rows.iter().position(|row| !see(*row));
            }
            Self::Split(split) => {
                for value in facts.values(split.slot) {
                    split.visit(value, facts, see);
                }
                split.rest.visit(facts, see);
            }
        }
    }
}

/// What identifies a value of a cell in the index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Post<'r> {
    Exact(&'r str),
    Range(&'r str, &'r Number, &'r Number),
    Head(&'r str),
    Tail(&'r str),
    Piece(&'r str),
    Other,
    Rest,
}

fn posts(row: &Row, slot: usize) -> BTreeSet<Post<'_>> {
    let Some(values) = row.cell(slot).map(|cell| &cell.include).filter(|values| !values.is_empty()) else {
        return BTreeSet::from([Post::Rest]);
    };
    let exact = values.exact.iter().map(|exact| Post::Exact(&exact.value));
    let ranges = values.ranges.iter().map(|range| {
        let range = &range.value;
        Post::Range(&range.prefix, &range.low, &range.high)
    });
    let globs = values.globs.iter().map(|glob| {
        let (head, tail) = (&*glob.value.head, &*glob.value.tail);
        // The ends cost one look-up each; what stands between stars costs one at every letter.
        let piece = glob.value.middle.iter().max_by_key(|piece| piece.len()).map_or("", |piece| &**piece);
        let end = head.len().max(tail.len());
        match piece.len().max(end) {
            0 => Post::Other,
            longest if longest > end => Post::Piece(piece),
            longest if longest == head.len() => Post::Head(head),
            _ => Post::Tail(tail),
        }
    });
    exact.chain(ranges).chain(globs).collect()
}

/// How many rows a look-up would leave at worst, roughly; `None` when rows would be listed too often.
fn cost(rows: &[Row], numbers: &[RowNo], slot: usize) -> Option<usize> {
    let mut counts: BTreeMap<Post<'_>, usize> = BTreeMap::new();
    let mut listed = 0;
    for row in numbers.iter().filter_map(|number| rows.get(*number as usize)) {
        for post in posts(row, slot) {
            *counts.entry(post).or_default() += 1;
            listed += 1;
        }
    }
    let always: usize = [Post::Rest, Post::Other].iter().filter_map(|post| counts.get(post)).sum();
    let worst = counts.iter().filter(|(post, _)| !matches!(post, Post::Rest | Post::Other)).map(|(_, count)| *count);
    let worst = worst.max()?;
    (listed <= numbers.len() * 4 + 1_000).then_some(always + worst)
}

impl Split {
    fn new(rows: &[Row], numbers: &[RowNo], slot: usize, free: &[usize]) -> Self {
        let mut lists: BTreeMap<Post<'_>, Vec<RowNo>> = BTreeMap::new();
        for number in numbers {
            for post in rows.get(*number as usize).map(|row| posts(row, slot)).unwrap_or_default() {
                lists.entry(post).or_default().push(*number);
            }
        }
        let empty = || Index::Leaf(Vec::new());
        let mut split = Self {
            slot,
            exact: Hashed::default(),
            ranges: Hashed::default(),
            heads: Affixes::default(),
            tails: Affixes::default(),
            pieces: Affixes::default(),
            other: empty(),
            rest: empty(),
        };
        for (post, list) in lists {
            let node = Index::node(rows, list, free);
            match post {
                Post::Exact(value) => {
                    split.exact.insert(value.into(), node);
                }
                Post::Range(prefix, low, high) => {
                    split.ranges.entry(prefix.into()).or_insert_with(|| Ranges(Vec::new())).push(low, high, node);
                }
                Post::Head(text) => split.heads.insert(text, node),
                Post::Tail(text) => split.tails.insert(text, node),
                Post::Piece(text) => split.pieces.insert(text, node),
                Post::Other => split.other = node,
                Post::Rest => split.rest = node,
            }
        }
        split
    }

    fn visit(&self, value: &str, facts: &Facts<'_>, see: &mut impl FnMut(RowNo) -> bool) {
        if let Some(node) = self.exact.get(value) {
            node.visit(facts, see);
        }
        if !self.ranges.is_empty() {
            let (prefix, digits) = split_number(value);
            if let (false, Some(ranges)) = (digits.is_empty(), self.ranges.get(prefix)) {
                ranges.visit(significant(digits), facts, see);
            }
        }
        for length in &self.heads.lengths {
            if let Some(node) = value.get(..*length).and_then(|head| self.heads.by_text.get(head)) {
                node.visit(facts, see);
            }
        }
        for length in &self.tails.lengths {
            let tail = value.len().checked_sub(*length).and_then(|start| value.get(start..));
            if let Some(node) = tail.and_then(|tail| self.tails.by_text.get(tail)) {
                node.visit(facts, see);
            }
        }
        for length in &self.pieces.lengths {
            for start in 0..(value.len() + 1).saturating_sub(*length) {
                let piece = value.get(start..start + length);
                if let Some(node) = piece.and_then(|piece| self.pieces.by_text.get(piece)) {
                    node.visit(facts, see);
                }
            }
        }
        self.other.visit(facts, see);
    }
}

impl Affixes {
    fn insert(&mut self, text: &str, node: Index) {
        if let Err(at) = self.lengths.binary_search(&text.len()) {
            self.lengths.insert(at, text.len());
        }
        self.by_text.insert(text.into(), node);
    }
}

impl Ranges {
    /// Adds a range; they come in the order of their lower ends.
    fn push(&mut self, low: &Number, high: &Number, rows: Index) {
        let reach = self.0.last().map_or(high, |last| high.max(&last.reach)).clone();
        self.0.push(Interval { low: low.clone(), high: high.clone(), reach, rows });
    }

    fn visit(&self, number: &str, facts: &Facts<'_>, see: &mut impl FnMut(RowNo) -> bool) {
        let begun = self.0.partition_point(|interval| compare(interval.low.digits(), number).is_le());
        for interval in self.0.get(..begun).unwrap_or_default().iter().rev() {
            if compare(interval.reach.digits(), number).is_lt() {
                break;
            }
            if compare(interval.high.digits(), number).is_ge() {
                interval.rows.visit(facts, see);
            }
        }
    }
}
