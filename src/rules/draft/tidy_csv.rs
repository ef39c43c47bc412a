//! CSV in one style: the id first, quotes only where they are needed, no blanks around values, at most one empty line
//! between rows. The separator (with the line `sep=;` of Excel), the byte order mark and the kind of line ends stay: a
//! spreadsheet set to another language opens the file by them, and git compares lines by them. UTF-16 becomes UTF-8 with the mark, which spreadsheets read as well and which
//! compares line by line.

use csv::Terminator;

use super::csv_form::lines;
use super::grid::cell;
use super::has_crlf;
use crate::rules::column::Key;
use crate::rules::csv_table::{kind_of, pieces, sections, separator_of, told_separator};
use crate::rules::csv_text::{Record, records};
use crate::rules::table::known_key;
use crate::rules::text::Text;

/// `None` when the text is no CSV.
pub(super) fn tidy(text: &Text) -> Option<String> {
    let told = told_separator(&text.content);
    let (start, separator) = told.unwrap_or_else(|| (0, separator_of(&text.content)));
    let (list, stop) = records(&text.content, start, separator);
    if stop.is_some() {
        return None;
    }
    let (end, terminator) =
        if has_crlf(&text.content) { ("\r\n", Terminator::CRLF) } else { ("\n", Terminator::Any(b'\n')) };
    let mut tidied = String::new();
    if text.has_mark() {
        tidied.push('\u{feff}');
    }
    if told.is_some() {
        tidied.extend(["sep=", separator.encode_utf8(&mut [0; 4]), end]);
    }
    let separator = u8::try_from(separator).ok()?;
    for (number, (header, rows)) in sections(&list).into_iter().enumerate() {
        let kind = kind_of(header);
        let keys: Vec<Option<Key>> = header.fields.iter().map(|field| known_key(field.text.trim(), kind)).collect();
        let mut places: Vec<usize> = (0..keys.len()).collect();
        places.sort_by_key(|place| !matches!(keys.get(*place), Some(Some(Key::Id | Key::Person))));
        if number > 0 {
            tidied.push_str(end);
        }
        let names = places.iter().filter_map(|place| header.fields.get(*place));
        tidied += &lines(separator, terminator, [&names.map(|field| field.text.trim().to_owned()).collect()]);
        for row in rows {
            if row.after_blank {
                tidied.push_str(end);
            }
            tidied += &lines(separator, terminator, [&cells(row, &keys, &places)]);
        }
    }
    Some(tidied)
}

fn cells(row: &Record, keys: &[Option<Key>], places: &[usize]) -> Vec<String> {
    let tidied = places.iter().map(|place| match (row.fields.get(*place), keys.get(*place)) {
        (Some(field), Some(Some(key))) => {
            let values: Vec<String> = pieces(&field.text, key).into_iter().map(str::to_owned).collect();
            cell(key, &values).replace("\r\n", "\n")
        }
        (field, _) => field.map(|field| field.text.trim().to_owned()).unwrap_or_default(),
    });
    tidied.collect()
}
