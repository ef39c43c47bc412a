//! Rows behind their indexes: which row decides for a person, and which add to it.

use jiff::civil::Date;

use super::facts::Facts;
use super::index::{Index, RowNo};
use super::pattern::Specificity;
use super::row::{Rank, Row};

/// All rows of a table, ordered by id, so that the smaller number is the smaller id.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) rows: Vec<Row>,
    /// Rows with a tier, of which one decides.
    deciding: Index,
    /// Rows with add-ons alone, all of which count.
    adding: Index,
}

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
        let numbers = |with_tier: bool| {
            let rows = rows.iter().enumerate().filter(|(_, row)| row.gives.tier.is_some() == with_tier);
            rows.filter_map(|(number, _)| RowNo::try_from(number).ok()).collect()
        };
        let deciding = Index::build(&rows, numbers(true), slots);
        let adding = Index::build(&rows, numbers(false), slots);
        Self { rows, deciding, adding }
    }

    /// The row with a tier that ranks highest; of rows that tie and agree the one with the smaller id.
    pub(super) fn best(&self, facts: &Facts<'_>, today: Date) -> Option<Best<'_>> {
        let mut best: Option<(Rank, RowNo)> = None;
        let mut rival: Option<RowNo> = None;
        self.deciding.visit(facts, &mut |number| {
            let Some(row) = self.row(number) else { return };
            let Some((rank, leader)) = best else {
                best = row.meets(facts, today).map(|specificity| (row.rank(specificity), number));
                return;
            };
            // Most candidates cannot win whatever matched; they are not compared.
            if number == leader || row.rank(Specificity::Exact) < rank {
                return;
            }
            let Some(met) = row.meets(facts, today).map(|specificity| row.rank(specificity)) else { return };
            if met > rank {
                best = Some((met, number));
                rival = None;
            } else if met == rank {
                let first = number.min(leader);
                let other = number.max(leader);
                if self.row(first).map(|row| &row.gives) != self.row(other).map(|row| &row.gives) {
                    rival = Some(other);
                }
                best = Some((rank, first));
            }
        });
        let (rank, number) = best?;
        Some(Best { row: self.row(number)?, number, rank, rival: rival.and_then(|number| self.row(number)) })
    }

    /// Every row with add-ons alone that matches, by id.
    pub(super) fn adding(&self, facts: &Facts<'_>, today: Date) -> Vec<&Row> {
        let mut numbers = Vec::new();
        self.adding.visit(facts, &mut |number| {
            if self.row(number).is_some_and(|row| row.meets(facts, today).is_some()) {
                numbers.push(number);
            }
        });
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.row(number)).collect()
    }

    fn row(&self, number: RowNo) -> Option<&Row> {
        self.rows.get(number as usize)
    }
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
