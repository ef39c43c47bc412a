//! The long story of every kind of finding: what it is, why it matters, a table that has it and the table repaired.
//!
//! `seatwarden rules explain` prints them, and the reference page is made of them. Tests compile every example.

mod damage;
mod files;
mod shape;
mod values;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::code::Code;
use super::{Compiled, Finding, Source, cases, code, examine};
use crate::model::{Catalog, ClassName, Pool, PoolKind, Seats};

/// What is told of one kind of finding.
#[derive(Clone, Copy, Debug)]
pub struct Story {
    /// The kind.
    pub code: Code,
    /// What it is, beyond its title.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// A table that has it and nothing else.
    pub bad: Example,
    /// The same table repaired.
    pub good: Example,
}

/// A file of a table.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Its name.
    pub file: &'static str,
    /// Its content.
    pub content: Content,
}

/// The content of an example.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Text.
    Text(&'static str),
    /// Bytes that are no text.
    Bytes(&'static [u8]),
    /// Too long to be shown: how it is made, and what to say instead.
    Made(fn() -> Vec<u8>, &'static str),
}

impl Example {
    /// The file, to compile it.
    pub fn source(&self) -> Source {
        let bytes = match self.content {
            Content::Text(text) => text.as_bytes().to_vec(),
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::Made(make, _) => make(),
        };
        Source { path: self.file.to_owned(), bytes }
    }

    /// What to show of it; characters that nobody sees are written as escapes.
    pub fn shown(&self) -> String {
        match self.content {
            Content::Text(text) => visible(text),
            Content::Bytes(bytes) => bytes.escape_ascii().to_string().replace("\\r\\n", "\n").replace("\\n", "\n"),
            Content::Made(_, words) => format!("({words})\n"),
        }
    }
}

/// Letters that print stay as they are.
fn visible(text: &str) -> String {
    let odd = |letter: char| letter != '\n' && letter.escape_debug().len() > 1 && !"\"'\\".contains(letter);
    let mut shown = String::new();
    for letter in text.chars() {
        if odd(letter) || letter == '\u{a0}' {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Every story, in the order of the codes.
pub fn all() -> impl Iterator<Item = Story> {
    let parts = [files::STORIES, shape::STORIES, values::STORIES, whole::STORIES, damage::STORIES];
    let mut stories: Vec<Story> = parts.into_iter().flatten().copied().collect();
    stories.sort_by_key(|story| story.code.id);
    stories.into_iter()
}

/// The story of a code such as `R012`, however its letter and zeros are written.
pub fn of(code: &str) -> Option<Story> {
    let digits = code.trim_start_matches(['r', 'R']).trim_start_matches('0');
    all().find(|story| story.code.id.trim_start_matches(['R', '0']) == digits)
}

/// What is found in an example, its cases included.
pub fn findings(example: &Example) -> Vec<Finding> {
    let files = [example.source()];
    let Compiled { set, mut findings } = examine(&files, &catalog(), &TimeZone::UTC, TODAY);
    if let Some(set) = set {
        findings.extend(cases(&files, &set).1);
    }
    findings
}

/// The day of the examples.
pub const TODAY: Date = date(2026, 6, 15);

/// The catalog of the examples as it would be written.
pub const CATALOG: &str = "\
default_tier = \"requester\"

[tier.requester]
rank = 0
seats = \"unlimited\"

[tier.agent]
rank = 10
seats = 50

[tier.fulfiller]
rank = 20
seats = 120
reserve = { on-call = 10 }

[addon.major-incident]
seats = 15
requires = [\"fulfiller\"]
excludes = [\"change-advisory\"]

[addon.change-advisory]
seats = 15
requires = [\"fulfiller\"]

[addon.reports]
seats = 5
";

/// The catalog of the examples.
pub fn catalog() -> Catalog {
    let on_fulfiller = |name: &str| Pool {
        requires: BTreeSet::from(["fulfiller".into()]),
        ..Pool::plain(name, PoolKind::Addon, 0, Seats::Bought(15))
    };
    let pools = [
        Pool::plain("requester", PoolKind::Tier, 0, Seats::Unlimited),
        Pool::plain("agent", PoolKind::Tier, 10, Seats::Bought(50)),
        Pool {
            reserve: BTreeMap::from([(ClassName::new("on-call"), 10)]),
            ..Pool::plain("fulfiller", PoolKind::Tier, 20, Seats::Bought(120))
        },
        Pool { excludes: BTreeSet::from(["change-advisory".into()]), ..on_fulfiller("major-incident") },
        // The catalog reads exclusions both ways.
        Pool { excludes: BTreeSet::from(["major-incident".into()]), ..on_fulfiller("change-advisory") },
        Pool::plain("reports", PoolKind::Addon, 0, Seats::Bought(5)),
    ];
    Catalog { default_tier: "requester".into(), pools: pools.into_iter().map(|pool| (pool.id.clone(), pool)).collect() }
}

const fn story(code: Code, what: &'static str, why: &'static str, bad: Example, good: Example) -> Story {
    Story { code, what, why, bad, good }
}

const fn csv(text: &'static str) -> Example {
    Example { file: "rules.csv", content: Content::Text(text) }
}

const fn toml(text: &'static str) -> Example {
    Example { file: "rules.toml", content: Content::Text(text) }
}

const fn bytes(bytes: &'static [u8]) -> Example {
    Example { file: "rules.csv", content: Content::Bytes(bytes) }
}

const fn made(make: fn() -> Vec<u8>, words: &'static str) -> Example {
    Example { file: "rules.csv", content: Content::Made(make, words) }
}
