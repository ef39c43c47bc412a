//! Everything that can happen to a seat, as values. The journal is a list of these and the ledger is their sum.

use serde::{Deserialize, Serialize};

use super::HeldPlan;
use super::undo::{Pin, PinEnd};
use crate::model::{AccountId, ClassName, Digest, FeedName, PersonId, PoolId, RuleId, TargetName, Time, UnitNo};
use crate::rules::Basis;

/// One thing that happened. In JSON `kind` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A person touched by seats for the first time, or known by other accounts than before. A store that is rebuilt
    /// from the journal finds its people again by this.
    Person(Known),
    /// A grant is about to be made at the desk; the seat counts as used from here.
    Granting {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// The class whose reserve may be used.
        class: Option<ClassName>,
        /// Why.
        cause: Cause,
        /// The facts behind it.
        basis: Basis,
        /// The seat. Entries of journals that name none get one when they are replayed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitNo>,
    },
    /// The desk confirmed the grant.
    Granted {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
    },
    /// The grant did not come about, and the desk confirmed that no seat is held.
    GrantDropped {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// What the desk said.
        why: String,
    },
    /// A seat held before at the desk is taken into the ledger.
    Adopted {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// At which desk.
        target: TargetName,
        /// The class whose reserve may be used.
        class: Option<ClassName>,
        /// Why: by an operator, or because the person was about to be granted it.
        cause: Cause,
        /// The facts behind it.
        basis: Basis,
        /// The seat. Entries of journals that name none get one when they are replayed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<UnitNo>,
    },
    /// A seat is about to be taken at the desk; it still counts as used.
    Revoking {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// Why.
        cause: Cause,
    },
    /// The desk confirmed that the seat is free.
    Revoked {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// Until when the seat cools, where the vendor's terms bind it.
        cooling_until: Option<Time>,
    },
    /// The seat could not be taken and is held as before.
    RevokeDropped {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// What the desk said.
        why: String,
    },
    /// The table no longer gives the seat; grace runs.
    Leaving {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// When grace ends.
        due_at: Time,
        /// Why.
        cause: Cause,
    },
    /// The table gives the seat again before grace ended.
    Stays {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
    },
    /// The seat stays, but another row, class or other facts give it now.
    Rebased {
        /// Who.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
        /// The class now.
        class: Option<ClassName>,
        /// The row now.
        rule: Option<RuleId>,
        /// The facts now.
        basis: Basis,
    },
    /// A person should hold a seat and there is none.
    Waiting {
        /// Who.
        person: PersonId,
        /// For which pool.
        pool: PoolId,
        /// The row that gives the seat.
        rule: Option<RuleId>,
        /// It is no lack of seats that keeps it from them, but a brake or something that they hold.
        #[serde(default, skip_serializing_if = "is_false")]
        blocked: bool,
    },
    /// The wait is over: granted, or no longer wanted.
    WaitEnded {
        /// Who.
        person: PersonId,
        /// For which pool.
        pool: PoolId,
        /// Whether a seat was got.
        granted: bool,
    },
    /// A cooling seat is free again.
    Cooled {
        /// The last holder.
        person: PersonId,
        /// Of which pool.
        pool: PoolId,
    },
    /// A brake held steps back.
    Held(HeldPlan),
    /// An operator released a held plan for the next pass.
    Approved {
        /// Which plan.
        digest: Digest,
        /// Who approved, as `NAME` of `--as`, else the operating system's user.
        by: String,
        /// Why.
        reason: String,
    },
    /// An operator refused a held plan; it stays held until the facts move.
    Rejected {
        /// Which plan.
        digest: Digest,
        /// Who refused.
        by: String,
        /// Why.
        reason: String,
    },
    /// A held plan is no longer held: released once, expired, or the facts moved.
    HoldEnded {
        /// Which plan.
        digest: Digest,
        /// Why.
        why: HoldEnd,
    },
    /// The number of accounts of a feed that the next reading is compared with.
    FeedAccepted {
        /// Which feed.
        feed: FeedName,
        /// Accounts in its last accepted whole reading.
        accounts: u64,
    },
    /// The store was rebuilt after damage; no revocation until every feed has been read whole.
    Rebuilt {
        /// What was found.
        why: String,
    },
    /// Every feed was read whole after a rebuild.
    Trusted {},
    /// Which account at a desk is a person's, whatever name or address it or they have later.
    DeskAccount {
        /// Who.
        person: PersonId,
        /// At which desk.
        target: TargetName,
        /// The desk's id of the account.
        account: String,
    },
    /// An operator undid a pass: this is what the person should hold instead of what the table gives.
    Pinned(Pin),
    /// The table decides again about the person.
    Unpinned {
        /// Who.
        person: PersonId,
        /// Why.
        why: PinEnd,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldEnd {
    /// Approved, and its steps went into a pass.
    Released,
    /// Nobody approved in time.
    Expired,
    /// The facts moved, so that the plan no longer fits.
    Outdated,
}

/// Who a person number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The number.
    pub person: PersonId,
    /// The accounts, ordered.
    pub accounts: Vec<AccountId>,
    /// E-mail address.
    pub email: Option<String>,
    /// Employee number.
    pub employee_number: Option<String>,
}

/// Why a step is made. Every step has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    /// The kind of reason.
    pub reason: Reason,
    /// What proves it.
    pub evidence: Evidence,
    /// The row that gives or gave the seat, or `exception:PERSON`.
    pub rule: Option<RuleId>,
    /// The whole story in a sentence, lower case, no full stop.
    pub text: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A row gives the seat.
    Rule,
    /// An exception gives or denies the seat.
    Exception,
    /// The tier that somebody waiting for a better one gets.
    Fallback,
    /// A seat got free and this person was next.
    SeatFreed,
    /// The job code became another.
    JobCodeChanged,
    /// Another attribute that the row looks at changed.
    AttributeChanged,
    /// The person is as before; the table changed.
    RulesChanged,
    /// Left the company, by the provider's word.
    Left,
    /// No longer shown by a whole reading, and gone by id.
    Absent,
    /// Suspended, and grace is over or the feed says `revoke`.
    Suspended,
    /// Has not started.
    NotStarted,
    /// The row's or exception's last day is over.
    Expired,
    /// The add-on's base tier is not held.
    BaseMissing,
    /// The desk no longer showed a seat that the ledger holds.
    Drift,
    /// An operator said so.
    Operator,
}

/// What proves a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The provider said it about this person.
    Positive,
    /// Missing from a whole reading and gone by id.
    Absence,
    /// The table says so.
    Rule,
    /// An exception says so.
    Exception,
    /// A date has passed.
    Expiry,
    /// Not used for long.
    Idle,
    /// An operator said so.
    Operator,
}
