//! `status` for people: is anything wrong, what is held, what is due, how full the pools are.

use owo_colors::OwoColorize as _;

use super::{Screen, counted, heading, moment, moment_from, plan, seats};
use crate::model::Time;
use crate::worker::view::{
    FeedView, HooksView, PassView, PersonView, ProtectedView, StatusView, TargetView, UndoneView,
};

/// Failing steps of a desk that are shown.
const FAILING_SHOWN: usize = 5;
/// Steps of a held plan that are shown; `plan` shows more.
const HELD_SHOWN: usize = 3;

/// How everything stands.
pub fn status(status: &StatusView, screen: &Screen) -> String {
    let screen = *screen;
    let now = status.at;
    let mut out = headline(status, screen);
    out.push_str(&heading("Identity providers"));
    if status.feeds.is_empty() {
        out.push_str(&screen.text("  ", "None is configured."));
    }
    status.feeds.iter().for_each(|feed| out.push_str(&feed_lines(feed, now, screen)));
    if !status.targets.is_empty() {
        out.push_str(&heading("Desks"));
        status.targets.iter().for_each(|target| out.push_str(&target_lines(target, now, screen)));
    }
    out.push_str(&hooks(&status.hooks, now, screen));
    let pools: Vec<_> = status.seats.iter().filter(|pool| pool.bought.is_some()).collect();
    if !pools.is_empty() {
        out.push_str(&heading("Seats"));
        for pool in pools {
            out.push_str(&seats::one(pool, screen));
        }
    }
    out.push_str(&plan::held(&status.held, now, HELD_SHOWN, screen));
    out.push_str(&protected(status, screen));
    out.push_str(&undone(&status.undone, now, screen));
    out.push_str(&plan::kept(&status.kept, screen));
    out.push_str(&plan::conflicts(&status.conflicts, screen));
    out.push_str(&heading("What is due"));
    if status.due.is_empty() {
        out.push_str(&screen.text("  ", "Nothing by date."));
    }
    for due in &status.due {
        out.push_str(&screen.text("  - ", &format!("{}: {}", moment_from(due.at, now), due.text)));
    }
    out.push_str(&rules(status, screen));
    out.push_str(&heading("Last pass"));
    let pass = match &status.last_pass {
        Some(pass) => pass_words(pass, now),
        None => "None has been made yet.".to_owned(),
    };
    out.push_str(&screen.text("  ", &pass));
    out
}

fn headline(status: &StatusView, screen: Screen) -> String {
    let ready = if status.ready { "ready".green().to_string() } else { "not ready".red().to_string() };
    let daemon = if status.daemon { "the daemon runs" } else { "no daemon runs; told from the store" };
    let mut out = screen.text("", &format!("seatwarden {}: {ready}, {daemon}", status.version));
    let mut alert = |text: &str| out.push_str(&screen.text(&format!("{} ", "!".red().bold()), &text.red().to_string()));
    if let Some(why) = &status.distrusted {
        alert(&format!("the store was rebuilt ({why}); nothing is revoked until every feed was read whole"));
    }
    for text in &status.alerts {
        alert(&format!("the checker refused the last plan, and everybody keeps their seat: {text}"));
    }
    if !status.held.is_empty() {
        let steps: u64 = status.held.iter().map(|held| held.wanted).sum();
        let count = status.held.len();
        let noun = if count == 1 { "plan is" } else { "plans are" };
        alert(&format!(
            "{count} {noun} held by a brake, {} in all; see below how to let it pass",
            counted(steps, "step")
        ));
    }
    out
}

/// How long before a feed's cursor expires it is shown.
const CURSOR_ALARM: std::time::Duration = std::time::Duration::from_hours(24);

