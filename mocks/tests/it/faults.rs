//! Each fault, seen by a client, and the rules that choose the request.

use std::time::Duration;

use seatwarden_mocks::{Company, Fault, Homes, Mocks, Rule, Server};
use serde_json::{Value, json};

use crate::client::{Answer, Client, HOST};

fn everywhere(people: usize) -> Mocks {
    let all = Homes::OKTA.and(Homes::ENTRA).and(Homes::SCIM);
    Mocks::new(Company::new(1, people).homes(&[all]).build())
}

/// The first page of each vendor, with a fault in force.
async fn with(fault: Fault) -> (Answer, Answer, Answer) {
    let mocks = everywhere(30);
    let entra = Client::entra(&mocks).await;
    mocks.faults.push(Rule::any().method("get").play(fault));
    (
        Client::okta(&mocks).get("/api/v1/users?limit=20").await,
        entra.get("/v1.0/users/delta").await,
        Client::scim(&mocks, Server::Scim).get("/scim/v2/Users?count=20").await,
    )
}

#[tokio::test]
async fn throttling_in_each_vendors_form() {
    let (okta, entra, scim) = with(Fault::Throttle { retry_after: Some(7) }).await;
    assert_eq!(
        (okta.status, okta.header("retry-after"), okta.header("x-rate-limit-remaining")),
        (429, None, Some("0"))
    );
    assert_eq!((entra.status, entra.header("retry-after")), (429, Some("7")));
    assert_eq!(entra.json["error"]["code"], "TooManyRequests");
    assert_eq!((scim.status, scim.header("retry-after"), &scim.json["status"]), (429, Some("7"), &json!("429")));
    let (_, entra, scim) = with(Fault::Throttle { retry_after: None }).await;
    assert_eq!((entra.status, entra.header("retry-after"), scim.header("retry-after")), (429, None, None));
    let (okta, ..) = with(Fault::ConcurrencyLimit).await;
    assert_eq!(okta.header("x-rate-limit-limit"), Some("0"));
}

#[tokio::test]
async fn an_empty_list_looks_like_the_end() {
    let (okta, entra, scim) = with(Fault::EmptyList).await;
    assert_eq!((okta.status, okta.text.as_str(), okta.next()), (200, "[]", None));
    assert_eq!(okta.headers.get_all("link").iter().count(), 1);
    assert!(entra.rows().is_empty() && entra.json.get("@odata.nextLink").is_none());
    assert_eq!(entra.json.get("@odata.deltaLink"), None);
    assert_eq!((scim.rows().len(), &scim.json["totalResults"]), (0, &json!(0)));
}

#[tokio::test]
async fn a_short_page_keeps_its_links_and_totals() {
    let (okta, entra, scim) = with(Fault::ShortPage).await;
    assert_eq!((okta.rows().len(), okta.next().is_some()), (10, true));
    assert_eq!((entra.rows().len(), entra.json["@odata.deltaLink"].is_string()), (15, true));
    assert_eq!((scim.rows().len(), &scim.json["totalResults"]), (10, &json!(30)));
}

#[tokio::test]
async fn a_duplicate_page_gives_the_rows_of_the_one_before() {
    let mocks = everywhere(30);
    let client = Client::okta(&mocks);
    mocks.faults.push(Rule::on(Server::Okta).path("/users").nth(2).play(Fault::DuplicatePage));
    let one = client.get("/api/v1/users?limit=10").await;
    let two = client.get(&one.next().unwrap()).await;
    let three = client.get(&two.next().unwrap()).await;
    assert_eq!(one.rows(), two.rows());
    assert_ne!(two.rows(), three.rows());
    assert_eq!(three.next(), None);
}

#[tokio::test]
async fn links_may_lead_astray() {
    let (okta, entra, _) = with(Fault::HostileNext("https://evil.example".to_owned())).await;
    assert_eq!(okta.next().unwrap(), "https://evil.example/api/v1/users?limit=20");
    assert_eq!(entra.json["@odata.deltaLink"], "https://evil.example/v1.0/users/delta");
    let (okta, ..) = with(Fault::LoopingNext).await;
    assert_eq!(okta.next().unwrap(), format!("{HOST}/api/v1/users?limit=20"));
}

#[tokio::test]
async fn bodies_that_are_not_what_they_seem() {
    let (okta, entra, scim) = with(Fault::TruncatedJson).await;
    for answer in [okta, entra, scim] {
        assert_eq!((answer.status, &answer.json), (200, &Value::Null));
        assert!(!answer.text.is_empty());
    }
    let (okta, ..) = with(Fault::Html).await;
    assert!(okta.header("content-type").unwrap().starts_with("text/html"));
    let (okta, ..) = with(Fault::WrongContentType).await;
    assert_eq!((okta.header("content-type"), okta.rows().len()), (Some("text/plain"), 20));
    let (okta, ..) = with(Fault::NestedBrackets(100_000)).await;
    assert_eq!(okta.text.len(), 200_000);
    let (okta, ..) = with(Fault::InvalidUtf8).await;
    assert!(okta.text.contains('\u{FFFD}'));
    let (okta, entra, scim) = with(Fault::Status(503, String::new())).await;
    assert_eq!([okta.status, entra.status, scim.status], [503; 3]);
}

