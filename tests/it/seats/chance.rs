//! Random catalogs and random lives, made so that a failing one shrinks to a story.

use std::time::Duration;

use proptest::prelude::*;
use seatwarden::model::{Billing, ClassName, Exemption, MinHold, PersonId, Pool, PoolId, Reassign};
use seatwarden::rules::{Standing, Want};
use seatwarden::seats::{Brake, Event, HoldState, Limit, PoolMode};

use super::world::{World, addon, after, brake, claim, claim_until, days, left, no_want, tier};

pub(super) const PEOPLE: u64 = 9;
const POOLS: [&str; 5] = ["approver", "fulfiller", "architect", "incident", "advisory"];
const TIERS: [&str; 3] = ["approver", "fulfiller", "architect"];
const ADDONS: [&str; 2] = ["incident", "advisory"];

/// What may happen to a world.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// The directory or the table says something else about a person.
    Person(u64, Life),
    /// A person is no longer in what is desired.
    Unknown(u64),
    Days(u32),
    Buy(usize, u32),
    Mode(usize, PoolMode),
    /// Somebody else holds a seat at the desk.
    Occupy(usize, u32, u64),
    /// How many steps every brake lets pass.
    Brakes(u64),
    Trust(bool),
    /// Approves (or rejects) the first plan that is held.
    Judge(bool),
    /// A pass whose worker is killed after so many events; `None` runs to its end.
    Pass(Option<usize>),
    /// Unfinished steps end well or not.
    Finish(bool),
}

/// What is known of a person.
#[derive(Clone, Debug)]
pub(super) struct Life {
    standing: u8,
    tier: Option<usize>,
    denied: bool,
    addons: [bool; 2],
    class: Option<bool>,
    code: u8,
    rule: u8,
    until: Option<u32>,
}

/// Seats, grace, reserve, hold, whether leavers are exempt, and how many changes of hands are allowed.
type Terms = (u32, u32, u32, u32, bool, Option<u32>);

pub(super) fn catalog() -> impl Strategy<Value = Vec<Pool>> {
    let quota = prop::option::weighted(0.4, 0_u32..3);
    let terms = move || (0_u32..5, 0_u32..3, 0_u32..2, 0_u32..3, any::<bool>(), quota.clone());
    let pool = |mut pool: Pool, (seats, grace, reserve, hold, exempt, quota): Terms| {
        pool.reassign = quota.map(|at_most| Reassign { at_most, per: days(9) });
        pool.seats = seatwarden::model::Seats::Bought(seats);
        pool.grace = days(grace * 2);
        if reserve > 0 {
            pool.reserve = [("on-call".into(), reserve), ("vip".into(), 1)].into();
        }
        if hold > 0 {
            let exempt = if exempt { [Exemption::Leaver, Exemption::AbsenceCover].into() } else { [].into() };
            pool.min_hold = Some(MinHold { time: days(hold * 3), exempt });
        }
        pool
    };
    let fallback = prop::option::of(0_usize..4);
    (prop::collection::vec(terms(), 5), [fallback.clone(), fallback.clone(), fallback], any::<[bool; 5]>()).prop_map(
        move |(terms, fallbacks, flags)| {
            let mut pools = vec![tier("requester", 0, None)];
            for (index, name) in TIERS.into_iter().enumerate() {
                let rank = if flags[0] { 20 } else { 10 + 10 * i64::try_from(index).unwrap() };
                let mut made = pool(tier(name, rank, Some(0)), terms[index]);
                made.fallback = fallbacks[index].map(|to| PoolId::new(["requester", TIERS[0], TIERS[1], TIERS[2]][to]));
                pools.push(made);
            }
            let requires: &[&str] = if flags[1] { &["fulfiller", "architect"] } else { &["requester", "approver"] };
            pools.push(pool(addon("incident", 0, requires), terms[3]));
            pools.push(pool(addon("advisory", 0, &["fulfiller"]), terms[4]));
            if flags[2] {
                pools[4].excludes.insert("advisory".into());
            }
            if flags[3] {
                pools[5].excludes.insert("architect".into());
            }
            if flags[4] {
                for pool in &mut pools {
                    pool.billing = Billing::Peak;
                }
            }
            pools
        },
    )
}

