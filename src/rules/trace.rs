//! Why every row met a person as it did.

use jiff::civil::Date;

use super::cell::Meeting;
use super::evaluate::deciding_exception;
use super::facts::Facts;
use super::pattern::Specificity;
use super::row::{Exception, Rank, Row, Window};
use super::{RowTrace, RuleSet};
use crate::directory::Person;

impl RuleSet {
    /// Tells how every row met the person, the deciding one first, then the others that matched by rank, then those
    /// that did not by id. Of exceptions only those for this person are told.
    pub fn trace(&self, person: &Person, today: Date) -> Vec<RowTrace> {
        let facts = Facts::of(person, &self.columns);
        let in_force = self.exceptions_of(person, today);
        let (exception, _) = deciding_exception(&in_force);
        let best = self.lookup.best(&facts, today);
        let mut told: Vec<(Order, RowTrace)> = Vec::new();

        for other in self.exceptions_for(person) {
            let decides = exception.is_some_and(|exception| std::ptr::eq(exception, other));
            let matched = other.window.holds(today);
            let why = match outside(&other.window, today) {
                Some(why) => why,
                None if decides => format!("names this person until {}", end_of(other)),
                None if other.gives.tier.is_none() => "names this person and adds add-ons alone".to_owned(),
                None => "names this person beside another exception".to_owned(),
            };
            let order = Order { place: if decides { 0 } else { 2 - u8::from(matched) }, rank: None };
            told.push((order, RowTrace { id: other.id.clone(), matched, decides, why }));
        }
        for row in &self.lookup.rows {
            let Some(specificity) = row.meets(&facts, today) else {
                let why = self.why_not(row, &facts, today);
                let order = Order { place: 2, rank: None };
                told.push((order, RowTrace { id: row.id.clone(), matched: false, decides: false, why }));
                continue;
            };
            let rank = row.rank(specificity);
            let mut why = self.why(row, &facts);
            let mut decides = false;
            match (exception, best) {
                _ if row.gives.tier.is_none() => why.push_str("; adds add-ons alone"),
                (Some(exception), _) => why = format!("{why}; {} beats every row", exception.id),
                (None, Some(best)) if best.row.id == row.id => decides = true,
                (None, Some(best)) => why = format!("{why}; {}", behind(rank, best.rank, best.row, row)),
                (None, None) => {}
            }
            let order = Order { place: u8::from(!decides), rank: Some(std::cmp::Reverse(rank)) };
            told.push((order, RowTrace { id: row.id.clone(), matched: true, decides, why }));
        }
        told.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
        told.into_iter().map(|(_, trace)| trace).collect()
    }

    /// Why a row matched.
    fn why(&self, row: &Row, facts: &Facts<'_>) -> String {
        let mut parts = Vec::new();
        for (slot, cell) in &row.cells {
            let Some(column) = self.columns.get(*slot) else { continue };
            if let Meeting::Match { value, by, .. } = cell.meet(facts.values(*slot)) {
                parts.push(match by {
                    Some(by) => format!("{column} {value} matches {by}"),
                    None => format!("{column} {value} is not excluded"),
                });
            }
        }
        if parts.is_empty() { "matches everybody".to_owned() } else { parts.join(", ") }
    }

    /// Why a row did not match: the first thing that kept it.
    fn why_not(&self, row: &Row, facts: &Facts<'_>, today: Date) -> String {
        if let Some(why) = outside(&row.window, today) {
            return why;
        }
        for (slot, cell) in &row.cells {
            let Some(column) = self.columns.get(*slot) else { continue };
            match cell.meet(facts.values(*slot)) {
                Meeting::Match { .. } => {}
                Meeting::Missing => return format!("{column} is missing"),
                Meeting::Excluded { value, by } => return format!("{column} {value} is excluded by !{by}"),
                Meeting::Other { value } => {
                    let others = facts.values(*slot).len() - 1;
                    let more = if others == 0 { String::new() } else { format!(" (and {others} more)") };
                    return format!("{column} is {value}{more}, not {}", cell.text());
                }
            }
        }
        "does not match".to_owned()
    }

    fn exceptions_for(&self, person: &Person) -> impl Iterator<Item = &Exception> {
        let names = |name: &Option<String>| name.as_deref().map(|name| super::normal::normal(name).into_owned());
        let keys = [names(&person.email), names(&person.employee_number)];
        self.exceptions.iter().filter(move |exception| keys.iter().flatten().any(|key| *key == exception.person))
    }
}

/// Deciding first, then matched, then the rest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    place: u8,
    rank: Option<std::cmp::Reverse<Rank>>,
}

fn outside(window: &Window, today: Date) -> Option<String> {
    match (window.from, window.until) {
        (Some(from), _) if today < from => Some(format!("begins on {from}")),
        (_, Some(until)) if until < today => Some(format!("was over on {until}")),
        _ => None,
    }
}

fn end_of(exception: &Exception) -> String {
    exception.window.until.map(|until| until.to_string()).unwrap_or_default()
}

/// The comparison that decided against a row.
fn behind(rank: Rank, best: Rank, winner: &Row, row: &Row) -> String {
    let id = &winner.id;
    if rank.priority != best.priority {
        return format!("lower priority than row {id} ({} against {})", rank.priority, best.priority);
    }
    if rank.specificity != best.specificity {
        let (mine, theirs) = (name_of(rank.specificity), name_of(best.specificity));
        return format!("less specific job code than row {id} ({mine} against {theirs})");
    }
    if rank.filled != best.filled {
        return format!("fewer filled match columns than row {id} ({} against {})", rank.filled, best.filled);
    }
    if winner.gives == row.gives {
        return format!("ties with row {id}, which gives the same");
    }
    format!("ties with row {id} and disagrees")
}

fn name_of(specificity: Specificity) -> String {
    match specificity {
        Specificity::Any => "any".to_owned(),
        Specificity::Glob(length) => format!("glob of {length}"),
        Specificity::Range => "range".to_owned(),
        Specificity::Exact => "exact".to_owned(),
    }
}
