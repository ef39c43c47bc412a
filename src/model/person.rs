//! What an identity provider says of one account, in our words.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AccountId, Time};

/// Where someone stands with the company, in our words; tables match it as `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Works here. A locked account or an expired password is still active.
    Active,
    /// Known, not started yet: holds no seat.
    PreStart,
    /// On leave of absence.
    OnLeave,
    /// Suspended by an administrator; the feed's `on_suspended` decides.
    Suspended,
    /// Left: deactivated, disabled or deleted, by the provider's own positive word.
    Gone,
    /// A word we do not know. Nothing is granted and nothing is taken.
    Unknown,
}

impl Status {
    /// The word used in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::PreStart => "pre_start",
            Self::OnLeave => "on_leave",
            Self::Suspended => "suspended",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A fact about a person that tables can match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// The code HR keeps for the job; never mapped by default.
    JobCode,
    /// The display title.
    Title,
    /// The department's name.
    Department,
    /// The division's name.
    Division,
    /// The cost center.
    CostCenter,
    /// The organization or company.
    Organization,
    /// Employee, contractor and the like.
    EmployeeType,
    /// The country.
    Country,
    /// The office or city.
    Location,
    /// The manager's employee number or e-mail.
    Manager,
    /// Names or ids of groups at the provider.
    Group,
    /// Any other mapped attribute, matched as `attr.NAME`.
    Custom(String),
}

impl Attribute {
    /// The attributes that have a name of their own, in the order they are shown.
    pub const NAMED: [Self; 11] = [
        Self::JobCode,
        Self::Title,
        Self::Department,
        Self::Division,
        Self::CostCenter,
        Self::Organization,
        Self::EmployeeType,
        Self::Country,
        Self::Location,
        Self::Manager,
        Self::Group,
    ];

    /// The name of the column that matches this attribute, without the `attr.` of custom ones.
    pub fn name(&self) -> &str {
        match self {
            Self::JobCode => "job_code",
            Self::Title => "title",
            Self::Department => "department",
            Self::Division => "division",
            Self::CostCenter => "cost_center",
            Self::Organization => "organization",
            Self::EmployeeType => "employee_type",
            Self::Country => "country",
            Self::Location => "location",
            Self::Manager => "manager",
            Self::Group => "group",
            Self::Custom(name) => name,
        }
    }

    /// The attribute that `attributes` of a feed maps to under `name`.
    pub fn from_mapping(name: &str) -> Self {
        Self::NAMED
            .into_iter()
            .find(|attribute| attribute.name() == name)
            .unwrap_or_else(|| Self::Custom(name.to_owned()))
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Custom(name) = self { write!(f, "attr.{name}") } else { f.pad(self.name()) }
    }
}

impl Attribute {
    /// Reads the column name that `Display` writes: `job_code`, `attr.NAME`.
    pub fn from_column(column: &str) -> Option<Self> {
        match column.strip_prefix("attr.") {
            Some(name) => Some(Self::Custom(name.to_owned())),
            None => Self::NAMED.into_iter().find(|attribute| attribute.name() == column),
        }
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_column(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is not an attribute")))
    }
}

/// Values by attribute; an attribute without a value is absent, never an empty list.
pub type Attributes = BTreeMap<Attribute, Vec<String>>;

/// One account as its provider shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The feed and the immutable id there.
    pub id: AccountId,
    /// Our word for the provider's status.
    pub status: Status,
    /// The provider's own word, such as `PASSWORD_EXPIRED` or `accountEnabled=false`.
    pub raw_status: String,
    /// Login name (Okta `login`, Entra `userPrincipalName`, SCIM `userName`).
    pub user_name: Option<String>,
    /// Primary e-mail address as written at the provider.
    pub email: Option<String>,
    /// Employee number as written at the provider.
    pub employee_number: Option<String>,
    /// Name for people to read.
    pub display_name: Option<String>,
    /// Everything that tables can match.
    pub attributes: Attributes,
    /// When the provider says the account last changed.
    pub changed_at: Option<Time>,
}

/// A fact that tells people apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKey {
    /// Employee number: trimmed, case-insensitive.
    EmployeeNumber,
    /// E-mail: trimmed, case-insensitive.
    Email,
    /// Login name: trimmed, case-insensitive.
    UserName,
}

impl MatchKey {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmployeeNumber => "employee_number",
            Self::Email => "email",
            Self::UserName => "user_name",
        }
    }
}

/// What happens to the seats of somebody suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnSuspended {
    /// Kept through the pool's grace (without grace: for as long as the suspension lasts), nothing gained.
    #[default]
    Hold,
    /// As if they had left.
    Revoke,
    /// As if they were active.
    Keep,
}
