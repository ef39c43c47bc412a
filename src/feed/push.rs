//! What providers push to our SCIM server, read back as a feed like any other.
//!
//! The server keeps each resource as a note of the store; whoever was deleted stays as a mark, so that a deletion is
//! the provider's own word and a resource that the store does not have proves nothing. A reading shows everything that
//! was pushed and says of nobody else that they are missing.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use super::mapping::Mapping;
use super::scim::{self, wire};
use super::{Feed, Presence, Scope};
use crate::ambient::Clock;
use crate::config::FeedConfig;
use crate::directory::{Coverage, Gap, GapKind, Page, Reading, Removed};
use crate::model::{Account, FeedName};
use crate::outbound::Budget;
use crate::store::Store;

/// Resources of one page. They come from our own disk; the number bounds what is in memory at once.
const PAGE: usize = 500;

/// Where the reading stands: everything that comes later is pushed.
const CURSOR: &str = "pushed";

/// The kinds of resources that are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// People.
    User,
    /// Groups of people.
    Group,
}

impl Kind {
    /// The endpoint's name.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The resource type's name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

/// A resource as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// The whole resource.
    Here(Value),
    /// The provider deleted it.
    Deleted,
}

/// The name under which the resources of a feed and kind are kept; an id follows.
pub fn prefix(feed: &FeedName, kind: Kind) -> String {
    format!("pushed/{feed}/{}/", kind.endpoint())
}

/// The name under which one resource is kept.
pub fn name(feed: &FeedName, kind: Kind, id: &str) -> String {
    prefix(feed, kind) + id
}

/// Reads what was kept.
pub fn decode(note: &str) -> Result<Kept, String> {
    serde_json::from_str(note).map_err(|error| format!("a pushed resource cannot be read back: {error}"))
}

/// Reads what was pushed.
pub struct Push {
    name: FeedName,
    mapping: Mapping,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Push {
    /// The feed of a section.
    pub fn new(config: &FeedConfig, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { name: config.name.clone(), mapping: scim::mapping(config), store, clock }
    }

    /// Whether a user can be read back, or what is wrong with it: who pushes it should hear of it at once.
    pub fn check(&self, resource: &serde_json::Map<String, Value>) -> Result<(), String> {
        self.account(&Value::Object(resource.clone())).map(|_| ())
    }

    fn account(&self, resource: &Value) -> Result<Account, String> {
        wire::account(&self.name, &self.mapping, resource)
    }

    /// Goes through everything, page by page. The error says where it broke off.
    async fn walk(&self, pages: &mpsc::Sender<Page>) -> Result<u64, Gap> {
        let mut shown = 0_u64;
        let mut from = 0_usize;
        let mut broken = None;
        let names = self.names()?;
        while let Some(chunk) = names.get(from..names.len().min(from.saturating_add(PAGE))) {
            if chunk.is_empty() {
                break;
            }
            from = from.saturating_add(chunk.len());
            let mut page = Page::default();
            for id in chunk {
                match self.presence(id) {
                    Ok(Presence::Here(account)) => page.accounts.push(*account),
                    Ok(Presence::Gone) => page.removed.push(Removed { id: id.clone(), how: "DELETE".to_owned() }),
                    // The others are shown all the same.
                    Ok(Presence::Unknown(gap)) | Err(gap) => broken = Some(gap),
                }
            }
            shown = shown.saturating_add(u64::try_from(page.accounts.len()).unwrap_or(u64::MAX));
            if pages.send(page).await.is_err() {
                return Err(gap(GapKind::Unreachable, "nobody takes the pages any more"));
            }
        }
        broken.map_or(Ok(shown), Err)
    }

    fn names(&self) -> Result<Vec<String>, Gap> {
        let prefix = prefix(&self.name, Kind::User);
        let mut ids = Vec::new();
        self.store
            .notes_under(&prefix, &mut |name, _| {
                ids.extend(name.strip_prefix(&prefix).map(str::to_owned));
                true
            })
            .map_err(|error| gap(GapKind::Unreachable, &error.to_string()))?;
        Ok(ids)
    }

    fn presence(&self, id: &str) -> Result<Presence, Gap> {
        let note = self.store.note(&name(&self.name, Kind::User, id));
        let note = note.map_err(|error| gap(GapKind::Unreachable, &error.to_string()))?;
        let Some(note) = note else {
            // Perhaps the store was lost: only the provider's own DELETE is a departure.
            return Err(gap(GapKind::Invalid, "it was never pushed, or the store has lost it; push it again"));
        };
        match decode(&note).map_err(|why| gap(GapKind::Invalid, &why))? {
            Kept::Deleted => Ok(Presence::Gone),
            Kept::Here(resource) => {
                let account = self.account(&resource).map_err(|why| gap(GapKind::Invalid, &why))?;
                Ok(Presence::Here(Box::new(account)))
            }
        }
    }
}

fn gap(kind: GapKind, why: &str) -> Gap {
    Gap { kind, call: "pushed users".to_owned(), why: why.to_owned() }
}

#[async_trait]
impl Feed for Push {
    fn name(&self) -> &FeedName {
        &self.name
    }

    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading {
        let read_at = self.clock.now();
        let (feed, cursor) = (self.name.clone(), Some(CURSOR.to_owned()));
        if matches!(scope, Scope::Changes { .. }) {
            // Each change waits in the inbox until a pass has looked at it.
            return Reading { feed, coverage: Coverage::Changes, accounts: 0, cursor, read_at };
        }
        match self.walk(&pages).await {
            Ok(accounts) => Reading { feed, coverage: Coverage::Delta, accounts, cursor, read_at },
            Err(gap) => Reading { feed, coverage: Coverage::Partial(gap), accounts: 0, cursor: None, read_at },
        }
    }

    async fn read_account(&self, id: &str) -> Presence {
        self.presence(id).unwrap_or_else(Presence::Unknown)
    }

    fn budget(&self) -> Budget {
        Budget::default()
    }
}
