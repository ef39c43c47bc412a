//! `GET /api/v1/users` and `GET /api/v1/users/{id}`.

use std::ops::Bound;
use std::sync::Arc;

use http::StatusCode;
use http::header::LINK;
use serde_json::{Value, json};

use super::criteria::{self, Kind};
use super::{Org, error, view};
use crate::World;
use crate::filter::Expr;
use crate::wire::{Call, Reply, opaque, opened, query_of};
use crate::world::{Person, Standing};

/// The page size when none is asked for, and the largest there is.
pub(super) const PAGE: usize = 200;

impl Org {
    pub(super) fn list_users(&self, world: &World, call: &Call) -> Reply {
        let limit = match limit_of(call, PAGE, self.page_max.min(PAGE)) {
            Ok(limit) => limit,
            Err(reply) => return reply,
        };
        let after = match after_of(call) {
            Ok(after) => after,
            Err(reply) => return reply,
        };
        let criterion = match (call.param("filter"), call.param("search")) {
            (Some(_), Some(_)) => {
                return error::of(StatusCode::BAD_REQUEST, "E0000031", "filter and search exclude each other");
            }
            (Some(text), None) => criteria::read(Kind::Filter, text).map(|expr| Some((Kind::Filter, expr))),
            (None, Some(text)) => criteria::read(Kind::Search, text).map(|expr| Some((Kind::Search, expr))),
            (None, None) => Ok(None),
        };
        let criterion = match criterion {
            Ok(criterion) => criterion,
            Err(reply) => return reply,
        };
        let mut rows = self.found(world, criterion.as_ref(), after.as_deref(), limit + 1);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().map(|(id, _)| id.to_string());
        let users: Vec<Value> =
            rows.into_iter().map(|(id, person)| view::user(self, world, person, &id, &call.base)).collect();
        paged(Reply::json(StatusCode::OK, &Value::Array(users)), call, last.filter(|_| more).as_deref())
    }

    /// The first so many accounts after a place that fit a criterion, in the order of their ids. A plain list hides
    /// those who are deprovisioned; `filter` and `search` do not.
    fn found<'a>(
        &'a self,
        world: &'a World,
        criterion: Option<&(Kind, Expr)>,
        after: Option<&str>,
        most: usize,
    ) -> Vec<(Arc<str>, &'a Person)> {
        let fits = |person: &Person| match criterion {
            None => view::status(person) != "DEPROVISIONED",
            Some((kind, expr)) => criteria::holds(self, world, person, *kind, expr),
        };
        if self.search_lag > 0 && matches!(criterion, Some((Kind::Search, _))) {
            let people = self.index.people().filter(|(id, _)| after.is_none_or(|after| id.as_ref() > after));
            return people
                .filter(|(_, person)| fits(person))
                .map(|(id, person)| (id.clone(), person))
                .take(most)
                .collect();
        }
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        world
            .okta_accounts()
            .range::<str, _>((start, Bound::Unbounded))
            .filter_map(|(id, person)| Some((id.clone(), world.person(*person)?)))
            .filter(|(_, person)| fits(person))
            .take(most)
            .collect()
    }

    pub(super) fn get_user(&self, world: &World, call: &Call, id: &str) -> Reply {
        // A login name is as good as an id here.
        let by_id = world.okta_accounts().get(id).and_then(|person| world.person(*person));
        let by_login = || {
            let known = |person: &&Person| person.email == id && person.homes.okta;
            world.people().iter().filter(|person| person.standing != Standing::Purged).find(known)
        };
        let Some(person) = by_id.or_else(by_login) else {
            return error::not_found(&format!("{id} (User)"));
        };
        let id = person.accounts.okta.as_deref().unwrap_or(id);
        Reply::json(StatusCode::OK, &view::user(self, world, person, id, &call.base))
    }
}

/// The `limit` parameter: `default` when absent, never more than `most`; nonsense is E0000001.
pub(super) fn limit_of(call: &Call, default: usize, most: usize) -> Result<usize, Reply> {
    let Some(text) = call.param("limit") else { return Ok(default) };
    match text.parse::<usize>() {
        Ok(limit) if limit > 0 => Ok(limit.min(most)),
        Ok(_) | Err(_) => Err(error::of(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed: limit")),
    }
}

/// The place that an `after` cursor stands for.
pub(super) fn after_of(call: &Call) -> Result<Option<String>, Reply> {
    let Some(cursor) = call.param("after") else { return Ok(None) };
    let place = opened(cursor).and_then(|place| place.get("a").and_then(Value::as_str).map(str::to_owned));
    let bad = || error::of(StatusCode::BAD_REQUEST, "E0000031", "Invalid search criteria: the cursor is not ours");
    place.map(Some).ok_or_else(bad)
}

/// Adds the `Link` lines, one header line per relation: `self`, and `next` when there is more.
pub(super) fn paged(reply: Reply, call: &Call, next_after: Option<&str>) -> Reply {
    let here = format!("{}{}", call.base, call.path);
    let query = if call.raw_query.is_empty() { String::new() } else { format!("?{}", call.raw_query) };
    let reply = reply.and(LINK, &format!("<{here}{query}>; rel=\"self\""));
    let Some(place) = next_after else { return reply };
    let cursor = opaque(&json!({ "a": place }));
    let kept = call.query.iter().filter(|(key, _)| key != "after" && key != "since");
    let pairs = kept.map(|(key, value)| (key.as_str(), value.as_str())).chain([("after", cursor.as_str())]);
    reply.and(LINK, &format!("<{here}?{}>; rel=\"next\"", query_of(pairs)))
}
