//! The texts that findings point into, with what must not be shown blotted out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::rules::{Place, Source};

/// Files by their path as findings name it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, Arc<str>>,
    /// Files that are UTF-16, so that offsets in their text are not offsets in the file.
    wide: BTreeSet<String>,
}

impl Sources {
    /// Keeps a text to show parts of.
    pub fn add(&mut self, file: impl Into<String>, text: impl Into<Arc<str>>) {
        self.files.insert(file.into(), text.into());
    }

    /// Keeps the files of a rules table. What cannot be decoded is shown as `\u{fffd}`: the only finding in such a file
    /// is where that begins.
    pub fn add_rules(&mut self, rules: &[Source]) {
        for source in rules {
            let words = |word: fn([u8; 2]) -> u16| {
                let pairs = source.bytes.chunks_exact(2).skip(1);
                let words = pairs.filter_map(|pair| Some(word([*pair.first()?, *pair.get(1)?]))).collect::<Vec<_>>();
                String::from_utf16_lossy(&words)
            };
            let wide = match source.bytes.as_slice() {
                [0xFF, 0xFE, ..] => Some(words(u16::from_le_bytes)),
                [0xFE, 0xFF, ..] => Some(words(u16::from_be_bytes)),
                _ => None,
            };
            if wide.is_some() {
                self.wide.insert(source.path.clone());
            }
            let text = wide.unwrap_or_else(|| String::from_utf8_lossy(&source.bytes).into_owned());
            self.add(source.path.clone(), text);
        }
    }

    /// Where in the text of a file the byte of the file stands.
    pub(super) fn offset(&self, file: &str, byte: usize) -> Option<usize> {
        if !self.wide.contains(file) {
            return Some(byte);
        }
        let mut words = byte.checked_sub(2)? / 2;
        let text = self.files.get(file)?;
        let mut at = 0;
        for letter in text.chars() {
            let Some(rest) = words.checked_sub(letter.len_utf16()) else { break };
            (words, at) = (rest, at + letter.len_utf8());
        }
        Some(at)
    }

    /// The text of a file.
    pub fn get(&self, file: &str) -> Option<&Arc<str>> {
        self.files.get(file)
    }

    /// Overwrites a part of a file with as many `*` bytes; line breaks stay so that lines keep their numbers.
    pub(super) fn blot(&mut self, file: &str, span: &Range<usize>) {
        if let Some(text) = self.files.get(file) {
            let bytes = text
                .bytes()
                .enumerate()
                .map(|(at, byte)| if span.contains(&at) && !matches!(byte, b'\n' | b'\r') { b'*' } else { byte })
                .collect();
            if let Ok(blotted) = String::from_utf8(bytes) {
                self.files.insert(file.to_owned(), blotted.into());
            }
        }
    }
}

/// A text with the offsets at which its lines begin, so that many places are found quickly.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    text: Arc<str>,
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text: text.into(), starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The place of a span of bytes; a span that does not fit the text is moved into it.
    pub(super) fn place(&self, file: &str, span: &Range<usize>) -> Place {
        let offset = self.text.floor_char_boundary(span.start);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default().trim_start_matches('\u{feff}');
        Place {
            file: file.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
            offset,
            length: self.text.ceil_char_boundary(span.end).saturating_sub(offset),
        }
    }
}

/// The place of a span of bytes in a text. For more than a few places in one text keep the lines.
pub fn place(file: &str, text: &str, span: &Range<usize>) -> Place {
    Lines::new(text).place(file, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_ignores_a_byte_order_mark() {
        let text = "\u{feff}a = 1\nü = \"ß\"\n";
        let at = text.find('ß').unwrap();
        let found = place("f", text, &(at..at + 2));
        assert_eq!((found.line, found.column, found.length), (2, 6, 2));
        let first = place("f", text, &(3..4));
        assert_eq!((first.line, first.column, first.offset), (1, 1, 3));
    }

    #[test]
    fn a_span_outside_or_inside_a_character_is_moved() {
        let found = place("f", "ü", &(1..90));
        assert_eq!((found.line, found.column, found.offset, found.length), (1, 1, 0, 2));
    }

    #[test]
    fn blotting_keeps_lengths_and_lines() {
        let mut sources = Sources::default();
        sources.add("f", "a = 'sü\nß' # x");
        sources.blot("f", &(4..12));
        assert_eq!(&**sources.get("f").unwrap(), "a = ****\n*** # x");
    }
}
