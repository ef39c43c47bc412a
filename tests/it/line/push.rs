//! Providers that push: what they send over real HTTP, until the desk has confirmed a seat.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use seatwarden::inbound::public::Limits;
use seatwarden::store::{Overlay, Store};
use seatwarden_mocks::post::{Answered, send};
use seatwarden_mocks::push::{Dialect, Push};
use seatwarden_mocks::{
    Mocks, STRANGER_PRIVATE_KEY_PEM, Server, TEST_KEY_ID, TEST_PRIVATE_KEY_PEM, TEST_PUBLIC_KEY_PEM,
};
use serde_json::{Value, json};

use super::company::{GENEROUS, Setup, run};
use super::hooks::world::{Called, SECRET, analysts};

const ANN: &str = "ann@acme.example";

pub(super) fn setup() -> Setup {
    setup_with("{ kind = \"bearer\", token = { file = \"hook.secret\" } }")
}

fn setup_with(auth: &str) -> Setup {
    let more = format!(
        "{GENEROUS}[feed.push]\nkind = \"scim_push\"\nauth = {auth}\n\
         attributes = {{ job_code = \"urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode\" }}\n"
    );
    Setup { feeds: Vec::new(), more, ..Setup::default() }
}

async fn pushed_to(store: Arc<dyn Store>) -> Called {
    Called::on(analysts(&["ann", "ben"]), setup(), Limits::default(), store).await
}

async fn ask(called: &Called, push: &Push, headers: &[(&str, &str)]) -> (Answered, Value) {
    let url = format!("http://{}/scim/v2/push{}", called.address, push.path);
    let bearer = format!("Bearer {SECRET}");
    let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/scim+json")];
    all.extend(headers);
    let body = if push.body.is_null() { String::new() } else { push.body.to_string() };
    let answer = send(push.method.clone(), &url, &all, body, Duration::from_secs(20)).await.unwrap();
    let said = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    (answer, said)
}

async fn tell(called: &Called, push: &Push) -> (u16, Value) {
    let (answer, said) = ask(called, push, &[]).await;
    (answer.status.as_u16(), said)
}

fn call(method: Method, path: &str, body: Value) -> Push {
    Push { method, path: path.to_owned(), body }
}

fn get(path: &str) -> Push {
    call(Method::GET, path, Value::Null)
}

fn patch(id: &str, operations: Value) -> Push {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    call(Method::PATCH, &format!("/Users/{id}"), json!({"schemas": schemas, "Operations": operations}))
}

fn id_of(said: &Value) -> String {
    said["id"].as_str().unwrap_or_else(|| panic!("no id in {said}")).to_owned()
}

#[test]
fn in_every_dialect_a_person_comes_moves_leaves_and_comes_back() {
    for dialect in Dialect::ALL {
        run(async {
            let called = pushed_to(Arc::new(Overlay::empty())).await;
            called.company.full().await;
            let (status, said) = tell(&called, &dialect.look_up(ANN)).await;
            assert_eq!((status, &said["totalResults"]), (200, &json!(0)), "{dialect:?}");
            let (status, ann) = tell(&called, &dialect.create(ANN, "00001", "SD-12")).await;
            assert_eq!(status, 201, "{dialect:?} {ann}");
            assert_eq!(ann.get("password"), None, "what is not kept cannot leak");
            let (status, said) = tell(&called, &dialect.create(&ANN.to_uppercase(), "00001", "SD-12")).await;
            assert_eq!((status, &said["scimType"], &said["status"]), (409, &json!("uniqueness"), &json!("409")));
            assert_eq!(called.on_disk(), 1, "on disk before it was answered");
            called.look().await;
            assert_eq!(called.company.at_desk("lic-fulfiller"), [ANN], "{dialect:?}");

            let id = id_of(&ann);
            let (status, off) = tell(&called, &dialect.set_active(&ann, false)).await;
            assert_eq!(status, 200, "{dialect:?} {off}");
            assert_eq!(off["active"], json!(false), "a truth value, however it was written");
            let outcome = called.look().await;
            assert_eq!((outcome.applied.revoked, called.on_disk()), (1, 0), "{dialect:?}");
            assert!(called.company.at_desk("lic-fulfiller").is_empty());
            let (_, said) = tell(&called, &dialect.look_up(&ANN.to_uppercase())).await;
            assert_eq!(said["Resources"][0]["id"], json!(id), "who is inactive is still found");

            tell(&called, &dialect.set_active(&off, true)).await;
            called.look().await;
            assert_eq!(called.company.at_desk("lic-fulfiller"), [ANN], "{dialect:?}");
            let (_, back) = tell(&called, &get(&format!("/Users/{id}"))).await;
            let (status, moved) = tell(&called, &dialect.set_job(&back, "FIN-3")).await;
            assert_eq!((status, &moved["title"]), (200, &json!("FIN-3")), "{dialect:?} {moved}");
            called.look().await;
            assert!(called.company.at_desk("lic-fulfiller").is_empty(), "{dialect:?}");
            called.company.assert_sound();
        });
    }
}

