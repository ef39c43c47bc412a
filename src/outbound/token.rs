//! Gets and keeps access tokens. Many callers at once make one token request; a token is replaced before it ends; a
//! secret is read anew for each request, so that a rotated one is picked up. Nothing of them is ever logged.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;
use url::Url;

use super::grant::{self, Granted, Refusal};
use super::proof::{self, Checker, Proofs};
use super::retry::{Next, Retry};
use super::{CallError, Peer, Ports};
use crate::config::{Auth, Secret};
use crate::model::Time;

/// A token is replaced this long before its end, or at nine tenths of its life.
const MARGIN: Duration = Duration::from_mins(1);

/// The token of one peer.
#[derive(Default)]
pub(super) struct Tokens {
    kept: Mutex<Kept>,
    /// Token requests that came to an end, so that those who waited for one that failed share its failure.
    ended: AtomicU64,
    /// The key that tokens are bound to, where they are.
    proofs: OnceLock<Arc<Proofs>>,
}

#[derive(Default)]
struct Kept {
    token: Option<Token>,
    failure: Option<CallError>,
}

struct Token {
    pass: Pass,
    replace_at: Time,
    ends_at: Time,
}

/// The value of `Authorization`, and which token it is.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) header: HeaderValue,
    number: u64,
    bound: Option<Bound>,
}

/// A token that is good only with proofs of its key.
#[derive(Clone)]
struct Bound {
    token: SecretString,
    proofs: Arc<Proofs>,
}

impl Pass {
    /// The proof to send along, where the token needs one. Each try needs one of its own.
    pub(super) fn proof(&self, method: &Method, url: &Url, ports: &Ports) -> Result<Option<HeaderValue>, String> {
        let Some(Bound { token, proofs }) = &self.bound else { return Ok(None) };
        let (now, jti) = (ports.clock.now(), ports.chance.uuid());
        let request = proof::Request { checker: Checker::Resource, method, url, token: Some(token), now, jti };
        proofs.prove(&request).map(Some)
    }

    /// Keeps the nonce that an answer asks for. True when the call may go once more because of it.
    pub(super) fn learn(&self, headers: &HeaderMap) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.proofs.learn(Checker::Resource, headers))
    }
}

impl Tokens {
    /// What to send as `Authorization` now.
    pub(super) async fn pass(&self, peer: &Peer, ports: &Ports) -> Result<Pass, CallError> {
        let fixed = |scheme: &str, secret: SecretString| {
            let header = header(scheme, &secret).map_err(|why| refused(peer, why))?;
            Ok(Pass { header, number: 0, bound: None })
        };
        match &peer.auth {
            Auth::Ssws { token } => fixed("SSWS", read(peer, token)?),
            Auth::Bearer { token } => fixed("Bearer", read(peer, token)?),
            Auth::Basic { username, password } => {
                // RFC 7617: the name ends at the first colon.
                if username.contains(':') {
                    return Err(refused(peer, "a user name with a colon cannot be sent".to_owned()));
                }
                let password = read(peer, password)?;
                let pair = SecretString::from(format!("{username}:{}", password.expose_secret()));
                fixed("Basic", SecretString::from(STANDARD.encode(pair.expose_secret())))
            }
            Auth::None => Err(refused(peer, "a folder needs no credentials".to_owned())),
            Auth::Jwt(_) => Err(refused(peer, "these are the credentials of somebody who calls us".to_owned())),
            Auth::ClientSecret { .. }
            | Auth::PrivateKeyJwt { .. }
            | Auth::Certificate { .. }
            | Auth::Federated { .. } => self.granted(peer, ports).await,
        }
    }

    /// Forgets a token that was not accepted. True when there may be another: a new one can be asked for, or the secret
    /// was rotated. A fixed secret that is still the same is not tried again, lest the account be locked.
    pub(super) async fn reject(&self, rejected: &Pass, peer: &Peer, ports: &Ports) -> bool {
        if rejected.number == 0 {
            return self.pass(peer, ports).await.is_ok_and(|pass| pass.header != rejected.header);
        }
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref().is_some_and(|token| token.pass.number == rejected.number) {
            kept.token = None;
        }
        true
    }

    /// The key for proofs, made once, where the peer's tokens are bound to one.
    fn proofs(&self, peer: &Peer) -> Result<Option<Arc<Proofs>>, CallError> {
        if !matches!(&peer.auth, Auth::PrivateKeyJwt { dpop: true, .. }) {
            return Ok(None);
        }
        if let Some(proofs) = self.proofs.get() {
            return Ok(Some(proofs.clone()));
        }
        let made = Arc::new(Proofs::new().map_err(|why| refused(peer, why))?);
        Ok(Some(self.proofs.get_or_init(|| made).clone()))
    }

