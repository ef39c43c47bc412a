//! SCIM lists by index and by cursor, changes, and the read by id.

use std::sync::Arc;

use seatwarden::directory::{Coverage, GapKind};
use seatwarden::feed::{Presence, Scope};
use seatwarden::model::{Attribute, Status};
use serde_json::{Value, json};

use super::script::{Answer, Asked, Kind, Script, Stage, scim_error, scim_list, scim_page, scim_user, unknown};

fn people(count: usize) -> Vec<Value> {
    (1..=count).map(|number| scim_user(number, true)).collect()
}

/// A server that says nothing about itself and answers lists.
fn server(list: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Arc<Script> {
    telling(scim_error(404, None), list)
}

/// A server with a discovery document; `list` gets the number of lists asked for before.
fn telling(config: Answer, list: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Arc<Script> {
    Script::new(move |before, asked| {
        Some(match asked.path() {
            "/ServiceProviderConfig" => config.clone(),
            "/Users" => list(before - 1, asked),
            path => panic!("{path}"),
        })
    })
}

fn filtering() -> Answer {
    Answer::json(200, &json!({ "filter": { "supported": true, "maxResults": 200 } }))
}

fn whole(script: Arc<Script>) -> super::script::Read {
    Stage::new(Kind::Scim, script).whole()
}

#[test]
fn index_paging_advances_by_what_came_and_looks_once_beyond_the_total() {
    let users = people(25);
    let script = server(move |_, asked| scim_page(&users, 10, asked));
    let read = whole(script.clone());
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
    let starts: Vec<String> =
        script.asked()[1..].iter().map(|asked| asked.get("startIndex").unwrap().to_owned()).collect();
    assert_eq!(starts, ["1", "11", "21", "26"], "the server caps pages at 10 though 100 were asked for");
    assert!(script.asked()[1].headers["accept"].to_str().unwrap().starts_with("application/scim+json"));
    assert_eq!(read.reading.cursor, None, "it does not filter, so there is nothing to go on from");
}

#[test]
fn a_server_that_refuses_or_repeats_a_page_beyond_the_end_has_ended() {
    let users = people(15);
    let refuses = server(move |before, asked| match before {
        0 | 1 => scim_page(&users, 10, asked),
        _ => scim_error(400, Some("invalidValue")),
    });
    assert_eq!(whole(refuses).reading.coverage, Coverage::Whole);
    let users = people(5);
    let everything = server(move |_, _| scim_list(&users, Some(5), None));
    let read = whole(everything);
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 5));
    assert_eq!(read.ids().len(), 5);
}

#[test]
fn a_total_that_is_only_the_length_of_the_page_is_seen_through() {
    let users = people(25);
    let script = server(move |_, asked| {
        let start: usize = asked.get("startIndex").unwrap().parse().unwrap();
        let page = &users[(start - 1).min(25)..(start + 9).min(25)];
        scim_list(page, Some(page.len()), None)
    });
    let read = whole(script);
    read.assert_gap(GapKind::Drift, "GET /Users (page 2)", "beyond `totalResults`");
    assert_eq!(read.reading.accounts, 25, "and everybody is shown all the same");
}

#[test]
fn a_server_that_takes_no_notice_of_the_index_is_not_asked_for_ever() {
    let users = people(10);
    let script = server(move |_, _| scim_list(&users, Some(1_000_000), None));
    whole(script.clone()).assert_gap(GapKind::Drift, "GET /Users (page 2)", "came twice");
    assert_eq!(script.asked().len(), 1 + 2);
    let mut users = people(10);
    users.push(json!({ "active": true }));
    let script = server(move |_, _| scim_list(&users, Some(11), None));
    whole(script.clone()).assert_gap(GapKind::Invalid, "GET /Users (page 1)", "row 10: it has no id");
    assert_eq!(script.asked().len(), 1 + 2);
}

type List = Box<dyn Fn(usize, &Asked) -> Answer + Send + Sync>;

