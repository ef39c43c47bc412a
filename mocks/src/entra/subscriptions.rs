//! `/v1.0/subscriptions`: who wants to be called when users change, and the calls.
//!
//! Source of the behavior: Microsoft's Graph pages on change notifications. A URL is asked to echo a token while the
//! subscription is made; users may be subscribed to for 41,760 minutes; nobody is told when a subscription is gone.

use std::time::Duration;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Tenant, error};
use crate::post::{Answered, send};
use crate::rng::mix;
use crate::wire::{Call, Reply};
use crate::world::{What, guid};
use crate::{Mocks, World};

/// How long Graph waits for an echo.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long Graph waits for a notification to be taken.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest life of a subscription to users.
const LIFE_MINUTES: i64 = 41_760;

/// A subscription as Graph keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub resource: String,
    /// Where notifications go.
    pub notification_url: String,
    /// Where news of the subscription go.
    pub lifecycle_url: Option<String>,
    /// What every notification repeats.
    pub client_state: Option<String>,
    /// When it ends.
    pub expires: Timestamp,
    sent: u64,
}

/// Whether the URLs of a new subscription echoed their token; asked before the state is locked.
pub(crate) async fn handshake(call: &Call) -> Result<(), String> {
    let wish: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    for name in ["notificationUrl", "lifecycleNotificationUrl"] {
        let Some(url) = wish.get(name).and_then(Value::as_str) else { continue };
        let token = format!("Validation: Testing client application reachability for {name} & <more>");
        let query = crate::wire::query_of([("validationToken", token.as_str())]);
        let asked = format!("{url}?{query}");
        match send(Method::POST, &asked, &[("content-type", "text/plain; charset=utf-8")], "", HANDSHAKE).await {
            Ok(answer) => {
                let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
                if answer.status != StatusCode::OK || !kind.starts_with("text/plain") || answer.body != token.as_bytes()
                {
                    return Err(format!(
                        "Subscription validation request failed. HTTP status code is '{}'.",
                        answer.status
                    ));
                }
            }
            Err(error) => return Err(format!("Subscription validation request failed. {error}")),
        }
    }
    Ok(())
}

impl Tenant {
    pub(super) fn subscriptions(&mut self, world: &World, call: &Call, route: &[&str]) -> Reply {
        self.subscribed.retain(|one| one.expires > world.now);
        match (call.method.as_str(), route) {
            ("GET", []) => {
                let rows: Vec<Value> = self.subscribed.iter().map(shown).collect();
                Reply::json(StatusCode::OK, &json!({"value": rows}))
            }
            ("POST", []) => self.make(world, call),
            (_, [id] | [id, "reauthorize"]) if !self.subscribed.iter().any(|one| one.id == *id) => {
                error::of(world, StatusCode::NOT_FOUND, "ResourceNotFound", "The object was not found.")
            }
            ("DELETE", [id]) => {
                self.subscribed.retain(|one| one.id != *id);
                Reply::empty(StatusCode::NO_CONTENT)
            }
            ("PATCH", [id]) => {
                let wish: Value = serde_json::from_slice(&call.body).unwrap_or_default();
                match expiry(world, &wish) {
                    Ok(expires) => self.show(id, |one| one.expires = expires),
                    Err(text) => error::of(world, StatusCode::BAD_REQUEST, "ExtensionError", text),
                }
            }
            ("GET", [id]) => self.show(id, |_| {}),
            ("POST", [_, "reauthorize"]) => Reply::empty(StatusCode::NO_CONTENT),
            _ => error::of(
                world,
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                "Specified HTTP method is not allowed.",
            ),
        }
    }

    fn show(&mut self, id: &str, change: impl FnOnce(&mut Subscription)) -> Reply {
        let found = self.subscribed.iter_mut().find(|one| one.id == id);
        found.map_or_else(
            || Reply::empty(StatusCode::NOT_FOUND),
            |one| {
                change(one);
                Reply::json(StatusCode::OK, &shown(one))
            },
        )
    }

