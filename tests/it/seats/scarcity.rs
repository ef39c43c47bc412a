//! Who is next, for how long, who was refused, when a pool is full, and whom to ask when too much is in use.

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use seatwarden::model::{Billing, Exemption, PersonId, PoolId, Seats};
use seatwarden::rules::Standing;
use seatwarden::seats::{Book, forecast, whom_to_ask};

use super::world::{World, brake, days, desk, min_hold};

fn pool() -> PoolId {
    "fulfiller".into()
}

fn full(seats: u32) -> World {
    let mut world = World::new(desk(seats));
    for person in 1..=u64::from(seats) {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world
}

fn book(world: &World) -> Book {
    world.ledger.books.get(&pool()).cloned().unwrap_or_default()
}

#[test]
fn a_floor_goes_before_priority_and_priority_before_age() {
    let mut world = full(2);
    world.wants(11, "SD-12", "fulfiller");
    world.pass();
    world.later(days(1));
    world.wants(12, "SD-12", "fulfiller");
    world.want(12).tier.as_mut().unwrap().1.priority = 5;
    world.wants(13, "SD-12", "fulfiller");
    world.want(13).class = Some("on-call".into());
    world.pass();
    world.pool("fulfiller").reserve = [("on-call".into(), 1)].into();
    assert_eq!(world.waiters("fulfiller"), [13, 12, 11]);
    for (leaver, next) in [(1, 13), (2, 12)] {
        world.leaves(leaver);
        world.pass();
        assert!(world.holders("fulfiller").contains(&next), "{next} is next");
    }
    assert_eq!(world.waiters("fulfiller"), [11]);
}

#[test]
fn refusals_are_told_from_refusals_that_a_seat_came_after() {
    let mut world = full(1);
    for person in [2, 3] {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world.later(days(2));
    world.pass();
    assert_eq!((book(&world).refused, book(&world).later_granted, book(&world).given_up), (2, 0, 0));
    world.leaves(1);
    world.nothing(3, "FIN-3");
    world.pass();
    assert_eq!((book(&world).refused, book(&world).later_granted, book(&world).given_up), (2, 1, 1));
    let over: Vec<(u64, bool)> = book(&world).denials.iter().map(|it| (it.person.0, it.granted)).collect();
    assert_eq!(over.len(), 2);
    assert!(over.contains(&(2, true)) && over.contains(&(3, false)));
    let denial = book(&world).denials[0];
    assert_eq!(denial.until.since(denial.since), days(2));
}

#[test]
fn whoever_waits_for_an_approval_is_not_refused_until_there_is_no_seat() {
    let mut world = World::new(desk(3));
    world.policy.brakes.grant = brake(1);
    for person in 1..=2 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    assert_eq!((world.ledger.waiting.len(), book(&world).refused), (2, 0));
    world.pool("fulfiller").seats = Seats::Bought(0);
    world.policy.brakes.grant = brake(100);
    world.ledger.held.clear();
    world.pass();
    assert_eq!(book(&world).refused, 2);
}

#[test]
fn the_expected_wait_comes_from_releases_and_is_unknown_where_they_are_few() {
    let mut world = full(9);
    for person in [11, 12] {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    let rows = world.decide().waiting;
    assert_eq!(
        (rows[0].expected, rows[0].expected_by.as_str()),
        (None, "unknown: 0 releases in 0 days are too few to tell")
    );
    for leaver in 1..=4_u64 {
        world.later(days(5));
        world.leaves(leaver);
        world.wants(20 + leaver, "SD-12", "fulfiller");
        world.pass();
    }
    // Four releases in nineteen days: one in less than five days.
    let rows = world.decide().waiting;
    let shown: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row.person, row.expected.unwrap(), row.expected_by)).collect();
    assert_snapshot!(shown.join("\n"), @r"
    p-23 2026-11-26T00:00:00Z by 4 releases in 19 days
    p-24 2026-12-01T00:00:00Z by 4 releases in 19 days
    ");
    // A date that is known comes before a rate.
    world.pool("fulfiller").grace = days(3);
    world.nothing(5, "FIN-3");
    world.pass();
    let rows = world.decide().waiting;
    assert_eq!(rows[0].expected, Some(world.now.plus(days(3))));
    assert_eq!(rows[0].expected_by, "a grace or a cooling time that ends");
}

#[test]
fn a_pool_that_fills_up_says_when_it_is_full() {
    let mut world = full(1);
    world.pool("fulfiller").seats = Seats::Bought(20);
    let told = |world: &World, free: u32| {
        forecast(&pool(), world.ledger.books.get(&pool()), free, world.now, &TimeZone::UTC).text
    };
    assert_eq!(told(&world, 19), "unknown: 0 given and 0 freed in 0 days are too few to tell");
    for person in 2..=11 {
        world.later(days(2));
        world.wants(person, "SD-12", "fulfiller");
        world.pass();
    }
    assert_eq!(told(&world, 9), "fulfiller full on 9 Dec 2026 at this rate (10 given and 0 freed in 19 days)");
    assert_eq!(told(&world, 0), "fulfiller is full");
    for person in 1..=11 {
        world.leaves(person);
    }
    world.pass();
    assert_eq!(told(&world, 20), "fulfiller does not fill up at this rate (10 given and 11 freed in 19 days)");
}

#[test]
fn a_pool_smaller_than_its_use_takes_none_and_says_whom_to_ask() {
    let mut world = full(6);
    world.pool("fulfiller").grace = days(7);
    world.nothing(3, "FIN-3");
    world.want(4).standing = Standing::Suspended { word: "SUSPENDED".into() };
    world.want(5).tier.as_mut().unwrap().1.priority = -1;
    world.pass();
    world.pool("fulfiller").seats = Seats::Bought(2);
    world.wants(9, "SD-12", "fulfiller");
    world.pass();
    assert_eq!(world.holders("fulfiller"), [1, 2, 3, 4, 5, 6], "nobody loses a seat, nobody gets one");
    let asked = whom_to_ask(&world.ledger, &world.desired, &pool(), 4);
    let asked: Vec<String> = asked.iter().map(|ask| format!("{} {} {}", ask.person, ask.unit, ask.why)).collect();
    assert_snapshot!(asked.join("\n"), @r"
    p-3 3 grace ends 2026-11-09T08:00:00Z
    p-4 4 grace ends 2026-11-09T08:00:00Z
    p-5 5 priority -1, held since 2026-11-02T08:00:00Z
    p-1 1 priority 0, held since 2026-11-02T08:00:00Z
    ");
    assert_eq!(whom_to_ask(&world.ledger, &world.desired, &pool(), 0), []);
}

#[test]
fn a_swap_never_raises_the_peak_that_the_vendor_bills() {
    let mut world = World::new(desk(5));
    for id in ["approver", "fulfiller"] {
        world.pool(id).billing = Billing::Peak;
    }
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.wants(1, "AP-1", "approver");
    world.wants(2, "SD-12", "fulfiller");
    let plan = world.decide();
    let kinds: Vec<(String, u64)> =
        plan.steps.iter().map(|step| (format!("{:?}", step.action), step.person.0)).collect();
    assert_eq!(kinds.len(), 4, "two seats are free in each pool, and still the old ones go first: {kinds:?}");
    assert!(kinds[..2].iter().all(|(kind, _)| kind == "Revoke") && kinds[2..].iter().all(|(kind, _)| kind == "Grant"));
    // A chain needs no split: whoever leaves goes first.
    let mut world = World::new(desk(5));
    world.pool("fulfiller").billing = Billing::Peak;
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.wants(1, "AP-1", "approver");
    world.wants(2, "SD-12", "fulfiller");
    let order: Vec<u64> = world.decide().steps.iter().map(|step| step.person.0).collect();
    assert_eq!(order, [1, 2]);
}

#[test]
fn a_cooling_seat_counts_and_its_end_is_the_expected_one() {
    let mut world = full(1);
    world.pool("fulfiller").min_hold = Some(min_hold(30, &[Exemption::Leaver]));
    world.nothing(1, "FIN-3");
    world.wants(2, "SD-12", "fulfiller");
    world.pass();
    let row = world.decide().waiting.remove(0);
    assert_eq!((row.person, row.expected), (PersonId(2), row.not_before));
    assert!(row.not_before.is_some());
}
