//! `/scim/v2/{feed}`: we are the SCIM 2.0 server of providers that push (RFC 7643, 7644, 9865).
//!
//! | file | what |
//! |---|---|
//! | `auth` | who may call |
//! | `resources` | which request is what |
//! | `write`, `bulk`, `patch` | changes |
//! | `list`, `filter`, `rewrite` | questions |
//! | `shape`, `names` | what resources look like |
//! | `shelf` | where they are kept |
//! | `discovery` | what the server tells of itself |
//!
//! What is pushed is on disk, together with the reason to look at it, before its sender is answered; then it takes the
//! road of every pass. When it cannot be kept the answer is 503, so that the provider pushes again.

mod auth;
mod bulk;
mod discovery;
pub mod error;
pub mod filter;
mod list;
mod names;
pub mod patch;
mod resources;
mod rewrite;
mod shape;
mod shelf;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::info;

use self::error::Refusal;
use self::shape::View;
use self::shelf::{Resource, Shelf, version};
use super::public::RequestId;
use crate::config::{FeedConfig, FeedKind};
use crate::feed::push::{Kind, Push};
use crate::model::FeedName;
use crate::worker::Warden;

/// The longest body.
pub(super) const BODY: usize = 10 << 20;

/// Requests with a body that are worked on at once: 16 of the longest take 160 MiB.
const BODIES: usize = 16;

const MEDIA: &str = "application/scim+json";

/// The routes.
pub fn router(warden: &Arc<Warden>, body_time: Duration) -> Router {
    let pushed = |(name, config): (&FeedName, &FeedConfig)| {
        if config.kind != FeedKind::ScimPush {
            return None;
        }
        let parts = warden.parts();
        let reader = Push::new(config, parts.store.clone(), parts.clock.clone());
        Some((name.clone(), Arc::new(Shelf::new(name, warden, reader))))
    };
    let shelves = warden.parts().config.feeds.iter().filter_map(pushed).collect();
    let state = Server {
        warden: warden.clone(),
        shelves: Arc::new(shelves),
        body_time,
        room: Arc::new(Semaphore::new(BODIES)),
    };
    Router::new()
        .route("/scim/v2/{feed}", any(root))
        .route("/scim/v2/{feed}/", any(root))
        .route("/scim/v2/{feed}/{*path}", any(below))
        .with_state(state)
}

#[derive(Clone)]
struct Server {
    warden: Arc<Warden>,
    shelves: Arc<BTreeMap<FeedName, Arc<Shelf>>>,
    body_time: Duration,
    room: Arc<Semaphore>,
}

/// What of a request every operation needs.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The address below which resources are, as the client wrote it.
    base: String,
    request: String,
    view: View,
    if_match: Option<String>,
    if_none_match: Option<String>,
    /// The address carries a flag of Entra's.
    is_entra: bool,
}

impl Asked {
    fn reply(&self, kind: Kind, resource: &Resource, status: StatusCode) -> Reply {
        let shown = show(resource, &self.base);
        let location = shown.get("meta").and_then(|meta| meta.get("location")?.as_str().map(str::to_owned));
        Reply {
            status,
            body: Some(self.view.show(Some(kind), &shown).into()),
            version: version(resource).map(str::to_owned),
            location,
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Option<Value>,
    version: Option<String>,
    location: Option<String>,
}

impl Reply {
    const fn empty(status: StatusCode) -> Self {
        Self { status, body: None, version: None, location: None }
    }

    const fn json(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), version: None, location: None }
    }

    fn answer(self) -> Response {
        let mut answer = self.body.map_or_else(
            || self.status.into_response(),
            |body| (self.status, [(CONTENT_TYPE, MEDIA)], body.to_string()).into_response(),
        );
        for (name, text) in [(ETAG, self.version), (LOCATION, self.location)] {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::json(refusal.status, refusal.body())
    }
}

/// The resource with the addresses that depend on how it was asked for.
fn show(resource: &Resource, base: &str) -> Resource {
    let mut shown = resource.clone();
    let id = shown.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::Object(meta)) = shown.get_mut("meta")
        && !meta.contains_key("location")
    {
        let kind = meta.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        let location = format!("{base}/{kind}s/{id}");
        meta.insert("location".to_owned(), location.into());
    }
    shown
}

