//! `rules check`: compiles the table and shows every finding.

use crate::cli::{Global, Output, output, setup};
use crate::config;
use crate::rules::Severity;
use crate::worker::request::exit;

pub(super) fn run(global: &Global) -> u8 {
    let loaded = match setup::read_config(global) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let (sources, findings) = setup::examine_rules(&loaded);
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
