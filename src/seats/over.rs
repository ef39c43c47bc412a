//! Whom to ask when more seats are in use than were bought.
//!
//! Nobody loses a seat because fewer were bought. What is proposed has one order: first whose grace runs, soonest end
//! first; then whoever is suspended; then by priority of the row that gives the seat, lowest first, among equals who got
//! theirs last. How long somebody has not used a seat is not known here.

use std::cmp::Reverse;

use super::Ledger;
use super::ledger::HoldState;
use crate::model::{PersonId, PoolId, Time, UnitNo};
use crate::rules::{Desired, Standing, Want};

/// Somebody to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who.
    pub person: PersonId,
    /// Which seat.
    pub unit: UnitNo,
    /// Why they come first.
    pub why: String,
}

/// Grace or suspension, the end of grace, priority, since when, who.
type Turn = (u8, Time, i64, Reverse<Time>, PersonId);

/// The first `count` holders to ask for their seat of the pool.
pub fn whom_to_ask(ledger: &Ledger, desired: &Desired, pool: &PoolId, count: usize) -> Vec<Ask> {
    if count == 0 {
        return Vec::new();
    }
    let held = ledger.holdings.iter().filter(|((_, id), holding)| id == pool && holding.state == HoldState::Held);
    let mut asked: Vec<(Turn, Ask)> = held
        .map(|((person, _), holding)| {
            let want = desired.get(person);
            let priority = want.map_or(0, |want| priority(want, pool));
            let none = Time::default();
            let (turn, due, why) = match (&holding.leaving, want.map(|want| &want.standing)) {
                (Some(leaving), _) => (0, leaving.due_at, format!("grace ends {}", leaving.due_at)),
                (None, Some(Standing::Suspended { word })) => (1, none, format!("the provider says {word}")),
                (
                    None,
                    Some(Standing::Active | Standing::Frozen { .. } | Standing::PreStart | Standing::Left { .. })
                    | None,
                ) => (2, none, format!("priority {priority}, held since {}", holding.since)),
            };
            let key = (turn, due, priority, Reverse(holding.since), *person);
            (key, Ask { person: *person, unit: holding.unit, why })
        })
        .collect();
    asked.sort_by_key(|(key, _)| *key);
    asked.into_iter().map(|(_, ask)| ask).take(count).collect()
}

/// The priority of the row that gives the person a seat of the pool, or a tier that leads to it.
pub(super) fn priority(want: &Want, pool: &PoolId) -> i64 {
    let tier = want.tier.as_ref().map(|(_, claim)| claim);
    want.addons.get(pool).or(tier).map_or(0, |claim| claim.priority)
}
