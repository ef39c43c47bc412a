//! Who holds what at the desk.

use std::collections::BTreeMap;
use std::time::Duration;

use super::wire::{Link, Slot, User};
use super::{Place, ScimDesk};
use crate::model::PoolId;
use crate::target::{DeskAccount, Observed, TargetError};

/// From so many members on all users are read at once instead of one by one.
pub(super) const FEW: usize = 25;

impl ScimDesk {
    /// Reads every place. An error in one is an error of all: a count that lacks a pool would look like free seats.
    pub(super) async fn holders(&self) -> Result<Observed, TargetError> {
        let mut groups: BTreeMap<PoolId, Vec<Link>> = BTreeMap::new();
        let mut values: Vec<(PoolId, Slot, String)> = Vec::new();
        for pool in self.seats.keys() {
            match self.place(pool).await? {
                Place::Group(id) => {
                    groups.insert(pool.clone(), self.read_group(&id).await?.members.unwrap_or_default());
                }
                Place::Value(slot, value) => values.push((pool.clone(), slot, value)),
            }
        }
        let members = groups.values().flatten().filter(|link| !link.is_group).count();
        let mut known: BTreeMap<String, User> = BTreeMap::new();
        if !values.is_empty() || members >= FEW {
            let users = self.walk(Duration::ZERO).await?;
            known.extend(users.iter().map(|user| (user.id.clone(), user.clone())));
        }
        let mut holders: BTreeMap<PoolId, Vec<DeskAccount>> = BTreeMap::new();
        for (pool, slot, value) in values {
            let having = known.values().filter(|user| user.has_value(slot, &value));
            holders.insert(pool, having.map(DeskAccount::from).collect());
        }
        for (pool, members) in groups {
            let mut accounts = Vec::with_capacity(members.len());
            for member in members {
                accounts.push(self.holder(member, &mut known).await?);
            }
            accounts.sort();
            accounts.dedup();
            holders.insert(pool, accounts);
        }
        Ok(Observed { holders })
    }

    /// A member as an account. A group within the group, and a user that is not there, hold a seat all the same.
    async fn holder(&self, member: Link, known: &mut BTreeMap<String, User>) -> Result<DeskAccount, TargetError> {
        if !member.is_group
            && !known.contains_key(&member.id)
            && let Some(user) = self.read_user(&member.id).await?
        {
            known.insert(user.id.clone(), user);
        }
        let stranger = || DeskAccount { id: member.id.clone(), user_name: None, email: None, external_id: None };
        Ok(known.get(&member.id).map_or_else(stranger, DeskAccount::from))
    }
}
