//! `POST /oauth2/v1/token`: client credentials with a signed assertion, the only way for `okta.*` scopes.

use http::{HeaderName, StatusCode};
use jiff::SignedDuration;
use serde_json::json;

use super::{Org, dpop};
use crate::World;
use crate::token::{Expect, Form, Proof, check_assertion};
use crate::wire::{Call, Reply};

/// The life of an access token; Okta fixes it at an hour.
const LIFE: SignedDuration = SignedDuration::from_secs(3600);

impl Org {
    pub(super) fn give_token(&mut self, world: &World, call: &Call) -> Reply {
        if !call.is_form() {
            return refused(StatusCode::BAD_REQUEST, "invalid_request", "the body must be a form");
        }
        let form = Form::read(call);
        if form.get("grant_type") != Some("client_credentials") {
            return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only client_credentials is supported");
        }
        let jwt = match Proof::read(call, &form) {
            Proof::Assertion { jwt, .. } => jwt,
            Proof::Secret { .. } | Proof::None { .. } => {
                let text = "Client credentials requests to the org server must use private_key_jwt";
                return refused(StatusCode::UNAUTHORIZED, "invalid_client", text);
            }
        };
        let url = format!("{}/oauth2/v1/token", call.base);
        let expect = Expect {
            client_id: &self.client_id,
            audiences: std::slice::from_ref(&url),
            keys: &self.keys,
            life_max: LIFE,
            now: self.clock(world),
        };
        if let Err(why) = check_assertion(&jwt, &expect, &mut self.bank) {
            return refused(StatusCode::UNAUTHORIZED, "invalid_client", &why);
        }
        let asked: Vec<String> = form.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if asked.is_empty() || asked.iter().any(|scope| !self.scopes.contains(scope)) {
            let text = "One or more scopes are not granted to the client";
            return refused(StatusCode::BAD_REQUEST, "invalid_scope", text);
        }
        let thumbprint = match self.possession(world, call, &url) {
            Ok(thumbprint) => thumbprint,
            Err(reply) => return reply,
        };
        let kind = if thumbprint.is_some() { "DPoP" } else { "Bearer" };
        let until = world.now.saturating_add(LIFE).unwrap_or(world.now);
        let token = self.bank.mint_bound("okta", until, asked.clone(), thumbprint);
        let body = json!({
            "token_type": kind, "expires_in": LIFE.as_secs(), "access_token": token, "scope": asked.join(" "),
        });
        Reply::json(StatusCode::OK, &body)
    }

    /// The thumbprint of the key that the client proves to have, where proofs are required or shown.
    fn possession(&mut self, world: &World, call: &Call, url: &str) -> Result<Option<String>, Reply> {
        let Some(proof) = call.header("dpop") else {
            let text = "The DPoP proof JWT header is missing.";
            return if self.require_dpop {
                Err(refused(StatusCode::BAD_REQUEST, "invalid_dpop_proof", text))
            } else {
                Ok(None)
            };
        };
        let nonce = format!("mock-nonce-{}", self.nonce);
        let proof = dpop::check(proof, "POST", url, world.now)
            .map_err(|why| refused(StatusCode::BAD_REQUEST, "invalid_dpop_proof", &why))?;
        if proof.nonce.as_deref() != Some(nonce.as_str()) {
            let text = "Authorization server requires nonce in DPoP proof.";
            return Err(refused(StatusCode::BAD_REQUEST, "use_dpop_nonce", text)
                .with(HeaderName::from_static("dpop-nonce"), &nonce));
        }
        if !self.bank.spend(&proof.jti) {
            return Err(refused(StatusCode::BAD_REQUEST, "invalid_dpop_proof", "the jti was used before"));
        }
        Ok(Some(proof.thumbprint))
    }

    /// Renews the nonce that token requests with `DPoP` proofs must carry; the old one is refused from now on.
    pub fn renew_dpop_nonce(&mut self) {
        self.nonce += 1;
    }
}

fn refused(status: StatusCode, error: &str, text: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": text}))
}
