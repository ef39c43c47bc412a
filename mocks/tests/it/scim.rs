//! The SCIM feed: two ways of paging, filters, what providers do differently, and who may ask.

use jiff::SignedDuration;
use seatwarden_mocks::scim::{ACME, Auth, CLIENT_ID, CLIENT_SECRET, ENTERPRISE, Paging};
use seatwarden_mocks::{Company, Fault, Hire, Homes, Mocks, Rule, Server, TEST_PRIVATE_KEY_PEM, World};
use serde_json::{Value, json};

use crate::client::{Client, HOST, assertion, encoded};

fn company(people: usize) -> Mocks {
    Mocks::new(Company::new(1, people).homes(&[Homes::SCIM]).build())
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn index_paging_keeps_to_the_servers_page() {
    let mocks = company(250);
    mocks.state().scim.settings.page_max = 100;
    let client = Client::scim(&mocks, Server::Scim);
    let mut seen = std::collections::BTreeSet::new();
    let mut start = 1;
    loop {
        let page = client.get(&format!("/scim/v2/Users?startIndex={start}&count=1000")).await;
        assert_eq!((&page.json["totalResults"], &page.json["startIndex"]), (&json!(250), &json!(start)));
        if page.rows().is_empty() {
            break;
        }
        assert!(page.rows().len() <= 100);
        assert_eq!(page.json["itemsPerPage"], json!(page.rows().len()));
        seen.extend(ids(page.rows()));
        start += page.rows().len();
    }
    assert_eq!(seen.len(), 250);
    let none = client.get("/scim/v2/Users?count=0").await;
    assert_eq!((&none.json["totalResults"], none.rows().len()), (&json!(250), 0));
    assert_eq!(client.get("/scim/v2/Users?startIndex=-5&count=2").await.json["startIndex"], 1);
    assert_eq!(client.get("/scim/v2/Users?count=-5").await.rows().len(), 0);
    assert_eq!(client.get("/scim/v2/Users?count=x").await.json["scimType"], "invalidValue");
}

#[tokio::test]
async fn a_person_has_the_enterprise_extension_and_the_companys_own() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann.berg@acme.example").job("SD-12").department("IT").homes(Homes::SCIM));
    let id = world.scim_id(ann).unwrap();
    let mocks = Mocks::new(world);
    let client = Client::scim(&mocks, Server::Scim);
    let user = client.get(&format!("/scim/v2/Users/{id}")).await;
    assert_eq!(user.header("content-type"), Some("application/scim+json"));
    assert_eq!(user.json[ACME]["jobCode"], "SD-12");
    assert_eq!(user.json[ENTERPRISE]["department"], "IT");
    assert_eq!(user.json["meta"]["location"], format!("{HOST}/scim/v2/Users/{id}"));
    assert_eq!(user.header("etag"), user.json["meta"]["version"].as_str());
    mocks.advance(SignedDuration::from_secs(60));
    mocks.state().world.leave(ann);
    let later = client.get(&format!("/scim/v2/Users/{id}")).await;
    assert_eq!(
        (&later.json["active"], &later.json["meta"]["lastModified"]),
        (&json!(false), &json!("2026-11-22T10:01:00Z"))
    );
    assert_ne!(later.header("etag"), user.header("etag"));
    mocks.state().world.purge(ann);
    let gone = client.get(&format!("/scim/v2/Users/{id}")).await;
    assert_eq!((gone.status, &gone.json["status"]), (404, &json!("404")));
}

#[tokio::test]
async fn filters_find_and_refuse() {
    let mut world = World::empty(1);
    world.hire(Hire::new("ann@acme.example").number("104233").homes(Homes::SCIM));
    let bob = world.hire(Hire::new("bob@acme.example").homes(Homes::SCIM));
    world.advance(SignedDuration::from_secs(60));
    world.leave(bob);
    let mocks = Mocks::new(world);
    let client = Client::scim(&mocks, Server::Scim);
    let find = async |filter: &str| client.get(&format!("/scim/v2/Users?filter={}", encoded(filter))).await;
    for (filter, found) in [
        ("userName eq \"ANN@acme.example\"", 1),
        ("externalId eq \"104233\"", 1),
        ("emails.value eq \"bob@acme.example\"", 1),
        ("emails[type eq \"work\"].value eq \"bob@acme.example\"", 1),
        ("active eq true", 1),
        ("meta.lastModified gt \"2026-11-22T10:00:00Z\"", 1),
        ("meta.lastModified ge \"2026-11-22T10:00:00Z\"", 2),
        ("userName eq \"nobody\"", 0),
    ] {
        let page = find(filter).await;
        assert_eq!(
            (page.status, page.rows().len(), &page.json["totalResults"]),
            (200, found, &json!(found)),
            "{filter}"
        );
    }
    assert_eq!(find("userName eq").await.json["scimType"], "invalidFilter");
    mocks.state().scim.settings.last_modified = false;
    assert_eq!(find("meta.lastModified gt \"2026-11-22T10:00:00Z\"").await.json["scimType"], "invalidFilter");
    mocks.state().scim.settings.filters = false;
    assert_eq!(find("userName eq \"ann\"").await.status, 400);
}

