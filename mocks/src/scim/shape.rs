//! How a resource is shown: its address, the groups of a user, and the attributes that were asked for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::Refused;
use super::{Kind, Provider, text_at};

/// The attributes that were asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    only: Vec<String>,
    without: Vec<String>,
}

impl Wanted {
    /// Reads `attributes` and `excludedAttributes`, which exclude each other.
    pub(super) fn read(attributes: Option<&str>, excluded: Option<&str>) -> Result<Self, Refused> {
        let names = |text: Option<&str>| -> Vec<String> {
            let names = text.unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let (only, without) = (names(attributes), names(excluded));
        if only.is_empty() || without.is_empty() {
            Ok(Self { only, without })
        } else {
            Err(Refused::bad("invalidValue", "attributes and excludedAttributes exclude each other"))
        }
    }

    /// Leaves out what was not asked for. `id` and `schemas` always come.
    fn trim(&self, row: &mut Map<String, Value>) {
        if !self.only.is_empty() {
            row.retain(|key, _| {
                let named =
                    |name: &String| top_of(name).eq_ignore_ascii_case(key) || name.starts_with(&format!("{key}:"));
                key == "id" || key == "schemas" || self.only.iter().any(named)
            });
        }
        for name in &self.without {
            row.retain(|key, _| key == "id" || key == "schemas" || !key.eq_ignore_ascii_case(name));
        }
    }

    fn lets_in(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| top_of(listed).eq_ignore_ascii_case(name));
        (self.only.is_empty() || listed(&self.only)) && !listed(&self.without)
    }
}

/// The attribute that `name.familyName` is part of, and the short name of one in the core schema.
fn top_of(name: &str) -> &str {
    let core = ["urn:ietf:params:scim:schemas:core:2.0:User:", "urn:ietf:params:scim:schemas:core:2.0:Group:"];
    let short = core.iter().find_map(|urn| name.strip_prefix(urn)).unwrap_or(name);
    if short.starts_with("urn:") { short } else { short.split('.').next().unwrap_or(short) }
}

/// The groups of each user, for the read-only attribute `groups`.
pub(super) type Memberships<'a> = BTreeMap<&'a str, Vec<(&'a str, &'a str)>>;

impl Provider {
    /// Gathers who is in which group, if anybody will see it.
    pub(super) fn memberships(&self, kind: Kind, wanted: &Wanted) -> Memberships<'_> {
        let mut all = Memberships::new();
        if kind == Kind::Group || !wanted.lets_in("groups") {
            return all;
        }
        for group in self.groups.rows() {
            let (Some(id), Some(name)) = (text_at(group, "id"), text_at(group, "displayName")) else { continue };
            for member in group.get("members").and_then(Value::as_array).into_iter().flatten() {
                if let Some(user) = text_at(member, "value") {
                    all.entry(user).or_default().push((id, name));
                }
            }
        }
        all
    }

    /// Shows a resource as it goes out.
    pub(super) fn show(&self, kind: Kind, row: &Value, base: &str, wanted: &Wanted, groups: &Memberships<'_>) -> Value {
        let Some(object) = row.as_object() else { return Value::Null };
        let id = text_at(row, "id").unwrap_or_default();
        let skip_members = kind == Kind::Group && !wanted.lets_in("members");
        let kept = object.iter().filter(|(key, _)| !(skip_members && *key == "members"));
        let mut shown: Map<String, Value> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        shown.retain(|_, value| !value.is_null());
        if let Some(meta) = shown.get_mut("meta").and_then(Value::as_object_mut) {
            meta.insert("location".to_owned(), json!(format!("{base}/scim/v2/{}s/{id}", kind.name())));
            if !self.settings.etags {
                meta.remove("version");
            }
        }
        if let Some(mine) = groups.get(id) {
            let mine: Vec<Value> = mine.iter().map(|(id, name)| json!({"value": id, "display": name})).collect();
            shown.insert("groups".to_owned(), Value::Array(mine));
        }
        wanted.trim(&mut shown);
        Value::Object(shown)
    }
}
