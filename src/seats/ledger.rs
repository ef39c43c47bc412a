//! Who holds which seat, since when and why: the sum of all events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::book::{Book, Denial};
use super::event::{Cause, Event, Known};
use super::holdings::Holdings;
use super::life::{Stage, seat_of};
use super::plan::HeldPlan;
use super::undo::Pinned;
use super::unit::{UnitState, Units};
use crate::model::{ClassName, Digest, FeedName, PersonId, PoolId, RuleId, TargetName, Time, UnitNo};
use crate::rules::Basis;

/// The state of all seats. Equal ledgers mean equal seats; every change is an [`Event`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Seats by holder and pool.
    pub holdings: Holdings,
    /// People who should hold a seat and cannot yet.
    pub waiting: BTreeMap<(PersonId, PoolId), Waiting>,
    /// Seats that nobody holds and nobody may get yet.
    pub cooling: BTreeMap<(PersonId, PoolId), Cooling>,
    /// What happened to every numbered seat that was ever given.
    pub units: BTreeMap<PoolId, Units>,
    /// What went in and out of each pool, and who was refused.
    pub books: BTreeMap<PoolId, Book>,
    /// Plans held by brakes, by digest.
    pub held: BTreeMap<Digest, Hold>,
    /// Who the numbers stand for, for everybody who ever touched a seat.
    pub known: BTreeMap<PersonId, Known>,
    /// Accounts in the last accepted whole reading of each feed.
    pub accepted: BTreeMap<FeedName, u64>,
    /// The account of a person at a desk, by which it is found again whatever changed at either side.
    pub desk_accounts: BTreeMap<(PersonId, TargetName), String>,
    /// People who hold what an undo says instead of what the table gives.
    pub pins: BTreeMap<PersonId, Pinned>,
    /// Set by a rebuild until every feed was read whole.
    pub distrusted: Option<String>,
}

/// One seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Which seat of the pool it is.
    pub unit: UnitNo,
    /// Where the seat is between free and held.
    pub state: HoldState,
    /// Since when the person has it, or the grant began.
    pub since: Time,
    /// The class whose reserve it uses.
    pub class: Option<ClassName>,
    /// Why it was given.
    pub cause: Cause,
    /// The row that gives it now.
    pub rule: Option<RuleId>,
    /// The facts behind it now.
    pub basis: Basis,
    /// Set while grace runs.
    pub leaving: Option<LeavingSince>,
    /// Why it is being taken, while it is.
    pub revoking: Option<Cause>,
    /// Held at the desk before us and taken over.
    pub adopted: bool,
    /// The holder came back to their own cooling seat, which cools until then if the grant does not come about.
    pub returned: Option<Time>,
}

/// The states of a seat that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// The grant was begun, and the desk has not confirmed it.
    Granting,
    /// The desk confirmed it.
    Held,
    /// The revocation was begun, and the desk has not confirmed it.
    Revoking,
}

/// Grace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingSince {
    /// When the table stopped giving the seat.
    pub since: Time,
    /// When grace ends.
    pub due_at: Time,
    /// Why.
    pub cause: Cause,
}

/// A place in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when.
    pub since: Time,
    /// The row that gives the seat.
    pub rule: Option<RuleId>,
    /// Since when it is the lack of seats that keeps it from them; `None` while it is something else.
    pub refused: Option<Time>,
}

/// A seat that the vendor's terms keep from the next holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooling {
    /// Which seat of the pool it is.
    pub unit: UnitNo,
    /// Until when.
    pub until: Time,
    /// Since when the last holder had it; a return before `until` continues that time.
    pub held_since: Time,
}

/// A held plan and who agreed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The plan.
    pub plan: HeldPlan,
    /// Who approved, when and why, by name.
    pub approvals: BTreeMap<String, Verdict>,
    /// Who refused, when and why.
    pub rejected: Option<(String, Verdict)>,
}

/// An operator's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// How many seats of a pool are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Confirmed, including those being taken.
    pub used: u32,
    /// Grants under way.
    pub pending: u32,
    /// Cooling.
    pub cooling: u32,
}

impl Count {
    /// Everything that uses up what was bought.
    pub const fn total(self) -> u32 {
        self.used.saturating_add(self.pending).saturating_add(self.cooling)
    }
}

