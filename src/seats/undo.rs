//! Undoing a pass: its seats are given back, and kept so until something about them changes.
//!
//! An undo is a [`Pin`] for each person whom the pass touched: what they should hold instead of what the table gives. It
//! takes the place of the table's word before the plan is made, so that planner, brakes and checker treat it like any
//! other claim. A pin says what it rests on: when the person's facts, the table or the catalog are no longer those, or
//! the person leaves, it ends, and the table decides again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::event::{Cause, Event, Evidence};
use super::ledger::HoldState;
use super::plan::Step;
use super::{Ledger, Policy};
use crate::model::{Attribute, Digest, PersonId, PoolId, PoolKind, RuleId, Time};
use crate::rules::{Claim, Standing, Want};

/// What somebody should hold because an operator undid a pass. An entry of the journal has fields `pass` and `rules` of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Who.
    pub person: PersonId,
    /// The pass that was undone.
    pub undone: u64,
    /// The counted tier; `None` for none.
    pub tier: Option<PoolId>,
    /// The add-ons.
    pub addons: BTreeSet<PoolId>,
    /// The facts of the person, as long as which it stands.
    pub facts: BTreeMap<Attribute, String>,
    /// The table, as long as which it stands.
    pub table: Digest,
    /// The shape of the catalog, as long as which it stands.
    pub catalog: Digest,
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A pin in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// Since when.
    pub at: Time,
    /// The pin.
    pub pin: Pin,
}

/// How a pin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinEnd {
    /// The person's facts are no longer those.
    Facts,
    /// The table is another.
    Rules,
    /// The catalog is another.
    Catalog,
    /// The person left or has not started.
    Left,
    /// Undone in turn.
    Undone,
}

impl PinEnd {
    /// Why, in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Facts => "the person's facts changed",
            Self::Rules => "the table changed",
            Self::Catalog => "the catalog changed",
            Self::Left => "the person no longer works here",
            Self::Undone => "it was undone in turn",
        }
    }
}

/// Who undoes which pass, why, and on what it rests.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The pass.
    pub pass: u64,
    /// Who asks.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The table in force.
    pub rules: Digest,
    /// The shape of the catalog in force.
    pub catalog: Digest,
}

/// What a pass did to the seats of one person, on balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Pools in which they lost a seat.
    pub lost: BTreeSet<PoolId>,
    /// Pools in which they gained one.
    pub gained: BTreeSet<PoolId>,
}

/// A seat that is not given back, or not taken again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUndone {
    /// Whose.
    pub person: PersonId,
    /// Of which pool.
    pub pool: PoolId,
    /// What stands in the way.
    pub why: String,
}

/// What the events of a pass did to seats, person by person.
pub fn changes<'e>(events: impl IntoIterator<Item = &'e Event>) -> BTreeMap<PersonId, Change> {
    let mut changes: BTreeMap<PersonId, Change> = BTreeMap::new();
    for event in events {
        let (person, pool, gains) = match event {
            Event::Granted { person, pool } | Event::Adopted { person, pool, .. } => (*person, pool, true),
            Event::Revoked { person, pool, .. } => (*person, pool, false),
            Event::Person(_)
            | Event::Granting { .. }
            | Event::GrantDropped { .. }
            | Event::Revoking { .. }
            | Event::RevokeDropped { .. }
            | Event::Leaving { .. }
            | Event::Stays { .. }
            | Event::Rebased { .. }
            | Event::Waiting { .. }
            | Event::WaitEnded { .. }
            | Event::Cooled { .. }
            | Event::Held(_)
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::HoldEnded { .. }
            | Event::FeedAccepted { .. }
            | Event::Rebuilt { .. }
            | Event::Trusted {}
            | Event::Pinned(_)
            | Event::DeskAccount { .. }
            | Event::Unpinned { .. } => continue,
        };
        let Change { lost, gained } = changes.entry(person).or_default();
        let (into, from) = if gains { (gained, lost) } else { (lost, gained) };
        // What was taken and given again in one pass is as it was.
        if !from.remove(pool) {
            into.insert(pool.clone());
        }
    }
    changes.retain(|_, change| !change.lost.is_empty() || !change.gained.is_empty());
    changes
}

