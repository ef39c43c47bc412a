//! The rules table: rows that map people to a tier and add-ons.
//!
//! Pure. `table` is what was edited, with its places; `check` and `compile` turn it into a [`RuleSet`] or into
//! findings; `conflicts` proves that no two rows disagree about a person; `evaluate` decides for one person;
//! `desired` says what becomes of it. `diff` compares two tables over all people, `census` counts them by row and code.

mod automaton;
mod case_table;
pub mod cases;
mod cell;
pub mod census;
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
pub mod diff;
mod digest;
pub mod draft;
mod edits;
pub mod evaluate;
mod facts;
pub mod finding;
mod gaps;
pub mod history;
pub mod impact;
mod index;
mod labels;
mod lookalike;
mod lookup;
mod meetings;
mod never;
mod normal;
pub mod outcome;
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

pub use cases::{Case, Expect, Judged, cases};
pub use census::{Census, CensusTaker, CodeCount, Meaning, RowCount};
pub use code::Code;
pub use column::Column;
pub use compile::{Compiled, Line, RuleSet, Source, compile, examine};
pub use desired::{Basis, Claim, Desired, Standing, Want, unmet, want};
pub use diff::{Differ, Subject, diff};
pub use draft::Draft;
pub use edits::Edit;
pub use evaluate::{Decision, Given, RowTrace};
pub use finding::{Finding, Place, Related, Severity};
pub use impact::{Change, CodeImpact, Impact, PoolImpact, RowImpact, Tally};
pub(crate) use normal::normal;
pub use outcome::{Kind, Outcome};
pub use table::Form;
