//! `rules diff`: what an edit of the table does to the people of today.

use std::os::unix::net::UnixStream;
use std::path::Path;

use clap::Args;

use super::super::{Global, Output, asking, output, setup};
use super::{git, impact_markdown, impact_text};
use crate::config;
use crate::worker::Request;
use crate::worker::request::{Table, exit};
use crate::worker::view::ImpactView;

/// Arguments of `rules diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The old table: a folder, a file, a git revision of the rules folder, or `active` for the one in force, which is
    /// what counts without it. Where no daemon runs that is the table of the last pass, else that of git's HEAD.
    old: Option<String>,
    /// The new table, in the same words; the files of `[rules] path` without it.
    new: Option<String>,
    /// Names people; otherwise they are only counted.
    #[arg(long)]
    names: bool,
    /// Exits 2 when anything changes for anybody.
    #[arg(long)]
    detailed_exitcode: bool,
}

/// The word for the table in force.
const ACTIVE: &str = "active";

impl Diff {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let loaded = match setup::read_config(global) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let rules = &loaded.config.rules;
        let has_daemon = UnixStream::connect(&loaded.config.listen.control).is_ok();
        let old = table(rules, self.old.as_deref().unwrap_or(ACTIVE), has_daemon);
        let new = match &self.new {
            Some(name) => table(rules, name, has_daemon),
            None => files(rules, "the files"),
        };
        let (old, new) = match (old, new) {
            (Ok(old), Ok(new)) => (old, new),
            (Err((code, why)), _) | (_, Err((code, why))) => {
                output::complain(&why);
                return code;
            }
        };
        let request = Request::RulesDiff { old, new, names: self.names };
        let answer = match asking::ask_once(global, request).await {
            Ok(answer) => answer,
            Err(code) => return code,
        };
        let view = serde_json::from_value::<ImpactView>(answer.data.clone()).ok();
        if let Some(view) = &view {
            advise(global, view);
        }
        let code = match (global.output, &view) {
            (Output::Markdown, Some(view)) => {
                output::say(&impact_markdown::render(view));
                answer.exit
            }
            _ => output::finish(global, answer, impact_text::render),
        };
        let changes = view.is_some_and(|view| view.summary.sum() > 0);
        if code == exit::DONE && self.detailed_exitcode && changes { exit::PENDING } else { code }
    }
}

/// Says what makes a comparison say little.
fn advise(global: &Global, view: &ImpactView) {
    if view.people == 0 {
        output::talk(global, "nobody is in the store yet: run `seatwarden sync` or `seatwarden run --once` first");
    } else if view.old_digest == view.new_digest {
        output::talk(
            global,
            "both tables decide the same; an earlier one can be named: `seatwarden rules diff HEAD~1`",
        );
    }
}

/// A table by the name that was given for it, or why there is none.
fn table(rules: &Path, name: &str, has_daemon: bool) -> Result<Table, (u8, String)> {
    if name == ACTIVE && has_daemon {
        return Ok(Table::InForce);
    }
    if name == ACTIVE {
        let head = git::table_at(rules, "HEAD").ok().map(|sources| Box::new(Table::files("HEAD", sources)));
        return Ok(Table::Kept { or: head });
    }
    if Path::new(name).exists() {
        return files(Path::new(name), name);
    }
    git::table_at(rules, name).map(|sources| Table::files(name, sources)).map_err(|why| (exit::USAGE, why))
}

fn files(path: &Path, name: &str) -> Result<Table, (u8, String)> {
    let sources = config::load_rules_sources(path);
    sources.map(|sources| Table::files(name, sources)).map_err(|finding| (exit::DATA, config::render::line(&finding)))
}
