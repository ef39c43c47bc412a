//! Workbooks. The first byte says which part of one the other bytes are: checksums of zip files would keep almost every
//! mutation from getting any further.

use std::io::{Cursor, Write as _};

use seatwarden::workbook;
use zip::write::SimpleFileOptions;

const PARTS: [(&str, &str); 7] = [
    ("[Content_Types].xml", "<Types/>"),
    (
        "_rels/.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns:r="r"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
    ),
    (
        "xl/sharedStrings.xml",
        "<sst><si><t>id</t></si><si><t>tier</t></si><si><t>agent</t></si><si><r><t>a</t></r></si></sst>",
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2" t="s"><v>2</v></c></row></sheetData></worksheet>"#,
    ),
];

/// Any bytes as a workbook, or as one part of it.
pub(crate) fn xlsx(data: &[u8]) {
    let Some((part, rest)) = data.split_first() else { return };
    let book = match usize::from(*part) % 8 {
        7 => rest.to_vec(),
        place => with(place, rest),
    };
    match workbook::read("fuzz.xlsx", &book) {
        Ok(opened) => {
            if let Ok(bytes) = workbook::write(&opened.draft) {
                let back = workbook::read("back.xlsx", &bytes).expect("what was written can be read");
                assert_eq!(opened.draft.difference(&back.draft), None);
            }
        }
        Err(findings) => {
            assert!(!findings.is_empty(), "refused for a reason");
            for finding in findings {
                let place = finding.place.expect("findings have places");
                assert_eq!(place.file, "fuzz.xlsx", "{}", finding.message);
            }
        }
    }
}

fn with(place: usize, part: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (number, (name, usual)) in PARTS.into_iter().enumerate() {
        let bytes = if number == place { part } else { usual.as_bytes() };
        writer.start_file(name, options).and_then(|()| Ok(writer.write_all(bytes)?)).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything").into_inner()
}
