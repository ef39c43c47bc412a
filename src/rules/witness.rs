//! Values that some cells of one column match and others do not. Exact for the grammar of cells.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::automaton::{Terms, TooLong, shortest};
use super::cell::{Cell, Values};
use super::column::{Column, STATUS_WORDS};
use super::pattern::{Number, Pattern, Specificity, split_number};
use super::turns::Turns;

/// What is asked of the values of one column. A cell that is `None` is empty: it matches whatever is there.
#[derive(Debug, Default)]
pub(super) struct Question<'a> {
    /// Filled cells, all of which match.
    pub(super) require: Vec<&'a Cell>,
    /// Two cells that match equally specifically.
    pub(super) equal: Option<[Option<&'a Cell>; 2]>,
    /// Rows that must not win.
    pub(super) refuse: Vec<Refusal<'a>>,
}

/// A cell that must not make its row win.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal<'a> {
    pub(super) cell: Option<&'a Cell>,
    pub(super) by: By<'a>,
}

/// How a row wins.
#[derive(Clone, Copy, Debug)]
pub(super) enum By<'a> {
    /// By matching.
    Matching,
    /// By matching more specifically than this cell, or as specifically when `or_equal`.
    Specificity { than: Option<&'a Cell>, or_equal: bool },
}

/// So many rows may be escaped by a value that they exclude; every choice of them is looked at.
const MOST_EXCLUDING: usize = 8;

