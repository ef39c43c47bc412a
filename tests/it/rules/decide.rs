//! Which row decides, what it gives, and how it is explained.

use seatwarden::model::{Attribute, PoolId};
use seatwarden::rules::{Given, RuleSet};

use super::world::{compiled, csv, day, person, somebody, sound, source, today, toml};

/// `tier by row` of somebody with that job code and department IT.
fn tier(set: &RuleSet, code: &str) -> String {
    let decision = set.decide(&person(&[("job_code", code), ("department", "IT")]), today());
    let rule = decision.rule.map(|rule| rule.to_string()).unwrap_or_default();
    match decision.tier {
        Given::Default => "default".to_owned(),
        Given::Denied(_) => format!("none by {rule}"),
        Given::Tier(pool, _) => format!("{pool} by {rule}"),
    }
}

fn addons(set: &RuleSet, code: &str) -> Vec<String> {
    let decision = set.decide(&person(&[("job_code", code), ("department", "IT")]), today());
    decision.addons.iter().map(|(addon, claim)| format!("{addon} by {}", claim.rule)).collect()
}

#[test]
fn priority_then_specificity_then_filled_columns() {
    let set = sound(csv("id,job_code,department,tier,priority\n\
        any,,,requester,\n\
        star,*,,agent,\n\
        short,SD-*,,fulfiller,\n\
        long,SD-1*,,agent,\n\
        range,SD-10..SD-19,,fulfiller,\n\
        exact,SD-12,,agent,\n\
        exact-it,SD-12,IT,fulfiller,\n\
        first,SD-14,,requester,5\n\
        forced,SD-*,HR|IT,agent,1\n"));
    assert_eq!(tier(&set, "FIN"), "agent by star");
    assert_eq!(tier(&set, "SD-2"), "agent by forced");
    assert_eq!(tier(&set, "SD-14"), "requester by first");
    let set = sound(csv("id,job_code,department,tier\n\
        any,,,requester\nstar,*,,agent\nshort,SD-*,,fulfiller\nlong,SD-1*,,agent\nrange,SD-10..SD-19,,fulfiller\n\
        exact,SD-12,,agent\nexact-it,SD-12,IT,fulfiller\nit,,IT,agent\n"));
    assert_eq!(tier(&set, ""), "agent by it");
    assert_eq!(tier(&set, "SD-2"), "fulfiller by short");
    assert_eq!(tier(&set, "SD-1"), "agent by long");
    assert_eq!(tier(&set, "SD-11"), "fulfiller by range");
    assert_eq!(tier(&set, "SD-12"), "fulfiller by exact-it");
}

#[test]
fn the_value_that_matched_counts_not_the_most_specific_of_the_cell() {
    let set = sound(toml(
        "[[rule]]\nid='a'\nwhen={job_code=['X-1','SD-*']}\ntier='agent'\n\
        [[rule]]\nid='b'\nwhen={job_code='SD-1*'}\ntier='fulfiller'\n",
    ));
    assert_eq!(tier(&set, "SD-1"), "fulfiller by b");
    assert_eq!(tier(&set, "X-1"), "agent by a");
}

#[test]
fn status_and_feed_count_as_match_columns_and_class_and_dates_do_not() {
    let set = sound(toml(
        "[[rule]]\nid='a'\nwhen={job_code='X', status='active', feed='okta'}\ntier='agent'\n\
        [[rule]]\nid='b'\nwhen={job_code='X'}\ntier='fulfiller'\nclass='on-call'\nfrom=2026-01-01\nuntil=2026-12-31\n",
    ));
    assert_eq!(tier(&set, "X"), "agent by a");
}

#[test]
fn rows_that_tie_and_agree_are_fine_and_the_smaller_id_is_named() {
    let set = sound(csv("id,job_code,tier\nz,SD-1*,agent\nb,SD-1*,agent\n"));
    assert_eq!(tier(&set, "SD-1"), "agent by b");
    let trace = set.trace(&person(&[("job_code", "SD-1")]), today());
    assert_eq!(trace[1].why, "job_code SD-1 matches SD-1*; ties with row b, which gives the same");
}

