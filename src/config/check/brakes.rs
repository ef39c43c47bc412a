//! `[brakes]`: what may change at once, and over time.
//!
//! A limit is a number (`5`), a percentage (`"5%"`) or both, of which the lesser counts: `{ count = 5, percent = "5%" }`
//! or, shorter, `[5, "5%"]`. Without `per_day`, `revoke` may take twice per day what it may take per pass; without
//! `per_week`, four times per week.

use std::time::Duration;

use crate::config::codes;
use crate::config::context::{Problem, shown};
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot, Value};
use crate::model::Amount;
use crate::seats::{Brake, Brakes, Limit, Span, SpendLimit};

const HELP: &str = "write a number (`5`), a percentage (`\"5%\"`), or both: `{ count = 5, percent = \"5%\" }`";

pub(crate) fn read(root: &mut Section<'_>) -> Option<Brakes> {
    let mut section = root.table("brakes", "brakes");
    let revoke = brake(&mut section, "revoke", "5%", "5", &[("per_day", 2), ("per_week", 4)]);
    let leavers = own(&mut section, "leavers");
    let job_code = own(&mut section, "job_code");
    let rules_edit = brake(&mut section, "rules_edit", "10%", "5", &[]);
    let catalog_edit = once(&mut section, "catalog_edit", "5%", "5");
    let expiry = brake(&mut section, "expiry", "5%", "5", &[]);
    let lost_attribute = once(&mut section, "lost_attribute", "5%", "5");
    let has_feed = section.node("feed").is_some();
    let feed = brake(&mut section, "feed", "5%", "20", &[("per_day", 2)]);
    let feed = match &revoke {
        Some(revoke) if !has_feed => feed.map(|feed| no_tighter(&feed, revoke)),
        Some(_) | None => feed,
    };
    let grant = grant(&mut section);
    let feed_shrink = section.or("feed_shrink", "5%", limit);
    let approval_expires = section.or("approval_expires", "72h", parse::duration(Duration::from_secs(1)));
    let approvers = section.or("approvers", "1", parse::whole(1..=2));
    section.finish();
    let (grant, spend) = grant?;
    Some(Brakes {
        revoke: revoke?,
        leavers: leavers?,
        job_code: job_code?,
        rules_edit: rules_edit?,
        catalog_edit: catalog_edit?,
        expiry: expiry?,
        lost_attribute: lost_attribute?,
        feed: feed?,
        grant,
        spend,
        feed_shrink: feed_shrink?,
        approval_expires: approval_expires?,
        approvers: approvers?,
    })
}

/// A brake that nobody has set must not hold what the one that somebody has set lets pass.
fn no_tighter(own: &Brake, set: &Brake) -> Brake {
    let looser = |own: Limit, set: Limit| Limit {
        count: own.count,
        percent: match (own.percent, set.percent) {
            (Some(own), Some(set)) if set > own => Some(set),
            (own, _) => own,
        },
    };
    let within = |own: Option<Limit>, set: Option<Limit>| own.map(|own| set.map_or(own, |set| looser(own, set)));
    let counted = set.per_pass.count.unwrap_or_default();
    Brake {
        per_pass: looser(own.per_pass, set.per_pass),
        at_least: own.at_least.max(set.at_least).max(counted),
        per_hour: within(own.per_hour, set.per_hour),
        per_day: within(own.per_day, set.per_day),
        per_week: within(own.per_week, set.per_week),
    }
}

/// A brake that is there only when it is given: `Some(None)` when absent, `None` when wrong.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn own(parent: &mut Section<'_>, key: &'static str) -> Option<Option<Brake>> {
    if parent.node(key).is_none() {
        return Some(None);
    }
    brake(parent, key, "5%", "5", &[("per_day", 2)]).map(Some)
}

