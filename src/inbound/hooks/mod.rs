//! `/hooks/{feed}`: authenticate, write down, answer, and only then look.
//!
//! | file | what |
//! |---|---|
//! | `body` | reads a body within its limits |
//! | `proof` | secrets, signatures and their comparison |
//! | `set` | security event tokens and the answers that RFC 8935 wants |
//! | `probe` | calls a hook as its provider would |
//!
//! Answers: 401 for a wrong secret or signature, 413 above 1 MiB, 400 for what is not the vendor's shape, 200 or 202
//! once it is on disk, 503 when it cannot be kept: Okta sends once more after a 5xx and never after a 4xx, so our own
//! trouble is never a 4xx.

mod body;
mod probe;
pub(super) mod proof;
mod set;

pub use self::probe::{Probe, probes};

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Path, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tracing::{error, info, warn};

use self::proof::Replays;
use super::public::RequestId;
use crate::config::{FeedKind, Hook, Knock, Secret};
use crate::feed::hook::{self, Heard, Unheard};
use crate::model::FeedName;
use crate::worker::{InboxError, Warden};

/// Graph's tokens have some hundred bytes; Okta's challenges some dozen.
const LONGEST_ECHO: usize = 2_048;

/// The routes.
pub fn router(warden: Arc<Warden>, body_time: Duration) -> Router {
    let state = Hooks {
        warden,
        body_time,
        room: Arc::new(Semaphore::new(body::ROOM_KIB)),
        replays: Arc::new(Replays::default()),
    };
    Router::new()
        .route("/hooks/{feed}", get(challenge).post(deliver))
        .route("/hooks/{feed}/lifecycle", post(lifecycle))
        .with_state(state)
}

#[derive(Clone)]
struct Hooks {
    warden: Arc<Warden>,
    body_time: Duration,
    /// Memory for bodies that are being read, in KiB.
    room: Arc<Semaphore>,
    replays: Arc<Replays>,
}

/// Why a delivery is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refused {
    /// Nobody listens there.
    NoHook,
    /// Not by this method or content type.
    NotSo(&'static str),
    /// Wrong secret or signature.
    Stranger(&'static str),
    /// Not the vendor's shape.
    Malformed(String),
    TooLarge,
    TooSlow,
    /// Our own trouble; the sender should come again.
    Busy(String),
    /// A security event token, in the words of RFC 8935.
    Token(set::Refusal),
}

impl Refused {
    /// The word in metrics.
    const fn word(&self) -> &'static str {
        match self {
            Self::NoHook | Self::NotSo(_) | Self::Malformed(_) => "malformed",
            Self::Stranger(_) => "unauthorized",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Busy(_) => "unavailable",
            Self::Token(refusal) => refusal.word(),
        }
    }

    fn why(&self) -> String {
        match self {
            Self::NoHook => "there is no such hook".to_owned(),
            Self::NotSo(why) | Self::Stranger(why) => (*why).to_owned(),
            Self::Malformed(why) | Self::Busy(why) => why.clone(),
            Self::TooLarge => format!("the body is longer than {} bytes", body::LIMIT),
            Self::TooSlow => "the body did not come in time".to_owned(),
            Self::Token(refusal) => refusal.why(),
        }
    }

    fn answer(&self) -> Response {
        let status = match self {
            Self::NoHook => StatusCode::NOT_FOUND,
            Self::NotSo(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Stranger(_) => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Token(refusal) => return refusal.answer(),
            // What is wrong with us is for our log, not for a stranger.
            Self::Busy(_) => return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")]).into_response(),
        };
        (status, self.why() + "\n").into_response()
    }
}

impl From<Unheard> for Refused {
    fn from(unheard: Unheard) -> Self {
        Self::Malformed(unheard.to_string())
    }
}

/// A hook that is configured, with what is needed to judge a delivery.
struct Door<'a> {
    hooks: &'a Hooks,
    feed: FeedName,
    hook: &'a Hook,
    request: &'a str,
}

