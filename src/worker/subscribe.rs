//! Keeps providers calling: subscriptions are made when the listener is up, renewed at half of their life, looked at
//! every day, and made anew when they are gone. What may have been missed meanwhile is hinted at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::warden::Warden;
use crate::config::{FeedConfig, Knock};
use crate::feed::hook::graph::Lifecycle;
use crate::feed::hook::{Heard, Pointer, To};
use crate::feed::{Subscription, Wish};
use crate::model::{FeedName, Time};
use crate::store::Batch;

/// Graph tells nobody when a subscription to users is gone, so it is looked at.
const EVERY: Duration = Duration::from_hours(24);
/// The pause after a failure, doubled each time up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_secs(30);
/// Notifications shorten the way; without them the incremental pass does the work.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// How the subscription of a feed stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Subscribed {
    pub(super) subscription: Option<Subscription>,
    pub(super) error: Option<String>,
    failures: u32,
    next: Option<Time>,
}

/// Looks after subscriptions, and reads back what hooks did not tell, until `stop`.
pub async fn keep_subscribed(warden: Arc<Warden>, stop: CancellationToken) {
    loop {
        let subscriptions = warden.keep_subscriptions().await;
        let next = warden.read_back().await.min(subscriptions);
        tokio::select! {
            () = stop.cancelled() => return,
            () = warden.inbox.renewals.notified() => {}
            () = warden.parts().clock.sleep_until(next) => {}
        }
    }
}

impl Warden {
    /// Looks after the subscriptions that are due, and tells when to do it again.
    pub async fn keep_subscriptions(&self) -> Time {
        let said = self.inbox.lifecycle();
        let mut next = self.now().plus(EVERY);
        for (name, config) in &self.parts.config.feeds {
            let Some(mut wish) = self.wish(config) else { continue };
            let said = said.get(name);
            let is = |what: Lifecycle| said.is_some_and(|said| said.contains(&what));
            let before = self.subscribed(name);
            let first = before.next.is_none();
            let called = is(Lifecycle::Reauthorize) || is(Lifecycle::Removed);
            let now = self.now();
            if called || first || before.next.is_none_or(|at| at <= now) {
                // After a start too: whether a call to renew came while nobody was there is not known.
                wish.renew = first || is(Lifecycle::Reauthorize);
                let known = before.subscription.clone().filter(|_| !is(Lifecycle::Removed));
                self.keep_one(name, &wish, known, before).await;
            }
            let due = self.stand().subscriptions.get(name).and_then(|subscribed| subscribed.next);
            next = next.min(due.unwrap_or(next));
        }
        next
    }

    async fn keep_one(&self, name: &FeedName, wish: &Wish, known: Option<Subscription>, before: Subscribed) {
        let Some(feed) = self.parts.feeds.get(name).cloned() else { return };
        let now = self.now();
        let after = match feed.subscribe(wish, known.clone()).await {
            Ok(None) => return,
            Ok(Some(subscription)) => {
                let is_new = known.is_none_or(|known| known.id != subscription.id);
                self.note_subscription(name, &subscription).await;
                if is_new {
                    info!(feed.name = %name, expires_at = %subscription.expires_at, "subscribed to notifications");
                    self.look_everywhere(name).await;
                }
                let next = now.plus(EVERY).min(subscription.half_life());
                Subscribed { subscription: Some(subscription), error: None, failures: 0, next: Some(next) }
            }
            Err(gap) => {
                let pause = PAUSE.saturating_mul(1_u32 << before.failures.min(8)).min(LONGEST_PAUSE);
                warn!(feed.name = %name, call = %gap.call, why = %gap.why, "no subscription to notifications; it is tried again");
                Subscribed {
                    error: Some(format!("{}: {}", gap.call, gap.why)),
                    failures: before.failures.saturating_add(1),
                    next: Some(now.plus(pause)),
                    ..before
                }
            }
        };
        self.stand().subscriptions.insert(name.clone(), after);
    }

    /// What the provider should call, if it has to be asked and can reach us.
    fn wish(&self, config: &FeedConfig) -> Option<Wish> {
        let hook = config.hook.as_ref()?;
        let Some(Knock::Graph { client_state }) = &hook.knock else { return None };
        let base = hook.public_url.as_ref()?.as_str().trim_end_matches('/');
        let client_state = match client_state.read() {
            Ok(secret) => secret,
            Err(error) => {
                warn!(feed.name = %config.name, %error, "no subscription without a client state");
                let subscribed = Subscribed { error: Some(error.to_string()), ..self.subscribed(&config.name) };
                self.stand().subscriptions.insert(config.name.clone(), subscribed);
                return None;
            }
        };
        let url = format!("{base}/hooks/{}", config.name);
        Some(Wish { lifecycle_url: format!("{url}/lifecycle"), url, client_state, renew: false })
    }

    /// How it stands, or as the store remembers it.
    pub(super) fn subscribed(&self, name: &FeedName) -> Subscribed {
        if let Some(subscribed) = self.stand().subscriptions.get(name) {
            return subscribed.clone();
        }
        let note = self.parts.store.note(&note_name(name)).ok().flatten();
        let subscription = note.and_then(|text| serde_json::from_str(&text).ok());
        Subscribed { subscription, ..Subscribed::default() }
    }

    async fn note_subscription(&self, name: &FeedName, subscription: &Subscription) {
        let mut batch = Batch::new(self.now(), 0);
        let text = serde_json::to_string(subscription).ok();
        batch.notes = BTreeMap::from([(note_name(name), text)]);
        if let Err(error) = self.commit(batch).await {
            warn!(feed.name = %name, %error, "the subscription could not be written down; it is made anew after a restart");
        }
    }

    /// Nobody called while there was no subscription.
    async fn look_everywhere(&self, name: &FeedName) {
        let pointers = vec![Pointer { event: None, to: To::Feed, urgent: false }];
        let heard = Heard { pointers, ..Heard::default() };
        if let Err(error) = self.receive(name, heard, "subscribed").await {
            warn!(feed.name = %name, %error, "what was missed is seen by the next incremental pass");
        }
    }
}

fn note_name(feed: &FeedName) -> String {
    format!("subscription/{feed}")
}
