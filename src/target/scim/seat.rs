//! Giving and taking one seat, and looking whether it came about.

use serde_json::Value;

use super::calls::{self, Listed, Written};
use super::wire::{Slot, User, add, quoted, remove_by_filter, remove_by_value};
use super::{GROUPS, ScimDesk, USERS};
use crate::target::{Outcome, TargetError};

/// An id that no desk has given: who finds it does not look.
const NOBODY: &str = "seatwarden-nobody";

const MEMBERS: &str = "members";

impl ScimDesk {
    /// Puts a user into a group.
    pub(super) async fn join(&self, group: &str, user: &User) -> Result<Outcome, TargetError> {
        // A desk that shows groups of users saves reading a large group; one that does not is asked the long way.
        let before = match &user.groups {
            Some(_) => user.group(group).is_some(),
            None => self.members(group, &user.id).await?.has(&user.id),
        };
        if before {
            return Ok(Outcome::AlreadySo);
        }
        let written = calls::patch(&self.client, GROUPS, group, add(MEMBERS, [user.id.as_str()])).await?;
        let seen = self.read_user(&user.id).await?.is_some_and(|user| user.group(group).is_some());
        let after = seen || self.members(group, &user.id).await?.has(&user.id);
        judged_grant(&written, after, "PATCH /Groups (add a member)")
    }

    /// Takes a user out of a group.
    pub(super) async fn leave(&self, group: &str, user: &User) -> Result<Outcome, TargetError> {
        const CALL: &str = "PATCH /Groups (remove a member)";
        let before = self.members(group, &user.id).await?;
        if !before.has(&user.id) {
            return match user.group(group) {
                Some(link) if link.indirect => Err(TargetError::Invalid {
                    call: CALL.to_owned(),
                    why: "the account has the seat through another group, which is not ours to change".to_owned(),
                }),
                _ => Ok(Outcome::AlreadySo),
            };
        }
        let first = calls::patch(&self.client, GROUPS, group, remove_by_filter(MEMBERS, &user.id)).await?;
        let between = self.members(group, &user.id).await?;
        if !between.has(&user.id) {
            return Ok(taken(&first));
        }
        let second = calls::patch(&self.client, GROUPS, group, remove_by_value(MEMBERS, &user.id)).await?;
        let after = self.members(group, &user.id).await?;
        if let Some(lost) = between.emptied(&after, &user.id) {
            let count = lost.len();
            let again = add(MEMBERS, lost.iter().map(String::as_str));
            let undone = calls::patch(&self.client, GROUPS, group, again).await?;
            return Err(emptied(CALL, count, &undone));
        }
        if after.has(&user.id) { Err(stuck(CALL, &first, &second)) } else { Ok(taken(&second)) }
    }

    /// Adds a value to an attribute of a user.
    pub(super) async fn give_value(&self, slot: Slot, value: &str, user: &User) -> Result<Outcome, TargetError> {
        if user.has_value(slot, value) {
            return Ok(Outcome::AlreadySo);
        }
        let written = calls::patch(&self.client, USERS, &user.id, add(slot.name(), [value])).await?;
        let after = self.read_user(&user.id).await?.is_some_and(|user| user.has_value(slot, value));
        judged_grant(&written, after, "PATCH /Users (add a value)")
    }

    /// Takes a value from an attribute of a user.
    pub(super) async fn take_value(&self, slot: Slot, value: &str, user: &User) -> Result<Outcome, TargetError> {
        const CALL: &str = "PATCH /Users (remove a value)";
        // As the server wrote it, should it compare exactly.
        let own = |user: &User| user.slot(slot).iter().find(|own| own.eq_ignore_ascii_case(value)).cloned();
        let Some(written_so) = self.read_user(&user.id).await?.as_ref().and_then(own) else {
            return Ok(Outcome::AlreadySo);
        };
        let remove = remove_by_filter(slot.name(), &written_so);
        let first = calls::patch(&self.client, USERS, &user.id, remove).await?;
        let between = self.read_user(&user.id).await?;
        let Some(between) = between.filter(|user| user.has_value(slot, value)) else { return Ok(taken(&first)) };
        let remove = remove_by_value(slot.name(), &written_so);
        let second = calls::patch(&self.client, USERS, &user.id, remove).await?;
        let Some(after) = self.read_user(&user.id).await? else { return Ok(Outcome::AlreadySo) };
        let others = between.slot(slot).iter().filter(|own| !own.eq_ignore_ascii_case(value));
        let others: Vec<&str> = others.map(String::as_str).collect();
        if !others.is_empty() && after.slot(slot).is_empty() {
            let count = others.len();
            let undone = calls::patch(&self.client, USERS, &user.id, add(slot.name(), others)).await?;
            return Err(emptied(CALL, count, &undone));
        }
        if after.has_value(slot, value) { Err(stuck(CALL, &first, &second)) } else { Ok(taken(&second)) }
    }

