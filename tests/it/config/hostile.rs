//! Input that no editor writes. Each is a finding; none is a panic, an exhausted stack or an endless wait.

use proptest::prelude::*;

use super::{CATALOG, FEED, Folder, assert_findings};

/// Loads on a stack like that of a worker thread, where a deep recursion shows.
fn findings_of(file: Vec<u8>) -> Vec<seatwarden::rules::Finding> {
    let folder = Folder::new(file, CATALOG);
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || folder.findings()).unwrap().join().unwrap()
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_place() {
    let found = findings_of(b"[store]\npath = \"a\xff\"\n".to_vec());
    assert_findings("invalid UTF-8", &found, "C003 2:10 the file is not UTF-8 | save the file as UTF-8 text");
    let found = findings_of(b"[store]\npath = \"a\0\"\n".to_vec());
    assert_findings("NUL", &found, "C003 2:10 the file has a NUL byte | save the file as UTF-8 text");
    let utf16: Vec<u8> = "[store]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_findings("UTF-16", &findings_of(utf16), "C003 1:2 the file has a NUL byte; it may be UTF-16 | UTF-8");
}

#[test]
fn a_hundred_thousand_brackets_are_one_finding() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let text = format!("x = {}{}\n", open.repeat(100_000), close.repeat(100_000));
        let found = findings_of(text.into_bytes());
        assert!(matches!(found[0].code.as_str(), "C004" | "C005"), "{found:?}");
        assert!(found.len() < 10, "{}", found.len());
        let unclosed = findings_of(format!("x = {}", open.repeat(100_000)).into_bytes());
        assert!(matches!(unclosed[0].code.as_str(), "C004" | "C005"), "{unclosed:?}");
    }
    let tables = findings_of("[".repeat(100_000).into_bytes());
    assert_eq!(tables[0].code, "C004", "{tables:?}");
}

#[test]
fn dotted_keys_within_tables_within_dotted_keys_do_not_exhaust_the_stack() {
    let dots = vec!["a"; 70].join(".");
    let mut text = format!("[{dots}]\n");
    text.push_str(&format!("{dots} = {{ ").repeat(70));
    text.push_str("a = 1");
    text.push_str(&" }".repeat(70));
    let found = findings_of(text.into_bytes());
    assert_eq!(found[0].code, "C005", "{found:?}");
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let mut huge = FEED.as_bytes().to_vec();
    huge.resize(20 * 1024 * 1024, b'#');
    assert_findings("20 MiB", &findings_of(huge), "C002 1:1 | is it the right one?");
}

#[test]
fn ten_thousand_faults_are_all_found_in_reasonable_time() {
    let lines: Vec<String> = (0..10_000).map(|number| format!("key{number} = {number}\n")).collect();
    assert_eq!(findings_of(lines.concat().into_bytes()).len(), 10_001);
}

#[test]
fn an_endless_number_or_text_is_a_finding() {
    let nines = "9".repeat(50_000);
    let found = findings_of(format!("{FEED}[brakes]\napprovers = {nines}\nfeed_shrink = \"{nines}%\"\n").into_bytes());
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["C010", "C030"]);
}

#[test]
fn what_is_no_file_is_a_finding() {
    let folder = Folder::new(FEED, CATALOG);
    std::fs::remove_file(folder.path("seatwarden.toml")).unwrap();
    assert_findings("absent", &folder.findings(), "C001 1:1 cannot read | seatwarden init");
    std::fs::create_dir(folder.path("seatwarden.toml")).unwrap();
    assert_findings("folder", &folder.findings(), "C001 1:1 cannot read | seatwarden init");
    let folder = Folder::new(FEED, CATALOG);
    std::fs::remove_file(folder.path("catalog.toml")).unwrap();
    assert_findings("no catalog", &folder.findings(), "K001 1:1 cannot read | [catalog] path");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever a slip of the hand does to a good file, the outcome is a configuration or findings with places in it.
    #[test]
    fn a_file_with_a_slip_loads_or_says_why(
        at in 0..100_usize, length in 0..40_usize, put in "[\\[\\]{}=\",.#\n a-z0-9é]{0,12}", in_catalog: bool,
    ) {
        let (file, catalog) = (include_str!("sample/seatwarden.toml"), include_str!("sample/catalog.toml"));
        let slipped = |text: &str| {
            let start = text.floor_char_boundary(text.len() * at / 100);
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            format!("{}{put}{}", &text[..start], &text[end..])
        };
        let folder = if in_catalog { Folder::new(file, slipped(catalog)) } else { Folder::new(slipped(file), catalog) };
        match folder.load() {
            Ok(loaded) => prop_assert!(seatwarden::config::render::is_ok(&loaded.warnings)),
            Err(failed) => {
                prop_assert!(!seatwarden::config::render::is_ok(&failed.findings));
                for place in failed.findings.iter().filter_map(|finding| finding.place.as_ref()) {
                    let text = failed.sources.get(&place.file).map_or(0, |text| text.len());
                    prop_assert!(place.offset + place.length <= text, "{place:?}");
                }
                prop_assert!(!super::text(&failed.findings, &failed.sources).is_empty());
            }
        }
    }
}
