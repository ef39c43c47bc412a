//! Rows by number, in blocks: a tree of blocks and, in front of it, a tree of loose rows.
//!
//! Written one by one, a million rows take sled thirty times longer than in blocks (measured). So neighbors share
//! a record: the numbers `n * width .. (n + 1) * width` are a *range*, and a range has one block, or several where its
//! rows would exceed [`codec::CHUNK`](crate::store::codec::CHUNK); each block's key is its first number. A row longer
//! than [`LONG_ROW`] always stays loose. A loose row hides the row in the block; an empty one says that there is none.
//!
//! The rule: a write that touches at least a quarter of a range writes its blocks anew; a smaller one writes loose
//! rows. Loose rows are folded into blocks in idle moments once there are more than [`LOOSE_LEAST`] of them and more than an
//! eighth of what the blocks hold: then a fold brings home about eight rows per block that it writes.

use std::collections::BTreeMap;

use super::trees::{Kind, Stage, Sums, Trees};
use crate::store::StoreError;
use crate::store::codec::CHUNK;

/// The longest row that goes into a block.
const LONG_ROW: usize = CHUNK / 2;
/// So many loose rows are never folded on their own.
const LOOSE_LEAST: u64 = 1_024;
/// Offset in the range, and length.
const ROW_HEAD: usize = 5;

/// What is kept in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rows {
    /// `PersonRecord` by person.
    People,
    /// Seats, waits and cooling seats by person.
    Seats,
    /// Who a number stands for, by person.
    Known,
    /// JSON lines by sequence number.
    Journal,
    /// Sequence numbers by person.
    History,
}

impl Rows {
    pub(super) const ALL: [Self; 5] = [Self::People, Self::Seats, Self::Known, Self::Journal, Self::History];

    pub(super) const fn blocks(self) -> Kind {
        match self {
            Self::People => Kind::People,
            Self::Seats => Kind::Seats,
            Self::Known => Kind::Known,
            Self::Journal => Kind::Journal,
            Self::History => Kind::History,
        }
    }

    pub(super) const fn loose(self) -> Kind {
        match self {
            Self::People => Kind::PeopleLoose,
            Self::Seats => Kind::SeatsLoose,
            Self::Known => Kind::KnownLoose,
            Self::Journal => Kind::JournalLoose,
            Self::History => Kind::HistoryLoose,
        }
    }

    /// Numbers in a range: what fills one to three blocks at the usual size of a row.
    const fn width(self) -> u64 {
        match self {
            Self::People | Self::Known | Self::History => 64,
            Self::Seats | Self::Journal => 16,
        }
    }

    const fn start_of(self, id: u64) -> u64 {
        id - id % self.width()
    }

    /// Whether there are enough loose rows to fold. `floor` is what the last fold had to leave loose.
    pub(super) fn wants_fold(self, sums: &Sums, floor: u64) -> bool {
        let records = |kind| sums.get(&kind).map_or(0, |sum| sum.records);
        let in_blocks = records(self.blocks()).saturating_mul(self.width());
        records(self.loose()) > floor.saturating_add(LOOSE_LEAST.max(in_blocks / 8))
    }
}

/// The row of that number.
pub(super) fn get(trees: &Trees, rows: Rows, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
    if let Some(row) = trees.read(rows.loose(), &id.to_be_bytes())? {
        return Ok(if row.is_empty() { None } else { Some(row) });
    }
    in_block(trees, rows, id)
}

fn in_block(trees: &Trees, rows: Rows, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let start = rows.start_of(id);
    let Some(block) = trees.last_within(rows.blocks(), &start.to_be_bytes(), &id.to_be_bytes())? else {
        return Ok(None);
    };
    for row in unpack(&block, start) {
        let (found, row) = row?;
        if found == id {
            return Ok(Some(row.to_vec()));
        }
    }
    Ok(None)
}

/// Rows by number, and where the next range begins.
pub(super) type Range = (Vec<(u64, Vec<u8>)>, u64);

/// The rows of the first range at or after the one of `from` that has any; `None` at the end.
/// The range may be empty, when all its rows were removed.
pub(super) fn next_range(trees: &Trees, rows: Rows, from: u64) -> Result<Option<Range>, StoreError> {
    let first = |kind| -> Result<Option<u64>, StoreError> {
        trees.key_at_or_after(kind, &rows.start_of(from).to_be_bytes())?.map(|key| number(&key)).transpose()
    };
    let (block, loose) = (first(rows.blocks())?, first(rows.loose())?);
    let Some(id) = block.into_iter().chain(loose).min() else {
        return Ok(None);
    };
    let start = rows.start_of(id);
    let found = range(trees, rows, start)?;
    let found = found.into_iter().filter(|(_, row)| !row.is_empty()).filter(|(id, _)| *id >= from).collect();
    Ok(Some((found, start.saturating_add(rows.width()))))
}

