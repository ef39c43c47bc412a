//! The engines, each with the same table in its own words and the same people in the form it takes.

use std::error::Error;
use std::fmt::Write as _;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as Polled, Poll, Waker};

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, Policy, PolicyId, PolicySet, Request, RestrictedExpression,
};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use seatwarden::directory::{AccountRow, Matching, Person, PersonRecord, merge};
use seatwarden::model::{
    Account, AccountId, Attribute, Catalog, FeedName, PersonId, Pool, PoolId, PoolKind, Seats, Status, Time,
};
use seatwarden::rules::{Given, Source, compile};
use serde_json::json;
use zen_engine::model::GraphContent;
use zen_engine::{Decision, Variable};

use crate::table::{Code, Facts, Row, TIERS, Tier, csv};

/// What went wrong.
pub type Fault = Box<dyn Error>;

/// Decides for the person of this number.
pub type Decide = Box<dyn Fn(usize) -> Result<Tier, Fault>>;

/// An engine with a table in its own words; compiling starts from the text.
pub struct Engine {
    /// Its name in the report.
    pub name: &'static str,
    /// From the text to what decides.
    pub compile: Box<dyn Fn() -> Result<Decide, Fault>>,
}

/// All of them, ours first, then the scan that is the reference of the answers.
pub fn engines(rows: &[Row], people: &[Facts]) -> Result<Vec<Engine>, Fault> {
    Ok(vec![seatwarden(rows, people), scan(rows, people), zen(rows, people), cedar(rows, people)?])
}

const TODAY: Date = date(2026, 11, 22);

fn person(number: usize, facts: &Facts) -> Person {
    let attributes = [
        (Attribute::JobCode, &facts.code),
        (Attribute::Department, &facts.department),
        (Attribute::Country, &facts.country),
    ];
    let account = Account {
        id: AccountId { feed: FeedName::from("okta"), id: format!("00u{number}") },
        status: Status::Active,
        raw_status: "ACTIVE".to_owned(),
        user_name: None,
        email: Some(format!("a{number}@acme.example")),
        employee_number: Some(format!("{number:06}")),
        display_name: None,
        attributes: attributes.into_iter().map(|(attribute, value)| (attribute, vec![value.clone()])).collect(),
        changed_at: None,
    };
    let row = AccountRow { account, read_at: Time::from_millis(0), missing: None };
    let id = PersonId(u64::try_from(number).unwrap_or_default());
    merge(&PersonRecord { id, accounts: vec![row] }, &Matching::default())
}

fn catalog() -> Catalog {
    let pools = (0..)
        .zip(TIERS)
        .map(|(rank, name)| (PoolId::from(name), Pool::plain(name, PoolKind::Tier, rank, Seats::Unlimited)));
    Catalog { default_tier: PoolId::from(Tier::DEFAULT.name()), pools: pools.collect() }
}

fn seatwarden(rows: &[Row], people: &[Facts]) -> Engine {
    let people: Rc<[Person]> = people.iter().enumerate().map(|(number, facts)| person(number, facts)).collect();
    let sources = [Source { path: "rules.csv".to_owned(), bytes: csv(rows).into_bytes() }];
    let catalog = catalog();
    let compile = move || -> Result<Decide, Fault> {
        let compiled = compile(&sources, &catalog, &TimeZone::UTC);
        let set = compiled.set.ok_or_else(|| format!("the table has errors: {:?}", compiled.findings))?;
        let people = people.clone();
        Ok(Box::new(move |number| match set.decide(&people[number], TODAY).tier {
            Given::Default => Ok(Tier::DEFAULT),
            Given::Tier(pool, _) => named(pool.as_str()),
            Given::Denied(_) => Err("no row denies".into()),
        }))
    };
    Engine { name: "seatwarden", compile: Box::new(compile) }
}

/// Nothing but the rows, looked at one after the other.
fn scan(rows: &[Row], people: &[Facts]) -> Engine {
    let (rows, people): (Rc<[Row]>, Rc<[Facts]>) = (rows.into(), people.into());
    let compile = move || -> Result<Decide, Fault> {
        let (rows, people) = (rows.clone(), people.clone());
        Ok(Box::new(move |number| {
            let facts = &people[number];
            Ok(rows.iter().find(|row| row.matches(facts)).map_or(Tier::DEFAULT, |row| row.tier))
        }))
    };
    Engine { name: "scan", compile: Box::new(compile) }
}

