//! What the seats that are given cost: the monthly prices of the catalog, currency by currency.
//!
//! A move costs what the dearer seat costs more. Seats without a price cost nothing here.

use super::Policy;
use super::brake::{Span, SpendLimit};
use super::plan::Step;
use crate::model::{Amount, PoolId};

/// What a step adds to the monthly bill in that currency.
pub(super) fn cost(step: &Step, policy: &Policy, currency: &str) -> Amount {
    let Some(pool) = step.gains() else { return Amount::default() };
    change(pool, step.loses(), policy, currency)
}

/// What was spent in that currency and time without an approval.
pub(super) fn spent(policy: &Policy, currency: &str, span: Span) -> Amount {
    policy.lately.given.iter().fold(Amount::default(), |sum, ((pool, instead), counts)| {
        sum.plus(change(pool, instead.as_ref(), policy, currency).times(counts.of(span)))
    })
}

/// The price of one seat of the pool in that currency.
pub(super) fn price(pool: &PoolId, policy: &Policy, currency: &str) -> Amount {
    let cost = policy.catalog.pool(pool).and_then(|pool| pool.cost.as_ref());
    cost.filter(|cost| cost.currency == currency).and_then(crate::model::Money::per_month).unwrap_or_default()
}

fn change(pool: &PoolId, instead: Option<&PoolId>, policy: &Policy, currency: &str) -> Amount {
    let before = instead.map_or_else(Amount::default, |pool| price(pool, policy, currency));
    price(pool, policy, currency).minus(before)
}

/// `41 seats would add 4100.00 USD a month; 300.00 of 2000.00 USD are left of the day`.
pub(super) fn story(limit: &SpendLimit, seats: usize, wanted: Amount, left: Amount) -> String {
    let SpendLimit { span, currency, per_month } = limit;
    let word = span.word();
    format!(
        "{seats} seats would add {wanted} {currency} a month; {left} of {per_month} {currency} are left of the {word}"
    )
}
