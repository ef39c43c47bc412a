//! `explain`: why somebody has or has not a seat.

use std::path::PathBuf;

use clap::Args;

use super::screen::{self, Screen};
use super::{Global, asking, output, setup};
use crate::config;
use crate::rules::{Severity, compile};
use crate::worker::request::exit;
use crate::worker::view::ExplainView;
use crate::worker::{Request, RulesFile};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// E-mail, employee number, login name, account id or `p-17`.
    pub person: String,
    /// Tells what was at that date (at its end) or time, such as 2026-11-20 or 2026-11-20T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Tells what would be with the table in that folder or file, on the facts and seats that are known.
    #[arg(long, value_name = "FOLDER|FILE")]
    pub with_rules: Option<PathBuf>,
    /// Lists every row of the table, also those that are far from matching.
    #[arg(long)]
    pub all_rows: bool,
}

impl Explain {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let all_rows = self.all_rows;
        let rules = match self.with_rules.as_deref().map(|path| given_rules(global, path)).transpose() {
            Ok(rules) => rules,
            Err(code) => return code,
        };
        let request = Request::Explain { person: self.person, at: self.at, rules, all_rows };
        match asking::ask_once(global, request).await {
            Ok(answer) => output::finish(global, answer, |view: &ExplainView| {
                screen::explain(view, all_rows, &Screen::of_process())
            }),
            Err(code) => code,
        }
    }
}

/// Reads a table that is not in force. What is wrong with it is shown here, where its text is at hand.
fn given_rules(global: &Global, path: &std::path::Path) -> Result<Vec<RulesFile>, u8> {
    let loaded = setup::read_config(global)?;
    let (sources, findings) = match config::load_rules_sources(path) {
        Ok(sources) => {
            let compiled = compile(&sources, &loaded.catalog, &loaded.config.time_zone);
            (sources, compiled.findings)
        }
        Err(finding) => (Vec::new(), vec![finding]),
    };
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        setup::show_findings(global, &findings, &setup::texts(&loaded, &sources));
        return Err(exit::DATA);
    }
    Ok(sources.into_iter().map(RulesFile::from).collect())
}