/// The event that undoes the change of one person, and what of it cannot be undone. `want` is what the table gives,
/// whatever was pinned before. Nothing to do is no event and no refusal.
pub fn undo(
    person: PersonId,
    change: &Change,
    want: Option<&Want>,
    ledger: &Ledger,
    policy: &Policy,
    stamp: &Stamp,
) -> (Option<Event>, Vec<NotUndone>) {
    let live: BTreeSet<PoolId> = ledger.of_person(person).map(|(pool, _)| pool.clone()).collect();
    let gained: BTreeSet<&PoolId> = change.gained.iter().filter(|pool| live.contains(*pool)).collect();
    let lost: BTreeSet<&PoolId> = change.lost.iter().filter(|pool| !live.contains(*pool)).collect();
    if gained.is_empty() && lost.is_empty() {
        return (None, Vec::new());
    }
    let not = |pool: &PoolId, why: String| NotUndone { person, pool: pool.clone(), why };
    let none = |why: &str| (None, lost.iter().chain(&gained).map(|pool| not(pool, why.to_owned())).collect());
    if ledger.of_person(person).any(|(_, holding)| holding.state != HoldState::Held) {
        return none("a step for them is under way; try again when it is done");
    }
    let want = match want {
        None => return none("no feed shows them any more"),
        Some(want) => match &want.standing {
            Standing::Active => want,
            Standing::Left { feed, word, .. } => return none(&format!("{feed} says {word}")),
            Standing::PreStart => return none("they have not started"),
            Standing::Suspended { word } => return none(&format!("the provider says {word}")),
            Standing::Frozen { why } => return none(why),
        },
    };
    let mut refused = Vec::new();
    let mut target = live.clone();
    for pool in gained {
        if policy.protected.contains(&person) {
            refused.push(not(pool, "they are protected and lose no seat by a pass".to_owned()));
        } else {
            target.remove(pool);
        }
    }
    let kind = |pool: &PoolId| policy.catalog.pool(pool).map(|pool| pool.kind);
    let mut lost: Vec<&PoolId> = lost.into_iter().collect();
    // Tiers before the add-ons that rest on them.
    lost.sort_by_key(|pool| kind(pool));
    for pool in lost {
        match fits(pool, &target, policy) {
            Ok(()) => {
                target.insert(pool.clone());
            }
            Err(why) => refused.push(not(pool, why)),
        }
    }
    // An add-on does not outlive its base.
    let tier = target.iter().find(|pool| kind(pool) == Some(PoolKind::Tier)).cloned();
    target.retain(|pool| kind(pool) != Some(PoolKind::Addon) || is_carried(pool, tier.as_ref(), policy));
    if target == live {
        return (None, refused);
    }
    let addons: BTreeSet<PoolId> = target.into_iter().filter(|pool| kind(pool) == Some(PoolKind::Addon)).collect();
    let by_table = want.tier.as_ref().map(|(tier, _)| tier) == tier.as_ref() && want.addons.keys().eq(addons.iter());
    let pinned = ledger.pins.get(&person);
    if by_table {
        let event = pinned.map(|_| Event::Unpinned { person, why: PinEnd::Undone });
        if event.is_none() {
            let why = "the table gives it again, and the next free seat is theirs in turn";
            refused
                .extend(change.lost.iter().filter(|pool| !live.contains(*pool)).map(|pool| not(pool, why.to_owned())));
        }
        return (event, refused);
    }
    let Stamp { pass, by, reason, rules, catalog } = stamp.clone();
    let facts = want.basis.facts.clone();
    let pin = Pin { person, undone: pass, tier, addons, facts, table: rules, catalog, by, reason };
    // Asked for before, and held by a brake or waiting for a seat since.
    let same = |before: &Pin| Pin { by: pin.by.clone(), reason: pin.reason.clone(), ..before.clone() } == pin;
    if pinned.is_some_and(|pinned| same(&pinned.pin)) {
        return (None, refused);
    }
    (Some(Event::Pinned(pin)), refused)
}

