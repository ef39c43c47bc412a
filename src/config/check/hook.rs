//! `hook` of a feed: what may come in at `/hooks/NAME`.

use std::time::Duration;

use super::feed::Kind;
use crate::config::codes;
use crate::config::context::Problem;
use crate::config::parse;
use crate::config::section::Section;
use crate::config::{Hook, Knock, SetHook, Signer, secrets, urls};

/// Senders try again for minutes and clocks differ by seconds; five minutes is what most signed hooks allow.
const WINDOW: &str = "5m";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Okta,
    Graph,
    Hmac,
}

const SHAPES: [(&str, Shape); 3] = [("okta", Shape::Okta), ("graph", Shape::Graph), ("hmac", Shape::Hmac)];

/// `Some(None)` when absent, `None` when wrong.
#[expect(clippy::option_option, reason = "absent, wrong and given are three things")]
pub(super) fn read(section: &mut Section<'_>, kind: Kind) -> Option<Option<Hook>> {
    let Some(mut hook) = section.some_table("hook", "hook") else { return Some(None) };
    if !hook.is_there() {
        return None;
    }
    let usual = match kind {
        Kind::Okta => "okta",
        Kind::Entra => "graph",
        Kind::Scim | Kind::Push | Kind::Csv => "hmac",
    };
    let shape = hook.or("kind", usual, parse::choice(&SHAPES))?;
    let fits = match shape {
        Shape::Okta => kind == Kind::Okta,
        Shape::Graph => kind == Kind::Entra,
        Shape::Hmac => kind != Kind::Entra,
    };
    if !fits {
        let message = "this kind of hook does not belong to this kind of feed";
        let help = format!("write `kind = \"{usual}\"`, or leave it out");
        hook.cx.report(hook.spot("kind"), Problem::new(codes::BAD_CHOICE, message).help(help));
    }
    let public_url = hook.get("public_url", urls::base(&["/hooks"]));
    let wants_url = hook.node("public_url").is_some();
    let set = hook.some_table("set", "hook set").map(token_events);
    let secret = |hook: &mut Section<'_>| {
        // Security events prove by their signature who sent them and need no secret beside it.
        let needed = set.is_none() || hook.node("secret").is_some();
        needed.then(|| secrets::need(hook, "secret"))
    };
    let knock = match shape {
        Shape::Graph => {
            Some(secrets::need(&mut hook, "client_state").map(|client_state| Knock::Graph { client_state }))
        }
        Shape::Okta => secret(&mut hook).map(|secret| secret.map(|secret| Knock::Okta { secret })),
        Shape::Hmac => {
            let window = Duration::ZERO;
            secret(&mut hook).map(|secret| secret.map(|secret| Knock::Hmac { secret, window }))
        }
    };
    let named = if shape == Shape::Graph { "hook entra" } else { "hook" };
    let mut window = Some(Duration::ZERO);
    if shape == Shape::Hmac {
        window = hook.or("window", WINDOW, parse::duration(Duration::from_secs(1)));
    } else if shape == Shape::Okta && hook.node("window").is_some() {
        let message = "`window` belongs to a signed hook, and an Okta event hook is not signed";
        hook.cx.report(hook.spot("window"), Problem::new(codes::UNKNOWN_KEY, message).help("leave it out"));
    }
    hook.shaped(named).finish();
    let knock = match knock {
        None => None,
        Some(None) => return None,
        Some(Some(Knock::Hmac { secret, window: _ })) => Some(Knock::Hmac { secret, window: window? }),
        Some(Some(knock)) => Some(knock),
    };
    let set = match set {
        None => None,
        Some(set) => Some(set?),
    };
    (fits && (!wants_url || public_url.is_some())).then_some(Some(Hook { public_url, knock, set }))
}

fn token_events(mut set: Section<'_>) -> Option<SetHook> {
    if !set.is_there() {
        return None;
    }
    let signer = signer(&mut set, "\"https://acme.okta.com\"", "\"https://sync.acme.example/hooks/okta\"");
    let has_token = set.node("token").is_some();
    let token = if has_token { secrets::need(&mut set, "token") } else { None };
    set.finish();
    if has_token && token.is_none() {
        return None;
    }
    Some(SetHook { signer: signer?, token })
}

/// Whose signed tokens are believed. `issuer` and `audience` are examples.
pub(super) fn signer(section: &mut Section<'_>, issuer: &str, audience: &str) -> Option<Signer> {
    let issuer = section.need("issuer", issuer, parse::text);
    let audience = section.need("audience", audience, parse::text);
    let named_url = section.node("jwks_url").is_some();
    let jwks_url = section.get("jwks_url", urls::endpoint);
    if !named_url && issuer.as_ref().is_some_and(|issuer| !issuer.starts_with("http")) {
        let message = "`issuer` is no URL, so its keys cannot be found through it";
        section.report(Problem::new(codes::MISSING, message).help("say where its keys are, as `jwks_url`"));
        return None;
    }
    if named_url && jwks_url.is_none() {
        return None;
    }
    Some(Signer { issuer: issuer?, audience: audience?, jwks_url })
}
