//! `rules diff -o markdown`: a comment on a pull request. Nobody is named unless names were asked for.

use std::fmt::Write as _;

use super::impact_text::{at, brake_text, change_text, cost_line, counts, people, tally};
use crate::rules::Edit;
use crate::worker::view::ImpactView;

/// Rows and codes that are shown: code hosts cut comments at 65,536 characters.
const SHOWN: usize = 100;

pub(super) fn render(view: &ImpactView) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let written = writeln!(out, "{text}");
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    };
    line(&format!("### Rules: {}\n", tally(&view.summary)));
    line(&format!("{} → {}, for {} on {}.\n", escaped(&view.old), escaped(&view.new), people(view.people), view.day));
    for brake in &view.brakes {
        let word = if brake.holds || brake.holds_later { "⛔ **Would be held**" } else { "✅ Would pass" };
        line(&format!("- {word} {}", escaped(&brake_text(brake))));
    }
    if view.brakes.is_empty() {
        line("- ✅ No brake would hold it");
    }
    line("\n| pool | gain | lose | needed | bought | | waiting |\n|---|--:|--:|--:|--:|---|--:|");
    for pool in &view.pools {
        let need = match pool.short {
            0 => format!("{} to spare", u64::from(pool.bought).saturating_sub(pool.after)),
            short => format!("**short by {short}**"),
        };
        line(&format!(
            "| {} | +{} | -{} | {} → {} | {} | {need} | {} → {} |",
            escaped(pool.pool.as_str()),
            pool.gain,
            pool.lose,
            pool.before,
            pool.after,
            pool.bought,
            pool.waiting_before,
            pool.waiting
        ));
    }
    for cost in &view.cost {
        line(&format!("\n{}", escaped(&cost_line(cost))));
    }
    if !view.rows.is_empty() {
        line(&format!("\n<details><summary>{} rows</summary>\n", view.rows.len()));
        line("| | row | place | people | says |\n|---|---|---|---|---|");
        for row in view.rows.iter().take(SHOWN) {
            let mark = match row.edit {
                Edit::Added => "➕",
                Edit::Removed => "➖",
                Edit::Changed => "✏️",
                Edit::Same => "",
            };
            let says = match (&row.was, &row.is) {
                (Some(was), Some(is)) if was != is => format!("~~{}~~<br>{}", escaped(was), escaped(is)),
                (_, Some(says)) | (Some(says), None) => escaped(says),
                (None, None) => String::new(),
            };
            let place = row.place.as_ref().map(at).unwrap_or_default();
            line(&format!("| {mark} | {} | {} | {} | {says} |", escaped(&row.id), escaped(&place), counts(row)));
        }
        more(&mut line, view.rows.len());
        line("\n</details>");
    }
    if !view.codes.is_empty() {
        line(&format!("\n<details><summary>{} job codes</summary>\n", view.codes.len()));
        line("| job code | people |\n|---|---|");
        for code in view.codes.iter().take(SHOWN) {
            line(&format!("| {} | {} |", escaped(code.code.as_deref().unwrap_or("(none)")), tally(&code.people)));
        }
        more(&mut line, view.codes.len());
        line("\n</details>");
    }
    if let Some(changes) = &view.changes {
        line(&format!("\n<details><summary>{}</summary>\n", people(u64::try_from(changes.len()).unwrap_or(u64::MAX))));
        for change in changes.iter().take(SHOWN) {
            line(&format!("- {}", escaped(&change_text(change))));
        }
        more(&mut line, changes.len());
        line("\n</details>");
    }
    out
}

fn more(line: &mut impl FnMut(&str), count: usize) {
    if count > SHOWN {
        line(&format!("\n… and {} more; all are in `-o json`.", count.saturating_sub(SHOWN)));
    }
}

/// Text of a table as text of Markdown: whoever edits a row must not write links or cells into the comment.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '!' => out.extend(['\\', letter]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(escaped("SD-1*|[x](y)\n<b>@all"), "SD-1\\*\\|\\[x\\](y) &lt;b&gt;\\@all");
    }
}
