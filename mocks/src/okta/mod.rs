//! Okta: the users API, groups, the System Log and the org token endpoint.
//!
//! Source of the behavior: Okta's management API description and developer pages on paging, rate limits, errors and
//! OAuth for service apps. What is deliberately absent: everything that writes, since Seatwarden only reads from Okta;
//! an event hook is made by the test.

mod criteria;
mod dpop;
mod error;
mod groups;
mod hooks;
mod index;
mod limits;
mod logs;
mod ssf;
mod token;
mod users;
mod view;

use std::time::Duration;

use http::{HeaderName, StatusCode};
use jiff::{SignedDuration, Timestamp};

pub use hooks::{Delivered, EventHook};
pub use limits::{Bucket, Limits};

use crate::World;
use crate::keys::{TEST_KEY_ID, TEST_PUBLIC_KEY_PEM};
use crate::token::{Shown, TokenBank};
use crate::wire::{Call, Reply};

/// The legacy API token that is accepted until the test sets another.
pub const SSWS_TOKEN: &str = "00mockSswsToken-not-a-secret";
/// The client id of the service app.
pub const CLIENT_ID: &str = "0oamockServiceApp1d7";

/// Okta's side of the state. The fields may be set at any time.
#[derive(Debug)]
pub struct Org {
    /// The legacy API token.
    pub ssws_token: String,
    /// The service app's client id.
    pub client_id: String,
    /// The service app's public keys in PEM, each with its key id.
    pub keys: Vec<(Option<String>, String)>,
    /// The scopes granted to the service app.
    pub scopes: Vec<String>,
    /// Whether the service app must show proofs of possession (`DPoP`); bearer tokens are then refused.
    pub require_dpop: bool,
    /// The request budgets.
    pub limits: Limits,
    /// How many requests may be in hand at once; one more answers the concurrency 429.
    pub concurrency: usize,
    /// The most users on a page, whatever is asked for.
    pub page_max: usize,
    /// After how many further requests a change shows up in `search`; 0 means at once.
    pub search_lag: u64,
    /// Whether HR imports make people and change them: the log then tells so in words that no event hook has.
    pub imports: bool,
    /// How far Okta's clock is ahead of the world's, for `Date` and `X-Rate-Limit-Reset`.
    pub clock_skew: SignedDuration,
    /// The custom profile attribute that carries the job code.
    pub job_code_attribute: String,
    /// How long every answer takes.
    pub latency: Duration,
    /// The event hook, once it is verified.
    pub event_hook: Option<EventHook>,
    /// Deliveries that were given up: when, and where they should have gone.
    pub failed_deliveries: Vec<(Timestamp, String)>,
    bank: TokenBank,
    index: index::SearchIndex,
    nth: u64,
    nonce: u64,
}

impl Org {
    pub(crate) fn new() -> Self {
        let scopes = ["okta.users.read", "okta.groups.read", "okta.logs.read"];
        Self {
            ssws_token: SSWS_TOKEN.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            keys: vec![(Some(TEST_KEY_ID.to_owned()), TEST_PUBLIC_KEY_PEM.to_owned())],
            scopes: scopes.map(str::to_owned).to_vec(),
            require_dpop: false,
            limits: Limits::default(),
            concurrency: 75,
            page_max: users::PAGE,
            search_lag: 0,
            imports: false,
            clock_skew: SignedDuration::ZERO,
            job_code_attribute: "jobCode".to_owned(),
            latency: Duration::ZERO,
            event_hook: None,
            failed_deliveries: Vec::new(),
            bank: TokenBank::default(),
            index: index::SearchIndex::default(),
            nth: 0,
            nonce: 1,
        }
    }

    /// Counts the access tokens that were ever given out.
    pub fn tokens_minted(&self) -> u64 {
        self.bank.minted()
    }

    /// Okta's own clock.
    pub(crate) fn clock(&self, world: &World) -> Timestamp {
        world.now.saturating_add(self.clock_skew).unwrap_or(world.now)
    }

    pub(crate) fn expire_tokens(&mut self, world: &World) {
        self.bank.expire_all(world.now);
    }

