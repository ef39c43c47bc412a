//! What the desks hold: seats of others, and seats of ours that are gone there.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;
use tracing::warn;

use super::status::Desk;
use super::warden::Warden;
use crate::config::DeskKey;
use crate::model::{MatchKey, PersonId, PoolId, TargetName};
use crate::seats::{HoldState, Ledger, Occupied};
use crate::target::{DeskAccount, Observed, TargetError};

/// A desk that could not be read, and why.
#[derive(Debug, Error)]
#[error("{target}: {error}")]
pub struct DeskTrouble {
    /// Which.
    pub target: TargetName,
    /// Why.
    pub error: TargetError,
}

/// Who holds a pool at a desk and is not simply ours, and who should.
#[derive(Default)]
pub(super) struct Sorted<'o> {
    /// People we know whose seat is not in the ledger.
    pub(super) others: Vec<(PersonId, &'o DeskAccount)>,
    /// Accounts of nobody we know.
    pub(super) strangers: Vec<&'o DeskAccount>,
    /// People whose seat is in the ledger and not at the desk.
    pub(super) lost: Vec<PersonId>,
}

impl Warden {
    /// Reads every desk that has not been read, or all of them. Says what went wrong, desk by desk.
    pub(super) async fn observe_desks(&self, all: bool) -> Vec<DeskTrouble> {
        let mut trouble = Vec::new();
        for (name, target) in &self.parts.targets {
            let known = self.stand().desks.get(name).is_some_and(|desk| desk.observed.is_some());
            if known && !all {
                continue;
            }
            match target.observe().await {
                Ok(observed) => {
                    let desk = self.compare(name, observed);
                    self.stand().desks.insert(name.clone(), desk);
                }
                Err(error) => {
                    warn!(target.name = %name, why = %error, "a desk could not be read");
                    self.stand().desks.entry(name.clone()).or_default().error = Some(error.to_string());
                    trouble.push(DeskTrouble { target: name.clone(), error });
                }
            }
        }
        trouble
    }

    /// Sorts the holders at a desk into ours, people we know, and strangers.
    fn compare(&self, name: &TargetName, observed: Observed) -> Desk {
        let ledger = self.ledger();
        let owners = owners(&ledger, name);
        let mut desk = Desk { at: Some(self.now()), ..Desk::default() };
        for (pool, holders) in &observed.holders {
            desk.counts.insert(pool.clone(), u64::try_from(holders.len()).unwrap_or(u64::MAX));
            let Sorted { others, strangers, lost } = self.sort(name, pool, holders, &ledger, &owners);
            let others = Occupied {
                people: others.into_iter().map(|(person, _)| person).collect(),
                strangers: u32::try_from(strangers.len()).unwrap_or(u32::MAX),
            };
            desk.occupied.insert(pool.clone(), others);
            if !lost.is_empty() {
                desk.lost.insert(pool.clone(), lost);
            }
        }
        desk.observed = Some(observed);
        desk
    }

    /// Sorts the holders of one pool.
    pub(super) fn sort<'o>(
        &self,
        target: &TargetName,
        pool: &PoolId,
        holders: &'o [DeskAccount],
        ledger: &Ledger,
        owners: &BTreeMap<String, PersonId>,
    ) -> Sorted<'o> {
        let mut sorted = Sorted::default();
        let mut ours: BTreeSet<PersonId> = BTreeSet::new();
        for account in holders {
            match self.holder(target, account, owners) {
                Some(person) if ledger.holding(person, pool).is_some() => {
                    ours.insert(person);
                }
                Some(person) => sorted.others.push((person, account)),
                None => sorted.strangers.push(account),
            }
        }
        let held = ledger.holdings.iter().filter(|((_, held), holding)| {
            // What is under way is settled by the pass that began it.
            held == pool && holding.state == HoldState::Held
        });
        sorted.lost = held.map(|((person, _), _)| *person).filter(|person| !ours.contains(person)).collect();
        sorted
    }

    /// The person whose account at the desk this is; `None` for strangers and where two people would fit. Whoever was
    /// given a seat there is known by the desk's own id.
    pub(super) fn holder(
        &self,
        target: &TargetName,
        account: &DeskAccount,
        owners: &BTreeMap<String, PersonId>,
    ) -> Option<PersonId> {
        if let Some(person) = owners.get(&account.id) {
            return Some(*person);
        }
        let keys = &self.parts.config.targets.get(target)?.match_on;
        for key in keys {
            let candidates = match key {
                DeskKey::ExternalId => account.external_id.as_ref().map(|id| vec![(MatchKey::EmployeeNumber, id)]),
                DeskKey::Email => account.email.as_ref().map(|email| vec![(MatchKey::Email, email)]),
                DeskKey::UserName => {
                    account.user_name.as_ref().map(|name| vec![(MatchKey::Email, name), (MatchKey::UserName, name)])
                }
            };
            for (key, value) in candidates.into_iter().flatten() {
                let people = self.people_with(key, value);
                if let [person] = people.as_slice() {
                    return Some(*person);
                }
            }
        }
        None
    }

    /// People with that value of a key, compared with the records and not by hash alone.
    pub(super) fn people_with(&self, key: MatchKey, value: &str) -> Vec<PersonId> {
        let found = self.known().mirror.find(key, value);
        let wanted = crate::directory::normalize(value);
        let mut people: Vec<PersonId> = found
            .into_iter()
            .filter(|id| {
                self.parts.store.person(*id).ok().flatten().is_some_and(|record| {
                    record.accounts.iter().any(|row| {
                        let account = &row.account;
                        let field = match key {
                            MatchKey::EmployeeNumber => &account.employee_number,
                            MatchKey::Email => &account.email,
                            MatchKey::UserName => &account.user_name,
                        };
                        field.as_deref().and_then(crate::directory::normalize) == wanted
                    })
                })
            })
            .collect();
        people.sort();
        people.dedup();
        people
    }

    /// Whether every desk that has a place for the pool was read.
    pub(super) fn is_read(&self, pool: &PoolId) -> bool {
        let stand = self.stand();
        let mut places = self.parts.targets.iter().filter(|(_, target)| target.has_place_for(pool));
        places.all(|(name, _)| stand.desks.get(name).is_some_and(|desk| desk.observed.is_some()))
    }

    /// Whether a desk, as it was last read, shows the person among those who have a seat of the pool.
    pub(super) fn shows(&self, person: PersonId, pool: &PoolId) -> bool {
        let desks: Vec<(TargetName, Vec<DeskAccount>)> = {
            let stand = self.stand();
            let observed = stand.desks.iter().filter_map(|(name, desk)| Some((name, desk.observed.as_ref()?)));
            observed.filter_map(|(name, seen)| Some((name.clone(), seen.holders.get(pool)?.clone()))).collect()
        };
        let ledger = self.ledger();
        desks.iter().any(|(name, holders)| {
            let owners = owners(&ledger, name);
            holders.iter().any(|account| self.holder(name, account, &owners) == Some(person))
        })
    }

    /// Takes a person out of the others at a desk once their seat is in the ledger.
    pub(super) fn now_ours(&self, person: PersonId, pool: &PoolId) {
        for desk in self.stand().desks.values_mut() {
            if let Some(others) = desk.occupied.get_mut(pool) {
                others.people.remove(&person);
            }
        }
    }
}

/// Whose an account at that desk is, by the desk's id.
pub(super) fn owners(ledger: &Ledger, target: &TargetName) -> BTreeMap<String, PersonId> {
    let accounts = ledger.desk_accounts.iter().filter(|((_, at), _)| at == target);
    accounts.map(|((person, _), account)| (account.clone(), *person)).collect()
}
