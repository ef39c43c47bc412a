//! Every kind of answer: who tries again, when, and how it ends.

use std::time::Duration;

use http::Method;
use seatwarden::ambient::Clock;
use seatwarden::config::Auth;
use seatwarden::outbound::{Call, CallError, Place, TransportError};

use super::world::{Answer, World, answer, bearer, get, http_date, secret, world};

fn ok() -> Answer {
    answer(200, &[], "{}")
}

fn spent(world: &World) -> Duration {
    world.clock.now().since(world.start)
}

#[tokio::test]
async fn trouble_of_the_other_side_is_tried_again() {
    let world = world(bearer(), 60, |number, _| match number {
        1 => Err(TransportError::Connection("reset by peer".into())),
        2 => Err(TransportError::TimedOut(Duration::from_secs(30))),
        3 => answer(500, &[], r#"{"errorCode":"E0000009"}"#),
        4 => answer(502, &[("content-type", "text/html")], "<html>"),
        _ => answer(200, &[("content-type", "text/plain")], "as it came"),
    });
    let reply = world.client.send(get("/Users")).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (200, &b"as it came"[..]));
    assert_eq!(reply.headers["content-type"], "text/plain", "a wrong content type is the caller's to judge");
    assert_eq!(world.script.calls(), 5);
    assert!(spent(&world) > Duration::from_millis(200) && spent(&world) <= Duration::from_secs(15));
}

#[tokio::test]
async fn eight_tries_are_enough() {
    let world = world(bearer(), 100_000, |_, _| answer(503, &[], ""));
    let error = world.client.send(get("/Users")).await.unwrap_err();
    assert_eq!(error, CallError::Unreachable { label: "GET users".into(), why: "answered 503".into(), until: None });
    assert_eq!(world.script.calls(), 8);
}

#[tokio::test]
async fn patience_ends_a_call_and_says_when_to_come_back() {
    let patient = world(bearer(), 60, |number, _| match number {
        1 => answer(503, &[("retry-after", "59")], ""),
        _ => ok(),
    });
    patient.client.send(get("/Users")).await.unwrap();
    assert!(spent(&patient) >= Duration::from_secs(59) && spent(&patient) < Duration::from_secs(61));

    let world = world(bearer(), 60, |_, _| answer(503, &[("retry-after", "3600")], ""));
    let error = world.client.send(get("/Users")).await.unwrap_err();
    let CallError::Unreachable { until: Some(until), .. } = error else { panic!("{error:?}") };
    assert_eq!(until.since(world.start), Duration::from_hours(1));
    assert_eq!(world.script.calls(), 1);
    // The next call does not knock before that.
    assert!(matches!(world.client.send(get("/Users")).await, Err(CallError::Unreachable { until: Some(_), .. })));
    assert_eq!(world.script.calls(), 1);
}

#[tokio::test]
async fn an_okta_reset_is_judged_on_the_servers_clock() {
    for ahead_s in [-900_i64, 0, 900] {
        let world = world(bearer(), 60, move |number, _| {
            let there = |seconds: i64| super::world::start().millis() + (ahead_s + seconds) * 1000;
            let at = |seconds| seatwarden::model::Time::from_millis(there(seconds));
            if number > 1 {
                return ok();
            }
            let reset = at(40).millis() / 1000;
            answer(
                429,
                &[
                    ("date", &http_date(at(0))),
                    ("x-rate-limit-limit", "600"),
                    ("x-rate-limit-remaining", "0"),
                    ("x-rate-limit-reset", &reset.to_string()),
                ],
                r#"{"errorCode":"E0000047"}"#,
            )
        });
        world.client.send(get("/Users")).await.unwrap();
        let waited = spent(&world);
        assert!(waited >= Duration::from_secs(39) && waited <= Duration::from_secs(42), "{ahead_s}: {waited:?}");
        assert_eq!(world.client.budget().throttled, 1);
    }
}

