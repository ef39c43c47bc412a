//! Which file is the newest complete one, and whether it is what its manifest says.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{Complete, Drop};
use crate::model::Time;
use crate::rules::Source;

/// A million people with twenty columns are about this much.
pub(super) const LARGEST: usize = 256 * 1024 * 1024;
/// A manifest is a few lines.
const LARGEST_MANIFEST: u64 = 64 * 1024;
/// Files of one folder that are looked at. Who keeps every day for thirty years has ten thousand.
const MOST_FILES: usize = 100_000;

/// Which file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    v: u32,
    pub name: String,
    /// When it was last changed, in milliseconds.
    pub modified: i64,
    bytes: u64,
}

impl Version {
    /// Reads a cursor; `None` for one that this version did not write.
    pub(super) fn read(cursor: &str) -> Option<Self> {
        serde_json::from_str(cursor).ok().filter(|version: &Self| version.v == 1)
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The newest complete file.
pub(super) struct Found {
    pub version: Version,
    /// Why the next one is late.
    pub late: Option<String>,
}

/// The folder.
#[derive(Clone)]
pub(super) struct Folder {
    dropped: Drop,
}

impl Folder {
    pub(super) fn new(dropped: Drop) -> Self {
        Self { dropped }
    }

    /// The newest file that is complete, by the time of its last change and then by name.
    pub(super) fn newest(&self, now: Time) -> Result<Found, String> {
        let Drop { folder, file, complete, settle, late_after, .. } = &self.dropped;
        let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
        let mut newest: Option<Version> = None;
        let mut waiting: Option<String> = None;
        for entry in fs::read_dir(folder).map_err(unreadable)?.take(MOST_FILES) {
            let entry = entry.map_err(unreadable)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') || !fits(file, &name) || is_manifest(&name) {
                continue;
            }
            let Some(version) = version(&entry.path(), name)? else { continue };
            let age = now.since(Time::from_millis(version.modified));
            if age < *settle {
                waiting =
                    Some(format!("{} was changed less than {settle:?} ago and may still be written", version.name));
            } else if *complete == Complete::Manifest && self.manifest(&version.name)?.is_none() {
                waiting = Some(format!("{} has no manifest beside it yet", version.name));
            } else if newest.as_ref().is_none_or(|best| (best.modified, &best.name) < (version.modified, &version.name))
            {
                newest = Some(version);
            }
        }
        let Some(version) = newest else {
            return Err(waiting.unwrap_or_else(|| format!("no file in {} is named like `{file}`", folder.display())));
        };
        let age = now.since(Time::from_millis(version.modified));
        let late = (age > *late_after).then(|| {
            let hours = age.as_secs() / 3_600;
            let waiting = waiting.map(|why| format!("; {why}")).unwrap_or_default();
            format!("the newest file, {}, is {hours} hours old: the next one is late{waiting}", version.name)
        });
        Ok(Found { version, late })
    }

    /// The file's content, if it is what was found and what its manifest says.
    pub(super) fn content(&self, found: &Found) -> Result<Source, String> {
        let name = &found.version.name;
        let path = self.dropped.folder.join(name);
        let read = |error: std::io::Error| format!("{name} cannot be read: {error}");
        let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        fs::File::open(&path).map_err(read)?.take(limit).read_to_end(&mut bytes).map_err(read)?;
        let now = version(&path, name.clone())?;
        if now.as_ref() != Some(&found.version) || u64::try_from(bytes.len()) != Ok(found.version.bytes) {
            if bytes.len() > LARGEST {
                return Err(format!("{name} is larger than {} MiB", LARGEST / 1024 / 1024));
            }
            return Err(format!("{name} changed while it was read"));
        }
        if let Some(manifest) = self.manifest(name)? {
            manifest.check(name, &bytes)?;
        }
        Ok(Source { path: name.clone(), bytes })
    }

    fn manifest(&self, name: &str) -> Result<Option<Manifest>, String> {
        for ending in MANIFESTS {
            let beside = format!("{name}{ending}");
            let file = match fs::File::open(self.dropped.folder.join(&beside)) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(format!("{beside} cannot be read: {error}")),
            };
            let mut text = String::new();
            file.take(LARGEST_MANIFEST)
                .read_to_string(&mut text)
                .map_err(|error| format!("{beside} cannot be read: {error}"))?;
            return Manifest::read(&text).map(Some).map_err(|why| format!("{beside}: {why}"));
        }
        Ok(None)
    }
}

