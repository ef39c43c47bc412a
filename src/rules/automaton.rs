//! Patterns as deterministic automata, so that a text can be found that some match and others do not.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::pattern::{Pattern, Range};

/// Where an automaton stands after some letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Nothing that follows can match.
    Dead,
    /// In piece `piece`, of which `letters` letters are matched.
    In { piece: usize, letters: usize },
    /// Within the number of a range: digits read, those that count, and how they compare with the same number of
    /// digits of either end.
    Number { digits: usize, significant: usize, low: Ordering, high: Ordering },
}

struct Automaton<'p> {
    /// What has to be found in turn: the head at once, then each piece after any letters.
    pieces: Vec<Vec<char>>,
    /// Where to go on in a piece when a letter does not fit (Knuth, Morris, Pratt).
    falls: Vec<Vec<usize>>,
    kind: Kind<'p>,
}

enum Kind<'p> {
    Exact,
    Glob,
    Range(&'p Range),
}

impl<'p> Automaton<'p> {
    fn new(pattern: &'p Pattern) -> Self {
        let letters = |text: &str| text.chars().collect::<Vec<char>>();
        let (pieces, kind) = match pattern {
            Pattern::Exact(text) => (vec![letters(text)], Kind::Exact),
            Pattern::Range(range) => (vec![letters(&range.prefix)], Kind::Range(range)),
            Pattern::Glob(glob) => {
                let middle = glob.middle.iter().map(|piece| letters(piece));
                let pieces = std::iter::once(letters(&glob.head)).chain(middle).chain([letters(&glob.tail)]);
                (pieces.collect(), Kind::Glob)
            }
        };
        let falls = pieces.iter().map(|piece| falls(piece)).collect();
        Self { pieces, falls, kind }
    }

    fn start(&self) -> State {
        self.settle(0, 0)
    }

    /// Steps from a piece that is complete to the next one; the last piece of a glob stays, as more may follow.
    fn settle(&self, piece: usize, letters: usize) -> State {
        let complete = self.pieces.get(piece).is_some_and(|text| text.len() == letters);
        let last = piece + 1 >= self.pieces.len();
        match self.kind {
            Kind::Glob if complete && !last => self.settle(piece + 1, 0),
            Kind::Range(_) if complete => {
                State::Number { digits: 0, significant: 0, low: Ordering::Equal, high: Ordering::Equal }
            }
            Kind::Glob | Kind::Range(_) | Kind::Exact => State::In { piece, letters },
        }
    }

    /// Letters after which it stands elsewhere than after a letter that no pattern names.
    fn waits_for(&self, state: State, letters: &mut BTreeSet<char>) {
        match state {
            State::Dead => {}
            State::Number { .. } => letters.extend('0'..='9'),
            State::In { piece, letters: at } => {
                let text = self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
                letters.extend(text.get(at));
                let mut at = if piece > 0 { at } else { 0 };
                while let Some(before) = at.checked_sub(1) {
                    at = self.falls.get(piece).and_then(|falls| falls.get(before)).copied().unwrap_or(0);
                    letters.extend(text.get(at));
                }
            }
        }
    }

    /// Whether it matches whatever follows.
    fn is_settled(&self, state: State) -> bool {
        let State::In { piece, letters: 0 } = state else { return false };
        matches!(self.kind, Kind::Glob)
            && piece + 1 == self.pieces.len()
            && piece > 0
            && self.pieces.get(piece).is_some_and(Vec::is_empty)
    }

    /// Whether it may match what is read; of numbers this says only that there is a digit.
    fn may_end(&self, state: State) -> bool {
        match state {
            State::Dead => false,
            State::Number { digits, .. } => digits > 0,
            State::In { piece, letters } => {
                piece + 1 == self.pieces.len() && self.pieces.get(piece).is_some_and(|text| text.len() == letters)
            }
        }
    }

