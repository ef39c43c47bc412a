//! The vendor's clock on a seat: how long it keeps others away after it was taken.

use super::event::{Cause, Reason};
use super::ledger::{Cooling, Holding};
use crate::model::{Exemption, Pool, Time};
use crate::rules::{Standing, Want};

/// Until when a seat cools that is taken `now`; `None` when it is free at once, because the pool has no `min_hold`,
/// the time is over, or the terms exempt the reason.
pub fn cooling_until(holding: &Holding, cause: &Cause, pool: &Pool, now: Time) -> Option<Time> {
    let min_hold = pool.min_hold.as_ref()?;
    if exemption(holding, cause).is_some_and(|exemption| min_hold.exempt.contains(&exemption)) {
        return None;
    }
    let until = holding.since.plus(min_hold.time);
    (until > now).then_some(until)
}

/// Whether a cooling seat may be given now: its time is over, or its last holder has left by the provider's word and
/// the terms exempt leavers.
pub(super) fn is_over(cooling: &Cooling, want: Option<&Want>, pool: Option<&Pool>, now: Time) -> bool {
    let exempt = || {
        let exempt = &pool.and_then(|pool| pool.min_hold.as_ref())?.exempt;
        let left = matches!(want?.standing, Standing::Left { absence, accepted, .. } if accepted || !absence);
        Some(left && exempt.contains(&Exemption::Leaver))
    };
    cooling.until <= now || exempt().unwrap_or(false)
}

fn exemption(holding: &Holding, cause: &Cause) -> Option<Exemption> {
    match cause.reason {
        Reason::Left | Reason::Absent => Some(Exemption::Leaver),
        // Cover for an absence is entered as an exception with an end; when it is over the seat goes back.
        Reason::Expired if holding.rule.as_ref().is_some_and(super::reason::is_exception) => {
            Some(Exemption::AbsenceCover)
        }
        Reason::Expired
        | Reason::Rule
        | Reason::Exception
        | Reason::Fallback
        | Reason::SeatFreed
        | Reason::JobCodeChanged
        | Reason::AttributeChanged
        | Reason::RulesChanged
        | Reason::Suspended
        | Reason::NotStarted
        | Reason::BaseMissing
        | Reason::Drift
        | Reason::Operator => None,
    }
}
