//! The rules table in TOML.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// A rules table: rows and exceptions in any order. The order of rows never matters.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "rules")]
pub struct TableFile {
    /// Rows that map people to a tier and add-ons.
    pub rule: Option<Vec<RuleFile>>,
    /// Exceptions for one person each, which beat every row.
    pub exception: Option<Vec<ExceptionFile>>,
    /// Cases for `seatwarden rules test`: somebody with the given facts gets what is expected.
    pub case: Option<Vec<CaseFile>>,
}

/// A row.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RuleFile {
    /// A name that stays when the row changes; plans and seats name rows by it.
    #[schemars(length(min = 1, max = 1024))]
    pub id: String,
    /// What a person must have; a row without it matches everybody.
    pub when: Option<WhenFile>,
    /// The tier, or `none` to deny the tier and every add-on.
    pub tier: Option<String>,
    /// Add-ons; in a row without a tier, beside those of the deciding row.
    pub addons: Option<ValuesFile>,
    /// The class whose reserve may be used.
    pub class: Option<String>,
    /// The higher wins before anything else. Default 0.
    pub priority: Option<PriorityFile>,
    /// The first day, included.
    pub from: Option<Day>,
    /// The last day, included.
    pub until: Option<Day>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Anything worth knowing, such as the number of a change.
    pub note: Option<String>,
}

/// What a person must have, by column; all of it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("patternProperties" = { "^attr\\..+$": { "$ref": "#/definitions/ValuesFile" } }))]
pub struct WhenFile {
    /// The job code; rows are ranked by how exactly it matched.
    pub job_code: Option<ValuesFile>,
    /// The job title.
    pub title: Option<ValuesFile>,
    /// The department.
    pub department: Option<ValuesFile>,
    /// The division.
    pub division: Option<ValuesFile>,
    /// The cost center.
    pub cost_center: Option<ValuesFile>,
    /// The organization.
    pub organization: Option<ValuesFile>,
    /// The kind of employment.
    pub employee_type: Option<ValuesFile>,
    /// The country.
    pub country: Option<ValuesFile>,
    /// The location.
    pub location: Option<ValuesFile>,
    /// The manager's employee number or e-mail.
    pub manager: Option<ValuesFile>,
    /// The name or id of a group at the identity provider.
    pub group: Option<ValuesFile>,
    /// `active`, `pre_start`, `on_leave`, `suspended` or `gone`.
    pub status: Option<ValuesFile>,
    /// The name of a feed that shows the person.
    pub feed: Option<ValuesFile>,
    /// Attributes with names of your own, as mapped by a feed's `attributes`.
    pub attr: Option<BTreeMap<String, ValuesFile>>,
}

/// One value or several, any of which may match: exact, `*` as a joker, `A..B` as a range, `!value` to exclude.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum ValuesFile {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// A whole number.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum PriorityFile {
    /// As a number.
    Number(i64),
    /// As text.
    Text(#[schemars(extend("pattern" = "^[+-]?[0-9]+$"))] String),
}

/// A day such as 2026-12-31; editors see days of TOML as text.
#[derive(JsonSchema)]
#[schemars(extend("pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
pub struct Day(pub String);

/// An exception for one person.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExceptionFile {
    /// E-mail or employee number.
    #[schemars(length(min = 1, max = 1024))]
    pub person: String,
    /// The tier, or `none` to deny the tier and every add-on.
    pub tier: Option<String>,
    /// Add-ons.
    pub addons: Option<ValuesFile>,
    /// The class whose reserve may be used.
    pub class: Option<String>,
    /// The first day, included.
    pub from: Option<Day>,
    /// The last day, included.
    pub until: Day,
    /// Who answers for it.
    pub owner: String,
    /// Why, for whoever asks later.
    pub reason: String,
}

/// A case for `seatwarden rules test`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CaseFile {
    /// What people call it.
    pub name: Option<String>,
    /// The day for which it asks. Default today.
    pub on: Option<Day>,
    /// E-mail or employee number, where exceptions are to be tried.
    pub person: Option<String>,
    /// What the person has; what is left out, they lack. The status is active unless given.
    pub given: Option<WhenFile>,
    /// What they get.
    pub expect: Option<ExpectFile>,
}

/// What a case expects; it does not care about what is left out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectFile {
    /// The tier, or `none`.
    pub tier: Option<String>,
    /// All add-ons.
    pub addons: Option<ValuesFile>,
    /// The class, or `none`.
    pub class: Option<String>,
    /// The id of the deciding row, or `none`.
    pub rule: Option<String>,
}
