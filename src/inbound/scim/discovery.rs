//! What the server can do and what its resources look like (RFC 7643 sections 5 to 7, RFC 9865).

use serde_json::{Map, Value, json};

use super::names::{ENTERPRISE, GROUP, USER};
use super::{BODY, bulk, list};
use crate::model::{Catalog, PoolKind};

/// The schema of seats: what Okta shows as entitlements.
pub(super) const LICENSE: &str = "urn:seatwarden:params:scim:schemas:core:1.0:License";

/// `ServiceProviderConfig`.
pub(super) fn provider(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": bulk::MOST, "maxPayloadSize": BODY},
        "filter": {"supported": true, "maxResults": list::MOST},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true, "index": true, "defaultPaginationMethod": "index",
            "defaultPageSize": list::PAGE, "maxPageSize": list::MOST, "cursorTimeout": list::CURSOR_SECONDS,
        },
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
             "description": "The token of the feed in the Authorization header",
             "specUri": "https://www.rfc-editor.org/rfc/rfc6750"},
            {"type": "httpbasic", "name": "Basic authentication",
             "description": "User and password of the feed", "specUri": "https://www.rfc-editor.org/rfc/rfc7617"},
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

/// The resource types.
pub(super) fn types(base: &str) -> Vec<Map<String, Value>> {
    let kind = |id: &str, endpoint: &str, schema: &str, about: &str, extensions: Value| {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": id, "name": id, "endpoint": endpoint, "description": about, "schema": schema,
            "schemaExtensions": extensions,
            "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{id}")},
        });
        body.as_object().cloned().unwrap_or_default()
    };
    vec![
        kind("User", "/Users", USER, "People", json!([{"schema": ENTERPRISE, "required": false}])),
        kind("Group", "/Groups", GROUP, "Groups of people", json!([])),
        kind("License", "/Licenses", LICENSE, "Tiers and add-ons of seats", json!([])),
    ]
}

/// Tiers and add-ons of the catalog.
pub(super) fn licenses(catalog: &Catalog) -> Vec<Map<String, Value>> {
    let one = |pool: &crate::model::Pool| {
        let (kind, about) = match pool.kind {
            PoolKind::Tier => ("tier", "A tier of the service desk"),
            PoolKind::Addon => ("addon", "An add-on to a tier of the service desk"),
        };
        let id = pool.id.to_string();
        let body = json!({
            "schemas": [LICENSE], "id": id, "displayName": id, "type": kind, "description": about,
            "meta": {"resourceType": "License"},
        });
        body.as_object().cloned().unwrap_or_default()
    };
    catalog.pools.values().map(one).collect()
}

/// An attribute with the characteristics that most have.
fn text(name: &str, about: &str) -> Value {
    json!({
        "name": name, "type": "string", "multiValued": false, "description": about, "required": false,
        "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    })
}

fn with(mut attribute: Value, changes: &[(&str, Value)]) -> Value {
    if let Some(attribute) = attribute.as_object_mut() {
        attribute.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    attribute
}

fn flag(name: &str, about: &str) -> Value {
    without(with(text(name, about), &[("type", "boolean".into())]), &["caseExact", "uniqueness"])
}

fn without(mut attribute: Value, names: &[&str]) -> Value {
    if let Some(attribute) = attribute.as_object_mut() {
        attribute.retain(|name, _| !names.contains(&name.as_str()));
    }
    attribute
}

fn complex(name: &str, about: &str, parts: Vec<Value>) -> Value {
    let complex = with(text(name, about), &[("type", "complex".into()), ("subAttributes", parts.into())]);
    without(complex, &["caseExact"])
}

fn many(attribute: Value) -> Value {
    with(attribute, &[("multiValued", true.into())])
}

fn read_only(attribute: Value) -> Value {
    with(attribute, &[("mutability", "readOnly".into())])
}

fn reference(name: &str, about: &str, types: &[&str]) -> Value {
    let changes = [("type", "reference".into()), ("referenceTypes", types.to_vec().into()), ("caseExact", true.into())];
    with(text(name, about), &changes)
}

/// Values with `value`, `display`, `type` and `primary`.
fn plural(name: &str, about: &str) -> Value {
    let parts = vec![
        text("value", "The value"),
        text("display", "How it is shown"),
        text("type", "What kind of value it is, such as work or home"),
        flag("primary", "Whether it is the preferred one"),
    ];
    many(complex(name, about, parts))
}

fn schema(base: &str, id: &str, name: &str, about: &str, attributes: &[Value]) -> Map<String, Value> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id, "name": name, "description": about, "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{id}")},
    });
    body.as_object().cloned().unwrap_or_default()
}

