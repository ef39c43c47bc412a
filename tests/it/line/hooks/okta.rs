//! Okta's event hooks.

use http::Method;
use seatwarden_mocks::post::send;
use seatwarden_mocks::{Fault, Hire, Rule, Server};

use super::super::company::run;
use super::world::{Called, SECRET, analysts, delivery, okta_hook};

#[test]
fn a_leaver_loses_the_seat_without_waiting_for_a_timer() {
    run(async {
        let called = Called::new(analysts(&["ann", "ben", "cem"]), okta_hook()).await;
        called.company.full().await;
        assert_eq!(called.company.at_desk("lic-fulfiller").len(), 3);
        assert_eq!(called.company.mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap(), 200);
        called.leave("ben");
        called.company.mocks.forget_requests();
        let sent = called.company.mocks.send_okta_events().await;
        assert_eq!((sent.statuses.as_slice(), sent.lost), ([200].as_slice(), 0));
        assert_eq!(called.on_disk(), 1, "on disk before it was answered");
        assert_eq!(called.company.at_desk("lic-fulfiller").len(), 3, "a hook alone changes nothing");
        let outcome = called.look().await;
        assert_eq!((outcome.view.scope.as_str(), outcome.applied.revoked), ("hinted", 1));
        assert_eq!(called.company.revoked(), ["ben@acme.example"]);
        assert_eq!(called.company.at_desk("lic-fulfiller"), ["ann@acme.example", "cem@acme.example"]);
        assert_eq!(called.on_disk(), 0, "looked at");
        let mocks = &called.company.mocks;
        assert_eq!(mocks.count(Server::Okta, "GET", "/api/v1/users/"), 1, "only ben was read");
        let status = called.company.status().await;
        assert_eq!((status.hooks.measured, status.hooks.waiting), (1, 0));
        assert!(status.hooks.event_to_seat_p95_ms.is_some());
        called.company.assert_sound();
    });
}

#[test]
fn somebody_new_is_read_and_gets_a_seat() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        called.company.full().await;
        called.company.mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap();
        called.company.mocks.with(|state| {
            state.world.hire(Hire::new("zoe@acme.example").number("00099").job("SD-12").department("IT"))
        });
        called.company.mocks.send_okta_events().await;
        called.look().await;
        assert_eq!(called.company.at_desk("lic-fulfiller"), ["ann@acme.example", "zoe@acme.example"]);
    });
}

#[test]
fn an_event_is_never_believed() {
    run(async {
        let called = Called::new(analysts(&["ann", "ben"]), okta_hook()).await;
        called.company.full().await;
        let id = called.company.mocks.with(|state| {
            let ann = state.world.by_email("ann@acme.example").unwrap();
            state.world.okta_id(ann).unwrap()
        });
        assert_eq!(called.okta(delivery("user.lifecycle.deactivate", &[("e1", &id)])).await, 200);
        called.look().await;
        assert_eq!(called.company.revoked(), Vec::<String>::new(), "ann is there when read by id");
        // Nobody at all, and an id that can be none.
        let long = "x".repeat(600);
        for id in ["00uNobody", "../../../api/v1/logs", "..", long.as_str()] {
            assert_eq!(called.okta(delivery("user.lifecycle.deactivate", &[("e2", id)])).await, 200);
            called.look().await;
        }
        assert_eq!(called.company.revoked(), Vec::<String>::new());
        assert_eq!(called.on_disk(), 0);
    });
}

#[test]
fn only_the_secret_opens_the_door() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        let good = delivery("user.lifecycle.deactivate", &[("e1", "00u1")]);
        let longer = format!("{SECRET}x");
        for wrong in ["", "wrong", &SECRET[1..], &longer, &SECRET.to_uppercase()] {
            let answer = called.post("/hooks/okta", &[("authorization", wrong)], good.clone()).await;
            assert_eq!(answer.status, 401, "{wrong}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("random"), "the secret is never shown");
        }
        assert_eq!(called.post("/hooks/okta", &[], good.clone()).await.status, 401);
        assert_eq!(called.on_disk(), 0);
        assert_eq!(called.company.mocks.hook_okta(&called.url("okta"), "wrong").await.unwrap(), 401);
        assert_eq!(called.post("/hooks/nobody", &[("authorization", SECRET)], good.clone()).await.status, 404);
        assert_eq!(called.post("/hooks/okta/lifecycle", &[("authorization", SECRET)], good.clone()).await.status, 404);
        assert_eq!(called.okta(good).await, 200);
        std::fs::remove_file(called.company.folder.path().join("hook.secret")).unwrap();
        assert_eq!(called.okta("{}").await, 503, "our own trouble is never the sender's fault");
        assert_eq!(called.company.status().await.hooks.feeds[0].refused, 8);
    });
}

#[test]
fn the_challenge_is_echoed_and_nothing_else() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        let ask = async |headers: &[(&str, &str)]| {
            send(Method::GET, &called.url("okta"), headers, "", std::time::Duration::from_secs(5)).await.unwrap()
        };
        let hostile = "<script>alert(1)</script>";
        let answer = ask(&[("x-okta-verification-challenge", hostile)]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("x-request-id"));
        let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(said, serde_json::json!({"verification": hostile}));
        assert_eq!(ask(&[]).await.status, 400);
        assert_eq!(ask(&[("x-okta-verification-challenge", &"c".repeat(4_000))]).await.status, 400);
    });
}

