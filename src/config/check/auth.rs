//! `auth`: how we prove who we are, by the kind of feed or target.

use url::Url;

use super::hook::signer;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::hint;
use crate::config::parse;
use crate::config::section::Section;
use crate::config::{Auth, ClientAuth, secrets, urls};

/// Whom we talk to, with what is already known of where its tokens are issued.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// Okta: tokens come from the org itself.
    Okta { issuer: Option<Issuer> },
    /// Microsoft Entra: tokens come from the cloud's login host.
    Entra { issuer: Option<Issuer> },
    /// A SCIM server: the feed or target has to say where.
    Scim,
    /// An identity provider that pushes to us.
    Push,
}

/// Where tokens are issued and for what, unless the section says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) token_url: String,
    pub(crate) scope: String,
}

impl Peer {
    const fn kinds(&self) -> &'static [&'static str] {
        match self {
            Self::Okta { .. } => &["ssws", "private_key_jwt"],
            Self::Entra { .. } => &["client_secret", "certificate", "federated"],
            Self::Scim => &["bearer", "basic", "client_secret", "private_key_jwt"],
            Self::Push => &["bearer", "basic", "jwt"],
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Okta { .. } => "an okta feed",
            Self::Entra { .. } => "an entra feed",
            Self::Scim => "a SCIM server",
            Self::Push => "a scim_push feed",
        }
    }

    const fn issuer(&self) -> Option<&Issuer> {
        match self {
            Self::Okta { issuer } | Self::Entra { issuer } => issuer.as_ref(),
            Self::Scim | Self::Push => None,
        }
    }

    /// Whether the section has to name the place where tokens are issued.
    const fn names_issuer(&self) -> bool {
        match self {
            Self::Okta { .. } | Self::Entra { .. } => false,
            Self::Scim | Self::Push => true,
        }
    }
}

/// Every kind of authentication, whoever uses it.
const ALL: [&str; 8] =
    ["ssws", "bearer", "basic", "jwt", "client_secret", "private_key_jwt", "certificate", "federated"];

pub(crate) fn read(parent: &mut Section<'_>, peer: &Peer) -> Option<Auth> {
    let example = format!("{{ kind = \"{}\", … }}", peer.kinds().first().copied().unwrap_or_default());
    let Some(mut section) = parent.some_table("auth", "auth") else {
        parent.missing("auth", &example);
        return None;
    };
    if !section.is_there() {
        return None;
    }
    let kind = section.need("kind", &format!("\"{}\"", peer.kinds().join("\" or \"")), parse::text)?;
    if !peer.kinds().contains(&kind.as_str()) {
        section.cx.report(section.spot("kind"), unfit(&kind, peer));
        return None;
    }
    match kind.as_str() {
        "ssws" => {
            section = section.shaped("auth ssws");
            let token = secrets::need(&mut section, "token");
            section.finish();
            Some(Auth::Ssws { token: token? })
        }
        "bearer" => {
            section = section.shaped("auth bearer");
            let token = secrets::need(&mut section, "token");
            section.finish();
            Some(Auth::Bearer { token: token? })
        }
        "basic" => {
            section = section.shaped("auth basic");
            let username = section.need("username", "\"seatwarden\"", parse::text);
            let password = secrets::need(&mut section, "password");
            section.finish();
            Some(Auth::Basic { username: username?, password: password? })
        }
        "jwt" => {
            section = section.shaped("auth jwt");
            let audience = "\"8adf8e6e-67b2-4cf2-a259-e3dc5476c621\"";
            let signer = signer(&mut section, "\"https://sts.windows.net/TENANT/\"", audience);
            section.finish();
            Some(Auth::Jwt(signer?))
        }
        "client_secret" => client_secret(section.shaped("auth client_secret"), peer),
        "private_key_jwt" => private_key_jwt(section.shaped("auth private_key_jwt"), peer),
        "certificate" => certificate(section.shaped("auth certificate"), peer),
        "federated" => federated(section.shaped("auth federated"), peer),
        // Every word of `ALL` has its arm above.
        _ => None,
    }
}

