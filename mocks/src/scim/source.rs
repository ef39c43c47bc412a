//! Where a provider's users come from.

use serde_json::{Map, Value, json};

use super::{ACME, ENTERPRISE, Kind, Provider, USER};
use crate::World;
use crate::world::{Change, Field, Person, Standing, What};

/// Where a provider's users come from, beside those that are written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The people of the company with a SCIM home, as they are now: the polled feed.
    People,
    /// Everybody who is hired gets an account; moves, leaves and the like do not reach it: a desk.
    Accounts,
    /// Nobody.
    Empty,
}

impl Provider {
    /// Chooses where users come from. Those who are there already stay.
    pub fn set_source(&mut self, source: Source) {
        self.source = source;
    }

    /// Takes over what happened in the company since the last time. Every request does that first; tests that look at
    /// the provider before any request call it themselves.
    pub fn catch_up(&mut self, world: &World) {
        for change in world.log_after(self.seen) {
            match self.source {
                Source::People => self.follow_person(world, change),
                Source::Accounts => self.follow_account(world, change),
                Source::Empty => {}
            }
        }
        self.seen = world.last_seq();
    }

    fn follow_person(&mut self, world: &World, change: &Change) {
        let Some(id) = change.accounts.scim.as_deref() else { return };
        let Some(person) = world.person(change.person) else { return };
        // A later account of the same person does not bring an earlier one back.
        let current = person.accounts.scim.as_deref() == Some(id);
        if !current || matches!(person.standing, Standing::Deleted | Standing::Purged) {
            drop(self.users.remove(id));
            return;
        }
        let fresh = feed_user(world, person);
        match self.users.get(id).cloned() {
            None => drop(self.users.insert(fresh, Some(id.to_owned()), Kind::User.name(), change.at)),
            Some(mut known) => {
                // What clients wrote (roles, entitlements) stays.
                if let (Some(known), Value::Object(fresh)) = (known.as_object_mut(), fresh) {
                    for urn in [ENTERPRISE, ACME, "title", "userType"] {
                        known.remove(urn);
                    }
                    known.extend(fresh);
                }
                let changed = self.users.update(id, known, change.at);
                // The row shows the person as they are now, also for a change that lies further back. Its stamp has to
                // follow the log all the same.
                if !changed && !matches!(change.what, What::Joined | What::Parted | What::Status) {
                    self.users.touch(id, change.at);
                }
            }
        }
    }

    fn follow_account(&mut self, world: &World, change: &Change) {
        let Some(person) = world.person(change.person) else { return };
        match (change.what, self.people.get(&change.person).cloned()) {
            (What::Hired | What::Rehired, None) => {
                let row = account(person);
                // Somebody with this address is there already: the desk made that account by hand.
                let id = match self.users.by_name(&person.email).and_then(|row| super::text_at(row, "id")) {
                    Some(id) => id.to_owned(),
                    None => self.users.insert(row, None, Kind::User.name(), change.at),
                };
                self.people.insert(change.person, id);
            }
            (What::Renamed, Some(id)) => {
                if let (Some(mut row), Value::Object(fresh)) = (self.users.get(&id).cloned(), account(person)) {
                    if let Some(object) = row.as_object_mut() {
                        let kept = ["userName", "name", "displayName", "emails"];
                        object.extend(fresh.into_iter().filter(|(key, _)| kept.contains(&key.as_str())));
                    }
                    self.users.update(&id, row, change.at);
                }
            }
            _ => {}
        }
    }
}

/// A desk account: who somebody is, and nothing of their job.
fn account(person: &Person) -> Value {
    json!({
        "schemas": [USER],
        "externalId": person.get(Field::EmployeeNumber),
        "userName": person.email,
        "displayName": person.display_name(),
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "emails": [{"value": person.email, "type": "work", "primary": true}],
        "active": true,
    })
}

/// A person as HR's feed shows them, with the enterprise extension and the company's own.
fn feed_user(world: &World, person: &Person) -> Value {
    let mut row = account(person);
    let mut enterprise = Map::new();
    for (name, field) in [
        ("employeeNumber", Field::EmployeeNumber),
        ("costCenter", Field::CostCenter),
        ("organization", Field::Organization),
        ("division", Field::Division),
        ("department", Field::Department),
    ] {
        if let Some(value) = person.get(field) {
            enterprise.insert(name.to_owned(), json!(value));
        }
    }
    let boss = person.manager.and_then(|boss| world.person(boss));
    if let Some((id, boss)) = boss.and_then(|boss| Some((boss.accounts.scim.as_deref()?, boss))) {
        enterprise.insert("manager".to_owned(), json!({"value": id, "displayName": boss.display_name()}));
    }
    if let Some(object) = row.as_object_mut() {
        object.insert("schemas".to_owned(), json!([USER, ENTERPRISE, ACME]));
        object.insert("active".to_owned(), json!(person.is_enabled()));
        object.insert(ENTERPRISE.to_owned(), Value::Object(enterprise));
        for (name, field) in [("title", Field::Title), ("userType", Field::EmployeeType)] {
            if let Some(value) = person.get(field) {
                object.insert(name.to_owned(), json!(value));
            }
        }
        if let Some(code) = person.get(Field::JobCode) {
            object.insert(ACME.to_owned(), json!({"jobCode": code}));
        }
        if let Some(country) = person.get(Field::Country) {
            object.insert("addresses".to_owned(), json!([{"type": "work", "country": country}]));
        }
    }
    row
}
