//! `seats`: what was bought, what is used, who waits.

use super::screen::{self, Screen};
use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::SeatsView;

pub(super) async fn run(global: &Global) -> u8 {
    let answer = match asking::ask_once(global, Request::Seats {}).await {
        Ok(answer) => answer,
        Err(code) => return code,
    };
    let header = [
        "pool",
        "kind",
        "bought",
        "used",
        "pending",
        "cooling",
        "free",
        "reserved",
        "waiting",
        "target_count",
        "foreign",
    ];
    let render = |rows: &[SeatsView]| screen::seats(rows, &Screen::of_process());
    output::finish_rows(global, answer, render, &header, cells)
}

fn cells(seats: &SeatsView) -> Vec<String> {
    let or_none = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
    let kind = format!("{:?}", seats.kind).to_lowercase();
    let reserved: Vec<String> = seats
        .reserved
        .iter()
        .map(|(class, reserved)| format!("{class} {}/{}", reserved.used, reserved.floor))
        .collect();
    vec![
        seats.pool.to_string(),
        kind,
        or_none(seats.bought.map(u64::from)),
        seats.used.to_string(),
        seats.pending.to_string(),
        seats.cooling.to_string(),
        or_none(seats.free.map(u64::from)),
        reserved.join(", "),
        seats.waiting.to_string(),
        or_none(seats.target_count),
        seats.foreign.to_string(),
    ]
}