pub(super) fn life() -> impl Strategy<Value = Life> {
    (
        prop_oneof![12 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3), 2 => Just(4), 1 => Just(5), 1 => Just(6)],
        prop::option::weighted(0.8, 0_usize..3),
        prop::bool::weighted(0.1),
        any::<[bool; 2]>(),
        prop::option::weighted(0.4, any::<bool>()),
        0_u8..3,
        0_u8..3,
        prop::option::weighted(0.2, 0_u32..4),
    )
        .prop_map(|(standing, tier, denied, addons, class, code, rule, until)| Life {
            standing,
            tier,
            denied,
            addons,
            class,
            code,
            rule,
            until,
        })
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let mode = prop_oneof![4 => Just(PoolMode::Full), 1 => Just(PoolMode::AddOnly), 1 => Just(PoolMode::Observe)];
    prop_oneof![
        12 => (0..PEOPLE, life()).prop_map(|(person, life)| Op::Person(person, life)),
        1 => (0..PEOPLE).prop_map(Op::Unknown),
        4 => (1_u32..6).prop_map(Op::Days),
        2 => (0_usize..5, 0_u32..6).prop_map(|(pool, seats)| Op::Buy(pool, seats)),
        1 => (0_usize..5, mode).prop_map(|(pool, mode)| Op::Mode(pool, mode)),
        1 => (0_usize..5, 0_u32..2, 0..PEOPLE).prop_map(|(pool, strangers, person)| Op::Occupy(pool, strangers, person)),
        2 => prop_oneof![Just(0_u64), Just(1), Just(2), Just(100)].prop_map(Op::Brakes),
        1 => prop::bool::weighted(0.8).prop_map(Op::Trust),
        3 => prop::bool::weighted(0.8).prop_map(Op::Judge),
        6 => Just(Op::Pass(None)),
        2 => (0_usize..12).prop_map(|events| Op::Pass(Some(events))),
        2 => any::<bool>().prop_map(Op::Finish),
    ]
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..40)
}

impl Life {
    pub(super) fn want(&self, person: u64, world: &World) -> Want {
        let today = world.now.date_in(&world.policy.time_zone);
        let until = self.until.map(|days| today.checked_add(jiff::Span::new().days(i64::from(days))).unwrap());
        let rule = if self.rule == 2 { format!("exception:{person}") } else { format!("row-{}", self.rule) };
        let mut given = until.map_or_else(|| claim(&rule), |until| claim_until(&rule, until));
        given.priority = i64::from(self.rule % 2) * 5;
        let mut want = no_want(person, &format!("SD-{}", self.code));
        want.class = self.class.map(|on_call| ClassName::new(if on_call { "on-call" } else { "vip" }));
        want.standing = match self.standing {
            0 => Standing::Active,
            1 => Standing::Frozen { why: "two claims on one number".into() },
            2 => Standing::Suspended { word: "SUSPENDED".into() },
            3 => Standing::PreStart,
            4 => left(false, true),
            5 => left(true, true),
            _ => left(true, false),
        };
        if self.denied {
            want.rule = Some(given.rule);
            want.free_tier = None;
        } else if let Some(tier) = self.tier {
            want.rule = Some(given.rule.clone());
            want.basis.until = given.until;
            want.tier = Some((TIERS[tier].into(), given));
            want.free_tier = None;
        }
        if !self.denied {
            let addons = ADDONS.into_iter().zip(self.addons).filter(|(_, wanted)| *wanted);
            want.addons = addons.map(|(addon, _)| (addon.into(), claim("modules"))).collect();
        }
        want
    }
}

