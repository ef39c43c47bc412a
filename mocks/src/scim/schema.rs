//! The schemas, as `/Schemas` tells them (RFC 7643 section 7): what clients may rely on and outside checkers go by.

use serde_json::{Value, json};

use super::{ACME, ENTERPRISE, GROUP, USER};

/// The schemas of all resources and extensions.
pub(super) fn all() -> Vec<Value> {
    vec![
        schema(USER, "User", &user()),
        schema(
            GROUP,
            "Group",
            &[
                required("displayName"),
                many("members", &[fixed("value"), reference(), fixed("display"), fixed("type")]),
            ],
        ),
        schema(ENTERPRISE, "EnterpriseUser", &enterprise()),
        schema(ACME, "AcmeUser", &[text("jobCode")]),
    ]
}

fn user() -> Vec<Value> {
    let labeled = || [text("value"), text("display"), text("type"), flag("primary")];
    let address = ["formatted", "streetAddress", "locality", "region", "postalCode", "country", "type"].map(text);
    vec![
        required("userName"),
        complex("name", &["formatted", "familyName", "givenName", "middleName"].map(text)),
        text("displayName"),
        text("title"),
        text("userType"),
        flag("active"),
        many("emails", &labeled()),
        many("addresses", &address),
        many("entitlements", &labeled()),
        many("roles", &labeled()),
        read_only(many("groups", &[read_only(text("value")), read_only(text("display"))])),
    ]
}

fn enterprise() -> Vec<Value> {
    let mut all = ["employeeNumber", "costCenter", "organization", "division", "department"].map(text).to_vec();
    all.push(complex("manager", &[text("value"), reference(), read_only(text("displayName"))]));
    all
}

fn schema(id: &str, name: &str, attributes: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "description": name,
        "attributes": attributes, "meta": {"resourceType": "Schema"},
    })
}

fn attribute(name: &str, kind: &str) -> Value {
    json!({
        "name": name, "type": kind, "description": name, "multiValued": false, "required": false, "caseExact": false,
        "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    })
}

fn text(name: &str) -> Value {
    attribute(name, "string")
}

fn flag(name: &str) -> Value {
    attribute(name, "boolean")
}

fn reference() -> Value {
    with(attribute("$ref", "reference"), "referenceTypes", json!(["User"]))
}

fn required(name: &str) -> Value {
    with(with(text(name), "required", json!(true)), "uniqueness", json!("server"))
}

fn fixed(name: &str) -> Value {
    with(text(name), "mutability", json!("immutable"))
}

fn read_only(attribute: Value) -> Value {
    with(attribute, "mutability", json!("readOnly"))
}

fn complex(name: &str, parts: &[Value]) -> Value {
    with(attribute(name, "complex"), "subAttributes", json!(parts))
}

fn many(name: &str, parts: &[Value]) -> Value {
    with(complex(name, parts), "multiValued", json!(true))
}

fn with(mut attribute: Value, key: &str, value: Value) -> Value {
    if let Some(object) = attribute.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    attribute
}
