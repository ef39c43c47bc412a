//! The first part of a pass: feeds into the mirror and the store.
//!
//! Rows are written while the pages stream, for what a page shows is positive evidence about those accounts. What
//! pages do not show is judged only when a walk has ended well; see `missing`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::Scope;
use super::view::ReadingView;
use super::warden::{Warden, WardenError};
use crate::directory::{Absorbed, Asked, Coverage, Gap, GapKind, Page, Reading, Removed};
use crate::feed;
use crate::model::{AccountId, FeedName, PersonId, Time};
use crate::seats::Event;
use crate::store::{Batch, FeedState};

/// What the reading part of a pass came to.
#[derive(Debug, Default)]
pub(super) struct ReadingsDone {
    /// One per feed that was read.
    pub(super) readings: Vec<Reading>,
    /// Accounts whose shrinking was refused: they are held under `feed_shrink`.
    pub(super) events: Vec<Event>,
    /// Accounts, or feeds as a whole, that hooks pointed at and that could not be read.
    pub(super) unread: BTreeSet<(FeedName, Option<String>)>,
}

/// How much of a feed is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// What changed.
    Changes,
    /// All of it, which may be changes on top of a whole mirror where the provider vouches for them.
    Whole,
    /// Every account, whatever the provider vouches for: a change that it once left out is found by this alone.
    Afresh,
}

/// How long before a cursor expires it is told.
const EXPIRY_ALARM: Duration = Duration::from_hours(24);
/// Reads by id side by side. The outbound client has its own cap below this.
const READS_AT_ONCE: usize = 16;

impl Warden {
    /// Reads the feeds of the scope, all at once, and takes in what they show.
    pub(super) async fn read_feeds(&self, scope: &Scope, pass: u64) -> Result<ReadingsDone, WardenError> {
        let mut done = ReadingsDone::default();
        let all = || self.parts.feeds.keys().cloned().collect::<Vec<FeedName>>();
        match scope {
            Scope::Full => self.walk(&all(), Depth::Whole, pass, &mut done).await?,
            Scope::Feed(name) => self.walk(std::slice::from_ref(name), Depth::Afresh, pass, &mut done).await?,
            Scope::Incremental => {
                let free: Vec<FeedName> = all().into_iter().filter(|name| !self.costs_and_stands(name)).collect();
                self.walk(&free, Depth::Changes, pass, &mut done).await?;
            }
            Scope::Person(id) => self.read_person(*id, pass, &mut done).await?,
            Scope::Hinted { accounts, feeds } => {
                let names: Vec<FeedName> =
                    feeds.iter().filter(|name| self.parts.feeds.contains_key(*name)).cloned().collect();
                self.walk(&names, Depth::Changes, pass, &mut done).await?;
                let partial = done.readings.iter().filter(|reading| reading.coverage.gap().is_some());
                done.unread = partial.map(|reading| (reading.feed.clone(), None)).collect();
                self.read_accounts(accounts, pass, &mut done).await?;
                self.await_seats();
            }
            Scope::Due => {}
        }
        self.learn().mirror.settle();
        Ok(done)
    }

    async fn walk(
        &self,
        names: &[FeedName],
        depth: Depth,
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
                Some(cursor) if depth == Depth::Changes => feed::Scope::Changes { cursor },
                cursor => feed::Scope::Whole { cursor, fresh: distrusted || depth == Depth::Afresh },
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
        let mut doubted = BTreeSet::new();
        while let Some((name, page)) = pages.recv().await {
            doubted.extend(self.take_in(&name, &page, pass).await?);
        }
        let mut readings = Vec::new();
        while let Some(ended) = walks.join_next().await {
            match ended {
                Ok(reading) => readings.push(reading),
                Err(error) => warn!(%error, "a reading broke off by a fault of our own"),
            }
        }
        readings.sort_by(|a, b| a.feed.cmp(&b.feed));
        if !doubted.is_empty() {
            self.read_doubted(doubted, &mut readings, pass).await?;
        }
        Ok(readings)
    }

