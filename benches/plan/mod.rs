//! Planning from scratch, planning nothing, and a change of ten people.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use divan::{Bencher, black_box};
use jiff::tz::TimeZone;
use seatwarden::model::{Attribute, Catalog, Digest, PersonId, Pool, PoolId, PoolKind, RuleId, Seats, Time};
use seatwarden::rules::{Basis, Claim, Desired, Standing, Want};
use seatwarden::seats::{
    Brake, Brakes, Event, Lately, Ledger, Limit, Policy, check, check_few, decide, decide_few, scope,
};

/// People and bought seats.
const SIZES: [(u64, u32); 3] = [(1_000, 120), (100_000, 12_000), (1_000_000, 120_000)];

fn now() -> Time {
    Time::from_millis(1_795_000_000_000)
}

fn pool(id: &str, rank: i64, seats: Seats) -> Pool {
    Pool::plain(id, PoolKind::Tier, rank, seats)
}

fn policy(seats: u32) -> Policy {
    let wide = Brake::per_pass(Limit { count: None, percent: Some(100.0) }, 5);
    let fulfiller = Pool {
        reserve: [("on-call".into(), seats / 12)].into(),
        fallback: Some("requester".into()),
        grace: Duration::from_hours(7 * 24),
        ..pool("fulfiller", 20, Seats::Bought(seats))
    };
    let incident = Pool {
        kind: PoolKind::Addon,
        requires: ["fulfiller".into()].into(),
        ..pool("incident", 0, Seats::Bought(seats / 8))
    };
    let pools = [pool("requester", 0, Seats::Unlimited), fulfiller, incident];
    Policy {
        catalog: Catalog {
            default_tier: "requester".into(),
            pools: pools.into_iter().map(|pool| (pool.id.clone(), pool)).collect(),
        },
        brakes: Brakes {
            revoke: wide.clone(),
            leavers: None,
            job_code: None,
            catalog_edit: wide.clone(),
            expiry: wide.clone(),
            lost_attribute: wide.clone(),
            feed: wide.clone(),
            grant: wide.clone(),
            spend: Vec::new(),
            rules_edit: wide,
            feed_shrink: Limit { count: None, percent: Some(5.0) },
            approval_expires: Duration::from_hours(72),
            approvers: 1,
        },
        occupied: BTreeMap::new(),
        lately: Lately::default(),
        catalog_before: None,
        protected: BTreeSet::new(),
        prefer: Vec::new(),
        modes: BTreeMap::new(),
        may_revoke: true,
        rules_digest: Digest::new("sha256:table"),
        time_zone: TimeZone::UTC,
    }
}

/// Somebody whom a row gives the tier, every tenth on call and every tenth with an add-on.
fn want(person: u64) -> Want {
    let rule = RuleId::new("sd-analysts");
    let claim = Claim { rule: rule.clone(), exception: false, priority: 0, until: None };
    let addons = if person.is_multiple_of(10) { [("incident".into(), claim.clone())].into() } else { [].into() };
    Want {
        standing: Standing::Active,
        order_key: format!("{person:08}"),
        class: (person % 10 == 5).then(|| "on-call".into()),
        tier: Some(("fulfiller".into(), claim)),
        free_tier: None,
        addons,
        rule: Some(rule),
        basis: Basis { facts: [(Attribute::JobCode, format!("SD-{}", person % 40))].into(), until: None },
    }
}

fn nothing(person: u64) -> Want {
    Want { tier: None, free_tier: Some("requester".into()), addons: [].into(), class: None, rule: None, ..want(person) }
}

/// Everybody: as many as there are seats and a twentieth more should hold one.
fn company((people, seats): (u64, u32)) -> (Desired, Policy) {
    let wanting = u64::from(seats) + u64::from(seats) / 20;
    let desired =
        (0..people).map(|person| (PersonId(person), if person < wanting { want(person) } else { nothing(person) }));
    (desired.collect(), policy(seats))
}

