//! PATCH (RFC 7644 section 3.5.2), as the standard has it and as Okta and Entra speak it.
//!
//! Operations change a copy; whoever calls keeps the original when one of them fails. Beyond the standard: `op` in any
//! case, truth values as texts, dotted names and URNs as keys of a value without path, and a removal of members that
//! lists them in `value`, which would else empty the group. What a provider creates or replaces whole is put into an
//! empty resource by the same rules.

use scim_v2::filter::{AttrExp, CompValue, CompareOp, PatchPath, ValFilter};
use serde_json::{Map, Value};

use super::error::Refusal;
use super::filter::{LONGEST, value_matches, value_orders_truth};
use super::names::{self, ENTERPRISE, Place, is_boolean, is_multi, is_read_only, is_urn, spelling};
use crate::feed::push::Kind;

/// Operations of one request. Okta and Entra send some dozen, each with up to some hundred members.
pub const MOST_OPERATIONS: usize = 1_000;

/// Values of one attribute: as many as a body of 10 MiB has room for.
const MOST_VALUES: usize = 200_000;

type Resource = Map<String, Value>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// What an operation is about.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    Whole,
    Extension(String),
    Attribute(Place),
    Values(Place, ValFilter, Option<String>),
}

/// The resource after all operations, or why it stays as it is.
pub fn apply(kind: Kind, resource: &Resource, body: &Value) -> Result<Resource, Refusal> {
    let syntax = |why: &str| Refusal::bad("invalidSyntax", why);
    let body = body.as_object().ok_or_else(|| syntax("the body is no object"))?;
    let operations = names::get(body, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| syntax("`Operations` is missing or empty"))?;
    if operations.len() > MOST_OPERATIONS {
        return Err(Refusal::bad("tooMany", format!("more than {MOST_OPERATIONS} operations")));
    }
    let mut patched = resource.clone();
    for operation in operations {
        let operation = operation.as_object().ok_or_else(|| syntax("an operation is no object"))?;
        let verb = match names::get(operation, "op").and_then(Value::as_str) {
            Some(verb) if verb.eq_ignore_ascii_case("add") => Verb::Add,
            Some(verb) if verb.eq_ignore_ascii_case("replace") => Verb::Replace,
            Some(verb) if verb.eq_ignore_ascii_case("remove") => Verb::Remove,
            Some(_) | None => return Err(syntax("`op` is none of add, replace and remove")),
        };
        let path = match names::get(operation, "path") {
            None | Some(Value::Null) => "",
            Some(Value::String(path)) => path.trim(),
            Some(_) => return Err(Refusal::bad("invalidPath", "`path` is no text")),
        };
        let target = target(kind, &patched, path)?;
        let value = names::get(operation, "value");
        match verb {
            Verb::Remove => remove(kind, &mut patched, &target, value)?,
            Verb::Add | Verb::Replace => {
                let value = value.ok_or_else(|| Refusal::bad("invalidValue", "`value` is missing"))?;
                put(kind, &mut patched, verb, &target, value)?;
            }
        }
    }
    Ok(patched)
}

/// A resource as a provider sent it whole, put into `base`.
pub fn fill(kind: Kind, base: Resource, body: &Value) -> Result<Resource, Refusal> {
    let mut filled = base;
    put_whole(kind, &mut filled, Verb::Add, body, false)?;
    Ok(filled)
}

fn target(kind: Kind, resource: &Resource, path: &str) -> Result<Target, Refusal> {
    if path.is_empty() || path.eq_ignore_ascii_case(names::core(kind)) {
        return Ok(Target::Whole);
    }
    if path.len() > LONGEST {
        return Err(Refusal::bad("invalidPath", format!("the path is longer than {LONGEST} bytes")));
    }
    if is_urn(path) && (path.eq_ignore_ascii_case(ENTERPRISE) || names::get(resource, path).is_some()) {
        return Ok(Target::Extension(path.to_owned()));
    }
    let parsed = path.parse::<PatchPath>();
    match parsed.map_err(|error| Refusal::bad("invalidPath", format!("the path cannot be read: {error}")))? {
        PatchPath::Attr(path) => Ok(Target::Attribute(Place::of(kind, &path))),
        PatchPath::Value(path) => {
            if value_orders_truth(&path.filter) {
                return Err(Refusal::bad("invalidFilter", "truth values and null have no order and no parts"));
            }
            let mut place = Place::of(kind, &path.attr);
            let sub = path.sub_attr.clone().or(place.sub.take());
            Ok(Target::Values(place, path.filter.clone(), sub))
        }
    }
}

