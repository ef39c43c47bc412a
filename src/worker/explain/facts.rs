//! Accounts and facts, each with where it came from and when.

use std::collections::BTreeMap;

use super::{PersonRecord, Warden, WardenError};
use crate::directory::{AccountRow, Fact, Yields, provenance};
use crate::model::{Account, FeedName, Time};
use crate::worker::view::{AccountView, FactView, OtherView};

impl Warden {
    /// The accounts of a record. `until` leaves out an absence that began later.
    pub(super) fn accounts(&self, record: &PersonRecord, until: Option<Time>) -> Result<Vec<AccountView>, WardenError> {
        let states = self.parts.store.feeds()?;
        let running = self.stand().times.clone();
        let accounts = record.accounts.iter().map(|row| {
            let feed = &row.account.id.feed;
            let stored = states.get(feed).and_then(|state| state.last_good);
            let confirmed = running.get(feed).and_then(|(_, good)| *good).or(stored);
            let confirmed = confirmed.map(|at| at.max(row.read_at));
            account(row, self.paths(feed), confirmed, until)
        });
        Ok(accounts.collect())
    }

    /// The facts of a person with their sources.
    pub(super) fn facts(&self, record: &PersonRecord, accounts: &[AccountView]) -> Vec<FactView> {
        let path = |feed: &FeedName, name: &str| {
            let account = accounts.iter().find(|account| account.feed == *feed)?;
            account.paths.get(name.strip_prefix("attr.").unwrap_or(name)).cloned()
        };
        let prefer = &self.parts.config.people.prefer;
        let facts = provenance(record, &self.parts.config.people).into_iter();
        facts.map(|fact| fact_view(fact, prefer, &path)).collect()
    }

    fn paths(&self, feed: &FeedName) -> BTreeMap<String, String> {
        let paths = self.parts.config.feeds.get(feed).map(|config| &config.attributes);
        paths.into_iter().flatten().map(|(name, path)| (name.clone(), path.to_string())).collect()
    }
}

fn fact_view(fact: Fact, prefer: &[FeedName], path: &impl Fn(&FeedName, &str) -> Option<String>) -> FactView {
    let Fact { name, values, from, read_at, others } = fact;
    let named = |feed: &FeedName| prefer.contains(feed);
    let others: Vec<OtherView> = others
        .into_iter()
        .map(|other| {
            let (this, that) = (&other.from, &from);
            let why = match other.why {
                Yields::Agrees => "says the same".to_owned(),
                Yields::Departed => format!("{this} is gone and {that} is not"),
                Yields::Preference if named(&this.feed) => {
                    format!("{} comes before {} in [people] prefer", that.feed, this.feed)
                }
                Yields::Preference => format!("{} is named in [people] prefer and {} is not", that.feed, this.feed),
                Yields::LessAlive => {
                    format!("[people] prefer does not part them, and {that} is the more active account")
                }
                Yields::Order => format!("[people] prefer does not part them, and {that} comes first by its id"),
            };
            OtherView {
                feed: other.from.feed.clone(),
                account: other.from.id.clone(),
                values: other.values,
                read_at: other.read_at,
                why,
            }
        })
        .collect();
    let why = others.iter().find(|other| other.why != "says the same").map(|other| other.why.clone());
    FactView {
        path: path(&from.feed, &name),
        feed: Some(from.feed),
        account: Some(from.id),
        name,
        values,
        read_at,
        why,
        others,
    }
}

fn account(
    row: &AccountRow,
    paths: BTreeMap<String, String>,
    confirmed_at: Option<Time>,
    until: Option<Time>,
) -> AccountView {
    let account = &row.account;
    let mut attributes: BTreeMap<String, Vec<String>> =
        account.attributes.iter().map(|(name, values)| (name.to_string(), values.clone())).collect();
    for (name, value) in names(account) {
        if let Some(value) = value {
            attributes.insert(name.to_owned(), vec![value.clone()]);
        }
    }
    AccountView {
        feed: account.id.feed.clone(),
        id: account.id.id.clone(),
        status: account.status.to_string(),
        raw_status: account.raw_status.clone(),
        attributes,
        paths,
        read_at: row.read_at,
        confirmed_at,
        missing_since: row
            .missing
            .map(|missing| missing.since)
            .filter(|since| until.is_none_or(|until| *since <= until)),
    }
}

fn names(account: &Account) -> [(&'static str, &Option<String>); 4] {
    [
        ("employee_number", &account.employee_number),
        ("email", &account.email),
        ("user_name", &account.user_name),
        ("display_name", &account.display_name),
    ]
}

/// What an account says of the key that several people claim.
pub(super) fn claim(account: &Account, key: &str) -> String {
    let value = names(account).into_iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.as_deref());
    let status = &account.raw_status;
    match value {
        Some(value) => format!("{} says {key} {value} ({status})", account.id),
        None => format!("{} says no {key} ({status})", account.id),
    }
}