/// Whether somebody who holds `target` may hold the pool, too.
fn fits(pool: &PoolId, target: &BTreeSet<PoolId>, policy: &Policy) -> Result<(), String> {
    let catalog = &policy.catalog;
    let Some(terms) = catalog.pool(pool).filter(|_| catalog.is_counted(pool)) else {
        return Err(format!("{pool} is no longer counted"));
    };
    let of_kind =
        |kind: PoolKind| target.iter().find(move |held| catalog.pool(held).is_some_and(|held| held.kind == kind));
    let tier = of_kind(PoolKind::Tier);
    if let (PoolKind::Tier, Some(tier)) = (terms.kind, tier) {
        return Err(format!("they have {tier} by a later change"));
    }
    if terms.kind == PoolKind::Addon && !is_carried(pool, tier, policy) {
        return Err("the tier it needs is not held".to_owned());
    }
    let excluded = target.iter().find(|held| {
        terms.excludes.contains(*held) || catalog.pool(held).is_some_and(|held| held.excludes.contains(pool))
    });
    excluded.map_or(Ok(()), |other| Err(format!("excluded by {other}")))
}

fn is_carried(addon: &PoolId, tier: Option<&PoolId>, policy: &Policy) -> bool {
    let requires = policy.catalog.pool(addon).map(|pool| &pool.requires);
    requires.is_none_or(|requires| requires.is_empty() || tier.is_some_and(|tier| requires.contains(tier)))
}

/// Whether the pin stands; `Ok(false)` while the person is suspended or in doubt, when nothing of theirs changes.
pub fn stands(pin: &Pin, want: &Want, rules: &Digest, catalog: &Digest) -> Result<bool, PinEnd> {
    match want.standing {
        Standing::Left { .. } | Standing::PreStart => Err(PinEnd::Left),
        Standing::Frozen { .. } | Standing::Suspended { .. } => Ok(false),
        Standing::Active if pin.table != *rules => Err(PinEnd::Rules),
        Standing::Active if pin.catalog != *catalog => Err(PinEnd::Catalog),
        Standing::Active if pin.facts != want.basis.facts => Err(PinEnd::Facts),
        Standing::Active => Ok(true),
    }
}

/// What somebody should hold by the pin instead of by the table.
pub fn held_to(pin: &Pin, want: Want, default: &PoolId) -> Want {
    let rule = rule_of(pin.undone);
    // Whoever gets a seat back goes before everybody who waits for a first one.
    let claim = || Claim { rule: rule.clone(), exception: false, until: None, priority: i64::MAX };
    let free_tier = if pin.tier.is_some() { None } else { want.free_tier.or_else(|| Some(default.clone())) };
    Want {
        tier: pin.tier.clone().map(|tier| (tier, claim())),
        addons: pin.addons.iter().map(|addon| (addon.clone(), claim())).collect(),
        free_tier,
        rule: Some(rule.clone()),
        ..want
    }
}

/// What a name begins with under which a pin stands where otherwise a row does.
const NAME: &str = "undo:";

/// The name under which a pin stands where otherwise a row does.
pub fn rule_of(pass: u64) -> RuleId {
    RuleId::new(format!("{NAME}{pass}"))
}

/// The pass that such a name tells of; `None` for the name of a row.
pub(super) fn pass_of(rule: &RuleId) -> Option<&str> {
    rule.as_str().strip_prefix(NAME)
}

/// Whether it is such a name.
pub(super) fn is_undo(rule: &RuleId) -> bool {
    pass_of(rule).is_some()
}

/// Whether the person is held to what an undo says.
pub(super) fn is_pinned(want: &Want) -> bool {
    want.rule.as_ref().is_some_and(is_undo)
}

/// Why an undo gives or takes a seat.
pub(super) fn cause(rule: &RuleId, does: &str) -> Cause {
    let pass = pass_of(rule).unwrap_or_default();
    let text = format!("undo of pass {pass} {does}");
    Cause { reason: super::Reason::Operator, evidence: Evidence::Operator, rule: Some(rule.clone()), text }
}

/// Says who asked for it and why, in steps that an undo makes.
pub(super) fn sign(steps: &mut [Step], ledger: &Ledger) {
    for step in steps.iter_mut().filter(|step| step.cause.evidence == Evidence::Operator) {
        if let Some(Pinned { pin, .. }) = ledger.pins.get(&step.person) {
            step.cause.text = format!("{}, asked for by {}: {}", step.cause.text, pin.by, pin.reason);
        }
    }
}
