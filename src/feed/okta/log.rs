//! The System Log in the order of writing.
//!
//! Read for two things that nothing else tells: whom a list of changes does not show (people deleted for good, changes
//! that did not reach `lastUpdated` yet), and deliveries of an event hook that were given up (Okta tries twice, and stops
//! at 400,000 events a day). Asked in ascending order and without an end, Okta always gives a link to go on from; that
//! link is the cursor. What an event says is never believed: it names people to read by id.

use std::collections::BTreeSet;
use std::time::Duration;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::{Okta, wire};
use crate::directory::Gap;
use crate::feed::answer::{self, Trouble, get, link};
use crate::feed::{Missed, since};
use crate::model::Time;
use crate::outbound::{Call, Place};

const LOG: &str = "GET /api/v1/logs";
const FAILED: &str = "event_hook.delivery";
const DELETED: &str = "user.lifecycle.delete.completed";
/// Events after which somebody may be another than before. Those of imports are told to no hook.
const CHANGES: [&str; 16] = [
    "user.lifecycle.create",
    "user.lifecycle.activate",
    "user.lifecycle.reactivate",
    "user.lifecycle.suspend",
    "user.lifecycle.unsuspend",
    "user.lifecycle.deactivate",
    "user.lifecycle.delete.initiated",
    DELETED,
    "user.account.update_profile",
    "user.account.update_user_type",
    "user.account.update_primary_email",
    "user.realm.update",
    "system.import.user.create",
    "system.import.user.update",
    "system.import.user.delete",
    "system.import.user.update_user_lifecycle_from_master",
];
/// How far a first look for hooks goes back. A longer outage ends with a start, and a start with a full pass.
const BACK: Duration = Duration::from_hours(1);
/// The furthest that changes are looked for without a link. Okta keeps 180 days and refuses to be asked for more.
const FURTHEST: Duration = Duration::from_hours(30 * 24);
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

impl Entry {
    fn succeeded(&self) -> bool {
        self.outcome.as_ref().and_then(|outcome| outcome.result.as_deref()) == Some("SUCCESS")
    }

    /// The people it is about. Targets have no order: what they are is told by their type.
    fn people(self) -> impl Iterator<Item = String> {
        self.target.into_iter().filter(|target| target.r#type == "User").map(|target| target.id)
    }
}

/// How far a look came.
struct Followed {
    cursor: Option<String>,
    /// The place in the log was not known any more; the look began at a time instead.
    lost_place: bool,
}

impl Okta {
    /// Whom to look at since `cursor`, or since an instant where there is no cursor, and where to go on.
    pub(super) async fn log_changes(
        &self,
        cursor: Option<&str>,
        since: Time,
    ) -> Result<(BTreeSet<String>, Option<String>), Gap> {
        let since = since.max(self.client.ports().clock.now().minus(FURTHEST));
        let mut people = BTreeSet::new();
        let take = |entry: Entry| {
            if entry.succeeded() && CHANGES.contains(&entry.event_type.as_str()) {
                people.extend(entry.people());
            }
        };
        let followed = self.follow(cursor, since, &CHANGES, take).await?;
        Ok((people, followed.cursor))
    }

    pub(super) async fn read_back(&self, cursor: Option<&str>) -> Result<Missed, Gap> {
        let mut missed = Missed::default();
        let since = self.client.ports().clock.now().minus(BACK);
        let followed = self.follow(cursor, since, &[FAILED, DELETED], |entry| take(entry, &mut missed)).await?;
        missed.cursor = followed.cursor;
        missed.lost |= followed.lost_place;
        Ok(missed)
    }

    async fn follow(
        &self,
        cursor: Option<&str>,
        since: Time,
        kinds: &[&str],
        mut take: impl FnMut(Entry) + Send,
    ) -> Result<Followed, Gap> {
        let gap = |trouble: Trouble| trouble.at(LOG.to_owned());
        let known = cursor.and_then(|cursor| link(&self.client.peer().base, "cursor of the log", cursor).ok());
        let mut call = known.map_or_else(|| first(since, kinds), at);
        // A cursor that Okta does not know any more, or ours that we do not: what was between is not known.
        let mut lost_place = cursor.is_some() && matches!(call.place, Place::Path(..));
        let mut reached = None;
        for _ in 0..PAGES {
            let reply = answer::fetch(&self.client, call, LOG).await?;
            if reply.status == 400 {
                if lost_place || cursor.is_none() {
                    return Err(gap(Trouble::invalid("answered 400 to a query without a cursor")));
                }
                lost_place = true;
                call = first(since, kinds);
                continue;
            }
            let rows = answer::json(&reply).map_err(gap)?;
            let Value::Array(rows) = rows else { return Err(gap(Trouble::invalid("the answer is no list"))) };
            let ended = rows.is_empty();
            for row in rows {
                if let Ok(entry) = serde_json::from_value::<Entry>(row) {
                    take(entry);
                }
            }
            let links = wire::links(&reply.headers).map_err(gap)?;
            let next = links.of("next").map_err(gap)?;
            let next = next.ok_or_else(|| gap(Trouble::invalid("the answer has no link to go on from")))?;
            let place = link(&self.client.peer().base, "link to the next page", next).map_err(gap)?;
            reached = Some(next.to_owned());
            if ended {
                break;
            }
            call = at(place);
        }
        Ok(Followed { cursor: reached, lost_place })
    }
}

fn first(since: Time, kinds: &[&str]) -> Call {
    let since = since::stamp(since);
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("eventType eq \"{kind}\"")).collect();
    let filter = kinds.join(" or ");
    let query = [("since", since.as_str()), ("sortOrder", "ASCENDING"), ("limit", "1000"), ("filter", &filter)];
    at(Place::Path("/api/v1/logs".to_owned(), query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()))
}

fn at(place: Place) -> Call {
    get("logs", place, HeaderMap::new(), &[400])
}

fn take(entry: Entry, missed: &mut Missed) {
    match entry.event_type.as_str() {
        // Written for deliveries that failed. Which hook it was is not asked: a look too many is cheap.
        FAILED => missed.lost |= !entry.succeeded(),
        DELETED => missed.gone.extend(entry.people()),
        _ => {}
    }
}
