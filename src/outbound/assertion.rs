//! Client assertions (RFC 7523 section 2.2): a signed statement of who we are, good for one token request.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::model::Time;

/// Okta allows an hour, Entra asks for five to ten minutes. Clocks may differ by a few.
const LIFE_S: i64 = 300;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

/// What an assertion says.
pub(super) struct Statement<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) key_id: Option<&'a str>,
    pub(super) now: Time,
    /// Must never repeat: a provider refuses an assertion that it has seen.
    pub(super) jti: &'a str,
}

/// Signs with RS256, or with ES256 or ES384 where `pem` holds a key on such a curve. The error says what is wrong with
/// the key, never what it is.
pub(super) fn sign(pem: &SecretString, statement: &Statement<'_>) -> Result<String, String> {
    let Statement { client_id, audience, key_id, now, jti } = *statement;
    let seconds = now.millis().div_euclid(1000);
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: audience,
        iat: seconds,
        exp: seconds.saturating_add(LIFE_S),
        jti,
    };
    let signed = |algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        header.kid = key_id.map(str::to_owned);
        jsonwebtoken::encode(&header, &claims, key)
    };
    let text = pem.expose_secret().as_bytes();
    if let Ok(key) = EncodingKey::from_rsa_pem(text) {
        return signed(Algorithm::RS256, &key).map_err(|error| format!("cannot sign with the RSA key: {error}"));
    }
    let key = EncodingKey::from_ec_pem(text).map_err(|_| {
        "the key is neither an RSA key nor an EC key in PKCS#8 PEM form (`openssl pkcs8 -topk8 -nocrypt` makes that)"
            .to_owned()
    })?;
    signed(Algorithm::ES256, &key)
        .or_else(|_| signed(Algorithm::ES384, &key))
        .map_err(|error| format!("cannot sign with the EC key: {error}; the curve has to be P-256 or P-384"))
}
