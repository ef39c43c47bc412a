//! Rows of a list that are older than what is known: cached pages, replicas and indexes that lag behind.
//!
//! Nothing is decided by them. Each is read by its immutable id, and what that says stands, also when it says that the
//! provider's clock went back or that the provider was restored. Who cannot be read stays as known, and the reading is
//! partial.

use std::collections::{BTreeMap, BTreeSet};

use tracing::warn;

use super::missing::READS_BY_ID;
use super::read::{by_id, gone};
use super::warden::{Warden, WardenError};
use crate::directory::{Coverage, Gap, GapKind, Page, Reading};
use crate::feed::Presence;
use crate::model::{AccountId, FeedName};

impl Warden {
    /// Reads by id whose rows were not believed. Their feeds' readings prove less where that is not possible.
    pub(super) async fn read_doubted(
        &self,
        doubted: BTreeSet<AccountId>,
        readings: &mut [Reading],
        pass: u64,
    ) -> Result<(), WardenError> {
        let mut by_feed: BTreeMap<FeedName, BTreeSet<AccountId>> = BTreeMap::new();
        for account in doubted {
            by_feed.entry(account.feed.clone()).or_default().insert(account);
        }
        for (feed, mut accounts) in by_feed {
            warn!(feed.name = %feed, rows = accounts.len(), "rows of a list are older than what is known; reading them by id");
            let rest = accounts.iter().nth(READS_BY_ID).cloned().map(|first| accounts.split_off(&first));
            let (page, unknown) = self.ask_for(&accounts).await;
            self.take_in(&feed, &page, pass).await?;
            let gap = unknown.or_else(|| {
                rest.map(|rest| Gap {
                    kind: GapKind::Drift,
                    call: "reading by id".to_owned(),
                    why: format!(
                        "{} more rows of the list are older than what is known and wait for the next reading",
                        rest.len()
                    ),
                })
            });
            let reading = readings.iter_mut().find(|reading| reading.feed == feed);
            if let (Some(gap), Some(reading)) = (gap, reading)
                && reading.coverage.gap().is_none()
            {
                reading.coverage = Coverage::Partial(gap);
                reading.cursor = None;
            }
        }
        Ok(())
    }

    async fn ask_for(&self, accounts: &BTreeSet<AccountId>) -> (Page, Option<Gap>) {
        let (mut page, mut gap) = (by_id(), None);
        for (account, presence) in self.ask_by_id(accounts).await {
            match presence {
                Presence::Here(account) => page.accounts.push(*account),
                Presence::Gone => page.removed.push(gone(account)),
                Presence::Unknown(unknown) => gap = gap.or(Some(unknown)),
            }
        }
        (page, gap)
    }
}
