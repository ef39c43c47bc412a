//! `rules import`: a table from a spreadsheet or another form, as TOML unless another is asked for.

use std::path::{Path, PathBuf};

use clap::Args;

use super::convert::{self, Target};
use super::files;
use crate::cli::{Global, Output, output};
use crate::rules::{Draft, Finding, Source};
use crate::workbook;
use crate::worker::request::exit;

/// Arguments of `rules import`. The form is that of `-o toml|csv|xlsx`, else that of the file's name, else TOML.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// A table in XLSX, CSV or TOML, or `-` for CSV or TOML on standard input. Exceptions in `people.exceptions.csv`
    /// come along with `people.csv`.
    file: PathBuf,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Import {
    pub(super) fn run(self, global: &Global) -> u8 {
        let out = self.out.as_deref();
        let target = match Target::of(global, out) {
            Ok(target) => target,
            Err(code) => return code,
        };
        let (draft, sources) = match self.read(global) {
            Ok(read) => read,
            Err(code) => return code,
        };
        convert::write(global, &draft, &sources, target, out)
    }

    fn read(&self, global: &Global) -> Result<(Draft, Vec<Source>), u8> {
        if Target::named(&self.file) == Some(Target::Xlsx) {
            return read_workbook(global, &self.file).map(|draft| (draft, Vec::new()));
        }
        let sources = self.texts(global)?;
        match Draft::read(&sources) {
            Ok(draft) => Ok((draft, sources)),
            Err(findings) => {
                files::show(global, &findings, &sources);
                Err(exit::DATA)
            }
        }
    }

    fn texts(&self, global: &Global) -> Result<Vec<Source>, u8> {
        if self.file.as_os_str() == files::STDIN {
            return files::stdin().map(|source| vec![source]).map_err(|error| {
                output::complain(&format!("standard input cannot be read: {error}"));
                exit::FAILED
            });
        }
        let mut sources = files::at(&self.file).map_err(|finding| unread(global, &finding))?;
        let beside = files::exceptions_of(&self.file);
        if Target::named(&self.file) == Some(Target::Csv) && beside != self.file && beside.exists() {
            output::talk(global, &format!("with the exceptions in {}", beside.display()));
            sources.extend(files::at(&beside).map_err(|finding| unread(global, &finding))?);
        }
        Ok(sources)
    }
}

fn unread(global: &Global, finding: &Finding) -> u8 {
    files::show(global, std::slice::from_ref(finding), &[]);
    exit::DATA
}

fn read_workbook(global: &Global, file: &Path) -> Result<Draft, u8> {
    let bytes = files::limited(file).map_err(|error| {
        output::complain(&format!("{} cannot be read: {error}", file.display()));
        exit::DATA
    })?;
    match workbook::read(&file.display().to_string(), &bytes) {
        Ok(opened) => {
            // Findings on stdout would stand in the table.
            let talking = Global { output: Output::Text, ..global.clone() };
            if !opened.warnings.is_empty() && !global.quiet {
                files::show(&talking, &opened.warnings, &[]);
            }
            Ok(opened.draft)
        }
        Err(findings) => {
            files::show(global, &findings, &[]);
            Err(exit::DATA)
        }
    }
}
