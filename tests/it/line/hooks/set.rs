//! Security event tokens: Shared Signals and SCIM events by push.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use seatwarden::inbound::public::Limits;
use seatwarden::store::Overlay;
use seatwarden_mocks::post::Answered;
use seatwarden_mocks::{STRANGER_PRIVATE_KEY_PEM, Server, TEST_KEY_ID, TEST_PRIVATE_KEY_PEM};
use serde_json::{Value, json};

use super::super::company::{GENEROUS, Setup, run};
use super::world::{Called, SECRET, analysts};

const DISABLED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";

/// A transmitter on an address of its own, whose keys are found through its configuration.
struct Stream {
    called: Called,
    issuer: String,
    _transmitter: seatwarden_mocks::MockServer,
}

impl Stream {
    async fn new(more: &str) -> Self {
        let transmitter = seatwarden_mocks::Mocks::new(analysts(&[])).serve(Server::Okta).await.unwrap();
        let issuer = transmitter.url();
        let more =
            format!("{GENEROUS}[feed.okta.hook]\nset = {{ issuer = \"{issuer}\", audience = \"https://us\"{more} }}\n");
        let setup = Setup { more, ..Setup::default() };
        let store = Arc::new(Overlay::empty());
        let called = Called::on(analysts(&["ann", "ben"]), setup, Limits::default(), store).await;
        called.company.full().await;
        Self { called, issuer, _transmitter: transmitter }
    }

    fn claims(&self, jti: &str, kind: &str, subject: Value) -> Value {
        let iat = self.called.company.warden().now().millis() / 1_000;
        json!({"iss": self.issuer, "aud": ["https://us", "x"], "iat": iat, "jti": jti, "sub_id": subject, "events": {kind: {}}})
    }

    async fn push(&self, token: &str) -> (u16, String) {
        self.push_with(token, &[]).await
    }

    async fn push_with(&self, token: &str, more: &[(&str, &str)]) -> (u16, String) {
        let mut headers = vec![("content-type", "application/secevent+jwt")];
        headers.extend(more);
        let Answered { status, headers, body } = self.called.post("/hooks/okta", &headers, token.to_owned()).await;
        if body.is_empty() {
            return (status.as_u16(), String::new());
        }
        assert_eq!(headers["content-type"], "application/json");
        assert!(headers.contains_key("content-language"));
        let said: Value = serde_json::from_slice(&body).unwrap();
        assert!(said["description"].is_string());
        (status.as_u16(), said["err"].as_str().unwrap().to_owned())
    }
}

fn sign(claims: &Value) -> String {
    signed(claims, Some("secevent+jwt"), Some(TEST_KEY_ID), TEST_PRIVATE_KEY_PEM)
}

fn signed(claims: &Value, typ: Option<&str>, kid: Option<&str>, pem: &str) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.typ = typ.map(str::to_owned);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_disabled_account_leads_to_a_look_and_is_not_believed() {
    run(async {
        let stream = Stream::new("").await;
        let email = json!({"format": "email", "email": "ann@acme.example"});
        let token = sign(&stream.claims("j1", DISABLED, email.clone()));
        assert_eq!(stream.push(&token).await, (202, String::new()));
        let outcome = stream.called.look().await;
        assert_eq!(outcome.applied.revoked, 0, "ann is there");
        stream.called.leave("ann");
        assert_eq!(stream.push(&token).await.0, 202, "a repetition is taken and means nothing");
        assert_eq!(stream.called.on_disk(), 0);
        assert_eq!(stream.push(&sign(&stream.claims("j2", DISABLED, email))).await.0, 202);
        assert_eq!(stream.called.look().await.applied.revoked, 1);
    });
}

#[test]
fn subjects_of_every_format_are_found() {
    run(async {
        let stream = Stream::new("").await;
        let id = stream.called.company.mocks.with(|state| {
            let ann = state.world.by_email("ann@acme.example").unwrap();
            state.world.okta_id(ann).unwrap()
        });
        let iss = stream.issuer.clone();
        let patch = "urn:ietf:params:scim:event:prov:patch:notice";
        for (jti, subject) in [
            json!({"format": "iss_sub", "iss": iss, "sub": id}),
            json!({"format": "opaque", "id": id}),
            json!({"format": "account", "uri": "acct:ann@acme.example"}),
            json!({"format": "scim", "uri": format!("/Users/{id}"), "externalId": "x"}),
            json!({"user": {"format": "email", "email": "ANN@acme.example"}, "device": {"format": "opaque", "id": "d"}}),
            json!({"format": "aliases", "identifiers": [{"format": "phone_number", "phone_number": "+1"}, {"format": "opaque", "id": id}]}),
        ]
        .into_iter()
        .enumerate()
        {
            let claims = stream.claims(&format!("s{jti}"), patch, subject.clone());
            assert_eq!(stream.push(&sign(&claims)).await.0, 202, "{subject}");
            let hints = stream.called.company.store.hints().unwrap();
            let accounts: Vec<_> = hints.into_values().map(|hint| hint.account).collect();
            assert_eq!(accounts, [Some(id.clone())], "{subject}");
            stream.called.look().await;
        }
        // Okta puts the subject into the event and counts in milliseconds.
        let mut okta = stream.claims("o1", "x", json!(null));
        okta.as_object_mut().unwrap().remove("sub_id");
        okta["events"] = json!({"https://schemas.openid.net/secevent/caep/event-type/session-revoked":
            {"subject": {"format": "iss_sub", "iss": iss, "sub": id}, "event_timestamp": 1_795_338_904_000_i64}});
        assert_eq!(stream.push(&sign(&okta)).await.0, 202);
        assert_eq!(stream.called.on_disk(), 1);
        stream.called.look().await;
        let unknown = stream.claims("u1", "https://example.com/unheard-of", json!({"format": "opaque", "id": "x"}));
        assert_eq!(stream.push(&sign(&unknown)).await.0, 202);
        let verification = "https://schemas.openid.net/secevent/ssf/event-type/verification";
        let heartbeat = stream.claims("v1", verification, json!({"format": "opaque", "id": "stream"}));
        assert_eq!(stream.push(&sign(&heartbeat)).await.0, 202);
        assert_eq!(stream.called.on_disk(), 0);
    });
}

