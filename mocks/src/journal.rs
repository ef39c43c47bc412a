//! What was asked and how it was answered, so that tests can count calls.

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;

use crate::Server;

/// The most requests that are kept; the oldest go first. A demo may run for days.
const KEPT_MAX: usize = 100_000;

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The server that was asked.
    pub server: Server,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// The method.
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The body of a write; empty for the token endpoints, whose bodies are secrets.
    pub body: Bytes,
    /// The scheme of the authorization header (`SSWS`, `Bearer`, `Basic`, `DPoP`), never what follows it.
    pub scheme: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The status that was sent, also where the connection was cut afterwards.
    pub status: u16,
    /// The fault that was played, by name.
    pub fault: Option<String>,
}

impl Seen {
    /// Says whether this is a `method` on a path that contains `path`.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method.as_str() == method && self.path.contains(path)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    seen: std::collections::VecDeque<Seen>,
    throttled: std::collections::BTreeMap<Server, u64>,
    flying: std::collections::BTreeMap<Server, usize>,
    flying_max: std::collections::BTreeMap<Server, usize>,
}

impl Journal {
    pub(crate) fn enter(&mut self, server: Server) -> usize {
        let now = self.flying.entry(server).or_default();
        *now += 1;
        let most = self.flying_max.entry(server).or_default();
        *most = (*most).max(*now);
        *now
    }

    pub(crate) fn leave(&mut self, server: Server) {
        let now = self.flying.entry(server).or_default();
        *now = now.saturating_sub(1);
    }

    pub(crate) fn write(&mut self, seen: Seen) {
        if seen.status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
            *self.throttled.entry(seen.server).or_default() += 1;
        }
        if self.seen.len() == KEPT_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }

    pub(crate) fn throttled(&self, server: Server) -> u64 {
        self.throttled.get(&server).copied().unwrap_or_default()
    }

    pub(crate) fn flying_max(&self, server: Server) -> usize {
        self.flying_max.get(&server).copied().unwrap_or_default()
    }
}
