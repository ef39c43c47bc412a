//! A recorded delivery, given to us by an operator: read like one that came in, without asking who sent it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Heard, Unheard, graph, okta, set, signed};
use crate::config::{Hook, Knock};
use crate::model::Time;

/// Reads a body. Events lose their ids, for they were heard before and are wanted once more.
pub fn read(hook: &Hook, body: &str, now: Time) -> Result<Heard, Unheard> {
    let is_token = !body.trim_start().starts_with(['{', '[']);
    let mut heard = match (&hook.knock, &hook.set) {
        (_, Some(set)) if is_token => {
            let parts: Vec<&str> = body.trim().split('.').collect();
            let [_, claims, _] = parts.as_slice() else {
                return Err(Unheard("the body is no signed token".to_owned()));
            };
            let claims =
                URL_SAFE_NO_PAD.decode(claims).map_err(|_| Unheard("the token is not base64url".to_owned()))?;
            let claims = super::parse(&claims)?;
            let told = set::read(&claims, &set.signer, now);
            told.map_err(|refusal| Unheard(format!("{}: {}", refusal.err, refusal.description)))?.heard
        }
        (Some(Knock::Okta { .. }), _) => okta::read(body.as_bytes())?,
        (Some(Knock::Graph { .. }), _) => graph::read(body.as_bytes(), None, &|_| true)?,
        (Some(Knock::Hmac { .. }), _) => signed::read(body.as_bytes())?,
        (None, _) => return Err(Unheard("this hook takes security events alone".to_owned())),
    };
    for pointer in &mut heard.pointers {
        pointer.event = None;
    }
    // What was said of a subscription then says nothing of it now.
    heard.lifecycle.clear();
    Ok(heard)
}
