//! SCIM's shapes: list responses, users, errors. Names compare case-insensitively (RFC 7643 section 2.1); Entra's own
//! server writes `resources`.

use serde_json::{Map, Value};

use crate::feed::answer::{self, Trouble, check_id};
use crate::feed::mapping::Mapping;
pub(super) use crate::feed::mapping::get_ignoring_case as get;
use crate::model::{Account, AccountId, Attribute, FeedName, Status, Time};
use crate::outbound::Reply;

/// A `ListResponse`.
#[derive(Debug)]
pub(super) struct List {
    pub rows: Vec<Value>,
    pub total: Option<u64>,
    pub next_cursor: Option<String>,
}

/// Reads a list. `Resources` may be missing where there are none; then `totalResults`, or `itemsPerPage` with 0, has to
/// be there.
pub(super) fn list(body: Value) -> Result<List, Trouble> {
    let Value::Object(mut body) = body else {
        return Err(Trouble::invalid("answered something else than an object with `Resources`"));
    };
    let total = match get(&body, "totalResults") {
        None | Some(Value::Null) => None,
        Some(total) => Some(count(total).ok_or_else(|| Trouble::invalid("`totalResults` is not a count"))?),
    };
    let next_cursor = match get(&body, "nextCursor") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) if cursor.is_empty() => None,
        Some(Value::String(cursor)) => Some(cursor.clone()),
        Some(_) => return Err(Trouble::invalid("`nextCursor` is not text")),
    };
    let nobody = get(&body, "itemsPerPage").and_then(count) == Some(0);
    let name = body.keys().find(|name| name.eq_ignore_ascii_case("Resources")).cloned();
    let rows = match name.and_then(|name| body.remove(&name)) {
        Some(Value::Array(rows)) => rows,
        None | Some(Value::Null) if total.is_some() || next_cursor.is_some() || nobody => Vec::new(),
        None | Some(Value::Null) => {
            return Err(Trouble::invalid("the answer has neither `Resources` nor `totalResults`"));
        }
        Some(_) => return Err(Trouble::invalid("`Resources` is not a list")),
    };
    Ok(List { rows, total, next_cursor })
}

/// The account of a user resource.
pub(in crate::feed) fn account(feed: &FeedName, mapping: &Mapping, row: &Value) -> Result<Account, String> {
    let user = row.as_object().ok_or("it is not an object")?;
    let id = match get(user, "id") {
        Some(Value::String(id)) => check_id(id)?.to_owned(),
        // Not allowed, and seen: ids that are numbers.
        Some(Value::Number(id)) if id.is_u64() => id.to_string(),
        None | Some(Value::Null) => return Err("it has no id".into()),
        Some(_) => return Err("its id is not text".into()),
    };
    let (status, word) = status(get(user, "active"));
    let mut account = mapping.account(AccountId { feed: feed.clone(), id }, status, word.into(), row)?;
    account.changed_at = get(user, "meta")
        .and_then(Value::as_object)
        .and_then(|meta| get(meta, "lastModified"))
        .and_then(Value::as_str)
        .and_then(|text| Time::parse(text).ok());
    account.display_name = account.display_name.or_else(|| full_name(user));
    if !mapping.maps(&Attribute::Group) {
        let mut groups: Vec<String> = groups(user).collect();
        groups.sort_unstable();
        groups.dedup();
        if !groups.is_empty() {
            account.attributes.insert(Attribute::Group, groups);
        }
    }
    Ok(account)
}

/// Names and ids of the groups that a user is a member of (RFC 7643 section 4.1.2).
fn groups(user: &Map<String, Value>) -> impl Iterator<Item = String> {
    let groups = get(user, "groups").and_then(Value::as_array);
    groups.into_iter().flatten().flat_map(|group| {
        ["value", "display"].into_iter().filter_map(|key| group.get(key)?.as_str().map(str::to_owned))
    })
}

/// `active` is optional; a server that does not tell lists only people who are there.
fn status(active: Option<&Value>) -> (Status, &'static str) {
    match active {
        None | Some(Value::Null) => (Status::Active, "active is not told"),
        Some(active) => match truth(active) {
            Some(true) => (Status::Active, "active=true"),
            Some(false) => (Status::Gone, "active=false"),
            None => (Status::Unknown, "active is not a truth value"),
        },
    }
}

/// A truth value, also as the text that some servers write.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::String(_) | Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn full_name(user: &Map<String, Value>) -> Option<String> {
    let name = get(user, "name")?.as_object()?;
    let part = |key: &str| get(name, key).and_then(Value::as_str).map_or("", str::trim);
    let full = match part("formatted") {
        "" => format!("{} {}", part("givenName"), part("familyName")).trim().to_owned(),
        formatted => formatted.to_owned(),
    };
    (!full.is_empty() && full.len() < 1_000).then_some(full)
}

/// The `scimType` of an error.
pub(super) fn scim_type(reply: &Reply) -> Option<String> {
    let body = answer::body(reply).ok()?;
    get(body.as_object()?, "scimType")?.as_str().map(|kind| kind.chars().take(40).collect())
}

/// Whether a 404 is the server's word on the resource and not that of whatever stands before it: a SCIM error
/// (`status` as text or number), or no body at all.
pub(super) fn says_not_found(reply: &Reply) -> bool {
    if reply.body.is_empty() {
        return true;
    }
    let Ok(Value::Object(error)) = answer::body(reply) else { return false };
    let told = match get(&error, "status") {
        Some(Value::String(status)) => status.trim() == "404",
        Some(Value::Number(status)) => status.as_u64() == Some(404),
        _ => false,
    };
    let named = get(&error, "schemas").and_then(Value::as_array).is_some_and(|schemas| {
        schemas
            .iter()
            .filter_map(Value::as_str)
            .any(|urn| urn.eq_ignore_ascii_case("urn:ietf:params:scim:api:messages:2.0:Error"))
    });
    told || named
}
