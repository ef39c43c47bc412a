//! The chain: what verifies, and what the first thing is that does not.

use std::fmt::Write as _;

use proptest::prelude::*;
use seatwarden::audit::{
    Break, Entry, LINE_LIMIT, PastReader, Tip, chain, deed, link, link_under, sentence, verify, verify_lines,
};
use seatwarden::model::PersonId;
use seatwarden::seats::Ledger;
use serde_json::Value;
use sha2::Digest as _;

use crate::store::world::{at, event};

fn chain_of(seed: u64, length: u64) -> Vec<Entry> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut tip = Tip::genesis();
    (0..length)
        .map(|second| {
            let entry = link(&tip, at(second), second / 3, event(&mut rng));
            tip = Tip::of(&entry);
            entry
        })
        .collect()
}

fn lines(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect()
}

fn broken(lines: &[String]) -> Break {
    verify_lines(lines, LINE_LIMIT).unwrap_err()
}

#[test]
fn a_chain_begins_with_zeros_and_names_its_end() {
    let entries = chain_of(1, 5);
    assert_eq!(entries[0].prev, "0".repeat(64));
    assert_eq!(entries[0].seq, 1);
    assert_eq!(verify(&entries), Ok(Tip::of(&entries[4])));
    assert_eq!(verify(&[]), Ok(Tip::genesis()));
    assert_eq!(verify_lines(lines(&entries), LINE_LIMIT), Ok(Tip::of(&entries[4])));
}

