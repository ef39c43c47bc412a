//! What the server says it can do (`/ServiceProviderConfig`, RFC 7643 section 5 and RFC 9865 section 3).

use serde_json::Value;

use super::headers;
use super::wire::{get, truth};
use crate::config::Profile;
use crate::directory::{Gap, GapKind};
use crate::feed::answer::{self, fetch, json};
use crate::outbound::{Client, Place};

const WHAT: &str = "GET /ServiceProviderConfig";
/// Rows asked for where the server does not tell its limit, and of servers with cursors: Entra's tells 1000 and gives no
/// more than 100. A server may always give fewer.
const PAGE: u64 = 100;
/// Rows asked for at most. Servers that sort their whole list for every page make few large pages much cheaper than many
/// small ones; 500 users are about a megabyte.
const LARGEST_PAGE: u64 = 500;

/// The parts of the discovery document that a reading uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Provider {
    /// It filters lists.
    pub filter: bool,
    /// It wants to be paged by cursor.
    pub cursor: bool,
    /// Rows to ask for.
    pub count: u64,
    /// Where its users are.
    pub users: &'static str,
}

impl Provider {
    /// Microsoft Entra's server. It says that it filters, and does so by names alone; its page size it tells twice and
    /// differently (1000 and 100), and it may always give fewer.
    pub(super) const ENTRA: Self = Self { filter: false, cursor: true, count: PAGE, users: "/users" };

    /// What is known before the server was asked.
    pub(super) fn of(profile: Profile) -> Self {
        match profile {
            Profile::Standard => Self::default(),
            Profile::Entra => Self::ENTRA,
        }
    }
}

impl Default for Provider {
    /// What is safe to believe of a server that does not tell: plain index paging, no filter.
    fn default() -> Self {
        Self { filter: false, cursor: false, count: PAGE, users: "/Users" }
    }
}

/// Asks, and says whether the answer may be kept. Only a server that cannot be reached is trouble: discovery is
/// optional in practice, and a server that refuses it may still serve its users.
pub(super) async fn discover(client: &Client) -> Result<(Provider, bool), Gap> {
    let place = Place::Path("/ServiceProviderConfig".into(), Vec::new());
    let call = answer::get("discovery", place, headers(), &[400, 403, 404, 405, 501]);
    match fetch(client, call, WHAT).await {
        // A proxy's page with 200 says nothing lasting about the server behind it.
        Ok(reply) if reply.status == 200 => {
            Ok(json(&reply).map_or_else(|_| (Provider::default(), false), |body| (read(&body), true)))
        }
        Ok(reply) => Ok((Provider::default(), matches!(reply.status, 404 | 405 | 501))),
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
    let cursor = by_cursor && (!by_index || default.is_some_and(|name| name.eq_ignore_ascii_case("cursor")));
    let told = [number(filter, "maxResults"), number(pagination, "maxPageSize")].into_iter().flatten();
    let most = told.filter(|most| *most > 0).min();
    let largest = if cursor { PAGE } else { LARGEST_PAGE };
    Provider {
        filter: flag(filter, "supported") == Some(true),
        cursor,
        count: most.map_or(PAGE, |most| most.min(largest)),
        ..Provider::default()
    }
}
