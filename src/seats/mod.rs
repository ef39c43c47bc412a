//! Who gets a scarce seat, when it may move, and what stops a mistake.
//!
//! Pure. `event` is all that can happen to a seat, `ledger` is what has happened, `planner` says what should happen
//! next, `guard` holds what looks like a mistake, `check` reads every plan with other eyes.

#![warn(clippy::arithmetic_side_effects)]

mod addon;
mod bench;
mod blame;
pub mod book;
pub mod brake;
pub mod check;
pub mod cooling;
pub mod digest;
mod draft;
pub mod event;
mod forecast;
mod frame;
pub mod guard;
pub mod hold;
pub mod holdings;
mod keep;
pub mod lately;
mod later;
pub mod ledger;
pub mod life;
mod mapping;
mod order;
mod over;
pub mod plan;
pub mod planner;
pub mod policy;
mod queue;
mod reason;
mod room;
mod scan;
mod settle;
pub mod shape;
mod shelf;
mod spend;
mod terms;
mod tier;
pub mod undo;
pub mod unit;
mod wait;

pub use book::{Book, Denial, Flow};
pub use brake::{Brake, Brakes, Limit, Span, SpendLimit, causes};
pub use check::{Fault, check, check_few};
pub use cooling::cooling_until;
pub use digest::plan_digest;
pub use event::{Cause, Event, Evidence, Known, Reason};
pub use forecast::{Forecast, forecast};
pub use hold::{Refusal, approve, reject};
pub use holdings::{Holdings, Tally};
pub use lately::{Lately, Recent, Spans};
pub use ledger::{Cooling, HoldState, Holding, Ledger, Waiting};
pub use life::{Stage, seat_of};
pub use over::{Ask, whom_to_ask};
pub use plan::{Action, HeldPlan, Kept, KeptBy, Plan, Step, Summary, WaitingRow};
pub use planner::{decide, decide_few, next_due, scope};
pub use policy::{Occupied, Policy, PoolMode};
pub use shape::{Shape, shape};
pub use terms::{adopted_unit, changes as changes_of_hands, exemption_word, terms_due};
pub use undo::{Pin, PinEnd, Pinned};
pub use unit::{Tenure, Unit, UnitState, Units};
