//! `plan` for people: what a pass would do, what it would not do and why.

use owo_colors::OwoColorize as _;

use super::{Screen, heading, moment, moment_from, padded, width_of};
use crate::model::{PoolId, Time};
use crate::seats::Action;
use crate::worker::view::{ConflictView, HeldView, KeptView, PlanView, StepView, WaitingView};

/// Lines of a queue or a held plan that are shown; all are in `-o json`.
const SHOWN: usize = 10;
/// The width of names before what is told of them.
const NAMES: usize = 18;

/// A plan.
pub fn plan(plan: &PlanView, screen: &Screen) -> String {
    let screen = *screen;
    let mut out = basis(plan, screen);
    for (action, title) in [
        (Action::Revoke, "Take"),
        (Action::Move, "Move"),
        (Action::Grant, "Give"),
        (Action::HoldOff, "Later, nothing is done yet"),
    ] {
        let steps: Vec<&StepView> = plan.steps.iter().filter(|step| step.action == action).collect();
        if !steps.is_empty() {
            out.push_str(&heading(&format!("{title} ({})", steps.len())));
        }
        out.push_str(&steps_lines(&steps, plan.made_at, screen));
    }
    out.push_str(&queues(&plan.waiting, screen));
    out.push_str(&held(&plan.held, plan.made_at, SHOWN, screen));
    out.push_str(&kept(&plan.kept, screen));
    out.push_str(&conflicts(&plan.conflicts, screen));
    if !plan.findings.is_empty() {
        out.push_str(&heading("Findings of the table"));
        for finding in &plan.findings {
            let place =
                finding.place.as_ref().map(|place| format!("{}:{}: ", place.file, place.line)).unwrap_or_default();
            out.push_str(&screen.text("  - ", &format!("{place}{} {}", finding.code, finding.message)));
        }
    }
    let sum = &plan.summary;
    let text = format!(
        "Plan: {} to grant, {} to move, {} to revoke, {} later, {} waiting, {} held; {} stay.",
        sum.grant, sum.r#move, sum.revoke, sum.hold_off, sum.wait, sum.hold, sum.keep
    );
    let nothing = sum.grant == 0 && sum.r#move == 0 && sum.revoke == 0;
    let text = match (nothing, plan.held.is_empty()) {
        (true, true) => format!("{text} Nothing is to be done."),
        (true, false) => format!("{text} Nothing is done until somebody agrees."),
        (false, _) => text,
    };
    // The digest stays on one line, so that it can be taken whole.
    format!("{out}\n{}Digest {}\n", screen.text("", &text.bold().to_string()), plan.digest)
}

/// What the plan rests on.
fn basis(plan: &PlanView, screen: Screen) -> String {
    let rules = plan.rules_digest.as_ref().map_or("none".to_owned(), super::short);
    let mut out = screen.text("", &format!("Made {} by the table {rules} from", moment(plan.made_at)));
    for feed in &plan.feeds {
        let read = feed.read_at.map_or("never read".to_owned(), |at| format!("read {}", moment_from(at, plan.made_at)));
        let coverage = if feed.coverage == "none" { "not read now".to_owned() } else { feed.coverage.clone() };
        let label = format!("  {}  ", padded(feed.name.as_str(), NAMES - 2));
        out.push_str(&screen.text(&label, &format!("{coverage}, {} accounts, {read}", feed.accounts)));
        if let Some(error) = &feed.error {
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), &error.yellow().to_string()));
        }
    }
    for target in &plan.targets {
        let mode = match target.mode.as_str() {
            "observe" => "observed only: nothing is written there",
            "add_only" => "seats are given and never taken",
            _ => "seats are given and taken",
        };
        let label = format!("  {}  ", padded(&target.name, NAMES - 2));
        out.push_str(&screen.text(&label, &format!("desk, {mode}")));
        if let Some(error) = &target.error {
            out.push_str(&screen.text(&" ".repeat(NAMES + 2), &error.yellow().to_string()));
        }
    }
    out
}

/// Steps one below the other; a reason that several share is told once, below the last of them.
fn steps_lines(steps: &[&StepView], now: Time, screen: Screen) -> String {
    let mut out = String::new();
    for (at, step) in steps.iter().enumerate() {
        out.push_str(&step_line(step, now, screen));
        let after = steps.get(at.saturating_add(1));
        if after.is_none_or(|after| after.text != step.text) {
            out.push_str(&screen.text("      ", &step.text.dimmed().to_string()));
        }
    }
    out
}

/// Who, and what becomes of them.
fn step_line(step: &StepView, now: Time, screen: Screen) -> String {
    let from = step.from.as_ref().map_or("nothing", PoolId::as_str);
    let to = step.to.as_ref().map_or("nothing", PoolId::as_str);
    let arrow = if screen.unicode { "→" } else { "->" };
    let (sign, what) = match (step.action, step.due_at) {
        (Action::Grant, _) => ("+".green().to_string(), format!("{from} {arrow} {to}")),
        (Action::Move, _) => ("~".yellow().to_string(), format!("{from} {arrow} {to}")),
        (Action::Revoke, _) => ("-".red().to_string(), format!("{from} {arrow} {to}")),
        (Action::HoldOff, Some(due)) => {
            ("o".dimmed().to_string(), format!("{from} {arrow} {to} on {}", moment_from(due, now)))
        }
        (Action::HoldOff, None) => ("o".dimmed().to_string(), format!("{from} {arrow} {to}")),
    };
    let who = step.person.label();
    let room = 32.min(screen.width / 2);
    let who = if width_of(&who) < room { padded(&who, room) } else { format!("{who} ") };
    screen.text(&format!("  {sign} "), &format!("{who} {what}"))
}

