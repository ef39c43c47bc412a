//! Calls from the vendors' side: one request on a connection of its own, as their dispatchers make it.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::HOST;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// An answer that came in time.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, up to a mebibyte.
    pub body: Bytes,
}

/// Sends a request over real HTTP and waits at most `patience` for the answer.
pub async fn send(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
    patience: Duration,
) -> io::Result<Answered> {
    let body = body.into();
    let timed_out = |_| io::Error::from(io::ErrorKind::TimedOut);
    tokio::time::timeout(patience, exchange(method, url, headers, body)).await.map_err(timed_out)?
}

async fn exchange(method: Method, url: &str, headers: &[(&str, &str)], body: Bytes) -> io::Result<Answered> {
    let broken = io::Error::other::<Box<dyn std::error::Error + Send + Sync>>;
    let uri: Uri = url.parse().map_err(|error| broken(Box::new(error)))?;
    let authority = uri.authority().ok_or_else(|| io::Error::other("no host"))?.to_string();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let stream = TcpStream::connect(&authority).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(Box::new(error)))?;
    let talking = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header(HOST, authority);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body)).map_err(|error| broken(Box::new(error)))?;
    let answer = sender.send_request(request).await.map_err(|error| broken(Box::new(error)))?;
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(Body::new(body), 1 << 20).await.map_err(|error| broken(Box::new(error)))?;
    drop(sender);
    talking.abort();
    Ok(Answered { status: head.status, headers: head.headers, body })
}
