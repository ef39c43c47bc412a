//! PATCH (RFC 7644 section 3.5.2): operations in order, all of them or none.

use serde_json::{Map, Value};

use super::error::Refused;
use super::path::Path;
use crate::filter;

/// The most operations of one request.
const OPERATIONS_MAX: usize = 1000;
/// What no client may write.
const READ_ONLY: [&str; 3] = ["id", "meta", "groups"];

/// Gives the resource as it is after a PATCH body, or why there is none. `strict_remove` takes `remove` of a path to mean
/// the whole attribute, even where a list of values comes with it.
pub(super) fn applied(resource: &Value, body: &Value, strict_remove: bool) -> Result<Value, Refused> {
    let known = filter::find(body, "schemas").and_then(Value::as_array).into_iter().flatten();
    if !known
        .filter_map(Value::as_str)
        .any(|urn| urn.eq_ignore_ascii_case("urn:ietf:params:scim:api:messages:2.0:PatchOp"))
    {
        return Err(Refused::bad("invalidSyntax", "schemas must name PatchOp"));
    }
    let Some(operations) = filter::find(body, "Operations").and_then(Value::as_array) else {
        return Err(Refused::bad("invalidSyntax", "Operations is missing"));
    };
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(Refused::bad("invalidSyntax", "there must be 1 to 1000 operations"));
    }
    let mut after = resource.clone();
    for operation in operations {
        apply(&mut after, operation, strict_remove)?;
    }
    Ok(after)
}

fn apply(resource: &mut Value, operation: &Value, strict_remove: bool) -> Result<(), Refused> {
    let op = filter::find(operation, "op").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let path = filter::find(operation, "path").and_then(Value::as_str).filter(|path| !path.is_empty());
    let value = filter::find(operation, "value");
    let path = path.map(Path::read).transpose()?;
    match (op.as_str(), path, value) {
        ("add" | "replace", None, Some(Value::Object(values))) => {
            for (name, value) in values {
                put(resource, &Path::read(name)?, value, op == "add")?;
            }
            Ok(())
        }
        ("add" | "replace", None, _) => Err(Refused::bad("invalidValue", "without a path the value must be an object")),
        ("add" | "replace", Some(_), None) => Err(Refused::bad("invalidValue", "the value is missing")),
        ("add" | "replace", Some(path), Some(value)) => put(resource, &path, value, op == "add"),
        ("remove", None, _) => Err(Refused::bad("noTarget", "remove needs a path")),
        ("remove", Some(path), value) => take(resource, &path, value.filter(|_| !strict_remove)),
        (other, _, _) => Err(Refused::bad("invalidSyntax", format!("{other:?} is not an operation"))),
    }
}

/// Adds or replaces at a path.
fn put(resource: &mut Value, path: &Path, value: &Value, add: bool) -> Result<(), Refused> {
    let Some(name) = &path.attribute else {
        // The extension as a whole: its attributes are merged in.
        let Value::Object(values) = value else { return Err(Refused::bad("invalidValue", "an object is needed")) };
        let home = home_of(resource, path)?;
        home.extend(values.clone());
        return Ok(());
    };
    refuse_read_only(path, name)?;
    if name.eq_ignore_ascii_case("active") && path.extension.is_none() && !value.is_boolean() {
        return Err(Refused::bad("invalidValue", "active is true or false"));
    }
    let home = home_of(resource, path)?;
    let key = key_of(home, name);
    if let Some(expr) = &path.filter {
        return put_within(home, &key, expr, path.sub.as_deref(), value, add);
    }
    if let Some(sub) = &path.sub {
        let slot = home.entry(key).or_insert_with(|| Value::Object(Map::new()));
        let Some(object) = slot.as_object_mut() else {
            return Err(Refused::bad("invalidPath", format!("{name} has no sub-attributes")));
        };
        let sub = key_of(object, sub);
        object.insert(sub, value.clone());
        return Ok(());
    }
    if is_multi(name) {
        let new = elements_of(value)?;
        let slot = home.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        let old = if add { slot.as_array().cloned().unwrap_or_default() } else { Vec::new() };
        *slot = Value::Array(joined(old, new));
    } else if let (Some(Value::Object(old)), Value::Object(new)) = (home.get_mut(&key), value) {
        old.extend(new.clone());
    } else {
        home.insert(key, value.clone());
    }
    Ok(())
}

