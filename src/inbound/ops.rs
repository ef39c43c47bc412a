//! Probes and metrics. `/livez`: the process works. `/readyz`: it can do its job; a provider that is down does not
//! change that, or the receiver of its webhooks would be taken out of service with it. `/healthz?verbose`: what each
//! component last said, until when that holds.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::listener::{Bounds, Listener};
use crate::ambient::Clock;
use crate::model::Time;

/// Probes and scrapers are few and quick.
const BOUNDS: Bounds = Bounds { connections: 64, idle: Duration::from_secs(10), life: Duration::from_mins(5) };

/// How we are. The worker writes it, the ops listener shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The store is open and whole.
    pub store_open: bool,
    /// A rules table that compiles has been loaded.
    pub rules_loaded: bool,
    /// Until when the loop counts as alive; it renews this with every turn. `None`: it has not begun.
    pub alive_until: Option<Time>,
    /// What each component said last, by name.
    pub components: BTreeMap<String, Report>,
}

/// What a component said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether it is well.
    pub ok: bool,
    /// One line without personal data.
    pub detail: String,
    /// When it said so.
    pub at: Time,
    /// When this is no longer worth anything, so that one that is stuck is seen.
    pub expires_at: Option<Time>,
}

/// What the ops listener needs.
#[derive(Clone)]
pub struct Ops {
    /// How we are.
    pub health: watch::Receiver<Health>,
    /// What `/metrics` shows; `None`: nothing.
    pub metrics: Option<PrometheusHandle>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The bound listener of [`serve`].
pub async fn bind(address: SocketAddr) -> io::Result<Listener> {
    Listener::bind(address, BOUNDS).await
}

/// Answers until `stop`.
pub async fn serve(listener: Listener, ops: Ops, stop: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router(ops)).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// `/livez`, `/readyz`, `/healthz` and `/metrics`. No body is read.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

async fn livez(State(ops): State<Ops>) -> Response {
    let until = ops.health.borrow().alive_until;
    match until {
        Some(until) if until < ops.clock.now() => {
            text(StatusCode::SERVICE_UNAVAILABLE, "the loop is stuck\n".to_owned())
        }
        Some(_) | None => text(StatusCode::OK, "ok\n".to_owned()),
    }
}

async fn readyz(State(ops): State<Ops>) -> Response {
    let missing = missing(&ops.health.borrow());
    match missing {
        None => text(StatusCode::OK, "ok\n".to_owned()),
        Some(missing) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")),
    }
}

/// What keeps us from our job.
fn missing(health: &Health) -> Option<&'static str> {
    match (health.store_open, health.rules_loaded) {
        (true, true) => None,
        (false, _) => Some("the store is not open"),
        (true, false) => Some("no rules table is loaded"),
    }
}

#[derive(Serialize)]
struct Verbose<'h> {
    ready: bool,
    ok: bool,
    components: BTreeMap<&'h str, Shown<'h>>,
}

#[derive(Serialize)]
struct Shown<'h> {
    #[serde(flatten)]
    report: &'h Report,
    expired: bool,
}

/// The status is that of `/readyz`; what is not well is in the body.
async fn healthz(State(ops): State<Ops>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let now = ops.clock.now();
    let health = ops.health.borrow().clone();
    let missing = missing(&health);
    let status = if missing.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let expired = |report: &Report| report.expires_at.is_some_and(|end| end < now);
    let components: BTreeMap<&str, Shown<'_>> = health
        .components
        .iter()
        .map(|(name, report)| (name.as_str(), Shown { report, expired: expired(report) }))
        .collect();
    let well = missing.is_none() && components.values().all(|shown| shown.report.ok && !shown.expired);
    let json = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"));
    if json {
        return (status, axum::Json(Verbose { ready: missing.is_none(), ok: well, components })).into_response();
    }
    let verbose = query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some("verbose")));
    let line = |(name, shown): (&&str, &Shown<'_>)| {
        let Report { ok, detail, at, expires_at: _ } = shown.report;
        let sign = if *ok && !shown.expired { '+' } else { '-' };
        let stale = if shown.expired { " (expired)" } else { "" };
        format!("[{sign}] {name}: {detail}, {at}{stale}")
    };
    let mut lines: Vec<String> = components.iter().filter(|_| verbose).map(line).collect();
    lines.push(missing.unwrap_or(if well { "ok" } else { "degraded" }).to_owned());
    text(status, format!("{}\n", lines.join("\n")))
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let Some(handle) = ops.metrics else { return StatusCode::NOT_FOUND.into_response() };
    // Histograms are folded here instead of by a task of their own.
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

fn text(status: StatusCode, body: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body).into_response()
}
