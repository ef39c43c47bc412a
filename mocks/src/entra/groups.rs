//! Groups, and who is in them. They are few here, so the lists have one page.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};

use super::error;
use super::users::person_of;
use crate::World;
use crate::rng::mix;
use crate::wire::{Call, Reply};
use crate::world::guid;

/// `GET /v1.0/users/{id}/memberOf`
pub(super) fn of_user(world: &World, call: &Call, id: &str) -> Reply {
    let Some(person) = person_of(world, id) else { return error::not_found(world, id) };
    let rows = person.groups.iter().map(|name| {
        let mut row = group(world, name);
        if let Some(object) = row.as_object_mut() {
            object.insert("@odata.type".to_owned(), json!("#microsoft.graph.group"));
        }
        row
    });
    collection(call, "directoryObjects", &rows.collect::<Vec<_>>())
}

/// `GET /v1.0/groups`
pub(super) fn list(world: &World, call: &Call) -> Reply {
    collection(call, "groups", &names(world).into_iter().map(|name| group(world, name)).collect::<Vec<_>>())
}

/// `GET /v1.0/groups/{id}/members`
pub(super) fn members(world: &World, call: &Call, id: &str) -> Reply {
    let Some(name) = names(world).into_iter().find(|name| group_id(world, name) == id) else {
        return error::not_found(world, id);
    };
    let accounts = world.entra_accounts().iter().filter_map(|(id, person)| Some((id, world.person(*person)?)));
    let rows = accounts
        .filter(|(_, person)| person.groups.contains(name))
        .map(|(id, person)| json!({"@odata.type": "#microsoft.graph.user", "id": id.as_ref(), "displayName": person.display_name()}));
    collection(call, "directoryObjects", &rows.collect::<Vec<_>>())
}

fn names(world: &World) -> BTreeSet<&str> {
    world
        .people()
        .iter()
        .filter(|person| person.homes.entra)
        .flat_map(|person| &person.groups)
        .map(String::as_str)
        .collect()
}

fn group(world: &World, name: &str) -> Value {
    json!({"id": group_id(world, name), "displayName": name, "securityEnabled": true, "groupTypes": []})
}

fn group_id(world: &World, name: &str) -> String {
    let number = mix(world.seed(), format!("entra-group/{name}").as_bytes());
    guid(number, number.rotate_left(23))
}

fn collection(call: &Call, of: &str, rows: &[Value]) -> Reply {
    let context = format!("{}/v1.0/$metadata#{of}", call.base);
    Reply::json(StatusCode::OK, &json!({"@odata.context": context, "value": rows}))
}
