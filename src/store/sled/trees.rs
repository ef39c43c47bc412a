//! The trees, and reading and writing records in them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;

use ::sled::transaction::{ConflictableTransactionError, TransactionError, Transactional, TransactionalTree};
use ::sled::{IVec, Tree};
use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::codec::{self, CHUNK, carried_sum, frame, part_key, unframe};

/// sled's own limit is soft: its memory grows with the size of a batch without bound (measured), hence pieces.
pub(super) const OPS_PER_PIECE: usize = 200;

/// One tree per kind. `Loose` trees hold single rows in front of the blocks of the tree beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    People,
    PeopleLoose,
    Seats,
    SeatsLoose,
    Known,
    KnownLoose,
    Journal,
    JournalLoose,
    History,
    HistoryLoose,
    Feeds,
    Dirty,
    Notes,
    Holds,
    State,
    Manifest,
    // Behind the others: a tag never changes.
    Inbox,
    Units,
    Books,
}

impl Kind {
    /// Every tree whose records are counted; the manifest that counts them is not.
    pub(super) const COUNTED: [Self; 18] = [
        Self::People,
        Self::PeopleLoose,
        Self::Seats,
        Self::SeatsLoose,
        Self::Known,
        Self::KnownLoose,
        Self::Journal,
        Self::JournalLoose,
        Self::History,
        Self::HistoryLoose,
        Self::Feeds,
        Self::Dirty,
        Self::Notes,
        Self::Holds,
        Self::State,
        Self::Inbox,
        Self::Units,
        Self::Books,
    ];

    /// Goes into checksums: never changes its meaning.
    const fn tag(self) -> u8 {
        self as u8
    }

    const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::PeopleLoose => "people_loose",
            Self::Seats => "seats",
            Self::SeatsLoose => "seats_loose",
            Self::Known => "known",
            Self::KnownLoose => "known_loose",
            Self::Journal => "journal",
            Self::JournalLoose => "journal_loose",
            Self::History => "history",
            Self::HistoryLoose => "history_loose",
            Self::Feeds => "feeds",
            Self::Dirty => "dirty",
            Self::Notes => "notes",
            Self::Holds => "holds",
            Self::State => "state",
            Self::Manifest => "manifest",
            Self::Inbox => "inbox",
            Self::Units => "units",
            Self::Books => "books",
        }
    }
}

/// How many records a tree has, and the sum of their checksums, which does not depend on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) records: u64,
    pub(super) digest: u64,
}

/// The sums of all counted trees; one that is not named is empty.
pub(super) type Sums = BTreeMap<Kind, Sum>;

/// Takes a key and its whole payload and says whether to go on.
type EachRecord<'a> = &'a mut dyn FnMut(&[u8], Vec<u8>) -> Result<bool, StoreError>;

/// A record to write or to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Op {
    pub(super) kind: Kind,
    pub(super) key: Vec<u8>,
    pub(super) raw: Option<Vec<u8>>,
}

/// All trees of an open database.
pub(super) struct Trees {
    db: ::sled::Db,
    by_kind: BTreeMap<Kind, Tree>,
}

impl Trees {
    pub(super) fn new(db: ::sled::Db) -> Result<Self, StoreError> {
        let mut by_kind = BTreeMap::new();
        for kind in Kind::COUNTED.into_iter().chain([Kind::Manifest]) {
            by_kind.insert(kind, db.open_tree(kind.name()).map_err(from_sled)?);
        }
        Ok(Self { db, by_kind })
    }

    fn tree(&self, kind: Kind) -> Result<&Tree, StoreError> {
        self.by_kind.get(&kind).ok_or_else(|| StoreError::Damaged(format!("no tree {}", kind.name())))
    }

    /// The record as it lies there.
    pub(super) fn raw(&self, kind: Kind, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.tree(kind)?.get(key).map_err(from_sled)
    }

    /// The whole payload under `key`, checked.
    pub(super) fn read(&self, kind: Kind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.raw(kind, key)? {
            Some(first) => self.gather(kind, key, &first).map(Some),
            None => Ok(None),
        }
    }

