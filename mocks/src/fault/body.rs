//! Bodies that break off, stall or never end.

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response};

use super::Fault;
use crate::wire::Reply;

/// Makes a response of an answer, as the fault has it.
pub(crate) fn response_of(fault: Option<&Fault>, reply: Reply) -> Response<Body> {
    let body = match fault {
        Some(Fault::DropMidway) => return broken_off(reply),
        Some(Fault::Stall) => {
            let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"[")) });
            Body::from_stream(first.chain(stream::pending()))
        }
        Some(Fault::EndlessBody) => {
            let row = Bytes::from(r#"{"id":"00uEndless","status":"ACTIVE","profile":{}},"#.repeat(200));
            let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b"[")) });
            Body::from_stream(first.chain(stream::repeat(row).map(Ok)))
        }
        _ => Body::from(reply.body.clone()),
    };
    reply.into_response(body)
}

/// Announces the whole length, sends half and fails: the connection is cut.
fn broken_off(reply: Reply) -> Response<Body> {
    let whole = reply.body.clone();
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::iter([Ok(half), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
    // The first half has to be on its way before the cut, or hyper may drop both.
    let paced = parts.then(|part| async {
        tokio::task::yield_now().await;
        part
    });
    let mut response = reply.into_response(Body::from_stream(paced));
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    response.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    response
}