#[test]
fn a_deletion_frees_the_seat_and_an_empty_or_restarted_server_frees_none() {
    run(async {
        let mut called = pushed_to(Arc::new(Overlay::empty())).await;
        let okta = Dialect::OktaCatalogue;
        let (_, ann) = tell(&called, &okta.create(ANN, "00001", "SD-12")).await;
        let (_, ben) = tell(&called, &okta.create("ben@acme.example", "00002", "SD-12")).await;
        called.company.full().await;
        assert_eq!(called.company.at_desk("lic-fulfiller").len(), 2);
        called.restart().await;
        let outcome = called.company.full().await;
        assert!(outcome.plan.steps.is_empty(), "{:?}", outcome.plan.steps);
        let (status, _) = tell(&called, &call(Method::DELETE, &format!("/Users/{}", id_of(&ben)), Value::Null)).await;
        assert_eq!(status, 204);
        called.look().await;
        assert_eq!(called.company.at_desk("lic-fulfiller"), [ANN]);
        assert_eq!(tell(&called, &get(&format!("/Users/{}", id_of(&ben)))).await.0, 404);
        called.restart().await;
        assert_eq!(tell(&called, &get(&format!("/Users/{}", id_of(&ann)))).await.0, 200, "kept over a restart");
        assert_eq!(tell(&called, &get(&format!("/Users/{}", id_of(&ben)))).await.0, 404);
        assert!(called.company.full().await.plan.steps.is_empty());
    });
}

#[test]
fn groups_follow_their_members_in_every_dialect() {
    for dialect in Dialect::ALL {
        run(async {
            let called = pushed_to(Arc::new(Overlay::empty())).await;
            let (_, ann) = tell(&called, &dialect.create(ANN, "00001", "SD-12")).await;
            let (_, ben) = tell(&called, &dialect.create("ben@acme.example", "00002", "SD-12")).await;
            let (status, group) = tell(&called, &dialect.create_group("desk")).await;
            assert_eq!(status, 201, "{group}");
            assert_eq!(tell(&called, &dialect.create_group("DESK")).await.0, 409);
            let id = id_of(&group);
            for member in [&ann, &ben] {
                let (status, said) = tell(&called, &dialect.add_member(&id, "desk", &id_of(member))).await;
                let is_entra = matches!(dialect, Dialect::EntraDefault | Dialect::EntraFlag);
                assert_eq!((status, said.is_null()), if is_entra { (204, true) } else { (200, false) }, "{dialect:?}");
            }
            let (_, said) = tell(&called, &get(&format!("/Users/{}", id_of(&ann)))).await;
            assert_eq!(said["groups"][0]["display"], json!("desk"));
            let (_, said) = tell(&called, &get(&format!("/Groups/{id}?excludedAttributes=members"))).await;
            assert_eq!(said.get("members"), None);
            tell(&called, &dialect.remove_member(&id, &id_of(&ann))).await;
            let (_, said) = tell(&called, &get(&format!("/Groups/{id}"))).await;
            let members: Vec<&Value> = said["members"].as_array().unwrap().iter().map(|m| &m["value"]).collect();
            assert_eq!(members, [&ben["id"]], "{dialect:?}: the others stay");
            let (_, said) = tell(&called, &get(&format!("/Users/{}", id_of(&ann)))).await;
            assert_eq!(said.get("groups"), None);
        });
    }
}

