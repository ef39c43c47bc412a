//! A client whose other side is a function, on a clock that every sleeper moves.

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use seatwarden::ambient::{Chance, Clock, ManualClock};
use seatwarden::config::{Auth, Secret};
use seatwarden::model::Time;
use seatwarden::outbound::{Call, Client, Limits, Peer, Place, Ports, Transport, TransportError};
use tempfile::NamedTempFile;

pub(crate) type Answer = Result<Response<Bytes>, TransportError>;
type Handler = Box<dyn Fn(usize, &Request<Bytes>) -> Answer + Send + Sync>;

/// The other side: counts what it sees and answers what the test says.
pub(crate) struct Script {
    handler: Handler,
    seen: Mutex<Vec<Seen>>,
    clock: ManualClock,
}

/// A request, and when it came.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) at: Time,
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of a form body.
    pub(crate) fn field(&self, name: &str) -> String {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into_owned())
    }
}

impl Script {
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn call(&self, request: Request<Bytes>, _: &Limits) -> Answer {
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen {
                at: self.clock.now(),
                method: request.method().clone(),
                uri: request.uri().to_string(),
                headers: request.headers().clone(),
                body: String::from_utf8(request.body().to_vec()).unwrap(),
            });
            seen.len()
        };
        // Others get a turn while this one is on the wire.
        tokio::task::yield_now().await;
        (self.handler)(number, &request)
    }
}

pub(crate) struct World {
    pub(crate) client: Arc<Client>,
    pub(crate) script: Arc<Script>,
    pub(crate) clock: ManualClock,
    pub(crate) start: Time,
}

pub(crate) fn start() -> Time {
    Time::parse("2026-11-22T10:00:00.250Z").unwrap()
}

/// A world whose other side answers with `handler(number of the call, request)`.
pub(crate) fn world<H>(auth: Auth, patience_s: u64, handler: H) -> World
where
    H: Fn(usize, &Request<Bytes>) -> Answer + Send + Sync + 'static,
{
    world_on(ManualClock::auto(start()), auth, patience_s, handler)
}

pub(crate) fn world_on<H>(clock: ManualClock, auth: Auth, patience_s: u64, handler: H) -> World
where
    H: Fn(usize, &Request<Bytes>) -> Answer + Send + Sync + 'static,
{
    let script = Arc::new(Script { handler: Box::new(handler), seen: Mutex::default(), clock: clock.clone() });
    let peer = Peer {
        name: "okta-prod".into(),
        base: "https://acme.okta.example/scim/v2".parse().unwrap(),
        auth,
        budget: 0.4,
        patience: Duration::from_secs(patience_s),
    };
    let client = Arc::new(Client::new(peer, ports(script.clone(), &clock)));
    World { client, script, start: clock.now(), clock }
}

pub(crate) fn ports(transport: Arc<dyn Transport>, clock: &ManualClock) -> Ports {
    Ports {
        transport,
        clock: Arc::new(clock.clone()),
        chance: Arc::new(Chance::seeded(42)),
        patience: std::time::Duration::from_mins(1),
    }
}

pub(crate) fn get(path: &str) -> Call {
    Call {
        label: "GET users".into(),
        class: "users",
        method: Method::GET,
        place: Place::Path(path.into(), Vec::new()),
        headers: HeaderMap::new(),
        body: None,
        expects: &[],
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside transport errors in the scripts")]
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    Ok(builder.body(Bytes::from(body.to_owned())).unwrap())
}

/// A secret in a file of its own; the file lives as long as the first half.
pub(crate) fn secret(text: &str) -> (NamedTempFile, Secret) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let secret = Secret::File(file.path().to_owned());
    (file, secret)
}

/// A bearer token from a file that is left behind for the test's life.
pub(crate) fn bearer() -> Auth {
    let (file, token) = secret("sesame");
    file.keep().unwrap();
    Auth::Bearer { token }
}

/// `at` as an HTTP date, cut to seconds as servers do.
pub(crate) fn http_date(at: Time) -> String {
    at.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
