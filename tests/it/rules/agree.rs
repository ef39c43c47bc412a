//! The compiled table against the slow one, over random tables and people; and against itself written otherwise.

use std::collections::BTreeSet;

use proptest::prelude::*;
use seatwarden::directory::Person;
use seatwarden::model::{Attribute, FeedName, Status};
use seatwarden::rules::{RuleSet, Source};

use super::reference::{self, Exception, Rule, Table, Verdict};
use super::world::{cases, compiled, day, somebody, source, today};

const COLUMNS: [&str; 6] = ["job_code", "department", "group", "status", "feed", "attr.shift"];

fn patterns(column: &str) -> &'static [&'static str] {
    match column {
        "job_code" => &[
            "SD-1",
            "sd-2",
            "SD-12",
            "FIN-3",
            "SD-*",
            "*-3",
            "S*1",
            "*D-1*",
            "*",
            "SD-1..SD-9",
            "SD-01..SD-09",
            "SD-5..SD-20",
            "FIN-1..FIN-4",
            "!SD-7",
            "!SD-2*",
            "!SD-3..SD-4",
            "ＳＤ-7",
            "SD-1*",
        ],
        "department" => &["IT", "it", "HR", "R&D, Labs", "R*", "*s", "!HR", "Straße"],
        "group" => &["admins", "desk-*", "!contractors", "g1..g5"],
        "status" => &["active", "on_leave", "!suspended"],
        "feed" => &["okta", "entra", "!hr"],
        _ => &["night", "day", "!late", "n*"],
    }
}

fn facts(column: &str) -> &'static [&'static str] {
    match column {
        "job_code" => {
            &["SD-1", "SD-2", "SD-3", "sd-7", "SD-007", "SD-05", "SD-12", "SD-20", "SD-21", "FIN-3", "FIN-9", "X", " "]
        }
        "department" => &["IT", "It ", "HR", "r&d, labs", "Ops", "STRASSE", "straße"],
        "group" => &["Admins", "desk-1", "contractors", "g3", "g9"],
        _ => &["night", "day", "late", "noon"],
    }
}

fn rule(distinct: bool) -> impl Strategy<Value = Rule> {
    let cells = COLUMNS.map(|column| {
        let values = prop::collection::vec(prop::sample::select(patterns(column)), 1..4);
        prop::option::weighted(if column == "job_code" { 0.8 } else { 0.25 }, values)
    });
    let tier = prop::option::weighted(0.75, prop::sample::select(vec!["agent", "fulfiller", "requester", "none"]));
    let addons = prop::collection::btree_set(prop::sample::select(vec!["reports", "chat", "change-advisory"]), 0..3);
    let class = prop::option::weighted(0.2, Just("on-call".to_owned()));
    let days = prop::sample::select(vec!["2026-01-01", "2026-06-14", "2026-06-15", "2026-06-16"]);
    let window = (prop::option::weighted(0.2, days.clone()), prop::option::weighted(0.2, days));
    let priority = if distinct { -10_000..10_000i64 } else { 0..2i64 };
    (cells, tier, addons, class, window, priority).prop_filter_map("gives nothing", |parts| {
        let (cells, tier, mut addons, class, (from, until), priority) = parts;
        if tier == Some("none") {
            addons.clear();
        }
        if tier.is_none() && addons.is_empty() {
            return None;
        }
        let (from, until) = (from.map(day), until.map(day));
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            return None;
        }
        let when = COLUMNS.iter().zip(cells).filter_map(|(column, values)| {
            Some(((*column).to_owned(), values?.into_iter().map(str::to_owned).collect()))
        });
        let class = class.filter(|_| tier.is_some());
        Some(Rule {
            id: String::new(),
            when: when.collect(),
            tier: tier.map(str::to_owned),
            addons: addons.into_iter().map(str::to_owned).collect(),
            class,
            priority,
            from,
            until,
        })
    })
}

fn exception() -> impl Strategy<Value = Exception> {
    let who = prop::sample::select(vec!["ann@acme.example", "ANN@acme.example ", "104233", "bob@acme.example"]);
    let tier = prop::option::weighted(0.6, prop::sample::select(vec!["agent", "none"]));
    let until = prop::sample::select(vec!["2026-06-14", "2026-06-15", "2027-01-01"]);
    (who, tier, any::<bool>(), until).prop_map(|(person, tier, reports, until)| {
        let wants_addon = tier.is_none() || (reports && tier != Some("none"));
        Exception {
            person: person.trim().to_owned(),
            tier: tier.map(str::to_owned),
            addons: wants_addon.then(|| "reports".to_owned()).into_iter().collect(),
            until: day(until),
        }
    })
}

