//! `store verify`.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Global, asking, output};
use crate::worker::Request;

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
}

impl StoreArgs {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Verify => match asking::ask_once(global, Request::StoreVerify {}).await {
                Ok(answer) => output::finish(global, answer, render),
                Err(code) => code,
            },
        }
    }
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
