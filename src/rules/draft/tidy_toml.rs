//! TOML in one style: keys in one order with their `=` below each other, one blank line between rows, lists on one line
//! while they fit. The kind of line ends stays. Comments and blank lines stay where they stand; a list with comments in it is left as it is.

use std::cmp::Reverse;

use toml_edit::{Array, ArrayOfTables, Decor, DocumentMut, InlineTable, Item, RawString, Table, Value};

use super::{Beside, has_crlf};
use crate::rules::column::{Column, Key};

/// Longer lines are broken at their lists.
const WIDTH: usize = 110;
/// A list shorter than that stays on the line even where the line is too long.
const SHORT_LIST: usize = 40;

/// `None` when the text is no TOML.
pub(super) fn tidy(text: &str) -> Option<String> {
    let has_crlf = has_crlf(text);
    let text = text.replace("\r\n", "\n");
    let mut document: DocumentMut = text.parse().ok()?;
    // The last line may lack its end.
    let trailing = format!("{}\n", document.trailing().as_str().unwrap_or_default());
    let trailing = block(&trailing, Lead::Keep);
    document.set_trailing(trailing);
    table(document.as_table_mut());
    let tidied = document.to_string();
    let tidied = tidied.trim_matches('\n');
    let tidied = if tidied.is_empty() { String::new() } else { format!("{tidied}\n") };
    Some(if has_crlf { tidied.replace('\n', "\r\n") } else { tidied })
}

/// Comments and cases.
pub(super) fn beside(text: &str) -> Beside {
    let Ok(document) = text.parse::<DocumentMut>() else { return Beside::default() };
    let mut comments = hashes(document.trailing());
    table_comments(document.as_table(), &mut comments);
    let cases = document.get("case").map_or(0, |item| {
        item.as_array_of_tables().map_or_else(|| item.as_array().map_or(0, Array::len), ArrayOfTables::len)
    });
    Beside { comments, cases }
}

/// The last blank line or none before a piece of text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// A blank line, unless a comment belongs to what stands above.
    Row,
    /// A blank line if there was one.
    Keep,
    /// None.
    None,
}

/// Comments and blank lines between two things: margins off, no two blank lines in a row.
fn block(raw: &str, lead: Lead) -> String {
    let mut lines: Vec<&str> = Vec::new();
    // What follows the last line break is the margin of what comes next.
    for line in raw.rsplit_once('\n').map(|(lines, _)| lines.split('\n')).into_iter().flatten() {
        let line = line.trim();
        if !line.is_empty()
            || lines.last().is_some_and(|last| !last.is_empty())
            || (lines.is_empty() && lead != Lead::None)
        {
            lines.push(line);
        }
    }
    let starts_blank = lines.first().is_some_and(|line| line.is_empty());
    let is_above = lines.iter().any(|line| line.is_empty());
    if lead == Lead::Row && !starts_blank && !is_above {
        lines.insert(0, "");
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn table(table: &mut Table) {
    table.sort_values_by(|one, _, two, _| key_order(one.get()).cmp(&key_order(two.get())));
    let width = widest(table, 0);
    let mut is_first = true;
    values(table, 0, width, &mut is_first);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) if !inner.is_dotted() => {
                header(inner, Lead::Keep);
                self::table(inner);
            }
            Item::ArrayOfTables(list) => {
                for inner in list.iter_mut() {
                    header(inner, Lead::Row);
                    self::table(inner);
                }
            }
            Item::Table(_) | Item::Value(_) | Item::None => {}
        }
    }
}

fn header(table: &mut Table, lead: Lead) {
    let decor = table.decor_mut();
    let before = block(text_of(decor.prefix()), lead);
    let after = comment_after(text_of(decor.suffix()));
    decor.set_prefix(before);
    decor.set_suffix(after);
}

/// The columns that the longest key takes, dots included.
fn widest(table: &Table, before: usize) -> usize {
    let width = |(name, item): (&str, &Item)| {
        let shown = table.key(name).map_or(0, |key| key.display_repr().chars().count());
        match item {
            Item::Table(inner) if inner.is_dotted() => widest(inner, before + shown + 1),
            Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => before + shown,
            Item::Value(_) => before + shown,
            Item::Table(_) | Item::ArrayOfTables(_) | Item::None => 0,
        }
    };
    table.iter().map(width).max().unwrap_or(0)
}

fn values(table: &mut Table, before: usize, width: usize, is_first: &mut bool) {
    for (mut key, item) in table.iter_mut() {
        let shown = before + key.display_repr().chars().count();
        match item {
            Item::Table(inner) if inner.is_dotted() => {
                key.dotted_decor_mut().clear();
                values(inner, shown + 1, width, is_first);
            }
            Item::Value(value) => {
                let lead = if *is_first { Lead::None } else { Lead::Keep };
                *is_first = false;
                let decor = key.leaf_decor_mut();
                let prefix = block(text_of(decor.prefix()), lead);
                decor.set_prefix(prefix);
                decor.set_suffix(" ".repeat(width.saturating_sub(shown) + 1));
                key.dotted_decor_mut().clear();
                let after = comment_after(text_of(value.decor().suffix()));
                value.decor_mut().clear();
                on_one_line(value);
                if width + 3 + value.to_string().trim().chars().count() > WIDTH {
                    broken(value);
                }
                *value.decor_mut() = Decor::new(" ", after);
            }
            Item::Table(_) | Item::ArrayOfTables(_) | Item::None => {}
        }
    }
}

