//! `rules coverage`: codes without a row, rows without people, codes that came to mean something else.

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use owo_colors::OwoColorize as _;

use super::super::{Global, Output, asking, output};
use super::impact_text::{at, people};
use crate::worker::Request;
use crate::worker::request::{Table, exit};
use crate::worker::view::{CodeCoverage, CoverageView, RowCoverage};

/// Arguments of `rules coverage`.
#[derive(Debug, Args)]
pub(super) struct Coverage {
    /// What `-o csv` lists.
    #[arg(long, value_enum, default_value_t = By::Code)]
    by: By,
    /// Shows every row and code as text, not only those that somebody should look at.
    #[arg(long)]
    all: bool,
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Job codes.
    Code,
    /// Rows.
    Row,
}

/// How far back counts are shown, in days.
const BACK: [i64; 4] = [7, 30, 90, 365];

/// So many rows with people are shown, those with the most, unless all are asked for.
const MOST_ROWS: usize = 20;

const CODE_HEADER: [&str; 14] = [
    "code",
    "people",
    "without_row",
    "rule",
    "tier",
    "first_seen",
    "last_seen",
    "changed_on",
    "rule_before",
    "tier_before",
    "people_7d_ago",
    "people_30d_ago",
    "people_90d_ago",
    "people_365d_ago",
];
const ROW_HEADER: [&str; 7] = ["id", "people", "adds", "owner", "file", "line", "text"];

impl Coverage {
    pub(super) async fn run(self, global: &Global) -> u8 {
        // Where a daemon runs it is the table in force there; here the files are all there is.
        let answer = match asking::ask_once(global, Request::RulesCoverage { table: Table::InForce }).await {
            Ok(answer) => answer,
            Err(code) => return code,
        };
        if global.output != Output::Csv || answer.exit != exit::DONE {
            return output::finish(global, answer, |view| text(view, self.all));
        }
        match (serde_json::from_value::<CoverageView>(answer.data), self.by) {
            (Ok(view), By::Code) => {
                output::csv(&CODE_HEADER, view.codes.iter().map(|code| code_cells(code, &view.day)));
            }
            (Ok(view), By::Row) => output::csv(&ROW_HEADER, view.rows.iter().map(row_cells)),
            (Err(error), _) => {
                output::complain(&format!("the answer has another shape than expected: {error}"));
                return exit::FAILED;
            }
        }
        answer.exit
    }
}

fn code_cells(code: &CodeCoverage, day: &str) -> Vec<String> {
    let changed = code.changed.as_ref();
    let mut cells = vec![
        code.code.clone(),
        code.people.to_string(),
        code.without_row.to_string(),
        code.rule.as_ref().map(ToString::to_string).unwrap_or_default(),
        code.tier.as_ref().map(ToString::to_string).unwrap_or_default(),
        code.first_seen.clone().unwrap_or_default(),
        code.last_seen.clone().unwrap_or_default(),
        changed.and_then(|changed| changed.on.clone()).unwrap_or_default(),
        changed.and_then(|changed| changed.rule.as_ref()).map(ToString::to_string).unwrap_or_default(),
        changed.and_then(|changed| changed.tier.as_ref()).map(ToString::to_string).unwrap_or_default(),
    ];
    cells.extend(BACK.map(|days| ago(code, day, days).map(|people| people.to_string()).unwrap_or_default()));
    cells
}

/// How many people had the code so many days ago; `None` where that was not counted.
fn ago(code: &CodeCoverage, day: &str, days: i64) -> Option<u64> {
    let then = day.parse::<Date>().ok()?.saturating_sub(jiff::Span::new().days(days)).to_string();
    code.history.iter().rev().find(|count| count.day <= then).map(|count| count.people)
}

fn row_cells(row: &RowCoverage) -> Vec<String> {
    vec![
        row.id.to_string(),
        row.people.to_string(),
        row.adds.to_string(),
        row.owner.clone().unwrap_or_default(),
        row.place.file.clone(),
        row.place.line.to_string(),
        row.text.clone(),
    ]
}

