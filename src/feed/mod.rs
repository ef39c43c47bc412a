//! Reading identity providers. Each kind has one file and a `wire.rs` for the shapes on the wire.
//!
//! A feed tells how much its reading proves and never decides what an absent account means. `pages` is the paging loop
//! of all kinds, `answer` reads answers with suspicion, `mapping` turns wire objects into accounts.

mod answer;
mod entra;
mod files;
pub mod hook;
mod mapping;
mod okta;
mod pages;
pub mod push;
mod scim;
mod since;
mod subscription;
mod tally;

pub use subscription::{Missed, Subscription, Wish};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::config::{FeedConfig, FeedKind};
use crate::directory::{Gap, Page, Reading};
use crate::model::{Account, FeedName, Time};
use crate::outbound::{Budget, Peer, Ports};

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every account. With a cursor that stands on a whole mirror a feed with true deltas (Entra) may answer
    /// [`Coverage::Delta`](crate::directory::Coverage::Delta) instead; `fresh` forbids that.
    Whole {
        /// Where the last reading ended.
        cursor: Option<String>,
        /// Walk from page one whatever the cursor says.
        fresh: bool,
    },
    /// What changed since the cursor. A feed that cannot tell any more (Graph forgot the delta link, the SCIM server
    /// does not filter) reads everybody instead and answers
    /// [`Coverage::Whole`](crate::directory::Coverage::Whole).
    Changes {
        /// Where the last reading ended.
        cursor: String,
    },
}

/// What a read by immutable id says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The account as it is now.
    Here(Box<Account>),
    /// The provider answered that it does not exist.
    Gone,
    /// No answer that proves anything.
    Unknown(Gap),
}

/// A source of people. Implementations hold their client, mapping and clock; they keep no state between readings
/// other than tokens and budgets.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The name of its section.
    fn name(&self) -> &FeedName;

    /// Reads and sends each page on; returns once the walk ended, well or not. Pages sent before a failure stand.
    /// A closed channel ends the walk early with a partial reading.
    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading;

    /// Reads one account by its immutable id.
    async fn read_account(&self, id: &str) -> Presence;

    /// How much of the vendor's limit is left.
    fn budget(&self) -> Budget;

    /// What the feed does without, and why, in a sentence for an operator. Its readings stand all the same.
    fn degraded(&self) -> Option<String> {
        None
    }

    /// When the provider forgets a cursor, where it does.
    fn cursor_expires(&self, _cursor: &str) -> Option<Time> {
        None
    }

    /// Whether every request costs money and changes cannot be asked for: such a feed is read whole by full passes
    /// alone, and by id where a hook points.
    fn is_billed(&self) -> bool {
        false
    }

    /// Whether nobody can be asked for by id: then whoever two lists in a row do not show is gone.
    fn only_lists(&self) -> bool {
        false
    }

    /// Sees that the provider calls us, where it has to be asked to: keeps the subscription that is `known`, or makes
    /// one. `None` where a provider is set up to call by hand.
    async fn subscribe(&self, _wish: &Wish, _known: Option<Subscription>) -> Result<Option<Subscription>, Gap> {
        Ok(None)
    }

    /// Reads back what the provider did not call out, from `cursor` on. `None` where it keeps no log of that.
    async fn read_back(&self, _cursor: Option<&str>) -> Result<Option<Missed>, Gap> {
        Ok(None)
    }
}

/// Makes the feed of a section. Nothing is called and no secret is read yet. `None` for kinds
/// that are not polled; see [`push`].
pub fn build(config: &FeedConfig, ports: &Ports) -> Option<Box<dyn Feed>> {
    let peer = Peer {
        name: config.name.to_string(),
        base: config.url.clone(),
        auth: config.auth.clone(),
        budget: config.budget,
        patience: ports.patience,
    };
    let ports = ports.clone();
    match &config.kind {
        FeedKind::Okta => Some(Box::new(okta::Okta::new(config, peer, ports))),
        // The tenant is in the token's URL; Graph needs no more of it.
        FeedKind::Entra { .. } => Some(Box::new(entra::Entra::new(config, peer, ports))),
        FeedKind::Scim => Some(Box::new(scim::Scim::new(config, peer, ports))),
        FeedKind::ScimPush => None,
        FeedKind::Csv(dropped) => Some(Box::new(files::Files::new(config, dropped, ports.clock))),
    }
}
