//! A table in one form says what it says in every other.

use proptest::prelude::*;
use seatwarden::rules::draft::{Kept, as_toml, beside};
use seatwarden::rules::{Draft, RuleSet, Source};
use seatwarden::workbook;

use super::agree::{table, toml_of};
use super::world::{cases, compiled, sound, source};

/// Everything that a table says of its rows and exceptions.
fn said(set: &RuleSet) -> Vec<(String, String, Option<String>, Option<String>)> {
    set.lines().map(|line| (line.id.to_string(), line.text, line.owner, line.note)).collect()
}

fn same(one: &RuleSet, files: &[Source]) {
    let other = sound(compiled(files));
    assert_eq!(one.digest(), other.digest());
    assert_eq!(said(one), said(&other));
}

pub(super) fn draft(files: &[Source]) -> Draft {
    Draft::read(files).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn csv_files(draft: &Draft) -> Vec<Source> {
    let (rules, exceptions) = draft.to_csv().unwrap();
    let exceptions = exceptions.map(|text| source("people.exceptions.csv", text));
    std::iter::once(source("people.csv", rules)).chain(exceptions).collect()
}

const FULL: &str = "\
# who works at night
[[rule]]
id = 'sd'
when = { job_code = ['SD-1*', 'SD-20..SD-29', '!SD-7'], department = 'R&D, Labs', status = '!gone', attr.shift = ['late', 'night'] }
tier = 'fulfiller'
addons = ['major-incident', 'reports']
class = 'on-call'
priority = -3
from = 2026-01-01
until = 2026-12-31
owner = 'itam@acme.example'
note = \"\"\"says \"so\", and; then
goes on\"\"\"
[[rule]]
id = 'codes'
when = { job_code = '00123', 'attr.a.b' = ['-X*', 'y'] }
tier = 'agent'
[[exception]]
person = 'ann@acme.example'
tier = 'none'
until = 2026-12-15
owner = 'lead@acme.example'
reason = 'covers for a colleague, on leave'
";

#[test]
fn a_table_with_everything_in_it_passes_through_every_form() {
    let files = [source("a.toml", FULL)];
    let set = sound(compiled(&files));
    let first = draft(&files);
    let csv = csv_files(&first);
    assert_eq!(
        String::from_utf8_lossy(&csv[0].bytes),
        "id,job_code,department,status,attr.a.b,attr.shift,tier,addons,class,priority,from,until,owner,note\n\
         sd,SD-1* SD-20..SD-29 !SD-7,\"R&D, Labs\",!gone,,late|night,fulfiller,major-incident|reports,on-call,-3,\
         2026-01-01,2026-12-31,itam@acme.example,\"says \"\"so\"\", and; then\ngoes on\"\n\
         codes,00123,,,|-X*|y,,agent,,,,,,,\n"
    );
    same(&set, &csv);
    let book = workbook::read("people.xlsx", &workbook::write(&draft(&csv)).unwrap()).unwrap();
    assert_eq!(book.warnings, []);
    let toml = book.draft.to_toml().unwrap();
    same(&set, &[source("b.toml", toml.as_str())]);
    assert_eq!(first.difference(&book.draft), None);
    assert!(toml.contains("from     = 2026-01-01\n") && toml.contains("priority = -3\n"), "{toml}");
}

#[test]
fn rows_and_exceptions_stand_in_one_csv_below_each_other() {
    let first = draft(&[source("a.toml", FULL)]);
    let (rules, exceptions) = first.to_csv().unwrap();
    let both = format!("{rules}\n{}", exceptions.unwrap());
    assert_eq!(first.difference(&draft(&[source("both.csv", both.as_str())])), None);
    // Without the empty line the second header is a row of another length.
    assert!(Draft::read(&[source("both.csv", both.replace("\n\n", "\n"))]).is_err());
}

#[test]
fn toml_keeps_comments_and_other_forms_count_them() {
    let toml = source("a.toml", format!("{FULL}# the end\n[[case]]\ngiven = {{ job_code = 'SD-1' }}\n"));
    let csv = source("b.csv", "id,tier\nb,agent\n");
    let files = [toml, csv];
    let all = draft(&files);
    let (text, kept) = as_toml(&all, &files).unwrap();
    assert_eq!((kept, all.counts()), (Kept::All, (3, 1)));
    assert!(text.starts_with("# who works at night\n") && text.contains("\n# the end\n"), "{text}");
    let left = beside(&files);
    assert_eq!((left.comments, left.cases), (2, 1));
    // Rows within a list cannot be followed by others.
    let inline = [source("a.toml", "rule = [{ id = 'a', tier = 'agent' }] # one\n"), files[1].clone()];
    assert_eq!(as_toml(&draft(&inline), &inline).unwrap().1, Kept::Table);
}

#[test]
fn what_a_form_cannot_carry_is_refused_by_name() {
    let lost = |row: &str| {
        let text = format!("[[rule]]\nid = 'fine'\ntier = 'agent'\n[[rule]]\n{row}\n");
        let draft = draft(&[source("a.toml", text)]);
        draft.to_toml().unwrap();
        let csv = draft.to_csv().unwrap_err();
        assert_eq!(workbook::write(&draft).unwrap_err().to_string(), csv.to_string());
        format!("{} {} {}", csv.row, csv.column, csv.value)
    };
    assert_eq!(lost("id = 'a'\nwhen = { job_code = ['SD 1'] }\ntier = 'agent'"), "`a` job_code SD 1");
    assert_eq!(lost("id = 'a'\ntier = 'agent'\nnote = '=1+1'"), "`a` note =1+1");
    assert_eq!(lost("id = '+a'\ntier = 'agent'"), "`+a` id +a");
    assert_eq!(lost("id = 'a'\ntier = 'agent'\naddons = ['x|y']"), "`a` addons x|y");
    assert!(lost("id = 'a'\ntier = 'agent'\nnote = \"a\\u0000b\"").contains("NUL"));
    let long = format!("[[rule]]\nid = 'a'\ntier = 'agent'\nnote = '{}'\n", "x".repeat(32_768));
    let long = draft(&[source("a.toml", long)]);
    assert!(long.to_csv().is_ok() && workbook::write(&long).is_err());
}

#[test]
fn an_empty_table_is_a_table_in_every_form() {
    let empty = draft(&[]);
    assert!(empty.is_empty());
    assert_eq!(empty.to_toml().unwrap(), "");
    assert_eq!(empty.to_csv().unwrap(), ("id,job_code,tier\n".to_owned(), None));
    let book = workbook::read("a.xlsx", &workbook::write(&empty).unwrap()).unwrap();
    assert!(book.draft.is_empty());
}

/// Texts that people write and programs stumble over.
fn texts() -> impl Strategy<Value = String> {
    let plain = "[ -~äßЖ漢😀\\n\\t\"',;|#=+@-]{0,24}";
    let sharp = prop::sample::select(vec![
        "_x0041_",
        "\u{1}\u{1f}",
        "'=1",
        "1E5",
        "00123",
        "2026-01-01",
        "TRUE",
        "\u{feff}x",
        "\u{a0}",
    ]);
    prop_oneof![4 => plain.boxed(), 1 => sharp.prop_map(str::to_owned).boxed()].prop_map(|text| {
        // Formulas are refused, see above.
        if text.trim_start().starts_with(['=', '+', '@', '-']) { format!("n{text}") } else { text }
    })
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn export_then_import_is_the_identity(
        table in table(),
        owners in prop::collection::vec(texts(), 16),
        notes in prop::collection::vec(texts(), 16),
    ) {
        let text = String::from_utf8(toml_of(&table).bytes).unwrap();
        let mut pieces = text.split("[[rule]]\n");
        let mut told = pieces.next().unwrap().to_owned();
        for (piece, (owner, note)) in pieces.zip(owners.iter().zip(&notes)) {
            told += &format!("[[rule]]\nowner = {}\nnote = {}\n{piece}", toml_text(owner), toml_text(note));
        }
        let files = [source("a.toml", told)];
        let Some(set) = compiled(&files).set else { return Ok(()) };
        let draft = draft(&files);
        let book = workbook::read("a.xlsx", &workbook::write(&draft).unwrap()).unwrap();
        for (form, files) in [
            ("toml", vec![source("b.toml", draft.to_toml().unwrap())]),
            ("csv", csv_files(&draft)),
            ("xlsx", vec![source("c.toml", book.draft.to_toml().unwrap())]),
            ("xlsx csv", csv_files(&book.draft)),
        ] {
            let other = compiled(&files);
            prop_assert!(other.set.is_some(), "{form}: {:#?}", other.findings);
            same(&set, &files);
        }
    }
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    let letter = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}
