//! `status`: how everything stands.

use super::screen::{self, Screen};
use super::{Global, asking, output};
use crate::worker::Request;
use crate::worker::view::StatusView;

pub(super) async fn run(global: &Global) -> u8 {
    match asking::ask_once(global, Request::Status {}).await {
        Ok(answer) => {
            output::finish(global, answer, |status: &StatusView| screen::status(status, &Screen::of_process()))
        }
        Err(code) => code,
    }
}
