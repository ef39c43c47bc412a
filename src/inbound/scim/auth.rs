//! Who may call: whoever has the feed's token, or its user and password, compared in constant time; or a token that the
//! feed's issuer has signed for us.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::error::Refusal;
use crate::config::{Auth, Secret, Signer};
use crate::inbound::hooks::proof::same;
use crate::inbound::jws::{Kind, Unsigned, verify};
use crate::model::{FeedName, Time};
use crate::worker::Warden;

/// How many seconds an issuer's clock may differ from ours.
const LEEWAY: i64 = 60;

fn stranger(why: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, why)
}

/// Whether the caller is the provider of the feed.
pub(super) async fn prove(warden: &Warden, feed: &FeedName, headers: &HeaderMap) -> Result<(), Refusal> {
    let config = warden.parts().config.feeds.get(feed).ok_or_else(|| Refusal::not_found("feed"))?;
    let given = headers.get(AUTHORIZATION).ok_or_else(|| stranger("the Authorization header is missing"))?;
    let given = given.to_str().map_err(|_| stranger("the Authorization header is no text"))?;
    let (scheme, given) = given.split_once(' ').unwrap_or(("", given));
    let given = given.trim();
    match &config.auth {
        Auth::Bearer { token } => {
            // Okta's header authentication sends the token as it is.
            if !scheme.is_empty() && !scheme.eq_ignore_ascii_case("bearer") {
                return Err(stranger("this feed takes a bearer token"));
            }
            if same(secret(token)?.as_bytes(), given.as_bytes()) { Ok(()) } else { Err(stranger("wrong token")) }
        }
        Auth::Basic { username, password } => {
            if !scheme.eq_ignore_ascii_case("basic") {
                return Err(stranger("this feed takes basic authentication"));
            }
            let given = STANDARD.decode(given).map_err(|_| stranger("wrong user or password"))?;
            let wanted = format!("{username}:{}", secret(password)?);
            if same(wanted.as_bytes(), &given) { Ok(()) } else { Err(stranger("wrong user or password")) }
        }
        Auth::Jwt(signer) => {
            let keys = warden.parts().caller_keys.get(feed);
            let keys = keys.ok_or_else(|| stranger("this feed has no way to prove who calls"))?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(stranger("this feed takes a bearer token"));
            }
            let claims = verify(given, Kind::Access, keys).await.map_err(|unsigned| match unsigned {
                Unsigned::NoToken(why) | Unsigned::Key(why) | Unsigned::Signature(why) => stranger(why),
                Unsigned::NoKeys(why) => busy(&why),
            })?;
            judge(&claims, signer, warden.now())
        }
        Auth::None
        | Auth::Ssws { .. }
        | Auth::ClientSecret { .. }
        | Auth::PrivateKeyJwt { .. }
        | Auth::Certificate { .. }
        | Auth::Federated { .. } => Err(stranger("this feed has no way to prove who calls")),
    }
}

/// Our own trouble is never a 401: the provider would stop pushing for good.
fn secret(secret: &Secret) -> Result<String, Refusal> {
    let read = secret.read().map(|secret| secret.expose_secret().to_owned());
    read.map_err(|error| busy(&error.to_string()))
}

fn busy(why: &str) -> Refusal {
    tracing::error!(why, "who calls the SCIM server cannot be judged");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "who calls cannot be judged now; try again later")
}

/// The claims of a token with a good signature (RFC 9068 section 4): issued by whom we know, for us, and in time.
fn judge(claims: &Value, signer: &Signer, now: Time) -> Result<(), Refusal> {
    if !signer.has_issued(claims) {
        return Err(stranger("the token is of another issuer"));
    }
    if !signer.is_for_us(claims) {
        return Err(stranger("the token is for another audience"));
    }
    let at = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = now.millis() / 1_000;
    match at("exp") {
        None => Err(stranger("the token has no end")),
        Some(end) if end.saturating_add(LEEWAY) < now => Err(stranger("the token has expired")),
        Some(_) if claims.get("nbf").is_some() && at("nbf").is_none_or(|begin| begin.saturating_sub(LEEWAY) > now) => {
            Err(stranger("the token is not valid yet"))
        }
        Some(_) => Ok(()),
    }
}
