//! A desk that speaks SCIM 2.0: a seat is membership of a group, or a value of `entitlements` or `roles`.
//!
//! Seats are added and removed one by one. Nothing here replaces a list, and nothing removes a list: other people's
//! seats are never in a message of ours. What a desk answers to a write is not believed but looked at.
//!
//! `wire` is SCIM as JSON, `calls` the calls and lists, `find` who is who at the desk, `seat` giving and taking,
//! `observe` who holds what.

mod calls;
mod find;
mod observe;
mod seat;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::calls::Listed;
use self::wire::{Group, Slot, User, quoted};
use super::{DeskAccount, DeskPerson, Given, Observed, Outcome, Target, TargetError};
use crate::config::{DeskKey, DeskSeat, TargetConfig};
use crate::model::{PoolId, TargetName, Time};
use crate::outbound::{Budget, Client};

const USERS: &str = "/Users";
const GROUPS: &str = "/Groups";

/// See the module.
pub struct ScimDesk {
    name: TargetName,
    client: Client,
    match_on: Vec<DeskKey>,
    create: bool,
    seats: BTreeMap<PoolId, DeskSeat>,
    memory: Mutex<Memory>,
}

/// What need not be asked twice.
#[derive(Default)]
struct Memory {
    /// Ids of groups by display name.
    groups: BTreeMap<String, String>,
    /// All users, for desks that cannot filter, and when they were read.
    users: Option<(Time, Arc<Vec<User>>)>,
}

/// Where a seat is at the desk.
#[derive(Clone, Debug)]
enum Place {
    /// Membership of the group with this id.
    Group(String),
    /// A value of an attribute of the user.
    Value(Slot, String),
}

impl ScimDesk {
    /// A desk that was not called yet.
    pub fn new(config: &TargetConfig, client: Client) -> Self {
        Self {
            name: config.name.clone(),
            client,
            match_on: config.match_on.clone(),
            create: config.create,
            seats: config.seats.clone(),
            memory: Mutex::default(),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self, pool: &PoolId) -> Result<Place, TargetError> {
        match self.seats.get(pool) {
            Some(DeskSeat::Group(name)) => Ok(Place::Group(self.group_called(name).await?)),
            Some(DeskSeat::GroupId(id)) => Ok(Place::Group(id.clone())),
            Some(DeskSeat::Entitlement(value)) => Ok(Place::Value(Slot::Entitlements, value.clone())),
            Some(DeskSeat::Role(value)) => Ok(Place::Value(Slot::Roles, value.clone())),
            None => Err(TargetError::Invalid {
                call: format!("target {}", self.name),
                why: format!("no place for pool {pool} is configured there"),
            }),
        }
    }

    /// The id of the one group with that display name.
    async fn group_called(&self, name: &str) -> Result<String, TargetError> {
        if let Some(id) = self.memory().groups.get(name) {
            return Ok(id.clone());
        }
        let wanted = crate::directory::normalize(name);
        let mut found = Vec::new();
        let mut keep = |value: &serde_json::Value| {
            let group = Group::read(value).filter(|group| group.name.as_deref().and_then(normalize) == wanted);
            found.extend(group.map(|group| group.id));
            true
        };
        let filter = format!("displayName eq {}", quoted(name));
        if calls::list(&self.client, GROUPS, Some(&filter), &mut keep).await? == Listed::FilterRefused {
            calls::list(&self.client, GROUPS, None, &mut keep).await?;
        }
        match found.as_slice() {
            [id] => {
                self.memory().groups.insert(name.to_owned(), id.clone());
                Ok(id.clone())
            }
            none_or_many => Err(TargetError::Invalid {
                call: "GET /Groups (displayName)".to_owned(),
                why: match none_or_many.len() {
                    0 => format!("the desk has no group `{name}`"),
                    count => format!("the desk has {count} groups `{name}`; name one by its id with `group_id`"),
                },
            }),
        }
    }

    /// Reads a group that is configured. When it is gone its name is looked up anew next time.
    async fn read_group(&self, id: &str) -> Result<Group, TargetError> {
        let wrong = |why: &str| TargetError::Invalid { call: "GET /Groups (by id)".to_owned(), why: why.to_owned() };
        let Some(value) = calls::read(&self.client, GROUPS, id).await? else {
            self.memory().groups.retain(|_, known| known != id);
            return Err(wrong("the desk has no such group any more"));
        };
        let group = Group::read(&value).ok_or_else(|| wrong("the answer is not a group"))?;
        if group.id == id { Ok(group) } else { Err(wrong("the answer is another group")) }
    }

    /// Reads a user by id; `None` when there is none any more.
    async fn read_user(&self, id: &str) -> Result<Option<User>, TargetError> {
        let Some(value) = calls::read(&self.client, USERS, id).await? else { return Ok(None) };
        match User::read(&value) {
            Some(user) if user.id == id => Ok(Some(user)),
            _ => Err(TargetError::Invalid {
                call: "GET /Users (by id)".to_owned(),
                why: "the answer is not the user that was asked for".to_owned(),
            }),
        }
    }
}

#[async_trait]
impl Target for ScimDesk {
    fn name(&self) -> &TargetName {
        &self.name
    }

    fn has_place_for(&self, pool: &PoolId) -> bool {
        self.seats.contains_key(pool)
    }

    async fn observe(&self) -> Result<Observed, TargetError> {
        self.holders().await
    }

    async fn find(&self, person: &DeskPerson) -> Result<Option<DeskAccount>, TargetError> {
        Ok(self.account(person).await?.as_ref().map(DeskAccount::from))
    }

    async fn grant(&self, person: &DeskPerson, pool: &PoolId) -> Result<Given, TargetError> {
        let place = self.place(pool).await?;
        let user = match self.account(person).await? {
            Some(user) => user,
            None => self.create_account(person).await?,
        };
        let outcome = match place {
            Place::Group(id) => self.join(&id, &user).await?,
            Place::Value(slot, value) => self.give_value(slot, &value, &user).await?,
        };
        Ok(Given { outcome, account: user.id })
    }

    async fn revoke(&self, person: &DeskPerson, pool: &PoolId) -> Result<Outcome, TargetError> {
        let place = self.place(pool).await?;
        let known = match &person.account {
            // Names and addresses change at both sides; whoever was given the seat is found by the desk's own id, and
            // a seat of an account that is no more is free.
            Some(id) => match self.read_user(id).await? {
                Some(user) => Some(user),
                None => return Ok(Outcome::AlreadySo),
            },
            None => self.account(person).await?,
        };
        let user = match known {
            Some(user) => user,
            // An empty answer to a search proves nothing: the place itself has to show that the seat is free.
            None => match self.seated(&place, person).await? {
                Some(user) => user,
                None => return Ok(Outcome::AlreadySo),
            },
        };
        match place {
            Place::Group(id) => self.leave(&id, &user).await,
            Place::Value(slot, value) => self.take_value(slot, &value, &user).await,
        }
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }
}

impl From<&User> for DeskAccount {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            user_name: user.login.clone(),
            email: user.emails.first().cloned(),
            external_id: user.external_id.clone(),
        }
    }
}

fn normalize(text: &str) -> Option<String> {
    crate::directory::normalize(text)
}
