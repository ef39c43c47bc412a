//! Our SCIM server as foreign programs judge it: `scim2-tester` (by `scim2-cli`) and `scim-sanity`, both from `PyPI`.
//! Installed by `tests/tools/install.sh`; where they are not, the test says that it is skipped.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use seatwarden::inbound::public::Limits;
use seatwarden::store::Overlay;
use seatwarden_mocks::post::send;
use serde_json::Value;

use super::company::run;
use super::hooks::world::{Called, SECRET, analysts};
use super::push::setup;

fn tool(name: &str) -> Option<PathBuf> {
    let venv = std::env::var_os("SEATWARDEN_VENV")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv"), PathBuf::from);
    let program = venv.join("bin").join(name);
    if program.exists() {
        return Some(program);
    }
    drop(writeln!(std::io::stdout().lock(), "skipped: {} is not installed", program.display()));
    None
}

async fn said(mut command: Command) -> (bool, String) {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

async fn server() -> (Called, String) {
    let called = Called::on(analysts(&[]), setup(), Limits::default(), Arc::new(Overlay::empty())).await;
    let url = format!("http://{}/scim/v2/push", called.address);
    (called, url)
}

/// Licenses are left out: they can be read alone, and the program would make and delete some.
#[test]
fn scim2_tester_passes_entirely() {
    let Some(program) = tool("scim2") else { return };
    run(async {
        let (_called, url) = server().await;
        let folder = tempfile::tempdir().unwrap();
        let bearer = format!("Bearer {SECRET}");
        let mut command = Command::new(program);
        command.args(["--url", &url]).env("SCIM_CLI_HEADERS", format!("Authorization: {bearer}"));
        for (flag, what) in [("--schemas", "Schemas"), ("--resource-types", "ResourceTypes")] {
            let headers = [("authorization", bearer.as_str())];
            let answer = send(Method::GET, &format!("{url}/{what}"), &headers, "", Duration::from_secs(20)).await;
            let body: Value = serde_json::from_slice(&answer.unwrap().body).unwrap();
            let kept: Vec<Value> =
                body["Resources"].as_array().unwrap().iter().filter(|one| one["name"] != "License").cloned().collect();
            let file = folder.path().join(what);
            std::fs::write(&file, Value::from(kept).to_string()).unwrap();
            command.arg(flag).arg(file);
        }
        command.arg("test");
        let (passed, text) = said(command).await;
        assert!(passed && text.contains("SUCCESS") && !text.contains("ERROR"), "{text}");
    });
}

#[test]
fn scim_sanity_finds_nothing() {
    let Some(program) = tool("scim-sanity") else { return };
    run(async {
        let (_called, url) = server().await;
        let mut command = Command::new(program);
        command.args(["probe", &url, "--token", SECRET, "--i-accept-side-effects"]);
        let (passed, text) = said(command).await;
        assert!(passed && text.contains("[PASS]") && !text.contains("[FAIL]"), "{text}");
    });
}
