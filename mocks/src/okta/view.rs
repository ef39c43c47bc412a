//! A person as Okta shows them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Org;
use crate::world::{Field, Person, Standing};
use crate::{World, rng};

/// Okta's form of a time: milliseconds, always three digits.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

pub(super) fn status(person: &Person) -> &str {
    if let Some(status) = &person.okta_status {
        return status;
    }
    match person.standing {
        Standing::PreStart => "STAGED",
        Standing::Active => "ACTIVE",
        Standing::Suspended => "SUSPENDED",
        Standing::Left | Standing::Deleted | Standing::Purged => "DEPROVISIONED",
    }
}

/// One profile attribute by its name on the wire.
pub(super) fn profile<'a>(org: &Org, world: &'a World, person: &'a Person, name: &str) -> Option<Cow<'a, str>> {
    let boss = || person.manager.and_then(|boss| world.person(boss));
    let field = |field| person.get(field).map(Cow::Borrowed);
    match name {
        "login" | "email" => Some(Cow::Borrowed(person.email.as_str())),
        "firstName" => Some(Cow::Borrowed(person.given_name.as_str())),
        "lastName" => Some(Cow::Borrowed(person.family_name.as_str())),
        "displayName" => Some(Cow::Owned(person.display_name())),
        "employeeNumber" => field(Field::EmployeeNumber),
        "title" => field(Field::Title),
        "department" => field(Field::Department),
        "division" => field(Field::Division),
        "organization" => field(Field::Organization),
        "costCenter" => field(Field::CostCenter),
        "countryCode" => field(Field::Country),
        "userType" => field(Field::EmployeeType),
        // Okta's manager is a name to show, and its id an HR number rather than an Okta id.
        "manager" => boss().map(|boss| Cow::Owned(boss.display_name())),
        "managerId" => boss().and_then(|boss| boss.get(Field::EmployeeNumber).map(Cow::Borrowed)),
        name if name == org.job_code_attribute => field(Field::JobCode),
        _ => None,
    }
}

const PROFILE: [&str; 15] = [
    "login",
    "email",
    "firstName",
    "lastName",
    "displayName",
    "employeeNumber",
    "title",
    "department",
    "division",
    "organization",
    "costCenter",
    "countryCode",
    "userType",
    "manager",
    "managerId",
];

/// The whole user object. Attributes without a value are left out, as Okta does.
pub(super) fn user(org: &Org, world: &World, person: &Person, id: &str, base: &str) -> Value {
    let mut attributes = Map::new();
    for name in PROFILE.into_iter().chain([org.job_code_attribute.as_str()]) {
        if let Some(value) = profile(org, world, person, name) {
            attributes.insert(name.to_owned(), Value::String(value.into_owned()));
        }
    }
    attributes.insert("secondEmail".to_owned(), Value::Null);
    let activated = (person.standing != Standing::PreStart).then(|| time(person.created));
    json!({
        "id": id,
        "status": status(person),
        "created": time(person.created),
        "activated": activated,
        "statusChanged": time(person.standing_changed),
        "lastLogin": null,
        "lastUpdated": time(person.changed),
        "passwordChanged": null,
        "type": {"id": "otyMockDefaultUserType"},
        "profile": attributes,
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": format!("{base}/api/v1/users/{id}")}},
    })
}

/// The id of a group of this name.
pub(super) fn group_id(world: &World, name: &str) -> String {
    format!("00g{:017x}", rng::mix(world.seed(), name.as_bytes()))
}