/// Writes into the elements that a filter picks.
fn put_within(
    home: &mut Map<String, Value>,
    key: &str,
    expr: &filter::Expr,
    sub: Option<&str>,
    value: &Value,
    add: bool,
) -> Result<(), Refused> {
    let elements = home.get_mut(key).and_then(Value::as_array_mut);
    let mut hit = false;
    for element in elements.into_iter().flatten().filter(|element| filter::matches(expr, element)) {
        hit = true;
        match (sub, element.as_object_mut(), value) {
            (Some(sub), Some(object), value) => {
                let sub = key_of(object, sub);
                object.insert(sub, value.clone());
            }
            (None, Some(object), Value::Object(new)) => {
                if !add {
                    object.clear();
                }
                object.extend(new.clone());
            }
            _ => return Err(Refused::bad("invalidValue", "the value does not fit the element")),
        }
    }
    if hit { Ok(()) } else { Err(Refused::bad("noTarget", "no element matches the filter")) }
}

/// Removes at a path. A list of values names the elements to take out.
fn take(resource: &mut Value, path: &Path, listed: Option<&Value>) -> Result<(), Refused> {
    let Some(name) = &path.attribute else {
        if let (Some(urn), Some(object)) = (&path.extension, resource.as_object_mut()) {
            object.remove(urn);
        }
        return Ok(());
    };
    refuse_read_only(path, name)?;
    if path.extension.is_none() && (name.eq_ignore_ascii_case("userName") || name.eq_ignore_ascii_case("displayName")) {
        let required = name.eq_ignore_ascii_case("userName") || resource.get("members").is_some();
        if required {
            return Err(Refused::bad("mutability", format!("{name} is required")));
        }
    }
    let home = home_of(resource, path)?;
    let key = key_of(home, name);
    match (&path.filter, &path.sub, listed) {
        (Some(expr), None, _) => {
            if let Some(elements) = home.get_mut(&key).and_then(Value::as_array_mut) {
                elements.retain(|element| !filter::matches(expr, element));
            }
        }
        (Some(expr), Some(sub), _) => {
            let elements = home.get_mut(&key).and_then(Value::as_array_mut).into_iter().flatten();
            for object in elements.filter(|element| filter::matches(expr, element)).filter_map(Value::as_object_mut) {
                let sub = key_of(object, sub);
                object.remove(&sub);
            }
        }
        (None, Some(sub), _) => {
            if let Some(object) = home.get_mut(&key).and_then(Value::as_object_mut) {
                let sub = key_of(object, sub);
                object.remove(&sub);
            }
        }
        (None, None, Some(listed)) if is_multi(name) && !listed.is_null() => {
            let listed = elements_of(listed)?;
            if let Some(elements) = home.get_mut(&key).and_then(Value::as_array_mut) {
                elements.retain(|element| !listed.iter().any(|one| same(one, element)));
            }
        }
        (None, None, _) => drop(home.remove(&key)),
    }
    if home.get(&key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        home.remove(&key);
    }
    Ok(())
}

fn refuse_read_only(path: &Path, name: &str) -> Result<(), Refused> {
    let read_only = path.extension.is_none() && READ_ONLY.iter().any(|fixed| fixed.eq_ignore_ascii_case(name));
    if read_only { Err(Refused::bad("mutability", format!("{name} is read-only"))) } else { Ok(()) }
}

/// The object that holds the attribute: the resource, or one of its extensions.
fn home_of<'a>(resource: &'a mut Value, path: &Path) -> Result<&'a mut Map<String, Value>, Refused> {
    let bad = || Refused::bad("invalidPath", "the path leads nowhere");
    let object = resource.as_object_mut().ok_or_else(bad)?;
    match &path.extension {
        None => Ok(object),
        Some(urn) => {
            let key = key_of(object, urn);
            object.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut().ok_or_else(bad)
        }
    }
}

/// The spelling under which an attribute stands already, or the one asked for.
fn key_of(object: &Map<String, Value>, name: &str) -> String {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_owned())
}

/// The attributes with many values.
fn is_multi(name: &str) -> bool {
    const MULTI: [&str; 8] =
        ["members", "emails", "phoneNumbers", "entitlements", "roles", "addresses", "ims", "x509Certificates"];
    MULTI.iter().any(|multi| multi.eq_ignore_ascii_case(name))
}

fn elements_of(value: &Value) -> Result<Vec<Value>, Refused> {
    let elements = match value {
        Value::Array(many) => many.clone(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value.clone()],
    };
    // A bare text stands for an element with that value.
    let whole = |element: Value| match element {
        Value::String(text) => Ok(serde_json::json!({ "value": text })),
        Value::Object(_) => Ok(element),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(Refused::bad("invalidValue", "an element must be an object"))
        }
    };
    elements.into_iter().map(whole).collect()
}

