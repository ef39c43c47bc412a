//! `rules`: one file per verb on the table.

use clap::{Args, Subcommand};

use super::Global;

mod check;
mod convert;
mod coverage;
mod diff;
mod explain;
mod export;
mod files;
mod fmt;
mod git;
mod impact_markdown;
mod impact_text;
mod import;
mod schema;
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
    Check(check::Check),
    /// Writes tables in one style; changes neither what they say nor their comments.
    Fmt(fmt::Fmt),
    /// Prints the table in another form: `-o toml`, `csv` or `xlsx`.
    Export(export::Export),
    /// Reads a table from XLSX, CSV or TOML and prints it as TOML or CSV.
    Import(import::Import),
    /// Prints the JSON Schema that editors complete and check by.
    Schema(schema::Schema),
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
            Verb::Check(check) => check.run(global),
            Verb::Fmt(fmt) => fmt.run(global),
            Verb::Export(export) => export.run(global),
            Verb::Import(import) => import.run(global),
            Verb::Schema(schema) => schema.run(),
            Verb::Explain(explain) => explain.run(global),
            Verb::Test(test) => Box::pin(test.run(global)).await,
            Verb::Diff(diff) => Box::pin(diff.run(global)).await,
            Verb::Coverage(coverage) => coverage.run(global).await,
        }
    }
}
