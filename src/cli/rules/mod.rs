//! `rules`: one file per verb on the table.

use clap::{Args, Subcommand};

use super::Global;

mod check;
mod explain;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Compiles the table and shows everything that is wrong with it.
    Check,
    /// Tells the long story of a finding, with examples.
    Explain(explain::Explain),
}

impl Rules {
    pub(super) fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Check => check::run(global),
            Verb::Explain(explain) => explain.run(global),
        }
    }
}
