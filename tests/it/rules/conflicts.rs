//! Pools that exclude each other, and exceptions that disagree.

use jiff::tz::TimeZone;
use seatwarden::model::Catalog;
use seatwarden::rules::{Compiled, compile};

use super::world::{catalog, csv, day, person, somebody, sound, source, today, told, toml};

const NONE: [&str; 0] = [];

/// A table in CSV under a catalog with a change.
fn under(change: impl Fn(&mut Catalog), rows: &str) -> Compiled {
    let mut catalog = catalog();
    change(&mut catalog);
    compile(&[source("a.csv", format!("id,job_code,department,tier,addons\n{rows}"))], &catalog, &TimeZone::UTC)
}

#[test]
fn one_row_cannot_give_what_excludes_each_other() {
    let compiled = csv("id,tier,addons\na,fulfiller,major-incident|change-advisory\n");
    assert_eq!(told(&compiled), ["R033 2:13"]);
    assert_eq!(compiled.findings[0].message, "change-advisory and major-incident exclude each other");
    let tier = under(
        |catalog| {
            catalog.pools.get_mut(&"agent".into()).unwrap().excludes.insert("chat".into());
        },
        "a,,,agent,chat\n",
    );
    assert_eq!(told(&tier), ["R033 2:11"]);
}

#[test]
fn rows_that_add_what_excludes_each_other_to_one_person_are_an_error() {
    // major-incident builds on fulfiller, so they meet where somebody is a fulfiller.
    let table = |rows: &str| under(|_| {}, &format!("base,SD-*,,fulfiller,\nmi,SD-1*,,,major-incident\n{rows}"));
    let meet = table("ca,,IT,,change-advisory\n");
    assert_eq!(told(&meet), ["R033 4:1"]);
    let text = "change-advisory and major-incident exclude each other and meet in job_code sd-1, department it";
    assert_eq!(meet.findings[0].message, text);
    assert_eq!(told(&table("ca,SD-2*,,,change-advisory\n")), NONE);
    assert_eq!(told(&table("ca,SD-1*|!SD-1*,,,change-advisory\n")), NONE);
    assert_eq!(told(&table("ca,,,agent,change-advisory\n")), NONE);
    assert_eq!(told(&table("ca,SD-12,,fulfiller,change-advisory\n")), ["R033 4:1"]);
    assert_eq!(told(&table("ca,SD-12,,agent,change-advisory\n")), NONE);
    // Nobody who gets both is a fulfiller: somebody else decides.
    assert_eq!(told(&table("ca,,IT,,change-advisory\nover,SD-1*,IT,agent,\n")), NONE);
    assert_eq!(told(&table("ca,,IT,,change-advisory\nover,SD-1*,IT,none,\n")), NONE);
    assert_eq!(told(&table("ca,,IT,,change-advisory\nover,SD-12,IT,agent,\n")), ["R033 4:1"]);
}

#[test]
fn without_a_tier_that_carries_both_they_never_meet() {
    let rows = "mi,SD-1*,,,major-incident\nca,,IT,,change-advisory\n";
    assert_eq!(told(&under(|_| {}, rows)), NONE);
    assert_eq!(told(&under(|_| {}, &format!("{rows}a,,,agent,\n"))), NONE);
    let free = |catalog: &mut Catalog| catalog.pools.get_mut(&"major-incident".into()).unwrap().requires.clear();
    assert_eq!(told(&under(free, rows)), ["R033 3:1"]);
    assert_eq!(told(&under(free, &format!("{rows}deny,,,none,\n"))), NONE);
    assert_eq!(told(&under(free, &format!("{rows}deny,SD-1*,IT,none,\n"))), NONE);
    assert_eq!(told(&under(free, &format!("{rows}deny,SD-1*,,none,\n"))), NONE);
}

