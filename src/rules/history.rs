//! Job codes over time: since when a code is seen, how many people had it, and when it came to mean something else.
//!
//! Counts per code and nothing about people. What is kept is bounded: so many days, so many codes. A day keeps only
//! what its first census found changed, as it was before, so that dropping an old day loses nothing of later ones.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::census::{Census, CodeCount, Meaning};
use crate::model::{Digest, PoolId, RuleId};

/// Days that are kept: a year and some weeks to compare with.
pub const DAYS: i64 = 400;

/// Codes that are kept, those of most people first. Real companies have some thousands.
const CODES: usize = 10_000;

/// What is known of job codes, as of the last census.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeBook {
    /// The day of the first census.
    pub since: Option<Date>,
    /// The table of the last census.
    pub digest: Option<Digest>,
    /// The day of the first census by that table.
    pub digest_since: Option<Date>,
    /// Days of which [`DayBefore`] is kept, in order.
    pub days: Vec<Date>,
    /// Codes in normal form.
    pub codes: BTreeMap<String, CodeEntry>,
}

/// What is known of one code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeEntry {
    /// The code as the feeds show it.
    pub shown: String,
    /// People who have it.
    pub people: u64,
    /// The day on which it was first seen.
    pub first_seen: Date,
    /// The day on which it was last seen.
    pub last_seen: Date,
    /// The row that decides for most of them.
    pub rule: Option<RuleId>,
    /// The tier that it gives; `None` when it is denied.
    pub tier: Option<PoolId>,
    /// What the code meant before the last edit of the table, when that was something else.
    pub changed: Option<Changed>,
}

/// What a code meant before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The day of the first census by the table that changed it.
    pub on: Date,
    /// The row that decided.
    pub rule: Option<RuleId>,
    /// The tier that it gave.
    pub tier: Option<PoolId>,
}

/// People by code before the first census of a day, for codes of which it found another number; `None` for a code
/// that was not known.
pub type DayBefore = BTreeMap<String, Option<u64>>;

impl CodeBook {
    /// Learns what a census found. `before` is what is kept of its day so far; gives the days that are to be dropped,
    /// or `None` when nothing is to be written.
    pub fn learn(&mut self, census: &Census, digest: &Digest, before: &mut DayBefore) -> Option<Vec<Date>> {
        let unlearned = self.clone();
        let today = census.today;
        let is_new_table = self.digest.as_ref().is_some_and(|known| known != digest);
        self.since = self.since.or(Some(today));
        if self.digest.as_ref() != Some(digest) {
            self.digest = Some(digest.clone());
            self.digest_since = Some(today);
        }
        for code in most_used(&census.codes) {
            let Some(count) = census.codes.get(code) else { continue };
            let known = self.codes.get(code);
            let people = known.map(|entry| entry.people);
            if people != Some(count.people) {
                before.entry(code.clone()).or_insert(people);
            }
            let entry = entry(known, count, today, is_new_table);
            self.codes.insert(code.clone(), entry);
        }
        let oldest = today.saturating_sub(DAYS.days());
        for (code, entry) in &mut self.codes {
            if !census.codes.contains_key(code) && entry.people > 0 {
                before.entry(code.clone()).or_insert(Some(entry.people));
                entry.people = 0;
            }
        }
        self.codes.retain(|_, entry| entry.people > 0 || entry.last_seen >= oldest);
        while self.codes.len() > CODES {
            let rare = self.codes.iter().min_by_key(|(_, entry)| (entry.people, entry.last_seen));
            let Some(rare) = rare.map(|(code, _)| code.clone()) else { break };
            self.codes.remove(&rare);
        }
        if !before.is_empty() && !self.days.contains(&today) {
            self.days.push(today);
            self.days.sort_unstable();
        }
        let (dropped, kept): (Vec<Date>, Vec<Date>) = self.days.iter().partition(|day| **day < oldest);
        self.days = kept;
        (*self != unlearned).then_some(dropped)
    }

    /// How many people had a code, by the day from which on they were so many, oldest first. `days` are what is kept
    /// of days by day.
    pub fn history(&self, code: &str, days: &BTreeMap<Date, DayBefore>) -> Vec<(Date, u64)> {
        let Some(entry) = self.codes.get(code) else { return Vec::new() };
        let mut history = Vec::new();
        let mut people = Some(entry.people);
        for (day, before) in days.iter().rev() {
            if let Some(was) = before.get(code) {
                history.extend(people.map(|people| (*day, people)));
                people = *was;
            }
        }
        if let (Some(people), Some(since)) = (people, self.since) {
            history.push((since, people));
        }
        history.reverse();
        history
    }
}

/// Codes of most people first; of equally many the smaller one.
fn most_used(codes: &BTreeMap<String, CodeCount>) -> Vec<&String> {
    let mut order: Vec<(&String, u64)> = codes.iter().map(|(code, count)| (code, count.people)).collect();
    order.sort_by_key(|(code, people)| (Reverse(*people), *code));
    order.into_iter().take(CODES).map(|(code, _)| code).collect()
}

fn entry(known: Option<&CodeEntry>, count: &CodeCount, today: Date, is_new_table: bool) -> CodeEntry {
    let none = Meaning { rule: None, tier: None };
    let Meaning { rule, tier } = count.meaning().unwrap_or(&none).clone();
    let changed = match known {
        // Between tables people move, and with them what holds for most; that is no edit.
        Some(entry) if !is_new_table => entry.changed.clone(),
        Some(entry) if (&entry.rule, &entry.tier) != (&rule, &tier) => {
            Some(Changed { on: today, rule: entry.rule.clone(), tier: entry.tier.clone() })
        }
        Some(_) | None => None,
    };
    CodeEntry {
        shown: count.shown.clone(),
        people: count.people,
        first_seen: known.map_or(today, |entry| entry.first_seen),
        last_seen: today,
        rule,
        tier,
        changed,
    }
}
