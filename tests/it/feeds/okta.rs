//! Okta's list, its changes and its read by id.

use seatwarden::directory::{Coverage, GapKind};
use seatwarden::feed::{Presence, Scope};
use seatwarden::model::{Attribute, Status};
use serde_json::{Value, json};

use super::script::{Answer, Asked, Kind, Script, Stage, okta_page, okta_user, unknown};

const WORDS: [&str; 9] = [
    "ACTIVE",
    "DEPROVISIONED",
    "STAGED",
    "PROVISIONED",
    "LOCKED_OUT",
    "PASSWORD_EXPIRED",
    "RECOVERY",
    "SUSPENDED",
    "ACTIVATING",
];

fn everyone() -> Vec<Value> {
    WORDS.iter().enumerate().map(|(number, word)| okta_user(number, word)).collect()
}

/// As Okta does, a list without a filter leaves the deprovisioned out.
fn org(users: &[Value], asked: &Asked) -> Answer {
    let listed = asked.get("filter").is_some() || asked.get("after").is_some();
    let seen = |user: &&Value| listed || user["status"] != "DEPROVISIONED";
    let users: Vec<Value> = users.iter().filter(seen).cloned().collect();
    okta_page(&users, 2, asked)
}

#[test]
fn a_whole_walk_shows_everyone_once_whatever_their_status() {
    let script = Script::new(|_, asked| Some(org(&everyone(), asked)));
    let read = Stage::new(Kind::Okta, script.clone()).whole();
    assert_eq!(read.reading.coverage, Coverage::Whole);
    assert_eq!(read.reading.accounts, 9);
    assert_eq!(read.pages.len(), 5);
    let expected = [
        Status::Active,
        Status::Gone,
        Status::PreStart,
        Status::PreStart,
        Status::Active,
        Status::Active,
        Status::Active,
        Status::Suspended,
        Status::Unknown,
    ];
    for (number, status) in expected.into_iter().enumerate() {
        let account = read.last(&format!("00u{number:04}"));
        assert_eq!((account.status, account.raw_status.as_str()), (status, WORDS[number]));
    }
    let asked = script.asked();
    assert_eq!(asked[0].get("filter"), Some("lastUpdated ge \"1970-01-01T00:00:00.000Z\""));
    assert_eq!(asked[0].get("limit"), Some("200"));
    assert!(asked.iter().all(|asked| asked.get("search").is_none()), "search lags behind");
    let cheap = asked[4].headers.get("content-type").unwrap().to_str().unwrap();
    assert!(cheap.contains("omitCredentials,omitCredentialsLinks"), "{cheap}");
}

#[test]
fn attributes_come_from_their_paths_and_empty_ones_are_absent() {
    let mut user = okta_user(1, "ACTIVE");
    user["profile"]["jobCode"] = json!(["B2", "A1", "", null, 7, true, "A1"]);
    user["profile"]["department"] = json!("  ");
    let read = Stage::new(Kind::Okta, Script::new(move |_, asked| Some(okta_page(&[user.clone()], 2, asked)))).whole();
    let account = read.last("00u0001");
    let values = |attribute: &Attribute| account.attributes.get(attribute).cloned();
    assert_eq!(values(&Attribute::JobCode), Some(["7", "A1", "B2", "true"].map(str::to_owned).to_vec()));
    assert_eq!(values(&Attribute::Department), None);
    assert_eq!(values(&Attribute::Custom("type".into())), Some(vec!["oty1".to_owned()]));
    assert_eq!(account.user_name.as_deref(), Some("p1@acme.example"));
    assert_eq!(account.employee_number.as_deref(), Some("100001"));
    assert_eq!(account.display_name.as_deref(), Some("P 1"));
    assert_eq!(account.changed_at.unwrap().to_string(), "2026-11-20T08:00:00Z");
}

#[test]
fn a_status_that_is_on_its_way_is_still_the_old_one() {
    let mut user = okta_user(1, "ACTIVE");
    user["transitioningToStatus"] = json!("DEPROVISIONED");
    let read = Stage::new(Kind::Okta, Script::new(move |_, asked| Some(okta_page(&[user.clone()], 2, asked)))).whole();
    assert_eq!(read.last("00u0001").status, Status::Active);
}

#[test]
fn links_folded_into_one_header_are_followed() {
    let script = Script::new(|_, asked| {
        let answer = okta_page(&everyone(), 4, asked);
        let links: Vec<String> =
            answer.headers.iter().filter(|(name, _)| name == "link").map(|(_, link)| link.clone()).collect();
        Some(answer.without("link").with("link", links.join(", ")))
    });
    let read = Stage::new(Kind::Okta, script).whole();
    assert_eq!((read.reading.coverage, read.reading.accounts), (Coverage::Whole, 9));
}

#[test]
fn a_page_that_lost_its_links_does_not_pass_for_the_end() {
    let script = Script::new(|before, asked| {
        let answer = okta_page(&everyone(), 2, asked);
        Some(if before == 2 { answer.without("link") } else { answer })
    });
    let read = Stage::new(Kind::Okta, script).whole();
    read.assert_gap(GapKind::Drift, "GET /api/v1/users (page 3)", "links are missing");
    assert_eq!(read.reading.accounts, 6);
}

