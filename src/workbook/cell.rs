//! A cell becomes text, or says why it cannot.

use calamine::{DataRef, ExcelDateTime};

/// What became of a cell.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// Its text; nothing for an empty one.
    Text(String),
    /// Its text, of which a spreadsheet may have made something else before we saw it.
    Doubtful(String, &'static str),
    /// There is no telling what was meant.
    Unreadable(String),
}

/// Excel keeps 15 digits of a number and turns the others into zeros.
const SURE: f64 = 1e15;

const NUMBER: &str = "is a number, not text: a code such as 00123 has lost its zeros, one such as 1E5 its letters";

/// Reads a cell below that header.
pub(super) fn read(header: &str, value: &DataRef<'_>) -> Said {
    let is_day = matches!(header, "from" | "until");
    match value {
        DataRef::Empty => Said::Text(String::new()),
        DataRef::String(text) => Said::Text(text.clone()),
        DataRef::SharedString(text) => Said::Text((*text).to_owned()),
        DataRef::Int(number) => counted(header, number.to_string(), number.unsigned_abs() < 1_000_000_000_000_000),
        DataRef::Float(number) if number.fract() == 0.0 => counted(header, format!("{number:.0}"), number.abs() < SURE),
        DataRef::Float(number) => counted(header, number.to_string(), number.abs() < SURE),
        DataRef::Bool(truth) => {
            let text = if *truth { "TRUE" } else { "FALSE" };
            Said::Doubtful(text.to_owned(), "is a truth value, not text")
        }
        DataRef::DateTime(date) => day(*date, is_day),
        DataRef::DateTimeIso(text) if is_day => Said::Text(text.strip_suffix("T00:00:00").unwrap_or(text).to_owned()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Said::Unreadable(format!("is a time ({text}), not text; spreadsheets make times of codes"))
        }
        DataRef::Error(error) => Said::Unreadable(format!("holds the error {error}")),
    }
}

fn counted(header: &str, text: String, is_sure: bool) -> Said {
    match (is_sure, header) {
        (false, _) => Said::Unreadable(format!("is the number {text}, of which spreadsheets keep 15 digits")),
        (true, "priority") => Said::Text(text),
        (true, "from" | "until") => Said::Unreadable(format!("is the number {text}, not a day")),
        (true, _) => Said::Doubtful(text, NUMBER),
    }
}

fn day(date: ExcelDateTime, is_day: bool) -> Said {
    // The calendar of spreadsheets begins in 1900 and ends with the year 9999.
    let in_calendar = (1.0..2_958_466.0).contains(&date.as_f64());
    if !in_calendar || !date.is_datetime() {
        return Said::Unreadable("is a span of time, not text".to_owned());
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    let text = format!("{year:04}-{month:02}-{day:02}");
    if !is_day {
        return Said::Unreadable(format!(
            "is the date {text}, not text; spreadsheets make 1-Jan of a code such as JAN1"
        ));
    }
    if date.as_f64().fract() == 0.0 { Said::Text(text) } else { Said::Unreadable(format!("has a time beside {text}")) }
}
