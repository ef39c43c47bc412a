//! Okta's ways: what a list shows, how it is paged, what a filter may ask, and what a request costs.

use jiff::SignedDuration;
use seatwarden_mocks::okta::{Bucket, CLIENT_ID};
use seatwarden_mocks::{
    Company, Field, Hire, Homes, Mocks, STRANGER_PRIVATE_KEY_PEM, Server, TEST_PRIVATE_KEY_PEM, World,
};
use serde_json::json;

use crate::client::{Answer, Client, HOST, assertion, encoded};

async fn walk(client: &Client, first: &str) -> (Vec<String>, usize) {
    let (mut url, mut ids, mut pages) = (first.to_owned(), Vec::new(), 0);
    loop {
        let page = client.get(&url).await;
        assert_eq!(page.status, 200, "{}", page.text);
        pages += 1;
        ids.extend(page.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page.next() {
            Some(next) => url = next,
            None => return (ids, pages),
        }
    }
}

#[tokio::test]
async fn a_walk_sees_everybody_once_and_ends_without_a_next_link() {
    let mocks = Mocks::new(Company::new(1, 450).homes(&[Homes::OKTA]).build());
    let client = Client::okta(&mocks);
    let (ids, pages) = walk(&client, "/api/v1/users?limit=200").await;
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len(), pages), (450, 450, 3));
    // More than 200 are never given, and a last page that is full has no next link either.
    assert_eq!(client.get("/api/v1/users?limit=1000").await.rows().len(), 200);
    let (_, pages) = walk(&client, "/api/v1/users?limit=150").await;
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn link_headers_come_as_two_lines() {
    let mocks = Mocks::new(Company::new(1, 5).homes(&[Homes::OKTA]).build());
    let page = Client::okta(&mocks).get("/api/v1/users?limit=2").await;
    let lines: Vec<_> = page.headers.get_all("link").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], format!("<{HOST}/api/v1/users?limit=2>; rel=\"self\""));
    assert!(lines[1].starts_with(&format!("<{HOST}/api/v1/users?limit=2&after=")), "{}", lines[1]);
}

#[tokio::test]
async fn a_plain_list_hides_who_is_deprovisioned_and_a_filter_does_not() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example").job("SD-12"));
    world.hire(Hire::new("bob@acme.example"));
    world.leave(ann);
    let ann_id = world.okta_id(ann).unwrap();
    let mocks = Mocks::new(world);
    let client = Client::okta(&mocks);
    assert_eq!(client.get("/api/v1/users").await.rows().len(), 1);
    for query in [
        "filter=lastUpdated gt \"1970-01-01T00:00:00.000Z\"",
        "filter=status eq \"ACTIVE\" or status eq \"DEPROVISIONED\"",
        "search=lastUpdated gt \"1970-01-01T00:00:00.000Z\"",
    ] {
        let (name, value) = query.split_once('=').unwrap();
        let page = client.get(&format!("/api/v1/users?{name}={}", encoded(value))).await;
        assert_eq!(page.rows().len(), 2, "{query}");
    }
    let one = client.get(&format!("/api/v1/users/{ann_id}")).await;
    assert_eq!(
        (one.status, &one.json["status"], &one.json["profile"]["jobCode"]),
        (200, &json!("DEPROVISIONED"), &json!("SD-12"))
    );
    mocks.state().world.purge(ann);
    let gone = client.get(&format!("/api/v1/users/{ann_id}")).await;
    assert_eq!((gone.status, &gone.json["errorCode"]), (404, &json!("E0000007")));
    let filter = encoded("lastUpdated gt \"1970-01-01T00:00:00.000Z\"");
    assert_eq!(client.get(&format!("/api/v1/users?filter={filter}")).await.rows().len(), 1);
}

#[tokio::test]
async fn last_updated_finds_what_changed_since() {
    let mocks = Mocks::new(Company::new(1, 30).homes(&[Homes::OKTA]).build());
    let client = Client::okta(&mocks);
    let since = mocks.state().world.now;
    mocks.advance(SignedDuration::from_secs(60));
    let ann = mocks.state().world.people()[4].id;
    mocks.state().world.move_to(ann, "FIN-1", "Finance");
    let after = |op: &str| encoded(&format!("lastUpdated {op} \"{since:.3}\""));
    assert_eq!(client.get(&format!("/api/v1/users?filter={}", after("gt"))).await.rows().len(), 1);
    assert_eq!(client.get(&format!("/api/v1/users?filter={}", after("ge"))).await.rows().len(), 30);
    assert_eq!(client.get(&format!("/api/v1/users?filter={}", after("lt"))).await.rows().len(), 0);
}

