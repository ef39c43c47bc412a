//! One token request: OAuth 2.0 client credentials (RFC 6749 section 4.4) by openidconnect, carried by our own transport,
//! with a secret or with a signed assertion (RFC 7523), which openidconnect does not make.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use openidconnect::core::{CoreClient, CoreJsonWebKeySet, CoreTokenType};
use openidconnect::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, IssuerUrl, OAuth2TokenResponse,
    RequestTokenError, Scope, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use thiserror::Error;

use super::assertion::{self, Statement};
use super::classify::{Class, classify};
use super::{Limits, Ports, TransportError, address, complaint};
use crate::config::{Auth, ClientAuth};
use crate::model::Time;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A token answer is a few kilobytes.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), body: 1 << 20 };
/// Where the server does not say (RFC 6749 section 5.1 only recommends it).
const LIFE: Duration = Duration::from_mins(5);

/// A token, and for how long.
pub(super) struct Granted {
    pub(super) token: SecretString,
    pub(super) life: Duration,
}

/// Why there is no token.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    /// The server, or we, say no; an operator has to do something.
    #[error("{0}")]
    Refused(String),
    /// No connection, and trying again does not help.
    #[error("{0}")]
    Final(String),
    /// Not now.
    #[error("{why}")]
    Again { why: String, until: Option<Time> },
}

/// Asks once. Secrets are read now; an assertion is made now, since a repeated `jti` is refused.
pub(super) async fn ask(auth: &Auth, ports: &Ports) -> Result<Granted, Refusal> {
    let (client_id, token_url, scope) = match auth {
        Auth::ClientSecret { client_id, token_url, scope, .. }
        | Auth::PrivateKeyJwt { client_id, token_url, scope, .. } => (client_id, token_url, scope),
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } => {
            return Err(Refusal::Refused("these credentials need no token request".to_owned()));
        }
    };
    address::guard(token_url).map_err(Refusal::Refused)?;
    let issuer = IssuerUrl::from_url(token_url.clone());
    let mut client = CoreClient::new(ClientId::new(client_id.clone()), issuer, CoreJsonWebKeySet::new(Vec::new()))
        .set_token_uri(TokenUrl::from_url(token_url.clone()))
        .set_auth_type(AuthType::RequestBody);
    let mut client_assertion = None;
    match auth {
        Auth::ClientSecret { secret, client_auth, .. } => {
            let secret = secret.read().map_err(|error| Refusal::Refused(error.to_string()))?;
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
            if *client_auth == ClientAuth::Basic {
                client = client.set_auth_type(AuthType::BasicAuth);
            }
        }
        Auth::PrivateKeyJwt { dpop: true, .. } => {
            return Err(Refusal::Refused("`dpop = true` is not supported yet; turn DPoP off for this app".to_owned()));
        }
        Auth::PrivateKeyJwt { key, key_id, .. } => {
            let pem = key.read().map_err(|error| Refusal::Refused(error.to_string()))?;
            let jti = ports.chance.uuid();
            let now = ports.clock.now();
            let audience = token_url.as_str();
            let statement = Statement { client_id, audience, key_id: key_id.as_deref(), now, jti: &jti };
            client_assertion = Some(assertion::sign(&pem, &statement).map_err(Refusal::Refused)?);
        }
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } => {}
    }
    let mut request = client.exchange_client_credentials();
    for scope in scope.iter().flat_map(|scope| scope.split_whitespace()) {
        request = request.add_scope(Scope::new(scope.to_owned()));
    }
    if let Some(assertion) = client_assertion {
        request =
            request.add_extra_param("client_assertion_type", JWT_BEARER).add_extra_param("client_assertion", assertion);
    }
    let carrier = Carrier(ports.clone());
    let answer = request.request_async(&carrier).await.map_err(|error| match error {
        RequestTokenError::Request(refusal) => refusal,
        // The body holds the token; where in it the fault lies is enough.
        RequestTokenError::Parse(error, _) => {
            Refusal::Refused(format!("the token answer breaks RFC 6749 section 5.1 at `{}`", error.path()))
        }
        RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
            Refusal::Refused("the token answer is not JSON as in RFC 6749 section 5.1; check the token URL".to_owned())
        }
    })?;
    if *answer.token_type() != CoreTokenType::Bearer {
        return Err(Refusal::Refused("the token is not a bearer token; turn DPoP off for this app".to_owned()));
    }
    let token = SecretString::from(answer.access_token().secret().as_str());
    Ok(Granted { token, life: answer.expires_in().unwrap_or(LIFE) })
}

/// Our transport for the crate. A type of its own: a closure here yields a future that cannot be proven to be `Send`.
struct Carrier(Ports);

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Refusal>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(carry(request, &self.0))
    }
}

/// Carries the crate's request by our transport. Only a success goes back to the crate: what else the server says is
/// judged here, where status and headers are known.
async fn carry(request: HttpRequest, ports: &Ports) -> Result<HttpResponse, Refusal> {
    let request: Request<Bytes> = request.map(Bytes::from);
    let answer = ports.transport.call(request, &LIMITS).await.map_err(|error| match error {
        TransportError::Connection(_) | TransportError::TimedOut(_) => {
            Refusal::Again { why: error.to_string(), until: None }
        }
        TransportError::Untrusted(why) => Refusal::Final(why),
        TransportError::TooLarge(_) | TransportError::Forbidden(_) => Refusal::Refused(error.to_string()),
    })?;
    let status = answer.status().as_u16();
    let complaint = complaint::read(answer.body());
    let code = complaint.code.as_deref();
    let again = |until| Refusal::Again { why: complaint::sentence(status, &complaint, None), until };
    match classify(status, answer.headers(), ports.clock.now(), ports.chance.fraction()) {
        Class::Done => Ok(answer.map(|body| lenient(&body))),
        Class::Throttled { until } | Class::Transient { until } => Err(again(until)),
        Class::Unauthorized | Class::Forbidden | Class::Permanent => Err(match code {
            Some("temporarily_unavailable" | "server_error" | "AADSTS90033") => again(None),
            _ => Refusal::Refused(complaint::sentence(status, &complaint, Some(complaint::advice(status, code)))),
        }),
    }
}

/// Some servers write `"expires_in":"3599"`.
fn lenient(body: &[u8]) -> Vec<u8> {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body)
        && let Some(life) = value.get_mut("expires_in")
        && let Some(number) = life.as_str().and_then(|text| text.parse::<u64>().ok())
    {
        *life = Value::from(number);
        return value.to_string().into_bytes();
    }
    body.to_vec()
}
