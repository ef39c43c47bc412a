//! A table as people wrote it, to be written again in another form.
//!
//! A [`Draft`] keeps what every cell says and nothing else: no comments, no places, no meaning. Two drafts that agree
//! compile to the same table under any catalog, so every change of form is proven by reading the outcome back.

mod csv_form;
mod grid;
mod tidy_csv;
mod tidy_toml;
mod toml_form;

use std::collections::BTreeMap;
use std::fmt;

pub use grid::{EXCEPTIONS, Grid, RULES};

use super::column::{Column, Key};
use super::csv_table::shortened;
use super::table::{self, Entry, Form, Kind, form_of};
use super::text::{Findings, Text};
use super::{Finding, Severity, Source};

/// Rows and exceptions, each in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub(super) rules: Vec<Cells>,
    pub(super) exceptions: Vec<Cells>,
}

/// The filled cells of a row or exception; a cell holds one value or more.
pub(super) type Cells = BTreeMap<Key, Vec<String>>;

/// What a form cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The row's id, the exception's person, or its number where it has none.
    pub row: String,
    /// The column.
    pub column: String,
    /// What is written there.
    pub value: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, column, value } = self;
        write!(f, "`{value}` in `{column}` of {row} cannot be written so that it is read back as it is")
    }
}

impl Draft {
    /// Reads files as `compile` does, as far as no catalog is needed. What cannot be read is told in full.
    pub fn read(files: &[Source]) -> Result<Self, Vec<Finding>> {
        let (texts, refused) = decode(files);
        let mut findings = Findings::new(&texts, refused);
        let entries = table::read(&texts, &mut findings);
        let findings = findings.into_sorted();
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(findings);
        }
        Ok(Self::of(&entries))
    }

    fn of(entries: &[Entry]) -> Self {
        let mut draft = Self::default();
        for entry in entries {
            let cells = entry.cells.iter().filter(|(_, cell)| !cell.values.is_empty());
            let cells = cells.map(|(key, cell)| {
                (key.clone(), cell.values.iter().map(|value| canonical(key, &value.text)).collect())
            });
            match entry.kind {
                Kind::Rule => draft.rules.push(cells.collect()),
                Kind::Exception => draft.exceptions.push(cells.collect()),
            }
        }
        draft
    }

    /// Whether it holds neither rows nor exceptions.
    pub fn is_empty(&self) -> bool {
        let Self { rules, exceptions } = self;
        rules.is_empty() && exceptions.is_empty()
    }

    /// How many rows and exceptions it holds.
    pub fn counts(&self) -> (usize, usize) {
        (self.rules.len(), self.exceptions.len())
    }

    /// As TOML, tidy.
    pub fn to_toml(&self) -> Result<String, Loss> {
        let text = toml_form::write(self);
        self.proven(&[source("table.toml", &text)])?;
        Ok(text)
    }

    /// As CSV: rows, and exceptions if there are any, which have other columns.
    pub fn to_csv(&self) -> Result<(String, Option<String>), Loss> {
        let rules = csv_form::write(&Grid::rules(self));
        let exceptions = Grid::exceptions(self).map(|grid| csv_form::write(&grid));
        let mut files = vec![source("rules.csv", &rules)];
        files.extend(exceptions.as_deref().map(|text| source("exceptions.csv", text)));
        self.proven(&files)?;
        Ok((rules, exceptions))
    }

    /// As sheets of a workbook, if CSV can carry it as well: whatever reads sheets reads them as CSV.
    pub fn to_grids(&self) -> Result<Vec<Grid>, Loss> {
        self.to_csv()?;
        Ok(std::iter::once(Grid::rules(self)).chain(Grid::exceptions(self)).collect())
    }

    /// The first cell in which another draft differs, if it does.
    pub fn difference(&self, other: &Self) -> Option<Loss> {
        let kinds = [(Key::Id, &self.rules, &other.rules), (Key::Person, &self.exceptions, &other.exceptions)];
        kinds.into_iter().find_map(|(name, ours, theirs)| {
            let missing = Cells::new();
            let most = ours.len().max(theirs.len());
            (0..most).find_map(|at| {
                let (one, two) = (ours.get(at).unwrap_or(&missing), theirs.get(at).unwrap_or(&missing));
                let column = one.keys().chain(two.keys()).find(|key| one.get(key) != two.get(key))?;
                let named = one.get(&name).or(two.get(&name)).and_then(|values| values.first());
                let row = named.map_or_else(|| format!("row {}", at + 1), |text| format!("`{}`", shortened(text)));
                let value = one.get(column).or(two.get(column)).map(|values| values.join("|")).unwrap_or_default();
                Some(Loss { row, column: column.to_string(), value: shortened(&value) })
            })
        })
    }

    /// Reads a written form back and compares.
    fn proven(&self, files: &[Source]) -> Result<(), Loss> {
        match Self::read(files) {
            Ok(back) => self.difference(&back).map_or(Ok(()), Err),
            Err(findings) => Err(self.blamed(findings.first())),
        }
    }

    /// The cell that a written form does not take, by what its reader says.
    fn blamed(&self, finding: Option<&Finding>) -> Loss {
        let rows = self.rules.iter().map(|cells| (Key::Id, cells));
        let rows = rows.chain(self.exceptions.iter().map(|cells| (Key::Person, cells)));
        for (name, cells) in rows {
            for (key, values) in cells {
                if let Some(value) = values.iter().find(|value| super::csv_table::is_formula(value)) {
                    let row = cells.get(&name).and_then(|values| values.first()).map_or("a row", String::as_str);
                    let row = format!("`{}`", shortened(row));
                    return Loss { row, column: key.to_string(), value: shortened(value) };
                }
            }
        }
        let why = finding.map_or_else(|| "a cell".to_owned(), |finding| finding.message.clone());
        let line = finding.and_then(|finding| finding.place.as_ref()).map_or(0, |place| place.line);
        Loss { row: format!("line {line}"), column: "a column".to_owned(), value: why }
    }
}

