//! `rules test`: the cases beside the table, and which rows they and real people reach.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use clap::Args;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::super::{Global, Output, asking, output, setup};
use super::impact_text::at;
use crate::ambient::{Clock as _, SystemClock};
use crate::config::{self, Loaded};
use crate::model::RuleId;
use crate::rules::{Case, Finding, Judged, Line, RuleSet, Severity, Source, cases, compile};
use crate::worker::Request;
use crate::worker::request::{Table, exit};
use crate::worker::view::CoverageView;

/// Arguments of `rules test`.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Files and folders with further cases. Cases of the rules folder are always judged; where `[rules] path` is one
    /// file, so are those in it and in NAME.cases.toml beside it.
    cases: Vec<PathBuf>,
    /// Fails when cases reach fewer rows than that, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_coverage: Option<f64>,
}

/// Rows without a case that are shown; all are in `-o json`.
const SHOWN: usize = 20;

impl Test {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let loaded = match setup::read_config(global) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let (sources, mut findings) = match config::load_rules_sources(&loaded.config.rules) {
            Ok(sources) => (sources, Vec::new()),
            Err(finding) => (Vec::new(), vec![finding]),
        };
        let mut files = sources.clone();
        for path in self.cases.iter().cloned().chain(beside(&loaded.config.rules)) {
            match config::load_rules_sources(&path) {
                Ok(more) => files.extend(more),
                Err(finding) => findings.push(finding),
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup();
        let compiled = compile(&sources, &loaded.catalog, &loaded.config.time_zone);
        // A table with errors decides nothing that a case could be compared with.
        let read = compiled.set.as_ref().map(|set| cases(&files, set));
        findings.extend(compiled.findings.iter().filter(|finding| finding.severity == Severity::Error).cloned());
        let mut found = Vec::new();
        if let Some((cases, wrong)) = read {
            findings.extend(wrong);
            found = cases;
        }
        let Some(set) = compiled.set else {
            setup::show_findings(global, &findings, &setup::texts(&loaded, &files));
            return exit::DATA;
        };
        let today = real_people(global, &loaded, &sources).await;
        let report = Report::new(&set, found, findings, today, self.min_coverage);
        if global.output == Output::Json {
            output::json(&report.json());
        } else {
            if !report.findings.is_empty() {
                setup::show_findings(global, &report.findings, &setup::texts(&loaded, &files));
            }
            output::say(&report.text());
        }
        if report.is_ok() { exit::DONE } else { exit::DATA }
    }
}

/// Where a table is one file, cases may stand in a file of their own: a CSV file holds none.
fn beside(rules: &Path) -> Option<PathBuf> {
    let file = rules.with_extension("cases.toml");
    (!rules.is_dir() && file.is_file()).then_some(file)
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
    number
        .filter(|number| (0.0..=100.0).contains(number))
        .ok_or_else(|| format!("`{text}` is not a percentage such as 80"))
}

/// People by row, where a daemon or a store can tell.
async fn real_people(global: &Global, loaded: &Loaded, sources: &[Source]) -> Option<CoverageView> {
    if !loaded.config.store.exists() && UnixStream::connect(&loaded.config.listen.control).is_err() {
        return None;
    }
    let request = Request::RulesCoverage { table: Table::files("the files", sources.to_vec()) };
    let answer = asking::ask_once(global, request).await.ok()?;
    if let Some(why) = &answer.error {
        output::talk(global, why);
    }
    serde_json::from_value(answer.data).ok()
}

struct Report {
    judged: Vec<(Case, Judged)>,
    findings: Vec<Finding>,
    rows: Vec<Line>,
    reached: BTreeSet<RuleId>,
    places: BTreeMap<RuleId, String>,
    real: Option<CoverageView>,
    least: Option<f64>,
}

impl Report {
    fn new(
        set: &RuleSet,
        cases: Vec<Case>,
        findings: Vec<Finding>,
        real: Option<CoverageView>,
        least: Option<f64>,
    ) -> Self {
        let today = set.today(SystemClock.now());
        let judged: Vec<(Case, Judged)> = cases
            .into_iter()
            .map(|case| {
                let judged = case.judge(set, today);
                (case, judged)
            })
            .collect();
        let lines: Vec<Line> = set.lines().collect();
        let places = lines.iter().map(|line| (line.id.clone(), at(&line.place))).collect();
        Self {
            reached: judged.iter().flat_map(|(_, judged)| judged.rows.iter().cloned()).collect(),
            rows: lines.into_iter().filter(|line| !line.id.as_str().starts_with("exception:")).collect(),
            judged,
            findings,
            places,
            real,
            least,
        }
    }

    fn failed(&self) -> impl Iterator<Item = &(Case, Judged)> {
        self.judged.iter().filter(|(_, judged)| !judged.faults.is_empty())
    }

    fn missed(&self) -> Vec<&Line> {
        self.rows.iter().filter(|line| !self.reached.contains(&line.id)).collect()
    }

