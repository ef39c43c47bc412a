//! The public listener: what providers call. Everything here comes from strangers until it is proven otherwise.
//!
//! Limits of time, size, number and rate stand before every route; every answer carries a request id and forbids
//! browsers to make anything of it. Nothing is ever unpacked, so that a small body stays small.
//!
//! The access log has the route and the feed, the status and the time taken: no query, no header, no body, no address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info};

use super::listener::{Bounds, Connection, Listener};
use super::{hooks, scim};
use crate::ambient::{Chance, Clock};
use crate::feed::hook::event_id;
use crate::worker::Warden;

/// What the listener allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of connections.
    pub bounds: Bounds,
    /// How long a request's head may take, also the first one of a connection. Okta and Graph send it in one piece.
    pub head: Duration,
    /// How long a request's body may take. Senders wait three seconds for an answer.
    pub body: Duration,
    /// Requests of one peer per second, and as many more at once. A reverse proxy in front of us is one peer, so this
    /// stays above what a storm of the largest provider needs.
    pub per_peer: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let bounds = Bounds { connections: 2_048, idle: Duration::from_mins(1), life: Duration::from_mins(10) };
        let per_peer = NonZeroU32::new(5_000).unwrap_or(NonZeroU32::MIN);
        Self { bounds, head: Duration::from_secs(15), body: Duration::from_secs(10), per_peer }
    }
}

/// Bytes of a request's head. Graph's validation token is the longest thing a provider puts there.
const HEAD_BYTES: usize = 32 << 10;

/// How often the counts of peers that have gone are forgotten.
const FORGET: Duration = Duration::from_mins(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request in logs.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

type PerPeer = DefaultKeyedRateLimiter<IpAddr>;

#[derive(Clone, Copy, Debug)]
struct Peer(IpAddr);

#[derive(Clone)]
struct Guard {
    per_peer: Arc<PerPeer>,
    chance: Arc<Chance>,
    clock: Arc<dyn Clock>,
}

/// Binds the listener.
pub async fn listen(address: SocketAddr, limits: Limits) -> std::io::Result<Listener> {
    Listener::bind(address, limits.bounds).await
}

/// Answers until `stop`, then lets requests in hand end.
pub async fn serve(mut listener: Listener, warden: Arc<Warden>, limits: Limits, stop: CancellationToken) {
    let per_peer: Arc<PerPeer> = Arc::new(RateLimiter::keyed(Quota::per_second(limits.per_peer)));
    let guard =
        Guard { per_peer: per_peer.clone(), chance: Arc::new(Chance::system()), clock: warden.parts().clock.clone() };
    let pushed = scim::router(&warden, limits.body);
    let app = hooks::router(warden, limits.body)
        .merge(pushed)
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(axum::middleware::from_fn_with_state(guard, guarded));
    let connections = TaskTracker::new();
    let forgetting = tokio::spawn(forget(per_peer, stop.clone()));
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
        };
        let app = app.clone().layer(Extension(Peer(network(peer.ip()))));
        connections.spawn(converse(stream, app, limits, stop.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
    forgetting.abort();
}

async fn converse(stream: Connection, app: Router, limits: Limits, stop: CancellationToken) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection broke off");
    }
}

async fn forget(per_peer: Arc<PerPeer>, stop: CancellationToken) {
    while tokio::time::timeout(FORGET, stop.cancelled()).await.is_err() {
        per_peer.retain_recent();
    }
}

/// The peer as it is counted: whoever has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => address
            .to_ipv4_mapped()
            .map_or_else(|| Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(), IpAddr::V4),
    }
}

/// Stands before every route.
async fn guarded(
    State(guard): State<Guard>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = guard.clock.now();
    let given = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).and_then(event_id);
    let id = given.unwrap_or_else(|| guard.chance.uuid());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let packed = request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut answer = if guard.per_peer.check_key(&peer).is_err() {
        (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response()
    } else if packed {
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the body as it is, not compressed\n").into_response()
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    let (status, duration_ms) = (answer.status().as_u16(), guard.clock.now().since(begun).as_millis());
    if answer.status().is_success() {
        debug!(request.id = %id, %method, route, status, duration_ms, "answered");
    } else {
        info!(request.id = %id, %method, route, status, duration_ms, "answered");
    }
    answer
}
