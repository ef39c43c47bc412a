//! Who may call: whoever has the feed's token, or its user and password. Compared in constant time.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use super::error::Refusal;
use crate::config::{Auth, Secret};
use crate::inbound::hooks::proof::same;
use crate::model::FeedName;
use crate::worker::Warden;

fn stranger(why: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, why)
}

/// Whether the caller is the provider of the feed.
pub(super) fn prove(warden: &Warden, feed: &FeedName, headers: &HeaderMap) -> Result<(), Refusal> {
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
        Auth::Ssws { .. }
        | Auth::ClientSecret { .. }
        | Auth::PrivateKeyJwt { .. }
        | Auth::Certificate { .. }
        | Auth::Federated { .. } => Err(stranger("this feed has no way to prove who calls")),
    }
}

/// Our own trouble is never a 401: the provider would stop pushing for good.
fn secret(secret: &Secret) -> Result<String, Refusal> {
    let read = secret.read().map(|secret| secret.expose_secret().to_owned());
    read.map_err(|error| {
        tracing::error!(%error, "the secret of a feed cannot be read");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "who calls cannot be judged now; try again later")
    })
}