    /// Takes in one page: mirror, store and the set of people to look at change together. Gives the accounts whose rows
    /// are older than what is known of them.
    pub(super) async fn take_in(
        &self,
        feed: &FeedName,
        page: &Page,
        pass: u64,
    ) -> Result<BTreeSet<AccountId>, WardenError> {
        let now = self.now();
        let mut absorbed = self.change_mirror(|mirror, lookup| mirror.absorb(feed, page, now, lookup))?;
        let doubted = std::mem::take(&mut absorbed.doubted);
        self.store_absorbed(absorbed, now, pass).await?;
        Ok(doubted)
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
                self.warn_of_expiry(feed, before.cursor.as_deref());
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
        let times = (after.last_whole, after.last_good);
        if worth {
            let mut batch = Batch::new(self.now(), pass);
            batch.feeds.insert(feed.clone(), after);
            self.commit(batch).await?;
        }
        self.stand().times.insert(feed.clone(), times);
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

    /// Whether a feed bills every request and its last reading was good: then the next full pass is soon enough.
    fn costs_and_stands(&self, name: &FeedName) -> bool {
        let billed = self.parts.feeds.get(name).is_some_and(|feed| feed.is_billed());
        billed && self.stand().readings.get(name).is_some_and(|reading| reading.error.is_none())
    }

    /// Tells a day ahead that the provider is about to forget where we stand. It costs a whole reading, no seat; but
    /// deletions of the time between are then found by absence alone.
    fn warn_of_expiry(&self, feed: &FeedName, cursor: Option<&str>) {
        let source = self.parts.feeds.get(feed);
        let Some(expires) = source.and_then(|source| source.cursor_expires(cursor?)) else { return };
        if self.now().plus(EXPIRY_ALARM) >= expires {
            error!(feed.name = %feed, %expires, "the provider forgets the feed's cursor; a whole reading will be needed");
        }
    }

    /// Asks for accounts by their immutable ids, some at once.
    pub(super) async fn ask_by_id<'a>(
        &self,
        accounts: &'a BTreeSet<AccountId>,
    ) -> Vec<(&'a AccountId, feed::Presence)> {
        let wanted: Vec<&AccountId> = accounts.iter().collect();
        let mut read = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(READS_AT_ONCE) {
            let calls = FuturesUnordered::new();
            for &account in chunk {
                // A feed that was taken out of the configuration cannot be read.
                let Some(feed) = self.parts.feeds.get(&account.feed).cloned() else { continue };
                calls.push(async move { (account, feed.read_account(&account.id).await) });
            }
            read.extend(calls.collect::<Vec<_>>().await);
        }
        read
    }

    /// Reads accounts by their immutable ids. Those that nobody knew become known; those that are gone and that nobody
    /// knew stay unknown.
    async fn read_accounts(
        &self,
        accounts: &BTreeSet<AccountId>,
        pass: u64,
        done: &mut ReadingsDone,
    ) -> Result<(), WardenError> {
        let read = self.ask_by_id(accounts).await;
        let mut pages: BTreeMap<&FeedName, (Page, Coverage)> = BTreeMap::new();
        for (account, presence) in read {
            let (page, coverage) = pages.entry(&account.feed).or_insert((by_id(), Coverage::Changes));
            match presence {
                feed::Presence::Here(account) => page.accounts.push(*account),
                feed::Presence::Gone => page.removed.push(gone(account)),
                feed::Presence::Unknown(gap) => {
                    done.unread.insert((account.feed.clone(), Some(account.id.clone())));
                    *coverage = Coverage::Partial(gap);
                }
            }
        }
        for (feed, (page, coverage)) in pages {
            self.take_in(feed, &page, pass).await?;
            // Also whoever has the facts that are known is looked at: an earlier look may not have come to its end.
            let mut batch = Batch::new(self.now(), pass);
            let ids = accounts.iter().filter(|account| account.feed == *feed);
            batch.dirty = ids.filter_map(|account| self.known().mirror.person_of(account)).collect();
            if !batch.is_empty() {
                self.commit(batch).await?;
            }
            let accounts = u64::try_from(page.accounts.len()).unwrap_or(u64::MAX);
            let read_at = self.now();
            done.readings.push(Reading { feed: feed.clone(), coverage, accounts, cursor: None, read_at });
        }
        Ok(())
    }

    /// Reads every account of one person by its immutable id.
    async fn read_person(&self, id: PersonId, pass: u64, done: &mut ReadingsDone) -> Result<(), WardenError> {
        let record = self.parts.store.person(id)?;
        let accounts: BTreeSet<_> =
            record.iter().flat_map(|record| &record.accounts).map(|row| row.account.id.clone()).collect();
        for account in accounts {
            let Some(feed) = self.parts.feeds.get(&account.feed).cloned() else { continue };
            let mut page = by_id();
            let mut coverage = Coverage::Changes;
            match feed.read_account(&account.id).await {
                feed::Presence::Here(account) => page.accounts.push(*account),
                feed::Presence::Gone => page.removed.push(gone(&account)),
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

/// A page of accounts that are read by their immutable ids.
pub(super) fn by_id() -> Page {
    Page { asked: Asked::ById, ..Page::default() }
}

pub(super) fn gone(account: &AccountId) -> Removed {
    Removed { id: account.id.clone(), how: "read by id: it does not exist".to_owned() }
}

/// A reading that turned out to be less than it said.
pub(super) fn suspect(reading: Reading, call: &str, why: String) -> Reading {
    let gap = Gap { kind: GapKind::Suspect, call: call.to_owned(), why };
    Reading { coverage: Coverage::Partial(gap), cursor: None, ..reading }
}
