//! Which request is what.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::error::Refusal;
use super::list::{self, Query, Source};
use super::shelf::{Resource, Shelf};
use super::{Asked, Reply, bulk, discovery, is_among, show, write};
use crate::feed::push::Kind;

/// The kind behind an endpoint. Names of endpoints are written in any case by some clients.
pub(super) fn kind(endpoint: &str) -> Option<Kind> {
    [Kind::User, Kind::Group].into_iter().find(|kind| kind.endpoint().eq_ignore_ascii_case(endpoint))
}

/// Answers a request that was proven.
pub(super) async fn serve(
    shelf: &Shelf,
    asked: &Asked,
    method: &Method,
    path: &str,
    query: &Query,
    body: &Value,
) -> Result<Reply, Refusal> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (first, second) = (parts.first().copied().unwrap_or_default(), parts.get(1).copied());
    if parts.len() > 2 {
        return Err(Refusal::not_found("endpoint"));
    }
    if let Some(kind) = kind(first) {
        return match (method, second) {
            (&Method::GET, None) => page(asked, &Source::Shelf(shelf, &[kind]), query, shelf),
            (&Method::POST, Some(".search")) => {
                page(asked, &Source::Shelf(shelf, &[kind]), &Query::of_body(body)?, shelf)
            }
            (&Method::GET, Some(id)) => read(shelf, asked, kind, id),
            (method, id) => write(shelf, asked, method, kind, id, body).await,
        };
    }
    let both = [Kind::User, Kind::Group];
    match (method, first.to_ascii_lowercase().as_str(), second) {
        (&Method::GET, "", None) => page(asked, &Source::Shelf(shelf, &both), query, shelf),
        (&Method::POST, ".search", None) => page(asked, &Source::Shelf(shelf, &both), &Query::of_body(body)?, shelf),
        (&Method::POST, "bulk", None) => Box::pin(bulk::bulk(shelf, asked, body)).await,
        (_, "me", None) => Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "nobody is signed in here")),
        (&Method::GET, "serviceproviderconfig", None) => {
            refuse_filter(query)?;
            Ok(Reply::json(StatusCode::OK, discovery::provider(&asked.base)))
        }
        (&Method::GET, "resourcetypes", id) => {
            refuse_filter(query)?;
            fixed(asked, discovery::types(&asked.base), id, "resource type", query, shelf)
        }
        (&Method::GET, "schemas", id) => {
            refuse_filter(query)?;
            fixed(asked, discovery::schemas(&asked.base), id, "schema", query, shelf)
        }
        (&Method::GET, "licenses", id) => {
            let licenses = discovery::licenses(&shelf.warden().parts().catalog);
            fixed(asked, licenses, id, "license", query, shelf)
        }
        (&Method::POST, "licenses", Some(".search")) => {
            let licenses = discovery::licenses(&shelf.warden().parts().catalog);
            page(asked, &Source::Fixed(licenses), &Query::of_body(body)?, shelf)
        }
        (_, "licenses" | "serviceproviderconfig" | "resourcetypes" | "schemas" | "bulk" | ".search", _) => {
            Err(not_so(method))
        }
        _ => Err(Refusal::not_found("endpoint")),
    }
}

/// Changes one resource, or makes one.
pub(super) async fn write(
    shelf: &Shelf,
    asked: &Asked,
    method: &Method,
    kind: Kind,
    id: Option<&str>,
    body: &Value,
) -> Result<Reply, Refusal> {
    match (method, id) {
        (&Method::POST, None) => write::create(shelf, asked, kind, body).await,
        (&Method::PUT, Some(id)) => write::replace(shelf, asked, kind, id, body).await,
        (&Method::PATCH, Some(id)) => write::patch(shelf, asked, kind, id, body).await,
        (&Method::DELETE, Some(id)) => write::delete(shelf, asked, kind, id).await,
        _ => Err(not_so(method)),
    }
}

fn not_so(method: &Method) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} means nothing here"))
}

/// RFC 7644 section 4: a filter of discovery is refused, for the client would take the answer for filtered.
fn refuse_filter(query: &Query) -> Result<(), Refusal> {
    if query.filters() {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "this cannot be filtered"));
    }
    Ok(())
}

fn page(asked: &Asked, source: &Source<'_>, query: &Query, shelf: &Shelf) -> Result<Reply, Refusal> {
    let now = shelf.now().millis().div_euclid(1_000);
    // Filters without an index read every resource.
    let work = || list::list(source, query, &asked.base, now);
    let many = tokio::runtime::Handle::current().runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread;
    let list = if many { tokio::task::block_in_place(work)? } else { work()? };
    Ok(Reply::json(StatusCode::OK, list))
}

fn read(shelf: &Shelf, asked: &Asked, kind: Kind, id: &str) -> Result<Reply, Refusal> {
    let resource = shelf.read(kind, id)?.ok_or_else(|| Refusal::not_found(kind.word()))?;
    let reply = asked.reply(kind, &resource, StatusCode::OK);
    let known = asked.if_none_match.as_deref().zip(reply.version.as_deref());
    if known.is_some_and(|(tags, version)| is_among(tags, version)) {
        return Ok(Reply { status: StatusCode::NOT_MODIFIED, body: None, ..reply });
    }
    Ok(reply)
}

/// One of our own resources, or the list of them.
fn fixed(
    asked: &Asked,
    resources: Vec<Map<String, Value>>,
    id: Option<&str>,
    what: &str,
    query: &Query,
    shelf: &Shelf,
) -> Result<Reply, Refusal> {
    let Some(id) = id else { return page(asked, &Source::Fixed(resources), query, shelf) };
    let is_it = |resource: &&Resource| {
        resource.get("id").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(id))
    };
    let found = resources.iter().find(is_it).ok_or_else(|| Refusal::not_found(what))?;
    let shown = asked.view.show(None, &show(found, &asked.base));
    Ok(Reply::json(StatusCode::OK, shown.into()))
}
