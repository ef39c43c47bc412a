//! A SCIM desk in memory, with the manners of real ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config::{Auth, DeskKey, DeskSeat, Mode, Secret, TargetConfig};
use seatwarden::model::Time;
use seatwarden::outbound::{Limits, Ports, Transport, TransportError};
use seatwarden::target::{DeskPerson, Given, Outcome, Target, TargetError, build};
use serde_json::{Value, json};

/// What a desk does otherwise than the RFC says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quirk {
    /// Compares `externalId` letter by letter.
    Exact,
    /// Sends everybody, whatever the filter.
    IgnoresFilters,
    /// 400 for every filter.
    RefusesFilters,
    /// 204, and nothing is stored.
    ForgetsPatches,
    /// Users have no `groups`.
    NoGroupsOfUsers,
    /// Users have `groups: []`.
    EmptyGroupsOfUsers,
    /// 400 for a path with a value filter.
    RefusesValuePaths,
    /// 204 for a path with a value filter, and nothing is stored.
    IgnoresValuePaths,
    /// Removing values from `members` removes all members, as the RFC has it.
    RemoveEmpties,
    /// 409 for a member that is one.
    RefusesMembersAgain,
    /// 400 for every new member: no license is left.
    Full,
    /// Groups never show members, but can be asked for one.
    HidesMembers,
    /// Error bodies with `status` as a number.
    NumberStatus,
    /// At most two resources a page.
    SmallPages,
    /// Sends the first page again and again.
    Loops,
    /// Makes a user between two pages.
    Grows,
    /// `resources` and no `totalResults`, with cursors.
    Cursors,
    /// Somebody else takes a member out just before our removal arrives, so that it finds no target.
    RemovedByOthers,
    /// 409 for every new user.
    RefusesUsers,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<String, Value>,
    pub(super) groups: BTreeMap<String, (String, Vec<String>)>,
    pub(super) quirks: BTreeSet<Quirk>,
    /// Method, path and body of every call.
    pub(super) calls: Vec<(Method, String, Value)>,
}

#[derive(Debug, Default)]
pub(super) struct FakeDesk {
    pub(super) state: Mutex<State>,
}

/// A desk with `ann` (u1), `bob` (u2), `zoe` (u3, externalId 103) and the group `lic` (g1) where zoe sits.
pub(super) fn desk(quirks: &[Quirk]) -> Arc<FakeDesk> {
    let desk = FakeDesk::default();
    {
        let mut state = desk.state.lock().unwrap();
        for (number, name) in [(1, "ann"), (2, "bob"), (3, "zoe")] {
            let id = format!("u{number}");
            let mail = format!("{name}@acme.example");
            let user = json!({"id": id, "userName": mail, "externalId": format!("10{number}"),
                "emails": [{"value": mail, "primary": true}]});
            state.users.insert(id, user);
        }
        state.groups.insert("g1".into(), ("lic".into(), vec!["u3".into()]));
        state.quirks.extend(quirks);
    }
    Arc::new(desk)
}

pub(super) fn person(name: &str, number: &str) -> DeskPerson {
    DeskPerson {
        email: Some(format!("{name}@acme.example")),
        employee_number: Some(number.to_owned()),
        user_name: None,
        display_name: Some(name.to_owned()),
        account: None,
    }
}

/// How a grant ended, whatever the account.
pub(super) fn outcome(given: Result<Given, TargetError>) -> Result<Outcome, TargetError> {
    given.map(|given| given.outcome)
}

pub(super) fn ann() -> DeskPerson {
    person("ann", "101")
}

pub(super) fn zoe() -> DeskPerson {
    person("zoe", "103")
}

