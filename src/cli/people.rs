//! `people`: who is known, and what they hold.

use clap::Args;

use super::screen::{self, Screen};
use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::PersonRow;

/// Arguments of `people`.
#[derive(Debug, Args)]
pub struct People {
    /// Only people whose name, e-mail, login name or employee number contains this, or who have that account id or
    /// number (`p-17`).
    pub search: Option<String>,
    /// Only holders of that pool and people who wait for it.
    #[arg(long)]
    pub pool: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 1_000_000)]
    pub limit: usize,
}

impl People {
    pub(super) async fn run(self, global: &Global) -> u8 {
        let request = Request::People { pool: self.pool, search: self.search, limit: self.limit };
        let answer = match asking::ask_once(global, request).await {
            Ok(answer) => answer,
            Err(code) => return code,
        };
        let header =
            ["id", "email", "employee_number", "name", "status", "job_code", "tier", "addons", "waiting_for", "rule"];
        output::finish_rows(
            global,
            answer,
            |rows: &[PersonRow]| screen::people(rows, &Screen::of_process()),
            &header,
            cells,
        )
    }
}

fn cells(row: &PersonRow) -> Vec<String> {
    let names =
        |pools: &[crate::model::PoolId]| pools.iter().map(crate::model::PoolId::as_str).collect::<Vec<_>>().join("|");
    vec![
        row.person.id.to_string(),
        row.person.email.clone().unwrap_or_default(),
        row.person.employee_number.clone().unwrap_or_default(),
        row.name.clone().unwrap_or_default(),
        row.status.clone(),
        row.job_code.clone().unwrap_or_default(),
        row.tier.to_string(),
        names(&row.addons),
        names(&row.waiting_for),
        row.rule.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]
}
