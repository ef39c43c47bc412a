//! The calls to a SCIM desk, and lists read to their end.

use std::collections::BTreeSet;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::wire::{Complaint, Page, text};
use crate::outbound::{Call, CallError, Client, Place, Reply, segment};
use crate::target::TargetError;

/// Asked for; servers send what they like.
const PAGE: usize = 200;

/// No desk has more people than this; a list that goes on is a loop.
const RESOURCES: usize = 1_000_000;

/// Refusals of a write that are looked at instead of believed.
const WRITE: &[u16] = &[400, 402, 404, 405, 409, 410, 412, 413, 422, 501];

/// How a write was answered.
pub(super) enum Written {
    /// 2xx, with the body where there is one.
    Accepted(Option<Value>),
    /// A refusal that may mean that it was so before.
    Refused(Complaint),
}

impl Written {
    /// What the desk says against it.
    pub(super) fn complaint(&self) -> Option<&Complaint> {
        match self {
            Self::Accepted(_) => None,
            Self::Refused(complaint) => Some(complaint),
        }
    }
}

/// How a list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// To its end.
    Whole,
    /// The reader had enough.
    Stopped,
    /// The server does not understand the filter.
    FilterRefused,
}

/// Reads one resource; `None` when it does not exist.
pub(super) async fn read(client: &Client, kind: &'static str, id: &str) -> Result<Option<Value>, TargetError> {
    let label = format!("GET {kind} (by id)");
    let call = call(&label, Method::GET, place(kind, Some(id), Vec::new()), None, &[404, 410]);
    let reply = client.send(call).await.map_err(trouble)?;
    if matches!(reply.status, 404 | 410) {
        return Ok(None);
    }
    json(&label, &reply).map(Some)
}

/// Changes one resource.
pub(super) async fn patch(client: &Client, kind: &'static str, id: &str, body: Value) -> Result<Written, TargetError> {
    let label = format!("PATCH {kind}");
    written(client, call(&label, Method::PATCH, place(kind, Some(id), Vec::new()), Some(body), WRITE)).await
}

/// Makes one resource.
pub(super) async fn create(client: &Client, kind: &'static str, body: Value) -> Result<Written, TargetError> {
    let label = format!("POST {kind}");
    written(client, call(&label, Method::POST, place(kind, None, Vec::new()), Some(body), WRITE)).await
}

async fn written(client: &Client, call: Call) -> Result<Written, TargetError> {
    let reply = client.send(call).await.map_err(trouble)?;
    if (200..300).contains(&reply.status) {
        return Ok(Written::Accepted(serde_json::from_slice(&reply.body).ok()));
    }
    Ok(Written::Refused(Complaint::read(reply.status, &reply.body)))
}

/// Reads a list to its end and hands on each resource once, until `each` returns false. A list that moved under the
/// reading is an error: it would be short without saying so.
pub(super) async fn list(
    client: &Client,
    kind: &'static str,
    filter: Option<&str>,
    each: &mut (dyn FnMut(&Value) -> bool + Send),
) -> Result<Listed, TargetError> {
    let label = format!("GET {kind}{}", if filter.is_some() { " (filter)" } else { "" });
    let wrong = |why: String| TargetError::Invalid { call: label.clone(), why };
    let mut ids = BTreeSet::new();
    let mut received = 0_usize;
    let mut total = None;
    let mut on: Vec<(String, String)> = Vec::new();
    loop {
        let mut query: Vec<(String, String)> = Vec::new();
        query.extend(filter.map(|filter| ("filter".to_owned(), filter.to_owned())));
        query.push(("count".to_owned(), PAGE.to_string()));
        query.append(&mut on);
        let call = call(&label, Method::GET, place(kind, None, query), None, &[400, 404, 501]);
        let reply = client.send(call).await.map_err(trouble)?;
        match reply.status {
            200..=299 => {}
            // A few servers answer 404 where nothing matches.
            404 if filter.is_some() => return Ok(Listed::Whole),
            400 | 501 if filter.is_some() => return Ok(Listed::FilterRefused),
            status => return Err(wrong(Complaint::read(status, &reply.body).text)),
        }
        let body = json(&label, &reply)?;
        let page = Page::read(&body).ok_or_else(|| wrong("the answer is not a list".to_owned()))?;
        let mut new = 0_usize;
        received += page.resources.len();
        for resource in page.resources {
            let id = text(resource, "id").ok_or_else(|| wrong("a resource has no id".to_owned()))?;
            if ids.insert(id) {
                new += 1;
                if !each(resource) {
                    return Ok(Listed::Stopped);
                }
            }
        }
        let seen = ids.len() as u64;
        if total.is_some() && page.total != total {
            return Err(wrong("the list changed while it was read".to_owned()));
        }
        total = page.total;
        if ids.len() > RESOURCES {
            return Err(wrong(format!("more than {RESOURCES} resources")));
        }
        let short = total.filter(|&total| seen < total);
        match page.next {
            Some(cursor) if new > 0 => on.push(("cursor".to_owned(), cursor)),
            None if total.is_some() && short.is_none() => return Ok(Listed::Whole),
            None if page.resources.is_empty() && short.is_none() => return Ok(Listed::Whole),
            _ if new == 0 => {
                let whole = short.map_or_else(|| "more".to_owned(), |total| total.to_string());
                return Err(wrong(format!("the list ended after {seen} of {whole}")));
            }
            _ => on.push(("startIndex".to_owned(), (received + 1).to_string())),
        }
    }
}

fn place(kind: &str, id: Option<&str>, query: Vec<(String, String)>) -> Place {
    let path = id.map_or_else(|| kind.to_owned(), |id| format!("{kind}/{}", segment(id)));
    Place::Path(path, query)
}

fn call(label: &str, method: Method, place: Place, body: Option<Value>, expects: &'static [u16]) -> Call {
    let mut headers = HeaderMap::new();
    if body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    }
    let class = if label.contains("/Groups") { "groups" } else { "users" };
    Call { label: label.to_owned(), class, method, place, headers, body, expects }
}

fn json(label: &str, reply: &Reply) -> Result<Value, TargetError> {
    let wrong =
        |error| TargetError::Invalid { call: label.to_owned(), why: format!("the answer is not JSON: {error}") };
    serde_json::from_slice(&reply.body).map_err(wrong)
}

fn trouble(error: CallError) -> TargetError {
    match error {
        CallError::Unreachable { label, why, until } => TargetError::Unreachable { call: label, why, until },
        CallError::Refused { label, why } => TargetError::Refused { call: label, why },
        CallError::Unexpected { label, status: _, why } => TargetError::Invalid { call: label, why },
    }
}
