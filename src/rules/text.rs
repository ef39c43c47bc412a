//! Bytes of a file become text in which every place can be named.
//!
//! UTF-8 with or without a byte order mark, and UTF-16 with one. Anything else is refused with a word on how to save
//! the file, because a guess would silently change names of people and departments.

use std::ops::Range;

use super::code::{self, Code};
use super::{Finding, Place, Related, Source};

/// The largest file of a table. A row takes about 130 bytes, so that 100,000 rows fit; it bounds memory.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// The text of one file.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) path: String,
    pub(super) content: String,
    /// Bytes of the byte order mark.
    base: usize,
    /// Whether the file is UTF-16, so that offsets in the text are not offsets in the file.
    wide: bool,
    /// Offset in `content` of the first byte of every line.
    starts: Vec<usize>,
}

/// A piece of one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) file: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) const fn new(file: usize, start: usize, end: usize) -> Self {
        Self { file, start, end }
    }

    pub(super) fn of(file: usize, range: Range<usize>) -> Self {
        Self::new(file, range.start, range.end)
    }
}

const SAVE_AS: &str = "save the file as UTF-8; in Excel choose \"CSV UTF-8 (comma delimited)\"";

impl Text {
    /// Decodes a file, or says why that is not possible.
    pub(super) fn decode(source: &Source) -> Result<Self, Box<Finding>> {
        Self::decode_within(source, MAX_FILE_BYTES)
    }

    /// The same of a file that may be larger than a table.
    pub(super) fn decode_within(source: &Source, limit: usize) -> Result<Self, Box<Finding>> {
        let bytes = source.bytes.as_slice();
        if bytes.len() > limit {
            let message = format!("the file has {} bytes, more than {limit}", bytes.len());
            let this = Self::new(source.path.clone(), String::new(), 0, false);
            let help = "split the table into several files";
            return Err(Box::new(this.finding(code::FILE_SIZE, 0..0, message, help)));
        }
        let (decoded, base, wide) = match bytes {
            [0xEF, 0xBB, 0xBF, rest @ ..] => (utf8(rest), 3, false),
            [0xFF, 0xFE, rest @ ..] => (utf16(rest, u16::from_le_bytes), 2, true),
            [0xFE, 0xFF, rest @ ..] => (utf16(rest, u16::from_be_bytes), 2, true),
            all => (utf8(all), 0, false),
        };
        let text = decoded.map_err(|before| {
            let at = before.len();
            let byte = bytes.get(base + at).copied().filter(|_| !wide);
            let this = Self::new(source.path.clone(), before, base, wide);
            let message = match byte {
                None => "the file is not UTF-16 text from here on".to_owned(),
                Some(byte) => not_utf8(this.place(at..at).line, byte),
            };
            Box::new(this.finding(code::ENCODING, at..at, message, SAVE_AS))
        })?;
        let this = Self::new(source.path.clone(), text, base, wide);
        if let Some(at) = this.content.find('\0') {
            let message = "the file holds a NUL character, as UTF-16 without a byte order mark does".to_owned();
            return Err(Box::new(this.finding(code::ENCODING, at..at + 1, message, SAVE_AS)));
        }
        Ok(this)
    }

    fn new(path: String, content: String, base: usize, wide: bool) -> Self {
        let starts = std::iter::once(0).chain(content.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path, content, base, wide, starts }
    }

    /// The place of a piece of this text.
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        let start = floor(&self.content, range.start);
        let end = floor(&self.content, range.end.max(range.start));
        let line = self.starts.partition_point(|first| *first <= start).max(1);
        let first = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.content.get(first..start).unwrap_or_default();
        let upto = self.bytes_in_file(self.content.get(..start).unwrap_or_default());
        Place {
            file: self.path.clone(),
            line: number(line),
            column: number(before.chars().count() + 1),
            offset: self.base + upto,
            length: self.bytes_in_file(self.content.get(start..end).unwrap_or_default()),
        }
    }

    /// Whether the file begins with a byte order mark.
    pub(super) const fn has_mark(&self) -> bool {
        self.base > 0
    }

    fn bytes_in_file(&self, text: &str) -> usize {
        if self.wide { text.encode_utf16().count() * 2 } else { text.len() }
    }

    fn finding(&self, code: Code, range: Range<usize>, message: String, help: impl Into<String>) -> Finding {
        Finding::new(Some(self.place(range)), code.id, code.severity, message).with_help(help)
    }
}

