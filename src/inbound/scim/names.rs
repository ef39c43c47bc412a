//! Names of attributes: they compare case-insensitively (RFC 7643 section 2.1), stand at the top or within an extension,
//! and some of them mean something to us. Those that do not are kept as they came.

use scim_v2::filter::AttrPath;
use serde_json::{Map, Value};

use crate::feed::push::Kind;

/// The schema of users.
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The extension of RFC 7643 section 4.3.
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schema of a kind.
pub(super) const fn core(kind: Kind) -> &'static str {
    match kind {
        Kind::User => USER,
        Kind::Group => GROUP,
    }
}

/// Attributes with several values, by RFC 7643.
const MULTI: [&str; 11] = [
    "schemas",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "groups",
    "entitlements",
    "roles",
    "x509Certificates",
    "members",
];

/// Names as RFC 7643 spells them, so that a resource has each once, however a client writes it.
const KNOWN: [&str; 23] = [
    "id",
    "externalId",
    "meta",
    "userName",
    "name",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
    "password",
    "emails",
    "phoneNumbers",
    "groups",
    "entitlements",
    "roles",
    "members",
    "addresses",
    "schemas",
];

/// What the server alone writes.
pub(super) fn is_read_only(kind: Kind, name: &str) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    is("id") || is("meta") || (kind == Kind::User && is("groups"))
}

pub(super) fn is_multi(name: &str) -> bool {
    MULTI.iter().any(|multi| multi.eq_ignore_ascii_case(name))
}

pub(super) fn is_boolean(name: &str) -> bool {
    name.eq_ignore_ascii_case("active") || name.eq_ignore_ascii_case("primary")
}

/// Whether the case of an attribute's values counts in comparisons.
pub(super) fn is_exact(name: &str) -> bool {
    ["id", "externalId", "version", "location", "$ref", "password"].iter().any(|exact| exact.eq_ignore_ascii_case(name))
}

/// A URN that begins an extension's name.
pub(super) fn is_urn(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// The key that an object has for a name.
pub(super) fn key_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    if let Some((key, _)) = object.get_key_value(name) {
        return Some(key);
    }
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str)
}

pub(super) fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(key_of(object, name)?)
}

/// The spelling to write a name in: the one that is there, the RFC's, or as it came.
pub(super) fn spelling(object: &Map<String, Value>, name: &str) -> String {
    if let Some(key) = key_of(object, name) {
        return key.to_owned();
    }
    let known = KNOWN.iter().chain(&MULTI).find(|known| known.eq_ignore_ascii_case(name));
    if name.eq_ignore_ascii_case(ENTERPRISE) {
        return ENTERPRISE.to_owned();
    }
    known.map_or_else(|| name.to_owned(), |known| (*known).to_owned())
}

/// Where an attribute stands: the extension, `None` for the top; its name; the part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) extension: Option<String>,
    pub(super) name: String,
    pub(super) sub: Option<String>,
}

impl Place {
    pub(super) fn of(kind: Kind, path: &AttrPath) -> Self {
        let AttrPath { uri, name, sub_attr } = path;
        let extension = uri.clone().filter(|uri| !uri.eq_ignore_ascii_case(core(kind)));
        Self { extension, name: name.clone(), sub: sub_attr.clone() }
    }

    /// The object in which the attribute stands.
    pub(super) fn home<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        match &self.extension {
            None => Some(resource),
            Some(urn) => get(resource, urn)?.as_object(),
        }
    }

    pub(super) fn value<'a>(&self, resource: &'a Map<String, Value>) -> Option<&'a Value> {
        get(self.home(resource)?, &self.name)
    }
}

/// Whether a value counts as there.
pub(super) fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_present),
        Value::Object(object) => object.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}
