//! A transport that answers by a script, and small look-alikes of the three providers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config::{Auth, FeedConfig, FeedKind, Secret, WirePath};
use seatwarden::directory::{Coverage, Gap, GapKind, Page, Reading};
use seatwarden::feed::{Feed, Presence, Scope, build};
use seatwarden::model::{Account, OnSuspended, Time};
use seatwarden::outbound::{Limits, Ports, Transport, TransportError};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

/// The hour of all tests.
pub(super) const NOW: &str = "2026-11-22T10:00:00Z";
/// The same hour as a server writes it.
pub(super) const DATE: &str = "Sun, 22 Nov 2026 10:00:00 GMT";
pub(super) const BASE: &str = "https://idp.acme.example";
pub(super) const LOG: &str = "/api/v1/logs";

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub url: Url,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::raw(status, "application/json;charset=UTF-8", body.to_string().into_bytes())
    }

    pub(super) fn raw(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".into(), kind.into()), ("date".into(), DATE.into())];
        Self { status, headers, body: body.into() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }
}

type Reply = dyn Fn(usize, &Asked) -> Option<Answer> + Send + Sync;

/// Answers by a function of how many calls came before and of the call; `None` breaks the connection. Okta's log is
/// quiet and its calls are not written down, but for scripts that want it.
pub(super) struct Script {
    reply: Box<Reply>,
    asked: Mutex<Vec<Asked>>,
    quiet_log: bool,
}

impl Script {
    pub(super) fn new(reply: impl Fn(usize, &Asked) -> Option<Answer> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { reply: Box::new(reply), asked: Mutex::default(), quiet_log: true })
    }

    /// The same, asked for Okta's log too.
    pub(super) fn with_log(reply: impl Fn(usize, &Asked) -> Option<Answer> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { reply: Box::new(reply), asked: Mutex::default(), quiet_log: false })
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn call(&self, request: Request<Bytes>, _: &Limits) -> Result<Response<Bytes>, TransportError> {
        let url: Url = request.uri().to_string().parse().unwrap();
        let query = url.query_pairs().into_owned().collect();
        let asked = Asked { url, query, headers: request.headers().clone() };
        if self.quiet_log && asked.path() == LOG {
            let next = format!("<{BASE}{LOG}?after=quiet>; rel=\"next\"");
            return Ok(Response::builder().status(200).header("link", next).body(Bytes::from("[]")).unwrap());
        }
        let before = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            all.len() - 1
        };
        tokio::task::yield_now().await;
        let answer = (self.reply)(before, &asked).ok_or_else(|| TransportError::Connection("reset".into()))?;
        let mut response = Response::builder().status(answer.status);
        for (name, value) in &answer.headers {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(answer.body)).unwrap())
    }
}

/// The kinds of feeds with the attributes that the tests map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Okta,
    Entra,
    Scim,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Okta, Self::Entra, Self::Scim];

    pub(super) fn config(self, token: &tempfile::NamedTempFile) -> FeedConfig {
        let path = |urn: Option<&str>, steps: &[&str]| WirePath {
            urn: urn.map(str::to_owned),
            steps: steps.iter().map(|&step| step.to_owned()).collect(),
        };
        let acme = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let (kind, attributes) = match self {
            Self::Okta => (
                FeedKind::Okta,
                vec![
                    ("job_code", path(None, &["profile", "jobCode"])),
                    ("department", path(None, &["profile", "department"])),
                    ("type", path(None, &["type", "id"])),
                ],
            ),
            Self::Entra => (
                FeedKind::Entra { tenant: "t-1".into(), login_url: BASE.parse().unwrap() },
                vec![
                    ("job_code", path(None, &["onPremisesExtensionAttributes", "extensionAttribute1"])),
                    ("department", path(None, &["department"])),
                ],
            ),
            Self::Scim => (
                FeedKind::Scim,
                vec![
                    ("job_code", path(Some(acme), &["jobCode"])),
                    ("department", path(Some(enterprise), &["department"])),
                    ("manager", path(Some(enterprise), &["manager"])),
                    ("role", path(None, &["roles"])),
                ],
            ),
        };
        FeedConfig {
            name: "idp".into(),
            kind,
            url: BASE.parse().unwrap(),
            auth: Auth::Bearer { token: Secret::File(token.path().to_owned()) },
            attributes: attributes.into_iter().map(|(name, path)| (name.to_owned(), path)).collect(),
            budget: 1.0,
            on_suspended: OnSuspended::default(),
            profile: seatwarden::config::Profile::default(),
            ca_file: None,
            hook: None,
        }
    }
}

