//! The folder of a store: who may read it, and who has it open.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::trees::io;
use crate::store::StoreError;

/// The paths in a store's folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder, for the owner alone.
    pub(super) fn create(root: &Path) -> Result<Self, StoreError> {
        DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(io("create", root))?;
        fs::set_permissions(root, Permissions::from_mode(0o700)).map_err(io("set the mode of", root))?;
        Ok(Self { root: root.to_path_buf() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn database(&self) -> PathBuf {
        self.root.join("sled")
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.root.join("journal.jsonl")
    }

    pub(super) fn manifest(&self) -> PathBuf {
        self.root.join("manifest")
    }

    pub(super) fn redo(&self) -> PathBuf {
        self.root.join("redo")
    }

    /// A path that nothing has yet, for something damaged that is set aside.
    pub(super) fn aside(&self, stem: &str, suffix: &str) -> PathBuf {
        self.unused(|number| format!("{stem}.damaged-{number}{suffix}"))
    }

    /// The first of these paths that nothing has yet.
    pub(super) fn unused(&self, name: impl Fn(u64) -> String) -> PathBuf {
        let mut paths = (1..u64::MAX).map(|number| self.root.join(name(number)));
        paths.find(|path| !path.exists()).unwrap_or_else(|| self.root.join(name(u64::MAX)))
    }

    /// Makes names that were created or moved in the folder last.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let dir = File::open(&self.root).map_err(io("open", &self.root))?;
        dir.sync_all().map_err(io("sync", &self.root))
    }

    /// Files 0600 and folders 0700, whatever the umask: sled makes its own without asking.
    pub(super) fn close_to_others(&self) -> Result<(), StoreError> {
        close(&self.root)
    }
}

fn close(path: &Path) -> Result<(), StoreError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        // sled removes old snapshots in the background.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("look at", path)(error)),
    };
    let mode = if meta.is_dir() { 0o700 } else { 0o600 };
    // A socket that somebody put here is not ours to change, nor is what a link points to.
    if (meta.is_dir() || meta.is_file()) && meta.permissions().mode() & 0o777 != mode {
        match fs::set_permissions(path, Permissions::from_mode(mode)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("set the mode of", path)(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    if meta.is_dir() {
        for child in fs::read_dir(path).map_err(io("list", path))? {
            close(&child.map_err(io("list", path))?.path())?;
        }
    }
    Ok(())
}

/// Opens a file of ours for reading and writing, 0600 from its first moment on.
pub(super) fn open_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(io("open", path))
}

/// Held as long as the store is open. sled locks its own file too, but damaged folders are moved while it is closed.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(folder: &Folder) -> Result<Self, StoreError> {
        let path = folder.root.join("lock");
        let file = open_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: folder.root.clone() }),
            Err(TryLockError::Error(error)) => Err(io("lock", &path)(error)),
        }
    }
}
