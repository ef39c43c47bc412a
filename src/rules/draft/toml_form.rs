//! A draft as TOML.

use toml_edit::{Array, ArrayOfTables, Datetime, DocumentMut, InlineTable, Item, Key as Name, Table, Value};

use super::{Cells, Draft, order, tidy_toml};
use crate::model::Attribute;
use crate::rules::column::{Column, Key};

pub(super) fn write(draft: &Draft) -> String {
    let mut document = DocumentMut::new();
    for (name, rows) in [("rule", &draft.rules), ("exception", &draft.exceptions)] {
        if !rows.is_empty() {
            let tables: ArrayOfTables = rows.iter().map(table).collect();
            document.insert(name, Item::ArrayOfTables(tables));
        }
    }
    let text = document.to_string();
    tidy_toml::tidy(&text).unwrap_or(text)
}

fn table(cells: &Cells) -> Table {
    let mut keys: Vec<&Key> = cells.keys().collect();
    keys.sort_by_cached_key(|key| order(key));
    let mut table = Table::new();
    let mut when = InlineTable::new();
    let mut customs = InlineTable::new();
    for key in keys {
        let Some(values) = cells.get(key) else { continue };
        let value = value(key, values);
        match key {
            Key::On(Column::Attribute(Attribute::Custom(name))) => {
                customs.insert_formatted(&Name::new(name.as_str()), value);
            }
            Key::On(column) => {
                when.insert_formatted(&Name::new(column.to_string()), value);
            }
            Key::Id
            | Key::Person
            | Key::Tier
            | Key::Addons
            | Key::Class
            | Key::Priority
            | Key::From
            | Key::Until
            | Key::Owner
            | Key::Note
            | Key::Reason => {
                table.insert(&key.to_string(), Item::Value(value));
            }
        }
    }
    if !customs.is_empty() {
        customs.set_dotted(true);
        when.insert("attr", Value::InlineTable(customs));
    }
    if !when.is_empty() {
        table.insert("when", Item::Value(Value::InlineTable(when)));
    }
    table
}

/// A date as a date and a number as a number, where they are; one value of a match column alone, several as a list.
fn value(key: &Key, values: &[String]) -> Value {
    let first = values.first().map(String::as_str).unwrap_or_default();
    let list = || Value::Array(values.iter().map(String::as_str).collect::<Array>());
    match key {
        Key::From | Key::Until => match first.parse::<Datetime>() {
            Ok(date) if date.to_string() == first => Value::from(date),
            _ => Value::from(first),
        },
        Key::Priority => first.parse::<i64>().map_or_else(|_| Value::from(first), Value::from),
        Key::Addons => list(),
        Key::On(_) if values.len() != 1 => list(),
        Key::On(_) | Key::Id | Key::Person | Key::Tier | Key::Class | Key::Owner | Key::Note | Key::Reason => {
            Value::from(first)
        }
    }
}