/// A feed on a scripted transport and a clock that no one waits for.
pub(super) struct Stage {
    feed: Box<dyn Feed>,
    _token: tempfile::NamedTempFile,
}

/// A reading with its pages.
#[derive(Debug)]
pub(super) struct Read {
    pub pages: Vec<Page>,
    pub reading: Reading,
}

impl Stage {
    pub(super) fn new(kind: Kind, transport: Arc<Script>) -> Self {
        Self::with(kind, transport, |_| {})
    }

    pub(super) fn with(kind: Kind, transport: Arc<Script>, change: impl FnOnce(&mut FeedConfig)) -> Self {
        let token = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "a-token").unwrap();
        let mut config = kind.config(&token);
        change(&mut config);
        let ports = Ports {
            transport,
            clock: Arc::new(ManualClock::auto(Time::parse(NOW).unwrap())),
            chance: Arc::new(Chance::seeded(7)),
            patience: std::time::Duration::from_mins(1),
        };
        Self { feed: build(&config, &ports).unwrap(), _token: token }
    }

    pub(super) fn read(&self, scope: Scope) -> Read {
        runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let collect = async {
                let mut pages = Vec::new();
                while let Some(page) = receiver.recv().await {
                    pages.push(page);
                }
                pages
            };
            let (reading, pages) = tokio::join!(self.feed.read(scope, sender), collect);
            Read { pages, reading }
        })
    }

    /// Reads while the receiver leaves after some pages.
    pub(super) fn read_until(&self, scope: Scope, most: usize) -> Read {
        runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let collect = async {
                let mut pages = Vec::new();
                while pages.len() < most {
                    pages.extend(receiver.recv().await);
                }
                drop(receiver);
                pages
            };
            let (reading, pages) = tokio::join!(self.feed.read(scope, sender), collect);
            Read { pages, reading }
        })
    }

    /// Reads while the receiver waits for a state before it takes the first page.
    pub(super) fn read_late(&self, scope: Scope, ready: impl Fn() -> bool) -> Read {
        runtime().block_on(async {
            let (sender, mut receiver) = mpsc::channel(1);
            let collect = async {
                while !ready() {
                    tokio::task::yield_now().await;
                }
                let mut pages = Vec::new();
                while let Some(page) = receiver.recv().await {
                    pages.push(page);
                }
                pages
            };
            let (reading, pages) = tokio::join!(self.feed.read(scope, sender), collect);
            Read { pages, reading }
        })
    }

    pub(super) fn whole(&self) -> Read {
        self.read(Scope::Whole { cursor: None, fresh: false })
    }

    pub(super) fn changes(&self, cursor: &str) -> Read {
        self.read(Scope::Changes { cursor: cursor.into() })
    }

    pub(super) fn degraded(&self) -> Option<String> {
        self.feed.degraded()
    }

    pub(super) fn account(&self, id: &str) -> Presence {
        runtime().block_on(self.feed.read_account(id))
    }
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Read {
    pub(super) fn ids(&self) -> Vec<&str> {
        self.pages.iter().flat_map(|page| &page.accounts).map(|account| account.id.id.as_str()).collect()
    }

    pub(super) fn last(&self, id: &str) -> &Account {
        let shown = self.pages.iter().rev().flat_map(|page| page.accounts.iter().rev());
        shown.into_iter().find(|account| account.id.id == id).unwrap_or_else(|| panic!("{id} was not shown"))
    }

    pub(super) fn cursor(&self) -> &str {
        self.reading.cursor.as_deref().expect("a cursor")
    }

    /// The gap; the reading has to be partial and to leave the cursor where it was.
    pub(super) fn gap(&self) -> &Gap {
        let Coverage::Partial(gap) = &self.reading.coverage else { panic!("not partial: {:?}", self.reading) };
        assert_eq!(self.reading.cursor, None, "a partial reading moves no cursor");
        gap
    }

    pub(super) fn assert_gap(&self, kind: GapKind, call: &str, why: &str) {
        let gap = self.gap();
        assert_eq!(gap.kind, kind, "{gap:?}");
        assert_eq!(gap.call, call, "{gap:?}");
        assert!(gap.why.contains(why), "{gap:?}");
    }
}

/// The gap of a read by id that proves nothing.
pub(super) fn unknown(presence: Presence) -> Gap {
    match presence {
        Presence::Unknown(gap) => gap,
        Presence::Here(_) | Presence::Gone => panic!("{presence:?}"),
    }
}

