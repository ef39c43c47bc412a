//! Creating, replacing, patching and deleting. Whoever writes has the turn from reading what is there to the commit.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::names;
use super::shape::settle;
use super::shelf::{Change, Key, Resource, Shelf, version};
use super::{Asked, Reply, patch};
use crate::feed::push::Kind;

/// Members of a group that the answer to a PATCH shows.
const SHOWN_MEMBERS: usize = 100;

/// Entra without its flag writes `Add`, `Replace` and `Remove`; nobody else does.
fn has_capital_verb(body: &Value) -> bool {
    let operations = body.as_object().and_then(|body| names::get(body, "Operations")).and_then(Value::as_array);
    let mut verbs = operations.into_iter().flatten().filter_map(|one| names::get(one.as_object()?, "op")?.as_str());
    verbs.any(|verb| verb.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// Makes a resource.
pub(super) async fn create(shelf: &Shelf, asked: &Asked, kind: Kind, body: &Value) -> Result<Reply, Refusal> {
    let mut resource = patch::fill(kind, Map::new(), body)?;
    settle(kind, &mut resource)?;
    let _turn = shelf.turn().await;
    let id = shelf.new_id();
    be_unique(shelf, kind, &resource, &id)?;
    resource.insert("id".to_owned(), id.clone().into());
    if kind == Kind::User && names::get(&resource, "active").is_none() {
        resource.insert("active".to_owned(), true.into());
    }
    keep(shelf, asked, kind, &id, None, Some(resource)).await?;
    asked.written(shelf, kind, &id, StatusCode::CREATED)
}

/// Puts a whole resource in the place of what is there.
pub(super) async fn replace(
    shelf: &Shelf,
    asked: &Asked,
    kind: Kind,
    id: &str,
    body: &Value,
) -> Result<Reply, Refusal> {
    let _turn = shelf.turn().await;
    let before = asked.current(shelf, kind, id)?;
    // Nobody becomes active because a client leaves `active` out.
    let kept = before.iter().filter(|(key, _)| names::is_read_only(kind, key) || key.as_str() == "active");
    let base = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut resource = patch::fill(kind, base, body)?;
    settle(kind, &mut resource)?;
    change(shelf, asked, kind, id, before, resource).await?;
    asked.written(shelf, kind, id, StatusCode::OK)
}

/// Applies operations, all of them or none.
pub(super) async fn patch(shelf: &Shelf, asked: &Asked, kind: Kind, id: &str, body: &Value) -> Result<Reply, Refusal> {
    let _turn = shelf.turn().await;
    let before = asked.current(shelf, kind, id)?;
    let mut resource = patch::apply(kind, &before, body)?;
    settle(kind, &mut resource)?;
    change(shelf, asked, kind, id, before, resource).await?;
    let reply = asked.written(shelf, kind, id, StatusCode::OK)?;
    // Entra wants no body for groups, and one of 100,000 members would be sent for each member that changes.
    let is_entra = asked.is_entra || has_capital_verb(body);
    let bare = kind == Kind::Group && asked.view == super::shape::View::default();
    let bare = bare && (is_entra || members(Some(&shelf.read(kind, id)?.unwrap_or_default())).len() > SHOWN_MEMBERS);
    Ok(if bare { Reply { status: StatusCode::NO_CONTENT, body: None, ..reply } } else { reply })
}

/// Deletes a resource for good. That somebody was deleted stays known.
pub(super) async fn delete(shelf: &Shelf, asked: &Asked, kind: Kind, id: &str) -> Result<Reply, Refusal> {
    let _turn = shelf.turn().await;
    let before = asked.current(shelf, kind, id)?;
    keep(shelf, asked, kind, id, Some(before), None).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

async fn change(
    shelf: &Shelf,
    asked: &Asked,
    kind: Kind,
    id: &str,
    before: Resource,
    after: Resource,
) -> Result<(), Refusal> {
    be_unique(shelf, kind, &after, id)?;
    if after == before {
        return Ok(());
    }
    keep(shelf, asked, kind, id, Some(before), Some(after)).await
}

fn be_unique(shelf: &Shelf, kind: Kind, resource: &Resource, id: &str) -> Result<(), Refusal> {
    let (name, key) = match kind {
        Kind::User => ("userName", Key::UserName),
        Kind::Group => ("displayName", Key::DisplayName),
    };
    let value = names::get(resource, name).and_then(Value::as_str).unwrap_or_default();
    if shelf.is_taken(kind, key, value, id) { Err(Refusal::taken(name)) } else { Ok(()) }
}

/// Commits a change with what follows from it for groups and their members.
async fn keep(
    shelf: &Shelf,
    asked: &Asked,
    kind: Kind,
    id: &str,
    before: Option<Resource>,
    after: Option<Resource>,
) -> Result<(), Refusal> {
    let mut changes = match kind {
        Kind::Group => members_follow(shelf, id, before.as_ref(), after.as_ref())?,
        Kind::User if after.is_none() => groups_follow(shelf, id, before.as_ref())?,
        Kind::User => Vec::new(),
    };
    changes.push(Change { kind, id: id.to_owned(), before, after });
    shelf.commit(changes, &asked.request).await
}

fn members(group: Option<&Resource>) -> BTreeSet<&str> {
    let members = group.and_then(|group| names::get(group, "members")).and_then(Value::as_array);
    members.into_iter().flatten().filter_map(|member| member.get("value")?.as_str()).collect()
}

/// The members whose `groups` change with a group.
fn members_follow(
    shelf: &Shelf,
    id: &str,
    before: Option<&Resource>,
    after: Option<&Resource>,
) -> Result<Vec<Change>, Refusal> {
    let name = |group: Option<&Resource>| group.and_then(|group| names::get(group, "displayName").cloned());
    let (old, new) = (members(before), members(after));
    let renamed = name(before) != name(after);
    let touched: BTreeSet<&str> =
        if renamed { old.union(&new).copied().collect() } else { old.symmetric_difference(&new).copied().collect() };
    let mut changes = Vec::new();
    for member in touched {
        let Some(user) = shelf.read(Kind::User, member)? else { continue };
        let mut groups = user.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
        groups.retain(|group| group.get("value").and_then(Value::as_str) != Some(id));
        if new.contains(member) {
            groups.push(json!({"value": id, "display": name(after), "type": "direct"}));
        }
        let mut renewed = user.clone();
        if groups.is_empty() {
            renewed.remove("groups");
        } else {
            renewed.insert("groups".to_owned(), groups.into());
        }
        changes.push(Change { kind: Kind::User, id: member.to_owned(), before: Some(user), after: Some(renewed) });
    }
    Ok(changes)
}

/// The groups that lose a member who is deleted.
fn groups_follow(shelf: &Shelf, id: &str, user: Option<&Resource>) -> Result<Vec<Change>, Refusal> {
    let groups = user.and_then(|user| user.get("groups")).and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(|group| group.get("value")?.as_str());
    let mut changes = BTreeMap::new();
    for group in groups {
        let Some(before) = shelf.read(Kind::Group, group)? else { continue };
        let mut after = before.clone();
        if let Some(Value::Array(members)) = after.get_mut("members") {
            members.retain(|member| member.get("value").and_then(Value::as_str) != Some(id));
        }
        let (before, after) = (Some(before), Some(after));
        changes.insert(group, Change { kind: Kind::Group, id: group.to_owned(), before, after });
    }
    Ok(changes.into_values().collect())
}

impl Asked {
    /// What is there, if it is what the client thinks it is.
    fn current(&self, kept: &Shelf, kind: Kind, id: &str) -> Result<Resource, Refusal> {
        let current = kept.read(kind, id)?.ok_or_else(|| Refusal::not_found(kind.word()))?;
        if let Some(wanted) = &self.if_match
            && !super::is_among(wanted, version(&current).unwrap_or_default())
        {
            let detail = "the resource has another version by now; read it again";
            return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, detail));
        }
        Ok(current)
    }

    /// The answer to a write.
    fn written(&self, kept: &Shelf, kind: Kind, id: &str, status: StatusCode) -> Result<Reply, Refusal> {
        let resource = kept.read(kind, id)?.ok_or_else(|| Refusal::not_found(kind.word()))?;
        Ok(self.reply(kind, &resource, status))
    }
}
