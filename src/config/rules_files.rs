//! The files of a rules table, from the disk.

use std::path::{Path, PathBuf};

use super::codes;
use super::load::{Unread, read_limited};
use crate::rules::{self, Finding, MAX_FILE_BYTES, Place, Severity, Source};

/// Nobody keeps more tables than that; a wrong folder soon has more files.
const MOST_FILES: usize = 1_000;
/// Folders below the rules folder that are looked into.
const DEEPEST_FOLDER: usize = 4;

const NAMES: &str = "`[rules] path` names a file or folder of tables";

/// Reads the files of a rules table: one file, or every `*.toml` and `*.csv` in a folder and the folders below it, in
/// order of their paths. Names that begin with a dot are left alone (Kubernetes keeps the real files of a volume in
/// `..data` and links to them), as are links to folders; links to files are followed. A folder without a table is a
/// finding: reading it as "nobody gets anything" would take every seat.
#[expect(clippy::result_large_err, reason = "one finding for one call, at start and on reload")]
pub fn load_rules_sources(path: &Path) -> Result<Vec<Source>, Finding> {
    read(path).map_err(|unusable| {
        let file = unusable.path.display().to_string();
        let message = format!("{file} {}", unusable.why);
        let place = Place { file, line: 1, column: 1, offset: 0, length: 0 };
        Finding::new(Some(place), unusable.code, Severity::Error, message).with_help(unusable.help)
    })
}

/// Warnings for files beside the tables that may be one and are not read. What cannot be looked into is told by
/// [`load_rules_sources`].
pub fn files_of_other_kinds(path: &Path) -> Vec<Finding> {
    let mut files = Vec::new();
    if !path.is_dir() || collect(path, 0, is_of_other_kind, &mut files).is_err() {
        return Vec::new();
    }
    files.sort();
    let warning = |file: PathBuf| {
        let file = file.display().to_string();
        let message = format!("{file} is not read: tables end in `.toml` or `.csv`");
        let help = format!(
            "bring it in with `seatwarden rules import FILE --out people.toml`, after saving it as XLSX or CSV; else move it out of {}",
            path.display()
        );
        let place = Place { file, line: 1, column: 1, offset: 0, length: 0 };
        Finding::new(Some(place), codes::OTHER_KIND.shown('C'), Severity::Warning, message).with_help(help)
    };
    files.into_iter().map(warning).collect()
}

/// Whether people keep tables in such files. What is there to be read by people and editors is left alone.
fn is_of_other_kind(path: &Path) -> bool {
    const KINDS: [&str; 8] = ["xlsx", "xls", "ods", "tsv", "txt", "json", "yaml", "yml"];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let is_kind = name.rsplit_once('.').is_some_and(|(_, ending)| KINDS.contains(&ending));
    is_kind && !name.starts_with("readme") && !name.contains(".schema.")
}

struct Unusable {
    path: PathBuf,
    why: String,
    help: &'static str,
    code: String,
}

fn unusable(path: &Path, why: impl Into<String>, help: &'static str) -> Unusable {
    Unusable { path: path.to_owned(), why: why.into(), help, code: codes::NO_RULES.shown('C') }
}

fn read(path: &Path) -> Result<Vec<Source>, Unusable> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, 0, is_table, &mut files)?;
        files.sort();
        if files.is_empty() {
            let help = "put a table there, or correct `[rules] path`";
            return Err(unusable(path, "has no *.toml and no *.csv in it", help));
        }
    } else {
        if path.exists() && !is_table(path) {
            return Err(unusable(path, "is neither *.toml nor *.csv", "tables end in `.toml` or `.csv`"));
        }
        files.push(path.to_owned());
    }
    files.into_iter().map(|file| source(&file)).collect()
}

fn source(file: &Path) -> Result<Source, Unusable> {
    match read_limited(file, MAX_FILE_BYTES as u64) {
        Ok(bytes) => Ok(Source { path: file.display().to_string(), bytes }),
        Err(Unread::Missing(why)) => Err(unusable(file, format!("cannot be read: {why}"), NAMES)),
        Err(Unread::TooLarge) => {
            let why = format!("is larger than {} MiB", MAX_FILE_BYTES / 1024 / 1024);
            let found = unusable(file, why, "split the table into several files; they are read together");
            Err(Unusable { code: rules::code::FILE_SIZE.id.to_owned(), ..found })
        }
    }
}

fn collect(
    folder: &Path,
    depth: usize,
    is_wanted: fn(&Path) -> bool,
    files: &mut Vec<PathBuf>,
) -> Result<(), Unusable> {
    let unreadable = |why: std::io::Error| unusable(folder, format!("cannot be read: {why}"), NAMES);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // `~$…` is what Excel leaves beside a workbook that is open.
        if entry.file_name().to_str().is_some_and(|name| name.starts_with('.') || name.starts_with("~$")) {
            continue;
        }
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        if is_folder {
            if depth == DEEPEST_FOLDER {
                return Err(unusable(&path, "lies too deep to be looked into", "keep tables in fewer folders"));
            }
            collect(&path, depth + 1, is_wanted, files)?;
        } else if is_wanted(&path) && !path.is_dir() {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            let why = format!("has more than {MOST_FILES} tables in it");
            return Err(unusable(folder, why, "is it the right folder?"));
        }
    }
    Ok(())
}

/// Whether a file's name is that of a table.
pub fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml") || ending.eq_ignore_ascii_case("csv"))
}
