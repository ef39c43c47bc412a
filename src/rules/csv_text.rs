//! RFC 4180 with the place of every cell. The `csv` crate names the place of records only, and reads what the RFC
//! does not know: a quote that is never closed would swallow the rest of a table without a word.

/// A cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The content without quotes.
    pub(super) text: String,
    /// Offsets of the cell in the file, quotes included.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

/// A line, or several when a quoted cell spans them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fields: Vec<Field>,
    /// Whether an empty line stands before it.
    pub(super) after_blank: bool,
}

/// Why reading ended before the file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The quote at this offset is never closed.
    Open { at: usize },
    /// Text follows a closing quote.
    After { at: usize },
    /// A quote stands in a cell that is not quoted.
    Inside { at: usize },
    /// A carriage return without a line feed.
    Return { at: usize },
}

/// All records from an offset on, without empty lines, up to the first fault.
pub(super) fn records(text: &str, start: usize, separator: char) -> (Vec<Record>, Option<Stop>) {
    let mut reader = Reader { text, at: start, separator };
    let mut list = Vec::new();
    let mut after_blank = false;
    while reader.at < text.len() {
        let mut record = Record { fields: Vec::new(), after_blank };
        loop {
            match reader.field() {
                Err(stop) => return (list, Some(stop)),
                Ok((field, ends)) => {
                    record.fields.push(field);
                    if ends {
                        break;
                    }
                }
            }
        }
        let is_blank = matches!(record.fields.as_slice(), [only] if only.text.trim().is_empty() && !only.quoted);
        after_blank = is_blank;
        if !is_blank {
            list.push(record);
        }
    }
    (list, None)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    separator: char,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next cell, and whether the record ends with it.
    fn field(&mut self) -> Result<(Field, bool), Stop> {
        let start = self.at;
        let quoted = self.rest().starts_with('"');
        let text = if quoted { self.quoted()? } else { self.plain()? };
        let end = self.at;
        let ends = self.end_of_cell()?;
        Ok((Field { text, start, end, quoted }, ends))
    }

    fn plain(&mut self) -> Result<String, Stop> {
        let rest = self.rest();
        let stops = [self.separator, '"', '\r', '\n'];
        let length = rest.find(stops).unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default().to_owned();
        self.at += length;
        if self.rest().starts_with('"') { Err(Stop::Inside { at: self.at }) } else { Ok(text) }
    }

    fn quoted(&mut self) -> Result<String, Stop> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let length = rest.find('"').ok_or(Stop::Open { at: open })?;
            text.push_str(rest.get(..length).unwrap_or_default());
            self.at += length + 1;
            if !self.rest().starts_with('"') {
                return Ok(text);
            }
            text.push('"');
            self.at += 1;
        }
    }

    /// Steps over what ends a cell; true when it ends the record.
    fn end_of_cell(&mut self) -> Result<bool, Stop> {
        let at = self.at;
        let rest = self.rest();
        let (step, ends) = if rest.is_empty() {
            (0, true)
        } else if rest.starts_with(self.separator) {
            (self.separator.len_utf8(), false)
        } else if rest.starts_with("\r\n") {
            (2, true)
        } else if rest.starts_with('\n') {
            (1, true)
        } else if rest.starts_with('\r') {
            return Err(Stop::Return { at });
        } else {
            return Err(Stop::After { at });
        };
        self.at += step;
        Ok(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, records};

    fn texts(input: &str) -> Vec<Vec<String>> {
        let (list, stop) = records(input, 0, ',');
        assert_eq!(stop, None);
        list.into_iter().map(|record| record.fields.into_iter().map(|field| field.text).collect()).collect()
    }

    #[test]
    fn quotes_line_ends_and_empty_lines() {
        assert_eq!(texts("a,b\r\n\r\n\"x,\"\"y\"\"\nz\",\n"), [["a", "b"], ["x,\"y\"\nz", ""]]);
        assert_eq!(texts("a,"), [["a", ""]]);
        assert_eq!(texts("\"\"\n"), [[""]]);
    }

    #[test]
    fn places_are_those_of_the_file() {
        let (list, _) = records("a,\"b\"\nc,dd", 0, ',');
        let places: Vec<_> = list.iter().flat_map(|record| &record.fields).map(|f| (f.start, f.end)).collect();
        assert_eq!(places, [(0, 1), (2, 5), (6, 7), (8, 10)]);
    }

    #[test]
    fn what_the_rfc_does_not_know_stops_the_reading() {
        assert_eq!(records("a,\"b\nc,d\n", 0, ',').1, Some(Stop::Open { at: 2 }));
        assert_eq!(records("\"a\"b", 0, ',').1, Some(Stop::After { at: 3 }));
        assert_eq!(records("a\"b", 0, ',').1, Some(Stop::Inside { at: 1 }));
        assert_eq!(records("a\rb", 0, ',').1, Some(Stop::Return { at: 1 }));
    }
}
