//! `webhook`: what to enter at the provider, whether it would work, and a recorded delivery once more.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use owo_colors::OwoColorize as _;
use serde::{Deserialize, Serialize};

use super::{Global, LogLevel, asking, output, setup};
use crate::ambient::{Chance, Clock as _, SystemClock};
use crate::config::{Config, FeedConfig, Hook, Knock};
use crate::inbound::hooks::{Probe, probes};
use crate::outbound::{HttpTransport, Limits, Transport as _, TransportError};
use crate::worker::request::exit;
use crate::worker::view::ReceivedView;
use crate::worker::{Answer, Request};

/// Providers wait three seconds; whoever is slower is as good as not there.
const LIMITS: Limits = Limits { time: Duration::from_secs(3), body: 64 << 10 };

/// The longest recorded delivery, as at the listener.
const LONGEST: u64 = 1 << 20;

/// Arguments of `webhook`.
#[derive(Debug, Args)]
pub struct Webhook {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Says what to enter at the provider, and calls the hooks of the running daemon as the provider would.
    Verify {
        /// Only this feed.
        feed: Option<String>,
    },
    /// Takes in a recorded delivery once more, without asking who sent it.
    Replay {
        /// The feed that it was meant for.
        feed: String,
        /// The body as it came; `-` for standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
}

/// One line of `webhook verify -o json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HookCheck {
    /// The feed.
    feed: String,
    /// `okta`, `graph`, `hmac` or `set`.
    kind: String,
    /// What to enter at the provider.
    url: String,
    /// Whether every call came through.
    ok: bool,
    /// The calls.
    checks: Vec<Check>,
    /// What an operator does at the provider.
    setup: Vec<String>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Check {
    what: String,
    url: String,
    ok: bool,
    /// What went wrong.
    error: Option<String>,
}

impl Webhook {
    pub(super) async fn run(self, global: &Global) -> u8 {
        match self.verb {
            Verb::Verify { feed } => verify(global, feed.as_deref()).await,
            Verb::Replay { feed, file } => {
                let body = match read(&file) {
                    Ok(body) => body,
                    Err(why) => {
                        output::complain(&format!("cannot read {}: {why}", file.display()));
                        return exit::DATA;
                    }
                };
                match asking::ask_once(global, Request::WebhookReplay { feed, body }).await {
                    Ok(answer) => output::finish(global, answer, replayed),
                    Err(code) => code,
                }
            }
        }
    }
}

fn read(file: &std::path::Path) -> std::io::Result<String> {
    let source: Box<dyn std::io::Read> =
        if file.as_os_str() == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(file)?) };
    let mut body = String::new();
    source.take(LONGEST + 1).read_to_string(&mut body)?;
    if body.len() as u64 > LONGEST {
        return Err(std::io::Error::other("it is longer than 1 MiB, which no hook takes"));
    }
    Ok(body)
}

fn replayed(view: &ReceivedView) -> String {
    format!(
        "{} to look at, {} waiting already, {} ignored; the daemon looks at once, without one the next `run` does.",
        view.accepted, view.coalesced, view.ignored
    )
}

async fn verify(global: &Global, only: Option<&str>) -> u8 {
    setup::start_log(global, LogLevel::Warn);
    let config = match setup::read_config(global) {
        Ok(loaded) => loaded.config,
        Err(code) => return code,
    };
    let hooks: Vec<(&FeedConfig, &Hook)> = config
        .feeds
        .values()
        .filter(|feed| only.is_none_or(|only| feed.name.as_str() == only))
        .filter_map(|feed| Some((feed, feed.hook.as_ref()?)))
        .collect();
    if hooks.is_empty() {
        let what = only.map_or("no feed has a `hook`".to_owned(), |feed| format!("the feed `{feed}` has no `hook`"));
        output::complain(&format!("{what}; add `hook = {{ secret = {{ file = \"…\" }} }}` to its section"));
        return exit::USAGE;
    }
    let mut code = exit::DONE;
    let mut views = Vec::new();
    for (feed, hook) in hooks {
        views.push(check(&config, feed, hook, &mut code).await);
    }
    output::finish(global, Answer::with_exit(code, &views), |views: &Vec<HookCheck>| {
        views.iter().map(render).collect::<Vec<_>>().join("\n\n")
    })
}