fn put(kind: Kind, resource: &mut Resource, verb: Verb, target: &Target, value: &Value) -> Result<(), Refusal> {
    match target {
        Target::Whole => put_whole(kind, resource, verb, value, true),
        Target::Extension(urn) => put_extension(resource, verb, urn, value),
        Target::Attribute(place) => {
            refuse_read_only(kind, place)?;
            put_attribute(resource, verb, place, value)
        }
        Target::Values(place, filter, sub) => {
            refuse_read_only(kind, place)?;
            put_values(resource, verb, place, filter, sub.as_deref(), value)
        }
    }
}

fn refuse_read_only(kind: Kind, place: &Place) -> Result<(), Refusal> {
    if place.extension.is_none() && is_read_only(kind, &place.name) {
        return Err(Refusal::bad("mutability", format!("`{}` is written by the server alone", place.name)));
    }
    Ok(())
}

/// Every attribute of an object. What the server writes itself is passed over: clients send whole resources back.
fn put_whole(kind: Kind, resource: &mut Resource, verb: Verb, value: &Value, paths: bool) -> Result<(), Refusal> {
    let wrong = || Refusal::bad("invalidValue", "without a path the value has to be an object");
    for (key, value) in value.as_object().ok_or_else(wrong)? {
        let is_extension = is_urn(key) && value.is_object();
        if is_read_only(kind, key) || key.eq_ignore_ascii_case("schemas") {
            continue;
        }
        if is_extension && key.eq_ignore_ascii_case(names::core(kind)) {
            put_whole(kind, resource, verb, value, paths)?;
        } else if is_extension {
            put_extension(resource, verb, key, value)?;
        } else if paths || is_urn(key) {
            let literal = || Target::Attribute(Place { extension: None, name: key.clone(), sub: None });
            let target = target(kind, resource, key).unwrap_or_else(|_| literal());
            match &target {
                Target::Attribute(place) if place.extension.is_none() && is_read_only(kind, &place.name) => {}
                Target::Whole => {}
                Target::Attribute(_) | Target::Extension(_) | Target::Values(..) => {
                    put(kind, resource, verb, &target, value)?;
                }
            }
        } else {
            put_attribute(resource, verb, &Place { extension: None, name: key.clone(), sub: None }, value)?;
        }
    }
    Ok(())
}

fn put_extension(resource: &mut Resource, verb: Verb, urn: &str, value: &Value) -> Result<(), Refusal> {
    if value.is_null() {
        resource.retain(|key, _| !key.eq_ignore_ascii_case(urn));
        return Ok(());
    }
    let wrong = || Refusal::bad("invalidValue", "an extension has to be an object");
    for (name, value) in value.as_object().ok_or_else(wrong)? {
        // Some clients write an extension's schema into it.
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let (name, sub) = name.split_once('.').map_or((name.as_str(), None), |(name, sub)| (name, Some(sub)));
        let (extension, sub) = (Some(urn.to_owned()), sub.map(str::to_owned));
        put_attribute(resource, verb, &Place { extension, name: name.to_owned(), sub }, value)?;
    }
    Ok(())
}

fn put_attribute(resource: &mut Resource, verb: Verb, place: &Place, value: &Value) -> Result<(), Refusal> {
    if value.is_null() {
        return remove_attribute(resource, place, None);
    }
    let home = home(resource, place)?;
    let key = spelling(home, &place.name);
    let current = home.get(&key);
    if let Some(sub) = &place.sub {
        let value = coerce(sub, value);
        let slot = home.entry(key).or_insert(Value::Null);
        if let Value::Array(items) = slot
            && !items.is_empty()
        {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| set(item, sub, value.clone()));
            return Ok(());
        }
        let mut item = slot.as_object().cloned().unwrap_or_default();
        set(&mut item, sub, value);
        *slot = if is_multi(&place.name) { Value::Array(vec![item.into()]) } else { item.into() };
        return Ok(());
    }
    let has_many = is_multi(&place.name) || value.is_array() || current.is_some_and(Value::is_array);
    let manager = place.name.eq_ignore_ascii_case("manager") && value.is_string();
    let value = if manager { one("value", value.clone()) } else { coerce(&place.name, value) };
    if has_many {
        let mut items = match (verb, current) {
            (Verb::Add, Some(Value::Array(items))) => items.clone(),
            (Verb::Add, Some(other)) => vec![other.clone()],
            (Verb::Add, None) | (Verb::Replace | Verb::Remove, _) => Vec::new(),
        };
        let added = if let Value::Array(added) = value { added } else { vec![value] };
        let mut seen: std::collections::BTreeSet<String> = items.iter().map(identity).collect();
        for item in added {
            let item = if is_multi(&place.name) && item.is_string() { one("value", item) } else { item };
            let leads = is_primary(&item);
            if !item.is_null() && seen.insert(identity(&item)) {
                if leads {
                    follow(&mut items);
                }
                items.push(item);
            } else if let Some(known) = items.iter_mut().find(|known| identity(known) == identity(&item)) {
                *known = item;
            }
        }
        if items.len() > MOST_VALUES {
            return Err(Refusal::bad("tooMany", format!("`{}` has more than {MOST_VALUES} values", place.name)));
        }
        if items.is_empty() {
            home.remove(&key);
        } else {
            home.insert(key, items.into());
        }
        return Ok(());
    }
    match (home.get_mut(&key), value) {
        (Some(Value::Object(known)), Value::Object(given)) => {
            for (name, value) in given {
                set(known, &name, value);
            }
        }
        (_, value) => {
            home.insert(key, value);
        }
    }
    Ok(())
}