pub(super) fn table() -> impl Strategy<Value = Table> {
    let rules = any::<bool>().prop_flat_map(|distinct| prop::collection::vec(rule(distinct), 1..14));
    (rules, prop::collection::vec(exception(), 0..3)).prop_map(|(mut rules, exceptions)| {
        for (number, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{}", (number * 7) % 100);
        }
        Table { rules, exceptions }
    })
}

/// Somebody; with one value in every column when `single`.
pub(super) fn people(single: bool) -> impl Strategy<Value = Person> {
    let columns = COLUMNS.map(|column| {
        let most = if single && column != "group" { 2 } else { 4 };
        prop::collection::vec(prop::sample::select(facts(column)), 0..most)
    });
    let status = prop::sample::select(vec![Status::Active, Status::OnLeave, Status::Suspended, Status::PreStart]);
    let feeds = prop::collection::btree_set(prop::sample::select(vec!["okta", "entra", "hr"]), 0..3);
    (columns, status, feeds).prop_map(|(columns, status, feeds)| {
        let mut person = somebody();
        for (column, values) in COLUMNS.iter().zip(columns) {
            if let Some(attribute) = Attribute::from_column(column)
                && !values.is_empty()
            {
                person.attributes.insert(attribute, values.into_iter().map(str::to_owned).collect());
            }
        }
        person.status = status;
        person.feeds = feeds.into_iter().map(FeedName::new).collect();
        person
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn rule_toml(rule: &Rule) -> String {
    let list = |values: Vec<&String>| values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
    let when: Vec<String> =
        rule.when.iter().map(|(column, values)| format!("{column} = [{}]", list(values.iter().collect()))).collect();
    let mut text = format!("[[rule]]\nid = \"{}\"\nwhen = {{ {} }}\n", rule.id, when.join(", "));
    text += &format!("priority = {}\naddons = [{}]\n", rule.priority, list(rule.addons.iter().collect()));
    for (key, value) in [("tier", &rule.tier), ("class", &rule.class)] {
        text += &value.as_ref().map(|value| format!("{key} = \"{value}\"\n")).unwrap_or_default();
    }
    for (key, value) in [("from", rule.from), ("until", rule.until)] {
        text += &value.map(|value| format!("{key} = {value}\n")).unwrap_or_default();
    }
    text
}

fn exception_toml(one: &Exception) -> String {
    let tier = one.tier.as_ref().map(|tier| format!("tier = \"{tier}\"\n")).unwrap_or_default();
    let addons = one.addons.iter().map(|addon| quoted(addon)).collect::<Vec<_>>().join(", ");
    format!(
        "[[exception]]\nperson = \"{}\"\n{tier}addons = [{addons}]\nuntil = {}\nowner = \"o\"\nreason = \"r\"\n",
        one.person, one.until
    )
}

pub(super) fn toml_of(table: &Table) -> Source {
    let rules = table.rules.iter().map(rule_toml);
    source("t.toml", rules.chain(table.exceptions.iter().map(exception_toml)).collect::<String>())
}

/// The table in CSV: rules and exceptions are two files there.
fn csv_of(table: &Table, separator: char) -> Vec<Source> {
    let cell = |text: String| if text.contains([',', ';']) { format!("\"{text}\"") } else { text };
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.into_iter().map(cell).collect();
        format!("{}\r\n", cells.join(&separator.to_string()))
    };
    let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let joined = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join("|");
    let head: Vec<String> = ["until", "class", "tier", "priority", "from", "id", "addons"]
        .into_iter()
        .chain(COLUMNS)
        .map(str::to_owned)
        .collect();
    let mut rules = line(head);
    for rule in &table.rules {
        let mut cells = vec![
            date(rule.until),
            rule.class.clone().unwrap_or_default(),
            rule.tier.clone().unwrap_or_default(),
            rule.priority.to_string(),
            date(rule.from),
            rule.id.clone(),
            joined(&rule.addons),
        ];
        let space = |column: &str| if column == "job_code" { " " } else { "|" };
        cells.extend(COLUMNS.map(|column| rule.when.get(column).map(|v| v.join(space(column))).unwrap_or_default()));
        rules += &line(cells);
    }
    let mut exceptions = line(["person", "tier", "addons", "until", "owner", "reason"].map(str::to_owned).to_vec());
    for one in &table.exceptions {
        exceptions += &line(vec![
            one.person.clone(),
            one.tier.clone().unwrap_or_default(),
            joined(&one.addons),
            one.until.to_string(),
            "o".to_owned(),
            "r".to_owned(),
        ]);
    }
    vec![source("x.csv", exceptions), source("t.csv", rules)]
}

fn same_table(one: &RuleSet, other: &RuleSet, people: &[Person]) {
    assert_eq!(one.digest(), other.digest());
    for person in people {
        assert_eq!(one.decide(person, today()), other.decide(person, today()));
        // Where a row is written does not matter either, and it is told all the same.
        let told = |set: &RuleSet| {
            let rows = set.trace(person, today());
            rows.into_iter()
                .map(|row| (row.id, row.matched, row.decides, row.near, row.why, row.gives))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(one), told(other));
    }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn the_index_decides_as_the_slow_evaluator_does(
        table in table(),
        single in prop::collection::vec(people(true), 8),
        multiple in prop::collection::vec(people(false), 4),
    ) {
        let compiled = compiled(&[toml_of(&table)]);
        let Some(set) = compiled.set else {
            // Refused for what the slow evaluator would find too, see `ties`.
            prop_assert!(compiled.findings.iter().all(|finding| finding.code != "R005"), "{:#?}", compiled.findings);
            return Ok(());
        };
        let is_proven = compiled.findings.iter().all(|finding| finding.code != "R032");
        for person in single.iter().chain(&multiple) {
            let decision = set.decide(person, today());
            match reference::decide(&table, person, today()) {
                Ok(expected) => {
                    prop_assert_eq!(Verdict::from(&decision), expected, "{:#?}", person);
                    prop_assert_eq!(&decision.clash, &None);
                }
                Err(reference::Tie) => prop_assert!(decision.clash.is_some(), "{:#?}", person),
            }
            let trace = set.trace(person, today());
            let decides: Vec<_> = trace.iter().filter(|row| row.decides).map(|row| &row.id).collect();
            prop_assert_eq!(decides, decision.rule.iter().collect::<Vec<_>>());
            prop_assert!(trace.iter().all(|row| !row.why.is_empty()));
        }
        // Exceptions by e-mail and by number can meet in one person; rows cannot, where people have one value.
        for person in single.iter().filter(|_| table.exceptions.is_empty() && is_proven) {
            prop_assert_eq!(set.decide(person, today()).clash, None, "{:#?}", person);
        }
    }

}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn how_a_table_is_written_does_not_matter(
        table in table(),
        people in prop::collection::vec(people(false), 3),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let Some(set) = compiled(&[toml_of(&table)]).set else { return Ok(()) };
        let mut turned = table.clone();
        turned.rules.reverse();
        turned.rules.rotate_left(shuffled.index(table.rules.len()));
        turned.exceptions.reverse();
        same_table(&set, &compiled(&[toml_of(&turned)]).set.unwrap(), &people);
        let (head, tail) = turned.rules.split_at(shuffled.index(turned.rules.len()));
        let part = |rules: &[Rule], exceptions: &[Exception]| Table {
            rules: rules.to_vec(),
            exceptions: exceptions.to_vec(),
        };
        let files = [toml_of(&part(tail, &[])), toml_of(&part(head, &turned.exceptions))];
        same_table(&set, &compiled(&files).set.unwrap(), &people);
        for separator in [',', ';', '\t'] {
            same_table(&set, &compiled(&csv_of(&turned, separator)).set.unwrap(), &people);
        }
    }
}

#[test]
fn a_digest_tells_tables_apart() {
    let digest = |text: &str| super::world::sound(super::world::toml(text)).digest().clone();
    let base = "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\n";
    assert_eq!(
        digest(base),
        digest("[[rule]]\nid='a'\nwhen={job_code=[' sd-2','ＳＤ-1','SD-1']}\ntier='Agent'\nnote='x'\n")
    );
    for other in [
        "[[rule]]\nid='b'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','!SD-2']}\ntier='agent'\n",
        "[[rule]]\nid='a'\nwhen={title=['SD-1','SD-2']}\ntier='agent'\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='fulfiller'\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\npriority=1\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\nuntil=2026-12-31\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\nfrom=2026-12-31\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\nclass='on-call'\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1','SD-2']}\ntier='agent'\naddons=['chat']\n",
        "[[rule]]\nid='a'\nwhen={job_code=['SD-1..SD-2']}\ntier='agent'\n",
    ] {
        assert_ne!(digest(base), digest(other), "{other}");
    }
}
