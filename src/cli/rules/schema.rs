//! `rules schema`: what editors complete and check tables by.

use clap::{Args, ValueEnum};

use crate::cli::output;
use crate::config;
use crate::worker::request::exit;

/// Arguments of `rules schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Whose schema. A TOML file names it in its first line: `#:schema ./rules.schema.json`.
    #[arg(value_enum, default_value_t = Whose::Rules)]
    whose: Whose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Whose {
    /// The rules table.
    Rules,
    /// The catalog.
    Catalog,
}

impl Schema {
    pub(super) fn run(self) -> u8 {
        let schema = match self.whose {
            Whose::Rules => config::schema::rules(),
            Whose::Catalog => config::schema::catalog(),
        };
        output::say(&config::schema::text(&schema));
        exit::DONE
    }
}
