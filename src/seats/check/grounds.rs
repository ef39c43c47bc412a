//! By what right every step is made.

use super::{Reader, gained, lost, name};
use crate::model::PoolId;
use crate::rules::{Standing, Want};
use crate::seats::{Action, Evidence, HoldState, Holding, PoolMode, Step};

/// Invariant 4: nobody loses a seat without proof about them. Invariant 8: nobody gains one without a row.
pub(super) fn read(reader: &mut Reader<'_>) {
    for step in &reader.plan.steps {
        if let Some(pool) = lost(step)
            && let Err(text) = may_lose(reader, step, pool)
        {
            reader.fault(4, format!("{}: {text}", name(step)));
        }
        if let Some(pool) = gained(step)
            && let Err((invariant, text)) = may_gain(reader, step, pool)
        {
            reader.fault(invariant, format!("{}: {text}", name(step)));
        }
    }
}

fn may_lose(reader: &Reader<'_>, step: &Step, pool: &PoolId) -> Result<(), String> {
    if !reader.policy.may_revoke {
        return Err("nothing is revoked until every feed was read whole".into());
    }
    if reader.mode(pool) == PoolMode::AddOnly {
        return Err(format!("seats of {pool} are never taken"));
    }
    let Some(want) = reader.desired.get(&step.person) else {
        return Err("nothing is known of this person now".into());
    };
    let Some(holding) = reader.ledger.holdings.get(&(step.person, pool.clone())) else {
        return Err(format!("the ledger holds no seat of {pool} for them"));
    };
    if holding.state == HoldState::Revoking {
        return Err("the seat is being taken already".into());
    }
    match &want.standing {
        Standing::Frozen { .. } => Err("nothing about this person may change".into()),
        Standing::PreStart => Ok(()),
        Standing::Left { absence, accepted, .. } => left(reader, step, *absence, *accepted),
        Standing::Suspended { .. } => {
            let due = is_due(reader, holding) || is_orphan(reader, step, pool);
            if due { Ok(()) } else { Err("a suspended person keeps the seat until grace is over".into()) }
        }
        Standing::Active => active(reader, step, pool, want, holding),
    }
}

fn left(reader: &Reader<'_>, step: &Step, absence: bool, accepted: bool) -> Result<(), String> {
    if absence != (step.cause.evidence == Evidence::Absence) {
        return Err("the evidence is not what the feed showed".into());
    }
    let approved = reader.plan.released.iter().filter_map(|digest| reader.ledger.held.get(digest)).any(|hold| {
        let same = |held: &Step| held.person == step.person && held.pool == step.pool && held.action == step.action;
        hold.plan.steps.iter().any(same)
    });
    if absence && !accepted && !approved { Err("an absence that is not accepted yet".into()) } else { Ok(()) }
}

fn active(reader: &Reader<'_>, step: &Step, pool: &PoolId, want: &Want, holding: &Holding) -> Result<(), String> {
    let Some(terms) = reader.policy.catalog.pools.get(pool) else {
        return Err("the catalog no longer knows this pool".into());
    };
    let orphan = is_orphan(reader, step, pool);
    if want.addons.contains_key(pool) && !orphan {
        return Err("the table gives this add-on, and its base stays".into());
    }
    let line = line_of(reader, want);
    let second = keeps_another_tier(reader, step, pool);
    if let Some(place) = line.iter().position(|tier| *tier == pool) {
        let better = gained(step).and_then(|gained| line.iter().position(|tier| *tier == gained));
        let rises = better.is_some_and(|better| better < place);
        return if rises || second { Ok(()) } else { Err("the table gives this tier".into()) };
    }
    let rank = |id: &PoolId| reader.policy.catalog.pools.get(id).map(|pool| pool.rank);
    let rises = gained(step).is_some_and(|gained| rank(gained) > rank(pool));
    let today = reader.now.date_in(&reader.policy.time_zone);
    let over = holding.basis.until.is_some_and(|until| until < today);
    let pinned = reader.ledger.pins.get(&step.person).is_some_and(|pinned| {
        let rule = format!("undo:{}", pinned.pin.undone);
        want.rule.as_ref().is_some_and(|of| of.as_str() == rule)
    });
    let no_grace = terms.grace.is_zero() || over || pinned || holding.state == HoldState::Granting;
    if rises || second || orphan || no_grace || is_due(reader, holding) {
        Ok(())
    } else {
        Err("grace is not over".into())
    }
}

