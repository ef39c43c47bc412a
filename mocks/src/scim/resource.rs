//! What every write has to keep: required and unique attributes, members that exist, seats that are left.

use serde_json::{Map, Value, json};

use super::error::Refused;
use super::{Kind, Provider, text_at};
use crate::filter;

impl Provider {
    /// Checks a resource before it is stored in the place of `old`, and puts its members in order.
    pub(super) fn checked(&self, kind: Kind, old: Option<&Value>, new: &mut Value) -> Result<(), Refused> {
        let unique = match kind {
            Kind::User => "userName",
            Kind::Group => "displayName",
        };
        let Some(name) = text_at(new, unique).filter(|name| !name.trim().is_empty()) else {
            return Err(Refused::bad("invalidValue", format!("{unique} is required")));
        };
        let id = old.and_then(|old| text_at(old, "id"));
        let taken = self.store(kind).by_name(name).and_then(|other| text_at(other, "id"));
        if taken.is_some() && taken != id {
            return Err(Refused::conflict(format!("{unique} is already in use")));
        }
        match kind {
            Kind::User => self.checked_user(id, old, new),
            Kind::Group => self.checked_group(old, new),
        }
    }

    fn checked_user(&self, id: Option<&str>, old: Option<&Value>, new: &Value) -> Result<(), Refused> {
        if let Some(external) = text_at(new, "externalId").filter(|_| self.settings.unique_external_id) {
            let places = self.users.look_up("externalId", external).unwrap_or_default();
            let mut others = places.into_iter().filter_map(|at| text_at(self.users.at(at)?, "id"));
            if others.any(|other| Some(other) != id) {
                return Err(Refused::conflict("externalId is already in use"));
            }
        }
        for attribute in ["entitlements", "roles"] {
            let held = old.map(|old| values_of(old, attribute)).unwrap_or_default();
            for value in values_of(new, attribute).into_iter().filter(|value| !held.contains(value)) {
                self.seat_left(value, self.holders(attribute, value).len() + 1)?;
            }
        }
        Ok(())
    }

    fn checked_group(&self, old: Option<&Value>, new: &mut Value) -> Result<(), Refused> {
        let before = old.map(|old| values_of(old, "members").len()).unwrap_or_default();
        let mut members: Vec<Value> = Vec::new();
        let mut ids = std::collections::BTreeSet::new();
        for member in filter::find(new, "members").and_then(Value::as_array).into_iter().flatten() {
            let id = text_at(member, "value").unwrap_or_default();
            let Some(user) = self.users.get(id) else {
                return Err(Refused::bad("invalidValue", format!("member {id} does not exist")));
            };
            if ids.insert(id.to_owned()) {
                members.push(json!({"value": id, "display": text_at(user, "userName"), "type": "User"}));
            }
        }
        let name = text_at(new, "displayName").unwrap_or_default();
        if members.len() > before {
            self.seat_left(name, members.len())?;
        }
        if let Some(object) = new.as_object_mut() {
            object.retain(|key, _| !key.eq_ignore_ascii_case("members"));
            object.insert("members".to_owned(), Value::Array(members));
        }
        Ok(())
    }

    fn seat_left(&self, what: &str, wanted: usize) -> Result<(), Refused> {
        match self.seats.get(what) {
            Some(bought) if wanted > *bought => Err(Refused::with_status(
                self.settings.no_seat,
                format!("no seats left in {what}: {bought} are in use"),
            )),
            Some(_) | None => Ok(()),
        }
    }

    /// The ids of the users who have a value among their entitlements or roles.
    pub(super) fn holders(&self, attribute: &str, value: &str) -> Vec<&str> {
        let has = |user: &&Value| values_of(user, attribute).contains(&value);
        self.users.rows().filter(has).filter_map(|user| text_at(user, "id")).collect()
    }

    /// Refuses to add who is in, or to take out who is not, where the provider does so.
    pub(super) fn minded(&self, old: &Value, body: &Value) -> Result<(), Refused> {
        if self.settings.already_member.is_none() && self.settings.not_member.is_none() {
            return Ok(());
        }
        let members = values_of(old, "members");
        for operation in filter::find(body, "Operations").and_then(Value::as_array).into_iter().flatten() {
            let op = text_at(operation, "op").unwrap_or_default().to_ascii_lowercase();
            let path = text_at(operation, "path").unwrap_or_default();
            let mut named: Vec<String> = Vec::new();
            for element in filter::find(operation, "value").and_then(Value::as_array).into_iter().flatten() {
                named.extend(text_at(element, "value").map(str::to_owned));
            }
            if let Some(inner) = path.strip_prefix("members[").and_then(|rest| rest.strip_suffix(']'))
                && let Ok(filter::Expr::Compare { value: Value::String(id), .. }) = filter::parse(inner)
            {
                named.push(id);
            }
            let is_in = |id: &String| members.contains(&id.as_str());
            match (op.as_str(), self.settings.already_member, self.settings.not_member) {
                ("add", Some(status), _) if named.iter().any(is_in) => {
                    return Err(Refused::with_status(status, "the user is already a member"));
                }
                ("remove", _, Some(status)) if named.iter().any(|id| !is_in(id)) => {
                    return Err(Refused::with_status(status, "the user is not a member"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The `value` of each element of a multi-valued attribute.
pub(super) fn values_of<'a>(resource: &'a Value, attribute: &str) -> Vec<&'a str> {
    let elements = filter::find(resource, attribute).and_then(Value::as_array);
    elements.into_iter().flatten().filter_map(|element| text_at(element, "value")).collect()
}

/// What a client may set: the read-only attributes it sends are left out.
pub(super) fn writable(body: Value) -> Option<Map<String, Value>> {
    let Value::Object(mut object) = body else { return None };
    object.retain(|key, value| {
        let fixed = ["id", "meta", "groups", "password"].iter().any(|fixed| fixed.eq_ignore_ascii_case(key));
        !fixed && !value.is_null()
    });
    Some(object)
}
