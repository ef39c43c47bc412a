//! SCIM 2.0 as it is on the wire (RFC 7643 and 7644): what is read of a resource, and what is written.
//!
//! Attribute names are compared without case (RFC 7643 §2.1), and a text may come as a number.

use serde_json::{Map, Value, json};

/// An attribute of users that holds values which are seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Entitlements,
    Roles,
}

impl Slot {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Entitlements => "entitlements",
            Self::Roles => "roles",
        }
    }
}

/// What is read of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) login: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) emails: Vec<String>,
    /// `None` where the server does not say.
    pub(super) groups: Option<Vec<Link>>,
    pub(super) entitlements: Vec<String>,
    pub(super) roles: Vec<String>,
}

/// A member of a group, or a group of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) id: String,
    /// Of a user's group: membership comes from a group within the group.
    pub(super) indirect: bool,
    /// Of a member: a group itself.
    pub(super) is_group: bool,
}

impl User {
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value, "id")?,
            login: text(value, "userName"),
            external_id: text(value, "externalId"),
            emails: values(value, "emails").unwrap_or_default(),
            groups: links(value, "groups"),
            entitlements: values(value, "entitlements").unwrap_or_default(),
            roles: values(value, "roles").unwrap_or_default(),
        })
    }

    pub(super) fn slot(&self, slot: Slot) -> &[String] {
        match slot {
            Slot::Entitlements => &self.entitlements,
            Slot::Roles => &self.roles,
        }
    }

    /// Values are not case-exact unless a schema says so (RFC 7643 §2.2).
    pub(super) fn has_value(&self, slot: Slot, value: &str) -> bool {
        self.slot(slot).iter().any(|own| own.eq_ignore_ascii_case(value))
    }

    /// How the user is in a group, as far as the user's own `groups` tells.
    pub(super) fn group(&self, id: &str) -> Option<&Link> {
        self.groups.iter().flatten().find(|link| link.id == id)
    }
}

/// What is read of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// `None` where the server does not say, or there are none.
    pub(super) members: Option<Vec<Link>>,
}

impl Group {
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self { id: text(value, "id")?, name: text(value, "displayName"), members: links(value, "members") })
    }
}

/// A page of a list (RFC 7644 §3.4.2, RFC 9865).
pub(super) struct Page<'a> {
    pub(super) resources: &'a [Value],
    pub(super) total: Option<u64>,
    pub(super) next: Option<String>,
}

impl<'a> Page<'a> {
    /// `None` when it is no list at all.
    pub(super) fn read(value: &'a Value) -> Option<Self> {
        let total = field(value, "totalResults").and_then(Value::as_u64);
        let resources = match field(value, "Resources") {
            Some(Value::Array(resources)) => resources.as_slice(),
            None | Some(Value::Null) if total.is_some() => &[],
            _ => return None,
        };
        Some(Self { resources, total, next: text(value, "nextCursor") })
    }
}

/// An attribute by name, without case.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A text that is not blank.
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    plain(field(value, name)?)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The elements of a multi-valued attribute; a single value counts as one.
fn elements<'a>(value: &'a Value, name: &str) -> Option<&'a [Value]> {
    let found = field(value, name).filter(|found| !found.is_null())?;
    Some(found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice))
}

/// The values of a multi-valued attribute, whose elements are objects with a `value` or plain texts.
fn values(value: &Value, name: &str) -> Option<Vec<String>> {
    Some(
        elements(value, name)?.iter().filter_map(|element| text(element, "value").or_else(|| plain(element))).collect(),
    )
}

fn links(value: &Value, name: &str) -> Option<Vec<Link>> {
    let link = |element: &Value| {
        let kind = text(element, "type").unwrap_or_default();
        let place = text(element, "$ref").unwrap_or_default();
        Some(Link {
            id: text(element, "value").or_else(|| plain(element))?,
            indirect: kind.eq_ignore_ascii_case("indirect"),
            is_group: kind.eq_ignore_ascii_case("group") || place.contains("/Groups/"),
        })
    };
    Some(elements(value, name)?.iter().filter_map(link).collect())
}

/// A text as a filter's value: a JSON string (RFC 7644 §3.4.2.2), so that no quote in a name ends it.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The message of a PATCH with one operation (RFC 7644 §3.5.2).
fn patch(operation: &Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] })
}

/// Adds values to a multi-valued attribute. There is no message here that replaces one.
pub(super) fn add<'a>(path: &str, values: impl IntoIterator<Item = &'a str>) -> Value {
    let values: Vec<Value> = values.into_iter().map(|value| json!({ "value": value })).collect();
    patch(&json!({ "op": "add", "path": path, "value": values }))
}

/// Removes the one value of a multi-valued attribute, as the RFC has it.
pub(super) fn remove_by_filter(path: &str, value: &str) -> Value {
    patch(&json!({ "op": "remove", "path": format!("{path}[value eq {}]", quoted(value)) }))
}

/// Removes the one value of a multi-valued attribute, as Entra's client has it and some servers alone understand. To
/// the RFC this removes all values, so whoever sends it looks at the others afterwards.
pub(super) fn remove_by_value(path: &str, value: &str) -> Value {
    patch(&json!({ "op": "remove", "path": path, "value": [{ "value": value }] }))
}

