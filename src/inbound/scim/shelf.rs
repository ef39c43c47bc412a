//! The resources of one feed: on disk in the store, with an index of them in memory.
//!
//! Writes of a feed take turns, for each rests on what is there; reads do not wait for them. What is on disk and the
//! reason to look at it are one commit, and the index follows once that commit is durable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::http::StatusCode;
use scim_v2::filter::{AttrExp, CompValue, CompareOp, Filter, ValFilter};
use serde_json::{Map, Value};
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use xxhash_rust::xxh3::xxh3_64;

use super::error::Refusal;
use super::names::{self, Place};
use crate::ambient::Chance;
use crate::feed::push::{self, Kept, Kind, Push};
use crate::model::{FeedName, Time};
use crate::store::StoreError;
use crate::worker::{InboxError, Warden};

/// A resource.
pub(super) type Resource = Map<String, Value>;

/// What resources are found by without reading all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    UserName,
    ExternalId,
    DisplayName,
    Email,
}

#[derive(Debug, Default)]
struct Entries {
    ids: BTreeSet<String>,
    found: BTreeMap<(Key, String), BTreeSet<String>>,
}

#[derive(Debug, Default)]
struct Index {
    users: Entries,
    groups: Entries,
    last: u64,
}

impl Index {
    const fn of(&self, kind: Kind) -> &Entries {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    const fn of_mut(&mut self, kind: Kind) -> &mut Entries {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    fn change(&mut self, change: &Change) {
        let entries = self.of_mut(change.kind);
        for key in change.before.iter().flat_map(|before| keys_of(change.kind, before)) {
            if let Some(ids) = entries.found.get_mut(&key) {
                ids.remove(&change.id);
                if ids.is_empty() {
                    entries.found.remove(&key);
                }
            }
        }
        match &change.after {
            Some(after) => {
                entries.ids.insert(change.id.clone());
                for key in keys_of(change.kind, after) {
                    entries.found.entry(key).or_default().insert(change.id.clone());
                }
            }
            None => {
                entries.ids.remove(&change.id);
            }
        }
    }
}

fn keys_of(kind: Kind, resource: &Resource) -> Vec<(Key, String)> {
    let text = |name: &str| names::get(resource, name).and_then(Value::as_str);
    let mut keys = Vec::new();
    keys.extend(text("externalId").map(|id| (Key::ExternalId, id.to_owned())));
    keys.extend(text("displayName").map(|name| (Key::DisplayName, name.to_lowercase())));
    if kind == Kind::User {
        keys.extend(text("userName").map(|name| (Key::UserName, name.to_lowercase())));
        let emails = names::get(resource, "emails").and_then(Value::as_array).into_iter().flatten();
        let emails = emails.filter_map(|email| names::get(email.as_object()?, "value")?.as_str());
        keys.extend(emails.map(|email| (Key::Email, email.to_lowercase())));
    }
    keys
}

/// One resource before and after a write.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) before: Option<Resource>,
    pub(super) after: Option<Resource>,
}

/// See the module.
pub(super) struct Shelf {
    feed: FeedName,
    warden: Arc<Warden>,
    reader: Push,
    chance: Arc<Chance>,
    loaded: OnceCell<()>,
    index: RwLock<Index>,
    turn: Mutex<()>,
}

impl Shelf {
    pub(super) fn new(feed: &FeedName, warden: &Arc<Warden>, reader: Push) -> Self {
        Self {
            feed: feed.clone(),
            warden: warden.clone(),
            reader,
            chance: Arc::new(Chance::system()),
            loaded: OnceCell::new(),
            index: RwLock::default(),
            turn: Mutex::default(),
        }
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what an earlier process kept, once.
    pub(super) async fn load(&self) -> Result<(), Refusal> {
        let load = || async {
            let mut index = Index::default();
            for kind in [Kind::User, Kind::Group] {
                self.read_all(kind, &mut index)?;
            }
            *self.index_mut() = index;
            Ok(())
        };
        self.loaded.get_or_try_init(load).await.copied()
    }

    fn read_all(&self, kind: Kind, index: &mut Index) -> Result<(), Refusal> {
        let prefix = push::prefix(&self.feed, kind);
        let mut damage = None;
        let each = &mut |name: &str, note: String| {
            let Some(id) = name.strip_prefix(&prefix) else { return true };
            index.last = index.last.max(stamp_of(id));
            match push::decode(&note) {
                Ok(Kept::Here(Value::Object(after))) => {
                    index.change(&Change { kind, id: id.to_owned(), before: None, after: Some(after) });
                }
                Ok(Kept::Deleted) => {}
                Ok(Kept::Here(_)) => damage = Some("a kept resource is no object".to_owned()),
                Err(why) => damage = Some(why),
            }
            damage.is_none()
        };
        self.warden.parts().store.notes_under(&prefix, each).map_err(|error| busy(&error))?;
        damage.map_or(Ok(()), |why| Err(busy(&StoreError::Damaged(why))))
    }

    pub(super) fn now(&self) -> Time {
        self.warden.parts().clock.now()
    }

    pub(super) fn warden(&self) -> &Warden {
        &self.warden
    }

    /// An id that sorts behind every other, so that lists keep their order while people join.
    pub(super) fn new_id(&self) -> String {
        let now = u64::try_from(self.now().millis()).unwrap_or(0);
        let mut index = self.index_mut();
        index.last = index.last.saturating_add(1).max(now) & 0xffff_ffff_ffff;
        let stamp = format!("{:012x}", index.last);
        drop(index);
        let chance = self.chance.uuid();
        let (head, tail) = stamp.split_at(8);
        format!("{head}-{tail}-7{}", chance.get(15..).unwrap_or_default())
    }

    pub(super) fn ids(&self, kind: Kind) -> Vec<String> {
        self.index().of(kind).ids.iter().cloned().collect()
    }

    pub(super) fn has(&self, kind: Kind, id: &str) -> bool {
        self.index().of(kind).ids.contains(id)
    }

    /// Whether another resource has that name.
    pub(super) fn is_taken(&self, kind: Kind, key: Key, value: &str, but: &str) -> bool {
        let index = self.index();
        let found = index.of(kind).found.get(&(key, value.to_lowercase()));
        found.is_some_and(|ids| ids.iter().any(|id| id != but))
    }

    /// The resources that a filter can mean, where the index knows; `None` for all of them.
    pub(super) fn candidates(&self, kind: Kind, filter: &Filter) -> Option<Vec<String>> {
        match filter {
            Filter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(wanted))) => {
                let place = Place::of(kind, path);
                if place.extension.is_some() {
                    return None;
                }
                let name = place.name.to_lowercase();
                let (key, value) = match (name.as_str(), place.sub.as_deref()) {
                    ("id", None) => {
                        return Some(Some(wanted.clone()).filter(|id| self.has(kind, id)).into_iter().collect());
                    }
                    ("username", None) => (Key::UserName, wanted.to_lowercase()),
                    ("externalid", None) => (Key::ExternalId, wanted.clone()),
                    ("displayname", None) => (Key::DisplayName, wanted.to_lowercase()),
                    ("emails", None) => (Key::Email, wanted.to_lowercase()),
                    ("emails", Some(sub)) if sub.eq_ignore_ascii_case("value") => (Key::Email, wanted.to_lowercase()),
                    _ => return None,
                };
                let index = self.index();
                let found = index.of(kind).found.get(&(key, value));
                Some(found.into_iter().flatten().cloned().collect())
            }
            Filter::And(parts) => parts.iter().find_map(|part| self.candidates(kind, part)),
            Filter::ValuePath(path) if path.attr.name.eq_ignore_ascii_case("emails") => {
                let parts = match path.filter.as_ref() {
                    ValFilter::And(parts) => parts.as_slice(),
                    ValFilter::Attr(_) | ValFilter::Not(_) | ValFilter::Or(_) => std::slice::from_ref(&*path.filter),
                };
                parts.iter().find_map(|part| self.by_email(kind, part))
            }
            Filter::Attr(_) | Filter::ValuePath(_) | Filter::Not(_) | Filter::Or(_) => None,
        }
    }

