//! Why every row met a person as it did.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::cell::Meeting;
use super::column::Column;
use super::evaluate::deciding_exception;
use super::facts::Facts;
use super::normal::normal;
use super::pattern::Specificity;
use super::row::{Exception, Gives, Rank, Row, Window};
use super::{Place, RowTrace, RuleSet};
use crate::directory::Person;
use crate::model::{FeedName, RuleId};

/// Columns that are named of a row that misses several.
const MISSES_TOLD: usize = 3;

impl RuleSet {
    /// Tells how every row met the person, the deciding one first, then the others that matched by rank, then those
    /// that nearly matched (by dates alone, then by the number of columns that fit), then the rest by id. Of
    /// exceptions only those for this person are told.
    pub fn trace(&self, person: &Person, today: Date) -> Vec<RowTrace> {
        let facts = Facts::of(person, &self.columns);
        let in_force = self.exceptions_of(person, today);
        let (exception, _) = deciding_exception(&in_force);
        let best = self.lookup.best(&facts, today);
        let reader = Reader { columns: &self.columns, person, facts: &facts, today };
        let mut told: Vec<(Order, RowTrace)> = Vec::new();

        for other in self.exceptions_for(person) {
            let decides = exception.is_some_and(|exception| std::ptr::eq(exception, other));
            let outside = outside(&other.window, today);
            let matched = outside.is_none();
            let why = match &outside {
                Some((_, why)) => why.clone(),
                None if decides => format!("names this person until {}", end_of(other)),
                None if other.gives.tier.is_none() => "names this person and adds add-ons alone".to_owned(),
                None => "names this person beside another exception".to_owned(),
            };
            let missed = outside.into_iter().map(|(end, _)| end.to_owned()).collect();
            let order = if matched { Order::matched(decides, None) } else { Order::near(0, 0) };
            let line = Written {
                id: &other.id,
                gives: &other.gives,
                place: &other.place,
                owner: Some(&other.owner),
                note: Some(&other.reason),
            };
            told.push((order, line.trace(matched, decides, !matched, why, missed)));
        }
        let leader = if exception.is_none() { best.map(|best| best.row) } else { None };
        let mut second: Option<(Rank, &Row)> = None;
        for row in &self.lookup.rows {
            let Some(specificity) = row.meets(&facts, today) else {
                let misses = reader.misses(row);
                told.push((misses.order(row), misses.trace(row)));
                continue;
            };
            let rank = row.rank(specificity);
            let mut why = reader.why(row);
            let decides = leader.is_some_and(|leader| leader.id == row.id);
            match (exception, best) {
                _ if row.gives.tier.is_none() => why.push_str("; adds add-ons alone"),
                (Some(exception), _) => why = format!("{why}; {} beats every row", exception.id),
                (None, Some(best)) if !decides => {
                    why = format!("{why}; {}", behind(rank, best.rank, best.row, row));
                    if second.is_none_or(|(other, _)| rank > other) {
                        second = Some((rank, row));
                    }
                }
                (None, _) => {}
            }
            told.push((
                Order::matched(decides, Some(rank)),
                Written::of(row).trace(true, decides, false, why, Vec::new()),
            ));
        }
        if let (Some(best), Some((rank, row))) = (best, second)
            && let Some((_, first)) = told.iter_mut().find(|(_, trace)| trace.decides)
        {
            first.why = format!("{}; {}", first.why, ahead(best.rank, rank, best.row, row));
        }
        told.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        told.into_iter().map(|(_, trace)| trace).collect()
    }

    fn exceptions_for(&self, person: &Person) -> impl Iterator<Item = &Exception> {
        let names = |name: &Option<String>| name.as_deref().map(|name| normal(name).into_owned());
        let keys = [names(&person.email), names(&person.employee_number)];
        self.exceptions.iter().filter(move |exception| keys.iter().flatten().any(|key| *key == exception.person))
    }
}