/// Whether a list of entity tags names a version; tags compare weakly (RFC 9110 section 8.8.3.2).
fn is_among(tags: &str, version: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| bare(tag) == bare(version))
}

async fn root(state: State<Server>, Path(feed): Path<String>, id: Extension<RequestId>, request: Request) -> Response {
    below(state, Path((feed, String::new())), id, request).await
}

async fn below(
    State(server): State<Server>,
    Path((feed, path)): Path<(String, String)>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Response {
    let feed = FeedName::new(feed);
    match server.answer(&feed, &path, id, request).await {
        Ok(reply) => reply.answer(),
        Err(refusal) => {
            let status = refusal.status;
            let mut answer = Reply::from(refusal).answer();
            let mut tell = |name: HeaderName, value: &'static str| {
                answer.headers_mut().insert(name, HeaderValue::from_static(value));
            };
            if status == StatusCode::UNAUTHORIZED {
                tell(WWW_AUTHENTICATE, "Bearer realm=\"scim\"");
            }
            if status == StatusCode::SERVICE_UNAVAILABLE {
                tell(RETRY_AFTER, "5");
            }
            answer
        }
    }
}

impl Server {
    async fn answer(&self, feed: &FeedName, path: &str, id: String, request: Request) -> Result<Reply, Refusal> {
        let kept = self.shelves.get(feed).ok_or_else(|| Refusal::not_found("feed"))?.clone();
        let (head, body) = request.into_parts();
        if let Err(refusal) = auth::prove(&self.warden, feed, &head.headers).await {
            let word = if refusal.status == StatusCode::UNAUTHORIZED { "unauthorized" } else { "unavailable" };
            info!(feed.name = %feed, request.id = %id, why = refusal.detail, "a call of the SCIM server was turned away");
            self.warden.turned_away(feed, word, &refusal.detail);
            return Err(refusal);
        }
        kept.load().await?;
        let room = if head.method == Method::GET { None } else { Some(self.room.acquire().await) };
        let body = self.read(&head.method, &head.headers, body).await?;
        let header =
            |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        let mut asked = Asked {
            base: base(&head.headers, feed),
            request: id,
            view: View::default(),
            if_match: header(IF_MATCH),
            if_none_match: header(IF_NONE_MATCH),
            is_entra: head.uri.query().is_some_and(|query| query.to_ascii_lowercase().contains("aadoptscim062020")),
        };
        let query = list::Query::of_address(head.uri.query().unwrap_or_default());
        asked.view = View::new(query.only.clone(), query.without.clone())?;
        let (method, path) = (head.method, path.to_owned());
        // Goes on where the client hangs up: what is on disk must be known in memory too.
        let done = tokio::spawn(async move { resources::serve(&kept, &asked, &method, &path, &query, &body).await });
        let reply = done.await.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        drop(room);
        reply
    }

    async fn read(&self, method: &Method, headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
        if *method == Method::GET || *method == Method::DELETE || *method == Method::HEAD {
            return Ok(Value::Null);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(MEDIA);
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != MEDIA && kind != "application/json" {
            let detail = "the content type is neither application/scim+json nor application/json";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let long = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is longer than {BODY} bytes"));
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > BODY) {
            return Err(long());
        }
        let slow = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time");
        let read = tokio::time::timeout(self.body_time, axum::body::to_bytes(body, BODY)).await.map_err(slow)?;
        let bytes = read.map_err(|_| long())?;
        // Whether a body is needed is judged where it is used.
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        // Nesting is cut off at serde's 128 levels.
        serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::bad("invalidSyntax", format!("the body is no JSON: {error}")))
    }
}

/// Where the client thinks that we are: behind a proxy only the client's own words know.
fn base(headers: &HeaderMap, feed: &FeedName) -> String {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    let host = text(HOST).filter(is_host).unwrap_or("localhost");
    let is_secure = text(HeaderName::from_static("x-forwarded-proto")) == Some("https");
    format!("{}://{host}/scim/v2/{feed}", if is_secure { "https" } else { "http" })
}
