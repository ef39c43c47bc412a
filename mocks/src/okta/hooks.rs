//! Event hooks: what Okta calls out when something has happened.
//!
//! Source of the behavior: Okta's pages on event hooks. Deliveries merge events, time out after three seconds, and are
//! made once more after a time-out or a 5xx and never after a 4xx; what was lost is written to the System Log.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::logs;
use super::view::time;
use crate::Mocks;
use crate::post::{Answered, send};
use crate::rng::mix;
use crate::world::guid;

/// How long Okta waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// Event types that no event hook carries.
const LOG_ONLY: [&str; 1] = ["user.lifecycle.delete.completed"];

/// An event hook as an admin of the org has made it.
#[derive(Debug, Clone)]
pub struct EventHook {
    /// Where to.
    pub url: String,
    /// What the `Authorization` header is.
    pub authorization: String,
    /// Events of one delivery, at most.
    pub batch: usize,
    sent: u64,
}

/// What became of deliveries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Statuses of all tries, 0 where no answer came in time.
    pub statuses: Vec<u16>,
    /// Deliveries that were given up.
    pub lost: usize,
}

impl Mocks {
    /// Registers an event hook at Okta and verifies it as Okta does. From now on events are called out by
    /// [`Mocks::send_okta_events`]. Gives the status of the verification.
    pub async fn hook_okta(&self, url: &str, authorization: &str) -> std::io::Result<u16> {
        let challenge = format!("challenge-{}", self.state().world.last_seq());
        let headers = [("x-okta-verification-challenge", challenge.as_str()), ("authorization", authorization)];
        let answer = send(Method::GET, url, &headers, "", PATIENCE).await?;
        let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let verified = said.and_then(|said| Some(said.get("verification")?.as_str()? == challenge)) == Some(true);
        if answer.status == StatusCode::OK && verified {
            let mut state = self.state();
            let sent = state.world.last_seq();
            state.okta.event_hook =
                Some(EventHook { url: url.to_owned(), authorization: authorization.to_owned(), batch: 10, sent });
        }
        Ok(answer.status.as_u16())
    }

    /// Calls out every event since the last call, in deliveries of several events.
    pub async fn send_okta_events(&self) -> Delivered {
        let mut delivered = Delivered::default();
        let Some((hook, bodies)) = self.next_okta_deliveries() else { return delivered };
        for body in bodies {
            let mut kept = false;
            for _ in 0..2 {
                let headers = [("authorization", hook.authorization.as_str()), ("content-type", "application/json")];
                let answer = send(Method::POST, &hook.url, &headers, body.to_string(), PATIENCE).await;
                let status = answer.as_ref().map_or(0, |answer: &Answered| answer.status.as_u16());
                delivered.statuses.push(status);
                kept = (200..300).contains(&status);
                if kept || (400..500).contains(&status) {
                    break;
                }
            }
            if !kept {
                delivered.lost += 1;
                let mut state = self.state();
                let now = state.world.now;
                state.okta.failed_deliveries.push((now, hook.url.clone()));
            }
        }
        delivered
    }

    /// Gives the bodies of the deliveries that are due, and takes them as sent.
    pub fn okta_deliveries(&self) -> Vec<Value> {
        self.next_okta_deliveries().map(|(_, bodies)| bodies).unwrap_or_default()
    }

    fn next_okta_deliveries(&self) -> Option<(EventHook, Vec<Value>)> {
        let mut guard = self.state();
        let state = &mut *guard;
        let hook = state.okta.event_hook.as_mut()?;
        let from = std::mem::replace(&mut hook.sent, state.world.last_seq());
        let hook = hook.clone();
        let carried = |event: &Value| {
            event.get("eventType").and_then(Value::as_str).is_some_and(|kind| !LOG_ONLY.contains(&kind))
        };
        let events: Vec<Value> = state
            .world
            .log_after(from)
            .iter()
            .filter_map(|change| logs::event(&state.world, change))
            .filter(carried)
            .collect();
        let bodies = events.chunks(hook.batch.max(1)).enumerate().map(|(place, events)| {
            let number = mix(from, &place.to_le_bytes());
            json!({
                "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
                "source": "https://mock.okta.example/api/v1/eventHooks/who1Mock",
                "eventId": guid(number, number.rotate_left(7)),
                "eventTime": time(state.world.now),
                "contentType": "application/json",
                "data": {"events": events},
            })
        });
        Some((hook, bodies.collect()))
    }
}
