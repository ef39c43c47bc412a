//! The desk: accounts, groups that are seats, and what a write answers.

use seatwarden_mocks::scim::{GROUP, Provider, USER};
use seatwarden_mocks::{Hire, Mocks, Server, World};
use serde_json::{Value, json};

use crate::client::{Client, encoded};

fn desk() -> (Mocks, Client) {
    let mut world = World::empty(1);
    for name in ["ann", "bob", "eve"] {
        world.hire(Hire::new(&format!("{name}@acme.example")));
    }
    let mocks = Mocks::new(world);
    mocks.with(|state| state.desk.add_group(&state.world, "lic-fulfiller", Some(2)));
    let client = Client::scim(&mocks, Server::Desk);
    (mocks, client)
}

fn patch(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

fn ids(mocks: &Mocks, names: &[&str]) -> Vec<String> {
    let state = mocks.state();
    names.iter().map(|name| state.desk.user_id(&format!("{name}@acme.example")).unwrap()).collect()
}

fn group_url(mocks: &Mocks) -> String {
    format!("/scim/v2/Groups/{}", mocks.state().desk.group_id("lic-fulfiller").unwrap())
}

fn members(mocks: &Mocks) -> Vec<String> {
    mocks.with(|state| Provider::members(&state.desk, "lic-fulfiller"))
}

#[tokio::test]
async fn everybody_who_is_hired_has_an_account() {
    let (mocks, client) = desk();
    let number =
        mocks.with(|state| state.world.people()[0].get(seatwarden_mocks::Field::EmployeeNumber).unwrap().to_owned());
    let found = client.get(&format!("/scim/v2/Users?filter={}", encoded(&format!("externalId eq \"{number}\"")))).await;
    assert_eq!(found.rows()[0]["userName"], "ann@acme.example");
    let (ann, carl) =
        mocks.with(|state| (state.world.people()[0].id, state.world.hire(Hire::new("carl@acme.example"))));
    mocks.state().world.leave(ann);
    mocks.state().world.rename(carl, "carla@acme.example");
    let all = client.get("/scim/v2/Users").await;
    assert_eq!(all.rows().len(), 4);
    assert_eq!((&all.rows()[0]["active"], &all.rows()[3]["userName"]), (&json!(true), &json!("carla@acme.example")));
    mocks.with(|state| state.desk.set_source(seatwarden_mocks::scim::Source::Empty));
    mocks.state().world.hire(Hire::new("dan@acme.example"));
    assert_eq!(client.get("/scim/v2/Users").await.rows().len(), 4);
}

#[tokio::test]
async fn members_come_and_go_and_seats_run_out() {
    let (mocks, client) = desk();
    let (url, ids) = (group_url(&mocks), ids(&mocks, &["ann", "bob", "eve"]));
    let add = |id: &str| patch(&json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
    for id in &ids[..2] {
        assert_eq!(client.write("PATCH", &url, &add(id)).await.status, 200);
    }
    let full = client.write("PATCH", &url, &add(&ids[2])).await;
    assert_eq!(full.status, 403);
    assert!(full.json["detail"].as_str().unwrap().starts_with("no seats left in lic-fulfiller"));
    assert_eq!(members(&mocks), ["ann@acme.example", "bob@acme.example"]);
    // Who is in already takes no further seat.
    assert_eq!(client.write("PATCH", &url, &add(&ids[0])).await.status, 200);
    let remove = patch(&json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])}]));
    assert_eq!(client.write("PATCH", &url, &remove).await.status, 200);
    assert_eq!(client.write("PATCH", &url, &add(&ids[2])).await.status, 200);
    assert_eq!(members(&mocks), ["bob@acme.example", "eve@acme.example"]);
    let user = client.get(&format!("/scim/v2/Users/{}", ids[1])).await;
    assert_eq!(user.json["groups"][0]["display"], "lic-fulfiller");
    let patches = mocks.requests().into_iter().filter(|seen| seen.is("PATCH", "/Groups/")).count();
    assert_eq!(patches, 6);
}

#[tokio::test]
async fn members_may_be_left_out() {
    let (mocks, client) = desk();
    mocks.with(|state| state.desk.add_member(&state.world, "lic-fulfiller", "stranger@other.example"));
    let filter = encoded("displayName eq \"LIC-fulfiller\"");
    let short = client.get(&format!("/scim/v2/Groups?excludedAttributes=members&filter={filter}")).await;
    assert_eq!((short.rows().len(), short.rows()[0].get("members")), (1, None));
    let long = client.get(&format!("/scim/v2/Groups?filter={filter}")).await;
    assert_eq!(long.rows()[0]["members"][0]["display"], "stranger@other.example");
}