fn feed_lines(feed: &FeedView, now: Time, screen: Screen) -> String {
    let state = colored_state(&feed.state);
    let label = screen.label(2, &feed.name);
    let whole =
        feed.last_whole.map_or("never read whole".to_owned(), |at| format!("read whole {}", moment_from(at, now)));
    let last = feed.last_change.filter(|at| Some(*at) != feed.last_whole);
    let last = last.map(|at| format!(", last looked at {}", moment_from(at, now))).unwrap_or_default();
    let mut out = screen.text(&label, &format!("{state}, {} accounts, {whole}{last}", feed.accounts));
    let below = " ".repeat(screen.names().saturating_add(2));
    if let Some(error) = &feed.error {
        out.push_str(&screen.text(&below, &error.yellow().to_string()));
        out.push_str(&screen.text(&below, "Nobody loses a seat by this; it is read again by itself."));
    }
    if let Some(degraded) = &feed.degraded {
        out.push_str(&screen.text(&below, &degraded.yellow().to_string()));
    }
    if let Some(expires) = feed.cursor_expires.filter(|at| now.plus(CURSOR_ALARM) >= *at) {
        let text = format!("the provider forgets where we stand {}; then everybody is read", moment_from(expires, now));
        out.push_str(&screen.text(&below, &text.yellow().to_string()));
    }
    if let Some(billed) = feed.rate.billed {
        out.push_str(&screen.text(&below, &format!("{} billed since the start", counted(billed, "request"))));
    }
    if feed.rate.throttled > 0 {
        let times = counted(feed.rate.throttled, "time");
        let text = format!("the provider slowed us down {times} since the start");
        out.push_str(&screen.text(&below, &text));
    }
    out
}

fn colored_state(state: &str) -> String {
    match state {
        "ok" => state.green().to_string(),
        "late" | "unknown" => state.yellow().to_string(),
        _ => state.red().to_string(),
    }
}

fn target_lines(target: &TargetView, now: Time, screen: Screen) -> String {
    let mode = match target.mode.as_str() {
        "observe" => "observed only, nothing is written",
        "add_only" => "seats are given and never taken",
        _ => "seats are given and taken",
    };
    let state = match target.state.as_str() {
        "unknown" => "not read yet".to_owned(),
        state => colored_state(state),
    };
    let at = target.observed_at.map(|at| format!(", read {}", moment_from(at, now))).unwrap_or_default();
    let label = screen.label(2, &target.name);
    let mut out = screen.text(&label, &format!("{state}, {mode}{at}"));
    let below = " ".repeat(screen.names().saturating_add(2));
    if let Some(error) = &target.error {
        out.push_str(&screen.text(&below, &error.red().to_string()));
    }
    for (pool, count) in target.foreign.iter().filter(|(_, count)| **count > 0) {
        let seats = counted(*count, "seat");
        let text = format!("not ours: {seats} of {pool} there (seatwarden target adopt {})", target.name);
        out.push_str(&screen.text(&below, &text));
    }
    for (pool, count) in target.lost.iter().filter(|(_, count)| **count > 0) {
        let text = format!("gone from the desk, and given back: {} of {pool}", counted(*count, "seat"));
        out.push_str(&screen.text(&below, &text.yellow().to_string()));
    }
    for failing in target.failing.iter().take(FAILING_SHOWN) {
        let again = failing.next_try.map(|at| format!("; next try {}", moment_from(at, now))).unwrap_or_default();
        let text = format!("{} in {}: {}{again}", failing.person, failing.pool, failing.why);
        out.push_str(&screen.text(&below, &text.red().to_string()));
    }
    let unseen = target.failing.len().saturating_sub(FAILING_SHOWN);
    if unseen > 0 {
        out.push_str(&screen.text(&below, &format!("and {unseen} more steps fail, all in -o json")));
    }
    out
}

/// Who never loses a seat by a pass.
fn protected(status: &StatusView, screen: Screen) -> String {
    if status.protected.is_empty() {
        return String::new();
    }
    let mut out = heading("Protected: no pass takes a seat of theirs");
    for ProtectedView { name, people } in &status.protected {
        let whom: Vec<String> = people.iter().map(PersonView::label).collect();
        if whom.is_empty() {
            let text = format!("{name} fits nobody who is known: correct [people] protected");
            out.push_str(&screen.text("  ! ", &text.red().to_string()));
        } else {
            out.push_str(&screen.text("  - ", &format!("{name}: {}", whom.join(", "))));
        }
    }
    out
}

