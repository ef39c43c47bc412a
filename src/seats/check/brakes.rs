//! Whether what a plan does was allowed to pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, gained, lost, name};
use crate::model::{Amount, Attribute, FeedName, Money, PersonId, PoolId};
use crate::rules::{Basis, Standing};
use crate::seats::{Action, Brake, Reason, Span, Spans, Step};

type Mark<'a> = (Action, PersonId, &'a PoolId);

fn mark(step: &Step) -> Mark<'_> {
    (step.action, step.person, &step.pool)
}

/// Invariant 7: a held plan applies none of its steps, and nothing passes above its limit.
pub(super) fn read(reader: &mut Reader<'_>) {
    let plan = reader.plan;
    let held: BTreeSet<Mark<'_>> = plan.held.iter().flat_map(|held| &held.steps).map(mark).collect();
    for step in plan.steps.iter().filter(|step| held.contains(&mark(step))) {
        reader.fault(7, format!("{} is held and made all the same", name(step)));
    }
    let approved = approved(reader);
    limits(reader, &approved);
}

/// The steps that people have released; a release that is not one is a fault.
fn approved<'a>(reader: &mut Reader<'a>) -> BTreeSet<Mark<'a>> {
    let (plan, ledger) = (reader.plan, reader.ledger);
    let made: BTreeSet<Mark<'a>> = plan.steps.iter().map(mark).collect();
    let mut approved = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for digest in &plan.released {
        let wanted = usize::try_from(reader.policy.brakes.approvers.max(1)).unwrap_or(usize::MAX);
        let Some(hold) = ledger.held.get(digest) else {
            reader.fault(7, format!("{digest} is released and was never held"));
            continue;
        };
        let in_time = reader.now < hold.plan.expires_at;
        if !in_time || hold.approvals.len() < wanted || hold.rejected.is_some() {
            reader.fault(7, format!("{digest} is released without a valid approval"));
        }
        if !seen.insert(digest) || plan.held.iter().any(|held| held.digest == *digest) {
            reader.fault(7, format!("{digest} is released twice, or held and released"));
        }
        if !hold.plan.steps.iter().all(|step| made.contains(&mark(step))) {
            reader.fault(7, format!("{digest} is released, and not all of its steps are made"));
        }
        approved.extend(hold.plan.steps.iter().map(mark));
    }
    approved
}

fn limits(reader: &mut Reader<'_>, approved: &BTreeSet<Mark<'_>>) {
    let plan = reader.plan;
    let free: Vec<&Step> = plan.steps.iter().filter(|step| !approved.contains(&mark(step))).collect();
    let mut losses: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
    let mut gains: BTreeMap<&PoolId, Vec<&Step>> = BTreeMap::new();
    for step in &free {
        if let Some(pool) = lost(step) {
            losses.entry(pool).or_default().push(step);
        }
        if let Some(pool) = gained(step) {
            gains.entry(pool).or_default().push(step);
        }
    }
    for (pool, steps) in &losses {
        taken(reader, pool, steps);
    }
    for (pool, steps) in &gains {
        let bought = reader.counted(pool).map_or(0, |(_, bought)| u64::from(bought));
        let before = |spans: fn(Spans) -> u64| {
            let rows = reader.policy.lately.given.iter().filter(|((of, _), _)| of == *pool);
            rows.map(|(_, counts)| spans(*counts)).sum::<u64>()
        };
        let before = [before(|_| 0), before(|s| s.hour), before(|s| s.day), before(|s| s.week)];
        over(reader, "grant", pool.as_str(), &reader.policy.brakes.grant, bought, before, len(steps.len()));
    }
    spent(reader, &free);
    feeds(reader, &free);
    columns(reader, &free);
}

