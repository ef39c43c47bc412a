//! Claims of a security event token (RFC 8417), once its signature has been found good: Shared Signals with CAEP and
//! RISC events, and SCIM events (RFC 9967).

use serde_json::{Map, Value};

use super::{Heard, To, account, event_id};
use crate::config::Signer;
use crate::model::{MatchKey, Time};

/// How far ahead of ours a transmitter's clock may be.
const AHEAD_MS: i64 = 5 * 60 * 1_000;

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const SSF: &str = "https://schemas.openid.net/secevent/ssf/event-type/";
const SCIM: &str = "urn:ietf:params:scim:event:";

/// A token whose claims are in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id, for telling repetitions.
    pub jti: String,
    /// Where to look.
    pub heard: Heard,
}

/// Why a token is refused, in the words of RFC 8935.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The registered code.
    pub err: &'static str,
    /// The sentence beside it.
    pub description: &'static str,
}

const fn refuse(err: &'static str, description: &'static str) -> Refusal {
    Refusal { err, description }
}

/// Checks the claims and reads where they point. `signer` is whom the configuration expects.
pub fn read(claims: &Value, signer: &Signer, now: Time) -> Result<Told, Refusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !signer.has_issued(claims) {
        return Err(refuse("invalid_issuer", "iss is not the issuer of this stream"));
    }
    if !signer.is_for_us(claims) {
        return Err(refuse("invalid_audience", "aud does not name this receiver"));
    }
    // A token with one of these could be taken for an identity or access token (RFC 8417 section 4).
    if claims.get("sub").is_some() || claims.get("exp").is_some() {
        return Err(refuse("invalid_request", "a security event token has neither sub nor exp"));
    }
    let Some(issued_s) = claims.get("iat").and_then(Value::as_i64) else {
        return Err(refuse("invalid_request", "iat is missing"));
    };
    if issued_s.saturating_mul(1_000) > now.millis().saturating_add(AHEAD_MS) {
        return Err(refuse("invalid_request", "iat lies in the future"));
    }
    let Some(jti) = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= 512) else {
        return Err(refuse("invalid_request", "jti is missing or too long"));
    };
    let Some(events) = claims.get("events").and_then(Value::as_object).filter(|events| !events.is_empty()) else {
        return Err(refuse("invalid_request", "events is missing or empty"));
    };
    let mut heard = Heard::default();
    for (kind, payload) in events {
        take(kind, payload, claims, &signer.issuer, jti, &mut heard);
    }
    Ok(Told { jti: jti.to_owned(), heard })
}

/// What an event type asks for.
enum Asks {
    Look { urgent: bool },
    LookEverywhere,
    Nothing,
}

fn asks(kind: &str) -> Asks {
    let look = |urgent| Asks::Look { urgent };
    if let Some(risc) = kind.strip_prefix(RISC) {
        return match risc {
            "account-disabled" | "account-purged" => look(true),
            "account-enabled"
            | "identifier-changed"
            | "identifier-recycled"
            | "credential-compromise"
            | "account-credential-change-required"
            | "sessions-revoked" => look(false),
            _ => Asks::Nothing,
        };
    }
    if let Some(caep) = kind.strip_prefix(CAEP) {
        return match caep {
            "session-revoked" | "token-claims-change" | "credential-change" | "assurance-level-change" => look(false),
            _ => Asks::Nothing,
        };
    }
    if let Some(scim) = kind.strip_prefix(SCIM) {
        return match scim {
            // Out of the stream does not mean gone, but it may be, and nobody else will say.
            "prov:delete" | "prov:deactivate" | "feed:remove" => look(true),
            _ if scim.starts_with("prov:") || scim == "feed:add" => look(false),
            _ => Asks::Nothing,
        };
    }
    if kind.strip_prefix(SSF) == Some("stream-updated") { Asks::LookEverywhere } else { Asks::Nothing }
}

fn take(kind: &str, payload: &Value, claims: &Value, issuer: &str, jti: &str, heard: &mut Heard) {
    let event = event_id(jti);
    match asks(kind) {
        Asks::Nothing => heard.ignored = heard.ignored.saturating_add(1),
        Asks::LookEverywhere => heard.point(event.as_deref(), To::Feed, false),
        Asks::Look { urgent } => {
            // Beside the events, or inside of one as older transmitters have it.
            let subject = claims.get("sub_id").or_else(|| payload.get("subject")).and_then(Value::as_object);
            let to = subject.and_then(|subject| meant(subject, issuer, 0)).unwrap_or(To::Feed);
            heard.point(event.as_deref(), to, urgent);
        }
    }
}

/// Whom a subject identifier (RFC 9493) means; `None` where it does not say in words that we have.
fn meant(subject: &Map<String, Value>, issuer: &str, depth: u8) -> Option<To> {
    let text = |name: &str| subject.get(name).and_then(Value::as_str);
    let format = text("format").or_else(|| text("subject_type")).unwrap_or("complex").replace('-', "_");
    let email = |address: &str| To::Person(MatchKey::Email, address.to_owned());
    match format.as_str() {
        "email" => text("email").map(email),
        "iss_sub" if text("iss").is_none_or(|iss| iss == issuer) => text("sub").and_then(account),
        "opaque" => text("id").and_then(account),
        "account" => text("uri").and_then(|uri| uri.strip_prefix("acct:")).map(email),
        "scim" => {
            let mut parts = text("uri")?.rsplit('/');
            let id = parts.next()?;
            if parts.next().is_some_and(|folder| folder == "Users") { account(id) } else { None }
        }
        // Complex subjects name several things that all have to fit; the user is the one that has seats.
        "complex" if depth < 2 => meant(subject.get("user")?.as_object()?, issuer, depth + 1),
        "aliases" if depth < 2 => {
            let identifiers = subject.get("identifiers")?.as_array()?;
            identifiers.iter().take(16).filter_map(Value::as_object).find_map(|one| meant(one, issuer, depth + 1))
        }
        _ => None,
    }
}
