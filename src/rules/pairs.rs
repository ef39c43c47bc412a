//! Pairs of rows that may tie, without looking at all pairs of a large table.
//!
//! Rows tie only with the same priority, as many filled columns and an equally specific job code, so they share an
//! exact code, ranges of one prefix that overlap, or globs as long; within such a bucket another column may tell
//! more of them apart.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::Number;
use super::row::Row;

/// What rows of one bucket share beside priority and filled columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Share<'a> {
    Any,
    Glob(usize),
    Range(&'a str),
    Exact(&'a str),
}

/// A row in a bucket, and how far its value reaches.
#[derive(Clone, Debug)]
struct Member<'a> {
    one: One<'a>,
    reach: Reach<'a>,
}

/// A row and its number in the table, which is smaller where its id is.
#[derive(Clone, Copy, Debug)]
pub(super) struct One<'a> {
    pub(super) number: usize,
    pub(super) row: &'a Row,
}

/// What pairs are shown to.
pub(super) trait Pairs<'a> {
    /// Whether two rows need not be looked at, by their numbers; asked of very many pairs, so it has to be quick.
    fn is_idle(&self, one: usize, other: usize) -> bool;

    /// A pair to look at. The search ends when it says no.
    fn see(&mut self, one: One<'a>, other: One<'a>) -> bool;

    /// Pairs were passed, whether looked at or not. The search ends when it says no.
    fn passed(&mut self, pairs: usize) -> bool;
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach<'a> {
    Same,
    Head(&'a str),
    /// The text after the last star, backwards.
    Tail(String),
    Numbers(&'a Number, &'a Number),
}

/// In a bucket this small every pair is looked at.
const SMALL: usize = 48;

/// Shows every pair of rows with a tier that may tie; some of them more than once. `single` are the slots, other than
/// that of the job code, of columns in which people have one value. When the search ends before, it answers with the
/// numbers of rows that were not compared with all others.
pub(super) fn each<'a>(rows: &'a [Row], single: &[usize], to: &mut dyn Pairs<'a>) -> BTreeSet<usize> {
    let mut buckets: BTreeMap<(i64, usize, Share<'a>), Vec<Member<'a>>> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.gives.tier.is_some()) {
        let one = One { number, row };
        for (share, reach) in shares(row) {
            buckets.entry((row.priority, row.cells.len(), share)).or_default().push(Member { one, reach });
        }
    }
    let mut left = BTreeSet::new();
    let mut goes_on = true;
    for members in buckets.into_values().filter(|members| !all_agree(members)) {
        let numbers = members.iter().map(|member| member.one.number);
        if !goes_on {
            left.extend(numbers);
            continue;
        }
        let numbers: Vec<usize> = numbers.collect();
        goes_on = in_bucket(members, single, to);
        if !goes_on {
            left.extend(numbers);
        }
    }
    left
}

fn all_agree(members: &[Member<'_>]) -> bool {
    let first = members.first().map(|member| &member.one.row.gives);
    members.iter().all(|member| Some(&member.one.row.gives) == first)
}

fn shares(row: &Row) -> Vec<(Share<'_>, Reach<'_>)> {
    let Some(values) = row.cell(0).map(|cell| &cell.include).filter(|values| !values.is_empty()) else {
        return vec![(Share::Any, Reach::Same)];
    };
    let exact = values.exact.iter().map(|exact| (Share::Exact(&exact.value), Reach::Same));
    let ranges = values.ranges.iter().map(|range| {
        let range = &range.value;
        (Share::Range(&range.prefix), Reach::Numbers(&range.low, &range.high))
    });
    let globs = values.globs.iter().map(|glob| (Share::Glob(glob.value.length), Reach::Head(&glob.value.head)));
    exact.chain(ranges).chain(globs).collect()
}

fn in_bucket<'a>(mut members: Vec<Member<'a>>, single: &[usize], to: &mut dyn Pairs<'a>) -> bool {
    let order = |members: &mut Vec<Member<'a>>| {
        members.sort_by(|a, b| (&a.reach, a.one.number).cmp(&(&b.reach, b.one.number)));
    };
    order(&mut members);
    if members.len() > SMALL {
        let mut fewest = count_by_reach(&members);
        if let Some(mut backwards) = backwards(&members) {
            order(&mut backwards);
            let count = count_by_reach(&backwards);
            if count < fewest {
                (members, fewest) = (backwards, count);
            }
        }
        let rows: Vec<One<'a>> = members.iter().map(|member| member.one).collect();
        let by_column = single.iter().filter_map(|slot| Groups::new(&rows, *slot));
        if let Some(groups) = by_column.min_by_key(Groups::pairs).filter(|groups| groups.pairs() < fewest) {
            return groups.each(to);
        }
    }
    each_by_reach(&members, to)
}

/// Globs by how they end.
fn backwards<'a>(members: &[Member<'a>]) -> Option<Vec<Member<'a>>> {
    let mut backwards = Vec::with_capacity(members.len());
    for member in members {
        let Reach::Head(head) = member.reach else { return None };
        let globs = member.one.row.cell(0)?.include.globs.iter().map(|glob| &glob.value);
        // A row with several globs of one head is there for each of them; the one whose end says least stands for all.
        let tail = globs.filter(|glob| *glob.head == *head).map(|glob| &*glob.tail).min_by_key(|tail| tail.len())?;
        let reach = Reach::Tail(tail.chars().rev().collect());
        backwards.push(Member { one: member.one, reach });
    }
    Some(backwards)
}

