//! `store verify`, `store backup` and `store restore`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Global, LogLevel, apply, asking, output, setup};
use crate::ambient::{Clock as _, SystemClock};
use crate::store::StoreError;
use crate::store::backup::{self, RestoreError, Restored};
use crate::worker::request::exit;
use crate::worker::{Frame, Request};

/// Arguments of `store`.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Reads everything and compares records, counts, digests and journal.
    Verify,
    /// Writes everything into a file, also while the daemon runs.
    Backup {
        /// The file, which must not be there yet; it is for the owner alone. `-` for standard output.
        file: PathBuf,
    },
    /// Puts a backup in the place of the store; the daemon must be stopped.
    Restore {
        /// The file.
        file: PathBuf,
        /// Asks nothing.
        #[arg(long)]
        yes: bool,
    },
}

impl StoreArgs {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Verify => match asking::ask_once(global, Request::StoreVerify {}).await {
                Ok(answer) => output::finish(global, answer, render),
                Err(code) => code,
            },
            Verb::Backup { file } => back_up(global, &file).await,
            Verb::Restore { file, yes } => restore(global, &file, yes).await,
        }
    }
}

async fn back_up(global: &Global, path: &Path) -> u8 {
    let to_stdout = path == Path::new("-");
    // Whoever is interrupted leaves no file that looks whole.
    let unfinished = path.with_added_extension("unfinished");
    let mut file = None;
    if !to_stdout {
        if path.exists() {
            output::complain(&format!("{} is there already; a backup overwrites nothing", path.display()));
            return exit::USAGE;
        }
        match OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished) {
            Ok(opened) => file = Some(BufWriter::new(opened)),
            Err(error) => return cannot("write", &unfinished, &error),
        }
    }
    let mut failed = None;
    let mut lines: u64 = 0;
    let mut each = |frame| match frame {
        Frame::Item(line) => {
            lines = lines.saturating_add(1);
            match &mut file {
                Some(file) if failed.is_none() => failed = writeln!(file, "{line}").err(),
                Some(_) => {}
                None => output::say(&line.to_string()),
            }
        }
        Frame::Talk(text) => output::talk(global, &text),
        Frame::End(_) => {}
    };
    let answer = match asking::ask(global, Request::StoreBackup {}, &mut each).await {
        Ok(answer) if answer.exit == exit::DONE => answer,
        ended => {
            drop(std::fs::remove_file(&unfinished));
            return ended.map_or_else(|code| code, |answer| output::finish(global, answer, Value::to_string));
        }
    };
    if let Some(file) = file {
        let finished = failed.map_or(Ok(()), Err).and_then(|()| finish(file, &unfinished, path));
        if let Err(error) = finished {
            drop(std::fs::remove_file(&unfinished));
            return cannot("write", path, &error);
        }
        output::talk(global, &format!("{}: {lines} lines; it names people, keep it like the store", path.display()));
    }
    output::finish(global, answer, Value::to_string)
}

fn finish(file: BufWriter<File>, unfinished: &Path, path: &Path) -> std::io::Result<()> {
    file.into_inner()?.sync_all()?;
    std::fs::rename(unfinished, path)
}

async fn restore(global: &Global, path: &Path, yes: bool) -> u8 {
    setup::start_log(global, LogLevel::Warn);
    let loaded = match setup::read_config(global) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let store = &loaded.config.store;
    if !yes {
        if !std::io::stdin().is_terminal() {
            output::complain("off a terminal `store restore` needs --yes");
            return exit::USAGE;
        }
        if !apply::asked(&format!("Put {} in the place of the store in {}?", path.display(), store.display())) {
            output::talk(global, "nothing was done");
            return exit::FAILED;
        }
    }
    match backup::restore(path, store, SystemClock.now()).await {
        Ok(restored) => {
            if global.output == super::Output::Json {
                output::json(&serde_json::to_value(&restored).unwrap_or_default());
            } else {
                output::say(&restored_text(&restored));
            }
            exit::DONE
        }
        Err(RestoreError::Read { path, source }) => cannot("read", &path, &source),
        Err(error @ RestoreError::Invalid { .. }) => {
            output::complain(&error.to_string());
            exit::DATA
        }
        Err(RestoreError::Store(error @ StoreError::InUse { .. })) => {
            output::complain(&format!("{error}; stop the daemon first"));
            exit::UNREACHABLE
        }
        Err(RestoreError::Store(error)) => asking::store_trouble(&error),
    }
}

fn restored_text(restored: &Restored) -> String {
    let Restored { made_at, counts, before } = restored;
    let mut text = format!(
        "restored as of {made_at}: {} people, {} journal entries. Nothing is revoked until every feed was read whole; \
         seats that were given since are at the desk and not in the ledger: `seatwarden target drift` lists them.",
        counts.people, counts.entries
    );
    if let Some(before) = before {
        text.push_str("\nwhat was there before is in ");
        text.push_str(&before.display().to_string());
    }
    text
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> u8 {
    output::complain(&format!("cannot {verb} {}: {error}", path.display()));
    exit::FAILED
}

fn render(value: &Value) -> String {
    let count = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let findings: Vec<String> = value
        .get("findings")
        .and_then(Value::as_array)
        .map(|findings| findings.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let mut text = format!(
        "{}: {} people, {} seats, {} journal entries",
        if findings.is_empty() { "whole" } else { "damaged" },
        count("people"),
        count("holdings"),
        count("entries")
    );
    for finding in findings {
        text.push('\n');
        text.push_str(&finding);
    }
    text
}
