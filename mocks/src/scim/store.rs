//! The resources of one kind, in the order they were made, found by id, by their unique name and by `externalId`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text_at;
use crate::rng::mix;
use crate::world::guid;

#[derive(Debug)]
pub(super) struct Store {
    /// The attribute that no two resources share, compared without case.
    unique: &'static str,
    rows: BTreeMap<u64, Value>,
    ids: BTreeMap<String, u64>,
    names: BTreeMap<String, u64>,
    externals: BTreeMap<String, BTreeSet<u64>>,
    next: u64,
}

impl Store {
    pub(super) fn new(unique: &'static str) -> Self {
        Self {
            unique,
            rows: BTreeMap::new(),
            ids: BTreeMap::new(),
            names: BTreeMap::new(),
            externals: BTreeMap::new(),
            next: 1,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All rows after a place, with their places.
    pub(super) fn after(&self, place: u64) -> impl Iterator<Item = (u64, &Value)> {
        self.rows.range(place.saturating_add(1)..).map(|(place, row)| (*place, row))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Value> {
        self.rows.values()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Value> {
        self.rows.get(self.ids.get(id)?)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Value> {
        self.rows.get(self.names.get(&name.to_lowercase())?)
    }

    /// The places at which an attribute that is indexed has a value; none when it is not indexed.
    pub(super) fn look_up(&self, attribute: &str, value: &str) -> Option<Vec<u64>> {
        if attribute.eq_ignore_ascii_case("id") {
            return Some(self.ids.get(value).copied().into_iter().collect());
        }
        if attribute.eq_ignore_ascii_case(self.unique) {
            return Some(self.names.get(&value.to_lowercase()).copied().into_iter().collect());
        }
        let external = attribute.eq_ignore_ascii_case("externalId");
        external.then(|| self.externals.get(&value.to_lowercase()).into_iter().flatten().copied().collect())
    }

    pub(super) fn at(&self, place: u64) -> Option<&Value> {
        self.rows.get(&place)
    }

    /// Puts a new resource in and stamps it. Without an id it gets one.
    pub(super) fn insert(&mut self, mut row: Value, id: Option<String>, kind: &str, at: Timestamp) -> String {
        let place = self.next;
        self.next += 1;
        let number = mix(place, kind.as_bytes());
        let id = id.unwrap_or_else(|| guid(number, number.rotate_left(31)));
        if let Some(object) = row.as_object_mut() {
            object.insert("id".to_owned(), json!(id));
            let at = at.to_string();
            let meta = json!({"resourceType": kind, "created": at, "lastModified": at, "version": "W/\"1\""});
            object.insert("meta".to_owned(), meta);
        }
        self.index(place, &row, true);
        self.rows.insert(place, row);
        id
    }

    /// Puts a changed resource in the place of the old one; what did not change gets no new stamp. Says whether it
    /// changed.
    pub(super) fn update(&mut self, id: &str, mut row: Value, at: Timestamp) -> bool {
        let Some(place) = self.ids.get(id).copied() else { return false };
        let Some(old) = self.rows.remove(&place) else { return false };
        if let (Some(object), Some(meta)) = (row.as_object_mut(), old.get("meta")) {
            object.insert("meta".to_owned(), meta.clone());
            object.insert("id".to_owned(), json!(id));
        }
        let changed = row != old;
        if changed {
            stamp(&mut row, at);
            self.index(place, &old, false);
            self.index(place, &row, true);
        }
        self.rows.insert(place, row);
        changed
    }

    /// Gives a resource a new stamp and version as it is.
    pub(super) fn touch(&mut self, id: &str, at: Timestamp) {
        if let Some(row) = self.ids.get(id).and_then(|place| self.rows.get_mut(place)) {
            stamp(row, at);
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Value> {
        let place = self.ids.get(id).copied()?;
        let row = self.rows.remove(&place)?;
        self.index(place, &row, false);
        Some(row)
    }

    fn index(&mut self, place: u64, row: &Value, add: bool) {
        let id = text_at(row, "id").map(str::to_owned);
        let name = text_at(row, self.unique).map(str::to_lowercase);
        let external = text_at(row, "externalId").map(str::to_lowercase);
        for (index, key) in [(&mut self.ids, id), (&mut self.names, name)] {
            if let Some(key) = key {
                if add {
                    index.insert(key, place);
                } else if index.get(&key) == Some(&place) {
                    index.remove(&key);
                }
            }
        }
        if let Some(key) = external {
            let places = self.externals.entry(key).or_default();
            if add {
                places.insert(place)
            } else {
                places.remove(&place)
            };
        }
    }
}

fn stamp(row: &mut Value, at: Timestamp) {
    if let Some(meta) = row.get_mut("meta").and_then(Value::as_object_mut) {
        let version = meta.get("version").and_then(Value::as_str).and_then(number_of).unwrap_or(1);
        meta.insert("version".to_owned(), json!(format!("W/\"{}\"", version + 1)));
        meta.insert("lastModified".to_owned(), json!(at.to_string()));
    }
}

fn number_of(version: &str) -> Option<u64> {
    version.trim_start_matches("W/").trim_matches('"').parse().ok()
}