    async fn granted(&self, peer: &Peer, ports: &Ports) -> Result<Pass, CallError> {
        let before = self.ended.load(Ordering::SeqCst);
        let mut kept = self.kept.lock().await;
        let now = ports.clock.now();
        if let Some(token) = &kept.token
            && now < token.replace_at
        {
            return Ok(token.pass.clone());
        }
        let ended = self.ended.load(Ordering::SeqCst);
        if let Some(failure) = &kept.failure
            && ended != before
        {
            return Err(failure.clone());
        }
        // A token that is still good for a moment buys only one try: better the old one than a wait.
        let patience = match &kept.token {
            Some(token) if now < token.ends_at => Duration::ZERO,
            _ => peer.patience,
        };
        let proofs = self.proofs(peer)?;
        let asked = ask(peer, proofs.as_deref(), ports, patience).await;
        let number = self.ended.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let built = asked.and_then(|(granted, asked_at)| {
            let scheme = if proofs.is_some() { "DPoP" } else { "Bearer" };
            let header = header(scheme, &granted.token).map_err(|why| refused(peer, why))?;
            let bound = proofs.map(|proofs| Bound { token: granted.token, proofs });
            let ends_at = asked_at.plus(granted.life);
            let replace_at = ends_at.minus(MARGIN.min(granted.life / 10));
            Ok(Token { pass: Pass { header, number, bound }, replace_at, ends_at })
        });
        match built {
            Ok(token) => {
                let pass = token.pass.clone();
                *kept = Kept { token: Some(token), failure: None };
                Ok(pass)
            }
            Err(failure) => {
                let now = ports.clock.now();
                if let Some(token) = &mut kept.token
                    && now < token.ends_at
                {
                    token.replace_at = now.plus(Duration::from_secs(5)).min(token.ends_at);
                    tracing::warn!(peer.name = %peer.name, error = %failure, "cannot renew the access token yet");
                    return Ok(token.pass.clone());
                }
                kept.failure = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

/// Asks until there is a token or no hope of one. The instant is that before the asking.
async fn ask(
    peer: &Peer,
    proofs: Option<&Proofs>,
    ports: &Ports,
    patience: Duration,
) -> Result<(Granted, Time), CallError> {
    let mut retry = Retry::new(ports.clock.now(), patience);
    loop {
        let number = retry.begin();
        let asked_at = ports.clock.now();
        let (why, until) = match grant::ask(&peer.auth, proofs, ports).await {
            Ok(granted) => {
                let duration_ms = ports.clock.now().since(asked_at).as_millis();
                tracing::debug!(peer.name = %peer.name, duration_ms, "try" = number, "has a new access token");
                return Ok((granted, asked_at));
            }
            Err(Refusal::Refused(why) | Refusal::Nonce(why) | Refusal::Scope(why)) => return Err(refused(peer, why)),
            Err(Refusal::Final(why)) => return Err(CallError::Unreachable { label: label(peer), why, until: None }),
            Err(Refusal::Again { why, until }) => (why, until),
        };
        tracing::debug!(peer.name = %peer.name, "try" = number, %why, "no access token yet");
        match retry.next(until, ports.clock.now(), &ports.chance) {
            Next::At(at) => ports.clock.sleep_until(at).await,
            Next::End(until) => return Err(CallError::Unreachable { label: label(peer), why, until }),
        }
    }
}

fn read(peer: &Peer, secret: &Secret) -> Result<SecretString, CallError> {
    secret.read().map_err(|error| refused(peer, error.to_string()))
}

fn header(scheme: &str, secret: &SecretString) -> Result<HeaderValue, String> {
    let text = SecretString::from(format!("{scheme} {}", secret.expose_secret()));
    let mut value = HeaderValue::from_str(text.expose_secret())
        .map_err(|_| "the token holds characters that cannot be sent, such as a line break".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

fn refused(peer: &Peer, why: String) -> CallError {
    CallError::Refused { label: label(peer), why }
}

fn label(peer: &Peer) -> String {
    match &peer.auth {
        Auth::ClientSecret { token_url, .. }
        | Auth::PrivateKeyJwt { token_url, .. }
        | Auth::Certificate { token_url, .. }
        | Auth::Federated { token_url, .. } => {
            format!("token of {} from {}", peer.name, token_url.host_str().unwrap_or_default())
        }
        Auth::Ssws { .. } | Auth::Bearer { .. } | Auth::Basic { .. } | Auth::Jwt(_) | Auth::None => {
            format!("credentials of {}", peer.name)
        }
    }
}
