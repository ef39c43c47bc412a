//! The running house: mocks, wire, store and warden in one process, and a fuse that stops the process anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, io};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use http::{Method, Request, Response};
use seatwarden::ambient::{Chance, Clock as _, ManualClock};
use seatwarden::config::{self, Loaded};
use seatwarden::model::Time;
use seatwarden::outbound::{Limits, Ports, Transport, TransportError};
use seatwarden::seats::Ledger;
use seatwarden::store::{Store as _, StoreError};
use seatwarden::worker::{Answer, Frame, Outcome, Parts, Request as Ask, Scope, Warden, WardenError};
use seatwarden_mocks::{Body, Mocks, Server, World, entra, okta, scim, world};
use tempfile::TempDir;
use tokio::sync::Notify;

use super::case::{Case, Shape};
use super::truth::{Pools, Table};
use crate::mortal::{Death, Mortal};

/// The name of a feed in the configuration.
pub(super) const fn feed_name(feed: Server) -> &'static str {
    match feed {
        Server::Okta => "okta",
        Server::Entra => "entra",
        Server::Scim | Server::Desk => "hr",
    }
}

/// The group that a pool is at a desk.
pub(super) fn group(desk: usize, pool: &str) -> String {
    format!("lic-{desk}-{pool}")
}

/// How a pass ended.
#[derive(Debug)]
pub(super) enum Ended {
    Done(Box<Outcome>),
    Failed(WardenError),
    /// The process was stopped in the middle of it.
    Died,
}

/// The house.
pub(super) struct House {
    pub(super) shape: Shape,
    /// The table that was written last and compiles.
    pub(super) table: Table,
    /// The table in force, which is another one while the written one is broken.
    pub(super) in_force: Option<Table>,
    pub(super) broken: bool,
    pub(super) mocks: Mocks,
    pub(super) clock: ManualClock,
    pub(super) wire: Arc<Wire>,
    pub(super) store: Arc<Mortal<Arc<Fuse>>>,
    fuse: Arc<Fuse>,
    folder: TempDir,
    warden: Option<Warden>,
}

impl House {
    pub(super) fn new(case: &Case) -> Result<Self, String> {
        let mocks = Mocks::new(World::empty(case.seed));
        {
            let mut state = mocks.state();
            let state = &mut *state;
            for desk in 0..case.shape.desks {
                for pool in case.shape.pools.keys() {
                    state.desk.add_group(&state.world, &group(desk, pool), None);
                }
            }
            state.entra.page_size = 5;
            state.scim.settings.page_max = 7;
        }
        let clock = ManualClock::auto(Time::from(world::BEGINNING));
        let fuse = Arc::new(Fuse::default());
        let wire = Wire {
            mocks: mocks.clone(),
            clock: clock.clone(),
            ahead: AtomicI64::new(0),
            fuse: fuse.clone(),
            unplugged: Mutex::default(),
            pools: Mutex::new(case.shape.pools.clone()),
            strangers: Mutex::default(),
            broken: Mutex::default(),
        };
        let store = Arc::new(Mortal::new(fuse.clone()));
        let mut house = Self {
            shape: case.shape.clone(),
            table: case.table.clone(),
            in_force: None,
            broken: false,
            mocks,
            clock,
            wire: Arc::new(wire),
            store,
            fuse,
            folder: tempfile::tempdir().map_err(text)?,
            warden: None,
        };
        for (name, content) in [
            ("okta.token", okta::SSWS_TOKEN),
            ("entra.secret", entra::CLIENT_SECRET),
            ("scim.token", scim::BEARER_TOKEN),
        ] {
            house.write(name, content)?;
        }
        house.write_rules()?;
        house.restart()?;
        Ok(house)
    }