/// What is taken in one pool, cause by cause.
fn taken(reader: &mut Reader<'_>, pool: &PoolId, steps: &[&Step]) {
    let brakes = &reader.policy.brakes;
    let whole = reader.seats_of(pool);
    let (leavers, codes) = (brakes.leavers.is_some(), brakes.job_code.is_some());
    let own = move |reason: Option<Reason>| match reason {
        Some(Reason::Left) => leavers,
        Some(Reason::JobCodeChanged) => codes,
        _ => false,
    };
    let only = |wanted: Reason| move |reason: Option<Reason>| reason == Some(wanted);
    let mut judge = |name: &str, brake: Option<&Brake>, counts: &dyn Fn(Option<Reason>) -> bool| {
        let Some(brake) = brake else { return };
        let now = len(steps.iter().filter(|step| counts(Some(step.cause.reason))).count());
        let before = |spans: fn(Spans) -> u64| {
            let rows = reader.policy.lately.taken.iter();
            let rows = rows.filter(|((of, reason), _)| of == pool && counts(*reason));
            rows.map(|(_, taken)| spans(*taken)).sum::<u64>()
        };
        let before = [before(|_| 0), before(|s| s.hour), before(|s| s.day), before(|s| s.week)];
        over(reader, name, pool.as_str(), brake, whole, before, now);
    };
    judge("rules_edit", Some(&brakes.rules_edit), &only(Reason::RulesChanged));
    judge("expiry", Some(&brakes.expiry), &only(Reason::Expired));
    judge("leavers", brakes.leavers.as_ref(), &only(Reason::Left));
    judge("job_code", brakes.job_code.as_ref(), &only(Reason::JobCodeChanged));
    judge("revoke", Some(&brakes.revoke), &|reason| !own(reason));
}

/// Judges a number by a brake, in one pass and over time. `before` is what passed in each span.
fn over(reader: &mut Reader<'_>, name: &str, of: &str, brake: &Brake, whole: u64, before: [u64; 4], now: u64) {
    let Brake { per_pass, at_least, per_hour, per_day, per_week } = brake;
    let spans =
        [("pass", Some(per_pass)), ("hour", per_hour.as_ref()), ("day", per_day.as_ref()), ("week", per_week.as_ref())];
    for ((span, limit), before) in spans.into_iter().zip(before) {
        let Some(limit) = limit else { continue };
        let left = limit.of(whole).max(*at_least).saturating_sub(before);
        if now > left {
            reader.fault(7, format!("{now} steps in {of} pass {name}.per_{span}, which lets {left} pass"));
        }
    }
}

/// The price of a seat in a month, in a currency.
fn price(reader: &Reader<'_>, pool: &PoolId, currency: &str) -> Amount {
    let cost = reader.policy.catalog.pools.get(pool).and_then(|pool| pool.cost.as_ref());
    cost.filter(|cost| cost.currency == currency).and_then(Money::per_month).unwrap_or_default()
}

/// Nobody adds two currencies, and what is given costs no more than was said.
fn spent(reader: &mut Reader<'_>, free: &[&Step]) {
    for limit in &reader.policy.brakes.spend {
        let dearer = |pool: &PoolId, instead: Option<&PoolId>| {
            let old = instead.map_or_else(Amount::default, |pool| price(reader, pool, &limit.currency));
            price(reader, pool, &limit.currency).minus(old)
        };
        let mut now = Amount::default();
        for step in free {
            if let Some(pool) = gained(step) {
                now = now.plus(dearer(pool, lost(step)));
            }
        }
        let mut before = Amount::default();
        for ((pool, instead), given) in &reader.policy.lately.given {
            let count = match limit.span {
                Span::Pass => 0,
                Span::Hour => given.hour,
                Span::Day => given.day,
                Span::Week => given.week,
            };
            before = before.plus(dearer(pool, instead.as_ref()).times(count));
        }
        let (span, left) = (limit.span.word(), limit.per_month.minus(before));
        if now > left {
            let currency = &limit.currency;
            reader.fault(
                7,
                format!("seats for {now} {currency} a month pass grant.spend_per_{span}, which has {left} left"),
            );
        }
    }
}

/// The feed that shows a holder: the most preferred, else the first by name.
fn feed_of<'a>(reader: &Reader<'a>, person: PersonId) -> Option<&'a FeedName> {
    let known = reader.ledger.known.get(&person)?;
    let preferred = reader.policy.prefer.iter();
    let shows = |feed: &&FeedName| known.accounts.iter().any(|account| account.feed == **feed);
    let first = known.accounts.iter().map(|account| &account.feed).min();
    let preferred = preferred.map(|feed| known.accounts.iter().map(|account| &account.feed).find(|of| *of == feed));
    let preferred = preferred.flatten().find(shows);
    preferred.or(first)
}

