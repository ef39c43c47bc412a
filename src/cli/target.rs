//! `target list`, `target adopt` and `target drift`.

use clap::{Args, Subcommand};

use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::request::exit;
use crate::worker::view::{AdoptView, DriftView, PersonView, TargetView};

/// Arguments of `target`.
#[derive(Debug, Args)]
pub struct TargetArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists desks, their mode, and whose seats they hold.
    List,
    /// Compares desks with the ledger, person by person; changes nothing.
    Drift {
        /// The desk; all of them without it.
        target: Option<String>,
        /// Exits with 2 where they differ.
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Takes seats that people held before us into the ledger.
    Adopt {
        /// The desk.
        target: String,
    },
}

impl TargetArgs {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::List => match asking::ask_once(global, Request::TargetList {}).await {
                Ok(answer) => output::finish_rows(global, answer, render, &HEADER, cells),
                Err(code) => code,
            },
            Verb::Drift { target, detailed_exitcode } => {
                match asking::ask_once(global, Request::TargetDrift { target }).await {
                    Ok(answer) => {
                        let differ = answer.data.as_array().is_some_and(|rows| !rows.is_empty());
                        let code = output::finish_rows(global, answer, render_drift, &DRIFT, drift_cells);
                        if code == exit::DONE && differ && detailed_exitcode { exit::PENDING } else { code }
                    }
                    Err(code) => code,
                }
            }
            Verb::Adopt { target } => match asking::ask_once(global, Request::TargetAdopt { target }).await {
                Ok(answer) => output::finish(global, answer, |view: &AdoptView| {
                    let mut text = format!(
                        "{} seats adopted at {}; {} belong to people whom no feed shows and are left alone",
                        view.adopted, view.target, view.strangers
                    );
                    for left in &view.left {
                        text.push_str("\nleft alone: ");
                        text.push_str(left);
                    }
                    text
                }),
                Err(code) => code,
            },
        }
    }
}

const HEADER: [&str; 7] = ["target", "mode", "state", "members", "not_ours", "lost", "trouble"];

fn cells(target: &TargetView) -> Vec<String> {
    let counts = |counts: &std::collections::BTreeMap<crate::model::PoolId, u64>| {
        counts.iter().map(|(pool, count)| format!("{pool} {count}")).collect::<Vec<_>>().join(", ")
    };
    let trouble = target.error.clone().or_else(|| target.failing.first().map(|failing| failing.why.clone()));
    vec![
        target.name.clone(),
        target.mode.clone(),
        target.state.clone(),
        counts(&target.counts),
        counts(&target.foreign),
        counts(&target.lost),
        trouble.unwrap_or_default(),
    ]
}

const DRIFT: [&str; 5] = ["target", "pool", "difference", "person", "account"];

fn drift_cells(row: &DriftView) -> Vec<String> {
    vec![
        row.target.to_string(),
        row.pool.to_string(),
        row.difference.word().to_owned(),
        row.person.as_ref().map(PersonView::label).unwrap_or_default(),
        row.account.clone().unwrap_or_default(),
    ]
}

fn render_drift(rows: &[DriftView]) -> String {
    if rows.is_empty() {
        return "desks and ledger agree".to_owned();
    }
    output::table(&DRIFT, rows.iter().map(drift_cells).collect())
}

fn render(rows: &[TargetView]) -> String {
    output::table(&HEADER, rows.iter().map(cells).collect())
}