/// Passes that an operator undid, as long as somebody is held to it.
fn undone(list: &[UndoneView], now: Time, screen: Screen) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut out = heading("Undone");
    for UndoneView { pass, by, reason, at, people } in list {
        let held = if *people == 1 { "1 person is".to_owned() } else { format!("{people} people are") };
        let text = format!("pass {pass}, by {by}, {}: {reason}; {held} held to it", moment_from(*at, now));
        out.push_str(&screen.text("  - ", &text));
    }
    out
}

/// What providers called out to us.
fn hooks(view: &HooksView, now: Time, screen: Screen) -> String {
    if view.feeds.is_empty() {
        return String::new();
    }
    let below = " ".repeat(screen.names().saturating_add(2));
    let mut out = heading("Hooks");
    for hook in &view.feeds {
        let label = screen.label(2, &hook.name);
        let last = hook.last_event.map_or("no call yet".to_owned(), |at| format!("last call {}", moment_from(at, now)));
        let refused = if hook.refused > 0 { format!(", {} refused", hook.refused) } else { String::new() };
        let waiting = match hook.waiting {
            0 => String::new(),
            waiting => format!(", {waiting} accounts waiting to be looked at"),
        };
        let events = counted(hook.events, "event");
        out.push_str(&screen.text(&label, &format!("{events} since the start{refused}{waiting}, {last}")));
        if let Some(subscription) = &hook.subscription {
            let until = subscription.expires_at.map(|at| format!(" until {}", moment_from(at, now)));
            let text = format!("subscription {}{}", subscription.state, until.unwrap_or_default());
            out.push_str(&screen.text(&below, &text));
            if let Some(error) = &subscription.error {
                out.push_str(&screen.text(&below, &error.yellow().to_string()));
            }
        }
        if let Some(why) = &hook.read_back_error {
            out.push_str(
                &screen.text(&below, &format!("what was not delivered is not read back: {why}").yellow().to_string()),
            );
        }
        if let Some(why) = &hook.last_refusal {
            out.push_str(&screen.text(&below, &format!("last refused: {why}").yellow().to_string()));
        }
    }
    if let (Some(half), Some(most)) = (view.event_to_seat_p50_ms, view.event_to_seat_p95_ms) {
        let text = format!(
            "Event to confirmed seat: half within {half} ms, 95 of 100 within {most} ms (of the last {}).",
            view.measured
        );
        out.push_str(&screen.text("  ", &text));
    }
    out
}

fn rules(status: &StatusView, screen: Screen) -> String {
    let mut out = heading("Rules");
    let Some(digest) = &status.rules.digest else {
        let text = "No table has compiled yet: nothing is decided until one does.".red().to_string();
        out.push_str(&screen.text("  ", &text));
        return out + &broken(status, screen);
    };
    let since = status.rules.loaded_at.map(|at| format!(", loaded {}", moment(at))).unwrap_or_default();
    out.push_str(&screen.text("  ", &format!("{}{since}", super::short(digest))));
    out + &broken(status, screen)
}

fn broken(status: &StatusView, screen: Screen) -> String {
    let Some(error) = &status.rules.error else { return String::new() };
    let stays = if status.rules.digest.is_some() { ", the table in force stays" } else { "" };
    let text = format!("the files on disk do not compile{stays}: {error}");
    screen.text("  ! ", &text.red().to_string())
}

/// A pass in a sentence or two.
fn pass_words(pass: &PassView, now: Time) -> String {
    format!(
        "Number {} ({}) began {} and took {} ms: {}. {} granted, {} moved, {} revoked, {} failed, {} held.",
        pass.pass,
        pass.scope,
        moment_from(pass.started_at, now),
        pass.duration_ms,
        pass.result,
        pass.granted,
        pass.moved,
        pass.revoked,
        pass.failed,
        pass.held
    )
}
