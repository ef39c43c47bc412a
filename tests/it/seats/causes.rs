//! One story for each cause that a brake judges, and the text that somebody reads in the morning.

#![expect(clippy::wildcard_enum_match_arm, reason = "a slow model looks for a few events among all")]

use std::collections::BTreeSet;

use insta::assert_snapshot;
use jiff::civil::date;
use proptest::prelude::*;
use seatwarden::model::{AccountId, Amount, Attribute, FeedName, Money, PersonId, Pool, PoolId};
use seatwarden::seats::event::HoldEnd;
use seatwarden::seats::{
    Brake, Event, Known, Lately, Limit, Plan, Reason, Recent, Refusal, Span, Spans, SpendLimit, approve, shape,
};

use super::chance::{catalog, ops};
use super::world::{World, addon, brake, claim, claim_until, days, desk, print, tier};

/// What passed without an approval in the span before `now`, counted the slow way: by looking forward from every
/// release for the first time that each of its steps is done.
fn slow(world: &World, span: Span) -> (u64, u64) {
    let journal = &world.journal;
    let mut approved = BTreeSet::new();
    for (at, (_, event)) in journal.iter().enumerate() {
        let Event::HoldEnded { digest, why: HoldEnd::Released } = event else { continue };
        let held = journal[..at].iter().rev().find_map(|(_, event)| match event {
            Event::Held(plan) if plan.digest == *digest => Some(plan),
            _ => None,
        });
        for step in &held.unwrap().steps {
            let first = |wanted: &dyn Fn(&Event) -> bool| (at..journal.len()).find(|next| wanted(&journal[*next].1));
            if let Some(pool) = step.loses() {
                approved.extend(first(&|event| ends(event, true, step.person, pool)));
            }
            if let Some(pool) = step.gains() {
                approved.extend(first(&|event| ends(event, false, step.person, pool)));
            }
        }
    }
    let recent =
        journal.iter().enumerate().filter(|(at, (when, _))| *when >= span.start(world.now) && !approved.contains(at));
    let (mut taken, mut given) = (0, 0);
    for (_, (_, event)) in recent {
        taken += u64::from(matches!(event, Event::Revoked { .. }));
        given += u64::from(matches!(event, Event::Granted { .. }));
    }
    (taken, given)
}

