//! One value of a cell: a text, a glob or a range. A closed grammar: no code, no regular expressions.

use std::cmp::Ordering;

use super::normal::normal;

/// The longest value. Directory attributes end at 1,024 characters; a longer value is a slip, such as a missing quote.
pub(super) const MAX_VALUE_CHARS: usize = 1_024;

/// A value that a person's attribute may have, in normal form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Exact(Box<str>),
    Range(Range),
    Glob(Glob),
}

/// Why a value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Range(&'static str),
    Value(&'static str),
}

impl Pattern {
    /// Reads a value without its `!`.
    pub(super) fn parse(written: &str) -> Result<Self, Fault> {
        if written.chars().count() > MAX_VALUE_CHARS {
            return Err(Fault::Value("the value has more than 1,024 characters"));
        }
        let text = normal(written);
        if text.is_empty() {
            return Err(Fault::Value("the value is empty"));
        }
        if text.starts_with('!') {
            return Err(Fault::Value("`!` stands twice"));
        }
        if text.contains('|') {
            return Err(Fault::Value("a value cannot hold `|`, which separates values"));
        }
        match (text.split_once(".."), text.contains('*')) {
            (Some(_), true) => Err(Fault::Range("a range cannot hold `*`")),
            (Some((low, high)), false) => Range::new(low.trim(), high.trim()).map(Self::Range),
            (None, true) => Ok(Self::Glob(Glob::new(&text))),
            (None, false) => Ok(Self::Exact(text.into())),
        }
    }

    /// How specific a match by it is.
    pub(super) const fn specificity(&self) -> Specificity {
        match self {
            Self::Exact(_) => Specificity::Exact,
            Self::Range(_) => Specificity::Range,
            Self::Glob(glob) => Specificity::Glob(glob.length),
        }
    }

    /// Whether a value in normal form is meant.
    pub(super) fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => **text == *value,
            Self::Range(range) => range.matches(value),
            Self::Glob(glob) => glob.matches(value),
        }
    }
}

/// How specific the value of a cell is that matched: exact before range before longer glob before any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Specificity {
    /// The cell is empty, or only excludes.
    Any,
    /// That many characters without `*`.
    Glob(usize),
    Range,
    Exact,
}

/// `A..B`: the same text before the number, and a number from A to B.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    pub(super) prefix: Box<str>,
    pub(super) low: Number,
    pub(super) high: Number,
    /// How many digits the value must have, when both ends have as many.
    pub(super) width: Option<usize>,
}

/// A whole number of any length: its digits without leading zeros, so zero has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number(Box<str>);

impl Number {
    pub(super) fn new(digits: &str) -> Self {
        Self(significant(digits).into())
    }

    pub(super) fn digits(&self) -> &str {
        &self.0
    }

    /// The number after it.
    pub(super) fn next(&self) -> Self {
        let kept = self.0.trim_end_matches('9');
        let zeros = "0".repeat(self.0.len() - kept.len());
        let mut digits: Vec<char> = kept.chars().collect();
        match digits.pop() {
            None => Self(format!("1{zeros}").into()),
            Some(last) => {
                digits.push(char::from_u32(u32::from(last) + 1).unwrap_or('9'));
                Self((digits.into_iter().collect::<String>() + &zeros).into())
            }
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares digits without leading zeros as numbers.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    (a.len(), a).cmp(&(b.len(), b))
}

/// Digits without leading zeros.
pub(super) fn significant(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

/// Splits a text before its last digits: `sd-012` into `sd-` and `012`.
pub(super) fn split_number(text: &str) -> (&str, &str) {
    let prefix = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    (prefix, text.get(prefix.len()..).unwrap_or_default())
}

impl Range {
    fn new(low: &str, high: &str) -> Result<Self, Fault> {
        let ((prefix, from), (other, to)) = (split_number(low), split_number(high));
        if from.is_empty() || to.is_empty() {
            return Err(Fault::Range("both ends of a range end in a number"));
        }
        if prefix != other {
            return Err(Fault::Range("both ends of a range begin with the same text"));
        }
        let (low, high) = (Number::new(from), Number::new(to));
        if low > high {
            return Err(Fault::Range("the range begins after its end"));
        }
        Ok(Self { prefix: prefix.into(), low, high, width: (from.len() == to.len()).then_some(from.len()) })
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        let Some(digits) = value.strip_prefix(&*self.prefix) else { return false };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let number = significant(digits);
        self.width.is_none_or(|width| width == digits.len())
            && compare(number, &self.low.0).is_ge()
            && compare(number, &self.high.0).is_le()
    }
}

/// Pieces of text with anything between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glob {
    /// What stands before the first `*`.
    pub(super) head: Box<str>,
    /// What stands between stars, in order, never empty.
    pub(super) middle: Vec<Box<str>>,
    /// What stands after the last `*`.
    pub(super) tail: Box<str>,
    /// Characters without `*`.
    pub(super) length: usize,
}

impl Glob {
    fn new(text: &str) -> Self {
        let mut pieces = text.split('*');
        let head = pieces.next().unwrap_or_default();
        let tail = pieces.next_back().unwrap_or_default();
        let middle = pieces.filter(|piece| !piece.is_empty()).map(Box::from).collect();
        let length = text.chars().filter(|letter| *letter != '*').count();
        Self { head: head.into(), middle, tail: tail.into(), length }
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        let inner = value.strip_prefix(&*self.head).and_then(|rest| rest.strip_suffix(&*self.tail));
        let Some(mut rest) = inner else { return false };
        // The leftmost place of every piece leaves the most room for the next one.
        for piece in &self.middle {
            match rest.split_once(&**piece) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Pattern};

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&super::normal(value))
    }

    #[test]
    fn globs() {
        assert!(matches("SD-1*", "sd-1"));
        assert!(matches("*-1*2*", "SD-1002x"));
        assert!(matches("a*a", "aa"));
        assert!(!matches("a*a", "a"));
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("*", "x"));
        assert!(matches("**ab**", "xaby"));
        let Pattern::Glob(glob) = Pattern::parse("S*D-**1*").unwrap() else { panic!("a glob") };
        assert_eq!(glob.length, 4);
    }

    #[test]
    fn ranges_compare_numbers_of_any_length() {
        assert!(matches("SD-20..SD-29", "SD-25"));
        assert!(!matches("SD-20..SD-29", "SD-025"));
        assert!(matches("SD-5..SD-20", "SD-007"));
        assert!(!matches("SD-5..SD-20", "SD-21"));
        assert!(matches("007..010", "009"));
        assert!(!matches("007..010", "9"));
        assert!(matches("1..99999999999999999999999999", "88888888888888888888888888"));
        assert!(!matches("1..99999999999999999999999999", "100000000000000000000000000"));
        assert!(matches("0..3", "0"));
        assert!(!matches("0..10", "x1"));
    }

    #[test]
    fn what_is_no_value_says_why() {
        let range = |text| matches!(Pattern::parse(text), Err(Fault::Range(_)));
        assert!(["SD-20..29", "SD-..SD-9", "9..8", "..", "A1..", "A*..B", "A1..A2..A3"].into_iter().all(range));
        let value = |text: &str| matches!(Pattern::parse(text), Err(Fault::Value(_)));
        assert!(["", "!x", "a|b", "ａ｜ｂ", "x".repeat(1_025).as_str()].into_iter().all(value));
    }
}
