//! Reads back what hooks did not tell, where a provider keeps a log of it, and hints at it.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{info, warn};

use super::warden::Warden;
use crate::config::Knock;
use crate::directory::GapKind;
use crate::feed::Missed;
use crate::feed::hook::{Heard, Pointer, To};
use crate::model::{FeedName, Time};
use crate::store::Batch;

/// Okta allows one token sixty reads of the log a minute, and others want some of them.
const EVERY: Duration = Duration::from_mins(5);
/// Without the right to read the log nothing is lost but time: full passes see what was missed.
const REFUSED: Duration = Duration::from_hours(1);

/// How the reading back of a feed stands.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadBack {
    next: Option<Time>,
    pub(super) error: Option<String>,
}

impl Warden {
    /// Reads back what is due, and tells when to do it again.
    pub async fn read_back(&self) -> Time {
        let mut next = self.now().plus(EVERY);
        for (name, config) in &self.parts.config.feeds {
            if !matches!(config.hook.as_ref().and_then(|hook| hook.knock.as_ref()), Some(Knock::Okta { .. })) {
                continue;
            }
            let now = self.now();
            let due = self.stand().read_back.get(name).and_then(|before| before.next).is_none_or(|at| at <= now);
            if due {
                let after = self.read_one_back(name, now).await;
                self.stand().read_back.insert(name.clone(), after);
            }
            let due = self.stand().read_back.get(name).and_then(|after| after.next);
            next = next.min(due.unwrap_or(next));
        }
        next
    }

    async fn read_one_back(&self, name: &FeedName, now: Time) -> ReadBack {
        let soon = ReadBack { next: Some(now.plus(EVERY)), error: None };
        let Some(feed) = self.parts.feeds.get(name).cloned() else { return soon };
        let note = format!("read_back/{name}");
        let before = self.parts.store.note(&note).ok().flatten();
        match feed.read_back(before.as_deref()).await {
            Ok(None) => soon,
            Ok(Some(Missed { cursor, lost, gone })) => {
                let mut pointers: Vec<Pointer> =
                    gone.into_iter().map(|id| Pointer { event: None, to: To::Account(id), urgent: true }).collect();
                if lost {
                    info!(feed.name = %name, "deliveries of a hook were lost; looking at what changed");
                    pointers.push(Pointer { event: None, to: To::Feed, urgent: false });
                }
                if !pointers.is_empty() {
                    let heard = Heard { pointers, ..Heard::default() };
                    let request = format!("read-back-{}", now.millis());
                    if let Err(error) = self.receive(name, heard, &request).await {
                        warn!(feed.name = %name, %error, "what was read back could not be kept; it is read again");
                        return soon;
                    }
                }
                // After what it covers is on disk.
                if cursor.is_some() && cursor != before {
                    let mut batch = Batch::new(now, 0);
                    batch.notes = BTreeMap::from([(note, cursor)]);
                    if let Err(error) = self.parts.store.commit(batch).await {
                        warn!(feed.name = %name, %error, "how far the log was read could not be written down");
                    }
                }
                soon
            }
            Err(gap) => {
                let pause = if gap.kind == GapKind::Refused { REFUSED } else { EVERY };
                warn!(feed.name = %name, call = %gap.call, why = %gap.why, "what hooks did not tell could not be read back");
                ReadBack { next: Some(now.plus(pause)), error: Some(format!("{}: {}", gap.call, gap.why)) }
            }
        }
    }
}