    fn step(&self, state: State, letter: char) -> State {
        match (state, &self.kind) {
            (State::In { piece, letters }, _) => {
                let text = self.pieces.get(piece).map_or(&[][..], Vec::as_slice);
                let searching = piece > 0;
                let mut at = letters;
                loop {
                    if text.get(at) == Some(&letter) {
                        return self.settle(piece, at + 1);
                    }
                    if !searching {
                        return State::Dead;
                    }
                    if at == 0 {
                        return State::In { piece, letters: 0 };
                    }
                    at = self.falls.get(piece).and_then(|falls| falls.get(at - 1)).copied().unwrap_or(0);
                }
            }
            (State::Number { digits, significant, low, high }, Kind::Range(range)) => {
                number(range, letter, digits, significant, (low, high))
            }
            (State::Dead | State::Number { .. }, _) => State::Dead,
        }
    }
}

fn number(range: &Range, letter: char, digits: usize, significant: usize, so_far: (Ordering, Ordering)) -> State {
    if !letter.is_ascii_digit() {
        return State::Dead;
    }
    // Without a width the count of digits says nothing but that there is one.
    let digits = if range.width.is_some() { digits + 1 } else { 1 };
    let too_many = range.width.is_some_and(|width| digits > width);
    if too_many || (letter == '0' && significant == 0) {
        let still = State::Number { digits, significant, low: so_far.0, high: so_far.1 };
        return if too_many { State::Dead } else { still };
    }
    if significant >= range.high.digits().len() {
        return State::Dead;
    }
    let against = |end: &str, so_far: Ordering| {
        let digit = end.as_bytes().get(significant).map(|byte| char::from(*byte));
        // Beyond an end's digits the number is longer, hence greater; the length decides in the end.
        so_far.then(digit.map_or(Ordering::Greater, |digit| letter.cmp(&digit)))
    };
    State::Number {
        digits,
        significant: significant + 1,
        low: against(range.low.digits(), so_far.0),
        high: against(range.high.digits(), so_far.1),
    }
}

/// For each letter of a piece the length of the longest proper beginning of the piece that ends there.
fn falls(piece: &[char]) -> Vec<usize> {
    let mut falls = vec![0; piece.len()];
    let mut length = 0;
    for at in 1..piece.len() {
        let letter = piece.get(at);
        while length > 0 && piece.get(length) != letter {
            length = falls.get(length - 1).copied().unwrap_or(0);
        }
        if piece.get(length) == letter {
            length += 1;
        }
        if let Some(fall) = falls.get_mut(at) {
            *fall = length;
        }
    }
    falls
}

/// What a text is searched among.
#[derive(Debug, Default)]
pub(super) struct Terms {
    pub(super) patterns: Vec<Pattern>,
    /// In each of these groups at least one pattern has to match.
    pub(super) groups: Vec<Vec<usize>>,
    /// By pattern: nothing that it matches is wanted.
    pub(super) refused: Vec<bool>,
    /// What it costs to ask about a text, in steps of single automata.
    pub(super) asking: u64,
}

/// Where those automata stand that may still match.
type Live = Vec<(usize, State)>;