async fn check(config: &Config, feed: &FeedConfig, hook: &Hook, code: &mut u8) -> HookCheck {
    let path = format!("/hooks/{}", feed.name);
    let public = hook.public_url.as_ref().map(|base| format!("{}{path}", base.as_str().trim_end_matches('/')));
    let local = config.listen.public.map(|mut address| {
        // An address that means all of them is called by loopback.
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                std::net::Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        (address, format!("http://{address}{path}"))
    });
    let url = public.clone().or_else(|| local.as_ref().map(|(_, url)| url.clone())).unwrap_or_default();
    let mut checks = Vec::new();
    if local.is_none() {
        checks.push(Check::failed("listener", "", "`[listen] public` is off".to_owned()));
        *code = exit::CONFIG;
    }
    // Plain http goes to this machine alone, which another address of it is as well and cannot be told from afar.
    let local = local.filter(|(address, _)| address.ip().is_loopback()).map(|(_, url)| url);
    for url in local.into_iter().chain(public) {
        let chance = Chance::system().uuid();
        match probes(hook, &url, SystemClock.now(), &chance) {
            Ok(probes) => {
                for probe in probes {
                    checks.push(call(feed, probe, &url, code).await);
                }
            }
            Err(error) => {
                checks.push(Check::failed("secret", &url, error.to_string()));
                *code = exit::CONFIG;
            }
        }
    }
    if checks.is_empty() {
        let why = "give `public_url`, so that the hook can be called as the provider does".to_owned();
        checks.push(Check::failed("reachable", &url, why));
        *code = (*code).max(exit::UNREACHABLE);
    }
    let ok = checks.iter().all(|check| check.ok);
    HookCheck { feed: feed.name.to_string(), kind: kind(hook).to_owned(), setup: advice(hook, &url), url, ok, checks }
}

async fn call(feed: &FeedConfig, probe: Probe, url: &str, code: &mut u8) -> Check {
    let transport = match HttpTransport::new(feed.ca_file.as_deref()) {
        Ok(transport) => transport,
        Err(error) => {
            *code = exit::CONFIG;
            return Check::failed(probe.what, url, error.to_string());
        }
    };
    let request = probe.request.clone();
    match transport.call(request, &LIMITS).await {
        Ok(answer) => match probe.judge(&answer) {
            Ok(()) => Check { what: probe.what.to_owned(), url: url.to_owned(), ok: true, error: None },
            Err(why) => {
                let refused = answer.status() == http::StatusCode::UNAUTHORIZED;
                *code = (*code).max(if refused { exit::REFUSED } else { exit::FAILED });
                Check::failed(probe.what, url, why)
            }
        },
        Err(error) => {
            *code = (*code).max(exit::UNREACHABLE);
            let hint = match error {
                TransportError::Connection(_) => "; is the daemon running, and does it have this hook?",
                TransportError::TimedOut(_)
                | TransportError::TooLarge(_)
                | TransportError::Untrusted(_)
                | TransportError::Forbidden(_) => "",
            };
            Check::failed(probe.what, url, format!("{error}{hint}"))
        }
    }
}

impl Check {
    fn failed(what: &str, url: &str, why: String) -> Self {
        Self { what: what.to_owned(), url: url.to_owned(), ok: false, error: Some(why) }
    }
}

const fn kind(hook: &Hook) -> &'static str {
    match &hook.knock {
        Some(Knock::Okta { .. }) => "okta",
        Some(Knock::Graph { .. }) => "graph",
        Some(Knock::Hmac { .. }) => "hmac",
        None => "set",
    }
}

/// What an operator does at the provider. Secrets are named by where they are.
fn advice(hook: &Hook, url: &str) -> Vec<String> {
    let mut lines = Vec::new();
    match &hook.knock {
        Some(Knock::Okta { secret }) => {
            lines.push("Okta, Workflow > Event Hooks > Create".to_owned());
            lines.push(format!("URL: {url}"));
            lines.push(format!("authentication field: Authorization; secret: what {secret:?} holds"));
            lines.push(
                "events: user.lifecycle.*, user.account.update_profile, group.user_membership.*; then Verify"
                    .to_owned(),
            );
        }
        Some(Knock::Graph { client_state: _ }) if hook.public_url.is_some() => {
            lines.push("nothing to enter: the daemon subscribes, renews and checks by itself".to_owned());
        }
        Some(Knock::Graph { client_state: _ }) => {
            lines.push("give `public_url` in `hook`, and the daemon subscribes by itself".to_owned());
        }
        Some(Knock::Hmac { secret, window }) => {
            lines.push(format!("POST to {url}, signed with what {secret:?} holds, at most {window:?} old"));
            lines.push("headers: webhook-id, webhook-timestamp, webhook-signature (Standard Webhooks)".to_owned());
        }
        None => {}
    }
    if let Some(set) = &hook.set {
        lines.push(format!(
            "security events: push (RFC 8935) to {url}, iss {}, aud {}",
            set.signer.issuer, set.signer.audience
        ));
        if let Some(token) = &set.token {
            lines.push(format!("authorization header of the stream: what {token:?} holds"));
        }
    }
    lines
}

fn render(view: &HookCheck) -> String {
    let mut lines = vec![format!("{} ({}): {}", view.feed.bold(), view.kind, view.url)];
    for line in &view.setup {
        lines.push(format!("  {line}"));
    }
    for check in &view.checks {
        let mark = if check.ok { "ok".green().to_string() } else { "failed".red().to_string() };
        let why = check.error.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(format!("  {mark}  {} at {}{why}", check.what, check.url));
    }
    lines.join("\n")
}
