//! `catalog.toml`: what was bought. `pool` reads one tier or add-on, `relations` checks what they say of each other.

mod pool;
mod relations;

use std::collections::{BTreeMap, BTreeSet};

use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot};
use crate::model::{Catalog, Pool, PoolId, PoolKind, Seats};

/// What could be read of a pool, also of one that has faults: findings about names are found in the same run.
#[derive(Debug)]
struct Read {
    id: PoolId,
    kind: PoolKind,
    at: Spot,
    /// `None` when it is absent or wrong, here and below.
    seats: Option<Seats>,
    rank: Option<(i64, Spot)>,
    fallback: Option<(PoolId, Spot)>,
    /// The sum of all floors.
    reserve: Option<(u64, Spot)>,
    requires: Vec<(PoolId, Spot)>,
    excludes: Vec<(PoolId, Spot)>,
    /// The pool itself, when nothing in it is wrong.
    pool: Option<Pool>,
}

/// The names in a catalog with their seats, as far as they are known: what targets may name even where the catalog has
/// faults elsewhere.
pub(crate) type Names = BTreeMap<PoolId, Option<Seats>>;

/// Reads the whole catalog. No catalog when something is wrong and reported.
pub(crate) fn read(mut root: Section<'_>) -> (Option<Catalog>, Names) {
    let default_tier = root.need("default_tier", "\"requester\"", pool_name);
    let default_at = root.spot("default_tier").clone();
    let tiers = root.table("tier", "tiers");
    let addons = root.table("addon", "addons");
    for name in addons.present().filter(|name| tiers.present().any(|tier| tier == *name)) {
        let problem = Problem::new(codes::TIER_AND_ADDON, format!("`{name}` is a tier already"))
            .help("rules name pools without saying which kind; give one of them another name");
        addons.cx.report(addons.key_spot(name), problem);
    }
    if tiers.present().next().is_none() {
        let help = "add at least the free one: `[tier.requester]` with `rank = 0` and `seats = \"unlimited\"`";
        tiers.report(Problem::new(codes::MISSING, "there is no tier").help(help));
    }
    let tiers = tiers.tables("tier").into_iter().map(|(name, section)| (PoolKind::Tier, name, section));
    let addons = addons.tables("addon").into_iter().map(|(name, section)| (PoolKind::Addon, name, section));
    let mut pools: BTreeMap<PoolId, Read> = BTreeMap::new();
    for (kind, name, section) in tiers.chain(addons) {
        let read = pool::read(name, kind, section);
        pools.entry(read.id.clone()).or_insert(read);
    }
    relations::check(root.cx, default_tier.as_ref().map(|id| (id, &default_at)), &pools);
    root.finish();
    let names = pools.values().map(|read| (read.id.clone(), read.seats)).collect();
    let pools: Option<BTreeMap<PoolId, Pool>> =
        pools.into_iter().map(|(id, read)| read.pool.map(|pool| (id, pool))).collect();
    let catalog = default_tier.zip(pools).map(|(default_tier, mut pools)| {
        mirror_exclusions(&mut pools);
        Catalog { default_tier, pools }
    });
    (catalog, names)
}

/// What excludes another is excluded by it, whichever of the two says so; names of pools that were not bought go.
fn mirror_exclusions(pools: &mut BTreeMap<PoolId, Pool>) {
    let pairs: Vec<(PoolId, PoolId)> =
        pools.values().flat_map(|pool| pool.excludes.iter().map(|other| (other.clone(), pool.id.clone()))).collect();
    let known: BTreeSet<PoolId> = pools.keys().cloned().collect();
    for pool in pools.values_mut() {
        pool.excludes.retain(|other| known.contains(other));
    }
    for (pool, other) in pairs {
        if let Some(pool) = pools.get_mut(&pool) {
            pool.excludes.insert(other);
        }
    }
}

fn pool_name(node: &Node) -> Parsed<PoolId> {
    parse::text(node).map(PoolId::new)
}