#[tokio::test]
async fn too_many_at_once_is_a_short_wait() {
    let world = world(bearer(), 60, |number, _| match number {
        1..=3 => answer(
            429,
            &[("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "9999999999")],
            "",
        ),
        _ => ok(),
    });
    world.client.send(get("/Users")).await.unwrap();
    let waited = spent(&world);
    assert!(waited >= Duration::from_secs(3) && waited <= Duration::from_secs(18), "{waited:?}");
    assert_eq!(world.client.budget().limit, None, "0 tells nothing about the bucket");
}

#[tokio::test]
async fn throttled_without_a_word_backs_off_and_slows_down() {
    let world = world(bearer(), 60, |number, _| if number <= 2 { answer(429, &[], "<html>") } else { ok() });
    world.client.send(get("/Users")).await.unwrap();
    assert!(spent(&world) >= Duration::from_secs(1));
    let before = world.clock.now();
    for _ in 0..40 {
        world.client.send(get("/Users")).await.unwrap();
    }
    // 20 a second would take 2 s.
    assert!(world.clock.now().since(before) > Duration::from_secs(3));
}

#[tokio::test]
async fn one_callers_429_holds_the_others_of_its_class_only() {
    let world =
        world(bearer(), 60, |number, _| if number == 1 { answer(429, &[("retry-after", "20")], "") } else { ok() });
    let logs = || Call { class: "logs", label: "GET logs".into(), ..get("/logs") };
    let (first, (), ()) = tokio::join!(
        world.client.send(get("/Users")),
        async {
            while world.script.calls() == 0 {
                tokio::task::yield_now().await;
            }
            world.client.send(logs()).await.unwrap();
        },
        async {
            while world.client.budget().throttled == 0 {
                tokio::task::yield_now().await;
            }
            world.client.send(get("/Users")).await.unwrap();
        }
    );
    first.unwrap();
    for call in world.script.seen().iter().skip(1).filter(|call| call.uri.ends_with("/Users")) {
        assert!(call.at.since(world.start) >= Duration::from_secs(20));
    }
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_not_tried_again_unless_it_was_rotated() {
    let refused = |_: usize, _: &http::Request<bytes::Bytes>| answer(401, &[], r#"{"errorCode":"E0000011"}"#);
    let same = world(bearer(), 60, refused);
    let error = same.client.send(get("/Users")).await.unwrap_err();
    let CallError::Refused { why, .. } = &error else { panic!("{error:?}") };
    assert!(why.contains("401 E0000011") && why.contains("check the credentials"), "{why}");
    assert_eq!(same.script.calls(), 1);

    let (file, token) = secret("old");
    let path = file.path().to_owned();
    let rotated = world(Auth::Ssws { token }, 60, move |_, request| {
        if request.headers()["authorization"] == "SSWS new" {
            return ok();
        }
        std::fs::write(&path, "new\n").unwrap();
        answer(401, &[], "")
    });
    rotated.client.send(get("/Users")).await.unwrap();
    assert_eq!(rotated.script.calls(), 2);
}

#[tokio::test]
async fn forbidden_and_wrong_calls_are_told_at_once() {
    let world = world(bearer(), 60, |_, request| match request.uri().path() {
        "/scim/v2/forbidden" => answer(403, &[], r#"{"error":{"code":"Authorization_RequestDenied","message":"x"}}"#),
        "/scim/v2/moved" => answer(301, &[("location", "https://evil.example/")], ""),
        "/scim/v2/bad" => {
            answer(400, &[], r#"{"scimType":"invalidFilter","detail":"no such attribute as 'ann@acme.example'"}"#)
        }
        _ => answer(404, &[], r#"{"errorCode":"E0000007","errorSummary":"Not found: ann@acme.example (User)"}"#),
    });
    let why = |error: CallError| match error {
        CallError::Refused { why, .. } => format!("refused: {why}"),
        CallError::Unexpected { status, why, .. } => format!("unexpected {status}: {why}"),
        CallError::Unreachable { why, .. } => format!("unreachable: {why}"),
    };
    let send = async |path| why(world.client.send(get(path)).await.unwrap_err());
    assert!(send("/forbidden").await.starts_with("refused: answered 403 Authorization_RequestDenied"));
    assert!(send("/moved").await.contains("unexpected 301: answered 301: redirects are not followed"));
    assert_eq!(send("/bad").await, "unexpected 400: answered 400 invalidFilter (no such attribute as …)");
    assert_eq!(send("/Users/1").await, "unexpected 404: answered 404 E0000007 (not found)");
    assert_eq!(world.script.calls(), 4);
    let expected = world.client.send(Call { expects: &[404], ..get("/Users/1") }).await.unwrap();
    assert_eq!(expected.status, 404);
}

#[tokio::test]
async fn what_cannot_get_better_is_not_tried_again() {
    for (error, expected) in [
        (TransportError::TooLarge(10), "the answer is larger than 10 bytes"),
        (TransportError::Untrusted("certificate expired".into()), "certificate expired"),
        (TransportError::Forbidden("only loopback".into()), "only loopback"),
    ] {
        let world = world(bearer(), 60, move |_, _| Err(error.clone()));
        let said = world.client.send(get("/Users")).await.unwrap_err().to_string();
        assert_eq!(said, format!("GET users: {expected}"));
        assert_eq!(world.script.calls(), 1);
    }
}

#[tokio::test]
async fn a_hostile_link_is_never_called() {
    let world = world(bearer(), 60, |_, _| ok());
    for link in [
        "https://evil.example/scim/v2/Users?after=1",
        "https://acme.okta.example:8443/scim/v2/Users",
        "http://acme.okta.example/scim/v2/Users",
        "https://sesame@acme.okta.example/scim/v2/Users",
        "https://acme.okta.example@evil.example/",
    ] {
        let call = Call { place: Place::Link(link.parse().unwrap()), ..get("") };
        let error = world.client.send(call).await.unwrap_err();
        let CallError::Unexpected { status: 0, why, .. } = &error else { panic!("{error:?}") };
        assert!(why.starts_with("the link leaves https://acme.okta.example"), "{why}");
    }
    assert_eq!(world.script.calls(), 0);
    let good = "https://acme.okta.example/other/path?after=00u".parse().unwrap();
    world.client.send(Call { place: Place::Link(good), ..get("") }).await.unwrap();
    assert_eq!(world.script.seen()[0].uri, "https://acme.okta.example/other/path?after=00u");
}

#[tokio::test]
async fn bodies_and_headers_go_out_as_written() {
    let world = world(bearer(), 60, |_, _| ok());
    let mut call = Call {
        method: Method::PATCH,
        body: Some(serde_json::json!({"Operations": []})),
        place: Place::Path("/Groups/g1".into(), vec![("excludedAttributes".into(), "members".into())]),
        ..get("")
    };
    call.headers.insert("content-type", "application/scim+json".parse().unwrap());
    world.client.send(call).await.unwrap();
    world.client.send(Call { method: Method::POST, ..get("/Users/1/lifecycle") }).await.unwrap();
    let seen = world.script.seen();
    assert_eq!(seen[0].uri, "https://acme.okta.example/scim/v2/Groups/g1?excludedAttributes=members");
    assert_eq!(seen[0].body, r#"{"Operations":[]}"#);
    assert_eq!(
        (seen[0].header("content-type"), seen[0].header("accept")),
        ("application/scim+json", "application/json")
    );
    assert_eq!(seen[0].headers.get_all("content-type").iter().count(), 1);
    assert_eq!((seen[1].method.as_str(), seen[1].header("content-length")), ("POST", "0"));
}