#[tokio::test]
async fn what_a_vendor_minds_can_be_chosen() {
    let (mocks, client) = desk();
    let (url, ids) = (group_url(&mocks), ids(&mocks, &["ann", "bob"]));
    mocks.with(|state| {
        state.desk.add_member(&state.world, "lic-fulfiller", "ann@acme.example");
        state.desk.settings.already_member = Some(409);
        state.desk.settings.not_member = Some(404);
        state.desk.settings.patch_without_body = true;
    });
    let add = |id: &str| patch(&json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
    let remove = |id: &str| patch(&json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]));
    assert_eq!(client.write("PATCH", &url, &add(&ids[0])).await.status, 409);
    assert_eq!(client.write("PATCH", &url, &remove(&ids[1])).await.status, 404);
    let good = client.write("PATCH", &url, &add(&ids[1])).await;
    assert_eq!((good.status, good.text.as_str()), (204, ""));
    assert_eq!(client.write("PATCH", &url, &add("nobody")).await.json["scimType"], "invalidValue");
    assert_eq!(client.write("PATCH", "/scim/v2/Groups/none", &add(&ids[1])).await.status, 404);
}

#[tokio::test]
async fn accounts_are_made_once() {
    let (mocks, client) = desk();
    let new =
        json!({"schemas": [USER], "userName": "Zoe@acme.example", "externalId": "9", "id": "mine", "password": "x"});
    let made = client.write("POST", "/scim/v2/Users", &new).await;
    assert_eq!((made.status, &made.json["active"], made.json.get("password")), (201, &json!(true), None));
    assert_ne!(made.json["id"], "mine");
    assert_eq!(made.header("location"), made.json["meta"]["location"].as_str());
    let twice = json!({"schemas": [USER], "userName": "zoe@ACME.example"});
    let conflict = client.write("POST", "/scim/v2/Users", &twice).await;
    assert_eq!((conflict.status, &conflict.json["scimType"]), (409, &json!("uniqueness")));
    let group = json!({"schemas": [GROUP], "displayName": "lic-fulfiller"});
    assert_eq!(client.write("POST", "/scim/v2/Groups", &group).await.status, 409);
    for bad in
        [json!({"schemas": [USER]}), json!({"userName": "x"}), json!([]), json!({"schemas": [USER], "userName": 7})]
    {
        assert_eq!(client.write("POST", "/scim/v2/Users", &bad).await.status, 400, "{bad}");
    }
    let url = format!("/scim/v2/Users/{}", made.json["id"].as_str().unwrap());
    let put = json!({"schemas": [USER], "userName": "zoe@acme.example", "active": false});
    let put = client.write("PUT", &url, &put).await;
    assert_eq!((put.status, &put.json["active"], put.json.get("externalId")), (200, &json!(false), None));
    assert_eq!(client.send("DELETE", &url, &[], axum::body::Body::empty()).await.status, 204);
    assert_eq!(client.send("DELETE", &url, &[], axum::body::Body::empty()).await.status, 404);
    assert_eq!(mocks.state().desk.user_count(), 3);
}

#[tokio::test]
async fn entitlements_are_seats_too() {
    let (mocks, client) = desk();
    mocks.state().desk.seats.insert("fulfiller".to_owned(), 1);
    let ids = ids(&mocks, &["ann", "bob"]);
    let add = patch(&json!([{"op": "add", "path": "entitlements", "value": [{"value": "fulfiller"}]}]));
    let remove = patch(&json!([{"op": "remove", "path": "entitlements[value eq \"fulfiller\"]"}]));
    let url = |id: &str| format!("/scim/v2/Users/{id}");
    assert_eq!(client.write("PATCH", &url(&ids[0]), &add).await.json["entitlements"][0]["value"], "fulfiller");
    assert_eq!(client.write("PATCH", &url(&ids[1]), &add).await.status, 403);
    assert_eq!(client.write("PATCH", &url(&ids[0]), &remove).await.status, 200);
    assert_eq!(client.write("PATCH", &url(&ids[1]), &add).await.status, 200);
    assert_eq!(mocks.state().desk.holders_of("entitlements", "fulfiller"), ["bob@acme.example"]);
    let found = client.get(&format!("/scim/v2/Users?filter={}", encoded("entitlements.value eq \"fulfiller\""))).await;
    assert_eq!(found.rows().len(), 1);
}

#[tokio::test]
async fn an_old_etag_is_refused() {
    let (mocks, client) = desk();
    let url = format!("/scim/v2/Users/{}", ids(&mocks, &["ann"])[0]);
    let old = client.get(&url).await;
    let etag = old.header("etag").unwrap();
    assert_eq!(client.send("GET", &url, &[("if-none-match", etag)], axum::body::Body::empty()).await.status, 304);
    let change = patch(&json!([{"op": "replace", "path": "title", "value": "Boss"}]));
    let send = async |etag: &str| {
        let headers = [("if-match", etag), ("content-type", "application/scim+json")];
        client.send("PATCH", &url, &headers, axum::body::Body::from(change.to_string())).await.status
    };
    assert_eq!(send(etag).await, 200);
    assert_eq!(send(etag).await, 412);
}

#[tokio::test]
async fn a_deleted_account_leaves_its_groups() {
    let (mocks, client) = desk();
    mocks.with(|state| state.desk.add_member(&state.world, "lic-fulfiller", "ann@acme.example"));
    assert!(mocks.with(|state| state.desk.remove_user(&state.world, "ann@acme.example")));
    assert!(members(&mocks).is_empty());
    assert_eq!(client.get("/scim/v2/Users").await.rows().len(), 2);
}