/// Whether the event is the end of the half of a step.
fn ends(event: &Event, taking: bool, who: PersonId, of: &PoolId) -> bool {
    match event {
        Event::Revoked { person, pool, .. } | Event::RevokeDropped { person, pool, .. } => {
            taking && *person == who && pool == of
        }
        Event::Granted { person, pool } | Event::GrantDropped { person, pool, .. } => {
            !taking && *person == who && pool == of
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_is_counted_like_the_slow_way(pools in catalog(), ops in ops()) {
        let mut world = World::new(pools);
        for op in &ops {
            world.happen(op);
        }
        world.recall();
        let sum = |spans: Vec<Spans>, span| spans.iter().map(|spans| spans.of(span)).sum::<u64>();
        for span in [Span::Hour, Span::Day, Span::Week] {
            let taken = sum(world.policy.lately.taken.values().copied().collect(), span);
            let given = sum(world.policy.lately.given.values().copied().collect(), span);
            prop_assert_eq!((taken, given), slow(&world, span));
        }
    }
}

/// So many holders of fulfiller whom okta shows.
fn staffed(count: u64) -> World {
    let mut world = World::new(desk(120));
    for person in 1..=count {
        known(&mut world, person, &["okta"]);
        world.wants(person, "4711", "fulfiller");
    }
    world.settle();
    world
}

fn known(world: &mut World, person: u64, feeds: &[&str]) {
    let accounts = feeds.iter().map(|feed| AccountId { feed: FeedName::new(*feed), id: format!("a{person}") });
    world.happens(Event::Person(Known {
        person: PersonId(person),
        accounts: accounts.collect(),
        email: None,
        employee_number: None,
    }));
}

fn price(world: &mut World, pool: &str, amount: &str, currency: &str, per: &str) {
    world.pool(pool).cost = Some(Money { amount: amount.into(), currency: currency.into(), per: per.into() });
}

fn spend(span: Span, currency: &str, amount: &str) -> SpendLimit {
    SpendLimit { span, currency: currency.into(), per_month: Amount::parse(amount).unwrap() }
}

fn causes(plan: &Plan) -> Vec<&str> {
    plan.held.iter().map(|held| held.cause.as_str()).collect()
}

fn without_code(world: &mut World, people: impl IntoIterator<Item = u64>) {
    for person in people {
        world.nothing(person, "");
        world.want(person).basis.facts.remove(&Attribute::JobCode);
    }
}

#[test]
fn an_attribute_that_was_full_and_is_empty_is_held() {
    let mut world = staffed(45);
    world.policy.brakes.lost_attribute = brake(5);
    without_code(&mut world, 1..=41);
    world.leaves(45);
    let plan = world.decide();
    assert_snapshot!(print(&plan), @r"
    Revoke p-45 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    held lost_attribute in fulfiller: 41 over 5, 41 steps; 41 of the 44 holders of okta whose job code was filled have none; 41 of 41 come from job code 4711 that is gone, leaving row fulfillers
    note: lost_attribute is held until 2026-11-05T08:00:00Z
    ");
    world.apply(&plan);
    assert_eq!(world.holders("fulfiller").len(), 44);
    // The mapping is mended: nothing is left to ask about.
    for person in 1..=41 {
        world.wants(person, "4711", "fulfiller");
    }
    assert_snapshot!(world.pass(), @"note: a hold ended: Outdated");
}

#[test]
fn a_lost_attribute_is_held_before_grace_hides_it() {
    let mut world = staffed(45);
    world.pool("fulfiller").grace = days(7);
    world.policy.brakes.lost_attribute = brake(5);
    without_code(&mut world, 1..=41);
    let plan = world.decide();
    world.apply(&plan);
    assert_eq!((causes(&plan), plan.steps.len()), (vec!["lost_attribute"], 0));
    assert!(world.ledger.holdings.values().all(|holding| holding.leaving.is_none()), "no grace runs");
    world.later(days(1));
    assert_eq!(world.decide().held, plan.held);
    // It was meant: grace begins, once, and is not asked about again while it runs.
    world.approve(&plan.held[0].digest, "ann@acme.example");
    let released = world.decide();
    assert_eq!((released.released.len(), released.steps.len(), released.held.len()), (1, 41, 0));
    world.apply(&released);
    assert_eq!(world.ledger.holdings.values().filter(|holding| holding.leaving.is_some()).count(), 41);
    world.later(days(1));
    assert_eq!(world.decide().held, []);
}

#[test]
fn a_few_people_without_a_job_code_are_movers_like_others() {
    let mut world = staffed(45);
    world.policy.brakes.lost_attribute = brake(5);
    without_code(&mut world, 1..=5);
    assert_eq!((world.decide().steps.len(), world.decide().held.len()), (5, 0));
}

#[test]
fn a_column_that_one_feed_lost_is_held_for_the_people_of_that_feed() {
    let mut world = World::new(desk(120));
    for person in 1..=40 {
        known(&mut world, person, if person <= 20 { &["entra", "okta"] } else { &["okta"] });
        world.wants(person, "4711", "fulfiller");
        world.want(person).basis.facts.insert(Attribute::Department, "IT".into());
    }
    world.settle();
    world.policy.prefer = vec!["entra".into()];
    world.policy.brakes.lost_attribute = brake(5);
    for person in (1..=10).chain(21..=23) {
        world.nothing(person, "4711");
        world.want(person).basis.facts.insert(Attribute::Department, String::new());
    }
    let plan = world.decide();
    assert_eq!(plan.steps.len(), 3, "three of okta are three people");
    assert_snapshot!(plan.held[0].text, @"10 of the 20 holders of entra whose department was filled have none; 10 of 10 come from changed attributes of people leaving row fulfillers");
}

#[test]
fn a_wave_of_last_days_is_held() {
    let mut world = World::new(desk(120));
    for person in 1..=30 {
        world.wants(person, "4711", "fulfiller");
        let rule = if person <= 8 { format!("exception:a{person}@acme.example") } else { "temps".to_owned() };
        world.want(person).tier = Some(("fulfiller".into(), claim_until(&rule, date(2026, 11, 30))));
    }
    world.settle();
    world.policy.brakes.expiry = brake(5);
    world.later(days(29));
    for person in 1..=30 {
        world.nothing(person, "4711");
    }
    world.leaves(30);
    assert_snapshot!(print(&world.decide()), @r"
    Revoke p-30 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    held expiry.per_pass in fulfiller: 29 over 5, 29 steps; 21 of 29 come from the last day of row temps; 8 of 29 come from the last day of exceptions
    note: expiry.per_pass is held until 2026-12-04T08:00:00Z
    ");
}

#[test]
fn an_edit_of_the_catalog_that_takes_seats_is_held_as_such() {
    let mut world = World::new(desk(10));
    world.pool("fulfiller").fallback = Some("approver".into());
    world.pool("approver").seats = seatwarden::model::Seats::Bought(50);
    for person in 1..=40 {
        world.wants(person, "4711", "fulfiller");
    }
    world.settle();
    assert_eq!(world.holders("approver").len(), 30);
    world.policy.catalog_before = Some(shape(&world.policy.catalog));
    world.policy.brakes.catalog_edit = brake(5);
    world.pool("fulfiller").fallback = Some("requester".into());
    let plan = world.decide();
    assert_snapshot!(print(&plan), @r"
    held catalog_edit.per_pass in approver: 30 over 5, 30 steps; the catalog changed fulfiller; 30 of 30 come from job code 4711 leaving row fulfillers
    note: catalog_edit.per_pass is held until 2026-11-05T08:00:00Z
    ");
}

#[test]
fn an_add_on_whose_base_the_catalog_no_longer_names_is_held() {
    let mut pools = desk(50);
    pools.push(addon("reports", 50, &["fulfiller"]));
    let mut world = World::new(pools);
    for person in 1..=20 {
        world.wants(person, "4711", "fulfiller");
        world.want(person).addons.insert("reports".into(), claim("reports"));
    }
    world.settle();
    world.policy.catalog_before = Some(shape(&world.policy.catalog));
    world.policy.brakes.catalog_edit = brake(5);
    world.pool("reports").requires = ["approver".into()].into();
    for person in 1..=20 {
        // What the table gives without its base is not wanted.
        world.want(person).addons.clear();
    }
    assert_snapshot!(print(&world.decide()), @r"
    held catalog_edit.per_pass in reports: 20 over 5, 20 steps; the catalog changed reports; 20 of 20 come from job code 4711 leaving row reports
    note: catalog_edit.per_pass is held until 2026-11-05T08:00:00Z
    ");
}

#[test]
fn a_tier_that_is_removed_or_made_free_takes_no_seat() {
    for free in [true, false] {
        let mut world = staffed(40);
        world.policy.catalog_before = Some(shape(&world.policy.catalog));
        world.policy.brakes.catalog_edit = brake(0);
        if free {
            world.pool("fulfiller").seats = seatwarden::model::Seats::Unlimited;
        } else {
            world.policy.catalog.pools.remove(&"fulfiller".into());
        }
        for person in 1..=40 {
            world.nothing(person, "4711");
        }
        let plan = world.decide();
        assert_eq!((plan.steps.len(), plan.held.len(), plan.keep), (0, 0, 40));
    }
}

#[test]
fn leavers_have_a_limit_of_their_own() {
    let mut world = staffed(60);
    world.policy.brakes.revoke = brake(5);
    world.policy.brakes.leavers = Some(brake(12));
    for person in 1..=12 {
        world.leaves(person);
    }
    for person in 20..=25 {
        world.nothing(person, "9999");
    }
    let plan = world.decide();
    assert_eq!(plan.steps.len(), 12, "more than `revoke` lets pass");
    assert_snapshot!(print(&Plan { steps: Vec::new(), ..plan }), @r"
    held revoke.per_pass in fulfiller: 6 over 5, 6 steps; 6 of 6 come from job code 4711 leaving row fulfillers (now 9999)
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
    world.leaves(13);
    let plan = world.decide();
    assert_eq!(causes(&plan), ["leavers.per_pass", "revoke.per_pass"]);
    assert_eq!(plan.held[0].text, "13 of 13 come from people of whom okta says DEPROVISIONED");
    // Moves may have one, too.
    world.policy.brakes.job_code = Some(brake(6));
    assert_eq!(causes(&world.decide()), ["leavers.per_pass"]);
    world.policy.brakes.job_code = Some(brake(3));
    assert_eq!(causes(&world.decide()), ["job_code.per_pass", "leavers.per_pass"]);
}

#[test]
fn a_slow_bleed_is_held_by_hour_day_and_week() {
    let mut world = staffed(100);
    let count = |count| Some(Limit { count: Some(count), percent: None });
    world.policy.brakes.revoke =
        Brake { at_least: 0, per_hour: count(4), per_day: count(8), per_week: count(12), ..brake(10) };
    let mut gone = 0;
    let mut first_held = Vec::new();
    let mut recent = Recent::default();
    let mut read = 0;
    // One leaver every half an hour, for days. Whoever is held is approved at the end of the day.
    for half_hour in 0..(48 * 4) {
        gone += 1;
        if gone <= 100 {
            world.leaves(gone);
        }
        for (at, event) in &world.journal[read..] {
            recent.take_in(*at, event);
        }
        read = world.journal.len();
        world.policy.lately = recent.counts(world.now, &world.ledger, &[]);
        let plan = world.decide();
        if let Some(held) = plan.held.first()
            && !first_held.iter().any(|(cause, _)| *cause == held.cause)
        {
            first_held.push((held.cause.clone(), half_hour));
        }
        world.apply(&plan);
        world.later(std::time::Duration::from_mins(30));
    }
    // Nothing is let go after the day is full; what has piled up is more than an hour and a pass allow, too.
    let piled = [("revoke.per_day", 8), ("revoke.per_hour", 12), ("revoke.per_pass", 18)];
    assert_eq!(first_held, piled.map(|(cause, at)| (cause.to_owned(), at)));
    assert_eq!(world.holders("fulfiller").len(), 92);
}

#[test]
fn a_week_that_was_full_holds_one_more() {
    let mut world = staffed(100);
    let week = Some(Limit { count: Some(12), percent: None });
    world.policy.brakes.revoke = Brake { at_least: 0, per_week: week, ..brake(10) };
    let spans = |week| Spans { hour: 0, day: 0, week };
    world.policy.lately.taken.insert(("fulfiller".into(), Some(Reason::Left)), spans(7));
    world.policy.lately.taken.insert(("fulfiller".into(), None), spans(4));
    world.policy.lately.taken.insert(("approver".into(), Some(Reason::Left)), spans(50));
    world.leaves(1);
    assert_eq!(world.decide().held, []);
    world.leaves(2);
    assert_eq!(causes(&world.decide()), ["revoke.per_week"]);
    assert_eq!((world.decide().held[0].limit, world.decide().held[0].wanted), (1, 2));
}

#[test]
fn what_was_approved_does_not_count_later() {
    let mut world = staffed(100);
    world.policy.brakes.revoke = Brake { per_day: Some(Limit { count: Some(10), percent: None }), ..brake(5) };
    for person in 1..=30 {
        world.nothing(person, "9999");
    }
    let plan = world.decide();
    world.apply(&plan);
    world.approve(&plan.held[0].digest, "ann@acme.example");
    world.pass();
    assert_eq!(world.holders("fulfiller").len(), 70);
    world.leaves(50);
    world.pass();
    let mut recent = Recent::default();
    for (at, event) in &world.journal {
        recent.take_in(*at, event);
    }
    let lately = recent.counts(world.now, &world.ledger, &[]);
    let one = Spans { hour: 1, day: 1, week: 1 };
    let taken = [(("fulfiller".into(), Some(Reason::Left)), one)].into();
    let given = Spans { hour: 100, day: 100, week: 100 };
    let given = [(("fulfiller".into(), None), given)].into();
    let people = [("okta".into(), one)].into();
    assert_eq!(lately, Lately { taken, given, people });
    // A week later there is nothing to remember.
    world.later(days(8));
    recent.forget(world.now);
    assert_eq!(recent.counts(world.now, &world.ledger, &[]), Lately::default());
}

#[test]
fn many_small_pools_of_one_feed_do_not_add_up_unseen() {
    let mut pools = vec![tier("requester", 0, None)];
    pools.extend((1..=8_i32).map(|number| Pool { ..tier(&format!("t{number}"), number.into(), Some(20)) }));
    let mut world = World::new(pools);
    for person in 0..80_u64 {
        known(&mut world, person, if person % 8 == 7 { &["entra"] } else { &["okta"] });
        world.wants(person, "4711", &format!("t{}", person % 8 + 1));
    }
    world.settle();
    world.policy.brakes.revoke = brake(5);
    world.policy.brakes.feed = brake(20);
    for person in 0..32_u64 {
        world.nothing(person, "9999");
    }
    let plan = world.decide();
    assert_eq!(plan.steps.len(), 4, "entra lost four");
    assert_eq!((plan.held.len(), causes(&plan)[0]), (7, "feed.per_pass"));
    assert_snapshot!(plan.held[0].text, @"28 people of okta would lose seats in 7 pools; 4 of 4 come from job code 4711 leaving row t1s (now 9999)");
    world.apply(&plan);
    assert_eq!(world.decide().held, plan.held);
    for held in &plan.held {
        world.approve(&held.digest, "ann@acme.example");
    }
    assert_eq!(world.decide().steps.len(), 28);
}

#[test]
fn seats_that_cost_more_than_was_said_are_held_in_their_currency() {
    let mut world = World::new(desk(120));
    price(&mut world, "fulfiller", "100.00", "USD", "month");
    price(&mut world, "approver", "240", "EUR", "year");
    world.policy.brakes.spend = vec![spend(Span::Day, "USD", "2000"), spend(Span::Day, "EUR", "100")];
    world.policy.lately.given.insert(("fulfiller".into(), None), Spans { hour: 0, day: 17, week: 30 });
    for person in 1..=12 {
        world.wants(person, "4711", "fulfiller");
    }
    for person in 20..=24 {
        world.wants(person, "0815", "approver");
    }
    let plan = world.decide();
    assert_eq!(plan.steps.len(), 5, "100 EUR are not more than 100 EUR");
    assert_snapshot!(print(&Plan { steps: Vec::new(), notes: Vec::new(), ..plan }), @r"
    held grant.spend_per_day in fulfiller: 12 over 3, 12 steps; 12 seats would add 1200.00 USD a month; 300.00 of 2000.00 USD are left of the day; 12 of 12 come from row fulfillers giving fulfiller
    ");
    world.wants(25, "0815", "approver");
    assert_eq!(causes(&world.decide()), ["grant.spend_per_day", "grant.spend_per_day"]);
}

#[test]
fn a_move_costs_what_the_dearer_seat_costs_more() {
    let mut world = World::new(desk(120));
    for person in 1..=10 {
        world.wants(person, "0815", "approver");
    }
    world.settle();
    price(&mut world, "fulfiller", "100.00", "USD", "month");
    price(&mut world, "approver", "90.00", "USD", "month");
    world.policy.brakes.spend = vec![spend(Span::Pass, "USD", "100")];
    for person in 1..=10 {
        world.wants(person, "4711", "fulfiller");
    }
    assert_eq!((world.decide().steps.len(), world.decide().held.len()), (10, 0));
    world.policy.brakes.spend = vec![spend(Span::Pass, "USD", "99.99")];
    assert_eq!(causes(&world.decide()), ["grant.spend_per_pass"]);
    world.policy.brakes.spend = vec![spend(Span::Pass, "EUR", "0")];
    assert_eq!(world.decide().held, [], "no seat is priced in that currency");
}

#[test]
fn one_person_is_one_approver_however_the_name_is_written() {
    let mut world = staffed(30);
    world.policy.brakes.revoke = brake(5);
    world.policy.brakes.approvers = 2;
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let digest = world.decide().held[0].digest.clone();
    world.approve(&digest, "Ann Lee");
    for name in
        ["ann lee", " ANN  LEE ", "Ann\u{a0}Lee", "Ann\u{200b} Lee", "\u{ff21}nn Lee", "AnnLee\u{2060}", "a\tn\nn lee"]
    {
        let refused = approve(&world.ledger, &world.policy.brakes, &digest, name, "", world.now);
        assert!(matches!(refused, Err(Refusal::Twice { .. })), "{name:?}: {refused:?}");
    }
    for name in ["", " ", "\u{200b}\u{feff}", "\t"] {
        assert_eq!(
            approve(&world.ledger, &world.policy.brakes, &digest, name, "", world.now),
            Err(Refusal::Nameless),
            "{name:?}"
        );
    }
    assert!(world.decide().released.is_empty());
    world.approve(&digest, "Bo");
    world.pass();
    assert_eq!(world.holders("fulfiller").len(), 20);
    let replayed = approve(&world.ledger, &world.policy.brakes, &digest, "Cy", "", world.now);
    assert_eq!(replayed, Err(Refusal::Unknown(digest)), "used up");
}

#[test]
fn amounts_are_exact() {
    let show = |text: &str| Amount::parse(text).map(|amount| amount.to_string());
    for (text, shown) in
        [("2000", "2000.00"), ("99.5", "99.50"), ("0.001", "0.01"), ("0", "0.00"), ("1.0000000", "1.00")]
    {
        assert_eq!(show(text).as_deref(), Some(shown), "{text}");
    }
    for text in ["", "-1", "1,5", "1.", ".5", "1e3", "1 000", "1234567890123"] {
        assert_eq!(show(text), None, "{text}");
    }
    let yearly = Money { amount: "100".into(), currency: "USD".into(), per: "year".into() };
    assert_eq!(yearly.per_month().unwrap().times(12).to_string(), "100.01", "never less than it is");
}
