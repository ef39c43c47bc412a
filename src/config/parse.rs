//! Single values: durations, percentages, numbers, words, names, paths.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::codes;
use super::context::Problem;
use super::hint;
use super::section::Parsed;
use super::tree::Node;

/// The longest duration that is taken for one: a hundred years.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// "expected …, found …".
pub(crate) fn wrong_type(node: &Node, expected: &str) -> Problem {
    let problem = Problem::new(codes::WRONG_TYPE, format!("expected {expected}, found {}", node.type_name()));
    match expected {
        "a table" => problem.help("write it as a section in brackets, or as `{ … }` on one line"),
        "a whole number" | "true or false" => problem.help("write it without quotation marks and fractions"),
        _ => problem.help("`seatwarden config schema` has every setting with its type"),
    }
}

/// Text that is not empty; blanks around it do not count.
pub(crate) fn text(node: &Node) -> Parsed<String> {
    let text = node.text().ok_or_else(|| wrong_type(node, "text").help("put the value between quotation marks"))?;
    match text.trim() {
        "" => Err(Problem::new(codes::EMPTY, "the value is empty").help("fill it in, or leave the setting out")),
        text if text.contains(|c: char| c.is_control()) => {
            Err(Problem::new(codes::BAD_NAME, "the text has control characters").help("write it on one line"))
        }
        text => Ok(text.to_owned()),
    }
}

/// A path as it was written.
pub(crate) fn path(node: &Node) -> Parsed<String> {
    text(node)
}

/// A name that the user chooses: letters, digits, `-`, `_`.
pub(crate) fn name(text: &str) -> Parsed<()> {
    const LONGEST_NAME: usize = 64;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(good) {
        let help = format!("names have 1 to {LONGEST_NAME} letters, digits, `-` and `_`");
        return Err(Problem::new(codes::BAD_NAME, format!("`{text}` cannot be a name")).help(help));
    }
    Ok(())
}

/// A whole number in a range.
pub(crate) fn whole(range: RangeInclusive<u32>) -> impl Fn(&Node) -> Parsed<u32> {
    move |node| {
        let number = node.integer().ok_or_else(|| wrong_type(node, "a whole number"))?;
        u32::try_from(number).ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            let limits = if *most == u32::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
            Problem::new(codes::BAD_NUMBER, format!("the number is out of range, expected {limits}"))
        })
    }
}

/// Any whole number.
pub(crate) fn integer(node: &Node) -> Parsed<i64> {
    node.integer().ok_or_else(|| wrong_type(node, "a whole number"))
}

/// True or false.
pub(crate) fn flag(node: &Node) -> Parsed<bool> {
    node.flag().ok_or_else(|| wrong_type(node, "true or false"))
}

/// One of some words.
pub(crate) fn choice<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Node) -> Parsed<T> {
    move |node| {
        let word = text(node)?;
        words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value).ok_or_else(|| {
            let help = hint::help(&word, words.iter().map(|(known, _)| *known), "nothing fits");
            Problem::new(codes::BAD_CHOICE, format!("`{word}` is not a choice here")).help(help)
        })
    }
}

/// Reads `500ms`, `90s`, `5m`, `24h` or `90d`, up to a hundred years.
pub fn span(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim_start() {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let millis = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    millis.map(Duration::from_millis).filter(|span| *span <= LONGEST)
}

/// A duration of at least `least`: a whole number and one of `ms s m h d`.
pub(crate) fn duration(least: Duration) -> impl Fn(&Node) -> Parsed<Duration> {
    const HELP: &str = "write a number and a unit: `500ms`, `90s`, `5m`, `24h`, `90d`";
    move |node| {
        let text = node.text().ok_or_else(|| wrong_type(node, "a duration such as \"90s\"").help(HELP))?.trim();
        let span = span(text)
            .ok_or_else(|| Problem::new(codes::BAD_DURATION, format!("`{text}` is not a duration")).help(HELP))?;
        if span < least {
            let message = format!("`{text}` is too short, expected at least {}", span_text(least));
            return Err(
                Problem::new(codes::BAD_DURATION, message).help(format!("write \"{}\" or more", span_text(least)))
            );
        }
        Ok(span)
    }
}

/// A duration as it would be written in the file.
fn span_text(span: Duration) -> String {
    let millis = span.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(length, _)| millis >= *length && millis.is_multiple_of(*length));
    unit.map_or_else(|| format!("{millis}ms"), |(length, unit)| format!("{}{unit}", millis / length))
}

