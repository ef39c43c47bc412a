//! Who may ask, and the token endpoint at `/token`.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use jiff::SignedDuration;
use serde_json::json;

use super::Provider;
use crate::World;
use crate::token::{Expect, Form, Proof, Shown, basic, check_assertion};
use crate::wire::{Call, Reply};

/// The long-lived token that is accepted until the test sets another.
pub const BEARER_TOKEN: &str = "mock-scim-token-not-a-secret";
/// The user of basic authentication.
pub const BASIC_USER: &str = "seatwarden";
/// The password of basic authentication.
pub const BASIC_PASSWORD: &str = "mock:pass word";
/// The client id at the token endpoint.
pub const CLIENT_ID: &str = "scim-client";
/// The client secret at the token endpoint. It has signs in it that a form must encode.
pub const CLIENT_SECRET: &str = "mock/secret+with:odd&signs";

/// A way to show who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Everybody may ask.
    Open,
    /// A long-lived token.
    Bearer(String),
    /// Basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// A token from `/token`, had for an id and a secret (in the form or as basic authentication), or for an assertion
    /// signed with one of the provider's keys.
    ClientSecret {
        /// The client id.
        client_id: String,
        /// The client secret.
        secret: String,
    },
}

/// How far ahead the `exp` of an assertion may lie.
const ASSERTION_LIFE: SignedDuration = SignedDuration::from_secs(3600);

impl Provider {
    pub(super) fn admit(&self, world: &World, call: &Call) -> Result<(), Reply> {
        let bearer = call.credentials("Bearer");
        let given = basic(call);
        let mut expired = false;
        let lets_in = |auth: &Auth| match auth {
            Auth::Open => true,
            Auth::Bearer(token) => bearer == Some(token.as_str()),
            Auth::Basic { user, password } => given.as_ref().is_some_and(|(u, p)| u == user && p == password),
            Auth::ClientSecret { .. } => match bearer.map(|token| self.bank.look(token, world.now)) {
                Some(Shown::Good(_)) => true,
                Some(Shown::Expired) => {
                    expired = true;
                    false
                }
                Some(Shown::Unknown) | None => false,
            },
        };
        if self.auth.iter().any(lets_in) {
            return Ok(());
        }
        let detail = if expired { "the token has expired" } else { "Authorization failure" };
        let reply = self.error(StatusCode::UNAUTHORIZED, None, detail);
        Err(reply.with(WWW_AUTHENTICATE, "Bearer realm=\"scim\", error=\"invalid_token\""))
    }

    pub(super) fn give_token(&mut self, world: &World, call: &Call) -> Reply {
        let form = Form::read(call);
        if !call.is_form() || form.get("grant_type") != Some("client_credentials") {
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "client_credentials in a form, please");
        }
        let client = self.auth.iter().find_map(|auth| match auth {
            Auth::ClientSecret { client_id, secret } => Some((client_id.clone(), secret.clone())),
            Auth::Open | Auth::Bearer(_) | Auth::Basic { .. } => None,
        });
        let Some((known_id, known_secret)) = client else {
            return refused(StatusCode::BAD_REQUEST, "unauthorized_client", "no client is registered");
        };
        let good = match Proof::read(call, &form) {
            Proof::Secret { client_id, secret } => client_id == known_id && secret == known_secret,
            Proof::Assertion { jwt, .. } => {
                let audiences = [format!("{}{}", call.base, call.path)];
                let expect = Expect {
                    client_id: &known_id,
                    audiences: &audiences,
                    keys: &self.keys,
                    life_max: ASSERTION_LIFE,
                    now: world.now,
                };
                check_assertion(&jwt, &expect, &mut self.bank).is_ok()
            }
            Proof::None { .. } => false,
        };
        if !good {
            let reply = refused(StatusCode::UNAUTHORIZED, "invalid_client", "client authentication failed");
            return reply.with(WWW_AUTHENTICATE, "Basic realm=\"token\"");
        }
        let until = world.now.saturating_add(self.token_life).unwrap_or(world.now);
        let scopes: Vec<String> = form.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        let token = self.bank.mint("scim", until, scopes);
        let body = json!({"token_type": "Bearer", "expires_in": self.token_life.as_secs(), "access_token": token});
        Reply::json(StatusCode::OK, &body)
    }
}

fn refused(status: StatusCode, error: &str, text: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": text}))
}
