//! What verbs print for people: pure functions from a value and a [`Screen`] to text. Colors are in the text; whoever
//! prints it takes them out where they cannot be shown.

mod bar;
mod columns;
mod explain;
mod people;
mod plan;
mod seats;
mod status;

pub use explain::explain;
pub use people::people;
pub use plan::plan;
#[cfg(feature = "demo")]
pub(super) use seats::one as pool_lines;
pub use seats::seats;
pub use status::status;

use std::time::Duration;

use owo_colors::OwoColorize as _;
use unicode_width::UnicodeWidthStr as _;

use crate::model::{Digest, Time};

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
        let (first, text) = (&one_line(first), &one_line(text));
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

    /// A name in the column of names, behind so many blanks.
    pub(super) fn label(self, indent: usize, name: &str) -> String {
        let room = self.names().saturating_sub(indent);
        format!("{}{}  ", " ".repeat(indent), padded(&self.cut(name, room), room))
    }

    /// A text that is at most so wide, cut with an ellipsis.
    pub(super) fn cut(self, text: &str, width: usize) -> String {
        let text = one_line(text);
        if width_of(&text) <= width {
            return text;
        }
        let end = if self.unicode { "…" } else { "..." };
        let room = width.saturating_sub(width_of(end));
        let mut kept = String::new();
        for letter in text.chars() {
            kept.push(letter);
            if width_of(&kept) > room {
                kept.pop();
                break;
            }
        }
        kept + end
    }
}

/// A text on one line: what providers and desks send may hold line feeds, and codes that move the cursor of a terminal or
/// turn the direction of writing. Such become a blank; colors, which are ours, stay.
pub(in crate::cli) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_control) {
        let (before, behind) = rest.split_at(at);
        line.push_str(before);
        let color = color_code(behind);
        if color.is_empty() && !line.ends_with(' ') {
            line.push(' ');
        }
        line.push_str(color);
        rest = behind.get(color.len()..).unwrap_or_default();
        if color.is_empty() {
            let mut letters = rest.chars();
            letters.next();
            rest = letters.as_str();
        }
    }
    line + rest
}

fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The code of a color at the start of the text, else nothing.
fn color_code(text: &str) -> &str {
    let Some(code) = text.strip_prefix("\u{1b}[") else { return "" };
    let Some(end) = code.find(|letter: char| !letter.is_ascii_digit() && letter != ';') else { return "" };
    if !code.get(end..).is_some_and(|end| end.starts_with('m')) {
        return "";
    }
    text.get(..end.saturating_add("\u{1b}[m".len())).unwrap_or_default()
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

/// A digest short enough to read and long enough to approve.
pub(super) fn short(digest: &Digest) -> String {
    crate::cli::output::short(digest.as_str())
}

/// The text with its first letter in upper case.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
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

/// `1 seat`, `2 seats`.
pub(super) fn counted(count: impl Into<u64>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// A span in its largest unit.
pub(super) fn span(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match minutes {
        0 => counted(span.as_secs(), "second"),
        1..=119 => counted(minutes, "minute"),
        120..=2_879 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1_440, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_count_twice_and_colors_not_at_all() {
        assert_eq!(width_of("田中"), 4);
        assert_eq!(width_of(&"ann".red().to_string()), 3);
        let screen = Screen::new(80, true);
        assert_eq!(screen.cut("田中太郎", 5), "田中…");
        assert_eq!(screen.cut("ann", 3), "ann");
        assert_eq!(Screen::new(80, false).cut("annabel", 6), "ann...");
        assert_eq!(padded("田", 4), "田  ");
    }

    #[test]
    fn what_would_move_the_cursor_becomes_a_blank_and_colors_stay() {
        assert_eq!(one_line("Ann\r\n\tLee\u{2028}x"), "Ann Lee x");
        assert_eq!(one_line("a\u{1b}[2Jb\u{1b}]0;t\u{7}c\u{9b}1A\u{202e}d"), "a [2Jb ]0;t c 1A d");
        let red = "ann".red().bold().to_string();
        assert_eq!(one_line(&red), red);
        assert_eq!(one_line("\u{1b}[31"), " [31");
        let screen = Screen::new(80, true);
        assert_eq!(screen.text("  - ", "Ann\nLee: keeps it"), "  - Ann Lee: keeps it\n");
        assert_eq!(screen.cut("a@acme.example\nb", 80), "a@acme.example b");
        let table = crate::cli::output::table(&["name"], vec![vec!["Ann\nLee".to_owned()]]);
        assert_eq!(table, "NAME\nAnn Lee\n");
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        assert_eq!(span(Duration::from_secs(1)), "1 second");
        assert_eq!(span(Duration::from_mins(119)), "119 minutes");
        assert_eq!(span(Duration::from_hours(47)), "47 hours");
        assert_eq!(span(Duration::from_hours(48)), "2 days");
    }
}
