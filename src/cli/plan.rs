//! `plan`: what a pass would do.

use std::path::PathBuf;

use clap::Args;
use owo_colors::OwoColorize as _;

use super::{Global, asking, output};
use crate::seats::Action;
use crate::worker::Request;
use crate::worker::request::exit;
use crate::worker::view::{PlanView, StepView};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Also writes the plan to a file, for `apply FILE`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exits 2 when changes are pending.
    #[arg(long)]
    pub detailed_exitcode: bool,
}

impl PlanArgs {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let answer = match asking::ask_once(global, Request::Plan {}).await {
            Ok(answer) => answer,
            Err(code) => return code,
        };
        let view = serde_json::from_value::<PlanView>(answer.data.clone()).ok();
        if let (Some(path), Some(view)) = (&self.out, &view) {
            if let Err(error) = write(path, view) {
                output::complain(&format!("cannot write the plan to {}: {error}", path.display()));
                return exit::FAILED;
            }
            output::talk(global, &format!("the plan is in {}; `seatwarden apply {0}` does exactly it", path.display()));
        }
        let code = output::finish(global, answer, render);
        let pending = view.is_some_and(|view| pending(&view));
        if code == exit::DONE && self.detailed_exitcode && pending { exit::PENDING } else { code }
    }
}

/// Whether a plan would change anything.
pub(super) fn pending(view: &PlanView) -> bool {
    view.summary.grant > 0 || view.summary.revoke > 0 || view.summary.r#move > 0
}

fn write(path: &std::path::Path, view: &PlanView) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    // A plan holds names: the file is ours alone, and whole or absent.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, view)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Lines of a queue or a held plan that are shown; all are in `-o json`.
const SHOWN: usize = 10;

/// A plan for people.
pub(super) fn render(plan: &PlanView) -> String {
    let mut text = String::new();
    let mut line = |part: String| {
        text.push_str(&part);
        text.push('\n');
    };
    let rules = plan.rules_digest.as_ref().map_or("none".to_owned(), |digest| output::short(digest.as_str()));
    line(format!("Rules {rules}"));
    for feed in &plan.feeds {
        let read = feed.read_at.map_or("never".to_owned(), |at| at.to_string());
        let trouble = feed.error.as_ref().map(|error| format!(": {}", error.yellow())).unwrap_or_default();
        line(format!("Feed {}: {}, {} accounts, read {read}{trouble}", feed.name, feed.coverage, feed.accounts));
    }
    for target in &plan.targets {
        let trouble = target.error.as_ref().map(|error| format!(": {}", error.yellow())).unwrap_or_default();
        line(format!("Desk {}: {}{trouble}", target.name, target.mode));
    }
    if !plan.steps.is_empty() {
        line(format!(
            "\n{} grant   {} move   {} revoke   {} later\n",
            "+".green(),
            "~".yellow(),
            "-".red(),
            "o".dimmed()
        ));
    }
    for step in &plan.steps {
        line(step_line(step));
    }
    if !plan.waiting.is_empty() {
        line("\nWaiting".bold().to_string());
        for row in plan.waiting.iter().take(SHOWN) {
            line(format!(
                "  {}. {} for {} since {} ({})",
                row.position,
                row.person.label(),
                row.pool,
                row.since,
                row.reason
            ));
        }
        if plan.waiting.len() > SHOWN {
            line(format!("  … and {} more", plan.waiting.len().saturating_sub(SHOWN)));
        }
    }
    for held in &plan.held {
        line(format!(
            "\n{} by {} in {}: {} wanted, {} pass",
            "Held".red().bold(),
            held.cause,
            held.pool,
            held.wanted,
            held.limit
        ));
        line(format!("  {}", held.text));
        for step in held.steps.iter().take(SHOWN) {
            line(format!("  {}", step_line(step).trim_start()));
        }
        if held.steps.len() > SHOWN {
            line(format!("  … and {} more", held.steps.len().saturating_sub(SHOWN)));
        }
        line(format!("  approve: seatwarden approve {} --reason TEXT", output::short(held.digest.as_str())));
    }
    if !plan.kept.is_empty() {
        line("\nKept whatever happens".bold().to_string());
        for kept in &plan.kept {
            line(format!("  {} {}: {}, but {}", kept.person.label(), kept.pool, kept.text, kept.why));
        }
    }
    let sum = &plan.summary;
    line(format!(
        "\nPlan: {} to grant, {} to move, {} to revoke, {} later, {} waiting, {} held; {} stay.",
        sum.grant, sum.r#move, sum.revoke, sum.hold_off, sum.wait, sum.hold, sum.keep
    ));
    line(format!("Digest {}", plan.digest));
    text
}

fn step_line(step: &StepView) -> String {
    let from = step.from.as_ref().map_or("-", |pool| pool.as_str());
    let to = step.to.as_ref().map_or("-", |pool| pool.as_str());
    let due = step.due_at.map(|at| format!(" on {at}")).unwrap_or_default();
    let symbol = match step.action {
        Action::Grant => "+".green().to_string(),
        Action::Move => "~".yellow().to_string(),
        Action::Revoke => "-".red().to_string(),
        Action::HoldOff => "o".dimmed().to_string(),
    };
    format!("{symbol} {}: {from} -> {to}{due} ({})", step.person.label(), step.text)
}
