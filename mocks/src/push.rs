//! What Okta and Entra send when they push to a SCIM 2.0 server: the requests alone, for whoever plays the provider.
//!
//! Entra writes `op` with a capital and truth values as texts unless the tenant URL ends with `aadOptscim062020`. Okta's
//! App Integration Wizard reads, changes and PUTs whole users; integrations of its catalogue PATCH `active`.

use form_urlencoded::byte_serialize;
use http::Method;
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The extension in which the job code is pushed.
pub const ACME: &str = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Entra as it is.
    EntraDefault,
    /// Entra with the flag `aadOptscim062020`.
    EntraFlag,
    /// Okta's App Integration Wizard.
    OktaWizard,
    /// An integration of Okta's catalogue.
    OktaCatalogue,
}

/// One request; the path follows the base URL.
#[derive(Debug, Clone)]
pub struct Push {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body; null for none.
    pub body: Value,
}

fn push(method: Method, path: impl Into<String>, body: Value) -> Push {
    Push { method, path: path.into(), body }
}

fn patch(path: String, operations: &Value) -> Push {
    push(Method::PATCH, path, json!({"schemas": [PATCH], "Operations": operations}))
}

/// The resource as it was read, with some attributes changed.
fn with<const N: usize>(current: &Value, changes: [(&str, Value); N]) -> Value {
    let mut resource = current.clone();
    if let Some(object) = resource.as_object_mut() {
        object.extend(changes.map(|(name, value)| (name.to_owned(), value)));
    }
    resource
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::EntraDefault, Self::EntraFlag, Self::OktaWizard, Self::OktaCatalogue];

    const fn is_entra(self) -> bool {
        matches!(self, Self::EntraDefault | Self::EntraFlag)
    }

    /// Whether somebody is there already.
    pub fn look_up(self, user_name: &str) -> Push {
        let filter = format!("userName eq \"{user_name}\"");
        let filter: String = byte_serialize(filter.as_bytes()).collect();
        let tail = match self {
            Self::EntraDefault => "",
            Self::EntraFlag => "&aadOptscim062020",
            Self::OktaWizard | Self::OktaCatalogue => "&startIndex=1&count=100",
        };
        push(Method::GET, format!("/Users?filter={filter}{tail}"), Value::Null)
    }

    /// A person of that address, employee number and job code.
    pub fn create(self, email: &str, number: &str, job: &str) -> Push {
        let mut user = json!({
            "schemas": [USER, ENTERPRISE, ACME],
            "externalId": format!("ext-{number}"),
            "userName": email,
            "name": {"givenName": "Ann", "familyName": "Lee"},
            "displayName": "Ann Lee",
            "emails": [{"value": email, "type": "work", "primary": true}],
            "active": true,
            ENTERPRISE: {"employeeNumber": number, "department": "IT"},
            ACME: {"jobCode": job},
        });
        let more = if self.is_entra() {
            json!({"meta": {"resourceType": "User"}, "roles": []})
        } else {
            json!({"password": "1mz050nq", "groups": [], "locale": "en-US"})
        };
        if let (Some(user), Value::Object(more)) = (user.as_object_mut(), more) {
            user.extend(more);
        }
        push(Method::POST, "/Users", user)
    }

    /// Switches a person off or on; `current` is the person as last read.
    pub fn set_active(self, current: &Value, active: bool) -> Push {
        let path = format!("/Users/{}", current["id"].as_str().unwrap_or_default());
        match self {
            Self::EntraDefault => {
                let text = if active { "True" } else { "False" };
                patch(path, &json!([{"op": "Replace", "path": "active", "value": text}]))
            }
            Self::EntraFlag => patch(path, &json!([{"op": "replace", "path": "active", "value": active}])),
            Self::OktaCatalogue => patch(path, &json!([{"op": "replace", "value": {"active": active}}])),
            Self::OktaWizard => push(Method::PUT, path, with(current, [("active", active.into())])),
        }
    }

    /// Gives a person another job code and title.
    pub fn set_job(self, current: &Value, job: &str) -> Push {
        let path = format!("/Users/{}", current["id"].as_str().unwrap_or_default());
        let name = format!("{ACME}:jobCode");
        match self {
            Self::EntraDefault => patch(
                path,
                &json!([
                    {"op": "Replace", "path": name, "value": job},
                    {"op": "Add", "path": "title", "value": job},
                    {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"},
                ]),
            ),
            Self::EntraFlag => {
                patch(path, &json!([{"op": "replace", "value": {name: job, "name.givenName": "Anna", "title": job}}]))
            }
            Self::OktaWizard | Self::OktaCatalogue => {
                let changes = [(ACME, json!({"jobCode": job})), ("title", job.into())];
                push(Method::PUT, path, with(current, changes))
            }
        }
    }

    /// A group without members.
    pub fn create_group(self, name: &str) -> Push {
        let group = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let body = if self.is_entra() {
            let old = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
            json!({"schemas": [group, old], "externalId": name, "displayName": name, "meta": {"resourceType": "Group"}})
        } else {
            json!({"schemas": [group], "displayName": name, "members": []})
        };
        push(Method::POST, "/Groups", body)
    }

    /// A group's path; the flag of the tenant URL comes along.
    fn group(self, id: &str) -> String {
        let flag = if self == Self::EntraFlag { "?aadOptscim062020" } else { "" };
        format!("/Groups/{id}{flag}")
    }

    /// A member more.
    pub fn add_member(self, group: &str, name: &str, member: &str) -> Push {
        let path = self.group(group);
        if self.is_entra() {
            let op = if self == Self::EntraDefault { "Add" } else { "add" };
            return patch(path, &json!([{"op": op, "path": "members", "value": [{"$ref": null, "value": member}]}]));
        }
        patch(
            path,
            &json!([
                {"op": "add", "path": "members", "value": [{"value": member, "display": "Ann"}]},
                {"op": "replace", "value": {"id": group, "displayName": name}},
            ]),
        )
    }

    /// A member less.
    pub fn remove_member(self, group: &str, member: &str) -> Push {
        let path = self.group(group);
        match self {
            Self::EntraDefault => {
                patch(path, &json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": member}]}]))
            }
            Self::EntraFlag | Self::OktaWizard | Self::OktaCatalogue => {
                patch(path, &json!([{"op": "remove", "path": format!("members[value eq \"{member}\"]")}]))
            }
        }
    }
}
