//! Entra's ways: log in, walk a delta round, come back for the changes, and start over when the token is gone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use seatwarden_mocks::entra::{CLIENT_ID, CLIENT_SECRET, Federated, TENANT_ID};
use seatwarden_mocks::{
    Company, Fault, Field, Hire, Homes, Mocks, Rule, STRANGER_PRIVATE_KEY_PEM, Server, TEST_PRIVATE_KEY_PEM,
    TEST_PUBLIC_KEY_PEM, World,
};
use serde_json::{Value, json};

use crate::client::{Answer, Client, HOST, assertion};

const SELECT: &str = "$select=id,accountEnabled,employeeId,jobTitle,department,onPremisesExtensionAttributes";

/// Walks a round; gives the pages and the delta link.
async fn round(client: &Client, first: &str) -> (Vec<Answer>, String) {
    let (mut url, mut pages) = (first.to_owned(), Vec::new());
    loop {
        let page = client.get(&url).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let next = page.json["@odata.nextLink"].as_str().map(str::to_owned);
        let last = page.json["@odata.deltaLink"].as_str().map(str::to_owned);
        pages.push(page);
        match (next, last) {
            (Some(next), None) => url = next,
            (None, Some(last)) => return (pages, last),
            other => panic!("one link and no more, found {other:?}"),
        }
    }
}

fn rows(pages: &[Answer]) -> Vec<Value> {
    pages.iter().flat_map(|page| page.rows().clone()).collect()
}

fn first_round() -> String {
    format!("/v1.0/users/delta?{SELECT}")
}

#[tokio::test]
async fn a_first_round_shows_everybody_and_the_next_one_only_changes() {
    let mocks = Mocks::new(Company::new(1, 250).homes(&[Homes::ENTRA]).build());
    let client = Client::entra(&mocks).await;
    let (pages, link) = round(&client, &first_round()).await;
    assert_eq!((pages.len(), rows(&pages).len()), (3, 250));
    assert!(link.starts_with(&format!("{HOST}/v1.0/users/delta?$deltatoken=")), "{link}");
    let (pages, link) = round(&client, &link).await;
    assert_eq!((pages.len(), rows(&pages).len()), (1, 0));
    let ann = mocks.state().world.people()[7].id;
    mocks.state().world.move_to(ann, "FIN-1", "Finance");
    mocks.state().world.leave(ann);
    let (pages, _) = round(&client, &link).await;
    let row = &rows(&pages)[0];
    assert_eq!(rows(&pages).len(), 1);
    assert_eq!(row["onPremisesExtensionAttributes"]["extensionAttribute1"], "FIN-1");
    assert_eq!((&row["accountEnabled"], row.get("@removed")), (&json!(false), None));
    // The same link again gives the same again.
    assert_eq!(rows(&round(&client, &link).await.0), rows(&pages));
}

#[tokio::test]
async fn removed_has_two_reasons_and_comes_in_the_first_round_too() {
    let mut world = World::empty(1);
    let [soft, hard, stays] = ["soft", "hard", "stays"]
        .map(|name| world.hire(Hire::new(&format!("{name}@acme.example")).homes(Homes::ENTRA)));
    world.delete(soft);
    world.purge(hard);
    let id = |world: &World, person| world.entra_id(person).unwrap();
    let ids = [id(&world, soft), id(&world, hard), id(&world, stays)];
    let mocks = Mocks::new(world);
    let client = Client::entra(&mocks).await;
    let (pages, link) = round(&client, &first_round()).await;
    let by_id: BTreeMap<String, Value> =
        rows(&pages).into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect();
    assert_eq!(by_id[&ids[0]]["@removed"]["reason"], "changed");
    assert_eq!(by_id[&ids[1]]["@removed"]["reason"], "deleted");
    assert_eq!(by_id[&ids[2]].get("@removed"), None);
    for gone in &ids[..2] {
        let answer = client.get(&format!("/v1.0/users/{gone}")).await;
        assert_eq!((answer.status, answer.json["error"]["code"].as_str()), (404, Some("Request_ResourceNotFound")));
    }
    // Restored, the soft-deleted one is an ordinary row again.
    mocks.state().world.rehire(soft);
    let (pages, _) = round(&client, &link).await;
    assert_eq!((rows(&pages).len(), rows(&pages)[0].get("@removed")), (1, None));
    mocks.state().entra.removed_in_first_round = false;
    assert_eq!(rows(&round(&client, &first_round()).await.0).len(), 2);
}

