//! `journal.jsonl`: the audit chain once more, outside of sled, appended and synced before a commit is acknowledged.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::folder::open_file;
use super::manifest::JournalSum;
use super::trees::io;
use crate::audit::{Entry, LINE_LIMIT, Tip, Verifier};
use crate::store::StoreError;

/// Appends to the file.
#[derive(Debug)]
pub(super) struct JournalFile {
    file: File,
    path: PathBuf,
}

impl JournalFile {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut file = open_file(path)?;
        file.seek(SeekFrom::End(0)).map_err(io("open", path))?;
        Ok(Self { file, path: path.to_path_buf() })
    }

    /// Appends lines that end in a line feed, and syncs.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(lines).map_err(io("append to", &self.path))?;
        self.file.sync_data().map_err(io("sync", &self.path))
    }

    /// Cuts the file to a length.
    pub(super) fn cut(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.file.set_len(bytes).map_err(io("cut", &self.path))?;
        self.file.seek(SeekFrom::End(0)).map_err(io("cut", &self.path))?;
        Ok(())
    }
}

/// The text of an entry, without line feed. Refused when no reader would take it.
pub(super) fn line_of(entry: &Entry, path: &Path) -> Result<String, StoreError> {
    let invalid = |source| StoreError::Io { what: "write an event to", path: path.to_path_buf(), source };
    let line = serde_json::to_string(entry).map_err(|error| invalid(error.into()))?;
    if line.len() > LINE_LIMIT {
        return Err(invalid(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(line)
}

impl JournalSum {
    /// Adds a line.
    pub(super) fn add(&mut self, tip: Tip, line: &str) {
        self.bytes = self.bytes.saturating_add(line.len() as u64).saturating_add(1);
        self.digest = self.digest.wrapping_add(xxh3_64_with_seed(line.as_bytes(), tip.seq));
        self.seq = tip.seq;
        self.hash = tip.hash;
    }
}

/// Reads the file line by line.
pub(super) struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    line: Vec<u8>,
}

impl Lines {
    /// From the first line on; a file that is missing has none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Ok(file) => {
                let reader = BufReader::with_capacity(256 * 1024, file);
                Ok(Some(Self { reader, path: path.to_path_buf(), line: Vec::new() }))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", path)(error)),
        }
    }

    /// The next line without its line feed, and whether it had one. A line beyond the limit comes in pieces, none of
    /// which is an entry.
    pub(super) fn next_line(&mut self) -> Result<Option<(&[u8], bool)>, StoreError> {
        self.line.clear();
        let limit = LINE_LIMIT as u64 + 2;
        let read =
            self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line).map_err(io("read", &self.path))?;
        if read == 0 {
            return Ok(None);
        }
        let ended = self.line.last() == Some(&b'\n');
        if ended {
            self.line.pop();
        }
        Ok(Some((&self.line, ended)))
    }
}

/// Whether the file has exactly the bytes that the manifest counted. One pass of hashing, no parsing.
pub(super) fn is_exactly(path: &Path, expected: &JournalSum) -> Result<bool, StoreError> {
    let Some(mut lines) = Lines::open(path)? else {
        return Ok(expected.bytes == 0);
    };
    let (mut seq, mut bytes, mut digest) = (0_u64, 0_u64, 0_u64);
    while let Some((line, ended)) = lines.next_line()? {
        seq = seq.saturating_add(1);
        bytes = bytes.saturating_add(line.len() as u64).saturating_add(u64::from(ended));
        digest = digest.wrapping_add(xxh3_64_with_seed(line, seq));
    }
    Ok((seq, bytes, digest) == (expected.seq, expected.bytes, expected.digest))
}

/// The entry that follows `tip`, if the line is it.
pub(super) fn follows(tip: &Tip, line: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(line).ok()?;
    let mut verifier = Verifier::after(tip.clone());
    verifier.line(text, LINE_LIMIT).ok()?;
    serde_json::from_str(text).ok()
}

/// Writes a journal beside the real one, to be moved over it.
pub(super) struct NewJournal {
    out: BufWriter<File>,
    path: PathBuf,
    /// What has been written.
    pub(super) sum: JournalSum,
}

impl NewJournal {
    pub(super) fn create(path: PathBuf) -> Result<Self, StoreError> {
        let file = open_file(&path)?;
        file.set_len(0).map_err(io("cut", &path))?;
        Ok(Self { out: BufWriter::with_capacity(256 * 1024, file), path, sum: JournalSum::default() })
    }

    pub(super) fn push(&mut self, tip: Tip, line: &str) -> Result<(), StoreError> {
        self.out.write_all(line.as_bytes()).map_err(io("write", &self.path))?;
        self.out.write_all(b"\n").map_err(io("write", &self.path))?;
        self.sum.add(tip, line);
        Ok(())
    }

    /// Syncs and takes the place of `target`.
    pub(super) fn replace(mut self, target: &Path) -> Result<JournalSum, StoreError> {
        self.out.flush().map_err(io("write", &self.path))?;
        self.out.get_ref().sync_all().map_err(io("sync", &self.path))?;
        std::fs::rename(&self.path, target).map_err(io("move a journal to", target))?;
        Ok(self.sum)
    }
}
