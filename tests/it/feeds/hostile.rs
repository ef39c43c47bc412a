//! Answers that nobody should give: never a panic, never a whole reading, and what is good on the page is shown.

use seatwarden::directory::{GapKind, Page};
use seatwarden::feed::Scope;
use serde_json::{Value, json};

use super::script::{
    Answer, BASE, Kind, Script, Stage, entra_id, entra_page, entra_user, okta_user, scim_error, scim_list, scim_user,
    unknown,
};

const JSON: &str = "application/json";

/// Serves one answer to everything but discovery.
fn always(kind: Kind, answer: Answer) -> Stage {
    let script = Script::new(move |_, asked| {
        Some(if asked.path() == "/ServiceProviderConfig" { scim_error(404, None) } else { answer.clone() })
    });
    Stage::new(kind, script)
}

fn list(kind: Kind, rows: &[Value]) -> Answer {
    match kind {
        Kind::Okta => Answer::json(200, &Value::from(rows.to_vec())),
        Kind::Entra => entra_page(rows, Err("d1")),
        Kind::Scim => scim_list(rows, Some(rows.len()), None),
    }
}

fn user(kind: Kind, number: usize) -> Value {
    match kind {
        Kind::Okta => okta_user(number, "ACTIVE"),
        Kind::Entra => entra_user(number, true),
        Kind::Scim => scim_user(number, true),
    }
}

#[test]
fn bodies_that_are_no_list_prove_nothing() {
    let nested = |open: &str| open.repeat(100_000).into_bytes();
    let mut bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("blank", b"   ".to_vec()),
        ("html", b"<!doctype html><title>Sign in</title>".to_vec()),
        ("null", b"null".to_vec()),
        ("number", b"7".to_vec()),
        ("text", b"\"users\"".to_vec()),
        ("arrays in arrays", nested("[")),
        ("objects in objects", nested("{\"value\":")),
        ("rows in rows", nested("{\"Resources\":[")),
        ("wrong utf-8", b"[{\"id\":\"00u1\",\"status\":\"\xff\xfe\"}]".to_vec()),
        ("two values", b"[][]".to_vec()),
        ("nul bytes", vec![0; 4096]),
    ];
    for kind in Kind::ALL {
        let good = list(kind, &[user(kind, 1), user(kind, 2)]).body;
        bodies.push(("cut", good[..good.len() - 1].to_vec()));
        bodies.push(("with a tail", [good.as_slice(), b"}"].concat()));
    }
    for kind in Kind::ALL {
        let other = if kind == Kind::Okta { json!({}) } else { json!([]) };
        bodies.push(("another shape", other.to_string().into_bytes()));
        for (what, body) in &bodies {
            let stage = always(kind, Answer::raw(200, JSON, body.clone()));
            let read = stage.whole();
            assert_eq!(read.gap().kind, GapKind::Invalid, "{kind:?} {what}");
            assert_eq!(read.reading.accounts, 0, "{kind:?} {what}");
            assert!(read.gap().why.len() < 300, "{kind:?} {what}: {}", read.gap().why);
            unknown(stage.account("00u0001"));
        }
        bodies.pop();
    }
}

#[test]
fn a_list_that_says_it_is_something_else_is_not_believed() {
    for kind in Kind::ALL {
        let good = list(kind, &[user(kind, 1)]);
        for content in ["text/html; charset=utf-8", "text/plain", "application/octet-stream", "", "json", "a/b+jsonx"] {
            let answer = good.clone().without("content-type").with("content-type", content);
            let read = always(kind, answer).whole();
            assert_eq!(read.gap().kind, GapKind::Invalid, "{kind:?} {content}");
            assert!(read.gap().why.contains("instead of JSON"), "{:?}", read.gap());
        }
        for content in ["application/json", "Application/JSON;charset=UTF-8", "application/scim+json", "text/json"] {
            let answer = good.clone().without("content-type").with("content-type", content);
            assert_eq!(always(kind, answer).whole().reading.coverage.gap(), None, "{kind:?} {content}");
        }
        assert_eq!(always(kind, good.without("content-type")).whole().reading.coverage.gap(), None);
    }
}

