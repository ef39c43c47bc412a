//! `[feed.NAME]`.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use url::Url;

use super::attributes::{self, Usual};
use super::auth::{self, Issuer, Peer};
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::{Parsed, Section};
use crate::config::tree::Node;
use crate::config::{Auth, FeedConfig, FeedKind, Named, Profile, urls};
use crate::model::{FeedName, OnSuspended};

/// At most what Okta grants one principal, with room for whoever else uses the same app (Okta caps a principal at half
/// of the bucket); other providers count alike.
pub(crate) const BUDGET: &str = "40%";

pub(crate) fn all(root: &mut Section<'_>, public: Option<SocketAddr>) -> Option<BTreeMap<FeedName, FeedConfig>> {
    let section = root.table("feed", "feeds");
    super::names(&section, &root.table("target", "targets"));
    let sections = section.tables("feed");
    if sections.is_empty() && !section.is_wrong() {
        let problem = Problem::warning(codes::NOTHING_TO_DO, "there is no feed, so nobody is known")
            .help("add a section such as `[feed.okta-prod]` with `kind = \"okta\"`");
        section.report(problem);
    }
    let feeds: Vec<Option<FeedConfig>> = sections.into_iter().map(|(name, feed)| one(name, feed, public)).collect();
    feeds.into_iter().map(|feed| feed.map(|feed| (feed.name.clone(), feed))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Okta,
    Entra,
    Scim,
    Push,
    Csv,
}

fn one(name: &str, mut section: Section<'_>, public: Option<SocketAddr>) -> Option<FeedConfig> {
    const KINDS: [(&str, Kind); 5] = [
        ("okta", Kind::Okta),
        ("entra", Kind::Entra),
        ("scim", Kind::Scim),
        ("scim_push", Kind::Push),
        ("csv", Kind::Csv),
    ];
    if !section.is_there() {
        return None;
    }
    let named = parse::name(name).map_err(|problem| section.report(problem));
    let kind = section.need("kind", "\"okta\"", parse::choice(&KINDS))?;
    let feed = match kind {
        Kind::Okta => okta(&mut section),
        Kind::Entra => entra(&mut section),
        Kind::Scim => scim(&mut section),
        Kind::Push => push(&mut section, name, public),
        Kind::Csv => super::files::read(&mut section),
    };
    let attributes = attributes::read(&mut section, usual(kind), !matches!(kind, Kind::Push));
    let budget = if kind == Kind::Csv { Some(1.0) } else { budget(&mut section) };
    let on_suspended = section.or("on_suspended", "hold", parse::choice(&ON_SUSPENDED));
    let profile = match kind {
        Kind::Scim => section.or("profile", "standard", parse::choice(&PROFILES)),
        Kind::Okta | Kind::Entra | Kind::Push | Kind::Csv => Some(Profile::Standard),
    };
    let (ca_file, hook) = match kind {
        Kind::Csv => (Some(None), Some(None)),
        Kind::Okta | Kind::Entra | Kind::Scim | Kind::Push => {
            (ca_file(&mut section), super::hook::read(&mut section, kind))
        }
    };
    section.shaped(shape(kind)).finish();
    named.ok()?;
    let (kind, url, auth) = feed?;
    Some(FeedConfig {
        name: FeedName::new(name),
        kind,
        url,
        auth,
        attributes: attributes?,
        budget: budget?,
        on_suspended: on_suspended?,
        profile: profile?,
        ca_file: ca_file?,
        hook: hook?,
    })
}

const ON_SUSPENDED: [(&str, OnSuspended); 3] =
    [("hold", OnSuspended::Hold), ("revoke", OnSuspended::Revoke), ("keep", OnSuspended::Keep)];

const PROFILES: [(&str, Profile); 2] = [("standard", Profile::Standard), ("entra", Profile::Entra)];

const fn usual(kind: Kind) -> &'static Usual {
    match kind {
        Kind::Okta => &attributes::OKTA,
        Kind::Entra => &attributes::ENTRA,
        Kind::Scim | Kind::Push => &attributes::SCIM,
        Kind::Csv => &attributes::CSV,
    }
}

const fn shape(kind: Kind) -> &'static str {
    match kind {
        Kind::Okta => "feed okta",
        Kind::Entra => "feed entra",
        Kind::Scim => "feed scim",
        Kind::Push => "feed scim_push",
        Kind::Csv => "feed csv",
    }
}

