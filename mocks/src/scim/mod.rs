//! A SCIM 2.0 service provider (RFC 7643, 7644, 9865): the polled people feed, and the desk.
//!
//! Both are a [`Provider`]: users and groups as JSON resources with lists, filters, both kinds of paging, writes and
//! discovery. Its [`Settings`] choose among what real providers do differently. What is deliberately absent: bulk,
//! `/Me`, sorting.

mod auth;
mod discovery;
mod error;
mod groups;
mod list;
mod patch;
mod path;
mod resource;
mod schema;
mod settings;
mod shape;
mod source;
mod store;
mod users;
mod write;

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use jiff::SignedDuration;
use serde_json::Value;

pub use auth::{Auth, BASIC_PASSWORD, BASIC_USER, BEARER_TOKEN, CLIENT_ID, CLIENT_SECRET};
pub use settings::{Paging, Settings};
pub use source::Source;

use crate::World;
use crate::keys::{TEST_KEY_ID, TEST_PUBLIC_KEY_PEM};
use crate::token::TokenBank;
use crate::wire::{Call, Reply};
use store::Store;

/// The schema of a user.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of a group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The company's own extension, which carries `jobCode`.
pub const ACME: &str = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";

/// One service provider. The fields may be set at any time.
#[derive(Debug)]
pub struct Provider {
    /// The ways to show who one is; any of them lets a request in.
    pub auth: Vec<Auth>,
    /// Public keys in PEM for clients that sign an assertion at the token endpoint.
    pub keys: Vec<(Option<String>, String)>,
    /// How long a token of the token endpoint lives.
    pub token_life: SignedDuration,
    /// What this provider does in its own way.
    pub settings: Settings,
    /// How many may hold what: by the name of a group, or by the value of an entitlement or role.
    pub seats: BTreeMap<String, usize>,
    /// How long every answer takes.
    pub latency: Duration,
    source: Source,
    users: Store,
    groups: Store,
    people: BTreeMap<crate::world::PersonId, String>,
    seen: u64,
    bank: TokenBank,
    cursors_from: u64,
    cursors: u64,
}

