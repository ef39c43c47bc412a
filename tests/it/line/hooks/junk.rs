//! Bodies that nobody ever meant: no reader panics, points outside of what ids may be, or believes a stranger.

use proptest::prelude::*;
use seatwarden::config::Signer;
use seatwarden::feed::hook::{Heard, To, graph, okta, set, signed};
use seatwarden::model::Time;
use serde_json::{Value, json};

fn sound(heard: &Heard) {
    for pointer in &heard.pointers {
        let name = pointer.event.as_deref().unwrap_or("x");
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic()) && name.len() <= 64, "{name}");
        if let To::Account(id) = &pointer.to {
            assert!(!id.is_empty() && id.len() <= 512 && !id.chars().any(char::is_control) && id != "..", "{id}");
        }
    }
}

fn read(body: &[u8]) {
    let read = [okta::read(body), graph::read(body, Some("t"), &|state| state == "s"), signed::read(body)];
    for heard in read.into_iter().flatten() {
        sound(&heard);
    }
    let strange = graph::read(body, None, &|_| false).unwrap_or_default();
    assert!(strange.pointers.is_empty() && strange.lifecycle.is_empty(), "who proves nothing points nowhere");
    let signer = Signer { issuer: "i".to_owned(), audience: "a".to_owned(), jwks_url: None };
    if let Ok(claims) = serde_json::from_slice::<Value>(body)
        && let Ok(told) = set::read(&claims, &signer, Time::from_millis(0))
    {
        sound(&told.heard);
    }
}

/// Any JSON, with the vendors' own words in it more often than chance would have it.
fn value() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "data",
        "events",
        "value",
        "eventType",
        "user.lifecycle.deactivate",
        "target",
        "User",
        "id",
        "type",
        "uuid",
        "clientState",
        "s",
        "tenantId",
        "t",
        "resource",
        "Users/x",
        "resourceData",
        "lifecycleEvent",
        "missed",
        "account",
        "email",
        "employee_number",
        "leaver",
        "iss",
        "i",
        "aud",
        "a",
        "iat",
        "jti",
        "sub_id",
        "format",
        "iss_sub",
        "scim",
        "uri",
        "/Users/1",
        "complex",
        "user",
        "aliases",
        "identifiers",
        "urn:ietf:params:scim:event:prov:delete",
        "..",
        "",
    ]);
    let text = prop_oneof![4 => word.clone().prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        text.clone().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&body);
    }

    #[test]
    fn any_json(inner in value()) {
        read(inner.to_string().as_bytes());
        read(json!({"data": {"events": [inner]}}).to_string().as_bytes());
        read(json!({"value": [inner], "events": [inner]}).to_string().as_bytes());
        read(json!({"iss": "i", "aud": "a", "iat": 0, "jti": "j", "sub_id": inner,
            "events": {"urn:ietf:params:scim:event:prov:delete": inner}}).to_string().as_bytes());
    }
}