#[tokio::test]
async fn forced_cursors_come_unasked_and_expire() {
    let mocks = company(55);
    mocks.state().scim.settings.paging = Paging::FORCED_CURSOR;
    mocks.state().scim.settings.omit_total = true;
    mocks.state().scim.settings.lower_case_resources = true;
    let client = Client::scim(&mocks, Server::Scim);
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/scim/v2/Users?count=20&cursor={cursor}")).await;
        assert_eq!((page.status, page.json.get("totalResults"), page.json.get("Resources")), (200, None, None));
        all.extend(ids(page.rows()));
        match page.json["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 55);
    let first = client.get("/scim/v2/Users?count=20").await;
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let next = format!("/scim/v2/Users?count=20&cursor={cursor}");
    let asked = async |url: String| client.get(&url).await.json["scimType"].as_str().unwrap_or("none").to_owned();
    assert_eq!(asked(format!("/scim/v2/Users?count=21&cursor={cursor}")).await, "invalidCount");
    assert_eq!(asked(format!("/scim/v2/Users?count=20&cursor={cursor}&filter=active%20pr")).await, "invalidCursor");
    assert_eq!(asked("/scim/v2/Users?count=20&cursor=garbage".to_owned()).await, "invalidCursor");
    assert_eq!(asked(next.clone()).await, "none");
    mocks.advance(SignedDuration::from_secs(601));
    assert_eq!(asked(next.clone()).await, "expiredCursor");
    let fresh = client.get("/scim/v2/Users?count=20").await;
    mocks.state().scim.expire_cursors();
    let cursor = fresh.json["nextCursor"].as_str().unwrap();
    assert_eq!(asked(format!("/scim/v2/Users?count=20&cursor={cursor}")).await, "expiredCursor");
}

#[tokio::test]
async fn with_both_ways_the_client_chooses() {
    let mocks = company(30);
    mocks.state().scim.settings.paging = Paging::Both { timeout: SignedDuration::from_secs(60) };
    let client = Client::scim(&mocks, Server::Scim);
    let by_index = client.get("/scim/v2/Users?count=10").await;
    assert_eq!((by_index.json.get("nextCursor"), &by_index.json["startIndex"]), (None, &json!(1)));
    assert!(client.get("/scim/v2/Users?count=10&cursor=").await.json["nextCursor"].is_string());
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "cursor": "", "count": 10});
    assert!(client.write("POST", "/scim/v2/Users/.search", &body).await.json["nextCursor"].is_string());
    let config = client.get("/scim/v2/ServiceProviderConfig").await;
    assert_eq!(config.json["pagination"]["cursor"], true);
    mocks.state().scim.settings.discovery = false;
    assert_eq!(client.get("/scim/v2/ServiceProviderConfig").await.status, 404);
}

#[tokio::test]
async fn drift_between_two_pages_skips_somebody() {
    let mocks = company(40);
    let first = mocks.state().world.people()[0].id;
    let fault = Fault::meanwhile(move |state| state.world.purge(first));
    mocks.faults.push(Rule::on(Server::Scim).path("/Users").nth(2).play(fault));
    let client = Client::scim(&mocks, Server::Scim);
    let one = client.get("/scim/v2/Users?startIndex=1&count=20").await;
    let two = client.get("/scim/v2/Users?startIndex=21&count=20").await;
    assert_eq!((&one.json["totalResults"], &two.json["totalResults"]), (&json!(40), &json!(39)));
    assert_eq!(one.rows().len() + two.rows().len(), 39);
    let mut seen = ids(one.rows());
    seen.extend(ids(two.rows()));
    let skipped = mocks
        .state()
        .world
        .people()
        .iter()
        .filter(|person| person.id != first)
        .filter(|person| !seen.iter().any(|id| Some(id.as_str()) == person.accounts.scim.as_deref()))
        .count();
    assert_eq!(skipped, 1);
}