#[tokio::test]
async fn filter_refuses_what_it_does_not_know() {
    let mocks = Mocks::new(Company::generate(1, 5));
    let client = Client::okta(&mocks);
    for (query, code) in [
        ("filter=profile.jobCode eq \"SD-1\"", "E0000053"),
        ("filter=status gt \"ACTIVE\"", "E0000053"),
        ("filter=profile.email sw \"a\"", "E0000053"),
        ("filter=not (status eq \"ACTIVE\")", "E0000053"),
        ("filter=Status eq \"ACTIVE\"", "E0000053"),
        ("filter=lastUpdated gt \"yesterday\"", "E0000053"),
        ("filter=status eq", "E0000031"),
        ("search=profile.jobCode ne \"SD-1\"", "E0000031"),
    ] {
        let (name, value) = query.split_once('=').unwrap();
        let answer = client.get(&format!("/api/v1/users?{name}={}", encoded(value))).await;
        assert_eq!((answer.status, answer.json["errorCode"].as_str()), (400, Some(code)), "{query}");
    }
    let search = encoded("profile.jobCode sw \"sd-\" and profile.department eq \"it\"");
    assert_eq!(client.get(&format!("/api/v1/users?search={search}")).await.status, 200);
    assert_eq!(client.get("/api/v1/users?after=garbage").await.status, 400);
    assert_eq!(client.get("/api/v1/users?limit=-1").await.json["errorCode"], "E0000001");
}

#[tokio::test]
async fn search_runs_behind_and_by_id_does_not() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example").job("SD-12"));
    let id = world.okta_id(ann).unwrap();
    let mocks = Mocks::new(world);
    mocks.state().okta.search_lag = 2;
    let client = Client::okta(&mocks);
    let search = format!("/api/v1/users?search={}", encoded("profile.jobCode eq \"SD-12\""));
    assert_eq!(client.get(&search).await.rows().len(), 1);
    mocks.state().world.set(ann, Field::JobCode, Some("FIN-1"));
    assert_eq!(client.get(&search).await.rows()[0]["profile"]["jobCode"], "SD-12");
    assert_eq!(client.get(&format!("/api/v1/users/{id}")).await.json["profile"]["jobCode"], "FIN-1");
    assert_eq!(client.get(&search).await.rows().len(), 0);
}