/// An Okta user.
pub(super) fn okta_user(number: usize, status: &str) -> Value {
    json!({
        "id": format!("00u{number:04}"), "status": status, "lastUpdated": "2026-11-20T08:00:00.000Z",
        "type": { "id": "oty1" }, "transitioningToStatus": null,
        "profile": {
            "login": format!("p{number}@acme.example"), "email": format!("p{number}@acme.example"),
            "firstName": "P", "lastName": format!("{number}"), "employeeNumber": format!("{}", 100_000 + number),
            "jobCode": "ITSD2", "department": null
        },
        "_links": { "self": { "href": format!("{BASE}/api/v1/users/00u{number:04}") } }
    })
}

/// A page of Okta by the `after` of the call, `size` rows each. The links are `self` and `next` on lines of their own.
pub(super) fn okta_page(users: &[Value], size: usize, asked: &Asked) -> Answer {
    let from: usize = asked.get("after").map_or(0, |after| after.trim_start_matches("at-").parse().unwrap());
    let to = users.len().min(from + size);
    let answer = Answer::json(200, &Value::from(users[from..to].to_vec()));
    let answer = answer.with("link", format!("<{}>; rel=\"self\"", asked.url));
    if to < users.len() {
        return answer.with("link", format!("<{BASE}/api/v1/users?after=at-{to}&limit={size}>; rel=\"next\""));
    }
    answer
}

/// An Entra user.
pub(super) fn entra_user(number: usize, enabled: bool) -> Value {
    json!({
        "id": entra_id(number), "accountEnabled": enabled, "userPrincipalName": format!("p{number}@acme.example"),
        "mail": format!("p{number}@acme.example"), "displayName": format!("P {number}"), "userType": "Member",
        "employeeId": format!("{}", 100_000 + number),
        "onPremisesExtensionAttributes": { "extensionAttribute1": "ITSD2", "extensionAttribute2": null }
    })
}

pub(super) fn entra_id(number: usize) -> String {
    format!("6c1f0000-0000-0000-0000-{number:012}")
}

/// A page of a delta round that leads to the page with that token, or ends with that delta token.
pub(super) fn entra_page(rows: &[Value], next: Result<&str, &str>) -> Answer {
    let (name, token) = match next {
        Ok(skip) => ("@odata.nextLink", format!("{BASE}/v1.0/users/delta?$skiptoken={skip}")),
        Err(delta) => ("@odata.deltaLink", format!("{BASE}/v1.0/users/delta?$deltatoken={delta}")),
    };
    Answer::json(200, &json!({ "@odata.context": "c", name: token, "value": rows }))
}

/// A SCIM user.
pub(super) fn scim_user(number: usize, active: bool) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": format!("u-{number:04}"), "userName": format!("p{number}@acme.example"), "active": active,
        "name": { "givenName": "P", "familyName": format!("{number}") },
        "emails": [
            { "value": format!("p{number}@home.example"), "type": "home" },
            { "value": format!("p{number}@acme.example"), "type": "work" }
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": format!("{}", 100_000 + number), "department": "IT", "manager": { "value": "u-0001" }
        },
        "urn:ietf:params:scim:schemas:extension:acme:2.0:User": { "jobCode": "ITSD2" },
        "meta": { "resourceType": "User", "lastModified": "2026-11-20T08:00:00Z" }
    })
}

/// A list response.
pub(super) fn scim_list(rows: &[Value], total: Option<usize>, next: Option<&str>) -> Answer {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "Resources": rows });
    if let Some(total) = total {
        body["totalResults"] = total.into();
    }
    if let Some(next) = next {
        body["nextCursor"] = next.into();
    }
    Answer::raw(200, "application/scim+json", body.to_string())
}

/// A page by `startIndex` and `count`, of at most `cap` rows.
pub(super) fn scim_page(users: &[Value], cap: usize, asked: &Asked) -> Answer {
    let start: usize = asked.get("startIndex").map_or(1, |start| start.parse().unwrap());
    let count: usize = asked.get("count").map_or(cap, |count| count.parse().unwrap());
    let from = users.len().min(start - 1);
    let to = users.len().min(from + count.min(cap));
    scim_list(&users[from..to], Some(users.len()), None)
}

/// A SCIM error.
pub(super) fn scim_error(status: u16, kind: Option<&str>) -> Answer {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string() });
    if let Some(kind) = kind {
        body["scimType"] = kind.into();
    }
    Answer::raw(status, "application/scim+json", body.to_string())
}
