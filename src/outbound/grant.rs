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
use url::Url;

use super::assertion::{self, KeyName, Statement};
use super::classify::{Class, classify};
use super::proof::{self, Checker, Proofs};
use super::{Limits, Ports, TransportError, address, complaint};
use crate::config::{Auth, ClientAuth, Secret};
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
    /// The proof of possession has to carry the nonce that came with the answer.
    #[error("{0}")]
    Nonce(String),
    /// The client may not have one of the scopes.
    #[error("{0}")]
    Scope(String),
}

/// Scopes for what a feed can do without. An app from before it was asked for goes on with the others, and the feed says
/// what it lacks.
const DISPENSABLE: [&str; 1] = ["okta.logs.read"];

/// Asks for a token; once more without the scopes that we can do without where the client may not have them.
pub(super) async fn ask(auth: &Auth, proofs: Option<&Proofs>, ports: &Ports) -> Result<Granted, Refusal> {
    let scopes: Vec<&str> = scope(auth).iter().flat_map(|scope| scope.split_whitespace()).collect();
    let needed: Vec<&str> = scopes.iter().copied().filter(|scope| !DISPENSABLE.contains(scope)).collect();
    match ask_for(auth, &scopes, proofs, ports).await {
        Err(Refusal::Scope(why)) if !needed.is_empty() && needed.len() < scopes.len() => {
            tracing::warn!(%why, "asks for a token without {}", DISPENSABLE.join(" "));
            ask_for(auth, &needed, proofs, ports).await
        }
        ended => ended,
    }
}

/// Asks a second time at once where the server only wants its nonce in the proof.
async fn ask_for(auth: &Auth, scopes: &[&str], proofs: Option<&Proofs>, ports: &Ports) -> Result<Granted, Refusal> {
    match ask_once(auth, scopes, proofs, ports).await {
        Err(Refusal::Nonce(_)) => match ask_once(auth, scopes, proofs, ports).await {
            Err(Refusal::Nonce(why)) => Err(Refusal::Refused(why)),
            ended => ended,
        },
        ended => ended,
    }
}

fn scope(auth: &Auth) -> Option<&str> {
    match auth {
        Auth::ClientSecret { scope, .. }
        | Auth::PrivateKeyJwt { scope, .. }
        | Auth::Certificate { scope, .. }
        | Auth::Federated { scope, .. } => scope.as_deref(),
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } | Auth::Jwt(_) | Auth::None => None,
    }
}

/// Secrets are read now; an assertion is made now, since a repeated `jti` is refused.
async fn ask_once(auth: &Auth, scopes: &[&str], proofs: Option<&Proofs>, ports: &Ports) -> Result<Granted, Refusal> {
    let (client_id, token_url) = match auth {
        Auth::ClientSecret { client_id, token_url, .. }
        | Auth::PrivateKeyJwt { client_id, token_url, .. }
        | Auth::Certificate { client_id, token_url, .. }
        | Auth::Federated { client_id, token_url, .. } => (client_id, token_url),
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } | Auth::Jwt(_) | Auth::None => {
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
            let secret = read(secret)?;
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
            if *client_auth == ClientAuth::Basic {
                client = client.set_auth_type(AuthType::BasicAuth);
            }
        }
        Auth::PrivateKeyJwt { key, key_id, .. } => {
            client_assertion = Some(signed(client_id, token_url, key, KeyName::Id(key_id.as_deref()), ports)?);
        }
        Auth::Certificate { key, certificate, .. } => {
            let thumbprint = assertion::thumbprint(&read(certificate)?).map_err(Refusal::Refused)?;
            client_assertion = Some(signed(client_id, token_url, key, KeyName::Thumbprint(&thumbprint), ports)?);
        }
        Auth::Federated { token, .. } => client_assertion = Some(read(token)?.expose_secret().trim().to_owned()),
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } | Auth::Jwt(_) | Auth::None => {}
    }
    let mut request = client.exchange_client_credentials();
    for scope in scopes {
        request = request.add_scope(Scope::new((*scope).to_owned()));
    }
    if let Some(assertion) = client_assertion {
        request =
            request.add_extra_param("client_assertion_type", JWT_BEARER).add_extra_param("client_assertion", assertion);
    }
    let carrier = Carrier { ports, proofs };
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
    let bound = matches!(answer.token_type(), CoreTokenType::Extension(kind) if kind.eq_ignore_ascii_case("dpop"));
    match (proofs.is_some(), bound) {
        // A server that does not know DPoP gives a bearer token, and whoever copies that can use it.
        (true, false) => {
            let why = "the token is not bound to our key; turn DPoP on for this app, or leave `dpop` out".to_owned();
            return Err(Refusal::Refused(why));
        }
        (false, false) if *answer.token_type() != CoreTokenType::Bearer => {
            return Err(Refusal::Refused("the token is neither a bearer token nor a DPoP token".to_owned()));
        }
        (false, true) => {
            let why = "the token is bound to a key; write `dpop = true` in `auth`, or turn DPoP off for this app";
            return Err(Refusal::Refused(why.to_owned()));
        }
        (true, true) | (false, false) => {}
    }
    let token = SecretString::from(answer.access_token().secret().as_str());
    Ok(Granted { token, life: answer.expires_in().unwrap_or(LIFE) })
}