/// The shortest text that `wanted` accepts, where `wanted` depends on nothing but which of the patterns match. `None`
/// when there is no such text, an error when the search took more than `budget` steps of single automata, which are
/// taken off.
pub(super) fn shortest(
    terms: &Terms,
    budget: &mut u64,
    wanted: impl Fn(&str) -> bool,
) -> Result<Option<String>, TooLong> {
    let automata: Vec<Automaton<'_>> = terms.patterns.iter().map(Automaton::new).collect();
    let groups = Groups::new(terms);
    let alphabet = alphabet(&terms.patterns);
    *budget = budget.saturating_sub(terms.patterns.len() as u64);
    // A text neither begins nor ends with a space: values are trimmed.
    let mut seen: BTreeSet<(Live, bool)> = BTreeSet::new();
    let mut trail: BTreeMap<usize, (usize, char)> = BTreeMap::new();
    let start: Live = automata.iter().map(Automaton::start).enumerate().collect();
    let mut queue: VecDeque<(usize, Live)> = VecDeque::from([(0, start)]);
    let mut count = 0;
    while let Some((at, live)) = queue.pop_front() {
        for letter in letters(&automata, &live, &alphabet) {
            if at == 0 && letter.is_whitespace() {
                continue;
            }
            *budget = budget.saturating_sub(STEP + live.len() as u64);
            if *budget == 0 {
                return Err(TooLong);
            }
            let step = |(one, state): &(usize, State)| {
                let next = automata.get(*one)?.step(*state, letter);
                (next != State::Dead).then_some((*one, next))
            };
            let next: Live = live.iter().filter_map(step).collect();
            let is_refused = |(one, state): &(usize, State)| {
                terms.refused.get(*one) == Some(&true) && automata.get(*one).is_some_and(|one| one.is_settled(*state))
            };
            if !groups.all(next.iter().map(|(one, _)| *one))
                || next.iter().any(is_refused)
                || !seen.insert((next.clone(), letter.is_whitespace()))
            {
                continue;
            }
            count += 1;
            trail.insert(count, (at, letter));
            let ends = |(one, state): &(usize, State)| automata.get(*one)?.may_end(*state).then_some(*one);
            if !letter.is_whitespace() && groups.all(next.iter().filter_map(ends)) {
                *budget = budget.saturating_sub(terms.asking);
                let text = text_of(&trail, count);
                if wanted(&text) {
                    return Ok(Some(text));
                }
            }
            queue.push_back((count, next));
        }
    }
    Ok(None)
}

/// Letters that lead to different places from here, in order: those that an automaton waits for, and one that none of
/// them does.
fn letters(automata: &[Automaton<'_>], live: &Live, alphabet: &[char]) -> BTreeSet<char> {
    let mut letters = BTreeSet::new();
    for (one, state) in live {
        if let Some(automaton) = automata.get(*one) {
            automaton.waits_for(*state, &mut letters);
        }
    }
    let other = alphabet.iter().find(|letter| !letter.is_whitespace() && !letters.contains(letter)).copied();
    letters.extend(other);
    letters
}

/// Which groups have a pattern, by pattern and as bits.
struct Groups {
    of: Vec<u64>,
    full: u64,
}

impl Groups {
    fn new(terms: &Terms) -> Self {
        let mut of = vec![0; terms.patterns.len()];
        let mut full = 0;
        // A case has few rows; groups beyond the last bit are left to `wanted`.
        for (bit, group) in terms.groups.iter().enumerate().take(64) {
            full |= 1 << bit;
            for one in group {
                if let Some(bits) = of.get_mut(*one) {
                    *bits |= 1 << bit;
                }
            }
        }
        Self { of, full }
    }

    fn all(&self, patterns: impl Iterator<Item = usize>) -> bool {
        let bits = patterns.filter_map(|one| self.of.get(one)).fold(0, |all, bits| all | bits);
        bits & self.full == self.full
    }
}

/// What remembering a step costs, in steps of single automata.
const STEP: u64 = 12;

/// A search that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

fn text_of(trail: &BTreeMap<usize, (usize, char)>, mut at: usize) -> String {
    let mut letters = Vec::new();
    while let Some((before, letter)) = trail.get(&at) {
        letters.push(*letter);
        at = *before;
    }
    letters.iter().rev().collect()
}

/// Letters that the patterns tell apart, and one that none of them names. It comes last: texts made of the patterns'
/// own letters read better.
fn alphabet(patterns: &[Pattern]) -> Vec<char> {
    let mut letters = BTreeSet::new();
    for pattern in patterns {
        match pattern {
            Pattern::Exact(text) => letters.extend(text.chars()),
            Pattern::Range(range) => letters.extend(range.prefix.chars().chain('0'..='9')),
            Pattern::Glob(glob) => {
                let pieces = glob.middle.iter().chain([&glob.head, &glob.tail]);
                letters.extend(pieces.flat_map(|piece| piece.chars()));
            }
        }
    }
    let other = ('a'..='z').rev().skip(2).chain('0'..='9').chain('à'..='ÿ').find(|letter| !letters.contains(letter));
    letters.into_iter().chain(other).collect()
}
