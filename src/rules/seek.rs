//! People whom given rows match and no other row takes.

use std::borrow::Cow;

use jiff::civil::Date;

use super::automaton::TooLong;
use super::column::Column;
use super::facts::{Facts, Slot};
use super::lookup::{Best, Lookup};
use super::row::{Row, Window};
use super::witness::{By, Question, Refusal};

/// How many rows are refused in turn before a search is given up.
const MAX_TRIES: usize = 150;

/// How many of them may fail in several ways, each of which is followed: every one is a call within a call.
const MAX_DEPTH: usize = 150;

/// A search.
#[derive(Clone, Debug, Default)]
pub(super) struct Case<'a> {
    /// Rows that match, all of them.
    pub(super) rows: Vec<&'a Row>,
    /// The row that decides, one of `rows`.
    pub(super) decider: Option<&'a Row>,
    /// A row that ranks as high as the decider, one of `rows`.
    pub(super) equal: Option<&'a Row>,
    /// Rows that must not win, each in one way; the search fills it.
    pub(super) refused: Vec<(&'a Row, Way)>,
    /// A row that ranks as high as the decider, gives the same and has the smaller id wins too: it is the one that is
    /// named.
    pub(super) named: bool,
    /// Days before this one do not count.
    pub(super) since: Option<Date>,
}

/// A way in which a row fails to match or to win.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Column(usize),
    Day,
}

/// Somebody, and the day on which it happens.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    values: Vec<Vec<String>>,
    pub(super) day: Date,
    dated: bool,
}

impl Witness {
    pub(super) fn facts(&self) -> Facts<'_> {
        let slot = |values: &'_ Vec<String>| values.iter().map(|value| Cow::Owned(value.clone())).collect();
        Facts::from_slots(self.values.iter().map(slot).collect::<Vec<Slot<'_>>>())
    }

    /// The person's value of a column, for labels.
    pub(super) fn value(&self, slot: usize) -> Option<String> {
        self.values.get(slot).filter(|values| !values.is_empty()).map(|values| values.join("|"))
    }

    /// The person in words, such as `job_code sd-12, department it on 2026-01-01`.
    pub(super) fn text(&self, columns: &[Column]) -> String {
        let filled = columns.iter().zip(&self.values).filter(|(_, values)| !values.is_empty());
        let parts: Vec<String> = filled.map(|(column, values)| format!("{column} {}", values.join("|"))).collect();
        let person = if parts.is_empty() { "anybody".to_owned() } else { parts.join(", ") };
        if self.dated { format!("{person} on {}", self.day) } else { person }
    }
}

/// Searches among the rows of a table.
pub(super) struct Seeker<'a> {
    pub(super) lookup: &'a Lookup,
    pub(super) columns: &'a [Column],
    /// Whether any row has dates; where none has, every day is as good as the other and none need be named.
    dated: bool,
    /// Work that may still be done, in steps of automata; rows and texts that are looked at count too. Bounds the time
    /// of all searches together, on any machine by the same count.
    pub(super) budget: u64,
    /// What one search may take of it, so that one entangled row leaves something to the others.
    pub(super) allowance: u64,
    /// How many rows one search may refuse.
    pub(super) tries: usize,
}

/// What a search costs beside what it looks at.
const SEARCH: u64 = 20;

/// So much work of a look-up is one step of an automaton.
const LOOKUP_A_STEP: u64 = 6;

impl<'a> Seeker<'a> {
    pub(super) fn new(lookup: &'a Lookup, columns: &'a [Column], budget: u64) -> Self {
        let dated = lookup.rows.iter().any(|row| row.window != Window::default());
        Self { lookup, columns, dated, budget, allowance: budget, tries: MAX_TRIES }
    }

    /// Whether nothing more can be proven.
    pub(super) const fn is_spent(&self) -> bool {
        self.budget == 0
    }

    /// Takes the work of look-ups off the budget.
    pub(super) fn spend_on_lookups(&mut self, work: u64) -> Result<(), TooLong> {
        self.spend(work / LOOKUP_A_STEP)
    }

    /// Takes work off the budget.
    pub(super) fn spend(&mut self, work: u64) -> Result<(), TooLong> {
        self.budget = self.budget.saturating_sub(work);
        if self.budget == 0 { Err(TooLong) } else { Ok(()) }
    }

    /// Whether people have one value in a column.
    pub(super) fn is_single(&self, slot: usize) -> bool {
        self.columns.get(slot).is_some_and(|column| !column.is_multiple())
    }

    /// A person for whom `case` holds and for whom `spoils` names no row that takes them away.
    pub(super) fn find(
        &mut self,
        case: &Case<'a>,
        spoils: &dyn Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row>,
    ) -> Result<Option<Witness>, TooLong> {
        let granted = self.budget.min(self.allowance);
        let kept = self.budget - granted;
        self.budget = granted;
        let mut tries = self.tries;
        let outcome = self.spend(SEARCH).and_then(|()| self.search(&mut case.clone(), spoils, &mut tries, MAX_DEPTH));
        self.budget += kept;
        outcome
    }

