//! A person as Graph shows them.

use serde_json::{Map, Value, json};

use super::Tenant;
use super::select::Select;
use crate::World;
use crate::world::{Field, Person};

/// The selected properties. One that never had a value is absent; one that lost it is `null`.
pub(super) fn user(tenant: &Tenant, world: &World, person: &Person, id: &str, select: &Select) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(id));
    for name in select.names().filter(|name| *name != "id") {
        if let Some(value) = property(tenant, world, person, name) {
            row.insert(name.to_owned(), value);
        }
    }
    row
}

fn property(tenant: &Tenant, world: &World, person: &Person, name: &str) -> Option<Value> {
    let field = |field| match person.get(field) {
        Some(value) => Some(json!(value)),
        None if person.is_cleared(field) => Some(Value::Null),
        None => None,
    };
    match name {
        "userPrincipalName" | "mail" => Some(json!(person.email)),
        "mailNickname" => Some(json!(person.email.split('@').next())),
        "displayName" => Some(json!(person.display_name())),
        "givenName" => Some(json!(person.given_name)),
        "surname" => Some(json!(person.family_name)),
        "accountEnabled" => Some(json!(person.is_enabled())),
        "userType" => Some(json!("Member")),
        "employeeId" => field(Field::EmployeeNumber),
        "employeeType" => field(Field::EmployeeType),
        "employeeLeaveDateTime" => field(Field::LeaveDate),
        "jobTitle" => field(Field::Title),
        "department" => field(Field::Department),
        "companyName" => field(Field::Organization),
        "country" | "usageLocation" => field(Field::Country),
        "employeeOrgData" => {
            let (center, division) = (field(Field::CostCenter), field(Field::Division));
            (center.is_some() || division.is_some()).then(|| json!({"costCenter": center, "division": division}))
        }
        "onPremisesExtensionAttributes" => field(Field::JobCode).map(extension_attributes),
        "onPremisesSyncEnabled" => Some(json!(true)),
        "employeeHireDate" | "createdDateTime" => {
            Some(json!(person.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()))
        }
        "businessPhones" | "otherMails" => Some(json!([])),
        "signInActivity" => Some(json!({
            "lastSignInDateTime": world.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "lastSuccessfulSignInDateTime": world.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })),
        name if name == format!("extension_{}_jobCode", tenant.extension_app) => field(Field::JobCode),
        _ => None,
    }
}

/// All fifteen come, whether they are used or not.
fn extension_attributes(job_code: Value) -> Value {
    let mut all: Map<String, Value> = (1..=15).map(|nth| (format!("extensionAttribute{nth}"), Value::Null)).collect();
    all.insert("extensionAttribute1".to_owned(), job_code);
    Value::Object(all)
}
