//! Errors in the words of RFC 7644 section 3.12.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// The schema of an error body.
const URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The `scimType`, where the RFC has one.
    pub kind: Option<&'static str>,
    /// A sentence for whoever set the provider up. Never quotes more than the request said.
    pub detail: String,
}

impl Refusal {
    /// A refusal without `scimType`.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    /// A 400 of that `scimType`.
    pub(super) fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: Some(kind), detail: detail.into() }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    pub(super) fn taken(what: &str) -> Self {
        let detail = format!("another resource has this {what}");
        Self { status: StatusCode::CONFLICT, kind: Some("uniqueness"), detail }
    }

    /// The body.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "schemas": [URN],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(object)) = (self.kind, body.as_object_mut()) {
            object.insert("scimType".to_owned(), kind.into());
        }
        body
    }
}
