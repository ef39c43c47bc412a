//! What verbs print for people: pure functions from a value and a [`Screen`] to text. Colors are in the text; whoever
//! prints it takes them out where they cannot be shown.

mod explain;

pub use explain::explain;

use std::time::Duration;

use owo_colors::OwoColorize as _;
use unicode_width::UnicodeWidthStr as _;

use crate::model::Time;

/// The width where none is known, as when the output goes into a file.
const WIDTH: usize = 80;
/// Below this nothing can be laid out.
const NARROWEST: usize = 40;
/// Lines of text that are wider are hard to read.
const WIDEST_TEXT: usize = 120;

/// Where text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
}

impl Screen {
    /// A screen of so many columns, at least 40.
    pub fn new(width: usize, unicode: bool) -> Self {
        Self { width: width.max(NARROWEST), unicode }
    }

    /// The screen of this process: as wide as the terminal or as `COLUMNS` says, else 80; ASCII where the locale is not
    /// UTF-8 or the terminal is dumb.
    pub(super) fn of_process() -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let named = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let speaks = locale.contains("utf-8") || locale.contains("utf8");
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self::new(terminal.or(named).unwrap_or(WIDTH), speaks && !is_dumb)
    }

    /// A sentence behind `first`, its further lines behind as many blanks; ends with a line feed.
    pub(super) fn text(self, first: &str, text: &str) -> String {
        let width = self.width.min(WIDEST_TEXT);
        let indent = width_of(first).min(width / 2);
        // A label that is too long for its column has a line of its own.
        let (own_line, initial) = if width_of(first) > indent {
            (format!("{}\n", first.trim_end()), " ".repeat(4))
        } else {
            (String::new(), first.to_owned())
        };
        let rest = " ".repeat(width_of(&initial));
        // A date or a name with hyphens in it stays whole.
        let options = textwrap::Options::new(width)
            .initial_indent(&initial)
            .subsequent_indent(&rest)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        let lines: Vec<String> =
            textwrap::wrap(text.trim(), options).iter().map(|line| line.trim_end().to_owned()).collect();
        format!("{own_line}{}\n", lines.join("\n"))
    }
}

/// A heading.
pub(super) fn heading(text: &str) -> String {
    format!("\n{}\n", text.bold())
}

/// How many columns a text takes; colors take none.
pub(super) fn width_of(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// A text and blanks up to a width.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
}

/// An instant to the minute.
pub(super) fn moment(at: Time) -> String {
    at.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// An instant with how far it is from `now`: `2026-12-02 10:00 UTC (in 7 days)`.
pub(super) fn moment_from(at: Time, now: Time) -> String {
    let word = if at > now {
        format!("in {}", span(at.since(now)))
    } else {
        match now.since(at) {
            ago if ago < Duration::from_mins(1) => "just now".to_owned(),
            ago => format!("{} ago", span(ago)),
        }
    };
    format!("{} ({word})", moment(at))
}

/// A span in its largest unit.
pub(super) fn span(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let counted = |count: u64, unit: &str| if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") };
    match minutes {
        0 => counted(span.as_secs(), "second"),
        1..=119 => counted(minutes, "minute"),
        120..=2_879 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1_440, "day"),
    }
}

/// Bought seats as a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) used: u64,
    pub(super) pending: u64,
    pub(super) cooling: u64,
    pub(super) foreign: u64,
    pub(super) of: u64,
}

impl Screen {
    /// A bar of `width` cells between brackets. Whatever there is at all shows, if only as one cell.
    pub(super) fn bar(self, share: Share, width: usize) -> String {
        let marks = self.marks();
        let Share { used, pending, cooling, foreign, of } = share;
        let mut cells = String::new();
        let mut left = width;
        let taken = [used, pending, cooling, foreign];
        for (count, mark) in taken.iter().zip(marks) {
            if *count == 0 {
                continue;
            }
            let exact = u128::from(*count).saturating_mul(width as u128).checked_div(u128::from(of)).unwrap_or(0);
            let own = usize::try_from(exact).unwrap_or(width).max(1).min(left);
            left = left.saturating_sub(own);
            cells.push_str(&mark.to_string().repeat(own));
        }
        // A pool with a free seat never looks full, and a full one never free.
        let is_full = taken.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)) >= of;
        if is_full && left > 0 {
            let mark = cells.chars().last().unwrap_or(marks[0]);
            cells.push_str(&mark.to_string().repeat(left));
        } else if !is_full && left == 0 {
            cells.pop();
            left = 1;
        }
        if !is_full {
            cells.push_str(&self.free_mark().to_string().repeat(left));
        }
        format!("[{cells}]")
    }

    /// Used, being granted, cooling, not ours.
    pub(super) const fn marks(self) -> [char; 4] {
        if self.unicode { ['█', '▓', '▒', '×'] } else { ['#', '+', '~', 'x'] }
    }

    pub(super) const fn free_mark(self) -> char {
        if self.unicode { '░' } else { '.' }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_when_no_seat_is_free() {
        let screen = Screen::new(80, false);
        let bar = |used, of| screen.bar(Share { used, of, ..Share::default() }, 10);
        assert_eq!(bar(0, 10), "[..........]");
        assert_eq!(bar(1, 1_000), "[#.........]");
        assert_eq!(bar(999, 1_000), "[#########.]");
        assert_eq!(bar(1_000, 1_000), "[##########]");
        assert_eq!(bar(12, 10), "[##########]");
        assert_eq!(bar(3, 0), "[##########]");
        assert_eq!(bar(0, 0), "[##########]", "nothing was bought, so nothing is free");
        let mixed = Share { used: 5, pending: 1, cooling: 1, foreign: 1, of: 10 };
        assert_eq!(screen.bar(mixed, 10), "[#####+~x..]");
        assert_eq!(Screen::new(80, true).bar(mixed, 10), "[█████▓▒×░░]");
    }

    #[test]
    fn wide_letters_count_twice_and_colors_not_at_all() {
        assert_eq!(width_of("田中"), 4);
        assert_eq!(width_of(&"ann".red().to_string()), 3);
        assert_eq!(padded("田", 4), "田  ");
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        assert_eq!(span(Duration::from_secs(1)), "1 second");
        assert_eq!(span(Duration::from_mins(119)), "119 minutes");
        assert_eq!(span(Duration::from_hours(47)), "47 hours");
        assert_eq!(span(Duration::from_hours(48)), "2 days");
    }
}
