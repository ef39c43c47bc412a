//! What spreadsheets do to tables, byte by byte as they save them.

use seatwarden::rules::{Compiled, RuleSet};

use super::world::{compiled, csv, examined, person, sound, source, today, told, toml};

const NONE: [&str; 0] = [];

fn bytes(bytes: impl Into<Vec<u8>>) -> Compiled {
    compiled(&[source("a.csv", bytes)])
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[track_caller]
fn gives(set: &RuleSet, code: &str, rule: Option<&str>) {
    let decision = set.decide(&person(&[("job_code", code)]), today());
    assert_eq!(decision.rule.as_ref().map(seatwarden::model::RuleId::as_str), rule, "{code}");
}

#[test]
fn files_of_excel_libreoffice_and_sheets_open_as_they_are() {
    let rows = "id,job_code,tier,note\r\na,SD-1,agent,\"two\nlines, \"\"quoted\"\"\"\r\nb,SD-2 SD-3,fulfiller,\r\n";
    let plain = sound(csv(&rows.replace("\r\n", "\n"))).digest().clone();
    for (program, file) in [
        ("Excel: CSV UTF-8", [b"\xEF\xBB\xBF".as_slice(), rows.as_bytes()].concat()),
        (
            "Excel in a country with decimal commas",
            [b"\xEF\xBB\xBF".as_slice(), rows.replace(',', ";").as_bytes()].concat(),
        ),
        ("Excel: Unicode Text", utf16(&rows.replace(',', "\t"))),
        ("Excel with its own hint", format!("sep=;\r\n{}", rows.replace(',', ";")).into_bytes()),
        ("Excel with its own hint, quoted", format!("\"sep=,\"\r\n{rows}").into_bytes()),
        ("the hint after a byte order mark", format!("\u{feff}SEP=;\r\n{}", rows.replace(',', ";")).into_bytes()),
        ("LibreOffice: UTF-8, every text in quotes", {
            "\"id\",\"job_code\",\"tier\",\"note\"\n\"a\",\"SD-1\",\"agent\",\"two\nlines, \"\"quoted\"\"\"\n\"b\",\"SD-2 SD-3\",\"fulfiller\",\n"
                .into()
        }),
        ("Sheets: no line end after the last row", rows.trim_end().as_bytes().to_vec()),
        (
            "columns that were once used",
            rows.replace("\r\nb", ",,\r\nb")
                .replace("note\r\n", "note,,\r\n")
                .replace("fulfiller,\r\n", "fulfiller,,,\r\n")
                .into(),
        ),
    ] {
        let read = bytes(file);
        let digest = read.set.as_ref().map(|set| set.digest().clone());
        // A comma within the note is a separator in some of them, so the note differs; the table does not.
        assert_eq!(digest.as_ref(), Some(&plain), "{program}: {:#?}", read.findings);
    }
}

#[test]
fn places_after_the_hint_of_excel_are_those_of_the_file() {
    assert_eq!(told(&csv("sep=;\nid;tier\na;agnt\n")), ["R019 3:3"]);
    assert_eq!(told(&csv("sep=|\nid|tier\na|agent\n")), ["R009 1:1"]);
    assert_eq!(told(&csv("sep=;\n")), ["R009 1:1"]);
}

#[test]
fn a_column_without_a_name_is_told_when_something_is_in_it() {
    assert_eq!(told(&csv("id,tier,\na,agent,\n")), NONE);
    assert_eq!(told(&csv("id,tier,\na,agent,x\n")), ["R009 1:9"]);
    assert_eq!(told(&csv("id,,tier\na,,agent\n")), ["R009 1:4"]);
}

#[test]
fn latin_1_is_named_with_the_row_and_the_letter() {
    let latin = bytes(b"id,department,tier\r\na,IT,agent\r\nb,B\xFCro,agent\r\n".as_slice());
    assert_eq!(told(&latin), ["R003 3:4"]);
    let message = "the file is not UTF-8 text from line 3 on: byte 0xFC, which is `ü` in Windows-1252 (Latin-1)";
    assert_eq!(latin.findings[0].message, message);
    let euro = bytes(b"id,note\na,\x80\n".as_slice());
    assert!(euro.findings[0].message.contains("`€`"), "{}", euro.findings[0].message);
}

#[test]
fn codes_that_became_dates() {
    let table = |code: &str| told(&csv(&format!("id,job_code,tier\na,JAN2|{code},agent\n")));
    for code in ["1-Jan", "01-Jan-26", "01.Jan", "1-Mrz", "01.02.2026"] {
        assert_eq!(table(code), ["R039 2:8"], "{code}");
    }
    for code in ["Jan-01", "2026-01-31"] {
        assert_eq!(table(code), ["R040 2:8"], "{code}");
    }
    assert_eq!(table("1-Jan*"), NONE);
    assert_eq!(told(&csv("id,attr.since,tier\na,2026-01-31,agent\n")), NONE);
    assert_eq!(told(&toml("[[rule]]\nid='a'\nwhen={job_code='!1-Jan'}\ntier='agent'\n")), ["R039 3:16"]);
}

#[test]
fn codes_that_became_numbers() {
    assert_eq!(told(&csv("id,job_code,tier\na,1E+05,agent\nb,1E5,agent\n")), ["R041 2:3"]);
    assert_eq!(told(&csv("id;job_code;tier\na;1,23E+11;agent\n")), ["R041 2:3"]);
    let zeros = csv("id,job_code,tier\na,0123,agent\nb,123 4711,agent\nc,99,agent\n");
    assert_eq!(told(&zeros), ["R042 3:3"]);
    let finding = &zeros.findings[0];
    assert_eq!(
        finding.message,
        "`123` and 1 more in column job_code may be without leading zeros: other codes are written like `0123`"
    );
    let places: Vec<(u32, u32, &str)> =
        finding.related.iter().map(|r| (r.place.line, r.place.column, r.message.as_str())).collect();
    assert_eq!(places, [(2, 3, "has its zeros"), (4, 3, "`0099`?")]);
    assert_eq!(told(&csv("id,job_code,tier\na,0123,agent\nb,4711,agent\n")), NONE);
    assert_eq!(told(&csv("id,job_code,tier\na,123,agent\nb,4711,agent\nc,0,agent\n")), NONE);
}

#[test]
fn errors_of_formulas() {
    assert_eq!(told(&csv("id,tier,note\na,agent,#N/A\nb,agent,Err:502\n")), ["R043 2:9", "R043 3:9"]);
    assert_eq!(told(&csv("id,department,tier\na,#REF!,agent\n")), ["R043 2:3"]);
}

#[test]
fn characters_that_nobody_sees() {
    for letter in ['\u{200b}', '\u{feff}', '\u{ad}', '\u{202e}', '\u{fffd}'] {
        assert_eq!(told(&csv(&format!("id,job_code,tier\na,SD{letter}-1,agent\n"))), ["R044 2:3"], "{letter:?}");
        assert_eq!(told(&csv(&format!("id,job_code,tier\na{letter},SD-1,agent\n"))), ["R044 2:1"], "{letter:?}");
        assert_eq!(told(&csv(&format!("id,tier\na,ag{letter}ent\n"))), ["R044 2:3"], "{letter:?}");
        assert_eq!(told(&csv(&format!("id,tier,note\na,agent,x{letter}\n"))), NONE, "{letter:?}");
    }
    // Two files with byte order marks, one behind the other.
    assert_eq!(told(&csv("id,tier\na,agent\n\u{feff}b,agent\n")), ["R044 3:1"]);
    assert_eq!(told(&csv("\u{feff}\u{feff}id,tier\na,agent\n")), ["R044 1:1", "R014 2:1"]);
    assert_eq!(told(&csv("id,department,tier\na,\"IT\nHR\",agent\n")), ["R044 2:4"]);
    // Persian is written with joiners.
    assert_eq!(told(&csv("id,department,tier\na,می\u{200c}خواهم,agent\n")), NONE);
}

#[test]
fn spaces_that_are_not_spaces_count_as_such_and_are_told() {
    let table = csv("id,job_code,department,tier\na,SD-1\u{a0}SD-2,IT\u{a0},agent\n");
    assert_eq!(told(&table), ["R045 2:3", "R045 2:13"]);
    let set = sound(table);
    let both = |code: &str| set.decide(&person(&[("job_code", code), ("department", "IT")]), today()).rule;
    assert!(both("SD-1").is_some() && both("SD-2").is_some());
    assert_eq!(told(&toml("[[rule]]\nid='a'\nwhen={title='Desk\u{202f}Lead '}\ntier='agent'\n")), ["R045 3:13"]);
    gives(&sound(csv("id,job_code,tier\na,  SD-1  ,agent\n")), "SD-1", Some("a"));
}

#[test]
fn quotes_that_a_word_processor_has_curled() {
    assert_eq!(told(&csv("id,job_code,tier\na,“SD-1”,agent\n")), ["R046 2:3"]);
    assert_eq!(told(&csv("id,job_code,tier\na,“SD-1 SD-2”,agent\n")), ["R046 2:3", "R046 2:9"]);
    assert_eq!(told(&csv("id,department,tier\na,Children’s Services,agent\n")), ["R047 2:3"]);
    assert_eq!(told(&csv("id,department,tier\na,Children’s|Children's,agent\n")), NONE);
    let syntax = toml("[[rule]]\nid = “a”\ntier='agent'\n");
    assert_eq!(told(&syntax), ["R005 2:6"]);
    assert_eq!(
        syntax.findings[0].help.as_deref().unwrap(),
        "this is a typographic quote; strings stand in straight double quotes"
    );
    let dots = csv("id,job_code,tier\na,SD-20…SD-29,agent\n");
    assert_eq!(told(&dots), ["R023 2:3"]);
    assert!(dots.findings[0].help.as_deref().unwrap().starts_with("write two dots"));
}

#[test]
fn letters_that_look_alike() {
    let look = |codes: &str| told(&examined(&[source("a.csv", format!("id,job_code,tier\na,{codes},agent\n"))]));
    // A Cyrillic es, a letter for a digit, a Greek omicron.
    for other in ["\u{421}D-10", "CD-1O", "CD-1\u{39f}"] {
        assert_eq!(look(&format!("CD-10|{other}")), ["R048 2:9"], "{other}");
    }
    // An en dash in a code is told for itself too: it may be meant for a range.
    assert_eq!(look("CD-10|CD–10"), ["R048 2:9", "R053 2:9"]);
    assert_eq!(look("CD-10|cd-10|CD-11"), NONE);
    assert_eq!(look("A1|AL"), NONE);
    let found = examined(&[source("a.csv", "id,job_code,tier\na,SD-1*|!\u{405}D-1*,agent\n")]);
    assert_eq!(told(&found), ["R048 2:9"]);
    assert_eq!(found.findings[0].message, "`!\u{405}D-1*` looks like `SD-1*` and is another value");
    let latin = examined(&[source("a.csv", "id,job_code,tier\na,SD-1,agent\nb,\u{405}D-1,agent\n")]);
    assert_eq!(latin.findings[0].message, "`\u{405}D-1` looks like `SD-1` and is another value: U+0405 for U+0053");
}
