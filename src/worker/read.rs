//! The first part of a pass: feeds into the mirror and the store.
//!
//! Rows are written while the pages stream, for what a page shows is positive evidence about those accounts. What
//! pages do not show is judged only when a walk has ended well; see `missing`.

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::Scope;
use super::view::ReadingView;
use super::warden::{Warden, WardenError};
use crate::directory::{Absorbed, Coverage, Gap, GapKind, Page, Reading};
use crate::feed;
use crate::model::{FeedName, PersonId, Time};
use crate::seats::Event;
use crate::store::{Batch, FeedState};

/// What the reading part of a pass came to.
#[derive(Debug, Default)]
pub(super) struct ReadingsDone {
    /// One per feed that was read.
    pub(super) readings: Vec<Reading>,
    /// Accounts whose shrinking was refused: they are held under `feed_shrink`.
    pub(super) events: Vec<Event>,
}

impl Warden {
    /// Reads the feeds of the scope, all at once, and takes in what they show.
    pub(super) async fn read_feeds(&self, scope: &Scope, pass: u64) -> Result<ReadingsDone, WardenError> {
        let mut done = ReadingsDone::default();
        match scope {
            Scope::Full => {
                let names: Vec<FeedName> = self.parts.feeds.keys().cloned().collect();
                self.walk(&names, true, pass, &mut done).await?;
            }
            Scope::Feed(name) => self.walk(std::slice::from_ref(name), true, pass, &mut done).await?,
            Scope::Incremental => {
                let names: Vec<FeedName> = self.parts.feeds.keys().cloned().collect();
                self.walk(&names, false, pass, &mut done).await?;
            }
            Scope::Person(id) => self.read_person(*id, pass, &mut done).await?,
            Scope::Due => {}
        }
        self.learn().mirror.settle();
        Ok(done)
    }

    async fn walk(
        &self,
        names: &[FeedName],
        whole: bool,
        pass: u64,
        done: &mut ReadingsDone,
    ) -> Result<(), WardenError> {
        let states = self.parts.store.feeds()?;
        let distrusted = self.ledger().distrusted.is_some();
        let mut scopes = Vec::new();
        for name in names {
            let state = states.get(name).cloned().unwrap_or_default();
            // Without a whole reading underneath there is nothing that changes could be changes of.
            let scope = match state.cursor.filter(|_| state.last_whole.is_some()) {
                Some(cursor) if !whole => feed::Scope::Changes { cursor },
                cursor => feed::Scope::Whole { cursor, fresh: distrusted },
            };
            scopes.push((name.clone(), scope));
        }
        // The first time, feeds come one after the other: person numbers then follow from the facts and not from which
        // answer was quicker, so that `plan` on an empty store and the pass after it speak of the same numbers.
        let first_time = names.iter().any(|name| states.get(name).is_none_or(|state| state.last_whole.is_none()));
        let mut readings = Vec::new();
        if first_time {
            for scope in scopes {
                readings.extend(self.stream(vec![scope], pass).await?);
            }
        } else {
            readings = self.stream(scopes, pass).await?;
        }
        for reading in readings {
            let reading = self.judge_missing(reading, pass, done).await?;
            self.note_reading(&reading, pass).await?;
            done.readings.push(reading);
        }
        Ok(())
    }

    /// Runs the readings side by side and takes in their pages as they come.
    pub(super) async fn stream(
        &self,
        scopes: Vec<(FeedName, feed::Scope)>,
        pass: u64,
    ) -> Result<Vec<Reading>, WardenError> {
        let (pages_in, mut pages) = mpsc::channel::<(FeedName, Page)>(2);
        let mut walks = JoinSet::new();
        for (name, scope) in scopes {
            let Some(feed) = self.parts.feeds.get(&name).cloned() else { continue };
            // Also before a reading of changes: a provider that forgot where we stood is read whole instead.
            self.learn().mirror.begin_whole(&name);
            let pages_in = pages_in.clone();
            walks.spawn(async move {
                let (sender, mut shown) = mpsc::channel(2);
                let forward = async {
                    while let Some(page) = shown.recv().await {
                        if pages_in.send((name.clone(), page)).await.is_err() {
                            break;
                        }
                    }
                };
                let (reading, ()) = tokio::join!(feed.read(scope, sender), forward);
                reading
            });
        }
        drop(pages_in);
        while let Some((name, page)) = pages.recv().await {
            self.take_in(&name, &page, pass).await?;
        }
        let mut readings = Vec::new();
        while let Some(ended) = walks.join_next().await {
            match ended {
                Ok(reading) => readings.push(reading),
                Err(error) => warn!(%error, "a reading broke off by a fault of our own"),
            }
        }
        readings.sort_by(|a, b| a.feed.cmp(&b.feed));
        Ok(readings)
    }

