//! One `[tier.NAME]` or `[addon.NAME]`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Read, pool_name};
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot};
use crate::model::{Billing, ClassName, Exemption, MinHold, Money, Pool, PoolId, PoolKind, Reassign, Seats};

pub(super) fn read(name: &str, kind: PoolKind, mut section: Section<'_>) -> Read {
    let there = section.is_there();
    let named = own_name(name).map_err(|problem| section.report(problem));
    let seats = if there { section.need("seats", "120` or `seats = \"unlimited\"", seats) } else { None };
    let (rank, fallback) = match kind {
        PoolKind::Tier if there => (section.need("rank", "20", parse::integer), section.get("fallback", pool_name)),
        PoolKind::Tier => (None, None),
        PoolKind::Addon => (Some(0), None),
    };
    let requires = match kind {
        PoolKind::Tier => Some(Vec::new()),
        PoolKind::Addon => section.list("requires", "", pool_name),
    };
    let excludes = section.list("excludes", "", pool_name);
    let terms = Terms::read(&mut section);
    if seats == Some(Seats::Unlimited) {
        pointless(&section);
    }
    let spot = |key: &str| section.spot(key).clone();
    let fallback_is_wrong =
        kind == PoolKind::Tier && fallback.is_none() && section.present().any(|key| key == "fallback");
    let mut read = Read {
        id: PoolId::new(name),
        kind,
        at: section.at().clone(),
        seats,
        rank: rank.map(|rank| (rank, spot("rank"))),
        fallback: fallback.clone().map(|fallback| (fallback, spot("fallback"))),
        reserve: terms.reserve.as_ref().map(|floors| (floors.values().copied().map(u64::from).sum(), spot("reserve"))),
        requires: requires.clone().unwrap_or_default(),
        excludes: excludes.clone().unwrap_or_default(),
        pool: None,
    };
    section
        .shaped(match kind {
            PoolKind::Tier => "tier",
            PoolKind::Addon => "addon",
        })
        .finish();
    let ids = |list: Vec<(PoolId, Spot)>| list.into_iter().map(|(id, _)| id).collect();
    let whole = || {
        Some(Pool {
            id: PoolId::new(name),
            kind,
            rank: rank?,
            seats: seats?,
            reserve: terms.reserve?,
            fallback,
            grace: terms.grace?,
            min_hold: terms.min_hold?,
            reassign: terms.reassign?,
            billing: terms.billing?,
            cost: terms.cost?,
            requires: ids(requires?),
            excludes: ids(excludes?),
            keep: terms.keep?,
        })
    };
    if there && named.is_ok() && !fallback_is_wrong {
        read.pool = whole();
    }
    read
}

/// What tiers and add-ons have in common beside their seats. `None` is wrong; what may be absent is `Some(None)`.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
struct Terms {
    reserve: Option<BTreeMap<ClassName, u32>>,
    cost: Option<Option<Money>>,
    grace: Option<Duration>,
    min_hold: Option<Option<MinHold>>,
    reassign: Option<Option<Reassign>>,
    billing: Option<Billing>,
    keep: Option<u32>,
}

impl Terms {
    fn read(section: &mut Section<'_>) -> Self {
        const BILLING: [(&str, Billing); 2] = [("peak", Billing::Peak), ("current", Billing::Current)];
        let terms = Self {
            reserve: reserve(section),
            cost: cost(section),
            grace: section.or("grace", "0s", parse::duration(Duration::ZERO)),
            min_hold: min_hold(section),
            reassign: reassign(section),
            billing: section.or("billing", "current", parse::choice(&BILLING)),
            keep: section.or("keep", "0", parse::whole(0..=u32::MAX)),
        };
        paper(section);
        terms
    }
}

fn own_name(name: &str) -> Parsed<()> {
    if name == "none" {
        let message = "`none` is the word with which rules deny every tier";
        return Err(Problem::new(codes::BAD_NAME, message).help("give the pool another name"));
    }
    parse::name(name)
}

fn seats(node: &Node) -> Parsed<Seats> {
    const HELP: &str = "write how many were bought, such as `120`, or \"unlimited\" for what costs nothing";
    match node.text().map(str::trim) {
        Some("unlimited") => Ok(Seats::Unlimited),
        Some(other) => Err(Problem::new(codes::BAD_CHOICE, format!("`{other}` is no number of seats")).help(HELP)),
        None => parse::whole(0..=u32::MAX)(node).map(Seats::Bought).map_err(|problem| problem.help(HELP)),
    }
}