impl Question<'_> {
    /// Values of a person that answer the question (none: the person lacks the attribute), or `None` when no person
    /// has such values.
    pub(super) fn answer(&self, column: &Column, budget: &mut u64) -> Result<Option<Vec<String>>, TooLong> {
        if *column == Column::Status {
            let word = STATUS_WORDS.iter().find(|word| self.accepts(Some(word)));
            return Ok(word.map(|word| vec![(*word).to_owned()]));
        }
        if self.accepts(None) {
            return Ok(Some(Vec::new()));
        }
        if column.is_multiple() {
            return self.answer_many(budget);
        }
        Ok(self.value(budget)?.map(|value| vec![value]))
    }

    /// Values of somebody who may have several: one for every cell that names some, and for every row that is refused
    /// either no value that it names or one that it excludes.
    fn answer_many(&self, budget: &mut u64) -> Result<Option<Vec<String>>, TooLong> {
        let excluding: Vec<usize> = (0..self.refuse.len()).filter(|at| self.has_exclusions(*at)).collect();
        // The first look escapes no row by exclusion, the last one every row that has some.
        let looks = 1_usize.checked_shl(excluding.len().min(MOST_EXCLUDING).try_into().unwrap_or(0)).unwrap_or(1);
        for look in 0..looks {
            let chosen = excluding.iter().enumerate().filter(|(bit, _)| look >> bit & 1 == 1).map(|(_, at)| *at);
            if let Some(values) = self.answer_excluding(&chosen.collect::<Vec<_>>(), budget)? {
                return Ok(Some(values));
            }
        }
        if excluding.len() > MOST_EXCLUDING { Err(TooLong) } else { Ok(None) }
    }

    fn has_exclusions(&self, refusal: usize) -> bool {
        self.refuse.get(refusal).and_then(|refusal| refusal.cell).is_some_and(|cell| !cell.exclude.is_empty())
    }

    /// The same, where the rows of these refusals fail by a value that they exclude and the others by naming none.
    fn answer_excluding(&self, excluding: &[usize], budget: &mut u64) -> Result<Option<Vec<String>>, TooLong> {
        let names = |values: &Values| Cell { include: values.clone(), exclude: Values::default() };
        let mut refused = Vec::new();
        for (_, refusal) in self.refuse.iter().enumerate().filter(|(at, _)| !excluding.contains(at)) {
            match refusal.cell.filter(|cell| !cell.include.is_empty()) {
                Some(cell) => refused.push(names(&cell.include)),
                // It matches whatever is there.
                None => return Ok(None),
            }
        }
        let banned: Vec<Cell> = self
            .require
            .iter()
            .filter(|cell| !cell.exclude.is_empty())
            .map(|cell| Cell { include: Values::default(), exclude: cell.exclude.clone() })
            .collect();
        let included = self.require.iter().map(|cell| &cell.include).filter(|values| !values.is_empty());
        let escapes = excluding.iter().filter_map(|at| Some(&self.refuse.get(*at)?.cell?.exclude));
        let mut wanted: Vec<Cell> = included.chain(escapes).map(names).collect();
        if wanted.is_empty() {
            // Any value will do, but there has to be one.
            wanted.push(Cell::default());
        }
        let mut values = Vec::new();
        for cell in &wanted {
            let question = Question {
                require: std::iter::once(cell).chain(&banned).collect(),
                equal: None,
                refuse: refused.iter().map(|cell| Refusal { cell: Some(cell), by: By::Matching }).collect(),
            };
            match question.value(budget)? {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        values.sort_unstable();
        values.dedup();
        Ok(Some(values))
    }

    /// Whether a person with that one value (or without one) answers the question.
    fn accepts(&self, value: Option<&str>) -> bool {
        let values: Vec<Cow<'_, str>> = value.into_iter().map(Cow::Borrowed).collect();
        let met = |cell: Option<&Cell>| cell.map_or(Some(Specificity::Any), |cell| cell.matches(&values));
        let wins = |refusal: &Refusal<'_>| {
            met(refusal.cell).is_some_and(|specificity| match refusal.by {
                By::Matching => true,
                By::Specificity { than, or_equal } => {
                    met(than).is_none_or(|than| specificity > than || (or_equal && specificity == than))
                }
            })
        };
        self.require.iter().all(|cell| met(Some(cell)).is_some())
            && self.equal.is_none_or(|[one, other]| met(one) == met(other))
            && !self.refuse.iter().any(wins)
    }

    fn value(&self, budget: &mut u64) -> Result<Option<String>, TooLong> {
        if !self.may_meet() {
            return Ok(None);
        }
        let asking = self.asking();
        let mut first = |texts: &mut dyn Iterator<Item = String>| -> Result<Option<String>, TooLong> {
            for text in texts {
                *budget = budget.saturating_sub(asking);
                if *budget == 0 {
                    return Err(TooLong);
                }
                if self.accepts(Some(&text)) {
                    return Ok(Some(text));
                }
            }
            Ok(None)
        };
        if let Some(text) = first(&mut self.likely().into_iter())? {
            return Ok(Some(text));
        }
        let is_list = |cell: &&Cell| !cell.include.is_empty() && cell.include.is_exact();
        if self.require.iter().any(is_list) {
            return Ok(None);
        }
        if let Some(turns) = Turns::of(self) {
            let found = first(&mut turns.texts())?;
            if found.is_some() || turns.are_all {
                return Ok(found);
            }
        }
        shortest(&self.terms(), budget, |text| self.accepts(Some(text)))
    }

    /// What asking about one text costs, in steps of automata.
    fn asking(&self) -> u64 {
        2 * (self.require.len() + self.refuse.len()) as u64 + 2
    }

    /// A quick no: two lists of values of which no two begin and end alike.
    fn may_meet(&self) -> bool {
        let mut lists = self.require.iter().map(|cell| &cell.include).filter(|values| !values.is_empty());
        let (Some(one), Some(other)) = (lists.next(), lists.next()) else { return true };
        if one.is_exact() {
            return one.exact.iter().any(|exact| other.best(&exact.value).is_some());
        }
        if other.is_exact() {
            return other.exact.iter().any(|exact| one.best(&exact.value).is_some());
        }
        let ends = |values: &Values| values.patterns().map(|pattern| Ends::of(&pattern)).collect::<Vec<_>>();
        let others = ends(other);
        ends(one).iter().any(|one| others.iter().any(|other| one.may_meet(other)))
    }

    /// Texts that people would try first: the values themselves, and globs with nothing or little in their gaps.
    fn likely(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for values in self.require.iter().map(|cell| &cell.include) {
            for pattern in values.patterns() {
                match pattern {
                    Pattern::Exact(text) => texts.push(text.into()),
                    Pattern::Range(range) => texts.extend([&range.low, &range.high].map(|number| {
                        format!("{}{:0>width$}", range.prefix, number.digits(), width = range.width.unwrap_or(1))
                    })),
                    Pattern::Glob(glob) => {
                        let middle = glob.middle.concat();
                        texts.extend(["", "1", "x"].map(|gap| format!("{}{gap}{middle}{}", glob.head, glob.tail)));
                    }
                }
            }
        }
        // What is refused last took the text before; the next one is beside it.
        if let Some(refused) = self.refuse.last().and_then(|refusal| refusal.cell) {
            for pattern in refused.include.patterns() {
                match pattern {
                    Pattern::Exact(text) => texts.extend(neighbors(&text, &text)),
                    Pattern::Range(range) => {
                        let end = |number: &Number| {
                            format!("{}{:0>width$}", range.prefix, number.digits(), width = range.width.unwrap_or(1))
                        };
                        texts.extend(neighbors(&end(&range.low), &end(&range.high)));
                    }
                    Pattern::Glob(_) => {}
                }
            }
        }
        texts.push("x".to_owned());
        texts.retain(|text| !text.is_empty() && text.trim().len() == text.len());
        texts
    }

    /// Every cell that the answer depends on.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Cell> {
        let compared = self.equal.iter().flatten().copied();
        let refused = self.refuse.iter().flat_map(|refusal| {
            let than = if let By::Specificity { than, .. } = refusal.by { than } else { None };
            [refusal.cell, than]
        });
        self.require.iter().copied().chain(compared.chain(refused).flatten())
    }

    /// All patterns that the answer depends on, which of them belong to one required cell, and which cannot be in it.
    fn terms(&self) -> Terms {
        let mut terms = Terms { asking: self.asking(), ..Terms::default() };
        let mut numbers: BTreeMap<Pattern, usize> = BTreeMap::new();
        let mut add = |terms: &mut Terms, values: &Values, refuses: &dyn Fn(&Pattern) -> bool| -> Vec<usize> {
            let mut group = Vec::new();
            for pattern in values.patterns() {
                let refused = refuses(&pattern);
                let next = numbers.len();
                let number = *numbers.entry(pattern.clone()).or_insert(next);
                if number == next {
                    terms.patterns.push(pattern);
                    terms.refused.push(false);
                }
                if let Some(already) = terms.refused.get_mut(number) {
                    *already |= refused;
                }
                group.push(number);
            }
            group
        };
        let (all, none) = (|_: &Pattern| true, |_: &Pattern| false);
        for cell in &self.require {
            let group = add(&mut terms, &cell.include, &none);
            if !group.is_empty() {
                terms.groups.push(group);
            }
            add(&mut terms, &cell.exclude, &all);
        }
        for refusal in &self.refuse {
            let Some(cell) = refusal.cell else { continue };
            add(&mut terms, &cell.include, &|pattern| cell.exclude.is_empty() && refusal.by.wins_by(pattern));
            add(&mut terms, &cell.exclude, &none);
        }
        for cell in self.cells() {
            add(&mut terms, &cell.include, &none);
            add(&mut terms, &cell.exclude, &none);
        }
        terms
    }
}

