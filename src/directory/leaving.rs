//! Leaving by date: HR said when somebody leaves, and no account has to be disabled first.
//!
//! A feed that maps `leaves_at` says by that that the date is to be believed. A date that cannot be read, and a
//! placeholder long past, is no date: nobody loses a seat by it.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Departure, Person};
use crate::model::{Attribute, Status, Time};

/// The attribute that feeds map the date to.
pub const LEAVES_AT: &str = "leaves_at";

/// Dates before 1980 are placeholders of HR systems (0001-01-01, 1899-12-30, 1970-01-01).
const EARLIEST: Time = Time::from_millis(315_532_800_000);
/// The longest text that is looked at; RFC 3339 with nanoseconds and offset has 35 characters.
const LONGEST: usize = 40;

/// When somebody leaves, if a feed says so. Of several dates the latest.
pub fn leaves_at(person: &Person, zone: &TimeZone) -> Option<Time> {
    announced(person, zone).map(|(at, _, _)| at)
}

/// The same person on the day: whoever should have left by `now` has left, by the word of the feed that gave the date.
/// A status that is not known to us stays so.
pub fn left_by(mut person: Person, now: Time, zone: &TimeZone) -> Person {
    if !matches!(person.status, Status::Active | Status::OnLeave | Status::Suspended) {
        return person;
    }
    let passed = announced(&person, zone).filter(|(at, _, _)| *at <= now);
    let Some((_, text, attribute)) = passed else { return person };
    let Some(feed) = person.sources.get(attribute).cloned() else { return person };
    let word = format!("{LEAVES_AT} {text} has passed");
    person.status = Status::Gone;
    person.departure = Some(Departure::Positive { feed, word });
    person
}

fn announced<'p>(person: &'p Person, zone: &TimeZone) -> Option<(Time, &'p str, &'p Attribute)> {
    let mut attributes = person.attributes.iter().rev();
    let (attribute, values) =
        attributes.find(|(attribute, _)| matches!(attribute, Attribute::Custom(name) if name == LEAVES_AT))?;
    let dates = values.iter().filter_map(|text| Some((instant(text.trim(), zone)?, text.trim(), attribute)));
    dates.max_by_key(|(at, _, _)| *at)
}

/// An instant, a local time, or a last day: then the end of that day.
fn instant(text: &str, zone: &TimeZone) -> Option<Time> {
    if text.len() > LONGEST {
        return None;
    }
    let at = if let Ok(at) = Time::parse(text) {
        at
    } else if text.contains([':', 'T']) {
        text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?.timestamp().into()
    } else {
        Time::start_of(text.parse::<Date>().ok()?.tomorrow().ok()?, zone)
    };
    (at >= EARLIEST).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        instant(text, &zone).map(|at| at.to_string())
    }

    #[test]
    fn instants_local_times_and_last_days_are_read() {
        for (text, at) in [
            ("2026-12-01T17:00:00Z", "2026-12-01T17:00:00Z"),
            ("2026-12-01T17:00:00.0000000+01:00", "2026-12-01T16:00:00Z"),
            ("2026-12-01T17:00:00", "2026-12-01T16:00:00Z"),
            ("2026-12-01", "2026-12-01T23:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_takes_nobodys_seat() {
        for text in [
            "",
            "soon",
            "01.12.2026",
            "2026-13-01",
            "2026-12-01T25:00:00Z",
            "0001-01-01T00:00:00Z",
            "1970-01-01",
            "1899-12-30",
            "-1",
            "20261201T1700000000000000000000000000000000000000000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
