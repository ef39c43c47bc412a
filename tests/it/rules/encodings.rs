//! How files may be saved, and that places are those of the file.

use proptest::prelude::*;
use seatwarden::rules::Compiled;

use super::world::{at, cases, compiled, person, sound, source, today, told};

const TABLE: &str = "id,department,tier\r\ngrün,Bürö,agent\r\n";

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let word = |word: u16| if little { word.to_le_bytes() } else { word.to_be_bytes() };
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(word).collect()
}

fn utf8_with_mark(text: &str) -> Vec<u8> {
    [b"\xEF\xBB\xBF", text.as_bytes()].concat()
}

fn in_csv(bytes: Vec<u8>) -> Compiled {
    compiled(&[source("a.csv", bytes)])
}

#[test]
fn utf8_with_or_without_mark_and_utf16_with_one_say_the_same() {
    let digest = |bytes: Vec<u8>| sound(in_csv(bytes)).digest().clone();
    let plain = digest(TABLE.into());
    for bytes in [
        TABLE.replace("\r\n", "\n").into_bytes(),
        TABLE.trim_end().as_bytes().to_vec(),
        TABLE.replace(',', ";").into_bytes(),
        TABLE.replace(',', "\t").into_bytes(),
        utf8_with_mark(TABLE),
        utf16(TABLE, true),
        utf16(TABLE, false),
        utf16(&TABLE.replace(',', "\t"), true),
    ] {
        assert_eq!(digest(bytes), plain);
    }
    let set = sound(in_csv(utf16(TABLE, true)));
    assert!(set.decide(&person(&[("department", "BÜRÖ")]), today()).rule.is_some());
    let toml = "[[rule]]\nid='grün'\nwhen={department='Bürö'}\ntier='agent'\n";
    for bytes in [toml.as_bytes().to_vec(), utf8_with_mark(toml), utf16(toml, false)] {
        assert_eq!(*sound(compiled(&[source("a.toml", bytes)])).digest(), plain);
    }
}

/// The finding's place, and the bytes of the file that it points to.
#[track_caller]
fn points(bytes: &[u8]) -> (String, Vec<u8>) {
    let compiled = in_csv(bytes.to_vec());
    let [finding] = compiled.findings.as_slice() else { panic!("one finding: {:#?}", compiled.findings) };
    let place = finding.place.as_ref().unwrap();
    (at(finding), bytes[place.offset..place.offset + place.length].to_vec())
}

#[test]
fn places_count_characters_and_offsets_count_bytes_of_the_file() {
    let broken = "id,department,tier\r\ngrün,Bürö,agnt\r\n";
    assert_eq!(points(broken.as_bytes()), ("R019 2:11".to_owned(), b"agnt".to_vec()));
    assert_eq!(points(&utf8_with_mark(broken)), ("R019 2:11".to_owned(), b"agnt".to_vec()));
    let wide = |text: &str, little| utf16(text, little).split_off(2);
    assert_eq!(points(&utf16(broken, true)), ("R019 2:11".to_owned(), wide("agnt", true)));
    assert_eq!(points(&utf16(broken, false)), ("R019 2:11".to_owned(), wide("agnt", false)));
    let emoji = "id,note,tier\n1,\"😀\",agnt\n";
    assert_eq!(points(&utf16(emoji, true)).0, "R019 2:7");
    assert_eq!(points(&utf16(emoji, true)).1, wide("agnt", true));
}

#[test]
fn anything_else_is_an_error_that_says_how_to_save_it() {
    // Windows-1252, as Excel saves plain CSV.
    let latin = in_csv(b"id,department,tier\na,B\xFCro,agent\n".to_vec());
    assert_eq!(told(&latin), ["R003 2:4"]);
    assert!(latin.findings[0].help.as_deref().unwrap().contains("CSV UTF-8"));
    assert_eq!(
        latin.findings[0].message,
        "the file is not UTF-8 text from line 2 on: byte 0xFC, which is `ü` in Windows-1252 (Latin-1)"
    );
    let no_mark = utf16(TABLE, true).split_off(2);
    assert_eq!(told(&in_csv(b"i\0d\0,\0".to_vec())), ["R003 1:2"]);
    assert_eq!(told(&in_csv(no_mark)), ["R003 2:6"]);
    let mut odd = utf16(TABLE, true);
    odd.pop();
    assert_eq!(in_csv(odd).findings[0].code, "R003");
    // A lone surrogate.
    assert_eq!(told(&in_csv(b"\xFF\xFEi\0\0\xD8".to_vec())), ["R003 1:2"]);
    // UTF-32.
    assert_eq!(told(&in_csv(b"\xFF\xFE\0\0i\0\0\0".to_vec())), ["R003 1:1"]);
    assert_eq!(told(&in_csv(b"id,tier\ra,agent\r".to_vec())), ["R004 1:8"]);
}

#[test]
fn one_bad_file_does_not_hide_what_is_wrong_with_others() {
    let files = [source("b.csv", b"\xFF".as_slice()), source("a.toml", "[[rule]]\n")];
    let codes: Vec<String> = compiled(&files).findings.iter().map(at).collect();
    assert_eq!(codes, ["R017 1:1", "R003 1:1"]);
}

proptest! {
    #![proptest_config(cases(200))]

    /// What is well formed is read as the usual crate reads it.
    #[test]
    fn cells_are_those_of_the_csv_crate(
        rows in prop::collection::vec(prop::collection::vec("[ a-c\",;|\n\r\u{e9}]{0,6}", 3), 1..5),
        separator in prop::sample::select(vec![b',', b';', b'\t']),
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(separator).terminator(terminator).from_writer(Vec::new());
        writer.write_record(["id", "note", "owner"]).unwrap();
        for (number, row) in rows.iter().enumerate() {
            // An id that is there once keeps the row, whatever the other cells hold.
            writer.write_record([&format!("r{number}"), &row[1], &row[2]]).unwrap();
        }
        let mut bytes = writer.into_inner().unwrap();
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let add: &[u8] = match separator { b',' => b",tier", b';' => b";tier", _ => b"\ttier" };
        let end = if crlf { header - 2 } else { header - 1 };
        bytes.splice(end..end, add.iter().copied());
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(bytes.as_slice());
        let expected: Vec<Vec<String>> =
            reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        // The tier's cell is missing everywhere, so every row is told, with its place.
        let compiled = in_csv(bytes.clone());
        prop_assert_eq!(compiled.findings.len(), expected.len(), "{:#?}", compiled.findings);
        for (finding, record) in compiled.findings.iter().zip(&expected) {
            let place = finding.place.as_ref().unwrap();
            prop_assert_eq!(&finding.code, "R007");
            let start = &bytes[place.offset..];
            prop_assert!(start.starts_with(record[0].as_bytes()));
        }
    }
}
