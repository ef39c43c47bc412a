//! `[feed.NAME]` with `kind = "csv"`: a folder into which another system drops files of people.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::feed::Reached;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::Node;
use crate::config::{Auth, Complete, Drop, FeedKind, StatusColumn};
use crate::model::Status;

const COMPLETE: [(&str, Complete); 2] = [("rename", Complete::Rename), ("manifest", Complete::Manifest)];

pub(super) fn read(section: &mut Section<'_>) -> Reached {
    if section.node("path").is_none() {
        section.missing("path", "\"/srv/hr-drop\"");
    }
    let folder = section.path("path", None);
    let file = section.or("file", "*.csv", pattern);
    let complete = section.or("complete", "rename", parse::choice(&COMPLETE));
    let settle = section.or("settle", "10s", parse::duration(Duration::ZERO));
    let late_after = section.or("late_after", "48h", parse::duration(Duration::from_mins(1)));
    let id = section.or("id", "employee_number", parse::text);
    let status = status(section);
    let folder = folder?;
    // Nothing is called there; it is what reports show.
    let url = Url::from_file_path(&folder).ok().or_else(|| Url::parse("file:///").ok());
    let dropped = Drop {
        folder,
        file: file?,
        complete: complete?,
        settle: settle?,
        late_after: late_after?,
        id: id?,
        status: status?,
    };
    Some((FeedKind::Csv(Box::new(dropped)), url?, Auth::None))
}

fn pattern(node: &Node) -> Parsed<String> {
    let text = parse::text(node)?;
    if text.contains(['/', '\\']) {
        let problem = Problem::new(codes::BAD_PATH, format!("`{text}` is more than the name of a file"));
        return Err(problem.help("name the folder in `path`, and files of it here, such as \"people-*.csv\""));
    }
    Ok(text)
}

/// `Some(None)` when absent, `None` when wrong.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn status(section: &mut Section<'_>) -> Option<Option<StatusColumn>> {
    let Some(mut status) = section.some_table("status", "status") else { return Some(None) };
    let column = status.need("column", "\"Status\"", parse::text);
    let mut words = BTreeMap::new();
    let mut whole = true;
    for (key, meaning) in [
        ("active", Status::Active),
        ("pre_start", Status::PreStart),
        ("on_leave", Status::OnLeave),
        ("suspended", Status::Suspended),
        ("gone", Status::Gone),
    ] {
        if status.node(key).is_none() {
            continue;
        }
        let Some(given) = status.list(key, "", parse::text) else {
            whole = false;
            continue;
        };
        for (word, spot) in given {
            if words.insert(word.trim().to_lowercase(), meaning).is_some_and(|before| before != meaning) {
                let problem = Problem::new(codes::REPEATED, format!("`{word}` has two meanings"));
                status.cx.report(&spot, problem.help("leave it in one of the lists"));
                whole = false;
            }
        }
    }
    if words.is_empty() && whole {
        status.report(
            Problem::new(codes::MISSING, "no word of the column has a meaning").help("for example `active = [\"A\"]`"),
        );
        whole = false;
    }
    status.finish();
    Some(Some(StatusColumn { column: column?, words: whole.then_some(words)? }))
}
