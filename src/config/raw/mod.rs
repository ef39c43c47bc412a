//! What the files may say, as types: the source of the JSON Schemas that editors use. No value of these types is ever
//! made; `section` reads the files, since it has to name every fault and not only the first. A test holds the two
//! together: every setting that is read is described here, and the other way round.

mod bought;
mod file;
mod peers;
mod table;

pub use bought::{
    AddonFile, CatalogFile, CostFile, ExemptFile, MinHoldFile, PerFile, PoolBilling, ReassignFile, SeatsFile,
    TermsFile, TierFile,
};
pub use file::{
    BrakeFile, BrakesFile, CatalogSection, ConfigFile, ListenFile, MatchKeyFile, PassFile, PeopleFile, RulesFile,
    StoreFile,
};
pub use peers::{
    ClientAuthFile, CloudFile, DeskKeyFile, EntraAuth, EntraHookFile, FeedFile, HookFile, ModeFile, OktaAuth,
    OnSuspendedFile, PushAuth, ScimAuth, SeatFile, SecretFile, TargetFile,
};
pub use table::{CaseFile, Day, ExceptionFile, ExpectFile, PriorityFile, RuleFile, TableFile, ValuesFile, WhenFile};

use schemars::JsonSchema;

/// A whole number and a unit: `500ms`, `90s`, `5m`, `24h`, `90d`.
#[derive(JsonSchema)]
#[schemars(extend("pattern" = "^[0-9]+ ?(ms|s|m|h|d)$"))]
pub struct Span(pub String);

/// A percentage such as `5%`.
#[derive(JsonSchema)]
#[schemars(extend("pattern" = "^[0-9]+(\\.[0-9]+)? ?%$"))]
pub struct Percent(pub String);

/// A number, a percentage, or both, of which the lesser counts.
#[derive(JsonSchema)]
#[schemars(untagged, deny_unknown_fields)]
pub enum LimitFile {
    /// So many.
    Count(u32),
    /// So many in a hundred.
    Percent(Percent),
    /// Whichever is less.
    Both {
        /// So many.
        count: u32,
        /// So many in a hundred.
        percent: Percent,
    },
    /// Whichever is less, shorter.
    Pair(u32, Percent),
}
