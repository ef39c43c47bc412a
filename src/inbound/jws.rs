//! Signatures of tokens: asymmetric ones alone, with a key that the issuer publishes for signing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::outbound::Keys;

/// A shared secret signs for whoever knows it, and the issuer's public key is known to all.
const ALLOWED: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
];

/// The shortest RSA modulus in bytes (CAEP interoperability profile: 2048 bit).
const RSA_BYTES: usize = 256;

/// What a token is for, by its `typ` (RFC 8725 section 3.11): one must not be taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `secevent+jwt` (RFC 8417).
    SecurityEvent,
    /// `at+jwt` (RFC 9068), or `JWT` as most issuers write.
    Access,
}

impl Kind {
    const fn allows(self) -> &'static [&'static str] {
        match self {
            Self::SecurityEvent => &["secevent+jwt"],
            Self::Access => &["at+jwt", "jwt", ""],
        }
    }
}

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// It is no such token at all.
    NoToken(&'static str),
    /// Signed with a key that is not the issuer's, or may not be used.
    Key(&'static str),
    /// The signature proves nothing.
    Signature(&'static str),
    /// The issuer's keys are not to be had now.
    NoKeys(String),
}

/// Checks the signature and gives the claims, of which nothing is checked yet.
pub(super) async fn verify(token: &str, kind: Kind, keys: &Keys) -> Result<Value, Unsigned> {
    let token = token.trim();
    if token.split('.').count() != 3 {
        return Err(Unsigned::NoToken("this is no signed token"));
    }
    // `none` and whatever else is not known has no name among the algorithms.
    let header = jsonwebtoken::decode_header(token)
        .map_err(|_| Unsigned::Signature("the header is unreadable or names an algorithm that is not allowed"))?;
    if !ALLOWED.contains(&header.alg) {
        return Err(Unsigned::Signature("the algorithm is not allowed"));
    }
    let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    if !kind.allows().contains(&typ.strip_prefix("application/").unwrap_or(&typ)) {
        return Err(Unsigned::NoToken(match kind {
            Kind::SecurityEvent => "typ is not secevent+jwt",
            Kind::Access => "typ is not that of an access token",
        }));
    }
    let key = keys.find(header.kid.as_deref()).await.map_err(|error| Unsigned::NoKeys(error.to_string()))?;
    let key = key.ok_or(Unsigned::Key("the issuer has no key of this kid"))?;
    may_sign(&key)?;
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(&key).map_err(|_| Unsigned::Key("the issuer's key cannot be used"))?;
    let read = jsonwebtoken::decode::<Value>(token, &key, &validation);
    read.map(|read| read.claims).map_err(|_| Unsigned::Signature("the signature does not fit"))
}

fn may_sign(key: &Jwk) -> Result<(), Unsigned> {
    if key.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return Err(Unsigned::Key("the key is not for signing"));
    }
    if let AlgorithmParameters::RSA(rsa) = &key.algorithm {
        let modulus = URL_SAFE_NO_PAD.decode(rsa.n.trim_end_matches('='));
        let is_long = modulus.is_ok_and(|modulus| modulus.len() >= RSA_BYTES);
        return if is_long { Ok(()) } else { Err(Unsigned::Key("the key is too short")) };
    }
    if let AlgorithmParameters::EllipticCurve(_) = &key.algorithm {
        return Ok(());
    }
    Err(Unsigned::Key("this kind of key is not used here"))
}
