//! Numbered seats: which one is given, how long it keeps others away, and how often it may change hands.

use insta::assert_snapshot;
use seatwarden::model::{Exemption, PersonId, PoolId, Reassign, UnitNo};
use seatwarden::seats::{Event, Ledger, UnitState, terms_due};

use super::world::{World, days, desk, left, min_hold};

/// So many analysts with a seat each.
fn analysts(count: u32, seats: u32) -> World {
    let mut world = World::new(desk(seats));
    for person in 1..=count {
        world.wants(person.into(), "SD-12", "fulfiller");
    }
    world.pass();
    world
}

fn unit_of(world: &World, person: u64) -> u32 {
    world.ledger.holding(PersonId(person), &"fulfiller".into()).unwrap().unit.0
}

fn arrives(world: &mut World, person: u64) -> u32 {
    world.wants(person, "SD-12", "fulfiller");
    world.pass();
    unit_of(world, person)
}

fn row(world: &World, person: u64) -> String {
    let plan = world.decide();
    let row = plan.waiting.iter().find(|row| row.person == PersonId(person)).expect("a place in the queue");
    let until = row.not_before.map_or("no term".to_owned(), |at| at.to_string());
    format!("{}, {until}: {}", row.reason, row.text)
}

#[test]
fn a_new_seat_is_given_before_one_that_somebody_had() {
    let mut world = analysts(2, 4);
    assert_eq!((unit_of(&world, 1), unit_of(&world, 2)), (1, 2));
    world.leaves(1);
    world.pass();
    assert_eq!(arrives(&mut world, 3), 3);
    assert_eq!(arrives(&mut world, 4), 4);
    assert_eq!(arrives(&mut world, 5), 1, "nothing else is left");
    let units = &world.ledger.units[&PoolId::new("fulfiller")];
    let first = units.get(UnitNo(1)).unwrap();
    let had: Vec<(u64, bool)> = first.tenures.iter().map(|it| (it.person.0, it.until.is_some())).collect();
    assert_eq!((had, first.changes.len()), (vec![(1, true), (5, false)], 1));
}

#[test]
fn whoever_comes_back_gets_the_seat_they_had_if_nobody_else_did() {
    let mut world = analysts(3, 5);
    world.leaves(2);
    world.pass();
    assert_eq!(arrives(&mut world, 2), 2);
    assert_eq!(world.ledger.units[&PoolId::new("fulfiller")].get(UnitNo(2)).unwrap().changes, []);
}

#[test]
fn a_seat_whose_clock_has_run_out_goes_before_one_that_an_exemption_freed() {
    let mut world = analysts(1, 2);
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::Leaver]));
    world.later(days(100));
    assert_eq!(arrives(&mut world, 2), 2);
    // Seat 2 is exempt, and its clock runs; that of seat 1 is over.
    world.leaves(2);
    world.nothing(1, "FIN-3");
    world.pass();
    assert_eq!(arrives(&mut world, 3), 1);
    assert_eq!(arrives(&mut world, 4), 2);
}

#[test]
fn a_cooling_seat_says_when_it_is_free_and_what_would_free_it_today() {
    let mut world = analysts(1, 1);
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::Leaver]));
    world.nothing(1, "FIN-3");
    world.wants(2, "SD-12", "fulfiller");
    world.later(days(4));
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    waits #1 p-2 fulfiller (pool_full) not before 31 Jan 2027: unit 1 of fulfiller cools until then; a leaver exemption would allow it today
    note: p-2 begins to wait for fulfiller
    ");
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::Leaver, Exemption::AbsenceCover]));
    assert_snapshot!(row(&world, 2), @"pool_full, 2027-01-31T08:00:00Z: not before 31 Jan 2027: unit 1 of fulfiller cools until then; a leaver or absence-cover exemption would allow it today");
    // An absence that nobody believes yet exempts nobody.
    world.want(1).standing = left(true, false);
    assert!(world.decide().steps.is_empty());
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Grant p-2 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-06T08:00:00Z and is next
    note: the seat of fulfiller that p-1 had is free
    ");
    assert_eq!(unit_of(&world, 2), 1);
}

