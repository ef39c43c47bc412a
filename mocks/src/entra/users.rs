//! `GET /v1.0/users` and `GET /v1.0/users/{id}`.

use std::ops::Bound;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::select::Select;
use super::{Tenant, error, view};
use crate::World;
use crate::wire::{Call, Reply, opaque, opened, query_of};
use crate::world::{Person, Standing};

/// The largest page, and the largest where sign-in activity is selected.
const PAGE_MAX: usize = 999;
const PAGE_MAX_SIGN_IN: usize = 500;

impl Tenant {
    pub(super) fn list_users(&self, world: &World, call: &Call) -> Reply {
        let select = match self.selected(world, call) {
            Ok(select) => select,
            Err(reply) => return reply,
        };
        let most = if select.has("signInActivity") { PAGE_MAX_SIGN_IN } else { PAGE_MAX };
        let top = match call.param("$top").map(str::parse::<usize>) {
            None => self.page_size,
            Some(Ok(top)) if (1..=most).contains(&top) => top,
            Some(_) => return error::bad_request(world, "Invalid page size specified."),
        };
        let after = match call.param("$skiptoken").map(opened) {
            None => None,
            Some(Some(Value::String(after))) => Some(after),
            Some(_) => return error::bad_request(world, "Badly formed token."),
        };
        let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let people = world.entra_accounts().range::<str, _>((start, Bound::Unbounded));
        let people = people.filter_map(|(id, person)| Some((id, world.person(*person)?)));
        // Soft-deleted users stand under directory/deletedItems alone.
        let mut people: Vec<_> = people.filter(|(_, person)| !is_gone(person)).take(top + 1).collect();
        let more = people.len() > top;
        people.truncate(top);
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(format!("{}/v1.0/$metadata#users", call.base)));
        if let Some((id, _)) = people.last().filter(|_| more) {
            let token = opaque(&json!(id.as_ref()));
            let kept = call.query.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("$skiptoken"));
            let pairs = kept.map(|(key, value)| (key.as_str(), value.as_str()));
            let query = query_of(pairs.chain([("$skiptoken", token.as_str())]));
            body.insert("@odata.nextLink".to_owned(), json!(format!("{}{}?{query}", call.base, call.path)));
        }
        let rows = people.into_iter().map(|(id, person)| Value::Object(view::user(self, world, person, id, &select)));
        body.insert("value".to_owned(), rows.collect());
        Reply::json(StatusCode::OK, &Value::Object(body))
    }

    pub(super) fn get_user(&self, world: &World, call: &Call, id: &str) -> Reply {
        let select = match self.selected(world, call) {
            Ok(select) => select,
            Err(reply) => return reply,
        };
        let Some(person) = person_of(world, id) else { return error::not_found(world, id) };
        let id = person.accounts.entra.as_deref().unwrap_or(id);
        let mut row = Map::new();
        row.insert("@odata.context".to_owned(), json!(format!("{}/v1.0/$metadata#users/$entity", call.base)));
        row.extend(view::user(self, world, person, id, &select));
        Reply::json(StatusCode::OK, &Value::Object(row))
    }

    /// The date of leaving has a permission of its own.
    pub(super) fn may_select(&self, world: &World, select: &Select) -> Result<(), Reply> {
        if select.has("employeeLeaveDateTime") && !self.may("User-LifeCycleInfo.Read.All") {
            return Err(error::denied(world));
        }
        Ok(())
    }

    fn selected(&self, world: &World, call: &Call) -> Result<Select, Reply> {
        let select = Select::read(call.param("$select")).map_err(|name| {
            let text = format!("Could not find a property named '{name}' on type 'microsoft.graph.user'.");
            error::bad_request(world, &text)
        })?;
        self.may_select(world, &select)?;
        if select.has("signInActivity") && !self.may("AuditLog.Read.All") {
            return Err(error::denied(world));
        }
        Ok(select)
    }
}

/// Finds somebody by object id or by user principal name, unless the account is soft-deleted.
pub(super) fn person_of<'a>(world: &'a World, id: &str) -> Option<&'a Person> {
    let by_id = world.entra_accounts().get(id).and_then(|person| world.person(*person));
    let named = |person: &&Person| person.homes.entra && person.email.eq_ignore_ascii_case(id);
    by_id.or_else(|| world.people().iter().find(named)).filter(|person| !is_gone(person))
}

fn is_gone(person: &Person) -> bool {
    matches!(person.standing, Standing::Deleted | Standing::Purged)
}
