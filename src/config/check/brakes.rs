//! `[brakes]`: what may change at once.
//!
//! A limit is a number (`5`), a percentage (`"5%"`) or both, of which the lesser counts: `{ count = 5, percent = "5%" }`
//! or, shorter, `[5, "5%"]`. Without `per_day`, `revoke` may take twice per day what it may take per pass.

use std::time::Duration;

use crate::config::codes;
use crate::config::context::{Problem, shown};
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot, Value};
use crate::seats::{Brake, Brakes, Limit};

const HELP: &str = "write a number (`5`), a percentage (`\"5%\"`), or both: `{ count = 5, percent = \"5%\" }`";

pub(crate) fn read(root: &mut Section<'_>) -> Option<Brakes> {
    let mut section = root.table("brakes", "brakes");
    let revoke = brake(&mut section, "revoke", "5%", "5", true);
    let grant = brake(&mut section, "grant", "20%", "20", false);
    let rules_edit = brake(&mut section, "rules_edit", "10%", "5", false);
    let feed_shrink = section.or("feed_shrink", "5%", limit);
    let approval_expires = section.or("approval_expires", "72h", parse::duration(Duration::from_secs(1)));
    let approvers = section.or("approvers", "1", parse::whole(1..=2));
    section.finish();
    Some(Brakes {
        revoke: revoke?,
        grant: grant?,
        rules_edit: rules_edit?,
        feed_shrink: feed_shrink?,
        approval_expires: approval_expires?,
        approvers: approvers?,
    })
}

fn brake(parent: &mut Section<'_>, key: &'static str, per_pass: &str, at_least: &str, daily: bool) -> Option<Brake> {
    let mut section = parent.table(key, "brake");
    let per_pass = section.or("per_pass", per_pass, limit);
    let at_least = section.or("at_least", at_least, parse::whole(0..=u32::MAX));
    let given = section.node("per_day").is_some();
    let per_day = match (given, daily) {
        (true, _) => Some(section.get("per_day", limit)?),
        (false, true) => {
            let twice = per_pass.map(|limit| twice(&limit));
            if let Some(limit) = &twice {
                section.cx.keep(section.key("per_day"), show(limit), &Spot::Default);
            }
            twice
        }
        (false, false) => None,
    };
    if per_pass.is_some_and(|limit| limit.count.is_none() && limit.percent >= Some(100.0)) && key == "revoke" {
        let message = "a limit of 100% per pass never holds anything";
        let help = "choose a share that you would want to be asked about, such as \"5%\"";
        section.cx.report(section.spot("per_pass"), Problem::warning(codes::NEVER_TRIPS, message).help(help));
    }
    section.finish();
    Some(Brake { per_pass: per_pass?, at_least: u64::from(at_least?), per_day })
}

fn twice(limit: &Limit) -> Limit {
    Limit {
        count: limit.count.map(|count| count.saturating_mul(2)),
        percent: limit.percent.map(|percent| (percent * 2.0).min(100.0)),
    }
}

fn show(limit: &Limit) -> serde_json::Value {
    let percent = limit.percent.map(|percent| format!("{percent}%"));
    match (limit.count, percent) {
        (Some(count), Some(percent)) => serde_json::json!({"count": count, "percent": percent}),
        (Some(count), None) => count.into(),
        (None, Some(percent)) => percent.into(),
        (None, None) => serde_json::Value::Null,
    }
}

/// A number, a percentage, or both.
fn limit(node: &Node) -> Parsed<Limit> {
    match &node.value {
        Value::Table(table) => {
            let mut both = Limit { count: None, percent: None };
            for (key, entry) in table {
                let one = match key.as_str() {
                    "count" => Limit { percent: None, ..single(&entry.node)? },
                    "percent" => Limit { count: None, ..single(&entry.node)? },
                    other => {
                        let message = format!("there is no setting `{other}` in a limit");
                        return Err(Problem::new(codes::UNKNOWN_KEY, message).help(HELP));
                    }
                };
                both = merged(both, one).ok_or_else(|| wrong(node))?;
            }
            if both.count.is_some() == table.contains_key("count")
                && both.percent.is_some() == table.contains_key("percent")
                && !table.is_empty()
            {
                Ok(both)
            } else {
                Err(wrong(node))
            }
        }
        Value::List(items) if items.len() == 2 => {
            items.iter().try_fold(Limit { count: None, percent: None }, |both, item| {
                merged(both, single(item)?).ok_or_else(|| wrong(node))
            })
        }
        Value::Text(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Flag(_)
        | Value::Date(_)
        | Value::Time
        | Value::List(_) => single(node),
    }
}

/// A number or a percentage.
fn single(node: &Node) -> Parsed<Limit> {
    if let Some(number) = node.integer() {
        let count = u32::try_from(number).map_err(|_| {
            Problem::new(codes::BAD_NUMBER, format!("{number} is out of range, expected at least 0")).help(HELP)
        })?;
        return Ok(Limit { count: Some(u64::from(count)), percent: None });
    }
    let text = node.text().ok_or_else(|| wrong(node))?;
    match parse::percentage(text) {
        Some(percent) if percent <= 100.0 => Ok(Limit { count: None, percent: Some(percent) }),
        Some(_) => Err(Problem::new(codes::BAD_LIMIT, format!("`{text}` is more than the whole")).help(HELP)),
        None => Err(wrong(node)),
    }
}

fn merged(a: Limit, b: Limit) -> Option<Limit> {
    let clash = (a.count.is_some() && b.count.is_some()) || (a.percent.is_some() && b.percent.is_some());
    (!clash).then(|| Limit { count: a.count.or(b.count), percent: a.percent.or(b.percent) })
}

fn wrong(node: &Node) -> Problem {
    Problem::new(codes::BAD_LIMIT, format!("{} is not a limit", shown(node))).help(HELP)
}
