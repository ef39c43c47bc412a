//! Rows that tie and disagree: found whenever there is such a person, shown with a real one, and quickly.

use proptest::prelude::*;
use seatwarden::directory::Person;
use seatwarden::rules::{Compiled, Finding};

use super::reference::{self, Rule, Table};
use super::world::{cases, compiled, csv, day, person, source, today, told, toml};

fn value() -> impl Strategy<Value = String> {
    let range = (prop::sample::select(vec!["", "a", "12a"]), 0..13u32, 0..13u32, any::<bool>()).prop_map(
        |(prefix, one, other, wide)| {
            let (low, high) = (one.min(other), one.max(other));
            if wide { format!("{prefix}{low:02}..{prefix}{high:02}") } else { format!("{prefix}{low}..{prefix}{high}") }
        },
    );
    let plain = prop_oneof!["[a12]{1,3}", "[a12*]{1,4}", "[a12]{0,2}\\*[a12]{0,2}", range];
    (plain, prop::bool::weighted(0.25)).prop_map(|(text, not)| if not { format!("!{text}") } else { text })
}

fn rule() -> impl Strategy<Value = Rule> {
    let cell = |weight| prop::option::weighted(weight, prop::collection::vec(value(), 1..4));
    let days = prop::option::weighted(0.2, prop::sample::select(vec!["2026-06-14", "2026-06-15", "2026-06-16"]));
    let tier = prop::sample::select(vec!["agent", "fulfiller"]);
    (cell(0.9), cell(0.4), tier, 0..2i64, days.clone(), days).prop_map(|(code, title, tier, priority, from, until)| {
        let when = [("job_code", code), ("title", title)];
        let from = from.map(day);
        Rule {
            when: when.into_iter().filter_map(|(column, cell)| Some((column.to_owned(), cell?))).collect(),
            tier: Some(tier.to_owned()),
            priority: priority / 2,
            from,
            until: until.map(day).filter(|until| from.is_none_or(|from| from <= *until)),
            ..Rule::default()
        }
    })
}

fn table() -> impl Strategy<Value = Table> {
    prop::collection::vec(rule(), 2..6).prop_map(|mut rules| {
        for (number, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{number}");
        }
        Table { rules, exceptions: Vec::new() }
    })
}

fn csv_of(table: &Table) -> String {
    let cell = |rule: &Rule, column: &str| rule.when.get(column).map(|cell| cell.join("|")).unwrap_or_default();
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let mut text = "id,job_code,title,tier,from,until,priority\n".to_owned();
    for rule in &table.rules {
        let (code, title) = (cell(rule, "job_code"), cell(rule, "title"));
        let (from, until) = (date(rule.from), date(rule.until));
        let tier = rule.tier.as_deref().unwrap();
        text += &format!("{},{code},{title},{tier},{from},{until},{}\n", rule.id, rule.priority);
    }
    text
}

/// Every text of at most three letters, and some longer ones.
fn texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut at = 0;
    while texts[at].len() < 3 {
        let next: Vec<String> = ["a", "1", "2"].iter().map(|letter| format!("{}{letter}", texts[at])).collect();
        texts.extend(next);
        at += 1;
    }
    texts.remove(0);
    texts.extend(["a01", "a05", "a10", "12a7", "12a07", "0", "x", "a12x", "7", "07"].map(str::to_owned));
    texts
}

/// The person and day of a finding, read back from its message.
fn witness(finding: &Finding) -> (Person, jiff::civil::Date) {
    let text = finding.message.split_once(" tie for ").unwrap().1.split_once(" and disagree").unwrap().0;
    let (text, date) = text.split_once(" on ").map_or((text, today()), |(text, date)| (text, day(date)));
    let facts: Vec<(&str, &str)> = text.split(", ").filter_map(|fact| fact.split_once(' ')).collect();
    (person(&facts), date)
}

