//! A table in TOML: `[[rule]]` and `[[exception]]`.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::code;
use super::column::{Column, Key, did_you_mean};
use super::csv_table::shortened;
use super::damage::odd_space;
use super::table::{Entry, Kind, Value, Written, key_of};
use super::text::{Findings, Span};

/// Reads a file.
pub(super) fn read(file: usize, text: &str, entries: &mut Vec<Entry>, findings: &mut Findings<'_>) {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let span = Span::of(file, error.span().unwrap_or(0..0));
            let at = text.get(span.start..).and_then(|rest| rest.chars().next());
            let help = if at.is_some_and(|letter| "“”„‟‘’‚«»".contains(letter)) {
                "this is a typographic quote; strings stand in straight double quotes"
            } else {
                "strings stand in double quotes, lists in brackets, and rows begin with [[rule]]"
            };
            return findings.add(code::TOML_SYNTAX, span, one_line(error.message()), help);
        }
    };
    for (key, value) in document.get_ref() {
        let kind = match key.get_ref().as_ref() {
            "rule" => Kind::Rule,
            "exception" => Kind::Exception,
            // Cases test the table and are no part of it; `cases` reads them.
            "case" => continue,
            name => {
                let message = format!("unknown key `{}`", shortened(name));
                let help = did_you_mean(name, ["rule", "exception", "case"]);
                findings.add(code::UNKNOWN_KEY, Span::of(file, key.span()), message, help);
                continue;
            }
        };
        let name = key.get_ref();
        let DeValue::Array(items) = value.get_ref() else {
            let message = format!("`{name}` is {}, not a list of tables", kind_of(value.get_ref()));
            findings.add(code::WRONG_TYPE, Span::of(file, key.span()), message, format!("write [[{name}]]"));
            continue;
        };
        for item in items {
            let span = Span::of(file, item.span());
            let Some(table) = item.get_ref().as_table() else {
                let message = format!("`{name}` holds {}, not a table", kind_of(item.get_ref()));
                findings.add(code::WRONG_TYPE, span, message, format!("write [[{name}]]"));
                continue;
            };
            let mut reader = Reader { file, kind, cells: BTreeMap::new(), unsure: false, findings };
            reader.table(table);
            entries.push(Entry { kind, span, cells: reader.cells, unsure: reader.unsure });
        }
    }
}

/// The first line of a message; the parser's own drawing of the place is ours to make.
pub(super) fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or("not TOML").to_owned()
}

struct Reader<'r, 'f> {
    file: usize,
    kind: Kind,
    cells: BTreeMap<Key, Written>,
    /// Whether it has a key that is not known or stands in the wrong place.
    unsure: bool,
    findings: &'r mut Findings<'f>,
}

impl Reader<'_, '_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let span = Span::of(self.file, name.span());
            let text = name.get_ref().as_ref();
            if text == "when" && self.kind == Kind::Rule {
                self.when(value);
                continue;
            }
            match key_of(text, self.kind) {
                Ok(Key::On(column)) => {
                    self.unsure = true;
                    let message = format!("`{column}` stands beside `when`, not in it");
                    self.findings.add(code::UNKNOWN_KEY, span, message, format!("write when = {{ {column} = … }}"));
                }
                Ok(key) => self.cell(key, value),
                Err(_) => {
                    self.unsure = true;
                    let known: Vec<String> = match self.kind {
                        Kind::Rule => Key::OF_RULE.iter().map(Key::to_string).chain(["when".to_owned()]).collect(),
                        Kind::Exception => Key::OF_EXCEPTION.iter().map(Key::to_string).collect(),
                    };
                    let help = did_you_mean(text, known.iter().map(String::as_str));
                    self.findings.add(code::UNKNOWN_KEY, span, format!("unknown key `{}`", shortened(text)), help);
                }
            }
        }
    }

    fn when(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            self.unsure = true;
            let message = format!("`when` is {}, not a table", kind_of(value.get_ref()));
            let help = "write when = { job_code = \"SD-1*\" }";
            return self.findings.add(code::WRONG_TYPE, Span::of(self.file, value.span()), message, help);
        };
        for (name, value) in table {
            match (name.get_ref().as_ref(), value.get_ref()) {
                // `attr.shift = …` is a table within a table for TOML.
                ("attr", DeValue::Table(customs)) => {
                    for (custom, value) in customs {
                        self.condition(&format!("attr.{}", custom.get_ref()), custom, value);
                    }
                }
                (text, _) => self.condition(text, name, value),
            }
        }
    }

    fn condition<T>(&mut self, text: &str, name: &Spanned<T>, value: &Spanned<DeValue<'_>>) {
        let span = Span::of(self.file, name.span());
        match (Column::parse(text), key_of(text, Kind::Rule)) {
            (Some(column), _) if self.cells.contains_key(&Key::On(column.clone())) => {
                self.unsure = true;
                self.findings.add(code::KEY_TWICE, span, format!("`{column}` is there twice"), "give it a list");
            }
            (Some(column), _) => self.cell(Key::On(column), value),
            (None, Ok(key)) => {
                self.unsure = true;
                let message = format!("`{key}` stands in `when`, not beside it");
                self.findings.add(code::UNKNOWN_KEY, span, message, format!("move `{key}` out of `when`"));
            }
            (None, Err(advice)) => {
                self.unsure = true;
                let columns = Column::names();
                let help = if text.starts_with("attr.") {
                    advice
                } else {
                    did_you_mean(text, columns.iter().map(String::as_str).chain(["attr.NAME"]))
                };
                self.findings.add(code::UNKNOWN_KEY, span, format!("unknown column `{}`", shortened(text)), help);
            }
        }
    }

    fn cell(&mut self, key: Key, value: &Spanned<DeValue<'_>>) {
        let mut values = Vec::new();
        let mut broken = false;
        match value.get_ref() {
            DeValue::Array(items) if key.is_list() => {
                for item in items {
                    broken |= !self.value(&key, item, &mut values);
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => broken = !self.value(&key, value, &mut values),
        }
        let span = Span::of(self.file, value.span());
        self.cells.insert(key, Written { span, values, broken });
    }

    /// Takes one value as text; false when it is of the wrong type.
    fn value(&mut self, key: &Key, value: &Spanned<DeValue<'_>>, values: &mut Vec<Value>) -> bool {
        let span = Span::of(self.file, value.span());
        let is_date = matches!(key, Key::From | Key::Until);
        let text = match value.get_ref() {
            DeValue::String(text) => {
                if key.is_compared()
                    && let Some(damage) = odd_space(text)
                {
                    self.findings.add(damage.code, span, format!("the value {}", damage.message), damage.help);
                }
                Some(text.trim().to_owned())
            }
            DeValue::Integer(number) => {
                Some(number.as_str().to_owned()).filter(|_| *key == Key::Priority && number.radix() == 10)
            }
            DeValue::Datetime(date) => Some(date.to_string()).filter(|_| is_date),
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        let Some(text) = text else {
            let (wanted, help) = if *key == Key::Priority {
                ("a whole number", "write priority = 10")
            } else if is_date {
                ("a date", "write the day as 2026-12-31")
            } else if key.is_list() {
                ("a string or a list of strings", "put the value in double quotes")
            } else {
                ("a string", "put the value in double quotes")
            };
            let message = format!("`{key}` is {}, not {wanted}", kind_of(value.get_ref()));
            self.findings.add(code::WRONG_TYPE, span, message, help);
            return false;
        };
        if !text.is_empty() {
            values.push(Value { text, span });
        }
        true
    }
}

pub(super) fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
