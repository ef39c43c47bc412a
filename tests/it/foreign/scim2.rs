//! The `PyPI` package `scim2-server`, once as the feed and once as the desk. Installed by `tests/tools/install.sh`; where it
//! is not, the test says that it is skipped.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config;
use seatwarden::model::{PoolId, Time};
use seatwarden::outbound::{HttpTransport, Ports};
use seatwarden::seats::{HoldState, Ledger};
use seatwarden::store::{Overlay, Store};
use seatwarden::worker::request::exit;
use seatwarden::worker::{Outcome, Parts, Scope, Warden};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// A running server; dropping it kills it.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let venv = std::env::var_os("SEATWARDEN_VENV")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv"), PathBuf::from);
        let program = venv.join("bin/scim2-server");
        if !program.exists() {
            let mut out = std::io::stdout().lock();
            drop(writeln!(out, "skipped: {} is not installed", program.display()));
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--bearer-token", "sesame"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            pause();
        }
        panic!("scim2-server does not listen");
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// One call over a connection of its own.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sesame\r\n\
             Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn create(&self, resource: &str, body: &Value) -> String {
        let (status, created) = self.call("POST", resource, Some(body));
        assert_eq!(status, 201, "{created}");
        created["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "between two looks at another process there is nothing to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

fn person(number: usize) -> Value {
    json!({
        "schemas": [CORE, ENTERPRISE],
        "userName": format!("p{number:04}@acme.example"),
        "externalId": format!("{number:05}"),
        "active": true,
        "title": "SD-12",
        "emails": [{"value": format!("p{number:04}@acme.example"), "type": "work", "primary": true}],
        ENTERPRISE: {"employeeNumber": format!("{number:05}")},
    })
}

struct Line {
    warden: Warden,
    store: Arc<dyn Store>,
    _folder: TempDir,
}

impl Line {
    fn new(feed: &str, desk: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let target = desk.map_or_else(String::new, |url| {
            format!(
                "[target.desk]\nkind = \"scim\"\nurl = \"{url}\"\nauth = {{ kind = \"bearer\", token = {{ file = \"token\" }} }}\n\
                 mode = \"full\"\nmatch_on = [\"external_id\", \"user_name\"]\nseats = {{ fulfiller = {{ group = \"lic-fulfiller\" }} }}\n"
            )
        });
        write(
            "seatwarden.toml",
            &format!(
                "[store]\npath = \"store\"\n[rules]\npath = \"rules.csv\"\n[catalog]\npath = \"catalog.toml\"\n\
                 [listen]\ncontrol = \"control.sock\"\n[people]\nmatch_on = [\"employee_number\"]\n\
                 [brakes]\ngrant = {{ per_pass = \"100%\", at_least = 10 }}\n\
                 [feed.hr]\nkind = \"scim\"\nurl = \"{feed}\"\nauth = {{ kind = \"bearer\", token = {{ file = \"token\" }} }}\n\
                 attributes = {{ job_code = \"title\" }}\n{target}"
            ),
        );
        write(
            "catalog.toml",
            "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
             [tier.fulfiller]\nrank = 20\nseats = 2500\nfallback = \"requester\"\n",
        );
        write("rules.csv", "id,job_code,tier\nanalysts,SD-*,fulfiller\n");
        write("token", "sesame");
        let loaded =
            config::load(&folder.path().join("seatwarden.toml"), &std::collections::BTreeMap::new(), &[]).unwrap();
        let store: Arc<dyn Store> = Arc::new(Overlay::empty());
        let clock = ManualClock::auto(Time::parse("2026-11-22T10:00:00Z").unwrap());
        let outlet = |_: Option<&std::path::Path>| {
            Ok::<_, std::convert::Infallible>(Ports {
                transport: Arc::new(HttpTransport::new(None).unwrap()),
                clock: Arc::new(clock.clone()),
                chance: Arc::new(Chance::seeded(3)),
                patience: Duration::from_secs(5),
            })
        };
        let sources = config::load_rules_sources(&loaded.config.rules).unwrap();
        let parts =
            Parts::build(loaded.config, loaded.catalog, store.clone(), Arc::new(clock.clone()), outlet).unwrap();
        Self { warden: Warden::open(parts, sources).unwrap(), store, _folder: folder }
    }

    async fn full(&self) -> Outcome {
        self.warden.pass(Scope::Full).await.unwrap()
    }

    fn holders(&self) -> Vec<String> {
        let ledger: Arc<Ledger> = self.store.ledger();
        let held = ledger
            .holdings
            .iter()
            .filter(|((_, pool), holding)| *pool == PoolId::from("fulfiller") && holding.state == HoldState::Held);
        let mut holders: Vec<String> =
            held.map(|((person, _), _)| ledger.known[person].employee_number.clone().unwrap()).collect();
        holders.sort();
        holders
    }
}

fn run(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(story);
}

/// Of 2,000 people 37 leave: 20 are switched off, 17 are deleted.
#[test]
fn of_two_thousand_people_thirty_seven_leave_and_lose_their_seats() {
    let Some(server) = Server::start() else { return };
    let ids: Vec<String> = (1..=2_000).map(|number| server.create("/Users", &person(number))).collect();
    run(async {
        let line = Line::new(&server.url(), None);
        let first = line.full().await;
        assert_eq!((first.view.granted, first.exit()), (2_000, exit::DONE), "{:?}", first.readings);
        for (at, id) in ids.iter().take(37).enumerate() {
            let path = format!("/Users/{id}");
            let (status, said) = if at < 20 {
                let off = json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "Operations": [{"op": "replace", "path": "active", "value": false}],
                });
                server.call("PATCH", &path, Some(&off))
            } else {
                server.call("DELETE", &path, None)
            };
            assert!((200..300).contains(&status), "{status} {said}");
        }
        let second = line.full().await;
        assert_eq!((second.view.revoked, second.exit()), (37, exit::DONE), "{:?}", second.plan.held);
        let expected: Vec<String> = (38..=2_000).map(|number| format!("{number:05}")).collect();
        assert_eq!(line.holders(), expected);
        let third = line.full().await;
        assert!(third.plan.steps.is_empty() && third.plan.notes.is_empty());

        // The server is killed: nobody is there to say who works here, and everybody keeps their seat.
        drop(server);
        let fourth = line.full().await;
        assert_eq!(fourth.exit(), exit::UNREACHABLE);
        assert_eq!(line.holders(), expected);
    });
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_walk_revokes_nobody() {
    let Some(mut server) = Server::start() else { return };
    for number in 1..=600 {
        server.create("/Users", &person(number));
    }
    run(async {
        let line = Line::new(&server.url(), None);
        line.full().await;
        let before = line.holders();
        assert_eq!(before.len(), 600);
        let walk = line.warden.pass(Scope::Full);
        let kill = async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            drop(server.child.kill());
        };
        let (pass, ()) = tokio::join!(walk, kill);
        assert!(pass.unwrap().plan.steps.is_empty());
        assert_eq!(line.holders(), before);
    });
}