#[tokio::test]
async fn an_attribute_may_vanish_from_every_row() {
    let (okta, entra, scim) = with(Fault::LoseAttribute("jobCode".to_owned())).await;
    assert!(
        okta.rows().iter().all(|row| row["profile"].get("jobCode").is_none() && row["profile"]["login"].is_string())
    );
    assert_eq!((entra.rows().len(), scim.rows().len()), (30, 20));
    assert!(!scim.text.contains("jobCode"));
    let (okta, ..) = with(Fault::Reversed).await;
    let ids: Vec<_> = okta.rows().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a >= b));
}

#[tokio::test]
async fn a_lost_answer_was_done_all_the_same() {
    let mocks = everywhere(3);
    mocks.with(|state| state.desk.add_group(&state.world, "lic", None));
    mocks.faults.push(Rule::on(Server::Desk).method("PATCH").times(1).play(Fault::LoseAnswer));
    let (group, user) = mocks.with(|state| {
        let name = state.world.people()[0].email.clone();
        (state.desk.group_id("lic").unwrap(), state.desk.user_id(&name).unwrap())
    });
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}]});
    let answer = Client::scim(&mocks, Server::Desk).write("PATCH", &format!("/scim/v2/Groups/{group}"), &body).await;
    assert_eq!((answer.status, mocks.state().desk.members("lic").len()), (504, 1));
}

#[tokio::test]
async fn tokens_and_cursors_can_be_ended() {
    let mocks = everywhere(3);
    let entra = Client::entra(&mocks).await;
    let link = entra.get("/v1.0/users/delta").await.json["@odata.deltaLink"].as_str().unwrap().to_owned();
    mocks.faults.push(Rule::on(Server::Entra).nth(1).play(Fault::ResetDelta));
    assert_eq!(entra.get(&link).await.status, 410);
    mocks.faults.push(Rule::on(Server::Entra).nth(1).play(Fault::ExpireTokens));
    assert_eq!(entra.get("/v1.0/users/delta").await.status, 401);
    let entra = Client::entra(&mocks).await;
    let link = entra.get("/v1.0/users/delta").await.json["@odata.deltaLink"].as_str().unwrap().to_owned();
    mocks.faults.push(Rule::on(Server::Entra).nth(1).play(Fault::ExpireCursors));
    assert_eq!(entra.get(&link).await.json["error"]["code"], "syncStateNotFound");
}

#[tokio::test]
async fn rules_choose_their_requests() {
    let mocks = everywhere(3);
    let okta = Client::okta(&mocks);
    let down = || Fault::Status(503, String::new());
    let statuses = async |rule: Rule| {
        mocks.faults.clear();
        mocks.faults.push(rule);
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(okta.get("/api/v1/users?limit=1").await.status);
        }
        statuses
    };
    assert_eq!(statuses(Rule::any().nth(2).play(down())).await, [200, 503, 200, 200, 200, 200]);
    assert_eq!(statuses(Rule::any().every(3).play(down())).await, [200, 200, 503, 200, 200, 503]);
    assert_eq!(statuses(Rule::any().from(5).play(down())).await, [200, 200, 200, 200, 503, 503]);
    assert_eq!(statuses(Rule::any().times(2).play(down())).await, [503, 503, 200, 200, 200, 200]);
    assert_eq!(statuses(Rule::on(Server::Desk).play(down())).await, [200; 6]);
    assert_eq!(statuses(Rule::any().method("POST").play(down())).await, [200; 6]);
    assert_eq!(statuses(Rule::any().query("limit=1").play(down())).await, [503; 6]);
    let one = statuses(Rule::any().chance(500, 3).play(down())).await;
    assert_eq!(statuses(Rule::any().chance(500, 3).play(down())).await, one);
    assert!(one.contains(&200) && one.contains(&503), "{one:?}");
}

#[tokio::test]
async fn the_journal_tells_what_was_played() {
    let mocks = everywhere(3);
    mocks.faults.storm(Server::Okta, 5, 1000, vec![Fault::Throttle { retry_after: None }]);
    Client::okta(&mocks).get("/api/v1/users?limit=1").await;
    Client::entra(&mocks).await;
    let seen = mocks.requests();
    assert_eq!(
        (seen[0].status, seen[0].fault.as_deref(), seen[0].scheme.as_deref()),
        (429, Some("throttle"), Some("SSWS"))
    );
    assert_eq!((seen[0].path.as_str(), seen[0].query.as_str()), ("/api/v1/users", "limit=1"));
    assert!(seen[1].body.is_empty(), "a token request's body is a secret");
    assert_eq!((mocks.throttled(Server::Okta), mocks.count(Server::Entra, "POST", "/token")), (1, 1));
    mocks.forget_requests();
    assert!(mocks.requests().is_empty());
}

#[tokio::test]
async fn what_happens_in_hand_is_counted() {
    let mocks = everywhere(3);
    mocks.faults.push(Rule::any().play(Fault::Slow(Duration::from_millis(50))));
    let okta = Client::okta(&mocks);
    let (a, b, c) = tokio::join!(okta.get("/api/v1/users"), okta.get("/api/v1/users"), okta.get("/api/v1/users"));
    assert_eq!([a.status, b.status, c.status], [200; 3]);
    assert_eq!(mocks.most_at_once(Server::Okta), 3);
}
