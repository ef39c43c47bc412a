//! The compiled table against the slow evaluator, over tables and people that bytes spell out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::{Date, date};
use seatwarden::directory::Person;
use seatwarden::model::{Attribute, FeedName, PersonId, Status};
use seatwarden::rules::{Source, compile};

use super::reference::{Exception, Rule, Table, Verdict, decide};
use super::shelf::catalog;

const COLUMNS: [&str; 6] = ["job_code", "department", "group", "status", "feed", "attr.shift"];
const WORDS: [&str; 28] = [
    "SD-1",
    "sd-2",
    "SD-12",
    "SD-007",
    "FIN-3",
    "X",
    "SD-*",
    "*-3",
    "S*1",
    "*D-1*",
    "*",
    "SD-1..SD-9",
    "SD-01..SD-09",
    "SD-5..SD-20",
    "FIN-1..FIN-4",
    "IT",
    "HR",
    "R&D, Labs",
    "R*",
    "*s",
    "Straße",
    "STRASSE",
    "ＳＤ-7",
    "okta",
    "entra",
    "active",
    "on_leave",
    "suspended",
];
const TODAY: Date = date(2026, 6, 15);

/// Decisions made by bytes; when they are used up, the first choice always.
struct Picks<'d>(&'d [u8]);

impl Picks<'_> {
    fn number(&mut self, below: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % below
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        let place = self.number(all.len());
        all[place].clone()
    }

    /// True for one in so many.
    fn one_in(&mut self, many: usize) -> bool {
        self.number(many) == many - 1
    }

    fn word(&mut self, column: &str) -> String {
        match column {
            "status" => self.of(&WORDS[25..]).to_owned(),
            "feed" => self.of(&WORDS[23..25]).to_owned(),
            _ => self.of(&WORDS).to_owned(),
        }
    }

    fn cell(&mut self, column: &str) -> Vec<String> {
        let count = 1 + self.number(3);
        (0..count)
            .map(|_| {
                let not = if self.one_in(4) { "!" } else { "" };
                format!("{not}{}", self.word(column))
            })
            .collect()
    }

    fn rule(&mut self, number: usize) -> Rule {
        let mut when = BTreeMap::new();
        for column in COLUMNS {
            if self.one_in(if column == "job_code" { 2 } else { 4 }) {
                when.insert(column.to_owned(), self.cell(column));
            }
        }
        let tier = self.of(&[Some("agent"), Some("fulfiller"), Some("none"), None]);
        let mut addons: BTreeSet<String> = BTreeSet::new();
        if tier.is_none() || (tier != Some("none") && self.one_in(3)) {
            addons.insert(self.of(&["reports", "change-advisory"]).to_owned());
        }
        let class = (tier.is_some() && self.one_in(4)).then(|| "on-call".to_owned());
        let from = self.of(&[None, None, Some(date(2026, 6, 15)), Some(date(2026, 6, 16))]);
        let until = self.of(&[None, None, Some(date(2026, 6, 16)), Some(date(2026, 6, 17))]);
        let priority = i64::try_from(self.number(200)).unwrap_or(0) - 100;
        Rule { id: format!("r{number}"), when, tier: tier.map(str::to_owned), addons, class, priority, from, until }
    }

    fn table(&mut self) -> Table {
        let rules = (0..=self.number(8)).map(|number| self.rule(number)).collect();
        let mut exceptions = Vec::new();
        for _ in 0..self.number(3) {
            let tier = self.of(&[Some("agent".to_owned()), Some("none".to_owned()), None]);
            let addons = if tier.is_none() { BTreeSet::from(["reports".to_owned()]) } else { BTreeSet::new() };
            let person = self.of(&["ann@acme.example", "ANN@ACME.example", "104233", "bob@acme.example"]).to_owned();
            exceptions.push(Exception { person, tier, addons, until: self.of(&[date(2026, 6, 14), TODAY]) });
        }
        Table { rules, exceptions }
    }

    fn person(&mut self) -> Person {
        let mut attributes: BTreeMap<Attribute, Vec<String>> = BTreeMap::new();
        for column in ["job_code", "department", "group", "attr.shift"] {
            let values: Vec<String> = (0..self.number(3)).map(|_| self.word(column)).collect();
            if let Some(attribute) = Attribute::from_column(column).filter(|_| !values.is_empty()) {
                attributes.insert(attribute, values);
            }
        }
        let feeds = (0..self.number(3)).map(|_| FeedName::new(self.word("feed"))).collect();
        Person {
            id: PersonId(1),
            status: self.of(&[Status::Active, Status::OnLeave, Status::Suspended]),
            departure: None,
            email: Some("ann@acme.example".to_owned()),
            employee_number: Some("104233".to_owned()),
            user_name: None,
            display_name: None,
            attributes,
            sources: BTreeMap::new(),
            feeds,
            status_feed: None,
            order_key: "104233".to_owned(),
        }
    }
}

/// Tables and people that bytes spell out: whatever compiles decides as the slow evaluator does.
pub(crate) fn matcher(data: &[u8]) {
    let mut picks = Picks(data);
    let table = picks.table();
    let file = Source { path: "a.toml".to_owned(), bytes: text(&table).into_bytes() };
    let compiled = compile(&[file], &catalog(), &jiff::tz::TimeZone::UTC);
    assert!(compiled.findings.iter().all(|finding| finding.code != "R005"), "{:?}", compiled.findings);
    let Some(set) = compiled.set else { return };
    for _ in 0..4 {
        let person = picks.person();
        // People with several values may tie where the check of ties takes them to have one.
        if let Ok(verdict) = decide(&table, &person, TODAY) {
            let decision = set.decide(&person, TODAY);
            assert_eq!(Verdict::from(&decision), verdict, "{table:#?}\n{person:#?}");
        }
    }
}

fn text(table: &Table) -> String {
    let mut text = String::new();
    for rule in &table.rules {
        let when: Vec<String> = rule.when.iter().map(|(column, cell)| format!("{column} = {cell:?}")).collect();
        let _infallible = write!(text, "[[rule]]\nid = {:?}\nwhen = {{ {} }}\n", rule.id, when.join(", "));
        gives(&mut text, rule.tier.as_ref(), &rule.addons);
        let _infallible = writeln!(text, "priority = {}", rule.priority);
        for (key, value) in [
            ("class", rule.class.as_ref().map(|class| format!("{class:?}"))),
            ("from", rule.from.map(|day| day.to_string())),
            ("until", rule.until.map(|day| day.to_string())),
        ] {
            if let Some(value) = value {
                let _infallible = writeln!(text, "{key} = {value}");
            }
        }
    }
    for one in &table.exceptions {
        let _infallible = writeln!(
            text,
            "[[exception]]\nperson = {:?}\nuntil = {}\nowner = 'o'\nreason = 'r'",
            one.person, one.until
        );
        gives(&mut text, one.tier.as_ref(), &one.addons);
    }
    text
}

fn gives(text: &mut String, tier: Option<&String>, addons: &BTreeSet<String>) {
    let _infallible = writeln!(text, "addons = {:?}", addons.iter().collect::<Vec<_>>());
    if let Some(tier) = tier {
        let _infallible = writeln!(text, "tier = {tier:?}");
    }
}