pub(super) fn config() -> TargetConfig {
    static TOKEN: OnceLock<PathBuf> = OnceLock::new();
    let token = TOKEN.get_or_init(|| {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("desk-token-{}", std::process::id()));
        std::fs::write(&file, "secret").unwrap();
        file
    });
    TargetConfig {
        name: "desk".into(),
        url: "http://127.0.0.1:1/scim/v2".parse().unwrap(),
        auth: Auth::Bearer { token: Secret::File(token.clone()) },
        mode: Mode::Full,
        match_on: vec![DeskKey::ExternalId, DeskKey::Email],
        create: false,
        seats: [
            ("fulfiller".into(), DeskSeat::Group("lic".into())),
            ("by-id".into(), DeskSeat::GroupId("g1".into())),
            ("module".into(), DeskSeat::Entitlement("Major".into())),
            ("admin".into(), DeskSeat::Role("admin".into())),
            ("lost".into(), DeskSeat::Group("nowhere".into())),
        ]
        .into(),
        budget: 1.0,
        ca_file: None,
    }
}

pub(super) fn target(desk: &Arc<FakeDesk>) -> Box<dyn Target> {
    target_with(desk, &config())
}

pub(super) fn target_with(desk: &Arc<FakeDesk>, config: &TargetConfig) -> Box<dyn Target> {
    let ports = Ports {
        transport: Arc::<FakeDesk>::clone(desk),
        clock: Arc::new(ManualClock::auto(Time::parse("2026-11-22T10:00:00Z").unwrap())),
        chance: Arc::new(Chance::seeded(1)),
        patience: Duration::from_mins(1),
    };
    build(config, &ports)
}

impl FakeDesk {
    pub(super) fn members(&self) -> Vec<String> {
        self.state.lock().unwrap().groups["g1"].1.clone()
    }

    pub(super) fn join(&self, user: &str) {
        self.state.lock().unwrap().groups.get_mut("g1").unwrap().1.push(user.into());
    }

    pub(super) fn user(&self, id: &str) -> Value {
        self.state.lock().unwrap().users[id].clone()
    }

    pub(super) fn put(&self, id: &str, user: Value) {
        self.state.lock().unwrap().users.insert(id.into(), user);
    }

    /// Bodies of writes, as text.
    pub(super) fn writes(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let writes = state.calls.iter().filter(|(method, _, _)| method != Method::GET);
        writes.map(|(method, path, body)| format!("{method} {path} {body}")).collect()
    }

    pub(super) fn calls(&self) -> usize {
        self.state.lock().unwrap().calls.len()
    }
}

#[async_trait]
impl Transport for FakeDesk {
    async fn call(&self, request: Request<Bytes>, _: &Limits) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.state.lock().unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let path = request.uri().path().strip_prefix("/scim/v2").unwrap().to_owned();
        state.calls.push((request.method().clone(), path.clone(), body.clone()));
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
        let (status, body) = state.answer(request.method(), &path, &query, &body);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        Ok(Response::builder().status(status).body(Bytes::from(text)).unwrap())
    }
}

impl State {
    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    fn error(&self, status: u16, detail: &str) -> (u16, Value) {
        let shown = if self.has(Quirk::NumberStatus) { json!(status) } else { json!(status.to_string()) };
        (status, json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": shown, "detail": detail}))
    }

    fn answer(&mut self, method: &Method, path: &str, query: &BTreeMap<String, String>, body: &Value) -> (u16, Value) {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method.as_str(), parts.as_slice()) {
            ("GET", [kind]) => self.list(kind, query),
            ("GET", ["Users", id]) => {
                self.show_user(id).map_or_else(|| self.error(404, "not found"), |user| (200, user))
            }
            ("GET", ["Groups", id]) => {
                self.show_group(id).map_or_else(|| self.error(404, "not found"), |group| (200, group))
            }
            ("POST", ["Users"]) => self.create(body),
            ("PATCH", ["Groups", id]) => self.patch_group(id, body),
            ("PATCH", ["Users", id]) => self.patch_user(id, body),
            other => panic!("nobody should call {other:?}"),
        }
    }

