//! How a record looks on disk: a version byte, postcard, and a checksum over key and value.
//!
//! sled checks its own log, but a cut tail or a page lost by its recovery opens without a word. The checksum of every
//! record finds a changed one; their sum over a tree finds a missing or an added one.
//!
//! A payload longer than [`CHUNK`] goes on in further parts under longer keys, because sled moves large pages into
//! files of their own that it does not sync.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::StoreError;

/// The layout of a record.
const RECORD_VERSION: u8 = 1;
/// Version byte and number of parts.
const HEAD: usize = 5;
/// The checksum.
const TAIL: usize = 8;
/// The longest payload of one part. sled makes a file of a page beyond a quarter of a segment, 128 KiB, and splits a
/// leaf at more than 16 records; some are added before it gets to that.
pub(crate) const CHUNK: usize = 6 * 1024;

/// A record that was read and whose checksum fits.
pub(crate) struct Frame<'a> {
    /// Parts of the whole value, in the first of them; 0 in those that follow.
    pub(crate) parts: u32,
    /// This part of the payload.
    pub(crate) chunk: &'a [u8],
    /// The checksum.
    pub(crate) sum: u64,
}

/// Writes one part.
pub(crate) fn frame(tree: u8, key: &[u8], parts: u32, chunk: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(HEAD + chunk.len() + TAIL);
    raw.push(RECORD_VERSION);
    raw.extend_from_slice(&parts.to_le_bytes());
    raw.extend_from_slice(chunk);
    let sum = checksum(tree, key, &raw);
    raw.extend_from_slice(&sum.to_le_bytes());
    raw
}

/// Reads one part and checks it.
pub(crate) fn unframe<'a>(tree: u8, key: &[u8], raw: &'a [u8]) -> Result<Frame<'a>, String> {
    let Some((body, tail)) = raw.split_last_chunk::<TAIL>() else {
        return Err("a record is too short".to_owned());
    };
    let sum = u64::from_le_bytes(*tail);
    if checksum(tree, key, body) != sum {
        return Err("the checksum of a record does not fit".to_owned());
    }
    let Some(([version, parts @ ..], chunk)) = body.split_first_chunk::<HEAD>() else {
        return Err("a record is too short".to_owned());
    };
    if *version != RECORD_VERSION {
        return Err(format!("a record has version {version}"));
    }
    Ok(Frame { parts: u32::from_le_bytes(*parts), chunk, sum })
}

/// The checksum that a record carries, without comparing it.
pub(crate) fn carried_sum(raw: &[u8]) -> u64 {
    raw.split_last_chunk::<TAIL>().map_or(0, |(_, tail)| u64::from_le_bytes(*tail))
}

/// Covers the tree and the key too, so that a value found under another key does not pass.
fn checksum(tree: u8, key: &[u8], body: &[u8]) -> u64 {
    xxh3_64_with_seed(body, xxh3_64_with_seed(key, u64::from(tree)))
}

/// The key of a later part. It sorts right behind the first part's key, before any other.
pub(crate) fn part_key(key: &[u8], part: u32) -> Vec<u8> {
    let mut long = Vec::with_capacity(key.len() + 5);
    long.extend_from_slice(key);
    long.push(0);
    long.extend_from_slice(&part.to_be_bytes());
    long
}

/// postcard, with our error.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(value).map_err(|error| StoreError::Damaged(format!("a value cannot be encoded: {error}")))
}

/// postcard, with our error.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(StoreError::Damaged(format!("{} bytes follow a value", rest.len()))),
        Err(error) => Err(StoreError::Damaged(format!("a value cannot be decoded: {error}"))),
    }
}

/// Ascending numbers as differences, which postcard keeps in a byte or two each.
pub(crate) fn deltas(ascending: impl IntoIterator<Item = u64>) -> Vec<u64> {
    let mut last = 0;
    ascending.into_iter().map(|number| number.saturating_sub(std::mem::replace(&mut last, number))).collect()
}

/// The numbers behind [`deltas`].
pub(crate) fn from_deltas(deltas: Vec<u64>) -> Vec<u64> {
    let mut last = 0_u64;
    deltas
        .into_iter()
        .map(|delta| {
            last = last.saturating_add(delta);
            last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_bound_to_its_place_and_bytes() {
        let raw = frame(3, b"key", 1, b"payload");
        let whole = unframe(3, b"key", &raw).unwrap();
        assert_eq!((whole.parts, whole.chunk, whole.sum), (1, &b"payload"[..], carried_sum(&raw)));
        assert!(unframe(4, b"key", &raw).is_err(), "another tree");
        assert!(unframe(3, b"kez", &raw).is_err(), "another key");
        for at in 0..raw.len() {
            for bit in 0..8 {
                let mut flipped = raw.clone();
                flipped[at] ^= 1 << bit;
                assert!(unframe(3, b"key", &flipped).is_err(), "byte {at} bit {bit}");
            }
        }
        for len in 0..raw.len() {
            assert!(unframe(3, b"key", &raw[..len]).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn numbers_survive_as_differences() {
        for numbers in [vec![], vec![0], vec![7], vec![0, 1, 2, 4095], vec![5, u64::MAX]] {
            assert_eq!(from_deltas(deltas(numbers.clone())), numbers);
        }
    }
}
