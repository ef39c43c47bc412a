//! The files beside the configuration: rules, secrets, and what `init` writes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use seatwarden::config::init::{self, InitError};
use seatwarden::config::{check_named, files_of_other_kinds, load, load_rules_sources};

use super::{CATALOG, FEED, Folder, assert_findings};

fn names(path: &Path) -> Vec<String> {
    let sources = load_rules_sources(path).unwrap();
    sources.iter().map(|source| source.path.strip_prefix(path.to_str().unwrap()).unwrap().to_owned()).collect()
}

#[test]
fn rules_are_one_file_or_every_table_of_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b.toml", "a.csv", "C.TOML", "notes.txt", ".hidden.toml", "~$a.csv", "a.toml~"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    fs::create_dir_all(dir.path().join("team/deep")).unwrap();
    fs::write(dir.path().join("team/deep/x.csv"), "").unwrap();
    fs::create_dir(dir.path().join("folder.toml")).unwrap();
    assert_eq!(names(dir.path()), ["/C.TOML", "/a.csv", "/b.toml", "/team/deep/x.csv"]);
    let one = load_rules_sources(&dir.path().join("b.toml")).unwrap();
    assert_eq!((one.len(), one[0].bytes.as_slice()), (1, b"b.toml".as_slice()));
}

#[test]
fn files_of_other_kinds_are_told_and_not_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("team")).unwrap();
    for name in
        ["a.csv", "team/b.XLSX", "c.yaml", "d.txt", "README.txt", "rules.schema.json", "e.md", ".f.json", "~$b.xlsx"]
    {
        fs::write(dir.path().join(name), "").unwrap();
    }
    assert_eq!(names(dir.path()), ["/a.csv"]);
    let here = dir.path().display();
    let told = ["c.yaml", "d.txt", "team/b.XLSX"]
        .map(|name| format!("warning C052 1:1 {here}/{name} is not read: tables end in | seatwarden rules import"));
    assert_findings("other kinds", &files_of_other_kinds(dir.path()), &told.join("\n"));
    assert_eq!(files_of_other_kinds(&dir.path().join("c.yaml")), []);
}

#[test]
fn a_kubernetes_volume_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("..2026_11_22");
    fs::create_dir(&real).unwrap();
    fs::write(real.join("people.toml"), "x").unwrap();
    symlink("..2026_11_22", dir.path().join("..data")).unwrap();
    symlink("..data/people.toml", dir.path().join("people.toml")).unwrap();
    symlink(".", dir.path().join("loop")).unwrap();
    assert_eq!(names(dir.path()), ["/people.toml"]);
    assert_eq!(load_rules_sources(dir.path()).unwrap()[0].bytes, b"x");
}

#[test]
fn rules_that_cannot_be_read_are_never_taken_for_none() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: &Path| load_rules_sources(path).unwrap_err();
    assert_findings(
        "empty",
        &[error(dir.path())],
        &format!("C050 1:1 {} has no *.toml and no *.csv | put a table", dir.path().display()),
    );
    assert_eq!(error(&dir.path().join("absent")).code, "C050");
    fs::write(dir.path().join("table.xlsx"), "").unwrap();
    assert!(error(&dir.path().join("table.xlsx")).message.ends_with("is neither *.toml nor *.csv"));
    symlink("nowhere", dir.path().join("gone.toml")).unwrap();
    assert!(error(dir.path()).message.contains("gone.toml cannot be read"));
    fs::remove_file(dir.path().join("gone.toml")).unwrap();
    let large = fs::File::create(dir.path().join("large.csv")).unwrap();
    large.set_len(16 * 1024 * 1024 + 1).unwrap();
    let found = error(dir.path());
    assert!(found.message.ends_with("is larger than 16 MiB") && found.code == "R002", "{found:?}");
    large.set_len(16 * 1024 * 1024).unwrap();
    assert_eq!(load_rules_sources(dir.path()).unwrap().len(), 1);
}

#[test]
fn secrets_are_looked_at_by_check_and_not_by_loading() {
    let folder = Folder::new(
        format!(
            "{FEED}ca_file = \"ca.pem\"\n\
             [feed.b]\nkind = \"scim\"\nurl = \"https://s.example\"\nauth = {{ kind = \"bearer\", token = {{ env = \"B_TOKEN\" }} }}\n\
             attributes = {{ job_code = \"title\" }}\nhook = {{ secret = {{ credential = \"hook\" }} }}\n"
        ),
        CATALOG,
    );
    let loaded = folder.loaded();
    let check = |env: &[(&str, &str)]| {
        let env: BTreeMap<_, _> = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        check_named(&loaded, &env)
    };
    assert_findings(
        "nothing there",
        &check(&[("B_TOKEN", " ")]),
        "C048 5:33 `feed.okta.auth.token`: cannot read | install -m 0600
         C048 7:11 `feed.okta.ca_file`: cannot read | install
         C048 11:35 `feed.b.auth.token`: environment variable B_TOKEN is not set or empty | export
         C048 13:19 `feed.b.hook.secret`: credential hook cannot be read: CREDENTIALS_DIRECTORY is not set | LoadCredential=hook",
    );
    for name in ["t", "ca.pem", "hook"] {
        fs::write(folder.path(name), "hunter2").unwrap();
        fs::set_permissions(folder.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let credentials = folder.path("").display().to_string();
    let good = [("B_TOKEN", "x"), ("CREDENTIALS_DIRECTORY", credentials.as_str())];
    let found = check(&good);
    assert_findings(
        "open",
        &found,
        "warning C049 5:33 `feed.okta.auth.token`: everybody on this machine can read | chmod o-rwx",
    );
    assert!(!format!("{found:?}").contains("hunter2"));
    fs::set_permissions(folder.path("t"), fs::Permissions::from_mode(0o440)).unwrap();
    assert_findings("closed", &check(&good), "");
    fs::write(folder.path("ca.pem"), "").unwrap();
    assert_findings("empty", &check(&good), "C048 7:11 `feed.okta.ca_file`: | install");
}

#[test]
fn what_init_writes_loads_without_a_finding_and_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("new/seats");
    let written = init::write(&dir).unwrap();
    assert_eq!(written.len(), 6);
    let path = dir.join("seatwarden.toml");
    let loaded = load(&path, &BTreeMap::new(), &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let rules = load_rules_sources(&loaded.config.rules).unwrap();
    let compiled = seatwarden::rules::compile(&rules, &loaded.catalog, &loaded.config.time_zone);
    assert_eq!((rules.len(), compiled.findings), (1, Vec::new()));
    for text in [fs::read_to_string(&path).unwrap(), fs::read_to_string(&loaded.config.catalog).unwrap()] {
        let schema = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&fs::read(dir.join(schema)).unwrap()).unwrap();
        assert_eq!(schema["type"], "object");
    }
    // Every secret that is named is explained: only the files themselves are absent.
    let absent = check_named(&loaded, &BTreeMap::new());
    assert_eq!(absent.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["C048", "C048"]);
    fs::remove_file(dir.join("catalog.toml")).unwrap();
    let before = fs::read(&path).unwrap();
    let Err(InitError::Exists(files)) = init::write(&dir) else { panic!("written over") };
    assert_eq!(files.len(), 5);
    assert!(!dir.join("catalog.toml").exists());
    assert_eq!(fs::read(&path).unwrap(), before);
}