impl World {
    /// Makes something happen; a pass is decided by the caller.
    pub(super) fn happen(&mut self, op: &Op) {
        match op {
            Op::Person(person, life) => {
                let want = life.want(*person, self);
                self.set(*person, want);
            }
            Op::Unknown(person) => {
                self.desired.remove(&PersonId(*person));
            }
            Op::Days(count) => self.days_pass(*count),
            Op::Buy(pool, seats) => self.pool(POOLS[*pool]).seats = seatwarden::model::Seats::Bought(*seats),
            Op::Mode(pool, mode) => {
                self.policy.modes.insert(POOLS[*pool].into(), *mode);
            }
            Op::Occupy(pool, strangers, person) => {
                // What others hold at the desk is what the ledger does not.
                let held = self.ledger.holdings.contains_key(&(PersonId(*person), POOLS[*pool].into()));
                self.occupy(POOLS[*pool], *strangers, if held { &[] } else { std::slice::from_ref(person) });
            }
            Op::Brakes(count) => {
                for one in [
                    &mut self.policy.brakes.revoke,
                    &mut self.policy.brakes.rules_edit,
                    &mut self.policy.brakes.catalog_edit,
                    &mut self.policy.brakes.expiry,
                    &mut self.policy.brakes.lost_attribute,
                    &mut self.policy.brakes.feed,
                    &mut self.policy.brakes.grant,
                ] {
                    let more = |times| Some(Limit { count: Some(count * times), percent: None });
                    *one = Brake { per_hour: more(2), per_day: more(3), per_week: more(5), ..brake(*count) };
                }
            }
            Op::Trust(trust) => self.policy.may_revoke = *trust,
            Op::Judge(approve) => self.judge(*approve),
            Op::Pass(None) => {
                self.recall();
                let plan = self.decide();
                self.apply(&plan);
            }
            Op::Pass(Some(events)) => {
                let plan = self.decide();
                for event in after(&plan, &self.ledger, &self.policy, self.now).into_iter().take(*events) {
                    if let Event::Adopted { person, pool, .. } = &event {
                        self.policy.occupied.get_mut(pool).unwrap().people.remove(person);
                    }
                    self.happens(event);
                }
            }
            Op::Finish(well) => self.finish(*well),
        }
    }

    /// The table's dates are looked at again every day.
    fn days_pass(&mut self, count: u32) {
        self.later(Duration::from_hours(24) * count);
        let today = self.now.date_in(&self.policy.time_zone);
        for (person, want) in &mut self.desired {
            let over = want.tier.as_ref().is_some_and(|(_, claim)| claim.until.is_some_and(|until| until < today));
            if over {
                let facts = want.basis.facts.clone();
                want.tier = None;
                want.rule = None;
                want.free_tier = no_want(person.0, "").free_tier;
                want.basis = seatwarden::rules::Basis { facts, until: None };
            }
        }
    }

    fn judge(&mut self, approve: bool) {
        let first = self.ledger.held.iter().find(|(_, hold)| hold.approvals.is_empty());
        let Some((digest, _)) = first else { return };
        let digest = digest.clone();
        let event = if approve {
            seatwarden::seats::approve(&self.ledger, &self.policy.brakes, &digest, "ann@acme.example", "fine", self.now)
        } else {
            seatwarden::seats::reject(&self.ledger, &digest, "ann@acme.example", "no", self.now)
        };
        // Too late, or refused before: the operator is told so.
        if let Ok(event) = event {
            self.happens(event);
        }
    }

    pub(super) fn finish(&mut self, well: bool) {
        let open: Vec<(PersonId, PoolId, HoldState)> = self
            .ledger
            .holdings
            .iter()
            .map(|((person, pool), holding)| (*person, pool.clone(), holding.state))
            .filter(|(_, _, state)| *state != HoldState::Held)
            .collect();
        for (person, pool, state) in open {
            let holding = self.ledger.holding(person, &pool).unwrap();
            let cause = holding.revoking.clone();
            let terms = self.policy.catalog.pool(&pool);
            let until = cause
                .zip(terms)
                .and_then(|(cause, terms)| seatwarden::seats::cooling_until(holding, &cause, terms, self.now));
            self.happens(match (state, well) {
                (HoldState::Granting, true) => Event::Granted { person, pool },
                (HoldState::Granting, false) => Event::GrantDropped { person, pool, why: "desk full".into() },
                (HoldState::Revoking, true) => Event::Revoked { person, pool, cooling_until: until },
                (HoldState::Revoking, false) => Event::RevokeDropped { person, pool, why: "refused".into() },
                (HoldState::Held, _) => continue,
            });
        }
    }

    /// Ends every fault: all modes full, everything trusted, brakes wide, nothing unfinished.
    pub(super) fn heal(&mut self) {
        self.policy.modes.clear();
        self.policy.may_revoke = true;
        self.happen(&Op::Brakes(1_000));
        self.finish(true);
    }
}
