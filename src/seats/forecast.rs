//! What the past of a pool says about its future, and honestly nothing where the past is too short.

use jiff::tz::TimeZone;

use super::book::{Book, DAY_MILLIS, DAYS_KEPT, Observed};
use crate::model::{PoolId, Time};

/// Days that a forecast looks back.
const LOOKS_BACK: i64 = 28;
/// A rate is told from at least so many days.
const LEAST_DAYS: i64 = 7;
/// And from at least so many seats that went in or out.
const LEAST_SEATS: i64 = 3;

/// When a pool is full at the rate of the last weeks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// When; `None` when it is not growing, or nobody can tell.
    pub full_at: Option<Time>,
    /// The same in words, with what it rests on.
    pub text: String,
}

/// The forecast for a pool with so many seats left.
pub fn forecast(pool: &PoolId, book: Option<&Book>, free: u32, now: Time, zone: &TimeZone) -> Forecast {
    let observed = book.map(|book| book.observed(LOOKS_BACK, now)).unwrap_or_default();
    let Observed { days, given, freed } = observed;
    let seen = format!("{given} given and {freed} freed in {days} days");
    let net = given.saturating_sub(freed);
    let (full_at, text) = if free == 0 {
        (None, format!("{pool} is full"))
    } else if days < LEAST_DAYS || given.saturating_add(freed) < LEAST_SEATS {
        (None, format!("unknown: {seen} are too few to tell"))
    } else if net <= 0 {
        (None, format!("{pool} does not fill up at this rate ({seen})"))
    } else {
        let at = in_days(now, i64::from(free), days, net);
        (Some(at), format!("{pool} full on {} at this rate ({seen})", day(at, zone)))
    };
    Forecast { full_at, text }
}

/// When the seat number `place` (from 1) gets free at the rate of the past, and what that rests on.
pub(super) fn release(book: Option<&Book>, place: usize, now: Time) -> (Option<Time>, String) {
    let Observed { days, freed, .. } = book.map(|book| book.observed(DAYS_KEPT, now)).unwrap_or_default();
    let seen = format!("{freed} releases in {days} days");
    if days < LEAST_DAYS || freed < LEAST_SEATS {
        return (None, format!("unknown: {seen} are too few to tell"));
    }
    let place = i64::try_from(place).unwrap_or(i64::MAX);
    (Some(in_days(now, place, days, freed)), format!("by {seen}"))
}

/// The day on which `count` seats have gone at `per` in `days`.
fn in_days(now: Time, count: i64, days: i64, per: i64) -> Time {
    let whole = count.saturating_mul(days).checked_div(per).unwrap_or(i64::MAX);
    let day = super::book::day_of(now).saturating_add(whole);
    Time::from_millis(day.saturating_mul(DAY_MILLIS)).max(now)
}

/// A day as people write it.
pub(super) fn day(at: Time, zone: &TimeZone) -> String {
    at.date_in(zone).strftime("%-d %b %Y").to_string()
}