#[test]
fn strangers_are_refused_in_the_words_of_the_protocol() {
    run(async {
        let called = pushed_to(Arc::new(Overlay::empty())).await;
        for (header, status) in [("Bearer wrong", 401), ("Basic d3Jvbmc6d3Jvbmc=", 401), ("", 401)] {
            let url = format!("http://{}/scim/v2/push/Users", called.address);
            let patience = Duration::from_secs(20);
            let answer = send(Method::GET, &url, &[("authorization", header)], "", patience).await.unwrap();
            let said: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((answer.status.as_u16(), &said["status"]), (status, &json!("401")));
            assert_eq!(answer.headers["content-type"], "application/scim+json");
            assert!(answer.headers.contains_key("www-authenticate"));
        }
        let (status, said) = tell(&called, &get("/Users/nobody")).await;
        assert_eq!((status, &said["status"]), (404, &json!("404")));
        let bad = [
            ("/Users?filter=userName%20eq", "invalidFilter"),
            ("/Users?filter=active%20gt%20true", "invalidFilter"),
            ("/Users?cursor=x", "invalidCursor"),
            ("/Users?count=many", "invalidValue"),
        ];
        for (path, kind) in bad {
            let (status, said) = tell(&called, &get(path)).await;
            assert_eq!((status, &said["scimType"]), (400, &json!(kind)), "{path}");
        }
        let deep = format!("/Users?filter={}title%20pr{}", "(".repeat(200), ")".repeat(200));
        assert_eq!(tell(&called, &get(&deep)).await.1["scimType"], json!("invalidFilter"));
        assert_eq!(tell(&called, &get("/ServiceProviderConfig?filter=a%20pr")).await.0, 403);
        assert_eq!(tell(&called, &get("/Me")).await.0, 501);
    });
}

#[test]
fn a_patch_is_applied_whole_or_not_at_all() {
    run(async {
        let called = pushed_to(Arc::new(Overlay::empty())).await;
        let (_, ann) = tell(&called, &Dialect::OktaWizard.create(ANN, "00001", "SD-12")).await;
        let id = id_of(&ann);
        let good = json!({"op": "replace", "path": "title", "value": "Chief"});
        let cases = [
            (json!({"op": "replace", "path": "emails[type eq \"home\"].value", "value": "x"}), 400, "noTarget"),
            (json!({"op": "remove"}), 400, "noTarget"),
            (json!({"op": "replace", "path": "id", "value": "x"}), 400, "mutability"),
            (json!({"op": "replace", "path": "emails[", "value": "x"}), 400, "invalidPath"),
            (json!({"op": "replace", "path": "active", "value": "perhaps"}), 400, "invalidValue"),
            (json!({"op": "remove", "path": "userName"}), 400, "invalidValue"),
            (json!({"op": "erase", "path": "title"}), 400, "invalidSyntax"),
        ];
        for (bad, status, kind) in cases {
            let (said_status, said) = tell(&called, &patch(&id, json!([good, bad]))).await;
            assert_eq!((said_status, &said["scimType"]), (status, &json!(kind)), "{bad}");
        }
        let (_, same) = tell(&called, &get(&format!("/Users/{id}"))).await;
        assert_eq!(same, ann, "nothing of it was kept");
        let (answer, _) = ask(&called, &patch(&id, json!([good])), &[("if-match", "W/\"other\"")]).await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED);
        let version = same["meta"]["version"].as_str().unwrap().to_owned();
        let (answer, said) = ask(&called, &patch(&id, json!([good])), &[("if-match", &version)]).await;
        assert_eq!((answer.status.as_u16(), &said["title"]), (200, &json!("Chief")));
        let (answer, _) = ask(
            &called,
            &get(&format!("/Users/{id}")),
            &[("if-none-match", said["meta"]["version"].as_str().unwrap())],
        )
        .await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
        let (_, again) = tell(&called, &patch(&id, json!([good]))).await;
        assert_eq!(again["meta"], said["meta"], "what changes nothing has no other version");
    });
}