#[tokio::test]
async fn never_set_is_absent_and_cleared_is_null() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example").job("SD-12").department("IT").homes(Homes::ENTRA));
    world.set(ann, Field::Department, None);
    let id = world.entra_id(ann).unwrap();
    let mocks = Mocks::new(world);
    let client = Client::entra(&mocks).await;
    let user = client.get(&format!("/v1.0/users/{id}?{SELECT}")).await.json;
    assert_eq!(user.get("department"), Some(&Value::Null));
    assert_eq!(user.get("jobTitle"), None);
    assert_eq!(user["onPremisesExtensionAttributes"]["extensionAttribute2"], Value::Null);
    let app = mocks.state().entra.extension_app.clone();
    let user = client.get(&format!("/v1.0/users/{id}?$select=extension_{app}_jobCode,mail")).await.json;
    assert_eq!(user[format!("extension_{app}_jobCode")], "SD-12");
    assert_eq!((&user["mail"], user.get("accountEnabled")), (&json!("ann@acme.example"), None));
}

#[tokio::test]
async fn only_selected_properties_raise_changes() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example").homes(Homes::ENTRA));
    let mocks = Mocks::new(world);
    let client = Client::entra(&mocks).await;
    let (_, blind) = round(&client, "/v1.0/users/delta?$select=id,jobTitle").await;
    let (_, sees) = round(&client, "/v1.0/users/delta?$select=id,accountEnabled").await;
    mocks.state().world.suspend(ann);
    mocks.state().world.join(ann, "lic-desk");
    assert_eq!(rows(&round(&client, &blind).await.0).len(), 0);
    assert_eq!(rows(&round(&client, &sees).await.0).len(), 1);
}

#[tokio::test]
async fn empty_pages_repeated_ids_and_replays_hide_nobody() {
    let mocks = Mocks::new(Company::new(1, 95).homes(&[Homes::ENTRA]).build());
    mocks.with(|state| {
        state.entra.page_size = 10;
        state.entra.empty_page_every = Some(3);
        state.entra.repeat_ids = true;
    });
    let client = Client::entra(&mocks).await;
    let (pages, link) = round(&client, &first_round()).await;
    let all = rows(&pages);
    let ids: BTreeSet<&str> = all.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 95);
    assert!(all.len() > 95);
    let empty = pages.iter().filter(|page| page.rows().is_empty()).count();
    assert!(empty >= 3, "{empty}");
    assert!(pages.iter().filter(|page| page.rows().is_empty()).all(|page| page.json["@odata.nextLink"].is_string()));
    mocks.state().entra.replay = 4;
    mocks.state().entra.repeat_ids = false;
    assert_eq!(rows(&round(&client, &link).await.0).len(), 4);
}

#[tokio::test]
async fn people_hired_during_a_round_are_not_lost() {
    let mocks = Mocks::new(Company::new(1, 60).homes(&[Homes::ENTRA]).build());
    mocks.state().entra.page_size = 20;
    mocks.faults.push(Rule::on(Server::Entra).path("/users/delta").nth(2).play(Fault::meanwhile(|state| {
        for nth in 0..10 {
            state.world.hire(Hire::new(&format!("new{nth}@acme.example")).homes(Homes::ENTRA));
        }
    })));
    let client = Client::entra(&mocks).await;
    let (pages, link) = round(&client, &first_round()).await;
    let (later, _) = round(&client, &link).await;
    let all = rows(&pages).into_iter().chain(rows(&later));
    let ids: BTreeSet<String> = all.map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 70);
    assert_eq!(rows(&later).len(), 10);
}