fn put_values(
    resource: &mut Resource,
    verb: Verb,
    place: &Place,
    filter: &ValFilter,
    sub: Option<&str>,
    value: &Value,
) -> Result<(), Refusal> {
    let home = home(resource, place)?;
    let key = spelling(home, &place.name);
    let mut items = match home.get(&key) {
        Some(Value::Array(items)) => items.clone(),
        Some(Value::Null) | None => Vec::new(),
        Some(other) => vec![other.clone()],
    };
    let mut found: Vec<usize> = Vec::new();
    found.extend(items.iter().enumerate().filter(|(_, item)| value_matches(filter, item)).map(|(at, _)| at));
    if found.is_empty() {
        if verb == Verb::Replace {
            return Err(Refusal::bad("noTarget", "no value is meant by the filter of the path"));
        }
        let wrong = || Refusal::bad("noTarget", "no value is meant by the filter, and none can be made from it");
        let made = made_from(filter).ok_or_else(wrong)?;
        found.push(items.len());
        items.push(made.into());
    }
    let value = sub.map_or_else(|| coerce(&place.name, value), |sub| coerce(sub, value));
    let leads = sub.map_or_else(|| is_primary(&value), |sub| sub.eq_ignore_ascii_case("primary") && value == true);
    if leads {
        follow(&mut items);
    }
    for at in found {
        let Some(item) = items.get_mut(at) else { continue };
        match (sub, item, &value) {
            (Some(sub), Value::Object(item), _) => set(item, sub, value.clone()),
            (None, Value::Object(item), Value::Object(given)) => {
                if verb == Verb::Replace {
                    item.clear();
                }
                given.iter().for_each(|(name, value)| set(item, name, value.clone()));
            }
            (None | Some(_), item, _) if !item.is_object() => *item = value.clone(),
            _ => return Err(Refusal::bad("invalidValue", "the value has to be an object")),
        }
    }
    home.insert(key, items.into());
    Ok(())
}

fn remove(kind: Kind, resource: &mut Resource, target: &Target, value: Option<&Value>) -> Result<(), Refusal> {
    match target {
        Target::Whole => Err(Refusal::bad("noTarget", "a removal needs a path")),
        Target::Extension(urn) => {
            resource.retain(|key, _| !key.eq_ignore_ascii_case(urn));
            Ok(())
        }
        Target::Attribute(place) => {
            refuse_read_only(kind, place)?;
            remove_attribute(resource, place, value.filter(|value| !value.is_null()))
        }
        Target::Values(place, filter, sub) => {
            refuse_read_only(kind, place)?;
            let home = home(resource, place)?;
            let key = spelling(home, &place.name);
            let Some(Value::Array(items)) = home.get_mut(&key) else { return Ok(()) };
            match sub {
                Some(sub) => {
                    let meant = items.iter_mut().filter(|item| value_matches(filter, item));
                    meant.filter_map(Value::as_object_mut).for_each(|item| set(item, sub, Value::Null));
                }
                None => items.retain(|item| !value_matches(filter, item)),
            }
            if items.is_empty() {
                home.remove(&key);
            }
            tidy(resource, place);
            Ok(())
        }
    }
}