/// What one event changed, so that the store rewrites just that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Holding, wait or cooling of one person in one pool.
    Seat(PersonId, PoolId),
    /// Who a number stands for.
    Known(PersonId),
    /// A held plan.
    Hold(Digest),
    /// The accepted count of a feed.
    Accepted(FeedName),
    /// Whether the store is trusted.
    Trust,
    /// The account of a person at a desk.
    DeskAccount(PersonId, TargetName),
    /// What an undo says about a person.
    Pin(PersonId),
}

impl Ledger {
    /// Adds one event that happened `at`. An event that the [`Stage`] of its seat does not allow (a `Granted` without
    /// `Granting`) leaves everything as it is.
    #[expect(clippy::too_many_lines, reason = "one arm per event, and the list is what a reader looks for")]
    pub fn apply(&mut self, at: Time, event: &Event) -> Touched {
        if let Some((person, pool)) = seat_of(event)
            && !Stage::of(self, person, pool).allows(event)
        {
            return Touched::Seat(person, pool.clone());
        }
        match event {
            Event::Person(known) => {
                self.known.insert(known.person, known.clone());
                Touched::Known(known.person)
            }
            Event::Granting { person, pool, class, cause, basis, unit } => {
                let key = (*person, pool.clone());
                if !self.holdings.contains_key(&key) {
                    let seat = self.give(at, &key, *unit, true);
                    self.holdings.insert(key, Holding::new(HoldState::Granting, seat, class.as_ref(), cause, basis));
                }
                Touched::Seat(*person, pool.clone())
            }
            Event::Adopted { person, pool, target: _, class, cause, basis, unit } => {
                let key = (*person, pool.clone());
                self.wait_over(at, &key, true);
                let seat = match self.holdings.get(&key) {
                    Some(held) => Given { unit: held.unit, since: at, returned: None },
                    None => Given { returned: None, ..self.give(at, &key, *unit, false) },
                };
                let holding = Holding::new(HoldState::Held, seat, class.as_ref(), cause, basis);
                self.holdings.insert(key, Holding { adopted: true, ..holding });
                Touched::Seat(*person, pool.clone())
            }
            Event::Granted { person, pool } => {
                // Whoever got the seat no longer waits for it; a grant that is dropped leaves the place in the queue.
                let key = (*person, pool.clone());
                self.wait_over(at, &key, true);
                let begun = self.holdings.get(&key).filter(|holding| holding.state == HoldState::Granting);
                if begun.is_some_and(|holding| holding.returned.is_none()) {
                    self.book(pool).given(at);
                }
                self.on_seat(*person, pool, |holding| {
                    if holding.state == HoldState::Granting {
                        holding.state = HoldState::Held;
                    }
                })
            }
            Event::GrantDropped { person, pool, why: _ } => {
                let key = (*person, pool.clone());
                if self.holdings.get(&key).is_some_and(|holding| holding.state == HoldState::Granting)
                    && let Some(holding) = self.holdings.remove(&key)
                {
                    self.ungive(at, key, &holding);
                }
                Touched::Seat(*person, pool.clone())
            }
            Event::Revoking { person, pool, cause } => {
                // Whether the desk ever gave it is not known; what is freed is to have been given.
                let begun = self.holdings.get(&(*person, pool.clone()));
                let begun = begun.is_some_and(|it| it.state == HoldState::Granting && it.returned.is_none());
                if begun {
                    self.book(pool).given(at);
                }
                self.on_seat(*person, pool, |holding| {
                    holding.state = HoldState::Revoking;
                    holding.revoking = Some(cause.clone());
                })
            }
            Event::Revoked { person, pool, cooling_until } => {
                let key = (*person, pool.clone());
                if let Some(holding) = self.holdings.remove(&key) {
                    let state = if cooling_until.is_some() { UnitState::Cooling } else { UnitState::Free };
                    self.seats_of(pool).leave(holding.unit, at, state);
                    match *cooling_until {
                        Some(until) => {
                            let cooling = Cooling { unit: holding.unit, until, held_since: holding.since };
                            self.cooling.insert(key, cooling);
                        }
                        None => self.book(pool).freed(at),
                    }
                }
                Touched::Seat(*person, pool.clone())
            }
            Event::RevokeDropped { person, pool, why: _ } => self.on_seat(*person, pool, |holding| {
                holding.state = HoldState::Held;
                holding.revoking = None;
            }),
            Event::Leaving { person, pool, due_at, cause } => self.on_seat(*person, pool, |holding| {
                holding.leaving = Some(LeavingSince { since: at, due_at: *due_at, cause: cause.clone() });
            }),
            Event::Stays { person, pool } => self.on_seat(*person, pool, |holding| holding.leaving = None),
            Event::Rebased { person, pool, class, rule, basis } => self.on_seat(*person, pool, |holding| {
                holding.class.clone_from(class);
                holding.rule.clone_from(rule);
                holding.basis.clone_from(basis);
            }),
            Event::Waiting { person, pool, rule, blocked } => {
                let waiting = self.waiting.entry((*person, pool.clone()));
                let waiting = waiting.or_insert(Waiting { since: at, rule: None, refused: None });
                waiting.rule.clone_from(rule);
                if !blocked && waiting.refused.is_none() {
                    waiting.refused = Some(at);
                    self.book(pool).refuse();
                }
                Touched::Seat(*person, pool.clone())
            }
            Event::WaitEnded { person, pool, granted } => {
                self.wait_over(at, &(*person, pool.clone()), *granted);
                Touched::Seat(*person, pool.clone())
            }
            Event::Cooled { person, pool } => {
                if let Some(cooling) = self.cooling.remove(&(*person, pool.clone())) {
                    self.seats_of(pool).cooled(cooling.unit);
                    self.book(pool).freed(at);
                }
                Touched::Seat(*person, pool.clone())
            }
            Event::Held(plan) => {
                let hold = Hold { plan: plan.clone(), approvals: BTreeMap::new(), rejected: None };
                self.held.insert(plan.digest.clone(), hold);
                Touched::Hold(plan.digest.clone())
            }
            Event::Approved { digest, by, reason } => {
                if let Some(hold) = self.held.get_mut(digest) {
                    hold.approvals.insert(by.clone(), Verdict { at, reason: reason.clone() });
                    hold.rejected = None;
                }
                Touched::Hold(digest.clone())
            }
            Event::Rejected { digest, by, reason } => {
                if let Some(hold) = self.held.get_mut(digest) {
                    hold.approvals.clear();
                    hold.rejected = Some((by.clone(), Verdict { at, reason: reason.clone() }));
                }
                Touched::Hold(digest.clone())
            }
            Event::HoldEnded { digest, why: _ } => {
                self.held.remove(digest);
                Touched::Hold(digest.clone())
            }
            Event::FeedAccepted { feed, accounts } => {
                self.accepted.insert(feed.clone(), *accounts);
                Touched::Accepted(feed.clone())
            }
            Event::Rebuilt { why } => {
                self.distrusted = Some(why.clone());
                Touched::Trust
            }
            Event::Trusted {} => {
                self.distrusted = None;
                Touched::Trust
            }
            Event::DeskAccount { person, target, account } => {
                self.desk_accounts.insert((*person, target.clone()), account.clone());
                Touched::DeskAccount(*person, target.clone())
            }
            Event::Pinned(pin) => {
                self.pins.insert(pin.person, Pinned { at, pin: pin.clone() });
                Touched::Pin(pin.person)
            }
            Event::Unpinned { person, why: _ } => {
                self.pins.remove(person);
                Touched::Pin(*person)
            }
        }
    }

