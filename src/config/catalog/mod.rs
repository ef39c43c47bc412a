//! `catalog.toml`: what was bought. `pool` reads one tier or add-on, `relations` checks what they say of each other.

mod pool;
mod relations;

use std::collections::{BTreeMap, BTreeSet};

use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::{Node, Spot};
use crate::model::{Catalog, Pool, PoolId, PoolKind};

/// A pool as it was read, with the places that findings about its relations point to.
#[derive(Debug)]
struct Read {
    pool: Pool,
    at: Spot,
    rank: Spot,
    fallback: Spot,
    reserve: Spot,
    /// Each name in `requires` and `excludes` with its place.
    requires: Vec<(PoolId, Spot)>,
    excludes: Vec<(PoolId, Spot)>,
}

/// Reads the whole catalog. `None` when something is wrong and reported.
pub(crate) fn read(mut root: Section<'_>) -> Option<Catalog> {
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
    let mut pools: BTreeMap<PoolId, Read> = BTreeMap::new();
    let mut whole = true;
    let tiers = tiers.tables("tier").into_iter().map(|(name, section)| (PoolKind::Tier, name, section));
    let addons = addons.tables("addon").into_iter().map(|(name, section)| (PoolKind::Addon, name, section));
    for (kind, name, section) in tiers.chain(addons) {
        match pool::read(name, kind, section) {
            Some(read) => {
                pools.entry(read.pool.id.clone()).or_insert(read);
            }
            None => whole = false,
        }
    }
    // Names can only be looked up where every pool could be read; a second run would show the rest.
    if whole {
        let default = default_tier.as_ref().map(|id| (id, &default_at));
        relations::check(root.cx, default, &pools);
    }
    root.finish();
    let mut pools: BTreeMap<PoolId, Pool> = pools.into_iter().map(|(id, read)| (id, read.pool)).collect();
    mirror_exclusions(&mut pools);
    Some(Catalog { default_tier: default_tier.filter(|_| whole)?, pools })
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
