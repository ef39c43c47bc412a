//! The error body of RFC 7644 section 3.12.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::wire::Reply;

/// Refused, with the `scimType` that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) scim_type: Option<&'static str>,
    pub(super) detail: String,
}

impl Refused {
    pub(super) fn bad(scim_type: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, scim_type: Some(scim_type), detail: detail.into() }
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, scim_type: Some("uniqueness"), detail: detail.into() }
    }

    pub(super) fn with_status(status: u16, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { status, scim_type: None, detail: detail.into() }
    }
}

pub(super) fn of(numeric_status: bool, status: StatusCode, scim_type: Option<&str>, detail: &str) -> Reply {
    let number = status.as_u16();
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    body.insert("status".to_owned(), if numeric_status { json!(number) } else { json!(number.to_string()) });
    if let Some(scim_type) = scim_type {
        body.insert("scimType".to_owned(), json!(scim_type));
    }
    body.insert("detail".to_owned(), json!(detail));
    Reply::of(status, "application/scim+json", Value::Object(body).to_string())
}
