//! Until when somebody waits because of the vendor's terms, and what would allow a seat sooner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::book::Book;
use super::cooling_until;
use super::forecast::{day, release};
use super::frame::Frame;
use super::plan::Step;
use super::room::Rooms;
use super::terms::{bought, changes, exemption_word};
use crate::model::{PersonId, Pool, PoolId, Time, UnitNo};

/// What the terms of one pool keep from its queue, made once for all who wait in it.
#[derive(Debug)]
pub(super) struct Outlook<'a> {
    pool: &'a Pool,
    zone: &'a TimeZone,
    /// Cooling seats by their end, without those that only undo an over-allocation.
    cooling: Vec<(Time, UnitNo)>,
    /// When the limit on changes of hands lets the next ones through.
    changes: Vec<Time>,
    used: usize,
    /// When seats get free by dates that are known: cooling and grace that end.
    due: Vec<Time>,
    book: Option<&'a Book>,
}

/// The steps that are made, and which seat each of those gets who gain one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub(super) steps: &'a [Step],
    pub(super) units: &'a BTreeMap<(PersonId, PoolId), UnitNo>,
}

impl Made<'_> {
    /// Seats of the pool that go to other hands now.
    fn changes_of(&self, frame: &Frame<'_>, pool: &Pool) -> Vec<Time> {
        let Some(units) = frame.ledger.units.get(&pool.id).filter(|_| pool.reassign.is_some()) else {
            return Vec::new();
        };
        let to_others = |person: PersonId, unit: UnitNo| units.get(unit).is_some_and(|unit| !unit.was_of(person));
        let gains = self.units.iter().filter(|((_, id), _)| *id == pool.id);
        let gains = gains.filter(|((person, id), _)| frame.counted_for(*person, id) == 0);
        gains.filter(|((person, _), unit)| to_others(*person, **unit)).map(|_| frame.now).collect()
    }
}

impl<'a> Outlook<'a> {
    /// What it will be when the steps are made.
    pub(super) fn new(frame: &'a Frame<'a>, rooms: &Rooms<'_>, made: &Made<'_>, pool: &'a Pool) -> Self {
        let taken: BTreeSet<UnitNo> =
            made.units.iter().filter(|((_, id), _)| *id == pool.id).map(|(_, unit)| *unit).collect();
        let before = frame.ledger.cooling.iter().filter(|((_, id), _)| *id == pool.id);
        let before = before.filter(|((person, id), _)| frame.own_cooling(*person, id).is_some());
        let before = before.map(|(_, cooling)| (cooling.until, cooling.unit));
        let begun = made.steps.iter().filter(|step| step.loses() == Some(&pool.id)).filter_map(|step| {
            let holding = frame.ledger.holding(step.person, &pool.id)?;
            Some((cooling_until(holding, &step.cause, pool, frame.now)?, holding.unit))
        });
        let mut cooling: Vec<(Time, UnitNo)> = before.chain(begun).filter(|(_, unit)| !taken.contains(unit)).collect();
        cooling.sort_unstable();
        let ending = made.steps.iter().filter(|step| step.pool == pool.id).filter_map(|step| {
            let holding = frame.ledger.holding(step.person, &pool.id)?;
            let clock = pool.min_hold.as_ref().map_or(step.due_at?, |terms| holding.since.plus(terms.time));
            Some(step.due_at?.max(clock))
        });
        let mut due: Vec<Time> = cooling.iter().map(|(until, _)| *until).chain(ending).collect();
        due.sort_unstable();
        let over = usize::try_from(rooms.over(&pool.id)).unwrap_or(usize::MAX);
        cooling.drain(..over.min(cooling.len()));
        due.drain(..over.min(due.len()));
        let mut changes = changes(frame.ledger, pool, frame.now);
        changes.extend(made.changes_of(frame, pool));
        let used = changes.len();
        let changes = pool.reassign.map_or_else(Vec::new, |reassign| {
            let at_most = usize::try_from(reassign.at_most).unwrap_or(usize::MAX);
            let first = used.saturating_sub(at_most);
            changes.into_iter().skip(first).map(|at| at.plus(reassign.per)).collect()
        });
        let book = frame.ledger.books.get(&pool.id);
        Self { pool, zone: &frame.policy.time_zone, cooling, changes, used, due, book }
    }

    /// When a seat is likely to come to that place, and what that rests on.
    pub(super) fn expected(&self, reason: &str, place: usize, now: Time) -> (Option<Time>, String) {
        match reason {
            "pool_full" => {
                let (by_rate, why) = release(self.book, place.saturating_add(1), now);
                match (self.due.get(place).copied(), by_rate) {
                    (Some(due), None) => (Some(due), "a grace or a cooling time that ends".to_owned()),
                    (Some(due), Some(rate)) if due <= rate => {
                        (Some(due), "a grace or a cooling time that ends".to_owned())
                    }
                    (Some(_) | None, by_rate) => (by_rate, why),
                }
            }
            "terms" => (self.changes.get(place).copied(), "the terms of the pool".to_owned()),
            _ => (None, "unknown: it is not a lack of seats".to_owned()),
        }
    }

    /// For the place `place` (from 0) among those who wait for the same reason.
    pub(super) fn of(&self, reason: &str, place: usize) -> (Option<Time>, String) {
        let id = &self.pool.id;
        match reason {
            "pool_full" => match self.cooling.get(place) {
                Some((until, unit)) => {
                    let day = self.day(*until);
                    let text = format!("not before {day}: unit {unit} of {id} cools until then; {}", self.exempt());
                    (Some(*until), text)
                }
                None => (None, format!("all {} seats of {id} are in use", bought(self.pool))),
            },
            "terms" => {
                let at_most = self.pool.reassign.map_or(0, |reassign| reassign.at_most);
                let why = format!("{} of {at_most} changes of hands that the terms of {id} allow are made", self.used);
                match self.changes.get(place) {
                    Some(at) => (Some(*at), format!("not before {}: {why}", self.day(*at))),
                    None => (None, why),
                }
            }
            "reserved" => (None, format!("the free seats of {id} are reserved for other classes")),
            "excluded" => (None, format!("something they hold excludes {id}")),
            "old_seat_kept" => (None, "the tier they hold cannot be taken, and nobody has two".to_owned()),
            _ => (None, "nothing may change for them at present".to_owned()),
        }
    }

    fn day(&self, at: Time) -> String {
        day(at, self.zone)
    }

    fn exempt(&self) -> String {
        let exempt = self.pool.min_hold.iter().flat_map(|terms| &terms.exempt);
        let words: Vec<&str> = exempt.map(|exemption| exemption_word(*exemption)).collect();
        match words.split_last() {
            None => "the terms exempt nobody".to_owned(),
            Some((only, [])) => format!("{} {only} exemption would allow it today", article(only)),
            Some((last, others)) => {
                let first = others.first().copied().unwrap_or_default();
                format!("{} {} or {last} exemption would allow it today", article(first), others.join(", "))
            }
        }
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
