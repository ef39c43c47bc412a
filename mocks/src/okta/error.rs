//! Okta's error body.

use http::StatusCode;
use serde_json::json;

use crate::wire::Reply;

pub(super) fn of(status: StatusCode, code: &str, summary: &str) -> Reply {
    because(status, code, summary, None)
}

pub(super) fn because(status: StatusCode, code: &str, summary: &str, cause: Option<&str>) -> Reply {
    let causes: Vec<_> = cause.into_iter().map(|cause| json!({"errorSummary": cause})).collect();
    let body = json!({
        "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaeMockError0000000001",
        "errorCauses": causes,
    });
    Reply::json(status, &body)
}

pub(super) fn not_found(what: &str) -> Reply {
    of(StatusCode::NOT_FOUND, "E0000007", &format!("Not found: Resource not found: {what}"))
}

/// No `Retry-After`: Okta documents none.
pub(super) fn throttled() -> Reply {
    let summary = "API call exceeded rate limit due to too many requests.";
    of(StatusCode::TOO_MANY_REQUESTS, "E0000047", summary)
}
