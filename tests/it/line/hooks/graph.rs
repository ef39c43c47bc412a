//! Change notifications of Microsoft Graph, and the subscriptions behind them.

use std::sync::Arc;
use std::time::Duration;

use seatwarden::inbound::public::Limits;
use seatwarden::store::Overlay;
use seatwarden_mocks::{Fault, Hire, Homes, Rule, Server, World, entra};
use serde_json::{Value, json};

use super::super::company::{GENEROUS, Setup, run};
use super::world::{Called, SECRET};

async fn called() -> Called {
    let mut world = World::empty(3);
    for (number, name) in ["ann", "ben", "cem"].iter().enumerate() {
        let hire = Hire::new(&format!("{name}@acme.example")).number(&format!("{:05}", number + 1));
        world.hire(hire.job("SD-12").homes(Homes::ENTRA));
    }
    let more = format!(
        "{GENEROUS}[feed.entra.hook]\npublic_url = \"http://ADDRESS\"\nclient_state = {{ file = \"hook.secret\" }}\n"
    );
    let setup = Setup { more, feeds: vec![Server::Entra], ..Setup::default() };
    Called::on(world, setup, Limits::default(), Arc::new(Overlay::empty())).await
}

async fn subscribe(called: &Called) {
    called.company.warden().keep_subscriptions().await;
}

fn subscribed(called: &Called) -> Vec<entra::Subscription> {
    called.company.mocks.with(|state| state.entra.subscribed.clone())
}

#[test]
fn a_subscription_is_made_and_a_leaver_comes_through_it() {
    run(async {
        let called = called().await;
        called.company.full().await;
        assert_eq!(called.company.at_desk("lic-fulfiller").len(), 3);
        subscribe(&called).await;
        let made = subscribed(&called);
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].notification_url, called.url("entra"));
        assert_eq!(made[0].lifecycle_url, Some(format!("{}/lifecycle", called.url("entra"))));
        assert_eq!(made[0].client_state.as_deref(), Some(SECRET));
        called.look().await;
        assert_eq!(called.on_disk(), 0, "what was missed before it was made");
        called.leave("ben");
        assert_eq!(called.company.mocks.send_graph_notifications().await, [202]);
        assert_eq!(called.on_disk(), 1);
        assert_eq!(called.look().await.applied.revoked, 1);
        assert_eq!(called.company.revoked(), ["ben@acme.example"]);
        let status = called.company.status().await;
        assert_eq!(status.hooks.feeds[0].subscription.as_ref().unwrap().state, "active");
        assert_eq!(called.company.mocks.send_graph_notifications().await, Vec::<u16>::new());
        called.company.assert_sound();
    });
}

#[test]
fn a_subscription_is_renewed_at_half_life_and_made_again_when_it_is_gone() {
    run(async {
        let mut called = called().await;
        called.company.full().await;
        subscribe(&called).await;
        let first = subscribed(&called).pop().unwrap();
        let day = Duration::from_hours(24);
        let mocks = called.company.mocks.clone();
        for _ in 0..60 {
            called.company.advance(day);
            subscribe(&called).await;
            let now = mocks.with(|state| state.world.now);
            let left = subscribed(&called)[0].expires.duration_since(now).as_hours();
            assert!((13 * 24..29 * 24).contains(&left), "{left} hours are left");
        }
        assert_eq!(subscribed(&called)[0].id, first.id, "renewed, not made again");
        assert_eq!(mocks.count(Server::Entra, "POST", "/v1.0/subscriptions"), 1);
        let renewals = mocks.count(Server::Entra, "PATCH", "/v1.0/subscriptions");
        assert!((3..=6).contains(&renewals), "{renewals} renewals in sixty days");
        // Graph tells nobody that it is gone.
        mocks.with(|state| state.entra.subscribed.clear());
        called.company.advance(day);
        subscribe(&called).await;
        let second = subscribed(&called).pop().unwrap();
        assert_ne!(second.id, first.id);
        assert_eq!(called.on_disk(), 1, "what was missed meanwhile");
        // A restart keeps it; a lost note and a new client state make it anew, and leave nothing behind.
        called.restart().await;
        subscribe(&called).await;
        assert_eq!(subscribed(&called).len(), 1);
        assert_eq!(subscribed(&called)[0].id, second.id);
        std::fs::write(called.company.folder.path().join("hook.secret"), "another secret").unwrap();
        called.company.advance(day);
        subscribe(&called).await;
        let third = subscribed(&called);
        assert_eq!((third.len(), third[0].client_state.as_deref()), (1, Some("another secret")));
    });
}