/// One person in front of a table.
struct Reader<'a> {
    columns: &'a [Column],
    person: &'a Person,
    facts: &'a Facts<'a>,
    today: Date,
}

impl Reader<'_> {
    /// Why a row matched.
    fn why(&self, row: &Row) -> String {
        let mut parts = Vec::new();
        for (slot, cell) in &row.cells {
            let Some(column) = self.columns.get(*slot) else { continue };
            if let Meeting::Match { value, by, .. } = cell.meet(self.facts.values(*slot)) {
                let value = self.as_written(column, value);
                parts.push(match by {
                    Some(by) => format!("{column} {value} matches {by}"),
                    None => format!("{column} {value} is not excluded"),
                });
            }
        }
        if parts.is_empty() { "matches everybody".to_owned() } else { parts.join(", ") }
    }

    /// What kept a row from matching.
    fn misses(&self, row: &Row) -> Misses {
        let mut misses = Misses { outside: outside(&row.window, self.today), columns: Vec::new(), alike: 0 };
        for (slot, cell) in &row.cells {
            let Some(column) = self.columns.get(*slot) else { continue };
            let values = self.facts.values(*slot);
            let why = match cell.meet(values) {
                Meeting::Match { .. } => continue,
                Meeting::Missing => format!("{column} is missing, {} is asked for", cell.text()),
                Meeting::Excluded { value, by } => {
                    format!("{column} {} is excluded by !{by}", self.as_written(column, value))
                }
                Meeting::Other { value } => {
                    let asked = cell.text();
                    misses.alike = misses.alike.max(alike(value, &normal(&asked)));
                    let others = values.len().saturating_sub(1);
                    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
                    format!("{column} is {}{more}, not {asked}", self.as_written(column, value))
                }
            };
            misses.columns.push((column.to_string(), why));
        }
        misses
    }

    /// The value as its provider wrote it, found again by its normal form.
    fn as_written(&self, column: &Column, value: &str) -> String {
        let written = match column {
            Column::Status => None,
            Column::Feed => self.person.feeds.iter().map(FeedName::as_str).find(|feed| normal(feed) == value),
            Column::Attribute(attribute) => {
                let mut values = self.person.attributes.get(attribute).into_iter().flatten().map(String::as_str);
                values.find(|written| normal(written) == value)
            }
        };
        written.map_or(value, str::trim).to_owned()
    }
}

/// What kept a row from matching.
struct Misses {
    /// Which end of its days, and in words.
    outside: Option<(&'static str, String)>,
    /// Columns, each with a sentence.
    columns: Vec<(String, String)>,
    /// How many letters the person's value and the cell begin with alike.
    alike: usize,
}

impl Misses {
    fn is_near(&self) -> bool {
        self.columns.len().saturating_add(usize::from(self.outside.is_some())) == 1
    }

    fn order(&self, row: &Row) -> Order {
        match (&self.outside, self.columns.len()) {
            (Some(_), 0) => Order::near(0, 0),
            (None, 1) => Order::near(1, row.cells.len().saturating_mul(1_000).saturating_add(self.alike.min(999))),
            _ => Order::far(),
        }
    }

    fn trace(self, row: &Row) -> RowTrace {
        let near = self.is_near();
        let mut whys: Vec<String> = self.outside.iter().map(|(_, why)| why.clone()).collect();
        whys.extend(self.columns.iter().take(MISSES_TOLD).map(|(_, why)| why.clone()));
        let more = self.columns.len().saturating_sub(MISSES_TOLD);
        if more > 0 {
            whys.push(format!("and {more} more columns do not fit"));
        }
        if whys.is_empty() {
            whys.push("does not match".to_owned());
        }
        let ends = self.outside.iter().map(|(end, _)| (*end).to_owned());
        let missed = ends.chain(self.columns.iter().map(|(column, _)| column.clone())).collect();
        Written::of(row).trace(false, false, near, whys.join("; "), missed)
    }
}

/// What a table says of a row or exception.
struct Written<'a> {
    id: &'a RuleId,
    gives: &'a Gives,
    place: &'a Place,
    owner: Option<&'a String>,
    note: Option<&'a String>,
}

