//! Graph's delta rounds and its read by id.

use seatwarden::directory::{Coverage, GapKind};
use seatwarden::feed::{Presence, Scope};
use seatwarden::model::{Attribute, Status};
use serde_json::{Value, json};

use super::script::{Answer, Asked, BASE, Kind, Script, Stage, entra_id, entra_page, entra_user, unknown};

/// Answers a first call with `first`, and links by their token.
fn by_token(asked: &Asked, first: &Answer, links: &[(&str, Answer)]) -> Option<Answer> {
    let Some(token) = asked.get("$skiptoken").or_else(|| asked.get("$deltatoken")) else { return Some(first.clone()) };
    links.iter().find(|(name, _)| *name == token).map(|(_, answer)| answer.clone())
}

fn lost(code: &str) -> Answer {
    Answer::json(400, &json!({ "error": { "code": "BadRequest", "message": "m", "innererror": { "code": code } } }))
}

fn removed(number: usize, reason: &str) -> Value {
    json!({ "id": entra_id(number), "@removed": { "reason": reason } })
}

/// A cursor that leads to the delta token `d1`, made by a first round of three people.
fn standing(links: Vec<(&'static str, Answer)>) -> (std::sync::Arc<Script>, Stage, String) {
    let first = entra_page(&[entra_user(1, true), entra_user(2, true), entra_user(3, true)], Err("d1"));
    let script = Script::new(move |_, asked| by_token(asked, &first, &links));
    let stage = Stage::new(Kind::Entra, script.clone());
    let read = stage.whole();
    assert_eq!(read.reading.coverage, Coverage::Whole);
    let cursor = read.cursor().to_owned();
    (script, stage, cursor)
}

#[test]
fn a_first_round_with_empty_pages_repeats_and_removals_is_whole() {
    let mut moved = entra_user(1, true);
    moved["onPremisesExtensionAttributes"]["extensionAttribute1"] = json!("MGR1");
    let first = entra_page(&[entra_user(1, true), entra_user(2, false)], Ok("a"));
    let links = vec![
        ("a", entra_page(&[], Ok("b"))),
        ("b", entra_page(&[removed(9, "deleted"), entra_user(3, true), moved], Ok("c"))),
        ("c", entra_page(&[removed(3, "changed")], Err("d1"))),
    ];
    let script = Script::new(move |_, asked| by_token(asked, &first, &links));
    let read = Stage::new(Kind::Entra, script.clone()).whole();
    assert_eq!(read.reading.coverage, Coverage::Whole, "repeats are legal here");
    assert_eq!(read.reading.accounts, 2, "shown, and not removed afterwards");
    assert_eq!(read.last(&entra_id(1)).attributes[&Attribute::JobCode], ["MGR1"], "the last word wins");
    let disabled = read.last(&entra_id(2));
    assert_eq!((disabled.status, disabled.raw_status.as_str()), (Status::Gone, "accountEnabled=false"));
    let how: Vec<(&str, &str)> = read
        .pages
        .iter()
        .flat_map(|page| &page.removed)
        .map(|removed| (removed.id.as_str(), removed.how.as_str()))
        .collect();
    let (nine, three) = (entra_id(9), entra_id(3));
    assert_eq!(how, [(nine.as_str(), "@removed: deleted"), (three.as_str(), "@removed: changed")]);
    let select = script.asked()[0].get("$select").unwrap().to_owned();
    assert_eq!(
        select,
        "id,accountEnabled,userPrincipalName,mail,displayName,userType,employeeId,department,onPremisesExtensionAttributes"
    );
    assert_eq!(script.asked()[0].path(), "/v1.0/users/delta");
}

#[test]
fn the_last_word_on_a_page_wins_in_both_directions() {
    let rows = [removed(1, "changed"), entra_user(1, true), entra_user(2, true), removed(2, "deleted")];
    let first = entra_page(&rows, Err("d1"));
    let read = Stage::new(Kind::Entra, Script::new(move |_, asked| by_token(asked, &first, &[]))).whole();
    assert_eq!(read.ids(), [entra_id(1)]);
    assert_eq!(read.pages[0].removed.len(), 1);
    assert_eq!(read.pages[0].removed[0].id, entra_id(2));
    assert_eq!(read.reading.accounts, 1);
}

#[test]
fn a_page_that_comes_in_place_of_the_next_is_drift_and_leaves_the_link_alone() {
    let (one, two) = (entra_user(1, true), entra_user(2, true));
    let first = entra_page(&[one.clone(), two.clone()], Ok("a"));
    let links = vec![("a", entra_page(&[one, two], Ok("b"))), ("b", entra_page(&[entra_user(5, true)], Err("d1")))];
    let read = Stage::new(Kind::Entra, Script::new(move |_, asked| by_token(asked, &first, &links))).whole();
    read.assert_gap(GapKind::Drift, "GET /v1.0/users/delta (page 2)", "the page before came again");
    assert_eq!(read.reading.accounts, 3);
}

#[test]
fn a_cleared_property_and_one_that_was_never_set_are_both_absent() {
    let mut cleared = entra_user(1, true);
    cleared["employeeId"] = Value::Null;
    cleared["onPremisesExtensionAttributes"]["extensionAttribute1"] = Value::Null;
    let never = json!({ "id": entra_id(2), "accountEnabled": true, "userPrincipalName": "p2@acme.example" });
    let first = entra_page(&[cleared, never], Err("d1"));
    let read = Stage::new(Kind::Entra, Script::new(move |_, asked| by_token(asked, &first, &[]))).whole();
    for number in [1, 2] {
        let account = read.last(&entra_id(number));
        assert_eq!(account.employee_number, None);
        assert!(account.attributes.is_empty());
        assert_eq!(account.status, Status::Active);
    }
}

#[test]
fn an_account_that_does_not_tell_whether_it_is_enabled_is_unknown() {
    let rows = [json!({ "id": entra_id(1) }), json!({ "id": entra_id(2), "accountEnabled": null })];
    let first = entra_page(&rows, Err("d1"));
    let read = Stage::new(Kind::Entra, Script::new(move |_, asked| by_token(asked, &first, &[]))).whole();
    assert!([1, 2].iter().all(|&number| read.last(&entra_id(number)).status == Status::Unknown));
}

#[test]
fn a_delta_link_is_followed_and_proves_what_it_does_not_show() {
    let links = vec![
        ("d1", entra_page(&[entra_user(2, false), removed(3, "deleted")], Err("d2"))),
        ("d2", entra_page(&[], Err("d3"))),
    ];
    let (script, stage, cursor) = standing(links);
    let read = stage.read(Scope::Whole { cursor: Some(cursor.clone()), fresh: false });
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Delta, 1));
    assert_eq!(read.pages[0].removed[0].id, entra_id(3));
    let next = stage.changes(read.cursor());
    assert_eq!((&next.reading.coverage, next.pages.len()), (&Coverage::Delta, 0));
    assert!(script.asked()[2].url.as_str().ends_with("$deltatoken=d2"));
    let fresh = stage.read(Scope::Whole { cursor: Some(cursor), fresh: true });
    assert_eq!((&fresh.reading.coverage, fresh.reading.accounts), (&Coverage::Whole, 3));
}

