//! Writing to service desks. Each kind has one folder; `read_only` makes any of them observe, or grant and nothing
//! else.
//!
//! A target makes no choice of its own: it gives or takes the one seat that it is told to, looks whether that came
//! about, and touches nobody else's.

mod read_only;
mod scim;

use std::collections::BTreeMap;

use async_trait::async_trait;
use thiserror::Error;

use crate::config::{Mode, TargetConfig};
use crate::model::{PoolId, TargetName, Time};
use crate::outbound::{Budget, Client, Peer, Ports};

pub use read_only::{AddOnly, ReadOnly};
pub use scim::ScimDesk;

/// Whom to find at the desk, with everything that may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeskPerson {
    /// E-mail address.
    pub email: Option<String>,
    /// Employee number.
    pub employee_number: Option<String>,
    /// Login name at the provider.
    pub user_name: Option<String>,
    /// Name for people to read.
    pub display_name: Option<String>,
    /// The desk's id of their account, where they were given a seat there before.
    pub account: Option<String>,
}

/// An account at the desk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeskAccount {
    /// The desk's id.
    pub id: String,
    /// The desk's login name.
    pub user_name: Option<String>,
    /// E-mail address there.
    pub email: Option<String>,
    /// The desk's `externalId`.
    pub external_id: Option<String>,
}

/// Who holds what at the desk, as the desk says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Holders by pool, only for pools that the target has a place for.
    pub holders: BTreeMap<PoolId, Vec<DeskAccount>>,
}

/// How a grant ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Whether anything was written.
    pub outcome: Outcome,
    /// The desk's id of the account that has the seat.
    pub account: String,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and read back.
    Done,
    /// It was so before.
    AlreadySo,
}

/// Why a write did not come about. The step stays open and is tried in a later pass unless it says otherwise.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// The desk has no account that matches, and may not be asked to make one.
    #[error("no account at the desk matches ({tried})")]
    NoAccount {
        /// The keys tried, without values.
        tried: String,
    },
    /// More than one account matches.
    #[error("{count} accounts at the desk match by {key}")]
    Ambiguous {
        /// The key.
        key: String,
        /// How many.
        count: usize,
    },
    /// The desk has no seat left.
    #[error("the desk has no seat left: {detail}")]
    Full {
        /// The desk's words.
        detail: String,
    },
    /// The desk cannot be reached or asks to come back.
    #[error("{call}: {why}")]
    Unreachable {
        /// Which call.
        call: String,
        /// What happened.
        why: String,
        /// When to come back, if it said so.
        until: Option<Time>,
    },
    /// The desk refuses us (401, 403).
    #[error("{call} was refused: {why}")]
    Refused {
        /// Which call.
        call: String,
        /// What it said.
        why: String,
    },
    /// An answer that is not what the protocol says, or a write that did not stick.
    #[error("{call}: {why}")]
    Invalid {
        /// Which call.
        call: String,
        /// What is wrong.
        why: String,
    },
    /// Writes are not allowed in this mode.
    #[error("the target's mode does not allow this write")]
    ReadOnly,
}

/// A service desk. Writes are idempotent and confirmed by reading back.
#[async_trait]
pub trait Target: Send + Sync {
    /// The name of its section.
    fn name(&self) -> &TargetName;

    /// Whether the desk has a place for this pool.
    fn has_place_for(&self, pool: &PoolId) -> bool;

    /// Reads who holds what.
    async fn observe(&self) -> Result<Observed, TargetError>;

    /// Finds the person's account at the desk.
    async fn find(&self, person: &DeskPerson) -> Result<Option<DeskAccount>, TargetError>;

    /// Gives the seat and reads it back.
    async fn grant(&self, person: &DeskPerson, pool: &PoolId) -> Result<Given, TargetError>;

    /// Takes the seat and reads it back. A person without an account there holds no seat: [`Outcome::AlreadySo`].
    async fn revoke(&self, person: &DeskPerson, pool: &PoolId) -> Result<Outcome, TargetError>;

    /// How much of the desk's limit is left.
    fn budget(&self) -> Budget;
}

/// Makes the target of a section; in `observe` mode one that cannot write. Nothing is called and no secret is read yet.
pub fn build(config: &TargetConfig, ports: &Ports) -> Box<dyn Target> {
    let peer = Peer {
        name: config.name.to_string(),
        base: config.url.clone(),
        auth: config.auth.clone(),
        budget: config.budget,
        patience: ports.patience,
    };
    let desk = Box::new(ScimDesk::new(config, Client::new(peer, ports.clone())));
    match config.mode {
        Mode::Observe => Box::new(ReadOnly::new(desk)),
        Mode::AddOnly => Box::new(AddOnly::new(desk)),
        Mode::Full => desk,
    }
}