pub(super) type Reached = Option<(FeedKind, Url, Auth)>;

fn okta(section: &mut Section<'_>) -> Reached {
    let url = section.need("url", "\"https://acme.okta.com\"", urls::base(&["/api/v1", "/api", "/oauth2"]));
    if let Some(host) = url.as_ref().and_then(Url::host_str).and_then(|host| host.split_once("-admin.okta")) {
        let message = "this is the host of the admin console, not of the API";
        let help = format!("write `https://{}.okta{}`", host.0, host.1);
        section.cx.report(section.spot("url"), Problem::warning(codes::ODD, message).help(help));
    }
    let issuer = url.as_ref().map(|url| Issuer {
        token_url: format!("{}/oauth2/v1/token", urls::as_base(url)),
        scope: "okta.users.read okta.groups.read okta.logs.read".to_owned(),
    });
    let auth = auth::read(section, &Peer::Okta { issuer });
    Some((FeedKind::Okta, url?, auth?))
}

/// Hosts of the national clouds: login, Graph.
const CLOUDS: [(&str, (&str, &str)); 4] = [
    ("global", ("https://login.microsoftonline.com", "https://graph.microsoft.com")),
    ("us-gov", ("https://login.microsoftonline.us", "https://graph.microsoft.us")),
    ("us-dod", ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us")),
    ("china", ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn")),
];

fn entra(section: &mut Section<'_>) -> Reached {
    let tenant = section.need("tenant", "\"00000000-0000-0000-0000-000000000000\"", tenant);
    let (login, graph) = section.or("cloud", "global", parse::choice(&CLOUDS)).unwrap_or(CLOUDS[0].1);
    let url = section.or("url", graph, urls::base(&["/v1.0", "/beta"]));
    let login_url = section.or("login_url", login, urls::base(&["/oauth2/v2.0/token", "/oauth2/v2.0"]));
    let issuer = match (&tenant, &url, &login_url) {
        (Some(tenant), Some(url), Some(login)) => Some(Issuer {
            token_url: format!("{}/{tenant}/oauth2/v2.0/token", urls::as_base(login)),
            scope: format!("{}/.default", urls::as_base(url)),
        }),
        _ => None,
    };
    let auth = auth::read(section, &Peer::Entra { issuer });
    Some((FeedKind::Entra { tenant: tenant?, login_url: login_url? }, url?, auth?))
}

fn tenant(node: &Node) -> Parsed<String> {
    let text = parse::text(node)?;
    let help = "write the tenant's id or a domain of it, such as `acme.onmicrosoft.com`";
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    // Those three stand for many tenants; the client-credentials grant needs one.
    if !plain || ["common", "organizations", "consumers"].contains(&text.as_str()) {
        return Err(Problem::new(codes::BAD_NAME, format!("`{text}` is not one tenant")).help(help));
    }
    Ok(text)
}

fn scim(section: &mut Section<'_>) -> Reached {
    let url = section.need(
        "url",
        "\"https://hr.acme.example/scim/v2\"",
        urls::base(&["/Users", "/Groups", "/users", "/groups"]),
    );
    let auth = auth::read(section, &Peer::Scim);
    Some((FeedKind::Scim, url?, auth?))
}

/// The feed's URL is where we are the server.
fn push(section: &mut Section<'_>, name: &str, public: Option<SocketAddr>) -> Reached {
    let auth = auth::read(section, &Peer::Push);
    let at = public.map_or_else(|| "127.0.0.1".to_owned(), |public| public.to_string());
    let url = Url::parse(&format!("http://{at}/scim/v2/{name}")).ok();
    Some((FeedKind::ScimPush, url?, auth?))
}

/// The share of the vendor's limit that we spend.
pub(crate) fn budget(section: &mut Section<'_>) -> Option<f64> {
    section.or("budget", BUDGET, parse::percent(1.0..=100.0)).map(|percent| percent / 100.0)
}

/// `Some(None)` when absent, `None` when wrong.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
pub(crate) fn ca_file(section: &mut Section<'_>) -> Option<Option<std::path::PathBuf>> {
    if section.node("ca_file").is_none() {
        return Some(None);
    }
    let path = section.path("ca_file", None)?;
    section.cx.keep_named(section.key("ca_file"), Named::Certificate(path.clone()), section.spot("ca_file"));
    Some(Some(path))
}
