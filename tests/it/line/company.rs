//! A company, its mocks and a warden between them, for tests that read as stories.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use jiff::SignedDuration;
use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config::{self, Loaded};
use seatwarden::model::{PersonId, PoolId, Time};
use seatwarden::outbound::{HttpTransport, Limits, Ports, Transport, TransportError};
use seatwarden::seats::{Event, HoldState, Ledger};
use seatwarden::store::{Overlay, Store};
use seatwarden::worker::view::StatusView;
use seatwarden::worker::{Answer, Frame, Outcome, Parts, Request as Ask, Scope, Warden, WardenError};
use seatwarden_mocks::{MockServer, Mocks, Server, World, entra, okta, scim, world};
use tempfile::TempDir;

/// What differs from story to story.
pub(super) struct Setup {
    pub(super) feeds: Vec<Server>,
    pub(super) desk: Option<&'static str>,
    pub(super) catalog: String,
    pub(super) rules: String,
    /// More lines for `seatwarden.toml`, before the sections of feeds.
    pub(super) more: String,
    /// More attributes of feeds, each as `name = "path", `.
    pub(super) attributes: String,
    /// Whose server a SCIM feed reads.
    pub(super) profile: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            feeds: vec![Server::Okta],
            desk: Some("full"),
            catalog: catalog(120, ""),
            rules: "id,job_code,tier,addons,class\nanalysts,SD-*,fulfiller,,\non-call,OPS-*,fulfiller,,on-call\n"
                .to_owned(),
            more: GENEROUS.to_owned(),
            attributes: String::new(),
            profile: "standard",
        }
    }
}

/// Brakes that a small company does not meet.
pub(super) const GENEROUS: &str = "[brakes]\nrevoke = { per_pass = \"50%\", at_least = 100 }\n\
    grant = { per_pass = \"100%\", at_least = 2000 }\nrules_edit = { per_pass = \"50%\", at_least = 100 }\nfeed_shrink = \"50%\"\n";

/// A catalog with so many fulfiller seats, and more lines for that tier.
pub(super) fn catalog(seats: u32, more: &str) -> String {
    format!(
        "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
         [tier.fulfiller]\nrank = 20\nseats = {seats}\nfallback = \"requester\"\n{more}\n"
    )
}

/// A company and everything around it.
pub(super) struct Company {
    pub(super) mocks: Mocks,
    pub(super) clock: ManualClock,
    pub(super) store: Arc<dyn Store>,
    pub(super) wire: Arc<Wire>,
    pub(super) folder: TempDir,
    loaded: Loaded,
    warden: Arc<Warden>,
    _servers: Vec<MockServer>,
}

impl Company {
    /// One analyst goes to another job, another leaves.
    pub(super) fn moves_one_and_loses_one(&self) {
        let mut state = self.mocks.state();
        let mover = state.world.by_email("a001@acme.example").unwrap();
        state.world.move_to(mover, "FIN-3", "Finance");
        let leaver = state.world.by_email("a002@acme.example").unwrap();
        state.world.leave(leaver);
    }

    pub(super) async fn new(world: World, setup: Setup) -> Self {
        Self::on(world, setup, Arc::new(Overlay::empty())).await
    }

