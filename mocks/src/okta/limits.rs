//! Request budgets: one per endpoint, each with its own window that begins with its first request.

use std::collections::BTreeMap;

use http::HeaderName;
use jiff::{SignedDuration, Timestamp};

use crate::wire::Reply;

/// How long a window lasts. Windows are not aligned to the wall clock's minutes.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The endpoints that have a budget of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bucket {
    /// `GET /api/v1/users`
    Users,
    /// `GET /api/v1/users/{id}`
    User,
    /// `GET /api/v1/users/{id}/groups`
    UserGroups,
    /// `GET /api/v1/groups` and below.
    Groups,
    /// `GET /api/v1/logs`
    Logs,
    /// `POST /oauth2/v1/token`
    Token,
    /// Everything else.
    Other,
}

impl Bucket {
    pub(super) fn of(route: &[&str]) -> Self {
        match route {
            ["api", "v1", "users"] => Self::Users,
            ["api", "v1", "users", _] => Self::User,
            ["api", "v1", "users", _, "groups"] => Self::UserGroups,
            ["api", "v1", "groups", ..] => Self::Groups,
            ["api", "v1", "logs"] => Self::Logs,
            ["oauth2", "v1", "token"] => Self::Token,
            _ => Self::Other,
        }
    }

    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Groups => "okta.groups.read",
            Self::Logs => "okta.logs.read",
            Self::Users | Self::User | Self::UserGroups | Self::Token | Self::Other => "okta.users.read",
        }
    }
}

/// The budgets, in requests a minute.
#[derive(Debug)]
pub struct Limits {
    per_minute: BTreeMap<Bucket, u32>,
    windows: BTreeMap<Bucket, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u32,
}

impl Default for Limits {
    /// Generous, so that only a test that asks for it is throttled.
    fn default() -> Self {
        Self { per_minute: BTreeMap::new(), windows: BTreeMap::new() }
    }
}

/// What is left of a budget after a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    limit: u32,
    remaining: u32,
    reset: Timestamp,
    pub(super) over: bool,
}

impl Limits {
    /// Sets a budget, in requests a minute, and begins a new window.
    pub fn set(&mut self, bucket: Bucket, per_minute: u32) {
        self.per_minute.insert(bucket, per_minute);
        self.windows.remove(&bucket);
    }

    pub(super) fn take(&mut self, bucket: Bucket, now: Timestamp) -> Budget {
        let limit = self.per_minute.get(&bucket).copied().unwrap_or(100_000);
        let fresh = Window { ends: now.saturating_add(WINDOW).unwrap_or(now), used: 0 };
        let window = self.windows.entry(bucket).or_insert(fresh);
        if window.ends <= now {
            *window = fresh;
        }
        let over = window.used >= limit;
        window.used = window.used.saturating_add(1);
        Budget { limit, remaining: limit.saturating_sub(window.used), reset: window.ends, over }
    }
}

impl Budget {
    pub(super) fn show(self, reply: Reply) -> Reply {
        headers(reply, self.limit, self.remaining, self.reset)
    }
}

/// The reset is an absolute time in whole seconds, rounded up so that it is never too early.
pub(super) fn headers(reply: Reply, limit: u32, remaining: u32, reset: Timestamp) -> Reply {
    let reset = reset.as_second() + i64::from(reset.subsec_nanosecond() > 0);
    reply
        .with(HeaderName::from_static("x-rate-limit-limit"), &limit.to_string())
        .with(HeaderName::from_static("x-rate-limit-remaining"), &remaining.to_string())
        .with(HeaderName::from_static("x-rate-limit-reset"), &reset.to_string())
}