fn brake(
    parent: &mut Section<'_>,
    key: &'static str,
    per_pass: &str,
    at_least: &str,
    multiples: &[(&'static str, u32)],
) -> Option<Brake> {
    let mut section = parent.table(key, "brake");
    let brake = over_time(&mut section, per_pass, at_least, multiples);
    if brake.as_ref().is_some_and(|brake| never(&brake.per_pass)) && key != "rules_edit" {
        let message = "a limit of 100% per pass never holds anything";
        let help = "choose a share that you would want to be asked about, such as \"5%\"";
        section.cx.report(section.spot("per_pass"), Problem::warning(codes::NEVER_TRIPS, message).help(help));
    }
    section.finish();
    brake
}

/// A brake that judges each pass alone.
fn once(parent: &mut Section<'_>, key: &'static str, per_pass: &str, at_least: &str) -> Option<Brake> {
    let mut section = parent.table(key, "brake once");
    let per_pass = section.or("per_pass", per_pass, limit);
    let at_least = section.or("at_least", at_least, parse::whole(0..=u32::MAX));
    section.finish();
    Some(Brake::per_pass(per_pass?, u64::from(at_least?)))
}

/// `multiples` are the spans with a default, each as so many times `per_pass`.
fn over_time(
    section: &mut Section<'_>,
    per_pass: &str,
    at_least: &str,
    multiples: &[(&'static str, u32)],
) -> Option<Brake> {
    let per_pass = section.or("per_pass", per_pass, limit);
    let at_least = section.or("at_least", at_least, parse::whole(0..=u32::MAX));
    let mut whole = true;
    let [per_hour, per_day, per_week] = ["per_hour", "per_day", "per_week"].map(|key| {
        if section.node(key).is_some() {
            let given = section.get(key, limit);
            whole &= given.is_some();
            return given;
        }
        let times = multiples.iter().find(|(of, _)| *of == key).map(|(_, times)| *times)?;
        let limit = times_as_much(&per_pass?, times);
        section.cx.keep(section.key(key), show(&limit), &Spot::Default);
        Some(limit)
    });
    if !whole {
        return None;
    }
    Some(Brake { per_pass: per_pass?, at_least: u64::from(at_least?), per_hour, per_day, per_week })
}

fn grant(parent: &mut Section<'_>) -> Option<(Brake, Vec<SpendLimit>)> {
    const SPEND: [(&str, Span); 3] =
        [("spend_per_pass", Span::Pass), ("spend_per_day", Span::Day), ("spend_per_week", Span::Week)];
    let mut section = parent.table("grant", "brake grant");
    let brake = over_time(&mut section, "20%", "20", &[]);
    let mut spend = Some(Vec::new());
    for (key, span) in SPEND {
        let limits = match section.node(key).map(|node| (node.text().is_some(), node.spot.clone())) {
            None => continue,
            Some((true, spot)) => section.get(key, |node| money(node, span)).map(|limit| vec![(limit, spot)]),
            Some((false, _)) => section.list(key, "", |node| money(node, span)),
        };
        match (limits, &mut spend) {
            (Some(limits), Some(spend)) => {
                let twice = limits.iter().enumerate().find(|(at, (limit, _))| {
                    limits.iter().take(*at).any(|(earlier, _)| earlier.currency == limit.currency)
                });
                if let Some((_, (limit, spot))) = twice {
                    let message = format!("`{key}` has two limits in {}", limit.currency);
                    section.cx.report(spot, Problem::new(codes::REPEATED, message).help("leave one of them out"));
                }
                spend.extend(limits.into_iter().map(|(limit, _)| limit));
            }
            _ => spend = None,
        }
    }
    section.finish();
    Some((brake?, spend?))
}

/// `2000 USD`: what the monthly prices of the seats that are given may add up to.
fn money(node: &Node, span: Span) -> Parsed<SpendLimit> {
    const HELP: &str = "write an amount and a currency such as \"2000 USD\", or a list with one for each currency";
    let text = parse::text(node)?;
    let mut words = text.split_whitespace();
    let (amount, currency, more) = (words.next(), words.next(), words.next());
    let amount = amount.and_then(Amount::parse);
    let currency = currency.filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    match (amount, currency, more) {
        (Some(per_month), Some(currency), None) => Ok(SpendLimit { span, currency: currency.to_owned(), per_month }),
        _ => Err(Problem::new(codes::BAD_MONEY, format!("`{text}` is not an amount of money")).help(HELP)),
    }
}

fn never(limit: &Limit) -> bool {
    limit.count.is_none() && limit.percent >= Some(100.0)
}

fn times_as_much(limit: &Limit, times: u32) -> Limit {
    Limit {
        count: limit.count.map(|count| count.saturating_mul(u64::from(times))),
        percent: limit.percent.map(|percent| (percent * f64::from(times)).min(100.0)),
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