fn zen(rows: &[Row], people: &[Facts]) -> Engine {
    let quoted = |text: &Option<String>| text.as_ref().map(|text| format!("{text:?}")).unwrap_or_default();
    let rules: Vec<serde_json::Value> = (0_usize..)
        .zip(rows)
        .map(|(number, row)| {
            let code = match &row.code {
                Code::Exact(code) => format!("{code:?}"),
                Code::Prefix(prefix) => format!("startsWith($, {prefix:?})"),
                Code::Any => String::new(),
            };
            let tier = format!("{:?}", row.tier.name());
            let (department, country) = (quoted(&row.department), quoted(&row.country));
            json!({ "_id": number.to_string(), "c": code, "d": department, "n": country, "t": tier })
        })
        .collect();
    let field = |id: &str, field: &str| json!({ "id": id, "name": field, "field": field });
    let table = json!({
        "hitPolicy": "first",
        "inputs": [field("c", "code"), field("d", "department"), field("n", "country")],
        "outputs": [field("t", "tier")],
        "rules": rules,
    });
    let model = json!({
        "nodes": [
            { "id": "in", "name": "in", "type": "inputNode", "content": {} },
            { "id": "table", "name": "table", "type": "decisionTableNode", "content": table },
            { "id": "out", "name": "out", "type": "outputNode", "content": {} },
        ],
        "edges": [
            { "id": "first", "sourceId": "in", "targetId": "table" },
            { "id": "second", "sourceId": "table", "targetId": "out" },
        ],
    })
    .to_string();
    let people: Rc<[Variable]> = people
        .iter()
        .map(|facts| json!({ "code": facts.code, "department": facts.department, "country": facts.country }).into())
        .collect();
    let compile = move || -> Result<Decide, Fault> {
        let mut decision = Decision::from(serde_json::from_str::<GraphContent>(&model)?);
        decision.compile();
        let people = people.clone();
        Ok(Box::new(move |number| {
            let response = at_once(decision.evaluate(people[number].clone()))??;
            match response.result.dot("tier") {
                None | Some(Variable::Null) => Ok(Tier::DEFAULT),
                Some(tier) => named(tier.as_str().unwrap_or_default()),
            }
        }))
    };
    Engine { name: "zen-engine", compile: Box::new(compile) }
}

/// One policy per row. All that match are named in the answer; the one that goes first in the table decides.
fn cedar(rows: &[Row], people: &[Facts]) -> Result<Engine, Fault> {
    let texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut asked = Vec::new();
            match &row.code {
                Code::Exact(code) => asked.push(format!("context.code == {code:?}")),
                Code::Prefix(prefix) => asked.push(format!("context.code like \"{prefix}*\"")),
                Code::Any => {}
            }
            asked.extend(row.department.as_ref().map(|name| format!("context.department == {name:?}")));
            asked.extend(row.country.as_ref().map(|name| format!("context.country == {name:?}")));
            let mut text = format!("@tier({:?})\npermit(principal, action, resource)", row.tier.name());
            let _written = write!(text, " when {{ {} }};", asked.join(" && "));
            text
        })
        .collect();
    let requests: Rc<[Request]> = people.iter().map(request).collect::<Result<_, _>>()?;
    let compile = move || -> Result<Decide, Fault> {
        let parsed = |(number, text): (usize, &String)| -> Result<Policy, Fault> {
            Ok(Policy::parse(Some(PolicyId::new(number.to_string())), text)?)
        };
        let policies = texts.iter().enumerate().map(parsed).collect::<Result<Vec<_>, _>>()?;
        let (set, requests) = (PolicySet::from_policies(policies)?, requests.clone());
        let (authorizer, entities) = (Authorizer::new(), Entities::empty());
        Ok(Box::new(move |number| {
            let response = authorizer.is_authorized(&requests[number], &set, &entities);
            let matched = response.diagnostics().reason();
            let first = matched.min_by_key(|id| AsRef::<str>::as_ref(*id).parse().unwrap_or(usize::MAX));
            first.map_or(Ok(Tier::DEFAULT), |id| named(set.annotation(id, "tier").unwrap_or_default()))
        }))
    };
    Ok(Engine { name: "cedar-policy", compile: Box::new(compile) })
}

fn request(facts: &Facts) -> Result<Request, Fault> {
    let pairs = [("code", &facts.code), ("department", &facts.department), ("country", &facts.country)];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), RestrictedExpression::new_string(value.clone())));
    let uid = |text: &str| -> Result<EntityUid, Fault> { Ok(text.parse()?) };
    let (who, does, what) = (uid("Person::\"one\"")?, uid("Action::\"hold\"")?, uid("Desk::\"seat\"")?);
    Ok(Request::new(who, does, what, Context::from_pairs(pairs)?, None)?)
}

fn named(name: &str) -> Result<Tier, Fault> {
    Tier::named(name).ok_or_else(|| format!("{name:?} is no tier").into())
}

/// A decision table waits for nothing, so that no runtime is measured along with it.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, Fault> {
    match pin!(future).poll(&mut Polled::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err("the engine waits for something".into()),
    }
}
