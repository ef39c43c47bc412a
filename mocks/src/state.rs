//! The state that all servers share, and the way a request takes through it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::Response;
use http::header::{DATE, USER_AGENT};
use jiff::{SignedDuration, Timestamp};

use crate::fault::{self, Fault, Faults, LastPages};
use crate::journal::{Journal, Seen};
use crate::wire::{Call, Reply};
use crate::{MockServer, World, entra, okta, scim};

/// The mock servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// Okta's users API, its System Log and its org token endpoint.
    Okta,
    /// Microsoft Graph and the login endpoint.
    Entra,
    /// A SCIM 2.0 service provider that shows the company's people.
    Scim,
    /// A service desk with a SCIM 2.0 interface, users and groups.
    Desk,
}

impl Server {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Okta, Self::Entra, Self::Scim, Self::Desk];
}

/// What the servers know: the company, and what each vendor keeps beside it.
#[derive(Debug)]
pub struct State {
    /// The company and its clock.
    pub world: World,
    /// Okta's side: credentials, limits, search index.
    pub okta: okta::Org,
    /// Entra's side: credentials, delta tokens, page shapes.
    pub entra: entra::Tenant,
    /// The polled SCIM provider.
    pub scim: scim::Provider,
    /// The service desk.
    pub desk: scim::Provider,
}

/// The mocks: one shared [`State`] behind several servers, the faults they play and the journal of what was asked.
/// Clones share everything.
#[derive(Debug, Clone)]
pub struct Mocks {
    state: Arc<Mutex<State>>,
    journal: Arc<Mutex<Journal>>,
    pages: Arc<Mutex<LastPages>>,
    clock: Arc<Mutex<Option<Following>>>,
    /// The faults in force; push rules at any time.
    pub faults: Faults,
}

/// The world's clock follows the runtime's: what both showed at the beginning.
#[derive(Debug, Clone, Copy)]
struct Following {
    since: tokio::time::Instant,
    began: Timestamp,
}

impl Mocks {
    /// Puts servers around a world. Its clock stands still unless somebody moves it.
    pub fn new(world: World) -> Self {
        let (okta, entra) = (okta::Org::new(), entra::Tenant::new());
        let (mut scim, mut desk) = (scim::Provider::feed(), crate::desk::of_company());
        scim.catch_up(&world);
        desk.catch_up(&world);
        Self {
            state: Arc::new(Mutex::new(State { world, okta, entra, scim, desk })),
            journal: Arc::default(),
            pages: Arc::default(),
            clock: Arc::default(),
            faults: Faults::default(),
        }
    }

    /// Lets the world's clock run with the runtime's from now on, beginning at `from`. Give the system's time here when
    /// a real program talks to the servers: token lives and rate limits are then what it expects. Under a paused tokio
    /// clock the world's clock is paused too.
    pub fn run_clock(&self, from: Timestamp) {
        *lock(&self.clock) = Some(Following { since: tokio::time::Instant::now(), began: from });
        drop(self.state());
    }