#[test]
fn a_success_that_is_not_200_is_not_believed() {
    for kind in Kind::ALL {
        for status in [201, 202, 204, 206] {
            let answer = Answer { status, ..list(kind, &[user(kind, 1)]) };
            let stage = always(kind, answer);
            assert_eq!(stage.whole().gap().kind, GapKind::Invalid, "{kind:?} {status}");
            unknown(stage.account("00u0001"));
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_makes_the_reading_partial_and_hides_nobody_else() {
    let rows = [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "id": null, "status": "ACTIVE" }),
        json!({ "id": "", "status": "ACTIVE" }),
        json!({ "id": {}, "status": "ACTIVE" }),
        json!({ "id": ["00u1"], "status": "ACTIVE" }),
        json!({ "id": "x".repeat(1 << 20), "status": "ACTIVE" }),
        json!({ "id": "a\u{0}b", "status": "ACTIVE" }),
        json!({ "id": "..", "status": "ACTIVE" }),
    ];
    for kind in Kind::ALL {
        for row in &rows {
            let read = always(kind, list(kind, &[user(kind, 1), row.clone(), user(kind, 2)])).whole();
            assert_eq!(read.gap().kind, GapKind::Invalid, "{kind:?}");
            assert!(read.gap().why.starts_with("row 1: "), "{:?}", read.gap());
            assert!(read.gap().why.len() < 200, "an id is not repeated in full");
            assert_eq!((read.reading.accounts, read.ids().len()), (2, 2), "{kind:?} {row:.80}");
        }
    }
}

#[test]
fn values_beyond_all_measure_are_not_taken_in() {
    let long = json!("x".repeat(5_000));
    let many = Value::from(vec![json!("a"); 6_000]);
    for value in [long, many] {
        let mut okta = user(Kind::Okta, 1);
        okta["profile"]["jobCode"] = value.clone();
        let mut entra = user(Kind::Entra, 1);
        entra["onPremisesExtensionAttributes"]["extensionAttribute1"] = value.clone();
        let mut scim = user(Kind::Scim, 1);
        scim["urn:ietf:params:scim:schemas:extension:acme:2.0:User"]["jobCode"] = value;
        for (kind, row) in [(Kind::Okta, okta), (Kind::Entra, entra), (Kind::Scim, scim)] {
            let read = always(kind, list(kind, &[row])).whole();
            assert!(read.gap().why.contains("its job_code has"), "{:?}", read.gap());
            assert_eq!(read.reading.accounts, 0, "half of a person is nobody");
        }
    }
}

#[test]
fn attributes_of_another_shape_are_absent() {
    for odd in [json!({ "a": { "b": 1 } }), json!([[["x"]], {}]), json!(null), json!([])] {
        let mut row = user(Kind::Okta, 1);
        row["profile"]["login"] = odd.clone();
        row["profile"]["jobCode"] = odd.clone();
        let read = always(Kind::Okta, list(Kind::Okta, &[row])).whole();
        assert_eq!(read.reading.coverage.gap(), None, "{odd}");
        assert_eq!(read.ids(), ["00u0001"]);
    }
    for odd in [json!("x"), json!(null), json!([]), json!(7)] {
        let row = json!({ "id": "00u1", "status": odd, "profile": odd, "lastUpdated": odd });
        let read = always(Kind::Okta, list(Kind::Okta, &[row])).whole();
        assert_eq!(read.last("00u1").status, seatwarden::model::Status::Unknown);
    }
}

#[test]
fn an_account_that_comes_twice_on_one_page_is_drift_where_repeats_are_not_legal() {
    for kind in [Kind::Okta, Kind::Scim] {
        let read = always(kind, list(kind, &[user(kind, 1), user(kind, 2), user(kind, 1)])).whole();
        assert_eq!(read.gap().kind, GapKind::Drift, "{kind:?}");
        assert_eq!(read.reading.accounts, 2);
    }
}

#[test]
fn links_to_strangers_are_not_followed() {
    let targets = [
        ("https://evil.example/api/v1/users?after=1", "leads to https://evil.example"),
        ("https://idp.acme.example.evil.example/", "leads to"),
        ("http://idp.acme.example/", "leads to http://"),
        ("https://idp.acme.example:8443/", "leads to"),
        ("https://token@idp.acme.example/", "leads to"),
        ("/api/v1/users?after=1", "not an absolute URL"),
        ("//evil.example/", "not an absolute URL"),
        ("file:///etc/passwd", "leads to null"),
        ("javascript:1", "leads to null"),
        ("", "not an absolute URL"),
    ];
    for (target, why) in targets {
        let okta = list(Kind::Okta, &[user(Kind::Okta, 1)]).with("link", format!("<{target}>; rel=\"next\""));
        let script = Script::new(move |_, _| Some(okta.clone()));
        let read = Stage::new(Kind::Okta, script.clone()).whole();
        read.assert_gap(GapKind::Invalid, "GET /api/v1/users (page 1)", why);
        assert_eq!(script.asked().len(), 1, "{target}");
        assert_eq!((read.ids(), read.reading.accounts), (vec!["00u0001"], 1), "the page itself is good");
    }
    // A cursor that was tampered with leads to a first round, not to a stranger.
    let cursor = json!({ "v": 1, "select": "x", "link": "https://evil.example/" }).to_string();
    let script = Script::new(|_, _| Some(entra_page(&[], Err("d1"))));
    Stage::new(Kind::Entra, script.clone()).read(Scope::Changes { cursor });
    assert!(script.asked().iter().all(|asked| asked.url.as_str().starts_with(BASE)));
}

#[test]
fn link_headers_that_cannot_be_read_are_not_the_end() {
    for header in ["<", "next", "<https://idp.acme.example/a", "<https://idp.acme.example/a>; rel=\"ne", "\u{e4}"] {
        let answer = list(Kind::Okta, &[user(Kind::Okta, 1)]).with("link", header);
        let read = always(Kind::Okta, answer).whole();
        assert!(read.gap().why.contains("`Link` header"), "{header} {:?}", read.gap());
    }
}

#[test]
fn numbers_of_scim_that_count_nothing_prove_nothing() {
    let rows = [user(Kind::Scim, 1)];
    for total in [json!(-1), json!(1.5), json!("many"), json!({}), json!([1]), json!(true)] {
        let body = json!({ "totalResults": total, "Resources": rows });
        let read = always(Kind::Scim, Answer::json(200, &body)).whole();
        read.assert_gap(GapKind::Invalid, "GET /Users (page 1)", "not a count");
    }
    for body in [
        json!({ "totalResults": 1, "Resources": {} }),
        json!({ "totalResults": 1, "Resources": "none" }),
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "500" }),
        json!({ "totalResults": 1, "Resources": rows, "nextCursor": 7 }),
    ] {
        assert_eq!(always(Kind::Scim, Answer::json(200, &body)).whole().gap().kind, GapKind::Invalid, "{body}");
    }
    let huge = json!({ "totalResults": u64::MAX, "Resources": [] });
    let read = always(Kind::Scim, Answer::json(200, &huge)).whole();
    assert_eq!(read.gap().kind, GapKind::Drift, "fewer than the total");
}

#[test]
fn a_large_page_of_repeats_and_removals_is_read_in_time_that_grows_with_its_length() {
    let rows: Vec<Value> = (0..40_000)
        .map(|number| match number % 2 {
            0 => json!({ "id": entra_id(number / 4), "accountEnabled": true }),
            _ => json!({ "id": entra_id(number / 4), "@removed": { "reason": "changed" } }),
        })
        .collect();
    let read = always(Kind::Entra, entra_page(&rows, Err("d1"))).whole();
    let Page { accounts, removed, .. } = &read.pages[0];
    assert_eq!((accounts.len(), removed.len(), read.reading.accounts), (0, 10_000, 0));
}