/// All rows of the range that begins at `start`, loose ones before those in blocks.
fn range(trees: &Trees, rows: Rows, start: u64) -> Result<BTreeMap<u64, Vec<u8>>, StoreError> {
    let end = start.saturating_add(rows.width()).to_be_bytes();
    let mut found = BTreeMap::new();
    trees.scan(rows.blocks(), &start.to_be_bytes(), Some(&end), &mut |_, block| {
        for row in unpack(&block, start) {
            let (id, row) = row?;
            found.insert(id, row.to_vec());
        }
        Ok(true)
    })?;
    trees.scan(rows.loose(), &start.to_be_bytes(), Some(&end), &mut |key, row| {
        found.insert(number(key)?, row);
        Ok(true)
    })?;
    Ok(found)
}

/// Stages changed rows; `None` removes. Each range may be written once per stage.
pub(super) fn write(
    stage: &mut Stage<'_>,
    rows: Rows,
    changes: BTreeMap<u64, Option<Vec<u8>>>,
) -> Result<(), StoreError> {
    let mut by_range: BTreeMap<u64, BTreeMap<u64, Vec<u8>>> = BTreeMap::new();
    for (id, row) in changes {
        by_range.entry(rows.start_of(id)).or_default().insert(id, row.unwrap_or_default());
    }
    for (start, changed) in by_range {
        if changed.len() as u64 >= rows.width() / 4 {
            rewrite(stage, rows, start, changed)?;
            continue;
        }
        for (id, row) in changed {
            let key = id.to_be_bytes();
            if row.is_empty() && in_block(stage.trees, rows, id)?.is_none() {
                stage.remove(rows.loose(), &key)?;
            } else {
                stage.put(rows.loose(), &key, &row)?;
            }
        }
    }
    Ok(())
}

/// Stages the fold of the first range at or after `from` that has loose rows. Returns where to go on.
pub(super) fn fold_next(stage: &mut Stage<'_>, rows: Rows, from: u64) -> Result<Option<u64>, StoreError> {
    let Some(key) = stage.trees.key_at_or_after(rows.loose(), &from.to_be_bytes())? else {
        return Ok(None);
    };
    let start = rows.start_of(number(&key)?);
    rewrite(stage, rows, start, BTreeMap::new())?;
    Ok(Some(start.saturating_add(rows.width())))
}

/// Stages the blocks of a range anew, with all that is loose in it.
fn rewrite(stage: &mut Stage<'_>, rows: Rows, start: u64, changed: BTreeMap<u64, Vec<u8>>) -> Result<(), StoreError> {
    let end = start.saturating_add(rows.width()).to_be_bytes();
    let trees = stage.trees;
    let mut all = range(trees, rows, start)?;
    all.extend(changed);
    all.retain(|_, row| !row.is_empty());

    for kind in [rows.blocks(), rows.loose()] {
        let mut old = Vec::new();
        trees.scan(kind, &start.to_be_bytes(), Some(&end), &mut |key, _| {
            old.push(key.to_vec());
            Ok(true)
        })?;
        for key in old {
            stage.remove(kind, &key)?;
        }
    }

    let mut block: Vec<u8> = Vec::new();
    let mut first = start;
    for (id, row) in all {
        if row.len() > LONG_ROW {
            stage.put(rows.loose(), &id.to_be_bytes(), &row)?;
            continue;
        }
        if !block.is_empty() && block.len() + ROW_HEAD + row.len() > CHUNK {
            stage.put(rows.blocks(), &first.to_be_bytes(), &block)?;
            block.clear();
        }
        if block.is_empty() {
            first = id;
        }
        pack(&mut block, start, id, &row)?;
    }
    if !block.is_empty() {
        stage.put(rows.blocks(), &first.to_be_bytes(), &block)?;
    }
    Ok(())
}

fn pack(block: &mut Vec<u8>, start: u64, id: u64, row: &[u8]) -> Result<(), StoreError> {
    let too_big = |_| StoreError::Damaged("a row does not fit a block".to_owned());
    block.push(u8::try_from(id.saturating_sub(start)).map_err(too_big)?);
    block.extend_from_slice(&u32::try_from(row.len()).map_err(too_big)?.to_le_bytes());
    block.extend_from_slice(row);
    Ok(())
}

fn unpack(block: &[u8], start: u64) -> impl Iterator<Item = Result<(u64, &[u8]), StoreError>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let row = rest.split_first_chunk::<ROW_HEAD>().and_then(|([offset, len @ ..], tail)| {
            let (row, tail) = tail.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
            rest = tail;
            Some((start.saturating_add(u64::from(*offset)), row))
        });
        if row.is_none() {
            rest = &[];
        }
        Some(row.ok_or_else(|| StoreError::Damaged("a block ends within a row".to_owned())))
    })
}

/// The number that a key begins with; later parts of a long row begin with it too.
fn number(key: &[u8]) -> Result<u64, StoreError> {
    key.first_chunk::<8>()
        .map(|bytes| u64::from_be_bytes(*bytes))
        .ok_or_else(|| StoreError::Damaged("a key is too short".to_owned()))
}
