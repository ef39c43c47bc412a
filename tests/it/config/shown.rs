//! What is shown: findings as text and JSON, effective values with their origin, and never a secret.

use seatwarden::config::{Failed, render, show};
use serde_json::json;

use super::{CATALOG, FEED, Folder, text};

#[test]
fn a_finding_shows_file_line_text_and_help() {
    let folder = Folder::new(format!("[store]\npaht = \"x\"\n{FEED}"), CATALOG);
    let Err(Failed { findings, sources, .. }) = folder.load() else { panic!("loaded") };
    let shown = text(&findings, &sources);
    let file = folder.path("seatwarden.toml").display().to_string();
    for part in ["C006", "there is no setting `paht` in [store]", "paht = \"x\"", "did you mean `path`?", "1 error"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    assert!(shown.contains(&format!("{file}:2:1")), "{shown}");
    assert!(render::text(&findings, &sources, true).contains('\u{1b}'));
    let expected = json!({"ok": false, "findings": [{"code": "C006", "severity": "error", "file": file, "line": 2,
        "column": 1, "message": "there is no setting `paht` in [store]", "help": "did you mean `path`?",
        "label": null, "related": []}]});
    assert_eq!(render::json(&findings), expected);
}

#[test]
fn no_secret_is_ever_shown_however_broken_the_file_is() {
    let auth = |auth: &str| FEED.replace("{ kind = \"ssws\", token = { file = \"t\" } }", auth);
    let broken = [
        auth("{ kind = \"ssws\", token = \"hunter2\" }"),
        auth("{ kind = \"swss\", token = \"hunter2\" }"),
        auth("{ kind = \"ssws\", tokn = \"hunter2\" }"),
        auth("{ kind = \"ssws\", token = { value = \"hunter2\" } }"),
        auth("{ kind = \"ssws\", token = { env = \"hunter2 x\" } }"),
        auth("{ kind = \"ssws\", token = [\"hunter2\"] }"),
        auth("\"hunter2\""),
        auth("{ kind = \"basic\", username = \"a\", password = \"hunter2\" }"),
        auth("{ kind = \"ssws\", token = \"hunter2 }"),
        auth("{ kind = \"ssws\", token = 'hunter2' oops }"),
        FEED.replace("https://acme", "https://ann:hunter2@acme"),
        FEED.replace("https://acme", "ftp://ann:hunter2@acme"),
        format!("{FEED}hook = {{ secret = \"hunter2\" }}"),
        format!("{FEED}hook = \"hunter2\""),
        format!("{FEED}api_token = \"hunter2\""),
        format!("{FEED}[feed.x.auht]\nsecret = \"hunter2\""),
        format!("{FEED}[store]\nurl = \"postgres://ann:hunter2@db\""),
        format!(
            "{FEED}[feed.x]\nkind = \"okta\"\nauth = {{ kind = \"private_key_jwt\", key = \"\"\"\nhunter2\n\"\"\", key_id = 5 }}"
        ),
    ];
    for file in broken {
        let folder = Folder::new(&file, CATALOG);
        let Err(Failed { findings, sources, .. }) = folder.load() else { panic!("loaded: {file}") };
        for shown in
            [text(&findings, &sources), render::json(&findings).to_string(), format!("{findings:?}{sources:?}")]
        {
            assert!(!shown.contains("hunter2"), "{file}\n{shown}");
        }
    }
}

#[test]
fn effective_values_have_their_origin_and_secrets_only_their_place() {
    let folder =
        Folder::new(FEED.trim_start(), CATALOG).env("SEATWARDEN_PASS__FULL", "12h").flag("brakes.approvers", "2");
    let loaded = folder.loaded();
    let shown = show::json(&loaded);
    let file = folder.path("seatwarden.toml").display().to_string();
    let catalog = folder.path("catalog.toml").display().to_string();
    let values = &shown["values"];
    assert_eq!(shown["file"], json!(file));
    assert_eq!(values["pass.full"], json!({"value": "12h", "origin": "env", "name": "SEATWARDEN_PASS__FULL"}));
    assert_eq!(values["brakes.approvers"], json!({"value": 2, "origin": "flag", "name": "brakes.approvers"}));
    assert_eq!(values["store.path"], json!({"value": "/var/lib/seatwarden", "origin": "default"}));
    let okta = json!({"value": "https://acme.okta.com", "origin": "file", "file": file, "line": 3});
    assert_eq!(values["feed.okta.url"], okta);
    let token = folder.path("t").display().to_string();
    assert_eq!(values["feed.okta.auth.token.file"]["value"], json!(token));
    assert_eq!(values["tier.fulfiller.seats"], json!({"value": 120, "origin": "file", "file": catalog, "line": 9}));
    let shown = show::text(&loaded);
    assert!(
        shown.lines().any(
            |line| line.starts_with("pass.full = \"12h\"") && line.ends_with("# environment SEATWARDEN_PASS__FULL")
        )
    );
    assert!(shown.lines().any(|line| line.ends_with(&format!("# {file}:3"))), "{shown}");
    // What is shown can be pasted: it is TOML.
    assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
}
