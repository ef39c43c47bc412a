//! `init DIR`: a first configuration that can be read from top to bottom, with its schemas. Nothing is ever
//! overwritten.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::schema;

/// Why nothing, or not everything, was written.
#[derive(Debug, Error)]
pub enum InitError {
    /// Files are there already; nothing was written.
    #[error("{} there already; nothing was written", listed(.0))]
    Exists(Vec<PathBuf>),
    /// A file or folder could not be made.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn listed(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

/// Writes a first configuration into `dir`, which is made when it is absent, and gives back the files in the order in
/// which to read them. Refuses before the first byte when any of them exists.
pub fn write(dir: &Path) -> Result<Vec<PathBuf>, InitError> {
    let files = [
        ("seatwarden.toml", include_str!("seatwarden.toml").to_owned()),
        ("catalog.toml", include_str!("catalog.toml").to_owned()),
        ("rules/people.toml", include_str!("people.toml").to_owned()),
        ("seatwarden.schema.json", schema::text(&schema::configuration())),
        ("catalog.schema.json", schema::text(&schema::catalog())),
        ("rules.schema.json", schema::text(&schema::rules())),
    ];
    let taken: Vec<PathBuf> =
        files.iter().map(|(name, _)| dir.join(name)).filter(|path| fs::symlink_metadata(path).is_ok()).collect();
    if !taken.is_empty() {
        return Err(InitError::Exists(taken));
    }
    let mut written = Vec::new();
    for (name, text) in files {
        let path = dir.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| create(&path, &text));
        made.map_err(|source| InitError::Write { path: path.clone(), source })?;
        written.push(path);
    }
    Ok(written)
}

/// `create_new` closes the gap between the look above and the write.
fn create(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
