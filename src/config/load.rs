//! From a path to what the program relies on, or to everything that is wrong.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::codes;
use super::context::{Context, Problem, State};
use super::section::Section;
use super::sources::Sources;
use super::tree::{self, Spot, Table};
use super::{Config, Secret, blot, catalog, check, overlay, render};
use crate::model::Catalog;
use crate::rules::{Finding, Place, Severity};

/// A configuration or catalog of a thousand pools has some 200 KiB.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// `seatwarden.toml` with environment and flags over it.
    pub config: Config,
    /// `catalog.toml`.
    pub catalog: Catalog,
    /// What somebody should look at; no errors among them.
    pub warnings: Vec<Finding>,
    /// The texts, for showing findings; secrets are blotted out.
    pub sources: Sources,
    /// Every setting of both files with where its value came from, by dotted key.
    pub values: BTreeMap<String, Effective>,
    /// Files, variables and credentials that are named and will be read later.
    pub named_files: Vec<NamedFile>,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug)]
pub struct Failed {
    /// At least one error, ordered by place.
    pub findings: Vec<Finding>,
    /// The texts, for showing findings; secrets are blotted out.
    pub sources: Sources,
    /// What can be relied on all the same, so that the table is looked at in the same run.
    pub sound: Box<Sound>,
}

/// The parts of a configuration that a table is read with.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// Where the table is, and the time zone of its days.
    pub rules: Option<(PathBuf, TimeZone)>,
    /// The catalog.
    pub catalog: Option<Catalog>,
}

/// One line per finding.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.findings.iter().map(render::line).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Failed {}

/// The value of one setting and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// The value as it would be written; a secret shows only where it is kept.
    pub value: serde_json::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// A line of a file.
    File {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u32,
    },
    /// An environment variable.
    Env(String),
    /// A flag, by its dotted key.
    Flag(String),
}

/// Something that is named in the configuration and read when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The dotted key.
    pub setting: String,
    /// What is named.
    pub what: Named,
    /// Where it is named.
    pub place: Option<Place>,
}

/// What is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A secret.
    Secret(Secret),
    /// A trust anchor.
    Certificate(PathBuf),
}

/// Reads `seatwarden.toml` and the catalog that it names, with `env` and then `flags` (dotted key, value) over it.
/// No secret is read, nothing is resolved or called.
pub fn load(path: &Path, env: &BTreeMap<String, String>, flags: &[(String, String)]) -> Result<Loaded, Failed> {
    read(path, env, flags).0
}

/// [`load`], and the settings that were looked for by the kind of table.
pub(crate) fn read(
    path: &Path,
    env: &BTreeMap<String, String>,
    flags: &[(String, String)],
) -> (Result<Loaded, Failed>, BTreeMap<&'static str, std::collections::BTreeSet<&'static str>>) {
    let state = RefCell::new(State::default());
    let (config, sound) = both(path, env, flags, &state);
    let mut state = state.into_inner();
    let known = std::mem::take(&mut state.known);
    state.findings.sort();
    state.findings.dedup();
    let failed = state.findings.iter().any(|finding| finding.severity == Severity::Error);
    let result = match (config, &sound.catalog) {
        (Some(config), Some(catalog)) if !failed => Ok(Loaded {
            config,
            catalog: catalog.clone(),
            warnings: state.findings,
            sources: state.sources,
            values: state.values,
            named_files: state.named_files,
        }),
        _ => Err(Failed { findings: state.findings, sources: state.sources, sound: Box::new(sound) }),
    };
    (result, known)
}

fn both(
    path: &Path,
    env: &BTreeMap<String, String>,
    flags: &[(String, String)],
    state: &RefCell<State>,
) -> (Option<Config>, Sound) {
    let cx = Context::new('C', path, state);
    let file: Arc<str> = path.display().to_string().into();
    let help = "write a first one with `seatwarden init DIR`, or name yours with `-c FILE`";
    let Some(mut table) = document(&cx, path, &file, state, help) else { return (None, Sound::default()) };
    for (spot, problem) in overlay::apply(&mut table, env, flags) {
        cx.report(&spot, problem);
    }
    let mut root = Section::root(&cx, "file", &table, &file);
    let catalog_path = check::catalog_path(&mut root);
    let (catalog, names) = catalog_path.as_deref().and_then(|path| read_catalog(path, state)).unzip();
    let rules = check::general::rules(&mut root);
    let config = check::configuration(root, path, rules.clone(), catalog_path, names.as_ref());
    (config, Sound { rules, catalog: catalog.flatten() })
}

/// The catalog and the names in it. `None` when the file is no TOML.
fn read_catalog(path: &Path, state: &RefCell<State>) -> Option<(Option<Catalog>, catalog::Names)> {
    let cx = Context::new('K', path, state);
    let file: Arc<str> = path.display().to_string().into();
    let help = "`[catalog] path` names the file that says what was bought";
    let table = document(&cx, path, &file, state, help)?;
    Some(catalog::read(Section::root(&cx, "bought", &table, &file)))
}

/// Reads one TOML file into a tree; what is wrong with the file as such is reported.
fn document(cx: &Context<'_>, path: &Path, file: &Arc<str>, state: &RefCell<State>, absent: &str) -> Option<Table> {
    let spot = |span| Spot::File(Arc::clone(file), span);
    let bytes = match read_limited(path, LARGEST_FILE) {
        Ok(bytes) => bytes,
        Err(Unread::Missing(why)) => {
            let problem = Problem::new(codes::UNREADABLE, format!("cannot read {file}: {why}")).help(absent);
            cx.report(&spot(0..0), problem);
            return None;
        }
        Err(Unread::TooLarge) => {
            let message = format!("{file} is larger than {} KiB", LARGEST_FILE / 1024);
            let help = "no such file is that large; is it the right one?";
            cx.report(&spot(0..0), Problem::new(codes::TOO_LARGE, message).help(help));
            return None;
        }
    };
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err((text, at, what)) => {
            state.borrow_mut().add_text(file, &text);
            let problem = Problem::new(codes::NOT_TEXT, what).help("save the file as UTF-8 text");
            cx.report(&spot(at..at), problem);
            return None;
        }
    };
    state.borrow_mut().add_text(file, &text);
    match tree::parse(file, &text) {
        Ok(table) => {
            blot::blot(cx, &table);
            Some(table)
        }
        Err(faults) => {
            for span in blot::telling_spans(&text) {
                cx.blot(&spot(span));
            }
            for fault in faults {
                let (code, help) = if fault.too_deep {
                    (codes::TOO_DEEP, "no setting lies that deep")
                } else {
                    (codes::SYNTAX, "see https://toml.io for how values are written")
                };
                cx.report(&spot(fault.span), Problem::new(code, fault.message).help(help));
            }
            None
        }
    }
}

/// The text, or what came before the first byte that is none, its offset and what is wrong there.
fn text_of(bytes: Vec<u8>) -> Result<String, (String, usize, &'static str)> {
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        let before = String::from_utf8_lossy(bytes.get(..at).unwrap_or_default()).into_owned();
        return Err((before, at, "the file has a NUL byte; it may be UTF-16 or no text at all"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        bytes.truncate(at);
        (String::from_utf8(bytes).unwrap_or_default(), at, "the file is not UTF-8")
    })
}

/// Why a file was not read.
pub(super) enum Unread {
    Missing(std::io::Error),
    TooLarge,
}

/// Reads a file of at most `most` bytes, and no more of a larger one.
pub(super) fn read_limited(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Unread::Missing)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(Unread::Missing)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) { Ok(bytes) } else { Err(Unread::TooLarge) }
}
