//! Examples, one per promise.

use insta::assert_snapshot;

use super::world::{World, desk};

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
