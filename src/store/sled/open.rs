//! Opening: nothing is believed that cannot be proven.
//!
//! sled opens in a thread of its own, because it panics on some damage and comes back short without a word on other.
//! What came back is whole when every record's checksum fits, every tree has the count and the sum that the manifest
//! inside names, and the manifest beside it does not stand further on. Then the journal's file is compared with
//! sled's copy. Anything else goes to `recover`.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::changes::{load_ledger, sum_of_journal};
use super::engine::{Engine, Shared};
use super::folder::{Folder, Lock};
use super::manifest::{Manifest, Side, Witness};
use super::reconcile::compare_journal;
use super::recover::rebuild;
use super::redo::{Redo, Unfinished};
use super::trees::{Kind, Sum, Trees, from_sled, io};
use super::writer::guarded;
use crate::model::Time;
use crate::store::StoreError;
use crate::store::migrate::FORMAT;

/// sled's page cache. Rows are read through blocks and the ledger is in memory, so that more brings little.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// How often a lock that a database closed in this process has not let go yet is tried again, every 10 ms.
const LOCK_TRIES: u32 = 200;

/// An engine, and what had to be done to get it.
pub(super) struct Ready {
    pub(super) engine: Engine,
    pub(super) recovered: Option<String>,
    pub(super) lock: Lock,
}

/// Opens the store in a folder, which is made where it is missing.
pub(super) fn open(path: &Path, now: Time) -> Result<Ready, StoreError> {
    open_again(path, now, None)
}

/// The same; a rebuild is explained by `why` where it is given.
pub(super) fn open_again(path: &Path, now: Time, why_rebuilt: Option<&str>) -> Result<Ready, StoreError> {
    let folder = Folder::create(path)?;
    let lock = Lock::take(&folder)?;
    folder.close_to_others()?;
    let (side, witness) = Side::open(&folder)?;
    let mut said = Vec::new();
    set_aside_leftovers(&folder, &mut said)?;

    let engine = match judge(&folder, side, &witness, &mut said)? {
        Found::Whole(engine) => *engine,
        Found::Broken { trees, why, side } => {
            let why = why_rebuilt.map_or(why, str::to_owned);
            said.push(why.clone());
            let commit = match &witness {
                Witness::Says(manifest) => manifest.commit,
                Witness::Absent | Witness::Unreadable => 0,
            };
            rebuild(&folder, trees, *side, commit, &why, now, &mut said)?
        }
    };
    folder.close_to_others()?;
    let recovered = if said.is_empty() { None } else { Some(said.join("; ")) };
    Ok(Ready { engine, recovered, lock })
}

enum Found {
    Whole(Box<Engine>),
    Broken { trees: Option<Trees>, why: String, side: Box<Side> },
}

fn judge(folder: &Folder, side: Side, witness: &Witness, said: &mut Vec<String>) -> Result<Found, StoreError> {
    let broken = |trees, why, side| Ok(Found::Broken { trees, why, side: Box::new(side) });
    let was_there = folder.database().exists();
    let trees = match open_database(&folder.database()) {
        Ok(trees) => trees,
        Err(error @ (StoreError::InUse { .. } | StoreError::Newer { .. })) => return Err(error),
        Err(StoreError::Io { what, path, source }) if !is_about_content(&source) => {
            return Err(StoreError::Io { what, path, source });
        }
        Err(error) => return broken(None, format!("the database does not open: {error}"), side),
    };
    let (redo, unfinished) = Redo::open(folder)?;
    let proof = guarded(|| prove(&trees, unfinished.as_ref(), witness));
    let manifest = match proof {
        Ok(Proof::Whole(manifest)) => manifest,
        Ok(Proof::Nothing) => {
            let has_journal = fs::metadata(folder.journal()).is_ok_and(|meta| meta.len() > 0);
            if has_journal || matches!(witness, Witness::Says(_) | Witness::Unreadable) {
                let why = if was_there { "the database has lost everything" } else { "the database is missing" };
                return broken(Some(trees), why.to_owned(), side);
            }
            return found(folder, trees, Start { manifest: Manifest::empty(1), side, redo, is_new: true });
        }
        Ok(Proof::Short(why)) => return broken(Some(trees), why, side),
        Err(newer @ StoreError::Newer { .. }) => return Err(newer),
        Err(StoreError::Io { what, path, source }) if !is_about_content(&source) => {
            return Err(StoreError::Io { what, path, source });
        }
        Err(error) => return broken(Some(trees), error.to_string(), side),
    };
    if *witness != Witness::Says(Box::new(manifest.clone())) {
        match witness {
            // What sled says of itself holds, and the journal is compared below. At the worst this is an earlier
            // moment of the mirror with the cursors of that moment: feeds go on from there.
            Witness::Absent if manifest.commit > 1 => said.push("the file `manifest` was missing".to_owned()),
            Witness::Unreadable => said.push("the file `manifest` was damaged and has been written anew".to_owned()),
            Witness::Absent | Witness::Says(_) => {}
        }
        // What is found may still be in the system's memory alone. Said beside before it is on disk, a power cut would
        // make it look lost.
        trees.flush()?;
        let file = folder.database().join("db");
        File::open(&file).and_then(|file| file.sync_data()).map_err(io("sync", &file))?;
        side.write(&manifest)?;
    }
    let journal = guarded(|| compare_journal(folder, &trees, &manifest, said));
    match journal {
        Ok(None) => {}
        Ok(Some(why)) => return broken(Some(trees), why, side),
        Err(error @ StoreError::Io { .. }) => return Err(error),
        Err(error) => return broken(Some(trees), error.to_string(), side),
    }
    found(folder, trees, Start { manifest, side, redo, is_new: false })
}

