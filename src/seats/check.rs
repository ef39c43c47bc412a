//! Reads every plan with other eyes: shares no code with the planner.

use super::{Ledger, Plan, Policy};
use crate::model::Time;
use crate::rules::Desired;

/// A promise that a plan would break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the invariant in ARCHITECTURE.md.
    pub invariant: u8,
    /// What would break, without personal data.
    pub text: String,
}

/// Every fault of the plan; an empty list means that it may be applied.
pub fn check(plan: &Plan, desired: &Desired, ledger: &Ledger, policy: &Policy, now: Time) -> Vec<Fault> {
    let _ = (plan, desired, ledger, policy, now);
    unreachable!("stub")
}
