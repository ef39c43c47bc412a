//! Lists: filters, index paging (RFC 7644 section 3.4.2) and cursor paging (RFC 9865).

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::Refused;
use super::shape::Wanted;
use super::{Kind, Paging, Provider};
use crate::World;
use crate::filter::{self, Expr, Op};
use crate::rng::mix;
use crate::wire::{Call, Reply, opaque, opened};

/// What a list request asks.
#[derive(Debug, Default)]
struct Ask {
    filter: Option<String>,
    start_index: Option<String>,
    count: Option<String>,
    cursor: Option<String>,
    attributes: Option<String>,
    excluded: Option<String>,
}

/// A place in a list that a cursor stands for.
struct Place {
    after: u64,
    count: usize,
}

impl Provider {
    pub(super) fn list(&mut self, world: &World, call: &Call, kind: Kind) -> Reply {
        let text = |name: &str| call.param(name).map(str::to_owned);
        let ask = Ask {
            filter: text("filter"),
            start_index: text("startIndex"),
            count: text("count"),
            cursor: text("cursor"),
            attributes: text("attributes"),
            excluded: text("excludedAttributes"),
        };
        self.answer(world, call, kind, &ask)
    }

    /// `POST …/.search`: the same, asked in a body.
    pub(super) fn search(&mut self, world: &World, call: &Call, kind: Kind) -> Reply {
        let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
            return self.error(StatusCode::BAD_REQUEST, Some("invalidSyntax"), "the body is not JSON");
        };
        let text = |name: &str| match body.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Array(names)) => Some(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
            _ => None,
        };
        let ask = Ask {
            filter: text("filter"),
            start_index: text("startIndex"),
            count: text("count"),
            cursor: text("cursor"),
            attributes: text("attributes"),
            excluded: text("excludedAttributes"),
        };
        self.answer(world, call, kind, &ask)
    }

    fn answer(&mut self, world: &World, call: &Call, kind: Kind, ask: &Ask) -> Reply {
        match self.page(world, call, kind, ask) {
            Ok(body) => Reply::json(StatusCode::OK, &body),
            Err(Refused { status, scim_type, detail }) => self.error(status, scim_type, &detail),
        }
    }

    fn page(&mut self, world: &World, call: &Call, kind: Kind, ask: &Ask) -> Result<Value, Refused> {
        let filter = self.read_filter(ask.filter.as_deref())?;
        let wanted = Wanted::read(ask.attributes.as_deref(), ask.excluded.as_deref())?;
        let count = number(ask.count.as_deref(), "count")?;
        let count = count.map_or(self.settings.page_default, |count| usize::try_from(count).unwrap_or(0));
        let by_cursor = match self.settings.paging {
            Paging::Index => false,
            Paging::Both { .. } => ask.cursor.is_some(),
            Paging::Cursor { .. } => true,
        };
        let size = count.min(self.settings.page_max);
        let found = self.found(kind, filter.as_ref());
        let total = found.len();
        let digest = mix(0, format!("{kind:?}{:?}{:?}{:?}", ask.filter, ask.attributes, ask.excluded).as_bytes());
        let mut body = Map::new();
        body.insert("schemas".to_owned(), json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
        if !self.settings.omit_total {
            body.insert("totalResults".to_owned(), json!(total));
        }
        let page: Vec<u64> = if by_cursor {
            let place = match ask.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
                None => Place { after: 0, count },
                Some(cursor) => self.place_of(world, cursor, digest)?,
            };
            if ask.count.is_some() && place.count != count {
                return Err(Refused::bad("invalidCount", "count must stay as it was in the first request"));
            }
            let mut rest = found.into_iter().filter(|at| *at > place.after);
            let page: Vec<u64> = rest.by_ref().take(place.count.min(self.settings.page_max)).collect();
            if let (Some(last), true) = (page.last(), rest.next().is_some()) {
                body.insert("nextCursor".to_owned(), json!(self.cursor_of(world, *last, place.count, digest)));
            }
            page
        } else {
            let start = number(ask.start_index.as_deref(), "startIndex")?.unwrap_or(1).max(1);
            body.insert("startIndex".to_owned(), json!(start));
            found.into_iter().skip(usize::try_from(start - 1).unwrap_or(usize::MAX)).take(size).collect()
        };
        let groups = self.memberships(kind, &wanted);
        let rows = page.iter().filter_map(|at| self.store(kind).at(*at));
        let rows: Vec<Value> = rows.map(|row| self.show(kind, row, &call.base, &wanted, &groups)).collect();
        body.insert("itemsPerPage".to_owned(), json!(rows.len()));
        if !(rows.is_empty() && self.settings.omit_empty_resources) {
            let key = if self.settings.lower_case_resources { "resources" } else { "Resources" };
            body.insert(key.to_owned(), Value::Array(rows));
        }
        Ok(Value::Object(body))
    }

    fn read_filter(&self, text: Option<&str>) -> Result<Option<Expr>, Refused> {
        let Some(text) = text else { return Ok(None) };
        if !self.settings.filters {
            return Err(Refused::bad("invalidFilter", "filters are not supported"));
        }
        let expr = filter::parse(text).map_err(|filter::BadFilter(why)| Refused::bad("invalidFilter", why))?;
        let mut by_time = false;
        expr.for_each(&mut |path, _| by_time |= path.to_ascii_lowercase().starts_with("meta."));
        if by_time && !self.settings.last_modified {
            return Err(Refused::bad("invalidFilter", "filters on meta are not supported"));
        }
        Ok(Some(expr))
    }

    /// The places of the rows that fit. A look-up by an indexed attribute does not read the others.
    fn found(&self, kind: Kind, filter: Option<&Expr>) -> Vec<u64> {
        let store = self.store(kind);
        let Some(filter) = filter else { return store.after(0).map(|(at, _)| at).collect() };
        if let Expr::Compare { path, op: Op::Eq, value: Value::String(value) } = filter
            && let Some(places) = store.look_up(path, value)
        {
            return places;
        }
        store.after(0).filter(|(_, row)| filter::matches(filter, row)).map(|(at, _)| at).collect()
    }

    fn cursor_of(&mut self, world: &World, after: u64, count: usize, digest: u64) -> String {
        self.cursors += 1;
        opaque(&json!({"a": after, "c": count, "i": world.now.as_second(), "n": self.cursors, "q": digest}))
    }

    fn place_of(&self, world: &World, cursor: &str, digest: u64) -> Result<Place, Refused> {
        let bad = || Refused::bad("invalidCursor", "the cursor is not one of ours");
        let parts = opened(cursor).ok_or_else(bad)?;
        let part = |name: &str| parts.get(name).and_then(Value::as_u64).ok_or_else(bad);
        if part("q")? != digest {
            return Err(Refused::bad("invalidCursor", "the other parameters must stay as they were"));
        }
        let issued = parts.get("i").and_then(Value::as_i64).and_then(|at| Timestamp::from_second(at).ok());
        let issued = issued.ok_or_else(bad)?;
        let timeout = match self.settings.paging {
            Paging::Both { timeout } | Paging::Cursor { timeout } => timeout,
            Paging::Index => return Err(bad()),
        };
        if part("n")? <= self.cursors_from || issued.saturating_add(timeout).is_ok_and(|until| world.now > until) {
            return Err(Refused::bad("expiredCursor", "the cursor has expired"));
        }
        Ok(Place { after: part("a")?, count: usize::try_from(part("c")?).unwrap_or(0) })
    }
}

fn number(text: Option<&str>, name: &str) -> Result<Option<i64>, Refused> {
    text.map(|text| {
        text.trim().parse::<i64>().map_err(|_| Refused::bad("invalidValue", format!("{name} is no number")))
    })
    .transpose()
}
