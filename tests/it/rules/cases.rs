//! `[[case]]`: what is read, what is refused, and what is told of a case that fails.

use seatwarden::rules::{Case, cases};

use super::world::{at, sound, source, today, toml};

const TABLE: &str = "[[rule]]\nid='analysts'\nwhen={job_code='SD-1*', department='IT'}\ntier='fulfiller'\n\
    addons=['major-incident']\nclass='on-call'\n\
    [[rule]]\nid='desk'\nwhen={job_code='SD-*'}\ntier='agent'\n\
    [[rule]]\nid='left'\nwhen={status='on_leave'}\ntier='none'\npriority=1\n\
    [[rule]]\nid='summer'\nwhen={job_code='SUM'}\ntier='agent'\nuntil=2026-08-31\n\
    [[exception]]\nperson='ann@acme.example'\ntier='agent'\nuntil=2026-12-15\nowner='o'\nreason='r'\n";

fn read(text: &str) -> (Vec<Case>, Vec<String>) {
    let set = sound(toml(TABLE));
    let (cases, findings) = cases(&[source("a.toml", TABLE), source("cases.toml", text)], &set);
    let told = findings.iter().map(|finding| {
        assert!(finding.place.as_ref().unwrap().file == "cases.toml");
        format!("{} {} ({})", at(finding), finding.message, finding.help.as_deref().unwrap_or_default())
    });
    (cases, told.collect())
}

/// `field: expected, got` of every fault of the only case.
fn faults(text: &str) -> Vec<String> {
    let (cases, findings) = read(&format!("[[case]]\n{text}\n"));
    assert_eq!((cases.len(), findings), (1, vec![]), "{text}");
    let judged = cases[0].judge(&sound(toml(TABLE)), today());
    assert!(judged.faults.is_empty() || !judged.why.is_empty());
    judged.faults.iter().map(|fault| format!("{}: {}, {}", fault.field, fault.expected, fault.got)).collect()
}

#[test]
fn cases_are_no_part_of_the_table() {
    let with = format!("{TABLE}[[case]]\ngiven={{job_code='SD-1'}}\nexpect={{tier='nonsense'}}\nx=1\n");
    assert_eq!(sound(toml(&with)).digest(), sound(toml(TABLE)).digest());
    assert_eq!(sound(toml("case=[{expect={}}]\n[[rule]]\nid='a'\ntier='agent'\n")).lines().count(), 1);
}

#[test]
fn a_case_passes_when_everything_it_names_is_so() {
    for text in [
        "given={job_code='SD-12', department='IT'}\nexpect={tier='fulfiller', addons=['major-incident'], class='on-call', rule='analysts'}",
        "given={job_code='SD-12', department='IT'}\nexpect={rule='Analysts'}",
        "given={job_code='SD-12', department='HR'}\nexpect={tier='Agent', addons=[], class='none', rule='desk'}",
        "given={job_code=['X', 'SD-2']}\nexpect={tier='agent'}",
        "given={}\nexpect={tier='requester', rule='none'}",
        "expect={rule='none'}",
        "given={job_code='SD-1', status='on_leave'}\nexpect={tier='none', addons=[]}",
        "on=2026-08-31\ngiven={job_code='SUM'}\nexpect={rule='summer'}",
        "on='2026-09-01'\ngiven={job_code='SUM'}\nexpect={rule='none'}",
        "person='ANN@acme.example'\ngiven={job_code='SD-1', department='IT'}\nexpect={tier='agent', rule='exception:ann@acme.example'}",
        "person='ann@acme.example'\non=2026-12-16\ngiven={job_code='SD-1', department='IT'}\nexpect={tier='fulfiller'}",
    ] {
        assert_eq!(faults(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_case_that_fails_says_what_was_got_and_why() {
    let (cases, _) = read(
        "[[case]]\nname='lead'\ngiven={job_code='SD-12', department='HR'}\nexpect={tier='fulfiller', addons=['major-incident'], rule='analysts'}\n",
    );
    let judged = cases[0].judge(&sound(toml(TABLE)), today());
    assert_eq!(cases[0].name.as_deref(), Some("lead"));
    assert_eq!((cases[0].place.file.as_str(), cases[0].place.line), ("cases.toml", 1));
    let told: Vec<_> =
        judged.faults.iter().map(|fault| (fault.field, fault.expected.as_str(), fault.got.as_str())).collect();
    assert_eq!(
        told,
        [("tier", "fulfiller", "agent"), ("addons", "[major-incident]", "[]"), ("rule", "analysts", "desk")]
    );
    assert_eq!(judged.rule.unwrap().as_str(), "desk");
    assert!(judged.why.contains("SD-*"), "{}", judged.why);
    assert!(judged.why_not.as_deref().unwrap_or_default().contains("department"), "{:?}", judged.why_not);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (text, expected) in [
        ("[[case]]\nexpct={tier='agent'}", "R010 2:1 unknown key `expct` (did you mean `expect`?)"),
        (
            "[[case]]\ngiven={job_cod='x'}\nexpect={tier='agent'}",
            "R010 2:8 unknown column `job_cod` (did you mean `job_code`?)",
        ),
        ("[[case]]\ngiven={}\nexpect={teir='agent'}", "R010 3:9 unknown key `teir` (did you mean `tier`?)"),
        ("[[case]]\nexpect={tier='agnt'}", "R019 2:14 `agnt` is not a tier of the catalog (did you mean `agent`?)"),
        (
            "[[case]]\nexpect={addons=['report']}",
            "R020 2:17 `report` is not an add-on of the catalog (did you mean `reports`?)",
        ),
        ("[[case]]\nexpect={rule='analyst'}", "R071 2:14 the table has no row `analyst` (did you mean `analysts`?)"),
        (
            "[[case]]\ngiven={status='actve'}\nexpect={rule='desk'}",
            "R025 2:15 `actve` is not a status (did you mean `active`?)",
        ),
        (
            "[[case]]\ngiven={job_code=12}\nexpect={rule='desk'}",
            "R013 2:17 `job_code` is a number, not a string (put the value in double quotes)",
        ),
        ("[[case]]\non=2026-13-01\nexpect={rule='desk'}", "R005 2:"),
        ("[[case]]\non='soon'\nexpect={rule='desk'}", "R026 2:4 `on` is not a day (write the day as on = 2026-12-31)"),
        ("[[case]]\ngiven={}", "R070 1:1 the case expects nothing"),
        ("case=7", "R013 1:1 `case` is not a list of tables (write [[case]])"),
        ("[[cases]]\nexpect={}", "R010 1:3 unknown key `cases` (did you mean `case`?)"),
    ] {
        let (cases, findings) = read(text);
        assert_eq!(findings.len(), 1, "{text}: {findings:?}");
        assert!(findings[0].starts_with(expected), "{text}: {findings:?}");
        assert!(cases.is_empty(), "{text}");
    }
}
