//! `rules fmt`: one style for every table, without changing what it says.

use std::path::PathBuf;

use clap::Args;
use similar::TextDiff;

use super::files;
use crate::cli::{Global, output};
use crate::rules::draft::tidy;
use crate::rules::{Finding, Severity, Source};
use crate::worker::request::exit;

/// Arguments of `rules fmt`.
#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// Files or folders, or `-` for standard input to standard output; without any, the table of the configuration.
    files: Vec<PathBuf>,
    /// Writes nothing: shows what would change as a diff and exits 1 if anything would.
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(super) fn run(self, global: &Global) -> u8 {
        if self.files.iter().any(|file| file.as_os_str() == files::STDIN) {
            if self.files.len() > 1 {
                output::complain("`-` stands alone");
                return exit::USAGE;
            }
            return self.stdin(global);
        }
        let (sources, unread) = match self.sources(global) {
            Ok(sources) => sources,
            Err(code) => return code,
        };
        let mut worst = if unread { exit::DATA } else { exit::DONE };
        for source in &sources {
            let code = match tidy(source) {
                Ok(tidied) if tidied.as_bytes() == source.bytes => exit::DONE,
                Ok(tidied) if self.check => differs(global, source, &tidied),
                Ok(tidied) => write(source, &tidied),
                Err(findings) => refused(global, source, &findings),
            };
            worst = worst.max(code);
        }
        worst
    }

    fn sources(&self, global: &Global) -> Result<(Vec<Source>, bool), u8> {
        if self.files.is_empty() {
            return files::of_config(global).map(|(_, sources)| (sources, false));
        }
        let mut sources = Vec::new();
        let mut unread = Vec::new();
        for path in &self.files {
            match files::at(path) {
                Ok(found) => sources.extend(found),
                Err(finding) => unread.push(finding),
            }
        }
        if !unread.is_empty() {
            files::show(global, &unread, &[]);
        }
        Ok((sources, !unread.is_empty()))
    }

    fn stdin(&self, global: &Global) -> u8 {
        let source = match files::stdin() {
            Ok(source) => source,
            Err(error) => {
                output::complain(&format!("standard input cannot be read: {error}"));
                return exit::FAILED;
            }
        };
        match tidy(&source) {
            Ok(tidied) if !self.check => {
                files::print(tidied.as_bytes());
                exit::DONE
            }
            Ok(tidied) if tidied.as_bytes() == source.bytes => exit::DONE,
            Ok(tidied) => differs(global, &source, &tidied),
            Err(findings) => refused(global, &source, &findings),
        }
    }
}

/// As `rustfmt --check` and `terraform fmt -check -diff` do it: a diff, and an exit that CI takes for a failure.
fn differs(global: &Global, source: &Source, tidied: &str) -> u8 {
    let before = String::from_utf8_lossy(&source.bytes);
    let diff = TextDiff::from_lines(&*before, tidied);
    let mut text = diff.unified_diff().header(&source.path, &format!("{} (formatted)", source.path)).to_string();
    if text.is_empty() {
        // The encoding differs and no line does.
        text = format!("{}: another encoding\n", source.path);
    }
    output::say(&text);
    output::talk(global, &format!("{} is not formatted", source.path));
    exit::FAILED
}

fn write(source: &Source, tidied: &str) -> u8 {
    match files::replace(source.path.as_ref(), tidied.as_bytes()) {
        Ok(()) => {
            output::say(&source.path);
            exit::DONE
        }
        Err(error) => {
            output::complain(&format!("cannot write {}: {error}", source.path));
            exit::FAILED
        }
    }
}

fn refused(global: &Global, source: &Source, findings: &[Finding]) -> u8 {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    files::show(global, findings, std::slice::from_ref(source));
    output::talk(global, &format!("{} was left as it is: {errors} errors", source.path));
    exit::DATA
}