#[test]
fn dates_are_inclusive_at_both_ends() {
    let set = sound(toml("[[rule]]\nid='a'\ntier='agent'\nfrom=2026-03-01\nuntil='2026-03-03'\n"));
    let on = |date: &str| set.decide(&somebody(), day(date)).rule.is_some();
    assert_eq!(["2026-02-28", "2026-03-01", "2026-03-03", "2026-03-04"].map(on), [false, true, true, false]);
    assert_eq!(set.next_change(day("2026-01-01")), Some(day("2026-03-01")));
    assert_eq!(set.next_change(day("2026-03-01")), Some(day("2026-03-04")));
    assert_eq!(set.next_change(day("2026-03-04")), None);
    let decision = set.decide(&somebody(), day("2026-03-02"));
    assert_eq!(decision.basis.until, Some(day("2026-03-03")));
    assert!(
        matches!(decision.tier, Given::Tier(_, claim) if claim.until == Some(day("2026-03-03")) && !claim.exception)
    );
}

#[test]
fn days_begin_in_the_zone_of_the_table() {
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
    let file = source("a.toml", "[[rule]]\nid='a'\ntier='agent'\nfrom=2026-03-01\n");
    let set = seatwarden::rules::compile(&[file], &super::world::catalog(), &zone).set.unwrap();
    let time = |text: &str| seatwarden::model::Time::parse(text).unwrap();
    assert_eq!(set.today(time("2026-02-28T14:59:59Z")), day("2026-02-28"));
    assert_eq!(set.today(time("2026-02-28T15:00:00Z")), day("2026-03-01"));
    assert_eq!(set.next_change_at(time("2026-02-28T14:59:59Z")), Some(time("2026-02-28T15:00:00Z")));
    assert_eq!(set.next_change_at(time("2026-02-28T15:00:00Z")), None);
}

#[test]
fn rows_without_a_tier_add_to_whoever_matches() {
    let set = sound(csv("id,job_code,department,tier,addons\n\
        base,SD-*,,fulfiller,chat\nall,,IT,,reports\nalso,SD-1*,,,chat|major-incident\nno,FIN-*,,none,\n"));
    assert_eq!(addons(&set, "SD-1"), ["chat by base", "major-incident by also", "reports by all"]);
    assert_eq!(addons(&set, "SD-2"), ["chat by base", "reports by all"]);
    assert_eq!(addons(&set, "X"), ["reports by all"]);
    assert_eq!(tier(&set, "X"), "default");
    assert_eq!(tier(&set, "FIN-1"), "none by no");
    assert_eq!(addons(&set, "FIN-1"), Vec::<String>::new());
}

#[test]
fn an_exception_beats_every_row_until_it_is_over() {
    let table = |exception: &str| {
        sound(toml(&format!(
            "[[rule]]\nid='top'\nwhen={{job_code='X'}}\ntier='fulfiller'\nclass='on-call'\naddons=['chat']\npriority=99\n\
             [[rule]]\nid='more'\nwhen={{job_code='X'}}\naddons=['reports']\n\
             [[exception]]\nuntil=2026-06-15\nowner='o'\nreason='r'\n{exception}"
        )))
    };
    let set = table("person=' ANN@acme.example'\ntier='agent'\n");
    assert_eq!(tier(&set, "X"), "agent by exception:ANN@acme.example");
    assert_eq!(addons(&set, "X"), ["reports by more"]);
    let someone = person(&[("job_code", "X")]);
    assert_eq!(set.decide(&someone, today()).class, None);
    assert_eq!(set.decide(&someone, day("2026-06-16")).rule.unwrap().as_str(), "top");
    let mut other = person(&[("job_code", "X")]);
    other.email = None;
    assert_eq!(set.decide(&other, today()).rule.unwrap().as_str(), "top");
    // Somebody's login name is no claim on an exception.
    other.user_name = Some("ann@acme.example".to_owned());
    assert_eq!(set.decide(&other, today()).rule.unwrap().as_str(), "top");

    let set = table("person='104233'\ntier='none'\n");
    assert_eq!(tier(&set, "X"), "none by exception:104233");
    assert_eq!(addons(&set, "X"), Vec::<String>::new());

    let set = table("person='104233'\naddons=['major-incident']\n");
    assert_eq!(tier(&set, "X"), "fulfiller by top");
    assert_eq!(addons(&set, "X"), ["chat by top", "major-incident by exception:104233", "reports by more"]);
    let claim = &set.decide(&someone, today()).addons[&PoolId::new("major-incident")];
    assert!(claim.exception);
    assert_eq!(claim.until, Some(day("2026-06-15")));
}

