//! Where each fact of a person came from: the account whose word counts, and what the others say. Tells the same as
//! [`merge`](super::merge()) decides.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::merge::{Ranked, ranked};
use super::{Matching, PersonRecord};
use crate::model::{Account, AccountId, Attribute, Time};

/// One fact of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// `status`, `email`, `job_code`, `attr.NAME` …
    pub name: String,
    /// What counts, as the provider wrote it.
    pub values: Vec<String>,
    /// The account that says it.
    pub from: AccountId,
    /// When the account was first read with its present facts.
    pub read_at: Time,
    /// What other accounts of the person say.
    pub others: Vec<Other>,
}

/// What an account says that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The account.
    pub from: AccountId,
    /// Its values, as the provider wrote them.
    pub values: Vec<String>,
    /// When the account was first read with its present facts.
    pub read_at: Time,
    /// Why its word does not count.
    pub why: Yields,
}

/// Why the word of an account does not count beside that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yields {
    /// It says the same.
    Agrees,
    /// The account is gone, or absent beyond doubt, and another is not.
    Departed,
    /// Its feed comes later in `[people] prefer`, or is not named there while the other is.
    Preference,
    /// Both feeds stand alike, and the other account is more alive.
    LessAlive,
    /// Both accounts stand alike, and the other has the smaller id.
    Order,
}

/// The facts of a person with their sources: status and names first, then attributes in the order of their columns.
pub fn provenance(record: &PersonRecord, matching: &Matching) -> Vec<Fact> {
    let accounts = ranked(record, matching);
    let anybody_present = accounts.iter().any(Ranked::is_present);
    let tells = |account: &&Ranked<'_>| account.is_present() == anybody_present;
    let mut facts: Vec<Fact> = Vec::new();
    // The status is decided among all accounts, gone ones included: going is what some of them tell.
    let status = |account: &Ranked<'_>| vec![account.standing().0.to_string()];
    facts.extend(fact("status", &accounts, |_| true, status));
    for (at, name) in ["employee_number", "email", "user_name", "display_name"].into_iter().enumerate() {
        let values = |account: &Ranked<'_>| {
            let Account { employee_number, email, user_name, display_name, .. } = &account.row.account;
            [employee_number, email, user_name, display_name].get(at).into_iter().copied().flatten().cloned().collect()
        };
        facts.extend(fact(name, &accounts, tells, values));
    }
    let attributes: BTreeSet<&Attribute> =
        accounts.iter().flat_map(|account| account.row.account.attributes.keys()).collect();
    for attribute in attributes {
        let values = |account: &Ranked<'_>| account.row.account.attributes.get(attribute).cloned().unwrap_or_default();
        facts.extend(fact(&attribute.to_string(), &accounts, tells, values));
    }
    facts
}

fn fact(
    name: &str,
    accounts: &[Ranked<'_>],
    tells: impl Fn(&&Ranked<'_>) -> bool,
    values: impl Fn(&Ranked<'_>) -> Vec<String>,
) -> Option<Fact> {
    let says = |account: &Ranked<'_>| {
        let values = values(account);
        values.iter().any(|value| !value.trim().is_empty()).then_some(values)
    };
    let (winner, counts) = accounts.iter().filter(&tells).find_map(|account| Some((account, says(account)?)))?;
    let other = |account: &Ranked<'_>| {
        let values = says(account).filter(|_| account.id() != winner.id())?;
        let why = if values == counts {
            Yields::Agrees
        } else if !tells(&account) {
            Yields::Departed
        } else {
            match (winner.rank.cmp(&account.rank), winner.life.cmp(&account.life)) {
                (Ordering::Less, _) => Yields::Preference,
                (Ordering::Equal | Ordering::Greater, Ordering::Less) => Yields::LessAlive,
                (Ordering::Equal | Ordering::Greater, Ordering::Equal | Ordering::Greater) => Yields::Order,
            }
        };
        Some(Other { from: account.id().clone(), values, read_at: account.row.read_at, why })
    };
    Some(Fact {
        name: name.to_owned(),
        from: winner.id().clone(),
        read_at: winner.row.read_at,
        others: accounts.iter().filter_map(other).collect(),
        values: counts,
    })
}