    fn make(&mut self, world: &World, call: &Call) -> Reply {
        let bad = |text: &str| error::of(world, StatusCode::BAD_REQUEST, "InvalidRequest", text);
        let Ok(wish) = serde_json::from_slice::<Value>(&call.body) else { return bad("The body is not JSON.") };
        let text = |name: &str| wish.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(Err(why)) = &call.handshake {
            return error::of(world, StatusCode::BAD_REQUEST, "ValidationError", why);
        }
        let kinds = text("changeType").unwrap_or_default();
        if kinds.split(',').any(|kind| !["updated", "deleted"].contains(&kind)) {
            return bad("Users support the change types 'updated' and 'deleted' only.");
        }
        let (Some(resource), Some(notification_url)) = (text("resource"), text("notificationUrl")) else {
            return bad("resource and notificationUrl are needed.");
        };
        if text("clientState").is_some_and(|state| state.len() > 128) {
            return bad("clientState is longer than 128 characters.");
        }
        let expires = match expiry(world, &wish) {
            Ok(expires) => expires,
            Err(text) => return error::of(world, StatusCode::BAD_REQUEST, "ExtensionError", text),
        };
        self.made += 1;
        let number = mix(self.made, b"subscription");
        let one = Subscription {
            id: guid(number, number.rotate_left(11)),
            resource,
            notification_url,
            lifecycle_url: text("lifecycleNotificationUrl"),
            client_state: text("clientState"),
            expires,
            sent: world.last_seq(),
        };
        let reply = Reply::json(StatusCode::CREATED, &shown(&one));
        self.subscribed.push(one);
        reply
    }
}

fn expiry(world: &World, wish: &Value) -> Result<Timestamp, &'static str> {
    let at: Timestamp = wish
        .get("expirationDateTime")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .ok_or("expirationDateTime is missing or no time.")?;
    let latest = world.now.saturating_add(SignedDuration::from_mins(LIFE_MINUTES)).unwrap_or(world.now);
    if at > latest {
        return Err("Subscription expiration can only be 41760 minutes in the future.");
    }
    let soonest = world.now.saturating_add(SignedDuration::from_mins(45)).unwrap_or(world.now);
    Ok(at.max(soonest))
}

/// Graph never shows a client state again.
fn shown(one: &Subscription) -> Value {
    json!({
        "id": one.id, "resource": one.resource, "changeType": "updated,deleted", "clientState": null,
        "notificationUrl": one.notification_url, "lifecycleNotificationUrl": one.lifecycle_url,
        "expirationDateTime": one.expires.to_string(),
    })
}

impl Mocks {
    /// Calls every subscriber about whatever changed since the last call. Gives the statuses, 0 where nobody answered
    /// in time. What was not taken is sent again by the next call, as Graph does for four hours.
    pub async fn send_graph_notifications(&self) -> Vec<u16> {
        let due: Vec<(usize, Subscription, u64, Value)> = {
            let guard = self.state();
            let (world, tenant) = (&guard.world, &guard.entra);
            let live = tenant.subscribed.iter().enumerate().filter(|(_, one)| one.expires > world.now);
            live.map(|(place, one)| (place, one.clone(), world.last_seq(), notifications(world, tenant, one))).collect()
        };
        let mut statuses = Vec::new();
        for (place, one, seq, body) in due {
            if body.get("value").and_then(Value::as_array).is_none_or(Vec::is_empty) {
                continue;
            }
            let status = self.notify(&one.notification_url, &body).await;
            statuses.push(status);
            if (200..300).contains(&status)
                && let Some(one) = self.state().entra.subscribed.get_mut(place)
            {
                one.sent = seq;
            }
        }
        statuses
    }

    /// Tells every subscriber something of its subscription: `reauthorizationRequired`, `subscriptionRemoved` or
    /// `missed`.
    pub async fn send_graph_lifecycle(&self, event: &str) -> Vec<u16> {
        let (subscribed, tenant) = self.with(|state| (state.entra.subscribed.clone(), state.entra.tenant_id.clone()));
        let mut statuses = Vec::new();
        for one in subscribed {
            let Some(url) = &one.lifecycle_url else { continue };
            let body = json!({"value": [{
                "subscriptionId": one.id, "subscriptionExpirationDateTime": one.expires.to_string(), "tenantId": tenant,
                "clientState": one.client_state, "lifecycleEvent": event,
            }]});
            statuses.push(self.notify(url, &body).await);
        }
        statuses
    }

    async fn notify(&self, url: &str, body: &Value) -> u16 {
        let headers = [("content-type", "application/json; charset=utf-8")];
        let answer = send(Method::POST, url, &headers, body.to_string(), PATIENCE).await;
        answer.as_ref().map_or(0, |answer: &Answered| answer.status.as_u16())
    }
}

fn notifications(world: &World, tenant: &Tenant, one: &Subscription) -> Value {
    let items = world.log_after(one.sent).iter().filter_map(|change| {
        let id = change.accounts.entra.as_deref()?;
        let kind = if change.what == What::Purged { "deleted" } else { "updated" };
        Some(json!({
            "subscriptionId": one.id, "subscriptionExpirationDateTime": one.expires.to_string(),
            "clientState": one.client_state, "changeType": kind, "resource": format!("Users/{id}"),
            "tenantId": tenant.tenant_id,
            "resourceData": {"@odata.type": "#Microsoft.Graph.User", "@odata.id": format!("Users/{id}"), "id": id},
        }))
    });
    json!({"value": items.collect::<Vec<Value>>()})
}