#[test]
fn an_exception_adds_to_somebody_whom_a_row_denies_and_none_in_one_denies_all() {
    let row = "[[rule]]\nid='no'\ntier='none'\n";
    let adds = "[[exception]]\nperson='104233'\naddons=['reports']\nuntil=2027-01-01\nowner='o'\nreason='r'\n";
    let set = sound(toml(&format!("{row}{adds}")));
    assert_eq!(tier(&set, "X"), "none by no");
    assert_eq!(addons(&set, "X"), ["reports by exception:104233"]);
    let denies = "[[exception]]\nperson='ann@acme.example'\ntier='none'\nuntil=2027-01-01\nowner='o'\nreason='r'\n";
    let set = sound(toml(&format!("{adds}{denies}")));
    assert_eq!(addons(&set, "X"), Vec::<String>::new());
}

#[test]
fn exceptions_that_name_one_person_differently_and_disagree_freeze() {
    let one = "[[exception]]\nperson='104233'\ntier='agent'\nuntil=2027-01-01\nowner='o'\nreason='r'\n";
    let other = "[[exception]]\nperson='ann@acme.example'\ntier='none'\nuntil=2027-01-01\nowner='o'\nreason='r'\n";
    let set = sound(toml(&format!("{one}{other}")));
    let clash = set.decide(&somebody(), today()).clash;
    assert_eq!(clash.as_deref(), Some("exception:104233 and exception:ann@acme.example disagree"));
}

#[test]
fn the_basis_tells_a_change_of_the_person_from_an_edit() {
    let set = sound(toml("[[rule]]\nid='a'\nwhen={department='IT', group='desk-*'}\ntier='agent'\n"));
    let facts = |values: &[(&str, &str)]| set.decide(&person(values), today()).basis.facts;
    let all =
        facts(&[("job_code", "SD-1"), ("department", " It"), ("group", "desk-2"), ("group", "x"), ("group", "desk-1")]);
    let texts: Vec<String> = all.iter().map(|(attribute, value)| format!("{attribute}={value}")).collect();
    assert_eq!(texts, ["job_code=SD-1", "department=It", "group=desk-1|desk-2"]);
    let moved = facts(&[("job_code", "SD-1"), ("department", "HR"), ("title", "x")]);
    assert_eq!(moved[&Attribute::Department], "HR");
    assert_eq!(moved[&Attribute::Group], "");
    assert_eq!(moved.len(), 3);
    assert!(!facts(&[]).contains_key(&Attribute::JobCode));
}

#[test]
fn a_trace_names_the_comparison_that_decided() {
    let set = sound(csv("id,job_code,department,tier,addons,priority,from\n\
        a,SD-12,IT,agent,,,\nb,SD-12,,fulfiller,,,\nc,SD-1*,IT,agent,,,\nd,SD-*,,requester,,-1,\n\
        e,FIN-1,,agent,,,\nf,,HR|!IT,agent,,,\ng,,,,chat,,\nh,,,agent,,,2027-01-01\ni,!SD-12,,agent,,,\n"));
    let trace = |values: &[(&str, &str)]| -> Vec<String> {
        let rows = set.trace(&person(values), today());
        rows.iter()
            .map(|row| format!("{} {}{}: {}", row.id, u8::from(row.matched), u8::from(row.decides), row.why))
            .collect()
    };
    assert_eq!(
        trace(&[("job_code", "SD-12"), ("department", "IT")]),
        [
            "a 11: job_code SD-12 matches SD-12, department IT matches IT; decides by more filled match columns than row b (2 against 1)",
            "b 10: job_code SD-12 matches SD-12; fewer filled match columns than row a (1 against 2)",
            "c 10: job_code SD-12 matches SD-1*, department IT matches IT; less specific job code than row a (a glob of 4 letters against the exact code)",
            "g 10: matches everybody; adds add-ons alone",
            "d 10: job_code SD-12 matches SD-*; lower priority than row a (-1 against 0)",
            "h 00: begins on 2027-01-01",
            "e 00: job_code is SD-12, not FIN-1",
            "f 00: department IT is excluded by !IT",
            "i 00: job_code SD-12 is excluded by !SD-12",
        ],
        "values are shown as the provider wrote them"
    );
    assert!(trace(&[]).contains(&"b 00: job_code is missing, SD-12 is asked for".to_owned()), "{:?}", trace(&[]));
}