#[test]
fn an_account_on_two_pages_is_drift_and_the_walk_goes_on() {
    let mut users = everyone();
    users.insert(4, users[1].clone());
    let script = Script::new(move |_, asked| Some(okta_page(&users, 2, asked)));
    let read = Stage::new(Kind::Okta, script).whole();
    read.assert_gap(GapKind::Drift, "GET /api/v1/users (page 3)", "came twice");
    assert_eq!(read.reading.accounts, 9, "each is counted once");
    assert_eq!(read.ids().len(), 10, "all pages are shown");
}

#[test]
fn changes_are_asked_for_from_five_minutes_before_the_last_walk_began() {
    let script = Script::new(|_, asked| {
        Some(okta_page(&everyone(), 4, asked).without("date").with(
            "date",
            match asked.get("after") {
                None => "Sun, 22 Nov 2026 09:58:20 GMT",
                Some(_) => "Sun, 22 Nov 2026 09:59:50 GMT",
            },
        ))
    });
    let stage = Stage::new(Kind::Okta, script.clone());
    let cursor = stage.whole().cursor().to_owned();
    let changes = stage.changes(&cursor);
    assert_eq!(changes.reading.coverage, Coverage::Changes, "deletions cannot be seen this way");
    assert_eq!(changes.reading.accounts, 9);
    let filters: Vec<String> =
        script.asked().iter().filter_map(|asked| asked.get("filter").map(str::to_owned)).collect();
    assert_eq!(filters[1], "lastUpdated ge \"2026-11-22T09:53:20.000Z\"", "the server's time at the first page");
    let again = stage.read(Scope::Whole { cursor: Some(cursor), fresh: false });
    assert_eq!(again.reading.coverage, Coverage::Whole, "a cursor never shortens a whole walk");
}

#[test]
fn a_cursor_of_somebody_else_asks_for_everything() {
    for cursor in ["", "{}", "null", "{\"v\":2,\"at\":\"2026-11-22T10:00:00Z\"}", "https://x.example/?$deltatoken=1"] {
        let script = Script::new(|_, asked| Some(okta_page(&everyone(), 20, asked)));
        let read = Stage::new(Kind::Okta, script.clone()).changes(cursor);
        assert_eq!((read.reading.coverage, read.reading.accounts), (Coverage::Changes, 9));
        assert!(script.asked()[0].get("filter").unwrap().contains("1970"), "{cursor}");
    }
}

#[test]
fn without_a_date_the_mark_is_the_latest_change() {
    let script = Script::new(|_, asked| Some(okta_page(&everyone(), 20, asked).without("date")));
    let stage = Stage::new(Kind::Okta, script.clone());
    let cursor = stage.whole().cursor().to_owned();
    stage.changes(&cursor);
    assert_eq!(script.asked()[1].get("filter"), Some("lastUpdated ge \"2026-11-20T07:55:00.000Z\""));
}

#[test]
fn a_date_from_the_future_skips_nothing() {
    let future = "Wed, 22 Nov 2034 10:00:00 GMT";
    let script =
        Script::new(move |_, asked| Some(okta_page(&everyone(), 20, asked).without("date").with("date", future)));
    let stage = Stage::new(Kind::Okta, script.clone());
    let cursor = stage.whole().cursor().to_owned();
    stage.changes(&cursor);
    assert_eq!(script.asked()[1].get("filter"), Some("lastUpdated ge \"2026-11-22T09:55:00.000Z\""));
}

#[test]
fn a_read_by_id_tells_here_from_gone_from_unknown() {
    let not_found = json!({ "errorCode": "E0000007", "errorSummary": "Not found", "errorCauses": [] });
    let script = Script::new(move |_, asked| {
        Some(match asked.path().trim_start_matches("/api/v1/users/") {
            "00u0001" => Answer::json(200, &okta_user(1, "DEPROVISIONED")),
            "00u0002" | "a%2Fb%3Fc" => Answer::json(404, &not_found),
            "00u0003" => Answer::raw(404, "text/html", "<h1>not here</h1>"),
            "00u0004" => Answer::json(404, &json!({ "errorCode": "E0000022" })),
            "00u0005" => Answer::json(200, &okta_user(1, "ACTIVE")),
            "00u0006" => Answer::json(200, &json!([])),
            path => panic!("{path}"),
        })
    });
    let stage = Stage::new(Kind::Okta, script.clone());
    let Presence::Here(account) = stage.account("00u0001") else { panic!("not here") };
    assert_eq!(account.status, Status::Gone);
    assert_eq!(stage.account("00u0002"), Presence::Gone);
    assert!(unknown(stage.account("00u0003")).why.contains("without Okta's error code"));
    assert!(unknown(stage.account("00u0004")).why.contains("E0000022"));
    assert!(unknown(stage.account("00u0005")).why.contains("another account"));
    assert_eq!(stage.account("a/b?c"), Presence::Gone, "an id is one segment of the path");
    let gap = unknown(stage.account("00u0006"));
    assert_eq!(gap.call, "GET /api/v1/users/{id}", "without the id");
    let calls = script.asked().len();
    for id in ["", ".", "..", "a\nb"] {
        unknown(stage.account(id));
    }
    assert_eq!(script.asked().len(), calls, "such ids are not sent");
}
