//! `plan`: what a pass would do.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::screen::{self, Screen};
use super::{Global, Output, asking, output};
use crate::model::PoolId;
use crate::worker::request::exit;
use crate::worker::view::{PlanView, StepView};
use crate::worker::{Answer, Request};

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
        let code = if global.output == Output::Csv && answer.data != Value::Null {
            let steps = answer.data.get("steps").cloned().unwrap_or_default();
            output::finish_rows(
                global,
                Answer { data: steps, ..answer },
                |_: &[StepView]| String::new(),
                &HEADER,
                cells,
            )
        } else {
            output::finish(global, answer, render)
        };
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

/// A plan for people.
pub(super) fn render(plan: &PlanView) -> String {
    screen::plan(plan, &Screen::of_process())
}

const HEADER: [&str; 12] =
    ["action", "id", "email", "employee_number", "pool", "from", "to", "rule", "reason", "evidence", "due_at", "text"];

/// A step as a row for spreadsheets. What brakes hold is not among them: it would not be done.
fn cells(step: &StepView) -> Vec<String> {
    let word = |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let pool = |pool: &Option<PoolId>| pool.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![
        word(serde_json::to_value(step.action).ok()).unwrap_or_default(),
        step.person.id.to_string(),
        step.person.email.clone().unwrap_or_default(),
        step.person.employee_number.clone().unwrap_or_default(),
        step.pool.to_string(),
        pool(&step.from),
        pool(&step.to),
        step.rule.as_ref().map(ToString::to_string).unwrap_or_default(),
        word(serde_json::to_value(step.reason).ok()).unwrap_or_default(),
        word(serde_json::to_value(step.evidence).ok()).unwrap_or_default(),
        step.due_at.map(|at| at.to_string()).unwrap_or_default(),
        step.text.clone(),
    ]
}
