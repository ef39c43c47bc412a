//! `status`: how everything stands.

use owo_colors::OwoColorize as _;

use super::{Global, asking, output, sync};
use crate::worker::Request;
use crate::worker::view::{HooksView, StatusView};

pub(super) async fn run(global: &Global) -> u8 {
    match asking::ask_once(global, Request::Status {}).await {
        Ok(answer) => output::finish(global, answer, render),
        Err(code) => code,
    }
}

fn render(status: &StatusView) -> String {
    let mut lines = Vec::new();
    let ready = if status.ready { "ready".green().to_string() } else { "not ready".red().to_string() };
    lines.push(format!("seatwarden {}: {ready}", status.version));
    if let Some(why) = &status.distrusted {
        lines.push(format!(
            "{} the store was rebuilt ({why}); nothing is revoked until every feed was read whole",
            "!".red()
        ));
    }
    for alert in &status.alerts {
        lines.push(format!("{} the checker refused the last plan: {alert}", "!".red()));
    }
    lines.push(String::new());
    let feeds = status
        .feeds
        .iter()
        .map(|feed| {
            vec![
                feed.name.clone(),
                feed.state.clone(),
                feed.accounts.to_string(),
                feed.last_whole.map_or("never".to_owned(), |at| at.to_string()),
                feed.lag_s.map_or("-".to_owned(), |lag| format!("{lag} s")),
                feed.error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    lines.push(output::table(&["feed", "state", "accounts", "last whole", "lag", "trouble"], feeds));
    let targets: Vec<Vec<String>> = status
        .targets
        .iter()
        .map(|target| {
            let trouble = target.error.clone().or_else(|| target.failing.first().map(|failing| failing.why.clone()));
            vec![target.name.clone(), target.mode.clone(), target.state.clone(), trouble.unwrap_or_default()]
        })
        .collect();
    if !targets.is_empty() {
        lines.push(output::table(&["desk", "mode", "state", "trouble"], targets));
    }
    lines.extend(hooks(&status.hooks));
    match &status.last_pass {
        Some(pass) => lines.push(format!("{} Began {}.", sync::render(pass), pass.started_at)),
        None => lines.push("No pass has been made since the start.".to_owned()),
    }
    let digest = status.rules.digest.as_ref().map_or("none".to_owned(), |digest| output::short(digest.as_str()));
    lines.push(format!("Rules {digest}"));
    if let Some(error) = &status.rules.error {
        lines.push(format!("{} the files on disk do not compile, the table in force stays: {error}", "!".red()));
    }
    for held in &status.held {
        lines.push(format!(
            "\n{} by {} in {}: {} wanted, {} pass",
            "Held".red().bold(),
            held.cause,
            held.pool,
            held.wanted,
            held.limit
        ));
        lines.push(format!("  {}", held.text));
        if let Some(by) = &held.rejected_by {
            lines.push(format!("  rejected by {by}"));
        }
        if !held.approved_by.is_empty() {
            lines.push(format!("  approved by {}", held.approved_by.join(", ")));
        }
        let digest = output::short(held.digest.as_str());
        lines.push(format!("  until {}: seatwarden approve {digest} --reason TEXT", held.expires_at));
    }
    lines.join("\n")
}

fn hooks(view: &HooksView) -> Option<String> {
    if view.feeds.is_empty() {
        return None;
    }
    let rows = view.feeds.iter().map(|hook| {
        let subscription = hook.subscription.as_ref();
        let ends = subscription.map_or("-".to_owned(), |seen| match seen.expires_at {
            Some(at) => format!("{} until {at}", seen.state),
            None => seen.state.clone(),
        });
        let trouble = subscription.and_then(|seen| seen.error.clone());
        let trouble = trouble.or_else(|| hook.read_back_error.clone()).or_else(|| hook.last_refusal.clone());
        vec![
            hook.name.clone(),
            hook.last_event.map_or("never".to_owned(), |at| at.to_string()),
            hook.events.to_string(),
            hook.refused.to_string(),
            hook.waiting.to_string(),
            ends,
            trouble.unwrap_or_default(),
        ]
    });
    let header = ["hook", "last call", "events", "refused", "waiting", "subscription", "trouble"];
    let mut text = output::table(&header, rows.collect());
    if let (Some(half), Some(most)) = (view.event_to_seat_p50_ms, view.event_to_seat_p95_ms) {
        let measured = view.measured;
        text.push_str(&format_times(half, most, measured));
    }
    Some(text)
}

fn format_times(half: u64, most: u64, measured: u64) -> String {
    format!("\nEvent to confirmed seat: half within {half} ms, 95 of 100 within {most} ms (of the last {measured}).")
}
