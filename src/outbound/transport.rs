//! Bytes over sockets, within limits. Follows no redirect, trusts the system's anchors and those of `ca_file`, and
//! never holds more of a body than is allowed, however well it was compressed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use reqwest::Certificate;
use thiserror::Error;
use url::Url;

use super::address::is_loopback;
use super::{Limits, Transport, TransportError};

/// A connection that takes longer than this to stand will not stand.
const CONNECT: Duration = Duration::from_secs(10);
/// Cloud load balancers drop idle connections after 60 s and more; ours are gone before.
const IDLE: Duration = Duration::from_secs(50);
/// A little more than a client has calls in flight.
const IDLE_PER_HOST: usize = 8;

/// [`Transport`] over reqwest. A pool of connections; cheap to share.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    /// Honors `HTTPS_PROXY`, `NO_PROXY` and their like.
    far: reqwest::Client,
    /// Loopback is never reached through a proxy, as Go and curl have it.
    near: reqwest::Client,
}

/// Why there is no transport.
#[derive(Debug, Error)]
pub enum BuildError {
    /// `ca_file` cannot be read.
    #[error("cannot read the trust anchors in {}", path.display())]
    CaFile {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
    /// `ca_file` holds no certificate.
    #[error("{} holds no PEM certificate: {why}", path.display())]
    NotPem {
        /// Which file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// TLS or the system's proxy settings cannot be set up.
    #[error("cannot set up HTTPS: {0}")]
    Setup(String),
}

impl HttpTransport {
    /// A transport that trusts the system's anchors and, beside them, the PEM certificates in `ca_file`.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, BuildError> {
        let anchors = ca_file.map_or_else(|| Ok(Vec::new()), read_anchors)?;
        Ok(Self { far: build(&anchors, true)?, near: build(&anchors, false)? })
    }
}

fn read_anchors(path: &Path) -> Result<Vec<Certificate>, BuildError> {
    let not_pem = |why: String| BuildError::NotPem { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|source| BuildError::CaFile { path: path.to_owned(), source })?;
    let anchors = Certificate::from_pem_bundle(&pem).map_err(|error| not_pem(chain(&error)))?;
    if anchors.is_empty() { Err(not_pem("no BEGIN CERTIFICATE line".to_owned())) } else { Ok(anchors) }
}

fn build(anchors: &[Certificate], proxied: bool) -> Result<reqwest::Client, BuildError> {
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("seatwarden/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .tcp_nodelay(true);
        if proxied { builder } else { builder.no_proxy() }
    };
    let built = builder().tls_certs_merge(anchors.iter().cloned()).build();
    // A machine without any trust anchor (a bare container) can still talk to loopback; every certificate is refused.
    built
        .or_else(|_| builder().tls_certs_only(anchors.iter().cloned()).build())
        .map_err(|error| BuildError::Setup(chain(&error)))
}

#[async_trait]
impl Transport for HttpTransport {
    async fn call(&self, request: Request<Bytes>, limits: &Limits) -> Result<Response<Bytes>, TransportError> {
        let url: Url =
            request.uri().to_string().parse().map_err(|error| TransportError::Forbidden(format!("{error}")))?;
        let near = is_loopback(&url);
        if url.scheme() != "https" && !(near && url.scheme() == "http") {
            return Err(TransportError::Forbidden("only loopback is called without TLS".to_owned()));
        }
        let request = reqwest::Request::try_from(request).map_err(broken)?;
        let client = if near { &self.near } else { &self.far };
        tokio::time::timeout(limits.time, exchange(client, request, limits.body))
            .await
            .unwrap_or(Err(TransportError::TimedOut(limits.time)))
    }
}

async fn exchange(
    client: &reqwest::Client,
    request: reqwest::Request,
    limit: usize,
) -> Result<Response<Bytes>, TransportError> {
    let mut answer = client.execute(request).await.map_err(broken)?;
    let announced = answer.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |length| length > limit) {
        return Err(TransportError::TooLarge(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(TransportError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

/// Says what broke without the URL, whose query may name a person.
fn broken(error: reqwest::Error) -> TransportError {
    let timed_out = error.is_timeout() && error.is_connect();
    let text = chain(&error.without_url());
    if text.contains("certificate") {
        return TransportError::Untrusted(format!(
            "{text}; if the host's certificate is issued by your own authority, name its PEM file as `ca_file`"
        ));
    }
    if timed_out {
        return TransportError::Connection(format!("no connection within {CONNECT:?}"));
    }
    TransportError::Connection(text)
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
