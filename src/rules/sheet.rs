//! A plain CSV file of any columns, read as tables are: the same encodings, separators and faults.

use super::compile::Source;
use super::csv_table::told_separator;
use super::csv_text::{Stop, records};
use super::text::Text;

/// A header and the rows below it, each with as many cells as the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// The header's cells, trimmed.
    pub header: Vec<String>,
    /// The rows, each with the line that it begins on.
    pub rows: Vec<(u32, Vec<String>)>,
}

/// Reads a file whole, or says in a sentence what is wrong with it: a file that is cut off must not pass for a shorter one.
pub fn sheet(source: &Source, limit: usize) -> Result<Sheet, String> {
    let text = Text::decode_within(source, limit).map_err(|finding| match finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message,
    })?;
    let content = text.content.as_str();
    let line = |at: usize| text.place(at..at).line;
    let (start, separator) = told_separator(content).unwrap_or_else(|| (0, separator_of(content)));
    let (list, stop) = records(content, start, separator);
    if let Some(stop) = stop {
        return Err(match stop {
            Stop::Open { at } => format!("line {}: a quote is never closed, so the file may be cut off", line(at)),
            Stop::After { at } => format!("line {}: text follows a closing quote", line(at)),
            Stop::Inside { at } => format!("line {}: a quote stands in a cell that is not quoted", line(at)),
            Stop::Return { at } => format!("line {}: a carriage return without a line feed", line(at)),
        });
    }
    let mut list = list.into_iter();
    let header = list.next().ok_or("the file has no header")?;
    let header: Vec<String> = header.fields.into_iter().map(|field| field.text.trim().to_owned()).collect();
    let mut rows = Vec::new();
    for record in list {
        let at = line(record.fields.first().map_or(0, |field| field.start));
        if record.fields.len() != header.len() {
            let (found, wanted) = (record.fields.len(), header.len());
            return Err(format!("line {at}: {found} cells where the header has {wanted}, so the file may be cut off"));
        }
        rows.push((at, record.fields.into_iter().map(|field| field.text).collect()));
    }
    Ok(Sheet { header, rows })
}

/// The separator that the header has most of; a comma where it has none.
fn separator_of(text: &str) -> char {
    let header = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    let mut best = (0, ',');
    for separator in [',', ';', '\t'] {
        let (list, _) = records(header, 0, separator);
        let cells = list.first().map_or(0, |record| record.fields.len());
        if cells > best.0 {
            best = (cells, separator);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Sheet, String> {
        sheet(&Source { path: "people.csv".into(), bytes: bytes.to_vec() }, 1 << 20)
    }

    #[test]
    fn the_header_tells_the_separator_and_rows_know_their_lines() {
        for separator in [",", ";", "\t"] {
            let text = format!("\u{feff}id{separator} job \r\n1{separator}\"a\r\nb\"\r\n2{separator}c");
            let sheet = read(text.as_bytes()).unwrap();
            assert_eq!(sheet.header, ["id", "job"]);
            assert_eq!(sheet.rows, [(2, vec!["1".into(), "a\r\nb".into()]), (4, vec!["2".into(), "c".into()])]);
        }
    }

    #[test]
    fn a_file_that_is_cut_off_or_of_another_encoding_is_no_shorter_file() {
        for (bytes, told) in [
            (&b"id,job\n1,\"a"[..], "line 2: a quote is never closed"),
            (b"id,job\n1,a\n2", "line 3: 1 cells where the header has 2"),
            (b"id,job\n1,J\xfcrgen\n", "UTF-8"),
            (b"", "no header"),
        ] {
            let why = read(bytes).unwrap_err();
            assert!(why.contains(told), "{why}");
        }
        assert!(sheet(&Source { path: "p".into(), bytes: vec![b'a'; 9] }, 8).unwrap_err().contains("more than 8"));
    }
}
