//! `check`: would a start succeed, and do feeds and desks answer?

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Global, LogLevel, Output, output, setup};
use crate::config;
use crate::directory::GapKind;
use crate::feed::Presence;
use crate::rules::{Finding, Severity};
use crate::store::Overlay;
use crate::worker::request::exit;
use crate::worker::{Parts, target_exit};

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Reads files alone; calls nobody.
    #[arg(long)]
    pub offline: bool,
}

/// An id that no provider gives out: the answer "not there" proves name, route, TLS, credentials and rights.
const NOBODY: &str = "seatwarden-check";

impl Check {
    pub(super) async fn run(self, global: &Global) -> u8 {
        setup::start_log(global, LogLevel::Error);
        let loaded = match setup::load(global) {
            Ok(loaded) => loaded,
            Err(failed) => return setup::show_all(global, failed, None),
        };
        let (sources, mut findings) = setup::examine_rules(&loaded);
        findings.extend(loaded.warnings.iter().cloned());
        findings.extend(config::check_named(&loaded, &setup::environment()));
        findings.sort();
        let texts = setup::texts(&loaded, &sources);
        let broken = findings.iter().any(|finding| finding.severity == Severity::Error);
        let mut code = setup::code_of(&findings);
        let mut answers = Vec::new();
        if !self.offline && !broken {
            let ready = setup::Ready { loaded: loaded.clone(), sources };
            // The store is not opened: a check beside a running daemon must not wait for it.
            match setup::warden(global, ready, Arc::new(Overlay::empty())) {
                Ok(warden) => answers = call_all(warden.parts()).await,
                Err(failed) => return failed,
            }
            code = answers.iter().map(|answer| answer.code).max().unwrap_or(exit::DONE);
        }
        if global.output == Output::Json {
            let mut data = config::render::json(&findings);
            if let Some(object) = data.as_object_mut() {
                object.insert("ok".to_owned(), json!(code == exit::DONE));
                let calls: Vec<_> = answers
                    .iter()
                    .map(
                        |answer| json!({"name": answer.name, "ok": answer.code == exit::DONE, "detail": answer.detail}),
                    )
                    .collect();
                object.insert("calls".to_owned(), json!(calls));
            }
            output::json(&data);
            return code;
        }
        if global.output == Output::Sarif {
            output::json(&setup::sarif(&findings));
            return code;
        }
        if !findings.is_empty() {
            setup::show_findings(global, &findings, &texts);
        }
        for answer in &answers {
            let line = format!("{}: {}", answer.name, answer.detail);
            if answer.code == exit::DONE { output::say(&line) } else { output::complain(&line) }
        }
        if code == exit::DONE {
            output::say(&summary(&loaded, &findings));
        }
        code
    }
}

fn summary(loaded: &config::Loaded, findings: &[Finding]) -> String {
    format!(
        "{}: in order ({} feeds, {} desks, {} pools, {} warnings)",
        loaded.config.file.display(),
        loaded.config.feeds.len(),
        loaded.config.targets.len(),
        loaded.catalog.pools.len(),
        findings.len()
    )
}

struct Called {
    name: String,
    code: u8,
    detail: String,
}

async fn call_all(parts: &Parts) -> Vec<Called> {
    let mut answers = Vec::new();
    for (name, feed) in &parts.feeds {
        let (code, detail) = match feed.read_account(NOBODY).await {
            Presence::Gone | Presence::Here(_) => (exit::DONE, "answers".to_owned()),
            Presence::Unknown(gap) => {
                let code = match gap.kind {
                    GapKind::Refused => exit::REFUSED,
                    GapKind::Unreachable => exit::UNREACHABLE,
                    GapKind::Drift | GapKind::Invalid | GapKind::Suspect => exit::LATER,
                };
                (code, format!("{}: {}", gap.call, gap.why))
            }
        };
        answers.push(Called { name: format!("feed {name}"), code, detail });
    }
    for (name, target) in &parts.targets {
        let (code, detail) = match target.observe().await {
            Ok(observed) => (exit::DONE, format!("answers, {} pools", observed.holders.len())),
            Err(error) => (target_exit(&error), error.to_string()),
        };
        answers.push(Called { name: format!("target {name}"), code, detail });
    }
    answers
}