fn text(view: &CoverageView, all: bool) -> String {
    let since = view
        .counted_since
        .as_ref()
        .map_or("not counted by a pass yet".to_owned(), |day| format!("counted since {day}"));
    let head = format!(
        "Table {}, {} on {}, {} job codes, {since}\n",
        output::short(view.rules_digest.as_str()),
        people(view.summary.people),
        view.day,
        view.summary.codes
    );
    let mut sections = vec![head];
    let mut codes = |title: &str, wanted: &dyn Fn(&CodeCoverage) -> bool| {
        let mut codes: Vec<&CodeCoverage> = view.codes.iter().filter(|code| wanted(code)).collect();
        if codes.is_empty() {
            return;
        }
        codes.sort_by_key(|code| (std::cmp::Reverse(code.people), code.code.clone()));
        let header = ["code", "people", "without row", "30 days ago", "first seen", "row", "tier", "before"];
        let rows = codes.into_iter().map(|code| {
            let name = |name: Option<String>| name.unwrap_or_else(|| "-".to_owned());
            vec![
                code.code.clone(),
                code.people.to_string(),
                code.without_row.to_string(),
                name(ago(code, &view.day, 30).map(|people| people.to_string())),
                name(code.first_seen.clone()),
                name(code.rule.as_ref().map(ToString::to_string)),
                code.tier.as_ref().map_or("none".to_owned(), ToString::to_string),
                code.changed.as_ref().map_or(String::new(), |changed| {
                    let rule = name(changed.rule.as_ref().map(ToString::to_string));
                    format!("{} by {rule}", changed.tier.as_ref().map_or("none".to_owned(), ToString::to_string))
                }),
            ]
        });
        sections.push(format!("{}\n{}", title.bold(), output::table(&header, rows.collect())));
    };
    if all {
        codes("Job codes", &|_| true);
    } else {
        codes("Job codes without a row", &|code| code.people > 0 && code.without_row == code.people);
        codes("Job codes of which some people have no row", &|code| {
            code.without_row > 0 && code.without_row < code.people
        });
        codes("Job codes that the last edit gave another meaning", &|code| code.changed.is_some());
    }
    let rows: Vec<&RowCoverage> = view.rows.iter().filter(|row| all || (row.people == 0 && row.adds == 0)).collect();
    if !rows.is_empty() {
        let title = if all { "Rows" } else { "Rows without people" };
        let header = ["row", "people", "adds to", "place", "says"];
        let cells = rows.into_iter().map(|row| {
            vec![row.id.to_string(), row.people.to_string(), row.adds.to_string(), at(&row.place), row.text.clone()]
        });
        sections.push(format!("{}\n{}", title.bold(), output::table(&header, cells.collect())));
    }
    if !all {
        let mut most: Vec<&RowCoverage> = view.rows.iter().filter(|row| row.people + row.adds > 0).collect();
        most.sort_by_key(|row| (std::cmp::Reverse(row.people.max(row.adds)), row.id.clone()));
        let more = most.len().saturating_sub(MOST_ROWS);
        most.truncate(MOST_ROWS);
        let cells = most.into_iter().map(|row| vec![row.id.to_string(), row.people.to_string(), row.adds.to_string()]);
        let rest = if more == 0 { String::new() } else { format!(" (and {more} more rows)") };
        let table = output::table(&["row", "people", "adds to"], cells.collect());
        sections.push(format!("{}{rest}\n{table}", "People per row".bold()));
    }
    let sum = &view.summary;
    sections.push(format!(
        "{} codes without a row, {} with another meaning, {} of {} rows and {} of {} exceptions without people; {} without a row, {} without a job code.",
        sum.codes_without_row,
        sum.codes_changed,
        sum.rows_without_people,
        sum.rows,
        sum.exceptions_without_people,
        sum.exceptions,
        people(sum.people_without_row),
        sum.people_without_code
    ));
    if !all {
        sections.push("Every row and code with its people: `seatwarden rules coverage --all`.".to_owned());
    }
    sections.join("\n")
}