/// What may stand beside a file.
const MANIFESTS: [&str; 2] = [".sha256", ".manifest"];

fn is_manifest(name: &str) -> bool {
    MANIFESTS.iter().any(|ending| name.ends_with(ending))
}

/// What a file should be.
#[derive(Debug, Default, PartialEq, Eq)]
struct Manifest {
    sha256: Option<String>,
    bytes: Option<u64>,
    rows: Option<u64>,
}

impl Manifest {
    /// Reads lines `sha256 = …`, `bytes = …`, `rows = …` (also with a colon), or those that `sha256sum` writes.
    fn read(text: &str) -> Result<Self, String> {
        let mut manifest = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((key, value)) = line.split_once(['=', ':']) {
                let value = value.trim();
                let number = || value.parse().map_err(|_| format!("`{value}` is no number"));
                match key.trim().to_ascii_lowercase().as_str() {
                    "sha256" => manifest.sha256 = Some(value.to_ascii_lowercase()),
                    "bytes" => manifest.bytes = Some(number()?),
                    "rows" => manifest.rows = Some(number()?),
                    other => return Err(format!("`{other}` is none of sha256, bytes and rows")),
                }
            } else {
                let digest = line.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
                if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err("it has neither `rows = …` nor a SHA-256 digest".to_owned());
                }
                manifest.sha256 = Some(digest);
            }
        }
        if manifest == Self::default() {
            return Err("it is empty, and may still be written".to_owned());
        }
        Ok(manifest)
    }

    fn check(&self, name: &str, content: &[u8]) -> Result<(), String> {
        let Self { sha256, bytes, rows } = self;
        if let Some(wanted) = bytes.filter(|wanted| u64::try_from(content.len()) != Ok(*wanted)) {
            return Err(format!("{name} has {} bytes, its manifest says {wanted}", content.len()));
        }
        if sha256.as_ref().is_some_and(|wanted| *wanted != hex::encode(Sha256::digest(content))) {
            return Err(format!("{name} is not what its manifest says: the SHA-256 digest is another"));
        }
        if let Some(wanted) = rows {
            let source = Source { path: name.to_owned(), bytes: content.to_vec() };
            let found = crate::rules::sheet::sheet(&source, LARGEST)?.rows.len();
            if u64::try_from(found) != Ok(*wanted) {
                return Err(format!("{name} has {found} rows, its manifest says {wanted}"));
            }
        }
        Ok(())
    }
}

/// A regular file as it is now.
fn version(path: &Path, name: String) -> Result<Option<Version>, String> {
    let facts = fs::metadata(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    if !facts.is_file() {
        return Ok(None);
    }
    let modified = facts.modified().map_err(|error| format!("{name} has no time of change: {error}"))?;
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let modified = i64::try_from(modified.as_millis()).unwrap_or(i64::MAX);
    Ok(Some(Version { v: 1, name, modified, bytes: facts.len() }))
}

/// Whether a name is like a pattern in which `*` stands for any letters.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name, is_like) in [
            ("*.csv", "people.csv", true),
            ("*.csv", "people.csv.part", false),
            ("people-*.csv", "people-2026-11-22.csv", true),
            ("people-*.csv", "old-people-1.csv", false),
            ("p*-*.csv", "people.csv", false),
            ("people.csv", "people.csv", true),
            ("people.csv", "people.csv2", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), is_like, "{pattern} {name}");
        }
    }

    #[test]
    fn a_manifest_says_what_the_file_is() {
        let manifest = Manifest::read("rows = 1\nbytes: 8\n").unwrap();
        assert_eq!(manifest.check("p", b"id,a\n1,2"), Ok(()));
        assert!(manifest.check("p", b"id,a\n1,23").unwrap_err().contains("bytes"));
        let digest = hex::encode(Sha256::digest(b"x"));
        assert_eq!(Manifest::read(&format!("{digest}  people.csv\n")).unwrap().check("p", b"x"), Ok(()));
        assert!(Manifest::read(&format!("sha256 = {digest}")).unwrap().check("p", b"y").is_err());
        for wrong in ["", "# \n", "done", "rows = many", "lines = 3"] {
            assert!(Manifest::read(wrong).is_err(), "{wrong:?}");
        }
    }
}
