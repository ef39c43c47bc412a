//! The catalog.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::Span;

/// `catalog.toml`: what was bought.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "catalog.toml")]
pub struct CatalogFile {
    /// The tier of everybody whom no row concerns; its seats are unlimited.
    pub default_tier: String,
    /// Tiers by name; a person has one.
    pub tier: BTreeMap<String, TierFile>,
    /// Add-ons by name; a person has any number, beside a tier.
    pub addon: Option<BTreeMap<String, AddonFile>>,
}

/// A tier.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TierFile {
    /// Order among tiers, higher is more.
    pub rank: i64,
    /// How many were bought, or `unlimited`.
    pub seats: SeatsFile,
    /// The lower tier that somebody waiting for this one gets meanwhile.
    pub fallback: Option<String>,
    /// Pools that nobody may hold together with this one.
    pub excludes: Option<Vec<String>>,
    /// Floors that only people of a class may use, by class.
    pub reserve: Option<BTreeMap<String, u32>>,
    /// The price of a seat.
    pub cost: Option<CostFile>,
    /// How long a mover keeps the seat; a leaver never does. Default none.
    pub grace: Option<Span>,
    /// The vendor's clock on a seat.
    pub min_hold: Option<MinHoldFile>,
    /// How often seats may change hands.
    pub reassign: Option<ReassignFile>,
    /// Which count the vendor bills. Default `current`.
    pub billing: Option<PoolBilling>,
    /// So many of its last holders never lose their seat by a pass, such as the last administrator. Default none.
    pub keep: Option<u32>,
    /// Where these figures come from.
    pub terms: Option<TermsFile>,
}

/// An exclusive module on top of a base tier.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AddonFile {
    /// How many were bought, or `unlimited`.
    pub seats: SeatsFile,
    /// Tiers of which one must be held.
    pub requires: Option<Vec<String>>,
    /// Pools that nobody may hold together with this one.
    pub excludes: Option<Vec<String>>,
    /// Floors that only people of a class may use, by class.
    pub reserve: Option<BTreeMap<String, u32>>,
    /// The price of a seat.
    pub cost: Option<CostFile>,
    /// How long a mover keeps the seat; a leaver never does. Default none.
    pub grace: Option<Span>,
    /// The vendor's clock on a seat.
    pub min_hold: Option<MinHoldFile>,
    /// How often seats may change hands.
    pub reassign: Option<ReassignFile>,
    /// Which count the vendor bills. Default `current`.
    pub billing: Option<PoolBilling>,
    /// So many of its last holders never lose their seat by a pass, such as the last administrator. Default none.
    pub keep: Option<u32>,
    /// Where these figures come from.
    pub terms: Option<TermsFile>,
}

/// A number of seats, or `unlimited`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum SeatsFile {
    /// So many were bought.
    Bought(u32),
    /// They cost nothing.
    #[schemars(extend("const" = "unlimited"))]
    Unlimited(String),
}

/// A price.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CostFile {
    /// Decimal text such as `100.00`.
    #[schemars(extend("pattern" = "^[0-9]+(\\.[0-9]+)?$"))]
    pub amount: String,
    /// ISO 4217.
    #[schemars(extend("pattern" = "^[A-Z]{3}$"))]
    pub currency: String,
    /// The time it is paid for.
    pub per: PerFile,
}

/// The time a price is paid for.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum PerFile {
    /// A month.
    Month,
    /// A year.
    Year,
}

/// The shortest time between two holders of a seat.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct MinHoldFile {
    /// Counted from the grant.
    pub time: Span,
    /// Reasons that free the seat at once.
    pub exempt: Option<Vec<ExemptFile>>,
}

/// A reason that frees a seat at once.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum ExemptFile {
    /// The holder left the company.
    Leaver,
    /// Temporary cover for someone absent.
    AbsenceCover,
    /// The holder's device is gone for good.
    DeviceLoss,
}

/// How often seats may change hands.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReassignFile {
    /// Changes allowed.
    pub at_most: u32,
    /// In this sliding time.
    pub per: Span,
}

/// Which count the vendor bills.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum PoolBilling {
    /// The highest of the period.
    Peak,
    /// The count on the day.
    Current,
}

/// Where the figures come from.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TermsFile {
    /// The paper, such as an order form.
    pub source: Option<String>,
    /// When somebody last compared.
    #[schemars(extend("format" = "date"))]
    pub checked_on: Option<String>,
}
