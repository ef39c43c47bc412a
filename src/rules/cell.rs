//! What one column of a row asks of a person.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::pattern::{Glob, Pattern, Range, Specificity};

/// A filled cell: a person matches when some value of theirs is among the included ones (or none are named), and
/// none of their values is excluded. Somebody who lacks the attribute does not match.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) include: Values,
    pub(super) exclude: Values,
}

/// Values of which any may match.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Values {
    /// Sorted, so that a long list costs few steps.
    pub(super) exact: Vec<Written<Box<str>>>,
    pub(super) ranges: Vec<Written<Range>>,
    /// The longest first.
    pub(super) globs: Vec<Written<Glob>>,
}

/// A value and the text it was written as, for explanations.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) text: Box<str>,
}

/// Equal by meaning, not by spelling.
impl<T: PartialEq> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Written<T> {}

impl<T: PartialOrd> PartialOrd for Written<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for Written<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }
}

impl Values {
    pub(super) fn push(&mut self, pattern: Pattern, text: &str) {
        let text = text.into();
        match pattern {
            Pattern::Exact(value) => self.exact.push(Written { value, text }),
            Pattern::Range(value) => self.ranges.push(Written { value, text }),
            Pattern::Glob(value) => self.globs.push(Written { value, text }),
        }
    }

    /// Brings the values in order and drops what is there twice.
    pub(super) fn arrange(&mut self) {
        self.exact.sort_by(|a, b| a.value.cmp(&b.value));
        self.exact.dedup_by(|a, b| a.value == b.value);
        self.ranges.sort_by(|a, b| a.value.cmp(&b.value));
        self.ranges.dedup_by(|a, b| a.value == b.value);
        self.globs.sort_by(|a, b| (b.value.length, &a.value).cmp(&(a.value.length, &b.value)));
        self.globs.dedup_by(|a, b| a.value == b.value);
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { exact, ranges, globs } = self;
        exact.is_empty() && ranges.is_empty() && globs.is_empty()
    }

    /// The most specific value that matches, and how it was written.
    pub(super) fn best(&self, value: &str) -> Option<(Specificity, &str)> {
        if let Ok(at) = self.exact.binary_search_by(|written| (*written.value).cmp(value)) {
            return self.exact.get(at).map(|written| (Specificity::Exact, &*written.text));
        }
        if let Some(range) = self.ranges.iter().find(|range| range.value.matches(value)) {
            return Some((Specificity::Range, &range.text));
        }
        let glob = self.globs.iter().find(|glob| glob.value.matches(value))?;
        Some((Specificity::Glob(glob.value.length), &glob.text))
    }

    /// The most specific that a match can be; any value matches where none is named.
    pub(super) fn top(&self) -> Specificity {
        if !self.exact.is_empty() {
            Specificity::Exact
        } else if !self.ranges.is_empty() {
            Specificity::Range
        } else {
            self.globs.first().map_or(Specificity::Any, |glob| Specificity::Glob(glob.value.length))
        }
    }

    /// The patterns, the most specific first.
    pub(super) fn patterns(&self) -> impl Iterator<Item = Pattern> {
        let exact = self.exact.iter().map(|written| Pattern::Exact(written.value.clone()));
        let ranges = self.ranges.iter().map(|written| Pattern::Range(written.value.clone()));
        exact.chain(ranges).chain(self.globs.iter().map(|written| Pattern::Glob(written.value.clone())))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let exact = self.exact.iter().map(|written| &*written.text);
        let ranges = self.ranges.iter().map(|written| &*written.text);
        exact.chain(ranges).chain(self.globs.iter().map(|written| &*written.text))
    }
}

/// How a cell met a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meeting<'a> {
    /// It matched: how specific, the person's value, and the cell's value when one was named.
    Match { specificity: Specificity, value: &'a str, by: Option<&'a str> },
    /// The person lacks the attribute.
    Missing,
    /// A value of theirs is excluded.
    Excluded { value: &'a str, by: &'a str },
    /// None of their values is named.
    Other { value: &'a str },
}

impl Cell {
    pub(super) fn arrange(&mut self) {
        self.include.arrange();
        self.exclude.arrange();
    }

    /// Whether the person's values, in normal form, match, and how specifically.
    pub(super) fn matches(&self, values: &[Cow<'_, str>]) -> Option<Specificity> {
        match self.meet(values) {
            Meeting::Match { specificity, .. } => Some(specificity),
            Meeting::Missing | Meeting::Excluded { .. } | Meeting::Other { .. } => None,
        }
    }

    /// How the cell meets the person's values.
    pub(super) fn meet<'a>(&'a self, values: &'a [Cow<'_, str>]) -> Meeting<'a> {
        let Some(first) = values.first() else { return Meeting::Missing };
        if !self.exclude.is_empty() {
            let excluded = values.iter().find_map(|value| Some((value, self.exclude.best(value)?.1)));
            if let Some((value, by)) = excluded {
                return Meeting::Excluded { value, by };
            }
        }
        if self.include.is_empty() {
            return Meeting::Match { specificity: Specificity::Any, value: first, by: None };
        }
        let mut best: Option<(Specificity, &str, &str)> = None;
        for value in values {
            if let Some((specificity, by)) = self.include.best(value)
                && best.is_none_or(|(other, _, _)| specificity > other)
            {
                best = Some((specificity, value, by));
            }
        }
        best.map_or(Meeting::Other { value: first }, |(specificity, value, by)| Meeting::Match {
            specificity,
            value,
            by: Some(by),
        })
    }

    /// The cell as written in CSV.
    pub(super) fn text(&self) -> String {
        let excluded = self.exclude.texts().map(|text| format!("!{text}"));
        self.include.texts().map(str::to_owned).chain(excluded).collect::<Vec<_>>().join("|")
    }
}
