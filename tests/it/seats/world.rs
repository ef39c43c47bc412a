//! A small company and a perfect worker, so that tests read as sentences.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use seatwarden::model::{
    Attribute, Catalog, Digest, Exemption, FeedName, MinHold, PersonId, Pool, PoolId, PoolKind, RuleId, Seats,
    TargetName, Time, UnitNo,
};
use seatwarden::rules::{Basis, Claim, Desired, Standing, Want};
use seatwarden::seats::{
    Action, Brake, Brakes, Event, HoldState, Holdings, Lately, Ledger, Limit, Occupied, Plan, Policy, PoolMode, Recent,
    Step, check, check_few, cooling_until, decide,
};

pub(super) const DAY: Duration = Duration::from_hours(24);

pub(super) fn days(count: u32) -> Duration {
    DAY * count
}

/// Everything that a plan is made from.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) desired: Desired,
    pub(super) ledger: Ledger,
    pub(super) policy: Policy,
    pub(super) now: Time,
    pub(super) journal: Vec<(Time, Event)>,
}

/// A tier of the catalog, without terms.
pub(super) fn tier(id: &str, rank: i64, seats: Option<u32>) -> Pool {
    Pool::plain(id, PoolKind::Tier, rank, seats.map_or(Seats::Unlimited, Seats::Bought))
}

/// An add-on of the catalog on top of a tier.
pub(super) fn addon(id: &str, seats: u32, requires: &[&str]) -> Pool {
    Pool {
        kind: PoolKind::Addon,
        requires: requires.iter().map(|id| PoolId::new(*id)).collect(),
        ..tier(id, 0, Some(seats))
    }
}

/// A brake that lets `count` pass.
pub(super) fn brake(count: u64) -> Brake {
    Brake::per_pass(Limit { count: Some(count), percent: None }, count)
}

pub(super) fn policy(pools: Vec<Pool>) -> Policy {
    let catalog = Catalog {
        default_tier: "requester".into(),
        pools: pools.into_iter().map(|pool| (pool.id.clone(), pool)).collect(),
    };
    Policy {
        catalog,
        brakes: Brakes {
            revoke: brake(1_000),
            grant: brake(1_000),
            rules_edit: brake(1_000),
            leavers: None,
            job_code: None,
            catalog_edit: brake(1_000),
            expiry: brake(1_000),
            lost_attribute: brake(1_000),
            feed: brake(1_000),
            spend: Vec::new(),
            feed_shrink: Limit { count: None, percent: Some(5.0) },
            approval_expires: days(3),
            approvers: 1,
        },
        occupied: BTreeMap::new(),
        lately: Lately::default(),
        catalog_before: None,
        protected: [].into(),
        prefer: Vec::new(),
        modes: BTreeMap::new(),
        may_revoke: true,
        rules_digest: Digest::new("sha256:table"),
        time_zone: TimeZone::UTC,
    }
}

/// The usual desk: a free tier, a lighter one, and the dear one with an add-on.
pub(super) fn desk(fulfillers: u32) -> Vec<Pool> {
    let fulfiller = Pool { fallback: Some("requester".into()), ..tier("fulfiller", 20, Some(fulfillers)) };
    vec![tier("requester", 0, None), tier("approver", 10, Some(10)), fulfiller, addon("incident", 5, &["fulfiller"])]
}

impl World {
    pub(super) fn new(pools: Vec<Pool>) -> Self {
        Self {
            desired: Desired::new(),
            ledger: Ledger::default(),
            policy: policy(pools),
            now: Time::parse("2026-11-02T08:00:00Z").unwrap(),
            journal: Vec::new(),
        }
    }

    pub(super) fn pool(&mut self, id: &str) -> &mut Pool {
        self.policy.catalog.pools.get_mut(&PoolId::new(id)).unwrap()
    }

    pub(super) fn set(&mut self, person: u64, want: Want) {
        self.desired.insert(PersonId(person), want);
    }

    /// A person with that job code whom a row gives the tier.
    pub(super) fn wants(&mut self, person: u64, code: &str, pool: &str) {
        self.set(person, want(person, code, pool));
    }

    pub(super) fn want(&mut self, person: u64) -> &mut Want {
        self.desired.get_mut(&PersonId(person)).unwrap()
    }

    /// A person with that job code whom no row concerns.
    pub(super) fn nothing(&mut self, person: u64, code: &str) {
        self.set(person, no_want(person, code));
    }

    pub(super) fn leaves(&mut self, person: u64) {
        self.want(person).standing = left(false, true);
    }

