//! Every kind of finding has a story whose examples say what they promise, and a text that is kept.

use std::collections::BTreeSet;

use seatwarden::config::{self, Sources};
use seatwarden::rules::{code, stories};

#[test]
fn every_code_has_a_story_and_its_examples_are_true() {
    let told: Vec<&str> = stories::all().map(|story| story.code.id).collect();
    let codes: Vec<&str> = code::ALL.iter().map(|code| code.id).collect();
    assert_eq!(told, codes);
    for story in stories::all() {
        let found = stories::findings(&story.bad);
        let mut kinds: BTreeSet<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
        // Too many findings are too many of something.
        if story.code == code::TOO_MANY {
            kinds.remove("R019");
        }
        assert_eq!(kinds, BTreeSet::from([story.code.id]), "{found:#?}");
        let found = stories::findings(&story.good);
        assert!(found.is_empty(), "{}: {found:#?}", story.code.id);
        assert!(story.what.ends_with('.') && story.why.ends_with('.'), "{}", story.code.id);
    }
}

#[test]
fn the_catalog_of_the_examples_is_the_one_that_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seatwarden.toml");
    std::fs::write(folder.path().join("catalog.toml"), stories::CATALOG).unwrap();
    let feed = "[feed.okta]\nkind = \"okta\"\nurl = \"https://acme.okta.com\"\n\
        auth = { kind = \"ssws\", token = { file = \"t\" } }\nattributes = { job_code = \"profile.jobCode\" }\n";
    std::fs::write(
        &file,
        format!("[store]\npath = \"s\"\n[rules]\npath = \"r\"\n[catalog]\npath = \"catalog.toml\"\n{feed}"),
    )
    .unwrap();
    let loaded =
        config::load(&file, &std::collections::BTreeMap::new(), &[]).unwrap_or_else(|f| panic!("{:#?}", f.findings));
    assert_eq!(loaded.catalog, stories::catalog());
}

#[test]
fn codes_are_found_however_they_are_written() {
    for written in ["R012", "r12", "12", "R0012"] {
        assert_eq!(stories::of(written).unwrap().code.id, "R012", "{written}");
    }
    assert!(stories::of("R999").is_none() && stories::of("").is_none() && stories::of("C006").is_none());
}

/// The text of every kind of finding, 110 columns wide and without color.
#[test]
fn the_text_of_every_finding() {
    for story in stories::all() {
        let source = story.bad.source();
        let mut texts = Sources::default();
        texts.add_rules(std::slice::from_ref(&source));
        let found = stories::findings(&story.bad);
        let found: Vec<_> = found.into_iter().filter(|finding| finding.code == story.code.id).collect();
        let text = config::render::text(&found, &texts, false);
        insta::with_settings!({ description => story.code.title, omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(story.code.id, text);
        });
    }
}
