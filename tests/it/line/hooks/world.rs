//! A company whose providers can call us.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use seatwarden::inbound::listener::Listener;
use seatwarden::inbound::public::{self, Limits};
use seatwarden::store::{Overlay, Store};
use seatwarden::worker::Outcome;
use seatwarden_mocks::post::{Answered, send};
use seatwarden_mocks::{Hire, World};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::company::{Company, GENEROUS, Setup};

/// What `hook.secret` holds.
pub(in crate::line) const SECRET: &str = "a long and random hook secret";

/// The event hook of a feed, as the configuration has it.
pub(in crate::line) fn okta_hook() -> String {
    format!("{GENEROUS}[feed.okta.hook]\nsecret = {{ file = \"hook.secret\" }}\n")
}

/// A company with a public listener; `ADDRESS` in more lines of the configuration stands for where it listens.
pub(in crate::line) struct Called {
    pub(in crate::line) company: Company,
    pub(in crate::line) address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Called {
    pub(in crate::line) async fn new(world: World, more: String) -> Self {
        Self::on(world, Setup { more, ..Setup::default() }, Limits::default(), Arc::new(Overlay::empty())).await
    }

    pub(in crate::line) async fn on(world: World, setup: Setup, limits: Limits, store: Arc<dyn Store>) -> Self {
        let listener = public::listen("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
        let address = listener.address().unwrap();
        let more = setup.more.replace("ADDRESS", &address.to_string());
        let company = Company::on(world, Setup { more, ..setup }, store).await;
        let (stop, serving) = serve(listener, &company, limits);
        Self { company, address, stop, serving }
    }

    /// Forgets everything but the store, and listens again.
    pub(in crate::line) async fn restart(&mut self) {
        self.stop.cancel();
        (&mut self.serving).await.unwrap();
        self.company.restart();
        let listener = public::listen(self.address, Limits::default()).await.unwrap();
        (self.stop, self.serving) = serve(listener, &self.company, Limits::default());
    }

    pub(in crate::line) fn url(&self, feed: &str) -> String {
        format!("http://{}/hooks/{feed}", self.address)
    }

    pub(in crate::line) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<bytes::Bytes>,
    ) -> Answered {
        let url = format!("http://{}{path}", self.address);
        send(http::Method::POST, &url, headers, body, Duration::from_secs(20)).await.unwrap()
    }

    /// An authorized delivery of Okta's.
    pub(in crate::line) async fn okta(&self, body: impl Into<bytes::Bytes>) -> u16 {
        self.post("/hooks/okta", &[("authorization", SECRET)], body).await.status.as_u16()
    }

    /// One look at what waits.
    pub(in crate::line) async fn look(&self) -> Outcome {
        let warden = self.company.warden();
        warden.look(warden.take_hints()).await.unwrap()
    }

    pub(in crate::line) fn leave(&self, name: &str) {
        let mut state = self.company.mocks.state();
        let person = state.world.by_email(&format!("{name}@acme.example")).unwrap();
        state.world.leave(person);
    }

    /// Waiting hints on disk.
    pub(in crate::line) fn on_disk(&self) -> usize {
        self.company.store.hints().unwrap().len()
    }
}

fn serve(listener: Listener, company: &Company, limits: Limits) -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let serving = tokio::spawn(public::serve(listener, company.shared(), limits, stop.clone()));
    (stop, serving)
}

/// Analysts by first name, all with a right to a seat.
pub(in crate::line) fn analysts(names: &[&str]) -> World {
    let mut world = World::empty(3);
    for (place, name) in names.iter().enumerate() {
        let number = format!("{:05}", place + 1);
        world.hire(Hire::new(&format!("{name}@acme.example")).number(&number).job("SD-12").department("IT"));
    }
    world
}

/// A delivery of events about users, as Okta writes it.
pub(in crate::line) fn delivery(kind: &str, events: &[(&str, &str)]) -> String {
    let events: Vec<serde_json::Value> = events
        .iter()
        .map(|(uuid, id)| {
            serde_json::json!({"uuid": uuid, "published": "2026-11-22T09:15:04.217Z", "eventType": kind,
                "outcome": {"result": "SUCCESS"}, "target": [{"id": "00gX", "type": "UserGroup"}, {"id": id, "type": "User"}]})
        })
        .collect();
    serde_json::json!({"eventType": "com.okta.event_hook", "data": {"events": events}}).to_string()
}
