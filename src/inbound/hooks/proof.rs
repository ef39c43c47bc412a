//! Proofs of where a delivery comes from, compared in constant time.
//!
//! A signed hook carries, after the Standard Webhooks specification, `webhook-id`, `webhook-timestamp` (seconds since
//! 1970) and `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several signatures
//! stand behind each other with a blank. A secret that begins with `whsec_` is base64. Where a shell script is to sign,
//! `x-seatwarden-timestamp` and `x-seatwarden-signature: sha256=` with the hexadecimal HMAC-SHA256 over
//! `timestamp.body` do as well.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::model::{FeedName, Time};

/// Signatures remembered within their window. A replay that slips through beyond it is a look too many, no more.
const REMEMBERED: usize = 100_000;

/// More signatures in one header make no sense; each costs a pass over the body.
const SIGNATURES: usize = 8;

/// Whether two secrets are the same. Both are hashed first, so that the time taken tells neither content nor length.
pub(in crate::inbound) fn same(ours: &[u8], given: &[u8]) -> bool {
    Sha256::digest(ours).as_slice().ct_eq(Sha256::digest(given).as_slice()).into()
}

/// The key that a secret stands for.
pub(super) fn key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    encoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// Signed deliveries that were seen within their window.
#[derive(Debug, Default)]
pub(super) struct Replays {
    seen: Mutex<BTreeMap<[u8; 32], Time>>,
}

impl Replays {
    /// Checks signature, timestamp and that it was not seen before.
    pub(super) fn prove(
        &self,
        feed: &FeedName,
        secret: &str,
        window: Duration,
        now: Time,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), &'static str> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (stamp, signed, signatures) = if let Some(given) = text("webhook-signature") {
            let id = text("webhook-id").filter(|id| !id.is_empty()).ok_or("webhook-id is missing")?;
            let stamp = text("webhook-timestamp").ok_or("webhook-timestamp is missing")?;
            let signatures = given.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
            (stamp, format!("{id}.{stamp}."), signatures.take(SIGNATURES).collect::<Vec<_>>())
        } else {
            let given = text("x-seatwarden-signature").ok_or("the delivery is not signed")?;
            let stamp = text("x-seatwarden-timestamp").ok_or("x-seatwarden-timestamp is missing")?;
            let signature = given.strip_prefix("sha256=").and_then(|digits| hex::decode(digits).ok());
            (stamp, format!("{stamp}."), signature.into_iter().collect())
        };
        let mac =
            Hmac::<Sha256>::new_from_slice(&key(secret)).map_err(|_| "the secret of this hook cannot be a key")?;
        let mac = mac.chain_update(signed.as_bytes()).chain_update(body);
        // All are tried, whichever fits.
        let fits = signatures.iter().filter(|signature| mac.clone().verify_slice(signature).is_ok()).count();
        if fits == 0 {
            return Err("the signature does not fit");
        }
        let seconds: i64 = stamp.parse().map_err(|_| "the timestamp is not a number of seconds")?;
        let at = Time::from_millis(seconds.saturating_mul(1_000));
        if at.since(now).max(now.since(at)) > window {
            return Err("the timestamp lies outside of the window");
        }
        let mut digest = Sha256::new();
        digest.update(feed.as_str());
        digest.update([0]);
        digest.update(mac.finalize().into_bytes());
        self.first_time(digest.finalize().into(), now, at.max(now).plus(window))
    }

    fn first_time(&self, delivery: [u8; 32], now: Time, until: Time) -> Result<(), &'static str> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= REMEMBERED {
            seen.retain(|_, until| *until >= now);
        }
        if seen.len() >= REMEMBERED {
            seen.pop_first();
        }
        match seen.insert(delivery, until) {
            Some(until) if until >= now => Err("this delivery was seen before"),
            Some(_) | None => Ok(()),
        }
    }
}
