//! Graph's shapes: delta pages, `@removed`, tombstone names, nested error codes.

use serde_json::Value;

use crate::directory::Removed;
use crate::feed::answer::{self, Trouble, id_of};
use crate::feed::mapping::Mapping;
use crate::model::{Account, AccountId, FeedName, Status};
use crate::outbound::Reply;

/// A page of a delta round.
#[derive(Debug)]
pub(super) struct RoundPage {
    pub rows: Vec<Value>,
    pub link: Link,
}

/// Where a page leads.
#[derive(Debug)]
pub(super) enum Link {
    /// `@odata.nextLink`: the round goes on.
    Next(String),
    /// `@odata.deltaLink`: the round is over, and the next one begins here.
    Delta(String),
}

/// A row of a round.
#[derive(Debug)]
pub(super) enum Row {
    /// As it is now, with every selected property.
    Here(Box<Account>),
    /// Deleted; `changed` can still be restored, `deleted` cannot. Neither has a seat.
    Removed(Removed),
}

impl Row {
    /// The object id.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Here(account) => &account.id.id,
            Self::Removed(removed) => &removed.id,
        }
    }
}

/// Reads a page. It has rows, maybe none, and exactly one of the two links.
pub(super) fn page(body: Value) -> Result<RoundPage, Trouble> {
    let Value::Object(mut body) = body else {
        return Err(Trouble::invalid("answered something else than an object with `value`"));
    };
    let rows = match body.remove("value") {
        Some(Value::Array(rows)) => rows,
        Some(_) => return Err(Trouble::invalid("`value` is not a list")),
        None => return Err(Trouble::invalid("the page has no `value`")),
    };
    let mut take = |name: &str| match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(link)) if !link.is_empty() => Ok(Some(link)),
        Some(_) => Err(Trouble::invalid(format!("`{name}` is not a link"))),
    };
    let link = match (take("@odata.nextLink")?, take("@odata.deltaLink")?) {
        (Some(next), None) => Link::Next(next),
        (None, Some(delta)) => Link::Delta(delta),
        (None, None) => {
            return Err(Trouble::invalid("the page has neither `@odata.nextLink` nor `@odata.deltaLink`"));
        }
        (Some(_), Some(_)) => {
            return Err(Trouble::invalid("the page has both `@odata.nextLink` and `@odata.deltaLink`"));
        }
    };
    Ok(RoundPage { rows, link })
}

/// Reads a row.
pub(super) fn row(feed: &FeedName, mapping: &Mapping, row: &Value) -> Result<Row, String> {
    let id = id_of(row.get("id"))?.to_owned();
    match row.get("@removed") {
        None | Some(Value::Null) => {}
        Some(Value::Object(removed)) => {
            let how = match removed.get("reason").and_then(Value::as_str) {
                Some(reason) => format!("@removed: {}", reason.chars().take(40).collect::<String>()),
                None => "@removed".to_owned(),
            };
            return Ok(Row::Removed(Removed { id, how }));
        }
        Some(_) => return Err("its `@removed` is not an object".into()),
    }
    let (status, word) = match row.get("accountEnabled") {
        Some(Value::Bool(true)) => (Status::Active, "accountEnabled=true"),
        Some(Value::Bool(false)) => (Status::Gone, "accountEnabled=false"),
        Some(_) => (Status::Unknown, "accountEnabled is not a truth value"),
        None => (Status::Unknown, "accountEnabled is missing"),
    };
    let mut account = mapping.account(AccountId { feed: feed.clone(), id }, status, word.into(), row)?;
    account.user_name = account.user_name.map(without_tombstone);
    account.email = account.email.map(without_tombstone);
    Ok(Row::Here(Box::new(account)))
}

/// Entra puts 32 hexadecimal digits (the object id) before the names of a deleted account; without them it is the name
/// that the person had.
fn without_tombstone(name: String) -> String {
    match name.split_at_checked(32) {
        Some((digits, rest))
            if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && !rest.is_empty() && !rest.starts_with('@') =>
        {
            rest.to_owned()
        }
        _ => name,
    }
}

/// The codes of an error, outermost first. `innerError` nests and is also spelled `innererror`; texts are not stable.
pub(super) fn codes(reply: &Reply) -> Vec<String> {
    let Ok(body) = answer::body(reply) else { return Vec::new() };
    let mut codes = Vec::new();
    let mut error = body.get("error");
    while let Some(inner) = error {
        if let Some(code) = inner.get("code").and_then(Value::as_str) {
            codes.push(code.chars().take(60).collect());
        }
        error = inner.get("innerError").or_else(|| inner.get("innererror"));
    }
    codes
}

/// Whether a 400 says that the delta link is no longer known (older than seven days, or reset).
pub(super) fn lost_state(reply: &Reply) -> bool {
    codes(reply)
        .iter()
        .any(|code| ["syncStateNotFound", "resyncRequired"].iter().any(|lost| lost.eq_ignore_ascii_case(code)))
}

/// What to tell of a 400 that is not a lost state.
pub(super) fn refusal(reply: &Reply) -> Trouble {
    match codes(reply).last().map(String::as_str) {
        Some("Request_UnsupportedQuery") => {
            Trouble::invalid("answered 400 Request_UnsupportedQuery: this kind of tenant has no delta queries")
        }
        Some(code) => Trouble::invalid(format!("answered 400 {code}")),
        None => Trouble::invalid("answered 400 without an error code of Graph"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstone_names_are_read_as_the_old_name_and_nothing_else_is_cut() {
        let strip = |name: &str| without_tombstone(name.to_owned());
        assert_eq!(strip("0123456789abcdef0123456789ABCDEFd.okafor@acme.example"), "d.okafor@acme.example");
        for kept in [
            "d.okafor@acme.example",
            "0123456789abcdef0123456789abcdef@acme.example",
            "0123456789abcdef0123456789abcdef",
            "0123456789abcdef0123456789abcdexd.okafor@acme.example",
            "ääääääääääääääääääääääääääääää@acme.example",
        ] {
            assert_eq!(strip(kept), kept);
        }
    }
}
