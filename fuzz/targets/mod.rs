//! What must hold for any bytes. Each function takes an input and panics when a promise is broken. libFuzzer calls them
//! (`make fuzz`), and `make test` does for a short time over the corpus and mutations of it.

mod books;
mod matching;
mod pushed;
// The evaluator that is written from the text of the contract alone.
#[path = "../../tests/it/rules/reference.rs"]
mod reference;
mod shelf;

use seatwarden::rules::draft::tidy;
use seatwarden::rules::{Draft, Severity, Source, compile};

use shelf::catalog;

/// Any bytes as a table in TOML.
pub(crate) fn toml(data: &[u8]) {
    text("fuzz.toml", data);
}

/// Any bytes as a table in CSV.
pub(crate) fn csv(data: &[u8]) {
    text("fuzz.csv", data);
}

pub(crate) use books::xlsx;
pub(crate) use matching::matcher;
pub(crate) use pushed::scim;

fn text(path: &str, data: &[u8]) {
    let file = Source { path: path.to_owned(), bytes: data.to_vec() };
    let files = std::slice::from_ref(&file);
    let compiled = compile(files, &catalog(), &jiff::tz::TimeZone::UTC);
    let errors = compiled.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(compiled.set.is_none(), errors, "refused for errors and for nothing else");
    for finding in &compiled.findings {
        assert!(finding.place.is_some() && !finding.code.is_empty(), "{finding:?}");
    }
    match (Draft::read(files), tidy(&file)) {
        (Ok(draft), Ok(once)) => {
            let again = Source { path: path.to_owned(), bytes: once.clone().into_bytes() };
            assert_eq!(tidy(&again).as_deref(), Ok(once.as_str()), "twice is once");
            let tidied = compile(&[again], &catalog(), &jiff::tz::TimeZone::UTC);
            let digest = |compiled: &seatwarden::rules::Compiled| compiled.set.as_ref().map(|set| set.digest().clone());
            assert_eq!(digest(&compiled), digest(&tidied), "the same table");
            forms(&draft, digest(&compiled));
        }
        (Err(_), Err(_)) => assert!(errors, "what cannot be read is an error"),
        (draft, tidied) => panic!("one reads it and the other does not: {draft:?} {tidied:?}"),
    }
}

/// Whatever can be written in a form is read from it as it was.
fn forms(draft: &Draft, digest: Option<seatwarden::model::Digest>) {
    let mut written = Vec::new();
    if let Ok(text) = draft.to_toml() {
        written.push(vec![Source { path: "a.toml".to_owned(), bytes: text.into_bytes() }]);
    }
    if let Ok((rules, exceptions)) = draft.to_csv() {
        let texts = [Some(rules), exceptions].into_iter().flatten().enumerate();
        written.push(texts.map(|(n, text)| Source { path: format!("{n}.csv"), bytes: text.into_bytes() }).collect());
    }
    for files in written {
        let back = Draft::read(&files).expect("what was written can be read");
        assert_eq!(draft.difference(&back), None);
        let compiled = compile(&files, &catalog(), &jiff::tz::TimeZone::UTC);
        assert_eq!(compiled.set.map(|set| set.digest().clone()), digest, "the same table");
    }
}