#[derive(Debug, Deserialize)]
struct Handshake {
    #[serde(rename = "validationToken")]
    validation_token: Option<String>,
}

/// Okta asks once, when the hook is made.
async fn challenge(State(hooks): State<Hooks>, Path(feed): Path<String>, headers: HeaderMap) -> Response {
    let feed = FeedName::new(feed);
    let echo = |hook: &Hook| {
        let Some(Knock::Okta { secret }) = &hook.knock else {
            return Err(Refused::NotSo("this hook takes deliveries by POST"));
        };
        let challenge = headers.get("x-okta-verification-challenge").and_then(|value| value.to_str().ok());
        let challenge = challenge.filter(|text| !text.is_empty() && text.len() <= LONGEST_ECHO);
        let Some(challenge) = challenge else {
            return Err(Refused::Malformed("x-okta-verification-challenge is missing or too long".to_owned()));
        };
        if let Some(given) = headers.get(AUTHORIZATION)
            && !proof::same(read_secret(secret)?.as_bytes(), given.as_bytes())
        {
            return Err(Refused::Stranger("the Authorization header is not the secret of this hook"));
        }
        Ok(axum::Json(serde_json::json!({"verification": challenge})).into_response())
    };
    let answered = hooks.hook(&feed).and_then(echo);
    answered.unwrap_or_else(|refused| hooks.turn_away(&feed, "-", &refused))
}

