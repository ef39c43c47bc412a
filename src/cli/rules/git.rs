//! The table as it was at a git revision, by the `git` command: a rules folder is mostly kept in a repository.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::config;
use crate::rules::{MAX_FILE_BYTES, Source, code};

/// As for files on the disk.
const MOST_FILES: usize = 1_000;
const DEEPEST_FOLDER: usize = 4;

/// Reads the files of the table at `rules` as they were at `revision`. The error is for people.
pub(super) fn table_at(rules: &Path, revision: &str) -> Result<Vec<Source>, String> {
    let (folder, only) = if rules.is_dir() { (rules, None) } else { (around(rules), rules.file_name()) };
    if !folder.is_dir() {
        return Err(format!(
            "`{revision}` is no file or folder, and {} is no folder of a git repository",
            folder.display()
        ));
    }
    let commit = format!("{revision}^{{commit}}");
    let found = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
    let commit = found.map_err(|trouble| match trouble {
        Trouble::Absent => {
            format!("`{revision}` is no file or folder, and git, which could tell it as a revision, is not installed")
        }
        Trouble::Said(words) if words.is_empty() => {
            format!("`{revision}` is neither a file or folder nor a revision in the repository of {}", folder.display())
        }
        Trouble::Said(words) => {
            format!("`{revision}` is no file or folder, and git says of {}: {words}", folder.display())
        }
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let list =
        git(folder, &["ls-tree", "-r", "-l", "-z", &commit, "--", "."]).map_err(|trouble| trouble.text(folder))?;
    let mut sources = Vec::new();
    for line in list.split(|byte| *byte == 0) {
        let line = String::from_utf8_lossy(line);
        let Some((object, path)) = blob(&line) else { continue };
        let wanted = only.map_or_else(|| is_of_table(path), |only| Path::new(path) == Path::new(only));
        if !wanted {
            continue;
        }
        let name = format!("{revision}:{path}");
        if object.size > MAX_FILE_BYTES as u64 {
            let most = MAX_FILE_BYTES / 1024 / 1024;
            return Err(format!("{name} is larger than {most} MiB ({})", code::FILE_SIZE.id));
        }
        if sources.len() == MOST_FILES {
            return Err(format!("{revision} has more than {MOST_FILES} tables in {}", folder.display()));
        }
        let bytes = git(folder, &["cat-file", "blob", object.id]).map_err(|trouble| trouble.text(folder))?;
        sources.push(Source { path: name, bytes });
    }
    if sources.is_empty() {
        return Err(format!("{revision} has no *.toml and no *.csv in {}", rules.display()));
    }
    Ok(sources)
}

fn around(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

struct Object<'l> {
    id: &'l str,
    size: u64,
}

/// A file in a line of `ls-tree -l`: `100644 blob ID SIZE<TAB>PATH`. Links and submodules are no files.
fn blob(line: &str) -> Option<(Object<'_>, &str)> {
    let (facts, path) = line.split_once('\t')?;
    let mut facts = facts.split_ascii_whitespace();
    let mode = facts.next()?;
    let (kind, id, size) = (facts.next()?, facts.next()?, facts.next()?);
    (mode.starts_with("100") && kind == "blob").then_some((Object { id, size: size.parse().ok()? }, path))
}

/// The same files that are read from the disk.
fn is_of_table(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let is_shown = parts.iter().all(|part| !part.starts_with('.') && !part.starts_with("~$"));
    is_shown && parts.len() <= DEEPEST_FOLDER + 1 && config::is_table(Path::new(path))
}

enum Trouble {
    Absent,
    Said(String),
}

impl Trouble {
    fn text(self, folder: &Path) -> String {
        match self {
            Self::Absent => "git is not installed".to_owned(),
            Self::Said(words) => format!("git says of {}: {words}", folder.display()),
        }
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Trouble> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(["--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false"])
        .args(arguments);
    command.envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C")]);
    // Within a hook they would name the repository of the hook.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    match command.output() {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            Err(Trouble::Said(words.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Trouble::Absent),
        Err(error) => Err(Trouble::Said(error.to_string())),
    }
}
