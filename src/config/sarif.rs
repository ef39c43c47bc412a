//! Findings as SARIF 2.1.0, which code hosts and editors read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use serde::Serialize;
use serde_json::{Value, json};

use crate::rules::{Finding, Place, Severity, code};

/// One run. `root` is the folder that relative paths begin at: a file in it is named relative to it, so that a code
/// host finds it in its own copy.
pub fn sarif(findings: &[Finding], root: &str) -> Value {
    let rules = rules(findings);
    let results: Vec<Outcome<'_>> = findings.iter().map(|finding| Outcome::of(finding, &rules, root)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "seatwarden",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_configuration: Option<Configuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

/// A `result`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(rename = "physicalLocation")]
    physical: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    byte_offset: usize,
    byte_length: usize,
}

impl<'a> Outcome<'a> {
    fn of(finding: &'a Finding, rules: &[Rule<'_>], root: &str) -> Self {
        let location = |place: &Place| Location::new(place, root, finding.label.as_deref(), None);
        let related = finding.related.iter().zip(1..);
        Self {
            rule_id: &finding.code,
            rule_index: rules.iter().position(|rule| rule.id == finding.code),
            level: level(finding.severity),
            message: Message { text: message(finding) },
            locations: finding.place.iter().map(location).collect(),
            related_locations: related
                .map(|(related, id)| Location::new(&related.place, root, Some(&related.message), Some(id)))
                .collect(),
        }
    }
}

impl Location {
    fn new(place: &Place, root: &str, message: Option<&str>, id: Option<u32>) -> Self {
        let region = Region {
            start_line: place.line,
            start_column: place.column,
            byte_offset: place.offset,
            byte_length: place.length,
        };
        let physical = Physical { artifact_location: Artifact::new(&place.file, root), region };
        let message = message.filter(|text| !text.is_empty()).map(|text| Message { text: text.to_owned() });
        Self { id, physical, message }
    }
}

impl Artifact {
    fn new(file: &str, root: &str) -> Self {
        let inside = file.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).filter(|_| !root.is_empty());
        let path = inside.unwrap_or_else(|| file.strip_prefix("./").unwrap_or(file));
        if path.starts_with('/') {
            Self { uri: format!("file://{}", encoded(path)), uri_base_id: None }
        } else {
            Self { uri: encoded(path), uri_base_id: Some("%SRCROOT%") }
        }
    }
}

/// What the findings are kinds of: every kind about rules, and those of other files that were found.
fn rules(findings: &[Finding]) -> Vec<Rule<'_>> {
    let known = code::ALL.iter().map(|code| Rule {
        id: code.id,
        short_description: Some(Message { text: code.title.to_owned() }),
        default_configuration: Some(Configuration { level: level(code.severity) }),
        help: Some(Message { text: format!("`seatwarden rules explain {}` tells more", code.id) }),
    });
    let is_known = |id: &str| code::ALL.iter().any(|code| code.id == id);
    let mut others: Vec<&str> =
        findings.iter().map(|finding| finding.code.as_str()).filter(|id| !is_known(id)).collect();
    others.sort_unstable();
    others.dedup();
    let others =
        others.into_iter().map(|id| Rule { id, short_description: None, default_configuration: None, help: None });
    known.chain(others).collect()
}

fn message(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A path as the path of a URI.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Artifact, encoded};

    #[test]
    fn paths_are_uris() {
        let uri = |file: &str| Artifact::new(file, "/srv/desk").uri;
        assert_eq!(uri("/srv/desk/rules/a b.csv"), "rules/a%20b.csv");
        assert_eq!(uri("./rules/a.csv"), "rules/a.csv");
        assert_eq!(uri("/srv/desks/a.csv"), "file:///srv/desks/a.csv");
        assert_eq!(encoded("grün#1"), "gr%C3%BCn%231");
    }
}
