//! One style for every file, and not a word changed.

use proptest::prelude::*;
use seatwarden::rules::draft::tidy;
use seatwarden::rules::{Draft, Source};

use super::agree::{table, toml_of};
use super::convert::draft;
use super::world::{cases, source};

fn tidied(path: &str, text: &str) -> String {
    let once = tidy(&source(path, text)).unwrap();
    let twice = tidy(&source(path, once.as_str())).unwrap();
    assert_eq!(once, twice, "twice is once");
    once
}

#[test]
fn keys_come_in_one_order_with_their_signs_below_each_other() {
    let text = "[[rule]]\nnote='CHG-1'\ntier = \"fulfiller\"\nid=\"a\"\nwhen={department='IT',job_code=['SD-1*','SD-2']}\n\n\n\n\
                [[exception]]\nreason = 'r'\nperson = 'p'\nuntil = 2026-12-31\n  owner = 'o'\ntier = 'agent'\n";
    let want = "[[rule]]\nid   = \"a\"\nwhen = { job_code = ['SD-1*', 'SD-2'], department = 'IT' }\ntier = \"fulfiller\"\n\
                note = 'CHG-1'\n\n[[exception]]\nperson = 'p'\ntier   = 'agent'\nuntil  = 2026-12-31\nowner  = 'o'\nreason = 'r'\n";
    assert_eq!(tidied("a.toml", text), want);
}

#[test]
fn comments_and_groups_stay_where_they_are() {
    let text = "#:schema ./rules.schema.json\n\n\n# The desk.\n\n[[rule]]  # first\nid = \"a\"     # the name\n\n# what it gives\n\
                tier = \"agent\"   \n# ends the desk\n\n# Others.\n[[rule]]\nid = \"b\"\nwhen = { job_code = [\n  \"X\",  # old\n  \"Y\",\n] }\n\
                tier = \"agent\"\n\n# [[rule]]\n#   id = \"c\"";
    let want = "#:schema ./rules.schema.json\n\n# The desk.\n\n[[rule]]  # first\nid   = \"a\"     # the name\n\n# what it gives\n\
                tier = \"agent\"\n# ends the desk\n\n# Others.\n[[rule]]\nid   = \"b\"\nwhen = { job_code = [\n  \"X\",  # old\n  \"Y\",\n] }\n\
                tier = \"agent\"\n\n# [[rule]]\n#   id = \"c\"\n";
    assert_eq!(tidied("a.toml", text), want);
}

#[test]
fn long_lists_are_broken_and_short_ones_joined() {
    let codes: Vec<String> = (100..130).map(|number| format!("\"SD-{number}\"")).collect();
    let text = format!(
        "[[rule]]\nid = \"a\"\nwhen = {{ department = [\n'IT',\n'HR' ], job_code = [{}] }}\ntier = \"agent\"\n",
        codes.join(",")
    );
    let want = format!(
        "[[rule]]\nid   = \"a\"\nwhen = {{ job_code = [\n    {},\n], department = ['IT', 'HR'] }}\ntier = \"agent\"\n",
        codes.join(",\n    ")
    );
    assert_eq!(tidied("a.toml", &text), want);
}

#[test]
fn other_spellings_and_cases_are_kept() {
    let text = "rule = [{id='a',tier='agent'}]\n";
    assert_eq!(tidied("a.toml", text), "rule = [{ id = 'a', tier = 'agent' }]\n");
    let text = "[[rule]]\nid='a'\ntier='agent'\nwhen.attr.shift='x'\nwhen.job_code='y'\n";
    assert_eq!(
        tidied("a.toml", text),
        "[[rule]]\nid              = 'a'\nwhen.job_code   = 'y'\nwhen.attr.shift = 'x'\ntier            = 'agent'\n"
    );
    let text = "[[rule]]\nid='a'\ntier='agent'\n[rule.when]\ntitle='x'\njob_code='y'\n[[case]]\ngiven={job_code='y'}\nname='n'\nexpect={tier='agent'}\n";
    assert_eq!(
        tidied("a.toml", text),
        "[[rule]]\nid   = 'a'\ntier = 'agent'\n[rule.when]\njob_code = 'y'\ntitle    = 'x'\n\n[[case]]\ngiven  = { job_code = 'y' }\n\
         name   = 'n'\nexpect = { tier = 'agent' }\n"
    );
}