/// What stands where UTF-8 ends, and what it would be in the encoding that Excel saves plain CSV in.
fn not_utf8(line: u32, byte: u8) -> String {
    // Windows-1252 differs from Latin-1 in these; a few of them are unused.
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let letter = byte.checked_sub(0x80).map(|at| HIGH.get(usize::from(at)).copied().unwrap_or(char::from(byte)));
    let letter = letter.filter(|letter| !letter.is_control() && !letter.is_whitespace());
    let meant = letter.map(|letter| format!(", which is `{letter}` in Windows-1252 (Latin-1)")).unwrap_or_default();
    format!("the file is not UTF-8 text from line {line} on: byte 0x{byte:02X}{meant}")
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The text, or the text before the first byte that is none.
fn utf8(bytes: &[u8]) -> Result<String, String> {
    let decoded = std::str::from_utf8(bytes).map(str::to_owned);
    decoded.map_err(|error| String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default()).into_owned())
}

fn utf16(bytes: &[u8], word: fn([u8; 2]) -> u16) -> Result<String, String> {
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let words = pairs.filter_map(|pair| Some(word([*pair.first()?, *pair.get(1)?])));
    let mut text = String::with_capacity(bytes.len());
    for decoded in char::decode_utf16(words) {
        match decoded {
            Ok(letter) => text.push(letter),
            Err(_) => return Err(text),
        }
    }
    if odd { Err(text) } else { Ok(text) }
}

/// More findings than this in one table help nobody, and placing them takes time.
pub(super) const MAX_FINDINGS: usize = 1_000;

/// Collects what is wrong, with places.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    files: &'a [Text],
    list: Vec<Finding>,
    more: usize,
}

impl<'a> Findings<'a> {
    pub(super) const fn new(files: &'a [Text], list: Vec<Finding>) -> Self {
        Self { files, list, more: 0 }
    }

    /// Notes a finding at a piece of a file.
    pub(super) fn add(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        if self.list.len() >= MAX_FINDINGS {
            self.more += 1;
            return;
        }
        if let Some(file) = self.files.get(span.file) {
            self.list.push(file.finding(code, span.start..span.end, message.into(), help));
        }
    }

    /// Notes a finding that several places have a part in: what stands at the first, and at the others.
    pub(super) fn add_labelled(
        &mut self,
        code: Code,
        (span, label): (Span, String),
        others: Vec<(Span, String)>,
        message: String,
        help: String,
    ) {
        let before = self.list.len();
        self.add(code, span, message, help);
        let files = self.files;
        if let Some(finding) = self.list.get_mut(before) {
            finding.label = Some(label).filter(|text| !text.is_empty());
            let place = |span: Span| files.get(span.file).map(|file| file.place(span.start..span.end));
            let related =
                others.into_iter().filter_map(|(span, message)| Some(Related { place: place(span)?, message }));
            finding.related = related.collect();
        }
    }

    /// Notes a finding at a place that was worked out before.
    pub(super) fn add_at(&mut self, code: Code, place: &Place, message: String, help: String) {
        if self.list.len() >= MAX_FINDINGS {
            self.more += 1;
            return;
        }
        self.list.push(Finding::new(Some(place.clone()), code.id, code.severity, message).with_help(help));
    }

    /// Notes a finding that was made elsewhere.
    pub(super) fn push(&mut self, finding: Finding) {
        if self.list.len() >= MAX_FINDINGS {
            self.more += 1;
        } else {
            self.list.push(finding);
        }
    }

    /// The place of a piece of a file.
    pub(super) fn place(&self, span: Span) -> Option<Place> {
        self.files.get(span.file).map(|file| file.place(span.start..span.end))
    }

    /// The findings, ordered by place.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        let by_place = |a: &Finding, b: &Finding| {
            let key = |finding: &Finding| finding.place.clone().map(|place| (place.file, place.offset, place.line));
            (key(a), &a.code, &a.message).cmp(&(key(b), &b.code, &b.message))
        };
        self.list.sort_by(by_place);
        if self.more > 0 {
            let code = code::TOO_MANY;
            let place = self.list.last().and_then(|last| last.place.clone());
            let message = format!("{} more findings are not shown", self.more);
            let finding = Finding::new(place, code.id, code.severity, message);
            self.list.push(finding.with_help("mend those above and check again"));
        }
        self.list
    }
}