/// Adds elements without doubling any; a new primary one ends the old one's claim.
fn joined(mut old: Vec<Value>, new: Vec<Value>) -> Vec<Value> {
    for element in new {
        if old.iter().any(|known| same(&element, known)) {
            continue;
        }
        if element.get("primary") == Some(&Value::Bool(true)) {
            for known in old.iter_mut().filter_map(Value::as_object_mut) {
                known.remove("primary");
            }
        }
        old.push(element);
    }
    old
}

/// Whether two elements stand for the same: equal values, and equal types where both have one.
fn same(left: &Value, right: &Value) -> bool {
    let value = |element: &Value| filter::find(element, "value").cloned();
    let kind = |element: &Value| filter::find(element, "type").cloned();
    match (value(left), value(right)) {
        (Some(a), Some(b)) => a == b && (kind(left).is_none() || kind(right).is_none() || kind(left) == kind(right)),
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(resource: &Value, operations: &Value) -> Result<Value, Refused> {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        applied(resource, &body, false)
    }

    fn group() -> Value {
        json!({"id": "g", "displayName": "lic", "members": [{"value": "a"}, {"value": "b"}]})
    }

    #[test]
    fn members_come_and_go_one_by_one() {
        let more =
            patched(&group(), &json!([{"op": "Add", "path": "members", "value": [{"value": "c"}, {"value": "a"}]}]));
        assert_eq!(more.unwrap()["members"], json!([{"value": "a"}, {"value": "b"}, {"value": "c"}]));
        let less = patched(&group(), &json!([{"op": "remove", "path": "members[value eq \"a\"]"}]));
        assert_eq!(less.unwrap()["members"], json!([{"value": "b"}]));
        let listed = patched(&group(), &json!([{"op": "remove", "path": "members", "value": [{"value": "b"}]}]));
        assert_eq!(listed.unwrap()["members"], json!([{"value": "a"}]));
        let all = patched(&group(), &json!([{"op": "remove", "path": "members"}]));
        assert_eq!(all.unwrap().get("members"), None);
    }

    #[test]
    fn a_strict_server_drops_the_whole_group() {
        let operations = json!([{"op": "remove", "path": "members", "value": [{"value": "b"}]}]);
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        assert_eq!(applied(&group(), &body, true).unwrap().get("members"), None);
    }

    #[test]
    fn one_bad_operation_spoils_all() {
        let operations = json!([{"op": "remove", "path": "members"}, {"op": "replace", "path": "id", "value": "x"}]);
        assert_eq!(patched(&group(), &operations).unwrap_err().scim_type, Some("mutability"));
    }

    #[test]
    fn users_keep_their_extensions() {
        let user = json!({"id": "u", "userName": "ann", "active": true, "emails": [{"value": "a@x", "type": "work"}]});
        let operations = json!([
            {"op": "replace", "path": "active", "value": false},
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "IT"},
            {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "b@x"},
            {"op": "replace", "value": {"name.givenName": "Ann", "title": "Boss"}},
            {"op": "add", "path": "entitlements", "value": [{"value": "fulfiller"}]},
        ]);
        let after = patched(&user, &operations).unwrap();
        assert_eq!(after["active"], json!(false));
        assert_eq!(after["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"], json!("IT"));
        assert_eq!(after["emails"][0]["value"], json!("b@x"));
        assert_eq!(after["name"]["givenName"], json!("Ann"));
        assert_eq!(after["entitlements"], json!([{"value": "fulfiller"}]));
        let gone = patched(&after, &json!([{"op": "remove", "path": "entitlements[value eq \"fulfiller\"]"}])).unwrap();
        assert_eq!(gone.get("entitlements"), None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let cases = [
            (json!([]), "invalidSyntax"),
            (json!([{"op": "remove"}]), "noTarget"),
            (json!([{"op": "move", "path": "members"}]), "invalidSyntax"),
            (json!([{"op": "replace", "path": "members[value eq \"z\"].display", "value": "x"}]), "noTarget"),
            (json!([{"op": "replace", "path": "active", "value": "False"}]), "invalidValue"),
            (json!([{"op": "add", "value": 7}]), "invalidValue"),
            (json!([{"op": "add", "path": "a[", "value": 7}]), "invalidPath"),
        ];
        for (operations, wanted) in cases {
            assert_eq!(patched(&group(), &operations).unwrap_err().scim_type, Some(wanted), "{operations}");
        }
    }
}
