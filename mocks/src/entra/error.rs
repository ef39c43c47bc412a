//! The two error bodies: Graph's, and the token endpoint's.

use http::StatusCode;
use serde_json::json;

use crate::World;
use crate::wire::Reply;

pub(super) fn of(world: &World, status: StatusCode, code: &str, text: &str) -> Reply {
    let date = world.now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let inner = json!({"date": date, "request-id": "mock-request", "client-request-id": "mock-request"});
    Reply::json(status, &json!({"error": {"code": code, "message": text, "innerError": inner}}))
}

pub(super) fn bad_request(world: &World, text: &str) -> Reply {
    of(world, StatusCode::BAD_REQUEST, "BadRequest", text)
}

pub(super) fn unsupported(world: &World, text: &str) -> Reply {
    of(world, StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", text)
}

pub(super) fn not_found(world: &World, id: &str) -> Reply {
    let text =
        format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
    of(world, StatusCode::NOT_FOUND, "Request_ResourceNotFound", &text)
}

pub(super) fn denied(world: &World) -> Reply {
    let text = "Insufficient privileges to complete the operation.";
    of(world, StatusCode::FORBIDDEN, "Authorization_RequestDenied", text)
}

/// The token endpoint's error: `error` is OAuth's word, the AADSTS number says what it really was.
pub(super) fn login(world: &World, status: StatusCode, error: &str, number: u32, text: &str) -> Reply {
    let at = world.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text} Trace ID: mock Correlation ID: mock Timestamp: {at}"),
        "error_codes": [number],
        "timestamp": at,
        "trace_id": "00000000-0000-4000-8000-00000000mock",
        "correlation_id": "00000000-0000-4000-8000-00000000mock",
    });
    Reply::json(status, &body)
}
