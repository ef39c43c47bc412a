//! `explain`: why somebody has or has not a seat.

use clap::Args;
use owo_colors::OwoColorize as _;

use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::ExplainView;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// E-mail, employee number, login name, account id or `p-17`.
    pub person: String,
}

impl Explain {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match asking::ask_once(global, Request::Explain { person: self.person }).await {
            Ok(answer) => output::finish(global, answer, render),
            Err(code) => code,
        }
    }
}

fn render(view: &ExplainView) -> String {
    let mut lines = Vec::new();
    let name = view.name.as_deref().unwrap_or("(no name)");
    let number = view.person.employee_number.as_deref().unwrap_or("none");
    lines.push(format!("{} <{}>, employee number {number}, {}", name.bold(), view.person.label(), view.person.id));
    lines.push(format!("\n1. Status: {}", view.status));
    for account in &view.accounts {
        let missing = account.missing_since.map(|at| format!(", missing since {at}")).unwrap_or_default();
        lines.push(format!(
            "   {} {}: {} ({}), read {}{missing}",
            account.feed, account.id, account.status, account.raw_status, account.read_at
        ));
        let attributes: Vec<String> =
            account.attributes.iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect();
        lines.push(format!("      {}", attributes.join(" ")));
    }
    if let Some(conflict) = &view.conflict {
        lines.push(format!("   {} {conflict}", "conflict:".red().bold()));
    }
    lines.push("\n2. Rows".to_owned());
    let shown = view.rows.iter().filter(|row| row.matched).count().max(5);
    for row in view.rows.iter().take(shown) {
        let mark = match (row.decides, row.matched) {
            (true, _) => "=>".green().to_string(),
            (false, true) => " *".to_owned(),
            (false, false) => "  ".to_owned(),
        };
        lines.push(format!("   {mark} {}: {}", row.id, row.why));
    }
    if view.rows.len() > shown {
        lines.push(format!("      … {} more rows do not match", view.rows.len().saturating_sub(shown)));
    }
    let desired = &view.desired;
    let tier = desired.tier.as_ref().map_or("default tier".to_owned(), ToString::to_string);
    let addons: Vec<&str> = desired.addons.iter().map(crate::model::PoolId::as_str).collect();
    let addons = if addons.is_empty() { String::new() } else { format!(" + {}", addons.join(", ")) };
    let rule = desired.rule.as_ref().map_or("no row".to_owned(), |rule| format!("row {rule}"));
    lines.push(format!("\n3. Should hold: {tier}{addons} by {rule} (standing: {})", desired.standing));
    lines.push(format!("\n4. Holds: {}", view.holding.tier));
    for seat in &view.holding.seats {
        let leaving = seat.leaving_at.map(|at| format!(", leaves on {at}")).unwrap_or_default();
        lines.push(format!("   {} {} since {}{leaving}: {}", seat.pool, seat.state, seat.since, seat.text));
        lines.extend(seat.protected.iter().map(|why| format!("      {why}")));
    }
    for row in &view.holding.waiting {
        lines.push(format!("   waits for {}: number {} since {}", row.pool, row.position, row.since));
    }
    let next = view.next.as_ref().map_or("nothing".to_owned(), |next| {
        let due = next.due_at.map(|at| format!(" on {at}")).unwrap_or_default();
        format!("{} {}{due}: {}", next.what, next.pool, next.text)
    });
    lines.push(format!("\n5. Next: {next}"));
    lines.push(format!("\n6. History ({} entries)", view.history.len()));
    for entry in view.history.iter().rev().take(10).rev() {
        let text = |name: &str| entry.get(name).and_then(|field| field.as_str()).unwrap_or_default().to_owned();
        let why = entry.get("cause").and_then(|cause| cause.get("text")).and_then(|text| text.as_str());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(format!("   {} {} {}{why}", text("at"), text("kind"), text("pool")));
    }
    lines.join("\n")
}
