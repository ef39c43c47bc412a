//! A slow model of numbered seats beside the planner: everything is found by reading the whole journal again.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use seatwarden::model::{Exemption, PersonId, PoolId, Seats, Time, UnitNo};
use seatwarden::rules::Standing;
use seatwarden::seats::Event;

use super::chance::{Op, catalog, ops};
use super::world::{World, after, print};

#[derive(Clone, Debug, Default)]
struct Seat {
    /// Who had it, since when, until when.
    users: Vec<(PersonId, Time, Option<Time>)>,
    cools: bool,
    resumed: bool,
    /// When it went to other hands.
    changes: Vec<Time>,
}

impl Seat {
    fn user(&self) -> Option<PersonId> {
        self.users.last().filter(|(_, _, until)| until.is_none()).map(|(person, ..)| *person)
    }

    fn last(&self) -> Option<PersonId> {
        self.users.last().map(|(person, ..)| *person)
    }
}

type Model = BTreeMap<(PoolId, UnitNo), Seat>;

fn seat_of<'m>(model: &'m mut Model, person: PersonId, pool: &PoolId) -> Option<&'m mut Seat> {
    model.iter_mut().find(|((id, _), seat)| id == pool && seat.user() == Some(person)).map(|(_, seat)| seat)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others are not about numbered seats")]
fn learn(model: &mut Model, at: Time, event: &Event) {
    match event {
        Event::Granting { person, pool, unit, .. } | Event::Adopted { person, pool, unit, .. } => {
            if seat_of(model, *person, pool).is_some() {
                return;
            }
            let seat = model.entry((pool.clone(), unit.expect("the planner names it"))).or_default();
            seat.resumed = seat.cools;
            if std::mem::take(&mut seat.cools) {
                assert_eq!(seat.last(), Some(*person), "a cooling seat went to somebody else");
                seat.users.last_mut().unwrap().2 = None;
                return;
            }
            assert_eq!(seat.user(), None, "a seat has two users");
            if seat.last().is_some_and(|last| last != *person) && matches!(event, Event::Granting { .. }) {
                seat.changes.push(at);
            }
            seat.users.push((*person, at, None));
        }
        Event::GrantDropped { person, pool, .. } => {
            let Some(seat) = seat_of(model, *person, pool) else { return };
            if seat.resumed {
                seat.users.last_mut().unwrap().2 = Some(at);
                seat.cools = true;
            } else {
                seat.users.pop();
                if seat.last().is_some_and(|last| last != *person) {
                    seat.changes.pop();
                }
            }
        }
        Event::Revoked { person, pool, cooling_until } => {
            let Some(seat) = seat_of(model, *person, pool) else { return };
            seat.users.last_mut().unwrap().2 = Some(at);
            seat.cools = cooling_until.is_some();
        }
        Event::Cooled { person, pool } => {
            let mut all = model.iter_mut();
            let found = all.find(|((id, _), seat)| id == pool && seat.cools && seat.last() == Some(*person));
            found.expect("it cools").1.cools = false;
        }
        _ => {}
    }
}

/// What a seat costs: own, new, clock over, clock running; `None` when it may not be given.
fn cost(world: &World, seat: Option<&Seat>, person: PersonId, pool: &PoolId) -> Option<u8> {
    let Some(seat) = seat.filter(|seat| !seat.users.is_empty()) else { return Some(1) };
    if seat.user().is_some() || (seat.cools && seat.last() != Some(person)) {
        return None;
    }
    if seat.last() == Some(person) {
        return Some(0);
    }
    let hold = world.policy.catalog.pool(pool)?.min_hold.as_ref();
    let from = seat.users.last()?.1;
    Some(if hold.is_some_and(|hold| from.plus(hold.time) > world.now) { 3 } else { 2 })
}

/// One pass, looked at seat by seat.
fn pass(world: &mut World, stop: Option<usize>) {
    let plan = world.decide();
    let gaining: BTreeSet<(PersonId, PoolId)> =
        plan.steps.iter().filter_map(|step| Some((step.person, step.gains()?.clone()))).collect();
    let mut model = Model::new();
    for (at, event) in &world.journal {
        learn(&mut model, *at, event);
    }
    let events = after(&plan, &world.ledger, &world.policy, world.now);
    for event in events.into_iter().take(stop.unwrap_or(usize::MAX)) {
        if let Event::Cooled { person, pool } = &event {
            let cooling = &world.ledger.cooling[&(*person, pool.clone())];
            let left = world.desired.get(person).is_some_and(
                |want| matches!(want.standing, Standing::Left { absence, accepted, .. } if !absence || accepted),
            );
            let hold = world.policy.catalog.pool(pool).unwrap().min_hold.as_ref();
            let exempt = hold.is_some_and(|hold| hold.exempt.contains(&Exemption::Leaver));
            assert!(cooling.until <= world.now || (left && exempt), "a term is broken\n{}", print(&plan));
        }
        if let Event::Granting { person, pool, unit: Some(unit), .. } = &event {
            let Seats::Bought(bought) = world.policy.catalog.pool(pool).unwrap().seats else { panic!("not counted") };
            let is_others_own = |number: UnitNo| {
                let last = model.get(&(pool.clone(), number)).and_then(Seat::last);
                last.is_some_and(|last| last != *person && gaining.contains(&(last, pool.clone())))
            };
            let mine = cost(world, model.get(&(pool.clone(), *unit)), *person, pool).expect("it may be given");
            for number in (1..=bought).map(UnitNo).filter(|number| !is_others_own(*number)) {
                let other = cost(world, model.get(&(pool.clone(), number)), *person, pool);
                assert!(other.is_none_or(|other| other >= mine), "{number} costs less than {unit}\n{}", print(&plan));
            }
        }
        if let Event::Adopted { person, pool, .. } = &event {
            world.policy.occupied.get_mut(pool).unwrap().people.remove(person);
        }
        learn(&mut model, world.now, &event);
        world.happens(event);
        for (id, pool) in &world.policy.catalog.pools {
            let Some(terms) = pool.reassign else { continue };
            let changes = model.iter().filter(|((of, _), _)| of == id).flat_map(|(_, seat)| &seat.changes);
            let now = changes.filter(|at| world.now.since(**at) < terms.per).count();
            assert!(now <= terms.at_most as usize, "{now} seats of {id} changed hands\n{}", print(&plan));
        }
    }
    for ((person, pool), holding) in &world.ledger.holdings {
        assert_eq!(model[&(pool.clone(), holding.unit)].user(), Some(*person));
    }
    for ((person, pool), cooling) in &world.ledger.cooling {
        let seat = &model[&(pool.clone(), cooling.unit)];
        assert!(seat.cools && seat.last() == Some(*person));
    }
}

proptest! {
    #![proptest_config(super::laws::cases())]

    #[test]
    fn every_seat_is_the_one_that_costs_least_and_no_term_is_broken(pools in catalog(), ops in ops()) {
        let mut world = World::new(pools);
        for op in &ops {
            match op {
                Op::Pass(stop) => pass(&mut world, *stop),
                other => world.happen(other),
            }
        }
    }
}
