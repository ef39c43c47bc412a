//! `undo`: gives the seats of a pass back.

use std::io::IsTerminal as _;

use clap::Args;

use super::{Global, apply, asking, hold, output, plan, sync};
use crate::worker::Request;
use crate::worker::request::exit;
use crate::worker::view::{NotUndoneView, UndoView};

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The number of the pass, as `status` and the journal show it.
    #[arg(value_name = "PASS")]
    pub pass: u64,
    /// Does not ask.
    #[arg(long)]
    pub yes: bool,
    /// Why; goes into the audit.
    #[arg(long, value_name = "TEXT", default_value = "no reason given")]
    pub reason: String,
    /// Who; the operating system's user without it.
    #[arg(long = "as", value_name = "NAME")]
    pub by: Option<String>,
}

impl Undo {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let by = self.by.unwrap_or_else(hold::user);
        let request = |really| Request::Undo { pass: self.pass, reason: self.reason.clone(), by: by.clone(), really };
        if !self.yes {
            let answer = match asking::ask_once(global, request(false)).await {
                Ok(answer) => answer,
                Err(code) => return code,
            };
            let shown = serde_json::from_value::<UndoView>(answer.data.clone()).ok();
            let nothing = shown.as_ref().is_none_or(|view| view.people == 0);
            let code = output::finish(global, answer, render);
            if nothing || code != exit::DONE {
                return code;
            }
            if !std::io::stdin().is_terminal() {
                output::complain("`undo` asks on a terminal; elsewhere it needs --yes; nothing was done");
                return exit::USAGE;
            }
            if !apply::asked("Apply this plan?") {
                output::talk(global, "nothing was done");
                return exit::FAILED;
            }
        }
        match asking::ask_once(global, request(true)).await {
            Ok(answer) => output::finish(global, answer, render),
            Err(code) => code,
        }
    }
}

fn render(view: &UndoView) -> String {
    let UndoView { pass, people, not_undone, plan: made, applied, .. } = view;
    let mut lines = Vec::new();
    if *people == 0 {
        lines.push(format!("Nothing to undo: the seats of pass {pass} are as they were before it, or will be."));
    } else if applied.is_none() {
        lines.push(plan::render(made));
    }
    for NotUndoneView { person, pool, why } in not_undone {
        lines.push(format!("Stays as it is: {pool} of {}: {why}", person.label()));
    }
    if let Some(applied) = applied {
        lines.push(format!(
            "Pass {pass} is undone for {people} people, until their facts, the table or the catalog change."
        ));
        lines.push(sync::render(applied));
    }
    lines.join("\n")
}
