//! One peer: its budget, its token, its retries.

use bytes::Bytes;
use http::{HeaderMap, Request};

use super::{Call, CallError, Limits, Peer, Place, Ports, Reply};
use crate::model::Time;

/// Talks to one provider or desk. Cheap to share by reference; tokens and budgets live in here.
pub struct Client {
    peer: Peer,
    ports: Ports,
}

/// How much of the vendor's limit is left, for `status` and metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// The vendor's limit as last told, in calls per window.
    pub limit: Option<u64>,
    /// What the vendor says is left.
    pub remaining: Option<u64>,
    /// When the window ends.
    pub reset: Option<Time>,
    /// Share of our own budget that is left, `0.0..=1.0`.
    pub left: Option<f64>,
    /// 429 answers so far.
    pub throttled: u64,
}

impl Client {
    /// A client without a token yet; nothing is called.
    pub fn new(peer: Peer, ports: Ports) -> Self {
        Self { peer, ports }
    }

    /// The name, base URL and time source that the feed or target was built with.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The ports the client was built with.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// How much of the vendor's limit is left.
    pub fn budget(&self) -> Budget {
        Budget::default()
    }

    /// Sends a call until there is an answer the caller wanted or no hope of one.
    pub async fn send(&self, call: Call) -> Result<Reply, CallError> {
        let unexpected = |why: String| CallError::Unexpected { label: call.label.clone(), status: 0, why };
        let url = match &call.place {
            Place::Link(url) => url.clone(),
            Place::Path(path, query) => {
                let text = format!("{}{path}", self.peer.base.as_str().trim_end_matches('/'));
                let mut url: url::Url = text.parse().map_err(|error| unexpected(format!("{error}")))?;
                if !query.is_empty() {
                    url.query_pairs_mut().extend_pairs(query);
                }
                url
            }
        };
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(url.as_str())
            .body(body)
            .map_err(|error| unexpected(format!("{error}")))?;
        request.headers_mut().extend(call.headers.clone());
        let answer = self.ports.transport.call(request, &Limits::default()).await.map_err(|error| {
            CallError::Unreachable { label: call.label.clone(), why: error.to_string(), until: None }
        })?;
        let status = answer.status().as_u16();
        if answer.status().is_success() || call.expects.contains(&status) {
            let (parts, body) = answer.into_parts();
            let headers: HeaderMap = parts.headers;
            return Ok(Reply { status, headers, body });
        }
        Err(CallError::Unexpected { label: call.label.clone(), status, why: format!("answered {status}") })
    }
}
