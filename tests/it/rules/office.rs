//! Tables that a spreadsheet opened and saved. Skipped, and said so, where `soffice` is not installed; Debian has it in
//! `libreoffice-calc-nogui`.

use std::path::Path;
use std::process::{Command, Stdio};

use seatwarden::rules::{RuleSet, Source};
use seatwarden::workbook;

use super::convert::draft;
use super::world::{compiled, sound, source};

/// What spreadsheets like to change, in a form that text cells keep.
const FRAGILE: &str = "\
[[rule]]
id = '007'
when = { job_code = ['00123'], title = ['1E5'], department = ['TRUE'], division = ['1-2'], attr.shift = ['-X', '1/2'] }
tier = 'agent'
note = '12345678901234567890'
[[exception]]
person = '00042'
tier = 'agent'
until = 2026-12-15
owner = 'lead@acme.example'
reason = '3.10'
";

const STURDY: &str = "\
[[rule]]
id = 'sd'
when = { job_code = ['SD-1*', 'SD-20..SD-29', '!SD-7'], department = 'R&D, Labs', status = '!gone', attr.shift = ['late', 'nacht'] }
tier = 'fulfiller'
addons = ['major-incident', 'reports']
class = 'on-call'
priority = -3
from = 2026-01-01
until = 2026-12-31
owner = 'itam@acme.example'
note = \"says \\\"so\\\", and; then\\ngoes on: äß漢\"
[[exception]]
person = 'ann@acme.example'
tier = 'none'
until = 2026-12-15
owner = 'lead@acme.example'
reason = 'covers for a colleague, on leave'
";

fn installed() -> bool {
    let found = Command::new("soffice").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = found.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: soffice (LibreOffice) is not installed");
    }
    is_there
}

/// Opens files and saves them in the same form.
fn saved(folder: &Path, ending: &str, files: &[(&str, &[u8])]) -> Vec<Vec<u8>> {
    let paths: Vec<_> = files.iter().map(|(name, _)| folder.join(name)).collect();
    for (path, (_, bytes)) in paths.iter().zip(files) {
        std::fs::write(path, bytes).unwrap();
    }
    let out = folder.join("saved");
    // A profile of its own: a second office on the same profile would hand over to the first.
    let status = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}", folder.join("profile").display()))
        .args(["--headless", "--convert-to", ending, "--outdir"])
        .arg(&out)
        .args(&paths)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    files.iter().map(|(name, _)| std::fs::read(out.join(name)).unwrap()).collect()
}

fn told(set: &RuleSet) -> Vec<(Option<String>, Option<String>)> {
    set.lines().map(|line| (line.owner, line.note)).collect()
}

#[test]
fn a_workbook_comes_back_as_it_was() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for text in [STURDY, FRAGILE] {
        let files = [source("a.toml", text)];
        let before = sound(compiled(&files));
        let bytes = workbook::write(&draft(&files)).unwrap();
        let back = saved(folder.path(), "xlsx", &[("people.xlsx", &bytes)]);
        let opened = workbook::read("people.xlsx", &back[0]).unwrap_or_else(|findings| panic!("{findings:#?}"));
        assert_eq!(opened.warnings, []);
        let after = sound(compiled(&[source("b.toml", opened.draft.to_toml().unwrap())]));
        assert_eq!((before.digest(), told(&before)), (after.digest(), told(&after)));
    }
}

#[test]
fn csv_comes_back_as_it_was() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let files = [source("a.toml", STURDY)];
    let before = sound(compiled(&files));
    let (rules, exceptions) = draft(&files).to_csv().unwrap();
    let back = saved(folder.path(), "csv", &[("a.csv", rules.as_bytes()), ("b.csv", exceptions.unwrap().as_bytes())]);
    let back: Vec<Source> = back.into_iter().zip(["a.csv", "b.csv"]).map(|(bytes, name)| source(name, bytes)).collect();
    let after = sound(compiled(&back));
    assert_eq!((before.digest(), told(&before)), (after.digest(), told(&after)));
}
