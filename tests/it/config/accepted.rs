//! What is accepted, and what it means.

use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use seatwarden::config::{
    Auth, ClientAuth, Config, DeskKey, DeskSeat, FeedConfig, FeedKind, Mode, Named, Secret, WirePath,
};
use seatwarden::model::{
    Billing, ClassName, Exemption, FeedName, MatchKey, MinHold, Money, OnSuspended, PoolId, PoolKind, Reassign, Seats,
    TargetName,
};
use seatwarden::seats::{Brake, Limit};

use super::{CATALOG, FEED, Folder, assert_findings};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn sample() -> Folder {
    Folder::new(include_str!("sample/seatwarden.toml"), include_str!("sample/catalog.toml"))
}

fn feed<'a>(config: &'a Config, name: &str) -> &'a FeedConfig {
    &config.feeds[&FeedName::new(name)]
}

fn percent(percent: f64) -> Limit {
    Limit { count: None, percent: Some(percent) }
}

fn path(urn: Option<&str>, steps: &[&str]) -> WirePath {
    WirePath { urn: urn.map(str::to_owned), steps: steps.iter().map(|step| (*step).to_owned()).collect() }
}

#[test]
fn the_documented_sample_has_no_error() {
    assert_findings(
        "sample",
        &sample().findings(),
        "warning K068 22:13 there is no tier or add-on `change-advisory` | until the catalog has
         warning C041 55:7 [feed.okta-push] does not say where the job code stands | job_code",
    );
}

#[test]
fn the_documented_sample_has_the_documented_values() {
    let folder = sample();
    let config = folder.loaded().config;
    assert_eq!(config.store, Path::new("/var/lib/seatwarden"));
    assert_eq!(config.listen.public, "127.0.0.1:8440".parse().ok());
    assert_eq!(config.listen.ops, "127.0.0.1:9464".parse().ok());
    assert_eq!(config.listen.control, Path::new("/run/seatwarden/control.sock"));
    assert_eq!((config.rules, config.catalog), (folder.path("rules"), folder.path("catalog.toml")));
    assert_eq!(config.time_zone, TimeZone::UTC);
    assert_eq!(config.people.match_on, [MatchKey::EmployeeNumber, MatchKey::Email]);
    assert_eq!(config.people.prefer, [FeedName::new("okta-prod"), FeedName::new("entra")]);
    assert_eq!((config.pass.incremental, config.pass.full), (Duration::from_mins(2), Duration::from_hours(24)));
    assert!((config.pass.jitter - 0.1).abs() < f64::EPSILON);
    let brakes = config.brakes;
    let revoke =
        Brake { per_day: Some(percent(10.0)), per_week: Some(percent(20.0)), ..Brake::per_pass(percent(5.0), 5) };
    assert_eq!(brakes.revoke, revoke);
    assert_eq!(brakes.grant, Brake::per_pass(percent(20.0), 20));
    assert_eq!(brakes.rules_edit, Brake::per_pass(percent(10.0), 5));
    assert_eq!((brakes.feed_shrink, brakes.approvers), (percent(5.0), 1));
    assert_eq!(brakes.approval_expires, Duration::from_hours(72));
}

#[test]
fn the_okta_feed_of_the_sample() {
    let folder = sample();
    let config = folder.loaded().config;
    let okta = feed(&config, "okta-prod");
    assert_eq!((okta.kind.clone(), okta.url.as_str()), (FeedKind::Okta, "https://acme.okta.com/"));
    assert_eq!((okta.on_suspended, okta.ca_file.clone()), (OnSuspended::Hold, None));
    assert!((okta.budget - 0.4).abs() < f64::EPSILON);
    assert_eq!(okta.attributes["job_code"], path(None, &["profile", "jobCode"]));
    assert_eq!(okta.attributes["cost_center"], path(None, &["profile", "costCenter"]));
    assert_eq!(okta.attributes["user_name"], path(None, &["profile", "login"]));
    assert_eq!(okta.attributes.len(), 14);
    let Auth::PrivateKeyJwt { client_id, key, key_id, token_url, scope, dpop } = &okta.auth else { panic!("{okta:?}") };
    assert_eq!((client_id.as_str(), key_id.as_deref(), *dpop), ("0oa…", Some("k1"), false));
    assert_eq!(*key, Secret::File(folder.path("okta.pem")));
    assert_eq!(token_url.as_str(), "https://acme.okta.com/oauth2/v1/token");
    assert_eq!(scope.as_deref(), Some("okta.users.read okta.groups.read okta.logs.read"));
}

