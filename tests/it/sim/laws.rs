//! The ten invariants, asserted on whatever the journal says happened since the last look.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use seatwarden::audit::{Entry, Verifier};
use seatwarden::directory::{Coverage, Reading};
use seatwarden::model::{AccountId, Attribute, PersonId, PoolId, Time};
use seatwarden::seats::{Cause, Event, HoldState, Ledger, Reason};
use seatwarden::store::Store as _;
use seatwarden::worker::Outcome;
use seatwarden_mocks::Server;
use seatwarden_mocks::world::PersonId as Who;

use super::house::{House, feed_name};
use super::numbers::Numbers;
use super::truth::{Due, Facts, Stand, due, is_home};

/// What happened to seats in all worlds of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) passes: u64,
    pub(super) granted: u64,
    pub(super) revoked: u64,
    pub(super) held: u64,
    pub(super) crashes: u64,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.passes += more.passes;
        self.granted += more.granted;
        self.revoked += more.revoked;
        self.held += more.held;
        self.crashes += more.crashes;
    }
}

/// Who holds a seat, and who waits for one, by pool. Numbers of people are no part of the promise.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seats {
    held: BTreeMap<PoolId, BTreeSet<Option<Who>>>,
    waiting: BTreeMap<PoolId, BTreeSet<Option<Who>>>,
}

