//! Logs go to stderr, as text or as one JSON object per line. The level is for our own lines; libraries speak only from
//! `warn`, since what they say below may hold headers.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A person should act now.
    Error,
    /// Odd, still working.
    Warn,
    /// What changed.
    #[default]
    Info,
    /// Why.
    Debug,
    /// Every step.
    Trace,
}

impl Level {
    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people; in color on a terminal, unless `NO_COLOR` is set.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// Starts the process's log. False when there is one already, which then stays.
pub fn start(level: Level, format: Format) -> bool {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing::subscriber::set_global_default(subscriber(level, format, color, std::io::stderr)).is_ok()
}

/// The same log into another place.
pub fn subscriber<W>(level: Level, format: Format, color: bool, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let libraries = level.min(Level::Warn).word();
    let filter = EnvFilter::new(format!("{libraries},seatwarden={}", level.word()));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match format {
        Format::Text => Box::new(builder.with_ansi(color).with_target(false).finish()),
        Format::Json => {
            Box::new(builder.json().flatten_event(true).with_current_span(true).with_span_list(false).finish())
        }
    }
}