    /// Ends the process and begins another on what is in the store.
    pub(super) fn restart(&mut self) -> Result<(), String> {
        self.warden = None;
        self.write("seatwarden.toml", &configuration(&self.shape))?;
        self.write("catalog.toml", &self.shape.catalog())?;
        *self.wire.pools.lock().unwrap() = self.shape.pools.clone();
        let loaded: Loaded = config::load(&self.folder.path().join("seatwarden.toml"), &BTreeMap::new(), &[])
            .map_err(|failed| config::render::text(&failed.findings, &failed.sources, false))?;
        let chance = Arc::new(Chance::seeded(11));
        let ports = |_: Option<&std::path::Path>| {
            Ok::<_, std::convert::Infallible>(Ports {
                transport: self.wire.clone(),
                clock: Arc::new(self.clock.clone()),
                chance: chance.clone(),
                patience: Duration::from_mins(1),
            })
        };
        let made = Parts::build(loaded.config, loaded.catalog, self.store.clone(), Arc::new(self.clock.clone()), ports)
            .map_err(text)?;
        let sources = config::load_rules_sources(&made.config.rules).map_err(|finding| finding.message)?;
        self.warden = Some(Warden::open(made, sources).map_err(text)?);
        self.in_force = (!self.broken).then(|| self.table.clone());
        Ok(())
    }

    /// Writes the table, or one that does not compile, and has it read.
    pub(super) fn edit_rules(&mut self) -> Result<(), String> {
        self.write_rules()?;
        if let Some(warden) = &self.warden {
            warden.reload_rules();
        }
        if !self.broken {
            self.in_force = Some(self.table.clone());
        }
        Ok(())
    }

    fn write_rules(&self) -> Result<(), String> {
        let table = if self.broken { "[[rule]]\nid = \"half a r".to_owned() } else { self.table.text() };
        self.write("rules.toml", &table)
    }

    fn write(&self, name: &str, content: &str) -> Result<(), String> {
        fs::write(self.folder.path().join(name), content).map_err(|error: io::Error| format!("{name}: {error}"))
    }

    pub(super) fn ledger(&self) -> Arc<Ledger> {
        self.store.ledger()
    }

    /// One pass. With `dies`, the process stops at that write or call, counted from here.
    pub(super) async fn pass(&self, scope: Scope, dies: Option<u64>) -> Ended {
        let Some(warden) = &self.warden else { return Ended::Died };
        // Of calls side by side each may have blown it.
        let _blown: Option<()> = self.fuse.blown.notified().now_or_never();
        self.fuse.set(dies);
        let ended = tokio::select! {
            biased;
            () = self.fuse.blown.notified() => Ended::Died,
            ended = warden.pass(scope) => match ended {
                Ok(outcome) => Ended::Done(Box::new(outcome)),
                Err(error) => Ended::Failed(error),
            },
        };
        self.fuse.set(None);
        self.wire.sync();
        ended
    }

    pub(super) async fn ask(&self, request: Ask) -> Option<Answer> {
        let (frames, mut waiting) = tokio::sync::mpsc::channel::<Frame>(10_000);
        let answer = self.warden.as_ref()?.answer(request, &frames).await;
        waiting.close();
        Some(answer)
    }

    /// Moves the clock of the house and with it those of the vendors.
    pub(super) fn wait(&self, span: Duration) {
        self.clock.advance(span);
        self.wire.sync();
    }

