//! What `filter` and `search` may ask, and whether a person is what they ask for.

use std::borrow::Cow;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::{Org, error, view};
use crate::World;
use crate::filter::{self, Expr, Op};
use crate::wire::Reply;
use crate::world::Person;

/// The properties that `filter` knows; everything else answers E0000053.
const FILTERABLE: [&str; 7] =
    ["status", "lastUpdated", "id", "profile.login", "profile.email", "profile.firstName", "profile.lastName"];
/// The properties beside the profile that `search` knows.
const SEARCHABLE: [&str; 7] = ["id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id"];

/// Which of the two parameters a text came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Filter,
    Search,
}

/// Reads a criterion and refuses what Okta refuses.
pub(super) fn read(kind: Kind, text: &str) -> Result<Expr, Reply> {
    let bad = |cause: &str| {
        let summary = format!("Invalid search criteria. {cause}");
        error::because(StatusCode::BAD_REQUEST, "E0000031", &summary, Some(cause))
    };
    let expr = filter::parse(text).map_err(|filter::BadFilter(cause)| bad(&cause))?;
    let mut fault = None;
    check(kind, &expr, &mut |cause| fault = Some(cause));
    let Some(cause) = fault else { return Ok(expr) };
    let summary = "Invalid filter";
    Err(match kind {
        Kind::Filter => error::because(StatusCode::BAD_REQUEST, "E0000053", summary, Some(&cause)),
        Kind::Search => bad(&cause),
    })
}

fn check(kind: Kind, expr: &Expr, refuse: &mut impl FnMut(String)) {
    match expr {
        Expr::And(left, right) | Expr::Or(left, right) => {
            check(kind, left, refuse);
            check(kind, right, refuse);
        }
        Expr::Not(_) => refuse("not is not supported".to_owned()),
        Expr::Within { attribute, .. } => refuse(format!("{attribute}[…] is not supported")),
        Expr::Present(path) => {
            if kind == Kind::Filter || !known(kind, path) {
                refuse(format!("pr is not supported on {path}"));
            }
        }
        Expr::Compare { path, op, value } => {
            if !known(kind, path) {
                refuse(format!("the attribute {path} is not supported"));
            } else if !allowed(kind, path, *op) {
                refuse(format!("{op:?} is not supported on {path}"));
            } else if is_time(path) && value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).is_none() {
                refuse(format!("{path} takes a time"));
            }
        }
    }
}

/// Names are compared with their case, by both parameters.
fn known(kind: Kind, path: &str) -> bool {
    match kind {
        Kind::Filter => FILTERABLE.contains(&path),
        Kind::Search => SEARCHABLE.contains(&path) || path.starts_with("profile."),
    }
}

fn allowed(kind: Kind, path: &str, op: Op) -> bool {
    match (kind, op) {
        (_, Op::Eq) | (Kind::Search, Op::Sw) => true,
        (_, Op::Gt | Op::Ge | Op::Lt | Op::Le) => is_time(path) && (kind == Kind::Search || path == "lastUpdated"),
        (Kind::Search, Op::Co) => FILTERABLE.contains(&path),
        (Kind::Filter, Op::Co | Op::Sw) | (_, Op::Ne | Op::Ew) => false,
    }
}

fn is_time(path: &str) -> bool {
    matches!(path, "created" | "activated" | "statusChanged" | "lastUpdated")
}

/// Says whether a person is what a criterion asks for. `filter` compares values with their case, `search` without.
pub(super) fn holds(org: &Org, world: &World, person: &Person, kind: Kind, expr: &Expr) -> bool {
    let inner = |expr: &Expr| holds(org, world, person, kind, expr);
    match expr {
        Expr::And(left, right) => inner(left) && inner(right),
        Expr::Or(left, right) => inner(left) || inner(right),
        Expr::Present(path) => text_of(org, world, person, path).is_some(),
        Expr::Compare { path, op, value } => compare(org, world, person, kind, (path, *op, value)),
        // Refused by `read`.
        Expr::Not(_) | Expr::Within { .. } => false,
    }
}

fn compare(org: &Org, world: &World, person: &Person, kind: Kind, term: (&str, Op, &Value)) -> bool {
    let (path, op, value) = term;
    let Some(wanted) = value.as_str() else { return false };
    if let Some(at) = time_of(person, path) {
        // Okta keeps milliseconds, so that is what a client can have read and what it compares with.
        let Ok(wanted) = wanted.parse::<Timestamp>() else { return false };
        let order = at.as_millisecond().cmp(&wanted.as_millisecond());
        return match op {
            Op::Gt => order.is_gt(),
            Op::Ge => order.is_ge(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Eq => order.is_eq(),
            Op::Ne | Op::Co | Op::Sw | Op::Ew => false,
        };
    }
    let Some(found) = text_of(org, world, person, path) else { return false };
    let fold = |text: &str| if kind == Kind::Search { text.to_lowercase() } else { text.to_owned() };
    let (found, wanted) = (fold(&found), fold(wanted));
    match op {
        Op::Eq => found == wanted,
        Op::Sw => found.starts_with(&wanted),
        Op::Co => found.contains(&wanted),
        Op::Ne | Op::Ew | Op::Gt | Op::Ge | Op::Lt | Op::Le => false,
    }
}

fn time_of(person: &Person, path: &str) -> Option<Timestamp> {
    match path {
        "created" | "activated" => Some(person.created),
        "statusChanged" => Some(person.standing_changed),
        "lastUpdated" => Some(person.changed),
        _ => None,
    }
}

fn text_of<'a>(org: &Org, world: &'a World, person: &'a Person, path: &str) -> Option<Cow<'a, str>> {
    match path {
        "id" => person.accounts.okta.as_deref().map(Cow::Borrowed),
        "status" => Some(Cow::Borrowed(view::status(person))),
        "type.id" => Some(Cow::Borrowed("otyMockDefaultUserType")),
        path => view::profile(org, world, person, path.strip_prefix("profile.")?),
    }
}