impl By<'_> {
    /// Whether a row wins with whatever this value of its cell matches.
    fn wins_by(self, pattern: &Pattern) -> bool {
        match self {
            Self::Matching => true,
            Self::Specificity { than, or_equal } => {
                let theirs = pattern.specificity();
                let top = than.map_or(Specificity::Any, |cell| cell.include.top());
                theirs > top || (or_equal && theirs == top)
            }
        }
    }
}

/// The texts whose numbers come before and after.
fn neighbors(low: &str, high: &str) -> impl Iterator<Item = String> {
    let beside = |text: &str, step: fn(u64) -> Option<u64>| {
        let (prefix, digits) = split_number(text);
        let number = step(digits.parse().ok()?)?;
        Some(format!("{prefix}{number:0>width$}", width = digits.len()))
    };
    let after = beside(high, |number| number.checked_add(1));
    after.into_iter().chain(beside(low, |number| number.checked_sub(1)))
}

impl Values {
    pub(super) fn is_exact(&self) -> bool {
        self.ranges.is_empty() && self.globs.is_empty()
    }
}

/// How the texts that a pattern matches begin and end.
struct Ends {
    head: Box<str>,
    tail: Box<str>,
    /// The whole text before the number, for ranges.
    range: bool,
}

impl Ends {
    fn of(pattern: &Pattern) -> Self {
        match pattern {
            Pattern::Exact(text) => Self { head: text.clone(), tail: text.clone(), range: false },
            Pattern::Range(range) => Self { head: range.prefix.clone(), tail: Box::default(), range: true },
            Pattern::Glob(glob) => Self { head: glob.head.clone(), tail: glob.tail.clone(), range: false },
        }
    }

    fn may_meet(&self, other: &Self) -> bool {
        let (head, tail) = (&*self.head, &*self.tail);
        let heads = if self.range && other.range {
            self.head == other.head
        } else {
            head.starts_with(&*other.head) || other.head.starts_with(head)
        };
        heads && (tail.ends_with(&*other.tail) || other.tail.ends_with(tail))
    }
}
