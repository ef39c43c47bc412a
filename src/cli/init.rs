//! `init`: a commented configuration to begin with.

use std::path::PathBuf;

use clap::Args;

use super::{Global, output};
use crate::config;
use crate::worker::request::exit;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder to write to; it is made.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

impl Init {
    pub(super) fn run(self, global: &Global) -> u8 {
        match config::init::write(&self.dir) {
            Ok(files) => {
                for file in files {
                    output::say(&file.display().to_string());
                }
                let config = self.dir.join("seatwarden.toml");
                output::talk(global, &format!("next: edit {0}, then `seatwarden check -c {0}`", config.display()));
                exit::DONE
            }
            Err(why) => {
                output::complain(&why.to_string());
                exit::FAILED
            }
        }
    }
}