fn queues(waiting: &[WaitingView], screen: Screen) -> String {
    let mut pools: Vec<&PoolId> = waiting.iter().map(|row| &row.pool).collect();
    pools.dedup();
    let mut out = String::new();
    for pool in pools {
        let rows: Vec<&WaitingView> = waiting.iter().filter(|row| row.pool == *pool).collect();
        out.push_str(&heading(&format!("Waiting for {pool} ({})", rows.len())));
        for (at, row) in rows.iter().take(SHOWN).enumerate() {
            let label = format!("  {:>3}. ", row.position);
            out.push_str(&screen.text(&label, &format!("{}, since {}", row.person.label(), moment(row.since))));
            let after = rows.get(at.saturating_add(1)).filter(|_| at.saturating_add(1) < SHOWN);
            if after.is_none_or(|after| wait_reason(after) != wait_reason(row)) {
                out.push_str(&screen.text("       ", &wait_reason(row).dimmed().to_string()));
            }
        }
        out.push_str(&and_more(rows.len(), SHOWN, screen));
    }
    out
}

/// Seats that no pass takes, whatever the cause.
pub(super) fn kept(kept: &[KeptView], screen: Screen) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let mut out = heading(&format!("Kept, whatever the facts say ({})", kept.len()));
    for seat in kept {
        let text = format!("{} keeps {}: {}, but {}", seat.person.label(), seat.pool, seat.text, seat.why);
        out.push_str(&screen.text("  - ", &text));
    }
    out
}

/// People who claim one identity.
pub(super) fn conflicts(conflicts: &[ConflictView], screen: Screen) -> String {
    if conflicts.is_empty() {
        return String::new();
    }
    let mut out = heading(&format!("In conflict: they keep what they hold and get nothing ({})", conflicts.len()));
    for conflict in conflicts {
        out.push_str(
            &screen.text("  - ", &format!("{} ({}): {}", conflict.person.label(), conflict.person.id, conflict.text)),
        );
    }
    out
}

/// Why somebody waits.
fn wait_reason(row: &WaitingView) -> String {
    if !row.text.is_empty() {
        return row.text.clone();
    }
    match row.reason.as_str() {
        "pool_full" => "every seat is in use".to_owned(),
        "reserved" => "what is free is reserved for other classes".to_owned(),
        "excluded" => "something they hold excludes it".to_owned(),
        "old_seat_kept" => "the tier they hold cannot be taken".to_owned(),
        "on_hold" => "nothing may change for them at present".to_owned(),
        other => other.replace('_', " "),
    }
}

/// What brakes hold: why, who is concerned, and how to let it pass.
///
/// `shown` steps of each plan are listed.
pub(super) fn held(plans: &[HeldView], now: Time, shown: usize, screen: Screen) -> String {
    let mut out = String::new();
    for held in plans {
        out.push_str(&heading(&format!("Held until somebody agrees: {} in {}", held.cause, held.pool)));
        let numbers = format!(
            "{} {} wanted and {} may pass at once.",
            held.wanted,
            if held.wanted == 1 { "step is" } else { "steps are" },
            held.limit
        );
        out.push_str(&screen.text("  ", &numbers.red().to_string()));
        out.push_str(&screen.text("  ", &format!("{}.", super::capitalized(&held.text))));
        let steps: Vec<&StepView> = held.steps.iter().take(shown).collect();
        out.push_str(&steps_lines(&steps, now, screen));
        out.push_str(&and_more(held.steps.len(), shown, screen));
        if let Some(by) = &held.rejected_by {
            out.push_str(&screen.text("  ", &format!("{by} rejected it; it stays held until the facts move.")));
        }
        if !held.approved_by.is_empty() {
            let names = held.approved_by.join(", ");
            out.push_str(&screen.text("  ", &format!("Approved by {names}; the next pass does it when enough agree.")));
        }
        let since = moment(held.held_at);
        let until = moment_from(held.expires_at, now);
        out.push_str(&screen.text("  ", &format!("Held since {since}. To let it pass, until {until}:")));
        // A command is never broken over lines: it is there to be taken whole.
        let digest = super::short(&held.digest);
        out.push_str(&format!("    seatwarden approve {digest} --reason TEXT\n").bold().to_string());
        out.push_str(&format!("    seatwarden reject {digest} --reason TEXT\n").dimmed().to_string());
    }
    out
}

fn and_more(count: usize, shown: usize, screen: Screen) -> String {
    match count.saturating_sub(shown) {
        0 => String::new(),
        more => screen.text("  ", &format!("and {more} more, all in -o json").dimmed().to_string()),
    }
}
