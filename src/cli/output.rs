//! Printing: data to stdout, talk to stderr, color only on a terminal.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{ContentArrangement, Table, presets};
use owo_colors::OwoColorize as _;
use serde::Serialize;
use serde_json::Value;

use super::screen::one_line;
use super::{Global, Output};
use crate::worker::Answer;
use crate::worker::request::exit;

/// Lets `NO_COLOR` and whether stdout is a terminal decide about color.
pub(super) fn color() {
    // `anstream` strips what a stream cannot show; nothing else is to be decided here.
    anstream::ColorChoice::Auto.write_global();
}

/// Prints data.
pub(super) fn say(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    let said = stdout.write_all(text.as_bytes()).and_then(|()| stdout.write_all(end.as_bytes()));
    self::said(said.and_then(|()| stdout.flush()));
}

/// Complains once where data could not be written. A reader that went away (`| head`) is no error.
pub(super) fn said(written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            if !UNSAID.swap(true, Ordering::Relaxed) {
                complain(&format!("cannot write the data: {error}"));
            }
        }
        Ok(()) | Err(_) => {}
    }
}

/// Whether data could not be written, as on a full disk.
static UNSAID: AtomicBool = AtomicBool::new(false);

/// The exit code of a verb: whoever asked for data and has not got it must learn it, whatever the verb came to.
pub(super) fn code(verb: u8) -> u8 {
    if verb == exit::DONE && UNSAID.load(Ordering::Relaxed) { exit::FAILED } else { verb }
}

/// Prints talk, unless `-q`.
pub(super) fn talk(global: &Global, text: &str) {
    if !global.quiet {
        let mut stderr = anstream::stderr().lock();
        drop(writeln!(stderr, "{text}"));
    }
}

/// Prints an error.
pub(super) fn complain(text: &str) {
    let mut stderr = anstream::stderr().lock();
    for line in text.lines() {
        drop(writeln!(stderr, "{} {line}", "error:".red().bold()));
    }
}

/// Prints JSON.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&text),
        Err(error) => complain(&error.to_string()),
    }
}

/// Prints the data of an answer, as text by `render` or as JSON, then its error, and gives its exit code.
pub(super) fn finish<T: serde::de::DeserializeOwned>(
    global: &Global,
    answer: Answer,
    render: impl FnOnce(&T) -> String,
) -> u8 {
    if answer.data != Value::Null {
        match global.output {
            Output::Json => json(&answer.data),
            Output::Text => match serde_json::from_value::<T>(answer.data) {
                Ok(view) => say(&render(&view)),
                Err(error) => complain(&format!("the answer has another shape than expected: {error}")),
            },
            Output::Csv => {
                complain("`-o csv` is only for lists: plan, seats, people, target list");
                return exit::USAGE;
            }
            Output::Sarif => {
                complain("`-o sarif` is only for findings: check, rules check");
                return exit::USAGE;
            }
            Output::Markdown => {
                complain("`-o markdown` is only for rules diff");
                return exit::USAGE;
            }
            Output::Toml | Output::Xlsx => {
                complain("`-o toml` and `-o xlsx` are only for the rules table: rules export, rules import");
                return exit::USAGE;
            }
        }
    }
    if let Some(error) = &answer.error {
        complain(error);
    }
    answer.exit
}

/// The same for lists, which may also be CSV.
pub(super) fn finish_rows<T: serde::de::DeserializeOwned>(
    global: &Global,
    answer: Answer,
    render: impl FnOnce(&[T]) -> String,
    header: &[&str],
    row: impl Fn(&T) -> Vec<String>,
) -> u8 {
    if global.output != Output::Csv || answer.data == Value::Null {
        return finish(global, answer, |rows: &Vec<T>| render(rows));
    }
    match serde_json::from_value::<Vec<T>>(answer.data) {
        Ok(rows) => csv(header, rows.iter().map(row)),
        Err(error) => complain(&format!("the answer has another shape than expected: {error}")),
    }
    if let Some(error) = &answer.error {
        complain(error);
    }
    answer.exit
}

/// Prints rows as CSV.
pub(super) fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(header).and_then(|()| {
        rows.into_iter().try_for_each(|cells| writer.write_record(cells.iter().map(|cell| guarded(cell))))
    });
    match (written, writer.into_inner()) {
        (Ok(()), Ok(bytes)) => say(&String::from_utf8_lossy(&bytes)),
        _ => complain("the list could not be written as CSV"),
    }
}

/// A cell that a spreadsheet does not take for a formula.
fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '@', '-', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// A table without lines, as wide as the terminal.
pub(super) fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// A digest short enough to read and long enough to approve.
pub(super) fn short(digest: &str) -> String {
    digest.chars().take("sha256:".len().saturating_add(16)).collect()
}