/// Remembers what the world showed when, and what the journal said so far.
#[derive(Default)]
pub(super) struct Watch {
    versions: BTreeMap<Who, Vec<Facts>>,
    /// The version that a feed was at least as new as when it was last read without a gap.
    read: BTreeMap<(Who, &'static str), usize>,
    /// Whose account that is or was, and the last one at each feed.
    accounts: BTreeMap<(&'static str, String), Who>,
    verifier: Option<Verifier>,
    ledger: Ledger,
    pub(super) numbers: Numbers,
    seen: u64,
    pub(super) totals: Totals,
}

/// What a pass rests on, taken before it begins.
pub(super) struct Before {
    versions: BTreeMap<Who, usize>,
    day: Date,
}

/// What somebody may look like whose accounts were read at different times. An attribute that the first feed does not
/// have comes from the next one, so that a feed that cannot be read leaves an older department beside a newer job code.
fn pictures(known: &[Facts], homes: usize) -> Vec<Facts> {
    let mut pictures = known.to_vec();
    for _ in 1..homes {
        for first in pictures.clone() {
            for next in known {
                let job = first.job.clone().or_else(|| next.job.clone());
                let department = first.department.clone().or_else(|| next.department.clone());
                let picture = Facts { job, department, ..first.clone() };
                if !pictures.contains(&picture) {
                    pictures.push(picture);
                }
            }
        }
    }
    pictures
}

impl Watch {
    /// Takes down what the world shows now.
    pub(super) fn note_world(&mut self, house: &House) {
        let state = house.mocks.state();
        for person in state.world.people() {
            let facts = Facts::of(person);
            let versions = self.versions.entry(person.id).or_default();
            if versions.last() != Some(&facts) {
                versions.push(facts);
            }
            let accounts = &person.accounts;
            for (feed, id) in [("okta", &accounts.okta), ("entra", &accounts.entra), ("hr", &accounts.scim)] {
                if let Some(id) = id {
                    self.accounts.insert((feed, id.to_string()), person.id);
                }
            }
        }
    }

    /// To be called before a pass.
    pub(super) fn before(&self, house: &House) -> Before {
        let versions = self.versions.iter().map(|(who, versions)| (*who, versions.len() - 1)).collect();
        Before { versions, day: today(house) }
    }

    /// To be called after a pass that ended, with its readings.
    pub(super) fn note_readings(&mut self, before: &Before, readings: &[Reading]) {
        for reading in readings.iter().filter(|reading| reading.coverage != Coverage::Changes) {
            let name = [Server::Okta, Server::Entra, Server::Scim].map(feed_name);
            let Some(feed) = name.into_iter().find(|name| *name == reading.feed.as_str()) else { continue };
            if reading.coverage.gap().is_none() {
                for (who, version) in &before.versions {
                    self.read.insert((*who, feed), *version);
                }
            }
        }
    }

    /// Everything that has to hold at any moment. `before` is there when a pass was made since the last look.
    pub(super) fn look(&mut self, house: &House, before: Option<&Before>) -> Result<(), String> {
        let mut fresh: Vec<Entry> = Vec::new();
        house
            .store
            .journal(self.seen + 1, &mut |entry| {
                fresh.push(entry);
                true
            })
            .map_err(|error| error.to_string())?;
        let days: BTreeSet<Date> = before.map(|before| before.day).into_iter().chain([today(house)]).collect();
        let mut granting_began: Option<u64> = None;
        for entry in &fresh {
            let verifier = self.verifier.get_or_insert_with(Verifier::new);
            verifier.entry(entry).map_err(|error| format!("invariant 10: {error:?}"))?;
            super::tell(|| format!("  {} {:?}", entry.at, entry.event));
            let counts = self.ledger.counts();
            self.event(house, entry, &days, &fresh, &mut granting_began)?;
            let mut numbers = std::mem::take(&mut self.numbers);
            let noted = numbers.note(entry, &house.shape.pools, &|person| self.has_left(house, person, &days));
            self.numbers = numbers;
            noted?;
            self.ledger.apply(entry.at, &entry.event);
            self.seen = entry.seq;
            for (pool, count) in self.ledger.counts() {
                let Some(bought) = house.shape.pools.get(pool.as_str()).and_then(|pool| pool.seats) else { continue };
                let was = counts.get(&pool).copied().unwrap_or_default().total();
                if count.total() > bought.max(was) {
                    return Err(format!("invariant 1: {pool} has {count:?} of {bought} after {:?}", entry.event));
                }
            }
        }
        if !self.ledger.people().iter().all(|person| self.ledger.has(*person)) || self.ledger.has(PersonId(u64::MAX)) {
            return Err("the ledger looks somebody up otherwise than it lists them".to_owned());
        }
        if self.ledger != *house.ledger() {
            return Err("invariant 10: the journal does not add up to the ledger".to_owned());
        }
        if let Some(trouble) = house.wire.broken.lock().unwrap().take() {
            return Err(format!("invariant 1 or 2 at the desk: {trouble}"));
        }
        self.one_tier(house)
    }

    fn event(
        &mut self,
        house: &House,
        entry: &Entry,
        days: &BTreeSet<Date>,
        fresh: &[Entry],
        granting_began: &mut Option<u64>,
    ) -> Result<(), String> {
        match &entry.event {
            Event::Revoking { person, pool, cause } => {
                let to = gained(fresh, entry, *person);
                if to.is_none() && *granting_began == Some(entry.pass) {
                    return Err(format!("invariant 8: pass {} takes {pool} from {person} after a grant", entry.pass));
                }
                told(cause)?;
                self.may_lose(house, *person, pool, cause, to, days)
            }
            Event::Granting { person, pool, class, cause, .. } => {
                if !loses(fresh, entry, *person) {
                    *granting_began = Some(entry.pass);
                }
                told(cause)?;
                self.may_gain(house, *person, pool, cause, days)?;
                self.keeps_floors(house, *person, pool, class.as_ref().map(ToString::to_string).as_deref())
            }
            Event::Revoked { person, pool, .. } => {
                self.totals.revoked += 1;
                self.still_goes(house, *person, pool, days)
            }
            Event::Granted { .. } => {
                self.totals.granted += 1;
                Ok(())
            }
            Event::Held(_) => {
                self.totals.held += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The person of the world, and whether this number still stands for their present accounts.
    fn who(&self, house: &House, person: PersonId) -> Option<(Who, bool)> {
        let record = house.store.person(person).ok()?;
        let mut known: Vec<AccountId> =
            record.iter().flat_map(|it| &it.accounts).map(|row| row.account.id.clone()).collect();
        if known.is_empty() {
            known.clone_from(&house.ledger().known.get(&person)?.accounts);
        }
        let name =
            |account: &AccountId| ["okta", "entra", "hr"].into_iter().find(|feed| *feed == account.feed.as_str());
        let whose = |account: &AccountId| self.accounts.get(&(name(account)?, account.id.clone())).copied();
        let who = known.iter().find_map(whose)?;
        let state = house.mocks.state();
        let now = &state.world.person(who)?.accounts;
        let current = [&now.okta, &now.entra, &now.scim];
        let present = known.iter().any(|account| current.iter().any(|id| id.as_deref() == Some(account.id.as_str())));
        Some((who, present))
    }

    /// Everything that a pass may have known of somebody: what stands and what they are, each of its own time.
    fn dues(&self, house: &House, who: Who, days: &BTreeSet<Date>) -> Vec<Due> {
        let versions = &self.versions[&who];
        let homes = || house.shape.feeds.iter().filter(|feed| is_home(versions.last().unwrap().homes, **feed));
        let oldest =
            homes().map(|feed| self.read.get(&(who, feed_name(*feed))).copied().unwrap_or(0)).min().unwrap_or(0);
        let known = &versions[oldest.min(versions.len() - 1)..];
        let Some(table) = &house.in_force else { return Vec::new() };
        let mut dues = Vec::new();
        for stands in known {
            for is in pictures(known, homes().count()) {
                for day in days {
                    dues.push(due(&house.shape, table, &house.shape.pools, stands, &is, *day));
                }
            }
        }
        dues
    }

    /// Whether that person is gone, as far as a pass may have known.
    fn has_left(&self, house: &House, person: PersonId, days: &BTreeSet<Date>) -> bool {
        let Some((who, true)) = self.who(house, person) else { return true };
        self.dues(house, who, days).iter().any(|due| matches!(due.stand, Stand::Left | Stand::PreStart))
    }

    /// Nobody loses a seat whom the world shows as entitled and present.
    fn may_lose(
        &self,
        house: &House,
        person: PersonId,
        pool: &PoolId,
        cause: &Cause,
        to: Option<&PoolId>,
        days: &BTreeSet<Date>,
    ) -> Result<(), String> {
        let Some((who, present)) = self.who(house, person) else {
            return Err(format!("{person} lost {pool}, and nobody knows who that is"));
        };
        if !present {
            return Ok(());
        }
        let name = pool.as_str();
        let versions = &self.versions[&who];
        let ledger = &self.ledger;
        let grace = house.shape.pools[name].grace_days > 0;
        let others = || ledger.of_person(person).filter(|(other, _)| *other != pool);
        let base_goes = |due: &Due| {
            let requires = &house.shape.pools[name].requires;
            let tier = |pool: &PoolId| !house.shape.pools[pool.as_str()].addon;
            let bases = || others().filter(|(pool, holding)| tier(pool) && holding.state != HoldState::Revoking);
            let rests = bases().any(|(base, _)| requires.contains(&base.as_str()))
                || (requires.contains(&"requester") && bases().next().is_none() && due.tiers.is_empty());
            !requires.is_empty() && !rests
        };
        let goes = |due: &Due| match due.stand {
            Stand::Left | Stand::PreStart => true,
            Stand::Frozen => false,
            Stand::Suspended => grace || cause.reason == Reason::BaseMissing,
            Stand::Active if house.shape.pools[name].addon => {
                // A base that goes in the same pass is planned before the add-on is taken.
                !due.addons.contains(name) || base_goes(due) || cause.reason == Reason::BaseMissing
            }
            Stand::Active => {
                let place = |pool: &str| due.tiers.iter().position(|tier| *tier == pool);
                match (place(name), to) {
                    (None, _) => true,
                    (Some(at), Some(to)) => place(to.as_str()).is_some_and(|better| better < at),
                    // A second tier beside a better one.
                    (Some(at), None) => {
                        others().any(|(other, _)| place(other.as_str()).is_some_and(|other| other < at))
                    }
                }
            }
        };
        let dues = self.dues(house, who, days);
        if !dues.iter().any(goes) && !by_undo(cause) {
            return Err(format!(
                "wrong revocation: {pool} of {person} ({}), {cause:?}; the world showed {dues:?}",
                versions.last().unwrap().email
            ));
        }
        let any = |stand: Stand| dues.iter().any(|due| due.stand == stand);
        let holding = ledger.holding(person, pool);
        let truthful = match cause.reason {
            Reason::Left | Reason::Absent => any(Stand::Left),
            Reason::NotStarted => any(Stand::PreStart),
            Reason::Suspended => any(Stand::Suspended),
            Reason::Expired => {
                holding.and_then(|holding| holding.basis.until).is_some_and(|until| days.iter().any(|day| until < *day))
            }
            Reason::JobCodeChanged => {
                let was = holding.and_then(|holding| holding.basis.facts.get(&Attribute::JobCode));
                versions.iter().any(|facts| facts.job.as_ref() != was)
            }
            _ => true,
        };
        if truthful { Ok(()) } else { Err(format!("untrue: {pool} of {person} goes because {cause:?}, and {dues:?}")) }
    }

    /// Nobody gets a seat whom nothing entitled.
    fn may_gain(
        &self,
        house: &House,
        person: PersonId,
        pool: &PoolId,
        cause: &Cause,
        days: &BTreeSet<Date>,
    ) -> Result<(), String> {
        let Some((who, _)) = self.who(house, person) else {
            return Err(format!("{person} got {pool}, and nobody knows who that is"));
        };
        let dues = self.dues(house, who, days);
        let undone = |due: &Due| due.stand == Stand::Active && by_undo(cause);
        if dues.iter().any(|due| due.gives(pool.as_str()) || undone(due)) {
            return Ok(());
        }
        Err(format!("wrong grant: {pool} for {person}; the world showed {dues:?}"))
    }

    /// What was begun to be taken is not taken from somebody who is entitled again.
    fn still_goes(&self, house: &House, person: PersonId, pool: &PoolId, days: &BTreeSet<Date>) -> Result<(), String> {
        let Some(cause) = self.ledger.holding(person, pool).and_then(|holding| holding.revoking.clone()) else {
            return Err(format!("{person} lost {pool} without an intent"));
        };
        let Some((who, true)) = self.who(house, person) else { return Ok(()) };
        let dues = self.dues(house, who, days);
        let name = pool.as_str();
        let top =
            |due: &Due| due.stand == Stand::Active && (due.tiers.first() == Some(&name) || due.addons.contains(name));
        let addon = house.shape.pools[name].addon;
        // An add-on may have to go with its base, whatever the table says.
        if dues.iter().all(top) && !addon && !by_undo(&cause) {
            return Err(format!(
                "wrong revocation: {pool} of {person} was finished, {cause:?}, and the world shows {dues:?}"
            ));
        }
        Ok(())
    }

    /// A floor is never used by another class.
    fn keeps_floors(&self, house: &House, person: PersonId, pool: &PoolId, class: Option<&str>) -> Result<(), String> {
        let shape = &house.shape.pools[pool.as_str()];
        let key = (person, pool.clone());
        let (Some(bought), true) = (shape.seats, shape.floor > 0) else { return Ok(()) };
        if class == Some("on-call") || self.ledger.cooling.contains_key(&key) || self.ledger.holdings.contains_key(&key)
        {
            return Ok(());
        }
        let held = self.ledger.holdings.iter().filter(|((_, held), _)| held == pool);
        let on_call =
            held.filter(|(_, holding)| holding.class.as_ref().is_some_and(|class| class.as_str() == "on-call"));
        let open = shape.floor.min(bought).saturating_sub(u32::try_from(on_call.count()).unwrap());
        let in_use = self.ledger.counts().get(pool).copied().unwrap_or_default().total();
        if in_use + 1 + open > bought {
            return Err(format!("invariant 3: {person} gets {pool}: {in_use} of {bought} in use, {open} reserved"));
        }
        Ok(())
    }

    /// One tier per person that is not being taken.
    fn one_tier(&self, house: &House) -> Result<(), String> {
        let mut tiers: BTreeMap<PersonId, &PoolId> = BTreeMap::new();
        for ((person, pool), holding) in &self.ledger.holdings {
            if house.shape.pools[pool.as_str()].addon || holding.state == HoldState::Revoking {
                continue;
            }
            if let Some(other) = tiers.insert(*person, pool) {
                return Err(format!("invariant 2: {person} has {other} and {pool}"));
            }
        }
        Ok(())
    }

    /// What a pass that ended has to keep to.
    pub(super) fn outcome(&mut self, house: &House, outcome: &Outcome) -> Result<(), String> {
        self.totals.passes += 1;
        let pass = outcome.view.pass;
        let mut touched: BTreeSet<(PersonId, PoolId, bool)> = BTreeSet::new();
        house
            .store
            .journal(1.max(self.seen.saturating_sub(400)), &mut |entry| {
                match &entry.event {
                    Event::Revoking { person, pool, .. } if entry.pass == pass => {
                        touched.insert((*person, pool.clone(), true));
                    }
                    Event::Granting { person, pool, .. } if entry.pass == pass => {
                        touched.insert((*person, pool.clone(), false));
                    }
                    _ => {}
                }
                true
            })
            .map_err(|error| error.to_string())?;
        for held in &outcome.plan.held {
            for step in &held.steps {
                for (pool, loses) in [(step.loses(), true), (step.gains(), false)] {
                    let Some(pool) = pool else { continue };
                    if touched.contains(&(step.person, pool.clone(), loses)) {
                        return Err(format!("invariant 7: {:?} of held {} was made", step.action, held.digest));
                    }
                }
            }
        }
        Ok(())
    }

    /// The person of the world that a number stands for.
    pub(super) fn name_of(&self, house: &House, person: PersonId) -> Option<Who> {
        self.who(house, person).filter(|(_, present)| *present).map(|(who, _)| who)
    }

    /// Who has what.
    pub(super) fn seats(&self, house: &House) -> Seats {
        let ledger = house.ledger();
        let mut seats = Seats::default();
        for (person, pool) in ledger.holdings.keys() {
            seats.held.entry(pool.clone()).or_default().insert(self.name_of(house, *person));
        }
        for (person, pool) in ledger.waiting.keys() {
            seats.waiting.entry(pool.clone()).or_default().insert(self.name_of(house, *person));
        }
        seats
    }

    /// Where somebody stands now.
    pub(super) fn due_now(&self, house: &House, who: Who) -> Due {
        let facts = self.versions[&who].last().unwrap();
        due(&house.shape, house.in_force.as_ref().unwrap(), &house.shape.pools, facts, facts, today(house))
    }
}

/// The day in the time zone of the tables.
pub(super) fn today(house: &House) -> Date {
    day_of(seatwarden::ambient::Clock::now(&house.clock))
}

fn day_of(now: Time) -> Date {
    now.date_in(&TimeZone::UTC)
}

/// Whether an operator's undo is behind it, by which people hold something else than the table says.
fn by_undo(cause: &Cause) -> bool {
    cause.rule.as_ref().is_some_and(|rule| rule.as_str().starts_with("undo:"))
}

/// Every step names its row or policy and its evidence.
fn told(cause: &Cause) -> Result<(), String> {
    let policy = matches!(
        cause.reason,
        Reason::Left
            | Reason::Absent
            | Reason::Suspended
            | Reason::NotStarted
            | Reason::Expired
            | Reason::BaseMissing
            | Reason::Drift
            | Reason::Operator
    );
    if cause.text.is_empty() || (cause.rule.is_none() && !policy) {
        // A seat that was adopted rests on no row.
        let adopted = cause.text.contains("no row") || cause.text.contains("row ") || cause.text.contains("became");
        if cause.text.is_empty() || !adopted {
            return Err(format!("invariant 8: a step names neither row nor policy: {cause:?}"));
        }
    }
    Ok(())
}

/// The pool that the same batch gives the person, when the step is a move.
fn gained<'e>(fresh: &'e [Entry], at: &Entry, person: PersonId) -> Option<&'e PoolId> {
    let next = fresh.iter().find(|entry| entry.seq == at.seq + 1)?;
    match &next.event {
        Event::Granting { person: other, pool, .. } if *other == person => Some(pool),
        _ => None,
    }
}

/// Whether the entry before takes a seat from the same person: the two halves of a move.
fn loses(fresh: &[Entry], at: &Entry, person: PersonId) -> bool {
    let before = fresh.iter().find(|entry| entry.seq + 1 == at.seq);
    before.is_some_and(|entry| matches!(&entry.event, Event::Revoking { person: other, .. } if *other == person))
}