#[test]
fn a_token_that_proves_nothing_is_refused() {
    run(async {
        let stream = Stream::new("").await;
        let claims = stream.claims("j1", DISABLED, json!({"format": "email", "email": "ann@acme.example"}));
        let good = sign(&claims);
        let parts: Vec<&str> = good.split('.').collect();
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = encode(&json!({"alg": "none", "typ": "secevent+jwt", "kid": TEST_KEY_ID}));
        // The public key as a shared secret: whoever verifies by the header's word would believe it.
        let mut confused = Header::new(Algorithm::HS256);
        confused.typ = Some("secevent+jwt".to_owned());
        confused.kid = Some(TEST_KEY_ID.to_owned());
        let secret = EncodingKey::from_secret(seatwarden_mocks::TEST_PUBLIC_KEY_PEM.as_bytes());
        let confused = jsonwebtoken::encode(&confused, &claims, &secret).unwrap();
        let mut other = claims.clone();
        other["jti"] = json!("j2");
        let failed = "authentication_failed";
        for (token, status, err) in [
            (format!("{none}.{}.", parts[1]), 401, failed),
            (format!("{none}.{}.{}", parts[1], parts[2]), 401, failed),
            (confused, 401, failed),
            (format!("{}.{}.{}", parts[0], encode(&other), parts[2]), 401, failed),
            (format!("{}.{}.AAAA", parts[0], parts[1]), 401, failed),
            (signed(&claims, Some("secevent+jwt"), Some(TEST_KEY_ID), STRANGER_PRIVATE_KEY_PEM), 401, failed),
            (signed(&claims, Some("secevent+jwt"), Some("k9"), TEST_PRIVATE_KEY_PEM), 401, "invalid_key"),
            (signed(&claims, Some("secevent+jwt"), Some("k0"), TEST_PRIVATE_KEY_PEM), 401, "invalid_key"),
            (signed(&claims, Some("JWT"), Some(TEST_KEY_ID), TEST_PRIVATE_KEY_PEM), 400, "invalid_request"),
            (signed(&claims, None, Some(TEST_KEY_ID), TEST_PRIVATE_KEY_PEM), 400, "invalid_request"),
            ("{}".to_owned(), 400, "invalid_request"),
            (String::new(), 400, "invalid_request"),
            ("a.b".to_owned(), 400, "invalid_request"),
        ] {
            assert_eq!(stream.push(&token).await, (status, err.to_owned()), "{token}");
        }
        for (name, value, err) in [
            ("iss", json!("https://elsewhere"), "invalid_issuer"),
            ("aud", json!("https://them"), "invalid_audience"),
            ("aud", json!(7), "invalid_audience"),
            ("sub", json!("ann"), "invalid_request"),
            ("exp", json!(1), "invalid_request"),
            ("iat", json!(4_102_444_800_i64), "invalid_request"),
            ("iat", json!("x"), "invalid_request"),
            ("jti", json!(""), "invalid_request"),
            ("events", json!({}), "invalid_request"),
            ("events", json!([1]), "invalid_request"),
        ] {
            let mut claims = claims.clone();
            claims[name] = value;
            assert_eq!(stream.push(&sign(&claims)).await, (400, err.to_owned()), "{name}");
        }
        assert_eq!(stream.called.on_disk(), 0);
        assert_eq!(stream.push(&good).await.0, 202);
        let oversized = format!("{good}{}", "A".repeat(1 << 20));
        let kind = [("content-type", "application/secevent+jwt")];
        assert_eq!(stream.called.post("/hooks/okta", &kind, oversized).await.status, 413);
        assert_eq!(stream.called.post("/hooks/okta", &[], "{}").await.status, 400, "there is no other hook here");
    });
}

#[test]
fn a_stream_may_have_a_token_of_its_own() {
    run(async {
        let stream = Stream::new(", token = { file = \"hook.secret\" }").await;
        let good = sign(&stream.claims("j1", DISABLED, json!({"format": "opaque", "id": "x"})));
        let failed = (401, "authentication_failed".to_owned());
        assert_eq!(stream.push(&good).await, failed);
        assert_eq!(stream.push_with(&good, &[("authorization", "Bearer x")]).await, failed);
        assert_eq!(stream.push_with(&good, &[("authorization", SECRET)]).await.0, 202);
    });
}

#[test]
fn without_the_issuers_keys_the_sender_has_to_come_again() {
    run(async {
        let stream = Stream::new(", jwks_url = \"http://127.0.0.1:9/keys\"").await;
        let token = sign(&stream.claims("j1", DISABLED, json!({"format": "opaque", "id": "x"})));
        assert_eq!(stream.push(&token).await, (503, String::new()));
    });
}
