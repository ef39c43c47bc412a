//! What an issuer tells without credentials: where its keys are, as a transmitter of Shared Signals and as an OpenID
//! provider, and the keys.

use http::StatusCode;
use serde_json::json;

use crate::keys::{TEST_KEY_ID, TEST_PUBLIC_KEY_MODULUS};
use crate::wire::{Call, Reply};

pub(super) fn configuration(call: &Call) -> Reply {
    let base = &call.base;
    Reply::json(
        StatusCode::OK,
        &json!({
            "spec_version": "1_0", "issuer": base, "jwks_uri": format!("{base}/oauth2/v1/keys"),
            "delivery_methods_supported": ["urn:ietf:rfc:8935"],
        }),
    )
}

pub(super) fn openid(call: &Call) -> Reply {
    let base = &call.base;
    Reply::json(StatusCode::OK, &json!({"issuer": base, "jwks_uri": format!("{base}/oauth2/v1/keys")}))
}

pub(super) fn keys() -> Reply {
    let unknown = json!({"kty": "FUTURE", "kid": "k0"});
    let key = json!({"kty": "RSA", "kid": TEST_KEY_ID, "use": "sig", "alg": "RS256", "n": TEST_PUBLIC_KEY_MODULUS, "e": "AQAB"});
    Reply::json(StatusCode::OK, &json!({"keys": [unknown, key]}))
}
