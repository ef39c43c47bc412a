//! Subscriptions to changes of users. Graph calls the URL while it makes one, so the listener has to be up before.
//!
//! One that was made by a call whose answer was lost is found by its URL and deleted: it would call us twice for
//! everything.

use std::time::Duration;

use http::{HeaderMap, Method};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Entra;
use crate::directory::Gap;
use crate::feed::answer::{self, Trouble};
use crate::feed::{Subscription, Wish};
use crate::model::Time;
use crate::outbound::{Call, Place, Reply};

const ALL: &str = "/v1.0/subscriptions";
const RESOURCE: &str = "/users";
/// Graph allows users 41,760 minutes (below 29 days).
const LIFE: Duration = Duration::from_mins(41_000);
/// Pages of the list that are read. An app may have a hundred subscriptions per tenant.
const PAGES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    expiration_date_time: String,
    resource: Option<String>,
    notification_url: Option<String>,
}

#[derive(Deserialize)]
struct List {
    value: Vec<Value>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

impl Entra {
    /// Sees that there is a subscription for `wish`: looks at the one that is known, renews it when half of its life is
    /// over, and makes one where none is left.
    pub(super) async fn subscribe(&self, wish: &Wish, known: Option<Subscription>) -> Result<Subscription, Gap> {
        let now = self.client.ports().clock.now();
        let made_for = digest(wish);
        let Some(known) = known else { return self.make(wish, made_for, now).await };
        if known.made_for != made_for {
            self.delete(&known.id).await?;
            return self.make(wish, made_for, now).await;
        }
        let place = Place::Path(format!("{ALL}/{}", answer::segment(&known.id)), Vec::new());
        let renew = wish.renew || now >= known.half_life();
        let (method, body) = if renew {
            (Method::PATCH, Some(json!({"expirationDateTime": now.plus(LIFE).to_string()})))
        } else {
            (Method::GET, None)
        };
        let label = format!("{method} {ALL}/{{id}}");
        let reply = self.ask(method, place, body, &label).await?;
        if reply.status == 404 {
            return self.make(wish, made_for, now).await;
        }
        let wire = wire(&reply, &label)?;
        let expires_at = expiry(&wire, &label)?;
        let renewed_at = if renew { now } else { known.renewed_at };
        Ok(Subscription { expires_at, renewed_at, checked_at: now, ..known })
    }

    async fn make(&self, wish: &Wish, made_for: String, now: Time) -> Result<Subscription, Gap> {
        let body = json!({
            // Graph tells of creations as updates.
            "changeType": "updated,deleted",
            "resource": RESOURCE,
            "notificationUrl": wish.url,
            "lifecycleNotificationUrl": wish.lifecycle_url,
            "expirationDateTime": now.plus(LIFE).to_string(),
            "clientState": wish.client_state.expose_secret(),
            "latestSupportedTlsVersion": "v1_2",
        });
        let label = format!("POST {ALL}");
        let reply = self.ask(Method::POST, Place::Path(ALL.to_owned(), Vec::new()), Some(body), &label).await?;
        let wire = wire(&reply, &label)?;
        let expires_at = expiry(&wire, &label)?;
        for id in self.alike(&wish.url).await.unwrap_or_default() {
            if id != wire.id {
                // It ends by itself, or by the next try.
                drop(self.delete(&id).await);
            }
        }
        Ok(Subscription { id: wire.id, expires_at, renewed_at: now, checked_at: now, made_for })
    }

    /// Subscriptions of ours to the same URL.
    async fn alike(&self, url: &str) -> Result<Vec<String>, Gap> {
        let label = format!("GET {ALL}");
        let mut place = Place::Path(ALL.to_owned(), Vec::new());
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let reply = self.ask(Method::GET, place, None, &label).await?;
            let gap = |why: String| Trouble::invalid(why).at(label.clone());
            let list = answer::body(&reply).map_err(|trouble| trouble.at(label.clone()))?;
            let list: List = serde_json::from_value(list).map_err(|_| gap("the list has no `value`".into()))?;
            let ours =
                list.value.into_iter().filter_map(|row| serde_json::from_value::<Wire>(row).ok()).filter(|row| {
                    row.notification_url.as_deref() == Some(url)
                        && row.resource.as_deref().is_some_and(|resource| resource.trim_start_matches('/') == "users")
                });
            found.extend(ours.map(|row| row.id));
            let Some(next) = list.next else { break };
            place = answer::link(&self.client.peer().base, "link to the next page", &next)
                .map_err(|trouble| trouble.at(label.clone()))?;
        }
        Ok(found)
    }

    async fn delete(&self, id: &str) -> Result<(), Gap> {
        let place = Place::Path(format!("{ALL}/{}", answer::segment(id)), Vec::new());
        self.ask(Method::DELETE, place, None, &format!("DELETE {ALL}/{{id}}")).await.map(drop)
    }

    async fn ask(&self, method: Method, place: Place, body: Option<Value>, label: &str) -> Result<Reply, Gap> {
        let expects: &[u16] = if method == Method::POST { &[] } else { &[404] };
        let call = Call {
            label: String::new(),
            class: "subscriptions",
            method,
            place,
            headers: HeaderMap::new(),
            body,
            expects,
        };
        answer::fetch(&self.client, call, label).await
    }
}

fn wire(reply: &Reply, label: &str) -> Result<Wire, Gap> {
    let body = answer::body(reply).map_err(|trouble| trouble.at(label.to_owned()))?;
    serde_json::from_value(body).map_err(|_| Trouble::invalid("the answer is no subscription").at(label.to_owned()))
}

fn expiry(wire: &Wire, label: &str) -> Result<Time, Gap> {
    Time::parse(&wire.expiration_date_time)
        .map_err(|_| Trouble::invalid("`expirationDateTime` is no time").at(label.to_owned()))
}

/// Tells whether a subscription was made for the same, without keeping the secret.
fn digest(wish: &Wish) -> String {
    let mut digest = Sha256::new();
    for part in [&wish.url, &wish.lifecycle_url, wish.client_state.expose_secret()] {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize().get(..8).unwrap_or_default())
}
