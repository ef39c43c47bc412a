//! Public keys of whoever signs what comes in: fetched without credentials, kept for a while, and asked for again when
//! a key is unknown, but not more often than twice a minute, for strangers can name unknown keys.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, Request};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

use super::{Limits, Ports, TransportError};
use crate::config::Signer;
use crate::model::Time;

/// Issuers rotate keys by publishing the next one long before they use it.
const FRESH: Duration = Duration::from_hours(1);
/// Between two fetches.
const PAUSE: Duration = Duration::from_secs(30);
/// Whoever waits for an answer of ours waits three seconds. A set of keys has a few kilobytes.
const LIMITS: Limits = Limits { time: Duration::from_millis(2_500), body: 256 << 10 };

/// The document in which an issuer says where its keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WellKnown {
    /// Shared Signals Framework, section "Transmitter configuration discovery": before the issuer's path.
    SharedSignals,
    /// OpenID Connect Discovery 1.0 section 4: behind the issuer's path.
    OpenId,
}

/// The keys of one issuer.
pub struct Keys {
    ports: Ports,
    signer: Signer,
    well_known: WellKnown,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    keys: Vec<Jwk>,
    fetched_at: Option<Time>,
    tried_at: Option<Time>,
    error: Option<KeysError>,
}

/// Why there are no keys.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot get the keys of the issuer: {0}")]
pub struct KeysError(String);

impl From<TransportError> for KeysError {
    fn from(error: TransportError) -> Self {
        Self(error.to_string())
    }
}

impl Keys {
    /// Nothing is fetched yet.
    pub fn new(signer: &Signer, well_known: WellKnown, ports: Ports) -> Self {
        Self { ports, signer: signer.clone(), well_known, cache: Mutex::default() }
    }

    /// The key of that id; without an id the only key there is. `None` where the issuer has none such.
    pub async fn find(&self, kid: Option<&str>) -> Result<Option<Jwk>, KeysError> {
        let mut cache = self.cache.lock().await;
        let now = self.ports.clock.now();
        let found = choose(&cache.keys, kid);
        let is_fresh = cache.fetched_at.is_some_and(|at| now.since(at) < FRESH);
        let may_fetch = cache.tried_at.is_none_or(|at| now.since(at) >= PAUSE);
        if (found.is_none() || !is_fresh) && may_fetch {
            cache.tried_at = Some(now);
            match self.fetch().await {
                Ok(keys) => *cache = Cache { keys, fetched_at: Some(now), tried_at: Some(now), error: None },
                Err(error) => cache.error = Some(error),
            }
        }
        // Keys that were good an hour ago are better than none; a wrong one would still have to sign.
        match (choose(&cache.keys, kid), &cache.error) {
            (Some(key), _) => Ok(Some(key)),
            (None, Some(error)) if cache.keys.is_empty() => Err(error.clone()),
            (None, _) => Ok(None),
        }
    }

    async fn fetch(&self) -> Result<Vec<Jwk>, KeysError> {
        let url = match &self.signer.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let set: Value = self.get(&url).await?;
        // One by one: a kind of key that we do not know must not hide the others.
        let keys: Vec<Jwk> = match set.get("keys").and_then(Value::as_array) {
            Some(keys) => keys.iter().filter_map(|key| serde_json::from_value(key.clone()).ok()).collect(),
            None => return Err(KeysError("the answer is no set of keys".to_owned())),
        };
        Ok(JwkSet { keys }.keys)
    }

    async fn discover(&self) -> Result<Url, KeysError> {
        let wrong = |why: &str| KeysError(why.to_owned());
        let mut url: Url =
            self.signer.issuer.parse().map_err(|_| wrong("the issuer is no URL; configure `jwks_url`"))?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&match self.well_known {
            WellKnown::SharedSignals => format!("/.well-known/ssf-configuration{path}"),
            WellKnown::OpenId => format!("{path}/.well-known/openid-configuration"),
        });
        let found = self.get(&url).await?;
        if found.get("issuer").and_then(Value::as_str) != Some(&self.signer.issuer) {
            return Err(wrong("the issuer's configuration names another issuer"));
        }
        let place = found.get("jwks_uri").and_then(Value::as_str).and_then(|text| text.parse().ok());
        place.ok_or_else(|| wrong("the issuer's configuration has no `jwks_uri`"))
    }

    async fn get(&self, url: &Url) -> Result<Value, KeysError> {
        let request = Request::builder().method(Method::GET).uri(url.as_str()).header(ACCEPT, "application/json");
        let request = request.body(Bytes::new()).map_err(|error| KeysError(error.to_string()))?;
        let answer = self.ports.transport.call(request, &LIMITS).await?;
        if answer.status() != http::StatusCode::OK {
            return Err(KeysError(format!("answered {}", answer.status().as_u16())));
        }
        serde_json::from_slice(answer.body()).map_err(|_| KeysError("the answer is no JSON".to_owned()))
    }
}

fn choose(keys: &[Jwk], kid: Option<&str>) -> Option<Jwk> {
    match (kid, keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid)).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}
