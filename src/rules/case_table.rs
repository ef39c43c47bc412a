//! `[[case]]` in the TOML files of a table, with the places of everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::cases::{Case, Expect};
use super::code::{self, Code};
use super::column::{Column, STATUS_WORDS, did_you_mean};
use super::csv_table::shortened;
use super::normal::normal;
use super::text::{Findings, Span};
use super::toml_table::{kind_of, one_line};
use super::{RuleSet, row};
use crate::directory::Person;
use crate::model::{Attributes, ClassName, FeedName, PersonId, PoolId, PoolKind, RuleId, Status};

const KEYS: [&str; 5] = ["name", "on", "person", "given", "expect"];
const EXPECTED: [&str; 4] = ["tier", "addons", "class", "rule"];

/// Reads the cases of one file.
pub(super) fn read(file: usize, text: &str, set: &RuleSet, cases: &mut Vec<Case>, findings: &mut Findings<'_>) {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let span = Span::of(file, error.span().unwrap_or(0..0));
            let help = "strings stand in double quotes, lists in brackets, and cases begin with [[case]]";
            return findings.add(code::TOML_SYNTAX, span, one_line(error.message()), help);
        }
    };
    for (key, value) in document.get_ref() {
        match key.get_ref().as_ref() {
            "case" => {}
            "rule" | "exception" => continue,
            name => {
                let message = format!("unknown key `{}`", shortened(name));
                let help = did_you_mean(name, ["rule", "exception", "case"]);
                findings.add(code::UNKNOWN_KEY, Span::of(file, key.span()), message, help);
                continue;
            }
        }
        let items: Vec<_> = value.get_ref().as_array().into_iter().flatten().collect();
        let mut whole = !items.is_empty();
        for item in items {
            let Some(table) = item.get_ref().as_table() else {
                whole = false;
                continue;
            };
            let mut reader = Reader { file, set, findings, sound: true };
            cases.extend(reader.case(item, table));
        }
        if !whole {
            let message = "`case` is not a list of tables";
            findings.add(code::WRONG_TYPE, Span::of(file, key.span()), message, "write [[case]]");
        }
    }
}

struct Reader<'r, 'f> {
    file: usize,
    set: &'r RuleSet,
    findings: &'r mut Findings<'f>,
    /// No finding was made about the case at hand.
    sound: bool,
}

impl Reader<'_, '_> {
    fn fault(&mut self, code: Code, span: std::ops::Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.sound = false;
        self.findings.add(code, Span::of(self.file, span), message, help);
    }

    fn case(&mut self, item: &Spanned<DeValue<'_>>, table: &DeTable<'_>) -> Option<Case> {
        let mut case = Case {
            place: self.findings.place(Span::of(self.file, item.span()))?,
            name: None,
            on: None,
            person: nobody(),
            expect: Expect::default(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => case.name = self.text("name", value),
                "on" => case.on = self.day(value),
                "person" => {
                    let person = self.text("person", value);
                    // Exceptions name people by either.
                    case.person.email.clone_from(&person);
                    case.person.employee_number = person;
                }
                "given" => self.given(value, &mut case.person),
                "expect" => self.expect(value, &mut case.expect),
                name => self.fault(
                    code::UNKNOWN_KEY,
                    key.span(),
                    format!("unknown key `{}`", shortened(name)),
                    did_you_mean(name, KEYS),
                ),
            }
        }
        if self.sound && case.expect == Expect::default() {
            let help = "write expect = { tier = \"fulfiller\", rule = \"sd-analysts\" }";
            self.fault(code::CASE_EXPECTS_NOTHING, item.span(), "the case expects nothing", help);
        }
        self.sound.then_some(case)
    }

    fn text(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(|text| text.trim().to_owned());
        if text.is_none() {
            let message = format!("`{name}` is {}, not a string", kind_of(value.get_ref()));
            self.fault(code::WRONG_TYPE, value.span(), message, "put the value in double quotes");
        }
        text
    }

    /// One string or a list of them.
    fn texts(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<(String, std::ops::Range<usize>)> {
        match value.get_ref().as_array() {
            Some(items) => items.iter().filter_map(|item| Some((self.text(name, item)?, item.span()))).collect(),
            None => self.text(name, value).map(|text| (text, value.span())).into_iter().collect(),
        }
    }

    fn day(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Date> {
        let date = value.get_ref().as_datetime().map(ToString::to_string);
        let text = date.or_else(|| Some(value.get_ref().as_str()?.trim().to_owned())).unwrap_or_default();
        // jiff also reads times and zones; a case asks for a plain day.
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        if day.is_none() {
            self.fault(code::BAD_DATE, value.span(), "`on` is not a day", "write the day as on = 2026-12-31");
        }
        day
    }

    fn table<'v, 'd>(&mut self, name: &str, value: &'v Spanned<DeValue<'d>>, help: &str) -> Option<&'v DeTable<'d>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let message = format!("`{name}` is {}, not a table", kind_of(value.get_ref()));
            self.fault(code::WRONG_TYPE, value.span(), message, help);
        }
        table
    }

    fn given(&mut self, value: &Spanned<DeValue<'_>>, person: &mut Person) {
        let Some(table) = self.table("given", value, "write given = { job_code = \"SD-12\" }") else { return };
        for (key, value) in table {
            match (key.get_ref().as_ref(), value.get_ref()) {
                // `attr.shift = …` is a table within a table for TOML.
                ("attr", DeValue::Table(customs)) => {
                    for (custom, value) in customs {
                        self.fact(&format!("attr.{}", custom.get_ref()), custom.span(), value, person);
                    }
                }
                (name, _) => self.fact(name, key.span(), value, person),
            }
        }
    }

