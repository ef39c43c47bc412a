//! The sections of `seatwarden.toml` but feeds and targets.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{FeedFile, LimitFile, Percent, Span, TargetFile};

/// `seatwarden.toml`. Relative paths are relative to this file.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "seatwarden.toml")]
pub struct ConfigFile {
    /// Where the ledger is kept.
    pub store: Option<StoreFile>,
    /// Where to listen.
    pub listen: Option<ListenFile>,
    /// The tables that map people to seats.
    pub rules: Option<RulesFile>,
    /// What was bought.
    pub catalog: Option<CatalogSection>,
    /// How accounts of several feeds become one person.
    pub people: Option<PeopleFile>,
    /// When to look.
    pub pass: Option<PassFile>,
    /// What may change at once before somebody is asked.
    pub brakes: Option<BrakesFile>,
    /// Where people come from, by name.
    pub feed: Option<BTreeMap<String, FeedFile>>,
    /// Where seats are, by name.
    pub target: Option<BTreeMap<String, TargetFile>>,
}

/// Where the ledger is kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StoreFile {
    /// The folder of the embedded store, made with mode 0700. Default `/var/lib/seatwarden`.
    pub path: Option<String>,
    /// A shared store for several replicas; not supported yet.
    #[schemars(extend("deprecated" = true))]
    pub url: Option<String>,
}

/// Where to listen: an address with port, or `off`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ListenFile {
    /// Webhooks, inbound SCIM, API, console. Default `127.0.0.1:8440`.
    pub public: Option<String>,
    /// Probes and metrics. Default `127.0.0.1:9464`.
    pub ops: Option<String>,
    /// The Unix socket of the command line. Default `/run/seatwarden/control.sock`.
    pub control: Option<String>,
}

/// The tables that map people to seats.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RulesFile {
    /// A file, or a folder whose `*.toml` and `*.csv` are read together. Default `rules`.
    pub path: Option<String>,
    /// The zone of dates in tables, by its IANA name. Default `UTC`.
    pub time_zone: Option<String>,
}

/// What was bought.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct CatalogSection {
    /// The catalog's file. Default `catalog.toml`.
    pub path: Option<String>,
}

/// How accounts of several feeds become one person.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PeopleFile {
    /// Tried in this order; the immutable id of a feed always wins. Default `["employee_number", "email"]`.
    pub match_on: Option<Vec<MatchKeyFile>>,
    /// Feeds in the order in which their attributes count.
    pub prefer: Option<Vec<String>>,
    /// People who never lose a seat by a pass, whatever the cause: break-glass accounts. By e-mail, employee number or
    /// login name.
    pub protected: Option<Vec<String>>,
}

/// A fact that tells people apart.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum MatchKeyFile {
    /// The employee number.
    EmployeeNumber,
    /// The e-mail address.
    Email,
    /// The login name.
    UserName,
}

/// When to look.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PassFile {
    /// Between two looks at what changed, at least `1s`. Default `2m`.
    pub incremental: Option<Span>,
    /// Between two readings of everything. Default `24h`.
    pub full: Option<Span>,
    /// By how much intervals vary at random, at most `50%`. Default `10%`.
    pub jitter: Option<Percent>,
}

/// What may change at once before somebody is asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BrakesFile {
    /// Seats taken in a pool. Default 5% per pass, at least 5; twice that per day and four times per week.
    pub revoke: Option<BrakeFile>,
    /// Seats taken from people who left by the provider's word. Without it they count in `revoke`, and are held only
    /// when they alone are too many.
    pub leavers: Option<BrakeFile>,
    /// Seats taken because job codes changed. Without it they count in `revoke`.
    pub job_code: Option<BrakeFile>,
    /// Seats taken because the table was edited. Default 10% per pass, at least 5.
    pub rules_edit: Option<BrakeFile>,
    /// Seats taken because the catalog was edited. Default 5% per pass, at least 5.
    pub catalog_edit: Option<OnceBrakeFile>,
    /// Seats taken because rows or exceptions ended on their last day. Default 5% per pass, at least 5.
    pub expiry: Option<BrakeFile>,
    /// People who lose a seat because an attribute that was filled is empty: the mapping of a feed broke. Default 5% of
    /// those in whom it was filled, at least 5.
    pub lost_attribute: Option<OnceBrakeFile>,
    /// People of one feed who lose seats in whichever pools. Default 5% of its holders per pass, at least 20; twice that
    /// per day.
    pub feed: Option<BrakeFile>,
    /// Seats given in a pool, and what they cost. Default 20% per pass, at least 20.
    pub grant: Option<GrantBrakeFile>,
    /// Accounts that a feed may lose from one whole reading to the next. Default `5%`.
    pub feed_shrink: Option<LimitFile>,
    /// How long a held plan can be approved. Default `72h`.
    pub approval_expires: Option<Span>,
    /// How many different people have to approve. Default 1.
    #[schemars(range(min = 1, max = 2))]
    pub approvers: Option<u32>,
}

/// A limit on changes, per pass and over time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BrakeFile {
    /// In one pass.
    pub per_pass: Option<LimitFile>,
    /// So many never trip it.
    pub at_least: Option<u32>,
    /// Within an hour.
    pub per_hour: Option<LimitFile>,
    /// Within 24 hours.
    pub per_day: Option<LimitFile>,
    /// Within seven days.
    pub per_week: Option<LimitFile>,
}

/// A limit on the changes of one pass.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct OnceBrakeFile {
    /// In one pass.
    pub per_pass: Option<LimitFile>,
    /// So many never trip it.
    pub at_least: Option<u32>,
}

/// A limit on seats that are given, in number and in money.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GrantBrakeFile {
    /// In one pass.
    pub per_pass: Option<LimitFile>,
    /// So many never trip it by their number.
    pub at_least: Option<u32>,
    /// Within an hour.
    pub per_hour: Option<LimitFile>,
    /// Within 24 hours.
    pub per_day: Option<LimitFile>,
    /// Within seven days.
    pub per_week: Option<LimitFile>,
    /// What the monthly prices of the seats given in one pass may add up to, such as `2000 USD`.
    pub spend_per_pass: Option<SpendFile>,
    /// The same within 24 hours.
    pub spend_per_day: Option<SpendFile>,
    /// The same within seven days.
    pub spend_per_week: Option<SpendFile>,
}

/// One amount, or one for each currency.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum SpendFile {
    /// In one currency.
    One(SpendText),
    /// In several.
    Several(Vec<SpendText>),
}

/// An amount and an ISO 4217 code, such as `2000 USD`.
#[derive(JsonSchema)]
#[schemars(extend("pattern" = "^ *[0-9]{1,12}(\\.[0-9]{1,12})? +[A-Z]{3} *$"))]
pub struct SpendText(pub String);
