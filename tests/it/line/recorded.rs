//! Traffic that real Okta orgs sent, through the whole line to seats. Only where the recordings lie beside the project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config;
use seatwarden::model::Time;
use seatwarden::outbound::{Limits, Ports, Transport, TransportError};
use seatwarden::store::{Overlay, Store as _};
use seatwarden::worker::{Outcome, Parts, Scope, Warden};
use serde_json::Value;
use tempfile::TempDir;

use super::company::run;

/// The answers of a recording to GET requests whose URI begins like this; `None` where there are no recordings.
#[expect(clippy::print_stdout, reason = "whoever runs the tests is told that this one had nothing to read")]
fn recorded(file: &str, start: &str) -> Option<Vec<Value>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let folder = std::env::var_os("SEATWARDEN_FIXTURES").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("okta").join(file)) else {
        println!("skipped: no recorded traffic in {}", folder.display());
        return None;
    };
    let Value::Array(exchanges) = serde_json::from_str(&text).unwrap() else { panic!("not a list of exchanges") };
    let asked = |exchange: &Value| {
        let request = &exchange["request"];
        request["method"] == "GET" && request["uri"].as_str().is_some_and(|uri| uri.starts_with(start))
    };
    Some(exchanges.into_iter().filter(asked).collect())
}

/// Answers lists with one that was recorded, reads by id with what was recorded for them, and is down otherwise.
#[derive(Default)]
struct Org {
    list: Mutex<Value>,
    by_id: Mutex<BTreeMap<String, Value>>,
}

#[async_trait]
impl Transport for Org {
    async fn call(&self, request: Request<Bytes>, _: &Limits) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path();
        let found = if path == "/api/v1/users" {
            Some(self.list.lock().unwrap().clone())
        } else {
            self.by_id.lock().unwrap().get(path).cloned()
        };
        let Some(exchange) = found else { return Err(TransportError::Connection("not recorded".to_owned())) };
        let recorded = &exchange["response"];
        let mut answer = Response::builder().status(u16::try_from(recorded["status"].as_u64().unwrap()).unwrap());
        for pair in recorded["headers"].as_array().unwrap() {
            answer = answer.header(pair[0].as_str().unwrap(), pair[1].as_str().unwrap_or_default());
        }
        Ok(answer.body(Bytes::from(recorded["body"].as_str().unwrap_or_default().to_owned())).unwrap())
    }
}

/// A warden whose one feed is the org, with ten seats for whoever has a login that begins with `john.doe`.
struct Stage {
    org: Arc<Org>,
    clock: ManualClock,
    store: Arc<Overlay>,
    warden: Warden,
    _folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = "[store]\npath = \"store\"\n[rules]\npath = \"rules.csv\"\n[catalog]\npath = \"catalog.toml\"\n\
            [listen]\ncontrol = \"control.sock\"\n[feed.okta]\nkind = \"okta\"\nurl = \"https://test.okta.com\"\n\
            auth = { kind = \"ssws\", token = { file = \"token\" } }\nattributes = { job_code = \"profile.login\" }\n";
        let catalog = "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
            [tier.fulfiller]\nrank = 20\nseats = 10\nfallback = \"requester\"\n";
        let rules = "id,job_code,tier\ndoes,John.Doe*,fulfiller\n";
        for (name, content) in
            [("seatwarden.toml", text), ("catalog.toml", catalog), ("rules.csv", rules), ("token", "00sesame")]
        {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let loaded = config::load(&folder.path().join("seatwarden.toml"), &BTreeMap::new(), &[])
            .unwrap_or_else(|failed| panic!("{}", config::render::text(&failed.findings, &failed.sources, false)));
        let (org, store) = (Arc::new(Org::default()), Arc::new(Overlay::empty()));
        let clock = ManualClock::auto(Time::parse("2026-11-22T10:00:00Z").unwrap());
        let ports = |_: Option<&std::path::Path>| {
            Ok::<_, std::convert::Infallible>(Ports {
                transport: org.clone(),
                clock: Arc::new(clock.clone()),
                chance: Arc::new(Chance::seeded(11)),
                patience: Duration::from_secs(5),
            })
        };
        let sources = config::load_rules_sources(&loaded.config.rules).unwrap();
        let made = Parts::build(loaded.config, loaded.catalog, store.clone(), Arc::new(clock.clone()), ports).unwrap();
        let warden = Warden::open(made, sources).unwrap();
        Self { org, clock, store, warden, _folder: folder }
    }