#[tokio::test]
async fn a_spent_budget_answers_429_until_its_reset() {
    let mocks = Mocks::new(Company::generate(1, 5));
    mocks.state().okta.limits.set(Bucket::Users, 2);
    mocks.state().okta.clock_skew = SignedDuration::from_secs(30);
    let client = Client::okta(&mocks);
    let remaining = |answer: &Answer| answer.header("x-rate-limit-remaining").unwrap().to_owned();
    assert_eq!(remaining(&client.get("/api/v1/users").await), "1");
    mocks.advance(SignedDuration::from_secs(20));
    assert_eq!(remaining(&client.get("/api/v1/users").await), "0");
    let over = client.get("/api/v1/users").await;
    assert_eq!((over.status, &over.json["errorCode"]), (429, &json!("E0000047")));
    assert_eq!(over.header("retry-after"), None);
    // The reset is a time by Okta's own clock, which the Date header shows: 40 s are left.
    let date = jiff::fmt::rfc2822::parse(over.header("date").unwrap()).unwrap().timestamp();
    let reset: i64 = over.header("x-rate-limit-reset").unwrap().parse().unwrap();
    assert_eq!(reset - date.as_second(), 40);
    assert_eq!(date.as_second() - mocks.state().world.now.as_second(), 30);
    assert_eq!(mocks.throttled(Server::Okta), 1);
    // Other endpoints have budgets of their own, and the window ends.
    assert_eq!(client.get("/api/v1/groups").await.status, 200);
    mocks.advance(SignedDuration::from_secs(40));
    assert_eq!(client.get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn too_much_at_once_answers_429_with_limit_0() {
    let mocks = Mocks::new(Company::generate(1, 5));
    mocks.state().okta.concurrency = 0;
    let answer = Client::okta(&mocks).get("/api/v1/users").await;
    assert_eq!(answer.status, 429);
    assert_eq!((answer.header("x-rate-limit-limit"), answer.header("x-rate-limit-remaining")), (Some("0"), Some("0")));
}

#[tokio::test]
async fn without_a_good_token_nobody_comes_in() {
    let mocks = Mocks::new(Company::generate(1, 5));
    for (authorization, code) in [("SSWS wrong", "E0000011"), ("Bearer wrong", "E0000011"), ("Basic x", "E0000004")] {
        let answer = Client::new(&mocks, Server::Okta, authorization).get("/api/v1/users").await;
        assert_eq!((answer.status, answer.json["errorCode"].as_str()), (401, Some(code)), "{authorization}");
    }
}

/// Asks for a token with one assertion.
async fn token(mocks: &Mocks, jwt: &str, scope: &str) -> Answer {
    let client = Client { mocks: mocks.clone(), server: Server::Okta, authorization: None };
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", jwt),
    ];
    client.form("/oauth2/v1/token", &form).await
}

#[tokio::test]
async fn an_assertion_buys_one_token_for_an_hour() {
    let mocks = Mocks::new(Company::generate(1, 5));
    let now = mocks.state().world.now.as_second();
    let audience = format!("{HOST}/oauth2/v1/token");
    let jwt = assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, &audience, now, &json!({}));
    let answer = token(&mocks, &jwt, "okta.users.read").await;
    assert_eq!((answer.status, &answer.json["expires_in"]), (200, &json!(3600)), "{}", answer.text);
    let client =
        Client::new(&mocks, Server::Okta, &format!("Bearer {}", answer.json["access_token"].as_str().unwrap()));
    assert_eq!(client.get("/api/v1/users").await.status, 200);
    // The scope does not reach to groups, and the same jti is not taken twice.
    assert_eq!(client.get("/api/v1/groups").await.json["errorCode"], "E0000006");
    let again = token(&mocks, &jwt, "okta.users.read").await;
    assert_eq!((again.status, &again.json["error"]), (401, &json!("invalid_client")));
    mocks.advance(SignedDuration::from_secs(3600));
    assert_eq!(client.get("/api/v1/users").await.status, 401);
    assert_eq!(mocks.state().okta.tokens_minted(), 1);
}

#[tokio::test]
async fn assertions_that_are_refused() {
    let mocks = Mocks::new(Company::generate(1, 5));
    let now = mocks.state().world.now.as_second();
    let audience = format!("{HOST}/oauth2/v1/token");
    let good = |changes| assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, &audience, now, &changes);
    let stranger = assertion(STRANGER_PRIVATE_KEY_PEM, CLIENT_ID, &audience, now, &json!({}));
    for (what, jwt) in [
        ("another key", stranger),
        ("another audience", good(json!({"aud": format!("{HOST}/oauth2/default/v1/token")}))),
        ("another issuer", good(json!({"iss": "0oaOther"}))),
        ("another subject", good(json!({"sub": "0oaOther"}))),
        ("expired", good(json!({"exp": now - 1}))),
        ("two hours", good(json!({"exp": now + 7200}))),
        ("no end", good(json!({"exp": null}))),
        ("no JWT", "x.y.z".to_owned()),
    ] {
        let answer = token(&mocks, &jwt, "okta.users.read").await;
        assert_eq!((answer.status, answer.json["error"].as_str()), (401, Some("invalid_client")), "{what}");
    }
    let answer = token(&mocks, &good(json!({})), "okta.users.manage").await;
    assert_eq!((answer.status, answer.json["error"].as_str()), (400, Some("invalid_scope")));
}