/// A percentage, as the number before the sign.
pub(crate) fn percent(range: RangeInclusive<f64>) -> impl Fn(&Node) -> Parsed<f64> {
    move |node| {
        let help = "write a number and a percent sign between quotation marks: `\"5%\"`";
        let text = node.text().ok_or_else(|| wrong_type(node, "a percentage such as \"5%\"").help(help))?.trim();
        let number = percentage(text)
            .ok_or_else(|| Problem::new(codes::BAD_LIMIT, format!("`{text}` is not a percentage")).help(help))?;
        if range.contains(&number) {
            Ok(number)
        } else {
            let message = format!("`{text}` is out of range, expected {}% to {}%", range.start(), range.end());
            Err(Problem::new(codes::BAD_LIMIT, message))
        }
    }
}

/// The number before a percent sign.
pub(crate) fn percentage(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    number.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

/// An address to listen on, or `off`.
pub(crate) fn address(node: &Node) -> Parsed<Option<SocketAddr>> {
    let text = text(node)?;
    if text == "off" {
        return Ok(None);
    }
    let named = text.strip_prefix("localhost:").map(|port| format!("{}:{port}", Ipv4Addr::LOCALHOST));
    named.unwrap_or_else(|| text.clone()).parse().map(Some).map_err(|_| {
        let help = "write an IP address and a port such as \"127.0.0.1:8440\" or \"[::]:8440\", or \"off\"";
        Problem::new(codes::BAD_ADDRESS, format!("`{text}` is not an address to listen on")).help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tree::{Spot, Value};

    fn given(text: &str) -> Node {
        Node { spot: Spot::File("f".into(), 0..0), value: Value::Text(text.to_owned()) }
    }

    #[test]
    fn durations_have_every_unit_and_nothing_else() {
        let read = |text: &str| duration(Duration::ZERO)(&given(text)).ok();
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("90s"), Some(Duration::from_secs(90)));
        assert_eq!(read("5m"), Some(Duration::from_mins(5)));
        assert_eq!(read("24h"), Some(Duration::from_hours(24)));
        assert_eq!(read("90d"), Some(Duration::from_hours(90 * 24)));
        for wrong in ["", "5", "m", "-5m", "1.5h", "5 minutes", "99999999999999999999d", "1h30m", "٥m"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn percentages_are_plain_numbers_with_a_sign() {
        assert_eq!(percentage("5%"), Some(5.0));
        assert_eq!(percentage(" 2.5 % "), Some(2.5));
        for wrong in ["5", "%", "-5%", "inf%", "NaN%", "1e3%", "5%%"] {
            assert_eq!(percentage(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_shown_in_the_largest_whole_unit() {
        assert_eq!(span_text(Duration::from_secs(1)), "1s");
        assert_eq!(span_text(Duration::from_millis(1500)), "1500ms");
        assert_eq!(span_text(Duration::from_hours(48)), "2d");
    }

    #[test]
    fn addresses_may_be_off_and_name_localhost() {
        assert_eq!(address(&given("off")).ok(), Some(None));
        assert_eq!(
            address(&given("localhost:80")).ok().flatten().map(|at| at.to_string()).as_deref(),
            Some("127.0.0.1:80")
        );
        assert!(address(&given("example.com:80")).is_err());
    }
}
