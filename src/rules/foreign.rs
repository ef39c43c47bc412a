//! Values written in the patterns or lists of another language: `SD-?`, `SD-[12]`, `^SD`, `SD-%`, `A,B`. Here each of
//! their signs stands for itself, so such a value most likely matches nobody.

use super::code;
use super::column::Column;
use super::damage::{Damage, damage};
use super::normal::normal;

/// What a value without its `!` has of another language.
pub(super) fn foreign(value: &str, column: &Column) -> Option<Damage> {
    let value = normal(value);
    let is_code = *column == Column::JOB_CODE;
    if is_code && (value == "-" || value.contains(['–', '—'])) {
        let help = "a range has two dots, such as SD-20..SD-29, and a hyphen is `-`; `*` is the only joker";
        return Some(damage(code::FOREIGN, "is or holds a dash, which makes no range here", help));
    }
    let sign = pattern_sign(&value, is_code).or_else(|| list_sign(&value, is_code))?;
    let message = format!("holds `{sign}`, which stands for itself here");
    let help = "`*` is the only joker, and values are separated by `|`; where the sign belongs to the value, write `*` in its place";
    Some(damage(code::FOREIGN, message, help))
}

/// A sign of globs, regular expressions or SQL's LIKE.
fn pattern_sign(value: &str, is_code: bool) -> Option<&'static str> {
    if value.contains('?') {
        Some("?")
    } else if is_class(value) {
        Some("[..]")
    } else if encloses(value, '{', '}') {
        Some("{..}")
    } else if value.starts_with('^') {
        Some("^")
    } else if value.ends_with('$') {
        Some("$")
    } else if is_any_text(value) {
        Some(".*")
    } else if value.split_whitespace().any(|word| word.contains('%') && (is_code || !is_share(word))) {
        Some("%")
    } else {
        None
    }
}

/// A sign between the values of a list. A comma before a space is how names are written (`Finance, Legal`), and one
/// beside `=` is part of a distinguished name (`CN=desk,OU=groups`).
fn list_sign(value: &str, is_code: bool) -> Option<&'static str> {
    let is_name = |at: usize| value.get(at + 1..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    if value.contains('=') && !is_code {
        None
    } else if value.match_indices(',').any(|(at, _)| is_code || !is_name(at)) {
        Some(",")
    } else if value.contains(';') {
        Some(";")
    } else {
        None
    }
}

/// `SD-[12]`; brackets behind a space are those of a name, such as `Desk [EMEA]`.
fn is_class(value: &str) -> bool {
    value.match_indices('[').any(|(at, _)| {
        let (before, after) = value.split_at(at);
        !before.ends_with(char::is_whitespace) && after.contains(']')
    })
}

fn encloses(value: &str, open: char, close: char) -> bool {
    value.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
}

/// `SD-.*`; in `1.2.*` the dot is one of several between the parts of a name, and in `*@acme.*` one of a domain.
fn is_any_text(value: &str) -> bool {
    let dots = value.matches('.').count();
    dots > 0 && dots == value.matches(".*").count() && !value.contains('@')
}

/// `50%`, as in `Analyst 50%`.
fn is_share(word: &str) -> bool {
    word.strip_suffix('%')
        .is_some_and(|digits| (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Column, foreign};

    #[test]
    fn patterns_and_lists_of_other_languages() {
        for text in [
            "SD-?",
            "SD-[12]",
            "[A-Z]*",
            "SD-{1,2}",
            "SD-\\d{4}",
            "^SD-1",
            "SD-1$",
            "SD-.*",
            ".*",
            "SD-%",
            "47%",
            "SD-1,SD-2",
            "SD-1;SD-2",
            "-",
            "–",
            "SD-1—SD-9",
            "SD-？",
        ] {
            assert!(foreign(text, &Column::JOB_CODE).is_some(), "{text}");
        }
        let department = Column::parse("department").unwrap();
        for text in ["IT,HR", "IT; HR", "%desk%", "Desk?"] {
            assert!(foreign(text, &department).is_some(), "{text}");
        }
    }

    #[test]
    fn values_that_people_have() {
        for text in [
            "SD-4",
            "A&B",
            "R&D (EU)",
            "c++",
            "C#",
            "SD-1*",
            "*",
            "SD-20..SD-29",
            "1.2.*",
            "A_B",
            "4711",
            "US$1",
            "x^2",
            "A/B",
        ] {
            assert_eq!(foreign(text, &Column::JOB_CODE), None, "{text}");
        }
        let department = Column::parse("department").unwrap();
        for text in [
            "Finance, Legal",
            "Desk [EMEA]",
            "Analyst 50%",
            "CN=desk,OU=groups",
            "*@acme.*",
            "Sales – North",
            "-",
            "St. Gallen",
            "O'Neill",
        ] {
            assert_eq!(foreign(text, &department), None, "{text}");
        }
    }
}