fn codes(compiled: &Compiled) -> Vec<&str> {
    compiled.findings.iter().map(|finding| finding.code.as_str()).collect()
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn a_tie_is_found_when_and_only_when_somebody_shows_it(table in table()) {
        let compiled = compiled(&[source("t.csv", csv_of(&table))]);
        for finding in compiled.findings.iter().filter(|finding| finding.code == "R031") {
            let (person, date) = witness(finding);
            prop_assert_eq!(reference::decide(&table, &person, date), Err(reference::Tie), "{}", &finding.message);
        }
        if codes(&compiled).iter().any(|code| ["R031", "R032"].contains(code)) {
            return Ok(());
        }
        prop_assert!(compiled.set.is_some(), "{:#?}", compiled.findings);
        for code in texts() {
            for title in ["", "a", "1", "a1", "a2", "11", "x", "a05"] {
                let person = person(&[("job_code", code.as_str()), ("title", title)]);
                for date in ["2026-06-13", "2026-06-15", "2026-06-17"] {
                    prop_assert!(reference::decide(&table, &person, day(date)).is_ok(), "{} {} {}", code, title, date);
                }
            }
        }
    }
}

/// The tie that a table of two rows must have, or must not.
#[track_caller]
fn ties(one: &str, other: &str, expected: bool) {
    let row = |id: &str, when: &str, tier: &str| format!("[[rule]]\nid='{id}'\nwhen={{{when}}}\ntier='{tier}'\n");
    let compiled = toml(&format!("{}{}", row("a", one, "agent"), row("b", other, "fulfiller")));
    assert_eq!(codes(&compiled) == ["R031"], expected, "{one} / {other}: {:#?}", compiled.findings);
}

#[test]
fn globs_that_meet_tie_when_they_are_as_long() {
    ties("job_code='SD-1*'", "job_code='SD-*2'", true);
    ties("job_code='SD-1*'", "job_code='*-12'", false);
}

#[test]
fn cells_are_intersected_exactly() {
    ties("job_code='SD-*1'", "job_code='S*D-2'", false);
    ties("job_code='SD-*'", "job_code='*-12'", true);
    ties("job_code='*ab'", "job_code='ba*'", true);
    ties("job_code='*ab*'", "job_code='*ba*'", true);
    ties("job_code='a*'", "job_code='b*'", false);
    ties("job_code='SD-1..SD-5'", "job_code='SD-5..SD-9'", true);
    ties("job_code='SD-1..SD-4'", "job_code='SD-5..SD-9'", false);
    ties("job_code='SD-01..SD-05'", "job_code='SD-1..SD-5'", false);
    ties("job_code='SD-01..SD-05'", "job_code='SD-5..SD-19'", true);
    ties("job_code=['SD-1..SD-5','!SD-5']", "job_code='SD-5..SD-9'", false);
    ties("job_code=['SD-1..SD-5','!SD-*']", "job_code='SD-4..SD-9'", false);
    // Another value of the cell is more specific wherever the two ranges meet.
    ties("job_code=['SD-1..SD-5','SD-5']", "job_code='SD-5..SD-9'", false);
    ties("job_code=['SD-1..SD-5','SD-5']", "job_code='SD-4..SD-9'", true);
    ties("job_code='*'", "job_code='!X'", false);
    ties("job_code='!X'", "department='IT'", true);
    ties("department='IT'", "department='HR'", false);
    ties("department=['IT','HR']", "department='h*'", true);
    ties("department='!IT'", "department='IT'", false);
    ties("status='!active'", "status='!gone'", true);
    ties("status='active'", "status='!active'", false);
    ties("status=['active','gone']", "status=['on_leave','suspended','pre_start']", false);
    ties("job_code='SD-1', department='IT'", "job_code='SD-1', country='DE'", true);
    ties("job_code='SD-1', department='IT'", "job_code='SD-1'", false);
}

#[test]
fn people_may_be_in_several_groups_and_feeds() {
    ties("group='admins'", "group='desk'", true);
    ties("group=['admins','!desk']", "group='desk'", false);
    ties("group=['admins','!d*']", "group=['e*','desk']", true);
    ties("feed='okta'", "feed='entra'", true);
    ties("attr.shift='day'", "attr.shift='night'", false);
}

