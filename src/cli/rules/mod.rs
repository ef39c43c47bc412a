//! `rules`: one file per verb on the table.

use clap::{Args, Subcommand};

use super::Global;

mod check;
mod coverage;
mod diff;
mod explain;
mod git;
mod impact_markdown;
mod impact_text;
mod test;

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
    /// Judges the cases beside the table.
    Test(test::Test),
    /// Shows what an edit of the table does to the people of today.
    Diff(diff::Diff),
    /// Counts people by row and by job code: codes without a row, rows without people.
    Coverage(coverage::Coverage),
}

impl Rules {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Check => check::run(global),
            Verb::Explain(explain) => explain.run(global),
            Verb::Test(test) => test.run(global).await,
            Verb::Diff(diff) => diff.run(global).await,
            Verb::Coverage(coverage) => coverage.run(global).await,
        }
    }
}
