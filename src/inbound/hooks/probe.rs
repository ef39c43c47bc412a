//! Calls a hook as its provider would, for `webhook verify`: no event is sent, so nothing is looked at.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request, Response, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use crate::config::secret::SecretError;
use crate::config::{Hook, Knock, Secret};
use crate::model::Time;

/// What is sent where something has to be echoed.
const ECHO: &str = "seatwarden <webhook> & verify";

/// One call.
pub struct Probe {
    /// What it finds out.
    pub what: &'static str,
    /// What to send.
    pub request: Request<Bytes>,
    expects: Expects,
}

enum Expects {
    Json,
    Text,
    Status(StatusCode),
}

/// What a hook is called with, at `url`.
pub fn probes(hook: &Hook, url: &str, now: Time, chance: &str) -> Result<Vec<Probe>, SecretError> {
    let mut probes = Vec::new();
    let build = |request: axum::http::request::Builder, body: Bytes| {
        request.body(body).map_err(|error| SecretError { place: url.to_owned(), why: error.to_string() })
    };
    let show = |secret: &Secret| secret.read().map(|secret| secret.expose_secret().to_owned());
    match &hook.knock {
        Some(Knock::Okta { secret }) => {
            let request = Request::builder().method(Method::GET).uri(url);
            let request = request.header("x-okta-verification-challenge", ECHO).header(AUTHORIZATION, show(secret)?);
            let what = "verification with the secret";
            probes.push(Probe { what, request: build(request, Bytes::new())?, expects: Expects::Json });
        }
        Some(Knock::Graph { client_state }) => {
            show(client_state)?;
            let token: String = url::form_urlencoded::byte_serialize(ECHO.as_bytes()).collect();
            for (what, path) in [("handshake", ""), ("handshake of the lifecycle", "/lifecycle")] {
                let request =
                    Request::builder().method(Method::POST).uri(format!("{url}{path}?validationToken={token}"));
                let request = build(request.header(CONTENT_TYPE, "text/plain"), Bytes::new())?;
                probes.push(Probe { what, request, expects: Expects::Text });
            }
        }
        Some(Knock::Hmac { secret, .. }) => {
            let body = "{\"events\":[]}";
            let (id, stamp) = (format!("verify-{chance}"), now.millis().div_euclid(1_000));
            let secret = show(secret)?;
            let key = super::proof::key(&secret);
            let mac = Hmac::<Sha256>::new_from_slice(&key)
                .map_err(|error| SecretError { place: "the hook's secret".to_owned(), why: error.to_string() })?;
            let mac = mac.chain_update(format!("{id}.{stamp}.{body}")).finalize().into_bytes();
            let request = Request::builder().method(Method::POST).uri(url).header(CONTENT_TYPE, "application/json");
            let request = request.header("webhook-id", id).header("webhook-timestamp", stamp);
            let request = request.header("webhook-signature", format!("v1,{}", STANDARD.encode(mac)));
            let (what, expects) = ("a signed delivery", Expects::Status(StatusCode::ACCEPTED));
            probes.push(Probe { what, request: build(request, Bytes::from_static(body.as_bytes()))?, expects });
        }
        None => {}
    }
    if let Some(set) = &hook.set {
        let mut request =
            Request::builder().method(Method::POST).uri(url).header(CONTENT_TYPE, "application/secevent+jwt");
        if let Some(token) = &set.token {
            request = request.header(AUTHORIZATION, show(token)?);
        }
        // Only the transmitter can sign; that an empty token is refused as such shows that everything before it is good.
        let (what, expects) = ("a security event without content", Expects::Status(StatusCode::BAD_REQUEST));
        probes.push(Probe { what, request: build(request, Bytes::new())?, expects });
    }
    Ok(probes)
}

impl Probe {
    /// What is wrong with the answer, if anything.
    pub fn judge(&self, answer: &Response<Bytes>) -> Result<(), String> {
        let status = answer.status();
        let echoed = || String::from_utf8_lossy(answer.body()).into_owned();
        let good = match &self.expects {
            Expects::Status(expected) => status == *expected,
            Expects::Text => status == StatusCode::OK && echoed() == ECHO,
            Expects::Json => {
                let said: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
                let verification = said.as_ref().and_then(|said| said.get("verification")?.as_str());
                status == StatusCode::OK && verification == Some(ECHO)
            }
        };
        if good {
            return Ok(());
        }
        Err(match status {
            StatusCode::UNAUTHORIZED => "401: the daemon knows another secret than this configuration names".to_owned(),
            StatusCode::NOT_FOUND => "404: nobody listens there for this feed; a running daemon needs a restart after a change of the configuration".to_owned(),
            StatusCode::OK | StatusCode::ACCEPTED => "answered, but something else than our listener does".to_owned(),
            other => format!("answered {}", other.as_u16()),
        })
    }
}