    /// The payload that begins with the record `first`.
    fn gather(&self, kind: Kind, key: &[u8], first: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = |why: String| StoreError::Damaged(format!("{}: {why}", kind.name()));
        let head = unframe(kind.tag(), key, first).map_err(damaged)?;
        let mut payload = head.chunk.to_vec();
        for part in 1..head.parts {
            let key = part_key(key, part);
            let raw = self.raw(kind, &key)?.ok_or_else(|| damaged("a part is missing".to_owned()))?;
            payload.extend_from_slice(unframe(kind.tag(), &key, &raw).map_err(damaged)?.chunk);
        }
        Ok(payload)
    }

    /// The last payload in `from..=to`, where every value there has one part.
    pub(super) fn last_within(&self, kind: Kind, from: &[u8], to: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut range = self.tree(kind)?.range::<&[u8], _>((Bound::Included(from), Bound::Included(to)));
        match range.next_back().transpose().map_err(from_sled)? {
            Some((key, raw)) => self.gather(kind, &key, &raw).map(Some),
            None => Ok(None),
        }
    }

    /// The first key at or after `from`.
    pub(super) fn key_at_or_after(&self, kind: Kind, from: &[u8]) -> Result<Option<IVec>, StoreError> {
        let mut range = self.tree(kind)?.range::<&[u8], _>((Bound::Included(from), Bound::Unbounded));
        Ok(range.next().transpose().map_err(from_sled)?.map(|(key, _)| key))
    }

    /// Calls `each` with keys and payloads in `from..to` until it returns false; `to` of `None` is the end.
    pub(super) fn scan(
        &self,
        kind: Kind,
        from: &[u8],
        to: Option<&[u8]>,
        each: EachRecord<'_>,
    ) -> Result<(), StoreError> {
        let end = to.map_or(Bound::Unbounded, Bound::Excluded);
        let mut range = self.tree(kind)?.range::<&[u8], _>((Bound::Included(from), end));
        while let Some((key, raw)) = range.next().transpose().map_err(from_sled)? {
            let is_later_part = unframe(kind.tag(), &key, &raw).is_ok_and(|frame| frame.parts == 0);
            if is_later_part {
                continue;
            }
            let payload = self.gather(kind, &key, &raw)?;
            if !each(&key, payload)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads every record of a tree and adds up what is there.
    pub(super) fn sum(&self, kind: Kind) -> Result<Sum, StoreError> {
        let mut sum = Sum::default();
        for row in self.tree(kind)? {
            let (key, raw) = row.map_err(from_sled)?;
            let frame = unframe(kind.tag(), &key, &raw)
                .map_err(|why| StoreError::Damaged(format!("{}: {why}", kind.name())))?;
            sum.records = sum.records.saturating_add(1);
            sum.digest = sum.digest.wrapping_add(frame.sum);
        }
        Ok(sum)
    }

    /// Whether nothing was ever written.
    pub(super) fn is_empty(&self) -> bool {
        self.by_kind.values().all(Tree::is_empty)
    }

    /// Writes pieces of at most [`OPS_PER_PIECE`]; each is all-or-nothing also when the process is killed, because
    /// sled recovers the log of a transaction as a whole.
    pub(super) fn apply(&self, ops: &[Op]) -> Result<(), StoreError> {
        for piece in ops.chunks(OPS_PER_PIECE) {
            let mut kinds: Vec<Kind> = piece.iter().map(|op| op.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let trees: Vec<&Tree> = kinds.iter().map(|kind| self.tree(*kind)).collect::<Result<_, _>>()?;
            let write = |views: &Vec<TransactionalTree>| -> Result<(), ConflictableTransactionError<()>> {
                for op in piece {
                    let view = kinds.binary_search(&op.kind).ok().and_then(|place| views.get(place));
                    let view = view.ok_or(ConflictableTransactionError::Abort(()))?;
                    match &op.raw {
                        Some(raw) => view.insert(op.key.as_slice(), raw.as_slice())?,
                        None => view.remove(op.key.as_slice())?,
                    };
                }
                Ok(())
            };
            trees.as_slice().transaction(write).map_err(|error| match error {
                TransactionError::Storage(error) => from_sled(error),
                TransactionError::Abort(()) => StoreError::Damaged("a transaction lost a tree".to_owned()),
            })?;
        }
        Ok(())
    }

    /// Hands everything to the operating system. On Linux sled stops at `sync_file_range`, which keeps neither the
    /// length of the file nor the disk's cache; the caller syncs the file.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(from_sled)
    }
}

/// Writes that are not made yet. The last write to a key counts.
pub(super) struct Stage<'a> {
    pub(super) trees: &'a Trees,
    writes: BTreeMap<(Kind, Vec<u8>), Option<Vec<u8>>>,
}

impl<'a> Stage<'a> {
    pub(super) const fn new(trees: &'a Trees) -> Self {
        Self { trees, writes: BTreeMap::new() }
    }