#[test]
fn rows_that_never_hold_on_the_same_day_do_not_tie() {
    let table = |until: &str, from: &str| {
        toml(&format!(
            "[[rule]]\nid='a'\nwhen={{job_code='X'}}\ntier='agent'\nuntil={until}\n\
             [[rule]]\nid='b'\nwhen={{job_code='X'}}\ntier='fulfiller'\nfrom={from}\n"
        ))
    };
    assert_eq!(told(&table("2026-03-01", "2026-03-02")), Vec::<String>::new());
    let tie = table("2026-03-02", "2026-03-02");
    assert_eq!(told(&tie), ["R031 7:4"]);
    let text = "rows a and b tie for job_code x on 2026-03-02 and disagree: agent or fulfiller";
    assert_eq!(tie.findings[0].message, text);
    let help = "give one of them a higher priority or make it more specific; a is at a.toml:2";
    assert_eq!(tie.findings[0].help.as_deref(), Some(help));
}

#[test]
fn rows_tie_only_with_equal_priority_and_as_many_columns() {
    let header = "id,job_code,department,tier,class,addons,priority\n";
    let none: [&str; 0] = [];
    assert_eq!(told(&csv(&format!("{header}a,X,,agent,,,1\nb,X,,fulfiller,,,\n"))), none);
    assert_eq!(told(&csv(&format!("{header}a,X,IT,agent,,,\nb,X,,fulfiller,,,\n"))), none);
    assert_eq!(told(&csv(&format!("{header}a,X,,agent,,,\nb,X,,agent,,,\n"))), none);
    assert_eq!(told(&csv(&format!("{header}a,X,,agent,,,\nb,X,,agent,on-call,,\n"))), ["R031 3:1"]);
    assert_eq!(told(&csv(&format!("{header}a,X,,agent,,,\nb,X,,agent,,chat,\n"))), ["R031 3:1"]);
    assert_eq!(told(&csv(&format!("{header}a,X,,none,,,\nb,X,,agent,,,\n"))), ["R031 3:1"]);
    // Rows with add-ons alone do not decide, so they do not tie.
    assert_eq!(told(&csv(&format!("{header}a,X,,,,chat,\nb,X,,,,reports,\n"))), none);
}

#[test]
fn a_third_row_settles_a_tie_where_it_takes_everybody() {
    let rows = "[[rule]]\nid='a'\nwhen={job_code='SD-*',department='IT'}\ntier='agent'\n\
                [[rule]]\nid='b'\nwhen={job_code='SD-*',country='DE'}\ntier='fulfiller'\n";
    assert_eq!(told(&toml(rows)), ["R031 6:4"]);
    let third = |when: &str| toml(&format!("{rows}[[rule]]\nid='c'\nwhen={{{when}}}\ntier='requester'\n"));
    assert_eq!(told(&third("job_code='SD-*',department='IT',country='DE'")), Vec::<String>::new());
    assert_eq!(told(&third("job_code='S*',department='IT',country='DE'")), ["R031 6:4"]);
    assert_eq!(told(&third("job_code='SD-*',department='IT',country='DE',title='x'")), ["R031 6:4"]);
    assert_eq!(told(&third("job_code='SD-1*'")), ["R031 6:4"]);
    let settled = third("job_code='SD-*',department=['*'],country='D*'");
    assert_eq!(told(&settled), Vec::<String>::new());
}

#[test]
fn every_row_of_a_large_table_that_ties_is_told_once() {
    let mut text = "id,job_code,tier\n".to_owned();
    for number in 0..300 {
        let tier = if number % 2 == 0 { "agent" } else { "fulfiller" };
        text += &format!("r{number:03},SD-*,{tier}\n");
    }
    let compiled = csv(&text);
    assert!(compiled.set.is_none());
    assert!(codes(&compiled).iter().all(|code| *code == "R031"));
    assert_eq!(compiled.findings.len(), 299);
}