    fn search(
        &mut self,
        case: &mut Case<'a>,
        spoils: &dyn Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row>,
        tries: &mut usize,
        depth: usize,
    ) -> Result<Option<Witness>, TooLong> {
        let before = case.refused.len();
        let outcome = loop {
            let witness = match self.witness(case) {
                Ok(Some(witness)) => witness,
                other => break other,
            };
            let mut passed = 0;
            let best = self.lookup.best_counted(&witness.facts(), witness.day, &mut passed);
            let spoiler = spoils(&witness, best);
            if let Err(TooLong) = self.spend(passed / LOOKUP_A_STEP + case.refused.len() as u64) {
                break Err(TooLong);
            }
            let Some(spoiler) = spoiler else { break Ok(Some(witness)) };
            let Some(left) = tries.checked_sub(1) else { break Err(TooLong) };
            *tries = left;
            let ways = case.ways(spoiler);
            match *ways.as_slice() {
                [] => break Ok(None),
                [way] => case.refused.push((spoiler, way)),
                _ => break self.branch(case, spoiler, ways, spoils, tries, depth),
            }
        };
        case.refused.truncate(before);
        outcome
    }

    fn branch(
        &mut self,
        case: &mut Case<'a>,
        spoiler: &'a Row,
        ways: Vec<Way>,
        spoils: &dyn Fn(&Witness, Option<Best<'a>>) -> Option<&'a Row>,
        tries: &mut usize,
        depth: usize,
    ) -> Result<Option<Witness>, TooLong> {
        let depth = depth.checked_sub(1).ok_or(TooLong)?;
        let mut outcome = Ok(None);
        for way in ways {
            case.refused.push((spoiler, way));
            let found = self.search(case, spoils, tries, depth);
            case.refused.pop();
            match found {
                Ok(Some(witness)) => return Ok(Some(witness)),
                Ok(None) => {}
                Err(TooLong) => outcome = Err(TooLong),
            }
        }
        outcome
    }

    fn witness(&mut self, case: &Case<'a>) -> Result<Option<Witness>, TooLong> {
        let Some(day) = case.day() else { return Ok(None) };
        let mut values = Vec::with_capacity(self.columns.len());
        for (slot, column) in self.columns.iter().enumerate() {
            match case.question(slot).answer(column, &mut self.budget)? {
                Some(answer) => values.push(answer),
                None => return Ok(None),
            }
        }
        let witness = Witness { values, day, dated: self.dated };
        // The proof of the pudding: the rows themselves are asked.
        let facts = witness.facts();
        let holds = case.rows.iter().all(|row| row.meets(&facts, day).is_some());
        Ok(Some(witness).filter(|_| holds))
    }
}

impl<'a> Case<'a> {
    fn ways(&self, spoiler: &Row) -> Vec<Way> {
        let mut slots: Vec<usize> = spoiler.cells.iter().map(|(slot, _)| *slot).collect();
        // A spoiler without a job code of its own loses to a more specific one.
        if self.decider.is_some_and(|decider| decider.priority == spoiler.priority) && !slots.contains(&0) {
            slots.push(0);
        }
        // Whoever matches a cell of the case matches the same cell of a spoiler, and as specifically.
        slots.retain(|slot| {
            let cell = spoiler.cell(*slot);
            cell.is_none() || !self.rows.iter().any(|row| row.cell(*slot) == cell && (*slot > 0 || self.is_first(row)))
        });
        // Columns that no row of the case asks for are the easiest to differ in.
        slots.sort_by_key(|slot| (self.rows.iter().filter(|row| row.cell(*slot).is_some()).count(), *slot));
        let day = (spoiler.window.turns().next().is_some()).then_some(Way::Day);
        day.into_iter().chain(slots.into_iter().map(Way::Column)).collect()
    }

    /// Whether the row's job code is the one that specificity is compared with.
    fn is_first(&self, row: &Row) -> bool {
        self.decider.is_none_or(|decider| decider.id == row.id)
    }

    fn question(&self, slot: usize) -> Question<'a> {
        let refuse = self.refused.iter().filter(|(_, way)| *way == Way::Column(slot)).map(|(row, _)| Refusal {
            cell: row.cell(slot),
            by: match self.decider {
                Some(decider) if slot == 0 && decider.priority == row.priority && row.gives.tier.is_some() => {
                    let named = self.named
                        && row.cells.len() == decider.cells.len()
                        && row.gives == decider.gives
                        && row.id < decider.id;
                    By::Specificity { than: decider.cell(0), or_equal: named || row.cells.len() > decider.cells.len() }
                }
                Some(_) | None => By::Matching,
            },
        });
        Question {
            require: self.rows.iter().filter_map(|row| row.cell(slot)).collect(),
            equal: self.decider.zip(self.equal).filter(|_| slot == 0).map(|(a, b)| [a.cell(0), b.cell(0)]),
            refuse: refuse.collect(),
        }
    }

    /// A day on which all rows are in force and no row is that is refused by day.
    fn day(&self) -> Option<Date> {
        let mut window = Window { from: self.since, until: None };
        for row in &self.rows {
            window = window.and(&row.window);
        }
        if window.is_empty() {
            return None;
        }
        let refused: Vec<_> =
            self.refused.iter().filter(|(_, way)| *way == Way::Day).map(|(row, _)| row.window).collect();
        let begin = window.from.or(window.until).unwrap_or(Date::constant(2026, 1, 1));
        let after = refused.iter().filter_map(|window| window.until?.tomorrow().ok());
        let before = refused.iter().filter_map(|window| window.from?.yesterday().ok());
        let mut days: Vec<Date> = std::iter::once(begin).chain(after).chain(before).collect();
        days.sort_unstable();
        let fits = |day: &Date| window.holds(*day) && !refused.iter().any(|refused| refused.holds(*day));
        days.into_iter().find(fits)
    }
}