    /// The seat of one person in one pool.
    pub fn holding(&self, person: PersonId, pool: &PoolId) -> Option<&Holding> {
        self.holdings.get(&(person, pool.clone()))
    }

    /// The seats of one person, by pool.
    pub fn of_person(&self, person: PersonId) -> impl Iterator<Item = (&PoolId, &Holding)> {
        self.holdings
            .range((person, PoolId::new(""))..)
            .take_while(move |((holder, _), _)| *holder == person)
            .map(|((_, pool), holding)| (pool, holding))
    }

    /// Whether the person is one of [`Ledger::people`], by look-ups and not by going through all.
    pub fn has(&self, person: PersonId) -> bool {
        let from = (person, PoolId::new(""));
        self.of_person(person).next().is_some()
            || self.waiting.range(from.clone()..).next().is_some_and(|((id, _), _)| *id == person)
            || self.cooling.range(from..).next().is_some_and(|((id, _), _)| *id == person)
            || self.pins.contains_key(&person)
    }

    /// Everybody who holds, waits or has a cooling seat, or whose seats an undo decides.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let seats = self.holdings.keys().chain(self.waiting.keys()).chain(self.cooling.keys());
        seats.map(|(person, _)| *person).chain(self.pins.keys().copied()).collect()
    }

    /// How many seats are in which state, by pool.
    pub fn counts(&self) -> BTreeMap<PoolId, Count> {
        let mut counts: BTreeMap<PoolId, Count> = BTreeMap::new();
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        for (pool, tally) in self.holdings.tallies() {
            let count = counts.entry(pool.clone()).or_default();
            count.pending = narrow(tally.granting);
            count.used = narrow(tally.seats.saturating_sub(tally.granting));
        }
        for (_, pool) in self.cooling.keys() {
            let count = counts.entry(pool.clone()).or_default();
            count.cooling = count.cooling.saturating_add(1);
        }
        counts
    }

    /// How many people wait for a seat of each pool. Whoever is kept from one by a brake has a place in the queue, but
    /// waits for an approval and not for a seat.
    pub fn queues(&self) -> BTreeMap<PoolId, u32> {
        let steps = self.held.values().flat_map(|hold| &hold.plan.steps);
        let held: BTreeSet<(PersonId, &PoolId)> = steps.filter_map(|step| Some((step.person, step.gains()?))).collect();
        let mut queues: BTreeMap<PoolId, u32> = BTreeMap::new();
        for (_, pool) in self.waiting.keys().filter(|(person, pool)| !held.contains(&(*person, pool))) {
            let length = queues.entry(pool.clone()).or_default();
            *length = length.saturating_add(1);
        }
        queues
    }

    fn book(&mut self, pool: &PoolId) -> &mut Book {
        self.books.entry(pool.clone()).or_default()
    }

    /// Ends a wait, and writes down how a refusal ended.
    fn wait_over(&mut self, at: Time, key: &(PersonId, PoolId), granted: bool) {
        if let Some(since) = self.waiting.remove(key).and_then(|waiting| waiting.refused) {
            self.book(&key.1).settle(Denial { person: key.0, since, until: at, granted });
        }
    }

    fn seats_of(&mut self, pool: &PoolId) -> &mut Units {
        self.units.entry(pool.clone()).or_default()
    }

    /// Gives a seat: the person's own where it still cools, else one that is open.
    fn give(&mut self, at: Time, key: &(PersonId, PoolId), wanted: Option<UnitNo>, changes: bool) -> Given {
        if let Some(Cooling { unit, until, held_since }) = self.cooling.remove(key) {
            self.seats_of(&key.1).resume(unit);
            return Given { unit, since: held_since, returned: Some(until) };
        }
        let unit = self.seats_of(&key.1).give(key.0, wanted, at, changes);
        Given { unit, since: at, returned: None }
    }

    /// A grant did not come about: the seat is as it was before, and cools on where it did.
    fn ungive(&mut self, at: Time, key: (PersonId, PoolId), holding: &Holding) {
        let Holding { unit, since, returned, .. } = holding;
        let units = self.seats_of(&key.1);
        if let Some(until) = *returned {
            units.leave(*unit, at, UnitState::Cooling);
            self.cooling.insert(key, Cooling { unit: *unit, until, held_since: *since });
            return;
        }
        units.ungive(*unit);
        if units.is_empty() {
            self.units.remove(&key.1);
        }
    }

    fn on_seat(&mut self, person: PersonId, pool: &PoolId, change: impl FnOnce(&mut Holding)) -> Touched {
        let key = (person, pool.clone());
        self.holdings.change(&key, change);
        Touched::Seat(key.0, key.1)
    }
}

/// A seat that somebody gets.
#[derive(Clone, Copy)]
struct Given {
    unit: UnitNo,
    since: Time,
    returned: Option<Time>,
}

impl Holding {
    fn new(state: HoldState, seat: Given, class: Option<&ClassName>, cause: &Cause, basis: &Basis) -> Self {
        let Given { unit, since, returned } = seat;
        Self {
            unit,
            state,
            since,
            class: class.cloned(),
            rule: cause.rule.clone(),
            cause: cause.clone(),
            basis: basis.clone(),
            leaving: None,
            revoking: None,
            adopted: false,
            returned,
        }
    }
}
