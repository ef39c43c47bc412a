//! Linking entries into a chain, and finding the first that does not fit.
//!
//! The hash covers the meaning of an entry, not its bytes: JSON with sorted keys and no blanks. An export that another
//! tool wrote again, with other key order, blanks or `\u` escapes, still verifies; a changed, missing, added or
//! swapped entry does not. A cut tail cannot be seen from the lines alone: whoever keeps the last hash elsewhere (the
//! store's manifest does) compares it with the [`Tip`].

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Entry;
use crate::model::{Digest, Time};
use crate::seats::Event;

/// The longest line that is read or written. A held first fill of some hundred thousand seats is one entry.
pub const LINE_LIMIT: usize = 256 * 1024 * 1024;

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Number of the last entry; 0 for an empty chain.
    pub seq: u64,
    /// Its hash; 64 zeros for an empty chain.
    pub hash: String,
}

impl Tip {
    /// The end of an empty chain.
    pub fn genesis() -> Self {
        Self { seq: 0, hash: "0".repeat(64) }
    }

    /// The end of a chain whose last entry this is.
    pub fn of(entry: &Entry) -> Self {
        Self { seq: entry.seq, hash: entry.hash.clone() }
    }
}

/// The first entry that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The number that the entry has or should have.
    pub seq: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Makes the entry that follows `prev`, of a time without a rules table.
pub fn link(prev: &Tip, at: Time, pass: u64, event: Event) -> Entry {
    link_under(prev, at, pass, None, event)
}

/// Makes the entry that follows `prev`, with the digest of the rules table in force.
pub fn link_under(prev: &Tip, at: Time, pass: u64, rules: Option<Digest>, event: Event) -> Entry {
    let (seq, hash) = (prev.seq.saturating_add(1), String::new());
    let mut entry = Entry { seq, at, pass, rules, event, prev: prev.hash.clone(), hash };
    entry.hash = digest(&entry);
    entry
}

/// Verifies entries from the first one on, in order, and says where the chain ends.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Tip, Break> {
    let mut verifier = Verifier::new();
    for entry in entries {
        verifier.entry(entry)?;
    }
    Ok(verifier.tip)
}

/// Verifies JSON lines, as `audit export` writes them, from the first one on. Blank lines do not count. A line longer
/// than `limit` bytes is a break.
pub fn verify_lines<S: AsRef<str>>(lines: impl IntoIterator<Item = S>, limit: usize) -> Result<Tip, Break> {
    let mut verifier = Verifier::new();
    for line in lines {
        verifier.line(line.as_ref(), limit)?;
    }
    Ok(verifier.tip)
}

/// Verifies one entry after the other.
#[derive(Clone, Debug)]
pub struct Verifier {
    tip: Tip,
    lines: u64,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Expects the first entry.
    pub fn new() -> Self {
        Self::after(Tip::genesis())
    }

    /// Expects the entry after `tip`, whose own chain is known to be good.
    pub const fn after(tip: Tip) -> Self {
        Self { tip, lines: 0 }
    }

    /// Where the verified part ends.
    pub const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Takes the next entry, or says why it does not fit and stays where it is.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), Break> {
        let found = digest(entry);
        self.advance(entry.seq, &entry.prev, &entry.hash, &found)
    }

    /// Takes the next line. Fields that this program does not know are covered by the hash like all others.
    pub fn line(&mut self, line: &str, limit: usize) -> Result<(), Break> {
        self.lines = self.lines.saturating_add(1);
        let text = line.trim();
        if text.is_empty() {
            return Ok(());
        }
        let expected = self.tip.seq.saturating_add(1);
        let broken = |why: String| Break { seq: expected, why: format!("line {}: {why}", self.lines) };
        if line.len() > limit {
            return Err(broken(format!("{} bytes are more than the {limit} allowed", line.len())));
        }
        let mut value: Value = serde_json::from_str(text).map_err(|error| broken(format!("not JSON: {error}")))?;
        let Some(fields) = value.as_object_mut() else {
            return Err(broken("not a JSON object".to_owned()));
        };
        let Some(Value::String(hash)) = fields.remove("hash") else {
            return Err(broken("no `hash`".to_owned()));
        };
        let Some(seq) = fields.get("seq").and_then(Value::as_u64) else {
            return Err(broken("no `seq`".to_owned()));
        };
        let Some(prev) = fields.get("prev").and_then(Value::as_str).map(str::to_owned) else {
            return Err(broken("no `prev`".to_owned()));
        };
        let found = digest_of(&value);
        self.advance(seq, &prev, &hash, &found)
    }

    fn advance(&mut self, seq: u64, prev: &str, hash: &str, found: &str) -> Result<(), Break> {
        let expected = self.tip.seq.saturating_add(1);
        if seq != expected {
            return Err(Break { seq: expected, why: format!("entry {expected} is missing, entry {seq} stands there") });
        }
        if prev != self.tip.hash {
            return Err(Break { seq, why: format!("`prev` is not the hash of entry {}", self.tip.seq) });
        }
        if hash != found {
            return Err(Break { seq, why: "`hash` does not fit the content".to_owned() });
        }
        self.tip = Tip { seq, hash: hash.to_owned() };
        Ok(())
    }
}

/// The bytes that are hashed: the entry without `hash`, as JSON with sorted keys and no blanks.
pub fn canonical(entry: &Entry) -> String {
    // An entry is made of maps with text keys, so that it always has a JSON form.
    let mut value = serde_json::to_value(entry).unwrap_or(Value::Null);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("hash");
    }
    let mut text = String::new();
    write_sorted(&value, &mut text);
    text
}

fn digest(entry: &Entry) -> String {
    hex::encode(Sha256::digest(canonical(entry)))
}

fn digest_of(value: &Value) -> String {
    let mut text = String::new();
    write_sorted(value, &mut text);
    hex::encode(Sha256::digest(text))
}

/// Sorts by hand: the order of `serde_json`'s own map depends on features that any dependency may turn on.
fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_sorted(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (place, (name, field)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write_sorted(field, out);
            }
            out.push('}');
        }
    }
}
