//! `rules check`: compiles the table and shows every finding.

use std::path::PathBuf;

use clap::Args;

use super::files;
use crate::cli::{Global, Output, output, setup};
use crate::config;
use crate::rules::{Severity, Source};
use crate::worker::request::exit;

/// Arguments of `rules check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files or folders to look at as one table, or `-` for standard input; without any, the table of the
    /// configuration. The catalog is that of the configuration either way.
    files: Vec<PathBuf>,
}

impl Check {
    pub(super) fn run(self, global: &Global) -> u8 {
        let given = match self.sources(global) {
            Ok(given) => given,
            Err(code) => return code,
        };
        let loaded = match setup::load(global) {
            Ok(loaded) => loaded,
            Err(failed) => return setup::show_all(global, failed, given),
        };
        let (sources, findings) = match given {
            Some(sources) => {
                let findings = setup::examine_sources(&loaded, &sources);
                (sources, findings)
            }
            None => setup::examine_rules(&loaded),
        };
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match global.output {
            Output::Json => output::json(&config::render::json(&findings)),
            Output::Sarif => output::json(&setup::sarif(&findings)),
            Output::Text | Output::Csv | Output::Markdown | Output::Toml | Output::Xlsx => {
                setup::show_findings(global, &findings, &setup::texts(&loaded, &sources));
                if errors == 0 {
                    let files = sources.len();
                    let (noun, verb) = if files == 1 { ("file", "is") } else { ("files", "are") };
                    output::say(&format!("{files} {noun} of rules {verb} in order"));
                }
            }
        }
        if errors == 0 { exit::DONE } else { exit::DATA }
    }

    /// The files that are named; `None` when none is. A file that is named twice is read once.
    fn sources(&self, global: &Global) -> Result<Option<Vec<Source>>, u8> {
        let mut sources: Vec<Source> = Vec::new();
        let mut unread = Vec::new();
        for path in &self.files {
            if path.as_os_str() == files::STDIN {
                sources.push(files::stdin().map_err(|error| {
                    output::complain(&format!("standard input cannot be read: {error}"));
                    exit::FAILED
                })?);
                continue;
            }
            match files::at(path) {
                Ok(found) => sources.extend(found),
                Err(finding) => unread.push(finding),
            }
        }
        if !unread.is_empty() {
            files::show(global, &unread, &[]);
            return Err(exit::DATA);
        }
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources.dedup_by(|a, b| a.path == b.path);
        Ok((!self.files.is_empty()).then_some(sources))
    }
}
