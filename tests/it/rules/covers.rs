//! Rows that never count: proven for the grammar of cells, and as a slow model says.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use seatwarden::model::RuleId;
use seatwarden::rules::Compiled;

use super::world::{cases, day, examined, person, somebody, source, today, told};

const NONE: [&str; 0] = [];

fn table(rows: &str) -> Compiled {
    examined(&[source("a.csv", format!("id,job_code,department,group,tier,addons,priority,from,until\n{rows}"))])
}

#[test]
fn a_row_that_can_match_nobody() {
    assert_eq!(told(&table("a,SD-1*|!SD-*,,,agent,,,,\n")), ["R049 2:3"]);
    assert_eq!(told(&table("a,SD-1|SD-2|!SD-1..SD-9,IT|!i*,,agent,,,,\n")), ["R049 2:3", "R049 2:25"]);
    assert_eq!(told(&table("a,!*,,,agent,,,,\n")), ["R049 2:3"]);
    assert_eq!(told(&table("a,SD-1*|!SD-1,,,agent,,,,\nb,*a*|!*b*,,,agent,,,,\n")), NONE);
    let status =
        examined(&[source("a.csv", "id,status,tier\na,!active|!pre_start|!on_leave|!suspended|!gone,agent\n")]);
    assert_eq!(told(&status), ["R049 2:3"]);
}

#[test]
fn a_row_that_others_take_everybody_from_and_who_they_are() {
    let found = table("wide,SD-*,,,agent,,,,\nlow,SD-1*,,,fulfiller,,-1,,\n");
    assert_eq!(told(&found), ["R050 3:1"]);
    assert_eq!(found.findings[0].message, "row low never decides: row wide takes everybody it matches");
    let places: Vec<(u32, u32, &str)> =
        found.findings[0].related.iter().map(|r| (r.place.line, r.place.column, r.message.as_str())).collect();
    assert_eq!(places, [(3, 5, ""), (3, 13, "gives fulfiller"), (2, 1, "row wide gives agent")]);

    let several = table(
        "a,SD-1..SD-5,,,agent,,,,\nb,SD-6..SD-9,,,agent,,,,\nx,FIN,,,agent,,,,\nr,SD-2..SD-8,,,fulfiller,,-1,,\n",
    );
    assert_eq!(told(&several), ["R050 5:1"]);
    assert_eq!(several.findings[0].message, "row r never decides: rows a, b take everybody it matches");
    // One code is left.
    assert_eq!(
        told(&table("a,SD-1..SD-5,,,agent,,,,\nb,SD-7..SD-9,,,agent,,,,\nr,SD-2..SD-8,,,fulfiller,,-1,,\n")),
        NONE
    );
    // A more specific row and a narrower one are not in each other's way.
    assert_eq!(told(&table("a,SD-1*,,,agent,,,,\nb,SD-12,,,fulfiller,,,,\nc,,IT,,agent,,,,\n")), NONE);
}

#[test]
fn rows_with_more_columns_take_what_is_left_of_a_code() {
    assert_eq!(told(&table("a,SD-1,IT,,agent,,,,\nb,SD-1,!IT,,agent,,,,\nr,SD-1,*,,fulfiller,,,,\n")), ["R031 4:1"]);
    // Whoever has no department is left.
    assert_eq!(told(&table("a,SD-1,IT,,agent,,,,\nb,SD-1,!IT,,agent,,,,\nr,SD-1,,,fulfiller,,,,\n")), NONE);
    assert_eq!(told(&table("a,SD-1,IT,,agent,,1,,\nb,SD-1,!IT,,agent,,1,,\nr,SD-1,*,,fulfiller,,,,\n")), ["R050 4:1"]);
}

#[test]
fn of_rows_that_say_the_same_the_larger_id_is_told() {
    let found = table("b,SD-1,,,agent,,,,\na,sd-1,,,agent,,,,\n");
    assert_eq!(told(&found), ["R050 2:1"]);
    assert_eq!(
        found.findings[0].help.as_deref().unwrap(),
        "it changes nothing; delete it, or find what it was meant to tell apart"
    );
}

#[test]
fn dates_count_from_today_on() {
    // The higher row began before today and has no end.
    assert_eq!(told(&table("a,SD-*,,,agent,,1,2026-01-01,\nr,SD-1,,,fulfiller,,,,\n")), ["R050 3:1"]);
    assert_eq!(told(&table("a,SD-*,,,agent,,1,2026-07-01,\nr,SD-1,,,fulfiller,,,,\n")), NONE);
    assert_eq!(told(&table("a,SD-*,,,agent,,1,,2026-07-01\nr,SD-1,,,fulfiller,,,,\n")), NONE);
    assert_eq!(
        told(&table("a,SD-*,,,agent,,1,,2026-07-01\nb,SD-*,,,agent,,2,2026-07-02,\nr,SD-1,,,fulfiller,,,,\n")),
        ["R050 4:1"]
    );
    assert_eq!(told(&table("r,SD-1,,,fulfiller,,,,2026-06-14\n")), ["R051 2:1"]);
    assert_eq!(told(&table("r,SD-1,,,fulfiller,,,,2026-06-15\n")), NONE);
}

