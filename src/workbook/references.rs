//! References to cells in the XML of a sheet (`r="B7"`, `ref="A1:C9"`), looked at before a reader computes with them:
//! no sheet has more than three letters of columns or seven digits of rows.

use std::io::{self, Write};

const MOST_LETTERS: u32 = 3;
const MOST_DIGITS: u32 = 7;
/// Longer than the names of the attributes that are looked at.
const NAME: usize = 4;
/// The end of a piece that may be the beginning of a name.
const TAIL: usize = 64;

/// Takes the XML of a sheet in pieces and remembers whether a reference lies outside of every sheet.
#[derive(Debug, Default)]
pub(super) struct References {
    state: State,
    /// The last attribute's name, or the beginning of it, and whether it is complete.
    name: Vec<u8>,
    ended: bool,
    /// Whether a reference was found that no sheet can have.
    pub(super) beyond: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Outside,
    /// Behind `r =`.
    Equals,
    Value {
        quote: u8,
        letters: u32,
        digits: u32,
        beyond: bool,
    },
}

impl References {
    fn byte(&mut self, byte: u8) {
        self.state = match self.state {
            State::Outside => self.outside(byte),
            State::Equals if byte.is_ascii_whitespace() => State::Equals,
            State::Equals if matches!(byte, b'"' | b'\'') => {
                State::Value { quote: byte, letters: 0, digits: 0, beyond: false }
            }
            State::Equals => State::Outside,
            State::Value { quote, beyond, .. } if byte == quote => {
                self.beyond |= beyond;
                State::Outside
            }
            State::Value { quote, letters, digits, beyond } => {
                let (letters, digits) = match byte {
                    b'A'..=b'Z' | b'a'..=b'z' => (letters.saturating_add(1), 0),
                    b'0'..=b'9' => (0, digits.saturating_add(1)),
                    _ => (0, 0),
                };
                let beyond = beyond || letters > MOST_LETTERS || digits > MOST_DIGITS;
                State::Value { quote, letters, digits, beyond }
            }
        };
    }

    fn outside(&mut self, byte: u8) -> State {
        if byte == b'=' {
            let is_reference = matches!(self.name.as_slice(), b"r" | b"ref");
            self.name.clear();
            return if is_reference { State::Equals } else { State::Outside };
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.') {
            if std::mem::take(&mut self.ended) {
                self.name.clear();
            }
            if self.name.len() < NAME {
                self.name.push(byte);
            }
        } else if byte.is_ascii_whitespace() {
            self.ended = true;
        } else {
            self.name.clear();
        }
        State::Outside
    }
}

impl Write for References {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // No reference begins or ends in a piece without these two; bombs are long and hold little else than padding.
        let is_idle = matches!(self.state, State::Outside) && !self.name.starts_with(b"r");
        let is_padding = is_idle && bytes.len() > TAIL && !bytes.contains(&b'=') && !bytes.contains(&b'r');
        let skipped = if is_padding { bytes.len().saturating_sub(TAIL) } else { 0 };
        if is_padding {
            self.name.clear();
        }
        for byte in bytes.iter().skip(skipped) {
            self.byte(*byte);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::References;

    fn is_beyond(xml: &str) -> bool {
        let mut references = References::default();
        // Byte by byte: a reference may lie across two pieces.
        for byte in xml.bytes() {
            references.write_all(&[byte]).unwrap();
        }
        references.beyond
    }

    #[test]
    fn references_beyond_every_sheet() {
        for xml in [
            r#"<c r="ZZZZZZZ99999999999">"#,
            r#"<c t="str" r = 'ABCD1'>"#,
            r#"<row r="12345678">"#,
            r#"<dimension ref="A1:ZZZZZZZ9"/>"#,
            r#"<mergeCell ref="A1:B99999999"/>"#,
        ] {
            assert!(is_beyond(xml), "{xml}");
        }
        for xml in [
            r#"<c r="XFD1048576" s="123456789">"#,
            r#"<dimension ref="$A$1:XFD1048576"/>"#,
            r#"<sheet r:id="rId123456789"/>"#,
            r#"<v>r="ZZZZ"#,
            r#"<x attr="ABCDE1"/>"#,
        ] {
            assert!(!is_beyond(xml), "{xml}");
        }
    }
}
