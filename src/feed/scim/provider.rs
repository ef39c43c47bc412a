//! What the server says it can do (`/ServiceProviderConfig`, RFC 7643 section 5 and RFC 9865 section 3).

use serde_json::Value;

use super::headers;
use super::wire::{get, truth};
use crate::directory::{Gap, GapKind};
use crate::feed::answer::{self, fetch, json};
use crate::outbound::{Client, Place};

const WHAT: &str = "GET /ServiceProviderConfig";
/// Rows asked for. Atlassian and Entra give no more than 100; a server may always give fewer.
const PAGE: u64 = 100;

/// The parts of the discovery document that a reading uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Provider {
    /// It filters lists.
    pub filter: bool,
    /// It wants to be paged by cursor.
    pub cursor: bool,
    /// Rows to ask for.
    pub count: u64,
}

impl Default for Provider {
    /// What is safe to believe of a server that does not tell: plain index paging, no filter.
    fn default() -> Self {
        Self { filter: false, cursor: false, count: PAGE }
    }
}

/// Asks, and says whether the answer may be kept. Only a server that cannot be reached is trouble: discovery is
/// optional in practice, and a server that refuses it may still serve its users.
pub(super) async fn discover(client: &Client) -> Result<(Provider, bool), Gap> {
    let place = Place::Path("/ServiceProviderConfig".into(), Vec::new());
    let call = answer::get("discovery", place, headers(), &[400, 403, 404, 405, 501]);
    match fetch(client, call, WHAT).await {
        Ok(reply) if reply.status == 200 => {
            Ok((json(&reply).map_or_else(|_| Provider::default(), |body| read(&body)), true))
        }
        Ok(_) => Ok((Provider::default(), true)),
        Err(gap) if gap.kind == GapKind::Unreachable => Err(gap),
        Err(_) => Ok((Provider::default(), false)),
    }
}

fn read(body: &Value) -> Provider {
    let part = |name: &str| body.as_object().and_then(|body| get(body, name)).and_then(Value::as_object);
    let flag = |part: Option<&serde_json::Map<String, Value>>, name: &str| {
        part.and_then(|part| get(part, name)).and_then(truth)
    };
    let number = |part: Option<&serde_json::Map<String, Value>>, name: &str| {
        part.and_then(|part| get(part, name)).and_then(Value::as_u64)
    };
    let (filter, pagination) = (part("filter"), part("pagination"));
    let default = pagination.and_then(|part| get(part, "defaultPaginationMethod")).and_then(Value::as_str);
    let by_cursor = flag(pagination, "cursor") == Some(true);
    let by_index = flag(pagination, "index") != Some(false);
    let most = [number(filter, "maxResults"), number(pagination, "maxPageSize")].into_iter().flatten();
    Provider {
        filter: flag(filter, "supported") == Some(true),
        cursor: by_cursor && (!by_index || default.is_some_and(|name| name.eq_ignore_ascii_case("cursor"))),
        count: most.filter(|most| *most > 0).fold(PAGE, u64::min),
    }
}
