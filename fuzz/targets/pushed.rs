//! Whatever a provider may push: a filter or path in the first line, a PATCH document behind it.

use scim_server::{filter, patch};
use seatwarden::feed::push::Kind;
use seatwarden::inbound::scim as scim_server;
use serde_json::{Map, Value, json};

fn resource() -> Map<String, Value> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1", "userName": "ann@acme.example", "active": true, "title": "Chief",
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": "ann@acme.example", "type": "work", "primary": true}, {"value": "a@x", "type": "home"}],
        "members": [{"value": "2"}, {"value": "3", "$ref": "x"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "00001"},
        "meta": {"lastModified": "2026-11-22T10:00:00Z"},
    });
    user.as_object().unwrap().clone()
}

/// Any bytes as a filter, a path and a PATCH document.
pub(crate) fn scim(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (line, document) = text.split_once('\n').unwrap_or((&text, ""));
    let resource = resource();
    if let Ok(read) = filter::parse(line) {
        let meant = filter::matches(&read, Kind::User, &resource);
        let negated = filter::parse(&format!("not ({read})"));
        // One level more may be one too many.
        if let Ok(negated) = negated {
            assert_ne!(meant, filter::matches(&negated, Kind::User, &resource), "{read}");
        }
    }
    let mut documents = vec![json!({"Operations": [
        {"op": "add", "path": line, "value": "x"},
        {"op": "replace", "path": line, "value": {"value": "y", "primary": "True"}},
        {"op": "remove", "path": line},
    ]})];
    documents.extend(serde_json::from_str::<Value>(document));
    for document in documents {
        if let Ok(patched) = patch::apply(Kind::User, &resource, &document) {
            for kept in ["id", "meta"] {
                assert_eq!(patched.get(kept), resource.get(kept), "what the server writes is the server's");
            }
        }
    }
}
