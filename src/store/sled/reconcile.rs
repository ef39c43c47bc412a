//! Making `journal.jsonl` equal to the copy in sled, once that is proven whole.

use std::fs;
use std::path::Path;

use super::blocks::Rows;
use super::changes::{each_row, text};
use super::folder::Folder;
use super::journal_file::{JournalFile, Lines, NewJournal, follows, is_exactly};
use super::manifest::Manifest;
use super::trees::{Trees, io};
use crate::audit::{Entry, Tip};
use crate::store::StoreError;

/// Makes the file equal to sled's copy. Says why not when the file knows more.
pub(super) fn compare_journal(
    folder: &Folder,
    trees: &Trees,
    manifest: &Manifest,
    said: &mut Vec<String>,
) -> Result<Option<String>, StoreError> {
    let path = folder.journal();
    if is_exactly(&path, &manifest.journal)? {
        return Ok(None);
    }
    if let Some(seq) = entry_after(&path, &manifest.journal.tip())? {
        return Ok(Some(format!(
            "the journal goes on to entry {seq}, the database ends with {}",
            manifest.journal.seq
        )));
    }
    // Either the process was killed before the last lines were appended, or the file was damaged.
    let (kept, bytes, rest) = common_start(&path, trees)?;
    if rest == Rest::CutShort {
        let mut file = JournalFile::open(&path)?;
        file.cut(bytes)?;
        let mut lines = Vec::new();
        each_row(trees, Rows::Journal, kept.saturating_add(1), &mut |_, line| {
            lines.extend_from_slice(&line);
            lines.push(b'\n');
            if lines.len() > 1024 * 1024 {
                file.append(&lines)?;
                lines.clear();
            }
            Ok(true)
        })?;
        file.append(&lines)?;
        folder.sync()?;
        let lacked = manifest.journal.seq.saturating_sub(kept);
        said.push(format!("journal.jsonl lacked the last {lacked} entries, which were appended"));
    } else {
        let aside = folder.aside("journal", ".jsonl");
        keep_copy(&path, &aside)?;
        let mut new = NewJournal::create(folder.root().join("journal.jsonl.new"))?;
        each_row(trees, Rows::Journal, 1, &mut |seq, line| {
            let text = text(&line)?;
            new.push(Tip { seq, hash: String::new() }, &text)?;
            Ok(true)
        })?;
        new.replace(&path)?;
        folder.sync()?;
        said.push(format!(
            "journal.jsonl was damaged after entry {kept}; it was written anew from the database, the damaged one is {}",
            aside.display()
        ));
    }
    if is_exactly(&path, &manifest.journal)? {
        return Ok(None);
    }
    Ok(Some("the journal in the database is not the one that the manifest names".to_owned()))
}

/// Keeps the file under a second name, so that there is never a moment without a journal.
pub(super) fn keep_copy(path: &Path, aside: &Path) -> Result<(), StoreError> {
    match fs::hard_link(path, aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("set aside", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The number of an entry behind `tip` that the file holds, by its own hash: nobody but this program writes one.
fn entry_after(path: &Path, tip: &Tip) -> Result<Option<u64>, StoreError> {
    let Some(mut lines) = Lines::open(path)? else {
        return Ok(None);
    };
    while let Some((line, _)) = lines.next_line()? {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else { continue };
        let before = Tip { seq: entry.seq.saturating_sub(1), hash: entry.prev.clone() };
        if entry.seq > tip.seq && follows(&before, line).is_some() {
            return Ok(Some(entry.seq));
        }
    }
    Ok(None)
}

#[derive(PartialEq, Eq)]
enum Rest {
    /// The file ends early, perhaps within a line.
    CutShort,
    /// Something else stands there.
    Other,
}

/// How many first lines of the file are those of sled, how many bytes that is, and what comes then.
fn common_start(path: &Path, trees: &Trees) -> Result<(u64, u64, Rest), StoreError> {
    let (mut kept, mut bytes, mut rest) = (0_u64, 0_u64, Rest::CutShort);
    let Some(mut lines) = Lines::open(path)? else {
        return Ok((0, 0, Rest::CutShort));
    };
    let mut is_over = false;
    each_row(trees, Rows::Journal, 1, &mut |seq, expected| {
        match lines.next_line()? {
            Some((line, true)) if line == expected => {
                kept = seq;
                bytes = bytes.saturating_add(line.len() as u64).saturating_add(1);
                return Ok(true);
            }
            Some((line, false)) if expected.starts_with(line) => {}
            None => {}
            Some(_) => rest = Rest::Other,
        }
        is_over = true;
        Ok(false)
    })?;
    if !is_over && lines.next_line()?.is_some() {
        rest = Rest::Other;
    }
    Ok((kept, bytes, rest))
}
