//! `rules export`: the table of the configuration in another form.

use std::path::{Path, PathBuf};

use clap::Args;

use super::convert::{self, Target};
use super::files;
use crate::cli::{Global, output};
use crate::rules::{Draft, Severity, compile};
use crate::worker::request::exit;

/// Arguments of `rules export`. The form is that of `-o toml|csv|xlsx`, else that of the file's name.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file to write; of CSV, exceptions stand in a second one (`people.exceptions.csv` beside `people.csv`).
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) fn run(self, global: &Global) -> u8 {
        let out = self.out.as_deref();
        let target = match Target::of(global, out) {
            Ok(target) => target,
            Err(code) => return code,
        };
        let (loaded, sources) = match files::of_config(global) {
            Ok(read) => read,
            Err(code) => return code,
        };
        let draft = match Draft::read(&sources) {
            Ok(draft) => draft,
            Err(findings) => {
                files::show(global, &findings, &sources);
                return exit::DATA;
            }
        };
        let compiled = compile(&sources, &loaded.catalog, &loaded.config.time_zone);
        let errors = compiled.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if errors > 0 {
            output::talk(global, &format!("the table has {errors} errors, see `seatwarden rules check`"));
        }
        let code = convert::write(global, &draft, &sources, target, out);
        if code == exit::DONE && target != Target::Xlsx && out.is_some_and(|out| lies_in(out, &loaded.config.rules)) {
            output::talk(global, "it lies in the folder of the table: take it, or the files it was made of, away");
        }
        code
    }
}

fn lies_in(file: &Path, rules: &Path) -> bool {
    match (file.canonicalize(), rules.canonicalize()) {
        (Ok(file), Ok(rules)) => rules.is_dir() && file.starts_with(rules),
        _ => false,
    }
}
