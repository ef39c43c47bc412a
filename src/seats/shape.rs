//! What of a catalog decides who keeps a seat, so that an edit of it is told from an edit of the table.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::{Catalog, Digest, PoolId, PoolKind, Seats};

/// Every pool by name. How many seats were bought is not in here: fewer of them take no seat from anybody.
pub type Shape = BTreeMap<PoolId, PoolShape>;

/// One pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolShape {
    kind: PoolKind,
    counted: bool,
    rank: i64,
    fallback: Option<PoolId>,
    requires: BTreeSet<PoolId>,
    excludes: BTreeSet<PoolId>,
}

/// The shape of a catalog.
pub fn shape(catalog: &Catalog) -> Shape {
    let pools = catalog.pools.values().map(|pool| {
        let shape = PoolShape {
            kind: pool.kind,
            counted: pool.seats != Seats::Unlimited,
            rank: pool.rank,
            fallback: pool.fallback.clone(),
            requires: pool.requires.clone(),
            excludes: pool.excludes.clone(),
        };
        (pool.id.clone(), shape)
    });
    pools.collect()
}

/// SHA-256 over the shape.
pub fn digest(shape: &Shape) -> Digest {
    // Maps and sets keep their order, so equal shapes have equal texts.
    let text = serde_json::to_string(shape).unwrap_or_default();
    Digest::new(format!("sha256:{}", hex::encode(Sha256::digest(text))))
}

/// The pools that are new, gone or other than they were.
pub(super) fn edited(before: &Shape, now: &Shape) -> BTreeSet<PoolId> {
    let pools: BTreeSet<&PoolId> = before.keys().chain(now.keys()).collect();
    pools.into_iter().filter(|pool| before.get(*pool) != now.get(*pool)).cloned().collect()
}

/// A tier and what people got while they waited for it, best first.
pub(super) fn line<'a>(shape: &'a Shape, tier: &'a PoolId) -> Vec<&'a PoolId> {
    let mut line = vec![tier];
    let mut next = shape.get(tier).and_then(|pool| pool.fallback.as_ref());
    while let Some(pool) = next.filter(|pool| !line.contains(pool)) {
        line.push(pool);
        next = shape.get(pool).and_then(|pool| pool.fallback.as_ref());
    }
    line
}
