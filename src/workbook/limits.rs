//! How large a workbook may be. A zip file of 42 kB can unpack to petabytes, and the sizes that it declares are lies
//! whenever it matters: everything is unpacked once into nothing, counted, before a reader keeps any of it.

use std::io::{self, Cursor, Read as _};

use zip::ZipArchive;

use super::references::References;

/// A workbook of 100,000 rows has some 6 MiB.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Parts of a workbook: sheets, styles, pictures.
const MOST_PARTS: usize = 1_000;
/// All of it unpacked. XML takes some 100 bytes a cell.
const MOST_UNPACKED: u64 = 256 * 1024 * 1024;
/// Rows of a sheet that are read.
pub(super) const MOST_ROWS: u32 = 200_000;
/// Columns of a sheet that are read.
pub(super) const MOST_COLUMNS: u32 = 1_000;
/// Filled cells of a workbook.
pub(super) const MOST_CELLS: usize = 2_000_000;
/// Bytes of text of all cells: one long text can be meant by many cells.
pub(super) const MOST_TEXT: usize = 64 * 1024 * 1024;

/// Says why a workbook is not to be opened.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("the workbook has {} bytes, more than {MOST_BYTES}", bytes.len()));
    }
    let no_workbook = |error: &dyn std::fmt::Display| format!("the file is not an XLSX workbook: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| no_workbook(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(format!("the workbook has {} parts, more than {MOST_PARTS}", archive.len()));
    }
    let mut left = MOST_UNPACKED;
    for number in 0..archive.len() {
        let part = archive.by_index(number).map_err(|error| no_workbook(&error))?;
        let name = part.name().map_err(|error| no_workbook(&error))?.to_ascii_lowercase();
        let mut part = part.take(left + 1);
        let mut references = References::default();
        let read = if name.contains("worksheets/") {
            io::copy(&mut part, &mut references)
        } else {
            io::copy(&mut part, &mut io::sink())
        };
        let read = read.map_err(|error| no_workbook(&error))?;
        if references.beyond {
            return Err("a sheet of the workbook names a cell that no sheet can have".to_owned());
        }
        if read > left {
            return Err(format!("the workbook unpacks to more than {} MiB", MOST_UNPACKED / 1024 / 1024));
        }
        left -= read;
    }
    Ok(())
}
