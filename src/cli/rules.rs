//! `rules check`.

use clap::{Args, Subcommand};

use super::{Global, Output, output, setup};
use crate::config;
use crate::rules::Severity;
use crate::worker::request::exit;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Compiles the table and shows everything that is wrong with it.
    Check,
}

impl Rules {
    pub(super) fn run(self, global: &Global) -> u8 {
        let Verb::Check = self.verb;
        let loaded = match setup::read_config(global) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let (sources, findings) = setup::read_rules(&loaded);
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match global.output {
            Output::Json => output::json(&config::render::json(&findings)),
            Output::Text | Output::Csv => {
                setup::show_findings(global, &findings, &setup::texts(&loaded, &sources));
                if errors == 0 {
                    output::say(&format!("{} files of rules are in order", sources.len()));
                }
            }
        }
        if errors == 0 { exit::DONE } else { exit::DATA }
    }
}
