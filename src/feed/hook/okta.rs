//! Okta's event hooks: a batch of System Log events, at least once and in any order.

use serde::Deserialize;
use serde_json::Value;

use super::{Heard, To, Unheard, account, parse};

/// After these somebody may have lost their right to a seat.
const LEAVING: [&str; 4] = [
    "user.lifecycle.deactivate",
    "user.lifecycle.suspend",
    "user.lifecycle.delete.initiated",
    "user.lifecycle.delete.completed",
];

/// Beginnings of event types that may change who should hold what. Sign-ins, policies and the like are not ours.
const OURS: [&str; 9] = [
    "user.lifecycle.",
    "user.account.",
    "user.realm.",
    "user.session.clear",
    "user.risk.",
    "group.",
    "application.user_membership.",
    "system.import.",
    "system.agent.ad.",
];

#[derive(Deserialize)]
struct Delivery {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    events: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEvent {
    uuid: Option<String>,
    event_type: String,
    outcome: Option<Outcome>,
    target: Option<Vec<Target>>,
}

#[derive(Deserialize)]
struct Outcome {
    result: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    id: Option<String>,
    r#type: Option<String>,
}

/// Reads a delivery. One event that is no event does not cost the others of its batch, for Okta sends none of them again.
pub fn read(body: &[u8]) -> Result<Heard, Unheard> {
    let delivery: Delivery = parse(body)?;
    let mut heard = Heard::default();
    let mut understood = delivery.data.events.is_empty();
    for event in delivery.data.events {
        match serde_json::from_value::<LogEvent>(event) {
            Ok(event) => {
                understood = true;
                take(&event, &mut heard);
            }
            Err(_) => heard.ignored = heard.ignored.saturating_add(1),
        }
    }
    if understood { Ok(heard) } else { Err(Unheard("none of the events has an eventType".to_owned())) }
}

fn take(event: &LogEvent, heard: &mut Heard) {
    let kind = event.event_type.as_str();
    let happened =
        event.outcome.as_ref().and_then(|outcome| outcome.result.as_deref()).is_none_or(|result| result == "SUCCESS");
    if !happened || !OURS.iter().any(|ours| kind.starts_with(ours)) {
        heard.ignored = heard.ignored.saturating_add(1);
        return;
    }
    let urgent = LEAVING.contains(&kind);
    let before = heard.pointers.len();
    // By type and never by place: a membership event may name the group first.
    for target in event.target.iter().flatten().filter(|target| target.r#type.as_deref() == Some("User")) {
        if let Some(to) = target.id.as_deref().and_then(account) {
            heard.point(event.uuid.as_deref(), to, urgent);
        }
    }
    if heard.pointers.len() == before {
        heard.point(event.uuid.as_deref(), To::Feed, false);
    }
}