    fn show_user(&self, id: &str) -> Option<Value> {
        let mut user = self.users.get(id)?.clone();
        let groups: Vec<Value> = self
            .groups
            .iter()
            .filter(|(_, (_, members))| members.iter().any(|member| member == id))
            .map(|(id, _)| json!({"value": id, "type": "direct"}))
            .collect();
        if self.has(Quirk::EmptyGroupsOfUsers) {
            user["groups"] = json!([]);
        } else if !self.has(Quirk::NoGroupsOfUsers) {
            user["groups"] = json!(groups);
        }
        Some(user)
    }

    fn show_group(&self, id: &str) -> Option<Value> {
        let (name, members) = self.groups.get(id)?;
        let mut group = json!({"id": id, "displayName": name});
        if !self.has(Quirk::HidesMembers) {
            group["members"] = members.iter().map(|member| json!({"value": member})).collect();
        }
        Some(group)
    }

    fn list(&mut self, kind: &str, query: &BTreeMap<String, String>) -> (u16, Value) {
        if query.contains_key("filter") && self.has(Quirk::RefusesFilters) {
            return self.error(400, "filters are not supported");
        }
        let all: Vec<Value> = match kind {
            "Users" => self.users.keys().filter_map(|id| self.show_user(id)).collect(),
            _ => self.groups.keys().filter_map(|id| self.show_group(id)).collect(),
        };
        let filter = query.get("filter").filter(|_| !self.has(Quirk::IgnoresFilters));
        let kept: Vec<Value> =
            all.into_iter().filter(|it| filter.is_none_or(|filter| self.matches(it, filter))).collect();
        let small = self.has(Quirk::SmallPages) || self.has(Quirk::Loops) || self.has(Quirk::Grows);
        let page = if small || self.has(Quirk::Cursors) { 2 } else { 100 };
        let from = query.get("startIndex").map_or(0, |text| text.parse::<usize>().unwrap() - 1);
        let from = query.get("cursor").map_or(from, |text| text.parse::<usize>().unwrap());
        let from = if self.has(Quirk::Loops) { 0 } else { from };
        let resources: Vec<Value> = kept.iter().skip(from).take(page).cloned().collect();
        if self.has(Quirk::Grows) && filter.is_none() {
            let id = format!("u{}", self.users.len() + 1);
            self.users.insert(id.clone(), json!({"id": id, "userName": id}));
        }
        if self.has(Quirk::Cursors) {
            let mut list = json!({"resources": resources});
            if from + page < kept.len() {
                list["nextCursor"] = json!((from + page).to_string());
            }
            return (200, list);
        }
        (200, json!({"totalResults": kept.len(), "startIndex": from + 1, "Resources": resources}))
    }

