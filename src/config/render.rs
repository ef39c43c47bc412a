//! Findings for people and for programs. Used for configuration, catalog and rules alike.

use std::fmt::Write as _;

use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic, Report};
use serde_json::{Value, json};

use super::Sources;
use super::excerpt::Excerpt;
use crate::rules::{Finding, Place, Related, Severity};

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
        "label": finding.label,
        "related": finding.related.iter().map(related).collect::<Vec<_>>(),
    })
}

fn related(related: &Related) -> Value {
    let Place { file, line, column, .. } = &related.place;
    json!({ "file": file, "line": line, "column": column, "message": related.message })
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
    let Some(excerpt) = Excerpt::of(finding, place, sources) else {
        diagnostic.message = format!("{}: {}", at(place), finding.message);
        return Report::new(diagnostic);
    };
    Report::new(diagnostic.with_labels(excerpt.labels())).with_source_code(excerpt)
}

fn at(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(offset: usize, length: usize) -> Finding {
        let place = Place { file: "a.toml".to_owned(), line: 2, column: 1, offset, length };
        Finding::new(Some(place), "C006", Severity::Error, "there is no setting `pth`")
            .with_help("did you mean `path`?")
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
    fn every_place_that_has_a_part_is_shown_with_its_word_also_of_another_file() {
        let place = |file: &str, line, offset| Place { file: file.to_owned(), line, column: 1, offset, length: 3 };
        let related = |file, line, offset, message: &str| Related {
            place: place(file, line, offset),
            message: message.to_owned(),
        };
        let mut all = finding(8, 3);
        all.label = Some("here".to_owned());
        all.related =
            vec![related("b.toml", 1, 0, "far away"), related("a.toml", 4, 22, "below"), related("a.toml", 2, 14, "")];
        let mut texts = sources("[store]\npth = 1\nx = 2\nzzz = 3\n");
        texts.add("b.toml", "bbb = 1\n");
        let shown = text(&[all.clone()], &texts, false);
        for part in ["a.toml:2:1", "here", "b.toml:1:1", "far away", "zzz = 3", "below", "bbb = 1"] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        assert!(!shown.contains("x = 2"), "{shown}");
        let related = &json(&[all])["findings"][0]["related"];
        assert_eq!(related[0], json!({"file": "b.toml", "line": 1, "column": 1, "message": "far away"}));
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
                "message": "there is no setting `pth`", "help": "did you mean `path`?",
                "label": null, "related": []})
        );
        assert_eq!(both["findings"][1]["file"], Value::Null);
        assert_eq!(line(&finding(8, 3)), "a.toml:2:1: error C006: there is no setting `pth`");
    }
}
