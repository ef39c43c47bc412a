//! `sync`: a pass now.

use clap::Args;

use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::PassView;

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// A feed's name, or a person (e-mail, employee number, `p-17`); everything without it.
    #[arg(value_name = "PERSON|FEED")]
    pub what: Option<String>,
}

impl Sync {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match asking::ask_once(global, Request::Sync { what: self.what }).await {
            Ok(answer) => output::finish(global, answer, render),
            Err(code) => code,
        }
    }
}

/// A pass for people.
pub(super) fn render(pass: &PassView) -> String {
    format!(
        "Pass {} ({}): {}. {} granted, {} moved, {} revoked, {} failed, {} held; {} ms.",
        pass.pass,
        pass.scope,
        pass.result,
        pass.granted,
        pass.moved,
        pass.revoked,
        pass.failed,
        pass.held,
        pass.duration_ms
    )
}