#[test]
fn a_row_is_near_when_one_column_or_its_dates_alone_keep_it_from_matching() {
    let set = sound(csv("id,job_code,department,country,tier,until\n\
        dates,SD-1*,IT,,agent,2026-01-01\none,SD-1*,HR,,agent,\ntwo,SD-1*,HR,DE,agent,\n\
        both,SD-1*,HR,,agent,2026-01-01\nfar,FIN-1,,,agent,\nclose,SD-13,,,agent,\n"));
    let told: Vec<String> = set
        .trace(&person(&[("job_code", "SD-12"), ("department", "IT")]), today())
        .iter()
        .map(|row| format!("{} {} [{}] {}", row.id, u8::from(row.near), row.missed.join(" "), row.why))
        .collect();
    assert_eq!(
        told,
        [
            "dates 1 [until] was over on 2026-01-01",
            "one 1 [department] department is IT, not HR",
            "close 1 [job_code] job_code is SD-12, not SD-13",
            "far 1 [job_code] job_code is SD-12, not FIN-1",
            "both 0 [until department] was over on 2026-01-01; department is IT, not HR",
            "two 0 [department country] department is IT, not HR; country is missing, DE is asked for",
        ]
    );
}

#[test]
fn a_trace_shows_exceptions_of_the_person_alone() {
    let one = |person: &str, until: &str| {
        format!("[[exception]]\nperson='{person}'\ntier='agent'\nuntil={until}\nowner='o'\nreason='r'\n")
    };
    let row = "[[rule]]\nid='a'\ntier='fulfiller'\n".to_owned();
    let set = sound(toml(
        &(row + &one("104233", "2026-06-15") + &one("ANN@ACME.example", "2026-01-01") + &one("bob", "2027-01-01")),
    ));
    let rows = set.trace(&somebody(), today());
    let told: Vec<String> = rows.iter().map(|row| format!("{}: {}", row.id, row.why)).collect();
    assert_eq!(
        told,
        [
            "exception:104233: names this person until 2026-06-15",
            "a: matches everybody; exception:104233 beats every row",
            "exception:ANN@ACME.example: was over on 2026-01-01",
        ]
    );
}

#[test]
fn lines_show_what_is_written_and_where() {
    let set = sound(compiled(&[
        source(
            "rules/x.csv",
            "note,id,job_code,department,tier,addons,owner\nCHG-1,sd,SD-1* SD-20..SD-29,!HR,fulfiller,chat,itam@acme.example\n",
        ),
        source(
            "rules/e.toml",
            "[[exception]]\nperson='104233'\ntier='none'\nuntil=2026-06-01\nowner='lead'\nreason='left'\n",
        ),
    ]));
    let lines: Vec<_> = set.lines().collect();
    assert_eq!(lines[0].text, "job_code SD-20..SD-29|SD-1*, department !HR: fulfiller + chat");
    assert_eq!((lines[0].place.file.as_str(), lines[0].place.line, lines[0].place.column), ("rules/x.csv", 2, 7));
    assert_eq!((lines[0].owner.as_deref(), lines[0].note.as_deref()), (Some("itam@acme.example"), Some("CHG-1")));
    assert_eq!((lines[1].id.as_str(), lines[1].note.as_deref()), ("exception:104233", Some("left")));
    let over = set.overdue(today());
    assert_eq!(over.len(), 1);
    assert_eq!(super::world::at(&over[0]), "R030 2:8");
    assert!(set.overdue(day("2026-06-01")).is_empty());
}
