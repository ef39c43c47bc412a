//! Recorded traffic of real Okta orgs, served back as it was.

use std::path::PathBuf;

use seatwarden::directory::{Coverage, GapKind};
use seatwarden::feed::Presence;
use seatwarden::model::Status;
use serde_json::Value;

use super::script::{Answer, Kind, Script, Stage};

const HOST: &str = "https://test.okta.com";

/// The answers of a recording to requests with that method and start of the URI; `None` where the recordings are not
/// beside the project.
#[expect(clippy::print_stdout, reason = "whoever runs the tests is told that this one had nothing to read")]
fn recorded(file: &str, start: &str) -> Option<Vec<(String, Answer)>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let folder = std::env::var_os("SEATWARDEN_FIXTURES").map_or_else(beside, PathBuf::from);
    let path = folder.join("okta").join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no recorded traffic at {}", path.display());
        return None;
    };
    let Value::Array(exchanges) = serde_json::from_str(&text).unwrap() else { panic!("not a list of exchanges") };
    let answer = |exchange: &Value| {
        let response = &exchange["response"];
        let headers = response["headers"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Answer {
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            body: text(&response["body"]).into_bytes(),
        }
    };
    let found: Vec<(String, Answer)> = exchanges
        .iter()
        .filter(|exchange| exchange["request"]["method"] == "GET")
        .map(|exchange| (exchange["request"]["uri"].as_str().unwrap().to_owned(), answer(exchange)))
        .filter(|(uri, _)| uri.starts_with(start))
        .collect();
    assert!(!found.is_empty(), "{file} has no GET {start}");
    Some(found)
}

fn stage(answers: Vec<(String, Answer)>) -> Stage {
    let script = Script::new(move |before, asked| {
        if before > 0 && asked.url.query().is_some() {
            // A link that was followed leads to what was recorded for it.
            let url = asked.url.as_str();
            return answers.iter().find(|(uri, _)| uri == url).map(|(_, answer)| answer.clone());
        }
        answers.get(before).map(|(_, answer)| answer.clone())
    });
    Stage::with(Kind::Okta, script, |config| config.url = HOST.parse().unwrap())
}

#[test]
fn a_recorded_walk_that_breaks_off_is_partial_and_one_that_ends_is_whole() {
    let Some(mut pages) = recorded("UsersResource.user_pagination.json", "https://test.okta.com/api/v1/users?") else {
        return;
    };
    // The recording stops while Okta still names a next page.
    let read = stage(pages.clone()).whole();
    assert_eq!(read.gap().kind, GapKind::Unreachable);
    assert_eq!(read.gap().call, "GET /api/v1/users (page 3)");
    assert_eq!(read.ids(), ["00usfdsyqnIjEmHNm4x6", "00usfgmn9xhwtA6f74x6"]);
    // The last page that Okta gives elsewhere: an empty list with only a link to itself.
    let (_, last) = recorded("ApplicationsResource.list_applications_pagination_with_after.json", HOST)
        .unwrap()
        .into_iter()
        .find(|(_, answer)| answer.body == b"[]")
        .expect("an empty last page");
    pages.push((format!("{HOST}/api/v1/users?after=000usfgmn9xhwtA6f74x6&limit=1"), last));
    let read = stage(pages).whole();
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 2));
    assert!(read.pages.iter().flat_map(|page| &page.accounts).all(|account| account.status == Status::PreStart));
}

#[test]
fn recorded_lists_show_every_account_with_its_status() {
    let lists = [
        ("UsersResource.suspend_user.json", "https://test.okta.com/api/v1/users?filter=status+eq+%22SUSPENDED%22"),
        ("UsersResource.suspend_user.json", "https://test.okta.com/api/v1/users?filter=status+eq+%22ACTIVE%22"),
        ("UsersResource.comprehensive_user_lifecycle.json", "https://test.okta.com/api/v1/users?limit=10"),
        ("GroupsResource.group_users_operations.json", "https://test.okta.com/api/v1/groups/"),
    ];
    for (file, start) in lists {
        let Some(pages) = recorded(file, start) else { return };
        let body: Value = serde_json::from_slice(&pages[0].1.body).unwrap();
        let read = stage(pages).whole();
        assert_eq!(read.reading.coverage, Coverage::Whole, "{start}");
        let rows = body.as_array().unwrap();
        assert_eq!(read.reading.accounts, u64::try_from(rows.len()).unwrap());
        assert!(!rows.is_empty());
        for row in rows {
            let account = read.last(row["id"].as_str().unwrap());
            let expected = match row["status"].as_str().unwrap() {
                "ACTIVE" | "PASSWORD_EXPIRED" | "RECOVERY" => Status::Active,
                "STAGED" | "PROVISIONED" => Status::PreStart,
                "SUSPENDED" => Status::Suspended,
                other => panic!("{other} was not recorded before"),
            };
            assert_eq!(account.status, expected);
            assert_eq!(account.user_name.as_deref(), row["profile"]["login"].as_str());
            assert_eq!(account.email.as_deref(), row["profile"]["email"].as_str());
            assert!(account.display_name.is_some() && account.changed_at.is_some());
        }
    }
}

#[test]
fn recorded_reads_by_id_follow_a_person_from_active_to_suspended_to_purged() {
    let life = "UsersResource.comprehensive_user_lifecycle.json";
    let Some(reads) = recorded(life, "https://test.okta.com/api/v1/users/00uqrks9ig7XuWV7X5d7") else { return };
    let stage_of_life = stage(reads);
    for (status, word) in [(Status::Active, "ACTIVE"), (Status::Suspended, "SUSPENDED")] {
        let Presence::Here(account) = stage_of_life.account("00uqrks9ig7XuWV7X5d7") else { panic!("not here") };
        assert_eq!((account.status, account.raw_status.as_str()), (status, word));
    }
    let purged = "https://test.okta.com/api/v1/users/00usfgmn9xhwtA6f74x6";
    let reads = recorded("UsersResource.user_pagination.json", purged).unwrap();
    assert_eq!(stage(reads).account("00usfgmn9xhwtA6f74x6"), Presence::Gone);
}

#[test]
fn a_recorded_link_to_the_orgs_other_name_is_not_followed() {
    let file = "ApplicationsResource.list_applications_pagination_with_after.json";
    let Some(pages) = recorded(file, "https://test.okta.com/api/v1/apps?limit=2") else { return };
    let read = stage(pages).whole();
    let other = "leads to https://dev-20982288.okta.com, away from https://test.okta.com";
    read.assert_gap(GapKind::Invalid, "GET /api/v1/users (page 1)", other);
}
