//! Pairs of rows that may tie, without looking at all pairs of a large table.
//!
//! Rows tie only with the same priority, as many filled columns and an equally specific job code, so they share an
//! exact code, ranges of one prefix that overlap, or globs as long; within such a bucket another column may tell
//! more of them apart.

use std::collections::BTreeMap;

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
    row: &'a Row,
    reach: Reach<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach<'a> {
    Same,
    Head(&'a str),
    Numbers(&'a Number, &'a Number),
}

/// In a bucket this small every pair is looked at.
const SMALL: usize = 48;

/// Shows every pair of rows with a tier that may tie; some of them more than once. `single` are the slots, other than
/// that of the job code, of columns in which people have one value.
pub(super) fn each<'a>(rows: &'a [Row], single: &[usize], see: &mut dyn FnMut(&'a Row, &'a Row)) {
    let mut buckets: BTreeMap<(i64, usize, Share<'a>), Vec<Member<'a>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.gives.tier.is_some()) {
        for (share, reach) in shares(row) {
            buckets.entry((row.priority, row.cells.len(), share)).or_default().push(Member { row, reach });
        }
    }
    for members in buckets.into_values() {
        in_bucket(members, single, see);
    }
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

fn in_bucket<'a>(mut members: Vec<Member<'a>>, single: &[usize], see: &mut dyn FnMut(&'a Row, &'a Row)) {
    let first = members.first().map(|member| &member.row.gives);
    if members.iter().all(|member| Some(&member.row.gives) == first) {
        return;
    }
    members.sort_by(|a, b| (&a.reach, &a.row.id).cmp(&(&b.reach, &b.row.id)));
    if members.len() > SMALL {
        let by_reach = count_by_reach(&members);
        let rows: Vec<&Row> = members.iter().map(|member| member.row).collect();
        let by_column = single.iter().filter_map(|slot| Groups::new(&rows, *slot));
        if let Some(groups) = by_column.min_by_key(Groups::pairs).filter(|groups| groups.pairs() < by_reach) {
            return groups.each(see);
        }
    }
    each_by_reach(&members, see);
}

/// Members come in the order of their reach, so those that may meet a member follow it.
fn each_by_reach<'a>(members: &[Member<'a>], see: &mut dyn FnMut(&'a Row, &'a Row)) {
    for (at, one) in members.iter().enumerate() {
        let followers = members.get(at + 1..).unwrap_or_default();
        for other in followers.iter().take_while(|other| one.reaches(other)) {
            see(one.row, other.row);
        }
    }
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
            (Reach::Numbers(_, high), Reach::Numbers(low, _)) => low <= high,
            (Reach::Same | Reach::Head(_) | Reach::Numbers(..), _) => true,
        }
    }
}

/// Shows every two rows of different lists that may match the same person.
pub(super) fn between<'a>(
    left: &[&'a Row],
    right: &[&'a Row],
    single: &[usize],
    see: &mut dyn FnMut(&'a Row, &'a Row),
) {
    let groups = |slot: usize| Some((Groups::new(left, slot)?, Groups::new(right, slot)?));
    let by_column = single.iter().filter_map(|slot| groups(*slot));
    match by_column.min_by_key(|(left, right)| left.pairs_with(right)) {
        Some((left, right)) if left.pairs_with(&right) < left.len() * right.len() => left.each_with(&right, see),
        _ => every(left, right, see),
    }
}

fn every<'a>(left: &[&'a Row], right: &[&'a Row], see: &mut dyn FnMut(&'a Row, &'a Row)) {
    for one in left {
        for other in right {
            see(one, other);
        }
    }
}

/// Members told apart by the exact values of another column.
struct Groups<'a> {
    by_value: BTreeMap<&'a str, Vec<&'a Row>>,
    /// Rows of which the column does not name exact values alone.
    open: Vec<&'a Row>,
    closed: Vec<&'a Row>,
}

impl<'a> Groups<'a> {
    /// `None` when the column tells nothing apart.
    fn new(rows: &[&'a Row], slot: usize) -> Option<Self> {
        let mut groups = Self { by_value: BTreeMap::new(), open: Vec::new(), closed: Vec::new() };
        for row in rows.iter().copied() {
            let values = row.cell(slot).map(|cell| &cell.include);
            match values.filter(|values| !values.is_empty() && values.ranges.is_empty() && values.globs.is_empty()) {
                None => groups.open.push(row),
                Some(values) => {
                    groups.closed.push(row);
                    for exact in &values.exact {
                        groups.by_value.entry(&exact.value).or_default().push(row);
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

    fn each(&self, see: &mut dyn FnMut(&'a Row, &'a Row)) {
        for rows in self.by_value.values() {
            all_pairs(rows, see);
        }
        all_pairs(&self.open, see);
        every(&self.open, &self.closed, see);
    }

    const fn len(&self) -> usize {
        self.open.len() + self.closed.len()
    }

    fn pairs_with(&self, other: &Self) -> usize {
        let alike =
            self.by_value.iter().filter_map(|(value, rows)| Some(rows.len() * other.by_value.get(value)?.len()));
        alike.sum::<usize>() + self.open.len() * other.len() + self.closed.len() * other.open.len()
    }

    fn each_with(&self, other: &Self, see: &mut dyn FnMut(&'a Row, &'a Row)) {
        for (value, rows) in &self.by_value {
            every(rows, other.by_value.get(value).map_or(&[], Vec::as_slice), see);
        }
        every(&self.open, &other.open, see);
        every(&self.open, &other.closed, see);
        every(&self.closed, &other.open, see);
    }
}

fn all_pairs<'a>(rows: &[&'a Row], see: &mut dyn FnMut(&'a Row, &'a Row)) {
    for (at, one) in rows.iter().enumerate() {
        for other in rows.iter().skip(at + 1) {
            see(one, other);
        }
    }
}
