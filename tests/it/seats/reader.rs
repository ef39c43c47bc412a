//! The independent reader finds what is wrong with plans broken by hand.

use std::collections::BTreeSet;

use seatwarden::model::{Digest, Exemption, PersonId, PoolId, Reassign, Seats, UnitNo};
use seatwarden::rules::Standing;
use seatwarden::seats::{Action, Event, Evidence, Plan, PoolMode, Step, check, check_few};

use super::world::{World, brake, claim, days, desk, left, min_hold};

/// A full desk: 1 leaves, 2 is next, 3 has an add-on, 4 is in grace, 5 is frozen.
fn world() -> World {
    let mut world = World::new(desk(4));
    world.pool("fulfiller").grace = days(7);
    for person in [1, 3, 4, 5] {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.want(3).addons.insert("incident".into(), claim("majors"));
    world.settle();
    world.wants(2, "SD-12", "fulfiller");
    world.nothing(4, "FIN-3");
    world.settle();
    world.want(5).standing = Standing::Frozen { why: "two claims".into() };
    world.leaves(1);
    world
}

fn broken(world: &World, change: impl FnOnce(&mut Plan)) -> BTreeSet<u8> {
    let mut plan = world.decide();
    change(&mut plan);
    name_units(&mut plan, world);
    let faults = check(&plan, &world.desired, &world.ledger, &world.policy, world.now);
    // Without a look at those whom the plan does not touch, it finds the same.
    assert_eq!(check_few(&plan, &world.desired, &world.ledger, &world.policy, world.now), faults);
    for fault in &faults {
        assert!(!fault.text.contains('@') && !fault.text.is_empty(), "{}", fault.text);
    }
    faults.into_iter().map(|fault| fault.invariant).collect()
}

/// Names a seat for everybody who gains one, and none for others, so that a test is about what it breaks.
fn name_units(plan: &mut Plan, world: &World) {
    let gains: BTreeSet<(PersonId, PoolId)> =
        plan.steps.iter().filter_map(|step| Some((step.person, step.gains()?.clone()))).collect();
    plan.units.retain(|key, _| gains.contains(key));
    let lost: BTreeSet<(PersonId, PoolId)> =
        plan.steps.iter().filter_map(|step| Some((step.person, step.loses()?.clone()))).collect();
    for (person, pool) in gains {
        let holdings = world.ledger.holdings.iter().filter(|(key, _)| key.1 == pool && !lost.contains(key));
        let mut taken: BTreeSet<UnitNo> = holdings.map(|(_, holding)| holding.unit).collect();
        taken.extend(plan.units.iter().filter(|((_, id), _)| *id == pool).map(|(_, unit)| *unit));
        let free = (1..=10).map(UnitNo).find(|unit| !taken.contains(unit)).unwrap();
        plan.units.entry((person, pool)).or_insert(free);
    }
}

fn step_of(plan: &Plan, action: Action) -> Step {
    plan.steps.iter().find(|step| step.action == action).unwrap().clone()
}

fn revoke_of(plan: &Plan, person: u64, pool: &str) -> Step {
    let revoke = step_of(plan, Action::Revoke);
    let pool = Some(pool.into());
    Step { person: PersonId(person), pool: pool.clone().unwrap(), from: pool, ..revoke }
}

#[test]
fn the_good_plan_has_no_fault() {
    let plan = world().decide();
    let actions: Vec<(Action, u64)> = plan.steps.iter().map(|step| (step.action, step.person.0)).collect();
    assert_eq!(actions, [(Action::Revoke, 1), (Action::Grant, 2), (Action::HoldOff, 4)]);
}

#[test]
fn a_grant_into_a_full_pool() {
    assert_eq!(broken(&world(), |plan| plan.steps.retain(|step| step.action != Action::Revoke)), [1].into());
}

#[test]
fn a_grant_before_the_revocation_that_frees_its_seat() {
    assert_eq!(broken(&world(), |plan| plan.steps.swap(0, 1)), [1, 8].into());
}

#[test]
fn a_grant_that_relies_on_a_cooling_seat() {
    let world = world();
    let mut cold = self::world();
    cold.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::AbsenceCover]));
    let grant = step_of(&self::world().decide(), Action::Grant);
    assert_eq!(broken(&cold, |plan| plan.steps.insert(1, grant.clone())), [1].into());
    cold.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::Leaver]));
    assert_eq!(broken(&cold, |_| ()), [].into());
    // A seat called free before its time is no seat either, though a leaver had it, where the terms exempt nobody.
    cold.pool("fulfiller").min_hold = Some(min_hold(90, &[]));
    let cause = cold.decide().steps[0].cause.clone();
    cold.happens(Event::Revoking { person: PersonId(1), pool: "fulfiller".into(), cause });
    cold.happens(Event::Revoked {
        person: PersonId(1),
        pool: "fulfiller".into(),
        cooling_until: Some(world.now.plus(days(1))),
    });
    let cooled = Event::Cooled { person: PersonId(1), pool: "fulfiller".into() };
    assert_eq!(
        broken(&cold, |plan| {
            plan.notes.push(cooled);
            plan.steps.insert(0, grant);
        }),
        [1].into()
    );
}

