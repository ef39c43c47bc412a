//! What reading the files gathers on the way: findings, effective values with their origin, secrets that are named.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::codes::Code;
use super::sources::{self, Sources};
use super::tree::{Node, Spot, Value};
use super::{Effective, NamedFile, Origin};
use crate::rules::{Finding, Place, Severity};

/// Something wrong with one value.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), help: None }
    }

    pub(crate) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, message) }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// Everything gathered from all files.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) findings: Vec<Finding>,
    /// What findings may show.
    pub(crate) sources: Sources,
    /// What positions are counted in.
    texts: BTreeMap<Arc<str>, sources::Lines>,
    pub(crate) values: BTreeMap<String, Effective>,
    pub(crate) named_files: Vec<NamedFile>,
    /// The settings that were looked for, by the kind of table: what the JSON Schema must agree with.
    pub(crate) known: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl State {
    pub(crate) fn add_text(&mut self, file: &Arc<str>, text: &str) {
        self.texts.insert(Arc::clone(file), sources::Lines::new(text));
        self.sources.add(&**file, text);
    }

    fn place(&self, file: &Arc<str>, span: &Range<usize>) -> Place {
        self.texts.get(file).map_or_else(|| sources::place(file, "", span), |lines| lines.place(file, span))
    }

    pub(crate) fn report(&mut self, letter: char, spot: &Spot, problem: Problem) {
        let message = cut(problem.message);
        let (place, message) = match spot {
            Spot::File(file, span) => (Some(self.place(file, span)), message),
            Spot::Env(name) => (None, format!("environment variable {name}: {message}")),
            Spot::Flag(key) => (None, format!("flag {key}: {message}")),
            Spot::Default => (None, message),
        };
        let finding = Finding::new(place, problem.code.shown(letter), problem.severity, message);
        self.findings.push(finding.with_help(problem.help.unwrap_or_default()));
    }

    fn origin(&self, spot: &Spot) -> Origin {
        match spot {
            Spot::File(file, span) => Origin::File { file: file.to_string(), line: self.place(file, span).line },
            Spot::Env(name) => Origin::Env(name.clone()),
            Spot::Flag(key) => Origin::Flag(key.clone()),
            Spot::Default => Origin::Default,
        }
    }
}

/// One file being read.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    letter: char,
    base: PathBuf,
    state: &'a RefCell<State>,
}

impl<'a> Context<'a> {
    /// `letter` begins the codes; relative paths are relative to the folder of `file`.
    pub(crate) fn new(letter: char, file: &Path, state: &'a RefCell<State>) -> Self {
        Self { letter, base: file.parent().unwrap_or(Path::new("")).to_owned(), state }
    }

    pub(crate) fn report(&self, spot: &Spot, problem: Problem) {
        self.state.borrow_mut().report(self.letter, spot, problem);
    }

    /// Keeps the effective value of a setting.
    pub(crate) fn keep(&self, path: String, value: serde_json::Value, spot: &Spot) {
        let mut state = self.state.borrow_mut();
        let origin = state.origin(spot);
        state.values.insert(path, Effective { value, origin });
    }

    /// Keeps a file, variable or credential that is named and will be read later.
    pub(crate) fn keep_named(&self, setting: String, what: super::Named, spot: &Spot) {
        let place = match spot {
            Spot::File(file, span) => Some(self.state.borrow().place(file, span)),
            Spot::Env(_) | Spot::Flag(_) | Spot::Default => None,
        };
        self.state.borrow_mut().named_files.push(NamedFile { setting, what, place });
    }

    /// Remembers which settings a kind of table has.
    pub(crate) fn know(&self, shape: &'static str, keys: &BTreeSet<&'static str>) {
        self.state.borrow_mut().known.entry(shape).or_default().extend(keys);
    }

    /// Hides a value wherever its file is shown.
    pub(crate) fn blot(&self, spot: &Spot) {
        if let Spot::File(file, span) = spot {
            self.state.borrow_mut().sources.blot(file, span);
        }
    }

    /// A path as the program uses it: relative ones are relative to the file that names them, those of the
    /// environment and of flags to the working directory.
    pub(crate) fn resolve(&self, text: &str, spot: &Spot) -> PathBuf {
        match spot {
            Spot::File(..) | Spot::Default => self.base.join(text),
            Spot::Env(_) | Spot::Flag(_) => PathBuf::from(text),
        }
    }
}

/// Messages repeat what was written; nobody reads a repeated megabyte.
fn cut(message: String) -> String {
    const MOST: usize = 300;
    if message.len() <= MOST {
        return message;
    }
    format!("{}…", message.get(..message.floor_char_boundary(MOST)).unwrap_or_default())
}

/// A node as JSON, for showing.
pub(crate) fn shown(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Text(text) if node.spot.is_loose() => {
            let number = text.parse::<i64>().map(serde_json::Value::from);
            number
                .or_else(|_| text.parse::<bool>().map(serde_json::Value::from))
                .unwrap_or_else(|_| text.as_str().into())
        }
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Date(date) => date.to_string().into(),
        Value::Time => serde_json::Value::Null,
        Value::List(items) => items.iter().map(shown).collect(),
        Value::Table(table) => table.iter().map(|(key, entry)| (key.clone(), shown(&entry.node))).collect(),
    }
}