async fn deliver(
    State(hooks): State<Hooks>,
    Path(feed): Path<String>,
    Query(handshake): Query<Handshake>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Response {
    hooks.answer(FeedName::new(feed), &id, handshake, request, false).await
}

async fn lifecycle(
    State(hooks): State<Hooks>,
    Path(feed): Path<String>,
    Query(handshake): Query<Handshake>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Response {
    hooks.answer(FeedName::new(feed), &id, handshake, request, true).await
}

impl Hooks {
    fn hook(&self, feed: &FeedName) -> Result<&Hook, Refused> {
        self.warden.parts().config.feeds.get(feed).and_then(|feed| feed.hook.as_ref()).ok_or(Refused::NoHook)
    }

    fn turn_away(&self, feed: &FeedName, request: &str, refused: &Refused) -> Response {
        let why = refused.why();
        match refused {
            // A name that we do not have comes from a stranger and belongs into no metric.
            Refused::NoHook => {}
            Refused::Busy(_) => {
                error!(feed.name = %feed, request.id = request, why, "a delivery could not be kept; its sender has to come again");
                self.warden.turned_away(feed, refused.word(), &why);
            }
            Refused::NotSo(_)
            | Refused::Stranger(_)
            | Refused::Malformed(_)
            | Refused::TooLarge
            | Refused::TooSlow
            | Refused::Token(_) => {
                warn!(feed.name = %feed, request.id = request, why, "a delivery was turned away");
                self.warden.turned_away(feed, refused.word(), &why);
            }
        }
        refused.answer()
    }

    async fn answer(
        &self,
        feed: FeedName,
        id: &str,
        handshake: Handshake,
        request: Request,
        lifecycle: bool,
    ) -> Response {
        let answered = match self.hook(&feed) {
            Ok(hook) => {
                let door = Door { hooks: self, feed: feed.clone(), hook, request: id };
                door.open(handshake, request, lifecycle).await
            }
            Err(refused) => Err(refused),
        };
        answered.unwrap_or_else(|refused| self.turn_away(&feed, id, &refused))
    }
}

impl Door<'_> {
    async fn open(&self, handshake: Handshake, request: Request, lifecycle: bool) -> Result<Response, Refused> {
        let (head, body) = request.into_parts();
        let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "application/secevent+jwt" && !lifecycle {
            return self.take_set(&head.headers, body).await;
        }
        let Some(knock) = &self.hook.knock else {
            return Err(Refused::Malformed("this hook takes security events alone".to_owned()));
        };
        if lifecycle && !matches!(knock, Knock::Graph { .. }) {
            return Err(Refused::NoHook);
        }
        if let Knock::Graph { .. } = knock
            && let Some(token) = handshake.validation_token
        {
            return echo(token);
        }
        if let Knock::Okta { secret } = knock {
            // Before the body: a stranger's is not worth its memory.
            let given = head.headers.get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
            if !proof::same(read_secret(secret)?.as_bytes(), given) {
                body::discard(body, self.hooks.body_time).await;
                return Err(Refused::Stranger("the Authorization header is not the secret of this hook"));
            }
        }
        if !kind.is_empty() && kind != "application/json" && !kind.ends_with("+json") {
            body::discard(body, self.hooks.body_time).await;
            return Err(Refused::Malformed("the content type is not JSON".to_owned()));
        }
        let body = body::read(&head.headers, body, &self.hooks.room, self.hooks.body_time).await?;
        let (said, status) = self.hear(knock, &head.headers, &body.bytes)?;
        drop(body);
        self.keep(said).await?;
        Ok(status.into_response())
    }

    fn hear(&self, knock: &Knock, headers: &HeaderMap, body: &Bytes) -> Result<(Heard, StatusCode), Refused> {
        match knock {
            Knock::Okta { .. } => Ok((hook::okta::read(body)?, StatusCode::OK)),
            Knock::Graph { client_state } => {
                let secret = read_secret(client_state)?;
                let is_ours = |given: &str| proof::same(secret.as_bytes(), given.as_bytes());
                let config = self.hooks.warden.parts().config.feeds.get(&self.feed);
                let tenant = config.and_then(|feed| match &feed.kind {
                    // A tenant may be configured by a domain, which notifications do not have.
                    FeedKind::Entra { tenant, .. } => uuid::Uuid::try_parse(tenant).is_ok().then_some(tenant.as_str()),
                    FeedKind::Okta | FeedKind::Scim | FeedKind::ScimPush | FeedKind::Csv(_) => None,
                });
                Ok((hook::graph::read(body, tenant, &is_ours)?, StatusCode::ACCEPTED))
            }
            Knock::Hmac { secret, window } => {
                let secret = read_secret(secret)?;
                let now = self.hooks.warden.now();
                self.hooks
                    .replays
                    .prove(&self.feed, &secret, *window, now, headers, body)
                    .map_err(Refused::Stranger)?;
                Ok((hook::signed::read(body)?, StatusCode::ACCEPTED))
            }
        }
    }

    /// Writes down what was heard. Goes on where the sender hangs up: what is on disk must be known in memory too.
    async fn keep(&self, heard: Heard) -> Result<(), Refused> {
        let (warden, feed, request) = (self.hooks.warden.clone(), self.feed.clone(), self.request.to_owned());
        let kept = tokio::spawn(async move { warden.receive(&feed, heard, &request).await }).await;
        match kept {
            Ok(Ok(received)) => {
                let crate::worker::Received { accepted, coalesced, duplicate, ignored, dropped } = received;
                info!(
                    feed.name = %self.feed, request.id = self.request, accepted, coalesced, duplicate, ignored, dropped,
                    "a hook was heard"
                );
                Ok(())
            }
            Ok(Err(error @ (InboxError::Full | InboxError::Store(_)))) => Err(Refused::Busy(error.to_string())),
            Err(error) => Err(Refused::Busy(error.to_string())),
        }
    }
}

/// Graph's handshake: the token as it was, and nothing that a browser would make something of.
fn echo(token: String) -> Result<Response, Refused> {
    if token.is_empty() || token.len() > LONGEST_ECHO {
        return Err(Refused::Malformed("validationToken is empty or too long".to_owned()));
    }
    Ok(([(CONTENT_TYPE, "text/plain")], token).into_response())
}

fn read_secret(secret: &Secret) -> Result<String, Refused> {
    use secrecy::ExposeSecret as _;
    secret.read().map(|secret| secret.expose_secret().to_owned()).map_err(|error| Refused::Busy(error.to_string()))
}
