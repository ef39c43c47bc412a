//! `POST /v1.0/$batch`: up to twenty requests in one. The outer 200 says nothing about the inner ones.

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::{Tenant, error};
use crate::World;
use crate::wire::{Call, Reply};

const REQUESTS_MAX: usize = 20;

pub(super) fn run(tenant: &mut Tenant, world: &World, call: &Call) -> Reply {
    let body: Option<Value> = serde_json::from_slice(&call.body).ok();
    let Some(requests) = body.as_ref().and_then(|body| body.get("requests")?.as_array()) else {
        return error::bad_request(world, "Invalid batch payload format.");
    };
    if requests.is_empty() || requests.len() > REQUESTS_MAX {
        return error::bad_request(world, "Number of batch request steps must be between 1 and 20.");
    }
    let ids: std::collections::BTreeSet<_> = requests.iter().filter_map(|one| one.get("id")?.as_str()).collect();
    if ids.len() != requests.len() {
        return error::bad_request(world, "Every request of a batch needs an id of its own.");
    }
    let mut answers: Vec<Value> = requests.iter().map(|one| answer(tenant, world, call, one)).collect();
    // Any order is allowed; clients must go by the id.
    answers.reverse();
    Reply::json(StatusCode::OK, &json!({ "responses": answers }))
}

fn answer(tenant: &mut Tenant, world: &World, call: &Call, one: &Value) -> Value {
    let id = one.get("id").cloned().unwrap_or_default();
    let text = |name: &str| one.get(name).and_then(Value::as_str);
    let url = text("url").unwrap_or_default();
    let method = text("method").and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let reply = match (method, Call::within(call, url)) {
        (Some(Method::GET), Some(inner)) if inner.route().last() != Some(&"$batch") => {
            let route: Vec<String> = inner.parts.clone();
            tenant.route(world, &inner, &route.iter().map(String::as_str).collect::<Vec<_>>())
        }
        _ => error::bad_request(world, "Only GET requests are supported in this batch."),
    };
    let mut headers = json!({"Content-Type": "application/json"});
    if let (Some(wait), Some(headers)) = (reply.headers.get(RETRY_AFTER), headers.as_object_mut()) {
        headers.insert("Retry-After".to_owned(), json!(wait.to_str().unwrap_or_default()));
    }
    json!({"id": id, "status": reply.status.as_u16(), "headers": headers, "body": reply.value()})
}

impl Call {
    /// A request within a batch: its address has no version in front.
    fn within(outer: &Self, url: &str) -> Option<Self> {
        let uri: http::Uri = format!("/v1.0/{}", url.trim_start_matches('/')).parse().ok()?;
        let raw_query = uri.query().unwrap_or_default().to_owned();
        Some(Self {
            method: Method::GET,
            path: uri.path().to_owned(),
            parts: Self::parts_of(uri.path()),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            base: outer.base.clone(),
            handshake: None,
        })
    }
}
