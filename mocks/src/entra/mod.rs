//! Microsoft Entra ID: the login endpoint and the parts of Graph that concern users.
//!
//! Source of the behavior: Microsoft's Graph pages on delta queries, throttling and errors, and the identity platform's
//! pages on client credentials. What is deliberately absent: everything that writes, but for
//! subscriptions to change notifications.

mod batch;
mod delta;
mod error;
mod groups;
mod login;
mod select;
pub(crate) mod subscriptions;
mod users;
mod view;

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use jiff::SignedDuration;

pub use login::Federated;
pub use subscriptions::Subscription;

use crate::World;
use crate::keys::{TEST_KEY_ID, TEST_PUBLIC_KEY_PEM};
use crate::rng::mix;
use crate::token::{Shown, TokenBank};
use crate::wire::{Call, Reply};
use crate::world::guid;

/// The tenant that the login endpoint knows until the test sets another.
pub const TENANT_ID: &str = "84bd1f00-aaaa-4bbb-8ccc-0123456789ab";
/// The application's client id.
pub const CLIENT_ID: &str = "6c1f0a00-1111-4222-8333-0123456789ab";
/// The application's client secret. It has signs in it that a form must encode.
pub const CLIENT_SECRET: &str = "mock~Secret+with/odd=signs&more%20";

/// Entra's side of the state. The fields may be set at any time.
#[derive(Debug)]
pub struct Tenant {
    /// The tenant's id; the login endpoint also answers to it alone.
    pub tenant_id: String,
    /// The application's client id.
    pub client_id: String,
    /// The application's client secret.
    pub client_secret: String,
    /// Public keys in PEM of the application's certificates; assertions signed with them are accepted.
    pub keys: Vec<(Option<String>, String)>,
    /// Other issuers whose tokens are accepted as assertions.
    pub federated: Vec<Federated>,
    /// The application permissions that were consented to.
    pub permissions: Vec<String>,
    /// How long an access token lives.
    pub token_life: SignedDuration,
    /// Rows of a page, at most; `Prefer: odata.maxpagesize` may ask for fewer.
    pub page_size: usize,
    /// Every so many delta pages one is empty, with a next link.
    pub empty_page_every: Option<u64>,
    /// Whether the first row of each delta page comes once more at its end.
    pub repeat_ids: bool,
    /// Whether the first delta round also shows those who are removed.
    pub removed_in_first_round: bool,
    /// How many changes of earlier rounds are shown once more in a later one.
    pub replay: usize,
    /// The id of the application that owns the directory extension for the job code, without dashes.
    pub extension_app: String,
    /// How long every answer takes.
    pub latency: Duration,
    /// Who wants to be called.
    pub subscribed: Vec<Subscription>,
    made: u64,
    bank: TokenBank,
    links: delta::Links,
    nth: u64,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        Self {
            tenant_id: TENANT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            keys: vec![
                (None, TEST_PUBLIC_KEY_PEM.to_owned()),
                (Some(TEST_KEY_ID.to_owned()), TEST_PUBLIC_KEY_PEM.to_owned()),
            ],
            federated: Vec::new(),
            permissions: ["User.Read.All", "GroupMember.Read.All"].map(str::to_owned).to_vec(),
            token_life: SignedDuration::from_secs(3599),
            page_size: 100,
            empty_page_every: None,
            repeat_ids: false,
            removed_in_first_round: true,
            replay: 0,
            extension_app: "0123456789abcdef0123456789abcdef".to_owned(),
            latency: Duration::ZERO,
            subscribed: Vec::new(),
            made: 0,
            bank: TokenBank::default(),
            links: delta::Links::default(),
            nth: 0,
        }
    }

    /// Counts the access tokens that were ever given out.
    pub fn tokens_minted(&self) -> u64 {
        self.bank.minted()
    }

    /// Lets every delta and skip token that is out be too old from now on: 400 `syncStateNotFound`.
    pub fn expire_delta_tokens(&mut self) {
        self.links.expire();
    }

    /// Lets every delta and skip token that is out be forgotten from now on: 410 with a `Location`.
    pub fn reset_delta_tokens(&mut self) {
        self.links.reset();
    }

    pub(crate) fn expire_tokens(&mut self, world: &World) {
        self.bank.expire_all(world.now);
    }

    pub(crate) fn handle(&mut self, world: &World, call: &Call) -> Reply {
        self.nth += 1;
        let route = call.route();
        let reply = if let [tenant, "oauth2", "v2.0", "token"] = route.as_slice() {
            self.log_in(world, call, tenant)
        } else {
            match self.admit(world, call) {
                Ok(()) => self.route(world, call, &route),
                Err(reply) => reply,
            }
        };
        let number = mix(self.nth, b"request");
        let reply = reply.with(HeaderName::from_static("request-id"), &guid(number, number.rotate_left(9)));
        match call.header("client-request-id") {
            Some(id) => reply.with(HeaderName::from_static("client-request-id"), id),
            None => reply,
        }
    }

    pub(crate) fn route(&mut self, world: &World, call: &Call, route: &[&str]) -> Reply {
        let reply = match (call.method.as_str(), route) {
            ("GET", ["v1.0", "users", "delta"]) => self.delta(world, call),
            ("GET", ["v1.0", "users"]) => self.list_users(world, call),
            ("GET", ["v1.0", "users", id]) => self.get_user(world, call, id),
            ("GET", ["v1.0", "users", id, "memberOf"]) => groups::of_user(world, call, id),
            ("GET", ["v1.0", "groups"]) => groups::list(world, call),
            ("GET", ["v1.0", "groups", id, "members"]) => groups::members(world, call, id),
            (_, ["v1.0", "subscriptions", rest @ ..]) => self.subscriptions(world, call, rest),
            ("POST", ["v1.0", "$batch"]) => batch::run(self, world, call),
            ("GET", _) => {
                let text = format!("Resource not found for the segment '{}'.", route.last().unwrap_or(&""));
                error::of(world, StatusCode::BAD_REQUEST, "BadRequest", &text)
            }
            _ => error::of(
                world,
                StatusCode::METHOD_NOT_ALLOWED,
                "Request_BadRequest",
                "Specified HTTP method is not allowed.",
            ),
        };
        if reply.status.is_success() {
            return reply
                .with(CONTENT_TYPE, "application/json;odata.metadata=minimal;odata.streaming=true;charset=utf-8");
        }
        reply
    }

    fn admit(&self, world: &World, call: &Call) -> Result<(), Reply> {
        let refused = |text: &str| Err(error::of(world, StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text));
        let Some(token) = call.credentials("Bearer") else { return refused("Access token is empty.") };
        match self.bank.look(token, world.now) {
            Shown::Good(_) if self.may("User.Read.All") => Ok(()),
            Shown::Good(_) => Err(error::denied(world)),
            Shown::Expired => refused("Lifetime validation failed, the token is expired."),
            Shown::Unknown => refused("Invalid access token."),
        }
    }

    fn may(&self, permission: &str) -> bool {
        self.permissions.iter().any(|granted| granted == permission)
    }
}

/// A 429, with or without a hint when to come back.
pub(crate) fn throttled(world: &World, retry_after: Option<u64>) -> Reply {
    let text = "Too many requests";
    let reply = error::of(world, StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", text)
        .with(HeaderName::from_static("x-ms-throttle-information"), "ResourceUnitLimitExceeded");
    match retry_after {
        Some(wait) => reply.with(RETRY_AFTER, &wait.to_string()),
        None => reply,
    }
}
