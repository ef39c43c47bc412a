//! Brakes and what people do with held plans.

use insta::assert_snapshot;
use seatwarden::model::{Attribute, Digest, PersonId};
use seatwarden::seats::{
    Action, Event, Limit, Plan, PoolMode, Reason, Refusal, Spans, approve, decide, plan_digest, reject, scope,
};

use super::world::{World, brake, claim, days, desk, left, print};

/// A desk with so many holders of fulfiller, and brakes as in the contract's example.
fn staffed(count: u64) -> World {
    let mut world = World::new(desk(120));
    for person in 1..=count {
        world.wants(person, "4711", "fulfiller");
    }
    world.settle();
    world.policy.brakes.revoke = brake(5);
    world.policy.brakes.revoke.per_pass = Limit { count: None, percent: Some(5.0) };
    world.policy.brakes.rules_edit = brake(5);
    world.policy.brakes.grant = brake(20);
    world
}

fn only_digest(plan: &Plan) -> Digest {
    assert_eq!(plan.held.len(), 1, "{}", print(plan));
    plan.held[0].digest.clone()
}

#[test]
fn an_edited_table_is_held_and_leavers_go() {
    let mut world = staffed(50);
    for person in 1..=41 {
        world.nothing(person, "4711");
    }
    for person in 38..=41 {
        world.nothing(person, "4712");
    }
    for person in 42..=43 {
        world.leaves(person);
    }
    let plan = world.decide();
    world.apply(&plan);
    assert_snapshot!(print(&plan), @r"
    Revoke p-42 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-43 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    held revoke.per_pass in fulfiller: 6 over 5, 4 steps; 4 of 6 come from job code 4711 leaving row fulfillers (now 4712); 2 of 6 who left pass all the same
    held rules_edit.per_pass in fulfiller: 37 over 5, 37 steps; 37 of 37 come from job code 4711 leaving row fulfillers
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    note: rules_edit.per_pass is held until 2026-11-05T08:00:00Z
    ");
    assert_eq!(world.holders("fulfiller").len(), 48);
    // Held again and again, word for word, without a note.
    world.later(days(1));
    assert_eq!(world.decide().held, plan.held);
    assert_snapshot!(world.pass(), @r"
    held revoke.per_pass in fulfiller: 6 over 5, 4 steps; 4 of 6 come from job code 4711 leaving row fulfillers (now 4712); 2 of 6 who left pass all the same
    held rules_edit.per_pass in fulfiller: 37 over 5, 37 steps; 37 of 37 come from job code 4711 leaving row fulfillers
    ");
}

#[test]
fn up_to_at_least_nothing_trips_and_above_it_the_larger_of_both_counts() {
    for (count, leaving, trips) in [(20, 5, false), (20, 6, true), (120, 6, false), (120, 7, true)] {
        let mut world = staffed(count);
        for person in 1..=leaving {
            world.leaves(person);
        }
        let plan = world.decide();
        assert_eq!(plan.held.len(), usize::from(trips), "{leaving} of {count}");
        assert_eq!(plan.steps.is_empty(), trips);
        if trips {
            assert_eq!((plan.held[0].limit, plan.held[0].wanted), ((count / 20).max(5), leaving));
        }
    }
}

#[test]
fn a_mass_change_of_job_codes_is_held_with_its_numbers() {
    let mut world = staffed(120);
    for person in 1..=37 {
        world.nothing(person, "9999");
    }
    for person in 38..=40 {
        world.leaves(person);
    }
    world.nothing(41, "4711");
    world.want(41).basis.facts.insert(Attribute::Department, "HR".into());
    assert_snapshot!(world.pass(), @r"
    Revoke p-38 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-39 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-40 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    held revoke.per_pass in fulfiller: 41 over 6, 38 steps; 37 of 41 come from job code 4711 leaving row fulfillers (now 9999); 1 of 41 come from job code 4711 leaving row fulfillers; 3 of 41 who left pass all the same
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
    assert_eq!(world.holders("fulfiller").len(), 117);
}

#[test]
fn the_first_big_fill_is_held_and_approved_once() {
    let mut world = World::new(desk(120));
    world.policy.brakes.grant = brake(20);
    for person in 1..=30 {
        world.wants(person, "4711", "fulfiller");
    }
    let plan = world.decide();
    world.apply(&plan);
    assert_eq!((plan.steps.len(), plan.waiting.len()), (0, 0));
    assert_eq!(plan.held[0].text, "30 of 30 come from row fulfillers giving fulfiller");
    assert!(world.ledger.queues().is_empty(), "they wait for an approval, not for a seat");
    let digest = only_digest(&plan);
    world.later(days(1));
    world.approve(&digest, "ann@acme.example");
    let released = world.decide();
    assert_eq!(released.released, std::slice::from_ref(&digest));
    assert_eq!((released.steps.len(), released.held.len()), (30, 0));
    world.apply(&released);
    assert_eq!(world.holders("fulfiller").len(), 30);
    assert_eq!(world.ledger.held.len(), 0);
    assert_eq!(
        approve(&world.ledger, &world.policy.brakes, &digest, "bo@acme.example", "", world.now),
        Err(Refusal::Unknown(digest)),
        "used up"
    );
    assert_snapshot!(world.pass(), @"");
}

#[test]
fn the_first_fill_of_a_full_pool_leaves_the_rest_waiting() {
    let mut world = World::new(desk(25));
    world.policy.brakes.grant = brake(20);
    for person in 1..=30 {
        world.wants(person, "4711", "fulfiller");
    }
    let first = world.decide();
    world.apply(&first);
    assert_eq!((first.steps.len(), first.held[0].wanted, first.waiting.len()), (0, 25, 5));
    world.later(days(1));
    let again = world.decide();
    assert_eq!(first.held, again.held, "places in the queue are kept while the plan is held");
    world.approve(&only_digest(&again), "ann@acme.example");
    world.pass();
    assert_eq!((world.holders("fulfiller").len(), world.waiters("fulfiller").len()), (25, 5));
}

#[test]
fn two_approvers_are_two_people() {
    let mut world = staffed(50);
    world.policy.brakes.approvers = 2;
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let digest = only_digest(&world.decide());
    world.approve(&digest, "ann@acme.example");
    assert_eq!(
        approve(&world.ledger, &world.policy.brakes, &digest, " ann@acme.example ", "", world.now),
        Err(Refusal::Twice { by: "ann@acme.example".into() })
    );
    assert_eq!(approve(&world.ledger, &world.policy.brakes, &digest, " ", "", world.now), Err(Refusal::Nameless));
    assert_snapshot!(world.pass(), @r"
    held revoke.per_pass in fulfiller: 10 over 5, 10 steps; 10 of 10 come from people of whom okta says DEPROVISIONED
    ");
    world.approve(&digest, "bo@acme.example");
    assert_eq!(
        approve(&world.ledger, &world.policy.brakes, &digest, "cy@acme.example", "", world.now),
        Err(Refusal::Enough { digest: digest.clone(), approvals: 2 })
    );
    world.pass();
    assert_eq!(world.holders("fulfiller").len(), 40);
}

#[test]
fn a_rejected_plan_stays_held_and_loses_its_approvals() {
    let mut world = staffed(50);
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let digest = only_digest(&world.decide());
    world.approve(&digest, "ann@acme.example");
    let event = reject(&world.ledger, &digest, "bo@acme.example", "the export is broken", world.now).unwrap();
    world.happens(event);
    assert_snapshot!(world.pass(), @r"
    held revoke.per_pass in fulfiller: 10 over 5, 10 steps; 10 of 10 come from people of whom okta says DEPROVISIONED
    ");
    assert_eq!(
        reject(&world.ledger, &digest, "bo@acme.example", "again", world.now),
        Err(Refusal::RejectedBefore { by: "bo@acme.example".into() })
    );
    world.approve(&digest, "ann@acme.example");
    assert_eq!(world.decide().released, [digest]);
}

#[test]
fn an_approval_expires_and_the_plan_is_held_anew() {
    let mut world = staffed(50);
    world.policy.brakes.approvers = 2;
    for person in 1..=10 {
        world.leaves(person);
    }
    let begun = world.now;
    world.pass();
    let digest = only_digest(&world.decide());
    world.approve(&digest, "ann@acme.example");
    world.later(days(3));
    let refused = approve(&world.ledger, &world.policy.brakes, &digest, "bo@acme.example", "", world.now);
    assert_eq!(refused, Err(Refusal::Expired { digest: digest.clone(), expired_at: begun.plus(days(3)) }));
    let plan = world.decide();
    assert_snapshot!(print(&plan), @r"
    held revoke.per_pass in fulfiller: 10 over 5, 10 steps; 10 of 10 come from people of whom okta says DEPROVISIONED
    note: a hold ended: Expired
    note: revoke.per_pass is held until 2026-11-08T08:00:00Z
    ");
    world.apply(&plan);
    assert_eq!(only_digest(&plan), digest, "the same facts have the same digest");
    world.approve(&digest, "bo@acme.example");
    assert!(world.decide().released.is_empty(), "the first approval is gone");
}

#[test]
fn a_plan_whose_facts_move_asks_again() {
    let mut world = staffed(50);
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let digest = only_digest(&world.decide());
    world.approve(&digest, "ann@acme.example");
    world.leaves(11);
    assert_snapshot!(world.pass(), @r"
    held revoke.per_pass in fulfiller: 11 over 5, 11 steps; 11 of 11 come from people of whom okta says DEPROVISIONED
    note: a hold ended: Outdated
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
    assert_ne!(only_digest(&world.decide()), digest);
    // Most of them come back: what is left passes.
    for person in 1..=8 {
        world.wants(person, "4711", "fulfiller");
    }
    assert_snapshot!(world.pass(), @r"
    Revoke p-9 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-10 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-11 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    note: a hold ended: Outdated
    ");
}

#[test]
fn what_is_held_stays_held_when_its_limit_grows_over_it() {
    let mut world = staffed(20);
    for person in 1..=6 {
        world.leaves(person);
    }
    world.pass();
    for person in 100..=250 {
        world.wants(person, "4711", "fulfiller");
    }
    world.policy.brakes.grant = brake(1_000);
    world.pass();
    assert_eq!(world.ledger.holdings.len(), 120);
    assert_snapshot!(world.decide().held[0].text, @"6 of 6 come from people of whom okta says DEPROVISIONED");
}

#[test]
fn the_slow_bleed_of_a_day_is_held() {
    let mut world = staffed(50);
    world.policy.brakes.revoke.per_day = Some(Limit { count: None, percent: Some(10.0) });
    let spans = Spans { hour: 1, day: 3, week: 3 };
    world.policy.lately.taken.insert(("fulfiller".into(), Some(Reason::Left)), spans);
    world.leaves(1);
    world.leaves(2);
    assert_eq!(world.decide().held, []);
    world.leaves(3);
    assert_snapshot!(print(&world.decide()), @r"
    held revoke.per_day in fulfiller: 3 over 2, 3 steps; 3 of 3 come from people of whom okta says DEPROVISIONED
    note: revoke.per_day is held until 2026-11-05T08:00:00Z
    ");
    // A new day does not release what nobody has looked at.
    world.pass();
    world.policy.lately.taken.clear();
    world.later(days(1));
    assert_eq!(world.decide().steps, []);
}

#[test]
fn held_losers_free_nothing_and_the_queue_waits() {
    let mut world = staffed(120);
    world.wants(200, "4711", "fulfiller");
    world.pass();
    for person in 1..=10 {
        world.leaves(person);
    }
    let plan = world.decide();
    world.apply(&plan);
    assert_eq!(plan.steps, []);
    assert_eq!(world.waiters("fulfiller"), [200]);
    world.approve(&only_digest(&plan), "ann@acme.example");
    world.pass();
    assert!(world.holders("fulfiller").contains(&200));
}

#[test]
fn the_add_on_goes_with_its_base_in_one_held_plan() {
    let mut world = staffed(50);
    for person in 1..=5 {
        world.want(person).addons.insert("incident".into(), claim("majors"));
    }
    world.settle();
    for person in 1..=10 {
        world.wants(person, "9999", "approver");
        if person <= 5 {
            world.want(person).addons.insert("incident".into(), claim("majors"));
        }
    }
    let plan = world.decide();
    world.apply(&plan);
    assert_snapshot!(print(&plan), @r"
    held revoke.per_pass in fulfiller: 10 over 5, 15 steps; 10 of 10 come from job code 4711 leaving row fulfillers (now 9999)
    note: p-1 has incident by majors
    note: p-2 has incident by majors
    note: p-3 has incident by majors
    note: p-4 has incident by majors
    note: p-5 has incident by majors
    note: p-1 begins to wait for approver
    note: p-2 begins to wait for approver
    note: p-3 begins to wait for approver
    note: p-4 begins to wait for approver
    note: p-5 begins to wait for approver
    note: p-6 begins to wait for approver
    note: p-7 begins to wait for approver
    note: p-8 begins to wait for approver
    note: p-9 begins to wait for approver
    note: p-10 begins to wait for approver
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
    world.approve(&only_digest(&plan), "ann@acme.example");
    world.pass();
    assert_eq!((world.holders("incident").len(), world.holders("approver").len()), (0, 10));
}

#[test]
fn a_base_stays_while_its_add_on_is_held() {
    let mut world = staffed(50);
    world.pool("incident").seats = seatwarden::model::Seats::Bought(30);
    for person in 1..=6 {
        world.want(person).addons.insert("incident".into(), claim("majors"));
    }
    world.settle();
    world.policy.brakes.revoke.at_least = 3;
    world.policy.brakes.revoke.per_pass = Limit { count: None, percent: Some(12.0) };
    for person in 1..=6 {
        world.leaves(person);
    }
    let plan = world.decide();
    world.apply(&plan);
    assert_snapshot!(print(&plan), @r"
    held revoke.per_pass in incident: 6 over 3, 12 steps; 6 of 6 come from people of whom okta says DEPROVISIONED
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
    world.approve(&only_digest(&plan), "ann@acme.example");
    world.pass();
    assert_eq!((world.holders("incident").len(), world.holders("fulfiller").len()), (0, 44));
}

#[test]
fn an_approval_is_not_used_up_where_nothing_would_be_done() {
    let mut world = staffed(50);
    world.policy.modes.insert("fulfiller".into(), PoolMode::Observe);
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let digest = only_digest(&world.decide());
    world.approve(&digest, "ann@acme.example");
    assert_eq!(world.decide().released, []);
    world.policy.modes.clear();
    assert_eq!(world.decide().released, [digest]);
}

#[test]
fn a_pass_that_knows_only_some_of_the_held_people_lets_none_of_them_go() {
    let mut world = staffed(50);
    for person in 1..=10 {
        world.leaves(person);
    }
    world.pass();
    let mut few = world.clone();
    few.desired.retain(|person, _| person.0 <= 3);
    let plan = few.decide();
    assert_eq!(plan.steps, []);
    assert_eq!(plan.held, world.decide().held);
    // With everybody whom it has to look at, it plans the same.
    let scope = scope(&world.ledger, &[PersonId(1)].into());
    assert_eq!(scope.len(), 10);
    few.desired = world.desired.clone();
    few.desired.retain(|person, _| scope.contains(person));
    assert_eq!(few.decide(), world.decide());
}

#[test]
fn a_suspect_absence_can_be_approved() {
    let mut world = staffed(50);
    world.want(1).standing = left(true, false);
    world.pass();
    world.approve(&only_digest(&world.decide()), "ann@acme.example");
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Absent/Absence] okta no longer shows the person (DEPROVISIONED)
    note: a hold ended: Released
    ");
}

#[test]
fn the_digest_of_a_plan_leaves_times_out_and_nothing_else() {
    let mut world = staffed(3);
    world.pool("fulfiller").grace = days(7);
    world.nothing(1, "FIN-3");
    let plan = decide(&world.desired, &world.ledger, &world.policy, world.now);
    let later = decide(&world.desired, &world.ledger, &world.policy, world.now.plus(days(1)));
    let digest = plan_digest(&plan, &world.policy);
    assert_eq!(plan_digest(&later, &world.policy), digest);
    assert!(digest.as_str().starts_with("sha256:") && digest.as_str().len() == 71);
    world.policy.rules_digest = Digest::new("sha256:other");
    assert_ne!(plan_digest(&plan, &world.policy), digest);
    let mut other = plan.clone();
    other.steps[0].person = PersonId(2);
    assert_ne!(plan_digest(&other, &world.policy), plan_digest(&plan, &world.policy));
    assert_eq!(plan.steps[0].action, Action::HoldOff);
}

#[test]
fn a_hold_without_a_row_of_its_own_is_told_once() {
    let mut world = staffed(50);
    for person in 1..=10 {
        world.leaves(person);
    }
    let plan = world.decide();
    let held: Vec<&Event> = plan.notes.iter().filter(|note| matches!(note, Event::Held(_))).collect();
    assert_eq!(held.len(), 1);
    world.apply(&plan);
    assert_eq!(world.decide().notes, []);
}

#[test]
fn leavers_go_while_a_mass_move_is_held_and_the_approval_survives_them() {
    let mut world = staffed(120);
    for person in 1..=37 {
        world.nothing(person, "9999");
    }
    let plan = world.decide();
    world.apply(&plan);
    let digest = only_digest(&plan);
    world.policy.brakes.approvers = 2;
    world.approve(&digest, "ann@acme.example");
    for person in 50..=55 {
        world.leaves(person);
        assert_eq!(only_digest(&world.decide()), digest);
        world.pass();
    }
    assert_eq!(world.holders("fulfiller").len(), 114);
    world.approve(&digest, "bo@acme.example");
    world.pass();
    assert_eq!(world.holders("fulfiller").len(), 77);
    // More leavers than the limit are held, too.
    for person in 60..=66 {
        world.leaves(person);
    }
    assert_snapshot!(world.pass(), @r"
    held revoke.per_pass in fulfiller: 7 over 5, 7 steps; 7 of 7 come from people of whom okta says DEPROVISIONED
    note: revoke.per_pass is held until 2026-11-05T08:00:00Z
    ");
}

#[test]
fn a_plan_tells_of_each_person_and_in_numbers() {
    let mut world = staffed(120);
    world.wants(200, "4711", "fulfiller");
    world.settle();
    for person in 1..=9 {
        world.nothing(person, "9999");
    }
    world.leaves(20);
    let plan = world.decide();
    let summary = plan.summary();
    assert_eq!((summary.grant, summary.revoke, summary.moves, summary.wait), (1, 1, 0, 0));
    assert_eq!((summary.hold, summary.keep), (9, 119));
    assert_eq!(plan.steps_of(PersonId(200)).map(|step| step.action).collect::<Vec<_>>(), [Action::Grant]);
    assert_eq!(plan.held_for(PersonId(3)).map(|(held, _)| held.wanted).collect::<Vec<_>>(), [10]);
    assert_eq!(plan.waits_of(PersonId(3)).count(), 0);
    assert!(plan.changes_seats());
}