fn is_due(reader: &Reader<'_>, holding: &Holding) -> bool {
    holding.leaving.as_ref().is_some_and(|leaving| leaving.due_at <= reader.now)
}

/// Whether the pool is an add-on whose base the person has no more when the plan is done.
fn is_orphan(reader: &Reader<'_>, step: &Step, pool: &PoolId) -> bool {
    let Some(addon) = reader.policy.catalog.pools.get(pool).filter(|addon| !addon.requires.is_empty()) else {
        return false;
    };
    let held = addon.requires.iter().filter(|tier| {
        let holding = reader.ledger.holdings.get(&(step.person, PoolId::clone(tier)));
        holding.is_some_and(|holding| holding.state != HoldState::Revoking)
    });
    let mine = || reader.steps_of(step.person);
    let stays = |tier: &&PoolId| !mine().any(|other| lost(other) == Some(*tier));
    let comes = mine().filter_map(gained).any(|tier| addon.requires.contains(tier));
    !reader.is_tier(pool) && !comes && !held.into_iter().any(|tier| stays(&tier))
}

/// Whether the person has another tier when the plan is done.
fn keeps_another_tier(reader: &Reader<'_>, step: &Step, pool: &PoolId) -> bool {
    let mut tiers = reader.policy.catalog.pools.keys().filter(|id| *id != pool && reader.is_tier(id));
    tiers.any(|tier| {
        let holding = reader.ledger.holdings.get(&(step.person, tier.clone()));
        let live = holding.is_some_and(|holding| holding.state != HoldState::Revoking);
        let mut mine = reader.steps_of(step.person);
        live && !mine.any(|other| lost(other) == Some(tier))
    })
}

/// The wanted tier and, below it, what is given while it is full. Only a lower tier is a fallback.
fn line_of<'a>(reader: &Reader<'a>, want: &'a Want) -> Vec<&'a PoolId> {
    let pools = &reader.policy.catalog.pools;
    let mut line: Vec<&'a PoolId> = Vec::new();
    let mut next = want.tier.as_ref().and_then(|(tier, _)| pools.get(tier));
    while let Some(pool) = next
        && reader.is_tier(&pool.id)
    {
        line.push(&pool.id);
        let below = pool.fallback.as_ref().and_then(|fallback| pools.get(fallback));
        next = below.filter(|below| (below.rank, &below.id) < (pool.rank, &pool.id));
    }
    line
}

fn may_gain(reader: &Reader<'_>, step: &Step, pool: &PoolId) -> Result<(), (u8, String)> {
    let Some(want) = reader.desired.get(&step.person) else {
        return Err((8, "nothing is known of this person now".into()));
    };
    if want.standing != Standing::Active {
        return Err((8, "only people who work here gain seats".into()));
    }
    let claim = match want.addons.get(pool) {
        Some(claim) => Some(claim),
        None => want.tier.as_ref().filter(|_| line_of(reader, want).contains(&pool)).map(|(_, claim)| claim),
    };
    match claim {
        None => Err((8, "no row gives this seat".into())),
        Some(claim) if step.cause.rule.as_ref() != Some(&claim.rule) => Err((8, "another row is named".into())),
        Some(_) if step.class != want.class => Err((3, "the class is not theirs".into())),
        Some(_) if step.action == Action::Grant || step.from.is_some() => Ok(()),
        Some(_) => Err((8, "a move from nowhere".into())),
    }
}