    /// One pass over an org that answers this list. Gives also the rows of the list.
    async fn pass(&self, list: &Value) -> (Outcome, Vec<Value>) {
        *self.org.list.lock().unwrap() = list.clone();
        self.clock.advance(Duration::from_hours(1));
        let rows = serde_json::from_str(list["response"]["body"].as_str().unwrap()).unwrap();
        (self.warden.pass(Scope::Full).await.unwrap(), rows)
    }

    fn holders(&self) -> BTreeSet<String> {
        let ledger = self.store.ledger();
        ledger.holdings.keys().filter_map(|(person, _)| ledger.known[person].email.clone()).collect()
    }
}

/// Addresses of those in a list who should have a seat.
fn due(rows: &[Value]) -> BTreeSet<String> {
    let works = |row: &&Value| matches!(row["status"].as_str(), Some("ACTIVE" | "RECOVERY" | "PASSWORD_EXPIRED"));
    let named = |row: &&Value| row["profile"]["login"].as_str().is_some_and(|login| login.starts_with("John.Doe"));
    let email = |row: &Value| row["profile"]["email"].as_str().unwrap().to_owned();
    rows.iter().filter(works).filter(named).map(email).collect()
}

#[test]
fn a_recorded_org_gets_its_seats_and_a_suspension_or_a_short_list_takes_none() {
    let file = "UsersResource.suspend_user.json";
    let Some(lists) = recorded(file, "https://test.okta.com/api/v1/users?filter=") else { return };
    let [suspended, active] = lists.as_slice() else { panic!("two lists were recorded") };
    run(async {
        let stage = Stage::new();
        let (pass, rows) = stage.pass(active).await;
        let expected = due(&rows);
        assert!(!expected.is_empty() && expected.len() < rows.len(), "{expected:?} of {}", rows.len());
        assert_eq!((stage.holders(), pass.view.granted), (expected.clone(), expected.len() as u64));
        let (pass, rows) = stage.pass(active).await;
        assert!(pass.plan.steps.is_empty(), "{:?}", pass.plan.steps);
        assert_eq!(due(&rows), stage.holders());
        // Now one is suspended, and the list shows nobody else; the org does not answer for the others by id.
        let (pass, rows) = stage.pass(suspended).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((stage.holders(), pass.view.revoked), (expected, 0));
    });
}

#[test]
fn a_recorded_life_ends_with_the_seat_free() {
    let file = "UsersResource.comprehensive_user_lifecycle.json";
    let Some(lists) = recorded(file, "https://test.okta.com/api/v1/users?limit=10") else { return };
    let purged =
        recorded("UsersResource.user_pagination.json", "https://test.okta.com/api/v1/users/00usfgmn9xhwtA6f74x6");
    run(async {
        let stage = Stage::new();
        let (_, rows) = stage.pass(&lists[0]).await;
        let expected = due(&rows);
        assert!(!expected.is_empty());
        assert_eq!(stage.holders(), expected);
        // The recording of a purged account is the answer for somebody of this org, and the list lacks them.
        let gone =
            rows.iter().find(|row| row["profile"]["email"].as_str().is_some_and(|email| expected.contains(email)));
        let id = gone.unwrap()["id"].as_str().unwrap();
        stage.org.by_id.lock().unwrap().insert(format!("/api/v1/users/{id}"), purged.unwrap()[0].clone());
        let left: Vec<&Value> = rows.iter().filter(|row| row["id"] != id).collect();
        let mut list = lists[0].clone();
        list["response"]["body"] = serde_json::to_string(&left).unwrap().into();
        let (pass, rows) = stage.pass(&list).await;
        let held = pass.plan.held.iter().map(|held| held.wanted).sum::<u64>();
        assert_eq!((pass.view.revoked, held), (0, 1), "one of so few is held until somebody looks");
        assert_eq!(stage.holders(), expected);
        assert_ne!(due(&rows), expected);
    });
}
