//! How we prove who we are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use seatwarden::ambient::{Clock, ManualClock};
use seatwarden::config::{Auth, ClientAuth, Secret};
use seatwarden::outbound::CallError;
use serde_json::{Value, json};

use super::world::{Answer, Seen, answer, get, secret, start, world, world_on};

const TOKEN_URL: &str = "https://login.example/oauth2/v1/token";

fn is_token(request: &Request<bytes::Bytes>) -> bool {
    request.uri().host() == Some("login.example")
}

fn token(number: usize, life_s: u64) -> Answer {
    let body = json!({"token_type": "Bearer", "expires_in": life_s, "access_token": format!("access-{number}")});
    answer(200, &[("content-type", "application/json")], &body.to_string())
}

fn client_secret(secret: Secret, client_auth: ClientAuth) -> Auth {
    Auth::ClientSecret {
        client_id: "client 1".into(),
        secret,
        token_url: TOKEN_URL.parse().unwrap(),
        scope: Some("users.read logs.read".into()),
        client_auth,
    }
}

fn private_key(pem: &str) -> Auth {
    let (file, key) = secret(pem);
    file.keep().unwrap();
    Auth::PrivateKeyJwt {
        client_id: "0oa1".into(),
        key,
        key_id: Some("k1".into()),
        token_url: TOKEN_URL.parse().unwrap(),
        scope: Some("okta.users.read".into()),
        dpop: false,
    }
}

fn kept(text: &str) -> Secret {
    let (file, secret) = secret(text);
    file.keep().unwrap();
    secret
}

#[tokio::test]
async fn fixed_credentials_go_straight_into_the_header() {
    for (auth, expected) in [
        (Auth::Ssws { token: kept("00abc\n") }, "SSWS 00abc"),
        (Auth::Bearer { token: kept("t") }, "Bearer t"),
        (Auth::Basic { username: "ann".into(), password: kept("p:w") }, "Basic YW5uOnA6dw=="),
    ] {
        let world = world(auth, 60, |_, _| answer(200, &[], ""));
        world.client.send(get("/Users")).await.unwrap();
        let seen = world.script.seen();
        assert_eq!(seen[0].header("authorization"), expected);
        assert!(seen[0].headers["authorization"].is_sensitive());
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_sent_or_read_is_refused_without_a_call() {
    let gone = Secret::File("/nonexistent/token".into());
    for (auth, expected) in [
        (Auth::Bearer { token: kept("two\nlines") }, "characters that cannot be sent"),
        (Auth::Bearer { token: kept("") }, "it is empty"),
        (Auth::Bearer { token: gone.clone() }, "/nonexistent/token"),
        (client_secret(gone, ClientAuth::Basic), "/nonexistent/token"),
        (private_key("no key at all"), "neither an RSA key nor an EC key"),
        (Auth::Basic { username: "a:b".into(), password: kept("x") }, "colon"),
    ] {
        let world = world(auth, 60, |_, _| answer(200, &[], ""));
        let error = world.client.send(get("/Users")).await.unwrap_err();
        let CallError::Refused { why, .. } = &error else { panic!("{error:?}") };
        assert!(why.contains(expected), "{why}");
        assert_eq!(world.script.calls(), 0);
    }
}

#[tokio::test]
async fn a_client_secret_goes_where_the_server_wants_it() {
    for (client_auth, header, field) in
        [(ClientAuth::Basic, "Basic Y2xpZW50KzE6cyUyRnQ=", ""), (ClientAuth::Post, "", "s/t")]
    {
        let world = world(client_secret(kept("s/t"), client_auth), 60, |number, request| {
            if is_token(request) { token(number, 3600) } else { answer(200, &[], "") }
        });
        world.client.send(get("/Users")).await.unwrap();
        let [asked, called] = &world.script.seen()[..] else { panic!("two calls") };
        assert_eq!((asked.uri.as_str(), asked.method.as_str()), (TOKEN_URL, "POST"));
        assert_eq!(asked.header("authorization"), header);
        assert_eq!(asked.field("client_secret"), field);
        assert_eq!(asked.field("grant_type"), "client_credentials");
        assert_eq!(asked.field("scope"), "users.read logs.read");
        assert_eq!(called.header("authorization"), "Bearer access-1");
    }
}

fn claims(seen: &Seen, public: &str, algorithm: Algorithm, now: i64) -> Value {
    assert_eq!(seen.field("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let assertion = seen.field("client_assertion");
    assert_eq!(jsonwebtoken::decode_header(&assertion).unwrap().kid.as_deref(), Some("k1"));
    let key = if algorithm == Algorithm::RS256 {
        DecodingKey::from_rsa_pem(public.as_bytes())
    } else {
        DecodingKey::from_ec_pem(public.as_bytes())
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[TOKEN_URL]);
    validation.validate_exp = false;
    let claims: Value = jsonwebtoken::decode(&assertion, &key.unwrap(), &validation).unwrap().claims;
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("0oa1"), &json!("0oa1")));
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(now), Some(now + 300)));
    claims
}