#[test]
fn no_more_seats_change_hands_than_the_terms_allow() {
    let mut world = analysts(3, 4);
    world.pool("fulfiller").reassign = Some(Reassign { at_most: 1, per: days(365) });
    for person in 1..=2 {
        world.leaves(person);
    }
    world.pass();
    assert_eq!(arrives(&mut world, 4), 4, "a new seat changes no hands");
    assert_eq!(arrives(&mut world, 5), 1, "the one change that is allowed");
    world.wants(6, "SD-12", "fulfiller");
    world.wants(7, "SD-12", "fulfiller");
    world.pass();
    assert_snapshot!(row(&world, 6), @"terms, 2027-11-02T08:00:00Z: not before 2 Nov 2027: 1 of 1 changes of hands that the terms of fulfiller allow are made");
    let pools = world.policy.catalog.pools.clone();
    let pools: Vec<_> = pools.values().collect();
    let due = terms_due(&world.ledger, &pools, world.now).unwrap();
    assert_eq!(due, world.now.plus(days(365)));
    // Their own seat may come back to whoever had it last.
    assert_eq!(arrives(&mut world, 2), 2);
    world.leaves(2);
    world.pass();
    world.now = due;
    assert_snapshot!(world.pass(), @r"
    Grant p-6 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    waits #1 p-7 fulfiller (pool_full)
    ");
}

#[test]
fn a_grant_that_does_not_come_about_leaves_the_seat_as_it_was() {
    let mut world = analysts(1, 1);
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[]));
    let before = world.ledger.units.clone();
    world.leaves(1);
    world.pass();
    let cooling = world.ledger.cooling.clone();
    world.later(days(5));
    world.wants(1, "SD-12", "fulfiller");
    let plan = world.decide();
    let (first, person, pool) =
        (super::world::after(&plan, &world.ledger, &world.policy, world.now), PersonId(1), "fulfiller");
    world.happens(first[0].clone());
    assert_eq!(world.ledger.cooling, [].into(), "the holder is back");
    assert_eq!(
        world.ledger.units[&PoolId::new(pool)].get(UnitNo(1)).unwrap().tenures,
        before[&PoolId::new(pool)].get(UnitNo(1)).unwrap().tenures
    );
    world.happens(Event::GrantDropped { person, pool: pool.into(), why: "no account".into() });
    assert_eq!(world.ledger.cooling, cooling, "it cools on");

    let mut world = analysts(0, 1);
    world.wants(2, "SD-12", "fulfiller");
    let plan = world.decide();
    world.happens(super::world::after(&plan, &world.ledger, &world.policy, world.now)[0].clone());
    world.happens(Event::GrantDropped { person: PersonId(2), pool: pool.into(), why: "no account".into() });
    assert_eq!(world.ledger, Ledger::default(), "nobody ever had it");
}

#[test]
fn a_smaller_pool_gives_no_seat_beyond_its_number() {
    let mut world = analysts(4, 4);
    world.pool("fulfiller").seats = seatwarden::model::Seats::Bought(2);
    for person in [1, 4] {
        world.leaves(person);
    }
    world.pass();
    world.wants(5, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @"
    waits #1 p-5 fulfiller (pool_full)
    note: p-5 begins to wait for fulfiller
    ");
    world.leaves(2);
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Grant p-5 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    ");
    assert_eq!(unit_of(&world, 5), 1);
}

#[test]
fn a_journal_that_names_no_seats_replays_to_numbers_of_its_own_and_always_the_same() {
    let mut world = analysts(3, 5);
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[]));
    for person in [1, 2] {
        world.leaves(person);
    }
    world.pass();
    world.later(days(10));
    arrives(&mut world, 1);
    arrives(&mut world, 4);
    let unnamed = |event: &Event| {
        let mut json = serde_json::to_value(event).unwrap();
        json.as_object_mut().unwrap().remove("unit");
        serde_json::from_value::<Event>(json).unwrap()
    };
    let replay = || {
        let mut ledger = Ledger::default();
        for (at, event) in &world.journal {
            ledger.apply(*at, &unnamed(event));
        }
        ledger
    };
    let ledger = replay();
    assert_eq!(ledger, replay());
    let unit = |person: u64| ledger.holding(PersonId(person), &"fulfiller".into()).unwrap().unit.0;
    assert_eq!((unit(1), unit(3), unit(4)), (1, 3, 4));
    let units = &ledger.units[&PoolId::new("fulfiller")];
    assert_eq!(units.get(UnitNo(2)).unwrap().state, UnitState::Cooling);
    // Entries written before seats had numbers keep their hashes: nothing is added to them.
    let text = serde_json::to_string(&unnamed(&world.journal[0].1)).unwrap();
    assert!(!text.contains("unit"), "{text}");
}