    /// Sets the clock of the house back. The vendors' go on.
    pub(super) fn set_back(&self, span: Duration) {
        self.clock.set(self.clock.now().minus(span));
        self.wire.ahead.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
        self.wire.sync();
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn configuration(shape: &Shape) -> String {
    let prefer: Vec<&str> = shape.feeds.iter().map(|feed| feed_name(*feed)).collect();
    let brakes = if shape.tight {
        "revoke = { per_pass = \"10%\", at_least = 1, per_day = \"20%\" }\ngrant = { per_pass = \"20%\", at_least = 2 }\n\
         rules_edit = { per_pass = \"10%\", at_least = 1 }\nfeed_shrink = \"20%\"\n"
    } else {
        "revoke = { per_pass = \"50%\", at_least = 5 }\ngrant = { per_pass = \"100%\", at_least = 20 }\n\
         rules_edit = { per_pass = \"50%\", at_least = 5 }\nfeed_shrink = \"50%\"\n"
    };
    let mut text = format!(
        "[store]\npath = \"store\"\n[rules]\npath = \"rules.toml\"\n[catalog]\npath = \"catalog.toml\"\n\
         [listen]\ncontrol = \"control.sock\"\n[people]\nmatch_on = [\"employee_number\", \"email\"]\nprefer = {prefer:?}\n\
         [brakes]\n{brakes}approvers = {}\n",
        shape.approvers
    );
    for feed in &shape.feeds {
        text.push_str(&section(*feed, shape.on_suspended));
    }
    for desk in 0..shape.desks {
        let counted = shape.pools.values().filter(|pool| pool.seats.is_some());
        let seats: Vec<String> =
            counted.map(|pool| format!("{} = {{ group = \"{}\" }}", pool.id, group(desk, pool.id))).collect();
        write!(
            text,
            "[target.desk-{desk}]\nkind = \"scim\"\nurl = \"https://desk-{desk}.example/scim/v2\"\n\
             auth = {{ kind = \"bearer\", token = {{ file = \"scim.token\" }} }}\nmode = \"{}\"\n\
             match_on = [\"external_id\", \"email\"]\nseats = {{ {} }}\n",
            shape.mode,
            seats.join(", ")
        )
        .unwrap();
    }
    text
}

fn section(feed: Server, on_suspended: &str) -> String {
    match feed {
        Server::Okta => format!(
            "[feed.okta]\nkind = \"okta\"\nurl = \"https://okta.example\"\non_suspended = \"{on_suspended}\"\n\
             auth = {{ kind = \"ssws\", token = {{ file = \"okta.token\" }} }}\nattributes = {{ job_code = \"profile.jobCode\" }}\n"
        ),
        Server::Entra => format!(
            "[feed.entra]\nkind = \"entra\"\ntenant = \"{}\"\nurl = \"https://entra.example\"\nlogin_url = \"https://entra.example\"\n\
             auth = {{ kind = \"client_secret\", client_id = \"{}\", secret = {{ file = \"entra.secret\" }} }}\n\
             attributes = {{ job_code = \"onPremisesExtensionAttributes.extensionAttribute1\" }}\n",
            entra::TENANT_ID,
            entra::CLIENT_ID
        ),
        Server::Scim | Server::Desk => "[feed.hr]\nkind = \"scim\"\nurl = \"https://hr.example/scim/v2\"\n\
             auth = { kind = \"bearer\", token = { file = \"scim.token\" } }\n\
             attributes = { job_code = \"urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode\" }\n"
            .to_owned(),
    }
}

/// Counts writes and calls, and stops the process at one of them.
#[derive(Default)]
pub(super) struct Fuse {
    left: Mutex<Option<u64>>,
    blown: Notify,
}

impl Fuse {
    fn set(&self, left: Option<u64>) {
        *self.left.lock().unwrap() = left;
    }

    /// A point at which the process may stop. It never comes back from the one at which it does.
    async fn point(&self) {
        let stops = match self.left.lock().unwrap().as_mut() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                *left == 0
            }
        };
        if stops {
            self.blown.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Death for Arc<Fuse> {
    async fn around(&self, write: BoxFuture<'_, Result<(), StoreError>>) -> Result<(), StoreError> {
        self.point().await;
        write.await?;
        self.point().await;
        Ok(())
    }
}

/// The mocks, asked in process. Looks at every change at the desks as it happens.
pub(super) struct Wire {
    mocks: Mocks,
    clock: ManualClock,
    /// How far the vendors' clocks are ahead, in milliseconds.
    ahead: AtomicI64,
    fuse: Arc<Fuse>,
    /// Hosts that cannot be reached.
    pub(super) unplugged: Mutex<BTreeSet<&'static str>>,
    pools: Mutex<Pools>,
    /// Members that others put into groups.
    pub(super) strangers: Mutex<BTreeSet<(String, String)>>,
    /// The first thing that went wrong at a desk.
    pub(super) broken: Mutex<Option<String>>,
}

/// Every host there is.
pub(super) const HOSTS: [&str; 5] = ["okta.example", "entra.example", "hr.example", "desk-0.example", "desk-1.example"];

impl Wire {
    /// Sets the vendors' clocks to the hour of the house.
    fn sync(&self) {
        let now = self.clock.now().plus(Duration::from_millis(self.ahead.load(Ordering::SeqCst).unsigned_abs()));
        let mut state = self.mocks.state();
        state.world.now = state.world.now.max(now.timestamp());
    }

    /// Members of every group, without those that others put there.
    fn members(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut guard = self.mocks.state();
        let state = &mut *guard;
        state.desk.catch_up(&state.world);
        let strangers = self.strangers.lock().unwrap();
        let pools = self.pools.lock().unwrap();
        let groups = (0..2).flat_map(|desk| pools.keys().map(move |pool| group(desk, pool)));
        groups
            .map(|group| {
                let members = state.desk.members(&group).into_iter();
                let members = members.filter(|name| !strangers.contains(&(group.clone(), name.clone()))).collect();
                (group, members)
            })
            .collect()
    }

    /// No call of ours puts more into a group than was bought, or a second tier on anybody.
    fn judge(&self, before: &BTreeMap<String, BTreeSet<String>>) {
        let after = self.members();
        let pools = self.pools.lock().unwrap();
        let mut trouble = Vec::new();
        for desk in 0..2 {
            let mut tiers: BTreeMap<&String, &str> = BTreeMap::new();
            for pool in pools.values() {
                let Some(bought) = pool.seats else { continue };
                let name = group(desk, pool.id);
                let (old, new) = (&before[&name], &after[&name]);
                if new.len() > old.len() && new.len() > bought as usize {
                    trouble.push(format!("{} members of {name}, {bought} seats were bought", new.len()));
                }
                for member in new.iter().filter(|_| !pool.addon) {
                    let changed =
                        before.iter().any(|(group, old)| old.contains(member) != after[group].contains(member));
                    if let Some(other) = tiers.insert(member, pool.id).filter(|_| changed) {
                        trouble.push(format!("{member} has {other} and {} at desk {desk} at once", pool.id));
                    }
                }
            }
        }
        if let Some(first) = trouble.into_iter().next() {
            self.broken.lock().unwrap().get_or_insert(first);
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn call(&self, request: Request<Bytes>, limits: &Limits) -> Result<Response<Bytes>, TransportError> {
        self.fuse.point().await;
        self.sync();
        let host = request.uri().host().unwrap_or_default().to_owned();
        if self.unplugged.lock().unwrap().contains(host.as_str()) {
            return Err(TransportError::Connection("unplugged".to_owned()));
        }
        let server = match host.as_str() {
            "okta.example" => Server::Okta,
            "entra.example" => Server::Entra,
            "hr.example" => Server::Scim,
            "desk-0.example" | "desk-1.example" => Server::Desk,
            other => return Err(TransportError::Forbidden(format!("{other} is nowhere"))),
        };
        let writes = server == Server::Desk && request.method() != Method::GET;
        let before = writes.then(|| self.members());
        let line = format!("{} {}", request.method(), request.uri());
        let answer = self.mocks.call(server, request.map(Body::from)).await;
        let (parts, body) = answer.into_parts();
        let body = collect(body, limits.body).await;
        super::tell(|| {
            let fault = self.mocks.requests().last().and_then(|seen| seen.fault.clone()).unwrap_or_default();
            format!("    {line} -> {} {fault}", parts.status)
        });
        if let Some(before) = before {
            self.judge(&before);
        }
        self.fuse.point().await;
        Ok(Response::from_parts(parts, body?))
    }
}

/// A body within a limit. One that stalls is given up at once, for nothing here takes real time.
async fn collect(body: Body, limit: usize) -> Result<Bytes, TransportError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    loop {
        let mut patience = 20;
        let next = std::future::poll_fn(|context| match chunks.poll_next_unpin(context) {
            std::task::Poll::Pending if patience == 0 => std::task::Poll::Ready(Err(())),
            std::task::Poll::Pending => {
                patience -= 1;
                context.waker().wake_by_ref();
                std::task::Poll::Pending
            }
            std::task::Poll::Ready(chunk) => std::task::Poll::Ready(Ok(chunk)),
        })
        .await;
        match next {
            Err(()) => return Err(TransportError::TimedOut(Duration::from_secs(30))),
            Ok(None) => return Ok(bytes.into()),
            Ok(Some(Err(error))) => return Err(TransportError::Connection(error.to_string())),
            Ok(Some(Ok(chunk))) if bytes.len() + chunk.len() > limit => return Err(TransportError::TooLarge(limit)),
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
        }
    }
}
