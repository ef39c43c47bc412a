//! What the program may rely on: the files, environment and flags, checked.
//!
//! ```text
//! file ─> tree ─> overlay (environment, flags) ─> section ─> check, catalog ─> Config, Catalog
//!                                                    └──────────────────────> findings, effective values
//! ```
//!
//! `tree` is what was written, each value with its place; `section` hands out settings by name, so that whatever
//! nobody asked for is unknown; `check` and `catalog` turn them into what the program relies on. Everything that is
//! wrong is found in one run. `raw` describes the files as types for the JSON Schema; a test keeps it and the readers
//! together. `secret` keeps secrets out of sight, `blot` keeps them out of findings.
//!
//! Nothing here opens a socket, resolves a name or reads a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::Value;
use url::Url;

use crate::directory::Matching;
use crate::model::{FeedName, OnSuspended, PoolId, Status, TargetName};
use crate::seats::Brakes;

mod blot;
pub mod catalog;
mod check;
pub mod codes;
mod context;
mod excerpt;
pub(crate) mod hint;
pub mod init;
mod load;
mod overlay;
mod parse;
pub mod raw;
pub mod render;
mod rules_files;
pub mod sarif;
pub mod schema;
pub mod secret;
mod secrets;
mod section;
pub mod show;
pub mod sources;
mod tree;
mod urls;

pub use load::{Effective, Failed, Loaded, Named, NamedFile, Origin, Sound, load};
pub use overlay::{NOT_SETTINGS, PREFIX};
pub use parse::span as parse_duration;
pub use rules_files::{files_of_other_kinds, is_table, load_rules_sources};
pub use secret::Secret;
pub use secrets::check_named;
pub use sources::Sources;

/// Everything in `seatwarden.toml`, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// The folder of the embedded store.
    pub store: PathBuf,
    /// Where to listen.
    pub listen: Listen,
    /// A file or folder of rules tables.
    pub rules: PathBuf,
    /// The zone of dates in tables.
    pub time_zone: TimeZone,
    /// The catalog's file.
    pub catalog: PathBuf,
    /// How accounts become people.
    pub people: Matching,
    /// People who never lose a seat by a pass, as they are named: by e-mail, employee number or login name.
    pub protected: BTreeSet<String>,
    /// When to pass.
    pub pass: PassTimes,
    /// What may change at once.
    pub brakes: Brakes,
    /// Feeds by name.
    pub feeds: BTreeMap<FeedName, FeedConfig>,
    /// Targets by name.
    pub targets: BTreeMap<TargetName, TargetConfig>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Webhooks, inbound SCIM, API, console.
    pub public: Option<SocketAddr>,
    /// Probes and metrics.
    pub ops: Option<SocketAddr>,
    /// The Unix socket of the command line.
    pub control: PathBuf,
}

/// When passes are made.
#[derive(Clone, Debug, PartialEq)]
pub struct PassTimes {
    /// Between incremental passes.
    pub incremental: Duration,
    /// Between full passes.
    pub full: Duration,
    /// Share of an interval by which it is shortened or lengthened at random, `0.0..=0.5`.
    pub jitter: f64,
}

/// One `[feed.NAME]`.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// Its name.
    pub name: FeedName,
    /// What it reads.
    pub kind: FeedKind,
    /// The provider's base URL without a trailing slash; https, or http on loopback. Entra: without `/v1.0`.
    pub url: Url,
    /// How we prove who we are.
    pub auth: Auth,
    /// Our attribute name -> path in the wire object. `employee_number`, `email`, `user_name`, `display_name` may be
    /// mapped like any attribute. Defaults of the kind are already filled in.
    pub attributes: BTreeMap<String, WirePath>,
    /// The share of the vendor's rate limit that we spend, `0.01..=1.0`.
    pub budget: f64,
    /// What happens to the seats of somebody suspended.
    pub on_suspended: OnSuspended,
    /// Whose SCIM server it is; [`Profile::Standard`] for other kinds.
    pub profile: Profile,
    /// More trust anchors (PEM).
    pub ca_file: Option<PathBuf>,
    /// What the provider may tell us at `/hooks/NAME`.
    pub hook: Option<Hook>,
}

/// Whose SCIM server a feed reads, where that is known to differ from what the RFCs say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// As it says of itself.
    #[default]
    Standard,
    /// Microsoft Entra's SCIM API: paths in lower case, cursors alone, no filter that could tell changes, and a price
    /// on every request.
    Entra,
}

/// Who may knock at `/hooks/NAME`, and how they prove who they are.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Where the provider reaches us, without `/hooks/NAME`.
    pub public_url: Option<Url>,
    /// What JSON deliveries look like; `None` where only security events are taken.
    pub knock: Option<Knock>,
    /// Security event tokens (`application/secevent+jwt`).
    pub set: Option<SetHook>,
}

/// How a delivery in JSON is told from a stranger's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knock {
    /// An Okta event hook: the `Authorization` header is the secret itself.
    Okta {
        /// The secret.
        secret: Secret,
    },
    /// Change notifications of Microsoft Graph: every item repeats the client state.
    Graph {
        /// The client state.
        client_state: Secret,
    },
    /// A body signed by HMAC-SHA256 together with a timestamp.
    Hmac {
        /// The key.
        secret: Secret,
        /// How far the timestamp may lie from our clock.
        window: Duration,
    },
}

/// Security event tokens (RFC 8417), pushed by RFC 8935.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetHook {
    /// Who signs them.
    pub signer: Signer,
    /// What the `Authorization` header has to be, where the transmitter sends one.
    pub token: Option<Secret>,
}

