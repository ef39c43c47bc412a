//! `seatwarden.toml` and the catalog: what is refused and how that is said, what is accepted and what it means.

mod accepted;
mod broken_catalogs;
mod broken_files;
mod files;
mod hostile;
mod overrides;
mod schema;
mod shown;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use seatwarden::config::{self, Failed, Loaded};
use seatwarden::rules::{Finding, Severity};
use tempfile::TempDir;

/// A feed that is right.
const FEED: &str = r#"
[feed.okta]
kind = "okta"
url = "https://acme.okta.com"
auth = { kind = "ssws", token = { file = "t" } }
attributes = { job_code = "profile.jobCode" }
"#;

/// A catalog that is right.
const CATALOG: &str = r#"default_tier = "requester"

[tier.requester]
rank = 0
seats = "unlimited"

[tier.fulfiller]
rank = 20
seats = 120

[addon.major-incident]
seats = 15
requires = ["fulfiller"]
"#;

/// A folder with a configuration and a catalog.
struct Folder {
    dir: TempDir,
    env: BTreeMap<String, String>,
    flags: Vec<(String, String)>,
}

impl Folder {
    fn new(file: impl AsRef<[u8]>, catalog: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("seatwarden.toml"), file).unwrap();
        fs::write(dir.path().join("catalog.toml"), catalog).unwrap();
        Self { dir, env: BTreeMap::new(), flags: Vec::new() }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags.push((key.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn load(&self) -> Result<Loaded, Failed> {
        config::load(&self.path("seatwarden.toml"), &self.env, &self.flags)
    }

    fn loaded(&self) -> Loaded {
        self.load().unwrap_or_else(|failed| panic!("{}", text(&failed.findings, &failed.sources)))
    }

    fn findings(&self) -> Vec<Finding> {
        match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(failed) => {
                assert!(failed.findings.iter().any(|finding| finding.severity == Severity::Error));
                failed.findings
            }
        }
    }
}

fn text(findings: &[Finding], sources: &config::Sources) -> String {
    config::render::text(findings, sources, false)
}

/// `C006 2:1 there is no … | did you mean …`; a warning has `warning` before its code, a finding without place `-`.
fn brief(finding: &Finding) -> String {
    let warning = if finding.severity == Severity::Warning { "warning " } else { "" };
    let place = finding.place.as_ref().map_or("-".to_owned(), |place| format!("{}:{}", place.line, place.column));
    let help = finding.help.as_deref().unwrap_or("no help");
    format!("{warning}{} {place} {} | {help}", finding.code, finding.message)
}

/// Asserts that exactly the `expected` findings come out, in order of their places: each line is code and place, then
/// the beginning of the message, then after ` | ` a part of the help.
fn assert_findings(what: &str, found: &[Finding], expected: &str) {
    let found: Vec<String> = found.iter().map(brief).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let fits = |found: &String, expected: &&str| {
        let (message, help) = expected.split_once(" |").expect("an expected line has a help");
        let help = help.trim();
        let (found_message, found_help) = found.split_once(" | ").unwrap();
        found_message.starts_with(message) && found_help.contains(help)
    };
    let all =
        found.len() == expected.len() && found.iter().zip(&expected).all(|(found, expected)| fits(found, expected));
    assert!(all, "{what}\nfound:\n  {}\nexpected:\n  {}", found.join("\n  "), expected.join("\n  "));
}
