//! How much may change at once, and over time, before somebody is asked.

use std::time::Duration;

use super::event::Reason;
use crate::model::{Amount, FeedName, Time};

/// What may change at once. There is no way to turn them off.
#[derive(Clone, Debug, PartialEq)]
pub struct Brakes {
    /// Seats taken in a pool, for whatever reason that has no brake of its own.
    pub revoke: Brake,
    /// Seats taken from people who left by the provider's word. `None`: they count in `revoke`, and are held only when
    /// they alone are more than that lets pass.
    pub leavers: Option<Brake>,
    /// Seats taken because job codes changed. `None`: they count in `revoke`.
    pub job_code: Option<Brake>,
    /// Seats taken in a pool because the table was edited.
    pub rules_edit: Brake,
    /// Seats taken in a pool because the catalog was edited.
    pub catalog_edit: Brake,
    /// Seats taken in a pool because the last day of a row or an exception is over.
    pub expiry: Brake,
    /// People who lose a seat because an attribute of theirs is empty that was filled, in share of the holders of one
    /// feed in whom it was.
    pub lost_attribute: Brake,
    /// People of one feed who lose seats, in whichever pools, in share of those who hold any.
    pub feed: Brake,
    /// Seats given in a pool.
    pub grant: Brake,
    /// What the seats that are given may cost.
    pub spend: Vec<SpendLimit>,
    /// Accounts that a feed may lose from one whole reading to the next.
    pub feed_shrink: Limit,
    /// How long a held plan can be approved.
    pub approval_expires: Duration,
    /// How many different people have to approve.
    pub approvers: u32,
}

/// A limit per pass, and per sliding hour, day and week where it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Brake {
    /// What trips above `at_least`.
    pub per_pass: Limit,
    /// So many never trip.
    pub at_least: u64,
    /// The same over the last hour, in share of the same whole.
    pub per_hour: Option<Limit>,
    /// The same over the last 24 hours.
    pub per_day: Option<Limit>,
    /// The same over the last seven days.
    pub per_week: Option<Limit>,
}

/// A count, a share of a whole in percent, or both: whichever is less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// So many.
    pub count: Option<u64>,
    /// So many in a hundred of the whole.
    pub percent: Option<f64>,
}

/// How much the monthly prices of the seats that are given may add up to. Prices of different currencies are never
/// added: each has limits of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendLimit {
    /// In which time.
    pub span: Span,
    /// ISO 4217 code.
    pub currency: String,
    /// So much a month.
    pub per_month: Amount,
}

/// The time in which a brake counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    /// One pass.
    Pass,
    /// The last hour.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last seven days.
    Week,
}

impl Span {
    /// Every span, the shortest first.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Hour, Self::Day, Self::Week];

    /// When the span began that ends `now`; a pass begins now.
    pub fn start(self, now: Time) -> Time {
        match self {
            Self::Pass => now,
            Self::Hour => now.minus(Duration::from_hours(1)),
            Self::Day => now.minus(Duration::from_hours(24)),
            Self::Week => now.minus(Duration::from_hours(7 * 24)),
        }
    }

    /// As in "within a day".
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

impl Limit {
    /// How many of `whole` the limit lets pass; a share is rounded down.
    pub fn of(&self, whole: u64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of seats are far below 2^52 and percentages are checked to lie in 0..=100"
        )]
        let share = self.percent.map(|percent| (whole as f64 * percent / 100.0).floor() as u64);
        match (self.count, share) {
            (Some(count), Some(share)) => count.min(share),
            (Some(count), None) => count,
            (None, share) => share.unwrap_or(0),
        }
    }
}

impl Brake {
    /// A brake on one pass alone.
    pub const fn per_pass(per_pass: Limit, at_least: u64) -> Self {
        Self { per_pass, at_least, per_hour: None, per_day: None, per_week: None }
    }

    /// How many of `whole` pass in that time: the larger of `at_least` and the limit; `None` where there is none.
    pub fn limit(&self, span: Span, whole: u64) -> Option<u64> {
        let limit = match span {
            Span::Pass => Some(self.per_pass),
            Span::Hour => self.per_hour,
            Span::Day => self.per_day,
            Span::Week => self.per_week,
        };
        limit.map(|limit| self.at_least.max(limit.of(whole)))
    }

    /// How many of `whole` pass at once.
    pub fn per_pass_of(&self, whole: u64) -> u64 {
        self.at_least.max(self.per_pass.of(whole))
    }
}

/// What a brake judges by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    FeedShrink,
    LostAttribute,
    CatalogEdit,
    RulesEdit,
    Expiry,
    Leavers,
    JobCode,
    Revoke,
    Feed,
    Grant,
    Spend,
}

impl Kind {
    /// The brake as the configuration, reports and metrics name it.
    pub(super) const fn cause(self, span: Span) -> &'static str {
        macro_rules! spans {
            ($name:literal) => {
                match span {
                    Span::Pass => concat!($name, ".per_pass"),
                    Span::Hour => concat!($name, ".per_hour"),
                    Span::Day => concat!($name, ".per_day"),
                    Span::Week => concat!($name, ".per_week"),
                }
            };
        }
        match self {
            Self::FeedShrink => "feed_shrink",
            Self::LostAttribute => "lost_attribute",
            Self::CatalogEdit => spans!("catalog_edit"),
            Self::RulesEdit => spans!("rules_edit"),
            Self::Expiry => spans!("expiry"),
            Self::Leavers => spans!("leavers"),
            Self::JobCode => spans!("job_code"),
            Self::Revoke => spans!("revoke"),
            Self::Feed => spans!("feed"),
            Self::Grant => spans!("grant"),
            Self::Spend => match span {
                Span::Pass => "grant.spend_per_pass",
                Span::Hour => "grant.spend_per_hour",
                Span::Day => "grant.spend_per_day",
                Span::Week => "grant.spend_per_week",
            },
        }
    }

    /// Whether the brake counts seats that were taken for that reason.
    pub(super) const fn counts(self, reason: Option<Reason>) -> bool {
        match self {
            Self::RulesEdit => matches!(reason, Some(Reason::RulesChanged)),
            Self::Expiry => matches!(reason, Some(Reason::Expired)),
            Self::Leavers => matches!(reason, Some(Reason::Left)),
            Self::JobCode => matches!(reason, Some(Reason::JobCodeChanged)),
            Self::Revoke | Self::Feed => true,
            Self::FeedShrink | Self::LostAttribute | Self::CatalogEdit | Self::Grant | Self::Spend => false,
        }
    }
}

/// Every brake that can hold a plan, for reports that list them all.
pub fn causes() -> impl Iterator<Item = &'static str> {
    let over_time =
        [Kind::RulesEdit, Kind::Expiry, Kind::Leavers, Kind::JobCode, Kind::Revoke, Kind::Feed, Kind::Grant];
    let over_time = over_time.into_iter().flat_map(|kind| Span::ALL.map(|span| kind.cause(span)));
    let spend = [Span::Pass, Span::Day, Span::Week].map(|span| Kind::Spend.cause(span));
    let once = [Kind::FeedShrink, Kind::LostAttribute, Kind::CatalogEdit].map(|kind| kind.cause(Span::Pass));
    over_time.chain(spend).chain(once)
}

/// The feed that a person belongs to: the first of `prefer` that shows them, else the first by name.
pub fn home<'a>(feeds: impl Iterator<Item = &'a FeedName>, prefer: &[FeedName]) -> Option<&'a FeedName> {
    let place = |feed: &FeedName| prefer.iter().position(|name| name == feed).unwrap_or(usize::MAX);
    feeds.min_by_key(|feed| (place(feed), *feed))
}
