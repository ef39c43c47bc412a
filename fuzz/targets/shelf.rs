//! A catalog to compile against.

use seatwarden::model::{Catalog, ClassName, Pool, PoolKind, Seats};

/// Three tiers, a class, and add-ons that need or exclude others.
pub(super) fn catalog() -> Catalog {
    let pool = |name, kind, rank| Pool::plain(name, kind, rank, Seats::Bought(50));
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
