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
mod cover;
mod csv_table;
mod csv_text;
mod damage;
pub mod desired;
mod digest;
pub mod evaluate;
mod facts;
pub mod finding;
mod gaps;
mod index;
mod labels;
mod lookalike;
mod lookup;
mod meetings;
mod never;
mod normal;
mod over;
mod pairs;
mod pattern;
mod row;
mod seek;
pub mod stories;
mod survey;
mod table;
mod text;
mod toml_table;
mod trace;
mod witness;
mod zeros;

pub use code::Code;
pub use column::Column;
pub use compile::{Compiled, Line, RuleSet, Source, compile, examine};
pub use desired::{Basis, Claim, Desired, Standing, Want, unmet, want};
pub use evaluate::{Decision, Given, RowTrace};
pub use finding::{Finding, Place, Related, Severity};
