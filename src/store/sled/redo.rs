//! Writes that take more than one piece, noted down whole before the first piece, so that a commit of any size is
//! all or nothing: at the next opening an unfinished one is finished.
//!
//! The order "people first, then what became dirty" would not do: a record that is newer than its feed's cursor is
//! read again after a crash, found to be known already, and its person never looked at.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

use super::folder::{Folder, open_file};
use super::trees::{Op, io};
use crate::store::{StoreError, codec};

/// The number of a commit, and its writes.
pub(super) type Unfinished = (u64, Vec<Op>);

/// The file of unfinished writes.
#[derive(Debug)]
pub(super) struct Redo {
    file: File,
    path: PathBuf,
}

impl Redo {
    /// Opens the file, which is made where it is missing, and reads what may be unfinished: the number of the
    /// commit and its writes. A torn note means that no piece was written.
    pub(super) fn open(folder: &Folder) -> Result<(Self, Option<Unfinished>), StoreError> {
        let path = folder.redo();
        let is_new = fs::symlink_metadata(&path).is_err();
        let mut redo = Self { file: open_file(&path)?, path };
        if is_new {
            folder.sync()?;
        }
        let mut noted = Vec::new();
        redo.file.read_to_end(&mut noted).map_err(io("read", &redo.path))?;
        let unfinished = noted
            .split_last_chunk::<8>()
            .filter(|(body, sum)| u64::from_le_bytes(**sum) == xxh3_64(body))
            .and_then(|(body, _)| codec::decode(body).ok());
        Ok((redo, unfinished))
    }

    /// Notes the writes down; on disk when this returns.
    pub(super) fn note(&mut self, commit: u64, ops: &[Op]) -> Result<(), StoreError> {
        let mut noted = codec::encode(&(commit, ops))?;
        noted.extend_from_slice(&xxh3_64(&noted).to_le_bytes());
        self.cut()?;
        self.file.write_all(&noted).map_err(io("write", &self.path))?;
        self.file.sync_all().map_err(io("sync", &self.path))
    }

    /// Forgets them once they are made and synced. Not synced itself: a note that comes back is older than the
    /// manifest and is not followed.
    pub(super) fn cut(&mut self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(io("cut", &self.path))?;
        self.file.rewind().map_err(io("cut", &self.path))
    }
}
