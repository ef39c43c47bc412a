//! Proofs of possession (`DPoP`, RFC 9449): a token that somebody copies is worth nothing without the key that lives in
//! here. The key is made when it is first needed, never leaves the process and is another than the one that signs
//! assertions.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::model::Time;

/// The header of a proof, and of the answer that asks for another nonce.
pub(super) const PROOF: &str = "dpop";
const NONCE: &str = "dpop-nonce";
/// A nonce is a few dozen characters; what is longer is not kept.
const LONGEST_NONCE: usize = 512;

/// Who checks a proof. Each has nonces of its own (RFC 9449 sections 8 and 9), also where both are one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Checker {
    /// Issues tokens.
    Issuer,
    /// Takes tokens.
    Resource,
}

/// The key of one peer and the nonces that it was told.
pub(super) struct Proofs {
    key: EncodingKey,
    public: Jwk,
    nonces: Mutex<BTreeMap<Checker, String>>,
}

/// What a proof is about.
pub(super) struct Request<'a> {
    pub(super) checker: Checker,
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    /// The access token that goes with it.
    pub(super) token: Option<&'a SecretString>,
    pub(super) now: Time,
    /// Must never repeat.
    pub(super) jti: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
}

impl Proofs {
    /// Makes a key.
    pub(super) fn new() -> Result<Self, String> {
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let pkcs8 = made.map_err(|_| "cannot make a key for DPoP proofs".to_owned())?;
        let key = EncodingKey::from_ec_der(pkcs8.as_ref());
        let public = Jwk::from_encoding_key(&key, Algorithm::ES256)
            .map_err(|error| format!("cannot use the key for DPoP proofs: {error}"))?;
        Ok(Self { key, public, nonces: Mutex::default() })
    }

    /// Signs the proof of one request. The address is shown without query and fragment (RFC 9449 section 4.2).
    pub(super) fn prove(&self, request: &Request<'_>) -> Result<HeaderValue, String> {
        let mut address = request.url.clone();
        address.set_query(None);
        address.set_fragment(None);
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.public.clone());
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = |token: &SecretString| URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose_secret().as_bytes()));
        let claims = Claims {
            htm: request.method.as_str(),
            htu: address.as_str(),
            iat: request.now.millis().div_euclid(1000),
            jti: &request.jti,
            nonce: nonces.get(&request.checker).map(String::as_str),
            ath: request.token.map(hash),
        };
        let proof = jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|error| format!("cannot sign a DPoP proof: {error}"))?;
        let mut value =
            HeaderValue::from_str(&proof).map_err(|_| "a DPoP proof cannot be sent as a header".to_owned())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Keeps the nonce of an answer. True when it is another than the one that was used.
    pub(super) fn learn(&self, checker: Checker, headers: &HeaderMap) -> bool {
        let told = headers.get(NONCE).and_then(|nonce| nonce.to_str().ok());
        let Some(nonce) = told.filter(|nonce| !nonce.is_empty() && nonce.len() <= LONGEST_NONCE) else { return false };
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        nonces.insert(checker, nonce.to_owned()).as_deref() != Some(nonce)
    }
}
