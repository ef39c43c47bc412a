//! `rules diff` for people at a terminal.

use owo_colors::OwoColorize as _;

use super::super::output;
use crate::rules::{Edit, Kind, Place, Tally};
use crate::worker::view::{BrakeView, ChangeView, CostView, ImpactView, PoolImpactView, RowImpactView};

/// Rows, codes and people that are shown; all are in `-o json`.
const SHOWN: usize = 20;

pub(super) fn render(view: &ImpactView) -> String {
    let mut lines = vec![
        format!("{} ({}) -> {} ({})", view.old, short(&view.old_digest), view.new, short(&view.new_digest)),
        format!("{} on {}; the table has no say about {} more", people(view.people), view.day, view.apart),
    ];
    lines.push(String::new());
    lines.extend(view.pools.iter().map(|pool| format!("  {}", pool_line(pool))));
    for cost in &view.cost {
        lines.push(format!("  {}", cost_line(cost)));
    }
    if !view.rows.is_empty() {
        lines.push(format!("\n{}", "Rows".bold()));
        for row in view.rows.iter().take(SHOWN) {
            lines.extend(row_lines(row));
        }
        lines.extend(more(view.rows.len()));
    }
    if !view.codes.is_empty() {
        lines.push(format!("\n{}", "Job codes".bold()));
        for code in view.codes.iter().take(SHOWN) {
            let name = code.code.as_deref().unwrap_or("(no job code)");
            lines.push(format!("  {name}: {}", tally(&code.people)));
        }
        lines.extend(more(view.codes.len()));
    }
    if let Some(changes) = &view.changes {
        lines.push(format!("\n{}", "People".bold()));
        lines.extend(changes.iter().take(SHOWN).map(change_line));
        lines.extend(more(changes.len()));
    }
    lines.push(String::new());
    lines.extend(view.brakes.iter().map(brake_line));
    lines.push(format!("{}.", tally(&view.summary)));
    lines.join("\n")
}

fn short(digest: &crate::model::Digest) -> String {
    output::short(digest.as_str())
}

fn more(count: usize) -> Option<String> {
    (count > SHOWN).then(|| format!("  … and {} more", count.saturating_sub(SHOWN)))
}

pub(super) fn people(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

/// `+3 -41 fulfiller: 122 needed, 120 bought, short by 2; 2 more wait`.
pub(super) fn pool_line(pool: &PoolImpactView) -> String {
    let need = match pool.short {
        0 => format!("{} to spare", u64::from(pool.bought).saturating_sub(pool.after)),
        short => format!("short by {short}"),
    };
    let foreign = if pool.foreign == 0 { String::new() } else { format!(", {} used by others", pool.foreign) };
    let wait = if pool.waiting_new == 0 { String::new() } else { format!("; {} more wait", pool.waiting_new) };
    format!(
        "{}: +{} -{}, {} needed (was {}), {} bought{foreign}, {need}{wait}",
        pool.pool, pool.gain, pool.lose, pool.after, pool.before, pool.bought
    )
}

/// `-3800.00 USD per month (15800.00 -> 12000.00)`.
pub(super) fn cost_line(cost: &CostView) -> String {
    let sign = if cost.change.starts_with('-') { "" } else { "+" };
    let is_nothing = cost.to_buy.trim_matches(['0', '.']).is_empty();
    let buy = if is_nothing { String::new() } else { format!("; {} more to buy", cost.to_buy) };
    format!("{sign}{} {} per {} ({} -> {}){buy}", cost.change, cost.currency, cost.per, cost.before, cost.after)
}

fn row_lines(row: &RowImpactView) -> Vec<String> {
    let mark = match row.edit {
        Edit::Added => "+".green().to_string(),
        Edit::Removed => "-".red().to_string(),
        Edit::Changed => "~".yellow().to_string(),
        Edit::Same => " ".to_owned(),
    };
    let place = row.place.as_ref().map(|place| format!(" ({})", at(place))).unwrap_or_default();
    let mut lines = vec![format!("{mark} {}{place}: {}", row.id, counts(row))];
    if row.edit == Edit::Changed {
        lines.extend(row.was.as_ref().map(|was| format!("    was {was}")));
        lines.extend(row.is.as_ref().map(|is| format!("    is  {is}")));
    }
    lines
}

/// `+3 -41, 2 move; 41 -> 3 people`.
pub(super) fn counts(row: &RowImpactView) -> String {
    let moves = if row.r#move == 0 { String::new() } else { format!(", {} move", row.r#move) };
    format!("+{} -{}{moves}; {} -> {}", row.gain, row.lose, row.before, people(row.after))
}

pub(super) fn at(place: &Place) -> String {
    let here = std::env::current_dir().ok();
    let path = std::path::Path::new(&place.file);
    let path = here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path);
    format!("{}:{}", path.display(), place.line)
}

/// `3 gain, 41 lose, 2 move`, or that nothing changes.
pub(super) fn tally(tally: &Tally) -> String {
    let parts = [
        (tally.gain, "gain"),
        (tally.lose, "lose"),
        (tally.moves, "move"),
        (tally.other, "by another row"),
        (tally.conflict, "in conflict"),
    ];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { "nothing changes for anybody".to_owned() } else { parts.join(", ") }
}

fn change_line(change: &ChangeView) -> String {
    let mark = match change.kind {
        Kind::Gain => "+".green().to_string(),
        Kind::Lose => "-".red().to_string(),
        Kind::Move => "~".yellow().to_string(),
        Kind::Other => "=".dimmed().to_string(),
        Kind::Conflict => "!".red().to_string(),
    };
    format!("{mark} {}", change_text(change))
}

pub(super) fn change_text(change: &ChangeView) -> String {
    let row = |row: &Option<String>| row.clone().unwrap_or_else(|| "no row".to_owned());
    let code = change.job_code.as_deref().unwrap_or("no job code");
    let (before, after) = (row(&change.row_before), row(&change.row_after));
    format!("{} ({code}): {} by {before} -> {} by {after}", change.person.label(), change.before, change.after)
}

fn brake_line(brake: &BrakeView) -> String {
    let text = brake_text(brake);
    if brake.holds || brake.holds_later { format!("{} {text}", "Held".red().bold()) } else { format!("Passes {text}") }
}

/// `by rules_edit.per_pass in fulfiller: 41 wanted, 12 pass`.
pub(super) fn brake_text(brake: &BrakeView) -> String {
    let later = match (brake.later, brake.holds_later) {
        (0, _) => String::new(),
        (later, false) => format!(", {later} more when grace ends"),
        (later, true) => format!("; {later} more when grace ends, which is when they would be held"),
    };
    let text = brake.text.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    format!("by {} in {}: {} wanted, {} pass{later}{text}", brake.cause, brake.pool, brake.wanted, brake.limit)
}
