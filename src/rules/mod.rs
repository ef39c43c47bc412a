//! The rules table: rows that map people to a tier and add-ons.
//!
//! Pure. `table` is what was edited, with its places; `check` and `compile` turn it into a [`RuleSet`] or into
//! findings; `conflicts` proves that no two rows disagree about a person; `evaluate` decides for one person;
//! `desired` says what becomes of it.

mod automaton;
mod cell;
mod check;
pub mod code;
pub mod column;
pub mod compile;
mod conflicts;
mod csv_table;
mod csv_text;
pub mod desired;
mod digest;
pub mod draft;
pub mod evaluate;
mod facts;
pub mod finding;
mod index;
mod labels;
mod lookup;
mod meetings;
mod normal;
mod pairs;
mod pattern;
mod row;
mod seek;
mod table;
mod text;
mod toml_table;
mod trace;
mod witness;

pub use code::Code;
pub use column::Column;
pub use compile::{Compiled, Line, RuleSet, Source, compile};
pub use desired::{Basis, Claim, Desired, Standing, Want, unmet, want};
pub use draft::Draft;
pub use evaluate::{Decision, Given, RowTrace};
pub use finding::{Finding, Place, Related, Severity};
pub use table::Form;
