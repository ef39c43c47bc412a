//! `rules explain`: the long story of a finding, and the reference page of all of them.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{Global, Output, output};
use crate::config::{self, Sources};
use crate::rules::Severity;
use crate::rules::stories::{self, Example, Story};
use crate::worker::request::exit;

/// Arguments of `rules explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code of a finding, such as R012.
    #[arg(required_unless_present = "all")]
    code: Option<String>,
    /// Prints the reference page of all codes, in Markdown.
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

impl Explain {
    pub(super) fn run(self, global: &Global) -> u8 {
        let as_json = global.output == Output::Json;
        let Some(code) = self.code else {
            if as_json {
                output::json(&stories::all().map(|story| value(&story)).collect::<Vec<_>>());
            } else {
                output::say(&page());
            }
            return exit::DONE;
        };
        if let Some(story) = stories::of(&code) {
            if as_json {
                output::json(&value(&story));
            } else {
                output::say(&section(&story));
            }
            return exit::DONE;
        }
        if let Some(title) = of_configuration(&code) {
            output::say(&format!("{}: {title}", code.to_uppercase()));
            return exit::DONE;
        }
        output::complain(&format!("there is no finding {code}; `rules explain --all` lists them"));
        exit::USAGE
    }
}

/// The line on a code of the configuration or catalog.
fn of_configuration(code: &str) -> Option<&'static str> {
    let code = code.to_uppercase();
    let known = config::codes::TABLE.iter();
    let named = |(number, _): &&(config::codes::Code, &str)| ['C', 'K'].iter().any(|file| number.shown(*file) == code);
    known.filter(named).map(|(_, title)| title.trim()).next()
}

/// The reference page.
fn page() -> String {
    let mut page = String::from(
        "# Findings about rules\n\n\
         What `seatwarden rules check` tells of a table, by code. Codes are stable: a number never changes its meaning. \
         An error keeps the table from being used, and the table in force stays; a warning does not.\n\n\
         | code | | |\n|---|---|---|\n",
    );
    let mut put = |text: &str| page.push_str(text);
    for story in stories::all() {
        let code = story.code;
        put(&format!("| [{0}](#{1}) | {2} | {3} |\n", code.id, code.id.to_lowercase(), code.severity, code.title));
    }
    put("\nThe examples are looked at on ");
    put(&stories::TODAY.to_string());
    put(" with this catalog:\n\n```toml\n");
    put(stories::CATALOG);
    put("```\n");
    for story in stories::all() {
        put("\n");
        put(&section(&story));
    }
    page
}

/// The story of one code, in Markdown that reads well as it is.
fn section(story: &Story) -> String {
    let Story { code, what, why, bad, good } = story;
    let mut text =
        format!("## {}\n\n**{}: {}.**\n{what}\n\nWhy it matters: {why}\n", code.id, code.severity, code.title);
    let mut example = |head: &str, example: &Example| {
        let kind = if example.file.ends_with("toml") { "toml" } else { "csv" };
        let shown = example.shown();
        let end = if shown.ends_with('\n') { "" } else { "\n" };
        let written = write!(text, "\n{head}, `{}`:\n\n```{kind}\n{shown}{end}```\n", example.file);
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    };
    example("A table that has it", bad);
    example("The same table repaired", good);
    text + &format!("\nWhat is said of the first:\n\n```text\n{}```\n", said(story))
}

/// What the compiler says of the bad example: of this kind, once.
fn said(story: &Story) -> String {
    let source = story.bad.source();
    let mut texts = Sources::default();
    texts.add_rules(std::slice::from_ref(&source));
    let first = stories::findings(&story.bad).into_iter().find(|finding| finding.code == story.code.id);
    config::render::text(first.as_slice(), &texts, false)
}

fn value(story: &Story) -> Value {
    let Story { code, what, why, bad, good } = story;
    let severity = match code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let example = |example: &Example| json!({ "file": example.file, "content": example.shown() });
    json!({
        "code": code.id,
        "severity": severity,
        "title": code.title,
        "what": what,
        "why": why,
        "bad": example(bad),
        "good": example(good),
    })
}
