//! Faults that stand before an answer, and faults that spoil one.

use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::rows::{LastPages, lose, rows_of};
use super::{Fault, Rule};
use crate::wire::{Call, Reply};
use crate::{Server, State};

/// Plays what comes before the vendor sees the request. An answer given here replaces the vendor's.
pub(crate) fn before(fault: &Fault, state: &mut State, server: Server) -> Option<Reply> {
    match fault {
        Fault::Status(status, body) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let kind = match body.trim_start().chars().next() {
                Some('{' | '[') => "application/json",
                Some('<') => "text/html; charset=utf-8",
                Some(_) | None => "text/plain; charset=utf-8",
            };
            Some(Reply::of(status, kind, body.clone()))
        }
        Fault::Throttle { retry_after } => Some(match server {
            Server::Okta => state.okta.throttled(&state.world, *retry_after),
            Server::Entra => crate::entra::throttled(&state.world, *retry_after),
            Server::Scim | Server::Desk => crate::scim::throttled(*retry_after),
        }),
        Fault::ConcurrencyLimit => Some(state.okta.crowded(&state.world)),
        Fault::Html => Some(Reply::of(
            StatusCode::OK,
            "text/html; charset=utf-8",
            "<!doctype html><html><body>Please sign in to the corporate proxy</body></html>",
        )),
        Fault::NestedBrackets(depth) => {
            Some(Reply::of(StatusCode::OK, "application/json", "[".repeat(*depth) + &"]".repeat(*depth)))
        }
        Fault::EndlessBody | Fault::Stall => Some(Reply::of(StatusCode::OK, "application/json", "")),
        Fault::ExpireTokens => {
            match server {
                Server::Okta => state.okta.expire_tokens(&state.world),
                Server::Entra => state.entra.expire_tokens(&state.world),
                Server::Scim => state.scim.expire_tokens(&state.world),
                Server::Desk => state.desk.expire_tokens(&state.world),
            }
            None
        }
        Fault::ExpireCursors => {
            match server {
                Server::Okta => {}
                Server::Entra => state.entra.expire_delta_tokens(),
                Server::Scim => state.scim.expire_cursors(),
                Server::Desk => state.desk.expire_cursors(),
            }
            None
        }
        Fault::ResetDelta => {
            state.entra.reset_delta_tokens();
            None
        }
        Fault::Meanwhile(twist) => {
            twist.happen(state);
            None
        }
        Fault::DropMidway
        | Fault::TruncatedJson
        | Fault::LoseAnswer
        | Fault::WrongContentType
        | Fault::InvalidUtf8
        | Fault::EmptyList
        | Fault::ShortPage
        | Fault::DuplicatePage
        | Fault::Reversed
        | Fault::LoseAttribute(_)
        | Fault::HostileNext(_)
        | Fault::LoopingNext
        | Fault::Slow(_) => None,
    }
}

/// Spoils the vendor's true answer.
pub(crate) fn after(fault: &Fault, reply: &mut Reply, server: Server, call: &Call, pages: &LastPages) {
    match fault {
        Fault::LoseAnswer => *reply = Reply::text(StatusCode::GATEWAY_TIMEOUT, "upstream timed out"),
        Fault::TruncatedJson => reply.body.truncate(reply.body.len() / 2),
        Fault::WrongContentType => *reply = reply.clone().with(CONTENT_TYPE, "text/plain"),
        Fault::InvalidUtf8 => {
            let mut bytes = reply.body.to_vec();
            let middle = bytes.len() / 2;
            bytes.splice(middle..middle, [0xC3, 0x28, 0xFF]);
            reply.body = bytes.into();
        }
        Fault::EmptyList => empty(reply, server),
        Fault::ShortPage => on_rows(reply, |rows| rows.truncate(rows.len() / 2)),
        Fault::Reversed => on_rows(reply, |rows| rows.reverse()),
        Fault::DuplicatePage => {
            if let Some(last) = pages.last(server) {
                on_rows(reply, |rows| rows.clone_from(last));
            }
        }
        Fault::LoseAttribute(name) => on_rows(reply, |rows| rows.iter_mut().for_each(|row| lose(row, name))),
        Fault::HostileNext(origin) => {
            let query = if call.raw_query.is_empty() { String::new() } else { format!("?{}", call.raw_query) };
            lead_next(reply, server, &format!("{}{}{query}", origin.trim_end_matches('/'), call.path), None);
        }
        Fault::LoopingNext => {
            let query = if call.raw_query.is_empty() { String::new() } else { format!("?{}", call.raw_query) };
            let here = format!("{}{}{query}", call.base, call.path);
            lead_next(reply, server, &here, call.param("cursor"));
        }
        Fault::Status(..)
        | Fault::Throttle { .. }
        | Fault::ConcurrencyLimit
        | Fault::Html
        | Fault::NestedBrackets(_)
        | Fault::EndlessBody
        | Fault::Stall
        | Fault::DropMidway
        | Fault::Slow(_)
        | Fault::ExpireTokens
        | Fault::ExpireCursors
        | Fault::ResetDelta
        | Fault::Meanwhile(_) => {}
    }
}

fn on_rows(reply: &mut Reply, edit: impl FnOnce(&mut Vec<Value>)) {
    let Some(mut value) = reply.value() else { return };
    let Some(rows) = rows_of(&mut value) else { return };
    edit(rows);
    reply.set_value(&value);
}

/// Empties a list and takes away every sign of more.
fn empty(reply: &mut Reply, server: Server) {
    let Some(mut value) = reply.value() else { return };
    let Some(rows) = rows_of(&mut value) else { return };
    rows.clear();
    if let Some(object) = value.as_object_mut() {
        for link in ["@odata.nextLink", "@odata.deltaLink", "nextCursor"] {
            object.remove(link);
        }
        for count in ["totalResults", "itemsPerPage"] {
            if let Some(count) = object.get_mut(count) {
                *count = json!(0);
            }
        }
    }
    reply.set_value(&value);
    if server == Server::Okta {
        drop_next(reply);
    }
}

/// Makes the next link lead to `url`, also where the true answer had none.
fn lead_next(reply: &mut Reply, server: Server, url: &str, cursor: Option<&str>) {
    if !reply.status.is_success() {
        return;
    }
    if server == Server::Okta {
        drop_next(reply);
        *reply = reply.clone().and(LINK, &format!("<{url}>; rel=\"next\""));
        return;
    }
    let Some(mut value) = reply.value() else { return };
    let Some(object) = value.as_object_mut() else { return };
    if server == Server::Entra {
        let key = if object.contains_key("@odata.deltaLink") { "@odata.deltaLink" } else { "@odata.nextLink" };
        object.insert(key.to_owned(), json!(url));
    } else if let Some(cursor) = cursor {
        object.insert("nextCursor".to_owned(), json!(cursor));
    } else if let Some(total) = object.get_mut("totalResults") {
        // Index paging has no link to bend: a total that is never reached keeps a trusting client going.
        *total = json!(1_000_000);
    }
    reply.set_value(&value);
}

fn drop_next(reply: &mut Reply) {
    let lines = reply.headers.get_all(LINK).iter().filter_map(|line| line.to_str().ok().map(str::to_owned));
    let kept: Vec<String> = lines.filter(|line| !line.contains("rel=\"next\"")).collect();
    reply.headers.remove::<HeaderName>(LINK);
    *reply = kept.iter().fold(reply.clone(), |reply, line| reply.and(LINK, line));
}

impl Rule {
    /// Names the faults this rule may play.
    pub fn names(&self) -> Vec<&'static str> {
        self.faults.iter().map(Fault::name).collect()
    }
}