/// The ledger after everything was granted.
fn settled(desired: &Desired, policy: &Policy) -> Ledger {
    let mut ledger = Ledger::default();
    let plan = decide(desired, &ledger, policy, now());
    for note in &plan.notes {
        ledger.apply(now(), note);
    }
    for step in plan.steps {
        let (person, pool) = (step.person, step.pool);
        let (class, cause, basis) = (step.class, step.cause, step.basis);
        let unit = plan.units.get(&(person, pool.clone())).copied();
        ledger.apply(now(), &Event::Granting { person, pool: pool.clone(), class, cause, basis, unit });
        ledger.apply(now(), &Event::Granted { person, pool });
    }
    ledger
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn from_scratch(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy) = company(size);
    let ledger = Ledger::default();
    bencher.bench(|| decide(black_box(&desired), &ledger, &policy, now()));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn nothing_to_do(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy) = company(size);
    let ledger = settled(&desired, &policy);
    bencher.bench(|| decide(black_box(&desired), &ledger, &policy, now()));
}

/// A full company in which ten people want nothing any more.
fn ten_movers(size: (u64, u32)) -> (Desired, Policy, Ledger, BTreeSet<PersonId>) {
    let (mut desired, policy) = company(size);
    let ledger = settled(&desired, &policy);
    let dirty: BTreeSet<PersonId> = (0..10).map(|index| PersonId(index * 7)).collect();
    for person in &dirty {
        desired.insert(*person, nothing(person.0));
    }
    (desired, policy, ledger, dirty)
}

/// Ten movers in a full company, planned for by what the ledger counts along.
#[divan::bench(args = SIZES, sample_count = 20)]
fn a_few(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy, ledger, dirty) = ten_movers(size);
    bencher.bench(|| decide_few(black_box(&desired), &ledger, &policy, now(), &dirty));
}

/// One leaver in a full company: the seat goes to the first of all who wait.
#[divan::bench(args = SIZES, sample_count = 20)]
fn a_leaver(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (mut desired, policy) = company(size);
    let ledger = settled(&desired, &policy);
    let standing = Standing::Left { feed: "okta".into(), word: "DEPROVISIONED".into(), absence: false, accepted: true };
    desired.insert(PersonId(7), Want { standing, ..nothing(7) });
    let dirty = [PersonId(7)].into();
    let plan = decide_few(&desired, &ledger, &policy, now(), &dirty);
    assert!(plan.steps.len() >= 2, "a seat is taken and given");
    bencher.bench(|| decide_few(black_box(&desired), &ledger, &policy, now(), &dirty));
}

/// The reader on the plan for ten movers, by what the ledger counts along.
#[divan::bench(args = SIZES, sample_count = 20)]
fn read_a_few(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy, ledger, dirty) = ten_movers(size);
    let plan = decide_few(&desired, &ledger, &policy, now(), &dirty);
    assert!(check_few(&plan, &desired, &ledger, &policy, now()).is_empty());
    bencher.bench(|| check_few(black_box(&plan), &desired, &ledger, &policy, now()));
}

/// Ten movers in a full company, with nobody else looked at but those who wait.
#[divan::bench(args = SIZES, sample_count = 20)]
fn ten_people(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy, ledger, dirty) = ten_movers(size);
    let scope = scope(&ledger, &dirty);
    let few: Desired = desired.into_iter().filter(|(person, _)| scope.contains(person)).collect();
    bencher.bench(|| decide(black_box(&few), &ledger, &policy, now()));
}

/// Whom a pass over ten people has to look at.
#[divan::bench(args = SIZES, sample_count = 20)]
fn scope_of_ten(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy) = company(size);
    let ledger = settled(&desired, &policy);
    let dirty: BTreeSet<PersonId> = (0..10).map(PersonId).collect();
    bencher.bench(|| scope(black_box(&ledger), &dirty));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn read_from_scratch(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (desired, policy) = company(size);
    let ledger = Ledger::default();
    let plan = decide(&desired, &ledger, &policy, now());
    assert!(check(&plan, &desired, &ledger, &policy, now()).is_empty());
    bencher.bench(|| check(black_box(&plan), &desired, &ledger, &policy, now()));
}

/// The reader on a plan for ten people in a full company.
#[divan::bench(args = SIZES, sample_count = 20)]
fn read_ten_people(bencher: Bencher<'_, '_>, size: (u64, u32)) {
    let (mut desired, policy) = company(size);
    let ledger = settled(&desired, &policy);
    for person in 0..10 {
        desired.insert(PersonId(person), nothing(person));
    }
    let plan = decide(&desired, &ledger, &policy, now());
    assert_eq!(
        plan.steps.iter().map(|step| &step.pool).collect::<BTreeSet<_>>(),
        [&PoolId::new("fulfiller"), &PoolId::new("incident")].into()
    );
    bencher.bench(|| check(black_box(&plan), &desired, &ledger, &policy, now()));
}