/// A comment beside a value, as far from it as it was written.
fn comment_after(raw: &str) -> String {
    let raw = raw.trim_end();
    if raw.starts_with('#') { format!(" {raw}") } else { raw.to_owned() }
}

fn on_one_line(value: &mut Value) {
    if has_comment(value) {
        return;
    }
    match value {
        Value::Array(array) => {
            let mut is_first = true;
            for element in array.iter_mut() {
                on_one_line(element);
                *element.decor_mut() = Decor::new(if is_first { "" } else { " " }, "");
                is_first = false;
            }
            array.set_trailing("");
            array.set_trailing_comma(false);
        }
        Value::InlineTable(inner) => {
            inner.sort_values_by(|one, _, two, _| key_order(one.get()).cmp(&key_order(two.get())));
            let last = inner.get_values().len();
            inline(inner, &mut 0, last);
            inner.set_trailing("");
            inner.set_trailing_comma(false);
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn inline(table: &mut InlineTable, number: &mut usize, last: usize) {
    for (mut key, value) in table.iter_mut() {
        key.dotted_decor_mut().clear();
        if let Value::InlineTable(inner) = value
            && inner.is_dotted()
        {
            inline(inner, number, last);
            continue;
        }
        *number += 1;
        *key.leaf_decor_mut() = Decor::new(" ", " ");
        on_one_line(value);
        *value.decor_mut() = Decor::new(" ", if *number == last { " " } else { "" });
    }
}

/// Gives every element of the long lists a line of its own.
fn broken(value: &mut Value) {
    match value {
        Value::Array(array) if !has_array_comment(array) && array.len() > 1 => {
            if array.to_string().trim().chars().count() > SHORT_LIST {
                for element in array.iter_mut() {
                    *element.decor_mut() = Decor::new("\n    ", "");
                }
                array.set_trailing("\n");
                array.set_trailing_comma(true);
            }
        }
        Value::InlineTable(inner) => inner.iter_mut().for_each(|(_, value)| broken(value)),
        Value::Array(_)
        | Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => {}
    }
}

/// Known keys in the order of columns, others behind them as they are.
fn key_order(name: &str) -> (u8, usize, Reverse<bool>) {
    if name == "when" {
        return (1, 0, Reverse(true));
    }
    if name == "attr" || name.starts_with("attr.") {
        return (1, usize::MAX, Reverse(false));
    }
    let known = Key::OF_RULE.iter().chain(&Key::OF_EXCEPTION).find(|key| key.name() == Some(name)).cloned();
    let known = known.or_else(|| Column::parse(name).map(Key::On));
    known.map_or((u8::MAX, 0, Reverse(false)), |key| {
        let (group, place, _) = super::order(&key);
        (group, place, Reverse(false))
    })
}

fn text_of(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

fn hashes(raw: &RawString) -> usize {
    raw.as_str().unwrap_or_default().lines().filter(|line| line.contains('#')).count()
}

fn decor_hashes(decor: &Decor) -> usize {
    decor.prefix().map_or(0, hashes) + decor.suffix().map_or(0, hashes)
}

fn has_comment(value: &Value) -> bool {
    let mut count = 0;
    inner_comments(value, &mut count);
    count > 0
}

fn has_array_comment(array: &Array) -> bool {
    hashes(array.trailing()) > 0 || array.iter().any(|value| decor_hashes(value.decor()) > 0 || has_comment(value))
}

/// Comments within a value.
fn inner_comments(value: &Value, count: &mut usize) {
    match value {
        Value::Array(array) => {
            *count += hashes(array.trailing());
            for element in array {
                *count += decor_hashes(element.decor());
                inner_comments(element, count);
            }
        }
        Value::InlineTable(table) => {
            *count += hashes(table.trailing());
            for (path, value) in table.get_values() {
                *count += path
                    .iter()
                    .map(|key| decor_hashes(key.leaf_decor()) + decor_hashes(key.dotted_decor()))
                    .sum::<usize>();
                *count += decor_hashes(value.decor());
                inner_comments(value, count);
            }
        }
        Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn table_comments(table: &Table, count: &mut usize) {
    for (path, value) in table.get_values() {
        *count +=
            path.iter().map(|key| decor_hashes(key.leaf_decor()) + decor_hashes(key.dotted_decor())).sum::<usize>();
        *count += decor_hashes(value.decor());
        inner_comments(value, count);
    }
    for (_, item) in table {
        match item {
            Item::Table(inner) => {
                *count += decor_hashes(inner.decor());
                if !inner.is_dotted() {
                    table_comments(inner, count);
                }
            }
            Item::ArrayOfTables(list) => {
                for inner in list {
                    *count += decor_hashes(inner.decor());
                    table_comments(inner, count);
                }
            }
            Item::Value(_) | Item::None => {}
        }
    }
}
