//! The command line: one file per verb. Data on stdout, talk on stderr, one exit code.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::worker::request::exit;

mod apply;
mod asking;
mod audit;
mod check;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod explain;
mod healthcheck;
mod hold;
mod init;
mod output;
mod people;
mod plan;
mod rules;
mod run;
pub mod screen;
mod seats;
mod setup;
mod shell;
mod status;
mod store;
mod sync;
mod target;
mod undo;
mod webhook;

/// Keeps named service-desk seats in step with the job codes that Okta, Entra ID or SCIM carry.
#[derive(Debug, Parser)]
#[command(name = "seatwarden", version, about, long_about = None, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Cli {
    /// What applies to every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 changes pending (--detailed-exitcode), 3 held by a brake, 64 usage, \
65 rules or data invalid, 69 unreachable, 75 try later, 77 refused, 78 configuration.";

/// Flags that stand before or after the verb.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration file.
    #[arg(
        short,
        long,
        global = true,
        env = "SEATWARDEN_CONFIG",
        value_name = "FILE",
        default_value = "/etc/seatwarden/seatwarden.toml"
    )]
    pub config: PathBuf,
    /// Overrides one setting, as `pass.incremental=30s`; may be given several times.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How data is printed.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
    /// Says less on stderr.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Says more on stderr: once for debug, twice for trace.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The level of the log on stderr.
    #[arg(long, global = true, env = "SEATWARDEN_LOG", value_enum, value_name = "LEVEL")]
    pub log: Option<LogLevel>,
    /// The form of the log on stderr.
    #[arg(long, global = true, env = "SEATWARDEN_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// When retries of a call end.
    #[arg(long, global = true, env = "SEATWARDEN_DEADLINE", default_value = "60s", value_parser = duration, value_name = "TIME")]
    pub deadline: Duration,
}

/// Forms of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For spreadsheets, where the data is rows.
    Csv,
    /// For code hosts and editors (SARIF 2.1.0), where the data is findings.
    Sarif,
    /// For a comment on a pull request: `rules diff`.
    Markdown,
    /// The rules table, for editors: `rules export` and `rules import`.
    Toml,
    /// The rules table, for spreadsheets: `rules export` and `rules import`.
    Xlsx,
}

/// Levels of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// A person should act now.
    Error,
    /// Odd, still working.
    Warn,
    /// What changed.
    Info,
    /// Why.
    Debug,
    /// Every step.
    Trace,
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Runs the daemon, or one full pass with `--once`.
    Run(run::Run),
    /// Checks configuration, catalog and rules, and that feeds and desks answer.
    #[command(alias = "validate")]
    Check(check::Check),
    /// Shows what a pass would do; writes nothing.
    Plan(plan::PlanArgs),
    /// Does what `plan` shows, or exactly the plan in a file.
    Apply(apply::Apply),
    /// Releases a held plan for the next pass.
    Approve(hold::Approve),
    /// Refuses a held plan.
    Reject(hold::Reject),
    /// Gives the seats of a pass back, by a plan that brakes judge like any other.
    Undo(undo::Undo),
    /// Tells why somebody has or has not a seat.
    Explain(explain::Explain),
    /// Tells how feeds, desks, rules and the last pass stand.
    Status,
    /// Lists seats by pool.
    Seats,
    /// Lists people and what they hold.
    People(people::People),
    /// Makes a pass now: everything, one feed, or one person.
    Sync(sync::Sync),
    /// Works on the rules table.
    Rules(rules::Rules),
    /// Works on service desks.
    Target(target::TargetArgs),
    /// Verifies or prints the journal.
    Audit(audit::Audit),
    /// Works on the store.
    Store(store::StoreArgs),
    /// Works on hooks, by which providers call us.
    Webhook(webhook::Webhook),
    /// Shows the configuration in force, or its schema.
    Config(config::ConfigArgs),
    /// Asks the running daemon whether it is ready: for health checks of containers.
    Healthcheck,
    /// Starts a mock company, two identity providers and a desk, and keeps its seats in step.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Writes a commented configuration to begin with.
    Init(init::Init),
    /// Prints completions for a shell.
    Completions(shell::Completions),
    /// Prints the manual page.
    Man,
    /// Prints the version.
    Version,
}

/// Parses the command line of the process and runs the verb. Returns the exit code.
pub fn main() -> u8 {
    main_with(std::env::args_os())
}

fn main_with(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { exit::USAGE } else { exit::DONE };
            // Nothing can be said where even this cannot be printed.
            drop(error.print());
            return code;
        }
    };
    output::color();
    let global = cli.global;
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(dispatch(cli.verb, &global));
            // A call that hangs in a blocking thread must not keep the process.
            runtime.shutdown_timeout(Duration::from_millis(500));
            output::code(code)
        }
        Err(error) => {
            output::complain(&format!("cannot start: {error}"));
            exit::FAILED
        }
    }
}

async fn dispatch(verb: Verb, global: &Global) -> u8 {
    match verb {
        Verb::Run(run) => run.run(global).await,
        Verb::Check(check) => check.run(global).await,
        Verb::Plan(plan) => plan.run(global).await,
        Verb::Apply(apply) => apply.run(global).await,
        Verb::Approve(approve) => approve.run(global).await,
        Verb::Reject(reject) => reject.run(global).await,
        Verb::Undo(undo) => undo.run(global).await,
        Verb::Explain(explain) => explain.run(global).await,
        Verb::Status => status::run(global).await,
        Verb::Seats => seats::run(global).await,
        Verb::People(people) => people.run(global).await,
        Verb::Sync(sync) => sync.run(global).await,
        Verb::Rules(rules) => rules.run(global).await,
        Verb::Target(target) => target.run(global).await,
        Verb::Audit(audit) => audit.run(global).await,
        Verb::Store(store) => store.run(global).await,
        Verb::Webhook(webhook) => webhook.run(global).await,
        Verb::Config(config) => config.run(global),
        Verb::Healthcheck => healthcheck::run(global).await,
        #[cfg(feature = "demo")]
        Verb::Demo(demo) => demo.run(global).await,
        Verb::Init(init) => init.run(global),
        Verb::Completions(completions) => completions.run(&mut Cli::command()),
        Verb::Man => shell::man(&Cli::command()),
        Verb::Version => shell::version(global),
    }
}

/// Reads a duration such as `500ms`, `90s`, `5m`, `24h`, `90d`.
fn duration(text: &str) -> Result<Duration, String> {
    crate::config::parse_duration(text)
        .ok_or_else(|| format!("`{text}` is not a time such as 500ms, 90s, 5m, 24h or 90d"))
}
