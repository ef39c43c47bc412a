//! `GET /api/v1/logs`: the System Log, in the order things were written.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::users::{limit_of, paged};
use super::view::{group_id, time};
use super::{Org, error};
use crate::World;
use crate::filter;
use crate::rng::mix;
use crate::wire::{Call, Reply, opened};
use crate::world::{Change, What, guid};

/// A polling query (no `until`, ascending) always has a next link, also when it is empty; a bounded one ends.
pub(super) fn list(org: &Org, world: &World, call: &Call) -> Reply {
    let limit = match limit_of(call, 100, 1000) {
        Ok(limit) => limit,
        Err(reply) => return reply,
    };
    let bad = |cause: &str| error::because(StatusCode::BAD_REQUEST, "E0000001", "Api validation failed", Some(cause));
    let filter = match call.param("filter").map(filter::parse).transpose() {
        Ok(filter) => filter,
        Err(filter::BadFilter(cause)) => return error::of(StatusCode::BAD_REQUEST, "E0000053", &cause),
    };
    let (Ok(since), Ok(until)) = (bound(call, "since"), bound(call, "until")) else {
        return bad("since and until take times");
    };
    let oldest = world.now.saturating_sub(SignedDuration::from_hours(180 * 24)).unwrap_or(world.now);
    if since.is_some_and(|since| since < oldest) {
        return error::of(StatusCode::BAD_REQUEST, "E0000053", "since is more than 180 days ago");
    }
    let mut failures: usize = 0;
    let start = match (call.param("after"), since) {
        (Some(_), Some(_)) => return bad("since and after exclude each other"),
        (Some(cursor), None) => match opened(cursor).and_then(|place| place_of(place.get("a")?.as_str()?)) {
            Some((seq, failed)) => {
                failures = failed;
                seq
            }
            None => return bad("the cursor is not ours"),
        },
        (None, since) => {
            let week = world.now.saturating_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(world.now);
            let since = since.unwrap_or(week);
            world.log().iter().find(|change| change.at >= since).map_or(world.last_seq(), |change| change.seq - 1)
        }
    };
    let mut events = Vec::new();
    let mut place: u64 = start;
    for change in world.log_after(start) {
        if events.len() >= limit {
            break;
        }
        place = change.seq;
        let event = event(world, change)
            .map(|event| imported(event, org.imports))
            .filter(|_| until.is_none_or(|until| change.at < until));
        events.extend(event.filter(|event| filter.as_ref().is_none_or(|filter| filter::matches(filter, event))));
    }
    // Failures of our own deliveries have no place among what happened to people; they are told behind it.
    if until.is_none() {
        let failed = org.failed_deliveries.iter().skip(failures).take(limit.saturating_sub(events.len())).map(failure);
        let failed: Vec<Value> = failed.collect();
        failures += failed.len();
        events.extend(
            failed.into_iter().filter(|event| filter.as_ref().is_none_or(|filter| filter::matches(filter, event))),
        );
    }
    let full = events.len() >= limit;
    let next = (until.is_none() || full).then(|| format!("{place}.{failures}"));
    paged(Reply::json(StatusCode::OK, &Value::Array(events)), call, next.as_deref())
}

/// A place in the log: behind which change, and behind which failed delivery.
fn place_of(text: &str) -> Option<(u64, usize)> {
    let (seq, failures) = text.split_once('.')?;
    Some((seq.parse().ok()?, failures.parse().ok()?))
}

fn failure((at, url): &(Timestamp, String)) -> Value {
    json!({
        "published": time(*at), "eventType": "event_hook.delivery", "severity": "WARN", "version": "0",
        "outcome": {"result": "FAILURE", "reason": "the endpoint did not answer"},
        "target": [{"id": "who1Mock", "type": "Event Hook", "alternateId": url}],
    })
}

/// The words of an import for what it did.
fn imported(mut event: Value, imports: bool) -> Value {
    let word = match event.get("eventType").and_then(Value::as_str) {
        Some("user.lifecycle.create") if imports => "system.import.user.create",
        Some("user.account.update_profile") if imports => "system.import.user.update",
        Some("user.lifecycle.deactivate") if imports => "system.import.user.update_user_lifecycle_from_master",
        _ => return event,
    };
    if let Some(kind) = event.get_mut("eventType") {
        *kind = word.into();
    }
    event
}

fn bound(call: &Call, name: &str) -> Result<Option<Timestamp>, ()> {
    call.param(name).map(|text| text.parse().map_err(|_| ())).transpose()
}

/// The event types of Okta's catalog that such a change writes. Changes of people without an Okta account write none.
pub(super) fn event(world: &World, change: &Change) -> Option<Value> {
    let id = change.accounts.okta.as_deref()?;
    let kind = match change.what {
        What::Hired => "user.lifecycle.create",
        What::Moved | What::Renamed | What::Manager => "user.account.update_profile",
        What::Left | What::Deleted => "user.lifecycle.deactivate",
        What::Rehired => "user.lifecycle.reactivate",
        What::Suspended => "user.lifecycle.suspend",
        What::Unsuspended => "user.lifecycle.unsuspend",
        What::Purged => "user.lifecycle.delete.completed",
        What::Joined => "group.user_membership.add",
        What::Parted => "group.user_membership.remove",
        What::Status => "user.account.lock",
    };
    let person = world.person(change.person)?;
    let mut targets = vec![json!({
        "id": id, "type": "User", "alternateId": person.email, "displayName": person.display_name(), "detailEntry": null,
    })];
    if let Some(group) = &change.group {
        // The group comes first: clients must look for the type rather than the place.
        let entry = json!({
            "id": group_id(world, group), "type": "UserGroup", "alternateId": "unknown", "displayName": group,
            "detailEntry": null,
        });
        targets.insert(0, entry);
    }
    let number = mix(world.seed(), &change.seq.to_le_bytes());
    Some(json!({
        "uuid": guid(number, number.rotate_left(17)),
        "published": time(change.at),
        "eventType": kind,
        "version": "0",
        "severity": "INFO",
        "displayMessage": kind,
        "actor": {"id": "00uMockHrSync", "type": "User", "alternateId": "hr.sync@acme.example", "displayName": "HR Sync",
            "detailEntry": null},
        "client": {"ipAddress": "198.51.100.7"},
        "outcome": {"result": "SUCCESS", "reason": null},
        "target": targets,
        "transaction": {"type": "WEB", "id": format!("mockTxn{}", change.seq), "detail": {}},
        "debugContext": {"debugData": {}},
    }))
}
