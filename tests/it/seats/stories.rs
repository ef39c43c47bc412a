//! Examples, one per promise: who gets a seat, who keeps it, who loses it, and what the plan says.

use insta::assert_snapshot;
use seatwarden::model::{Attribute, Exemption, PersonId, Pool, PoolId, Seats, Time};
use seatwarden::rules::Standing;
use seatwarden::seats::{Cause, Event, Evidence, PoolMode, Reason, next_due};

use super::world::{World, addon, claim, claim_until, days, desk, left, min_hold, no_want, print, tier, want};

#[test]
fn a_hire_gets_a_seat_and_the_next_waits_until_one_is_free() {
    let mut world = World::new(desk(1));
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (pool_full)
    note: p-2 begins to wait for fulfiller
    ");
    assert_snapshot!(world.pass(), @"waits #1 p-2 fulfiller (pool_full)");
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Grant p-2 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    ");
    assert_eq!(world.holders("fulfiller"), [2]);
    assert_snapshot!(world.pass(), @"");
}

#[test]
fn people_of_whom_nothing_is_known_keep_everything() {
    let mut world = World::new(desk(1));
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "SD-12", "fulfiller");
    world.pass();
    world.desired.clear();
    assert_snapshot!(world.pass(), @"waits #1 p-2 fulfiller (on_hold)");
    assert_eq!(world.holders("fulfiller"), [1]);
}

#[test]
fn a_conflict_freezes_seat_and_place_in_the_queue() {
    let mut world = World::new(desk(2));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "SD-12", "fulfiller");
    world.wants(3, "SD-12", "fulfiller");
    world.pass();
    for person in [1, 3] {
        world.nothing(person, "FIN-3");
        world.want(person).standing = Standing::Frozen { why: "two claims on 104233".into() };
    }
    world.leaves(2);
    world.later(days(30));
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    waits #1 p-3 fulfiller (on_hold)
    ");
    assert_eq!(world.holders("fulfiller"), [1]);
}

#[test]
fn whoever_has_not_started_holds_nothing() {
    let mut world = World::new(desk(2));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    for person in [1, 2] {
        world.wants(person, "SD-12", "fulfiller");
        world.want(person).standing = Standing::PreStart;
    }
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [NotStarted/Positive] the person has not started
    ");
}

#[test]
fn a_leaver_loses_every_seat_at_once_and_the_add_on_first() {
    let mut world = World::new(desk(2));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.want(1).addons.insert("incident".into(), claim("majors"));
    world.pass();
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 incident (incident > -) [Left/Positive] okta says DEPROVISIONED
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    ");
}

#[test]
fn an_absence_that_is_not_accepted_is_held_and_other_leavers_go() {
    let mut world = World::new(desk(3));
    for person in 1..=3 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world.ledger.accepted.insert("okta".into(), 40);
    world.want(1).standing = left(true, false);
    world.want(2).standing = left(true, true);
    world.leaves(3);
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 fulfiller (fulfiller > -) [Absent/Absence] okta no longer shows the person (DEPROVISIONED)
    Revoke p-3 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    held feed_shrink in fulfiller: 1 over 2, 1 steps; more accounts are missing than the 2 that may go at once; 1 of 1 come from people whom okta no longer shows
    note: feed_shrink is held until 2026-11-05T08:00:00Z
    ");
    assert_eq!(world.holders("fulfiller"), [1]);
    // The feed is accepted after all, and nobody has to approve any more.
    world.want(1).standing = left(true, true);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Absent/Absence] okta no longer shows the person (DEPROVISIONED)
    note: a hold ended: Outdated
    ");
}

#[test]
fn a_suspended_person_keeps_the_seat_through_grace_or_as_long_as_it_lasts() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "AP-1", "approver");
    world.pass();
    for person in [1, 2] {
        world.want(person).standing = Standing::Suspended { word: "SUSPENDED".into() };
    }
    // Nothing is gained either.
    world.want(2).tier = Some(("fulfiller".into(), claim("fulfillers")));
    assert_snapshot!(world.pass(), @r"
    HoldOff p-1 fulfiller (fulfiller > requester) at 2026-11-09T08:00:00Z [Suspended/Positive] the provider says SUSPENDED; seats are kept through grace
    note: p-1 leaves fulfiller at 2026-11-09T08:00:00Z
    ");
    world.later(days(7));
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [Suspended/Positive] the provider says SUSPENDED; seats are kept through grace
    ");
    assert_eq!(world.holders("approver"), [2]);
}

