//! Guards the arrows between folders, and habits that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

/// The line, left to right. A folder may name itself and what stands before it; `model` lies under all.
const LINE: [&str; 5] = ["model", "directory", "rules", "seats", "audit"];

/// What a pure folder must not name.
const IMPURE: [&str; 16] = [
    "tokio",
    "reqwest",
    "sled",
    "governor",
    "backoff",
    "openidconnect",
    "tracing",
    "axum",
    "metrics",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "SystemTime",
    "fastrand",
    "uuid",
];

/// Packages that one file or folder alone may name.
const OWNED: [(&str, &str); 18] = [
    ("::sled", "src/store/sled"),
    ("backoff", "src/outbound/retry.rs"),
    ("governor", "src/outbound src/inbound/public.rs"),
    ("reqwest", "src/outbound"),
    ("openidconnect", "src/outbound"),
    ("jsonwebtoken", "src/outbound src/inbound/jws.rs"),
    ("clap", "src/cli"),
    ("textwrap", "src/cli/screen"),
    ("unicode_width", "src/cli/screen"),
    ("terminal_size", "src/cli/screen"),
    ("hmac", "src/inbound/hooks"),
    ("subtle", "src/inbound/hooks"),
    ("csv", "src/rules src/cli"),
    ("toml_edit", "src/rules"),
    ("calamine", "src/workbook"),
    ("rust_xlsxwriter", "src/workbook"),
    ("zip", "src/workbook"),
    ("notify_debouncer_full", "src/worker"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without comments and without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("\n#[cfg(test)]").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Whether `word::` or `crate::word` stands in the code as a path of its own.
fn names(code: &str, word: &str) -> bool {
    let is_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + word.len()..];
        !is_word(before) && before != Some('.') && before != Some('"') && after.starts_with("::")
    }) || code.contains(&format!("use {word};"))
}

#[test]
fn pure_folders_name_no_input_or_output_and_nothing_to_their_right() {
    let mut faults = Vec::new();
    let edges = ["feed", "target", "store", "outbound", "inbound", "worker", "ambient", "cli", "config"];
    for (place, folder) in LINE.iter().enumerate() {
        let mut files = Vec::new();
        sources(&root().join("src").join(folder), &mut files);
        assert!(!files.is_empty(), "src/{folder} is empty");
        for file in files {
            let code = code(&file);
            let refused = IMPURE.iter().filter(|word| names(&code, word)).map(|word| (*word).to_owned());
            let right = LINE[place + 1..].iter().chain(&edges).filter(|other| {
                code.contains(&format!("crate::{other}::")) || code.contains(&format!("crate::{{{other}"))
            });
            for word in refused.chain(right.map(|word| format!("crate::{word}"))) {
                faults.push(format!("{} names {word}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_package_has_one_owner() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut faults = Vec::new();
    for file in files {
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let code = code(&file);
        for (package, owners) in OWNED {
            if names(&code, package) && !owners.split(' ').any(|owner| shown.starts_with(owner)) {
                faults.push(format!("{shown} names {package}, which belongs to {owners}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_system_is_asked_for_time_in_one_folder() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for file in files {
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let code = code(&file);
        for asked in ["Timestamp::now(", "SystemTime::now(", "Instant::now(", "Zoned::now("] {
            assert!(!code.contains(asked) || shown.starts_with("src/ambient"), "{shown} asks {asked})");
        }
    }
}

#[test]
fn every_module_says_what_it_promises() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("mocks/src"), &mut files);
    let silent: Vec<String> = files
        .iter()
        .filter(|file| !fs::read_to_string(file).unwrap().starts_with("//!"))
        .map(|file| file.display().to_string())
        .collect();
    assert!(silent.is_empty(), "no module documentation: {silent:?}");
}

#[test]
fn the_deployment_folders_and_papers_are_there() {
    for path in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE",
        "Makefile",
        ".ci/run",
        "deny.toml",
        "deploy/systemd/seatwarden.service",
        "deploy/kubernetes/kustomization.yaml",
        "deploy/Containerfile",
    ] {
        assert!(root().join(path).exists(), "{path} is missing");
    }
}

#[test]
fn the_unit_starts_what_the_program_offers() {
    let unit = fs::read_to_string(root().join("deploy/systemd/seatwarden.service")).unwrap();
    for needed in
        ["Type=notify", "LoadCredential=", "ExecStart=/usr/bin/seatwarden run", "RestartPreventExitStatus=64 65 77 78"]
    {
        assert!(unit.contains(needed), "{needed} is missing");
    }
    let pod = fs::read_to_string(root().join("deploy/kubernetes/statefulset.yaml")).unwrap();
    let has_sub_path = pod.lines().any(|line| line.trim_start().starts_with("subPath:"));
    assert!(!has_sub_path, "a subPath mount never sees an edited ConfigMap");
    assert!(pod.contains("replicas: 1"), "the embedded store has one owner");
}