    pub(super) fn decide(&self) -> Plan {
        let plan = decide(&self.desired, &self.ledger, &self.policy, self.now);
        let faults = check(&plan, &self.desired, &self.ledger, &self.policy, self.now);
        assert_eq!(faults, [], "the plan\n{}", print(&plan));
        let faults = check_few(&plan, &self.desired, &self.ledger, &self.policy, self.now);
        assert_eq!(faults, [], "by sums alone, the plan\n{}", print(&plan));
        self.counted();
        plan
    }

    /// Whatever the ledger keeps along is what one finds by going through all of it.
    fn counted(&self) {
        let holdings = &self.ledger.holdings;
        let anew: Holdings = holdings.iter().map(|(key, holding)| (key.clone(), holding.clone())).collect();
        assert_eq!(*holdings, anew);
        let graces = holdings.values().filter_map(|holding| Some(holding.leaving.as_ref()?.due_at));
        assert_eq!(holdings.next_grace(self.now), graces.filter(|at| *at > self.now).min());
        for units in self.ledger.units.values() {
            let new = (1..=u32::MAX).find(|number| units.get(UnitNo(*number)).is_none());
            assert_eq!(Some(units.first_new()), new);
        }
    }

    /// Decides, carries everything out, and shows the plan.
    pub(super) fn pass(&mut self) -> String {
        let plan = self.decide();
        self.apply(&plan);
        print(&plan)
    }

    /// Passes until nothing is done any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..20 {
            let plan = self.decide();
            if is_quiet(&plan) {
                return;
            }
            self.apply(&plan);
        }
        panic!("the world does not come to rest:\n{}", print(&self.decide()));
    }

    pub(super) fn apply(&mut self, plan: &Plan) {
        for event in after(plan, &self.ledger, &self.policy, self.now) {
            self.happens(event);
        }
        for step in &plan.steps {
            if let Some(pool) = step.gains().filter(|_| applies(step, &self.policy))
                && let Some(occupied) = self.policy.occupied.get_mut(pool)
            {
                occupied.people.remove(&step.person);
            }
        }
    }

    pub(super) fn happens(&mut self, event: Event) {
        self.ledger.apply(self.now, &event);
        self.journal.push((self.now, event));
    }

    /// Counts what passed lately, as the worker does before a pass.
    pub(super) fn recall(&mut self) {
        let mut recent = Recent::default();
        for (at, event) in &self.journal {
            recent.take_in(*at, event);
        }
        self.policy.lately = recent.counts(self.now, &self.ledger, &self.policy.prefer);
    }

    pub(super) fn later(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }

    /// Who holds the pool.
    pub(super) fn holders(&self, pool: &str) -> Vec<u64> {
        let held = self
            .ledger
            .holdings
            .iter()
            .filter(|((_, id), holding)| id.as_str() == pool && holding.state == HoldState::Held);
        held.map(|((person, _), _)| person.0).collect()
    }

    pub(super) fn waiters(&self, pool: &str) -> Vec<u64> {
        let rows = self.decide().waiting;
        rows.into_iter().filter(|row| row.pool.as_str() == pool).map(|row| row.person.0).collect()
    }

    pub(super) fn approve(&mut self, digest: &Digest, by: &str) {
        let event = seatwarden::seats::approve(&self.ledger, &self.policy.brakes, digest, by, "looked at it", self.now)
            .unwrap();
        self.happens(event);
    }

    pub(super) fn occupy(&mut self, pool: &str, strangers: u32, people: &[u64]) {
        let people = people.iter().map(|person| PersonId(*person)).collect();
        self.policy.occupied.insert(pool.into(), Occupied { strangers, people });
    }
}

pub(super) fn facts(code: &str) -> BTreeMap<Attribute, String> {
    [(Attribute::JobCode, code.to_owned())].into()
}

pub(super) fn no_want(person: u64, code: &str) -> Want {
    Want {
        standing: Standing::Active,
        order_key: format!("{:03}", person % 1000),
        class: None,
        tier: None,
        free_tier: Some("requester".into()),
        addons: BTreeMap::new(),
        rule: None,
        basis: Basis { facts: facts(code), until: None },
    }
}

pub(super) fn want(person: u64, code: &str, pool: &str) -> Want {
    let rule = RuleId::new(format!("{pool}s"));
    Want { tier: Some((pool.into(), claim(rule.as_str()))), free_tier: None, rule: Some(rule), ..no_want(person, code) }
}

pub(super) fn claim(rule: &str) -> Claim {
    Claim { rule: rule.into(), exception: rule.starts_with("exception:"), priority: 0, until: None }
}

pub(super) fn claim_until(rule: &str, until: Date) -> Claim {
    Claim { until: Some(until), ..claim(rule) }
}