#[tokio::test]
async fn tokens_die_after_seven_days_or_by_a_reset() {
    let mocks = Mocks::new(Company::new(1, 5).homes(&[Homes::ENTRA]).build());
    let (_, link) = round(&Client::entra(&mocks).await, &first_round()).await;
    mocks.advance(SignedDuration::from_hours(7 * 24 - 1));
    assert_eq!(Client::entra(&mocks).await.get(&link).await.status, 200);
    mocks.advance(SignedDuration::from_hours(1));
    let client = Client::entra(&mocks).await;
    let old = client.get(&link).await;
    assert_eq!((old.status, old.json["error"]["code"].as_str()), (400, Some("syncStateNotFound")));
    let (_, link) = round(&client, &first_round()).await;
    mocks.state().entra.reset_delta_tokens();
    let reset = client.get(&link).await;
    assert_eq!(reset.status, 410);
    let location = reset.header("location").unwrap();
    assert!(location.starts_with(&format!("{HOST}/v1.0/users/delta?$deltatoken=")), "{location}");
    // The location begins a round with the same selection.
    let (pages, link) = round(&client, location).await;
    assert_eq!(rows(&pages).len(), 5);
    assert!(rows(&pages)[0].get("onPremisesExtensionAttributes").is_some());
    mocks.state().entra.expire_delta_tokens();
    assert_eq!(client.get(&link).await.status, 400);
}

#[tokio::test]
async fn delta_refuses_what_it_cannot_do() {
    let mocks = Mocks::new(Company::new(1, 5).homes(&[Homes::ENTRA]).build());
    let client = Client::entra(&mocks).await;
    for (query, code) in [
        ("$select=id,signInActivity", "BadRequest"),
        ("$select=id,shoeSize", "BadRequest"),
        ("$top=5", "Request_UnsupportedQuery"),
        ("$deltatoken=garbage", "BadRequest"),
        ("$skiptoken=eyJ9", "BadRequest"),
    ] {
        let answer = client.get(&format!("/v1.0/users/delta?{query}")).await;
        assert_eq!((answer.status, answer.json["error"]["code"].as_str()), (400, Some(code)), "{query}");
    }
    let (pages, link) = round(&client, "/v1.0/users/delta?$deltaToken=latest").await;
    assert_eq!(rows(&pages).len(), 0);
    mocks.state().world.hire(Hire::new("new@acme.example").homes(Homes::ENTRA));
    assert_eq!(rows(&round(&client, &link).await.0).len(), 1);
}