/// The schemas.
pub(super) fn schemas(base: &str) -> Vec<Map<String, Value>> {
    vec![
        schema(base, USER, "User", "A person", &user()),
        schema(base, GROUP, "Group", "A group of people", &group()),
        schema(base, ENTERPRISE, "EnterpriseUser", "What an organization knows of a person", &enterprise()),
        schema(base, LICENSE, "License", "A tier or an add-on of seats", &license()),
    ]
}

fn user() -> Vec<Value> {
    let name = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];
    let address = ["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"];
    let mut parts: Vec<Value> = address.iter().map(|part| text(part, "A part of the address")).collect();
    parts.push(flag("primary", "Whether it is the preferred one"));
    let group = vec![
        read_only(text("value", "The group's id")),
        read_only(reference("$ref", "The group's address", &["Group"])),
        read_only(text("display", "The group's name")),
        read_only(text("type", "direct")),
    ];
    let unique = [("required", true.into()), ("uniqueness", "server".into())];
    let mut attributes = vec![
        with(text("userName", "The name to sign in with"), &unique),
        complex("name", "The parts of the name", name.iter().map(|part| text(part, "A part of the name")).collect()),
        flag("active", "Whether the person works here; false frees the seat"),
        many(complex("addresses", "Postal addresses", parts)),
        read_only(many(complex("groups", "The groups of which the person is a member", group))),
        reference("profileUrl", "A page about the person", &["external"]),
    ];
    for (name, about) in [
        ("displayName", "The name that is shown"),
        ("nickName", "What the person is called"),
        ("title", "The title of the job"),
        ("userType", "What kind of employee the person is"),
        ("preferredLanguage", "The preferred language"),
        ("locale", "The place whose customs the person follows"),
        ("timezone", "The time zone"),
    ] {
        attributes.push(text(name, about));
    }
    for (name, about) in [
        ("emails", "E-mail addresses"),
        ("phoneNumbers", "Telephone numbers"),
        ("ims", "Addresses for messages"),
        ("entitlements", "What the person may have"),
        ("roles", "The person's roles"),
    ] {
        attributes.push(plural(name, about));
    }
    attributes
}

fn group() -> Vec<Value> {
    let immutable = |attribute| with(attribute, &[("mutability", "immutable".into())]);
    let parts = vec![
        immutable(with(text("value", "The member's id"), &[("caseExact", true.into())])),
        immutable(reference("$ref", "The member's address", &["User", "Group"])),
        immutable(text("type", "User or Group")),
        immutable(text("display", "The member's name")),
    ];
    vec![
        with(text("displayName", "The group's name"), &[("required", true.into()), ("uniqueness", "server".into())]),
        many(complex("members", "The group's members", parts)),
    ]
}

fn enterprise() -> Vec<Value> {
    let manager = vec![
        text("value", "The manager's id"),
        reference("$ref", "The manager's address", &["User"]),
        read_only(text("displayName", "The manager's name")),
    ];
    let mut attributes: Vec<Value> = [
        ("employeeNumber", "The number that the organization gave"),
        ("costCenter", "The cost center"),
        ("organization", "The organization"),
        ("division", "The division"),
        ("department", "The department"),
    ]
    .iter()
    .map(|(name, about)| text(name, about))
    .collect();
    attributes.push(complex("manager", "The manager", manager));
    attributes
}

fn license() -> Vec<Value> {
    let parts = [("displayName", "The name in the catalog"), ("type", "tier or addon"), ("description", "What it is")];
    parts.iter().map(|(name, about)| read_only(text(name, about))).collect()
}
