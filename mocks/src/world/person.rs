//! One person of the company, and what is known of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

/// Names a person of one [`World`](super::World); it stays the same through moves, renames, leave and rehire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonId(pub(super) u32);

impl PersonId {
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The text attributes that HR keeps of a person. Each may be never set, set, or cleared again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The HR number.
    EmployeeNumber,
    /// The display title, which is not a code.
    Title,
    /// The department.
    Department,
    /// The division.
    Division,
    /// The cost center.
    CostCenter,
    /// The legal entity.
    Organization,
    /// The two-letter country.
    Country,
    /// The HR job code, the attribute that seats follow from.
    JobCode,
    /// Employee, Contractor and the like.
    EmployeeType,
    /// When the person leaves, as RFC 3339 text.
    LeaveDate,
}

/// Where a person stands with the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Standing {
    /// Signed, but not started. Okta STAGED; disabled elsewhere.
    PreStart,
    /// At work.
    #[default]
    Active,
    /// Suspended by an admin. Okta SUSPENDED; disabled elsewhere.
    Suspended,
    /// Left. Okta DEPROVISIONED, Entra `accountEnabled: false`, SCIM `active: false`.
    Left,
    /// Left and soft-deleted. Okta DEPROVISIONED; Entra `@removed` with reason `changed`; gone from SCIM.
    Deleted,
    /// Deleted for good. Okta 404; Entra `@removed` with reason `deleted`; gone from SCIM.
    Purged,
}

/// In which identity providers a person has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Homes {
    /// Has an Okta account.
    pub okta: bool,
    /// Has an Entra account.
    pub entra: bool,
    /// Is listed by the SCIM feed.
    pub scim: bool,
}

impl Homes {
    /// Okta alone.
    pub const OKTA: Self = Self { okta: true, entra: false, scim: false };
    /// Entra alone.
    pub const ENTRA: Self = Self { okta: false, entra: true, scim: false };
    /// The SCIM feed alone.
    pub const SCIM: Self = Self { okta: false, entra: false, scim: true };

    /// Joins two sets of homes: `Homes::OKTA.and(Homes::ENTRA)`.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { okta: self.okta || other.okta, entra: self.entra || other.entra, scim: self.scim || other.scim }
    }
}

/// The immutable ids under which the providers know a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// The Okta user id, `00u…`.
    pub okta: Option<Arc<str>>,
    /// The Entra object id, a GUID.
    pub entra: Option<Arc<str>>,
    /// The id in the SCIM feed.
    pub scim: Option<Arc<str>>,
}

/// Somebody about to be hired. Name what matters and take the rest from `Hire::default()` or [`Hire::new`].
#[derive(Debug, Clone, Default)]
pub struct Hire {
    /// The address; also the login name in every provider. Empty means one made from the person's id.
    pub email: String,
    /// Empty means taken from the address.
    pub given_name: String,
    /// Empty means taken from the address.
    pub family_name: String,
    /// `None` gives the next free number of the company; `Some("")` leaves the person without one.
    pub employee_number: Option<String>,
    /// See [`Field::Title`].
    pub title: Option<String>,
    /// See [`Field::Department`].
    pub department: Option<String>,
    /// See [`Field::Division`].
    pub division: Option<String>,
    /// See [`Field::CostCenter`].
    pub cost_center: Option<String>,
    /// See [`Field::Country`].
    pub country: Option<String>,
    /// See [`Field::JobCode`].
    pub job_code: Option<String>,
    /// `None` means `Employee`.
    pub employee_type: Option<String>,
    /// Whom the person reports to.
    pub manager: Option<PersonId>,
    /// Where the account lives; no home at all means Okta.
    pub homes: Homes,
    /// `Standing::PreStart` makes somebody who has not begun yet.
    pub standing: Standing,
}

impl Hire {
    /// Begins with an address: `Hire::new("ann@acme.example").job("SD-12").department("IT")`.
    pub fn new(email: &str) -> Self {
        Self { email: email.to_owned(), ..Self::default() }
    }

    /// Sets the job code.
    #[must_use]
    pub fn job(mut self, code: &str) -> Self {
        self.job_code = Some(code.to_owned());
        self
    }

    /// Sets the department.
    #[must_use]
    pub fn department(mut self, department: &str) -> Self {
        self.department = Some(department.to_owned());
        self
    }

    /// Sets the employee number; an empty one leaves the person without.
    #[must_use]
    pub fn number(mut self, employee_number: &str) -> Self {
        self.employee_number = Some(employee_number.to_owned());
        self
    }

    /// Sets where the accounts live.
    #[must_use]
    pub fn homes(mut self, homes: Homes) -> Self {
        self.homes = homes;
        self
    }
}

/// A person as the company knows them now.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who this is.
    pub id: PersonId,
    /// The current address.
    pub email: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// Whom the person reports to.
    pub manager: Option<PersonId>,
    /// Names of the groups the person is in at the `IdP`.
    pub groups: BTreeSet<String>,
    /// Where the person has accounts.
    pub homes: Homes,
    /// The ids of those accounts; after a purge they are those of the last accounts.
    pub accounts: Accounts,
    /// Where the person stands.
    pub standing: Standing,
    /// An Okta status that does not follow from the standing, such as `LOCKED_OUT`.
    pub okta_status: Option<String>,
    /// When the accounts were made.
    pub created: Timestamp,
    /// When the standing last changed.
    pub standing_changed: Timestamp,
    /// When anything but the groups last changed.
    pub changed: Timestamp,
    /// How often accounts were made for this person.
    pub(super) generation: u32,
    pub(super) fields: BTreeMap<Field, Option<String>>,
}

impl Person {
    /// Gives the value of an attribute, if it has one.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields.get(&field)?.as_deref()
    }

    /// Says whether an attribute once had a value and has none now. Entra shows such a one as `null`, and one that
    /// never had a value not at all.
    pub fn is_cleared(&self, field: Field) -> bool {
        matches!(self.fields.get(&field), Some(None))
    }

    /// Gives the name to show.
    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }

    /// Says whether the person is at work, and neither suspended nor gone.
    pub fn is_enabled(&self) -> bool {
        self.standing == Standing::Active
    }
}
