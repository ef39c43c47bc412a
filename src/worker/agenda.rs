//! What is due by date: grace that ends, people who leave, seats that have cooled, approvals that expire, days of the table.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::view::DueView;
use crate::model::{PersonId, PoolId, Time};
use crate::rules::RuleSet;
use crate::seats::Ledger;

/// Lines that are told; the soonest ones.
const TOLD: usize = 12;

/// What comes after `now`, the soonest first. Seats of one pool are told together, by day.
pub(super) fn agenda(
    ledger: &Ledger,
    rules: Option<&RuleSet>,
    leaving: &BTreeMap<PersonId, Time>,
    now: Time,
    zone: &TimeZone,
) -> Vec<DueView> {
    let grace =
        ledger.holdings.iter().filter_map(|((_, pool), holding)| Some((pool, holding.leaving.as_ref()?.due_at)));
    let cooling = ledger.cooling.iter().map(|((_, pool), cooling)| (pool, cooling.until));
    let mut due: Vec<DueView> = Vec::new();
    for ((pool, _), (at, count)) in by_day(grace, now, zone) {
        let noun = if count == 1 { "seat leaves" } else { "seats leave" };
        let text = format!("grace ends, {count} {noun} {pool}");
        due.push(DueView { at, what: "grace_ends".to_owned(), pool: Some(pool.clone()), count, text });
    }
    let holders = ledger.holdings.keys().filter_map(|(person, pool)| Some((pool, *leaving.get(person)?)));
    for ((pool, _), (at, count)) in by_day(holders, now, zone) {
        let verb = if count == 1 { "holder of" } else { "holders of" };
        let text = format!("{count} {verb} {pool} leave by the date that HR gave");
        due.push(DueView { at, what: "leaves".to_owned(), pool: Some(pool.clone()), count, text });
    }
    for ((pool, _), (at, count)) in by_day(cooling, now, zone) {
        let noun = if count == 1 { "seat of" } else { "seats of" };
        let text = format!("{count} {noun} {pool} may be given again");
        due.push(DueView { at, what: "cooled".to_owned(), pool: Some(pool.clone()), count, text });
    }
    for hold in ledger.held.values().filter(|hold| hold.plan.expires_at > now) {
        let plan = &hold.plan;
        due.push(DueView {
            at: plan.expires_at,
            what: "approval_expires".to_owned(),
            pool: Some(plan.pool.clone()),
            count: 1,
            text: format!("the plan held by {} in {} can no longer be approved", plan.cause, plan.pool),
        });
    }
    if let Some(at) = rules.and_then(|rules| rules.next_change_at(now)) {
        let text = "a row or exception of the table begins or is over".to_owned();
        due.push(DueView { at, what: "table".to_owned(), pool: None, count: 1, text });
    }
    due.sort_by(|a, b| (a.at, &a.what, &a.pool).cmp(&(b.at, &b.what, &b.pool)));
    due.truncate(TOLD);
    due
}

type Days<'a> = BTreeMap<(&'a PoolId, Date), (Time, u64)>;

fn by_day<'a>(instants: impl Iterator<Item = (&'a PoolId, Time)>, now: Time, zone: &TimeZone) -> Days<'a> {
    let mut days = Days::new();
    for (pool, at) in instants.filter(|(_, at)| *at > now) {
        let (first, count) = days.entry((pool, at.date_in(zone))).or_insert((at, 0));
        *first = at.min(*first);
        *count = count.saturating_add(1);
    }
    days
}
