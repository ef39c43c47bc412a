//! Proofs of possession (RFC 9449), as Okta checks them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::wire::Call;

/// How far the `iat` of a proof may lie from now, in seconds.
const SKEW_S: u64 = 300;

/// What a good proof says.
#[derive(Debug)]
pub(super) struct Proven {
    pub(super) thumbprint: String,
    pub(super) jti: String,
    pub(super) nonce: Option<String>,
    ath: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: i64,
    jti: String,
    nonce: Option<String>,
    ath: Option<String>,
}

/// Checks a proof: its own key signs it, and it names this method, this address and this time.
pub(super) fn check(proof: &str, method: &str, url: &str, now: Timestamp) -> Result<Proven, String> {
    let header = jsonwebtoken::decode_header(proof).map_err(|_| "the proof is not a JWT".to_owned())?;
    if header.typ.as_deref() != Some("dpop+jwt") {
        return Err("typ must be dpop+jwt".to_owned());
    }
    let jwk = header.jwk.ok_or_else(|| "the proof carries no key".to_owned())?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "the proof's key cannot be used".to_owned())?;
    let mut rules = Validation::new(header.alg);
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(proof, &key, &rules)
        .map_err(|error| format!("the proof does not verify: {error}"))?
        .claims;
    if claims.htm != method || claims.htu != url {
        return Err("htm or htu names another request".to_owned());
    }
    if claims.iat.abs_diff(now.as_second()) > SKEW_S {
        return Err("iat is too far from now".to_owned());
    }
    let Claims { jti, nonce, ath, .. } = claims;
    let thumbprint =
        jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| "the proof's key has no thumbprint".to_owned())?;
    Ok(Proven { thumbprint, jti, nonce, ath })
}

/// Checks the proof of an API call: bound key, this address without its query, and the hash of the token.
pub(super) fn check_for_api(call: &Call, token: &str, thumbprint: &str, now: Timestamp) -> Result<(), String> {
    let proof = call.header("dpop").ok_or_else(|| "the proof is missing".to_owned())?;
    let proven = check(proof, call.method.as_str(), &format!("{}{}", call.base, call.path), now)?;
    if proven.thumbprint != thumbprint {
        return Err("the token is bound to another key".to_owned());
    }
    match proven.ath {
        Some(ath) if ath == token_hash(token) => Ok(()),
        Some(_) | None => Err("ath is not the hash of the token".to_owned()),
    }
}

fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