fn reserve(parent: &mut Section<'_>) -> Option<BTreeMap<ClassName, u32>> {
    let section = parent.table("reserve", "reserve");
    let mut floors = BTreeMap::new();
    let mut whole = true;
    for (class, entry) in section.nodes() {
        let floor = parse::name(class)
            .map_err(|problem| (&entry.key, problem))
            .and_then(|()| parse::whole(0..=u32::MAX)(&entry.node).map_err(|problem| (&entry.node.spot, problem)));
        match floor {
            Ok(floor) => {
                section.cx.keep(section.key(class), floor.into(), &entry.node.spot);
                floors.insert(ClassName::new(class), floor);
            }
            Err((spot, problem)) => {
                section.cx.report(spot, problem);
                whole = false;
            }
        }
    }
    whole.then_some(floors)
}

/// `Some(None)` when absent, `None` when wrong, here and below.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn cost(parent: &mut Section<'_>) -> Option<Option<Money>> {
    let Some(mut section) = parent.some_table("cost", "cost") else { return Some(None) };
    if !section.is_there() {
        return None;
    }
    let amount = section.need("amount", "\"100.00\"", amount);
    let currency = section.need("currency", "\"USD\"", currency);
    let per = section.need("per", "\"month\"", parse::choice(&[("month", "month"), ("year", "year")]));
    section.finish();
    Some(Some(Money { amount: amount?, currency: currency?, per: per?.to_owned() }))
}

fn amount(node: &Node) -> Parsed<String> {
    let help = "write it as text with a point, such as \"100.00\", so that no cent is rounded";
    let wrong = |message: String| Problem::new(codes::BAD_MONEY, message).help(help);
    let text =
        node.text().ok_or_else(|| wrong(format!("expected a price as text, found {}", node.type_name())))?.trim();
    let (whole, cents) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.len() <= 12 && part.chars().all(|c| c.is_ascii_digit());
    if digits(whole) && digits(cents) { Ok(text.to_owned()) } else { Err(wrong(format!("`{text}` is not a price"))) }
}

fn currency(node: &Node) -> Parsed<String> {
    let text = parse::text(node)?;
    if text.len() == 3 && text.chars().all(|c| c.is_ascii_uppercase()) {
        return Ok(text);
    }
    let help = "write the three capital letters of ISO 4217, such as `USD` or `EUR`";
    Err(Problem::new(codes::BAD_MONEY, format!("`{text}` is not a currency")).help(help))
}

#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn min_hold(parent: &mut Section<'_>) -> Option<Option<MinHold>> {
    const EXEMPT: [(&str, Exemption); 3] = [
        ("leaver", Exemption::Leaver),
        ("absence-cover", Exemption::AbsenceCover),
        ("device-loss", Exemption::DeviceLoss),
    ];
    let Some(mut section) = parent.some_table("min_hold", "min_hold") else { return Some(None) };
    if !section.is_there() {
        return None;
    }
    let time = section.need("time", "\"90d\"", parse::duration(Duration::ZERO));
    let exempt = section.list("exempt", "", parse::choice(&EXEMPT));
    section.finish();
    let exempt: BTreeSet<Exemption> = exempt?.into_iter().map(|(exemption, _)| exemption).collect();
    Some(Some(MinHold { time: time?, exempt }))
}

#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn reassign(parent: &mut Section<'_>) -> Option<Option<Reassign>> {
    let Some(mut section) = parent.some_table("reassign", "reassign") else { return Some(None) };
    if !section.is_there() {
        return None;
    }
    let at_most = section.need("at_most", "40", parse::whole(0..=u32::MAX));
    let per = section.need("per", "\"365d\"", parse::duration(Duration::from_secs(1)));
    section.finish();
    Some(Some(Reassign { at_most: at_most?, per: per? }))
}

/// Where the figures come from: for people, and checked for its shape.
fn paper(parent: &mut Section<'_>) {
    let Some(mut section) = parent.some_table("terms", "terms") else { return };
    section.get("source", parse::text);
    section.get("checked_on", |node| {
        node.date().ok_or_else(|| parse::wrong_type(node, "a date").help("write it bare, such as `2026-11-01`"))
    });
    section.finish();
}

fn pointless(section: &Section<'_>) {
    for key in ["reserve", "fallback", "grace", "min_hold", "reassign", "cost", "keep"] {
        if section.present().any(|present| present == key) {
            let message = format!("`{key}` means nothing where seats are unlimited");
            let problem = Problem::warning(codes::POINTLESS, message)
                .help("nobody waits for such a seat or gives one back; leave it out");
            section.cx.report(section.key_spot(key), problem);
        }
    }
}
