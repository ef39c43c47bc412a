//! Input that nobody means well with: an error each, never a panic, and soon.

use proptest::prelude::*;
use seatwarden::rules::Compiled;

use super::world::{cases, compiled, sound, source, told};

fn both(bytes: &[u8]) -> [Compiled; 2] {
    ["a.toml", "a.csv"].map(|path| compiled(&[source(path, bytes)]))
}

fn refused(compiled: &Compiled) -> &str {
    assert!(compiled.set.is_none());
    assert!(compiled.findings.len() <= 1_001, "{}", compiled.findings.len());
    for finding in &compiled.findings {
        assert!(finding.message.len() < 2_000 && finding.help.is_some(), "{finding:?}");
    }
    &compiled.findings[0].code
}

#[test]
fn nesting_without_end() {
    let many = 100_000;
    assert_eq!(refused(&both("[".repeat(many).as_bytes())[0]), "R005");
    assert_eq!(refused(&both(format!("rule = {}", "[".repeat(many)).as_bytes())[0]), "R005");
    assert_eq!(refused(&both(format!("a = {}1{}", "[".repeat(many), "]".repeat(many)).as_bytes())[0]), "R005");
    assert_eq!(refused(&both(format!("a = {}", "{a=".repeat(many)).as_bytes())[0]), "R005");
    // Dotted keys are how TOML nests without brackets.
    refused(&both(format!("{}a = 1", "a.".repeat(10_000)).as_bytes())[0]);
    refused(&both("[[rule]]\nid='x'\nwhen.attr.a.b.c.d.e='x'\ntier='agent'\n".as_bytes())[0]);
}

#[test]
fn cells_of_a_million_letters() {
    let long = "x".repeat(1_000_000);
    let star = "*x".repeat(500_000);
    for value in [&long, &star, &"9".repeat(1_000_000), &format!("a1..a{}", "9".repeat(1_000_000))] {
        let csv = compiled(&[source("a.csv", format!("id,job_code,tier\na,{value},agent\n"))]);
        assert_eq!(told(&csv), ["R024 2:3"]);
        let toml = compiled(&[source("a.toml", format!("[[rule]]\nid='a'\nwhen={{title='{value}'}}\ntier='agent'\n"))]);
        assert_eq!(refused(&toml), "R024");
    }
    refused(&compiled(&[source("a.csv", format!("id,{long}\na,b\n"))]));
    refused(&compiled(&[source("a.csv", format!("id,tier\na,{long}\n"))]));
    refused(&compiled(&[source("a.csv", format!("id,tier\n{long},agent\n"))]));
    refused(&compiled(&[source("a.toml", format!("{long} = 1\n"))]));
    // A note may be long.
    sound(compiled(&[source("a.csv", format!("id,tier,note\na,agent,{long}\n"))]));
}

#[test]
fn many_cells_and_many_faults() {
    let commas = ",".repeat(1_000_000);
    refused(&compiled(&[source("a.csv", commas.as_str())]));
    refused(&compiled(&[source("a.csv", format!("id,tier\n{commas}\n"))]));
    let values = "=,".repeat(100_000);
    refused(&compiled(&[source("a.csv", format!("{}x\n{values}x\n", "a,".repeat(100_000)))]));
    let faulty = "a,agnt\n".repeat(20_000);
    let compiled = compiled(&[source("a.csv", format!("id,tier\n{faulty}"))]);
    assert_eq!(compiled.findings.len(), 1_001);
    assert_eq!(compiled.findings.last().unwrap().code, "R038");
}

#[test]
fn files_larger_than_a_table_may_be() {
    let large = vec![b'\n'; seatwarden::rules::MAX_FILE_BYTES + 1];
    assert_eq!(told(&compiled(&[source("a.csv", large)])), ["R002 1:1"]);
}

#[test]
fn text_that_is_none() {
    for bytes in [
        b"\0".as_slice(),
        b"id,tier\0\na,agent\n",
        b"\xFF\xFE",
        b"\xFE\xFF\xD8",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"",
        b"\r",
        b"\"",
        b"\"\"\"",
        b"[[rule]]\nid = \"\xC3\x28\"\n",
        b"id,tier\na,\"agent\n",
        "\u{202e}id,tier\n".as_bytes(),
        "\u{feff}\u{feff}id,tier\n".as_bytes(),
    ] {
        for compiled in both(bytes) {
            told(&compiled);
        }
    }
    let empty = compiled(&[]);
    assert!(sound(empty).lines().next().is_none(), "no file is an empty table");
    sound(compiled(&[source("a.toml", "")]));
    assert_eq!(told(&compiled(&[source("a.csv", "")])), ["R009 1:1"]);
}

/// A table whose globs are as entangled as can be still compiles in a moment.
#[test]
fn entangled_globs_end() {
    let mut text = "id,job_code,tier\n".to_owned();
    for number in 0..60 {
        let glob: String = (0..10).map(|bit| if (number >> (bit % 6)) & 1 == 1 { "*a*b" } else { "*b*a" }).collect();
        let tier = if number % 2 == 0 { "agent" } else { "fulfiller" };
        text += &format!("r{number},{glob}*|!*aaa*|!*bbb*|!*abab*|!*baba*,{tier}\n");
    }
    let compiled = compiled(&[source("a.csv", text)]);
    assert!(compiled.findings.iter().all(|finding| ["R031", "R032"].contains(&finding.code.as_str())));
    assert!(!compiled.findings.is_empty());
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for compiled in both(&bytes) {
            told(&compiled);
        }
    }

    #[test]
    fn any_table_with_bytes_changed(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(prop::sample::select(b"\"'|!*.,;=[]{}\n\r\t\0\xFF-+@0aZ".as_slice()), 0..4),
    ) {
        let toml = b"[[rule]]\nid='a'\nwhen={job_code=['SD-1*','SD-20..SD-29','!x'],attr.x='y'}\ntier='fulfiller'\n\
            addons=['chat']\nclass='on-call'\nfrom=2026-01-01\npriority=3\n[[exception]]\nperson='p'\ntier='none'\n\
            until=2026-12-01\nowner='o'\nreason='r'\n".as_slice();
        let csv = b"id,job_code,department,tier,addons,class,from,until,priority,owner,note\r\n\
            a,SD-1* SD-20..SD-29 !x,\"R&D, x\"|IT,fulfiller,chat,on-call,2026-01-01,,-3,o,n\r\n".as_slice();
        for (path, text) in [("a.toml", toml), ("a.csv", csv)] {
            let mut bytes = text.to_vec();
            let at = at.index(bytes.len());
            bytes.splice(at..(at + 1).min(text.len()), with.iter().copied());
            told(&compiled(&[source(path, bytes)]));
        }
    }
}