#[test]
fn people_with_several_groups_may_be_excluded_by_one_of_them() {
    // Somebody in both groups is left to the lower row.
    assert_eq!(told(&table("a,,,g1|!g2,agent,,1,,\nr,,,g1,fulfiller,,,,\n")), NONE);
    assert_eq!(told(&table("a,,,g*,agent,,1,,\nr,,,g1,fulfiller,,,,\n")), ["R050 3:1"]);
    assert_eq!(told(&table("a,,,g1|!g2,agent,,1,,\nb,,,g2,agent,,1,,\nr,,,g1,fulfiller,,,,\n")), ["R050 4:1"]);
}

#[test]
fn rows_with_add_ons_alone() {
    let found = table("a,,,,,chat|reports,,,\nr,SD-*,,,,chat,,,\n");
    assert_eq!(told(&found), ["R050 3:1"]);
    assert_eq!(found.findings[0].message, "row r never adds anything: row a takes everybody it matches");
    assert_eq!(told(&table("a,,,,,chat,,,\nr,SD-*,,,,chat|reports,,,\n")), NONE);
    // Of two that could go one stays.
    assert_eq!(told(&table("a,SD-*,,,,chat,,,\nb,SD-*,,,,chat,,,\n")), ["R050 3:1"]);
    // Denied to everybody, and to all but one.
    assert_eq!(told(&table("d,SD-*,,,none,,,,\nr,SD-1,,,,chat,,,\n")), ["R050 3:1"]);
    assert_eq!(told(&table("d,SD-*,,,none,,,,\ne,SD-1,IT,,agent,,,,\nr,SD-1,,,,chat,,,\n")), NONE);
    assert_eq!(told(&table("d,SD-*,,,none,,,,\ne,SD-1,IT,,agent,chat,,,\nr,SD-1,,,,chat,,,\n")), ["R050 4:1"]);
}

#[test]
fn a_range_with_a_row_for_every_code_of_it() {
    let mut rows = String::from("rest,SD-100..SD-599,,,fulfiller,,,,\n");
    for code in 100..600 {
        rows += &format!("c{code},SD-{code},,,agent,,,,\n");
    }
    let found = table(&rows);
    assert_eq!(told(&found), ["R050 2:1"]);
    assert!(found.findings[0].message.contains("and 476 more take"), "{}", found.findings[0].message);
    assert_eq!(told(&table(&rows.replace("c317,SD-317", "c317,SD-917"))), NONE);
}

#[test]
fn dates_that_leave_days_out() {
    let found = table("a,SD-1,,,agent,,,,2026-07-31\nb,SD-1,,,agent,,,2026-09-01,\n");
    assert_eq!(told(&found), ["R052 3:18"]);
    assert_eq!(found.findings[0].message, "rows a and b leave out 2026-08-01 to 2026-08-31 (31 days)");
    assert_eq!(found.findings[0].related[0].place.line, 2);
    assert_eq!(told(&table("a,SD-1,,,agent,,,,2026-07-31\nb,SD-1,,,agent,,,2026-08-01,\n")), NONE);
    // Over already; filled by a third; another season; other people; a family of ids.
    assert_eq!(told(&table("a,SD-1,,,agent,,,,2026-03-31\nb,SD-1,,,agent,,,2026-05-01,\n")), ["R051 2:1"]);
    assert_eq!(
        told(&table(
            "a,SD-1,,,agent,,,,2026-07-31\nb,SD-1,,,agent,,,2026-09-01,\nc,SD-1,,,agent,,,2026-07-01,2026-09-30\n"
        )),
        NONE
    );
    assert_eq!(told(&table("a,SD-1,,,agent,,,2026-06-01,2026-08-31\nb,SD-1,,,agent,,,2027-06-01,2027-08-31\n")), NONE);
    assert_eq!(told(&table("a,SD-1,,,agent,,,,2026-07-31\nb,SD-2,,,agent,,,2026-09-01,\n")), NONE);
    assert_eq!(told(&table("a-2026,SD-1,IT,,agent,,,,2026-07-31\na-2027,SD-1,,,agent,,,2026-08-03,\n")), ["R052 3:23"]);
    let exceptions = examined(&[source(
        "a.csv",
        "person,tier,from,until,owner,reason\nx,agent,,2026-07-31,o,r\nX,agent,2026-08-02,2026-09-01,o,r\n",
    )]);
    assert_eq!(told(&exceptions), ["R052 3:9"]);
    assert!(exceptions.findings[0].message.ends_with("leave out 2026-08-01"), "{}", exceptions.findings[0].message);
}

