//! Many operations in one request (RFC 7644 section 3.7). Each takes the road of a request of its own; operations that
//! refer to one further below wait for it.

use std::collections::BTreeMap;

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::{Asked, Reply, Shelf, names, resources};

/// Operations of one request.
pub(super) const MOST: usize = 1_000;

/// Whether each operation was done stands in the answer.
pub(super) async fn bulk(shelf: &Shelf, asked: &Asked, body: &Value) -> Result<Reply, Refusal> {
    let syntax = |why: &str| Refusal::bad("invalidSyntax", why);
    let body = body.as_object().ok_or_else(|| syntax("the body is no object"))?;
    let operations = names::get(body, "Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| syntax("`Operations` is missing"))?;
    if operations.len() > MOST {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("more than {MOST} operations")));
    }
    let fail_on = names::get(body, "failOnErrors").and_then(Value::as_u64);
    let mut done: Vec<Option<Value>> = vec![None; operations.len()];
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut errors = 0_u64;
    let stop = |errors: u64| fail_on.is_some_and(|most| most > 0 && errors >= most);
    loop {
        let mut moved = false;
        for (operation, done) in operations.iter().zip(&mut done) {
            if done.is_some() || stop(errors) {
                continue;
            }
            let Some(resolved) = resolve(operation, &ids) else { continue };
            moved = true;
            let answer = one(shelf, asked, &resolved).await;
            if answer.failed {
                errors = errors.saturating_add(1);
            } else if let (Some(bulk_id), Some(id)) = (text(operation, "bulkId"), answer.id) {
                ids.insert(bulk_id.to_owned(), id);
            }
            *done = Some(answer.body);
        }
        if !moved || stop(errors) {
            break;
        }
    }
    let unresolved = Refusal::new(StatusCode::CONFLICT, "it refers to a bulkId that nothing was made for");
    let mut answers = Vec::new();
    for (operation, done) in operations.iter().zip(done) {
        match done {
            Some(answer) => answers.push(answer),
            // After too many errors the rest is not tried and has no answer.
            None if stop(errors) => {}
            None => answers.push(told(operation, unresolved.status, None, Some(unresolved.body()))),
        }
    }
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"], "Operations": answers});
    Ok(Reply::json(StatusCode::OK, body))
}

struct Answered {
    body: Value,
    id: Option<String>,
    failed: bool,
}

fn text<'a>(operation: &'a Value, name: &str) -> Option<&'a str> {
    names::get(operation.as_object()?, name)?.as_str()
}

/// The operation with ids in place of `bulkId:` references; `None` while one of them is open.
fn resolve(value: &Value, ids: &BTreeMap<String, String>) -> Option<Value> {
    match value {
        Value::String(text) => match text.find("bulkId:") {
            None => Some(value.clone()),
            Some(at) => {
                let (before, rest) = text.split_at(at);
                let name = rest.get("bulkId:".len()..)?;
                let (name, after) = name.find('/').map_or((name, ""), |end| name.split_at(end));
                // Only a reference stands alone or as a part of a path.
                if !before.is_empty() && !before.ends_with('/') {
                    return Some(value.clone());
                }
                Some(format!("{before}{}{after}", ids.get(name)?).into())
            }
        },
        Value::Array(items) => items.iter().map(|item| resolve(item, ids)).collect::<Option<Vec<_>>>().map(Value::from),
        Value::Object(object) => {
            let parts = object.iter().map(|(key, item)| Some((key.clone(), resolve(item, ids)?)));
            parts.collect::<Option<Map<String, Value>>>().map(Value::from)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.clone()),
    }
}

async fn one(shelf: &Shelf, asked: &Asked, operation: &Value) -> Answered {
    let done = carry_out(shelf, asked, operation).await;
    match done {
        Ok(reply) => {
            let id = reply.body.as_ref().and_then(|body| body.get("id")?.as_str().map(str::to_owned));
            Answered { body: told(operation, reply.status, Some(&reply), None), id, failed: false }
        }
        Err(refusal) => {
            Answered { body: told(operation, refusal.status, None, Some(refusal.body())), id: None, failed: true }
        }
    }
}

async fn carry_out(shelf: &Shelf, asked: &Asked, operation: &Value) -> Result<Reply, Refusal> {
    let syntax = |why: &str| Refusal::bad("invalidSyntax", why);
    let method = text(operation, "method").unwrap_or_default().to_ascii_uppercase();
    let method = match method.as_str() {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => return Err(syntax("`method` is none of POST, PUT, PATCH and DELETE")),
    };
    let path = text(operation, "path").ok_or_else(|| syntax("`path` is missing"))?;
    let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let data = operation.as_object().and_then(|operation| names::get(operation, "data")).unwrap_or(&Value::Null);
    if method == Method::POST && text(operation, "bulkId").is_none() {
        return Err(syntax("a POST needs a `bulkId`"));
    }
    let asked = Asked { if_match: text(operation, "version").map(str::to_owned), if_none_match: None, ..asked.clone() };
    match (resources::kind(path.first().copied().unwrap_or_default()), path.get(1), path.len()) {
        (Some(kind), id, 1 | 2) => resources::write(shelf, &asked, &method, kind, id.copied(), data).await,
        _ => Err(Refusal::not_found("endpoint")),
    }
}

fn told(operation: &Value, status: StatusCode, reply: Option<&Reply>, response: Option<Value>) -> Value {
    let mut answer = Map::new();
    for name in ["method", "bulkId"] {
        if let Some(text) = text(operation, name) {
            answer.insert(name.to_owned(), text.into());
        }
    }
    answer.insert("status".to_owned(), status.as_str().into());
    if let Some(reply) = reply {
        let (location, version) = (reply.location.as_deref(), reply.version.as_deref());
        for (name, text) in [("location", location), ("version", version)] {
            if let Some(text) = text {
                answer.insert(name.to_owned(), text.into());
            }
        }
    }
    if let Some(response) = response {
        answer.insert("response".to_owned(), response);
    }
    answer.into()
}
