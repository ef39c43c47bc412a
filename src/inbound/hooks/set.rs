//! Security event tokens by push (RFC 8935): 202 once it is on disk, else an error in the RFC's words.
//!
//! A token whose signature or sender is wrong answers 401, any other fault of it 400; both with the same kind of body.

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_LANGUAGE, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{Door, Refused, body, proof, read_secret};
use crate::feed::hook;
use crate::inbound::jws::{Kind, Unsigned, verify};

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    err: &'static str,
    description: &'static str,
}

impl Refusal {
    const fn stranger(err: &'static str, description: &'static str) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, err, description }
    }

    const fn bad(err: &'static str, description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, err, description }
    }

    /// The word in metrics.
    pub(super) const fn word(&self) -> &'static str {
        if self.status.as_u16() == StatusCode::UNAUTHORIZED.as_u16() { "unauthorized" } else { "malformed" }
    }

    pub(super) fn why(&self) -> String {
        format!("{}: {}", self.err, self.description)
    }

    pub(super) fn answer(&self) -> Response {
        let said = serde_json::json!({"err": self.err, "description": self.description});
        (self.status, [(CONTENT_TYPE, "application/json"), (CONTENT_LANGUAGE, "en")], said.to_string()).into_response()
    }
}

impl Door<'_> {
    pub(super) async fn take_set(&self, headers: &HeaderMap, content: Body) -> Result<Response, Refused> {
        let warden = &self.hooks.warden;
        let (Some(set), Some(keys)) = (&self.hook.set, warden.parts().keys.get(&self.feed)) else {
            return Err(Refused::Malformed("this hook takes no security events".to_owned()));
        };
        if let Some(token) = &set.token {
            let given = headers.get(AUTHORIZATION).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
            if !proof::same(read_secret(token)?.as_bytes(), given) {
                body::discard(content, self.hooks.body_time).await;
                let why = "the Authorization header is not the one of this stream";
                return Err(Refused::Token(Refusal::stranger("authentication_failed", why)));
            }
        }
        let read = body::read(headers, content, &self.hooks.room, self.hooks.body_time).await?;
        let text = std::str::from_utf8(&read.bytes)
            .map_err(|_| Refused::Token(Refusal::bad("invalid_request", "the body is no signed token")))?;
        let claims = verify(text, Kind::SecurityEvent, keys).await.map_err(|unsigned| match unsigned {
            Unsigned::NoToken(why) => Refused::Token(Refusal::bad("invalid_request", why)),
            Unsigned::Key(why) => Refused::Token(Refusal::stranger("invalid_key", why)),
            Unsigned::Signature(why) => Refused::Token(Refusal::stranger("authentication_failed", why)),
            Unsigned::NoKeys(why) => Refused::Busy(why),
        })?;
        let told = hook::set::read(&claims, &set.signer, warden.now())
            .map_err(|refusal| Refused::Token(Refusal::bad(refusal.err, refusal.description)))?;
        drop(read);
        self.keep(told.heard).await?;
        Ok(StatusCode::ACCEPTED.into_response())
    }
}