/// Members come in the order of their reach, so those that may meet a member follow it.
fn each_by_reach<'a>(members: &[Member<'a>], to: &mut dyn Pairs<'a>) -> bool {
    members.iter().enumerate().all(|(at, one)| {
        let followers = members.get(at + 1..).unwrap_or_default();
        let meeting = followers.partition_point(|other| one.reaches(other));
        one_with(one.one, followers.get(..meeting).unwrap_or_default().iter().map(|member| member.one), to)
    })
}

fn one_with<'a>(one: One<'a>, others: impl ExactSizeIterator<Item = One<'a>>, to: &mut dyn Pairs<'a>) -> bool {
    let count = others.len();
    for other in others {
        if !to.is_idle(one.number, other.number) && !to.see(one, other) {
            return false;
        }
    }
    to.passed(count)
}

fn count_by_reach(members: &[Member<'_>]) -> usize {
    if members.first().is_some_and(|member| member.reach == Reach::Same) {
        return members.len() * (members.len() - 1) / 2;
    }
    let mut count = 0;
    for (at, one) in members.iter().enumerate() {
        let followers = members.get(at + 1..).unwrap_or_default();
        count += followers.partition_point(|other| one.reaches(other));
    }
    count
}

impl Member<'_> {
    /// Whether the value of a member further on in order may meet this one's.
    fn reaches(&self, later: &Self) -> bool {
        match (&self.reach, &later.reach) {
            (Reach::Head(head), Reach::Head(other)) => other.starts_with(head),
            (Reach::Tail(tail), Reach::Tail(other)) => other.starts_with(tail),
            (Reach::Numbers(_, high), Reach::Numbers(low, _)) => low <= high,
            (Reach::Same | Reach::Head(_) | Reach::Tail(_) | Reach::Numbers(..), _) => true,
        }
    }
}

/// Shows every two rows of different lists that may match the same person. False when the search ended before.
pub(super) fn between<'a>(left: &[One<'a>], right: &[One<'a>], single: &[usize], to: &mut dyn Pairs<'a>) -> bool {
    let groups = |slot: usize| Some((Groups::new(left, slot)?, Groups::new(right, slot)?));
    let by_column = single.iter().filter_map(|slot| groups(*slot));
    match by_column.min_by_key(|(left, right)| left.pairs_with(right)) {
        Some((left, right)) if left.pairs_with(&right) < left.len() * right.len() => left.each_with(&right, to),
        _ => every(left, right, to),
    }
}

fn every<'a>(left: &[One<'a>], right: &[One<'a>], to: &mut dyn Pairs<'a>) -> bool {
    left.iter().all(|one| one_with(*one, right.iter().copied(), to))
}

/// Members told apart by the exact values of another column.
struct Groups<'a> {
    by_value: BTreeMap<&'a str, Vec<One<'a>>>,
    /// Rows of which the column does not name exact values alone.
    open: Vec<One<'a>>,
    closed: Vec<One<'a>>,
}

impl<'a> Groups<'a> {
    /// `None` when the column tells nothing apart.
    fn new(rows: &[One<'a>], slot: usize) -> Option<Self> {
        let mut groups = Self { by_value: BTreeMap::new(), open: Vec::new(), closed: Vec::new() };
        for one in rows.iter().copied() {
            let values = one.row.cell(slot).map(|cell| &cell.include);
            match values.filter(|values| !values.is_empty() && values.is_exact()) {
                None => groups.open.push(one),
                Some(values) => {
                    groups.closed.push(one);
                    for exact in &values.exact {
                        groups.by_value.entry(&exact.value).or_default().push(one);
                    }
                }
            }
        }
        (!groups.closed.is_empty()).then_some(groups)
    }

    fn pairs(&self) -> usize {
        let alike: usize = self.by_value.values().map(|rows| rows.len() * (rows.len() - 1) / 2).sum();
        let open = self.open.len();
        alike + open * self.closed.len() + open * open.saturating_sub(1) / 2
    }

    fn each(&self, to: &mut dyn Pairs<'a>) -> bool {
        self.by_value.values().all(|rows| all_pairs(rows, to))
            && all_pairs(&self.open, to)
            && every(&self.open, &self.closed, to)
    }

    const fn len(&self) -> usize {
        self.open.len() + self.closed.len()
    }

    fn pairs_with(&self, other: &Self) -> usize {
        let alike =
            self.by_value.iter().filter_map(|(value, rows)| Some(rows.len() * other.by_value.get(value)?.len()));
        alike.sum::<usize>() + self.open.len() * other.len() + self.closed.len() * other.open.len()
    }

    fn each_with(&self, other: &Self, to: &mut dyn Pairs<'a>) -> bool {
        let theirs = |value: &str| other.by_value.get(value).map_or(&[][..], Vec::as_slice);
        self.by_value.iter().all(|(value, rows)| every(rows, theirs(value), to))
            && every(&self.open, &other.open, to)
            && every(&self.open, &other.closed, to)
            && every(&self.closed, &other.open, to)
    }
}

fn all_pairs<'a>(rows: &[One<'a>], to: &mut dyn Pairs<'a>) -> bool {
    rows.iter().enumerate().all(|(at, one)| one_with(*one, rows.get(at + 1..).unwrap_or_default().iter().copied(), to))
}