#[test]
fn totals_that_do_not_fit_are_drift() {
    let users = people(6);
    let page = move |from: usize, to: usize, total: usize| scim_list(&users[from..to], Some(total), None);
    let (one, two, three) = (page.clone(), page.clone(), page);
    let cases: [(&str, List); 3] = [
        (
            "changed from 6 to 5",
            Box::new(move |before, _| match before {
                0 => one(0, 3, 6),
                1 => one(3, 5, 5),
                _ => one(0, 0, 5),
            }),
        ),
        (
            "ended after 4 of 6",
            Box::new(move |before, _| match before {
                0 => two(0, 4, 6),
                _ => two(0, 0, 6),
            }),
        ),
        (
            "6 people came where `totalResults` is 5",
            Box::new(move |before, _| match before {
                0 => three(0, 3, 5),
                1 => three(3, 6, 5),
                _ => three(0, 0, 5),
            }),
        ),
    ];
    for (why, list) in cases {
        let read = whole(server(list));
        assert_eq!(read.gap().kind, GapKind::Drift, "{why}");
        assert!(read.gap().why.contains(why), "{:?}", read.gap());
    }
}

#[test]
fn somebody_who_moved_onto_the_next_page_is_drift() {
    let users = people(6);
    // Between the pages a newcomer takes the first place: u-0003 comes twice, and the total grows.
    let script = server(move |before, asked| {
        let mut users = users.clone();
        if before > 0 {
            users.insert(0, scim_user(99, true));
        }
        scim_page(&users, 3, asked)
    });
    assert_eq!(whole(script).gap().kind, GapKind::Drift);
}

#[test]
fn without_a_total_only_an_empty_page_is_the_end() {
    let users = people(25);
    let script = server(move |_, asked| {
        let mut answer = scim_page(&users, 10, asked);
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        body.as_object_mut().unwrap().remove("totalResults");
        answer.body = body.to_string().into_bytes();
        answer
    });
    let read = whole(script.clone());
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
    assert_eq!(script.asked().len(), 1 + 4, "also after the short third page");
    let users = people(3);
    let terse = server(move |before, asked| match before {
        0 => scim_list(&users, None, None),
        _ => Answer::json(200, &json!({ "startIndex": asked.get("startIndex"), "itemsPerPage": 0 })),
    });
    assert_eq!(whole(terse).reading.coverage, Coverage::Whole);
    let nobody = server(|_, _| scim_list(&[], None, None));
    whole(nobody).assert_gap(GapKind::Invalid, "GET /Users (page 1)", "does not prove");
    let told = server(|_, _| Answer::json(200, &json!({ "totalResults": 0 })));
    assert_eq!(whole(told).reading.coverage, Coverage::Whole);
}

/// Pages of `size` by cursors `c10`, `c20`, …; `first` when none or an empty one is given.
fn by_cursor(users: &[Value], size: usize, total: Option<usize>, asked: &Asked) -> Answer {
    let from: usize = asked.get("cursor").map_or(0, |cursor| cursor.trim_start_matches('c').parse().unwrap_or(0));
    let to = users.len().min(from + size);
    scim_list(&users[from..to], total, (to < users.len()).then(|| format!("c{to}")).as_deref())
}

#[test]
fn cursors_are_used_where_the_server_wants_them_or_forces_them() {
    let wants = json!({ "pagination": { "cursor": true, "index": false, "maxPageSize": 50 } });
    let users = people(25);
    let script = telling(Answer::json(200, &wants), move |_, asked| {
        assert_eq!(asked.get("startIndex"), None);
        assert_eq!(asked.get("count"), Some("50"));
        let mut answer = by_cursor(&users, 10, None, asked);
        // Entra's own server writes the key in lower case.
        answer.body = String::from_utf8(answer.body).unwrap().replace("\"Resources\"", "\"resources\"").into_bytes();
        answer
    });
    let read = whole(script.clone());
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
    let cursors: Vec<String> =
        script.asked()[1..].iter().map(|asked| asked.get("cursor").unwrap().to_owned()).collect();
    assert_eq!(cursors, ["", "c10", "c20"]);

    let users = people(25);
    let forced = server(move |_, asked| by_cursor(&users, 10, Some(25), asked));
    let read = whole(forced.clone());
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
    assert_eq!(forced.asked()[1].get("startIndex"), Some("1"));
    assert_eq!(forced.asked()[2].get("startIndex"), None);
}