/// The same server as the desk: members come and go one by one, and a stranger stays.
#[test]
fn it_is_a_desk_whose_group_gets_and_loses_members() {
    let (Some(people), Some(desk)) = (Server::start(), Server::start()) else { return };
    let ids: Vec<String> = (1..=12).map(|number| people.create("/Users", &person(number))).collect();
    for number in 1..=12 {
        desk.create("/Users", &person(number));
    }
    let stranger = desk.create("/Users", &person(999));
    let group = desk.create(
        "/Groups",
        &json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "lic-fulfiller",
            "members": [{"value": stranger}],
        }),
    );
    let members = |desk: &Server| {
        let (_, body) = desk.call("GET", &format!("/Groups/{group}"), None);
        body["members"].as_array().map_or(0, Vec::len)
    };
    run(async {
        let line = Line::new(&people.url(), Some(&desk.url()));
        let first = line.full().await;
        assert_eq!(
            (first.view.granted, first.exit()),
            (12, exit::DONE),
            "{:?} {:?}",
            first.applied,
            first.desk_trouble
        );
        assert_eq!(members(&desk), 13);
        for id in ids.iter().take(3) {
            people.call("DELETE", &format!("/Users/{id}"), None);
        }
        let held = line.full().await;
        assert_eq!(held.exit(), exit::HELD, "3 of 12 are more than 5 %: {:?}", held.view);
        let approve = seatwarden::worker::Request::Approve {
            digest: held.plan.held[0].digest.to_string(),
            reason: "they left".to_owned(),
            by: "lead".to_owned(),
        };
        let (frames, _waiting) = tokio::sync::mpsc::channel(8);
        assert_eq!(line.warden.answer(approve, &frames).await.exit, exit::DONE);
        let second = line.full().await;
        assert_eq!((second.view.revoked, second.exit()), (3, exit::DONE), "{:?}", second.applied);
        assert_eq!(members(&desk), 10, "nine of ours and the stranger");
        let third = line.full().await;
        assert!(third.plan.steps.is_empty() && third.plan.notes.is_empty(), "{:?}", third.plan);
    });
}
