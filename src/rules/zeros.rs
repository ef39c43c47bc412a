//! Codes that may have lost their leading zeros: `123` in a column where other codes are written `0123`.

use std::collections::BTreeSet;

use super::code;
use super::column::{Column, Key};
use super::table::{Entry, Value};
use super::text::Findings;

/// So many cells are labelled; the message counts all.
const MOST_LABELS: usize = 20;

/// Tells once for every column.
pub(super) fn find(entries: &[Entry], columns: &[Column], findings: &mut Findings<'_>) {
    for column in columns {
        let key = Key::On(column.clone());
        let values = entries.iter().filter_map(|entry| entry.get(&key)).flat_map(|cell| &cell.values);
        let numbers: Vec<(&str, &Value)> = values.filter_map(|value| Some((number(value)?, value))).collect();
        // The widest code with a zero in front tells how wide codes are.
        let padded = numbers.iter().filter(|(digits, _)| digits.len() > 1 && digits.starts_with('0'));
        let Some((wide, witness)) = padded.max_by_key(|(digits, _)| digits.len()) else { continue };
        let short = |(digits, _): &&(&str, &Value)| digits.len() < wide.len() && !digits.starts_with('0');
        let mut told = BTreeSet::new();
        let mut short = numbers.iter().filter(short).filter(|(digits, _)| told.insert(*digits));
        let Some((digits, first)) = short.next() else { continue };
        let rest: Vec<&(&str, &Value)> = short.collect();
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let message = format!(
            "`{digits}`{more} in column {column} may be without leading zeros: other codes are written like `{wide}`"
        );
        let help = format!(
            "if a spreadsheet took them, write `{digits:0>width$}` and format the column as text",
            width = wide.len()
        );
        let other =
            |(digits, value): &&(&str, &Value)| (value.span, format!("`{digits:0>width$}`?", width = wide.len()));
        let mut others: Vec<_> = rest.into_iter().take(MOST_LABELS).map(|found| other(&found)).collect();
        others.insert(0, (witness.span, "has its zeros".to_owned()));
        let label = format!("`{digits:0>width$}`?", width = wide.len());
        findings.add_labelled(code::LOST_ZEROS, (first.span, label), others, message, help);
    }
}

/// The digits of a value that is nothing else.
fn number(value: &Value) -> Option<&str> {
    let text = value.text.strip_prefix('!').unwrap_or(&value.text).trim();
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