struct Start {
    manifest: Manifest,
    side: Side,
    redo: Redo,
    is_new: bool,
}

fn found(folder: &Folder, trees: Trees, start: Start) -> Result<Found, StoreError> {
    let Start { manifest, side, redo, is_new } = start;
    if is_new {
        trees.apply(&[manifest.op()?])?;
    }
    let is_old = manifest.format < FORMAT;
    let ledger = match guarded(|| if is_old { sum_of_journal(&trees) } else { load_ledger(&trees) }) {
        Ok(ledger) => ledger,
        Err(error) => return Ok(Found::Broken { trees: Some(trees), why: error.to_string(), side: Box::new(side) }),
    };
    let shared = Arc::new(Shared::new(folder.clone(), trees, ledger));
    let mut engine = Engine::new(shared, manifest, side, redo)?;
    if is_old {
        engine.rewrite_seats()?;
        engine.write_side()?;
    }
    if is_new {
        engine.sync_database()?;
        folder.sync()?;
        engine.write_side()?;
    }
    Ok(Found::Whole(Box::new(engine)))
}

/// Opens sled, where a panic ends a thread and not the program.
pub(super) fn open_database(path: &Path) -> Result<Trees, StoreError> {
    for _ in 0..LOCK_TRIES {
        let config = ::sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let opening = thread::Builder::new().name("store-open".to_owned());
        let opening = opening.spawn(move || config.open().map(Trees::new)).map_err(io("open", path))?;
        match opening.join() {
            Ok(Ok(trees)) => return trees,
            // sled has no kind of its own for a lock that is held.
            Ok(Err(::sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
                // We hold the folder's lock, so that only a database that is still being closed can be in the way.
                thread::park_timeout(Duration::from_millis(10));
            }
            Ok(Err(::sled::Error::Io(source))) => {
                return Err(StoreError::Io { what: "open the database in", path: path.to_path_buf(), source });
            }
            Ok(Err(error)) => return Err(from_sled(error)),
            Err(_panic) => return Err(StoreError::Damaged("sled gave up on its own files".to_owned())),
        }
    }
    Err(StoreError::InUse { path: path.to_path_buf() })
}

/// Whether the system's error comes from what a file holds, and not from the disk or from permissions.
fn is_about_content(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound, Other, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | NotFound | Other | UnexpectedEof)
}

enum Proof {
    Whole(Manifest),
    /// Not even a manifest, and no record either.
    Nothing,
    Short(String),
}

fn prove(trees: &Trees, unfinished: Option<&Unfinished>, witness: &Witness) -> Result<Proof, StoreError> {
    if trees.is_empty() {
        return Ok(Proof::Nothing);
    }
    let Some(before) = Manifest::load(trees)? else {
        return Ok(Proof::Short("the database has lost its manifest".to_owned()));
    };
    if let Some((commit, ops)) = unfinished
        && *commit == before.commit.saturating_add(1)
    {
        trees.apply(ops)?;
        trees.flush()?;
    }
    let Some(manifest) = Manifest::load(trees)? else {
        return Ok(Proof::Short("the database has lost its manifest".to_owned()));
    };
    for kind in Kind::COUNTED {
        let expected = manifest.sums.get(&kind).copied().unwrap_or_default();
        if let Some(why) = differs(kind, expected, trees.sum(kind)?) {
            return Ok(Proof::Short(why));
        }
    }
    Ok(match witness {
        Witness::Says(beside) if beside.commit > manifest.commit => Proof::Short(format!(
            "the database stands at commit {}, but commit {} was acknowledged",
            manifest.commit, beside.commit
        )),
        Witness::Says(beside) if beside.commit == manifest.commit && **beside != manifest => {
            Proof::Short("the manifests inside and beside the database differ".to_owned())
        }
        Witness::Says(_) | Witness::Absent | Witness::Unreadable => Proof::Whole(manifest),
    })
}

/// What is wrong with a tree, if anything.
pub(super) fn differs(kind: Kind, expected: Sum, found: Sum) -> Option<String> {
    if expected == found {
        return None;
    }
    Some(if expected.records == found.records {
        format!("the records of {kind:?} are not those that were written")
    } else {
        format!("{kind:?} has {} records instead of {}", found.records, expected.records)
    })
}

/// A snapshot that sled was killed in while writing it keeps it from opening (its issue 1527). It is moved, not
/// deleted; whether what is left is whole is found out like always.
fn set_aside_leftovers(folder: &Folder, said: &mut Vec<String>) -> Result<(), StoreError> {
    let database = folder.database();
    let Ok(listing) = fs::read_dir(&database) else {
        return Ok(());
    };
    for child in listing {
        let name = child.map_err(io("list", &database))?.file_name();
        let text = name.to_string_lossy();
        if text.starts_with("snap.") && text.ends_with(".generating") {
            let aside = folder.aside("snapshot", "");
            fs::rename(database.join(&name), &aside).map_err(io("set aside", &database.join(&name)))?;
            said.push(format!("an unfinished snapshot of sled was moved to {}", aside.display()));
        }
    }
    Ok(())
}
