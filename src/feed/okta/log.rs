//! The System Log, read back for what no event hook tells: its own deliveries that were given up (Okta tries twice, and
//! stops at 400,000 events a day), and people deleted for good, whom no list shows.
//!
//! Asked in order of writing and without an end, Okta always gives a link to go on from; that link is the cursor.

use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::{Okta, wire};
use crate::directory::Gap;
use crate::feed::answer::{self, Trouble, get, link};
use crate::feed::{Missed, since};
use crate::outbound::{Call, Place};

const LOG: &str = "GET /api/v1/logs";
const FAILED: &str = "event_hook.delivery";
const DELETED: &str = "user.lifecycle.delete.completed";
/// How far a first look goes back. A longer outage ends with a start, and a start with a full pass.
const BACK: std::time::Duration = std::time::Duration::from_hours(1);
/// Pages of one look; the rest waits for the next one.
const PAGES: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    event_type: String,
    outcome: Option<Outcome>,
    #[serde(default)]
    target: Vec<Target>,
}

#[derive(Deserialize)]
struct Outcome {
    result: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    id: String,
    r#type: String,
}

impl Okta {
    pub(super) async fn read_back(&self, cursor: Option<&str>) -> Result<Missed, Gap> {
        let gap = |trouble: Trouble| trouble.at(LOG.to_owned());
        let mut missed = Missed::default();
        let known = cursor.and_then(|cursor| link(&self.client.peer().base, "cursor of the log", cursor).ok());
        let mut call = known.map_or_else(|| self.first(), at);
        // A cursor that Okta does not know any more, or ours that we do not: what was between is not known.
        let mut lost_place = cursor.is_some() && matches!(call.place, Place::Path(..));
        for _ in 0..PAGES {
            let reply = answer::fetch(&self.client, call, LOG).await?;
            if reply.status == 400 {
                if lost_place || cursor.is_none() {
                    return Err(gap(Trouble::invalid("answered 400 to a query without a cursor")));
                }
                lost_place = true;
                call = self.first();
                continue;
            }
            let rows = answer::json(&reply).map_err(gap)?;
            let Value::Array(rows) = rows else { return Err(gap(Trouble::invalid("the answer is no list"))) };
            let ended = rows.is_empty();
            for row in rows {
                if let Ok(entry) = serde_json::from_value::<Entry>(row) {
                    take(entry, &mut missed);
                }
            }
            let links = wire::links(&reply.headers).map_err(gap)?;
            let next = links.of("next").map_err(gap)?;
            let next = next.ok_or_else(|| gap(Trouble::invalid("the answer has no link to go on from")))?;
            let place = link(&self.client.peer().base, "link to the next page", next).map_err(gap)?;
            missed.cursor = Some(next.to_owned());
            if ended {
                break;
            }
            call = at(place);
        }
        missed.lost |= lost_place;
        Ok(missed)
    }

    fn first(&self) -> Call {
        let since = since::stamp(self.client.ports().clock.now().minus(BACK));
        let filter = format!("eventType eq \"{FAILED}\" or eventType eq \"{DELETED}\"");
        let query = [("since", since.as_str()), ("sortOrder", "ASCENDING"), ("limit", "1000"), ("filter", &filter)];
        at(Place::Path(
            "/api/v1/logs".to_owned(),
            query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        ))
    }
}

fn at(place: Place) -> Call {
    get("logs", place, HeaderMap::new(), &[400])
}

fn take(entry: Entry, missed: &mut Missed) {
    let result = entry.outcome.and_then(|outcome| outcome.result);
    match entry.event_type.as_str() {
        // Written for deliveries that failed. Which hook it was is not asked: a look too many is cheap.
        FAILED => missed.lost |= result.as_deref() != Some("SUCCESS"),
        DELETED => {
            let people = entry.target.into_iter().filter(|target| target.r#type == "User");
            missed.gone.extend(people.map(|target| target.id));
        }
        _ => {}
    }
}