fn remove_attribute(resource: &mut Resource, place: &Place, listed: Option<&Value>) -> Result<(), Refusal> {
    let home = home(resource, place)?;
    let key = spelling(home, &place.name);
    match (&place.sub, listed, home.get_mut(&key)) {
        (Some(sub), _, Some(Value::Array(items))) => {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| set(item, sub, Value::Null));
        }
        (Some(sub), _, Some(Value::Object(item))) => set(item, sub, Value::Null),
        (Some(_), _, _) => {}
        // Entra lists whom to remove; the standard would have everybody removed.
        (None, Some(listed), Some(Value::Array(items))) => {
            let listed = listed.as_array().map_or_else(|| std::slice::from_ref(listed), Vec::as_slice);
            let gone: std::collections::BTreeSet<String> = listed.iter().map(value_of).collect();
            items.retain(|item| !gone.contains(&value_of(item)));
            if items.is_empty() {
                home.remove(&key);
            }
        }
        (None, _, _) => {
            home.remove(&key);
        }
    }
    tidy(resource, place);
    Ok(())
}

/// An extension without attributes is none.
fn tidy(resource: &mut Resource, place: &Place) {
    if let Some(urn) = &place.extension {
        resource.retain(|key, value| !key.eq_ignore_ascii_case(urn) || value.as_object().is_none_or(|o| !o.is_empty()));
    }
}

/// The object in which an attribute stands, made where it is missing.
fn home<'a>(resource: &'a mut Resource, place: &Place) -> Result<&'a mut Resource, Refusal> {
    let Some(urn) = &place.extension else { return Ok(resource) };
    let key = spelling(resource, urn);
    let extension = resource.entry(key).or_insert_with(|| Value::Object(Map::new()));
    extension.as_object_mut().ok_or_else(|| Refusal::bad("invalidPath", "the extension is no object"))
}

fn set(object: &mut Resource, name: &str, value: Value) {
    let key = spelling(object, name);
    if value.is_null() {
        object.remove(&key);
    } else {
        object.insert(key, value);
    }
}

fn one(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

/// Truth values that came as texts, and nothing that is null, at every level.
fn coerce(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if is_boolean(name) && text.eq_ignore_ascii_case("true") => true.into(),
        Value::String(text) if is_boolean(name) && text.eq_ignore_ascii_case("false") => false.into(),
        Value::Array(items) => items.iter().map(|item| coerce(name, item)).collect(),
        Value::Object(object) => {
            let given = object.iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(key, value)| (key.clone(), coerce(key, value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// What tells values of one attribute apart: `value` and `type`, else all of it.
fn identity(item: &Value) -> String {
    let Some(object) = item.as_object() else { return item.to_string() };
    let text = |name: &str| names::get(object, name).and_then(Value::as_str);
    match (text("value"), text("type")) {
        // References say of themselves what they are, or do not.
        (Some(value), _) if names::get(object, "$ref").is_some() => value.to_owned(),
        (Some(value), Some(kind)) if !["user", "group"].contains(&kind.to_lowercase().as_str()) => {
            format!("{value}\n{}", kind.to_lowercase())
        }
        (Some(value), _) => value.to_owned(),
        (None, _) => item.to_string(),
    }
}

fn value_of(item: &Value) -> String {
    let value = item.as_object().and_then(|object| names::get(object, "value")).unwrap_or(item);
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_primary(item: &Value) -> bool {
    item.as_object().and_then(|object| names::get(object, "primary")).is_some_and(|primary| primary == true)
}

/// Another value is the primary one now (RFC 7644 section 3.5.2).
fn follow(items: &mut [Value]) {
    for item in items.iter_mut().filter(|item| is_primary(item)) {
        if let Some(item) = item.as_object_mut() {
            set(item, "primary", false.into());
        }
    }
}

/// The value that a filter of equalities describes: `emails[type eq "work"]` makes a work address.
fn made_from(filter: &ValFilter) -> Option<Resource> {
    let mut made = Resource::new();
    let parts = match filter {
        ValFilter::And(parts) => parts.as_slice(),
        ValFilter::Attr(_) | ValFilter::Not(_) | ValFilter::Or(_) => std::slice::from_ref(filter),
    };
    for part in parts {
        let ValFilter::Attr(AttrExp::Comparison(path, CompareOp::Eq, value)) = part else { return None };
        let value = match value {
            CompValue::True => true.into(),
            CompValue::False => false.into(),
            CompValue::Null => return None,
            CompValue::Number(number) => Value::Number(number.clone()),
            CompValue::Str(text) => coerce(&path.name, &Value::String(text.clone())),
        };
        made.insert(path.name.clone(), value);
    }
    Some(made)
}