/// People of one feed who lose seats, wherever.
fn feeds(reader: &mut Reader<'_>, free: &[&Step]) {
    let losers: BTreeSet<PersonId> = free.iter().filter(|step| lost(step).is_some()).map(|step| step.person).collect();
    let mut by_feed: BTreeMap<&FeedName, u64> = BTreeMap::new();
    for feed in losers.into_iter().filter_map(|person| feed_of(reader, person)) {
        let count = by_feed.entry(feed).or_default();
        *count = count.saturating_add(1);
    }
    // Nobody is counted where nothing can be too much: what is left is never less than this.
    let at_least = reader.policy.brakes.feed.at_least;
    by_feed.retain(|feed, now| {
        let Spans { hour, day, week } = reader.policy.lately.people.get(*feed).copied().unwrap_or_default();
        now.saturating_add(hour.max(day).max(week)) > at_least
    });
    if by_feed.is_empty() {
        return;
    }
    let mut wholes: BTreeMap<&FeedName, u64> = BTreeMap::new();
    let holders: BTreeSet<PersonId> = reader.ledger.holdings.keys().map(|(person, _)| *person).collect();
    for feed in holders.into_iter().filter_map(|person| feed_of(reader, person)) {
        let count = wholes.entry(feed).or_default();
        *count = count.saturating_add(1);
    }
    for (feed, now) in by_feed {
        let whole = wholes.get(feed).copied().unwrap_or(0);
        let Spans { hour, day, week } = reader.policy.lately.people.get(feed).copied().unwrap_or_default();
        over(reader, "feed", feed.as_str(), &reader.policy.brakes.feed, whole, [0, hour, day, week], now);
    }
}

/// Nobody loses a seat, and nobody's grace begins, because a column of a feed is empty that was full.
fn columns(reader: &mut Reader<'_>, free: &[&Step]) {
    type Column<'a> = (Option<&'a FeedName>, Attribute);
    let emptied = |reader: &Reader<'_>, person: PersonId, basis: &Basis| -> BTreeMap<Attribute, bool> {
        let Some(want) = reader.desired.get(&person).filter(|want| want.standing == Standing::Active) else {
            return BTreeMap::new();
        };
        let now = |attribute: &Attribute| match (attribute, want.basis.facts.get(attribute)) {
            (_, Some(value)) => value.is_empty(),
            (attribute, None) => *attribute == Attribute::JobCode,
        };
        let filled = basis.facts.iter().filter(|(_, value)| !value.is_empty());
        filled.map(|(attribute, _)| (attribute.clone(), now(attribute))).collect()
    };
    let mut passing: BTreeMap<Column<'_>, BTreeSet<PersonId>> = BTreeMap::new();
    for step in free {
        let pool = if step.action == Action::HoldOff { Some(&step.pool) } else { lost(step) };
        let holding = pool.and_then(|pool| reader.ledger.holdings.get(&(step.person, pool.clone())));
        let Some(holding) = holding.filter(|holding| holding.leaving.is_none()) else { continue };
        for (attribute, is_empty) in emptied(reader, step.person, &holding.basis) {
            if is_empty {
                passing.entry((feed_of(reader, step.person), attribute)).or_default().insert(step.person);
            }
        }
    }
    let brake = reader.policy.brakes.lost_attribute.clone();
    passing.retain(|_, people| len(people.len()) > brake.at_least);
    if passing.is_empty() {
        return;
    }
    let mut had: BTreeMap<Column<'_>, BTreeSet<PersonId>> = BTreeMap::new();
    for ((person, _), holding) in &reader.ledger.holdings {
        for attribute in emptied(reader, *person, &holding.basis).into_keys() {
            had.entry((feed_of(reader, *person), attribute)).or_default().insert(*person);
        }
    }
    for (column, people) in passing {
        let whole = len(had.get(&column).map_or(0, BTreeSet::len));
        let (now, limit) = (len(people.len()), brake.per_pass.of(whole).max(brake.at_least));
        if now > limit {
            reader.fault(7, format!("{now} people without {} pass lost_attribute, which lets {limit} pass", column.1));
        }
    }
}

fn len(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
