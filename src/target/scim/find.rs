//! Who a person is at the desk.
//!
//! A filter is a question, not an answer: servers that ignore filters send everybody. So each user that comes back is
//! compared, and a desk that cannot filter is read whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::calls::{self, Listed, Written};
use super::observe::FEW;
use super::wire::{Link, User, new_user, quoted};
use super::{Place, ScimDesk, USERS, normalize};
use crate::config::DeskKey;
use crate::target::{DeskPerson, TargetError};

/// How long a walk through all users answers for a desk that cannot filter.
const WALK_LASTS: Duration = Duration::from_mins(1);

impl ScimDesk {
    /// The one account of a person: by the first key that finds any, else the one they were given a seat with before.
    pub(super) async fn account(&self, person: &DeskPerson) -> Result<Option<User>, TargetError> {
        if let Some(user) = self.matching(person).await? {
            return Ok(Some(user));
        }
        match &person.account {
            Some(id) => self.read_user(id).await,
            None => Ok(None),
        }
    }

    async fn matching(&self, person: &DeskPerson) -> Result<Option<User>, TargetError> {
        for &key in &self.match_on {
            let mut found: BTreeMap<String, User> = BTreeMap::new();
            let mut before = None;
            for value in values(key, person) {
                // Another spelling of what was found already is nobody else.
                let same = normalize(&value);
                if !found.is_empty() && before == same {
                    continue;
                }
                before = same;
                found.extend(self.with(key, &value).await?.into_iter().map(|user| (user.id.clone(), user)));
            }
            let count = found.len();
            match found.into_values().next() {
                Some(user) if count == 1 => return Ok(Some(user)),
                Some(_) => return Err(TargetError::Ambiguous { key: word(key).to_owned(), count }),
                None => {}
            }
        }
        Ok(None)
    }

    /// The users whose key has this value.
    async fn with(&self, key: DeskKey, value: &str) -> Result<Vec<User>, TargetError> {
        for filter in filters(key, value) {
            let mut found = Vec::new();
            let mut ignored = false;
            let mut keep = |resource: &serde_json::Value| {
                let user = User::read(resource);
                ignored = !user.as_ref().is_some_and(|user| fits(user, key, value));
                found.extend(user.filter(|_| !ignored));
                !ignored
            };
            match calls::list(&self.client, USERS, Some(&filter), &mut keep).await? {
                Listed::Whole => return Ok(found),
                Listed::FilterRefused => {}
                // Somebody else came back.
                Listed::Stopped => break,
            }
        }
        let mut found = Vec::new();
        for user in self.walk(WALK_LASTS).await?.iter().filter(|user| fits(user, key, value)) {
            // As the user is now; the walk may be a minute old.
            found.extend(self.read_user(&user.id).await?.filter(|user| fits(user, key, value)));
        }
        Ok(found)
    }

    /// All users, from a walk that is no older than `lasts`.
    pub(super) async fn walk(&self, lasts: Duration) -> Result<Arc<Vec<User>>, TargetError> {
        let now = self.client.ports().clock.now();
        if let Some((at, users)) = &self.memory().users
            && now.since(*at) < lasts
        {
            return Ok(Arc::clone(users));
        }
        let mut users = Vec::new();
        let mut keep = |resource: &serde_json::Value| {
            users.extend(User::read(resource));
            true
        };
        calls::list(&self.client, USERS, None, &mut keep).await?;
        let users = Arc::new(users);
        self.memory().users = Some((now, Arc::clone(&users)));
        Ok(users)
    }