impl<'a> Written<'a> {
    fn of(row: &'a Row) -> Self {
        Self { id: &row.id, gives: &row.gives, place: &row.place, owner: row.owner.as_ref(), note: row.note.as_ref() }
    }

    fn trace(&self, matched: bool, decides: bool, near: bool, why: String, missed: Vec<String>) -> RowTrace {
        RowTrace {
            id: self.id.clone(),
            matched,
            decides,
            near,
            why,
            missed,
            gives: self.gives.text(),
            place: self.place.clone(),
            owner: self.owner.cloned(),
            note: self.note.cloned(),
        }
    }
}

/// Deciding first, then matched by rank, then near by what keeps them from matching, then the rest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    place: u8,
    rank: Option<Reverse<Rank>>,
    close: Reverse<usize>,
}

impl Order {
    fn matched(decides: bool, rank: Option<Rank>) -> Self {
        Self { place: u8::from(!decides), rank: rank.map(Reverse), close: Reverse(0) }
    }

    const fn near(after: u8, close: usize) -> Self {
        Self { place: 2 + after, rank: None, close: Reverse(close) }
    }

    const fn far() -> Self {
        Self { place: 4, rank: None, close: Reverse(0) }
    }
}

/// How many letters two texts begin with alike.
fn alike(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
}

/// The end of its days that a date is outside of, and in words.
fn outside(window: &Window, today: Date) -> Option<(&'static str, String)> {
    match (window.from, window.until) {
        (Some(from), _) if today < from => Some(("from", format!("begins on {from}"))),
        (_, Some(until)) if until < today => Some(("until", format!("was over on {until}"))),
        _ => None,
    }
}

fn end_of(exception: &Exception) -> String {
    exception.window.until.map(|until| until.to_string()).unwrap_or_default()
}

/// The comparison that decided against a row.
fn behind(rank: Rank, best: Rank, winner: &Row, row: &Row) -> String {
    let id = &winner.id;
    match difference(rank, best, ["lower", "less", "fewer"]) {
        Some(difference) => format!("{difference} than row {id} ({})", against(rank, best)),
        None if winner.gives == row.gives => format!("ties with row {id}, which gives the same"),
        None => format!("ties with row {id} and disagrees"),
    }
}

/// The comparison that decided for a row.
fn ahead(best: Rank, rank: Rank, winner: &Row, row: &Row) -> String {
    let id = &row.id;
    match difference(best, rank, ["higher", "more", "more"]) {
        Some(difference) => format!("decides by {difference} than row {id} ({})", against(best, rank)),
        None if winner.gives == row.gives => format!("ties with row {id}, which gives the same"),
        None => format!("ties with row {id} and disagrees"),
    }
}

/// The first thing in which two ranks differ, with the words for priority, job code and columns.
fn difference(one: Rank, other: Rank, words: [&str; 3]) -> Option<String> {
    let [priority, specific, filled] = words;
    if one.priority != other.priority {
        Some(format!("{priority} priority"))
    } else if one.specificity != other.specificity {
        Some(format!("{specific} specific job code"))
    } else if one.filled != other.filled {
        Some(format!("{filled} filled match columns"))
    } else {
        None
    }
}

/// The two sides of that difference.
fn against(one: Rank, other: Rank) -> String {
    if one.priority != other.priority {
        format!("{} against {}", one.priority, other.priority)
    } else if one.specificity != other.specificity {
        format!("{} against {}", name_of(one.specificity), name_of(other.specificity))
    } else {
        format!("{} against {}", one.filled, other.filled)
    }
}

fn name_of(specificity: Specificity) -> String {
    match specificity {
        Specificity::Any => "any code".to_owned(),
        Specificity::Glob(length) => format!("a glob of {length} letters"),
        Specificity::Range => "a range".to_owned(),
        Specificity::Exact => "the exact code".to_owned(),
    }
}