#[tokio::test]
async fn the_plain_list_has_sign_ins_for_who_may_see_them() {
    let mocks = Mocks::new(Company::new(1, 25).homes(&[Homes::ENTRA]).build());
    let client = Client::entra(&mocks).await;
    let url = "/v1.0/users?$select=id,signInActivity&$top=10";
    assert_eq!(client.get(url).await.json["error"]["code"], "Authorization_RequestDenied");
    mocks.state().entra.permissions.push("AuditLog.Read.All".to_owned());
    let (mut url, mut seen) = (url.to_owned(), 0);
    loop {
        let page = client.get(&url).await;
        seen += page.rows().len();
        match page.json["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, 25);
}

#[tokio::test]
async fn a_batch_answers_each_in_any_order() {
    let mut world = World::empty(1);
    let ann = world.hire(Hire::new("ann@acme.example").homes(Homes::ENTRA));
    let id = world.entra_id(ann).unwrap();
    let mocks = Mocks::new(world);
    let client = Client::entra(&mocks).await;
    let body = json!({"requests": [
        {"id": "1", "method": "GET", "url": format!("/users/{id}")},
        {"id": "2", "method": "GET", "url": "/users/nobody"},
    ]});
    let answer = client.write("POST", "/v1.0/$batch", &body).await;
    let statuses: Vec<_> =
        answer.json["responses"].as_array().unwrap().iter().map(|one| (&one["id"], &one["status"])).collect();
    assert_eq!(statuses, [(&json!("2"), &json!(404)), (&json!("1"), &json!(200))]);
}

#[tokio::test]
async fn access_tokens_end_by_the_clock() {
    let mocks = Mocks::new(Company::new(1, 5).homes(&[Homes::ENTRA]).build());
    let client = Client::entra(&mocks).await;
    assert_eq!(client.get("/v1.0/users").await.status, 200);
    mocks.advance(SignedDuration::from_secs(3599));
    let expired = client.get("/v1.0/users").await;
    assert_eq!((expired.status, expired.json["error"]["code"].as_str()), (401, Some("InvalidAuthenticationToken")));
}

/// Logs in with a form and, if asked, basic authentication.
async fn login(mocks: &Mocks, tenant: &str, pairs: &[(&str, &str)], basic: Option<&str>) -> Answer {
    let authorization = basic.map(|basic| format!("Basic {basic}"));
    let client = Client { mocks: mocks.clone(), server: Server::Entra, authorization };
    client.form(&format!("/{tenant}/oauth2/v2.0/token"), pairs).await
}

const SCOPE: (&str, &str) = ("scope", "https://graph.microsoft.com/.default");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[tokio::test]
async fn log_in_errors_have_numbers() {
    let mocks = Mocks::new(World::empty(1));
    let (id, secret) = (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET));
    let wrong = ("client_secret", "wrong");
    for (tenant, form, status, number) in [
        (TENANT_ID, vec![GRANT, id, wrong, SCOPE], 401, 7_000_215),
        (TENANT_ID, vec![GRANT, ("client_id", "other"), secret, SCOPE], 400, 700_016),
        (TENANT_ID, vec![GRANT, id, secret, ("scope", "User.Read.All")], 400, 1_002_012),
        (TENANT_ID, vec![("grant_type", "password"), id, secret, SCOPE], 400, 70_003),
        (TENANT_ID, vec![id, secret, SCOPE], 400, 900_144),
        (TENANT_ID, vec![GRANT, id, SCOPE], 401, 7_000_218),
        ("common", vec![GRANT, id, secret, SCOPE], 400, 90_002),
    ] {
        let answer = login(&mocks, tenant, &form, None).await;
        assert_eq!((answer.status, &answer.json["error_codes"]), (status, &json!([number])), "{form:?}");
        assert!(answer.json["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")));
    }
}

#[tokio::test]
async fn a_secret_may_come_as_basic_authentication() {
    use base64::Engine as _;
    let mocks = Mocks::new(World::empty(1));
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!("{}:{}", encode(CLIENT_ID), encode(CLIENT_SECRET));
    let basic = base64::engine::general_purpose::STANDARD.encode(basic);
    assert_eq!(login(&mocks, TENANT_ID, &[GRANT, SCOPE], Some(&basic)).await.status, 200);
}

#[tokio::test]
async fn certificates_and_federated_tokens_stand_in_for_a_secret() {
    let mocks = Mocks::new(World::empty(1));
    let now = mocks.state().world.now.as_second();
    let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    let url = format!("{HOST}/{TENANT_ID}/oauth2/v2.0/token");
    let show = async |jwt: &str| {
        login(&mocks, TENANT_ID, &[GRANT, SCOPE, ("client_id", CLIENT_ID), kind, ("client_assertion", jwt)], None).await
    };
    let good = assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, &url, now, &json!({}));
    assert_eq!(show(&good).await.status, 200);
    let stranger = assertion(STRANGER_PRIVATE_KEY_PEM, CLIENT_ID, &url, now, &json!({"jti": "2"}));
    assert_eq!(show(&stranger).await.json["error_codes"], json!([700_027]));
    let (issuer, subject) = ("https://cluster.example", "system:serviceaccount:seatwarden:seatwarden");
    let claims = json!({"iss": issuer, "sub": subject});
    let foreign = assertion(TEST_PRIVATE_KEY_PEM, CLIENT_ID, "api://AzureADTokenExchange", now, &claims);
    assert_eq!(show(&foreign).await.status, 401);
    mocks.state().entra.federated.push(Federated {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        key: TEST_PUBLIC_KEY_PEM.to_owned(),
    });
    // The platform's file holds the same token until it rotates, so it is shown more than once.
    assert_eq!(show(&foreign).await.status, 200);
    assert_eq!(show(&foreign).await.status, 200);
}