impl Provider {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            auth: vec![
                Auth::Bearer(BEARER_TOKEN.to_owned()),
                Auth::Basic { user: BASIC_USER.to_owned(), password: BASIC_PASSWORD.to_owned() },
                Auth::ClientSecret { client_id: CLIENT_ID.to_owned(), secret: CLIENT_SECRET.to_owned() },
            ],
            keys: vec![(Some(TEST_KEY_ID.to_owned()), TEST_PUBLIC_KEY_PEM.to_owned())],
            token_life: SignedDuration::from_secs(3600),
            settings: Settings::default(),
            seats: BTreeMap::new(),
            latency: Duration::ZERO,
            source,
            users: Store::new("userName"),
            groups: Store::new("displayName"),
            people: BTreeMap::new(),
            seen: 0,
            bank: TokenBank::default(),
            cursors_from: 0,
            cursors: 0,
        }
    }

    /// A provider that shows the people of the company who have a SCIM home.
    pub(crate) fn feed() -> Self {
        Self::new(Source::People)
    }

    /// Counts the access tokens that were ever given out.
    pub fn tokens_minted(&self) -> u64 {
        self.bank.minted()
    }

    /// Lets every cursor that is out be expired from now on.
    pub fn expire_cursors(&mut self) {
        self.cursors_from = self.cursors;
    }

    pub(crate) fn expire_tokens(&mut self, world: &World) {
        self.bank.expire_all(world.now);
    }

    pub(crate) fn handle(&mut self, world: &World, call: &Call) -> Reply {
        self.catch_up(world);
        let route = call.route();
        if let ["token"] | ["oauth2", "token"] = route.as_slice() {
            return self.give_token(world, call);
        }
        let reply = match self.admit(world, call) {
            Ok(()) => self.route(world, call, &route),
            Err(reply) => reply,
        };
        if reply.body.is_empty() { reply } else { reply.with(CONTENT_TYPE, &self.settings.content_type) }
    }

    fn route(&mut self, world: &World, call: &Call, route: &[&str]) -> Reply {
        let ["scim", "v2", rest @ ..] = route else { return self.not_found(&call.path) };
        let mut rest = rest.to_vec();
        if let (true, Some(first)) = (self.settings.lower_case_paths, rest.first_mut()) {
            *first = match *first {
                "users" => "Users",
                "groups" => "Groups",
                "schemas" => "Schemas",
                "resourcetypes" => "ResourceTypes",
                "serviceproviderconfig" => "ServiceProviderConfig",
                _ => return self.not_found(&call.path),
            };
        }
        match (call.method.as_str(), rest.as_slice()) {
            ("GET", ["ServiceProviderConfig"]) => self.service_provider_config(call),
            ("GET", ["ResourceTypes"]) => self.resource_types(call, None),
            ("GET", ["ResourceTypes", id]) => self.resource_types(call, Some(id)),
            ("GET", ["Schemas"]) => self.schemas(call, None),
            ("GET", ["Schemas", id]) => self.schemas(call, Some(id)),
            ("GET", ["Users"]) => self.list(world, call, Kind::User),
            ("GET", ["Groups"]) => self.list(world, call, Kind::Group),
            ("POST", ["Users", ".search"]) => self.search(world, call, Kind::User),
            ("POST", ["Groups", ".search"]) => self.search(world, call, Kind::Group),
            ("GET", ["Users", id]) => self.get(call, Kind::User, id),
            ("GET", ["Groups", id]) => self.get(call, Kind::Group, id),
            ("POST", ["Users"]) => self.create(world, call, Kind::User),
            ("POST", ["Groups"]) => self.create(world, call, Kind::Group),
            ("PUT", ["Users", id]) => self.replace(world, call, Kind::User, id),
            ("PUT", ["Groups", id]) => self.replace(world, call, Kind::Group, id),
            ("PATCH", ["Users", id]) => self.patch(world, call, Kind::User, id),
            ("PATCH", ["Groups", id]) => self.patch(world, call, Kind::Group, id),
            ("DELETE", ["Users", id]) => self.remove(world, call, Kind::User, id),
            ("DELETE", ["Groups", id]) => self.remove(world, call, Kind::Group, id),
            ("GET", ["Me"]) | (_, ["Bulk"]) => self.error(StatusCode::NOT_IMPLEMENTED, None, "not implemented"),
            (_, ["Users" | "Groups" | "Schemas" | "ResourceTypes" | "ServiceProviderConfig", ..])
                if call.method != http::Method::GET =>
            {
                self.error(StatusCode::METHOD_NOT_ALLOWED, None, "method not allowed")
            }
            _ => self.not_found(&call.path),
        }
    }

    fn store(&self, kind: Kind) -> &Store {
        match kind {
            Kind::User => &self.users,
            Kind::Group => &self.groups,
        }
    }

    fn store_mut(&mut self, kind: Kind) -> &mut Store {
        match kind {
            Kind::User => &mut self.users,
            Kind::Group => &mut self.groups,
        }
    }

    pub(super) fn error(&self, status: StatusCode, scim_type: Option<&str>, detail: &str) -> Reply {
        error::of(self.settings.numeric_status, status, scim_type, detail)
    }

    pub(super) fn not_found(&self, what: &str) -> Reply {
        self.error(StatusCode::NOT_FOUND, None, &format!("Resource {what} not found"))
    }
}

/// The two kinds of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Group,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }
}

/// A 429. RFC 7644 has none, and yet everybody sends it.
pub(crate) fn throttled(retry_after: Option<u64>) -> Reply {
    let reply = error::of(false, StatusCode::TOO_MANY_REQUESTS, None, "too many requests");
    match retry_after {
        Some(wait) => reply.with(RETRY_AFTER, &wait.to_string()),
        None => reply,
    }
}

/// The text at a member of a JSON object.
pub(super) fn text_at<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    crate::filter::find(value, name)?.as_str()
}