    /// Locks the state: to hire and fire, to set credentials and page sizes, to look. Do not hold it over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        if let Some(following) = *lock(&self.clock) {
            let elapsed = SignedDuration::try_from(following.since.elapsed()).unwrap_or(SignedDuration::ZERO);
            state.world.now = following.began.saturating_add(elapsed).unwrap_or(state.world.now);
        }
        state
    }

    /// Does something with the state and gives what came of it.
    pub fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.state())
    }

    /// Moves the world's clock, also where it runs.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(following) = lock(&self.clock).as_mut() {
            following.began = following.began.saturating_add(by).unwrap_or(following.began);
            return;
        }
        self.state().world.advance(by);
    }

    /// Gives one server as a router: to serve with [`MockServer::start`], or to call in process (it is a
    /// `tower::Service`). The host that links lead to is the one the request named.
    pub fn router(&self, server: Server) -> Router {
        let mocks = self.clone();
        Router::new().fallback(move |request: Request| {
            let mocks = mocks.clone();
            async move { mocks.answer(server, request).await }
        })
    }

    /// Asks a server in process, without a socket. The body of the answer may stall or never end, as over one.
    pub async fn call(&self, server: Server, request: http::Request<Body>) -> Response<Body> {
        self.answer(server, request).await
    }

    /// Starts one server on a free loopback port.
    pub async fn serve(&self, server: Server) -> std::io::Result<MockServer> {
        MockServer::start(self.router(server)).await
    }

    /// Gives every request that was answered, oldest first (the last 100,000).
    pub fn requests(&self) -> Vec<Seen> {
        lock(&self.journal).seen()
    }

    /// Counts the requests with this method to paths of a server that contain `path`.
    pub fn count(&self, server: Server, method: &str, path: &str) -> usize {
        self.requests().iter().filter(|seen| seen.server == server && seen.is(method, path)).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.journal).clear();
    }

    /// Counts the 429 that a server sent.
    pub fn throttled(&self, server: Server) -> u64 {
        lock(&self.journal).throttled(server)
    }

    /// Gives the most requests that a server ever had in hand at once.
    pub fn most_at_once(&self, server: Server) -> usize {
        lock(&self.journal).flying_max(server)
    }

    async fn answer(&self, server: Server, request: Request) -> Response<Body> {
        let flying = Flying::enter(self, server);
        let mut call = match Call::read(request).await {
            Ok(call) => call,
            Err(reply) => return fault::response_of(None, reply),
        };
        if server == Server::Entra && call.method == http::Method::POST && call.path == "/v1.0/subscriptions" {
            call.handshake = Some(entra::subscriptions::handshake(&call).await);
        }
        let fault = self.faults.meet(server, &call);
        if let Some(Fault::Slow(wait)) = fault {
            tokio::time::sleep(wait).await;
        }
        let wait = self.state().latency(server);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let reply = self.reply(server, &call, fault.as_ref(), flying.at_once);
        fault::response_of(fault.as_ref(), reply)
    }

    /// The part that nothing waits in.
    fn reply(&self, server: Server, call: &Call, fault: Option<&Fault>, at_once: usize) -> Reply {
        let mut guard = self.state();
        let state = &mut *guard;
        let instead = fault.and_then(|fault| fault::before(fault, state, server));
        let mut reply = instead.unwrap_or_else(|| state.handle(server, call, at_once));
        let mut pages = lock(&self.pages);
        if let Some(fault) = fault {
            fault::after(fault, &mut reply, server, call, &pages);
        }
        if call.method == http::Method::GET && self.faults.want_pages() {
            pages.keep(server, reply.value().as_ref());
        }
        let reply = reply.with(DATE, &http_date(state.date(server)));
        let secret = call.is_form();
        lock(&self.journal).write(Seen {
            server,
            at: state.world.now,
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.raw_query.clone(),
            body: if secret { bytes::Bytes::new() } else { call.body.clone() },
            scheme: call.header(http::header::AUTHORIZATION).and_then(|line| line.split(' ').next()).map(str::to_owned),
            user_agent: call.header(USER_AGENT).map(str::to_owned),
            status: reply.status.as_u16(),
            fault: fault.map(|fault| fault.name().to_owned()),
        });
        reply
    }
}

impl State {
    fn handle(&mut self, server: Server, call: &Call, at_once: usize) -> Reply {
        match server {
            Server::Okta => self.okta.handle(&self.world, call, at_once),
            Server::Entra => self.entra.handle(&self.world, call),
            Server::Scim => self.scim.handle(&self.world, call),
            Server::Desk => self.desk.handle(&self.world, call),
        }
    }

    fn latency(&self, server: Server) -> Duration {
        match server {
            Server::Okta => self.okta.latency,
            Server::Entra => self.entra.latency,
            Server::Scim => self.scim.latency,
            Server::Desk => self.desk.latency,
        }
    }

    /// The time that a server's `Date` header shows.
    fn date(&self, server: Server) -> Timestamp {
        match server {
            Server::Okta => self.okta.clock(&self.world),
            Server::Entra | Server::Scim | Server::Desk => self.world.now,
        }
    }
}

/// Counts a request as in hand for as long as it lives.
struct Flying<'a> {
    mocks: &'a Mocks,
    server: Server,
    at_once: usize,
}

impl<'a> Flying<'a> {
    fn enter(mocks: &'a Mocks, server: Server) -> Self {
        let at_once = lock(&mocks.journal).enter(server);
        Self { mocks, server, at_once }
    }
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        lock(&self.mocks.journal).leave(self.server);
    }
}

/// A test that panicked with the lock held must not hide its message behind a second panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The form of RFC 9110 section 5.6.7.
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
