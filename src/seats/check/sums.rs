//! Counts the seats anew, and compares with what the ledger counts along.

use std::collections::{BTreeMap, BTreeSet};

use super::Reader;
use crate::model::{PersonId, PoolId};
use crate::seats::{HoldState, Tally};

/// Invariant 1: plans for a few people rest on these sums.
pub(super) fn read(reader: &mut Reader<'_>) {
    if reader.few.is_some() {
        return;
    }
    let holdings = &reader.ledger.holdings;
    let mut tallies: BTreeMap<&PoolId, Tally> = BTreeMap::new();
    let mut moving: BTreeSet<(PersonId, &PoolId)> = BTreeSet::new();
    for ((person, pool), holding) in holdings {
        let tally = tallies.entry(pool).or_default();
        tally.seats = tally.seats.saturating_add(1);
        tally.granting = tally.granting.saturating_add(u64::from(holding.state == HoldState::Granting));
        tally.revoking = tally.revoking.saturating_add(u64::from(holding.state == HoldState::Revoking));
        if let Some(class) = &holding.class {
            match tally.classes.get_mut(class) {
                Some(count) => *count = count.saturating_add(1),
                None => {
                    tally.classes.insert(class.clone(), 1);
                }
            }
        }
        if holding.state != HoldState::Held || holding.leaving.is_some() {
            moving.insert((*person, pool));
        }
    }
    if !tallies.into_iter().eq(holdings.tallies().iter().map(|(pool, tally)| (pool, tally.clone()))) {
        reader.fault(1, "the ledger has counted other seats than it holds");
    }
    if !moving.into_iter().eq(holdings.moving().map(|(person, pool)| (*person, pool))) {
        reader.fault(1, "the ledger lists other seats that are about to change than it holds");
    }
}