#[test]
fn a_server_that_offers_cursors_and_gives_none_is_paged_by_index() {
    let wants = json!({ "pagination": { "cursor": true, "index": true, "defaultPaginationMethod": "cursor" } });
    let users = people(25);
    let script = telling(Answer::json(200, &wants), move |_, asked| scim_page(&users, 10, asked));
    let read = whole(script);
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
}

#[test]
fn a_cursor_that_ends_early_is_drift() {
    let users = people(25);
    let script = server(move |before, asked| match before {
        0 => by_cursor(&users, 10, Some(25), asked),
        _ => scim_list(&users[10..20], Some(25), None),
    });
    whole(script).assert_gap(GapKind::Drift, "GET /Users (page 2)", "ended after 20 of 25");
}

#[test]
fn an_expired_cursor_begins_again_once() {
    for kind in ["expiredCursor", "invalidCursor"] {
        let users = people(25);
        let once = server(move |before, asked| match before {
            2 => scim_error(400, Some(kind)),
            _ => by_cursor(&users, 10, Some(25), asked),
        });
        let read = whole(once);
        assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 25));
        let users = people(25);
        let always = server(move |_, asked| match asked.get("cursor") {
            Some("c20") => scim_error(400, Some(kind)),
            _ => by_cursor(&users, 10, Some(25), asked),
        });
        let read = whole(always.clone());
        read.assert_gap(GapKind::Drift, "GET /Users (page 3)", "begun again twice");
        assert_eq!(always.asked().len(), 1 + 6);
    }
}

#[test]
fn a_refusal_names_the_call() {
    let count = server(|_, _| scim_error(400, Some("invalidCount")));
    whole(count).assert_gap(GapKind::Invalid, "GET /Users (page 1)", "answered 400");
    let none = server(|_, _| scim_error(404, None));
    whole(none).assert_gap(GapKind::Invalid, "GET /Users (page 1)", "answered 404");
    let later = server(|before, asked| match before {
        0 => scim_page(&people(25), 10, asked),
        _ => scim_error(400, Some("tooMany")),
    });
    whole(later).assert_gap(GapKind::Invalid, "GET /Users (page 2)", "answered 400");
}

#[test]
fn a_server_that_cannot_be_reached_is_asked_once() {
    let script = Script::new(|_, _| None);
    let read = whole(script.clone());
    assert_eq!((read.gap().kind, read.gap().call.as_str()), (GapKind::Unreachable, "GET /ServiceProviderConfig"));
    assert!(script.asked().iter().all(|asked| asked.path() == "/ServiceProviderConfig"));
}

#[test]
fn discovery_is_read_once_and_may_be_nonsense() {
    let nonsense = [
        (Answer::json(200, &json!([1])), "100"),
        (Answer::json(200, &json!({ "filter": 3, "pagination": "x" })), "100"),
        (scim_error(501, None), "100"),
        (Answer::json(200, &json!({ "filter": { "maxResults": 0 } })), "100"),
        (Answer::json(200, &json!({ "filter": { "maxResults": 30 } })), "30"),
        (Answer::json(200, &json!({ "filter": { "maxResults": 200 } })), "200"),
        (Answer::json(200, &json!({ "filter": { "maxResults": 100_000 } })), "500"),
    ];
    for (config, count) in nonsense {
        let script = telling(config, |_, asked| scim_page(&people(3), 10, asked));
        let stage = Stage::new(Kind::Scim, script.clone());
        assert_eq!(stage.whole().reading.coverage, Coverage::Whole);
        assert_eq!(script.asked().len(), 3);
        assert_eq!(script.asked()[1].get("count"), Some(count));
        // The script counts the discovery as the first call, so a second one would fall out of step.
        assert_eq!(stage.whole().reading.coverage, Coverage::Whole);
        assert_eq!(script.asked().len(), 5);
    }
    let proxy = telling(Answer::raw(200, "text/html", "<h1>hello</h1>"), |_, asked| scim_page(&people(3), 10, asked));
    let stage = Stage::new(Kind::Scim, proxy.clone());
    stage.whole();
    stage.whole();
    let discoveries = proxy.asked().iter().filter(|asked| asked.path() == "/ServiceProviderConfig").count();
    assert_eq!(discoveries, 2, "a page of a proxy is not kept for an answer");
}