    pub(super) async fn on(world: World, setup: Setup, store: Arc<dyn Store>) -> Self {
        let mocks = Mocks::new(world);
        {
            let mut state = mocks.state();
            let state = &mut *state;
            for group in ["lic-fulfiller", "lic-major-incident", "lic-agent"] {
                state.desk.add_group(&state.world, group, None);
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let mut servers = Vec::new();
        let mut text = format!(
            "[store]\npath = \"store\"\n[rules]\npath = \"rules.csv\"\n[catalog]\npath = \"catalog.toml\"\n\
             [listen]\ncontrol = \"control.sock\"\n[people]\nmatch_on = [\"employee_number\", \"email\"]\n{}\n",
            setup.more
        );
        for server in &setup.feeds {
            let running = mocks.serve(*server).await.unwrap();
            text.push_str(
                &section(*server, &running.url())
                    .replace("attributes = { ", &format!("attributes = {{ {}", setup.attributes))
                    .replace("PROFILE", setup.profile),
            );
            servers.push(running);
        }
        if let Some(mode) = setup.desk {
            let running = mocks.serve(Server::Desk).await.unwrap();
            write!(
                text,
                "[target.desk]\nkind = \"scim\"\nurl = \"{}/scim/v2\"\nauth = {{ kind = \"bearer\", token = {{ file = \"desk.token\" }} }}\n\
                 mode = \"{mode}\"\nmatch_on = [\"external_id\", \"email\"]\nseats = {{ fulfiller = {{ group = \"lic-fulfiller\" }}{}{} }}\n",
                running.url(),
                if setup.catalog.contains("major-incident") { ", \"major-incident\" = { group = \"lic-major-incident\" }" } else { "" },
                if setup.catalog.contains("tier.agent") { ", agent = { group = \"lic-agent\" }" } else { "" },
            )
            .unwrap();
            servers.push(running);
        }
        for (name, content) in [
            ("seatwarden.toml", text.as_str()),
            ("catalog.toml", setup.catalog.as_str()),
            ("rules.csv", setup.rules.as_str()),
            ("okta.token", okta::SSWS_TOKEN),
            ("entra.secret", entra::CLIENT_SECRET),
            ("scim.token", scim::BEARER_TOKEN),
            ("desk.token", scim::BEARER_TOKEN),
            ("hook.secret", "a long and random hook secret"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let loaded = load(&folder);
        let clock = ManualClock::auto(Time::from(world::BEGINNING));
        let wire = Arc::new(Wire::new());
        let warden = Arc::new(open(&loaded, &store, &clock, &wire).unwrap());
        Self { mocks, clock, store, wire, folder, loaded, warden, _servers: servers }
    }

    /// Forgets everything but the store, as a new process would.
    pub(super) fn restart(&mut self) {
        self.loaded = load(&self.folder);
        self.warden = Arc::new(open(&self.loaded, &self.store, &self.clock, &self.wire).unwrap());
    }

    pub(super) fn warden(&self) -> &Warden {
        &self.warden
    }

    pub(super) fn shared(&self) -> Arc<Warden> {
        Arc::clone(&self.warden)
    }

    pub(super) async fn try_pass(&self, scope: Scope) -> Result<Outcome, WardenError> {
        self.warden.pass(scope).await
    }

    pub(super) async fn full(&self) -> Outcome {
        self.warden.pass(Scope::Full).await.unwrap()
    }

    pub(super) async fn incremental(&self) -> Outcome {
        self.warden.pass(Scope::Incremental).await.unwrap()
    }

    pub(super) async fn ask(&self, request: Ask) -> Answer {
        let (frames, mut waiting) = tokio::sync::mpsc::channel::<Frame>(10_000);
        let answer = self.warden.answer(request, &frames).await;
        waiting.close();
        answer
    }

    pub(super) async fn status(&self) -> StatusView {
        serde_json::from_value(self.ask(Ask::Status {}).await.data).unwrap()
    }

    /// Moves the clocks of the daemon and of the vendors.
    pub(super) fn advance(&self, span: Duration) {
        self.clock.advance(span);
        self.mocks.advance(SignedDuration::try_from(span).unwrap());
    }

    pub(super) fn write_rules(&self, text: &str) {
        fs::write(self.folder.path().join("rules.csv"), text).unwrap();
    }

    /// E-mail addresses of confirmed holders.
    pub(super) fn holders(&self, pool: &str) -> Vec<String> {
        let ledger = self.store.ledger();
        let mut holders: Vec<String> = ledger
            .holdings
            .iter()
            .filter(|((_, held), holding)| *held == PoolId::from(pool) && holding.state == HoldState::Held)
            .map(|((person, _), _)| email(&ledger, *person))
            .collect();
        holders.sort();
        holders
    }

    /// E-mail addresses of people in the queue.
    pub(super) fn waiting(&self, pool: &str) -> Vec<String> {
        let ledger = self.store.ledger();
        let waits = ledger.waiting.keys().filter(|(_, waited)| *waited == PoolId::from(pool));
        let mut people: Vec<String> = waits.map(|(person, _)| email(&ledger, *person)).collect();
        people.sort();
        people
    }

    /// E-mail addresses of the members of a group at the desk.
    pub(super) fn at_desk(&self, group: &str) -> Vec<String> {
        let mut state = self.mocks.state();
        let state = &mut *state;
        let mut members = state.desk.members(group);
        members.sort();
        members
    }

    /// Events in the journal, oldest first.
    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        self.store
            .journal(1, &mut |entry| {
                events.push(entry.event);
                true
            })
            .unwrap();
        events
    }

    /// The digest of the table in which each entry of the journal was made, oldest first.
    pub(super) fn rules_of_entries(&self) -> Vec<Option<String>> {
        let mut digests = Vec::new();
        self.store
            .journal(1, &mut |entry| {
                digests.push(entry.rules.map(|digest| digest.to_string()));
                true
            })
            .unwrap();
        digests
    }

    /// People who lost a seat, in order.
    pub(super) fn revoked(&self) -> Vec<String> {
        let ledger = self.store.ledger();
        let person = |event: &Event| match event {
            Event::Revoked { person, .. } => Some(*person),
            _ => None,
        };
        self.events().iter().filter_map(person).map(|id| email(&ledger, id)).collect()
    }

    /// Replaying the journal gives the ledger, the chain verifies, and the desk agrees with the ledger.
    pub(super) fn assert_sound(&self) {
        let mut replayed = Ledger::default();
        let mut verifier = seatwarden::audit::Verifier::new();
        self.store
            .journal(1, &mut |entry| {
                verifier.entry(&entry).unwrap();
                replayed.apply(entry.at, &entry.event);
                true
            })
            .unwrap();
        assert_eq!(replayed, *self.store.ledger(), "the journal does not add up to the ledger");
        for (pool, count) in self.store.ledger().counts() {
            if let Some(seatwarden::model::Seats::Bought(bought)) =
                self.loaded.catalog.pool(&pool).map(|pool| pool.seats)
            {
                assert!(count.total() <= bought, "{pool} has {count:?} of {bought}");
            }
        }
    }
}

fn email(ledger: &Ledger, person: PersonId) -> String {
    ledger.known.get(&person).and_then(|known| known.email.clone()).unwrap_or_else(|| person.to_string())
}

fn load(folder: &TempDir) -> Loaded {
    config::load(&folder.path().join("seatwarden.toml"), &std::collections::BTreeMap::new(), &[])
        .unwrap_or_else(|failed| panic!("{}", config::render::text(&failed.findings, &failed.sources, false)))
}

fn open(loaded: &Loaded, store: &Arc<dyn Store>, clock: &ManualClock, wire: &Arc<Wire>) -> Result<Warden, WardenError> {
    let chance = Arc::new(Chance::seeded(11));
    let outlet = |_: Option<&std::path::Path>| {
        Ok::<_, std::convert::Infallible>(Ports {
            transport: wire.clone(),
            clock: Arc::new(clock.clone()),
            chance: chance.clone(),
            patience: Duration::from_mins(1),
        })
    };
    let parts =
        Parts::build(loaded.config.clone(), loaded.catalog.clone(), store.clone(), Arc::new(clock.clone()), outlet)
            .unwrap();
    let sources = config::load_rules_sources(&loaded.config.rules).unwrap();
    Warden::open(parts, sources)
}

fn section(server: Server, url: &str) -> String {
    match server {
        Server::Okta => format!(
            "[feed.okta]\nkind = \"okta\"\nurl = \"{url}\"\nauth = {{ kind = \"ssws\", token = {{ file = \"okta.token\" }} }}\n\
             attributes = {{ job_code = \"profile.jobCode\" }}\n"
        ),
        Server::Entra => format!(
            "[feed.entra]\nkind = \"entra\"\ntenant = \"{}\"\nurl = \"{url}\"\nlogin_url = \"{url}\"\n\
             auth = {{ kind = \"client_secret\", client_id = \"{}\", secret = {{ file = \"entra.secret\" }} }}\n\
             attributes = {{ job_code = \"onPremisesExtensionAttributes.extensionAttribute1\" }}\n",
            entra::TENANT_ID,
            entra::CLIENT_ID
        ),
        Server::Scim | Server::Desk => format!(
            "[feed.hr]\nkind = \"scim\"\nprofile = \"PROFILE\"\nurl = \"{url}/scim/v2\"\nauth = {{ kind = \"bearer\", token = {{ file = \"scim.token\" }} }}\n\
             attributes = {{ job_code = \"urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode\" }}\n"
        ),
    }
}

/// The real transport, and a switch that cuts it after so many calls: before the call is sent, or after it was carried
/// out and the answer is lost.
pub(super) struct Wire {
    real: HttpTransport,
    left: std::sync::Mutex<Option<(u64, Cut)>>,
    calls: std::sync::atomic::AtomicU64,
}

/// Where a call is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Before,
    After,
}

impl Wire {
    fn new() -> Self {
        Self {
            real: HttpTransport::new(None).unwrap(),
            left: std::sync::Mutex::new(None),
            calls: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// Lets so many calls through and then none.
    pub(super) fn cut_after(&self, calls: Option<(u64, Cut)>) {
        *self.left.lock().unwrap() = calls;
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn next(&self) -> Option<Cut> {
        let mut left = self.left.lock().unwrap();
        match left.as_mut() {
            None => None,
            Some((0, _)) => Some(Cut::Before),
            Some((count, cut)) => {
                *count -= 1;
                (*count == 0 && *cut == Cut::After).then_some(Cut::After)
            }
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, request: Request<Bytes>, limits: &Limits) -> Result<Response<Bytes>, TransportError> {
        let cut = self.next();
        let gone = || TransportError::Connection("the test cut the wire".to_owned());
        if cut == Some(Cut::Before) {
            return Err(gone());
        }
        self.calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let answer = self.real.call(request, limits).await;
        if cut == Some(Cut::After) { Err(gone()) } else { answer }
    }
}

/// Runs a story on a runtime of its own.
pub(super) fn run(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(story);
}
