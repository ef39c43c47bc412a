//! What the ledger remembers of a pool beside who holds what: how many seats go in and out, and who was refused.
//!
//! Days are counted in UTC from the times of entries, so that replaying the journal gives the same book.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{PersonId, Time};

/// Days that are remembered: a quarter.
pub const DAYS_KEPT: i64 = 92;

/// Refusals that are listed once they are over; the counts go on.
pub const DENIALS_KEPT: usize = 50;

/// The length of a day in milliseconds.
pub const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The book of one pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The day of the first seat that went in or out. The first fill says nothing about a rate.
    pub first_day: Option<i64>,
    /// What went in and out, by day, for the last [`DAYS_KEPT`] days.
    pub days: BTreeMap<i64, Flow>,
    /// People who should have held a seat and found none.
    pub refused: u64,
    /// Those of them who got one later.
    pub later_granted: u64,
    /// Those of them who no longer wanted one before there was any.
    pub given_up: u64,
    /// The last refusals that are over, oldest first.
    pub denials: Vec<Denial>,
}

/// Seats of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Free before and given.
    pub given: u32,
    /// In use before and free.
    pub freed: u32,
}

/// A refusal that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// Who.
    pub person: PersonId,
    /// Since when there was no seat.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// Whether a seat was got.
    pub granted: bool,
}

/// What went in and out in a time that is long enough to tell a rate from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whole days.
    pub days: i64,
    /// Seats given in them.
    pub given: i64,
    /// Seats freed in them.
    pub freed: i64,
}

/// The day of an instant.
pub const fn day_of(at: Time) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}

impl Book {
    /// A seat that was free is given.
    pub(super) fn given(&mut self, at: Time) {
        let flow = self.flow(at);
        flow.given = flow.given.saturating_add(1);
    }

    /// A seat that was in use is free.
    pub(super) fn freed(&mut self, at: Time) {
        let flow = self.flow(at);
        flow.freed = flow.freed.saturating_add(1);
    }

    fn flow(&mut self, at: Time) -> &mut Flow {
        let day = day_of(at);
        self.first_day.get_or_insert(day);
        let kept = day.saturating_sub(DAYS_KEPT);
        self.days.retain(|day, _| *day > kept);
        self.days.entry(day).or_default()
    }

    /// Somebody found no seat.
    pub(super) fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    /// A refusal is over.
    pub(super) fn settle(&mut self, denial: Denial) {
        let count = if denial.granted { &mut self.later_granted } else { &mut self.given_up };
        *count = count.saturating_add(1);
        self.denials.push(denial);
        let surplus = self.denials.len().saturating_sub(DENIALS_KEPT);
        self.denials.drain(..surplus);
    }

    /// What went in and out in the last `days` days, without the day of the first fill.
    pub fn observed(&self, days: i64, now: Time) -> Observed {
        let today = day_of(now);
        let Some(first) = self.first_day else { return Observed::default() };
        let from = first.saturating_add(1).max(today.saturating_sub(days));
        let flows = || self.days.range(from..=today.max(from)).map(|(_, flow)| flow);
        Observed {
            days: today.saturating_sub(from).max(0),
            given: flows().map(|flow| i64::from(flow.given)).sum(),
            freed: flows().map(|flow| i64::from(flow.freed)).sum(),
        }
    }
}
