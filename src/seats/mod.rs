//! Who gets a scarce seat, when it may move, and what stops a mistake.
//!
//! Pure. `event` is all that can happen to a seat, `ledger` is what has happened, `planner` says what should happen
//! next, `guard` holds what looks like a mistake, `check` reads every plan with other eyes.

pub mod check;
pub mod event;
pub mod ledger;
pub mod plan;
pub mod planner;
pub mod policy;

pub use check::{Fault, check};
pub use event::{Cause, Event, Evidence, Known, Reason};
pub use ledger::{Cooling, HoldState, Holding, Ledger, Waiting};
pub use plan::{Action, HeldPlan, Plan, Step, WaitingRow};
pub use planner::{decide, next_due};
pub use policy::{Brake, Brakes, Limit, Occupied, Policy, PoolMode, day_before};