    pub(crate) fn handle(&mut self, world: &World, call: &Call, at_once: usize) -> Reply {
        self.nth += 1;
        if self.search_lag > 0 {
            self.index.catch_up(world, self.nth, self.search_lag);
        }
        let reply = if at_once > self.concurrency { self.crowded(world) } else { self.limited(world, call) };
        reply.with(HeaderName::from_static("x-okta-request-id"), &format!("mockRequest{:08}", self.nth))
    }

    /// The budget, then the request. A request without a good token does not count.
    fn limited(&mut self, world: &World, call: &Call) -> Reply {
        let route = call.route();
        let bucket = Bucket::of(&route);
        if !matches!(route.first(), Some(&"oauth2" | &".well-known"))
            && let Err(reply) = self.admit(world, call, bucket)
        {
            return reply;
        }
        let clock = self.clock(world);
        let budget = self.limits.take(bucket, clock);
        let reply = if budget.over { error::throttled() } else { self.route(world, call, &route) };
        budget.show(reply)
    }

    fn route(&mut self, world: &World, call: &Call, route: &[&str]) -> Reply {
        match (call.method.as_str(), route) {
            ("POST", ["oauth2", "v1", "token"]) => self.give_token(world, call),
            ("GET", [".well-known", "ssf-configuration"]) => ssf::configuration(call),
            ("GET", [".well-known", "openid-configuration"]) => ssf::openid(call),
            ("GET", ["oauth2", "v1", "keys"]) => ssf::keys(),
            ("GET", ["api", "v1", "users"]) => self.list_users(world, call),
            ("GET", ["api", "v1", "users", id]) => self.get_user(world, call, id),
            ("GET", ["api", "v1", "users", id, "groups"]) => groups::of_user(world, id),
            ("GET", ["api", "v1", "groups"]) => groups::list(world, call),
            ("GET", ["api", "v1", "groups", id, "users"]) => groups::members(self, world, call, id),
            ("GET", ["api", "v1", "logs"]) => logs::list(self, world, call),
            ("GET", _) => error::not_found(&call.path),
            _ => error::of(StatusCode::METHOD_NOT_ALLOWED, "E0000022", "The endpoint does not support the method"),
        }
    }

    /// Lets a request in, or says why not.
    fn admit(&self, world: &World, call: &Call, bucket: Bucket) -> Result<(), Reply> {
        let invalid = || error::of(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided");
        if let Some(token) = call.credentials("SSWS") {
            return if token == self.ssws_token { Ok(()) } else { Err(invalid()) };
        }
        let proven = call.credentials("DPoP");
        let Some(token) = proven.or_else(|| call.credentials("Bearer")) else {
            return Err(error::of(StatusCode::UNAUTHORIZED, "E0000004", "Authentication failed"));
        };
        if self.bank.bound_to(token).is_some() != proven.is_some() {
            return Err(invalid());
        }
        if let Some(thumbprint) = self.bank.bound_to(token) {
            dpop::check_for_api(call, token, thumbprint, world.now).map_err(|_| invalid())?;
        }
        match self.bank.look(token, world.now) {
            Shown::Good(scopes) if scopes.iter().any(|scope| scope == bucket.scope()) => Ok(()),
            Shown::Good(_) => Err(error::of(
                StatusCode::FORBIDDEN,
                "E0000006",
                "You do not have permission to perform the requested action",
            )),
            Shown::Expired | Shown::Unknown => Err(invalid()),
        }
    }

    /// A 429 because the budget is spent; the reset lies `retry_after` seconds (or a minute) ahead.
    pub(crate) fn throttled(&self, world: &World, retry_after: Option<u64>) -> Reply {
        let wait = SignedDuration::from_secs(retry_after.and_then(|wait| i64::try_from(wait).ok()).unwrap_or(60));
        let reset = self.clock(world).saturating_add(wait).unwrap_or(world.now);
        limits::headers(error::throttled(), 600, 0, reset)
    }

    /// A 429 because too much runs at once: limit and remaining are 0 and the reset is no more than a suggestion.
    pub(crate) fn crowded(&self, world: &World) -> Reply {
        limits::headers(error::throttled(), 0, 0, self.clock(world))
    }
}