#[test]
fn lists_are_found_ordered_and_paged() {
    run(async {
        let called = pushed_to(Arc::new(Overlay::empty())).await;
        for number in 1..=7 {
            let push = Dialect::OktaWizard.create(&format!("p{number}@acme.example"), &format!("{number:05}"), "SD-1");
            assert_eq!(tell(&called, &push).await.0, 201);
        }
        let count = async |filter: &str| {
            let text: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
            tell(&called, &get(&format!("/Users?filter={text}"))).await.1["totalResults"].clone()
        };
        assert_eq!(count("emails[type eq \"work\"].value eq \"P3@acme.example\"").await, json!(1));
        assert_eq!(count("externalId eq ext-00004").await, json!(1), "Microsoft's own example has no quotes");
        assert_eq!(
            count("userName sw \"p\" and not (externalId eq \"ext-00001\" or externalId eq \"ext-00002\")").await,
            json!(5)
        );
        assert_eq!(
            count("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq \"00006\"").await,
            json!(1)
        );
        assert_eq!(count("nobody.knows eq \"x\"").await, json!(0));
        let (_, page) = tell(&called, &get("/Users?startIndex=6&count=5")).await;
        assert_eq!(
            (&page["totalResults"], &page["itemsPerPage"], &page["startIndex"]),
            (&json!(7), &json!(2), &json!(6))
        );
        let (_, page) =
            tell(&called, &get("/Users?sortBy=userName&sortOrder=descending&count=1&attributes=userName")).await;
        assert_eq!(page["Resources"][0]["userName"], json!("p7@acme.example"));
        assert_eq!(page["Resources"][0].get("emails"), None);

        let mut seen = Vec::new();
        let mut path = "/Users?cursor=&count=3".to_owned();
        loop {
            let (_, page) = tell(&called, &get(&path)).await;
            for user in page["Resources"].as_array().unwrap() {
                seen.push(user["userName"].as_str().unwrap().to_owned());
            }
            // Whoever was shown leaves: nobody is pushed off a page.
            let gone = page["Resources"][0]["id"].as_str().unwrap();
            tell(&called, &call(Method::DELETE, &format!("/Users/{gone}"), Value::Null)).await;
            let Some(next) = page["nextCursor"].as_str() else { break };
            path = format!("/Users?cursor={next}&count=3");
            let other = tell(&called, &get(&format!("/Users?cursor={next}&count=2"))).await;
            assert_eq!(other.1["scimType"], json!("invalidCount"));
        }
        assert_eq!(seen, (1..=7).map(|number| format!("p{number}@acme.example")).collect::<Vec<_>>());
        let search = json!({"filter": "userName eq \"p2@acme.example\"", "attributes": ["userName"]});
        let (_, found) = tell(&called, &call(Method::POST, "/.search", search)).await;
        assert_eq!(found["totalResults"], json!(1));
    });
}

#[test]
fn bulk_makes_a_group_of_people_that_it_makes() {
    run(async {
        let called = pushed_to(Arc::new(Overlay::empty())).await;
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {"method": "POST", "path": "/Groups", "bulkId": "g",
                 "data": {"displayName": "desk", "members": [{"value": "bulkId:u"}]}},
                {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": ANN}},
                {"method": "PATCH", "path": "/Users/nobody", "data": {"Operations": [{"op": "remove", "path": "title"}]}},
                {"method": "POST", "path": "/Groups", "bulkId": "x", "data": {"displayName": "x", "members": [{"value": "bulkId:y"}]}},
            ],
        });
        let (status, said) = tell(&called, &call(Method::POST, "/Bulk", body)).await;
        let statuses: Vec<&str> =
            said["Operations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!((status, statuses.as_slice()), (200, ["201", "201", "404", "409"].as_slice()), "{said}");
        let (_, found) = tell(&called, &get("/Users")).await;
        assert_eq!(found["Resources"][0]["groups"][0]["display"], json!("desk"));
    });
}

