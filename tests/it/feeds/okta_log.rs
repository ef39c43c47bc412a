//! Okta's System Log beside the list of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use seatwarden::directory::{Coverage, GapKind};
use serde_json::{Value, json};

use super::script::{Answer, Asked, BASE, Kind, LOG, Script, Stage, okta_page, okta_user};

fn event(kind: &str, result: &str, id: &str) -> Value {
    json!({
        "eventType": kind, "outcome": { "result": result },
        "target": [{ "id": "00g0001", "type": "UserGroup" }, { "id": id, "type": "User" }]
    })
}

/// What the log answers: some events once, then nothing. Every answer has a link to go on from.
fn log(events: &[Value], asked: &Asked) -> Answer {
    let (rows, place) = match asked.get("after") {
        None => (Value::from(events.to_vec()), "1"),
        Some("1") => (json!([]), "2"),
        Some(_) => (json!([]), "3"),
    };
    Answer::json(200, &rows).with("link", format!("<{BASE}{LOG}?after={place}>; rel=\"next\""))
}

fn gone() -> Answer {
    Answer::json(404, &json!({ "errorCode": "E0000007", "errorSummary": "Not found", "errorCauses": [] }))
}

fn paths(script: &Script, from: usize) -> Vec<String> {
    script.asked().iter().skip(from).map(|asked| asked.path().to_owned()).collect()
}

#[test]
fn a_whole_walk_leaves_the_log_alone_and_a_quiet_look_takes_two_calls() {
    let script = Script::with_log(|_, asked| {
        Some(if asked.path() == LOG { log(&[], asked) } else { okta_page(&[okta_user(1, "ACTIVE")], 9, asked) })
    });
    let stage = Stage::new(Kind::Okta, Arc::clone(&script));
    let whole = stage.whole().cursor().to_owned();
    assert_eq!(paths(&script, 0), ["/api/v1/users"]);
    let first = stage.changes(&whole).cursor().to_owned();
    assert_eq!(paths(&script, 1), [LOG, "/api/v1/users"]);
    let asked = script.asked()[1].clone();
    assert_eq!(asked.get("since"), Some("2026-11-22T09:55:00.000Z"), "what came before is in the walk");
    assert_eq!((asked.get("sortOrder"), asked.get("until")), (Some("ASCENDING"), None), "by time of writing");
    assert!(asked.get("filter").unwrap().contains("system.import.user.update"), "imports are told to no hook");
    stage.changes(&first);
    assert_eq!(paths(&script, 3), [LOG, "/api/v1/users"]);
    assert_eq!(script.asked()[3].get("after"), Some("1"), "from where the last look ended");
}

#[test]
fn whom_the_list_does_not_show_is_read_by_id() {
    let events = [
        event("user.account.update_profile", "SUCCESS", "00u0001"),
        event("user.lifecycle.delete.completed", "SUCCESS", "00u0002"),
        event("system.import.user.update", "SUCCESS", "00u0003"),
        event("user.lifecycle.deactivate", "FAILURE", "00u0004"),
        event("user.session.start", "SUCCESS", "00u0005"),
        json!({ "eventType": 7 }),
    ];
    let script = Script::with_log(move |_, asked| {
        Some(match asked.path() {
            LOG => log(&events, asked),
            "/api/v1/users" => okta_page(&[okta_user(1, "ACTIVE")], 9, asked),
            "/api/v1/users/00u0002" => gone(),
            "/api/v1/users/00u0003" => Answer::json(200, &okta_user(3, "DEPROVISIONED")),
            path => panic!("{path}"),
        })
    });
    let stage = Stage::new(Kind::Okta, Arc::clone(&script));
    let cursor = stage.whole().cursor().to_owned();
    let changes = stage.changes(&cursor);
    assert_eq!((&changes.reading.coverage, changes.reading.accounts), (&Coverage::Changes, 2));
    let removed: Vec<&str> =
        changes.pages.iter().flat_map(|page| &page.removed).map(|removed| removed.id.as_str()).collect();
    assert_eq!(removed, ["00u0002"]);
    assert_eq!(changes.ids(), ["00u0001", "00u0003"]);
}

