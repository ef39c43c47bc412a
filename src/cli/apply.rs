//! `apply`: does what `plan` shows.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::{Global, asking, output, plan, sync};
use crate::worker::Request;
use crate::worker::request::exit;
use crate::worker::view::PlanView;

/// A plan file larger than this is not one of ours.
const PLAN_BYTES: u64 = 1 << 30;

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// A plan that `plan --out` wrote; without one a new plan is made and shown.
    #[arg(value_name = "PLAN")]
    pub file: Option<PathBuf>,
    /// Does not ask.
    #[arg(long)]
    pub yes: bool,
}

impl Apply {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let shown = match &self.file {
            Some(path) => match read(path) {
                Ok(view) => view,
                Err(why) => {
                    output::complain(&format!("{} is not a plan: {why}", path.display()));
                    return exit::DATA;
                }
            },
            None => match asking::ask_once(global, Request::Plan {}).await {
                Ok(answer) => match serde_json::from_value::<PlanView>(answer.data.clone()) {
                    Ok(view) => view,
                    Err(_) => return output::finish(global, answer, |value: &serde_json::Value| value.to_string()),
                },
                Err(code) => return code,
            },
        };
        if !self.yes {
            if !std::io::stdin().is_terminal() {
                output::complain("`apply` asks on a terminal; elsewhere it needs --yes");
                return exit::USAGE;
            }
            output::talk(global, &plan::render(&shown));
            if !asked("Apply this plan?") {
                output::talk(global, "nothing was done");
                return exit::FAILED;
            }
        }
        match asking::ask_once(global, Request::Apply { expected: Some(shown.digest.to_string()) }).await {
            Ok(answer) => output::finish(global, answer, sync::render),
            Err(code) => code,
        }
    }
}

fn read(path: &std::path::Path) -> Result<PlanView, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let limited = std::io::Read::take(file, PLAN_BYTES);
    serde_json::from_reader(std::io::BufReader::new(limited)).map_err(|error| error.to_string())
}

/// Asks a question on the terminal; anything but `yes` is no.
pub(super) fn asked(question: &str) -> bool {
    let mut stderr = anstream::stderr().lock();
    drop(write!(stderr, "{question} Only `yes` does it: "));
    drop(stderr.flush());
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).is_ok() && line.trim() == "yes"
}