/// A new user.
pub(super) fn new_user(
    user_name: &str,
    external_id: Option<&str>,
    email: Option<&str>,
    display_name: Option<&str>,
) -> Value {
    let mut user = Map::new();
    user.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:schemas:core:2.0:User"]));
    user.insert("userName".to_owned(), user_name.into());
    user.insert("active".to_owned(), true.into());
    if let Some(external_id) = external_id {
        user.insert("externalId".to_owned(), external_id.into());
    }
    if let Some(email) = email {
        user.insert("emails".to_owned(), json!([{ "value": email, "type": "work", "primary": true }]));
    }
    if let Some(name) = display_name {
        user.insert("displayName".to_owned(), name.into());
    }
    Value::Object(user)
}

/// What a desk says against a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Code and words, without those that may name a person.
    pub(super) text: String,
    /// Whether it says that no seat is left.
    pub(super) full: bool,
}

impl Complaint {
    /// Reads an error (RFC 7644 §3.12), or any other body. `status` inside the body may be a number or a text; the
    /// answer's own counts.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        const BODY: usize = 64 << 10;
        let value: Value =
            body.get(..body.len().min(BODY)).and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        let code = text(&value, "scimType").filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric()));
        let detail = ["detail", "message", "error_description", "description", "title"];
        let detail = detail.iter().find_map(|name| text(&value, name)).unwrap_or_default();
        let lower = detail.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let full = status == 402
            || (says(&["seat", "license", "licence", "subscription", "quota", "capacity", "user limit"])
                && says(&[
                    "limit",
                    "exceed",
                    "exhaust",
                    "full",
                    "no more",
                    "no seat",
                    "not enough",
                    "none left",
                    "reached",
                    "available",
                    "insufficient",
                    "maximum",
                ]));
        let words: Vec<&str> = detail.split_whitespace().filter(|word| is_nobody(word)).collect();
        let words: String = words.join(" ").chars().take(160).collect();
        let mut text = format!("answered {status}");
        if let Some(code) = code {
            text = format!("{text} {code}");
        }
        if !words.is_empty() {
            text = format!("{text} ({})", words.trim_end_matches('.'));
        }
        Self { text, full }
    }
}

/// Whether a word names nobody: plain letters in lower case but for the first, or a plain short number.
fn is_nobody(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '(' | ')' | '!'));
    let letters = bare.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let first = bare.chars().next().is_some_and(|c| c.is_ascii_uppercase());
    let number = bare.len() <= 5 && bare.chars().all(|c| c.is_ascii_digit());
    letters || number || (first && COMMON.contains(&bare.to_ascii_lowercase().as_str()))
}

/// Words with a capital that are no names.
const COMMON: [&str; 12] =
    ["the", "no", "a", "all", "license", "licence", "seat", "seats", "user", "group", "cannot", "maximum"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_does_not_end_the_filter() {
        assert_eq!(quoted(r#"a" or userName pr or "b\"#), r#""a\" or userName pr or \"b\\""#);
        let message = remove_by_filter("members", r#"1"] or members[value pr"#);
        let path = message["Operations"][0]["path"].as_str().unwrap();
        assert_eq!(path, r#"members[value eq "1\"] or members[value pr"]"#);
    }

    #[test]
    fn attributes_are_read_in_any_case_and_shape() {
        let value = json!({"ID": 7, "username": "ann", "Emails": [{"Value": "a@x"}, "b@x", {"type": "work"}],
            "roles": "one", "groups": [{"value": "g", "type": "indirect"}, {"$ref": "x"}], "entitlements": null});
        let user = User::read(&value).unwrap();
        assert_eq!((user.id.as_str(), user.login.as_deref()), ("7", Some("ann")));
        assert_eq!((user.emails.len(), user.roles.len(), user.entitlements.len()), (2, 1, 0));
        assert!(user.group("g").unwrap().indirect);
        assert_eq!(User::read(&json!({"userName": "ann"})), None, "no id, no user");
        assert_eq!(Group::read(&json!({"id": "g"})).unwrap().members, None);
        let group = Group::read(&json!({"id": "g", "members": [{"value": "1", "type": "Group"}, {"value": "2"}]}));
        let members: Vec<bool> = group.unwrap().members.unwrap().iter().map(|link| link.is_group).collect();
        assert_eq!(members, [true, false]);
    }

    #[test]
    fn a_page_is_a_list_or_an_error() {
        assert_eq!(Page::read(&json!({"totalResults": 0})).unwrap().resources.len(), 0);
        assert_eq!(Page::read(&json!({"resources": [1], "nextCursor": "c"})).unwrap().next.as_deref(), Some("c"));
        for no_list in [json!([]), json!({}), json!({"Resources": {}}), json!("x"), json!({"totalResults": "x"})] {
            assert!(Page::read(&no_list).is_none(), "{no_list}");
        }
    }

    #[test]
    fn a_complaint_tells_a_full_pool_and_names_nobody() {
        let read = |status, detail: &str| Complaint::read(status, json!({"detail": detail}).to_string().as_bytes());
        for detail in ["License limit reached", "No seats available", "the quota of 5 is exceeded"] {
            assert!(read(400, detail).full, "{detail}");
        }
        for detail in ["already a member", "invalid path", "the group is read-only"] {
            assert!(!read(400, detail).full, "{detail}");
        }
        assert!(Complaint::read(402, b"").full);
        let named = read(409, "User Ann Jones (ann@acme.example) 104233 is already a member of 'lic'.");
        assert_eq!(named.text, "answered 409 (User is already a member of)");
        let coded = Complaint::read(400, br#"{"status": 400, "scimType": "invalidPath"}"#);
        assert_eq!(coded.text, "answered 400 invalidPath");
        assert_eq!(Complaint::read(400, b"<html>").text, "answered 400");
    }
}
