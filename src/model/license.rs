//! What was bought: tiers, add-ons, and the terms on their seats.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ClassName, PoolId};

/// Everything in `catalog.toml`, checked: every pool that is named exists and is of the right kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// The free tier of people whom no row concerns.
    pub default_tier: PoolId,
    /// Tiers and add-ons by name.
    pub pools: BTreeMap<PoolId, Pool>,
}

impl Catalog {
    /// The pool of that name.
    pub fn pool(&self, id: &PoolId) -> Option<&Pool> {
        self.pools.get(id)
    }

    /// The tiers, lowest rank first.
    pub fn tiers(&self) -> Vec<&Pool> {
        let mut tiers: Vec<&Pool> = self.of_kind(PoolKind::Tier).collect();
        tiers.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
        tiers
    }

    /// The add-ons by name.
    pub fn addons(&self) -> impl Iterator<Item = &Pool> {
        self.of_kind(PoolKind::Addon)
    }

    fn of_kind(&self, kind: PoolKind) -> impl Iterator<Item = &Pool> {
        self.pools.values().filter(move |pool| pool.kind == kind)
    }

    /// Whether seats of this pool are counted, so that the ledger keeps them.
    pub fn is_counted(&self, id: &PoolId) -> bool {
        self.pool(id).is_some_and(|pool| matches!(pool.seats, Seats::Bought(_)))
    }
}

/// A pool of seats: a tier, of which a person has one, or an add-on to a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The name in the catalog.
    pub id: PoolId,
    /// Tier or add-on.
    pub kind: PoolKind,
    /// Order among tiers, higher is more; 0 for add-ons.
    pub rank: i64,
    /// How many were bought.
    pub seats: Seats,
    /// Floors that only people of a class may use.
    pub reserve: BTreeMap<ClassName, u32>,
    /// The tier that someone waiting for this one gets meanwhile.
    pub fallback: Option<PoolId>,
    /// How long a mover keeps the seat; a leaver never does.
    pub grace: Duration,
    /// The vendor's clock on a seat.
    pub min_hold: Option<MinHold>,
    /// How often seats may change hands in a term.
    pub reassign: Option<Reassign>,
    /// What the vendor bills.
    pub billing: Billing,
    /// Price of one seat.
    pub cost: Option<Money>,
    /// Tiers of which one must be held (add-ons only).
    pub requires: BTreeSet<PoolId>,
    /// Pools that nobody may hold together with this one.
    pub excludes: BTreeSet<PoolId>,
    /// So many of its last holders never lose their seat by a pass.
    pub keep: u32,
}

impl Pool {
    /// A pool without any terms beside its name, kind, rank and seats.
    pub fn plain(id: impl Into<PoolId>, kind: PoolKind, rank: i64, seats: Seats) -> Self {
        Self {
            id: id.into(),
            kind,
            rank,
            seats,
            reserve: BTreeMap::new(),
            fallback: None,
            grace: Duration::ZERO,
            min_hold: None,
            reassign: None,
            billing: Billing::Current,
            cost: None,
            requires: BTreeSet::new(),
            excludes: BTreeSet::new(),
            keep: 0,
        }
    }
}

/// Whether a pool is a tier or an add-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// One per person.
    Tier,
    /// Beside a tier.
    Addon,
}

/// How many seats a pool has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// Free of charge: nothing to hold, nothing to revoke, not in the ledger.
    Unlimited,
    /// That many were bought.
    Bought(u32),
}

/// The shortest time between two holders of a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinHold {
    /// Counted from the grant.
    pub time: Duration,
    /// Reasons that free the seat at once.
    pub exempt: BTreeSet<Exemption>,
}

/// A reason that the vendor's terms accept for reassigning a seat early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exemption {
    /// The holder left the company.
    Leaver,
    /// Temporary cover for someone absent.
    AbsenceCover,
    /// The holder's device is gone for good.
    DeviceLoss,
}

/// At most `at_most` changes of hands per `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reassign {
    /// Changes allowed.
    pub at_most: u32,
    /// In this sliding time.
    pub per: Duration,
}

/// Which count the vendor bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// The highest count of the period.
    Peak,
    /// The count on the day.
    Current,
}

/// A price, kept as the text that was written so that no cent is rounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// Decimal text such as `100.00`.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
    /// `month` or `year`.
    pub per: String,
}

impl Money {
    /// What it is in a month; `None` when the text is no amount.
    pub fn per_month(&self) -> Option<Amount> {
        let amount = Amount::parse(&self.amount)?;
        match self.per.as_str() {
            "month" => Some(amount),
            "year" => Some(Amount(amount.0.div_ceil(12))),
            _ => None,
        }
    }
}

/// An amount of one currency in millionths, so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(u128);

impl Amount {
    /// The digits after the point that are kept; more are no price.
    const PLACES: usize = 6;

    /// Reads decimal text such as `2000` or `99.50`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.len() <= 12 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return None;
        }
        // A price of a millionth and less is rounded up: it is too little to matter and too much to be nothing.
        let (kept, rest) = part.split_at(part.len().min(Self::PLACES));
        let up = u128::from(rest.bytes().any(|digit| digit != b'0'));
        let part: u128 = format!("{kept:0<6}").parse().ok()?;
        let whole: u128 = whole.parse().ok()?;
        Some(Self(whole.saturating_mul(1_000_000).saturating_add(part).saturating_add(up)))
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; nothing where `other` is more.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(count)))
    }

    /// How often `price` fits in.
    pub fn fits(self, price: Self) -> u64 {
        self.0.checked_div(price.0).map_or(u64::MAX, |count| u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.div_ceil(10_000);
        write!(f, "{}.{:02}", cents.div_euclid(100), cents.rem_euclid(100))
    }
}