fn unfit(kind: &str, peer: &Peer) -> Problem {
    let known = hint::listed(peer.kinds());
    if ALL.contains(&kind) {
        let message = format!("{} cannot use `{kind}`", peer.name());
        return Problem::new(codes::WRONG_AUTH, message).help(format!("use one of {known}"));
    }
    let help = hint::help(kind, peer.kinds().iter().copied(), &known);
    Problem::new(codes::BAD_CHOICE, format!("`{kind}` is no kind of authentication")).help(help)
}

fn client_secret(mut section: Section<'_>, peer: &Peer) -> Option<Auth> {
    const PLACES: [(&str, ClientAuth); 2] = [("basic", ClientAuth::Basic), ("post", ClientAuth::Post)];
    // Entra documents the form fields alone; RFC 6749 section 2.3.1 has the header as the way every server must know.
    let usual = if matches!(peer, Peer::Entra { .. }) { "post" } else { "basic" };
    let client_id = section.need("client_id", "\"…\"", parse::text);
    let secret = secrets::need(&mut section, "secret");
    let client_auth = section.or("client_auth", usual, parse::choice(&PLACES));
    let issuer = issuer(&mut section, peer);
    section.finish();
    let (token_url, scope) = issuer?;
    Some(Auth::ClientSecret { client_id: client_id?, secret: secret?, token_url, scope, client_auth: client_auth? })
}

fn private_key_jwt(mut section: Section<'_>, peer: &Peer) -> Option<Auth> {
    let client_id = section.need("client_id", "\"…\"", parse::text);
    let key = secrets::need(&mut section, "key");
    let key_id = optional(&mut section, "key_id", parse::text);
    let dpop = if matches!(peer, Peer::Okta { .. }) { section.or("dpop", "false", parse::flag) } else { Some(false) };
    let issuer = issuer(&mut section, peer);
    section.finish();
    let (token_url, scope) = issuer?;
    let key_id = key_id?;
    Some(Auth::PrivateKeyJwt { client_id: client_id?, key: key?, key_id, token_url, scope, dpop: dpop? })
}

/// A key and its certificate, which may stand in one file: without `certificate` it is looked for beside the key.
fn certificate(mut section: Section<'_>, peer: &Peer) -> Option<Auth> {
    let client_id = section.need("client_id", "\"…\"", parse::text);
    let key = secrets::need(&mut section, "key");
    let certificate =
        if section.node("certificate").is_some() { secrets::need(&mut section, "certificate") } else { key.clone() };
    let issuer = issuer(&mut section, peer);
    section.finish();
    let (token_url, scope) = issuer?;
    Some(Auth::Certificate { client_id: client_id?, key: key?, certificate: certificate?, token_url, scope })
}

fn federated(mut section: Section<'_>, peer: &Peer) -> Option<Auth> {
    let client_id = section.need("client_id", "\"…\"", parse::text);
    let token = secrets::need(&mut section, "token");
    let issuer = issuer(&mut section, peer);
    section.finish();
    let (token_url, scope) = issuer?;
    Some(Auth::Federated { client_id: client_id?, token: token?, token_url, scope })
}

/// Where tokens are issued, and the scope. `None` when that cannot be told; then it is reported here or at the URL.
fn issuer(section: &mut Section<'_>, peer: &Peer) -> Option<(Url, Option<String>)> {
    let Some(issuer) = peer.issuer() else {
        let token_url = if peer.names_issuer() {
            section.need("token_url", "\"https://login.acme.example/oauth2/token\"", urls::endpoint)
        } else {
            section.get("token_url", urls::endpoint)
        };
        let scope = optional(section, "scope", parse::text);
        return Some((token_url?, scope?));
    };
    let token_url = section.or("token_url", &issuer.token_url, urls::endpoint);
    let scope = section.or("scope", &issuer.scope, parse::text);
    Some((token_url?, Some(scope?)))
}

/// `Some(None)` when absent, `None` when wrong.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
fn optional<T>(
    section: &mut Section<'_>,
    key: &'static str,
    parse: impl FnOnce(&crate::config::tree::Node) -> crate::config::section::Parsed<T>,
) -> Option<Option<T>> {
    if section.node(key).is_some() { section.get(key, parse).map(Some) } else { Some(None) }
}
