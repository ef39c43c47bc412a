//! The ops listener: `/livez`, `/readyz`, `/healthz?verbose`, `/metrics`.
//!
//! `/readyz` is about us alone: store open, a table in force. It stays green when a provider is down, for taking the
//! process out of service would mend nothing. Nothing here shows personal data or secrets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::listener::{Bounds, Listener};
use crate::worker::Warden;

/// Bounds in seconds: a pass of nothing takes milliseconds, a first reading of a million people half an hour.
const SECONDS: [f64; 12] = [0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_200.0, 3_600.0];

/// From event to seat a second is the goal and a cycle of forty minutes what is usual elsewhere.
const EVENT_SECONDS: [f64; 12] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 15.0, 60.0, 600.0];

/// Probes and scrapers are few and quick. Without bounds, a handful of silent connections would shut them out.
const BOUNDS: Bounds = Bounds { connections: 64, idle: Duration::from_secs(10), life: Duration::from_mins(5) };
/// How often counted times are folded into their histograms, which would grow where nobody scrapes.
const FOLD: Duration = Duration::from_secs(10);

/// Begins to count. Once per process; metrics before that are lost.
pub fn count() -> Result<PrometheusHandle, BuildError> {
    let event_to_seat = Matcher::Full("seatwarden_event_to_seat_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets(&SECONDS)?;
    let handle = builder.set_buckets_for_metric(event_to_seat, &EVENT_SECONDS)?.install_recorder()?;
    metrics::gauge!("seatwarden_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Binds the listener.
pub async fn listen(address: SocketAddr) -> std::io::Result<Listener> {
    Listener::bind(address, BOUNDS).await
}

/// Answers until `stop`.
pub async fn serve(listener: Listener, warden: Arc<Warden>, metrics: PrometheusHandle, stop: CancellationToken) {
    let folded = fold(metrics.clone(), stop.clone());
    let app = router(warden, metrics);
    let served = async { axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await };
    let ((), served) = tokio::join!(folded, served);
    if let Err(error) = served {
        warn!(%error, "the ops listener ended");
    }
}

async fn fold(metrics: PrometheusHandle, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(FOLD) => metrics.run_upkeep(),
        }
    }
}

/// The routes, to serve or to call in a test.
pub fn router(warden: Arc<Warden>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .route("/metrics", get(render))
        .with_state(Ops { warden, metrics })
}

#[derive(Clone)]
struct Ops {
    warden: Arc<Warden>,
    metrics: PrometheusHandle,
}

#[derive(Debug, Deserialize)]
struct Verbosity {
    verbose: Option<String>,
}

/// The runtime turns.
async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(ops): State<Ops>) -> Response {
    match ops.warden.status_view() {
        Ok(status) if status.ready => "ok\n".into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "no rules table is in force\n").into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response(),
    }
}

async fn healthz(State(ops): State<Ops>, Query(verbosity): Query<Verbosity>) -> Response {
    let Ok(status) = ops.warden.status_view() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "[-] store\n").into_response();
    };
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if verbosity.verbose.is_none() {
        return (code, if status.ready { "ok\n" } else { "not ready\n" }).into_response();
    }
    let mark = |good: bool| if good { "[+]" } else { "[-]" };
    let mut lines = vec![
        "[+] store".to_owned(),
        format!(
            "{} rules{}",
            mark(status.ready),
            status.rules.error.map(|_| ": the files on disk do not compile").unwrap_or_default()
        ),
    ];
    if status.distrusted.is_some() {
        lines.push("[-] trust: the store was rebuilt, nothing is revoked".to_owned());
    }
    lines.extend(
        status.feeds.iter().map(|feed| format!("{} feed {}: {}", mark(feed.state == "ok"), feed.name, feed.state)),
    );
    lines.extend(
        status
            .targets
            .iter()
            .map(|desk| format!("{} desk {}: {}", mark(desk.state != "failing"), desk.name, desk.state)),
    );
    lines.push(format!("{} held plans: {}", mark(status.held.is_empty()), status.held.len()));
    (code, lines.join("\n") + "\n").into_response()
}

async fn render(State(ops): State<Ops>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], ops.metrics.render())
}
