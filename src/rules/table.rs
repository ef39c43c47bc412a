//! The table as it was edited: rows and exceptions with the place of every cell, the same for TOML and CSV.
//! What the cells mean is the business of `check`.

use std::collections::BTreeMap;

use super::code;
use super::column::{Column, Key, did_you_mean};
use super::text::{Findings, Span, Text};
use super::{csv_table, toml_table};

/// A row or exception as written.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// Where it begins, for findings that concern the whole of it.
    pub(super) span: Span,
    /// What is written in it; a cell that is not there matches anything or means the default.
    pub(super) cells: BTreeMap<Key, Written>,
    /// Something is written in it whose meaning is not known, so that nobody can tell whom it is for.
    pub(super) unsure: bool,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rule,
    Exception,
}

/// A cell as written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) span: Span,
    /// The values, trimmed, without empty ones.
    pub(super) values: Vec<Value>,
    /// A finding was made about it already: it is there and its values are not to be trusted.
    pub(super) broken: bool,
}

/// One value of a cell.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Entry {
    /// The cell, when anything is written in it.
    pub(super) fn get(&self, key: &Key) -> Option<&Written> {
        self.cells.get(key).filter(|cell| cell.broken || !cell.values.is_empty())
    }

    /// The one value of a cell that cannot hold several; `None` also for a broken one.
    pub(super) fn one(&self, key: &Key) -> Option<&Value> {
        self.get(key).filter(|cell| !cell.broken).and_then(|cell| cell.values.first())
    }
}

/// Reads all files.
pub(super) fn read(files: &[Text], findings: &mut Findings<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (number, file) in files.iter().enumerate() {
        match form_of(&file.path) {
            Some(Form::Toml) => toml_table::read(number, &file.content, &mut entries, findings),
            Some(Form::Csv) => csv_table::read(number, &file.content, &mut entries, findings),
            None => {
                let message = "the ending of the file's name is neither .toml nor .csv";
                findings.add(code::FILE_KIND, Span::new(number, 0, 0), message, "rename it by what it holds");
            }
        }
    }
    entries
}

/// How a file of the table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[[rule]]` and `[[exception]]`.
    Toml,
    /// A header, then one row or exception per record.
    Csv,
}

/// The form of a file, by the ending of its name.
pub(super) fn form_of(path: &str) -> Option<Form> {
    match ending(path).as_deref() {
        Some("toml") => Some(Form::Toml),
        Some("csv") => Some(Form::Csv),
        _ => None,
    }
}

/// The ending of a path, in lower case.
fn ending(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())
}

/// The key of a column of that kind of table.
pub(super) fn known_key(name: &str, kind: Kind) -> Option<Key> {
    let plain = plain_keys(kind).iter().find(|key| key.name() == Some(name)).cloned();
    plain.or_else(|| Column::parse(name).filter(|_| kind == Kind::Rule).map(Key::On))
}

/// The key of a column of that kind of table, or advice on what was meant.
pub(super) fn key_of(name: &str, kind: Kind) -> Result<Key, String> {
    if let Some(key) = known_key(name, kind) {
        return Ok(key);
    }
    if let Some(custom) = name.strip_prefix("attr.")
        && kind == Kind::Rule
        && !custom.is_empty()
    {
        return Err(format!("write `{custom}`, which is a column of its own"));
    }
    let mut known: Vec<String> = plain_keys(kind).iter().map(ToString::to_string).collect();
    if kind == Kind::Rule {
        known.extend(Column::names());
        known.push("attr.NAME".to_owned());
    }
    Err(did_you_mean(name, known.iter().map(String::as_str)))
}

const fn plain_keys(kind: Kind) -> &'static [Key] {
    match kind {
        Kind::Rule => &Key::OF_RULE,
        Kind::Exception => &Key::OF_EXCEPTION,
    }
}
