//! `people` for people.

use super::Screen;
use super::columns::Column;
use crate::model::PoolId;
use crate::worker::view::PersonRow;

const COLUMNS: [Column; 9] = [
    Column { name: "NAME", from: 0, least: 10 },
    Column { name: "E-MAIL", from: 0, least: 16 },
    Column { name: "NUMBER", from: 100, least: 6 },
    Column { name: "STATUS", from: 0, least: 6 },
    Column { name: "JOB CODE", from: 0, least: 8 },
    Column { name: "HAS", from: 0, least: 9 },
    Column { name: "WAITS FOR", from: 0, least: 9 },
    Column { name: "ROW", from: 100, least: 8 },
    Column { name: "ID", from: 120, least: 4 },
];

/// People and what they hold, one line each.
pub fn people(rows: &[PersonRow], screen: &Screen) -> String {
    if rows.is_empty() {
        return "Nobody fits. Before the first pass nobody is known.\n".to_owned();
    }
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let count = if rows.len() == 1 { "1 person".to_owned() } else { format!("{} people", rows.len()) };
    let waiting = rows.iter().filter(|row| !row.waiting_for.is_empty()).count();
    let waiting = if waiting == 0 { String::new() } else { format!(", {waiting} of them waiting for a seat") };
    format!("{}\n{count}{waiting}.\n", screen.table(&COLUMNS, &cells))
}

fn cells(row: &PersonRow) -> Vec<String> {
    let names = |pools: &[PoolId]| pools.iter().map(PoolId::as_str).collect::<Vec<_>>().join(", ");
    let has: Vec<&str> = std::iter::once(&row.tier).chain(&row.addons).map(PoolId::as_str).collect();
    let person = &row.person;
    vec![
        row.name.clone().unwrap_or_default(),
        // Whoever has no address is told by the next best name.
        person.label(),
        person.employee_number.clone().unwrap_or_default(),
        row.status.clone(),
        row.job_code.clone().unwrap_or_default(),
        has.join(" + "),
        names(&row.waiting_for),
        row.rule.as_ref().map(ToString::to_string).unwrap_or_default(),
        person.id.to_string(),
    ]
}
