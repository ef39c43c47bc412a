//! Lists: filter, order, and pages by number or by cursor (RFC 7644 section 3.4.2, RFC 9865).
//!
//! A cursor says behind which resource to go on, so that pages neither repeat nor skip anybody while people come and
//! go. It holds nothing secret: who may read is judged again with every page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scim_v2::filter::{Filter, PatchPath};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use xxhash_rust::xxh3::xxh3_64;

use super::error::Refusal;
use super::names::{self, Place};
use super::shape::View;
use super::shelf::{Resource, Shelf};
use super::{filter, show};
use crate::feed::push::Kind;

/// Resources of one page, unless fewer are asked for.
pub(super) const PAGE: usize = 100;
/// The most resources of one page. With their groups they are kept in memory until they are sent.
pub(super) const MOST: usize = 500;
/// How long a cursor is good for, in seconds.
pub(super) const CURSOR_SECONDS: u64 = 600;

/// What is asked of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    filter: Option<String>,
    start: Option<String>,
    count: Option<String>,
    cursor: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    pub(super) only: Vec<String>,
    pub(super) without: Vec<String>,
}

fn names_of(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

impl Query {
    /// From the query of an address. Parameters that mean nothing to us are passed over: Entra's flags come along.
    pub(super) fn of_address(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.to_ascii_lowercase().as_str() {
                "filter" => asked.filter = Some(value),
                "startindex" => asked.start = Some(value),
                "count" => asked.count = Some(value),
                "cursor" => asked.cursor = Some(value),
                "sortby" => asked.sort_by = Some(value).filter(|path| !path.is_empty()),
                "sortorder" => asked.descending = value.eq_ignore_ascii_case("descending"),
                "attributes" => asked.only.extend(names_of(&value)),
                "excludedattributes" => asked.without.extend(names_of(&value)),
                _ => {}
            }
        }
        asked
    }

    /// From a `SearchRequest`.
    pub(super) fn of_body(body: &Value) -> Result<Self, Refusal> {
        let body = body.as_object().ok_or_else(|| Refusal::bad("invalidSyntax", "the body is no object"))?;
        let text = |name: &str| match names::get(body, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(Refusal::bad("invalidValue", format!("`{name}` is neither text nor number"))),
        };
        let list = |name: &str| match names::get(body, name) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).flat_map(names_of).collect(),
            Some(Value::String(text)) => names_of(text),
            Some(_) | None => Vec::new(),
        };
        Ok(Self {
            filter: text("filter")?,
            start: text("startIndex")?,
            count: text("count")?,
            cursor: text("cursor")?,
            sort_by: text("sortBy")?.filter(|path| !path.is_empty()),
            descending: text("sortOrder")?.is_some_and(|order| order.eq_ignore_ascii_case("descending")),
            only: list("attributes"),
            without: list("excludedAttributes"),
        })
    }

    /// Whether something is asked that discovery has no answer to (RFC 7644 section 4).
    pub(super) const fn filters(&self) -> bool {
        self.filter.is_some()
    }

    fn number(text: Option<&String>, name: &str) -> Result<Option<i64>, Refusal> {
        let parsed = text.map(|text| text.trim().parse::<i64>()).transpose();
        parsed.map_err(|_| Refusal::bad("invalidValue", format!("`{name}` is no whole number")))
    }
}

/// Where resources come from.
pub(super) enum Source<'a> {
    /// What was pushed, of these kinds.
    Shelf(&'a Shelf, &'a [Kind]),
    /// A short list of our own.
    Fixed(Vec<Resource>),
}

/// A resource that is meant, by what it is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    key: String,
    kind: Option<Kind>,
    id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    /// Of everything else that was asked.
    question: u64,
    count: usize,
    /// Seconds.
    issued: i64,
    key: String,
    kind: u8,
    id: String,
}

const fn rank(kind: Option<Kind>) -> u8 {
    match kind {
        None => 0,
        Some(Kind::User) => 1,
        Some(Kind::Group) => 2,
    }
}

/// The `ListResponse`.
pub(super) fn list(source: &Source<'_>, query: &Query, base: &str, now: i64) -> Result<Value, Refusal> {
    let filter = query.filter.as_deref().map(filter::parse).transpose()?;
    let view = View::new(query.only.clone(), query.without.clone())?;
    let count = Query::number(query.count.as_ref(), "count")?;
    let size = count.map_or(PAGE, |count| usize::try_from(count.max(0)).unwrap_or(MOST).min(MOST));
    let sort = query.sort_by.as_deref().map(sort_path).transpose()?;
    let mut rows = gather(source, filter.as_ref(), sort.as_ref())?;
    if sort.is_some() {
        rows.sort();
        if query.descending {
            rows.reverse();
        }
    }
    let question = {
        let Query { filter, sort_by, descending, only, without, start: _, count: _, cursor: _ } = query;
        xxh3_64(format!("{filter:?} {sort_by:?} {descending} {only:?} {without:?}").as_bytes())
    };
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": rows.len(),
    });
    let mut answer = Map::new();
    let from = match &query.cursor {
        None => {
            let start = Query::number(query.start.as_ref(), "startIndex")?.unwrap_or(1).max(1);
            answer.insert("startIndex".to_owned(), start.into());
            usize::try_from(start).unwrap_or(usize::MAX).saturating_sub(1)
        }
        Some(cursor) if cursor.is_empty() => 0,
        Some(cursor) => behind(&rows, cursor, question, size, count.is_some(), now)?,
    };
    let page = rows.get(from.min(rows.len())..from.saturating_add(size).min(rows.len())).unwrap_or_default();
    let mut shown = Vec::with_capacity(page.len());
    for row in page {
        // Whoever was deleted a moment ago is not shown.
        if let Some(resource) = fetch(source, row)? {
            shown.push(Value::Object(view.show(row.kind, &show(&resource, base))));
        }
    }
    if query.cursor.is_some()
        && from.saturating_add(page.len()) < rows.len()
        && let Some(last) = page.last()
    {
        let Row { key, kind, id } = last.clone();
        let cursor = Cursor { question, count: size, issued: now, key, kind: rank(kind), id };
        let text = serde_json::to_vec(&cursor).unwrap_or_default();
        answer.insert("nextCursor".to_owned(), URL_SAFE_NO_PAD.encode(text).into());
    }
    answer.insert("itemsPerPage".to_owned(), shown.len().into());
    answer.insert("Resources".to_owned(), shown.into());
    if let Some(body) = body.as_object_mut() {
        body.append(&mut answer);
    }
    Ok(body)
}

