//! Findings for people and for programs. Used for configuration, catalog and rules alike.

use std::fmt::Write as _;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError, MietteSpanContents, Report,
    SourceCode, SourceSpan, SpanContents,
};
use serde_json::{Value, json};

use super::Sources;
use crate::rules::{Finding, Place, Severity};

/// A line longer than this is not shown: it is data, and nobody finds anything in it.
const LONGEST_LINE: usize = 400;

/// Whether nothing stops the program.
pub fn is_ok(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.severity == Severity::Warning)
}

/// All findings as text, in the order given: file, line, column, the offending text, help; then how many there are.
/// Nothing at all when there are none.
pub fn text(findings: &[Finding], sources: &Sources, color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_links(false);
    let mut out = String::new();
    for finding in findings {
        let report = report(finding, sources);
        if handler.render_report(&mut out, report.as_ref()).is_err() {
            // The renderer fails only on sources it cannot read; the words still have to be seen.
            out.push_str(&line(finding));
        }
        out.push('\n');
    }
    if !findings.is_empty() {
        out.push_str(&summary(findings));
        out.push('\n');
    }
    out
}

/// One finding on one line: `seatwarden.toml:4:1: error C006: …`.
pub fn line(finding: &Finding) -> String {
    let mut out = String::new();
    if let Some(place) = &finding.place {
        out.push_str(&at(place));
        out.push_str(": ");
    }
    let written = write!(out, "{} {}: {}", finding.severity, finding.code, finding.message);
    debug_assert!(written.is_ok(), "writing to a String does not fail");
    out
}

/// `check -o json`: `{"ok":…,"findings":[…]}`. Every field is always there; what is not known is null.
pub fn json(findings: &[Finding]) -> Value {
    let rows: Vec<Value> = findings.iter().map(row).collect();
    json!({ "ok": is_ok(findings), "findings": rows })
}

fn row(finding: &Finding) -> Value {
    let place = finding.place.as_ref();
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "file": place.map(|place| &place.file),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "message": finding.message,
        "help": finding.help,
    })
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = |number: usize, word: &str| match number {
        0 => None,
        1 => Some(format!("1 {word}")),
        more => Some(format!("{more} {word}s")),
    };
    let parts = [counted(count(Severity::Error), "error"), counted(count(Severity::Warning), "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn report(finding: &Finding, sources: &Sources) -> Report {
    let severity = match finding.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
    };
    let mut diagnostic = MietteDiagnostic::new(&finding.message).with_code(&finding.code).with_severity(severity);
    if let Some(help) = &finding.help {
        diagnostic = diagnostic.with_help(help);
    }
    let Some(place) = &finding.place else { return Report::new(diagnostic) };
    let Some(line) = OneLine::of(place, sources) else {
        diagnostic.message = format!("{}: {}", at(place), finding.message);
        return Report::new(diagnostic);
    };
    let label = LabeledSpan::new(None, place.offset, line.marked);
    Report::new(diagnostic.with_label(label)).with_source_code(line)
}

fn at(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// The offending line, whole and alone: lines around it help little and may hold what nobody should see.
#[derive(Debug)]
struct OneLine {
    file: String,
    text: String,
    /// Where the line begins in its file.
    start: usize,
    /// The line, from 0.
    number: usize,
    /// The column, from 0.
    column: usize,
    /// Bytes of the offending text on this line.
    marked: usize,
}

impl OneLine {
    /// `None` when there is no such text, or nothing in it that a person could look at.
    fn of(place: &Place, sources: &Sources) -> Option<Self> {
        let text = sources.get(&place.file)?;
        let start = text.get(..place.offset)?.rfind('\n').map_or(0, |at| at + 1);
        let end = text.get(place.offset..)?.find('\n').map_or(text.len(), |at| place.offset + at);
        let line = text.get(start..end)?.trim_end();
        let shown = line.len() <= LONGEST_LINE && !line.trim().is_empty();
        shown.then(|| Self {
            file: place.file.clone(),
            text: line.to_owned(),
            start,
            number: from_zero(place.line),
            column: from_zero(place.column),
            marked: place.length.min((start + line.len()).saturating_sub(place.offset)),
        })
    }
}

fn from_zero(from_one: u32) -> usize {
    usize::try_from(from_one.saturating_sub(1)).unwrap_or_default()
}

impl SourceCode for OneLine {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let span = (self.start, self.text.len()).into();
        // miette asks without lines around to learn the place for its heading, with some for what it draws.
        let column = if lines_before + lines_after == 0 { self.column } else { 0 };
        let contents = MietteSpanContents::new(self.text.as_bytes(), span, self.number, column, 1);
        Ok(Box::new(NamedContents { file: &self.file, contents }))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(offset: usize, length: usize) -> Finding {
        Finding {
            place: Some(Place { file: "a.toml".to_owned(), line: 2, column: 1, offset, length }),
            code: "C006".to_owned(),
            severity: Severity::Error,
            message: "there is no setting `pth`".to_owned(),
            help: Some("did you mean `path`?".to_owned()),
        }
    }

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add("a.toml", text);
        sources
    }

    #[test]
    fn a_finding_shows_place_text_and_help() {
        let shown = text(&[finding(8, 3)], &sources("[store]\npth = 1\nx = 2\n"), false);
        for part in ["C006", "a.toml:2:1", "pth = 1", "there is no setting `pth`", "did you mean `path`?", "1 error"] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        assert!(!shown.contains("x = 2") && !shown.contains('\u{1b}'), "{shown}");
        assert!(text(&[finding(8, 3)], &sources("[store]\npth = 1\n"), true).contains('\u{1b}'));
        assert_eq!(text(&[], &Sources::default(), false), "");
    }

    #[test]
    fn a_finding_without_text_or_with_an_endless_line_still_names_its_place() {
        let long = format!("\n{}", "x".repeat(100_000));
        for sources in [Sources::default(), sources(&long), sources("")] {
            let shown = text(&[finding(1, 5)], &sources, false);
            assert!(shown.contains("a.toml:2:1: there is no setting"), "{shown}");
            assert!(shown.len() < 1_000);
        }
    }

    #[test]
    fn spans_over_lines_and_beyond_the_end_are_cut() {
        let shown = text(&[finding(8, 3000)], &sources("[store]\npth = 1\nx = 2\n"), false);
        assert!(shown.contains("pth = 1") && !shown.contains("x = 2"), "{shown}");
    }

    #[test]
    fn json_has_every_field() {
        let nowhere = Finding { place: None, help: None, severity: Severity::Warning, ..finding(0, 0) };
        assert_eq!(json(std::slice::from_ref(&nowhere))["ok"], true);
        let both = json(&[finding(8, 3), nowhere]);
        assert_eq!(both["ok"], false);
        assert_eq!(
            both["findings"][0],
            json!({"code": "C006", "severity": "error", "file": "a.toml", "line": 2, "column": 1,
                "message": "there is no setting `pth`", "help": "did you mean `path`?"})
        );
        assert_eq!(both["findings"][1]["file"], Value::Null);
        assert_eq!(line(&finding(8, 3)), "a.toml:2:1: error C006: there is no setting `pth`");
    }
}
