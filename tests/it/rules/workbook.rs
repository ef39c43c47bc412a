//! Workbooks that people and spreadsheets made, not we.

use std::io::{Cursor, Write as _};

use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use seatwarden::rules::{Finding, Severity};
use seatwarden::workbook;
use zip::write::SimpleFileOptions;

const HEAD: [&str; 6] = ["id", "job_code", "tier", "priority", "until", "note"];

fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("my rules").unwrap();
    for (column, name) in (0..).zip(HEAD) {
        sheet.write(0, column, name).unwrap();
    }
    sheet.write(1, 0, "a").unwrap();
    sheet.write(1, 2, "agent").unwrap();
    fill(sheet);
    book.save_to_buffer().unwrap()
}

fn day() -> Format {
    Format::new().set_num_format("yyyy-mm-dd")
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", if finding.severity == Severity::Error { "E" } else { "W" }, finding.message))
        .collect()
}

fn refused(bytes: &[u8]) -> Vec<String> {
    told(&workbook::read("people.xlsx", bytes).unwrap_err())
}

#[test]
fn numbers_and_dates_of_a_spreadsheet_are_read_for_what_they_are() {
    let bytes = book(|sheet| {
        sheet.write(1, 1, 4711).unwrap();
        sheet.write(1, 3, -5).unwrap();
        sheet.write_with_format(1, 4, 46_387, &day()).unwrap();
        sheet.write(2, 0, "b").unwrap();
        sheet.write(2, 1, 123).unwrap();
        sheet.write(2, 2, "agent").unwrap();
        sheet.write(2, 5, 1.5).unwrap();
    });
    let opened = workbook::read("people.xlsx", &bytes).unwrap();
    assert_eq!(
        opened.draft.to_csv().unwrap().0,
        "id,job_code,tier,priority,until,note\na,4711,agent,-5,2026-12-31,\nb,123,agent,,,1.5\n"
    );
    let warned = told(&opened.warnings);
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(warned[0].starts_with("W my rules!B2: the cell is a number") && warned[0].ends_with("(and 1 more below)"));
    let place = opened.warnings[0].place.as_ref().unwrap();
    assert_eq!((place.file.as_str(), place.line, place.column), ("people.xlsx", 2, 2));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_cell() {
    let findings = refused(&book(|sheet| {
        sheet.write_with_format(1, 1, 46_023, &Format::new().set_num_format("d-mmm")).unwrap();
        sheet.write_formula(1, 5, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.write(2, 0, "b").unwrap();
        sheet.write(2, 1, 1.0e15).unwrap();
        sheet.write(2, 4, 46_387).unwrap();
        sheet.write_with_format(3, 4, 46_387.5, &day()).unwrap();
        sheet.write(3, 7, "stray").unwrap();
        sheet.merge_range(5, 0, 6, 1, "x", &Format::new()).unwrap();
    }));
    let starts = [
        "my rules!A6: cells are merged",
        "my rules!B2: the cell is the date 2026-01-01",
        "my rules!F2: the cell holds a formula",
        "my rules!B3: the cell is the number 1000000000000000",
        "my rules!E3: the cell is the number 46387",
        "my rules!E4: the cell has a time",
        "my rules!H4: the cell has no header",
    ];
    for start in starts {
        assert!(findings.iter().any(|told| told[2..].starts_with(start)), "{start}: {findings:#?}");
    }
    assert_eq!(findings.len(), starts.len(), "{findings:#?}");
}

#[test]
fn findings_of_the_table_name_the_cell() {
    let bytes = book(|sheet| {
        sheet.write(0, 5, "nots").unwrap();
        sheet.write(2, 0, "b\nc").unwrap();
        sheet.write(4, 5, "=1").unwrap();
    });
    assert_eq!(
        refused(&bytes),
        ["E my rules!F1: unknown column `nots`", "E my rules!F5: the cell starts like a formula: `=1`"]
    );
}

#[test]
fn hidden_and_empty_sheets_are_left_out() {
    let mut book = Workbook::new();
    let rules = book.add_worksheet().set_name("Rules 2026").unwrap();
    rules.write(2, 1, "tier").unwrap().write(2, 2, "id").unwrap();
    rules.write(4, 1, "agent").unwrap().write(4, 2, "a").unwrap();
    book.add_worksheet().set_name("Empty").unwrap();
    book.add_worksheet().set_name("Old").unwrap().set_hidden(true).write(0, 0, "anything").unwrap();
    let people = book.add_worksheet().set_name("People").unwrap();
    for (column, (name, value)) in
        (0..).zip([("person", "p"), ("tier", "agent"), ("until", "2026-12-31"), ("owner", "o"), ("reason", "r")])
    {
        people.write(0, column, name).unwrap().write(1, column, value).unwrap();
    }
    let opened = workbook::read("a.xlsx", &book.save_to_buffer().unwrap()).unwrap();
    assert_eq!(opened.draft.counts(), (1, 1));
    assert_eq!(told(&opened.warnings), ["W the sheet `Old` is hidden and was left out"]);
    let mut hidden = Workbook::new();
    hidden.add_worksheet();
    assert_eq!(refused(&hidden.save_to_buffer().unwrap()), ["E no visible sheet of the workbook holds anything"]);
}

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook with one sheet of that XML.
fn with_sheet(sheet: &[u8]) -> Vec<u8> {
    let types = br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let root = br#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    let workbook = br#"<workbook xmlns:r="r"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let relations = br#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    zipped(&[
        ("[Content_Types].xml", types),
        ("_rels/.rels", root),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

#[test]
fn bombs_are_not_unpacked() {
    let zeros = vec![b' '; 300 * 1024 * 1024];
    let bomb = with_sheet(&zeros);
    assert!(bomb.len() < 1024 * 1024);
    assert_eq!(refused(&bomb), ["E the workbook unpacks to more than 256 MiB"]);
    let many: Vec<(String, &[u8])> = (0..1_001).map(|number| (format!("p{number}"), b"".as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(refused(&zipped(&many)), ["E the workbook has 1001 parts, more than 1000"]);
    assert_eq!(refused(&vec![0; 32 * 1024 * 1024 + 1]).len(), 1);
}

#[test]
fn sheets_beyond_a_table_end_soon() {
    let cell = |at: &str| {
        format!(
            "<worksheet><dimension ref=\"A1:{at}\"/><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c></row><row><c r=\"{at}\" t=\"str\"><v>x</v></c></row></sheetData></worksheet>"
        )
    };
    for at in ["XFD1048576", "A1048576", "XFD2", "ALL300000"] {
        let findings = refused(&with_sheet(cell(at).as_bytes()));
        assert!(findings[0].contains("more than a table may"), "{findings:?}");
    }
    for at in ["ZZZZZZZ99999999999", "A99999999", "ABCD1"] {
        let findings = refused(&with_sheet(cell(at).as_bytes()));
        assert_eq!(findings, ["E a sheet of the workbook names a cell that no sheet can have"], "{at}");
    }
    // One text of a megabyte that very many cells mean.
    let long = format!(
        "<worksheet><sheetData><row r=\"1\">{}</row></sheetData></worksheet>",
        format!("<c t=\"str\"><v>{}</v></c>", "x".repeat(1024 * 1024)).repeat(70)
    );
    assert!(refused(&with_sheet(long.as_bytes()))[0].contains("more than a table may"));
}

#[test]
fn what_is_no_workbook_says_so() {
    for bytes in [
        b"".as_slice(),
        b"PK\x03\x04",
        b"id,tier\na,agent\n",
        &zipped(&[("a", b"b")]),
        &with_sheet(b"<worksheet>"),
        &with_sheet(b"\xFF\xFE"),
    ] {
        assert_eq!(refused(bytes).len(), 1, "{bytes:?}");
    }
    let mut cut = book(|_| ());
    cut.truncate(cut.len() / 2);
    assert_eq!(refused(&cut).len(), 1);
}

#[test]
fn our_own_workbook_is_made_for_people() {
    let csv =
        seatwarden::rules::Source { path: "a.csv".to_owned(), bytes: b"id,job_code,tier\na,00123,agent\n".to_vec() };
    let draft = seatwarden::rules::Draft::read(&[csv]).unwrap();
    let bytes = workbook::write(&draft).unwrap();
    assert_eq!(bytes, workbook::write(&draft).unwrap(), "the same table, the same bytes");
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let sheet = std::io::read_to_string(archive.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    for part in [
        "<pane xSplit=\"1\" ySplit=\"1\"",
        "<autoFilter ref=\"A1:C2\"",
        "numberStoredAsText=\"1\"",
        "t=\"s\"",
        "customWidth=\"1\"",
    ] {
        assert!(sheet.contains(part), "{part}: {sheet}");
    }
    assert!(!sheet.contains("<v>00123</v>"), "codes are texts");
}