    /// Makes the account of a person that has none, where that is allowed. A conflict means that somebody was
    /// quicker: the account is looked for again.
    pub(super) async fn create_account(&self, person: &DeskPerson) -> Result<User, TargetError> {
        let tried: Vec<&str> = self.match_on.iter().map(|&key| word(key)).collect();
        let missing = TargetError::NoAccount { tried: tried.join(", ") };
        if !self.create {
            return Err(missing);
        }
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let email = given(&person.email);
        let Some(user_name) = email.clone().or_else(|| given(&person.user_name)) else { return Err(missing) };
        let number = given(&person.employee_number);
        let body = new_user(&user_name, number.as_deref(), email.as_deref(), given(&person.display_name).as_deref());
        let written = calls::create(&self.client, USERS, body).await?;
        self.memory().users = None;
        let made = match &written {
            Written::Accepted(Some(user)) => User::read(user).map(|user| user.id),
            Written::Accepted(None) | Written::Refused(_) => None,
        };
        let found = match made {
            Some(id) => self.read_user(&id).await?.filter(|user| self.is_theirs(user, person)),
            None => self.account(person).await?,
        };
        found.ok_or_else(|| match written {
            Written::Refused(complaint) if complaint.full => TargetError::Full { detail: complaint.text },
            Written::Refused(complaint) => TargetError::Invalid {
                call: "POST /Users".to_owned(),
                why: format!("{}, and no account matches", complaint.text),
            },
            Written::Accepted(_) => TargetError::Invalid {
                call: "POST /Users".to_owned(),
                why: "accepted, and no such account is there".to_owned(),
            },
        })
    }

    /// The account of a person whom no search finds, among those who hold a seat there.
    pub(super) async fn seated(&self, place: &Place, person: &DeskPerson) -> Result<Option<User>, TargetError> {
        let Place::Group(group) = place else {
            let users = self.walk(Duration::ZERO).await?;
            return Ok(users.iter().find(|user| self.is_theirs(user, person)).cloned());
        };
        let members = self.read_group(group).await?.members.unwrap_or_default();
        let members: Vec<&Link> = members.iter().filter(|link| !link.is_group).collect();
        let users = if members.len() < FEW { Arc::default() } else { self.walk(WALK_LASTS).await? };
        let known: BTreeMap<&str, &User> = users.iter().map(|user| (user.id.as_str(), user)).collect();
        for member in members {
            let user = match known.get(member.id.as_str()) {
                Some(user) => Some((*user).clone()),
                None => self.read_user(&member.id).await?,
            };
            if let Some(user) = user.filter(|user| self.is_theirs(user, person)) {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    fn is_theirs(&self, user: &User, person: &DeskPerson) -> bool {
        self.match_on.iter().any(|&key| values(key, person).iter().any(|value| fits(user, key, value)))
    }
}

/// The values of a key that the person may have at the desk. An `externalId` is case-exact (RFC 7643 section 3.1): it is
/// asked for as it is written first, then in its normal form.
fn values(key: DeskKey, person: &DeskPerson) -> Vec<String> {
    let texts: &[&Option<String>] = match key {
        DeskKey::ExternalId => &[&person.employee_number],
        DeskKey::UserName => &[&person.email, &person.user_name],
        DeskKey::Email => &[&person.email],
    };
    let mut values: Vec<String> = Vec::new();
    for text in texts.iter().filter_map(|text| text.as_deref()) {
        let written = (key == DeskKey::ExternalId).then(|| text.trim().to_owned()).filter(|text| !text.is_empty());
        for value in written.into_iter().chain(normalize(text)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    values
}

/// Ways to ask, best first; servers differ in how much of the grammar they know.
fn filters(key: DeskKey, value: &str) -> Vec<String> {
    let value = quoted(value);
    match key {
        DeskKey::ExternalId => vec![format!("externalId eq {value}")],
        DeskKey::UserName => vec![format!("userName eq {value}")],
        DeskKey::Email => {
            vec![format!("emails.value eq {value}"), format!("emails[value eq {value}]"), format!("emails eq {value}")]
        }
    }
}

fn fits(user: &User, key: DeskKey, value: &str) -> bool {
    let wanted = normalize(value);
    let is = |text: &String| wanted.is_some() && normalize(text) == wanted;
    match key {
        DeskKey::ExternalId => user.external_id.as_ref().is_some_and(is),
        DeskKey::UserName => user.login.as_ref().is_some_and(is),
        DeskKey::Email => user.emails.iter().any(is),
    }
}

fn word(key: DeskKey) -> &'static str {
    match key {
        DeskKey::ExternalId => "external_id",
        DeskKey::UserName => "user_name",
        DeskKey::Email => "email",
    }
}