#[tokio::test]
async fn an_assertion_is_signed_anew_for_every_attempt() {
    for (pem, public, algorithm) in [
        (include_str!("keys/rsa.pem"), include_str!("keys/rsa.pub.pem"), Algorithm::RS256),
        (include_str!("keys/p256.pem"), include_str!("keys/p256.pub.pem"), Algorithm::ES256),
        (include_str!("keys/p384.pem"), include_str!("keys/p384.pub.pem"), Algorithm::ES384),
    ] {
        let world = world(private_key(pem), 60, |number, request| match (is_token(request), number) {
            (true, 1..=3) => answer(503, &[("retry-after", "2")], ""),
            (true, _) => token(number, 3600),
            (false, 5) => answer(401, &[], ""),
            (false, _) => answer(200, &[], ""),
        });
        world.client.send(get("/Users")).await.unwrap();
        let seen = world.script.seen();
        let asked: Vec<&Seen> = seen.iter().filter(|seen| seen.uri == TOKEN_URL).collect();
        assert_eq!((asked.len(), seen.len()), (5, 7), "three refusals, a token, a 401, another token");
        let ids: std::collections::BTreeSet<String> = asked
            .iter()
            .map(|seen| claims(seen, public, algorithm, seen.at.millis() / 1000)["jti"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids.len(), asked.len(), "a repeated jti is refused");
    }
}

#[tokio::test]
async fn fifty_callers_make_one_token_request() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let world = world(client_secret(kept("s"), ClientAuth::Post), 60, move |number, request| {
        if is_token(request) {
            count.fetch_add(1, Ordering::SeqCst);
            return token(number, 3600);
        }
        answer(200, &[], "")
    });
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = world.client.clone();
        callers.spawn(async move { client.send(get("/Users")).await.map(|reply| reply.status) });
    }
    assert!(callers.join_all().await.into_iter().all(|status| status == Ok(200)));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(world.script.calls(), 51);
}

#[tokio::test]
async fn callers_who_waited_share_a_failure() {
    let world = world(client_secret(kept("s"), ClientAuth::Post), 60, |_, _| {
        answer(
            401,
            &[],
            r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired secret of ann@acme.example"}"#,
        )
    });
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let client = world.client.clone();
        callers.spawn(async move { client.send(get("/Users")).await.unwrap_err().to_string() });
    }
    for said in callers.join_all().await {
        assert_eq!(
            said,
            "token of okta-prod from login.example: answered 401 AADSTS7000222 (… expired secret of …); the secret has \
             expired: make a new one"
        );
    }
    assert_eq!(world.script.calls(), 1);
}

#[tokio::test]
async fn short_lived_tokens_are_replaced_before_they_end() {
    let clock = ManualClock::auto(start());
    let (time, refused) = (clock.clone(), Arc::new(AtomicUsize::new(0)));
    let (count, issued) = (refused.clone(), std::sync::Mutex::new(start()));
    let world = world_on(clock, client_secret(kept("s"), ClientAuth::Post), 60, move |number, request| {
        let mut issued = issued.lock().unwrap();
        if is_token(request) {
            *issued = time.now();
            return token(number, 5);
        }
        if time.now().since(*issued) >= Duration::from_secs(5) {
            count.fetch_add(1, Ordering::SeqCst);
            return answer(401, &[], "");
        }
        answer(200, &[], "")
    });
    for _ in 0..200 {
        world.client.send(get("/Users")).await.unwrap();
        world.clock.advance(Duration::from_millis(400));
    }
    assert_eq!(refused.load(Ordering::SeqCst), 0);
    let asked = world.script.seen().iter().filter(|seen| seen.uri == TOKEN_URL).count();
    assert!((16..=22).contains(&asked), "{asked} tokens of 5 s in 80 s");
}