    fn by_email(&self, kind: Kind, part: &ValFilter) -> Option<Vec<String>> {
        let ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, CompValue::Str(wanted))) = part else {
            return None;
        };
        if !path.name.eq_ignore_ascii_case("value") || path.uri.is_some() || path.sub_attr.is_some() {
            return None;
        }
        let index = self.index();
        let found = index.of(kind).found.get(&(Key::Email, wanted.to_lowercase()));
        Some(found.into_iter().flatten().cloned().collect())
    }

    /// A resource as it is on disk.
    pub(super) fn read(&self, kind: Kind, id: &str) -> Result<Option<Resource>, Refusal> {
        if !self.has(kind, id) {
            return Ok(None);
        }
        let note = self.warden.parts().store.note(&push::name(&self.feed, kind, id)).map_err(|error| busy(&error))?;
        let kept = note.as_deref().map(push::decode).transpose();
        match kept.map_err(|why| busy(&StoreError::Damaged(why)))? {
            Some(Kept::Here(Value::Object(resource))) => Ok(Some(resource)),
            Some(Kept::Here(_) | Kept::Deleted) | None => Ok(None),
        }
    }

    /// Waits for its turn to write.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Writes all of it or nothing; on disk when this returns.
    pub(super) async fn commit(&self, mut changes: Vec<Change>, request: &str) -> Result<(), Refusal> {
        let now = self.now();
        let mut notes = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for change in &mut changes {
            if let Some(after) = &mut change.after {
                stamp(after, change.kind, change.before.as_ref(), now);
            }
            if change.kind == Kind::User {
                if let Some(after) = &change.after {
                    self.reader.check(after).map_err(|why| Refusal::bad("invalidValue", why))?;
                }
                let leaves = change
                    .after
                    .as_ref()
                    .is_none_or(|after| names::get(after, "active").is_some_and(|active| active == false));
                accounts.insert(change.id.clone(), leaves);
            }
            let kept = change.after.clone().map_or(Kept::Deleted, |after| Kept::Here(after.into()));
            let note = serde_json::to_string(&kept)
                .map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
            notes.insert(push::name(&self.feed, change.kind, &change.id), Some(note));
        }
        self.warden.take_pushed(&self.feed, notes, accounts, request).await.map_err(|error| {
            tracing::error!(feed.name = %self.feed, %error, "what was pushed could not be kept; the provider has to push it again");
            match error {
                InboxError::Store(error) => busy(&error),
                InboxError::Full => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            }
        })?;
        let mut index = self.index_mut();
        for change in &changes {
            index.change(change);
        }
        Ok(())
    }
}

/// What is wrong with us is for our log.
fn busy(error: &StoreError) -> Refusal {
    tracing::error!(%error, "pushed resources cannot be read or written");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "this cannot be kept or read now; try again later")
}

/// The millisecond in an id of ours.
fn stamp_of(id: &str) -> u64 {
    let digits: String = id.chars().filter(|c| *c != '-').take(12).collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0)
}

/// Writes `meta`.
fn stamp(resource: &mut Resource, kind: Kind, before: Option<&Resource>, now: Time) {
    let created = before.and_then(|before| before.get("meta")?.get("created").cloned());
    resource.remove("meta");
    let now = now.to_string();
    let text = Value::Object(resource.clone()).to_string();
    let version = format!("W/\"{:016x}\"", xxh3_64(format!("{now}\n{text}").as_bytes()));
    let meta = serde_json::json!({
        "resourceType": kind.word(),
        "created": created.unwrap_or_else(|| now.clone().into()),
        "lastModified": now,
        "version": version,
    });
    resource.insert("meta".to_owned(), meta);
}

/// The version of a resource.
pub(super) fn version(resource: &Resource) -> Option<&str> {
    resource.get("meta")?.get("version")?.as_str()
}