#[test]
fn a_lost_delta_link_is_a_new_first_round_and_never_a_departure() {
    let gone = Answer::json(410, &json!({ "error": { "code": "syncStateNotFound" } }))
        .with("location", format!("{BASE}/v1.0/users/delta?$deltatoken="));
    for answer in [gone, lost("syncStateNotFound"), lost("resyncRequired"), lost("SyncStateNotFound")] {
        let (script, stage, cursor) = standing(vec![("d1", answer)]);
        for scope in
            [Scope::Changes { cursor: cursor.clone() }, Scope::Whole { cursor: Some(cursor.clone()), fresh: false }]
        {
            let read = stage.read(scope);
            assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 3));
            assert!(read.pages.iter().all(|page| page.removed.is_empty()));
            assert!(read.reading.cursor.is_some());
            assert!(script.asked().last().unwrap().get("$select").is_some(), "again with everything we need");
        }
    }
}

#[test]
fn a_round_that_is_lost_half_way_counts_only_the_new_round() {
    let links =
        vec![("d1", entra_page(&[entra_user(7, true), entra_user(8, true)], Ok("x"))), ("x", lost("resyncRequired"))];
    let (_, stage, cursor) = standing(links);
    let read = stage.changes(&cursor);
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 3));
    assert_eq!(read.ids().len(), 5, "what was sent before stands");
}

#[test]
fn a_resync_that_is_lost_again_is_given_up() {
    let script = Script::new(|_, _| Some(lost("syncStateNotFound")));
    let read = Stage::new(Kind::Entra, script.clone()).whole();
    read.assert_gap(GapKind::Drift, "GET /v1.0/users/delta (page 1)", "begun again twice");
    assert_eq!(script.asked().len(), 2);
}

#[test]
fn other_refusals_are_not_taken_for_a_lost_state() {
    let unsupported = json!({ "error": { "code": "Request_UnsupportedQuery", "message": "m" } });
    let cases = [
        (Answer::json(400, &unsupported), "has no delta queries"),
        (Answer::json(400, &json!({ "error": { "code": "BadRequest" } })), "BadRequest"),
        (Answer::raw(400, "text/html", "<h1>syncStateNotFound</h1>"), "without an error code"),
    ];
    for (answer, why) in cases {
        let (script, stage, cursor) = standing(vec![("d1", answer)]);
        let read = stage.changes(&cursor);
        read.assert_gap(GapKind::Invalid, "GET /v1.0/users/delta (page 1)", why);
        assert_eq!(script.asked().len(), 2, "no second round");
    }
}

