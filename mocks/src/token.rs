//! Token endpoints: how a client shows who it is, and the access tokens that are out.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use crate::rng::mix;
use crate::wire::Call;

/// The `client_assertion_type` of RFC 7523.
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The access tokens that one authority has given out.
#[derive(Debug, Default)]
pub(crate) struct TokenBank {
    tokens: BTreeMap<String, Grant>,
    spent: BTreeSet<String>,
    minted: u64,
}

#[derive(Debug, Clone)]
struct Grant {
    until: Timestamp,
    scopes: Vec<String>,
    /// The thumbprint of the key that a `DPoP` token is bound to.
    bound_to: Option<String>,
}

/// What is known of a token that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown<'a> {
    /// Good, with these scopes.
    Good(&'a [String]),
    /// Once good.
    Expired,
    /// Never seen, or taken back.
    Unknown,
}

impl TokenBank {
    /// Gives out a token that lives until `until`.
    pub(crate) fn mint(&mut self, prefix: &str, until: Timestamp, scopes: Vec<String>) -> String {
        self.mint_bound(prefix, until, scopes, None)
    }

    pub(crate) fn mint_bound(
        &mut self,
        prefix: &str,
        until: Timestamp,
        scopes: Vec<String>,
        bound_to: Option<String>,
    ) -> String {
        self.minted += 1;
        let token = format!("{prefix}.{}.{:016x}", self.minted, mix(self.minted, prefix.as_bytes()));
        self.tokens.insert(token.clone(), Grant { until, scopes, bound_to });
        token
    }

    pub(crate) fn look(&self, token: &str, now: Timestamp) -> Shown<'_> {
        match self.tokens.get(token) {
            Some(grant) if grant.until > now => Shown::Good(&grant.scopes),
            Some(_) => Shown::Expired,
            None => Shown::Unknown,
        }
    }

    pub(crate) fn bound_to(&self, token: &str) -> Option<&str> {
        self.tokens.get(token)?.bound_to.as_deref()
    }

    /// Lets every token that is out be expired from now on.
    pub(crate) fn expire_all(&mut self, now: Timestamp) {
        self.tokens.values_mut().for_each(|grant| grant.until = grant.until.min(now));
    }

    /// How many tokens were ever given out.
    pub(crate) fn minted(&self) -> u64 {
        self.minted
    }

    /// Notes a `jti`; says whether it is new.
    pub(crate) fn spend(&mut self, jti: &str) -> bool {
        self.spent.insert(jti.to_owned())
    }
}

/// How a client showed who it is at a token endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Id and secret, in the form or as basic authentication (RFC 6749 section 2.3.1).
    Secret { client_id: String, secret: String },
    /// A signed assertion, with the client id if the form names it.
    Assertion { client_id: Option<String>, jwt: String },
    /// Nothing usable.
    None { client_id: Option<String> },
}

