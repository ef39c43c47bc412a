//! What providers call out to us. An event is a hint: it says where to look, and nothing in it is believed.
//!
//! | file | whose words |
//! |---|---|
//! | `okta` | event hooks |
//! | `graph` | change and lifecycle notifications of Microsoft Graph |
//! | `signed` | our own shape, for systems that can sign a body |
//! | `set` | claims of a security event token: Shared Signals, CAEP, RISC, SCIM events |
//! | `replay` | any of them, recorded and given to us by an operator |
//!
//! All of them are pure: who sent it was found out before, who is meant is found out behind.

pub mod graph;
pub mod okta;
pub mod replay;
pub mod set;
pub mod signed;

use thiserror::Error;

use super::answer::check_id;
use crate::model::MatchKey;

/// The longest name of an event that logs repeat.
const LONGEST_EVENT: usize = 64;

/// What one delivery says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Where to look.
    pub pointers: Vec<Pointer>,
    /// Events that are about nothing of ours, or that are not understood.
    pub ignored: u64,
    /// Items that did not prove where they come from.
    pub dropped: u64,
    /// What is said of the subscription itself.
    pub lifecycle: Vec<graph::Lifecycle>,
}

/// One place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The event's own id, where it has one that logs can repeat.
    pub event: Option<String>,
    /// Where.
    pub to: To,
    /// Whether somebody may have left.
    pub urgent: bool,
}

/// Where a pointer leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The account with this immutable id in the feed that spoke.
    Account(String),
    /// Whoever has this value of a key.
    Person(MatchKey, String),
    /// Whatever changed in the feed.
    Feed,
}

/// Why a body is not what such a provider sends. Names no content.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Unheard(pub String);

impl Heard {
    fn point(&mut self, event: Option<&str>, to: To, urgent: bool) {
        self.pointers.push(Pointer { event: event.and_then(event_id), to, urgent });
    }
}

/// An event's id, if it can stand in a log line.
pub fn event_id(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= LONGEST_EVENT && text.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

/// An account's id, if it can be one.
fn account(id: &str) -> Option<To> {
    check_id(id).ok().map(|id| To::Account(id.to_owned()))
}

/// Reads a body as JSON of a shape. The error says where it goes wrong and quotes nothing.
fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unheard> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Unheard(format!(
            "the body is not the JSON that was expected: {:?} error at line {line} column {column}",
            error.classify()
        ))
    })
}
