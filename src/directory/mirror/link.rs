//! Which accounts are one person: a function of the facts alone, so that no order of reading can matter.
//!
//! Keys are taken in order. At each key everybody who shares a value, directly or through others, is one cluster. A
//! cluster becomes one person when all of it fits together, and stays apart when anything does not: on ambiguity we
//! hold and ask. Those who left never stand in the way of those who are here; they join where they fit.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::PersonId;

/// Accounts that are one person whatever comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Party {
    /// The person, where that is settled.
    pub(super) anchor: Option<PersonId>,
    /// The accounts.
    pub(super) members: BTreeSet<u32>,
    /// Feeds in which one of them is live.
    pub(super) live: BTreeSet<u16>,
    /// Values by key, keys in order of rank.
    pub(super) keys: Vec<BTreeSet<u64>>,
}

impl Party {
    /// Whether two parties can be one person, having met by the key of rank `rank`: not both settled, no feed that
    /// shows both as live, and no key of a higher rank on which both have values and none in common.
    fn fits(&self, other: &Self, rank: usize) -> bool {
        let settled = self.anchor.is_some() && other.anchor.is_some();
        let agree =
            |(own, its): (&BTreeSet<u64>, &BTreeSet<u64>)| own.is_empty() || its.is_empty() || !own.is_disjoint(its);
        !settled && self.live.is_disjoint(&other.live) && self.keys.iter().zip(&other.keys).take(rank).all(agree)
    }

    fn absorb(&mut self, other: Self) {
        let Self { anchor, members, live, keys } = other;
        self.anchor = self.anchor.or(anchor);
        self.members.extend(members);
        self.live.extend(live);
        for (own, its) in self.keys.iter_mut().zip(keys) {
            own.extend(its);
        }
    }
}

/// Unites parties by keys. `worn` names values that too many share to tell anybody apart.
pub(super) fn unite(parties: Vec<Party>, ranks: usize, worn: &dyn Fn(usize, u64) -> bool) -> Vec<Party> {
    (0..ranks).fold(parties, |parties, rank| {
        clusters(parties, rank, worn).into_iter().flat_map(|cluster| settle(cluster, rank)).collect()
    })
}

/// Groups parties that share values of one key, directly or through others.
fn clusters(parties: Vec<Party>, rank: usize, worn: &dyn Fn(usize, u64) -> bool) -> Vec<Vec<Party>> {
    let mut clusters: Vec<(BTreeSet<u64>, Vec<Party>)> = Vec::new();
    for party in parties {
        let values: BTreeSet<u64> = party.keys.get(rank).into_iter().flatten().copied().collect();
        let values: BTreeSet<u64> = values.into_iter().filter(|&value| !worn(rank, value)).collect();
        let (touching, mut apart): (Vec<_>, Vec<_>) =
            clusters.into_iter().partition(|(theirs, _)| !theirs.is_disjoint(&values));
        let mut merged = (values, vec![party]);
        for (theirs, members) in touching {
            merged.0.extend(theirs);
            merged.1.extend(members);
        }
        apart.push(merged);
        clusters = apart;
    }
    clusters.into_iter().map(|(_, members)| members).collect()
}

/// Makes one person of a cluster where it fits together.
fn settle(cluster: Vec<Party>, rank: usize) -> Vec<Party> {
    if cluster.len() < 2 {
        return cluster;
    }
    let (here, left): (Vec<Party>, Vec<Party>) = cluster.into_iter().partition(|party| !party.live.is_empty());
    if !all_fit(&here, rank) {
        return here.into_iter().chain(left).collect();
    }
    let Some(living) = merged(here) else {
        return if all_fit(&left, rank) { merged(left).into_iter().collect() } else { left };
    };
    let (fitting, apart): (Vec<Party>, Vec<Party>) = left.into_iter().partition(|party| party.fits(&living, rank));
    if all_fit(&fitting, rank) {
        merged(std::iter::once(living).chain(fitting)).into_iter().chain(apart).collect()
    } else {
        std::iter::once(living).chain(fitting).chain(apart).collect()
    }
}

fn all_fit(parties: &[Party], rank: usize) -> bool {
    let rest = |at: usize| parties.iter().skip(at + 1);
    parties.iter().enumerate().all(|(at, party)| rest(at).all(|other| party.fits(other, rank)))
}

fn merged(parties: impl IntoIterator<Item = Party>) -> Option<Party> {
    parties.into_iter().reduce(|mut one, other| {
        one.absorb(other);
        one
    })
}

/// Gives every party a number: its anchor, else the lowest number that one of its accounts had, else a new one.
/// `before` tells the number of an account; oldest accounts choose first.
pub(super) fn number(
    mut parties: Vec<Party>,
    before: &dyn Fn(u32) -> PersonId,
    fresh: &mut dyn FnMut() -> PersonId,
) -> BTreeMap<u32, PersonId> {
    parties.sort_by(|a, b| a.members.cmp(&b.members));
    let mut taken: BTreeSet<PersonId> = parties.iter().filter_map(|party| party.anchor).collect();
    let mut numbers = BTreeMap::new();
    for party in parties {
        let own = party.members.iter().map(|&at| before(at)).filter(|number| !taken.contains(number)).min();
        let person = party.anchor.or(own).unwrap_or_else(&mut *fresh);
        taken.insert(person);
        numbers.extend(party.members.into_iter().map(|at| (at, person)));
    }
    numbers
}
