//! One peer: its budget, its token, its retries.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response};
use url::Url;

use super::classify::{Class, classify};
use super::limit::{Limiter, Permit};
use super::retry::{Next, Retry};
use super::token::{Pass, Tokens};
use super::{Call, CallError, Limits, Peer, Ports, Reply, TransportError, address, complaint};
use crate::model::Time;

/// Talks to one provider or desk. Cheap to share by reference; tokens and budgets live in here.
pub struct Client {
    peer: Peer,
    ports: Ports,
    tokens: Tokens,
    limiter: Limiter,
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
    /// Requests that the vendor bills, so far; `None` where they cost nothing.
    pub billed: Option<u64>,
}

/// What one try came to.
enum Tried {
    Answered(Reply),
    Again {
        why: String,
        until: Option<Time>,
    },
    Unauthorized {
        why: String,
        pass: Pass,
    },
    /// The proof of possession lacked a nonce that is known by now.
    Unproven {
        why: String,
    },
    Failed(CallError),
}

impl Client {
    /// A client without a token yet; nothing is called.
    pub fn new(peer: Peer, ports: Ports) -> Self {
        let limiter = Limiter::new(peer.budget, &peer.base);
        Self { peer, ports, tokens: Tokens::default(), limiter }
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
        self.limiter.budget(self.ports.clock.now())
    }

    /// Sends a call until there is an answer the caller wanted or no hope of one: at most eight tries, and no longer
    /// than the peer's patience. A call may be carried out more than once (see the module).
    pub async fn send(&self, call: Call) -> Result<Reply, CallError> {
        let url = address::resolve(&self.peer.base, &call.place).map_err(|why| CallError::Unexpected {
            label: call.label.clone(),
            status: 0,
            why,
        })?;
        let patience = self.peer.patience;
        let mut retries: Option<Retry> = None;
        let (mut renewed, mut proven) = (false, false);
        loop {
            let deadline = retries.as_ref().map(Retry::deadline);
            let latest = |now: Time| deadline.unwrap_or(now.plus(patience));
            let permit = self.limiter.permit(call.class, &self.ports, latest).await.map_err(|until| {
                let why = "the budget is spent; the peer allows no call before the window ends".to_owned();
                CallError::Unreachable { label: call.label.clone(), why, until: Some(until) }
            })?;
            // Patience counts from the first try: a turn in a long queue is no failure.
            let retry = retries.get_or_insert_with(|| Retry::new(self.ports.clock.now(), patience));
            let number = retry.begin();
            let tried = self.try_once(&call, &url, number, &permit).await;
            drop(permit);
            let (why, until) = match tried {
                Tried::Answered(reply) => return Ok(reply),
                Tried::Failed(error) => return Err(error),
                Tried::Again { why, until } => (why, until),
                Tried::Unauthorized { why, pass } => {
                    if renewed || !self.tokens.reject(&pass, &self.peer, &self.ports).await {
                        return Err(CallError::Refused { label: call.label, why });
                    }
                    renewed = true;
                    continue;
                }
                Tried::Unproven { why } if proven => {
                    return Err(CallError::Refused { label: call.label, why });
                }
                Tried::Unproven { .. } => {
                    proven = true;
                    continue;
                }
            };
            match retry.next(until, self.ports.clock.now(), &self.ports.chance) {
                Next::At(at) => self.ports.clock.sleep_until(at).await,
                Next::End(until) => return Err(CallError::Unreachable { label: call.label, why, until }),
            }
        }
    }