/// A form body as pairs.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn read(call: &Call) -> Self {
        Self(form_urlencoded::parse(&call.body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl Proof {
    pub(crate) fn read(call: &Call, form: &Form) -> Self {
        let client_id = form.get("client_id").map(str::to_owned);
        if let (Some(ASSERTION_TYPE), Some(jwt)) = (form.get("client_assertion_type"), form.get("client_assertion")) {
            return Self::Assertion { client_id, jwt: jwt.to_owned() };
        }
        if let Some((client_id, secret)) = basic(call) {
            // Both halves are form-encoded before they are joined.
            let plain = |text: &str| form_urlencoded::parse(text.as_bytes()).next().map(|(key, _)| key.into_owned());
            return Self::Secret {
                client_id: plain(&client_id).unwrap_or_default(),
                secret: plain(&secret).unwrap_or_default(),
            };
        }
        match (client_id, form.get("client_secret")) {
            (Some(client_id), Some(secret)) => Self::Secret { client_id, secret: secret.to_owned() },
            (client_id, _) => Self::None { client_id },
        }
    }
}

/// User and password of basic authentication, as they stand there.
pub(crate) fn basic(call: &Call) -> Option<(String, String)> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(call.credentials("Basic")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// What an assertion must say to be believed.
pub(crate) struct Expect<'a> {
    pub(crate) client_id: &'a str,
    /// Any of these is right.
    pub(crate) audiences: &'a [String],
    /// Key id and public key in PEM; a key without an id fits every assertion.
    pub(crate) keys: &'a [(Option<String>, String)],
    /// How far ahead `exp` may lie.
    pub(crate) life_max: SignedDuration,
    pub(crate) now: Timestamp,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// How far two clocks may differ before a time stamp is refused.
const LEEWAY: SignedDuration = SignedDuration::from_secs(300);

/// Checks a client assertion: key, signature, issuer, audience, times by the world's clock, and that its `jti` is new.
/// The error is the text for the client's log.
pub(crate) fn check_assertion(jwt: &str, expect: &Expect<'_>, bank: &mut TokenBank) -> Result<(), String> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|error| format!("assertion is not a JWT: {error}"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err("assertion algorithm is not supported".to_owned());
    }
    let mut fitting = expect.keys.iter().filter(|(id, _)| id.is_none() || *id == header.kid);
    let Some(claims) = fitting.find_map(|(_, pem)| verified(jwt, pem, header.alg)) else {
        return Err("no registered key verifies the assertion's signature".to_owned());
    };
    if claims.iss.as_deref() != Some(expect.client_id) || claims.sub.as_deref() != Some(expect.client_id) {
        return Err("iss and sub must be the client id".to_owned());
    }
    if !claims.audience().any(|named| expect.audiences.contains(named)) {
        return Err(format!("aud must be one of {:?}", expect.audiences));
    }
    check_times(&claims, expect.life_max, expect.now)?;
    match claims.jti {
        Some(jti) if !bank.spend(&jti) => Err("the jti was used before".to_owned()),
        Some(_) | None => Ok(()),
    }
}

/// Checks the token of another issuer that stands in for a secret. Such tokens may be shown again and again.
pub(crate) fn check_foreign(
    jwt: &str,
    pem: &str,
    issuer: &str,
    subject: &str,
    audience: &str,
    now: Timestamp,
) -> Result<(), String> {
    let header = jsonwebtoken::decode_header(jwt).map_err(|error| format!("token is not a JWT: {error}"))?;
    let claims = verified(jwt, pem, header.alg).ok_or_else(|| "the signature does not verify".to_owned())?;
    if claims.iss.as_deref() != Some(issuer) || claims.sub.as_deref() != Some(subject) {
        return Err("issuer or subject is not trusted".to_owned());
    }
    if !claims.audience().any(|named| named == audience) {
        return Err("the audience is another".to_owned());
    }
    check_times(&claims, SignedDuration::from_hours(24), now)
}

impl Claims {
    fn audience(&self) -> impl Iterator<Item = &String> {
        let (one, many) = match &self.aud {
            Some(Audience::One(one)) => (Some(one), &[][..]),
            Some(Audience::Many(many)) => (None, many.as_slice()),
            None => (None, &[][..]),
        };
        one.into_iter().chain(many)
    }
}

const ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384];

fn verified(jwt: &str, pem: &str, algorithm: Algorithm) -> Option<Claims> {
    let key = if matches!(algorithm, Algorithm::ES256 | Algorithm::ES384) {
        DecodingKey::from_ec_pem(pem.as_bytes())
    } else {
        DecodingKey::from_rsa_pem(pem.as_bytes())
    };
    let mut rules = Validation::new(algorithm);
    // The times are checked against the world's clock and the audience against several, both below.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    jsonwebtoken::decode::<Claims>(jwt, &key.ok()?, &rules).ok().map(|token| token.claims)
}

fn check_times(claims: &Claims, life_max: SignedDuration, now: Timestamp) -> Result<(), String> {
    let now = now.as_second();
    let leeway = LEEWAY.as_secs();
    let Some(exp) = claims.exp else { return Err("exp is missing".to_owned()) };
    if exp <= now {
        return Err("the assertion has expired".to_owned());
    }
    if exp > now.saturating_add(life_max.as_secs()).saturating_add(leeway) {
        return Err("exp is too far in the future".to_owned());
    }
    if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(leeway)) {
        return Err("the assertion is not valid yet".to_owned());
    }
    if claims.iat.is_some_and(|iat| iat > now.saturating_add(leeway)) {
        return Err("iat is in the future".to_owned());
    }
    Ok(())
}