#[test]
fn the_lifecycle_is_followed() {
    run(async {
        let called = called().await;
        called.company.full().await;
        subscribe(&called).await;
        called.look().await;
        let mocks = called.company.mocks.clone();
        let first = subscribed(&called).pop().unwrap();
        called.company.advance(Duration::from_mins(10));
        assert_eq!(mocks.send_graph_lifecycle("reauthorizationRequired").await, [202]);
        subscribe(&called).await;
        assert!(subscribed(&called)[0].expires > first.expires, "renewed at once");
        assert_eq!(called.on_disk(), 1, "a pause loses events");
        called.look().await;
        assert_eq!(mocks.send_graph_lifecycle("missed").await, [202]);
        assert_eq!(called.on_disk(), 1);
        called.look().await;
        assert_eq!(mocks.send_graph_lifecycle("subscriptionRemoved").await, [202]);
        subscribe(&called).await;
        assert_ne!(subscribed(&called)[0].id, first.id);
        assert_eq!(subscribed(&called).len(), 1);
        assert_eq!(mocks.send_graph_lifecycle("somethingElse").await, [202]);
    });
}

#[test]
fn failures_are_shown_and_tried_again() {
    run(async {
        let called = called().await;
        called.company.mocks.with(|state| state.entra.permissions.clear());
        subscribe(&called).await;
        let status = called.company.status().await;
        let subscription = status.hooks.feeds[0].subscription.clone().unwrap();
        assert_eq!(subscription.state, "failing");
        assert!(subscription.error.unwrap().contains("/v1.0/subscriptions"));
        called.company.mocks.with(|state| state.entra.permissions.push("User.Read.All".into()));
        subscribe(&called).await;
        assert!(subscribed(&called).is_empty(), "not at once");
        called.company.advance(Duration::from_mins(2));
        // Carried out, but the answer is lost: what is left over is found by its URL.
        called
            .company
            .mocks
            .faults
            .push(Rule::on(Server::Entra).path("/v1.0/subscriptions").method("POST").times(1).play(Fault::LoseAnswer));
        subscribe(&called).await;
        called.company.advance(Duration::from_mins(5));
        subscribe(&called).await;
        assert_eq!(subscribed(&called).len(), 1);
    });
}

#[test]
fn items_prove_themselves_one_by_one() {
    run(async {
        let called = called().await;
        called.company.full().await;
        let item = |state: &str, tenant: &str, id: &str| {
            json!({"subscriptionId": "s", "clientState": state, "changeType": "updated", "tenantId": tenant,
                "resource": format!("Users/{id}"), "resourceData": {"id": id}})
        };
        let send = async |items: Vec<Value>| {
            called.post("/hooks/entra", &[], json!({"value": items}).to_string()).await.status.as_u16()
        };
        let tenant = entra::TENANT_ID;
        let mixed = vec![
            item("wrong", tenant, "id-1"),
            item(SECRET, "00000000-0000-0000-0000-000000000000", "id-2"),
            item(SECRET, tenant, "id-3"),
            json!({"resource": "Users/id-4"}),
            json!(17),
            json!({"clientState": SECRET, "resource": "Groups/g1", "changeType": "updated"}),
        ];
        assert_eq!(send(mixed).await, 202, "a wrong item is dropped, the answer stays");
        let hints = called.company.store.hints().unwrap();
        let spots: Vec<_> = hints.values().map(|hint| hint.account.clone()).collect();
        assert_eq!(spots, [None, Some("id-3".to_owned())]);
        called.look().await;
        assert_eq!(send(vec![item("wrong", tenant, "id-1")]).await, 202);
        assert_eq!(called.on_disk(), 0);
        for nonsense in ["", "[]", "{\"value\":{}}", "{\"value\":[1]}"] {
            assert_eq!(called.post("/hooks/entra", &[], nonsense).await.status, 400, "{nonsense}");
        }
    });
}

#[test]
fn the_handshake_echoes_text_and_no_more() {
    run(async {
        let called = called().await;
        for path in ["/hooks/entra", "/hooks/entra/lifecycle"] {
            let answer = called
                .post(&format!("{path}?validationToken=a%3Cb%3E%20%26c%2B"), &[("content-type", "text/plain")], "")
                .await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, "a<b> &c+");
            assert_eq!(answer.headers["content-type"], "text/plain");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
            let long = format!("{path}?validationToken={}", "a".repeat(3_000));
            assert_eq!(called.post(&long, &[], "").await.status, 400);
        }
        assert_eq!(called.post("/hooks/entra", &[("content-type", "text/plain")], "x").await.status, 400);
    });
}
