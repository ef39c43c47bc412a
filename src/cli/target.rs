//! `target list` and `target adopt`.

use clap::{Args, Subcommand};

use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::{AdoptView, TargetView};

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

fn render(rows: &[TargetView]) -> String {
    output::table(&HEADER, rows.iter().map(cells).collect())
}
