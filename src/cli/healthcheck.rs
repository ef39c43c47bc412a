//! `healthcheck`: for containers and timers, which look at an exit code.

use std::time::Duration;

use serde_json::Value;

use super::{Global, LogLevel, output, setup};
use crate::inbound::control::{self, ControlError};
use crate::worker::Request;
use crate::worker::request::exit;

/// A daemon that takes longer to say how it stands is not well.
const WITHIN: Duration = Duration::from_secs(5);

/// Asks the running daemon whether it is ready; never opens the store.
pub(super) async fn run(global: &Global) -> u8 {
    setup::start_log(global, LogLevel::Error);
    let loaded = match setup::read_config(global) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let request = Request::Status {};
    let mut each = |_| {};
    let asked = control::ask(&loaded.config.listen.control, &request, &mut each);
    let (code, why) = match tokio::time::timeout(WITHIN, asked).await {
        Ok(Ok(answer)) if answer.data.get("ready").and_then(Value::as_bool) == Some(true) => {
            output::talk(global, "ready");
            return exit::DONE;
        }
        Ok(Ok(answer)) => (exit::FAILED, answer.error.unwrap_or_else(|| "the daemon is not ready".to_owned())),
        Ok(Err(error @ ControlError::NotAllowed(_))) => (exit::REFUSED, error.to_string()),
        Ok(Err(error)) => (exit::UNREACHABLE, error.to_string()),
        Err(_) => (exit::UNREACHABLE, format!("the daemon did not answer within {} s", WITHIN.as_secs())),
    };
    output::complain(&why);
    code
}
