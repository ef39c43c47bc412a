//! The life of a held plan: held once, approved or refused by name, released once, or ended by time or facts.

use std::collections::BTreeSet;

use thiserror::Error;

use super::blame;
use super::brake::Brakes;
use super::digest::held_digest;
use super::event::{Event, HoldEnd};
use super::guard::Verdict;
use super::ledger::Hold;
use super::plan::HeldPlan;
use super::{Ledger, Policy};
use crate::model::{Digest, PersonId, Time};
use crate::rules::Desired;

/// Why an operator's word on a held plan is not taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing with this digest is held: never was, is used up, or the facts have moved.
    #[error("no plan {0} is held: it is unknown, was released before, or the facts have moved")]
    Unknown(Digest),
    /// It was held too long ago.
    #[error("plan {digest} could be approved until {expired_at}")]
    Expired {
        /// Which plan.
        digest: Digest,
        /// When its time was over.
        expired_at: Time,
    },
    /// Nothing is missing: the next pass releases it.
    #[error("plan {digest} has all the approvals it needs ({approvals}); the next pass does it")]
    Enough {
        /// Which plan.
        digest: Digest,
        /// How many have approved.
        approvals: usize,
    },
    /// The same name has agreed before.
    #[error("{by} has approved this plan before; another person has to agree")]
    Twice {
        /// The name.
        by: String,
    },
    /// The same name has refused before.
    #[error("{by} has rejected this plan before")]
    RejectedBefore {
        /// The name.
        by: String,
    },
    /// Nobody is named.
    #[error("an approval needs the name of a person")]
    Nameless,
}

/// The event of an approval, if it counts: not where as many have approved as `brakes` ask for.
pub fn approve(
    ledger: &Ledger,
    brakes: &Brakes,
    digest: &Digest,
    by: &str,
    reason: &str,
    now: Time,
) -> Result<Event, Refusal> {
    let (hold, by) = open(ledger, digest, by, now)?;
    if has_enough(hold, brakes) {
        return Err(Refusal::Enough { digest: digest.clone(), approvals: hold.approvals.len() });
    }
    if hold.approvals.keys().any(|before| same_name(before, &by)) {
        return Err(Refusal::Twice { by });
    }
    Ok(Event::Approved { digest: digest.clone(), by, reason: reason.to_owned() })
}

/// The event of a refusal, if it counts. It takes back every approval.
pub fn reject(ledger: &Ledger, digest: &Digest, by: &str, reason: &str, now: Time) -> Result<Event, Refusal> {
    let (hold, by) = open(ledger, digest, by, now)?;
    if hold.rejected.as_ref().is_some_and(|(before, _)| same_name(before, &by)) {
        return Err(Refusal::RejectedBefore { by });
    }
    Ok(Event::Rejected { digest: digest.clone(), by, reason: reason.to_owned() })
}

fn open<'a>(ledger: &'a Ledger, digest: &Digest, by: &str, now: Time) -> Result<(&'a Hold, String), Refusal> {
    let by = by.trim();
    let hold = ledger.held.get(digest).ok_or_else(|| Refusal::Unknown(digest.clone()))?;
    if bare(by).is_empty() {
        return Err(Refusal::Nameless);
    }
    if hold.plan.expires_at <= now {
        return Err(Refusal::Expired { digest: digest.clone(), expired_at: hold.plan.expires_at });
    }
    Ok((hold, by.to_owned()))
}

/// Whether two names are the same person's: case, width, blanks and what cannot be seen make no other person.
fn same_name(one: &str, other: &str) -> bool {
    bare(one) == bare(other)
}

/// A name as it is compared.
fn bare(name: &str) -> String {
    let is_seen = |c: &char| !c.is_whitespace() && !c.is_control() && !is_invisible(*c);
    crate::rules::normal(name).chars().filter(is_seen).collect()
}

/// Characters that take no room: soft hyphen, joiners and marks of direction, variation selectors, tags.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether enough different people have approved the plan, in time, and nobody has refused it since.
pub(super) fn is_released(ledger: &Ledger, policy: &Policy, digest: &Digest, now: Time) -> bool {
    ledger.held.get(digest).is_some_and(|hold| hold.plan.expires_at > now && has_enough(hold, &policy.brakes))
}

fn has_enough(hold: &Hold, brakes: &Brakes) -> bool {
    let wanted = usize::try_from(brakes.approvers.max(1)).unwrap_or(usize::MAX);
    hold.rejected.is_none() && hold.approvals.len() >= wanted
}

/// The plans that are held now, and what the ledger has to learn about them.
pub(super) fn settle(
    verdict: &Verdict,
    desired: &Desired,
    ledger: &Ledger,
    policy: &Policy,
    now: Time,
) -> (Vec<HeldPlan>, Vec<Event>) {
    let mut held = Vec::new();
    let (mut ended, mut begun) = (Vec::new(), Vec::new());
    for ((cause, pool), group) in &verdict.held {
        let steps = group.steps();
        let digest = held_digest(cause, pool, &steps);
        // As long as its time runs it stays word for word what somebody may be reading.
        if let Some(hold) = ledger.held.get(&digest).filter(|hold| hold.plan.expires_at > now) {
            held.push(hold.plan.clone());
            continue;
        }
        let plan = HeldPlan {
            digest,
            cause: (*cause).to_owned(),
            pool: pool.clone(),
            limit: group.limit,
            wanted: group.wanted,
            text: blame::text(group, desired, ledger),
            held_at: now,
            expires_at: now.plus(policy.brakes.approval_expires),
            steps,
        };
        begun.push(Event::Held(plan.clone()));
        held.push(plan);
    }
    let wanted: BTreeSet<Digest> = held.iter().map(|plan| plan.digest.clone()).collect();
    for (digest, hold) in &ledger.held {
        let why = if verdict.released.contains_key(digest) {
            HoldEnd::Released
        } else if hold.plan.expires_at <= now {
            HoldEnd::Expired
        } else if wanted.contains(digest) {
            continue;
        } else if verdict.asleep.contains(digest) {
            held.push(hold.plan.clone());
            continue;
        } else {
            HoldEnd::Outdated
        };
        ended.push(Event::HoldEnded { digest: digest.clone(), why });
    }
    held.sort_by(|a, b| (&a.cause, &a.pool, &a.digest).cmp(&(&b.cause, &b.pool, &b.digest)));
    ended.extend(begun);
    (held, ended)
}

/// Whether the plan is about somebody of whom nothing is known now.
pub(super) fn is_unseen(hold: &Hold, desired: &Desired) -> bool {
    let people: BTreeSet<PersonId> = hold.plan.steps.iter().map(|step| step.person).collect();
    people.iter().any(|person| !desired.contains_key(person))
}