#[test]
fn a_tier_may_exclude_an_addon() {
    let agent = |catalog: &mut Catalog| {
        catalog.pools.get_mut(&"agent".into()).unwrap().excludes.insert("reports".into());
    };
    assert_eq!(told(&under(agent, "a,SD-*,,agent,\nb,,IT,,reports\n")), ["R033 3:1"]);
    assert_eq!(told(&under(agent, "a,SD-*,,agent,\nb,FIN-*,,,reports\n")), NONE);
    assert_eq!(told(&under(agent, "a,SD-*,,agent,\nb,,IT,,reports\nc,SD-*,IT,fulfiller,\n")), NONE);
    let default = |catalog: &mut Catalog| {
        catalog.pools.get_mut(&"requester".into()).unwrap().excludes.insert("reports".into());
    };
    assert_eq!(told(&under(default, "b,,IT,,reports\n")), ["R033 2:1"]);
    assert_eq!(told(&under(default, "b,,IT,,reports\nc,,IT,fulfiller,\n")), NONE);
    assert_eq!(told(&under(default, "b,,IT,,reports\nc,,IT,requester,\n")), ["R033 3:1"]);
}

#[test]
fn people_in_whom_they_meet_all_the_same_are_a_clash() {
    // Two departments are not expected of one person, so the table is sound.
    let set = sound(under(|_| {}, "f,SD-*,,fulfiller,\nmi,,IT,,major-incident\nca,,HR,,change-advisory\n"));
    let clash = |values: &[(&str, &str)]| set.decide(&person(values), today()).clash;
    let both = [("job_code", "SD-1"), ("department", "IT"), ("department", "HR")];
    assert_eq!(clash(&both).as_deref(), Some("change-advisory and major-incident exclude each other"));
    assert_eq!(clash(&both[..2]), None);
    // Without its base tier major-incident is not held, so nothing clashes.
    assert_eq!(clash(&both[1..]), None);
}

#[test]
fn people_with_two_job_codes_may_tie_rows_of_a_sound_table() {
    let set = sound(csv("id,job_code,tier\na,SD-1,agent\nb,SD-2,fulfiller\nc,SD-1,agent\n"));
    let both = person(&[("job_code", "SD-1"), ("job_code", "SD-2")]);
    assert_eq!(set.decide(&both, today()).clash.as_deref(), Some("rows a and b tie and disagree"));
}

#[test]
fn exceptions_for_one_person_on_one_day_agree() {
    let one = |person: &str, gives: &str, from: &str, until: &str| {
        format!("[[exception]]\nperson='{person}'\n{gives}\nfrom={from}\nuntil={until}\nowner='o'\nreason='r'\n")
    };
    let two = |gives: &str, person: &str, other: &str, from: &str| {
        toml(&(one("ann@acme.example", gives, "2026-01-01", "2026-03-01") + &one(person, other, from, "2026-05-01")))
    };
    let ann = "ANN@acme.example ";
    assert_eq!(told(&two("tier='agent'", ann, "tier='none'", "2026-03-01")), ["R034 9:8"]);
    assert_eq!(told(&two("tier='agent'", ann, "tier='none'", "2026-03-02")), NONE);
    assert_eq!(told(&two("tier='agent'", "bob", "tier='none'", "2026-03-01")), NONE);
    assert_eq!(told(&two("tier='agent'", ann, "tier='agent'", "2026-03-01")), NONE);
    assert_eq!(told(&two("tier='agent'", ann, "addons=['chat']", "2026-03-01")), NONE);
    let clash = "addons=['change-advisory']";
    assert_eq!(told(&two("addons=['major-incident']", ann, clash, "2026-03-01")), ["R033 9:8"]);
    assert_eq!(told(&two("tier='agent'\naddons=['major-incident']", ann, clash, "2026-03-01")), ["R037 4:8"]);
}

#[test]
fn an_exception_that_meets_a_row_s_addon_is_a_clash_of_that_person() {
    let set = sound(toml(
        "[[rule]]\nid='a'\ntier='fulfiller'\naddons=['change-advisory']\n\
         [[exception]]\nperson='104233'\naddons=['major-incident']\nuntil=2026-12-31\nowner='o'\nreason='r'\n",
    ));
    assert!(set.decide(&somebody(), today()).clash.is_some());
    assert_eq!(set.decide(&somebody(), day("2027-01-01")).clash, None);
}