/// Our transport for the crate. A type of its own: a closure here yields a future that cannot be proven to be `Send`.
struct Carrier<'p> {
    ports: &'p Ports,
    proofs: Option<&'p Proofs>,
}

impl<'c> AsyncHttpClient<'c> for Carrier<'_> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Refusal>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

impl Carrier<'_> {
    /// Carries the crate's request by our transport. Only a success goes back to the crate: what else the server says is
    /// judged here, where status and headers are known.
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, Refusal> {
        let ports = self.ports;
        let mut request: Request<Bytes> = request.map(Bytes::from);
        if let Some(proofs) = self.proofs {
            let url = request.uri().to_string().parse().map_err(|error| Refusal::Refused(format!("{error}")))?;
            let proof = proofs.prove(&proof::Request {
                checker: Checker::Issuer,
                method: request.method(),
                url: &url,
                token: None,
                now: ports.clock.now(),
                jti: ports.chance.uuid(),
            });
            let proof = proof.map_err(Refusal::Refused)?;
            request.headers_mut().insert(proof::PROOF, proof);
        }
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
        let another_nonce = self.proofs.is_some_and(|proofs| proofs.learn(Checker::Issuer, answer.headers()));
        let again = |until| Refusal::Again { why: complaint::sentence(status, &complaint, None), until };
        match classify(status, answer.headers(), ports.clock.now(), ports.chance.fraction()) {
            Class::Done => Ok(answer.map(|body| lenient(&body))),
            Class::Throttled { until } | Class::Transient { until } => Err(again(until)),
            Class::Unauthorized | Class::Forbidden | Class::Permanent => Err(match code {
                Some("temporarily_unavailable" | "server_error" | "AADSTS90033") => again(None),
                Some("use_dpop_nonce") if another_nonce => {
                    Refusal::Nonce(complaint::sentence(status, &complaint, None))
                }
                _ => {
                    let why = complaint::sentence(status, &complaint, Some(complaint::advice(status, code)));
                    if code == Some("invalid_scope") { Refusal::Scope(why) } else { Refusal::Refused(why) }
                }
            }),
        }
    }
}

fn read(secret: &Secret) -> Result<SecretString, Refusal> {
    secret.read().map_err(|error| Refusal::Refused(error.to_string()))
}

fn signed(client_id: &str, token_url: &Url, key: &Secret, name: KeyName<'_>, ports: &Ports) -> Result<String, Refusal> {
    let jti = ports.chance.uuid();
    let audience = token_url.as_str();
    let statement = Statement { client_id, audience, key: name, now: ports.clock.now(), jti: &jti };
    assertion::sign(&read(key)?, &statement).map_err(Refusal::Refused)
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
