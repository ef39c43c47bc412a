//! default < file < environment < flag.

use std::path::{Path, PathBuf};
use std::time::Duration;

use seatwarden::config::{DeskSeat, Mode, Secret};
use seatwarden::model::{FeedName, MatchKey, PoolId, TargetName};
use seatwarden::seats::Limit;

use super::{CATALOG, FEED, Folder, assert_findings};

const FILE: &str = r#"
[store]
path = "from-file"
[target.desk]
kind = "scim"
url = "https://desk.acme.example/scim/v2"
auth = { kind = "bearer", token = { file = "t" } }
seats = { fulfiller = { group = "a" } }
"#;

fn folder() -> Folder {
    Folder::new(format!("{FILE}{FEED}"), CATALOG)
}

#[test]
fn each_layer_beats_the_one_below() {
    assert_eq!(Folder::new(FEED, CATALOG).loaded().config.store, Path::new("/var/lib/seatwarden"));
    let folder = folder();
    assert_eq!(folder.loaded().config.store, folder.path("from-file"));
    let folder = folder.env("SEATWARDEN_STORE__PATH", "from-env");
    assert_eq!(folder.loaded().config.store, Path::new("from-env"));
    let folder = folder.flag("store.path", "/from-flag");
    assert_eq!(folder.loaded().config.store, Path::new("/from-flag"));
}

#[test]
fn names_match_without_case_and_dashes() {
    let loaded = folder()
        .env("SEATWARDEN_FEED__OKTA__URL", "https://other.okta.com")
        .env("SEATWARDEN_TARGET__Desk__MODE", "add_only")
        .env("SEATWARDEN_TARGET__DESK__SEATS__MAJOR_INCIDENT__ROLE", "mim")
        .env("SEATWARDEN_TARGET__DESK__SEATS__FULFILLER__GROUP_ID", "g-1")
        .env("SEATWARDEN_FEED__OKTA__AUTH__TOKEN__ENV", "OKTA_TOKEN")
        .loaded();
    assert_eq!(loaded.config.feeds[&FeedName::new("okta")].url.as_str(), "https://other.okta.com/");
    let desk = &loaded.config.targets[&TargetName::new("desk")];
    assert_eq!(desk.mode, Mode::AddOnly);
    assert_eq!(desk.seats[&PoolId::new("major-incident")], DeskSeat::Role("mim".to_owned()));
    assert_eq!(desk.seats[&PoolId::new("fulfiller")], DeskSeat::GroupId("g-1".to_owned()));
    let secrets: Vec<_> = loaded.named_files.iter().map(|named| format!("{:?}", named.what)).collect();
    assert_eq!(secrets[0], format!("{:?}", seatwarden::config::Named::Secret(Secret::Env("OKTA_TOKEN".to_owned()))));
}

#[test]
fn text_becomes_whatever_the_setting_is() {
    let config = folder()
        .env("SEATWARDEN_BRAKES__REVOKE__PER_PASS", "3")
        .env("SEATWARDEN_BRAKES__FEED_SHRINK", "[2, \"1%\"]")
        .env("SEATWARDEN_PEOPLE__MATCH_ON", "email, user_name")
        .flag("target.desk.create", "true")
        .flag("pass", "{ incremental = \"1s\" }")
        .loaded()
        .config;
    assert_eq!(config.brakes.revoke.per_pass, Limit { count: Some(3), percent: None });
    assert_eq!(config.brakes.revoke.per_day, Some(Limit { count: Some(6), percent: None }));
    assert_eq!(config.brakes.feed_shrink, Limit { count: Some(2), percent: Some(1.0) });
    assert_eq!(config.people.match_on, [MatchKey::Email, MatchKey::UserName]);
    assert!(config.targets[&TargetName::new("desk")].create);
    assert_eq!((config.pass.incremental, config.pass.full), (Duration::from_secs(1), Duration::from_hours(24)));
}

#[test]
fn a_whole_feed_can_come_from_the_environment() {
    let config = Folder::new("", CATALOG)
        .env("SEATWARDEN_FEED__HR__KIND", "scim")
        .env("SEATWARDEN_FEED__HR__URL", "http://127.0.0.1:8080/scim/v2")
        .env("SEATWARDEN_FEED__HR__AUTH", "{ kind = \"bearer\", token = { file = \"t\" } }")
        .env("SEATWARDEN_FEED__HR__ATTRIBUTES__JOB_CODE", "userType")
        .loaded()
        .config;
    let hr = &config.feeds[&FeedName::new("hr")];
    assert_eq!(hr.attributes["job_code"].steps, ["userType"]);
    assert_eq!(format!("{:?}", hr.auth), format!("Bearer {{ token: {:?} }}", Secret::File(PathBuf::from("t"))));
}

#[test]
fn wrong_variables_and_flags_are_findings_that_name_them() {
    let folder = folder()
        .env("SEATWARDEN_STOER__PATH", "x")
        .env("SEATWARDEN_STORE__", "x")
        .env("SEATWARDEN_FEED__OKTA__AUTH__TOKEN", "hunter2")
        .env("SEATWARDEN_LOG", "debug")
        .env("SEATWARDEN_SERVICE_HOST", "10.0.0.1")
        .flag("brakes.approvers", "many")
        .flag("target.desk.seats", "{ broken");
    let found = folder.findings();
    assert_findings(
        "overrides",
        &found,
        "C004 - flag target.desk.seats: the value begins like a list or table and is none | as in the file
         C006 - environment variable SEATWARDEN_STOER__PATH: there is no setting `stoer` | did you mean `store`?
         C007 - flag brakes.approvers: expected a whole number, found text | quotation marks
         C033 - environment variable SEATWARDEN_FEED__OKTA__AUTH__TOKEN: the secret `token` must not stand here | file
         C044 - environment variable SEATWARDEN_STORE__: a part of the name is empty | `__`",
    );
    let shown = format!("{found:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