#[tokio::test]
async fn a_401_buys_one_fresh_token_and_no_more() {
    let world = world(client_secret(kept("s"), ClientAuth::Post), 60, |number, request| {
        if is_token(request) {
            token(number, 3600)
        } else {
            answer(401, &[], r#"{"error":{"code":"InvalidAuthenticationToken"}}"#)
        }
    });
    let error = world.client.send(get("/Users")).await.unwrap_err();
    let CallError::Refused { why, .. } = &error else { panic!("{error:?}") };
    assert!(why.contains("InvalidAuthenticationToken"), "{why}");
    let tokens: Vec<String> = world.script.seen().iter().map(|seen| seen.header("authorization").to_owned()).collect();
    assert_eq!(tokens, ["", "Bearer access-1", "", "Bearer access-3"]);
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_yet_is_used_to_its_end() {
    let clock = ManualClock::auto(start());
    let world = world_on(clock, client_secret(kept("s"), ClientAuth::Post), 10, |number, request| {
        match (is_token(request), number) {
            (true, 1) => token(number, 600),
            (true, _) => answer(503, &[], ""),
            (false, _) => answer(200, &[], ""),
        }
    });
    world.client.send(get("/Users")).await.unwrap();
    world.clock.advance(Duration::from_secs(570));
    for _ in 0..10 {
        world.client.send(get("/Users")).await.unwrap();
    }
    assert_eq!(world.script.calls(), 2 + 11, "one try to renew, ten calls with the old token");
    world.clock.advance(Duration::from_mins(1));
    let error = world.client.send(get("/Users")).await.unwrap_err();
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
}

type Make = Box<dyn Fn() -> Answer + Send + Sync>;

#[tokio::test]
async fn broken_token_answers_are_refused_with_advice_and_without_the_token() {
    let ok = |body: &'static str| move || answer(200, &[("content-type", "application/json")], body);
    let cases: Vec<(Make, &str)> = vec![
        (Box::new(|| answer(400, &[], r#"{"error":"invalid_scope"}"#)), "grant the scopes"),
        (Box::new(|| answer(400, &[], r#"{"error":"invalid_dpop_proof"}"#)), "`dpop = true`"),
        (Box::new(|| answer(404, &[("content-type", "text/html")], "<html>sesame</html>")), "answered 404"),
        (Box::new(|| answer(200, &[("content-type", "text/html")], "<html>sesame</html>")), "check the token URL"),
        (Box::new(ok("{\"access_token\":\"sesame\"}")), "breaks RFC 6749"),
        (Box::new(ok("{\"token_type\":\"Bearer\",\"access_token\":{\"x\":\"sesame\"}}")), "breaks RFC 6749"),
        (Box::new(ok("{\"token_type\":\"DPoP\",\"access_token\":\"sesame\"}")), "bound to a key"),
        (Box::new(ok("{\"token_type\":\"Bearer\",\"access_token\":\"ses\\name\"}")), "cannot be sent"),
        (Box::new(|| answer(200, &[], "sesame")), "breaks RFC 6749"),
    ];
    for (make, expected) in cases {
        let world = world(client_secret(kept("s"), ClientAuth::Post), 60, move |_, _| make());
        let error = world.client.send(get("/Users")).await.unwrap_err();
        let CallError::Refused { why, .. } = &error else { panic!("{error:?}") };
        assert!(why.contains(expected) && !why.contains("sesame"), "{why}");
        assert_eq!(world.script.calls(), 1);
    }
}

#[tokio::test]
async fn the_token_url_is_held_to_tls_too() {
    let auth = Auth::ClientSecret {
        client_id: "c".into(),
        secret: kept("s"),
        token_url: "http://login.example/token".parse().unwrap(),
        scope: None,
        client_auth: ClientAuth::Post,
    };
    let world = world(auth, 60, |_, _| answer(200, &[], ""));
    let error = world.client.send(get("/Users")).await.unwrap_err();
    assert!(error.to_string().contains("not called without TLS"), "{error}");
    assert_eq!(world.script.calls(), 0);
}

#[tokio::test]
async fn a_rotated_secret_and_a_life_in_text_are_understood() {
    let (file, secret) = secret("first");
    let world = world(client_secret(secret, ClientAuth::Post), 60, |number, request| {
        if is_token(request) {
            let body = format!(r#"{{"token_type":"bearer","expires_in":"100","access_token":"access-{number}"}}"#);
            return answer(200, &[("content-type", "application/json; charset=utf-8")], &body);
        }
        answer(200, &[], "")
    });
    world.client.send(get("/Users")).await.unwrap();
    std::fs::write(file.path(), "second").unwrap();
    world.clock.advance(Duration::from_secs(91));
    world.client.send(get("/Users")).await.unwrap();
    let secrets: Vec<String> = world
        .script
        .seen()
        .iter()
        .filter(|seen| seen.uri == TOKEN_URL)
        .map(|seen| seen.field("client_secret"))
        .collect();
    assert_eq!(secrets, ["first", "second"]);
}

fn certificate(key: Secret, certificate: Secret) -> Auth {
    Auth::Certificate {
        client_id: "app-1".into(),
        key,
        certificate,
        token_url: TOKEN_URL.parse().unwrap(),
        scope: Some("https://graph.microsoft.com/.default".into()),
    }
}

#[tokio::test]
async fn a_certificate_signs_with_ps256_and_names_itself_by_its_thumbprint() {
    let (key, public) = (include_str!("keys/rsa.pem"), include_str!("keys/rsa.pub.pem"));
    let paper = include_str!("keys/rsa.crt.pem");
    let bundle = format!("{paper}{key}");
    for auth in [certificate(kept(key), kept(paper)), certificate(kept(&bundle), kept(&bundle))] {
        let world = world(
            auth,
            60,
            |number, request| {
                if is_token(request) { token(number, 3600) } else { answer(200, &[], "") }
            },
        );
        world.client.send(get("/users")).await.unwrap();
        let asked = &world.script.seen()[0];
        assert_eq!(asked.field("client_id"), "app-1");
        assert_eq!(asked.field("client_secret"), "");
        let assertion = asked.field("client_assertion");
        let header = jsonwebtoken::decode_header(&assertion).unwrap();
        assert_eq!((header.alg, header.kid), (Algorithm::PS256, None));
        // `openssl x509 -outform DER | openssl dgst -sha256 -binary | base64`, as base64url.
        assert_eq!(header.x5t_s256.as_deref(), Some("6yWARDfRSApsNgCDwUhMpB9JL_Nvhn-lo_uUW5IBA9s"));
        let mut validation = Validation::new(Algorithm::PS256);
        validation.set_audience(&[TOKEN_URL]);
        validation.validate_exp = false;
        let key = DecodingKey::from_rsa_pem(public.as_bytes()).unwrap();
        let claims: Value = jsonwebtoken::decode(&assertion, &key, &validation).unwrap().claims;
        let now = asked.at.millis() / 1000;
        assert_eq!((claims["nbf"].as_i64(), claims["exp"].as_i64()), (Some(now), Some(now + 300)));
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_without_a_call() {
    let (key, paper) = (include_str!("keys/rsa.pem"), include_str!("keys/rsa.crt.pem"));
    for (auth, expected) in [
        (certificate(kept(key), kept(key)), "there is no certificate in PEM form"),
        (certificate(kept(key), kept("-----BEGIN CERTIFICATE-----\n??\n-----END CERTIFICATE-----")), "PEM form"),
        (certificate(kept(paper), kept(paper)), "neither an RSA key"),
        (certificate(kept(include_str!("keys/p256.pem")), kept(paper)), "has to be an RSA key"),
    ] {
        let world = world(auth, 60, |_, _| answer(200, &[], ""));
        let error = world.client.send(get("/users")).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(world.script.calls(), 0);
    }
}

#[tokio::test]
async fn a_federated_token_is_read_anew_for_every_request() {
    let (file, token_file) = secret("first.jwt.token\n");
    let auth = Auth::Federated {
        client_id: "app-1".into(),
        token: token_file,
        token_url: TOKEN_URL.parse().unwrap(),
        scope: Some("https://graph.microsoft.com/.default".into()),
    };
    let world =
        world(auth, 60, |number, request| if is_token(request) { token(number, 100) } else { answer(200, &[], "") });
    world.client.send(get("/users")).await.unwrap();
    std::fs::write(file.path(), "second.jwt.token").unwrap();
    world.clock.advance(Duration::from_secs(91));
    world.client.send(get("/users")).await.unwrap();
    let seen = world.script.seen();
    let shown: Vec<String> =
        seen.iter().filter(|seen| seen.uri == TOKEN_URL).map(|seen| seen.field("client_assertion")).collect();
    assert_eq!(shown, ["first.jwt.token", "second.jwt.token"]);
}

/// What a proof says, once its own key was found to sign it.
fn proof(seen: &Seen) -> (Value, Value) {
    let proof = seen.header("dpop");
    let header = jsonwebtoken::decode_header(proof).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("dpop+jwt"), Algorithm::ES256));
    let jwk = header.jwk.unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let claims: Value = jsonwebtoken::decode(proof, &key, &validation).unwrap().claims;
    (claims, serde_json::to_value(jwk).unwrap())
}

fn bound(pem: &str) -> Auth {
    match private_key(pem) {
        Auth::PrivateKeyJwt { client_id, key, key_id, token_url, scope, .. } => {
            Auth::PrivateKeyJwt { client_id, key, key_id, token_url, scope, dpop: true }
        }
        other => other,
    }
}

fn bound_token(number: usize) -> Answer {
    let body = json!({"token_type": "DPoP", "expires_in": 3600, "access_token": format!("access-{number}")});
    answer(200, &[("content-type", "application/json")], &body.to_string())
}

#[tokio::test]
async fn a_bound_token_goes_out_with_a_fresh_proof_every_time() {
    let world = world(bound(include_str!("keys/p256.pem")), 60, |number, request| match number {
        1 => answer(400, &[("dpop-nonce", "n-1")], r#"{"error":"use_dpop_nonce"}"#),
        _ if is_token(request) => bound_token(number),
        3 => answer(503, &[("retry-after", "1")], ""),
        5 => answer(401, &[("dpop-nonce", "r-1"), ("www-authenticate", "DPoP error=\"use_dpop_nonce\"")], ""),
        _ => answer(200, &[], ""),
    });
    let mut call = get("/Users");
    call.place = seatwarden::outbound::Place::Path("/Users".into(), vec![("limit".into(), "2".into())]);
    world.client.send(call.clone()).await.unwrap();
    world.client.send(call).await.unwrap();
    let seen = world.script.seen();
    assert_eq!(seen.len(), 6, "a nonce, a token, a 503, an answer, a nonce, an answer");
    let proofs: Vec<(Value, Value)> = seen.iter().map(proof).collect();
    assert!(proofs.iter().all(|(_, key)| *key == proofs[0].1), "one key");
    assert!(proofs[0].1.get("d").is_none(), "the private half stays at home");
    let ids: std::collections::BTreeSet<&str> =
        proofs.iter().map(|(claims, _)| claims["jti"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), proofs.len(), "no jti twice");
    let nonces: Vec<Option<&str>> = proofs.iter().map(|(claims, _)| claims["nonce"].as_str()).collect();
    assert_eq!(nonces, [None, Some("n-1"), None, None, None, Some("r-1")]);
    assert_eq!((&proofs[1].0["htm"], &proofs[1].0["htu"]), (&json!("POST"), &json!(TOKEN_URL)));
    assert!(proofs[1].0.get("ath").is_none());
    for (seen, (claims, _)) in seen.iter().zip(&proofs).skip(2) {
        assert_eq!(seen.header("authorization"), "DPoP access-2");
        assert_eq!(claims["htu"], "https://acme.okta.example/scim/v2/Users", "without the query");
        // base64url(SHA-256("access-2")).
        assert_eq!(claims["ath"], "Z2L2VFXbhes5zm7QQ1XXEL0DtdAxau-S3AhGzV3XK1Y");
    }
    let assertions: std::collections::BTreeSet<String> =
        seen.iter().take(2).map(|seen| seen.field("client_assertion")).collect();
    assert_eq!(assertions.len(), 2, "a repeated assertion is refused");
}

#[tokio::test]
async fn a_server_that_asks_for_one_nonce_after_the_other_is_left_alone() {
    let world = world(bound(include_str!("keys/p256.pem")), 60, |number, _| {
        answer(400, &[("dpop-nonce", &format!("n-{number}"))], r#"{"error":"use_dpop_nonce"}"#)
    });
    let error = world.client.send(get("/Users")).await.unwrap_err();
    assert!(matches!(error, CallError::Refused { .. }), "{error:?}");
    assert_eq!(world.script.calls(), 2);
}

#[tokio::test]
async fn an_unbound_token_is_refused_where_a_bound_one_was_asked_for() {
    let world = world(bound(include_str!("keys/p256.pem")), 60, |number, _| token(number, 3600));
    let error = world.client.send(get("/Users")).await.unwrap_err().to_string();
    assert!(error.contains("not bound to our key") && !error.contains("access-1"), "{error}");
    assert_eq!(world.script.calls(), 1);
}
