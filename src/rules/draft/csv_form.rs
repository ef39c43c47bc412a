//! A draft as CSV: UTF-8, commas, LF, quotes only where they are needed.

use csv::Terminator;

use super::Grid;

pub(super) fn write(grid: &Grid) -> String {
    lines(b',', Terminator::Any(b'\n'), std::iter::once(&grid.header).chain(&grid.rows))
}

/// Records as lines. Nothing can fail here: the writer's place is memory, and every record is as long as it is.
pub(super) fn lines<'r>(separator: u8, end: Terminator, records: impl IntoIterator<Item = &'r Vec<String>>) -> String {
    let mut builder = csv::WriterBuilder::new();
    builder.delimiter(separator).terminator(end).flexible(true);
    let mut writer = builder.from_writer(Vec::new());
    for record in records {
        if writer.write_record(record).is_err() {
            break;
        }
    }
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