    /// Writes a payload, in parts where it is long.
    pub(super) fn put(&mut self, kind: Kind, key: &[u8], payload: &[u8]) -> Result<(), StoreError> {
        self.remove(kind, key)?;
        let parts = u32::try_from(payload.len().div_ceil(CHUNK).max(1))
            .map_err(|_| StoreError::Damaged("a value is too long".to_owned()))?;
        let mut chunks = payload.chunks(CHUNK);
        let first = frame(kind.tag(), key, parts, chunks.next().unwrap_or_default());
        self.writes.insert((kind, key.to_vec()), Some(first));
        for (part, chunk) in (1..).zip(chunks) {
            let key = part_key(key, part);
            let raw = frame(kind.tag(), &key, 0, chunk);
            self.writes.insert((kind, key), Some(raw));
        }
        Ok(())
    }

    /// Removes a payload with all its parts.
    pub(super) fn remove(&mut self, kind: Kind, key: &[u8]) -> Result<(), StoreError> {
        let stored = self.trees.raw(kind, key)?;
        let parts = match &stored {
            Some(raw) => unframe(kind.tag(), key, raw).map_err(StoreError::Damaged)?.parts,
            None => 0,
        };
        for part in 1..parts {
            self.writes.insert((kind, part_key(key, part)), None);
        }
        self.writes.insert((kind, key.to_vec()), None);
        Ok(())
    }

    /// The writes that change something, and what they do to the sums.
    pub(super) fn finish(self, sums: &mut Sums) -> Result<Vec<Op>, StoreError> {
        let mut ops = Vec::with_capacity(self.writes.len());
        for ((kind, key), raw) in self.writes {
            let old = self.trees.raw(kind, &key)?;
            if old.as_deref() == raw.as_deref() {
                continue;
            }
            if kind != Kind::Manifest {
                let sum = sums.entry(kind).or_default();
                if let Some(old) = &old {
                    sum.records = sum.records.saturating_sub(1);
                    sum.digest = sum.digest.wrapping_sub(carried_sum(old));
                }
                if let Some(new) = &raw {
                    sum.records = sum.records.saturating_add(1);
                    sum.digest = sum.digest.wrapping_add(carried_sum(new));
                }
                if *sum == Sum::default() {
                    sums.remove(&kind);
                }
            }
            ops.push(Op { kind, key, raw });
        }
        Ok(ops)
    }
}

/// The record of a payload that fits one part, for the manifest.
pub(super) fn single(kind: Kind, key: &[u8], payload: &[u8]) -> Op {
    Op { kind, key: key.to_vec(), raw: Some(frame(kind.tag(), key, 1, payload)) }
}

/// Reads a value in postcard.
pub(super) fn read_value<T: serde::de::DeserializeOwned>(
    trees: &Trees,
    kind: Kind,
    key: &[u8],
) -> Result<Option<T>, StoreError> {
    trees.read(kind, key)?.map(|payload| codec::decode(&payload)).transpose()
}

/// sled's error in our words.
pub(super) fn from_sled(error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Io(source) => StoreError::Io { what: "use the database in", path: "sled".into(), source },
        ::sled::Error::Corruption { .. }
        | ::sled::Error::CollectionNotFound(_)
        | ::sled::Error::Unsupported(_)
        | ::sled::Error::ReportableBug(_) => StoreError::Damaged(error.to_string()),
    }
}

/// An input or output error with what was tried.
pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |source| StoreError::Io { what, path, source }
}