#[test]
fn csv_is_plain_and_keeps_its_separator_mark_and_line_ends() {
    let text =
        "\u{feff}\"job_code\"; tier ;id;\"note\"\r\n\"SD-1 | SD-2\"; agent;a ;\"a; b\"\r\n\r\n\r\nX;\"agent\";b; \r\n";
    assert_eq!(
        tidied("a.csv", text),
        "\u{feff}id;job_code;tier;note\r\na;SD-1 SD-2;agent;\"a; b\"\r\n\r\nb;X;agent;\r\n"
    );
    assert_eq!(tidied("a.csv", "sep=;\r\ntier;id\r\nagent;a\r\n"), "sep=;\r\nid;tier\r\na;agent\r\n");
    let wide: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("id,tier\r\nä,agent\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(tidy(&source("a.csv", wide)).unwrap(), "\u{feff}id,tier\r\nä,agent\r\n");
    let both = "tier,id\nagent,a\n\nuntil,person,tier,owner,reason\n2026-12-31,p,agent,o,r\n";
    assert_eq!(tidied("a.csv", both), "id,tier\na,agent\n\nperson,until,tier,owner,reason\np,2026-12-31,agent,o,r\n");
}

#[test]
fn files_with_errors_are_refused() {
    for (path, text) in [
        ("a.toml", "[[rule]\n"),
        ("a.csv", "id,tier\na,\"b\n"),
        ("a.csv", "id,tier\na,=1\n"),
        ("a.toml", "x = 1\n"),
        ("a.txt", ""),
    ] {
        assert!(!tidy(&source(path, text)).unwrap_err().is_empty(), "{text}");
    }
    // What only the catalog could tell is no reason.
    assert!(tidy(&source("a.toml", "[[rule]]\nid = 'a'\ntier = 'nosuch'\n")).is_ok());
}

/// Comments, blank lines and margins strewn over a file.
fn strewn(text: &str, picks: &[u8]) -> String {
    let mut picks = picks.iter().cycle().copied();
    let mut number = 0;
    let mut line = |line: &str| {
        number += 1;
        match picks.next().unwrap_or(0) % 8 {
            0 => format!("\n{line}\n"),
            1 => format!("\n\n\n  {line}  \n"),
            2 => format!("# c{number}\n{line}\n"),
            3 => format!("\n  # c{number}\n\n{line}\r\n"),
            4 if !line.is_empty() => format!("{line} # c{number}\n"),
            _ => format!("{line}\n"),
        }
    };
    text.lines().map(&mut line).collect()
}

fn comments(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| word.starts_with('c') && word[1..].parse::<u32>().is_ok());
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort();
    words
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn nothing_is_lost_and_twice_is_once(table in table(), picks in prop::collection::vec(any::<u8>(), 1..40)) {
        let text = strewn(std::str::from_utf8(&toml_of(&table).bytes).unwrap(), &picks);
        let before: Draft = draft(&[source("a.toml", text.as_str())]);
        let once = tidied("a.toml", &text);
        prop_assert_eq!(before.difference(&draft(&[source("a.toml", once.as_str())])), None);
        prop_assert_eq!(comments(&once), comments(&text));
        prop_assert!(!once.contains("\n\n\n") && !once.contains(" \n") && !once.contains('\r'), "{}", once);
        let (rules, _) = before.to_csv().unwrap();
        prop_assert_eq!(&tidied("a.csv", &rules), &rules);
    }

    #[test]
    fn any_bytes_are_formatted_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for path in ["a.toml", "a.csv"] {
            let file: Source = source(path, bytes.clone());
            if let Ok(once) = tidy(&file) {
                prop_assert_eq!(tidy(&source(path, once.as_str())).unwrap(), once);
            }
        }
    }
}
