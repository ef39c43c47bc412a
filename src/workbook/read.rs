//! Sheets become CSV with a memory of where every cell stood.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use super::cell::{self, Said};
use super::limits::{MOST_CELLS, MOST_COLUMNS, MOST_ROWS, MOST_TEXT};
use super::{At, finding, shown};
use crate::rules::{Finding, Place, Severity, Source};

/// The sheets of a workbook that hold anything.
#[derive(Debug)]
pub(super) struct Sheets {
    pub(super) list: Vec<Sheet>,
    /// Warnings.
    pub(super) findings: Vec<Finding>,
}

/// A sheet as CSV.
#[derive(Debug)]
pub(super) struct Sheet {
    name: String,
    pub(super) source: Source,
    /// Row and column of the cell that begins at an offset.
    cells: BTreeMap<usize, (u32, u32)>,
}

impl Sheet {
    /// Brings a finding about the CSV to sheet and cell.
    pub(super) fn place(&self, workbook: &str, mut finding: Finding) -> Finding {
        for related in &mut finding.related {
            if let Some((_, place)) = self.cell_of(workbook, &related.place) {
                related.place = place;
            }
        }
        if let Some((cell, place)) = finding.place.as_ref().and_then(|place| self.cell_of(workbook, place)) {
            finding.message = format!("{cell}: {}", finding.message);
            finding.place = Some(place);
        }
        finding
    }

    fn cell_of(&self, workbook: &str, place: &Place) -> Option<(String, Place)> {
        if place.file != self.source.path {
            return None;
        }
        let (row, column) = self.cells.range(..=place.offset).next_back().map_or((0, 0), |(_, at)| *at);
        let place = Place { file: workbook.to_owned(), line: row + 1, column: column + 1, offset: 0, length: 0 };
        Some((shown((&self.name, row, column)), place))
    }
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

/// Reads every visible sheet.
pub(super) fn sheets(workbook: &str, bytes: &[u8]) -> Result<Sheets, Vec<Finding>> {
    let broken = |error: XlsxError| vec![error_of(workbook, None, format!("the workbook cannot be read: {error}"))];
    let mut book: Book<'_> = Xlsx::new(Cursor::new(bytes)).map_err(broken)?;
    let mut reading = Reading { workbook, findings: Vec::new(), cells: 0, text: 0 };
    let mut list = Vec::new();
    for (number, sheet) in book.sheets_metadata().to_vec().into_iter().enumerate() {
        if sheet.typ != SheetType::WorkSheet {
            continue;
        }
        if sheet.visible != SheetVisible::Visible {
            let message = format!("the sheet `{}` is hidden and was left out", sheet.name);
            reading.findings.push(finding(workbook, Severity::Warning, None, message));
            continue;
        }
        list.extend(reading.sheet(&mut book, &sheet.name, number));
    }
    let Reading { findings, .. } = reading;
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    if list.is_empty() {
        return Err(vec![error_of(workbook, None, "no visible sheet of the workbook holds anything".to_owned())]);
    }
    Ok(Sheets { list, findings })
}

fn error_of(workbook: &str, at: Option<At<'_>>, message: String) -> Finding {
    finding(workbook, Severity::Error, at, message)
}

/// Rows of texts by column, without empty ones.
type Rows = BTreeMap<u32, BTreeMap<u32, String>>;

struct Reading<'w> {
    workbook: &'w str,
    findings: Vec<Finding>,
    cells: usize,
    text: usize,
}

/// More findings than this in one workbook help nobody.
const MOST_FINDINGS: usize = 100;

impl Reading<'_> {
    fn error(&mut self, at: Option<At<'_>>, message: String) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(error_of(self.workbook, at, message));
        }
    }

    fn sheet(&mut self, book: &mut Book<'_>, name: &str, number: usize) -> Option<Sheet> {
        match book.merge_cells_by_sheet_name(name) {
            Ok(merged) => {
                for area in merged.iter().take(MOST_FINDINGS) {
                    let message = "cells are merged; take them apart and fill each of them".to_owned();
                    self.error(Some((name, area.start.0, area.start.1)), message);
                }
            }
            Err(error) => self.error(None, format!("the sheet `{name}` cannot be read: {error}")),
        }
        let rows = match self.rows(book, name) {
            Ok(rows) => rows,
            Err(error) => {
                self.error(None, format!("the sheet `{name}` cannot be read: {error}"));
                return None;
            }
        };
        Some(self.csv(name, number, &rows)).filter(|sheet| !sheet.cells.is_empty())
    }

    fn rows(&mut self, book: &mut Book<'_>, name: &str) -> Result<Rows, XlsxError> {
        let mut rows = Rows::new();
        let mut doubts: BTreeMap<u32, (u32, &'static str, usize)> = BTreeMap::new();
        let mut reader = book.worksheet_cells_reader(name)?;
        while let Some(cell) = reader.next_cell_with_formula_metadata()? {
            let (row, column) = cell.pos;
            let at = Some((name, row, column));
            if cell.formula.is_some() {
                self.error(at, "the cell holds a formula; paste its value instead".to_owned());
                continue;
            }
            let header = rows.iter().next().filter(|(first, _)| **first < row);
            let header = header.and_then(|(_, header)| header.get(&column)).map_or("", |text| text.trim());
            let text = match cell::read(header, &cell.value) {
                Said::Text(text) => text,
                Said::Doubtful(text, why) => {
                    doubts.entry(column).or_insert((row, why, 0)).2 += 1;
                    text
                }
                Said::Unreadable(why) => {
                    self.error(at, format!("the cell {why}"));
                    continue;
                }
            };
            if text.trim().is_empty() {
                continue;
            }
            self.cells += 1;
            self.text += text.len();
            if row >= MOST_ROWS || column >= MOST_COLUMNS || self.cells > MOST_CELLS || self.text > MOST_TEXT {
                self.error(at, "the workbook holds more than a table may; is it the right one?".to_owned());
                break;
            }
            rows.entry(row).or_default().insert(column, text);
        }
        for (column, (row, why, count)) in doubts {
            let more = if count > 1 { format!(" (and {} more below)", count - 1) } else { String::new() };
            let message = format!("the cell {why}; compare it with its source{more}");
            self.findings.push(finding(self.workbook, Severity::Warning, Some((name, row, column)), message));
        }
        Ok(rows)
    }

    /// The columns are those of the header, which is the first row that holds anything.
    fn csv(&mut self, name: &str, number: usize, rows: &Rows) -> Sheet {
        let mut csv = String::new();
        let mut cells = BTreeMap::new();
        let header = rows.values().next();
        let first = header.and_then(|header| header.keys().next().copied()).unwrap_or(0);
        let last = header.and_then(|header| header.keys().next_back().copied()).unwrap_or(0);
        for (row, texts) in rows {
            if let Some(stray) = texts.keys().find(|column| !(first..=last).contains(column)) {
                self.error(Some((name, *row, *stray)), "the cell has no header above it".to_owned());
            }
            for column in first..=last {
                if column > first {
                    csv.push(',');
                }
                cells.insert(csv.len(), (*row, column));
                let text = texts.get(&column).map(String::as_str).unwrap_or_default();
                csv.push('"');
                csv += &text.replace('"', "\"\"");
                csv.push('"');
            }
            csv.push('\n');
        }
        // Sheets may have any name, so the number keeps their paths apart and gives them the ending of their form.
        let source = Source { path: format!("sheet {number}.csv"), bytes: csv.into_bytes() };
        Sheet { name: name.to_owned(), source, cells }
    }
}
