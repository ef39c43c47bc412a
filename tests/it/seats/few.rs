//! A plan for the few people who changed is the plan for everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use seatwarden::model::PersonId;
use seatwarden::seats::{Holdings, Plan, check, check_few, decide_few, seat_of};

use super::chance::{Life, Op, PEOPLE, catalog, life, ops};
use super::laws::{cases, lived};
use super::world::{World, days, desk, print};

/// Some people change, time passes, what was left open ends one way or the other, and the worker makes all steps or
/// stops after some of their events.
#[derive(Clone, Debug)]
struct Round {
    changes: Vec<(u64, Life)>,
    hours: u64,
    events: Option<usize>,
    finish: Option<bool>,
}

fn round() -> impl Strategy<Value = Round> {
    let changes = prop::collection::vec((0..PEOPLE, life()), 0..4);
    (changes, 0..200_u64, prop::option::weighted(0.3, 0..6_usize), prop::option::of(any::<bool>()))
        .prop_map(|(changes, hours, events, finish)| Round { changes, hours, events, finish })
}

impl World {
    /// The plan for a few, held against the plan for all but for the queues, which it does not tell.
    fn decide_few(&self, people: &BTreeSet<PersonId>) -> Plan {
        let few = decide_few(&self.desired, &self.ledger, &self.policy, self.now, people);
        let all = self.decide();
        let story = || format!("for {people:?}\n{}\nfor all\n{}", print(&few), print(&all));
        assert_eq!(few, Plan { waiting: Vec::new(), ..all.clone() }, "{}", story());
        let reader = [check, check_few].map(|read| read(&few, &self.desired, &self.ledger, &self.policy, self.now));
        assert_eq!(reader, [[], []], "{}", story());
        few
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_plan_for_a_few_is_the_plan_for_all(
        pools in catalog(),
        ops in ops(),
        rounds in prop::collection::vec(round(), 1..6),
        keep in 0..3_u32,
        protected in prop::collection::btree_set((0..PEOPLE).prop_map(PersonId), 0..3),
    ) {
        let mut world = lived(pools, &ops);
        world.policy.protected = protected;
        if let Some(pool) = world.policy.catalog.pools.values_mut().next() {
            pool.keep = keep;
        }
        world.recall();
        let mut seen = world.journal.len();
        let mut last = world.decide();
        world.apply(&last);
        for Round { changes, hours, events, finish } in rounds {
            world.later(Duration::from_hours(hours));
            if let Some(well) = finish {
                world.finish(well);
            }
            let mut people = last.people();
            people.extend(world.journal[seen..].iter().filter_map(|(_, event)| Some(seat_of(event)?.0)));
            seen = world.journal.len();
            for (person, life) in changes {
                let want = life.want(person, &world);
                world.set(person, want);
                people.insert(PersonId(person));
            }
            world.recall();
            last = world.decide_few(&people);
            match events {
                None => world.apply(&last),
                // What needs no call is always written.
                Some(events) => world.happen(&Op::Pass(Some(last.notes.len() + events))),
            }
        }
    }

    #[test]
    fn the_sums_of_a_ledger_are_those_of_its_seats(pools in catalog(), ops in ops()) {
        let mut world = World::new(pools);
        for op in &ops {
            world.happen(op);
            let holdings = &world.ledger.holdings;
            let anew: Holdings = holdings.iter().map(|(key, holding)| (key.clone(), holding.clone())).collect();
            prop_assert_eq!(holdings, &anew);
            let mut counts: BTreeMap<_, u64> = BTreeMap::new();
            for (_, pool) in holdings.keys() {
                *counts.entry(pool.clone()).or_default() += 1;
            }
            let kept = holdings.tallies().iter().map(|(pool, tally)| (pool.clone(), tally.seats));
            prop_assert_eq!(counts, kept.collect());
        }
    }
}

#[test]
fn a_seat_that_gets_free_goes_to_the_first_in_the_queue_and_not_to_whoever_changed() {
    let mut world = World::new(desk(2));
    for person in [1, 2, 3, 4] {
        world.wants(person, "SD-12", "fulfiller");
        world.settle();
        world.later(days(1));
    }
    assert_eq!(world.waiters("fulfiller"), [3, 4]);
    world.leaves(2);
    world.wants(5, "SD-12", "fulfiller");
    let plan = world.decide_few(&[PersonId(2), PersonId(5)].into());
    world.apply(&plan);
    assert_eq!(world.holders("fulfiller"), [1, 3]);
}

#[test]
fn whoever_is_kept_from_a_loss_is_looked_at_as_long_as_they_are() {
    let mut world = World::new(desk(5));
    world.pool("fulfiller").keep = 1;
    for person in [1, 2] {
        world.wants(person, "SD-12", "fulfiller");
    }
    world.settle();
    world.leaves(1);
    world.leaves(2);
    let last = world.decide();
    world.apply(&last);
    let kept: Vec<PersonId> = last.kept.iter().map(|kept| kept.step.person).collect();
    assert_eq!(kept, [PersonId(1)]);
    // Somebody else comes, so that the last one may go.
    world.wants(3, "SD-12", "fulfiller");
    let people = last.people().into_iter().chain([PersonId(3)]).collect();
    let last = world.decide_few(&people);
    world.apply(&last);
    let last = world.decide_few(&last.people());
    world.apply(&last);
    assert_eq!(world.holders("fulfiller"), [3]);
}
