//! Protected people, and the last holders that a pool keeps.

use insta::assert_snapshot;
use proptest::prelude::*;
use seatwarden::model::{Attribute, PersonId};
use seatwarden::rules::Standing;
use seatwarden::seats::{Action, Event, PoolMode, check};

use super::chance::{PEOPLE, catalog, ops};
use super::world::{World, claim, days, desk, left, print};

fn staffed() -> World {
    let mut world = World::new(desk(10));
    for person in 1..=4 {
        world.wants(person, "4711", "fulfiller");
        world.want(person).addons.insert("incident".into(), claim("majors"));
    }
    world.settle();
    world
}

#[test]
fn nothing_takes_a_seat_from_somebody_who_is_protected() {
    let ways: [&dyn Fn(&mut World); 7] = [
        &|world| world.leaves(1),
        &|world| world.want(1).standing = left(true, true),
        &|world| world.want(1).standing = Standing::PreStart,
        &|world| world.nothing(1, "9999"),
        &|world| world.nothing(1, "4711"),
        &|world| world.wants(1, "9999", "approver"),
        &|world| {
            world.nothing(1, "");
            world.want(1).basis.facts.remove(&Attribute::JobCode);
        },
    ];
    for way in ways {
        let mut world = staffed();
        world.policy.protected.insert(PersonId(1));
        way(&mut world);
        let plan = world.decide();
        assert!(plan.steps.is_empty() && !plan.kept.is_empty(), "{}", print(&plan));
        world.settle();
        assert!(world.holders("fulfiller").contains(&1) && world.holders("incident").contains(&1));
        // With grace, too, and when it is over.
        world.pool("fulfiller").grace = days(7);
        world.settle();
        world.later(days(8));
        world.settle();
        assert!(world.holders("fulfiller").contains(&1) && world.holders("incident").contains(&1));
        assert!(world.ledger.holdings.values().all(|holding| holding.leaving.is_none()), "no grace runs for them");
    }
}

#[test]
fn what_is_kept_is_told() {
    let mut world = staffed();
    world.policy.protected.insert(PersonId(1));
    world.leaves(1);
    world.leaves(2);
    assert_snapshot!(print(&world.decide()), @r"
    Revoke p-2 incident (incident > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-2 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    kept p-1 fulfiller: okta says DEPROVISIONED; the holder is protected and never loses a seat by a pass
    kept p-1 incident: okta says DEPROVISIONED; the holder is protected and never loses a seat by a pass
    ");
}

#[test]
fn somebody_protected_may_rise() {
    let mut world = World::new(desk(1));
    world.pool("fulfiller").fallback = Some("approver".into());
    world.wants(2, "4711", "fulfiller");
    world.settle();
    world.wants(1, "4711", "fulfiller");
    world.settle();
    world.policy.protected.insert(PersonId(1));
    assert_eq!(world.holders("approver"), [1]);
    world.leaves(2);
    world.settle();
    assert_eq!((world.holders("fulfiller"), world.holders("approver")), (vec![1], vec![]));
}

#[test]
fn the_last_holders_stay_until_others_have_come() {
    let mut world = staffed();
    world.pool("fulfiller").keep = 2;
    for person in 1..=4 {
        world.leaves(person);
    }
    world.want(3).standing = Standing::Active;
    world.nothing(3, "9999");
    let plan = world.decide();
    assert_snapshot!(print(&plan), @r"
    Revoke p-1 incident (incident > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-2 incident (incident > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-3 incident (incident > -) [JobCodeChanged/Positive] job code 4711 became 9999; no row grants incident
    Revoke p-4 incident (incident > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-2 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-4 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    kept p-1 fulfiller: okta says DEPROVISIONED; fulfiller keeps its last 2 holders
    kept p-3 fulfiller: job code 4711 became 9999; no row grants fulfiller; fulfiller keeps its last 2 holders
    ");
    world.apply(&plan);
    assert_eq!(world.holders("fulfiller"), [1, 3], "whoever works here stays before whoever left");
    world.settle();
    assert_eq!(world.holders("fulfiller"), [1, 3]);
    world.wants(9, "4711", "fulfiller");
    world.pass();
    assert_eq!(world.holders("fulfiller"), [1, 3, 9], "the one who comes is there before one goes");
    world.settle();
    assert_eq!(world.holders("fulfiller"), [3, 9]);
    // A seat that is only being given is nobody's yet.
    world.wants(10, "4711", "fulfiller");
    let plan = world.decide();
    let grant = plan.steps.iter().find(|step| step.action == Action::Grant).unwrap().clone();
    let (person, pool) = (grant.person, grant.pool);
    world.happens(Event::Granting { person, pool, class: None, cause: grant.cause, basis: grant.basis, unit: None });
    assert_eq!(world.decide().kept.len(), 1);
}

#[test]
fn the_reader_finds_a_plan_that_takes_what_is_kept() {
    let mut world = staffed();
    world.leaves(1);
    let plan = world.decide();
    let faults = |world: &World| -> Vec<u8> {
        let faults = check(&plan, &world.desired, &world.ledger, &world.policy, world.now);
        faults.into_iter().map(|fault| fault.invariant).collect()
    };
    assert!(faults(&world).is_empty());
    world.policy.protected.insert(PersonId(1));
    assert_eq!(faults(&world), [11, 11], "the seat and its add-on");
    world.policy.protected.clear();
    world.pool("fulfiller").keep = 4;
    assert_eq!(faults(&world), [11]);
    world.pool("fulfiller").keep = 3;
    assert!(faults(&world).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, a protected person holds what they held, and a pool does not fall below what it keeps.
    #[test]
    fn whatever_happens_what_is_kept_is_kept(pools in catalog(), ops in ops(), who in 0..PEOPLE, keep in 0_u32..3) {
        let mut world = World::new(pools);
        world.policy.protected.insert(PersonId(who));
        for pool in world.policy.catalog.pools.values_mut() {
            pool.keep = keep;
        }
        for op in &ops {
            let before = world.ledger.clone();
            world.happen(op);
            for (person, pool) in before.holdings.keys().filter(|(person, _)| *person == PersonId(who)) {
                let rank = |pool| world.policy.catalog.pool(pool).map(|pool| pool.rank);
                let has = world.ledger.holding(*person, pool).is_some()
                    || world.ledger.of_person(*person).any(|(other, _)| rank(other) > rank(pool))
                    || before.holding(*person, pool).unwrap().state != seatwarden::seats::HoldState::Held
                    || world.policy.modes.get(pool) == Some(&PoolMode::Observe);
                prop_assert!(has, "{op:?} took {pool}");
            }
            for pool in world.policy.catalog.pools.keys() {
                let count = |ledger: &seatwarden::seats::Ledger| {
                    let held = ledger.holdings.iter().filter(|((_, of), holding)| {
                        of == pool && holding.state == seatwarden::seats::HoldState::Held
                    });
                    held.count()
                };
                let least = count(&before).min(keep as usize);
                prop_assert!(count(&world.ledger) >= least, "{op:?} left {} in {pool}", count(&world.ledger));
            }
        }
    }
}