    /// Who is in a group; where the group does not say, whether this one user is.
    async fn members(&self, group: &str, user: &str) -> Result<Members, TargetError> {
        if let Some(members) = self.read_group(group).await?.members {
            return Ok(Members::All(members.into_iter().map(|link| link.id).collect()));
        }
        // No `members` means that there are none, or that the server never shows them and has to be asked one by one.
        if !self.answers_as_member(group, user).await? {
            return Ok(Members::All(Vec::new()));
        }
        if self.answers_as_member(group, NOBODY).await? {
            return Err(TargetError::Invalid {
                call: "GET /Groups (by id)".to_owned(),
                why: "the desk does not show the members of the group".to_owned(),
            });
        }
        Ok(Members::This)
    }

    async fn answers_as_member(&self, group: &str, user: &str) -> Result<bool, TargetError> {
        let filter = format!("id eq {} and members.value eq {}", quoted(group), quoted(user));
        let mut found = false;
        let mut look = |resource: &Value| {
            found |= super::wire::text(resource, "id").as_deref() == Some(group);
            !found
        };
        let listed = calls::list(&self.client, GROUPS, Some(&filter), &mut look).await?;
        Ok(found && listed != Listed::FilterRefused)
    }
}

/// What a desk tells about a group.
enum Members {
    /// Everybody.
    All(Vec<String>),
    /// The user that was asked for is one of them.
    This,
}

impl Members {
    fn has(&self, user: &str) -> bool {
        match self {
            Self::All(members) => members.iter().any(|member| member == user),
            Self::This => true,
        }
    }

    /// Those who were in the group beside `user`, when nobody is left.
    fn emptied(&self, after: &Self, user: &str) -> Option<Vec<String>> {
        match (self, after) {
            (Self::All(before), Self::All(after)) if after.is_empty() => {
                let others: Vec<String> = before.iter().filter(|&member| member != user).cloned().collect();
                (!others.is_empty()).then_some(others)
            }
            (Self::All(_) | Self::This, Self::All(_) | Self::This) => None,
        }
    }
}

/// A grant by what was answered and what is seen now.
fn judged_grant(written: &Written, seen: bool, call: &str) -> Result<Outcome, TargetError> {
    match (written, seen) {
        (Written::Accepted(_), true) => Ok(Outcome::Done),
        (Written::Refused(_), true) => Ok(Outcome::AlreadySo),
        (Written::Accepted(_), false) => Err(TargetError::Invalid {
            call: call.to_owned(),
            why: "accepted, and the seat is not there when read back".to_owned(),
        }),
        (Written::Refused(complaint), false) if complaint.full => {
            Err(TargetError::Full { detail: complaint.text.clone() })
        }
        (Written::Refused(complaint), false) => {
            Err(TargetError::Invalid { call: call.to_owned(), why: complaint.text.clone() })
        }
    }
}

/// A seat that is no longer there: by us, or by somebody who was quicker.
fn taken(written: &Written) -> Outcome {
    match written {
        Written::Accepted(_) => Outcome::Done,
        Written::Refused(_) => Outcome::AlreadySo,
    }
}

fn stuck(call: &str, first: &Written, second: &Written) -> TargetError {
    let told: Vec<&str> = [first, second].iter().filter_map(|it| it.complaint()).map(|it| it.text.as_str()).collect();
    let why = match told.as_slice() {
        [] => "accepted, and the seat is still there when read back".to_owned(),
        [first, ..] => format!("{first}; the seat is still there"),
    };
    TargetError::Invalid { call: call.to_owned(), why }
}

fn emptied(call: &str, count: usize, undone: &Written) -> TargetError {
    let undone = match undone {
        Written::Accepted(_) => "they were added again",
        Written::Refused(_) => "adding them again was refused: restore them by hand",
    };
    let why = format!("the desk removed {count} others together with the one that was named; {undone}");
    TargetError::Invalid { call: call.to_owned(), why }
}
