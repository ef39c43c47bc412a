//! What a whole reading that does not show somebody means: at first, nothing.
//!
//! A whole walk that shrank by more than `feed_shrink` is walked again. Whoever is still missing is read by the
//! immutable id. One that answers proves that the walk lied, and the reading proves nothing any more. Those that are
//! gone are believed within `feed_shrink`; above it they are held under that brake until an operator approves.

use tracing::warn;

use super::read::{ReadingsDone, suspect};
use super::warden::{Warden, WardenError};
use crate::directory::{Asked, Coverage, Page, Reading};
use crate::feed::{self, Presence};
use crate::model::{AccountId, FeedName, PersonId};
use crate::seats::Event;
use crate::store::Batch;

/// Reads by id in one pass, of whoever is missing or doubted. More would take a share of the budget that incremental
/// readings need; who is not read stays as known and is read by a later pass.
pub(super) const READS_BY_ID: usize = 2_000;

type Missing = Vec<(PersonId, AccountId)>;

impl Warden {
    /// Judges the accounts that a whole reading did not show. Gives back the reading, perhaps proving less.
    pub(super) async fn judge_missing(
        &self,
        mut reading: Reading,
        pass: u64,
        done: &mut ReadingsDone,
    ) -> Result<Reading, WardenError> {
        if reading.coverage != Coverage::Whole {
            return Ok(reading);
        }
        let feed = reading.feed.clone();
        let mut missing = self.unseen(&feed)?;
        let accepted = self.ledger().accepted.get(&feed).copied();
        let whole = accepted.unwrap_or_else(|| self.known().mirror.accounts(&feed));
        let allowed = self.parts.config.brakes.feed_shrink.of(whole);
        if count(&missing) > allowed && !self.all_known_missing(&missing)? {
            warn!(feed.name = %feed, missing = missing.len(), allowed, "far fewer accounts than before; reading again");
            let fresh = feed::Scope::Whole { cursor: None, fresh: true };
            let Some(again) = self.stream(vec![(feed.clone(), fresh)], pass).await?.pop() else { return Ok(reading) };
            if again.coverage != Coverage::Whole {
                return Ok(again);
            }
            reading = again;
            missing = self.unseen(&feed)?;
        }
        if self.parts.feeds.get(&feed).is_some_and(|source| source.only_lists()) {
            missing = self.missing_twice(&reading, missing, pass).await?;
        }
        let (gone, here) = self.read_missing(&feed, &missing, pass).await?;
        if here > 0 {
            let why = format!(
                "the walk ended as if whole without {} of {whole} accounts, but {here} of them are there when read by id",
                missing.len()
            );
            return Ok(suspect(reading, "whole reading", why));
        }
        let believed = count(&missing) <= allowed;
        let now = self.now();
        if !gone.is_empty() {
            let absorbed =
                self.change_mirror(|mirror, lookup| mirror.mark_missing(&gone, true, believed, now, lookup))?;
            self.store_absorbed(absorbed, now, pass).await?;
        }
        if believed {
            let live = self.known().mirror.accounts(&feed);
            if accepted != Some(live) {
                done.events.push(Event::FeedAccepted { feed, accounts: live });
            }
        }
        Ok(reading)
    }

    /// Believes the absences of a feed whose held plan an operator approved.
    pub(super) async fn accept_missing(&self, feed: &FeedName, pass: u64) -> Result<(), WardenError> {
        let mut missing = Missing::new();
        self.parts.store.people(&mut |record| {
            for row in &record.accounts {
                let held = row.missing.is_some_and(|missing| missing.confirmed && !missing.accepted);
                if held && row.account.id.feed == *feed {
                    missing.push((record.id, row.account.id.clone()));
                }
            }
            true
        })?;
        let now = self.now();
        let absorbed = self.change_mirror(|mirror, lookup| mirror.mark_missing(&missing, true, true, now, lookup))?;
        self.store_absorbed(absorbed, now, pass).await?;
        let mut batch = Batch::new(now, pass);
        let accounts = self.known().mirror.accounts(feed);
        batch.events.push(Event::FeedAccepted { feed: feed.clone(), accounts });
        self.commit(batch).await?;
        Ok(())
    }

    fn unseen(&self, feed: &FeedName) -> Result<Missing, WardenError> {
        self.change_mirror(|mirror, lookup| mirror.unseen(feed, lookup))
    }

    /// Whether every one of them was confirmed as gone before, so that another walk would say nothing new.
    fn all_known_missing(&self, missing: &Missing) -> Result<bool, WardenError> {
        for (person, account) in missing {
            let record = self.parts.store.person(*person)?;
            let row = record.as_ref().and_then(|record| record.accounts.iter().find(|row| row.account.id == *account));
            if !row.is_some_and(|row| row.missing.is_some_and(|missing| missing.confirmed)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Of a feed that nobody can be asked for: those whom the list before this one did not show either. The others are
    /// written down as missing. A list that was read before is the same word twice, and no second one.
    async fn missing_twice(&self, reading: &Reading, missing: Missing, pass: u64) -> Result<Missing, WardenError> {
        let before = self.parts.store.feeds()?.remove(&reading.feed).unwrap_or_default();
        let another = before.cursor != reading.cursor;
        let (mut twice, mut first) = (Missing::new(), Missing::new());
        for (person, account) in missing {
            let record = self.parts.store.person(person)?;
            let row = record.as_ref().and_then(|record| record.accounts.iter().find(|row| row.account.id == account));
            match row.and_then(|row| row.missing) {
                // Missing since a reading that came to its end, and not since this one before a crash.
                Some(known) if known.confirmed || another && Some(known.since) <= before.last_whole => {
                    twice.push((person, account));
                }
                Some(_) => {}
                None => first.push((person, account)),
            }
        }
        let (now, since) = (self.now(), reading.read_at);
        let absorbed = self.change_mirror(|mirror, lookup| mirror.mark_missing(&first, false, false, since, lookup))?;
        self.store_absorbed(absorbed, now, pass).await?;
        Ok(twice)
    }

    /// Reads missing accounts by id: those that are gone, and how many are there. Holders of seats come first.
    async fn read_missing(&self, feed: &FeedName, missing: &Missing, pass: u64) -> Result<(Missing, u64), WardenError> {
        let Some(source) = self.parts.feeds.get(feed).cloned() else { return Ok((Missing::new(), 0)) };
        if source.only_lists() {
            return Ok((missing.clone(), 0));
        }
        let ledger = self.ledger();
        let mut ordered: Vec<&(PersonId, AccountId)> = missing.iter().collect();
        ordered.sort_by_key(|(person, _)| ledger.of_person(*person).next().is_none());
        let mut gone = Missing::new();
        let mut here = 0_u64;
        for (person, account) in ordered.into_iter().take(READS_BY_ID) {
            match source.read_account(&account.id).await {
                Presence::Gone => gone.push((*person, account.clone())),
                Presence::Here(account) => {
                    here = here.saturating_add(1);
                    let page = Page { accounts: vec![*account], asked: Asked::ById, ..Page::default() };
                    self.take_in(feed, &page, pass).await?;
                }
                Presence::Unknown(gap) => {
                    warn!(feed.name = %feed, call = %gap.call, why = %gap.why, "a missing account could not be read by id");
                    break;
                }
            }
            // A few that answer prove that the walk lied; the rest need no reading.
            if here >= 3 {
                break;
            }
        }
        Ok((gone, here))
    }
}

fn count(missing: &Missing) -> u64 {
    u64::try_from(missing.len()).unwrap_or(u64::MAX)
}
