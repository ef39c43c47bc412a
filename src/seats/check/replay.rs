//! Carries a plan out on a picture of the seats, step by step, and counts after each.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, gained, lost, name};
use crate::model::{Billing, ClassName, Exemption, PersonId, Pool, PoolId, PoolKind};
use crate::seats::{Action, Event, HoldState, PoolMode, Reason, Step};

/// Who uses up a seat of a pool, for whatever reason.
#[derive(Default)]
struct Picture {
    holders: BTreeMap<PersonId, Option<ClassName>>,
    /// Whose seat is in use without being held: cooling, or at the desk and not in the ledger.
    beside: BTreeSet<PersonId>,
    strangers: u64,
    /// Seats of people whom the plan does not touch, where they are not looked at one by one.
    rest: u64,
    classes: BTreeMap<ClassName, u64>,
}

impl Picture {
    fn in_use(&self) -> u64 {
        let count = self.holders.len().saturating_add(self.beside.len());
        self.strangers.saturating_add(self.rest).saturating_add(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn insert(&mut self, person: PersonId, class: Option<ClassName>) -> bool {
        let counted = self.beside.remove(&person);
        let before = self.remove(person);
        if let Some(class) = class.as_ref().filter(|_| !counted) {
            self.count(class);
        }
        self.holders.insert(person, class);
        !before
    }

    /// Seats of people whom the plan does not touch: as many as the ledger has counted, without this one.
    fn without(&mut self, class: Option<&ClassName>) {
        self.rest = self.rest.saturating_sub(1);
        if let Some(count) = class.and_then(|class| self.classes.get_mut(class)) {
            *count = count.saturating_sub(1);
        }
    }

    fn count(&mut self, class: &ClassName) {
        let count = self.classes.entry(class.clone()).or_default();
        *count = count.saturating_add(1);
    }

    fn remove(&mut self, person: PersonId) -> bool {
        let held = self.holders.remove(&person);
        if let Some(count) = held.iter().flatten().next().and_then(|class| self.classes.get_mut(class)) {
            *count = count.saturating_sub(1);
        }
        held.is_some()
    }

    /// Seats that other classes than this one have not used of their floors.
    fn reserved_from(&self, class: Option<&ClassName>, pool: &Pool) -> u64 {
        let used = |name: &ClassName| self.classes.get(name).copied().unwrap_or(0);
        let others = pool.reserve.iter().filter(|(name, _)| Some(*name) != class);
        others.map(|(name, floor)| u64::from(*floor).saturating_sub(used(name))).sum()
    }
}

fn counts(pictures: &Pictures) -> BTreeMap<PoolId, u64> {
    pictures.iter().map(|(pool, picture)| (pool.clone(), picture.in_use())).collect()
}

type Pictures = BTreeMap<PoolId, Picture>;

/// Invariants 1, 2, 3 and the order within a person (8).
pub(super) fn read(reader: &mut Reader<'_>) {
    let mut pictures = before(reader);
    let plan = reader.plan;
    let at_first: BTreeMap<PoolId, u64> = counts(&pictures);
    let mut highest = at_first.clone();
    let mut taken: BTreeSet<PersonId> = BTreeSet::new();
    for step in &plan.steps {
        if let Some(pool) = lost(step) {
            if reader.is_tier(pool) {
                taken.insert(step.person);
            } else if taken.contains(&step.person) {
                reader.fault(8, format!("{} comes after the tier that it rests on", name(step)));
            }
            take(reader, &mut pictures, step, pool);
        }
        if let Some(pool) = gained(step) {
            give(reader, &mut pictures, step, pool);
            let now = pictures.get(pool).map_or(0, Picture::in_use);
            let most = highest.entry(pool.clone()).or_default();
            *most = now.max(*most);
        }
    }
    for (pool, most) in highest {
        let first = at_first.get(&pool).copied().unwrap_or(0);
        let last = pictures.get(&pool).map_or(0, Picture::in_use);
        let billed = reader.policy.catalog.pools.get(&pool).is_some_and(|pool| pool.billing == Billing::Peak);
        if billed && most > first.max(last) {
            reader.fault(8, format!("{pool} would count {most} seats on the way from {first} to {last}"));
        }
    }
    for step in &plan.steps {
        if let Some(tier) = lost(step).filter(|pool| reader.is_tier(pool)) {
            orphans(reader, &pictures, step, tier);
        }
    }
}

fn before(reader: &Reader<'_>) -> Pictures {
    let mut pictures = Pictures::new();
    for (pool, occupied) in &reader.policy.occupied {
        let picture = pictures.entry(pool.clone()).or_default();
        picture.beside.clone_from(&occupied.people);
        picture.strangers = u64::from(occupied.strangers);
    }
    let cooled: BTreeSet<(PersonId, &PoolId)> = reader.plan.notes.iter().filter_map(cooled).collect();
    for (person, pool) in reader.ledger.cooling.keys().filter(|(person, pool)| !cooled.contains(&(*person, pool))) {
        pictures.entry(pool.clone()).or_default().beside.insert(*person);
    }
    if reader.few.is_some() {
        for (pool, tally) in reader.ledger.holdings.tallies() {
            let picture = pictures.entry(pool.clone()).or_default();
            picture.beside.retain(|person| !reader.ledger.holdings.contains_key(&(*person, pool.clone())));
            picture.rest = tally.seats;
            picture.classes.clone_from(&tally.classes);
        }
    }
    for ((person, pool), holding) in reader.seats() {
        let picture = pictures.entry(pool.clone()).or_default();
        if reader.few.is_some() {
            picture.without(holding.class.as_ref());
        }
        picture.beside.remove(person);
        picture.insert(*person, holding.class.clone());
    }
    // A seat that is counted for somebody before fills the floor of their class from the start.
    for step in &reader.plan.steps {
        if let Some(pool) = gained(step)
            && let Some(class) = &step.class
            && let Some(picture) = pictures.get_mut(pool).filter(|picture| picture.beside.contains(&step.person))
        {
            picture.count(class);
        }
    }
    for note in &reader.plan.notes {
        if let Event::Rebased { person, pool, class, .. } = note
            && let Some(picture) = pictures.get_mut(pool)
            && picture.holders.contains_key(person)
        {
            picture.insert(*person, class.clone());
        }
    }
    pictures
}

fn cooled(note: &Event) -> Option<(PersonId, &PoolId)> {
    if let Event::Cooled { person, pool } = note { Some((*person, pool)) } else { None }
}

fn take(reader: &mut Reader<'_>, pictures: &mut Pictures, step: &Step, pool: &PoolId) {
    let picture = pictures.entry(pool.clone()).or_default();
    if !picture.remove(step.person) {
        return reader.fault(2, format!("{} takes a seat of {pool} that is not held", name(step)));
    }
    if stays_cold(reader, step, pool) {
        picture.beside.insert(step.person);
    }
    if step.action == Action::Move
        && reader.mode(&step.pool) == PoolMode::Observe
        && reader.mode(pool) != PoolMode::Observe
    {
        reader.fault(1, format!("{} relies on a pool that only observes", name(step)));
    }
}

/// Whether the vendor's terms keep the seat from others after it is taken.
pub(super) fn stays_cold(reader: &Reader<'_>, step: &Step, pool: &PoolId) -> bool {
    let Some(terms) = reader.policy.catalog.pools.get(pool).and_then(|pool| pool.min_hold.as_ref()) else {
        return false;
    };
    let Some(holding) = reader.ledger.holdings.get(&(step.person, pool.clone())) else { return false };
    let by_exception = holding.rule.as_ref().is_some_and(|rule| rule.as_str().starts_with("exception:"));
    let leaver = matches!(step.cause.reason, Reason::Left | Reason::Absent);
    let cover = step.cause.reason == Reason::Expired && by_exception;
    let exempt = (leaver && terms.exempt.contains(&Exemption::Leaver))
        || (cover && terms.exempt.contains(&Exemption::AbsenceCover));
    !exempt && reader.now.since(holding.since) < terms.time
}

fn give(reader: &mut Reader<'_>, pictures: &mut Pictures, step: &Step, pool: &PoolId) {
    let Some((terms, bought)) = reader.counted(pool) else {
        return reader.fault(2, format!("{} gives a seat of a pool that is not counted", name(step)));
    };
    let picture = pictures.entry(pool.clone()).or_default();
    let (before, bought) = (picture.in_use(), u64::from(bought));
    let counted = picture.beside.contains(&step.person);
    if !counted && before >= bought {
        reader.fault(1, format!("{} gives a seat of {bought} that are all in use", name(step)));
    } else if !counted && before.saturating_add(picture.reserved_from(step.class.as_ref(), terms)) >= bought {
        reader.fault(3, format!("{} gives a seat that another class has reserved", name(step)));
    }
    if !picture.insert(step.person, step.class.clone()) {
        reader.fault(2, format!("{} gives a second seat of the same pool", name(step)));
    }
    match terms.kind {
        PoolKind::Tier => {
            let tiers = held_by(pictures, step.person).filter(|pool| reader.is_tier(pool)).count();
            if tiers > 1 {
                reader.fault(2, format!("{} gives a second tier", name(step)));
            }
        }
        PoolKind::Addon => {
            if !rests(reader, pictures, step.person, terms, |_| true) {
                reader.fault(2, format!("{} gives an add-on without its base tier", name(step)));
            }
        }
    }
    let excludes = |other: &PoolId| {
        let back = reader.policy.catalog.pools.get(other).is_some_and(|other| other.excludes.contains(pool));
        other != pool && (back || terms.excludes.contains(other))
    };
    if held_by(pictures, step.person).any(excludes) {
        reader.fault(2, format!("{} gives a seat that something held excludes", name(step)));
    }
}

fn held_by(pictures: &Pictures, person: PersonId) -> impl Iterator<Item = &PoolId> {
    pictures.iter().filter(move |(_, picture)| picture.holders.contains_key(&person)).map(|(pool, _)| pool)
}

fn rests(
    reader: &Reader<'_>,
    pictures: &Pictures,
    person: PersonId,
    addon: &Pool,
    is_real: impl Fn(&PoolId) -> bool,
) -> bool {
    let mut tiers = held_by(pictures, person).filter(|pool| reader.is_tier(pool) && is_real(pool)).peekable();
    if addon.requires.is_empty() {
        true
    } else if tiers.peek().is_some() {
        tiers.any(|tier| addon.requires.contains(tier))
    } else {
        // Without a counted tier the person has a free one; which of them is not the ledger's to know.
        addon.requires.iter().any(|tier| reader.counted(tier).is_none())
    }
}

/// An add-on that stays while this step takes its base.
fn orphans(reader: &mut Reader<'_>, pictures: &Pictures, step: &Step, tier: &PoolId) {
    let addons: Vec<&PoolId> = held_by(pictures, step.person).filter(|pool| !reader.is_tier(pool)).collect();
    for id in addons {
        let Some((addon, _)) = reader.counted(id) else { continue };
        let ledger = reader.ledger.holdings.get(&(step.person, id.clone()));
        let going = ledger.is_some_and(|holding| holding.state == HoldState::Revoking);
        let only_planned = reader.mode(tier) == PoolMode::Observe && reader.mode(id) != PoolMode::Observe;
        let never_taken = reader.mode(id) == PoolMode::AddOnly;
        if addon.requires.contains(tier)
            && !rests(reader, pictures, step.person, addon, |_| true)
            && !rests(reader, pictures, step.person, addon, |pool| reader.mode(pool) != PoolMode::Observe)
            && !going
            && !only_planned
            && !never_taken
        {
            reader.fault(2, format!("{} leaves {id} without its base tier", name(step)));
        }
    }
}
