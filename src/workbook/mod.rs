//! The rules table as a workbook (XLSX), for people who live in spreadsheets.
//!
//! Bytes in, bytes out; no file is opened here. Every cell is written as text in columns formatted as text, so that a
//! spreadsheet mangles neither codes nor dates. Reading turns sheets into CSV, which the reader of tables takes like any
//! other, and brings its findings back to sheet and cell.

mod cell;
mod limits;
mod quiet;
mod read;
mod references;
mod write;

use crate::rules::{Draft, Finding, Place, Severity};

pub use write::{Unwritable, write};

/// What a workbook holds.
#[derive(Debug)]
pub struct Opened {
    /// Its rows and exceptions.
    pub draft: Draft,
    /// What somebody should look at: hidden sheets, cells that a spreadsheet may have changed.
    pub warnings: Vec<Finding>,
}

/// Reads a workbook; `name` is its path as shown to people. All findings come at once.
pub fn read(name: &str, bytes: &[u8]) -> Result<Opened, Vec<Finding>> {
    limits::check(bytes).map_err(|why| vec![finding(name, Severity::Error, None, why)])?;
    // The reader of sheets is foreign code and its input is too: what breaks it must not break us.
    let sheets = quiet::quietly(|| read::sheets(name, bytes)).unwrap_or_else(|| {
        Err(vec![finding(
            name,
            Severity::Error,
            None,
            "the workbook is damaged in a way that its reader does not know",
        )])
    })?;
    let sources: Vec<_> = sheets.list.iter().map(|sheet| sheet.source.clone()).collect();
    match Draft::read(&sources) {
        Ok(draft) => Ok(Opened { draft, warnings: sheets.findings }),
        Err(findings) => {
            let mut all = sheets.findings;
            all.extend(
                findings.into_iter().map(|finding| sheets.list.iter().fold(finding, |f, sheet| sheet.place(name, f))),
            );
            Err(all)
        }
    }
}

/// A cell by sheet, row and column, both from 0.
type At<'a> = (&'a str, u32, u32);

fn finding(name: &str, severity: Severity, at: Option<At<'_>>, message: impl Into<String>) -> Finding {
    let message = message.into();
    let (line, column) = at.map_or((1, 1), |(_, row, column)| (row.saturating_add(1), column.saturating_add(1)));
    let place = Place { file: name.to_owned(), line, column, offset: 0, length: 0 };
    let message = at.map_or_else(|| message.clone(), |at| format!("{}: {message}", shown(at)));
    Finding::new(Some(place), CODE, severity, message)
}

/// What a workbook's own findings are called; those of the table in it keep their codes.
const CODE: &str = "X001";

/// `rules!B7`.
fn shown((sheet, row, column): At<'_>) -> String {
    format!("{sheet}!{}{}", letters(column), row.saturating_add(1))
}

/// The letters of a column, from 0.
fn letters(column: u32) -> String {
    let mut rest = column;
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        if rest < 26 {
            break;
        }
        rest = rest / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_named_as_spreadsheets_do() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(super::letters(column), name);
        }
        assert_eq!(super::shown(("rules", 6, 1)), "rules!B7");
    }
}