    /// Takes in one page: mirror, store and the set of people to look at change together.
    pub(super) async fn take_in(&self, feed: &FeedName, page: &Page, pass: u64) -> Result<(), WardenError> {
        let now = self.now();
        let absorbed = self.change_mirror(|mirror, lookup| mirror.absorb(feed, page, now, lookup))?;
        self.store_absorbed(absorbed, now, pass).await
    }

    /// Changes the mirror with a look-up into the store that remembers its first error.
    pub(super) fn change_mirror<T>(
        &self,
        change: impl FnOnce(
            &mut crate::directory::Mirror,
            &mut dyn FnMut(PersonId) -> Option<crate::directory::PersonRecord>,
        ) -> T,
    ) -> Result<T, WardenError> {
        let mut trouble = None;
        let mut lookup = |id| match self.parts.store.person(id) {
            Ok(record) => record,
            Err(error) => {
                trouble.get_or_insert(error);
                None
            }
        };
        let changed = change(&mut self.learn().mirror, &mut lookup);
        trouble.map_or(Ok(changed), |error| Err(error.into()))
    }

    pub(super) async fn store_absorbed(&self, absorbed: Absorbed, now: Time, pass: u64) -> Result<(), WardenError> {
        let mut batch = Batch::new(now, pass);
        batch.people = absorbed.records;
        batch.dirty = absorbed.dirty;
        if !batch.is_empty() {
            self.commit(batch).await?;
        }
        Ok(())
    }

    /// Writes down where the feed stands, after its pages are stored.
    async fn note_reading(&self, reading: &Reading, pass: u64) -> Result<(), WardenError> {
        let feed = &reading.feed;
        let before = self.parts.store.feeds()?.remove(feed).unwrap_or_default();
        let mut after = before.clone();
        match &reading.coverage {
            Coverage::Whole | Coverage::Delta => {
                after.last_whole = Some(reading.read_at);
                after.last_good = Some(reading.read_at);
            }
            Coverage::Changes => after.last_good = Some(reading.read_at),
            Coverage::Partial(gap) => {
                warn!(feed.name = %feed, call = %gap.call, why = %gap.why, "a feed could not be read whole");
            }
        }
        if reading.coverage.gap().is_none() {
            if let Some(cursor) = &reading.cursor {
                after.cursor = Some(cursor.clone());
            }
            after.accounts = self.known().mirror.accounts(feed);
        }
        let live = after.accounts;
        // Times alone are not worth a write to disk: after a crash the feed is read a little further back.
        let worth = FeedState { last_good: before.last_good, last_whole: before.last_whole, ..after.clone() } != before
            || before.last_whole.is_none() != after.last_whole.is_none();
        if worth {
            let mut batch = Batch::new(self.now(), pass);
            batch.feeds.insert(feed.clone(), after);
            self.commit(batch).await?;
        } else {
            self.stand().times.insert(feed.clone(), (after.last_whole, after.last_good));
        }
        let view = ReadingView {
            name: feed.clone(),
            coverage: reading.coverage.word().to_owned(),
            accounts: if reading.coverage == Coverage::Whole { reading.accounts } else { live },
            read_at: Some(reading.read_at),
            error: reading.coverage.gap().map(|gap| format!("{}: {}", gap.call, gap.why)),
        };
        info!(feed.name = %feed, coverage = view.coverage, accounts = reading.accounts, "feed read");
        self.stand().readings.insert(feed.clone(), view);
        Ok(())
    }

    /// Reads every account of one person by its immutable id.
    async fn read_person(&self, id: PersonId, pass: u64, done: &mut ReadingsDone) -> Result<(), WardenError> {
        let record = self.parts.store.person(id)?;
        let accounts: BTreeSet<_> =
            record.iter().flat_map(|record| &record.accounts).map(|row| row.account.id.clone()).collect();
        for account in accounts {
            let Some(feed) = self.parts.feeds.get(&account.feed).cloned() else { continue };
            let mut page = Page::default();
            let mut coverage = Coverage::Changes;
            match feed.read_account(&account.id).await {
                feed::Presence::Here(account) => page.accounts.push(*account),
                feed::Presence::Gone => page.removed.push(crate::directory::Removed {
                    id: account.id.clone(),
                    how: "read by id: it does not exist".to_owned(),
                }),
                feed::Presence::Unknown(gap) => coverage = Coverage::Partial(gap),
            }
            self.take_in(&account.feed, &page, pass).await?;
            let accounts = u64::try_from(page.accounts.len()).unwrap_or(u64::MAX);
            let read_at = self.now();
            done.readings.push(Reading { feed: account.feed, coverage, accounts, cursor: None, read_at });
        }
        let mut batch = Batch::new(self.now(), pass);
        batch.dirty.insert(id);
        self.commit(batch).await?;
        Ok(())
    }
}

/// A reading that turned out to be less than it said.
pub(super) fn suspect(reading: Reading, call: &str, why: String) -> Reading {
    let gap = Gap { kind: GapKind::Suspect, call: call.to_owned(), why };
    Reading { coverage: Coverage::Partial(gap), cursor: None, ..reading }
}