    /// `path eq "text"`, joined by `and`; anything else fails the test, as an unescaped quote would.
    fn matches(&self, resource: &Value, filter: &str) -> bool {
        let mut rest = filter;
        loop {
            let (path, after) = rest.split_once(" eq ").expect("a comparison");
            let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
            let value = values.next().unwrap().expect("a JSON string");
            let found = match path {
                "emails.value" => resource["emails"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|mail| same(mail["value"].as_str(), &value))),
                "members.value" => self.groups[resource["id"].as_str().unwrap()].1.contains(&value),
                "externalId" if self.has(Quirk::Exact) => resource["externalId"].as_str() == Some(&value),
                plain => same(resource[plain].as_str(), &value),
            };
            if !found {
                return false;
            }
            match &after[values.byte_offset()..] {
                "" => return true,
                more => rest = more.strip_prefix(" and ").expect("a conjunction"),
            }
        }
    }

    fn create(&mut self, body: &Value) -> (u16, Value) {
        let name = body["userName"].as_str().unwrap();
        let taken = self.users.values().any(|user| same(user["userName"].as_str(), name));
        if taken || self.has(Quirk::RefusesUsers) {
            return self.error(409, "userName is in use");
        }
        let id = format!("u{}", self.users.len() + 1);
        let mut user = body.clone();
        user["id"] = json!(id);
        self.users.insert(id.clone(), user);
        (201, self.show_user(&id).unwrap())
    }

    fn patch_group(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let operation = only_operation(body);
        if !self.groups.contains_key(id) {
            return self.error(404, "no such group");
        }
        if self.has(Quirk::RemovedByOthers) && operation["op"] == "remove" {
            self.groups.get_mut(id).unwrap().1.clear();
            return self.error(400, "no target");
        }
        if self.has(Quirk::Full) && operation["op"] == "add" {
            return self.error(400, "License limit reached for Ann");
        }
        let mut members = self.groups[id].1.clone();
        if self.has(Quirk::RefusesMembersAgain)
            && operation["op"] == "add"
            && members.iter().any(|member| operation["value"][0]["value"] == json!(member))
        {
            return self.error(409, "already a member");
        }
        if let Err(detail) = self.change(&mut members, "members", operation) {
            return self.error(400, detail);
        }
        if !self.has(Quirk::ForgetsPatches) {
            self.groups.get_mut(id).unwrap().1 = members;
        }
        (204, Value::Null)
    }

    fn patch_user(&mut self, id: &str, body: &Value) -> (u16, Value) {
        let operation = only_operation(body);
        let Some(user) = self.users.get(id).cloned() else { return self.error(404, "no such user") };
        let path = operation["path"].as_str().unwrap().split('[').next().unwrap().to_owned();
        assert!(["entitlements", "roles"].contains(&path.as_str()), "{path}");
        let texts = user[&path].as_array().into_iter().flatten().map(|it| it["value"].as_str().unwrap().to_owned());
        let mut texts: Vec<String> = texts.collect();
        if let Err(detail) = self.change(&mut texts, &path, operation) {
            return self.error(400, detail);
        }
        if !self.has(Quirk::ForgetsPatches) {
            self.users.get_mut(id).unwrap()[&path] = texts.iter().map(|text| json!({"value": text})).collect();
        }
        (200, self.show_user(id).unwrap())
    }

    fn change(&self, values: &mut Vec<String>, path: &str, operation: &Value) -> Result<(), &'static str> {
        let named: Vec<&str> =
            operation["value"].as_array().into_iter().flatten().map(|it| it["value"].as_str().unwrap()).collect();
        let whole = operation["path"] == path;
        match operation["op"].as_str().unwrap() {
            "add" => {
                assert!(whole && !named.is_empty());
                let new: Vec<String> =
                    named.iter().filter(|it| !values.iter().any(|own| own == *it)).map(|&it| it.to_owned()).collect();
                values.extend(new);
            }
            "remove" if whole => {
                assert!(!named.is_empty(), "a removal of everybody");
                if self.has(Quirk::RemoveEmpties) {
                    values.clear();
                } else {
                    values.retain(|own| !named.contains(&own.as_str()));
                }
            }
            "remove" => {
                if self.has(Quirk::RefusesValuePaths) {
                    return Err("invalid path");
                }
                let filter = operation["path"].as_str().unwrap().strip_prefix(path).unwrap();
                let filter = filter.strip_prefix("[value eq ").and_then(|rest| rest.strip_suffix(']')).unwrap();
                let value: String = serde_json::from_str(filter).expect("a JSON string");
                if !self.has(Quirk::IgnoresValuePaths) {
                    values.retain(|own| *own != value);
                }
            }
            other => panic!("nobody should send {other}"),
        }
        Ok(())
    }
}

fn only_operation(body: &Value) -> &Value {
    let operations = body["Operations"].as_array().unwrap();
    assert_eq!(operations.len(), 1);
    &operations[0]
}

fn same(own: Option<&str>, value: &str) -> bool {
    own.is_some_and(|own| own.eq_ignore_ascii_case(value))
}