#[test]
fn the_entra_and_scim_feeds_of_the_sample() {
    let config = sample().loaded().config;
    let entra = feed(&config, "entra");
    assert_eq!(entra.url.as_str(), "https://graph.microsoft.com/");
    let FeedKind::Entra { tenant, login_url } = &entra.kind else { panic!("{entra:?}") };
    assert_eq!(tenant, "00000000-0000-0000-0000-000000000000");
    assert_eq!(login_url.as_str(), "https://login.microsoftonline.com/");
    let Auth::ClientSecret { token_url, scope, client_auth, .. } = &entra.auth else { panic!("{entra:?}") };
    assert_eq!(token_url.as_str(), format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"));
    assert_eq!((scope.as_deref(), *client_auth), (Some("https://graph.microsoft.com/.default"), ClientAuth::Post));
    assert_eq!(entra.attributes["organization"], path(None, &["companyName"]));
    assert_eq!(entra.attributes["division"], path(None, &["employeeOrgData", "division"]));
    let hr = feed(&config, "hr");
    assert_eq!((hr.kind.clone(), hr.url.as_str()), (FeedKind::Scim, "https://hr.acme.example/scim/v2"));
    let acme = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";
    assert_eq!(hr.attributes["job_code"], path(Some(acme), &["jobCode"]));
    assert_eq!(hr.attributes["manager"], path(Some(ENTERPRISE), &["manager", "value"]));
    assert_eq!(hr.attributes["location"], path(None, &["addresses", "locality"]));
    let push = feed(&config, "okta-push");
    assert_eq!((push.kind.clone(), push.url.as_str()), (FeedKind::ScimPush, "http://127.0.0.1:8440/scim/v2/okta-push"));
}

#[test]
fn the_target_of_the_sample() {
    let config = sample().loaded().config;
    let desk = &config.targets[&TargetName::new("desk")];
    assert_eq!((desk.mode, desk.create), (Mode::Full, false));
    assert_eq!(desk.match_on, [DeskKey::ExternalId, DeskKey::Email]);
    assert_eq!(desk.seats[&PoolId::new("fulfiller")], DeskSeat::Group("lic-fulfiller".to_owned()));
    assert_eq!(desk.seats[&PoolId::new("major-incident")], DeskSeat::Group("lic-major-incident".to_owned()));
}

#[test]
fn the_catalog_of_the_sample() {
    let catalog = sample().loaded().catalog;
    assert_eq!(catalog.default_tier, PoolId::new("requester"));
    let fulfiller = &catalog.pools[&PoolId::new("fulfiller")];
    assert_eq!((fulfiller.kind, fulfiller.rank, fulfiller.seats), (PoolKind::Tier, 20, Seats::Bought(120)));
    assert_eq!(fulfiller.reserve[&ClassName::new("on-call")], 10);
    let cost = Money { amount: "100.00".to_owned(), currency: "USD".to_owned(), per: "month".to_owned() };
    assert_eq!(fulfiller.cost, Some(cost));
    assert_eq!(fulfiller.fallback, Some(PoolId::new("requester")));
    let day = Duration::from_hours(24);
    assert_eq!(fulfiller.grace, day * 7);
    let exempt = [Exemption::Leaver, Exemption::AbsenceCover].into_iter().collect();
    assert_eq!(fulfiller.min_hold, Some(MinHold { time: day * 90, exempt }));
    assert_eq!(fulfiller.reassign, Some(Reassign { at_most: 40, per: day * 365 }));
    assert_eq!(fulfiller.billing, Billing::Peak);
    let incident = &catalog.pools[&PoolId::new("major-incident")];
    assert_eq!(
        (incident.kind, incident.seats, incident.billing),
        (PoolKind::Addon, Seats::Bought(15), Billing::Current)
    );
    assert!(incident.requires.contains(&PoolId::new("fulfiller")));
    assert!(incident.excludes.is_empty(), "a pool that was not bought excludes nothing");
    assert_eq!(catalog.pools[&PoolId::new("requester")].seats, Seats::Unlimited);
}

#[test]
fn exclusion_holds_both_ways_whoever_says_it() {
    let catalog = format!("{CATALOG}excludes = [\"b\"]\n[addon.b]\nseats = 1\n");
    let catalog = Folder::new(FEED, catalog).loaded().catalog;
    assert!(catalog.pools[&PoolId::new("b")].excludes.contains(&PoolId::new("major-incident")));
    assert!(catalog.pools[&PoolId::new("major-incident")].excludes.contains(&PoolId::new("b")));
}

#[test]
fn the_least_configuration_is_one_feed() {
    let folder = Folder::new(FEED, CATALOG);
    assert_findings("least", &folder.findings(), "");
    let config = folder.loaded().config;
    assert!(config.targets.is_empty());
    assert_eq!(config.brakes.revoke.per_day, Some(percent(10.0)));
    assert_eq!(config.people.match_on, [MatchKey::EmployeeNumber, MatchKey::Email]);
    assert_eq!(config.listen.control, Path::new("/run/seatwarden/control.sock"));
}

#[test]
fn limits_may_be_a_number_a_percentage_or_both() {
    let brakes = "[brakes]\nrevoke = { per_pass = { count = 9, percent = \"7%\" }, at_least = 0 }\ngrant = { per_pass = [3, \"2.5%\"] }\nfeed_shrink = 4";
    let brakes = Folder::new(format!("{FEED}{brakes}"), CATALOG).loaded().config.brakes;
    assert_eq!(brakes.revoke.per_pass, Limit { count: Some(9), percent: Some(7.0) });
    assert_eq!(brakes.revoke.per_day, Some(Limit { count: Some(18), percent: Some(14.0) }), "twice per_pass");
    assert_eq!(brakes.grant.per_pass, Limit { count: Some(3), percent: Some(2.5) });
    assert_eq!(brakes.feed_shrink, Limit { count: Some(4), percent: None });
}

#[test]
fn clouds_have_their_hosts_and_both_can_be_given() {
    let entra = |more: &str| {
        let file = format!(
            "[feed.e]\nkind = \"entra\"\ntenant = \"acme.example\"\n{more}\n\
             auth = {{ kind = \"client_secret\", client_id = \"c\", secret = {{ credential = \"entra\" }} }}\n\
             attributes = {{ job_code = \"employeeType\" }}\n"
        );
        let config = Folder::new(file, CATALOG).loaded().config;
        let feed = feed(&config, "e").clone();
        let Auth::ClientSecret { token_url, scope, secret, .. } = feed.auth else { panic!() };
        assert_eq!(secret, Secret::Credential("entra".to_owned()));
        (feed.url.to_string(), token_url.to_string(), scope.unwrap())
    };
    let expect = |url: &str, token: &str, scope: &str| {
        (url.to_owned(), format!("{token}/acme.example/oauth2/v2.0/token"), scope.to_owned())
    };
    for (cloud, login, graph) in [
        ("us-gov", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("us-dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ] {
        let found = entra(&format!("cloud = \"{cloud}\""));
        assert_eq!(found, expect(&format!("{graph}/"), login, &format!("{graph}/.default")));
    }
    let found = entra("url = \"http://127.0.0.1:9/graph/\"\nlogin_url = \"http://localhost:8\"");
    assert_eq!(found, expect("http://127.0.0.1:9/graph", "http://localhost:8", "http://127.0.0.1:9/graph/.default"));
}

#[test]
fn a_scim_server_takes_every_kind_it_should() {
    let auth = |auth: &str| {
        let file = format!(
            "[feed.s]\nkind = \"scim\"\nurl = \"https://s.acme.example\"\nca_file = \"ca.pem\"\nauth = {auth}\n\
             attributes = {{ job_code = \"title\" }}\n"
        );
        let folder = Folder::new(file, CATALOG);
        let config = folder.loaded().config;
        assert_eq!(feed(&config, "s").ca_file, Some(folder.path("ca.pem")));
        feed(&config, "s").auth.clone()
    };
    let basic = auth("{ kind = \"basic\", username = \"u\", password = { env = \"P\" } }");
    assert!(matches!(basic, Auth::Basic { username, password: Secret::Env(_) } if username == "u"));
    let secret = auth(
        "{ kind = \"client_secret\", client_id = \"c\", secret = { env = \"S\" }, token_url = \"https://t.example/x?y=1\", scope = \"a b\", client_auth = \"post\" }",
    );
    assert!(
        matches!(secret, Auth::ClientSecret { scope: Some(scope), client_auth: ClientAuth::Post, .. } if scope == "a b")
    );
    let key = auth(
        "{ kind = \"private_key_jwt\", client_id = \"c\", key = { env = \"K\" }, token_url = \"https://t.example\" }",
    );
    assert!(matches!(key, Auth::PrivateKeyJwt { key_id: None, scope: None, dpop: false, .. }));
}

#[test]
fn listeners_can_be_off_and_zones_have_names() {
    let config = Folder::new(
        format!(
            "[listen]\npublic = \"off\"\nops = \"localhost:0\"\ncontrol = \"c.sock\"\n[rules]\ntime_zone = \"Europe/Berlin\"\n{FEED}"
        ),
        CATALOG,
    );
    let loaded = config.loaded().config;
    assert_eq!((loaded.listen.public, loaded.listen.ops), (None, "127.0.0.1:0".parse().ok()));
    assert_eq!(loaded.listen.control, config.path("c.sock"));
    assert_eq!(loaded.time_zone, TimeZone::get("Europe/Berlin").unwrap());
}

#[test]
fn a_byte_order_mark_and_crlf_are_no_fault() {
    let file = format!("\u{feff}{}", FEED.replace('\n', "\r\n"));
    assert_findings("BOM", &Folder::new(file, CATALOG).findings(), "");
}

#[test]
fn paths_are_relative_to_the_file_that_names_them() {
    let folder = Folder::new(format!("[catalog]\npath = \"sub/bought.toml\"\n{FEED}"), "");
    std::fs::create_dir(folder.path("sub")).unwrap();
    std::fs::write(folder.path("sub/bought.toml"), CATALOG).unwrap();
    let loaded = folder.loaded();
    assert_eq!(loaded.config.catalog, folder.path("sub/bought.toml"));
    let named: Vec<&Named> = loaded.named_files.iter().map(|named| &named.what).collect();
    assert_eq!(named, [&Named::Secret(Secret::File(folder.path("t")))]);
}

#[test]
fn brakes_by_cause_have_safe_defaults_and_their_own_settings() {
    let plain = Folder::new(FEED, CATALOG).loaded().config.brakes;
    assert_eq!((plain.leavers, plain.job_code, plain.spend.len()), (None, None, 0));
    assert_eq!(plain.lost_attribute, Brake::per_pass(percent(5.0), 5));
    assert_eq!(plain.catalog_edit, Brake::per_pass(percent(5.0), 5));
    assert_eq!(plain.expiry, Brake::per_pass(percent(5.0), 5));
    assert_eq!(plain.feed, Brake { per_day: Some(percent(10.0)), ..Brake::per_pass(percent(5.0), 20) });
    let text = "[brakes]\nleavers = { per_pass = \"20%\", at_least = 10 }\njob_code = { per_pass = 3, per_week = 9 }\n\
        revoke = { per_hour = 4, per_week = \"15%\" }\n\
        grant = { spend_per_pass = \"500 USD\", spend_per_day = [\"2000 USD\", \"1500.50 EUR\"] }\n\
        lost_attribute = { per_pass = \"50%\", at_least = 2 }\n";
    let brakes = Folder::new(format!("{FEED}{text}"), CATALOG).loaded().config.brakes;
    let count = |count| Limit { count: Some(count), percent: None };
    let leavers = Brake { per_day: Some(percent(40.0)), ..Brake::per_pass(percent(20.0), 10) };
    assert_eq!(brakes.leavers, Some(leavers));
    let moves = Brake { per_day: Some(count(6)), per_week: Some(count(9)), ..Brake::per_pass(count(3), 5) };
    assert_eq!(brakes.job_code, Some(moves));
    assert_eq!((brakes.revoke.per_hour, brakes.revoke.per_week), (Some(count(4)), Some(percent(15.0))));
    let spend: Vec<String> = brakes
        .spend
        .iter()
        .map(|limit| format!("{} {} a {}", limit.per_month, limit.currency, limit.span.word()))
        .collect();
    assert_eq!(spend, ["500.00 USD a pass", "2000.00 USD a day", "1500.50 EUR a day"]);
    assert_eq!(brakes.lost_attribute, Brake::per_pass(percent(50.0), 2));
}

#[test]
fn people_and_last_holders_can_be_protected() {
    let people = "[people]\nprotected = [\"breakglass@acme.example\", \"104233\"]\n";
    let catalog = format!("{CATALOG}\n[tier.admin]\nrank = 99\nseats = 3\nkeep = 1\n");
    let loaded = Folder::new(format!("{people}{FEED}"), catalog).loaded();
    assert_eq!(loaded.config.protected, ["104233", "breakglass@acme.example"].map(str::to_owned).into());
    assert_eq!(loaded.catalog.pools[&"admin".into()].keep, 1);
    assert!(loaded.catalog.pools.values().filter(|pool| pool.keep > 0).count() == 1);
}
