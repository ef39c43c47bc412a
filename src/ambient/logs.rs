//! The log: text or JSON on stderr, color only on a terminal.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts the log of this process at a level; a second start changes nothing. Other crates speak from `warn` on only,
/// since their lines may hold what we never log, such as URLs with personal data.
pub fn start(level: Level, json: bool) {
    let filter = EnvFilter::new(format!("{},seatwarden={level}", level.min(Level::WARN)));
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        let lines = fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_timer(Rfc3339)
            .with_writer(std::io::stderr);
        registry.with(lines).try_init()
    } else {
        let lines = fmt::layer().with_ansi(color).with_target(false).with_timer(Rfc3339).with_writer(std::io::stderr);
        registry.with(lines).try_init()
    };
    // The only error is that a log was started before.
    drop(started);
}

struct Rfc3339;

impl fmt::time::FormatTime for Rfc3339 {
    #[expect(clippy::disallowed_methods, reason = "this folder is the one that asks the system")]
    fn format_time(&self, writer: &mut fmt::format::Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", jiff::Timestamp::now())
    }
}
