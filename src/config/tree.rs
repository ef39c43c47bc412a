//! A TOML document as a tree in which every value knows where it came from, so that values of the file, the
//! environment and flags can lie side by side.
//!
//! Nothing here knows a setting. Nesting is bounded, so that no document can exhaust the stack.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The deepest setting (`feed.NAME.auth.token.file`) has five levels.
const DEEPEST: usize = 16;

/// Where a key or value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Bytes of a file.
    File(Arc<str>, Range<usize>),
    /// An environment variable.
    Env(String),
    /// A flag, by its dotted key.
    Flag(String),
    /// Nobody gave it.
    Default,
}

impl Spot {
    /// Whether the value was given as bare text, whatever its type.
    pub(crate) const fn is_loose(&self) -> bool {
        match self {
            Self::File(..) => false,
            Self::Env(_) | Self::Flag(_) | Self::Default => true,
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) spot: Spot,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// Saturated at both ends of `i64`; no setting comes near.
    Integer(i64),
    Float(f64),
    Flag(bool),
    Date(Date),
    /// A time, or a date with a time: no setting has one.
    Time,
    List(Vec<Node>),
    Table(Table),
}

/// Settings by name.
pub(crate) type Table = BTreeMap<String, Entry>;

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: Spot,
    pub(crate) node: Node,
}

impl Node {
    /// A node that stands for bare text of the environment, a flag or a default.
    pub(crate) fn loose(text: &str, spot: Spot) -> Self {
        Self { spot, value: Value::Text(text.to_owned()) }
    }

    /// The type in words.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Flag(_) => "true or false",
            Value::Date(_) => "a date",
            Value::Time => "a time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The text; numbers and the like are no text.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The whole number; bare text that reads as one counts.
    pub(crate) fn integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) if self.spot.is_loose() => text.trim().parse().ok(),
            Value::Text(_)
            | Value::Float(_)
            | Value::Flag(_)
            | Value::Date(_)
            | Value::Time
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    /// True or false; bare text that reads as one counts.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.value {
            Value::Flag(flag) => Some(*flag),
            Value::Text(text) if self.spot.is_loose() => text.trim().parse().ok(),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Date(_)
            | Value::Time
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    /// The date; bare text that reads as one counts.
    pub(crate) fn date(&self) -> Option<Date> {
        match &self.value {
            Value::Date(date) => Some(*date),
            Value::Text(text) if self.spot.is_loose() => text.trim().parse().ok(),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Flag(_)
            | Value::Time
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    /// The items of a list; bare text is split at commas.
    pub(crate) fn list(&self) -> Option<Vec<Self>> {
        match &self.value {
            Value::List(items) => Some(items.clone()),
            Value::Text(text) if self.spot.is_loose() => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(items.map(|item| Self::loose(item, self.spot.clone())).collect())
            }
            Value::Text(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Flag(_)
            | Value::Date(_)
            | Value::Time
            | Value::Table(_) => None,
        }
    }

    /// The table.
    pub(crate) const fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }
}

/// What is wrong with a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Whether it is the depth, not the grammar.
    pub(crate) too_deep: bool,
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

/// Reads a document; all faults at once, at most one per line.
pub(crate) fn parse(file: &Arc<str>, text: &str) -> Result<Table, Vec<Fault>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut builder = Builder { spot: |span| Spot::File(Arc::clone(file), span), faults: Vec::new() };
    let table = builder.table(document.into_inner(), 0);
    if errors.is_empty() && builder.faults.is_empty() {
        return Ok(table);
    }
    // What recovery left out or cut off is no fault of its own: the grammar goes first.
    let mut faults: Vec<Fault> = errors
        .iter()
        .map(|error| Fault {
            too_deep: error.message().contains("recursion limit"),
            message: error.message().to_owned(),
            span: error.span().unwrap_or(0..0),
        })
        .collect();
    if faults.is_empty() {
        faults = builder.faults;
    }
    faults.sort_by_key(|fault| fault.span.start);
    faults.dedup_by(|later, earlier| {
        let between = text.get(earlier.span.start..later.span.start).unwrap_or_default();
        !between.contains('\n')
    });
    Err(faults)
}

/// Reads one value, as the environment or a flag gives it. `None` when the text is no TOML value.
pub(crate) fn parse_value(text: &str, spot: &Spot) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    let mut builder = Builder { spot: |_| spot.clone(), faults: Vec::new() };
    let node = builder.node(value, 0);
    builder.faults.is_empty().then_some(node.value)
}

struct Builder<F> {
    spot: F,
    faults: Vec<Fault>,
}

impl<F: Fn(Range<usize>) -> Spot> Builder<F> {
    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Table {
        table
            .into_iter()
            .map(|(key, value)| {
                let spot = (self.spot)(key.span());
                (key.into_inner().into_owned(), Entry { key: spot, node: self.node(value, depth + 1) })
            })
            .collect()
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>, depth: usize) -> Node {
        let span = value.span();
        let spot = (self.spot)(span.clone());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => Value::Integer(integer(number.as_str(), number.radix())),
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Flag(flag),
            DeValue::Datetime(at) => match (at.date, at.time, at.offset) {
                (Some(_), None, None) => at.to_string().parse().map_or(Value::Time, Value::Date),
                _ => Value::Time,
            },
            deep @ (DeValue::Array(_) | DeValue::Table(_)) if depth >= DEEPEST => {
                let message = "tables and lists are nested too deeply".to_owned();
                self.faults.push(Fault { too_deep: true, message, span });
                dismantle(deep);
                Value::Time
            }
            DeValue::Array(items) => Value::List(items.into_iter().map(|item| self.node(item, depth + 1)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table, depth)),
        };
        Node { spot, value }
    }
}

fn integer(digits: &str, radix: u32) -> i64 {
    i64::from_str_radix(digits, radix).unwrap_or(if digits.starts_with('-') { i64::MIN } else { i64::MAX })
}

/// Drops a value level by level: the usual drop would recurse as deep as dotted keys can nest.
fn dismantle(value: DeValue<'_>) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            DeValue::Array(items) => left.extend(items.into_iter().map(Spanned::into_inner)),
            DeValue::Table(table) => left.extend(table.into_iter().map(|(_, value)| value.into_inner())),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
}
