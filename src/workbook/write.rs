//! Sheets of text.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, IgnoreError, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use crate::rules::Draft;
use crate::rules::draft::{Grid, Loss};

/// Why there is no workbook.
#[derive(Debug, Error)]
pub enum Unwritable {
    /// A cell cannot be carried.
    #[error("{0}")]
    Loss(Loss),
    /// The writer refused, such as a text beyond 32,767 characters.
    #[error("the workbook cannot be written: {0}")]
    Writer(#[from] XlsxError),
}

/// The narrowest and the widest column, in characters.
const NARROW: usize = 8;
const WIDE: usize = 50;

/// Rows and exceptions as a workbook, proven by reading it back. The same table gives the same bytes.
pub fn write(draft: &Draft) -> Result<Vec<u8>, Unwritable> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?));
    for grid in draft.to_grids().map_err(Unwritable::Loss)? {
        fill(workbook.add_worksheet(), &grid)?;
    }
    let bytes = workbook.save_to_buffer()?;
    match super::read("table.xlsx", &bytes) {
        Ok(back) => draft.difference(&back.draft).map_or(Ok(bytes), |loss| Err(Unwritable::Loss(loss))),
        Err(findings) => {
            let value = findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
            Err(Unwritable::Loss(Loss { row: "the table".to_owned(), column: "a cell".to_owned(), value }))
        }
    }
}

fn fill(sheet: &mut Worksheet, grid: &Grid) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    let head = Format::new().set_num_format("@").set_bold();
    sheet.set_name(grid.name)?;
    sheet.set_freeze_panes(1, 1)?;
    let last = u16::try_from(grid.header.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let rows = u32::try_from(grid.rows.len()).unwrap_or(u32::MAX);
    for (column, name) in (0..).zip(&grid.header) {
        // Cells that are filled in later are text as well, so that 00123 stays 00123.
        sheet.set_column_format(column, &text)?;
        let cells = grid.rows.iter().filter_map(|row| row.get(usize::from(column)));
        let longest = cells.chain([name]).map(|cell| cell.chars().count()).max().unwrap_or(0);
        // The arrow of the filter covers two characters of the header.
        let width = u16::try_from((longest + 2).clamp(NARROW, WIDE)).unwrap_or(u16::MAX);
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, name, &head)?;
    }
    for (number, row) in (1..).zip(&grid.rows) {
        for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string_with_format(number, column, cell, &text)?;
        }
    }
    sheet.autofilter(0, 0, rows, last)?;
    sheet.ignore_error_range(0, 0, rows, last, IgnoreError::NumberStoredAsText)?;
    Ok(())
}