#[tokio::test]
async fn groups_of_a_user_and_members_of_a_group() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example"));
    world.hire(Hire::new("bob@acme.example"));
    world.join(ann, "lic-desk");
    let id = world.okta_id(ann).unwrap();
    let mocks = Mocks::new(world);
    let client = Client::okta(&mocks);
    let groups = client.get(&format!("/api/v1/users/{id}/groups")).await;
    let names: Vec<_> = groups.rows().iter().map(|row| row["profile"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Everyone", "lic-desk"]);
    let gid = groups.rows()[1]["id"].as_str().unwrap();
    let members = client.get(&format!("/api/v1/groups/{gid}/users")).await;
    assert_eq!(members.rows().len(), 1);
    assert_eq!(members.rows()[0]["id"], json!(id));
}

#[tokio::test]
async fn the_system_log_always_leads_on() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example"));
    let mocks = Mocks::new(world);
    let client = Client::okta(&mocks);
    let first = client.get("/api/v1/logs?sortOrder=ASCENDING&limit=10").await;
    assert_eq!(first.rows()[0]["eventType"], "user.lifecycle.create");
    let empty = client.get(&first.next().unwrap()).await;
    assert!(empty.rows().is_empty());
    mocks.state().world.leave(ann);
    let more = client.get(&empty.next().unwrap()).await;
    assert_eq!(more.rows()[0]["eventType"], "user.lifecycle.deactivate");
    assert_eq!(more.rows().len(), 1);
    assert!(more.next().is_some());
    let bounded = client.get("/api/v1/logs?until=2030-01-01T00:00:00Z").await;
    assert_eq!((bounded.rows().len(), bounded.next()), (2, None));
}

/// A proof of possession, with what a test wants to be different.
fn proof(method: &str, url: &str, now: i64, jti: &str, changes: &serde_json::Value) -> String {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let key = EncodingKey::from_rsa_pem(STRANGER_PRIVATE_KEY_PEM.as_bytes()).unwrap();
    let mut header = Header::new(Algorithm::RS256);
    header.typ = Some("dpop+jwt".to_owned());
    header.jwk = Some(Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap());
    let mut claims = json!({"htm": method, "htu": url, "iat": now, "jti": jti});
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    jsonwebtoken::encode(&header, &claims, &key).unwrap()
}

#[tokio::test]
async fn proofs_of_possession_need_a_nonce_and_then_bind_the_token() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let mocks = Mocks::new(Company::generate(1, 5));
    mocks.state().okta.require_dpop = true;
    let now = mocks.state().world.now.as_second();
    let url = format!("{HOST}/oauth2/v1/token");
    let ask = async |nth: u32, proof: Option<String>| {
        let jti = format!("assertion-{nth}");
        let jwt = assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, &url, now, &json!({"jti": jti}));
        let client = Client { mocks: mocks.clone(), server: Server::Okta, authorization: None };
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "okta.users.read"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", jwt.as_str()),
        ];
        let headers: Vec<_> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
        client.form_with("/oauth2/v1/token", &form, &headers).await
    };
    assert_eq!(ask(1, None).await.json["error"], "invalid_dpop_proof");
    let first = ask(2, Some(proof("POST", &url, now, "p1", &json!({})))).await;
    assert_eq!((first.status, &first.json["error"]), (400, &json!("use_dpop_nonce")));
    let nonce = json!({"nonce": first.header("dpop-nonce").unwrap()});
    let elsewhere = ask(3, Some(proof("POST", HOST, now, "p2", &nonce))).await;
    assert_eq!(elsewhere.json["error"], "invalid_dpop_proof");
    let good = ask(4, Some(proof("POST", &url, now, "p3", &nonce))).await;
    assert_eq!((good.status, &good.json["token_type"]), (200, &json!("DPoP")), "{}", good.text);
    assert_eq!(ask(5, Some(proof("POST", &url, now, "p3", &nonce))).await.json["error"], "invalid_dpop_proof");

    let token = good.json["access_token"].as_str().unwrap();
    let users = format!("{HOST}/api/v1/users");
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(token.as_bytes()));
    let get = async |scheme: &str, proof: String| {
        let client = Client::new(&mocks, Server::Okta, &format!("{scheme} {token}"));
        let headers = [("dpop", proof.as_str())];
        client.send("GET", "/api/v1/users?limit=1", &headers, seatwarden_mocks::Body::empty()).await.status
    };
    assert_eq!(get("DPoP", proof("GET", &users, now, "a1", &json!({"ath": hash}))).await, 200);
    assert_eq!(get("DPoP", proof("GET", &users, now, "a2", &json!({"ath": "other"}))).await, 401);
    assert_eq!(get("DPoP", proof("POST", &users, now, "a3", &json!({"ath": hash}))).await, 401);
    assert_eq!(get("Bearer", proof("GET", &users, now, "a4", &json!({"ath": hash}))).await, 401);
    mocks.state().okta.renew_dpop_nonce();
    let renewed = ask(6, Some(proof("POST", &url, now, "p4", &nonce))).await;
    assert_eq!(renewed.json["error"], "use_dpop_nonce");
}