#[test]
fn users_are_read_as_servers_write_them() {
    let odd = json!({
        "ID": "u-1", "UserName": "p1", "Active": "False", "name": { "formatted": "P One" },
        "Emails": [
            { "value": "w@acme.example", "type": "work" },
            { "Value": "p@acme.example", "Primary": true }
        ],
        "groups": [{ "value": "g-1", "display": "Desk leads" }, { "value": "g-0" }],
        "roles": [{ "value": "b" }, "a", { "display": "no value" }],
        "URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User": {
            "EmployeeNumber": 104_233, "manager": { "value": "u-9", "displayName": "R" }
        },
        "urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode": "ITSD3",
        "Meta": { "LastModified": "2026-11-21T16:03:55Z" }
    });
    let rows = [
        odd,
        json!({ "id": 2, "active": true, "emails": [{ "value": "h@x.example", "type": "home" }, { "value": "w@x.example", "type": "work" }] }),
        json!({ "id": "3", "emails": [{ "value": "a@x.example" }, { "value": "b@x.example" }] }),
        json!({ "id": "4", "active": "perhaps" }),
    ];
    let read = whole(server(move |_, _| scim_list(&rows, Some(4), None)));
    let first = read.last("u-1");
    assert_eq!((first.status, first.raw_status.as_str()), (Status::Gone, "active=false"));
    assert_eq!(first.user_name.as_deref(), Some("p1"));
    assert_eq!(first.email.as_deref(), Some("p@acme.example"), "primary before work");
    assert_eq!(first.employee_number.as_deref(), Some("104233"));
    assert_eq!(first.display_name.as_deref(), Some("P One"));
    assert_eq!(first.attributes[&Attribute::JobCode], ["ITSD3"]);
    assert_eq!(first.attributes[&Attribute::Manager], ["u-9"]);
    assert_eq!(first.attributes[&Attribute::Custom("role".into())], ["a", "b"]);
    assert_eq!(first.attributes[&Attribute::Group], ["Desk leads", "g-0", "g-1"], "by name or id");
    assert_eq!(first.changed_at.unwrap().to_string(), "2026-11-21T16:03:55Z");
    assert_eq!(read.last("2").email.as_deref(), Some("w@x.example"), "work before the rest");
    assert_eq!(read.last("3").email.as_deref(), Some("a@x.example"));
    assert_eq!((read.last("3").status, read.last("4").status), (Status::Active, Status::Unknown));
}

#[test]
fn changes_are_filtered_where_the_server_filters() {
    let users = people(25);
    let script = telling(filtering(), move |_, asked| match asked.get("filter") {
        None => scim_page(&users, 10, asked),
        Some(_) => scim_list(&users[..2], Some(2), None),
    });
    let stage = Stage::new(Kind::Scim, script.clone());
    let cursor = stage.whole().cursor().to_owned();
    let before = script.asked().len();
    let changes = stage.changes(&cursor);
    assert_eq!((&changes.reading.coverage, changes.reading.accounts), (&Coverage::Changes, 2));
    let asked = script.asked();
    assert_eq!(asked[before].get("filter"), Some("meta.lastModified ge \"2026-11-22T09:55:00.000Z\""));
    assert_eq!(asked.len(), before + 1, "a list of changes needs no look beyond its end");
    assert!(changes.reading.cursor.is_some());
}

