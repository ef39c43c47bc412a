//! What pools say of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::Read;
use crate::config::codes;
use crate::config::context::{Context, Problem};
use crate::config::hint;
use crate::config::tree::Spot;
use crate::model::{Pool, PoolId, PoolKind, Seats};

type Pools = BTreeMap<PoolId, Read>;

pub(super) fn check(cx: &Context<'_>, default: Option<(&PoolId, &Spot)>, pools: &Pools) {
    if let Some((default, at)) = default {
        default_tier(cx, default, at, pools);
    }
    ranks(cx, pools);
    for read in pools.values() {
        reserve(cx, read);
        fallback(cx, read, pools);
        requires(cx, read, pools);
        excludes(cx, read, pools);
    }
}

fn tiers(pools: &Pools) -> impl Iterator<Item = &Read> {
    pools.values().filter(|read| read.pool.kind == PoolKind::Tier)
}

fn tier_help(name: &PoolId, pools: &Pools) -> String {
    hint::help(name.as_str(), tiers(pools).map(|read| read.pool.id.as_str()), "there is no tier")
}

fn default_tier(cx: &Context<'_>, default: &PoolId, at: &Spot, pools: &Pools) {
    match tiers(pools).find(|read| read.pool.id == *default).map(|read| &read.pool) {
        None => {
            let message = format!("there is no tier `{default}`");
            cx.report(at, Problem::new(codes::NO_DEFAULT_TIER, message).help(tier_help(default, pools)));
        }
        Some(Pool { seats: Seats::Bought(_), .. }) => {
            let message = format!("the default tier `{default}` costs seats");
            let help = "everybody whom no row concerns gets it; name a tier with `seats = \"unlimited\"`";
            cx.report(at, Problem::new(codes::DEFAULT_NOT_FREE, message).help(help));
        }
        Some(Pool { seats: Seats::Unlimited, .. }) => {}
    }
}

/// Equal ranks are allowed: the names then decide the order, which is stable and says nothing.
fn ranks(cx: &Context<'_>, pools: &Pools) {
    let mut seen: BTreeMap<i64, &PoolId> = BTreeMap::new();
    for read in tiers(pools) {
        if let Some(other) = seen.insert(read.pool.rank, &read.pool.id) {
            let message = format!("`{}` and `{other}` have rank {}", read.pool.id, read.pool.rank);
            let help = "their names decide which counts as more; give each tier a rank of its own";
            cx.report(&read.rank, Problem::warning(codes::SAME_RANK, message).help(help));
        }
    }
}

fn reserve(cx: &Context<'_>, read: &Read) {
    let Seats::Bought(bought) = read.pool.seats else { return };
    let floors: u64 = read.pool.reserve.values().map(|floor| u64::from(*floor)).sum();
    if floors > u64::from(bought) {
        let message = format!("{floors} seats are reserved and {bought} were bought");
        let help = "lower the floors, or correct `seats`";
        cx.report(&read.reserve, Problem::new(codes::RESERVE_TOO_LARGE, message).help(help));
    }
}

fn fallback(cx: &Context<'_>, read: &Read, pools: &Pools) {
    let (id, rank) = (&read.pool.id, read.pool.rank);
    let Some(fallback) = &read.pool.fallback else { return };
    let problem = match pools.get(fallback).map(|read| &read.pool) {
        Some(other) if other.kind == PoolKind::Addon => {
            Problem::new(codes::BAD_FALLBACK, format!("`{fallback}` is an add-on")).help(tier_help(fallback, pools))
        }
        None => {
            Problem::new(codes::BAD_FALLBACK, format!("there is no tier `{fallback}`")).help(tier_help(fallback, pools))
        }
        Some(_) if leads_back(id, pools) => {
            let message = format!("fallbacks lead from `{id}` back to `{id}`");
            Problem::new(codes::FALLBACK_CYCLE, message).help("a fallback is a lower tier; begin at the lowest")
        }
        Some(other) if other.rank >= rank => {
            let message = format!("the fallback `{fallback}` has rank {}, `{id}` has {rank}", other.rank);
            Problem::new(codes::FALLBACK_RANK, message).help("name a tier of lower rank")
        }
        Some(_) => return,
    };
    cx.report(&read.fallback, problem);
}

fn leads_back(id: &PoolId, pools: &Pools) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = pools.get(id).and_then(|read| read.pool.fallback.as_ref());
    while let Some(at) = next.filter(|at| seen.insert(*at)) {
        if at == id {
            return true;
        }
        next = pools.get(at).and_then(|read| read.pool.fallback.as_ref());
    }
    false
}

fn requires(cx: &Context<'_>, read: &Read, pools: &Pools) {
    for (name, at) in &read.requires {
        let problem = match pools.get(name).map(|read| read.pool.kind) {
            Some(PoolKind::Tier) => continue,
            Some(PoolKind::Addon) => Problem::new(codes::BAD_REQUIRES, format!("`{name}` is an add-on")),
            None => Problem::new(codes::BAD_REQUIRES, format!("there is no tier `{name}`")),
        };
        cx.report(at, problem.help(tier_help(name, pools)));
    }
    if !read.requires.is_empty() && read.pool.requires.is_subset(&read.pool.excludes) {
        let message = format!("nobody can hold `{}`: it excludes every tier that it requires", read.pool.id);
        let help = "take a tier out of `excludes`";
        cx.report(&read.at, Problem::new(codes::IMPOSSIBLE_ADDON, message).help(help));
    }
}

/// A name that is nearly one of ours is a slip and lets people hold what must not be held together, so it stops the
/// program. Any other unknown name excludes something that was not bought, which nobody can hold anyway.
fn excludes(cx: &Context<'_>, read: &Read, pools: &Pools) {
    for (name, at) in &read.excludes {
        let others = || pools.keys().filter(|id| **id != read.pool.id).map(PoolId::as_str);
        let problem = if *name == read.pool.id {
            Problem::new(codes::BAD_EXCLUDES, format!("`{name}` excludes itself")).help("take it out of the list")
        } else if pools.contains_key(name) {
            continue;
        } else {
            let message = format!("there is no tier or add-on `{name}`");
            match hint::closest(name.as_str(), others()) {
                Some(meant) => Problem::new(codes::BAD_EXCLUDES, message).help(format!("did you mean `{meant}`?")),
                None => Problem::warning(codes::BAD_EXCLUDES, message)
                    .help("it excludes nothing until the catalog has a pool of that name"),
            }
        };
        cx.report(at, problem);
    }
}