    /// Rows that cases reach, in percent; everything where there is no row.
    fn coverage(&self) -> f64 {
        let count = |rows: usize| f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        if self.rows.is_empty() {
            return 100.0;
        }
        100.0 * count(self.rows.len().saturating_sub(self.missed().len())) / count(self.rows.len())
    }

    fn is_covered(&self) -> bool {
        self.least.is_none_or(|least| self.coverage() >= least)
    }

    fn is_ok(&self) -> bool {
        self.failed().next().is_none() && self.findings.is_empty() && self.is_covered()
    }

    /// People for whom a row decides or to whom it adds.
    fn people_of(&self, row: &RuleId) -> Option<u64> {
        let rows = &self.real.as_ref()?.rows;
        rows.iter().find(|counted| counted.id == *row).map(|counted| counted.people.saturating_add(counted.adds))
    }

    fn decided(&self, judged: &Judged) -> String {
        let row = judged.rule.as_ref().map_or_else(
            || "no row decides".to_owned(),
            |row| {
                let place = self.places.get(row).map(|place| format!(" ({place})")).unwrap_or_default();
                format!("row {row}{place} decides: {}", judged.why)
            },
        );
        let why_not =
            judged.why_not.as_ref().map(|why| format!("; the expected row does not: {why}")).unwrap_or_default();
        format!("{row}{why_not}")
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for (case, judged) in self.failed() {
            let name = case.name.as_ref().map(|name| format!(" {name}:")).unwrap_or_default();
            let faults: Vec<String> = judged
                .faults
                .iter()
                .map(|fault| format!("{} expected {}, got {}", fault.field, fault.expected, fault.got))
                .collect();
            let line = format!("{}:{name} {}; {}", at(&case.place), faults.join(", "), self.decided(judged));
            lines.push(format!("{} {line}", "FAIL".red().bold()));
        }
        let missed = self.missed();
        let reached = self.rows.len().saturating_sub(missed.len());
        if !missed.is_empty() {
            lines.push("Rows that no case reaches:".to_owned());
        }
        for line in missed.iter().take(SHOWN) {
            let people = self.people_of(&line.id).map(|people| format!(" ({people} people today)")).unwrap_or_default();
            lines.push(format!("  {} {}{people}: {}", at(&line.place), line.id, line.text));
        }
        if missed.len() > SHOWN {
            lines.push(format!("  … and {} more", missed.len().saturating_sub(SHOWN)));
        }
        let failed = self.failed().count();
        let passed = self.judged.len().saturating_sub(failed);
        let count = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        lines.push(format!(
            "{passed} of {} pass; they reach {reached} of {} ({:.0} %){}",
            count(self.judged.len(), "case"),
            count(self.rows.len(), "row"),
            self.coverage().floor(),
            self.real_text()
        ));
        if let Some(least) = self.least.filter(|_| !self.is_covered()) {
            lines.push(format!("that is less than the {least} % that --min-coverage asks for"));
        }
        lines.join("\n")
    }

    fn real_text(&self) -> String {
        let Some(real) = &self.real else { return String::new() };
        let used = real.summary.rows.saturating_sub(real.summary.rows_without_people);
        format!(", {} people of today reach {used}", real.summary.people)
    }

    fn json(&self) -> Value {
        let failures: Vec<Value> = self
            .failed()
            .map(|(case, judged)| {
                let faults: Vec<Value> = judged
                    .faults
                    .iter()
                    .map(|fault| json!({"field": fault.field, "expected": fault.expected, "got": fault.got}))
                    .collect();
                json!({
                    "file": case.place.file, "line": case.place.line, "column": case.place.column, "name": case.name,
                    "faults": faults, "rule": judged.rule, "why": judged.why, "why_not": judged.why_not,
                    "text": self.decided(judged),
                })
            })
            .collect();
        let missed: Vec<Value> = self
            .missed()
            .iter()
            .map(|line| {
                json!({"id": line.id, "file": line.place.file, "line": line.place.line, "text": line.text,
                    "people": self.people_of(&line.id)})
            })
            .collect();
        let failed = failures.len();
        let findings = config::render::json(&self.findings).get("findings").cloned();
        json!({
            "ok": self.is_ok(),
            "cases": self.judged.len(),
            "passed": self.judged.len().saturating_sub(failed),
            "failed": failed,
            "failures": failures,
            "findings": findings,
            "coverage": {
                "rows": self.rows.len(),
                "reached": self.rows.len().saturating_sub(missed.len()),
                "percent": self.coverage(),
                "least": self.least,
                "missed": missed,
                "people": self.real.as_ref().map(|real| json!({
                    "people": real.summary.people,
                    "rows_with_people": real.summary.rows.saturating_sub(real.summary.rows_without_people),
                    "rows_without_people": real.summary.rows_without_people,
                })),
            },
        })
    }
}