/// Writes a file anew in one style: the same table, told in the same order, with its comments. Twice is once.
pub fn tidy(file: &Source) -> Result<String, Vec<Finding>> {
    let before = Draft::read(std::slice::from_ref(file))?;
    let (texts, refused) = decode(std::slice::from_ref(file));
    let Some(text) = texts.first() else { return Err(refused) };
    let tidied = match form_of(&text.path) {
        Some(Form::Toml) => tidy_toml::tidy(&text.content),
        Some(Form::Csv) => tidy_csv::tidy(text),
        None => None,
    };
    let tidied = tidied.unwrap_or_else(|| text.content.clone());
    let after = Draft::read(&[source(&file.path, &tidied)]);
    // Never lose a word of a table for the look of it.
    if after.is_ok_and(|after| before.difference(&after).is_none()) { Ok(tidied) } else { Ok(text.content.clone()) }
}

/// Whether lines end as on Windows; the first one tells.
fn has_crlf(text: &str) -> bool {
    text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r'))
}

/// Whether bytes of unknown origin look like TOML or like CSV.
pub fn guess(bytes: &[u8]) -> Form {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let is_toml = first.starts_with('[')
        || first.is_empty()
        || first.split_once('=').is_some_and(|(name, _)| ["rule", "exception", "case"].contains(&name.trim()));
    if is_toml { Form::Toml } else { Form::Csv }
}

/// What a table has beside rows and exceptions, which only TOML carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Lines with a comment.
    pub comments: usize,
    /// Cases for `rules test`.
    pub cases: usize,
}

/// Counts what stands beside the rows of these files.
pub fn beside(files: &[Source]) -> Beside {
    let toml = files.iter().filter(|file| form_of(&file.path) == Some(Form::Toml));
    toml.fold(Beside::default(), |so_far, file| {
        let found = tidy_toml::beside(&String::from_utf8_lossy(&file.bytes));
        Beside { comments: so_far.comments + found.comments, cases: so_far.cases + found.cases }
    })
}

/// What came along into TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Comments and cases too.
    All,
    /// Rows and exceptions alone.
    Table,
}

/// The table of these files as one file of TOML, with comments and cases where the files can simply follow each other.
pub fn as_toml(draft: &Draft, files: &[Source]) -> Result<(String, Kept), Loss> {
    let parts = files.iter().map(|file| match form_of(&file.path) {
        Some(Form::Toml) => tidy(file).ok(),
        Some(Form::Csv) => Draft::read(std::slice::from_ref(file)).ok().and_then(|draft| draft.to_toml().ok()),
        None => None,
    });
    let parts: Option<Vec<String>> = parts.collect();
    let joined = parts.filter(|parts| !parts.is_empty()).map(|parts| {
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        source("table.toml", &parts.join("\n"))
    });
    if let Some(joined) = joined
        && let Ok(text) = tidy(&joined)
        && draft.proven(&[source("table.toml", &text)]).is_ok()
        && tidy_toml::beside(&text).cases == beside(files).cases
    {
        return Ok((text, Kept::All));
    }
    draft.to_toml().map(|text| (text, Kept::Table))
}

fn decode(files: &[Source]) -> (Vec<Text>, Vec<Finding>) {
    let mut refused = Vec::new();
    let mut texts = Vec::new();
    for file in files {
        match Text::decode(file) {
            Ok(text) => texts.push(text),
            Err(finding) => refused.push(*finding),
        }
    }
    (texts, refused)
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

/// Spellings that mean the same in every form: `+5` and `5`, and the line ends within a note.
fn canonical(key: &Key, text: &str) -> String {
    match (key, text.parse::<i64>()) {
        (Key::Priority, Ok(number)) => number.to_string(),
        _ => text.replace("\r\n", "\n"),
    }
}

/// Columns in the order in which they are written: who, what is matched, what is given, when, and by whom.
pub(super) fn order(key: &Key) -> (u8, usize, String) {
    let (group, name) = match key {
        Key::Id | Key::Person => (0, String::new()),
        Key::On(column) => {
            let place = Column::names().iter().position(|name| *name == column.to_string());
            return (1, place.unwrap_or(usize::MAX), column.to_string());
        }
        Key::Tier => (2, String::new()),
        Key::Addons => (3, String::new()),
        Key::Class => (4, String::new()),
        Key::Priority => (5, String::new()),
        Key::From => (6, String::new()),
        Key::Until => (7, String::new()),
        Key::Owner => (8, String::new()),
        Key::Note | Key::Reason => (9, String::new()),
    };
    (group, 0, name)
}
