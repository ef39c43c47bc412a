//! Files of a table on the command line: reading them, writing them whole or not at all.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::{Global, output, setup};
use crate::config;
use crate::rules::draft::guess;
use crate::rules::{Finding, Form, Source};
use crate::worker::request::exit;

/// The name of standard input as a file.
pub(super) const STDIN: &str = "-";

/// More than a table may have; what is longer is refused by the reader.
const MOST_INPUT: u64 = 33 * 1024 * 1024;

/// The files of the configuration's table.
pub(super) fn of_config(global: &Global) -> Result<(config::Loaded, Vec<Source>), u8> {
    let loaded = setup::read_config(global)?;
    match config::load_rules_sources(&loaded.config.rules) {
        Ok(sources) => Ok((loaded, sources)),
        Err(finding) => {
            setup::show_findings(global, &[finding], &loaded.sources);
            Err(exit::DATA)
        }
    }
}

/// The tables that a path names: one, or all in a folder.
#[expect(clippy::result_large_err, reason = "one finding for one call")]
pub(super) fn at(path: &Path) -> Result<Vec<Source>, Finding> {
    config::load_rules_sources(path)
}

/// What stands on standard input, under a name that tells its form.
pub(super) fn stdin() -> io::Result<Source> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(MOST_INPUT).read_to_end(&mut bytes)?;
    let path = match guess(&bytes) {
        Form::Toml => "standard input.toml",
        Form::Csv => "standard input.csv",
    };
    Ok(Source { path: path.to_owned(), bytes })
}

/// A file that is no longer than may be read.
pub(super) fn limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MOST_INPUT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Shows findings about these files.
pub(super) fn show(global: &Global, findings: &[Finding], sources: &[Source]) {
    let mut texts = config::Sources::default();
    texts.add_rules(sources);
    setup::show_findings(global, findings, &texts);
}

/// Prints data as it is where a program reads it, and without escapes for a terminal where a person does.
pub(super) fn print(bytes: &[u8]) {
    if io::stdout().is_terminal() {
        output::say(&String::from_utf8_lossy(bytes));
    } else {
        let mut stdout = io::stdout().lock();
        output::said(stdout.write_all(bytes).and_then(|()| stdout.flush()));
    }
}

/// Replaces a file, or makes it: its readers see the old content or the new, never a part. Keeps its permissions and,
/// where it is a link, the link.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A dot keeps a daemon that watches the folder from reading it half written.
    builder.prefix(".seatwarden-");
    let mut file = builder.make_in(folder, |path| fs::OpenOptions::new().write(true).create_new(true).open(path))?;
    if let Ok(metadata) = fs::metadata(&target) {
        fs::set_permissions(file.path(), metadata.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&target)?;
    Ok(())
}

/// Where the exceptions of a CSV file stand: `people.exceptions.csv` beside `people.csv`.
pub(super) fn exceptions_of(csv: &Path) -> PathBuf {
    csv.with_extension("exceptions.csv")
}
