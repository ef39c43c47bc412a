//! `POST /{tenant}/oauth2/v2.0/token`: client credentials by secret, by certificate, or by another issuer's token.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use super::{Tenant, error};
use crate::World;
use crate::token::{Expect, Form, Proof, check_assertion, check_foreign};
use crate::wire::{Call, Reply};

/// An issuer whose tokens stand in for a secret: workload identity federation.
#[derive(Debug, Clone)]
pub struct Federated {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `sub` that is let in.
    pub subject: String,
    /// The `aud` that its tokens must name; normally `api://AzureADTokenExchange`.
    pub audience: String,
    /// Its public key in PEM.
    pub key: String,
}

/// How far ahead the `exp` of a certificate's assertion may lie.
const ASSERTION_LIFE: SignedDuration = SignedDuration::from_secs(24 * 3600);

impl Tenant {
    pub(super) fn log_in(&mut self, world: &World, call: &Call, tenant: &str) -> Reply {
        if call.method != http::Method::POST {
            let text = "The endpoint only accepts POST requests.";
            return error::login(world, StatusCode::METHOD_NOT_ALLOWED, "invalid_request", 900_561, text);
        }
        if tenant != self.tenant_id {
            let text = format!("Tenant '{tenant}' not found.");
            return error::login(world, StatusCode::BAD_REQUEST, "invalid_request", 90002, &text);
        }
        let form = if call.is_form() { Form::read(call) } else { Form::default() };
        match form.get("grant_type") {
            Some("client_credentials") => {}
            Some(other) => {
                let text = format!("The app requested an unsupported grant type '{other}'.");
                return error::login(world, StatusCode::BAD_REQUEST, "unsupported_grant_type", 70003, &text);
            }
            None => {
                let text = "The request body must contain the following parameter: 'grant_type'.";
                return error::login(world, StatusCode::BAD_REQUEST, "invalid_request", 900_144, text);
            }
        }
        if let Err(reply) = self.know(world, call, &form) {
            return reply;
        }
        let scope = form.get("scope").unwrap_or_default();
        // An app-only token takes the whole of what was consented to, never single scopes.
        if !scope.ends_with("/.default") {
            let text = format!("The provided value for scope {scope} is not valid.");
            let number = if scope.is_empty() { 900_144 } else { 1_002_012 };
            return error::login(world, StatusCode::BAD_REQUEST, "invalid_scope", number, &text);
        }
        let until = world.now.saturating_add(self.token_life).unwrap_or(world.now);
        let token = self.bank.mint("entra", until, Vec::new());
        let life = self.token_life.as_secs();
        let body = json!({
            "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token,
        });
        Reply::json(StatusCode::OK, &body)
    }

    /// Whether the client is who it says.
    fn know(&mut self, world: &World, call: &Call, form: &Form) -> Result<(), Reply> {
        let stranger = |id: &str| {
            let text = format!("Application with identifier '{id}' was not found in the directory.");
            Err(error::login(world, StatusCode::BAD_REQUEST, "unauthorized_client", 700_016, &text))
        };
        let missing = |what: &str| {
            let text = format!("The request body must contain the following parameter: '{what}'.");
            let number = if what == "client_id" { 900_144 } else { 7_000_218 };
            Err(error::login(world, StatusCode::UNAUTHORIZED, "invalid_client", number, &text))
        };
        match Proof::read(call, form) {
            Proof::Secret { client_id, .. } if client_id != self.client_id => stranger(&client_id),
            Proof::Secret { secret, .. } if secret != self.client_secret => {
                let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client \
                            secret value, not the client secret ID.";
                Err(error::login(world, StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215, text))
            }
            Proof::Secret { .. } => Ok(()),
            Proof::Assertion { client_id: None, .. } | Proof::None { client_id: None } => missing("client_id"),
            Proof::Assertion { client_id: Some(id), .. } if id != self.client_id => stranger(&id),
            Proof::Assertion { jwt, .. } => self.check(world, call, &jwt).map_err(|why| {
                let text = format!("Client assertion failed signature validation: {why}");
                error::login(world, StatusCode::UNAUTHORIZED, "invalid_client", 700_027, &text)
            }),
            Proof::None { client_id: Some(_) } => missing("client_assertion' or 'client_secret"),
        }
    }

    fn check(&mut self, world: &World, call: &Call, jwt: &str) -> Result<(), String> {
        let foreign = |other: &Federated| {
            check_foreign(jwt, &other.key, &other.issuer, &other.subject, &other.audience, world.now).is_ok()
        };
        if self.federated.iter().any(foreign) {
            return Ok(());
        }
        let audiences = [format!("{}{}", call.base, call.path), format!("{}/{}/v2.0", call.base, self.tenant_id)];
        let expect = Expect {
            client_id: &self.client_id,
            audiences: &audiences,
            keys: &self.keys,
            life_max: ASSERTION_LIFE,
            now: world.now,
        };
        check_assertion(jwt, &expect, &mut self.bank)
    }
}
