//! The only way out. Every call to a provider or desk goes through [`Client::send`]: budget, token, try, classify,
//! back off, trace.
//!
//! | file | what it does |
//! |---|---|
//! | `client` | one call from budget to answer |
//! | `address` | where a call may go: below the base URL, or a vendor's link that stays on its host |
//! | `transport` | carries bytes over sockets, within limits of time and size |
//! | `vendor` | reads what a vendor's headers tell of limits and waiting |
//! | `classify` | what an answer means for trying again; a pure function |
//! | `complaint` | turns an error body into one short sentence without personal data |
//! | `limit`, `gate` | the share of the vendor's limit that is ours: who may go when; the pace of one endpoint class |
//! | `retry` | when to try again, and when to end; the only file that names backoff |
//! | `keys` | public keys of issuers, fetched without credentials |
//! | `token`, `grant`, `assertion` | keeps an access token; asks for one; signs client assertions |
//! | `proof` | shows that a token is ours and not a copy (`DPoP`) |
//!
//! A call may be sent more than once: after a broken connection nobody knows whether it was carried out. Reads, `PUT`,
//! `PATCH` and `DELETE` of ours can be repeated without harm. A `POST` that makes something must carry a key that
//! the other side keeps unique (a SCIM `userName`), so that its repetition answers 409, which the caller lists in
//! `expects` and looks at.

mod address;
mod assertion;
mod classify;
pub mod client;
mod complaint;
mod gate;
mod grant;
mod keys;
mod limit;
mod proof;
mod retry;
mod token;
mod transport;
mod vendor;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::ambient::{Chance, Clock};
use crate::config::Auth;
use crate::model::Time;

pub use address::{is_loopback, segment};
pub use client::{Budget, Client};
pub use keys::{Keys, KeysError, WellKnown};
pub use transport::{BuildError, HttpTransport};

/// Carries one request and its whole answer. Answers are cut off at `Limits::body`.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends and waits for the whole answer.
    async fn call(&self, request: Request<Bytes>, limits: &Limits) -> Result<Response<Bytes>, TransportError>;
}

/// What one exchange may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte sent to the last byte read.
    pub time: Duration,
    /// Bytes of the answer's body, after decompression.
    pub body: usize,
}

impl Default for Limits {
    /// 30 s (Okta cuts queries there) and 32 MiB (a page of 999 large accounts is below 4 MiB).
    fn default() -> Self {
        Self { time: Duration::from_secs(30), body: 32 << 20 }
    }
}

/// Why no answer came.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TransportError {
    /// Name, route, connection, TLS, or the stream broke.
    #[error("{0}")]
    Connection(String),
    /// No whole answer in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The body is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The other side's certificate is not trusted. Trying again does not help, a person does.
    #[error("{0}")]
    Untrusted(String),
    /// The request must not leave, such as plain http beyond loopback.
    #[error("{0}")]
    Forbidden(String),
}

/// One call, before budget, token and retries.
#[derive(Clone, Debug)]
pub struct Call {
    /// For logs and gaps, such as `GET /api/v1/users (page 7)`; without personal data.
    pub label: String,
    /// The endpoint class that the vendor budgets together, such as `users`.
    pub class: &'static str,
    /// The method.
    pub method: Method,
    /// Where to.
    pub place: Place,
    /// Headers beside authorization, accept and user agent.
    pub headers: HeaderMap,
    /// A JSON body.
    pub body: Option<Value>,
    /// Statuses outside of 2xx that the caller wants to see as a [`Reply`].
    pub expects: &'static [u16],
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path below the base URL, and query pairs to be encoded.
    Path(String, Vec<(String, String)>),
    /// A link that the vendor gave. It must stay on the base URL's scheme, host and port.
    Link(Url),
}

/// An answer that the caller wanted: 2xx or one of `expects`.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why a call did not come to an answer, after all retries.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CallError {
    /// No answer, 5xx, or throttled, until the retries ended.
    #[error("{label}: {why}")]
    Unreachable {
        /// Which call.
        label: String,
        /// What happened last.
        why: String,
        /// When the vendor said to come back.
        until: Option<Time>,
    },
    /// 401 after a fresh token, or 403; or no token is to be had.
    #[error("{label}: {why}")]
    Refused {
        /// Which call.
        label: String,
        /// What was said, and what an operator should do.
        why: String,
    },
    /// Any other answer that was not expected, or one that breaks a limit.
    #[error("{label}: {why}")]
    Unexpected {
        /// Which call.
        label: String,
        /// The status, or 0 where there was none.
        status: u16,
        /// What is wrong.
        why: String,
    },
}

/// What is needed to talk to one provider or desk.
#[derive(Clone)]
pub struct Peer {
    /// The name of its section, for logs and metrics.
    pub name: String,
    /// Base URL without a trailing slash.
    pub base: Url,
    /// How we prove who we are.
    pub auth: Auth,
    /// The share of the vendor's limit that we spend.
    pub budget: f64,
    /// How long a call may be tried again, counted from its first try, and how long it may wait for a spent budget.
    pub patience: Duration,
}

/// The ports that every edge is built with.
#[derive(Clone)]
pub struct Ports {
    /// Bytes out and in.
    pub transport: Arc<dyn Transport>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<Chance>,
    /// When the retries of a call end.
    pub patience: Duration,
}
