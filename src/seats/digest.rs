//! SHA-256 over canonical bytes, so that equal plans have equal digests in every pass.
//!
//! Every field is written with its length before it, so that no two lists of fields give the same bytes. Times are
//! left out: a plan that is wanted for the same facts an hour later is the same plan.

use sha2::{Digest as _, Sha256};

use super::event::{Evidence, Reason};
use super::plan::{Action, Plan, Step};
use super::policy::Policy;
use crate::model::{Digest, PoolId};

/// The digest of steps that a brake holds in one pool.
pub(super) fn held_digest(cause: &str, pool: &PoolId, steps: &[Step]) -> Digest {
    let mut writer = Writer::new("seatwarden held plan 1");
    writer.text(cause);
    writer.text(pool.as_str());
    writer.steps(steps);
    writer.finish()
}

/// The digest of a plan: its steps, what it holds, and the rules table it was made with. Times are not part of it.
pub fn plan_digest(plan: &Plan, policy: &Policy) -> Digest {
    let mut writer = Writer::new("seatwarden plan 1");
    writer.text(policy.rules_digest.as_str());
    writer.steps(&plan.steps);
    writer.number(plan.held.len());
    for held in &plan.held {
        writer.text(held.digest.as_str());
    }
    writer.finish()
}

struct Writer(Sha256);

impl Writer {
    fn new(purpose: &str) -> Self {
        let mut writer = Self(Sha256::new());
        writer.text(purpose);
        writer
    }

    fn steps(&mut self, steps: &[Step]) {
        self.number(steps.len());
        for step in steps {
            let Step { action, person, pool, from, to, class: _, cause, basis: _, due_at: _ } = step;
            self.text(action_word(*action));
            self.bytes(&person.0.to_be_bytes());
            self.text(pool.as_str());
            self.option(from.as_ref().map(PoolId::as_str));
            self.option(to.as_ref().map(PoolId::as_str));
            self.text(reason_word(cause.reason));
            self.text(evidence_word(cause.evidence));
            self.option(cause.rule.as_ref().map(crate::model::RuleId::as_str));
        }
    }

    fn option(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.number(1);
                self.text(text);
            }
            None => self.number(0),
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: usize) {
        self.bytes(&u64::try_from(number).unwrap_or(u64::MAX).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(self) -> Digest {
        Digest::new(format!("sha256:{}", hex::encode(self.0.finalize())))
    }
}

/// The word of an action, as in JSON.
pub const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Revoke => "revoke",
        Action::Move => "move",
        Action::Grant => "grant",
        Action::HoldOff => "hold_off",
    }
}

/// The word of a reason, as in JSON.
pub const fn reason_word(reason: Reason) -> &'static str {
    match reason {
        Reason::Rule => "rule",
        Reason::Exception => "exception",
        Reason::Fallback => "fallback",
        Reason::SeatFreed => "seat_freed",
        Reason::JobCodeChanged => "job_code_changed",
        Reason::AttributeChanged => "attribute_changed",
        Reason::RulesChanged => "rules_changed",
        Reason::Left => "left",
        Reason::Absent => "absent",
        Reason::Suspended => "suspended",
        Reason::NotStarted => "not_started",
        Reason::Expired => "expired",
        Reason::BaseMissing => "base_missing",
        Reason::Drift => "drift",
        Reason::Operator => "operator",
    }
}

/// The word of evidence, as in JSON.
pub const fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Positive => "positive",
        Evidence::Absence => "absence",
        Evidence::Rule => "rule",
        Evidence::Exception => "exception",
        Evidence::Expiry => "expiry",
        Evidence::Idle => "idle",
        Evidence::Operator => "operator",
    }
}