#[test]
fn who_was_named_and_cannot_be_read_keeps_the_place_in_the_log() {
    let healthy = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&healthy);
    let script = Script::with_log(move |_, asked| {
        Some(match asked.path() {
            LOG => log(&[event("user.lifecycle.delete.completed", "SUCCESS", "00u0002")], asked),
            "/api/v1/users" => okta_page(&[okta_user(1, "ACTIVE")], 9, asked),
            _ if answers.load(Ordering::Relaxed) => gone(),
            _ => Answer::raw(404, "text/html", "a proxy"),
        })
    });
    let stage = Stage::new(Kind::Okta, script);
    let cursor = stage.whole().cursor().to_owned();
    stage.changes(&cursor).assert_gap(GapKind::Invalid, "GET /api/v1/users/{id}", "without Okta's error code");
    healthy.store(true, Ordering::Relaxed);
    let changes = stage.changes(&cursor);
    assert_eq!(changes.reading.coverage, Coverage::Changes);
    assert_eq!(changes.pages.iter().map(|page| page.removed.len()).sum::<usize>(), 1, "named again, and read");
}

#[test]
fn without_the_right_to_the_log_the_list_stands_alone_and_the_reason_is_told() {
    let script = Script::with_log(|_, asked| {
        Some(if asked.path() == LOG {
            Answer::json(403, &json!({ "errorCode": "E0000006", "errorSummary": "no", "errorCauses": [] }))
        } else {
            okta_page(&[okta_user(1, "ACTIVE")], 9, asked)
        })
    });
    let stage = Stage::new(Kind::Okta, Arc::clone(&script));
    let cursor = stage.whole().cursor().to_owned();
    assert_eq!(stage.degraded(), None);
    let changes = stage.changes(&cursor);
    assert_eq!((&changes.reading.coverage, changes.reading.accounts), (&Coverage::Changes, 1));
    let told = stage.degraded().unwrap();
    assert!(told.starts_with("GET /api/v1/logs: answered 403 E0000006") && told.contains("okta.logs.read"), "{told}");
    let before = script.asked().len();
    stage.changes(changes.cursor());
    assert_eq!(paths(&script, before), ["/api/v1/users"], "a refusal is not asked for again at once");
}

#[test]
fn a_place_that_okta_forgot_is_found_again_by_time() {
    let script = Script::with_log(|_, asked| {
        Some(match (asked.path(), asked.get("after")) {
            (LOG, Some("1")) => Answer::json(400, &json!({ "errorCode": "E0000001" })),
            (LOG, _) => log(&[], asked),
            _ => okta_page(&[okta_user(1, "ACTIVE")], 9, asked),
        })
    });
    let stage = Stage::new(Kind::Okta, Arc::clone(&script));
    let whole = stage.whole().cursor().to_owned();
    let cursor = stage.changes(&whole).cursor().to_owned();
    let before = script.asked().len();
    let changes = stage.changes(&cursor);
    assert_eq!(changes.reading.coverage, Coverage::Changes);
    assert_eq!(stage.degraded(), None);
    assert_eq!(paths(&script, before), [LOG, LOG, "/api/v1/users"]);
    assert_eq!(script.asked()[before + 1].get("since"), Some("2026-11-22T09:55:00.000Z"));
}

#[test]
fn a_log_that_says_nonsense_changes_nothing() {
    for answer in [
        Answer::json(200, &json!({ "errorCode": "E0000001" })),
        Answer::json(200, &json!([])),
        Answer::json(200, &json!([])).with("link", "<https://evil.example/api/v1/logs?after=1>; rel=\"next\""),
        Answer::raw(200, "text/html", "<p>sign in</p>"),
        Answer::json(400, &json!({ "errorCode": "E0000053" })),
    ] {
        let script = Script::with_log(move |_, asked| {
            Some(if asked.path() == LOG { answer.clone() } else { okta_page(&[okta_user(1, "ACTIVE")], 9, asked) })
        });
        let stage = Stage::new(Kind::Okta, script);
        let cursor = stage.whole().cursor().to_owned();
        let changes = stage.changes(&cursor);
        assert_eq!((&changes.reading.coverage, changes.reading.accounts), (&Coverage::Changes, 1));
        assert!(stage.degraded().unwrap().starts_with("GET /api/v1/logs: "));
    }
}