#[test]
fn a_mover_keeps_the_seat_through_grace() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.nothing(1, "FIN-3");
    assert_snapshot!(world.pass(), @r"
    HoldOff p-1 fulfiller (fulfiller > requester) at 2026-11-09T08:00:00Z [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    note: p-1 leaves fulfiller at 2026-11-09T08:00:00Z
    ");
    world.later(days(6));
    assert_snapshot!(world.pass(), @r"
    HoldOff p-1 fulfiller (fulfiller > requester) at 2026-11-09T08:00:00Z [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    ");
    assert_eq!(next_due(&world.ledger, world.now), Some(world.now.plus(days(1))));
    world.later(days(1));
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    ");
}

#[test]
fn a_mover_who_comes_back_within_grace_stays() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").grace = days(7);
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.nothing(1, "FIN-3");
    world.pass();
    world.later(days(6));
    world.wants(1, "SD-14", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    note: p-1 stays in fulfiller
    note: p-1 has fulfiller by fulfillers
    ");
    world.later(days(6));
    assert_snapshot!(world.pass(), @"");
}

#[test]
fn a_mover_to_a_lower_tier_moves_when_grace_is_over() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").grace = days(2);
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.wants(1, "AP-1", "approver");
    assert_snapshot!(world.pass(), @r"
    HoldOff p-1 fulfiller (fulfiller > approver) at 2026-11-04T08:00:00Z [JobCodeChanged/Positive] job code SD-12 became AP-1; row approvers gives approver
    note: p-1 leaves fulfiller at 2026-11-04T08:00:00Z
    ");
    world.later(days(2));
    assert_snapshot!(world.pass(), @r"
    Move p-1 approver (fulfiller > approver) [JobCodeChanged/Positive] job code SD-12 became AP-1; row approvers gives approver
    ");
    assert_eq!(world.holders("approver"), [1]);
}

#[test]
fn a_rise_is_made_at_once_and_a_full_pool_keeps_the_old_seat_until_its_grace_ends() {
    let mut world = World::new(desk(1));
    world.pool("approver").grace = days(2);
    world.wants(1, "AP-1", "approver");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Move p-1 fulfiller (approver > fulfiller) [JobCodeChanged/Positive] job code AP-1 became SD-12; row fulfillers gives fulfiller
    HoldOff p-2 approver (approver > fulfiller) at 2026-11-04T08:00:00Z [JobCodeChanged/Positive] job code AP-1 became SD-12; row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (pool_full)
    note: p-2 leaves approver at 2026-11-04T08:00:00Z
    note: p-2 begins to wait for fulfiller
    ");
    world.later(days(2));
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 approver (approver > requester) [JobCodeChanged/Positive] job code AP-1 became SD-12; row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (pool_full)
    ");
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Grant p-2 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    ");
}

#[test]
fn an_end_by_date_has_no_grace() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").grace = days(7);
    for (person, rule) in [(1, "exception:ann@acme.example"), (2, "project")] {
        world.set(person, want(person, "FIN-3", "fulfiller"));
        let until = jiff::civil::date(2026, 11, 5);
        world.want(person).tier = Some(("fulfiller".into(), claim_until(rule, until)));
    }
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Exception/Exception] exception:ann@acme.example gives fulfiller
    Grant p-2 fulfiller (requester > fulfiller) [Rule/Rule] row project gives fulfiller
    ");
    world.later(days(3));
    assert_snapshot!(world.pass(), @"");
    world.later(days(1));
    world.nothing(1, "FIN-3");
    world.nothing(2, "FIN-3");
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [Expired/Expiry] exception:ann@acme.example gave fulfiller until 2026-11-05
    Revoke p-2 fulfiller (fulfiller > requester) [Expired/Expiry] row project gave fulfiller until 2026-11-05
    ");
}

#[test]
fn the_reason_tells_a_person_who_changed_from_a_table_that_did() {
    let mut world = World::new(desk(9));
    for person in 1..=4 {
        world.wants(person, "SD-12", "fulfiller");
        world.want(person).basis.facts.insert(Attribute::Department, "IT".into());
    }
    world.pass();
    world.wants(1, "AP-1", "approver");
    world.nothing(2, "SD-12");
    world.want(2).basis.facts.insert(Attribute::Department, "HR".into());
    world.nothing(3, "SD-12");
    world.nothing(4, "SD-12");
    world.want(4).rule = Some("exception:dee@acme.example".into());
    world.want(4).free_tier = None;
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 fulfiller (fulfiller > requester) [AttributeChanged/Positive] department IT became HR; no row grants fulfiller
    Revoke p-3 fulfiller (fulfiller > requester) [RulesChanged/Rule] row fulfillers no longer grants fulfiller
    Revoke p-4 fulfiller (fulfiller > -) [Exception/Exception] row fulfillers no longer grants fulfiller; exception:dee@acme.example gives no tier
    Move p-1 approver (fulfiller > approver) [JobCodeChanged/Positive] job code SD-12 became AP-1; row approvers gives approver
    ");
}

#[test]
fn another_row_for_the_same_seat_is_noted_once() {
    let mut world = World::new(desk(3));
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.want(1).tier = Some(("fulfiller".into(), claim("desk-leads")));
    world.want(1).class = Some("on-call".into());
    assert_snapshot!(world.pass(), @"note: p-1 has fulfiller by desk-leads");
    assert_snapshot!(world.pass(), @"");
}

fn three_tiers() -> Vec<Pool> {
    let fulfiller = Pool { fallback: Some("approver".into()), ..tier("fulfiller", 20, Some(1)) };
    let approver = Pool { fallback: Some("requester".into()), ..tier("approver", 10, Some(1)) };
    vec![tier("requester", 0, None), approver, fulfiller]
}

#[test]
fn whoever_waits_gets_the_fallback_and_rises_when_it_is_their_turn() {
    let mut world = World::new(three_tiers());
    for person in 1..=3 {
        world.wants(person, "SD-12", "fulfiller");
    }
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    Grant p-2 approver (requester > approver) [Fallback/Rule] row fulfillers gives fulfiller, which has no seat free; approver meanwhile
    waits #1 p-3 approver (pool_full)
    waits #1 p-2 fulfiller (pool_full)
    waits #2 p-3 fulfiller (pool_full)
    note: p-2 begins to wait for fulfiller
    note: p-3 begins to wait for approver
    note: p-3 begins to wait for fulfiller
    ");
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Move p-2 fulfiller (approver > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    Grant p-3 approver (requester > approver) [Fallback/Rule] row fulfillers gives fulfiller, which has no seat free; approver meanwhile
    waits #1 p-3 fulfiller (pool_full)
    ");
    assert_eq!((world.holders("fulfiller"), world.holders("approver")), (vec![2], vec![3]));
}

#[test]
fn two_people_can_swap_tiers_in_full_pools() {
    let mut world = World::new(three_tiers());
    world.pool("approver").fallback = None;
    world.pool("fulfiller").fallback = None;
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.wants(1, "AP-1", "approver");
    world.wants(2, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 approver (approver > fulfiller) [JobCodeChanged/Positive] job code AP-1 became SD-12; row fulfillers gives fulfiller
    Revoke p-1 fulfiller (fulfiller > approver) [JobCodeChanged/Positive] job code SD-12 became AP-1; row approvers gives approver
    Grant p-2 fulfiller (- > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    Grant p-1 approver (- > approver) [Rule/Rule] row approvers gives approver
    ");
    assert_eq!((world.holders("fulfiller"), world.holders("approver")), (vec![2], vec![1]));
}

#[test]
fn seats_go_by_time_of_waiting_then_by_order_key() {
    let mut world = World::new(desk(0));
    world.wants(7, "SD-12", "fulfiller");
    world.pass();
    world.later(days(1));
    world.wants(2, "SD-12", "fulfiller");
    world.wants(3, "SD-12", "fulfiller");
    world.want(2).order_key = "900".into();
    world.pass();
    assert_eq!(world.waiters("fulfiller"), [7, 3, 2]);
    world.pool("fulfiller").seats = Seats::Bought(2);
    assert_snapshot!(world.pass(), @r"
    Grant p-7 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    Grant p-3 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-03T08:00:00Z and is next
    waits #1 p-2 fulfiller (pool_full)
    ");
}

#[test]
fn a_floor_is_kept_for_its_class() {
    let mut world = World::new(desk(3));
    world.pool("fulfiller").reserve = [("on-call".into(), 2)].into();
    for person in 1..=3 {
        world.wants(person, "SD-12", "fulfiller");
    }
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (reserved)
    waits #2 p-3 fulfiller (reserved)
    note: p-2 begins to wait for fulfiller
    note: p-3 begins to wait for fulfiller
    ");
    world.later(days(1));
    // The class comes last and is served first, but only as far as there are seats.
    for person in 4..=6 {
        world.wants(person, "SD-99", "fulfiller");
        world.want(person).class = Some("on-call".into());
    }
    assert_snapshot!(world.pass(), @r"
    Grant p-4 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    Grant p-5 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (pool_full)
    waits #2 p-3 fulfiller (pool_full)
    waits #3 p-6 fulfiller (pool_full)
    note: p-6 begins to wait for fulfiller
    ");
}

#[test]
fn a_smaller_catalog_takes_no_seat_and_a_larger_one_gives() {
    let mut world = World::new(desk(2));
    for person in 1..=3 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world.pool("fulfiller").seats = Seats::Bought(1);
    assert_snapshot!(world.pass(), @"waits #1 p-3 fulfiller (pool_full)");
    world.leaves(1);
    // One of two is free again, and one too many was held.
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    waits #1 p-3 fulfiller (pool_full)
    ");
    world.pool("fulfiller").seats = Seats::Bought(2);
    assert_snapshot!(world.pass(), @r"
    Grant p-3 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    ");
}

#[test]
fn a_seat_cools_for_the_vendors_time_and_a_leaver_is_exempt() {
    let mut world = World::new(desk(2));
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::Leaver]));
    for person in 1..=4 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world.nothing(1, "FIN-3");
    world.leaves(2);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    Revoke p-2 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Grant p-3 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    waits #1 p-4 fulfiller (pool_full) not before 31 Jan 2027: unit 1 of fulfiller cools until then; a leaver exemption would allow it today
    ");
    let until = Time::parse("2027-01-31T08:00:00Z").unwrap();
    assert_eq!(world.ledger.cooling[&(PersonId(1), PoolId::new("fulfiller"))].until, until);
    assert_eq!(next_due(&world.ledger, world.now), Some(until));
    world.now = until;
    assert_snapshot!(world.pass(), @r"
    Grant p-4 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    note: the seat of fulfiller that p-1 had is free
    ");
}

#[test]
fn whoever_comes_back_takes_their_own_cooling_seat_past_the_queue() {
    let mut world = World::new(desk(1));
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[]));
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "SD-12", "fulfiller");
    world.pass();
    let since = world.now;
    world.leaves(1);
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    waits #1 p-2 fulfiller (pool_full) not before 31 Jan 2027: unit 1 of fulfiller cools until then; the terms exempt nobody
    ");
    world.later(days(30));
    world.wants(1, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (pool_full)
    ");
    assert_eq!(world.ledger.holding(PersonId(1), &"fulfiller".into()).unwrap().since, since);
}

#[test]
fn cover_for_an_absence_returns_its_seat_at_once() {
    let mut world = World::new(desk(1));
    world.pool("fulfiller").min_hold = Some(min_hold(90, &[Exemption::AbsenceCover]));
    world.wants(1, "FIN-3", "fulfiller");
    let until = jiff::civil::date(2026, 11, 2);
    world.want(1).tier = Some(("fulfiller".into(), claim_until("exception:104233", until)));
    world.wants(2, "SD-12", "fulfiller");
    world.pass();
    world.later(days(1));
    world.nothing(1, "FIN-3");
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > requester) [Expired/Expiry] exception:104233 gave fulfiller until 2026-11-02
    Grant p-2 fulfiller (requester > fulfiller) [SeatFreed/Rule] row fulfillers gives fulfiller; waited since 2026-11-02T08:00:00Z and is next
    ");
}

#[test]
fn an_add_on_comes_after_its_base_and_goes_before_it() {
    let mut world = World::new(desk(3));
    world.wants(1, "SD-12", "fulfiller");
    world.want(1).addons.insert("incident".into(), claim("majors"));
    world.nothing(2, "FIN-3");
    world.want(2).addons.insert("incident".into(), claim("majors"));
    assert_snapshot!(world.pass(), @r"
    Grant p-1 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    Grant p-1 incident (- > incident) [Rule/Rule] row majors gives incident
    ");
    world.wants(1, "AP-1", "approver");
    world.want(1).addons.insert("incident".into(), claim("majors"));
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 incident (incident > -) [BaseMissing/Rule] incident needs a base tier that is no longer held
    Move p-1 approver (fulfiller > approver) [JobCodeChanged/Positive] job code SD-12 became AP-1; row approvers gives approver
    ");
}

#[test]
fn add_ons_that_exclude_each_other_never_meet() {
    let mut pools = desk(3);
    pools.push(Pool { excludes: ["incident".into()].into(), ..addon("advisory", 5, &["fulfiller"]) });
    let mut world = World::new(pools);
    world.pool("incident").grace = days(2);
    world.wants(1, "SD-12", "fulfiller");
    world.want(1).addons.insert("incident".into(), claim("majors"));
    world.pass();
    world.wants(1, "SD-12", "fulfiller");
    world.want(1).addons.insert("advisory".into(), claim("board"));
    assert_snapshot!(world.pass(), @r"
    HoldOff p-1 incident (incident > -) at 2026-11-04T08:00:00Z [RulesChanged/Rule] row majors no longer grants incident
    waits #1 p-1 advisory (excluded)
    note: p-1 leaves incident at 2026-11-04T08:00:00Z
    note: p-1 begins to wait for advisory
    ");
    world.later(days(2));
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 incident (incident > -) [RulesChanged/Rule] row majors no longer grants incident
    Grant p-1 advisory (- > advisory) [SeatFreed/Rule] row board gives advisory; waited since 2026-11-02T08:00:00Z and is next
    ");
}

#[test]
fn seats_of_others_count_and_a_seat_that_is_there_is_adopted() {
    let mut world = World::new(desk(3));
    world.occupy("fulfiller", 1, &[5]);
    world.wants(4, "SD-12", "fulfiller");
    world.wants(5, "SD-12", "fulfiller");
    world.wants(6, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Grant p-5 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    Grant p-4 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-6 fulfiller (pool_full)
    note: p-6 begins to wait for fulfiller
    ");
    assert!(world.ledger.holding(PersonId(5), &"fulfiller".into()).unwrap().adopted);
    assert!(!world.ledger.holding(PersonId(4), &"fulfiller".into()).unwrap().adopted);
}

#[test]
fn a_seat_that_others_gave_above_what_was_bought_is_not_adopted() {
    let mut world = World::new(desk(2));
    world.wants(1, "SD-1", "fulfiller");
    world.wants(2, "SD-1", "fulfiller");
    world.settle();
    world.occupy("fulfiller", 0, &[3]);
    world.wants(3, "SD-1", "fulfiller");
    world.settle();
    assert_eq!((world.holders("fulfiller"), world.waiters("fulfiller")), (vec![1, 2], vec![3]));
    world.leaves(1);
    world.settle();
    assert_eq!(world.holders("fulfiller"), [2, 3], "with one less the seat fits");
}

#[test]
fn a_pool_that_only_adds_takes_no_seat_and_counts_on_none() {
    let mut world = World::new(desk(1));
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.policy.modes.insert("fulfiller".into(), PoolMode::AddOnly);
    world.leaves(1);
    world.wants(2, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    waits #1 p-2 fulfiller (pool_full)
    note: p-2 begins to wait for fulfiller
    ");
}

#[test]
fn a_pool_that_observes_is_planned_and_nothing_is_built_on_it() {
    let mut world = World::new(desk(1));
    world.wants(1, "SD-12", "fulfiller");
    world.pass();
    world.policy.modes.insert("fulfiller".into(), PoolMode::Observe);
    world.leaves(1);
    world.wants(2, "SD-12", "fulfiller");
    world.want(2).addons.insert("incident".into(), claim("majors"));
    let plan = world.pass();
    assert_snapshot!(plan, @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Grant p-2 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    ");
    assert_eq!(world.holders("fulfiller"), [1]);
    assert_eq!(world.holders("incident"), [] as [u64; 0]);
}

#[test]
fn a_store_that_was_rebuilt_takes_nothing_until_it_is_trusted() {
    let mut world = World::new(desk(2));
    world.wants(1, "SD-12", "fulfiller");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.policy.may_revoke = false;
    world.leaves(1);
    world.wants(2, "SD-12", "fulfiller");
    world.wants(3, "SD-12", "fulfiller");
    assert_snapshot!(world.pass(), @r"
    Grant p-3 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    waits #1 p-2 fulfiller (old_seat_kept)
    note: p-2 begins to wait for fulfiller
    ");
    world.policy.may_revoke = true;
    assert_snapshot!(world.pass(), @r"
    Revoke p-1 fulfiller (fulfiller > -) [Left/Positive] okta says DEPROVISIONED
    Move p-2 fulfiller (approver > fulfiller) [JobCodeChanged/Positive] job code AP-1 became SD-12; row fulfillers gives fulfiller
    ");
}

#[test]
fn unfinished_business_is_left_to_the_worker_unless_it_is_no_longer_wanted() {
    let mut world = World::new(desk(3));
    let cause = Cause {
        reason: Reason::Rule,
        evidence: Evidence::Rule,
        rule: Some("fulfillers".into()),
        text: "row fulfillers gives fulfiller".into(),
    };
    for person in [1, 2, 3] {
        world.wants(person, "SD-12", "fulfiller");
        let person = PersonId(person);
        let basis = world.desired[&person].basis.clone();
        let (pool, cause) = ("fulfiller".into(), cause.clone());
        world.happens(Event::Granting { person, pool, class: None, cause, basis, unit: None });
    }
    let person = PersonId(3);
    world.happens(Event::Granted { person, pool: "fulfiller".into() });
    world.happens(Event::Revoking { person, pool: "fulfiller".into(), cause });
    world.wants(4, "SD-12", "fulfiller");
    world.nothing(2, "FIN-3");
    assert_snapshot!(print(&world.decide()), @r"
    Revoke p-2 fulfiller (fulfiller > requester) [JobCodeChanged/Positive] job code SD-12 became FIN-3; no row grants fulfiller
    Grant p-4 fulfiller (requester > fulfiller) [Rule/Rule] row fulfillers gives fulfiller
    ");
    world.happens(Event::Revoked { person, pool: "fulfiller".into(), cooling_until: None });
    world.pass();
    assert_eq!(world.holders("fulfiller"), [3, 4]);
}

#[test]
fn a_wait_that_is_no_longer_wanted_ends() {
    let mut world = World::new(desk(0));
    for person in 1..=3 {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.pass();
    world.leaves(1);
    world.nothing(2, "FIN-3");
    assert_snapshot!(world.pass(), @r"
    waits #1 p-3 fulfiller (pool_full)
    note: p-1 no longer waits for fulfiller (granted: false)
    note: p-2 no longer waits for fulfiller (granted: false)
    ");
    let queues = world.ledger.queues();
    assert_eq!(queues[&PoolId::new("fulfiller")], 1);
}

#[test]
fn a_pool_that_the_catalog_no_longer_counts_keeps_its_seats_until_their_holders_leave() {
    let mut world = World::new(desk(3));
    world.wants(1, "AP-1", "approver");
    world.wants(2, "AP-1", "approver");
    world.pass();
    world.policy.catalog.pools.remove(&PoolId::new("approver"));
    world.set(1, no_want(1, "AP-1"));
    world.leaves(2);
    assert_snapshot!(world.pass(), @r"
    Revoke p-2 approver (approver > -) [Left/Positive] okta says DEPROVISIONED
    ");
}