#[test]
fn the_hash_is_sha_256_of_sorted_json_without_blanks() {
    let entry = link(&Tip::genesis(), at(0), 7, seatwarden::seats::Event::Trusted {});
    let zeros = "0".repeat(64);
    let expected = format!(r#"{{"at":"2023-11-14T22:13:20Z","kind":"trusted","pass":7,"prev":"{zeros}","seq":1}}"#);
    assert_eq!(chain::canonical(&entry), expected);
    assert_eq!(entry.hash, hex::encode(sha2::Sha256::digest(expected)));
}

#[test]
fn the_digest_of_the_rules_is_part_of_what_is_hashed_and_its_absence_is_not() {
    let old = link(&Tip::genesis(), at(0), 7, seatwarden::seats::Event::Trusted {});
    assert!(!chain::canonical(&old).contains("rules"), "entries of before hash as they did");
    let under = |digest: &str| {
        let rules = Some(seatwarden::model::Digest::new(digest.to_owned()));
        link_under(&Tip::of(&old), at(1), 7, rules, seatwarden::seats::Event::Trusted {})
    };
    let mut entries = vec![old.clone(), under("sha256:1")];
    assert!(chain::canonical(&entries[1]).contains(r#""rules":"sha256:1""#));
    let last = lines(&entries);
    assert_eq!(verify_lines(&last, LINE_LIMIT), Ok(Tip::of(&entries[1])));
    assert_eq!(serde_json::from_str::<Entry>(&last[0]).unwrap(), old);
    entries[1].rules = under("sha256:2").rules;
    assert_eq!(verify(&entries).unwrap_err().seq, 2);
    assert_eq!(broken(&[last[0].clone(), last[1].replace("sha256:1", "sha256:2")]).seq, 2);
    assert_eq!(broken(&[last[0].clone(), last[1].replace("\"rules\":\"sha256:1\",", "")]).seq, 2);
}

#[test]
fn what_is_wrong_is_named_by_the_first_number() {
    let entries = chain_of(2, 9);
    let good = lines(&entries);

    let mut gap = good.clone();
    gap.remove(4);
    assert_eq!(broken(&gap).seq, 5);

    let mut swapped = good.clone();
    swapped.swap(2, 3);
    assert_eq!(broken(&swapped).seq, 3);

    let mut beheaded = good.clone();
    beheaded.remove(0);
    assert_eq!(broken(&beheaded).seq, 1);

    let mut twice = good.clone();
    twice.insert(3, good[2].clone());
    assert_eq!(broken(&twice).seq, 4);

    let mut garbled = good.clone();
    garbled[6].truncate(20);
    let why = broken(&garbled);
    assert_eq!(why.seq, 7);
    assert!(why.why.starts_with("line 7: not JSON"), "{}", why.why);

    let mut changed = good.clone();
    changed[5] = changed[5].replacen("\"pass\":", "\"pass\":1", 1);
    assert_eq!(broken(&changed), Break { seq: 6, why: "`hash` does not fit the content".to_owned() });

    // Whoever forges an entry with a hash that fits is caught by the next one.
    let mut forged = entries.clone();
    forged[3] = link(&Tip::of(&entries[2]), at(77), 1, entries[3].event.clone());
    assert_eq!(verify(&forged).unwrap_err().seq, 5);
    assert_eq!(broken(&lines(&forged)).seq, 5);

    let mut extended = good.clone();
    extended[1] = extended[1].replacen('{', "{\"approved_by\":\"someone\",", 1);
    assert_eq!(broken(&extended).seq, 2, "a field that was put in is seen");

    assert_eq!(verify_lines(&good, good[0].len() - 1).unwrap_err().seq, 1, "a line beyond the limit");
    for not_an_entry in ["[]", "1", "{}", "{\"hash\":\"\"}"] {
        assert_eq!(broken(&[not_an_entry.to_owned()]).seq, 1);
    }
}

/// Writes a value as another tool might: keys backwards, blanks, everything but digits and letters as `\u`.
fn otherwise(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) => {
            out.push('"');
            for unit in text.encode_utf16() {
                write!(out, "\\u{unit:04x}").unwrap();
            }
            out.push('"');
        }
        Value::Array(items) => {
            out.push_str("[ ");
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { " , " } else { "" });
                otherwise(item, out);
            }
            out.push_str(" ]");
        }
        Value::Object(fields) => {
            out.push_str("{\t");
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort();
            for (place, name) in names.into_iter().rev().enumerate() {
                out.push_str(if place > 0 { " ,  " } else { "" });
                otherwise(&Value::from(name.as_str()), out);
                out.push_str(" : ");
                otherwise(&fields[name], out);
            }
            out.push_str(" }  ");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_export_that_was_written_again_still_verifies(seed: u64) {
        let entries = chain_of(seed, 12);
        let mut again = vec![String::new()];
        for line in lines(&entries) {
            let mut text = String::new();
            otherwise(&serde_json::from_str(&line).unwrap(), &mut text);
            again.push(text);
        }
        prop_assert_eq!(verify_lines(&again, LINE_LIMIT), Ok(Tip::of(&entries[11])));
        for (entry, text) in entries.iter().zip(&again[1..]) {
            let read: Entry = serde_json::from_str(text).unwrap();
            prop_assert_eq!(&read, entry);
        }
    }

    /// Any changed byte is seen, unless it changes no more than the form.
    #[test]
    fn a_changed_byte_never_changes_the_meaning_unseen(seed: u64, at: prop::sample::Index, bit in 0_u8..8) {
        let entries = chain_of(seed, 4);
        let good = lines(&entries);
        let mut bytes = good[2].clone().into_bytes();
        let place = at.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let Ok(line) = String::from_utf8(bytes) else { return Ok(()) };
        let mut bad = good.clone();
        bad[2] = line;
        if let Err(why) = verify_lines(&bad, LINE_LIMIT) {
            prop_assert!(why.seq == 3, "{why:?}");
        } else {
            let read: Entry = serde_json::from_str(&bad[2]).unwrap();
            prop_assert_eq!(&read, &entries[2]);
        }
    }

    #[test]
    fn every_entry_can_be_told_in_one_line(seed: u64) {
        for entry in chain_of(seed, 20) {
            let told = sentence(&entry);
            prop_assert!(told.starts_with(&entry.at.to_string()));
            let number = format!("#{}", entry.seq);
            prop_assert!(told.contains(&number), "{}", told);
        }
    }
}

#[test]
fn the_past_is_the_sum_of_the_entries_up_to_then() {
    let entries = chain_of(5, 400);
    for end in [0_u64, 1, 57, 200, 399, 1_000] {
        let mut reader = PastReader::new(at(end), None);
        let taken = entries.iter().take_while(|entry| reader.take(entry)).count();
        let past = reader.done();
        let mut ledger = Ledger::default();
        let until: Vec<&Entry> = entries.iter().filter(|entry| entry.at <= at(end)).collect();
        for entry in &until {
            ledger.apply(entry.at, &entry.event);
        }
        assert_eq!((past.ledger, taken), (ledger, until.len()), "until {end}");
        assert_eq!((past.begins, past.last_seq, past.set_back), (Some(at(0)), taken as u64, None));
        assert!(past.story.is_empty(), "nobody was asked for");
    }
}

#[test]
fn the_past_keeps_what_is_about_one_person_and_says_when_a_clock_was_set_back() {
    let mut entries = chain_of(6, 600);
    let person = PersonId(3);
    let mut reader = PastReader::new(at(599), Some(person));
    assert!(entries.iter().all(|entry| reader.take(entry)));
    let past = reader.done();
    let own: Vec<u64> = entries
        .iter()
        .filter(|entry| seatwarden::audit::report::subject(&entry.event) == Some(person))
        .map(|entry| entry.seq)
        .collect();
    assert!(!own.is_empty());
    let told: Vec<u64> = past.story.iter().map(|entry| entry.seq).collect();
    assert!(own.iter().rev().take(20).all(|seq| told.contains(seq)), "{own:?} in {told:?}");
    assert!(past.story.iter().all(|entry| !deed(&entry.event).starts_with("p-3 ")), "the subject is left out");
    let holds: Vec<_> = past.ledger.of_person(person).map(|(pool, _)| pool.clone()).collect();
    assert!(holds.iter().all(|pool| past.proofs.contains_key(pool)), "every seat has the facts behind it");

    entries[300].at = at(10);
    let mut reader = PastReader::new(at(599), None);
    assert!(entries.iter().all(|entry| reader.take(entry)));
    assert_eq!(reader.done().set_back, Some(301));
}