#[test]
fn batches_repetitions_and_strange_events_are_taken_as_they_come() {
    run(async {
        let called = Called::new(analysts(&["ann", "ben"]), okta_hook()).await;
        called.company.full().await;
        let mixed = serde_json::json!({"data": {"events": [
            {"uuid": "1", "eventType": "user.authentication.sso", "target": [{"id": "00uA", "type": "User"}]},
            {"uuid": "2", "eventType": "policy.rule.update"},
            {"uuid": "3", "eventType": "user.lifecycle.deactivate", "outcome": {"result": "FAILURE"},
                "target": [{"id": "00uB", "type": "User"}]},
            {"uuid": "4", "eventType": "user.account.update_profile", "target": [{"id": "00uC", "type": "User"}]},
            {"uuid": "5", "eventType": "group.lifecycle.delete", "target": [{"id": "00g1", "type": "UserGroup"}]},
            {"uuid": "6"}, 7, null, {"uuid": "8", "eventType": "user.account.lock", "target": null},
        ]}});
        assert_eq!(called.okta(mixed.to_string()).await, 200);
        let hints: Vec<_> = called.company.store.hints().unwrap().into_values().collect();
        let spots: Vec<_> = hints.iter().map(|hint| (hint.account.as_deref(), hint.event.as_str())).collect();
        assert_eq!(spots, [(None, "5"), (Some("00uC"), "4")]);
        called.look().await;
        assert_eq!(called.okta(mixed.to_string()).await, 200);
        assert_eq!(called.on_disk(), 0, "the same events again are nothing new");
        for nonsense in [
            "",
            "null",
            "[]",
            "{}",
            "{\"data\":{}}",
            "{\"data\":{\"events\":7}}",
            "{\"data\":{\"events\":[7]}}",
            "\u{0}",
        ] {
            assert_eq!(called.okta(nonsense).await, 400, "{nonsense}");
        }
        assert_eq!(called.okta("{\"data\":{\"events\":[]}}").await, 200);
    });
}

#[test]
fn what_cannot_be_read_is_looked_at_again() {
    run(async {
        let called = Called::new(analysts(&["ann", "ben"]), okta_hook()).await;
        called.company.full().await;
        called.company.mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap();
        called.leave("ann");
        called
            .company
            .mocks
            .faults
            .push(Rule::on(Server::Okta).path("/api/v1/users/").times(1).play(Fault::Status(403, "{}".into())));
        called.company.mocks.send_okta_events().await;
        let outcome = called.look().await;
        assert_eq!(outcome.applied.revoked, 0);
        assert_eq!(called.on_disk(), 1, "kept");
        assert!(called.company.warden().take_hints().is_empty(), "not at once");
        called.company.advance(std::time::Duration::from_secs(6));
        assert_eq!(called.look().await.applied.revoked, 1);
        assert_eq!(called.on_disk(), 0);
    });
}

#[test]
fn deliveries_that_were_lost_and_people_whom_no_hook_tells_of_are_read_back() {
    run(async {
        let called = Called::new(analysts(&["ann", "ben", "cem"]), okta_hook()).await;
        called.company.full().await;
        let mocks = called.company.mocks.clone();
        mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap();
        called.company.warden().read_back().await;
        assert_eq!(called.on_disk(), 0);
        // Our trouble: Okta tries twice and gives up.
        let secret = called.company.folder.path().join("hook.secret");
        std::fs::remove_file(&secret).unwrap();
        called.leave("ann");
        let sent = mocks.send_okta_events().await;
        assert_eq!((sent.statuses.as_slice(), sent.lost), ([503, 503].as_slice(), 1));
        std::fs::write(&secret, SECRET).unwrap();
        called.company.warden().read_back().await;
        assert_eq!(called.on_disk(), 0, "not at once");
        called.company.advance(std::time::Duration::from_mins(6));
        called.company.warden().read_back().await;
        assert_eq!(called.on_disk(), 1);
        assert_eq!(called.look().await.applied.revoked, 1);
        // No hook carries a deletion, and no list shows who was deleted.
        mocks.with(|state| {
            let ben = state.world.by_email("ben@acme.example").unwrap();
            state.world.purge(ben);
        });
        assert_eq!(mocks.send_okta_events().await.statuses, Vec::<u16>::new());
        called.company.advance(std::time::Duration::from_mins(6));
        called.company.warden().read_back().await;
        assert_eq!(called.look().await.applied.revoked, 1);
        assert_eq!(called.company.at_desk("lic-fulfiller"), ["cem@acme.example"]);
        called.company.advance(std::time::Duration::from_mins(6));
        called.company.warden().read_back().await;
        assert_eq!(called.on_disk(), 0, "what was read is not read again");
    });
}

#[test]
fn without_the_right_to_the_log_the_hook_works_and_says_so() {
    run(async {
        let called = Called::new(analysts(&["ann"]), okta_hook()).await;
        called
            .company
            .mocks
            .faults
            .push(Rule::on(Server::Okta).path("/api/v1/logs").play(Fault::Status(403, "{}".into())));
        called.company.warden().read_back().await;
        let hook = called.company.status().await.hooks.feeds.remove(0);
        assert!(hook.read_back_error.unwrap().contains("/api/v1/logs"));
        called.company.advance(std::time::Duration::from_mins(30));
        called.company.warden().read_back().await;
        assert_eq!(called.company.mocks.count(Server::Okta, "GET", "/api/v1/logs"), 1, "refused once an hour");
    });
}
