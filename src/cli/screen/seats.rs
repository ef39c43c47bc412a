//! `seats` for people: how full each pool is, what is kept for whom, who waits.

use owo_colors::OwoColorize as _;

use super::bar::Share;
use super::{Screen, heading, moment};
use crate::model::PoolKind;
use crate::worker::view::SeatsView;

/// The pools, tiers first.
pub fn seats(pools: &[SeatsView], screen: &Screen) -> String {
    let screen = *screen;
    if pools.is_empty() {
        return "The catalog has no pools.\n".to_owned();
    }
    let mut out = String::new();
    for (kind, title) in [(PoolKind::Tier, "Tiers"), (PoolKind::Addon, "Add-ons")] {
        let mut of_kind = pools.iter().filter(|pool| pool.kind == kind).peekable();
        if of_kind.peek().is_some() {
            out.push_str(&heading(title));
        }
        of_kind.for_each(|pool| out.push_str(&one(pool, screen)));
    }
    out.push_str(&legend(pools, screen));
    out.trim_start_matches('\n').to_owned()
}

/// One pool: its bar, then a line for each thing beside it.
pub(in crate::cli) fn one(pool: &SeatsView, screen: Screen) -> String {
    let label = screen.label(2, pool.pool.as_str());
    let Some(share) = Share::of_pool(pool) else {
        return screen.text(&label, &"unlimited, not counted".dimmed().to_string());
    };
    let width = screen.bar_width();
    let free = u64::from(pool.free.unwrap_or(0));
    let free_word = match free {
        0 => "none free".red().bold().to_string(),
        free => format!("{free} free"),
    };
    let mut out = screen.text(&label, &format!("{} {}, {free_word}", screen.bar(share, width), share.words()));
    let line = |out: &mut String, name: &str, text: &str| {
        out.push_str(&screen.text(&screen.label(4, name), text));
    };
    for (class, reserved) in &pool.reserved {
        let own = Share { used: u64::from(reserved.used), of: u64::from(reserved.floor), ..Share::default() };
        let kept = match (reserved.floor, reserved.floor.saturating_sub(reserved.used)) {
            (0, _) => "none is reserved".to_owned(),
            (_, 0) => "the floor is used".to_owned(),
            (_, left) => format!("{left} kept for them"),
        };
        let text = format!("{} {} of {} used, {kept}", screen.bar(own, width / 2), reserved.used, reserved.floor);
        line(&mut out, &format!("reserved: {class}"), &text);
    }
    if pool.waiting > 0 {
        let people =
            if pool.waiting == 1 { "1 person waits".to_owned() } else { format!("{} people wait", pool.waiting) };
        let cells = usize::try_from(pool.waiting).unwrap_or(usize::MAX).min(width / 2);
        let text = format!("[{}] {people}", screen.wait_mark().to_string().repeat(cells));
        line(&mut out, "waiting", &text.yellow().to_string());
    }
    let ours = u64::from(pool.used).saturating_add(pool.foreign);
    if let Some(count) = pool.target_count
        && count != ours
    {
        let text = format!("the desk counts {count}, and {ours} are known here (seatwarden target list)");
        line(&mut out, "at the desk", &text.yellow().to_string());
    }
    let units = pool.units.as_ref();
    if let Some(first) = units.and_then(|units| units.cooling.first()) {
        let text = format!("seat {} may be given again first, on {}", first.unit, moment(first.until));
        line(&mut out, "cooling", &text);
    }
    if let Some(reassign) = units.and_then(|units| units.reassign.as_ref()) {
        let text = format!("{} of {} changes of hands that the terms allow are made", reassign.made, reassign.at_most);
        line(&mut out, "terms", &text);
    }
    if pool.over > 0 {
        let text = format!("{} more than were bought: nothing is granted until that many are free", pool.over);
        line(&mut out, "too many", &text.red().to_string());
    }
    out
}

/// What the marks mean, for those that are there.
fn legend(pools: &[SeatsView], screen: Screen) -> String {
    let counted: Vec<&SeatsView> = pools.iter().filter(|pool| pool.bought.is_some()).collect();
    if counted.is_empty() {
        return String::new();
    }
    let any = |of: fn(&SeatsView) -> bool| counted.iter().any(|pool| of(pool));
    let [used, pending, cooling, foreign] = screen.marks();
    let mut parts = vec![format!("{used} used")];
    if any(|pool| pool.pending > 0) {
        parts.push(format!("{pending} being granted"));
    }
    if any(|pool| pool.cooling > 0) {
        parts.push(format!("{cooling} cooling (the terms keep it from the next holder)"));
    }
    if any(|pool| pool.foreign > 0) {
        parts.push(format!("{foreign} not ours (seatwarden target adopt)"));
    }
    parts.push(format!("{} free", screen.free_mark()));
    if any(|pool| pool.waiting > 0) {
        parts.push(format!("{} waits", screen.wait_mark()));
    }
    format!("\n{}", screen.text("  ", &parts.join("   ").dimmed().to_string()))
}
