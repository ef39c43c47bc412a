//! Files of people that another system drops into a folder.
//!
//! Each file is everybody. Only files that are complete are read, the newest of them, and none that is older than one
//! that was read before. Nothing in the folder is touched: which file was read stands in the cursor. Nobody can be asked
//! for by id, so whoever a file leaves out is gone when the next one leaves them out too; a status column says it at once.

mod folder;
mod people;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::folder::{Folder, Found, Version};
use self::people::{People, Reader};
use super::{Feed, Presence, Scope};
use crate::ambient::Clock;
use crate::config::{Drop, FeedConfig};
use crate::directory::{Coverage, Gap, GapKind, Page, Reading};
use crate::model::FeedName;
use crate::outbound::Budget;

/// Rows of one page; the mirror and the store take a page in one go.
const PAGE: usize = 500;

/// Reads one folder.
pub(super) struct Files {
    name: FeedName,
    folder: Folder,
    reader: Arc<Reader>,
    clock: Arc<dyn Clock>,
}

impl Files {
    pub(super) fn new(config: &FeedConfig, dropped: &Drop, clock: Arc<dyn Clock>) -> Self {
        Self {
            name: config.name.clone(),
            folder: Folder::new(dropped.clone()),
            reader: Arc::new(Reader::new(config, dropped)),
            clock,
        }
    }

    /// The newest complete file and who is in it. `known` is the file that was read last: it is not read again.
    async fn newest(&self, known: Option<Version>) -> Result<(Found, Option<People>), Gap> {
        let (folder, reader, now) = (self.folder.clone(), Arc::clone(&self.reader), self.clock.now());
        let read = tokio::task::spawn_blocking(move || {
            let found = folder.newest(now)?;
            if known.as_ref().is_some_and(|known| *known == found.version) {
                return Ok((found, None));
            }
            let people = folder.content(&found).and_then(|source| reader.read(&source))?;
            Ok((found, Some(people)))
        });
        let read = read.await.map_err(|error| error.to_string()).and_then(|read| read);
        read.map_err(|why| self.gap(GapKind::Invalid, why))
    }

    fn gap(&self, kind: GapKind, why: String) -> Gap {
        Gap { kind, call: format!("files of {}", self.name), why }
    }

    /// Sends everybody on. Gives how many they are, and what keeps the reading from being whole.
    async fn show(&self, people: People, pages: &mpsc::Sender<Page>) -> (u64, Option<Gap>) {
        let accounts = u64::try_from(people.accounts.len()).unwrap_or(u64::MAX);
        for chunk in people.accounts.chunks(PAGE) {
            if pages.send(Page { accounts: chunk.to_vec(), ..Page::default() }).await.is_err() {
                return (accounts, Some(self.gap(GapKind::Unreachable, "the reading was given up".to_owned())));
            }
        }
        (accounts, people.odd.map(|why| self.gap(GapKind::Invalid, why)))
    }

    async fn try_read(&self, scope: &Scope, pages: &mpsc::Sender<Page>) -> (u64, Result<(Coverage, String), Gap>) {
        let (known, may_skip, may_go_back) = match scope {
            Scope::Whole { cursor, fresh } => (cursor.as_deref().and_then(Version::read), false, *fresh),
            Scope::Changes { cursor } => (Version::read(cursor), true, false),
        };
        let (found, people) = match self.newest(known.clone().filter(|_| may_skip)).await {
            Ok(newest) => newest,
            Err(gap) => return (0, Err(gap)),
        };
        if let Some(known) = known.filter(|known| !may_go_back && found.version.modified < known.modified) {
            let why = format!(
                "the newest file, {}, is older than {}, which was read before; `seatwarden sync {}` reads it all the same",
                found.version.name, known.name, self.name
            );
            return (0, Err(self.gap(GapKind::Suspect, why)));
        }
        let coverage = if people.is_some() { Coverage::Whole } else { Coverage::Changes };
        let (accounts, odd) = match people {
            Some(people) => self.show(people, pages).await,
            None => (0, None),
        };
        let late = found.late.map(|why| self.gap(GapKind::Suspect, why));
        match odd.or(late) {
            Some(gap) => (accounts, Err(gap)),
            None => (accounts, Ok((coverage, found.version.write()))),
        }
    }
}

#[async_trait]
impl Feed for Files {
    fn name(&self) -> &FeedName {
        &self.name
    }

    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading {
        let read_at = self.clock.now();
        let (accounts, read) = self.try_read(&scope, &pages).await;
        let (coverage, cursor) = match read {
            Ok((coverage, cursor)) => (coverage, Some(cursor)),
            Err(gap) => (Coverage::Partial(gap), None),
        };
        Reading { feed: self.name.clone(), coverage, accounts, cursor, read_at }
    }

    async fn read_account(&self, id: &str) -> Presence {
        match self.newest(None).await {
            Err(gap) => Presence::Unknown(gap),
            Ok((found, people)) => {
                let account = people.and_then(|people| people.accounts.into_iter().find(|account| account.id.id == id));
                account.map_or_else(
                    || {
                        let why = format!("{} leaves it out, which proves nothing by itself", found.version.name);
                        Presence::Unknown(self.gap(GapKind::Suspect, why))
                    },
                    |account| Presence::Here(Box::new(account)),
                )
            }
        }
    }

    fn budget(&self) -> Budget {
        Budget::default()
    }

    fn only_lists(&self) -> bool {
        true
    }
}
