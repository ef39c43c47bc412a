//! The rules table: rows that map people to a tier and add-ons.
//!
//! Pure. `table` is what was edited, with its places; `compile` turns it into a [`RuleSet`] or into findings;
//! `evaluate` decides for one person; `desired` gathers what everybody should hold.

pub mod compile;
pub mod desired;
pub mod evaluate;
pub mod finding;

pub use compile::{Compiled, RuleSet, Source, compile};
pub use desired::{Basis, Claim, Desired, Standing, Want, want};
pub use evaluate::{Decision, Given, RowTrace};
pub use finding::{Finding, Place, Severity};
