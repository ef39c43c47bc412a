//! What a resource must have before it is kept, and which of its attributes are shown.

use serde_json::{Map, Value};

use super::error::Refusal;
use super::names::{self, core, is_urn};
use crate::feed::push::Kind;

/// How deep a resource may be nested. Extensions of providers have three or four levels.
pub(super) const DEPTH: usize = 16;

/// The longest name of a user or group.
const LONGEST_NAME: usize = 1_024;

/// Checks a resource and brings it into the form in which it is kept.
pub(super) fn settle(kind: Kind, resource: &mut Map<String, Value>) -> Result<(), Refusal> {
    // Okta sends one that means nothing; what is not kept cannot leak.
    resource.retain(|key, _| !key.eq_ignore_ascii_case("password"));
    let required = match kind {
        Kind::User => "userName",
        Kind::Group => "displayName",
    };
    match names::get(resource, required) {
        Some(Value::String(name)) if !name.trim().is_empty() && name.len() <= LONGEST_NAME => {}
        Some(_) | None => {
            let detail = format!("`{required}` has to be a text of 1 to {LONGEST_NAME} bytes");
            return Err(Refusal::bad("invalidValue", detail));
        }
    }
    for (key, value) in resource.iter() {
        let wrong = |what: &str| Err(Refusal::bad("invalidValue", format!("`{key}` has to be {what}")));
        if key.eq_ignore_ascii_case("active") && !value.is_boolean() {
            return wrong("true or false");
        }
        if key.eq_ignore_ascii_case("externalId") && !value.is_string() {
            return wrong("a text");
        }
        if key.eq_ignore_ascii_case("name") && kind == Kind::User && !value.is_object() {
            return wrong("an object");
        }
        let is_reference = |item: &Value| item.get("value").is_some_and(Value::is_string);
        if kind == Kind::Group
            && key.eq_ignore_ascii_case("members")
            && !value.as_array().is_some_and(|members| members.iter().all(is_reference))
        {
            return wrong("a list of objects with a `value`");
        }
        if !is_shallow(value, DEPTH) {
            return Err(Refusal::bad("invalidValue", format!("`{key}` is nested deeper than {DEPTH} levels")));
        }
    }
    let mut schemas = vec![Value::from(core(kind))];
    schemas.extend(resource.keys().filter(|key| is_urn(key)).map(|key| Value::from(key.as_str())));
    resource.insert("schemas".to_owned(), schemas.into());
    Ok(())
}

fn is_shallow(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left > 0 && items.iter().all(|item| is_shallow(item, left.saturating_sub(1))),
        Value::Object(object) => left > 0 && object.values().all(|item| is_shallow(item, left.saturating_sub(1))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Which attributes are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    only: Vec<String>,
    without: Vec<String>,
}

impl View {
    /// From `attributes` and `excludedAttributes`; they exclude each other.
    pub(super) fn new(only: Vec<String>, without: Vec<String>) -> Result<Self, Refusal> {
        if !only.is_empty() && !without.is_empty() {
            let detail = "`attributes` and `excludedAttributes` exclude each other";
            return Err(Refusal::bad("invalidValue", detail));
        }
        Ok(Self { only, without })
    }

    /// The resource as it is shown. `schemas`, `id` and `meta` are always there but for `meta` when it is excluded or
    /// not asked for.
    pub(super) fn show(&self, kind: Option<Kind>, resource: &Map<String, Value>) -> Map<String, Value> {
        let Self { only, without } = self;
        if only.is_empty() && without.is_empty() {
            return resource.clone();
        }
        let mut shown = Map::new();
        for (key, value) in resource {
            if key.eq_ignore_ascii_case("id") || key.eq_ignore_ascii_case("schemas") {
                shown.insert(key.clone(), value.clone());
                continue;
            }
            let kept = if only.is_empty() { cut(kind, key, value, without) } else { pick(kind, key, value, only) };
            if let Some(value) = kept {
                shown.insert(key.clone(), value);
            }
        }
        shown
    }
}

/// What is left of an attribute's path behind its own name: `Some("")` for the whole, `None` for another's.
fn tail<'a>(kind: Option<Kind>, key: &str, path: &'a str) -> Option<&'a str> {
    let path = kind.map(core).map_or(path, |urn| match path.get(..urn.len()) {
        Some(start) if start.eq_ignore_ascii_case(urn) => {
            path.get(urn.len()..).unwrap_or_default().trim_start_matches(':')
        }
        _ => path,
    });
    let start = path.get(..key.len())?;
    if !start.eq_ignore_ascii_case(key) {
        return None;
    }
    let rest = path.get(key.len()..)?;
    match rest.chars().next() {
        None => Some(""),
        Some('.') => rest.get(1..),
        Some(':') if is_urn(key) => rest.get(1..),
        Some(_) => None,
    }
}

fn pick(kind: Option<Kind>, key: &str, value: &Value, only: &[String]) -> Option<Value> {
    let tails: Vec<&str> = only.iter().filter_map(|path| tail(kind, key, path)).collect();
    if tails.is_empty() {
        return None;
    }
    if tails.contains(&"") {
        return Some(value.clone());
    }
    let part = |object: &Map<String, Value>| {
        let parts = object.iter().filter(|(name, _)| tails.iter().any(|wanted| leads_to(wanted, name)));
        Value::Object(parts.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    Some(each(value, &part))
}

fn cut(kind: Option<Kind>, key: &str, value: &Value, without: &[String]) -> Option<Value> {
    let tails: Vec<&str> = without.iter().filter_map(|path| tail(kind, key, path)).collect();
    if tails.contains(&"") {
        return None;
    }
    let part = |object: &Map<String, Value>| {
        let parts = object.iter().filter(|(name, _)| !tails.iter().any(|cut| cut.eq_ignore_ascii_case(name)));
        Value::Object(parts.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    Some(if tails.is_empty() { value.clone() } else { each(value, &part) })
}

fn leads_to(wanted: &str, name: &str) -> bool {
    wanted.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(name))
}

fn each(value: &Value, part: &dyn Fn(&Map<String, Value>) -> Value) -> Value {
    match value {
        Value::Object(object) => part(object),
        Value::Array(items) => items.iter().map(|item| each(item, part)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
