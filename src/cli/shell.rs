//! `completions`, `man`, `version`: what an installer asks for.

use clap::{Args, Command};
use clap_complete::Shell;

use super::{Global, Output, output};
use crate::worker::request::exit;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

impl Completions {
    pub(super) fn run(self, command: &mut Command) -> u8 {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, "seatwarden", &mut text);
        output::say(&String::from_utf8_lossy(&text));
        exit::DONE
    }
}

pub(super) fn man(command: &Command) -> u8 {
    let mut page = Vec::new();
    if let Err(error) = clap_mangen::Man::new(command.clone()).render(&mut page) {
        output::complain(&error.to_string());
        return exit::FAILED;
    }
    output::say(&String::from_utf8_lossy(&page));
    exit::DONE
}

pub(super) fn version(global: &Global) -> u8 {
    let version = env!("CARGO_PKG_VERSION");
    match global.output {
        Output::Json => output::json(&serde_json::json!({"name": "seatwarden", "version": version})),
        Output::Text | Output::Csv | Output::Sarif | Output::Markdown | Output::Toml | Output::Xlsx => {
            output::say(&format!("seatwarden {version}"));
        }
    }
    exit::DONE
}
