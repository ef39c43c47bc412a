//! What comes in and what goes out: a request read once, and an answer before it becomes bytes on a wire.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde_json::Value;

/// The largest request body that is read, in bytes; more answers 413.
const BODY_MAX: usize = 10 * 1024 * 1024;

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// As sent, still percent-encoded.
    pub(crate) path: String,
    /// The path's parts, decoded.
    pub(crate) parts: Vec<String>,
    /// The query as sent.
    pub(crate) raw_query: String,
    /// The query's pairs, decoded.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Scheme and host under which the caller knows this server.
    pub(crate) base: String,
    /// Whether URLs that the request names answered when they were asked.
    pub(crate) handshake: Option<Result<(), String>>,
}

impl Call {
    /// Reads a request whole. A body that is too long or breaks off gives the answer to send instead.
    pub(crate) async fn read(request: Request) -> Result<Self, Reply> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_MAX)
            .await
            .map_err(|_| Reply::text(StatusCode::PAYLOAD_TOO_LARGE, "body too long or broken off"))?;
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = head.uri.authority().map(http::uri::Authority::as_str).or(host).unwrap_or("localhost");
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            base: format!("{}://{host}", head.uri.scheme_str().unwrap_or("http")),
            path: head.uri.path().to_owned(),
            parts: Self::parts_of(head.uri.path()),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            method: head.method,
            headers: head.headers,
            body,
            handshake: None,
        })
    }

    pub(crate) fn parts_of(path: &str) -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The path's parts, to match on.
    pub(crate) fn route(&self) -> Vec<&str> {
        self.parts.iter().map(String::as_str).collect()
    }

    /// The first value of a query parameter. Names are compared without case, since `OData` clients differ.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The credentials behind an authorization scheme such as `Bearer`.
    pub(crate) fn credentials(&self, scheme: &str) -> Option<&str> {
        let (named, rest) = self.header(AUTHORIZATION)?.split_once(' ')?;
        named.eq_ignore_ascii_case(scheme).then(|| rest.trim())
    }

    pub(crate) fn is_form(&self) -> bool {
        self.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }
}

/// An answer that can still be looked at and twisted.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// Boxed, so that an answer can be the error of a result.
    pub(crate) headers: Box<HeaderMap>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Box::default(), body: Bytes::new() }
    }

    pub(crate) fn text(status: StatusCode, text: &str) -> Self {
        Self::of(status, "text/plain; charset=utf-8", text.to_owned())
    }

    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        Self::of(status, "application/json", value.to_string())
    }

    pub(crate) fn of(status: StatusCode, kind: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Box::default(), body: body.into() }.with(CONTENT_TYPE, kind)
    }

    /// Sets a header; a value that no header can carry is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds one more line of a header.
    pub(crate) fn and(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// The body as JSON, if that is what it is.
    pub(crate) fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Puts another JSON body in place and keeps the headers.
    pub(crate) fn set_value(&mut self, value: &Value) {
        self.body = value.to_string().into();
    }

    pub(crate) fn into_response(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = *self.headers;
        response
    }
}

/// Encodes a query of pairs.
pub(crate) fn query_of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Makes an opaque token of a value: base64url of its JSON.
pub(crate) fn opaque(value: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Reads an opaque token back; none when it is not one of ours.
pub(crate) fn opened(token: &str) -> Option<Value> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}