    async fn try_once(&self, call: &Call, url: &Url, number: u32, permit: &Permit<'_>) -> Tried {
        let label = || call.label.clone();
        let pass = match self.tokens.pass(&self.peer, &self.ports).await {
            Ok(pass) => pass,
            Err(error) => return Tried::Failed(error),
        };
        let proof = match pass.proof(&call.method, url, &self.ports) {
            Ok(proof) => proof,
            Err(why) => return Tried::Failed(CallError::Refused { label: label(), why }),
        };
        let request = match request(call, url, &pass, proof) {
            Ok(request) => request,
            Err(error) => {
                let why = format!("the call cannot be written as a request: {error}");
                return Tried::Failed(CallError::Unexpected { label: label(), status: 0, why });
            }
        };
        let begun = self.ports.clock.now();
        let answered = self.ports.transport.call(request, &Limits::default()).await;
        let now = self.ports.clock.now();
        self.note(call, &answered, now.since(begun), number);
        let answer = match answered {
            Ok(answer) => answer,
            Err(error @ (TransportError::Connection(_) | TransportError::TimedOut(_))) => {
                return Tried::Again { why: error.to_string(), until: None };
            }
            Err(TransportError::Untrusted(why)) => {
                return Tried::Failed(CallError::Unreachable { label: label(), why, until: None });
            }
            Err(error @ (TransportError::TooLarge(_) | TransportError::Forbidden(_))) => {
                return Tried::Failed(CallError::Unexpected { label: label(), status: 0, why: error.to_string() });
            }
        };
        let status = answer.status().as_u16();
        let class = classify(status, answer.headers(), now, self.ports.chance.fraction());
        self.limiter.learn(permit, answer.headers(), class, now);
        if let Some(left) = self.budget().left {
            metrics::gauge!("seatwarden_outbound_budget_remaining_ratio", "peer" => self.peer.name.clone()).set(left);
        }
        if class == Class::Done || call.expects.contains(&status) {
            let (parts, body) = answer.into_parts();
            return Tried::Answered(Reply { status, headers: parts.headers, body });
        }
        let complaint = complaint::read(answer.body());
        let advice = complaint::advice(status, complaint.code.as_deref());
        let plain = || complaint::sentence(status, &complaint, None);
        let advised = || complaint::sentence(status, &complaint, Some(advice));
        match class {
            Class::Throttled { until } | Class::Transient { until } => Tried::Again { why: plain(), until },
            Class::Unauthorized if pass.learn(answer.headers()) => Tried::Unproven { why: advised() },
            Class::Unauthorized => Tried::Unauthorized { why: advised(), pass },
            Class::Forbidden => Tried::Failed(CallError::Refused { label: label(), why: advised() }),
            Class::Permanent | Class::Done => {
                Tried::Failed(CallError::Unexpected { label: label(), status, why: plain() })
            }
        }
    }

    /// One event and one count per try. No URL, header or body: they may name people.
    fn note(&self, call: &Call, answered: &Result<Response<Bytes>, TransportError>, took: Duration, number: u32) {
        let peer = &self.peer.name;
        let duration_ms = took.as_millis();
        let code = match answered {
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::debug!(peer.name = %peer, call = %call.label, status, duration_ms, "try" = number, "answered");
                status.to_string()
            }
            Err(error) => {
                tracing::debug!(peer.name = %peer, call = %call.label, %error, duration_ms, "try" = number, "no answer");
                "none".to_owned()
            }
        };
        metrics::counter!(
            "seatwarden_outbound_requests_total", "peer" => peer.clone(), "class" => call.class, "code" => code
        )
        .increment(1);
    }
}

fn request(call: &Call, url: &Url, pass: &Pass, proof: Option<HeaderValue>) -> Result<Request<Bytes>, http::Error> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, json.clone());
    let body = if let Some(body) = &call.body {
        headers.insert(CONTENT_TYPE, json);
        Bytes::from(body.to_string())
    } else {
        // Okta answers 411 to an empty body of unknown length.
        if matches!(call.method.as_str(), "POST" | "PUT") {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Bytes::new()
    };
    headers.extend(call.headers.clone());
    headers.insert(AUTHORIZATION, pass.header.clone());
    if let Some(proof) = proof {
        headers.insert(super::proof::PROOF, proof);
    }
    let mut request = Request::builder().method(call.method.clone()).uri(url.as_str()).body(body)?;
    *request.headers_mut() = headers;
    Ok(request)
}
