//! Why a step is made, as a value and in words.

use jiff::civil::Date;

use super::event::{Cause, Evidence, Reason};
use super::ledger::Holding;
use super::undo::{self, is_undo};
use crate::model::{Attribute, FeedName, Pool, PoolId, PoolKind, RuleId, Time};
use crate::rules::{Basis, Claim, Want};

/// Whether the id is that of an exception for one person.
pub(super) fn is_exception(rule: &RuleId) -> bool {
    rule.as_str().starts_with("exception:")
}

/// Whether the last day on which the seat was given is over.
pub(super) fn is_expired(holding: &Holding, today: Date) -> bool {
    holding.basis.until.is_some_and(|until| until < today)
}

/// The facts behind a seat that a claim gives.
pub(super) fn basis_of(want: &Want, claim: &Claim) -> Basis {
    Basis { facts: want.basis.facts.clone(), until: claim.until }
}

/// Why a seat of `pool` is given by `claim`.
pub(super) fn gain(pool: &PoolId, claim: &Claim, wanted: &PoolId, waits_since: Option<Time>) -> Cause {
    let row = &claim.rule;
    if is_undo(row) && pool == wanted {
        return undo::cause(row, &format!("gives {pool} back"));
    }
    let evidence = if claim.exception { Evidence::Exception } else { Evidence::Rule };
    let (reason, text) = if pool != wanted {
        (Reason::Fallback, format!("row {row} gives {wanted}, which has no seat free; {pool} meanwhile"))
    } else if let Some(since) = waits_since {
        (Reason::SeatFreed, format!("row {row} gives {pool}; waited since {since} and is next"))
    } else if claim.exception {
        (Reason::Exception, format!("{row} gives {pool}"))
    } else {
        (Reason::Rule, format!("row {row} gives {pool}"))
    };
    Cause { reason, evidence, rule: Some(row.clone()), text }
}

/// Why somebody active no longer gets the seat of `pool`: a date is over, the person changed, or the table did.
pub(super) fn loss(pool: &Pool, holding: &Holding, want: &Want, today: Date) -> Cause {
    if let Some(undo) = want.rule.as_ref().filter(|_| undo::is_pinned(want)) {
        return undo::cause(undo, &format!("takes {}", pool.id));
    }
    let rule = holding.rule.clone();
    let outcome =
        || if pool.kind == PoolKind::Addon { format!("no row grants {}", pool.id) } else { outcome(&pool.id, want) };
    let pool = &pool.id;
    let row = |verb: &str| match &holding.rule {
        Some(rule) if is_exception(rule) => format!("{rule} no longer {verb} {pool}"),
        Some(rule) => format!("row {rule} no longer {verb} {pool}"),
        None => format!("no row {verb} {pool}"),
    };
    if let (true, Some(until)) = (is_expired(holding, today), holding.basis.until) {
        let name = rule.as_ref().map_or_else(String::new, |rule| format!("{} ", rule_words(rule)));
        let text = format!("{name}gave {pool} until {until}");
        return Cause { reason: Reason::Expired, evidence: Evidence::Expiry, rule, text };
    }
    if want.rule.as_ref().is_some_and(is_exception) {
        let text = format!("{}; {}", row("grants"), outcome());
        return Cause { reason: Reason::Exception, evidence: Evidence::Exception, rule, text };
    }
    match change(&holding.basis, &want.basis) {
        Some((reason, change)) => {
            let text = format!("{change}; {}", outcome());
            Cause { reason, evidence: Evidence::Positive, rule, text }
        }
        None => Cause { reason: Reason::RulesChanged, evidence: Evidence::Rule, rule, text: row("grants") },
    }
}

/// What changed about the person between two sets of facts.
fn change(before: &Basis, after: &Basis) -> Option<(Reason, String)> {
    let (old, new) = (before.facts.get(&Attribute::JobCode), after.facts.get(&Attribute::JobCode));
    // A seat without facts was taken over from the desk; it cannot tell what changed.
    if old != new && !before.facts.is_empty() {
        return Some((Reason::JobCodeChanged, in_words("job code", old, new)));
    }
    let mut shared = before.facts.iter().filter_map(|(key, old)| Some((key, old, after.facts.get(key)?)));
    shared.find(|(_, old, new)| old != new).map(|(key, old, new)| {
        (Reason::AttributeChanged, in_words(&key.to_string().replace('_', " "), Some(old), Some(new)))
    })
}

fn in_words(name: &str, old: Option<&String>, new: Option<&String>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{name} {old} became {new}"),
        (Some(old), None) => format!("{name} {old} was removed"),
        (None, Some(new)) => format!("{name} became {new}"),
        (None, None) => format!("{name} is as before"),
    }
}

fn outcome(pool: &PoolId, want: &Want) -> String {
    match (&want.rule, &want.tier, &want.free_tier) {
        (Some(rule), Some((tier, _)), _) if tier != pool => format!("{} gives {tier}", rule_words(rule)),
        (Some(rule), None, Some(tier)) if tier != pool => format!("{} gives {tier}", rule_words(rule)),
        (Some(rule), None, None) => format!("{} gives no tier", rule_words(rule)),
        _ => format!("no row grants {pool}"),
    }
}

fn rule_words(rule: &RuleId) -> String {
    if is_exception(rule) { rule.to_string() } else { format!("row {rule}") }
}

/// Somebody left, by the provider's word or by a confirmed absence.
pub(super) fn left(feed: &FeedName, word: &str, absence: bool, rule: Option<RuleId>) -> Cause {
    if absence {
        let text = format!("{feed} no longer shows the person ({word})");
        Cause { reason: Reason::Absent, evidence: Evidence::Absence, rule, text }
    } else {
        let text = format!("{feed} says {word}");
        Cause { reason: Reason::Left, evidence: Evidence::Positive, rule, text }
    }
}

/// Somebody has not started.
pub(super) fn not_started(rule: Option<RuleId>) -> Cause {
    let text = "the person has not started".to_owned();
    Cause { reason: Reason::NotStarted, evidence: Evidence::Positive, rule, text }
}

/// Somebody is suspended.
pub(super) fn suspended(word: &str, rule: Option<RuleId>) -> Cause {
    let text = format!("the provider says {word}; seats are kept through grace");
    Cause { reason: Reason::Suspended, evidence: Evidence::Positive, rule, text }
}

/// The base tier of an add-on goes.
pub(super) fn base_missing(addon: &PoolId, rule: Option<RuleId>) -> Cause {
    let text = format!("{addon} needs a base tier that is no longer held");
    Cause { reason: Reason::BaseMissing, evidence: Evidence::Rule, rule, text }
}

/// A second tier beside the one that stays.
pub(super) fn second_tier(stays: &PoolId, mut cause: Cause) -> Cause {
    cause.text = format!("one tier per person, and {stays} is held; {}", cause.text);
    cause
}