#[test]
fn discovery_shows_seats_as_entitlements() {
    run(async {
        let called = pushed_to(Arc::new(Overlay::empty())).await;
        let (_, types) = tell(&called, &get("/ResourceTypes")).await;
        let endpoints: Vec<&Value> =
            types["Resources"].as_array().unwrap().iter().map(|kind| &kind["endpoint"]).collect();
        assert_eq!(endpoints, ["/Users", "/Groups", "/Licenses"]);
        let (_, licenses) = tell(&called, &get("/Licenses")).await;
        assert_eq!(licenses["Resources"][0]["displayName"], json!("fulfiller"));
        assert_eq!(licenses["Resources"][0]["type"], json!("tier"));
        let (status, schema) = tell(&called, &get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")).await;
        assert_eq!((status, &schema["name"]), (200, &json!("User")));
    });
}

/// A provider that proves itself by tokens of an issuer instead of a fixed secret.
#[test]
fn a_token_that_the_issuer_has_signed_for_us_opens_and_no_other_does() {
    run(async {
        let issuing = Mocks::new(analysts(&[])).serve(Server::Okta).await.unwrap();
        let issuer = issuing.url();
        let setup = setup_with(&format!("{{ kind = \"jwt\", issuer = \"{issuer}\", audience = \"us\" }}"));
        let called = Called::on(analysts(&["ann"]), setup, Limits::default(), Arc::new(Overlay::empty())).await;
        let now = called.company.warden().now().millis() / 1_000;
        let claims = |name: &str, value: Value| {
            let mut claims = json!({"iss": issuer, "aud": "us", "exp": now + 300, "nbf": now - 5, "sub": "pusher"});
            claims[name] = value;
            claims
        };
        let signed = |claims: &Value, typ: Option<&str>, pem: &str| {
            let mut header = Header::new(Algorithm::RS256);
            (header.typ, header.kid) = (typ.map(str::to_owned), Some(TEST_KEY_ID.to_owned()));
            jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap()
        };
        let url = format!("http://{}/scim/v2/push/Users", called.address);
        let status = async |header: String| {
            let patience = Duration::from_secs(20);
            send(Method::GET, &url, &[("authorization", &header)], "", patience).await.unwrap().status.as_u16()
        };
        let good = claims("aud", json!(["x", "us"]));
        for typ in [Some("JWT"), Some("at+jwt"), Some("application/at+jwt"), None] {
            assert_eq!(status(format!("Bearer {}", signed(&good, typ, TEST_PRIVATE_KEY_PEM))).await, 200, "{typ:?}");
        }
        let whole = signed(&good, None, TEST_PRIVATE_KEY_PEM);
        let parts: Vec<&str> = whole.split('.').collect();
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = encode(&json!({"alg": "none", "typ": "JWT", "kid": TEST_KEY_ID}));
        // The public key as a shared secret.
        let mut confused = Header::new(Algorithm::HS256);
        confused.kid = Some(TEST_KEY_ID.to_owned());
        let confused =
            jsonwebtoken::encode(&confused, &good, &EncodingKey::from_secret(TEST_PUBLIC_KEY_PEM.as_bytes())).unwrap();
        let mut refused = vec![
            format!("{none}.{}.", parts[1]),
            format!("{}.{}.{}", parts[0], encode(&claims("sub", json!("admin"))), parts[2]),
            confused,
            signed(&good, None, STRANGER_PRIVATE_KEY_PEM),
            // A token of another kind that the same issuer signs.
            signed(&good, Some("secevent+jwt"), TEST_PRIVATE_KEY_PEM),
            signed(&good, Some("logout+jwt"), TEST_PRIVATE_KEY_PEM),
            String::new(),
            SECRET.to_owned(),
        ];
        for (name, value) in [
            ("iss", json!("https://elsewhere")),
            ("aud", json!("them")),
            ("aud", json!(["them"])),
            ("aud", Value::Null),
            ("exp", json!(now - 61)),
            ("exp", json!("9999999999")),
            ("exp", Value::Null),
            ("nbf", json!(now + 120)),
            ("nbf", json!("soon")),
        ] {
            refused.push(signed(&claims(name, value), None, TEST_PRIVATE_KEY_PEM));
        }
        for token in refused {
            assert_eq!(status(format!("Bearer {token}")).await, 401, "{token}");
            assert_eq!(status(token).await, 401, "without a scheme");
        }
        // Okta's and Entra's clocks may differ from ours by seconds.
        let late = signed(&claims("exp", json!(now - 30)), None, TEST_PRIVATE_KEY_PEM);
        assert_eq!(status(format!("Bearer {late}")).await, 200);
    });
}

/// Whoever calls is not told off for our own trouble: a provider that meets a 401 stops pushing for good.
#[test]
fn where_the_issuers_keys_are_not_to_be_had_the_provider_is_asked_to_come_back() {
    run(async {
        let issuing = Mocks::new(analysts(&[])).serve(Server::Okta).await.unwrap();
        let issuer = issuing.url();
        issuing.stop().await;
        let setup = setup_with(&format!("{{ kind = \"jwt\", issuer = \"{issuer}\", audience = \"us\" }}"));
        let called = Called::on(analysts(&["ann"]), setup, Limits::default(), Arc::new(Overlay::empty())).await;
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(TEST_KEY_ID.to_owned());
        let key = EncodingKey::from_rsa_pem(TEST_PRIVATE_KEY_PEM.as_bytes()).unwrap();
        let token = jsonwebtoken::encode(&header, &json!({"iss": issuer, "aud": "us"}), &key).unwrap();
        let url = format!("http://{}/scim/v2/push/Users", called.address);
        let bearer = format!("Bearer {token}");
        let answer = send(Method::GET, &url, &[("authorization", &bearer)], "", Duration::from_secs(20)).await.unwrap();
        assert_eq!(answer.status.as_u16(), 503);
        assert!(answer.headers.contains_key("retry-after"));
    });
}