pub(super) fn left(absence: bool, accepted: bool) -> Standing {
    Standing::Left { feed: FeedName::new("okta"), word: "DEPROVISIONED".into(), absence, accepted }
}

pub(super) fn min_hold(count: u32, exempt: &[Exemption]) -> MinHold {
    MinHold { time: days(count), exempt: exempt.iter().copied().collect() }
}

/// Whether nothing is done, now or to the ledger.
pub(super) fn is_quiet(plan: &Plan) -> bool {
    plan.notes.is_empty() && plan.released.is_empty() && plan.steps.iter().all(|step| step.action == Action::HoldOff)
}

fn applies(step: &Step, policy: &Policy) -> bool {
    let pools = [step.loses(), step.gains()];
    step.action != Action::HoldOff
        && pools.into_iter().flatten().all(|pool| policy.modes.get(pool) != Some(&PoolMode::Observe))
}

/// The events that a worker writes when every call succeeds.
pub(super) fn after(plan: &Plan, ledger: &Ledger, policy: &Policy, now: Time) -> Vec<Event> {
    let mut events = plan.notes.clone();
    for step in plan.steps.iter().filter(|step| applies(step, policy)) {
        let person = step.person;
        if let Some(pool) = step.loses() {
            let holding = ledger.holding(person, pool).unwrap();
            let terms = policy.catalog.pool(pool);
            let cooling_until = terms.and_then(|terms| cooling_until(holding, &step.cause, terms, now));
            events.push(Event::Revoking { person, pool: pool.clone(), cause: step.cause.clone() });
            events.push(Event::Revoked { person, pool: pool.clone(), cooling_until });
        }
        if let Some(pool) = step.gains() {
            let (pool, class) = (pool.clone(), step.class.clone());
            let (cause, basis) = (step.cause.clone(), step.basis.clone());
            let unit = plan.units.get(&(person, pool.clone())).copied();
            if policy.occupied.get(&pool).is_some_and(|occupied| occupied.people.contains(&person)) {
                events.push(Event::Adopted {
                    person,
                    pool,
                    target: TargetName::new("desk"),
                    class,
                    cause,
                    basis,
                    unit,
                });
            } else {
                events.push(Event::Granting { person, pool: pool.clone(), class, cause, basis, unit });
                events.push(Event::Granted { person, pool });
            }
        }
    }
    events
}

/// The plan as text, one line per step, wait, held plan and note.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not a note fails the test")]
pub(super) fn print(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        let Step { action, person, pool, from, to, cause, due_at, .. } = step;
        let place = |pool: &Option<PoolId>| pool.as_ref().map_or("-".to_owned(), PoolId::to_string);
        let due = due_at.map_or(String::new(), |at| format!(" at {at}"));
        let what = format!("{action:?} {person} {pool} ({} > {}){due}", place(from), place(to));
        writeln!(text, "{what} [{:?}/{:?}] {}", cause.reason, cause.evidence, cause.text).unwrap();
    }
    for row in &plan.waiting {
        let terms = row.not_before.map_or(String::new(), |_| format!(" {}", row.text));
        writeln!(text, "waits #{} {} {} ({}){terms}", row.position, row.person, row.pool, row.reason).unwrap();
    }
    for held in &plan.held {
        let steps = held.steps.len();
        writeln!(
            text,
            "held {} in {}: {} over {}, {steps} steps; {}",
            held.cause, held.pool, held.wanted, held.limit, held.text
        )
        .unwrap();
    }
    for kept in &plan.kept {
        let Step { person, pool, cause, .. } = &kept.step;
        writeln!(text, "kept {person} {pool}: {}; {}", cause.text, kept.by.text(pool)).unwrap();
    }
    for note in &plan.notes {
        match note {
            Event::Leaving { person, pool, due_at, .. } => writeln!(text, "note: {person} leaves {pool} at {due_at}"),
            Event::Stays { person, pool } => writeln!(text, "note: {person} stays in {pool}"),
            Event::Rebased { person, pool, rule, .. } => {
                writeln!(text, "note: {person} has {pool} by {}", rule.as_ref().unwrap())
            }
            Event::Waiting { person, pool, .. } => writeln!(text, "note: {person} begins to wait for {pool}"),
            Event::WaitEnded { person, pool, granted } => {
                writeln!(text, "note: {person} no longer waits for {pool} (granted: {granted})")
            }
            Event::Cooled { person, pool } => writeln!(text, "note: the seat of {pool} that {person} had is free"),
            Event::Held(held) => writeln!(text, "note: {} is held until {}", held.cause, held.expires_at),
            Event::HoldEnded { why, .. } => writeln!(text, "note: a hold ended: {why:?}"),
            other => panic!("not a note: {other:?}"),
        }
        .unwrap();
    }
    text
}
