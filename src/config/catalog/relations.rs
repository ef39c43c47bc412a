//! What pools say of each other.

use std::collections::{BTreeMap, BTreeSet};

use super::Read;
use crate::config::codes;
use crate::config::context::{Context, Problem};
use crate::config::hint;
use crate::config::tree::Spot;
use crate::model::{PoolId, PoolKind, Seats};

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
    pools.values().filter(|read| read.kind == PoolKind::Tier)
}

fn tier_help(name: &PoolId, pools: &Pools) -> String {
    hint::help(name.as_str(), tiers(pools).map(|read| read.id.as_str()), "there is no tier")
}

fn default_tier(cx: &Context<'_>, default: &PoolId, at: &Spot, pools: &Pools) {
    match tiers(pools).find(|read| read.id == *default).map(|read| read.seats) {
        None => {
            let message = format!("there is no tier `{default}`");
            cx.report(at, Problem::new(codes::NO_DEFAULT_TIER, message).help(tier_help(default, pools)));
        }
        Some(Some(Seats::Bought(_))) => {
            let message = format!("the default tier `{default}` costs seats");
            let help = "everybody whom no row concerns gets it; name a tier with `seats = \"unlimited\"`";
            cx.report(at, Problem::new(codes::DEFAULT_NOT_FREE, message).help(help));
        }
        Some(Some(Seats::Unlimited) | None) => {}
    }
}

/// Equal ranks are allowed: the names then decide the order, which is stable and says nothing.
fn ranks(cx: &Context<'_>, pools: &Pools) {
    let mut seen: BTreeMap<i64, &PoolId> = BTreeMap::new();
    for read in tiers(pools) {
        let Some((rank, at)) = &read.rank else { continue };
        if let Some(other) = seen.insert(*rank, &read.id) {
            let message = format!("`{}` and `{other}` have rank {rank}", read.id);
            let help = "their names decide which counts as more; give each tier a rank of its own";
            cx.report(at, Problem::warning(codes::SAME_RANK, message).help(help));
        }
    }
}

fn reserve(cx: &Context<'_>, read: &Read) {
    let (Some(Seats::Bought(bought)), Some((floors, at))) = (read.seats, &read.reserve) else { return };
    if *floors > u64::from(bought) {
        let message = format!("{floors} seats are reserved and {bought} were bought");
        let help = "lower the floors, or correct `seats`";
        cx.report(at, Problem::new(codes::RESERVE_TOO_LARGE, message).help(help));
    }
}

fn fallback(cx: &Context<'_>, read: &Read, pools: &Pools) {
    let Some((fallback, at)) = &read.fallback else { return };
    let id = &read.id;
    let unknown = |message: String| Problem::new(codes::BAD_FALLBACK, message).help(tier_help(fallback, pools));
    let problem = match pools.get(fallback) {
        None => unknown(format!("there is no tier `{fallback}`")),
        Some(other) if other.kind == PoolKind::Addon => unknown(format!("`{fallback}` is an add-on")),
        Some(_) if leads_back(id, pools) => {
            let message = format!("fallbacks lead from `{id}` back to `{id}`");
            Problem::new(codes::FALLBACK_CYCLE, message).help("a fallback is a lower tier; begin at the lowest")
        }
        Some(other) => match (&other.rank, &read.rank) {
            (Some((theirs, _)), Some((ours, _))) if theirs >= ours => {
                let message = format!("the fallback `{fallback}` has rank {theirs}, `{id}` has {ours}");
                Problem::new(codes::FALLBACK_RANK, message).help("name a tier of lower rank")
            }
            _ => return,
        },
    };
    cx.report(at, problem);
}

fn leads_back(id: &PoolId, pools: &Pools) -> bool {
    let after = |at: &PoolId| pools.get(at).and_then(|read| read.fallback.as_ref()).map(|(fallback, _)| fallback);
    let mut seen = BTreeSet::new();
    let mut next = after(id);
    while let Some(at) = next.filter(|at| seen.insert(*at)) {
        if at == id {
            return true;
        }
        next = after(at);
    }
    false
}

fn requires(cx: &Context<'_>, read: &Read, pools: &Pools) {
    for (name, at) in &read.requires {
        let problem = match pools.get(name).map(|read| read.kind) {
            Some(PoolKind::Tier) => continue,
            Some(PoolKind::Addon) => Problem::new(codes::BAD_REQUIRES, format!("`{name}` is an add-on")),
            None => Problem::new(codes::BAD_REQUIRES, format!("there is no tier `{name}`")),
        };
        cx.report(at, problem.help(tier_help(name, pools)));
    }
    let excluded = |name: &PoolId| read.excludes.iter().any(|(other, _)| other == name);
    if !read.requires.is_empty() && read.requires.iter().all(|(name, _)| excluded(name)) {
        let message = format!("nobody can hold `{}`: it excludes every tier that it requires", read.id);
        let help = "take a tier out of `excludes`";
        cx.report(&read.at, Problem::new(codes::IMPOSSIBLE_ADDON, message).help(help));
    }
}

/// A name that is nearly one of ours is a slip and lets people hold what must not be held together, so it stops the
/// program. Any other unknown name excludes something that was not bought, which nobody can hold anyway.
fn excludes(cx: &Context<'_>, read: &Read, pools: &Pools) {
    for (name, at) in &read.excludes {
        let others = || pools.keys().filter(|id| **id != read.id).map(PoolId::as_str);
        let problem = if *name == read.id {
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
