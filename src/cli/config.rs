//! `config show` and `config schema`.

use clap::{Args, Subcommand};

use super::{Global, Output, output, setup};
use crate::config;
use crate::worker::request::exit;

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows every value in force and where it comes from; of secrets only the place.
    Show,
    /// Prints the JSON Schema of `seatwarden.toml` and `catalog.toml`.
    Schema,
}

impl ConfigArgs {
    pub(super) fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Schema => output::json(
                &serde_json::json!({"configuration": config::schema::configuration(), "catalog": config::schema::catalog()}),
            ),
            Verb::Show => match setup::read_config(global) {
                Ok(loaded) if global.output == Output::Json => output::json(&config::show::json(&loaded)),
                Ok(loaded) => output::say(&config::show::text(&loaded)),
                Err(code) => return code,
            },
        }
        exit::DONE
    }
}
