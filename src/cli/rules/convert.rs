//! A table in another form: what `rules export` and `rules import` have in common.

use std::io::{self, IsTerminal as _};
use std::path::Path;

use super::files;
use crate::cli::{Global, Output, output};
use crate::rules::draft::{Grid, Kept, as_toml};
use crate::rules::{Draft, Source};
use crate::workbook;
use crate::worker::request::exit;

/// Forms of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Toml,
    Csv,
    Xlsx,
}

impl Target {
    /// By `-o`, else by the name of the file to write, else TOML.
    pub(super) fn of(global: &Global, out: Option<&Path>) -> Result<Self, u8> {
        match global.output {
            Output::Toml => Ok(Self::Toml),
            Output::Csv => Ok(Self::Csv),
            Output::Xlsx => Ok(Self::Xlsx),
            Output::Text => Ok(out.and_then(Self::named).unwrap_or(Self::Toml)),
            Output::Json | Output::Sarif | Output::Markdown => {
                output::complain("a table is written as toml, csv or xlsx");
                Err(exit::USAGE)
            }
        }
    }

    pub(super) fn named(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "toml" => Some(Self::Toml),
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// Writes a table that was read from these files, and says what the form does not carry.
pub(super) fn write(global: &Global, draft: &Draft, sources: &[Source], target: Target, out: Option<&Path>) -> u8 {
    let written = match target {
        Target::Toml => toml(global, draft, sources, out),
        Target::Csv => csv(global, draft, sources, out),
        Target::Xlsx => xlsx(global, draft, sources, out),
    };
    match written {
        Ok(()) => {
            if let Some(out) = out {
                let (rules, exceptions) = draft.counts();
                output::talk(global, &format!("{rules} rules and {exceptions} exceptions in {}", out.display()));
            }
            exit::DONE
        }
        Err((code, why)) => {
            output::complain(&why);
            code
        }
    }
}

/// An exit code and why.
type Failed = (u8, String);

fn lost(why: &impl ToString) -> Failed {
    (exit::DATA, why.to_string())
}

fn toml(global: &Global, draft: &Draft, sources: &[Source], out: Option<&Path>) -> Result<(), Failed> {
    let (text, kept) = as_toml(draft, sources).map_err(|loss| lost(&loss))?;
    if kept == Kept::Table {
        say_lost(global, sources);
    }
    put(text.as_bytes(), out)
}

fn csv(global: &Global, draft: &Draft, sources: &[Source], out: Option<&Path>) -> Result<(), Failed> {
    let (rules, exceptions) = draft.to_csv().map_err(|loss| lost(&loss))?;
    say_lost(global, sources);
    if let Ok(grids) = draft.to_grids()
        && let Some(first) = grids.iter().flat_map(Grid::fragile).next()
    {
        let count = grids.iter().map(|grid| grid.fragile().len()).sum::<usize>();
        output::talk(
            global,
            &format!("{count} cells such as `{first}` are numbers to a spreadsheet that opens this file: give it XLSX"),
        );
    }
    let Some(out) = out else {
        // Both stand in one stream: after an empty line another header may follow.
        let both: Vec<&str> = std::iter::once(rules.as_str()).chain(exceptions.as_deref()).collect();
        return put(both.join("\n").as_bytes(), None);
    };
    put(rules.as_bytes(), Some(out))?;
    let beside = files::exceptions_of(out);
    match exceptions {
        Some(text) => {
            put(text.as_bytes(), Some(&beside))?;
            output::talk(global, &format!("the exceptions stand in {}", beside.display()));
        }
        None if beside.exists() => {
            output::talk(global, &format!("{} is older: the table has no exceptions any more", beside.display()));
        }
        None => {}
    }
    Ok(())
}

fn xlsx(global: &Global, draft: &Draft, sources: &[Source], out: Option<&Path>) -> Result<(), Failed> {
    if out.is_none() && io::stdout().is_terminal() {
        return Err((exit::USAGE, "a workbook is no text for a terminal: give `--out FILE`".to_owned()));
    }
    let bytes = workbook::write(draft).map_err(|why| lost(&why))?;
    say_lost(global, sources);
    put(&bytes, out)
}

fn put(bytes: &[u8], out: Option<&Path>) -> Result<(), Failed> {
    match out {
        None => files::print(bytes),
        Some(path) => files::replace(path, bytes)
            .map_err(|error| (exit::FAILED, format!("cannot write {}: {error}", path.display())))?,
    }
    Ok(())
}

/// Says what stays behind.
fn say_lost(global: &Global, sources: &[Source]) {
    let left = crate::rules::draft::beside(sources);
    let stays = |count: usize| if count == 1 { "stays" } else { "stay" };
    if left.comments > 0 {
        let lines = if left.comments == 1 { "1 line".to_owned() } else { format!("{} lines", left.comments) };
        let verb = stays(left.comments);
        output::talk(global, &format!("{lines} with comments {verb} behind: this form has none"));
    }
    if left.cases > 0 {
        let cases = if left.cases == 1 { "1 case".to_owned() } else { format!("{} cases", left.cases) };
        let verb = stays(left.cases);
        output::talk(global, &format!("{cases} for `rules test` {verb} behind: TOML alone keeps them"));
    }
}
