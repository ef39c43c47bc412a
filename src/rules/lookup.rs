//! Rows behind their indexes: which row decides for a person, and which add to it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::cell::Cell;
use super::facts::Facts;
use super::index::{Index, RowNo};
use super::pattern::Specificity;
use super::row::{Gives, Rank, Row, Window};

/// All rows of a table, ordered by id, so that the smaller number is the smaller id.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) rows: Vec<Row>,
    /// What is compared before a row is, by number.
    heads: Vec<Head>,
    /// Rows with a tier, of which one decides.
    deciding: Index,
    /// Rows with add-ons alone, all of which count.
    adding: Index,
}

/// What tells that a row cannot win, without comparing it with the person.
#[derive(Clone, Copy, Debug)]
struct Head {
    /// The highest rank that it can have.
    top: Rank,
    /// The number of what it gives; rows with the same one give the same.
    gives: u32,
}

/// What comparing a row with a person costs, in rows that are passed.
const MET: u64 = 8;

/// The row that decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best<'a> {
    pub(super) row: &'a Row,
    pub(super) number: RowNo,
    pub(super) rank: Rank,
    /// A row of the same rank that gives something else. Tables are checked for this; what slips through (people with
    /// several values where one is expected) freezes the person instead of tossing a coin.
    pub(super) rival: Option<&'a Row>,
}

impl Lookup {
    /// Takes rows in any order. `slots` counts the columns of the table.
    pub(super) fn new(mut rows: Vec<Row>, slots: usize) -> Self {
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        let mut kinds: BTreeMap<&Gives, u32> = BTreeMap::new();
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            let next = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
            let top = row.cell(0).map_or(Specificity::Any, |cell| cell.include.top());
            heads.push(Head { top: row.rank(top), gives: *kinds.entry(&row.gives).or_insert(next) });
        }
        let (mut deciding, adding) = counting(&rows, &heads);
        deciding.sort_by_key(|number| (heads.get(*number as usize).map(|head| Reverse(head.top)), *number));
        let deciding = Index::build(&rows, deciding, slots);
        let adding = Index::build(&rows, adding, slots);
        Self { rows, heads, deciding, adding }
    }

    /// The row with a tier that ranks highest; of rows that tie and agree the one with the smaller id.
    pub(super) fn best(&self, facts: &Facts<'_>, today: Date) -> Option<Best<'_>> {
        self.best_counted(facts, today, &mut 0)
    }

    /// The same, and adds to `work` a count of what was done: 1 for a row that is passed, [`MET`] for one that is
    /// compared with the person.
    pub(super) fn best_counted(&self, facts: &Facts<'_>, today: Date, work: &mut u64) -> Option<Best<'_>> {
        let mut best: Option<(Rank, RowNo, u32)> = None;
        let mut rival: Option<RowNo> = None;
        self.deciding.visit(facts, &mut |number| {
            *work += 1;
            let (Some(row), Some(head)) = (self.row(number), self.heads.get(number as usize)) else { return true };
            let Some((rank, leader, gives)) = best else {
                *work += MET;
                best = row.meets(facts, today).map(|specificity| (row.rank(specificity), number, head.gives));
                return true;
            };
            // The list goes down by rank: those after a row that cannot win cannot either.
            if head.top < rank {
                return false;
            }
            // One that can do no more than tie and agree is not compared.
            if number == leader || (head.top == rank && head.gives == gives && number > leader) {
                return true;
            }
            *work += MET;
            let Some(met) = row.meets(facts, today).map(|specificity| row.rank(specificity)) else { return true };
            if met > rank {
                best = Some((met, number, head.gives));
                rival = None;
            } else if met == rank {
                if head.gives != gives {
                    rival = Some(number.max(leader));
                }
                if number < leader {
                    best = Some((rank, number, head.gives));
                }
            }
            true
        });
        let (rank, number, _) = best?;
        Some(Best { row: self.row(number)?, number, rank, rival: rival.and_then(|number| self.row(number)) })
    }

    /// Every row with add-ons alone that matches and gives what no row with a smaller id gives to exactly the same
    /// people, by id.
    pub(super) fn adding(&self, facts: &Facts<'_>, today: Date) -> Vec<&Row> {
        self.adding_counted(facts, today, &mut 0)
    }

    /// The same, and adds to `work` a count of what was done.
    pub(super) fn adding_counted(&self, facts: &Facts<'_>, today: Date, work: &mut u64) -> Vec<&Row> {
        let mut numbers = Vec::new();
        self.adding.visit(facts, &mut |number| {
            *work += MET;
            if self.row(number).is_some_and(|row| row.meets(facts, today).is_some()) {
                numbers.push(number);
            }
            true
        });
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.row(number)).collect()
    }

    /// The number of what a row gives: equal for rows that give the same.
    pub(super) fn kind(&self, number: usize) -> Option<u32> {
        self.heads.get(number).map(|head| head.gives)
    }

    fn row(&self, number: RowNo) -> Option<&Row> {
        self.rows.get(number as usize)
    }
}

/// Whom a row matches, and when.
type Ask<'a> = (&'a [(usize, Cell)], Window);

/// A row's number, its priority and the number of what it gives.
type Counting = (RowNo, i64, u32);

/// The rows that can count: of those that match the same people on the same days, the ones with the highest priority
/// decide, and of those that give the same the smallest id. A table in which a row stands a thousand times is looked
/// up as if it stood there once.
fn counting(rows: &[Row], heads: &[Head]) -> (Vec<RowNo>, Vec<RowNo>) {
    let (mut deciding, mut adding) = (Vec::new(), Vec::new());
    let mut alike: BTreeMap<Ask<'_>, Vec<Counting>> = BTreeMap::new();
    for (number, (row, head)) in rows.iter().zip(heads).enumerate() {
        let Ok(number) = RowNo::try_from(number) else { break };
        let alike = alike.entry((row.cells.as_slice(), row.window)).or_default();
        if row.gives.tier.is_none() {
            if !alike.iter().any(|(_, _, gives)| *gives == head.gives) {
                alike.push((number, row.priority, head.gives));
            }
            continue;
        }
        let of_tier = |other: &RowNo| rows.get(*other as usize).is_some_and(|row| row.gives.tier.is_some());
        let tops = |(other, priority, gives): &Counting| {
            of_tier(other) && (*priority > row.priority || (*priority == row.priority && *gives == head.gives))
        };
        if !alike.iter().any(tops) {
            alike.retain(|(other, priority, _)| !of_tier(other) || *priority >= row.priority);
            alike.push((number, row.priority, head.gives));
        }
    }
    for (number, ..) in alike.into_values().flatten() {
        let has_tier = rows.get(number as usize).is_some_and(|row| row.gives.tier.is_some());
        if has_tier { deciding.push(number) } else { adding.push(number) }
    }
    deciding.sort_unstable();
    adding.sort_unstable();
    (deciding, adding)
}

impl Row {
    /// Whether it matches on that day, and how specific the value was that the job code matched.
    pub(super) fn meets(&self, facts: &Facts<'_>, today: Date) -> Option<Specificity> {
        if !self.window.holds(today) {
            return None;
        }
        let mut specificity = Specificity::Any;
        for (slot, cell) in &self.cells {
            let met = cell.matches(facts.values(*slot))?;
            // The job code is the first column.
            if *slot == 0 {
                specificity = met;
            }
        }
        Some(specificity)
    }
}
