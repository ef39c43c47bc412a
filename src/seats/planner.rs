//! What should happen next: one total function, the same for the same arguments.

use super::{Ledger, Plan, Policy};
use crate::model::Time;
use crate::rules::Desired;

/// Plans, judges by the brakes, and plans again around what is held.
pub fn decide(desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Plan {
    let _ = (desired, ledger, policy, now);
    unreachable!("stub")
}

/// The next instant at which time alone changes a plan: grace ends, a seat has cooled, an approval expires.
pub fn next_due(ledger: &Ledger, now: Time) -> Option<Time> {
    let _ = (ledger, now);
    unreachable!("stub")
}