/// Where the page behind a cursor begins.
fn behind(rows: &[Row], text: &str, question: u64, size: usize, has_count: bool, now: i64) -> Result<usize, Refusal> {
    let wrong = || Refusal::bad("invalidCursor", "this is no cursor of an answer to the same question");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if cursor.question != question {
        return Err(wrong());
    }
    let age = now.saturating_sub(cursor.issued);
    if age < 0 || age.unsigned_abs() > CURSOR_SECONDS {
        return Err(Refusal::bad("expiredCursor", "the cursor is too old; begin again"));
    }
    if has_count && cursor.count != size {
        return Err(Refusal::bad("invalidCount", "`count` is not that of the first page"));
    }
    let place = (&cursor.key, cursor.kind, &cursor.id);
    let at = |row: &Row| rows.iter().position(|other| other == row);
    // The row itself may be gone; then those that stand behind its place are next. Rows without an order of their own
    // stand in the order of their ids.
    let same = rows.iter().find(|row| (&row.key, rank(row.kind), &row.id) == place);
    if let Some(found) = same.and_then(at) {
        return Ok(found.saturating_add(1));
    }
    let ascends = rows.first() <= rows.last();
    let next = rows.iter().position(|row| {
        let here = (&row.key, rank(row.kind), &row.id);
        if ascends { here > place } else { here < place }
    });
    Ok(next.unwrap_or(rows.len()))
}

fn sort_path(path: &str) -> Result<Place, Refusal> {
    match path.parse::<PatchPath>() {
        Ok(PatchPath::Attr(path)) => Ok(Place::of(Kind::User, &path)),
        Ok(PatchPath::Value(_)) | Err(_) => Err(Refusal::bad("invalidPath", "`sortBy` is no name of an attribute")),
    }
}

fn sort_key(place: Option<&Place>, resource: &Resource) -> String {
    let Some(place) = place else { return String::new() };
    let mut value = place.value(resource);
    if let Some(Value::Array(items)) = value {
        let is_primary = |item: &&Value| item.get("primary").is_some_and(|primary| primary == true);
        value = items.iter().find(is_primary).or_else(|| items.first());
    }
    if let Some(object) = value.and_then(Value::as_object) {
        value = names::get(object, place.sub.as_deref().unwrap_or("value"));
    }
    match value {
        Some(Value::String(text)) => text.to_lowercase(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn gather(source: &Source<'_>, filter: Option<&Filter>, sort: Option<&Place>) -> Result<Vec<Row>, Refusal> {
    let mut rows = Vec::new();
    match source {
        Source::Fixed(resources) => {
            for resource in resources {
                if filter.is_none_or(|filter| filter::matches(filter, Kind::User, resource)) {
                    let id = resource.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                    rows.push(Row { key: sort_key(sort, resource), kind: None, id });
                }
            }
        }
        Source::Shelf(shelf, kinds) => {
            for &kind in *kinds {
                let found = filter.and_then(|filter| shelf.candidates(kind, filter));
                for id in found.unwrap_or_else(|| shelf.ids(kind)) {
                    if filter.is_none() && sort.is_none() {
                        rows.push(Row { key: String::new(), kind: Some(kind), id });
                        continue;
                    }
                    let Some(resource) = shelf.read(kind, &id)? else { continue };
                    if filter.is_none_or(|filter| filter::matches(filter, kind, &resource)) {
                        rows.push(Row { key: sort_key(sort, &resource), kind: Some(kind), id });
                    }
                }
            }
        }
    }
    Ok(rows)
}

fn fetch(source: &Source<'_>, row: &Row) -> Result<Option<Resource>, Refusal> {
    match (source, row.kind) {
        (Source::Shelf(shelf, _), Some(kind)) => shelf.read(kind, &row.id),
        (Source::Shelf(..), None) => Ok(None),
        (Source::Fixed(resources), _) => {
            let is_it = |resource: &&Resource| resource.get("id").and_then(Value::as_str) == Some(&row.id);
            Ok(resources.iter().find(is_it).cloned())
        }
    }
}