/// A small universe: every value that the cells below can tell apart, and the lack of one.
const CODES: [&str; 24] = [
    "", "a1", "a2", "a3", "a4", "a7", "a12", "a13", "a01", "a02", "a03", "a04", "a07", "a013", "a001", "a002", "a003",
    "a004", "a007", "ax", "b1", "xb", "ab", "c",
];
const DEPARTMENTS: [Option<&str>; 4] = [None, Some("it"), Some("hr"), Some("x")];

/// Rows that decide for somebody of the universe on some day from today on, as the evaluator itself says.
fn deciding(compiled: &Compiled) -> BTreeSet<RuleId> {
    let set = compiled.set.as_ref().unwrap();
    let mut seen = BTreeSet::new();
    for code in CODES {
        for department in DEPARTMENTS {
            for group in 0..16_u8 {
                let mut values: Vec<(&str, &str)> = Vec::new();
                values.extend(Some(("job_code", code)).filter(|_| !code.is_empty()));
                values.extend(department.map(|department| ("department", department)));
                values.extend(
                    [(1, "g1"), (2, "g2"), (4, "h"), (8, "z")]
                        .iter()
                        .filter(|(bit, _)| group & bit > 0)
                        .map(|(_, g)| ("group", *g)),
                );
                for date in [today(), day("2026-06-20"), day("2026-07-01")] {
                    seen.extend(set.decide(&person(&values), date).rule);
                }
            }
        }
    }
    seen
}

fn row() -> impl Strategy<Value = String> {
    let codes = select(vec![
        "",
        "*",
        "a*",
        "a1",
        "a1|a2",
        "a1..a3",
        "a2..a4",
        "!a1",
        "a*|!a2",
        "*b*",
        "b1|c",
        "ab",
        "!a*",
        "a1..a4",
        "a01..a03",
        "a2..a12",
        "a3..a12|!a4",
    ]);
    let departments = select(vec!["", "", "it", "!it", "it|hr", "*"]);
    let groups = select(vec!["", "", "g1", "g*", "g1|!g2", "!h"]);
    let windows = select(vec![",", ",", ",2026-06-19", "2026-06-20,", "2026-06-20,2026-06-25", "2026-05-01,"]);
    (codes, departments, groups, 0..2_i32, windows).prop_map(|(code, department, group, priority, window)| {
        format!("{code},{department},{group},agent,,{priority},{window}\n")
    })
}

proptest! {
    #![proptest_config(cases(150))]

    /// Exactly the rows that decide for nobody are told, and those that are named suffice.
    #[test]
    fn the_compiler_and_a_slow_model_agree(rows in prop::collection::vec(row(), 2..6)) {
        let text = |keep: &dyn Fn(usize) -> bool| -> String {
            let kept = rows.iter().enumerate().filter(|(at, _)| keep(*at));
            kept.map(|(at, row)| format!("r{at},{row}")).collect::<Vec<_>>().concat()
        };
        let compiled = table(&text(&|_| true));
        prop_assert!(compiled.set.is_some(), "{:#?}", compiled.findings);
        prop_assert!(!compiled.findings.iter().any(|finding| finding.code == "R032"), "{:#?}", compiled.findings);
        let seen = deciding(&compiled);
        let idle: BTreeSet<RuleId> =
            (0..rows.len()).map(|at| RuleId::new(format!("r{at}"))).filter(|id| !seen.contains(id)).collect();
        let line = |line: u32| RuleId::new(format!("r{}", line - 2));
        let told: BTreeSet<RuleId> = compiled
            .findings
            .iter()
            .filter(|finding| ["R049", "R050", "R051"].contains(&finding.code.as_str()))
            .map(|finding| line(finding.place.as_ref().unwrap().line))
            .collect();
        prop_assert_eq!(&told, &idle, "{}\n{:#?}", text(&|_| true), compiled.findings);
        for finding in compiled.findings.iter().filter(|finding| finding.code == "R050") {
            let mine = finding.place.as_ref().unwrap().line;
            let takers: BTreeSet<u32> = finding.related.iter().map(|r| r.place.line).chain([mine]).collect();
            let fewer = table(&text(&|at| takers.contains(&(u32::try_from(at).unwrap() + 2))));
            prop_assert!(!deciding(&fewer).contains(&line(mine)), "{}", finding.message);
        }
    }
}

#[test]
fn nobody_in_particular_is_matched_by_a_row_without_cells() {
    let found = table("a,,,,agent,,,,\n");
    assert_eq!(told(&found), NONE);
    assert!(found.set.unwrap().decide(&somebody(), today()).rule.is_some());
}
