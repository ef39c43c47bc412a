//! Groups, and who is in them.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::users::{after_of, limit_of, paged};
use super::view::{group_id, time, user};
use super::{Org, error};
use crate::World;
use crate::filter::{self, Expr, Op};
use crate::wire::{Call, Reply};
use crate::world::{BEGINNING, What};

/// `GET /api/v1/users/{id}/groups`: the built-in group and those of the person.
pub(super) fn of_user(world: &World, id: &str) -> Reply {
    let Some(person) = world.okta_accounts().get(id).and_then(|person| world.person(*person)) else {
        return error::not_found(&format!("{id} (User)"));
    };
    let changed = membership_changes(world);
    let names = std::iter::once("Everyone").chain(person.groups.iter().map(String::as_str));
    let groups: Vec<Value> = names.map(|name| group(world, name, changed.get(name).copied())).collect();
    Reply::json(StatusCode::OK, &Value::Array(groups))
}

/// `GET /api/v1/groups`, with `q` (prefix of the name) and `filter` on id, type and the two time stamps.
pub(super) fn list(world: &World, call: &Call) -> Reply {
    let filter = match call.param("filter").map(filter::parse).transpose() {
        Ok(filter) => filter,
        Err(filter::BadFilter(cause)) => return error::of(StatusCode::BAD_REQUEST, "E0000031", &cause),
    };
    if filter.as_ref().is_some_and(|filter| !fits_groups(filter)) {
        return error::of(StatusCode::BAD_REQUEST, "E0000053", "Invalid filter");
    }
    let changed = membership_changes(world);
    let prefix = call.param("q").unwrap_or_default().to_lowercase();
    let names = std::iter::once("Everyone").chain(changed.keys().copied());
    let groups: Vec<Value> = names
        .filter(|name| name.to_lowercase().starts_with(&prefix))
        .map(|name| group(world, name, changed.get(name).copied()))
        .filter(|group| filter.as_ref().is_none_or(|filter| filter::matches(filter, group)))
        .collect();
    paged(Reply::json(StatusCode::OK, &Value::Array(groups)), call, None)
}

/// `GET /api/v1/groups/{id}/users`.
pub(super) fn members(org: &Org, world: &World, call: &Call, id: &str) -> Reply {
    let names = membership_changes(world);
    let Some(name) = names.keys().find(|name| group_id(world, name) == id) else {
        return error::not_found(&format!("{id} (UserGroup)"));
    };
    let (limit, after) = match (limit_of(call, 1000, 1000), after_of(call)) {
        (Ok(limit), Ok(after)) => (limit, after),
        (Err(reply), _) | (_, Err(reply)) => return reply,
    };
    let accounts = world.okta_accounts().iter().filter_map(|(id, person)| Some((id, world.person(*person)?)));
    let mut rows: Vec<_> = accounts
        .filter(|(id, _)| after.as_deref().is_none_or(|after| id.as_ref() > after))
        .filter(|(_, person)| person.groups.contains(*name))
        .take(limit + 1)
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|(id, _)| id.to_string());
    let users: Vec<Value> = rows.into_iter().map(|(id, person)| user(org, world, person, id, &call.base)).collect();
    paged(Reply::json(StatusCode::OK, &Value::Array(users)), call, last.filter(|_| more).as_deref())
}

/// Every group there ever was, with the time its members last changed.
fn membership_changes(world: &World) -> BTreeMap<&str, Timestamp> {
    let moves = world.log().iter().filter(|change| matches!(change.what, What::Joined | What::Parted));
    moves.filter_map(|change| Some((change.group.as_deref()?, change.at))).collect()
}

fn group(world: &World, name: &str, members_changed: Option<Timestamp>) -> Value {
    let built_in = name == "Everyone";
    json!({
        "id": group_id(world, name),
        "created": time(BEGINNING),
        "lastUpdated": time(BEGINNING),
        "lastMembershipUpdated": time(members_changed.unwrap_or(BEGINNING)),
        "objectClass": ["okta:user_group"],
        "type": if built_in { "BUILT_IN" } else { "OKTA_GROUP" },
        "profile": {"name": name, "description": null},
    })
}

fn fits_groups(filter: &Expr) -> bool {
    let mut fits = true;
    filter.for_each(&mut |path, op| {
        fits &= match path {
            "id" | "type" => op == Some(Op::Eq),
            "lastUpdated" | "lastMembershipUpdated" => op.is_some(),
            _ => false,
        };
    });
    fits
}
