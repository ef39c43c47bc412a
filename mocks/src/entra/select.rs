//! `$select`: which properties a caller asked for, and which of them a change touches.

use crate::world::What;

/// What comes when nothing is selected.
const BY_DEFAULT: [&str; 9] = [
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "officeLocation",
    "mobilePhone",
];
const MORE: [&str; 21] = [
    "id",
    "accountEnabled",
    "userType",
    "employeeId",
    "employeeType",
    "department",
    "companyName",
    "country",
    "employeeOrgData",
    "employeeHireDate",
    "employeeLeaveDateTime",
    "onPremisesExtensionAttributes",
    "onPremisesSyncEnabled",
    "createdDateTime",
    "usageLocation",
    "mailNickname",
    "manager",
    "signInActivity",
    "deletedDateTime",
    "businessPhones",
    "otherMails",
];
const FROM_HR: [&str; 10] = [
    "employeeId",
    "jobTitle",
    "department",
    "companyName",
    "country",
    "usageLocation",
    "employeeType",
    "employeeOrgData",
    "employeeLeaveDateTime",
    "onPremisesExtensionAttributes",
];
const NAMES: [&str; 6] = ["userPrincipalName", "mail", "displayName", "givenName", "surname", "mailNickname"];

/// The properties asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Select(Vec<String>);

impl Select {
    /// Reads `$select`; the error is the name of a property that users do not have.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(Self(BY_DEFAULT.map(str::to_owned).to_vec()));
        };
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        let known = |name: &str| BY_DEFAULT.contains(&name) || MORE.contains(&name) || name.starts_with("extension_");
        match names.iter().find(|name| !known(name)) {
            Some(stranger) => Err(stranger.clone()),
            None => Ok(Self(names)),
        }
    }

    pub(super) fn text(&self) -> String {
        self.0.join(",")
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|selected| selected == name)
    }

    /// Says whether a change shows in the delta of this selection.
    pub(super) fn touched_by(&self, what: What) -> bool {
        match what {
            What::Hired | What::Rehired | What::Deleted | What::Purged => true,
            What::Moved => self.names().any(|name| FROM_HR.contains(&name) || name.starts_with("extension_")),
            What::Renamed => self.names().any(|name| NAMES.contains(&name)),
            What::Left | What::Suspended | What::Unsuspended => self.has("accountEnabled"),
            What::Manager => self.has("manager"),
            What::Joined | What::Parted | What::Status => false,
        }
    }
}