#[test]
fn a_seat_that_is_not_theirs_to_get() {
    let unit = |plan: &mut Plan, number: u32| {
        plan.units.insert((PersonId(2), "fulfiller".into()), UnitNo(number));
    };
    assert_eq!(world().decide().units, [((PersonId(2), "fulfiller".into()), UnitNo(1))].into());
    assert_eq!(broken(&world(), |plan| unit(plan, 2)), [1].into(), "somebody has it");
    assert_eq!(broken(&world(), |plan| unit(plan, 5)), [1].into(), "it was not bought");
    let mut world = world();
    world.pool("fulfiller").reassign = Some(Reassign { at_most: 0, per: days(365) });
    let grant = step_of(&self::world().decide(), Action::Grant);
    assert!(world.decide().units.is_empty());
    assert_eq!(broken(&world, |plan| plan.steps.insert(1, grant)), [1].into(), "one change of hands too many");
    let mut unnamed = self::world().decide();
    unnamed.units.clear();
    let world = self::world();
    let faults = check(&unnamed, &world.desired, &world.ledger, &world.policy, world.now);
    assert_eq!(faults.iter().map(|fault| fault.invariant).collect::<Vec<_>>(), [1]);
    unnamed.units.insert((PersonId(2), "fulfiller".into()), UnitNo(1));
    unnamed.units.insert((PersonId(3), "incident".into()), UnitNo(2));
    let faults = check(&unnamed, &world.desired, &world.ledger, &world.policy, world.now);
    assert_eq!(faults.iter().map(|fault| fault.invariant).collect::<Vec<_>>(), [1], "a seat for nobody");
}

#[test]
fn two_seats_for_one_person() {
    assert_eq!(
        broken(&world(), |plan| {
            let grant = step_of(plan, Action::Grant);
            plan.steps.insert(2, grant);
        }),
        [1, 2, 5].into()
    );
    // A second tier for somebody who has one.
    assert_eq!(
        broken(&world(), |plan| {
            let grant = step_of(plan, Action::Grant);
            plan.steps.insert(2, Step { person: PersonId(3), pool: "approver".into(), ..grant });
        }),
        [2, 8].into()
    );
}

#[test]
fn an_add_on_without_its_base() {
    assert_eq!(
        broken(&world(), |plan| {
            let grant = step_of(plan, Action::Grant);
            plan.steps.insert(2, Step { person: PersonId(4), pool: "incident".into(), ..grant.clone() });
            plan.steps.insert(2, Step { person: PersonId(9), pool: "incident".into(), ..grant });
        }),
        [2, 8].into()
    );
}

#[test]
fn a_base_taken_from_under_its_add_on() {
    let mut world = world();
    world.leaves(3);
    assert_eq!(broken(&world, |plan| plan.steps.retain(|step| step.pool.as_str() != "incident")), [2].into());
    // And the base first.
    assert_eq!(
        broken(&world, |plan| {
            let addon = plan.steps.iter().position(|step| step.pool.as_str() == "incident").unwrap();
            let addon = plan.steps.remove(addon);
            plan.steps.insert(2, addon);
        }),
        [8].into()
    );
}

#[test]
fn a_seat_that_a_class_has_reserved() {
    let mut world = world();
    world.pool("fulfiller").reserve = [("on-call".into(), 1)].into();
    let grant = step_of(&self::world().decide(), Action::Grant);
    assert_eq!(broken(&world, |plan| plan.steps.insert(1, grant.clone())), [3].into());
    // Nor by a class that is not theirs.
    let grant = Step { class: Some("on-call".into()), ..grant };
    assert_eq!(broken(&world, |plan| plan.steps.insert(1, grant)), [3].into());
}

