//! Client assertions (RFC 7523 section 2.2): a signed statement of who we are, good for one token request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::Time;

/// Okta allows an hour, Entra asks for five to ten minutes. Clocks may differ by a few.
const LIFE_S: i64 = 300;

const NO_KEY: &str = "the key is neither an RSA key nor an EC key in PKCS#8 PEM form \
    (`openssl pkcs8 -topk8 -nocrypt` makes that)";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: &'a str,
}

/// What an assertion says.
pub(super) struct Statement<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) key: KeyName<'a>,
    pub(super) now: Time,
    /// Must never repeat: a provider refuses an assertion that it has seen.
    pub(super) jti: &'a str,
}

/// How the other side finds the public half.
#[derive(Clone, Copy)]
pub(super) enum KeyName<'a> {
    /// By the id under which it was registered.
    Id(Option<&'a str>),
    /// By the thumbprint of its certificate, as [`thumbprint`] makes it. Entra wants PS256 with this (Microsoft identity
    /// platform, "certificate credentials").
    Thumbprint(&'a str),
}

/// Signs with RS256 (PS256 for a certificate), or with ES256 or ES384 where `pem` holds a key on such a curve. The error
/// says what is wrong with the key, never what it is.
pub(super) fn sign(pem: &SecretString, statement: &Statement<'_>) -> Result<String, String> {
    let Statement { client_id, audience, key: name, now, jti } = *statement;
    let seconds = now.millis().div_euclid(1000);
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: audience,
        iat: seconds,
        nbf: seconds,
        exp: seconds.saturating_add(LIFE_S),
        jti,
    };
    let signed = |algorithm, key: &EncodingKey| {
        let mut header = Header::new(algorithm);
        match name {
            KeyName::Id(id) => header.kid = id.map(str::to_owned),
            KeyName::Thumbprint(thumbprint) => header.x5t_s256 = Some(thumbprint.to_owned()),
        }
        jsonwebtoken::encode(&header, &claims, key)
    };
    let key = key_of(pem).ok_or(NO_KEY)?;
    let text = key.expose_secret().as_bytes();
    if let Ok(key) = EncodingKey::from_rsa_pem(text) {
        let algorithm = match name {
            KeyName::Id(_) => Algorithm::RS256,
            KeyName::Thumbprint(_) => Algorithm::PS256,
        };
        return signed(algorithm, &key).map_err(|error| format!("cannot sign with the RSA key: {error}"));
    }
    if matches!(name, KeyName::Thumbprint(_)) {
        return Err("the certificate's key has to be an RSA key in PEM form".to_owned());
    }
    let key = EncodingKey::from_ec_pem(text).map_err(|_| NO_KEY)?;
    signed(Algorithm::ES256, &key)
        .or_else(|_| signed(Algorithm::ES384, &key))
        .map_err(|error| format!("cannot sign with the EC key: {error}; the curve has to be P-256 or P-384"))
}

/// `x5t#S256` (RFC 7515 section 4.1.8) of the first certificate in a PEM text.
pub(super) fn thumbprint(text: &SecretString) -> Result<String, String> {
    let blocks = pem::parse_many(text.expose_secret())
        .map_err(|error| format!("the certificate is not in PEM form: {error}"))?;
    let certificate = blocks.iter().find(|block| block.tag() == "CERTIFICATE");
    let certificate = certificate.ok_or_else(|| "there is no certificate in PEM form".to_owned())?;
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(certificate.contents())))
}

/// The private key of a PEM text, without the certificates that may stand beside it.
fn key_of(text: &SecretString) -> Option<SecretString> {
    let blocks = pem::parse_many(text.expose_secret()).ok()?;
    let key = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY"))?;
    Some(SecretString::from(pem::encode(key)))
}