#[tokio::test]
async fn attributes_are_chosen() {
    let mocks = company(3);
    let client = Client::scim(&mocks, Server::Scim);
    let only = client.get(&format!("/scim/v2/Users?attributes=userName,{}", encoded(&format!("{ACME}:jobCode")))).await;
    let keys: Vec<_> = only.rows()[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    let without = client.get("/scim/v2/Users?excludedAttributes=emails,name").await;
    assert_eq!((without.rows()[0].get("emails"), without.rows()[0].get("userName").is_some()), (None, true));
    assert_eq!(client.get("/scim/v2/Users?attributes=a&excludedAttributes=b").await.status, 400);
}

#[tokio::test]
async fn there_are_several_ways_in() {
    use base64::Engine as _;
    let mocks = company(3);
    let ask = async |authorization: &str| Client::new(&mocks, Server::Scim, authorization).get("/scim/v2/Users").await;
    assert_eq!(ask("Bearer mock-scim-token-not-a-secret").await.status, 200);
    let basic = base64::engine::general_purpose::STANDARD.encode("seatwarden:mock:pass word");
    assert_eq!(ask(&format!("Basic {basic}")).await.status, 200);
    let refused = ask("Bearer wrong").await;
    assert_eq!(
        (refused.status, &refused.json["schemas"][0]),
        (401, &json!("urn:ietf:params:scim:api:messages:2.0:Error"))
    );

    let anonymous = Client { mocks: mocks.clone(), server: Server::Scim, authorization: None };
    let grant = ("grant_type", "client_credentials");
    let post = [grant, ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];
    let token = anonymous.form("/token", &post).await;
    let bearer = format!("Bearer {}", token.json["access_token"].as_str().unwrap());
    assert_eq!(ask(&bearer).await.status, 200);
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
    assert_eq!(anonymous.form_with("/token", &[grant], &[("authorization", &basic)]).await.status, 200);
    let wrong = [grant, ("client_id", CLIENT_ID), ("client_secret", "wrong")];
    assert_eq!(anonymous.form("/token", &wrong).await.json["error"], "invalid_client");
    let now = mocks.state().world.now.as_second();
    let jwt = assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, &format!("{HOST}/token"), now, &json!({}));
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let signed = [grant, kind, ("client_assertion", jwt.as_str())];
    assert_eq!(anonymous.form("/token", &signed).await.status, 200);
    assert_eq!(anonymous.form("/token", &signed).await.status, 401);
    mocks.advance(SignedDuration::from_secs(3600));
    assert_eq!(ask(&bearer).await.status, 401);
    mocks.state().scim.auth = vec![Auth::Open];
    assert_eq!(anonymous.get("/scim/v2/Users").await.status, 200);
}

#[tokio::test]
async fn the_status_of_an_error_may_be_a_number() {
    let mocks = company(3);
    mocks.state().scim.settings.numeric_status = true;
    let answer = Client::scim(&mocks, Server::Scim).get("/scim/v2/Users/nobody").await;
    assert_eq!(answer.json["status"], json!(404));
}

#[tokio::test]
async fn the_provider_tells_its_schemas() {
    let mocks = company(1);
    let client = Client::scim(&mocks, Server::Scim);
    let schemas = client.get("/scim/v2/Schemas").await;
    for schema in schemas.rows() {
        let one = client.get(&format!("/scim/v2/Schemas/{}", schema["id"].as_str().unwrap())).await;
        assert_eq!((one.status, &one.json), (200, schema));
    }
    assert!(schemas.text.contains("jobCode"));
    let types = client.get("/scim/v2/ResourceTypes").await;
    assert_eq!(types.rows()[0]["schemaExtensions"][1]["schema"], ACME);
    assert_eq!(client.get("/scim/v2/ResourceTypes/Robot").await.status, 404);
    assert_eq!(client.get("/scim/v2/Schemas?filter=id%20pr").await.status, 403);
    assert_eq!(client.write("POST", "/scim/v2/Schemas", &json!({})).await.status, 405);
}
