//! The lines that a finding points into, for miette: only these, whole, of any number of files. Lines around them help
//! little and may hold what nobody should see.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::Sources;
use crate::rules::{Finding, Place};

/// A line longer than this is not shown: it is data, and nobody finds anything in it.
const LONGEST_LINE: usize = 400;

/// So many places are shown; a finding about hundreds of rows names the first of them.
const MOST_LABELS: usize = 12;

/// Lines one after the other, as if they were one text.
#[derive(Debug)]
pub(super) struct Excerpt {
    text: String,
    lines: Vec<Line>,
    marks: Vec<Mark>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    /// The file of the finding itself comes first, then others by name.
    elsewhere: bool,
    file: String,
    /// From 0.
    number: usize,
    text: String,
    /// Where it begins in the excerpt.
    start: usize,
}

#[derive(Debug)]
struct Mark {
    primary: bool,
    start: usize,
    length: usize,
    /// In the file, in characters, from 0.
    column: usize,
    label: Option<String>,
}

impl Excerpt {
    /// `None` when the finding's own line is not there, or has nothing in it that a person could look at.
    pub(super) fn of(finding: &Finding, place: &Place, sources: &Sources) -> Option<Self> {
        let (line, within) = Line::of(place, place, sources)?;
        let mut found = vec![(line, within, place, finding.label.clone())];
        for related in finding.related.iter().take(MOST_LABELS - 1) {
            if let Some((line, within)) = Line::of(&related.place, place, sources) {
                let label = Some(related.message.clone()).filter(|text| !text.is_empty());
                found.push((line, within, &related.place, label));
            }
        }
        let mut lines: Vec<Line> = found.iter().map(|(line, ..)| line.clone()).collect();
        lines.sort();
        lines.dedup();
        let mut text = String::new();
        for line in &mut lines {
            line.start = text.len();
            text.push_str(&line.text);
            text.push('\n');
        }
        let marks = found.into_iter().enumerate().filter_map(|(number, (line, within, place, label))| {
            let same = |other: &&Line| other.file == line.file && other.number == line.number;
            let start = lines.iter().find(same)?.start + within;
            let length = place.length.min(line.text.len().saturating_sub(within));
            Some(Mark { primary: number == 0, start, length, column: from_zero(place.column), label })
        });
        let marks = marks.collect();
        Some(Self { text, lines, marks })
    }

    pub(super) fn labels(&self) -> Vec<LabeledSpan> {
        let label = |mark: &Mark| {
            let span = (mark.start, mark.length);
            if mark.primary {
                LabeledSpan::new_primary_with_span(mark.label.clone(), span)
            } else {
                LabeledSpan::new_with_span(mark.label.clone(), span)
            }
        };
        self.marks.iter().map(label).collect()
    }

    /// The lines that a span of the excerpt touches; `None` unless they follow each other in one file.
    fn touched(&self, start: usize, end: usize) -> Option<&[Line]> {
        let number = |at: usize| self.lines.partition_point(|line| line.start <= at).checked_sub(1);
        let touched = self.lines.get(number(start)?..=number(end)?)?;
        let follow = touched.windows(2).all(|pair| match pair {
            [one, other] => one.file == other.file && one.number + 1 == other.number,
            _ => true,
        });
        follow.then_some(touched)
    }
}

impl Line {
    /// The line of a place, and where in it the place begins.
    fn of(place: &Place, primary: &Place, sources: &Sources) -> Option<(Self, usize)> {
        let text = sources.get(&place.file)?;
        let offset = sources.offset(&place.file, place.offset)?;
        let start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
        let end = text.get(offset..)?.find('\n').map_or(text.len(), |at| offset + at);
        let line = text.get(start..end)?.trim_end();
        let without_mark = line.strip_prefix('\u{feff}').unwrap_or(line);
        let (mark, line) = (line.len() - without_mark.len(), without_mark);
        let shown = line.len() <= LONGEST_LINE && !line.trim().is_empty();
        let this = Self {
            elsewhere: place.file != primary.file,
            file: place.file.clone(),
            number: from_zero(place.line),
            text: line.to_owned(),
            start: 0,
        };
        let within = (offset - start).saturating_sub(mark).min(line.len());
        shown.then_some((this, within))
    }
}

fn from_zero(from_one: u32) -> usize {
    usize::try_from(from_one.saturating_sub(1)).unwrap_or_default()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let touched = self.touched(span.offset(), span.offset() + span.len()).ok_or(MietteError::OutOfBounds)?;
        let (Some(first), Some(last)) = (touched.first(), touched.last()) else {
            return Err(MietteError::OutOfBounds);
        };
        let end = last.start + last.text.len();
        let data = self.text.get(first.start..end).ok_or(MietteError::OutOfBounds)?;
        // miette asks without lines around to learn the place for its heading, with some for what it draws.
        let mark = self.marks.iter().find(|mark| mark.start == span.offset());
        let column = mark.filter(|_| lines_before + lines_after == 0).map_or(0, |mark| mark.column);
        let whole = (first.start, data.len()).into();
        let contents = MietteSpanContents::new(data.as_bytes(), whole, first.number, column, touched.len());
        Ok(Box::new(NamedContents { file: &first.file, contents }))
    }
}

/// Contents that say which file they are of; those of miette can only once they own the name.
struct NamedContents<'a> {
    file: &'a str,
    contents: MietteSpanContents<'a>,
}

impl<'a> SpanContents<'a> for NamedContents<'a> {
    fn data(&self) -> &'a [u8] {
        self.contents.data()
    }

    fn span(&self) -> &SourceSpan {
        self.contents.span()
    }

    fn name(&self) -> Option<&str> {
        Some(self.file)
    }

    fn line(&self) -> usize {
        self.contents.line()
    }

    fn column(&self) -> usize {
        self.contents.column()
    }

    fn line_count(&self) -> usize {
        self.contents.line_count()
    }
}
