//! A catalog to compile against.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use seatwarden::model::{Billing, Catalog, ClassName, Pool, PoolId, PoolKind, Seats};

/// Three tiers, a class, and add-ons that need or exclude others.
pub(super) fn catalog() -> Catalog {
    let pool = |name: &str, kind, rank| Pool {
        id: PoolId::new(name),
        kind,
        rank,
        seats: Seats::Bought(50),
        reserve: BTreeMap::new(),
        fallback: None,
        grace: Duration::ZERO,
        min_hold: None,
        reassign: None,
        billing: Billing::Current,
        cost: None,
        requires: BTreeSet::new(),
        excludes: BTreeSet::new(),
        keep: 0,
    };
    let mut fulfiller = pool("fulfiller", PoolKind::Tier, 20);
    fulfiller.reserve.insert(ClassName::new("on-call"), 10);
    let mut incident = pool("major-incident", PoolKind::Addon, 0);
    incident.requires.insert("fulfiller".into());
    incident.excludes.insert("change-advisory".into());
    let pools = [
        Pool { seats: Seats::Unlimited, ..pool("requester", PoolKind::Tier, 0) },
        pool("agent", PoolKind::Tier, 10),
        fulfiller,
        incident,
        pool("change-advisory", PoolKind::Addon, 0),
        pool("reports", PoolKind::Addon, 0),
    ];
    Catalog { default_tier: "requester".into(), pools: pools.into_iter().map(|pool| (pool.id.clone(), pool)).collect() }
}
