//! What the vendors call out: event hooks and change notifications.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use seatwarden_mocks::{Company, MockServer, Mocks};
use serde_json::{Value, json};

use crate::client::Client;

/// A receiver that keeps what it got and answers `status`; it echoes validation tokens.
async fn receiver(status: u16) -> (MockServer, Arc<Mutex<Vec<String>>>) {
    let got: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = got.clone();
    let router = Router::new().fallback(move |request: Request| {
        let kept = kept.clone();
        async move {
            let (head, body) = request.into_parts();
            if let Some(token) = head.uri.query().and_then(|query| query.strip_prefix("validationToken=")) {
                let token = form_urlencoded::parse(format!("t={token}").as_bytes()).next().unwrap().1.into_owned();
                return http::Response::builder().header("content-type", "text/plain").body(token).unwrap();
            }
            if let Some(challenge) = head.headers.get("x-okta-verification-challenge") {
                let echo = json!({"verification": challenge.to_str().unwrap()});
                return http::Response::new(echo.to_string());
            }
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            kept.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
            http::Response::builder().status(status).body(String::new()).unwrap()
        }
    });
    (MockServer::start(router).await.unwrap(), got)
}

#[tokio::test]
async fn okta_tries_twice_after_a_5xx_and_once_after_a_4xx_and_logs_what_was_lost() {
    for (status, tries) in [(200, 1), (503, 2), (401, 1)] {
        let mocks = Mocks::new(Company::generate(7, 20));
        let (server, got) = receiver(status).await;
        assert_eq!(mocks.hook_okta(&server.url(), "secret").await.unwrap(), 200);
        let person = mocks.with(|state| {
            let person =
                state.world.people().iter().find(|person| state.world.okta_id(person.id).is_some()).unwrap().id;
            state.world.leave(person);
            state.world.okta_id(person).unwrap()
        });
        let sent = mocks.send_okta_events().await;
        assert_eq!(sent.statuses, vec![status; tries]);
        let body: Value = serde_json::from_str(&got.lock().unwrap()[0]).unwrap();
        assert_eq!(body["data"]["events"][0]["eventType"], "user.lifecycle.deactivate");
        assert_eq!(body["data"]["events"][0]["target"][0]["id"], *person);
        assert_eq!(mocks.send_okta_events().await.statuses, Vec::<u16>::new(), "once");
        let log = Client::okta(&mocks)
            .get("/api/v1/logs?sortOrder=ASCENDING&filter=eventType%20eq%20%22event_hook.delivery%22")
            .await;
        assert_eq!(log.rows().len(), usize::from(status != 200));
        let next = Client::okta(&mocks).get(&log.next().unwrap()).await;
        assert!(next.rows().is_empty() && next.next().is_some());
    }
}

#[tokio::test]
async fn graph_asks_before_it_subscribes_and_repeats_what_was_not_taken() {
    let mocks = Mocks::new(Company::generate(7, 20));
    let graph = Client::entra(&mocks).await;
    let (server, got) = receiver(202).await;
    let wish = |url: &str, minutes: i64| {
        let until =
            mocks.with(|state| state.world.now).saturating_add(jiff::SignedDuration::from_mins(minutes)).unwrap();
        json!({"changeType": "updated,deleted", "resource": "/users", "notificationUrl": url, "clientState": "s",
            "expirationDateTime": until.to_string()})
    };
    assert_eq!(graph.write("POST", "/v1.0/subscriptions", &wish("http://127.0.0.1:9/x", 60)).await.status, 400);
    assert_eq!(
        graph.write("POST", "/v1.0/subscriptions", &wish(&format!("{}/n", server.url()), 41_761)).await.status,
        400
    );
    let made = graph.write("POST", "/v1.0/subscriptions", &wish(&format!("{}/n", server.url()), 60)).await;
    assert_eq!((made.status, &made.json["clientState"]), (201, &Value::Null), "{}", made.text);
    let id = made.json["id"].as_str().unwrap().to_owned();
    mocks.with(|state| {
        let person = state.world.people().iter().find(|person| state.world.entra_id(person.id).is_some()).unwrap().id;
        state.world.leave(person);
    });
    assert_eq!(mocks.send_graph_notifications().await, [202]);
    let body: Value = serde_json::from_str(&got.lock().unwrap()[0]).unwrap();
    assert_eq!((&body["value"][0]["clientState"], &body["value"][0]["changeType"]), (&json!("s"), &json!("updated")));
    assert!(mocks.send_graph_notifications().await.is_empty());
    mocks.advance(jiff::SignedDuration::from_hours(2));
    let graph = Client::entra(&mocks).await;
    assert_eq!(graph.get(&format!("/v1.0/subscriptions/{id}")).await.status, 404, "it ended by itself");
}
