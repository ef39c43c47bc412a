//! `audit verify` and `audit export`.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Global, asking, output};
use crate::audit::{LINE_LIMIT, Verifier};
use crate::worker::request::exit;
use crate::worker::{Answer, Frame, Request, audit_answer};

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Verifies the chain of the store, or of an exported file.
    Verify {
        /// An exported file; `-` for standard input.
        file: Option<PathBuf>,
    },
    /// Prints one JSON entry per line.
    Export {
        /// From this entry on.
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
}

impl Audit {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Export { from } => {
                let mut each = |frame| match frame {
                    Frame::Item(entry) => output::say(&entry.to_string()),
                    Frame::Talk(text) => output::talk(global, &text),
                    Frame::End(_) => {}
                };
                match asking::ask(global, Request::AuditExport { from }, &mut each).await {
                    Ok(answer) => output::finish(global, answer, |value: &Value| value.to_string()),
                    Err(code) => code,
                }
            }
            Verb::Verify { file: None } => match asking::ask_once(global, Request::AuditVerify {}).await {
                Ok(answer) => output::finish(global, answer, render),
                Err(code) => code,
            },
            Verb::Verify { file: Some(path) } => match verify_file(&path) {
                Ok(answer) => output::finish(global, answer, render),
                Err(error) => {
                    output::complain(&format!("cannot read {}: {error}", path.display()));
                    exit::FAILED
                }
            },
        }
    }
}

fn render(value: &Value) -> String {
    let entries = value.get("entries").and_then(Value::as_u64).unwrap_or(0);
    match value.get("first_bad").and_then(Value::as_u64) {
        None => format!("the chain of {entries} entries is whole"),
        Some(seq) => {
            let why = value.get("why").and_then(Value::as_str).unwrap_or_default();
            format!("the chain breaks at seq {seq}: {why}; {entries} entries before it are whole")
        }
    }
}

fn verify_file(path: &Path) -> std::io::Result<Answer> {
    let reader: Box<dyn std::io::Read> =
        if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(path)?) };
    let mut reader = std::io::BufReader::new(reader);
    let mut verifier = Verifier::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        // An entry holds at most a held plan of some thousand steps.
        let read = std::io::Read::take(&mut reader, 256 << 20).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(audit_answer(verifier.tip().seq, None));
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        if let Err(broken) = verifier.line(text.trim(), LINE_LIMIT) {
            return Ok(audit_answer(verifier.tip().seq, Some(broken)));
        }
    }
}