#[test]
fn a_seat_taken_without_proof() {
    let world = world();
    let loses = |person: u64| {
        broken(&world, |plan| {
            plan.steps.retain(|step| step.person != PersonId(person));
            plan.steps.insert(0, revoke_of(plan, person, "fulfiller"));
        })
    };
    assert_eq!(loses(3), [2, 4].into(), "the table gives it, and an add-on rests on it");
    assert_eq!(loses(4), [4].into(), "grace is not over");
    assert_eq!(loses(5), [4].into(), "frozen");
    let mut unknown = world.clone();
    unknown.desired.remove(&PersonId(3));
    assert_eq!(broken(&unknown, |plan| plan.steps.insert(0, revoke_of(plan, 3, "incident"))), [4].into());
    let mut missing = world.clone();
    missing.want(1).standing = left(true, false);
    assert_eq!(
        broken(&missing, |plan| {
            let mut step = plan.held[0].steps[0].clone();
            plan.held.clear();
            plan.steps.insert(0, step.clone());
            step.cause.evidence = Evidence::Positive;
        }),
        [4].into(),
        "not accepted"
    );
    let mut add_only = world.clone();
    add_only.policy.modes.insert("fulfiller".into(), PoolMode::AddOnly);
    let revoke = step_of(&world.decide(), Action::Revoke);
    assert_eq!(broken(&add_only, |plan| plan.steps.insert(0, revoke.clone())), [4].into());
    let mut rebuilt = world.clone();
    rebuilt.policy.may_revoke = false;
    assert_eq!(broken(&rebuilt, |plan| plan.steps.insert(0, revoke)), [4].into());
    assert_eq!(broken(&world, |plan| plan.steps[0].cause.evidence = Evidence::Absence), [4].into(), "false evidence");
}

#[test]
fn a_seat_that_is_not_held_is_not_taken() {
    assert_eq!(broken(&world(), |plan| plan.steps.insert(0, revoke_of(plan, 1, "approver"))), [2, 4].into());
}

#[test]
fn a_seat_given_without_a_row() {
    let world = world();
    let gives = |change: &dyn Fn(&mut Step)| {
        broken(&world, |plan| {
            let grant = plan.steps.iter_mut().find(|step| step.action == Action::Grant).unwrap();
            change(grant);
        })
    };
    assert_eq!(gives(&|step| step.pool = "approver".into()), [8].into());
    assert_eq!(gives(&|step| step.person = PersonId(77)), [8].into());
    assert_eq!(gives(&|step| step.cause.rule = None), [8].into());
    assert_eq!(gives(&|step| step.cause.rule = Some("another".into())), [8].into());
    assert_eq!(gives(&|step| step.cause.text = " ".into()), [8].into());
    assert_eq!(gives(&|step| step.due_at = Some(world.now)), [8].into());
    assert_eq!(gives(&|step| step.pool = "requester".into()), [2, 8].into());
}

#[test]
fn a_delay_without_a_time() {
    let holds = |change: &dyn Fn(&mut Step)| broken(&world(), |plan| change(plan.steps.last_mut().unwrap()));
    assert_eq!(holds(&|step| step.due_at = None), [8].into());
    assert_eq!(holds(&|step| step.due_at = Some(world().now)), [8].into());
}

#[test]
fn a_note_that_stands_for_a_step() {
    let revoked = Event::Revoked { person: PersonId(3), pool: "fulfiller".into(), cooling_until: None };
    assert_eq!(broken(&world(), |plan| plan.notes.push(revoked)), [8].into());
    let stays = Event::Stays { person: PersonId(2), pool: "fulfiller".into() };
    assert_eq!(broken(&world(), |plan| plan.notes.push(stays)), [2].into());
}

fn held() -> World {
    let mut world = World::new(desk(20));
    for person in 1..=20 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.settle();
    world.policy.brakes.revoke = brake(5);
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    world
}

#[test]
fn a_held_plan_that_is_made() {
    let world = held();
    assert_eq!(broken(&world, |plan| plan.steps.push(plan.held[0].steps[0].clone())), [7].into());
    assert_eq!(broken(&world, |plan| plan.steps = std::mem::take(&mut plan.held)[0].steps.clone()), [7].into());
}

#[test]
fn a_release_that_nobody_approved() {
    let mut world = held();
    let release = |plan: &mut Plan| {
        let held = std::mem::take(&mut plan.held);
        plan.steps.clone_from(&held[0].steps);
        plan.released.push(held[0].digest.clone());
    };
    assert_eq!(broken(&world, release), [7].into());
    assert_eq!(broken(&world, |plan| plan.released.push(Digest::new("sha256:0"))), [7].into());
    let digest = world.decide().held[0].digest.clone();
    world.approve(&digest, "ann@acme.example");
    assert_eq!(broken(&world, |_| ()), [].into());
    assert_eq!(broken(&world, |plan| plan.steps.truncate(9)), [7].into(), "released by halves");
    assert_eq!(broken(&world, |plan| plan.released.push(digest.clone())), [7].into(), "released twice");
    let late = World { now: world.now.plus(days(3)), ..world.clone() };
    let plan = world.decide();
    assert_eq!(broken(&late, |late| *late = plan), [7].into(), "too late");
}

#[test]
fn a_plan_for_a_smaller_catalog() {
    let world = world();
    let plan = world.decide();
    let mut smaller = world.clone();
    smaller.pool("fulfiller").seats = Seats::Bought(3);
    assert_eq!(broken(&smaller, |other| *other = plan), [1].into());
}
