//! What the store consists of, in numbers: inside sled, in the same transaction as the change, and in a small file
//! beside it.
//!
//! sled may come back older than what was acknowledged, without an error. The file is written after sled and the
//! journal are on disk, so it never promises more than there was; a sled that stands before it has lost something.
//! The other way round is usual: killed between the two writes.
//!
//! The file has two places that are written in turn, in place, and synced. A torn write spoils one and leaves the
//! older, which is still true. That costs one sync of a file whose length does not change, where a temporary file and
//! a rename cost two of metadata as well.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::folder::{Folder, open_file};
use super::trees::{Kind, Op, Sums, Trees, io, single};
use crate::audit::Tip;
use crate::store::migrate::{self, FORMAT};
use crate::store::{StoreError, codec};

/// The only key of its tree.
const KEY: &[u8] = b"manifest";
/// The size of a place in the file; a manifest takes about a third of it.
const PLACE: usize = 4_096;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The format of the whole folder.
    pub(super) format: u32,
    /// Counts transactions; never goes back, also not by a rebuild.
    pub(super) commit: u64,
    /// What is in the trees.
    pub(super) sums: Sums,
    /// What is in the journal's file.
    pub(super) journal: JournalSum,
}

/// The content of the journal's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JournalSum {
    /// Number of the last entry.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: String,
    /// Length in bytes.
    pub(super) bytes: u64,
    /// The sum of the checksums of the lines.
    pub(super) digest: u64,
}

impl Default for JournalSum {
    fn default() -> Self {
        let Tip { seq, hash } = Tip::genesis();
        Self { seq, hash, bytes: 0, digest: 0 }
    }
}

impl JournalSum {
    pub(super) fn tip(&self) -> Tip {
        Tip { seq: self.seq, hash: self.hash.clone() }
    }
}

impl Manifest {
    /// Of a store with nothing in it.
    pub(super) fn empty(commit: u64) -> Self {
        Self { format: FORMAT, commit, sums: Sums::new(), journal: JournalSum::default() }
    }

    /// Reads the one in sled.
    pub(super) fn load(trees: &Trees) -> Result<Option<Self>, StoreError> {
        trees.read(Kind::Manifest, KEY)?.map(|text| Self::parse(&text)).transpose()
    }

    /// The write of the one in sled.
    pub(super) fn op(&self) -> Result<Op, StoreError> {
        let text = self.text()?;
        if text.len() > codec::CHUNK {
            return Err(StoreError::Damaged("the manifest has outgrown its record".to_owned()));
        }
        Ok(single(Kind::Manifest, KEY, text.as_bytes()))
    }

    fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Damaged(format!("the manifest: {error}")))
    }

    /// Judges the format before the rest, which a newer one may have changed.
    fn parse(text: &[u8]) -> Result<Self, StoreError> {
        let unreadable = |error: serde_json::Error| StoreError::Damaged(format!("the manifest: {error}"));
        let value: Value = serde_json::from_slice(text).map_err(unreadable)?;
        let format = value.get("format").and_then(Value::as_u64).unwrap_or(0);
        migrate::check(u32::try_from(format).unwrap_or(u32::MAX))?;
        serde_json::from_value(value).map_err(unreadable)
    }
}

/// The file beside sled.
#[derive(Debug)]
pub(super) struct Side {
    file: File,
    path: PathBuf,
}

/// What the file said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// Nothing, because there was none.
    Absent,
    /// Nothing that can be believed.
    Unreadable,
    /// This much was acknowledged.
    Says(Box<Manifest>),
}

impl Side {
    /// Opens the file, which is made where it is missing, and reads it.
    pub(super) fn open(folder: &Folder) -> Result<(Self, Witness), StoreError> {
        let path = folder.manifest();
        let side = Self { file: open_file(&path)?, path };
        let mut text = vec![0; 2 * PLACE];
        let mut filled = 0;
        while let Some(rest) = text.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match side.file.read_at(rest, filled as u64).map_err(io("read", &side.path))? {
                0 => break,
                more => filled = filled.saturating_add(more),
            }
        }
        text.truncate(filled);
        if text.is_empty() {
            return Ok((side, Witness::Absent));
        }
        let mut best: Option<Manifest> = None;
        for place in text.chunks(PLACE) {
            match read_place(place) {
                Some(Err(newer @ StoreError::Newer { .. })) => return Err(newer),
                Some(Ok(manifest)) if best.as_ref().is_none_or(|other| other.commit < manifest.commit) => {
                    best = Some(manifest);
                }
                Some(Ok(_) | Err(_)) | None => {}
            }
        }
        Ok((side, best.map_or(Witness::Unreadable, |manifest| Witness::Says(Box::new(manifest)))))
    }

    /// Writes and syncs.
    pub(super) fn write(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let text = manifest.text()?;
        let mut place = format!("{:016x} {text}", xxh3_64(text.as_bytes())).into_bytes();
        if place.len() >= PLACE {
            return Err(StoreError::Damaged("the manifest has outgrown its place".to_owned()));
        }
        place.resize(PLACE, b' ');
        if let Some(last) = place.last_mut() {
            *last = b'\n';
        }
        let offset = if manifest.commit.is_multiple_of(2) { 0 } else { PLACE as u64 };
        self.file.write_all_at(&place, offset).map_err(io("write", &self.path))?;
        self.file.sync_data().map_err(io("sync", &self.path))
    }
}

/// `None` for a place that was never written or is torn.
fn read_place(place: &[u8]) -> Option<Result<Manifest, StoreError>> {
    let text = std::str::from_utf8(place).ok()?.trim_end();
    let (sum, text) = text.split_once(' ')?;
    (u64::from_str_radix(sum, 16).ok()? == xxh3_64(text.as_bytes())).then(|| Manifest::parse(text.as_bytes()))
}