#[test]
fn a_server_that_refuses_its_filter_is_read_whole_from_then_on() {
    for refusal in [scim_error(400, Some("invalidFilter")), scim_error(501, None), scim_error(403, None)] {
        let users = people(5);
        let script = telling(filtering(), move |_, asked| match asked.get("filter") {
            None => scim_page(&users, 10, asked),
            Some(_) => refusal.clone(),
        });
        let stage = Stage::new(Kind::Scim, script.clone());
        let cursor = stage.whole().cursor().to_owned();
        for _ in 0..2 {
            let read = stage.changes(&cursor);
            assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 5));
        }
        let filtered = script.asked().iter().filter(|asked| asked.get("filter").is_some()).count();
        assert_eq!(filtered, 1, "it is not asked again");
    }
}

#[test]
fn a_list_without_dates_leaves_no_cursor_to_filter_by() {
    let mut user = scim_user(1, true);
    user.as_object_mut().unwrap().remove("meta");
    let script = telling(filtering(), move |_, asked| scim_page(std::slice::from_ref(&user), 10, asked));
    let read = whole(script);
    assert_eq!((&read.reading.coverage, &read.reading.cursor), (&Coverage::Whole, &None));
}

#[test]
fn a_person_whom_a_list_of_changes_shows_twice_has_pushed_another_off_a_page() {
    let users = people(3);
    let script = telling(filtering(), move |_, asked| match asked.get("filter") {
        None => scim_page(&users, 10, asked),
        Some(_) => match asked.get("startIndex") {
            Some("1") => scim_list(&users[..2], Some(3), None),
            _ => scim_list(&users[1..2], Some(3), None),
        },
    });
    let stage = Stage::new(Kind::Scim, script);
    let cursor = stage.whole().cursor().to_owned();
    stage.changes(&cursor).assert_gap(GapKind::Drift, "GET /Users (page 2)", "came twice");
}

#[test]
fn a_fresh_whole_reading_takes_no_notice_of_a_cursor() {
    let users = people(3);
    let script = telling(filtering(), move |_, asked| scim_page(&users, 10, asked));
    let stage = Stage::new(Kind::Scim, script.clone());
    let cursor = stage.whole().cursor().to_owned();
    for fresh in [false, true] {
        let read = stage.read(Scope::Whole { cursor: Some(cursor.clone()), fresh });
        assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 3));
    }
    assert!(script.asked().iter().all(|asked| asked.get("filter").is_none()));
}

#[test]
fn a_read_by_id_tells_here_from_gone_from_unknown() {
    let script = Script::new(|_, asked| {
        Some(match asked.path().trim_start_matches("/Users/") {
            "u-0001" => Answer::json(200, &scim_user(1, false)),
            "2" => scim_error(404, None),
            "3" => Answer::json(404, &json!({ "status": 404 })),
            "4" => Answer::raw(404, "text/plain", ""),
            "5" => Answer::raw(404, "text/html", "<h1>not here</h1>"),
            "6" => Answer::json(404, &json!({ "message": "Not Found" })),
            "7" => Answer::json(200, &scim_user(8, true)),
            path => panic!("{path}"),
        })
    });
    let stage = Stage::new(Kind::Scim, script);
    let Presence::Here(account) = stage.account("u-0001") else { panic!("not here") };
    assert_eq!(account.status, Status::Gone);
    for gone in ["2", "3", "4"] {
        assert_eq!(stage.account(gone), Presence::Gone, "{gone}");
    }
    for odd in ["5", "6"] {
        assert!(unknown(stage.account(odd)).why.contains("without a SCIM error"), "{odd}");
    }
    assert!(unknown(stage.account("7")).why.contains("another account"));
}