#[test]
fn a_link_made_for_other_attributes_is_not_followed() {
    let (_, _, cursor) = standing(vec![]);
    let first = entra_page(&[entra_user(1, true)], Err("d9"));
    let script = Script::new(move |_, asked| by_token(asked, &first, &[]));
    let stage = Stage::with(Kind::Entra, script.clone(), |config| {
        let path = config.attributes["department"].clone();
        config
            .attributes
            .insert("title".into(), seatwarden::config::WirePath { steps: vec!["jobTitle".into()], ..path });
    });
    let read = stage.changes(&cursor);
    assert_eq!(read.reading.coverage, Coverage::Whole);
    assert!(script.asked()[0].get("$select").unwrap().ends_with("jobTitle"));
    for foreign in ["", "{}", "https://idp.acme.example/v1.0/users/delta?$deltatoken=d1"] {
        assert_eq!(stage.changes(foreign).reading.coverage, Coverage::Whole, "{foreign}");
    }
}

#[test]
fn a_page_needs_rows_and_exactly_one_link() {
    let (next, delta) = (format!("{BASE}/n"), format!("{BASE}/d"));
    let cases = [
        (json!({ "value": [] }), "neither"),
        (json!({ "value": [], "@odata.nextLink": next, "@odata.deltaLink": delta }), "both"),
        (json!({ "@odata.deltaLink": delta }), "no `value`"),
        (json!({ "value": {}, "@odata.deltaLink": delta }), "not a list"),
        (json!({ "value": [], "@odata.deltaLink": 7 }), "not a link"),
        (json!({ "value": [], "@odata.deltaLink": "" }), "not a link"),
        (json!({ "value": [], "@odata.deltaLink": "/v1.0/users/delta?$deltatoken=1" }), "not an absolute URL"),
        (json!({ "value": [], "@odata.deltaLink": "https://evil.example/d" }), "leads to https://evil.example"),
        (json!({ "value": [], "@odata.nextLink": "http://idp.acme.example/d" }), "leads to http://idp.acme.example"),
        (json!({ "value": [], "@odata.nextLink": "https://idp.acme.example:444/d" }), ":444"),
        (json!({ "value": [], "@odata.nextLink": "https://u:p@idp.acme.example/d" }), "leads to"),
        (json!([]), "something else"),
    ];
    for (body, why) in cases {
        let read = Stage::new(Kind::Entra, Script::new(move |_, _| Some(Answer::json(200, &body)))).whole();
        read.assert_gap(GapKind::Invalid, "GET /v1.0/users/delta (page 1)", why);
    }
}

#[test]
fn tombstone_names_are_the_names_that_people_had() {
    let mut user = entra_user(1, false);
    user["userPrincipalName"] = json!("6c1f00000000000000000000000000a1p1@acme.example");
    user["mail"] = json!("6c1f00000000000000000000000000a1p1@acme.example");
    let first = entra_page(&[user], Err("d1"));
    let read = Stage::new(Kind::Entra, Script::new(move |_, asked| by_token(asked, &first, &[]))).whole();
    let account = read.last(&entra_id(1));
    assert_eq!(account.user_name.as_deref(), Some("p1@acme.example"));
    assert_eq!(account.email.as_deref(), Some("p1@acme.example"));
}

#[test]
fn a_read_by_id_tells_here_from_gone_from_unknown() {
    let not_found = json!({ "error": { "code": "Request_ResourceNotFound", "innerError": { "date": "d" } } });
    let script = Script::new(move |_, asked| {
        Some(match asked.path().trim_start_matches("/v1.0/users/") {
            "AB-1" => Answer::json(200, &json!({ "id": "ab-1", "accountEnabled": false })),
            "2" => Answer::json(404, &not_found),
            "3" => Answer::json(404, &json!({ "error": { "code": "UnknownError" } })),
            "4" => Answer::raw(404, "text/html", "<h1>not here</h1>"),
            "5" => Answer::json(200, &json!({ "id": "6", "accountEnabled": true })),
            "7" => Answer::json(200, &removed(7, "deleted")),
            path => panic!("{path}"),
        })
    });
    let stage = Stage::new(Kind::Entra, script.clone());
    let Presence::Here(account) = stage.account("AB-1") else { panic!("not here") };
    assert_eq!((account.id.id.as_str(), account.status), ("AB-1", Status::Gone));
    assert!(script.asked()[0].get("$select").unwrap().contains("accountEnabled"));
    assert_eq!(stage.account("2"), Presence::Gone);
    assert!(unknown(stage.account("3")).why.contains("UnknownError"));
    assert!(unknown(stage.account("4")).why.contains("without an error code"));
    assert!(unknown(stage.account("5")).why.contains("another account"));
    assert!(unknown(stage.account("7")).why.contains("another account"), "the id of somebody else");
}