/// Somebody whose signed tokens are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Who: `iss`.
    pub issuer: String,
    /// Whom the tokens are for: `aud`.
    pub audience: String,
    /// Where the issuer's keys are. Absent: a document below the issuer's `/.well-known` says it.
    pub jwks_url: Option<Url>,
}

impl Signer {
    /// Whether claims are this issuer's.
    pub fn has_issued(&self, claims: &Value) -> bool {
        claims.get("iss").and_then(Value::as_str) == Some(&self.issuer)
    }

    /// Whether claims are for us: `aud` is one name or several (RFC 7519 section 4.1.3).
    pub fn is_for_us(&self, claims: &Value) -> bool {
        match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        }
    }
}

/// Where an attribute stands in the wire object: an optional SCIM extension URN, then names to walk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WirePath {
    /// `urn:…:User`, compared case-insensitively.
    pub urn: Option<String>,
    /// Names; SCIM compares them case-insensitively, others exactly.
    pub steps: Vec<String>,
}

impl fmt::Display for WirePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.steps.join("."))
    }
}

/// The kinds of feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// Okta's management API.
    Okta,
    /// Microsoft Graph.
    Entra {
        /// Tenant id.
        tenant: String,
        /// The host that issues tokens, `https://login.microsoftonline.com` in the global cloud.
        login_url: Url,
    },
    /// A SCIM 2.0 server that we poll.
    Scim,
    /// We are the SCIM 2.0 server at `/scim/v2/NAME`.
    ScimPush,
    /// A folder into which another system drops files of people.
    Csv(Box<Drop>),
}

/// A folder of files of people, each of them everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop {
    /// The folder.
    pub folder: PathBuf,
    /// What the names of complete files look like; `*` stands for any letters.
    pub file: String,
    /// How a complete file is told from one that is being written.
    pub complete: Complete,
    /// A file that was changed more recently may still be written.
    pub settle: Duration,
    /// A newest file that is older than this means that the next one is late.
    pub late_after: Duration,
    /// The header of what tells an account from all others, for good.
    pub id: String,
    /// Where people stand, for files that say so; everybody in others works here.
    pub status: Option<StatusColumn>,
}

/// How a complete file is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// It is given its name when it is complete.
    Rename,
    /// A manifest beside it comes after it.
    Manifest,
}

/// The words of a file for where somebody stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusColumn {
    /// The header.
    pub column: String,
    /// The words, in lower case, and what they mean. Any other word gains and loses nothing.
    pub words: BTreeMap<String, Status>,
}

/// How we prove who we are. Secrets are read when they are used, so that a rotated file is picked up.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Okta `Authorization: SSWS …`.
    Ssws {
        /// The token.
        token: Secret,
    },
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// `Authorization: Basic …`.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// Nobody is asked: a folder.
    None,
    /// Whoever calls us proves by a token that an issuer has signed for us (RFC 9068, OpenID Connect).
    Jwt(Signer),
    /// OAuth 2.0 client credentials with a secret.
    ClientSecret {
        /// The client.
        client_id: String,
        /// Its secret.
        secret: Secret,
        /// Where tokens are issued.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
        /// Where the secret is sent.
        client_auth: ClientAuth,
    },
    /// OAuth 2.0 client credentials with a signed assertion (RFC 7523).
    PrivateKeyJwt {
        /// The client.
        client_id: String,
        /// PEM of the private key (RSA or EC).
        key: Secret,
        /// The key's id at the provider.
        key_id: Option<String>,
        /// Where tokens are issued; also the assertion's audience.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
        /// Bind tokens to a key (RFC 9449).
        dpop: bool,
    },
    /// OAuth 2.0 client credentials with an assertion that a certificate's key signs (Entra).
    Certificate {
        /// The app registration.
        client_id: String,
        /// PEM of the private key (RSA).
        key: Secret,
        /// PEM of the certificate; kept like a secret, so that both may stand in one file.
        certificate: Secret,
        /// Where tokens are issued; also the assertion's audience.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
    },
    /// OAuth 2.0 client credentials with the token of an issuer that the app trusts: workload identity federation.
    Federated {
        /// The app registration.
        client_id: String,
        /// The other issuer's token, read anew for each request, since its keeper renews it.
        token: Secret,
        /// Where tokens are issued.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
    },
}

/// Where a client secret is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

/// One `[target.NAME]`.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// Its name.
    pub name: TargetName,
    /// The desk's base URL without a trailing slash.
    pub url: Url,
    /// How we prove who we are.
    pub auth: Auth,
    /// What we may do.
    pub mode: Mode,
    /// How a person is found, in order.
    pub match_on: Vec<DeskKey>,
    /// Whether we may make an account.
    pub create: bool,
    /// What grants a pool there.
    pub seats: BTreeMap<PoolId, DeskSeat>,
    /// Share of the desk's rate limit that we spend.
    pub budget: f64,
    /// More trust anchors (PEM).
    pub ca_file: Option<PathBuf>,
}

/// What we may do at a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Plan and report, write nothing.
    Observe,
    /// Grant, never revoke.
    AddOnly,
    /// Grant and revoke.
    Full,
}

/// How a person is found at a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeskKey {
    /// The desk's `externalId` equals the employee number.
    ExternalId,
    /// The desk's `userName` equals the e-mail or login name.
    UserName,
    /// An e-mail address of the desk's account equals the e-mail.
    Email,
}

/// What a seat is at a SCIM desk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeskSeat {
    /// Membership of the group with this `displayName`.
    Group(String),
    /// Membership of the group with this id.
    GroupId(String),
    /// A value of `entitlements`.
    Entitlement(String),
    /// A value of `roles`.
    Role(String),
}