    fn fact(&mut self, name: &str, at: std::ops::Range<usize>, value: &Spanned<DeValue<'_>>, person: &mut Person) {
        let Some(column) = Column::parse(name) else {
            let known = Column::names();
            let help = did_you_mean(name, known.iter().map(String::as_str).chain(["attr.NAME"]));
            return self.fault(code::UNKNOWN_KEY, at, format!("unknown column `{}`", shortened(name)), help);
        };
        let values = self.texts(name, value);
        match column {
            Column::Status => {
                for (text, span) in values {
                    if let Some(status) = status(&text) {
                        person.status = status;
                    } else {
                        let message = format!("`{}` is not a status", shortened(&text));
                        self.fault(code::BAD_STATUS, span, message, did_you_mean(&text, STATUS_WORDS));
                    }
                }
            }
            Column::Feed => person.feeds = values.iter().map(|(text, _)| FeedName::new(text.as_str())).collect(),
            Column::Attribute(attribute) => {
                let values: Vec<String> =
                    values.into_iter().map(|(text, _)| text).filter(|text| !text.is_empty()).collect();
                if !values.is_empty() {
                    person.attributes.insert(attribute, values);
                }
            }
        }
    }

    fn expect(&mut self, value: &Spanned<DeValue<'_>>, expect: &mut Expect) {
        let Some(table) = self.table("expect", value, "write expect = { tier = \"fulfiller\" }") else { return };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "tier" => expect.tier = self.tier(value),
                "addons" => expect.addons = Some(self.addons(value)),
                "class" => {
                    let class = self.text("class", value);
                    expect.class = class.map(|class| Some(class).filter(|text| !is_none(text)).map(ClassName::new));
                }
                "rule" => expect.rule = self.rule(value),
                name => self.fault(
                    code::UNKNOWN_KEY,
                    key.span(),
                    format!("unknown key `{}`", shortened(name)),
                    did_you_mean(name, EXPECTED),
                ),
            }
        }
    }

    #[expect(clippy::option_option, reason = "not expected, expected to be none, and expected are three things")]
    fn tier(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Option<PoolId>> {
        let text = self.text("tier", value)?;
        if is_none(&text) { Some(None) } else { self.pool(&text, value.span(), PoolKind::Tier).map(Some) }
    }

    fn addons(&mut self, value: &Spanned<DeValue<'_>>) -> BTreeSet<PoolId> {
        let texts = self.texts("addons", value);
        let texts = texts.into_iter().filter(|(text, _)| !is_none(text));
        texts.filter_map(|(text, span)| self.pool(&text, span, PoolKind::Addon)).collect()
    }

    fn pool(&mut self, text: &str, at: std::ops::Range<usize>, kind: PoolKind) -> Option<PoolId> {
        let pools = self.set.catalog.pools.values().filter(|pool| pool.kind == kind);
        let names: BTreeMap<String, PoolId> =
            pools.map(|pool| (normal(pool.id.as_str()).into_owned(), pool.id.clone())).collect();
        if let Some(pool) = names.get(&*normal(text)) {
            return Some(pool.clone());
        }
        let (word, code) = match kind {
            PoolKind::Tier => ("a tier", code::UNKNOWN_TIER),
            PoolKind::Addon => ("an add-on", code::UNKNOWN_ADDON),
        };
        let message = format!("`{}` is not {word} of the catalog", shortened(text));
        let help = did_you_mean(text, names.values().map(PoolId::as_str));
        self.fault(code, at, message, help);
        None
    }

    #[expect(clippy::option_option, reason = "not expected, expected to be none, and expected are three things")]
    fn rule(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Option<RuleId>> {
        let text = self.text("rule", value)?;
        let rows = self.set.lookup.rows.iter().map(|row: &row::Row| &row.id);
        let ids: Vec<&RuleId> = rows.chain(self.set.exceptions.iter().map(|exception| &exception.id)).collect();
        if let Some(id) = ids.iter().find(|id| normal(id.as_str()) == normal(&text)) {
            return Some(Some((*id).clone()));
        }
        if is_none(&text) {
            return Some(None);
        }
        let help = did_you_mean(&text, ids.iter().map(|id| id.as_str()).take(MOST_NAMED));
        let help = if help.starts_with("known:") {
            "name a row of the table, `exception:PERSON`, or `none` when no row decides".to_owned()
        } else {
            help
        };
        self.fault(code::UNKNOWN_ROW, value.span(), format!("the table has no row `{}`", shortened(&text)), help);
        None
    }
}

/// Ids that a slip is compared with; a table of more rows gets plain advice.
const MOST_NAMED: usize = 2_000;

fn is_none(text: &str) -> bool {
    text.is_empty() || normal(text) == "none"
}

fn status(text: &str) -> Option<Status> {
    let all = [Status::Active, Status::PreStart, Status::OnLeave, Status::Suspended, Status::Gone];
    all.into_iter().find(|status| status.as_str() == normal(text))
}

/// Somebody active of whom nothing is known.
fn nobody() -> Person {
    Person {
        id: PersonId(0),
        status: Status::Active,
        departure: None,
        email: None,
        employee_number: None,
        user_name: None,
        display_name: None,
        attributes: Attributes::new(),
        sources: BTreeMap::new(),
        feeds: BTreeSet::new(),
        status_feed: None,
        order_key: String::new(),
    }
}
