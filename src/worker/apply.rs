//! The last part of a pass: the dull function that does what the plan says.
//!
//! Intent into the journal, call, confirm, result into the journal. Revocations are through before the first grant.
//! One failing step never stops the rest; an intent without a result is taken up again by the next pass.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tracing::{info, warn};

use super::metrics;
use super::pass::Planned;
use super::status::Failing;
use super::warden::{Warden, WardenError};
use crate::model::{AccountId, Billing, Digest, PersonId, PoolId, Seats, Time, UnitNo};
use crate::rules::Standing;
use crate::seats::{self, Action, Event, HoldState, Known, PoolMode, Step};
use crate::store::{Batch, StoreError};
use crate::target::{Given, Outcome as Wrote, TargetError};

/// Steps at most whose intents are committed together and whose calls run side by side. Small, so that a crash leaves few
/// open intents and the desk sees few calls at once; the outbound client has its own cap below this.
pub(super) const AT_ONCE: usize = 32;

/// The longest pause before a failing step is tried again.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);

/// What was done of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Seats given.
    pub granted: u64,
    /// Seats taken.
    pub revoked: u64,
    /// Tiers changed.
    pub moved: u64,
    /// Steps that failed and stay open.
    pub failed: u64,
    /// Steps that an observing desk keeps us from.
    pub observed: u64,
    /// A desk refused us.
    pub refused: bool,
    /// A desk could not be reached.
    pub unreachable: bool,
}

/// How the calls of one half of a step ended.
pub(super) enum Ended {
    /// So at every desk; whether a desk had to change for it, and what was learned of accounts there.
    Done { changed: bool, accounts: Vec<Event> },
    /// Nothing is held at the desk, and trying again at once is of no use.
    Dropped(String),
    /// Not known, or not possible now: the intent stays open.
    Open(TargetError),
}

impl Warden {
    pub(super) async fn apply(&self, planned: &Planned, pass: u64) -> Result<Applied, WardenError> {
        let plan = &planned.plan;
        let mut applied = Applied::default();
        self.finish_intents(plan, pass, &mut applied).await?;
        let now = self.now();
        let modes = &planned.policy.modes;
        let may = |step: &&Step| {
            step.action != Action::HoldOff
                && [step.gains(), step.loses()]
                    .into_iter()
                    .flatten()
                    .all(|pool| modes.get(pool).is_none_or(|mode| *mode != PoolMode::Observe))
        };
        applied.observed = count(plan.steps.iter().filter(|step| step.action != Action::HoldOff && !may(step)).count());
        let paused = self.paused(now);
        let steps: Vec<&Step> =
            plan.steps.iter().filter(may).filter(|step| !paused.contains(&(step.person, step.pool.clone()))).collect();
        let mut failed_before = applied.failed;
        let mut units = plan.units.clone();
        for action in [Action::Revoke, Action::Move, Action::Grant] {
            let of_action: Vec<&Step> = steps.iter().copied().filter(|step| step.action == action).collect();
            let mut rest = VecDeque::from(of_action);
            while !rest.is_empty() {
                if action != Action::Revoke && applied.failed > failed_before {
                    // A seat that did not get free must not be given: plan again on what is, and give only what both
                    // say, each the seat that the later plan gives.
                    failed_before = applied.failed;
                    let again = self.plan_again(planned);
                    let still: BTreeSet<_> = again.steps.iter().map(step_key).collect();
                    rest.retain(|step| still.contains(&step_key(step)));
                    self.keep_the_peak(&mut rest);
                    units = again.units;
                }
                let chunk = chunk(&mut rest);
                let open = self.with_open_seats(&chunk, &units);
                self.apply_chunk(&open, &units, pass, &mut applied).await?;
            }
        }
        for digest in &plan.released {
            self.after_release(digest, plan, pass).await?;
        }
        self.repair_lost(pass, &mut applied).await?;
        Ok(applied)
    }

    /// Waits, grace, holds and the like: they need no call and go in one commit.
    pub(super) async fn commit_notes(&self, planned: &Planned, pass: u64) -> Result<(), WardenError> {
        let plan = &planned.plan;
        let observed = |event: &&Event| {
            seats::seat_of(event).is_none_or(|(_, pool)| planned.policy.modes.get(pool) != Some(&PoolMode::Observe))
        };
        let notes: Vec<Event> = plan.notes.iter().filter(observed).cloned().collect();
        if notes.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new(self.now(), pass);
        let people: BTreeSet<PersonId> = notes.iter().filter_map(seats::seat_of).map(|(person, _)| person).collect();
        batch.events = self.introduce(people)?;
        batch.events.extend(notes);
        self.commit(batch).await?;
        Ok(())
    }

    /// Where the vendor bills the peak, as many wait for the next pass as revocations are not through.
    fn keep_the_peak(&self, steps: &mut VecDeque<&Step>) {
        let ledger = self.ledger();
        for pool in self.parts.catalog.pools.values().filter(|pool| pool.billing == Billing::Peak) {
            let holdings = ledger.holdings.iter().filter(|((_, id), _)| *id == pool.id);
            let open = holdings.filter(|(_, holding)| holding.state == HoldState::Revoking).count();
            let gains = steps.iter().filter(|step| step.gains() == Some(&pool.id)).count();
            let mut left = gains.saturating_sub(open);
            steps.retain(|step| {
                let gains = step.gains() == Some(&pool.id);
                let goes = !gains || left > 0;
                left = left.saturating_sub(usize::from(gains && goes));
                goes
            });
        }
    }

    /// Leaves out steps whose seat somebody has who should have lost it by now: the next pass plans them anew.
    fn with_open_seats<'s>(&self, steps: &[&'s Step], units: &Units) -> Vec<&'s Step> {
        let ledger = self.ledger();
        let is_open = |step: &&&Step| {
            let Some(pool) = step.gains() else { return true };
            let key = (step.person, pool.clone());
            let own = ledger.cooling.contains_key(&key);
            let free = |unit| ledger.units.get(pool).is_none_or(|units| units.is_open(unit));
            own || units.get(&key).is_some_and(|unit| free(*unit))
        };
        steps.iter().filter(is_open).copied().collect()
    }

    async fn apply_chunk(
        &self,
        steps: &[&Step],
        units: &Units,
        pass: u64,
        applied: &mut Applied,
    ) -> Result<(), WardenError> {
        if steps.is_empty() {
            return Ok(());
        }
        let mut intents = Batch::new(self.now(), pass);
        intents.events = self.introduce(steps.iter().map(|step| step.person).collect())?;
        for step in steps {
            if let Some(pool) = step.loses() {
                let (person, pool, cause) = (step.person, pool.clone(), step.cause.clone());
                intents.events.push(Event::Revoking { person, pool, cause });
            }
            if let Some(pool) = step.gains() {
                intents.events.push(Event::Granting {
                    person: step.person,
                    pool: pool.clone(),
                    class: step.class.clone(),
                    cause: step.cause.clone(),
                    basis: step.basis.clone(),
                    unit: units.get(&(step.person, pool.clone())).copied(),
                });
            }
        }
        self.commit(intents).await?;
        let calls: FuturesUnordered<_> = steps
            .iter()
            .map(|step| async move {
                // The old tier goes first: a person has one tier at a time, also at the desk.
                let lost = match step.loses() {
                    Some(pool) => Some((pool, self.call_revoke(step.person, pool).await)),
                    None => None,
                };
                let stuck = matches!(&lost, Some((_, Ended::Open(_) | Ended::Dropped(_))));
                let gained = match step.gains() {
                    Some(pool) if !stuck => Some((pool, self.call_grant(step.person, pool).await)),
                    _ => None,
                };
                (*step, lost, gained)
            })
            .collect();
        let ends: Vec<_> = calls.collect().await;
        let mut results = Batch::new(self.now(), pass);
        for (step, lost, gained) in ends {
            let mut ok = true;
            for (losing, half) in [(true, lost), (false, gained)] {
                if let Some((pool, ended)) = half {
                    ok &= self.settle(step.person, pool, losing, ended, applied, &mut results);
                }
            }
            if ok {
                let done = match step.action {
                    Action::Revoke => &mut applied.revoked,
                    Action::Move => &mut applied.moved,
                    Action::Grant => &mut applied.granted,
                    Action::HoldOff => continue,
                };
                *done = done.saturating_add(1);
                info!(person.id = %step.person, pool = %step.pool, action = ?step.action, reason = ?step.cause.reason, "seat changed");
            }
            metrics::change(step.action, ok);
        }
        if !results.is_empty() {
            self.commit(results).await?;
        }
        Ok(())
    }

    /// Turns the end of a call into events. Says whether it is done.
    pub(super) fn settle(
        &self,
        person: PersonId,
        pool: &PoolId,
        losing: bool,
        ended: Ended,
        applied: &mut Applied,
        batch: &mut Batch,
    ) -> bool {
        let key = (person, pool.clone());
        let (pool, now) = (pool.clone(), self.now());
        match ended {
            Ended::Done { changed, accounts } => {
                batch.events.extend(accounts);
                self.stand().failing.remove(&key);
                self.note_seat(person, now);
                if changed {
                    self.stand().count(&pool, losing);
                }
                if losing {
                    let ledger = self.ledger();
                    let cooling_until = ledger.holding(person, &pool).and_then(|holding| {
                        let cause = holding.revoking.as_ref()?;
                        seats::cooling_until(holding, cause, self.parts.catalog.pool(&pool)?, now)
                    });
                    batch.events.push(Event::Revoked { person, pool, cooling_until });
                } else {
                    self.now_ours(person, &pool);
                    batch.events.push(Event::Granted { person, pool: pool.clone() });
                    if self.ledger().waiting.contains_key(&key) {
                        batch.events.push(Event::WaitEnded { person, pool, granted: true });
                    }
                }
                true
            }
            Ended::Dropped(why) => {
                applied.failed = applied.failed.saturating_add(1);
                self.note_failing(key, why.clone(), now);
                batch.events.push(if losing {
                    Event::RevokeDropped { person, pool, why }
                } else {
                    Event::GrantDropped { person, pool, why }
                });
                false
            }
            Ended::Open(error) => {
                applied.failed = applied.failed.saturating_add(1);
                applied.refused |= matches!(error, TargetError::Refused { .. });
                applied.unreachable |= matches!(error, TargetError::Unreachable { .. });
                self.note_failing(key, error.to_string(), now);
                false
            }
        }
    }

    pub(super) async fn call_grant(&self, person: PersonId, pool: &PoolId) -> Ended {
        let (mut changed, mut accounts) = (false, Vec::new());
        for desk in self.desks_of(pool) {
            let desk_person = match self.desk_person(person, desk.name()) {
                Ok(desk_person) => desk_person,
                Err(error) => return unread(&error),
            };
            match desk.grant(&desk_person, pool).await {
                Ok(Given { outcome, account }) => {
                    changed |= outcome == Wrote::Done;
                    if desk_person.account.as_ref() != Some(&account) {
                        let target = desk.name().clone();
                        accounts.push(Event::DeskAccount { person, target, account });
                    }
                }
                Err(
                    error @ (TargetError::NoAccount { .. } | TargetError::Ambiguous { .. } | TargetError::Full { .. }),
                ) => return Ended::Dropped(error.to_string()),
                Err(error) => return Ended::Open(error),
            }
        }
        Ended::Done { changed, accounts }
    }

    pub(super) async fn call_revoke(&self, person: PersonId, pool: &PoolId) -> Ended {
        let mut changed = false;
        for desk in self.desks_of(pool) {
            let desk_person = match self.desk_person(person, desk.name()) {
                Ok(desk_person) => desk_person,
                Err(error) => return unread(&error),
            };
            match desk.revoke(&desk_person, pool).await {
                Ok(wrote) => changed |= wrote == Wrote::Done,
                Err(TargetError::ReadOnly) => return Ended::Dropped(TargetError::ReadOnly.to_string()),
                Err(error) => return Ended::Open(error),
            }
        }
        Ended::Done { changed, accounts: Vec::new() }
    }

    /// `Person` events for those whom the journal does not know yet, or knows by other accounts.
    pub(super) fn introduce(&self, people: BTreeSet<PersonId>) -> Result<Vec<Event>, WardenError> {
        let ledger = self.ledger();
        let mut events = Vec::new();
        for id in people {
            let Some(record) = self.parts.store.person(id)? else { continue };
            let person = self.person_of(&record);
            let mut accounts: Vec<AccountId> = record.accounts.iter().map(|row| row.account.id.clone()).collect();
            accounts.sort();
            let known = Known { person: id, accounts, email: person.email, employee_number: person.employee_number };
            if ledger.known.get(&id) != Some(&known) {
                events.push(Event::Person(known));
            }
        }
        Ok(events)
    }

    /// The plan made on the ledger as it is now.
    fn plan_again(&self, planned: &Planned) -> seats::Plan {
        let known = self.known();
        seats::decide(&known.desired, &self.ledger(), &planned.policy, self.now())
    }

    /// What an approval changes beside its steps.
    async fn after_release(&self, digest: &Digest, plan: &seats::Plan, pass: u64) -> Result<(), WardenError> {
        info!(digest = %digest, "a held plan was released");
        let feeds: BTreeSet<_> = {
            let known = self.known();
            plan.steps
                .iter()
                .filter(|step| step.cause.evidence == seats::Evidence::Absence)
                .filter_map(|step| {
                    let standing = &known.desired.get(&step.person)?.standing;
                    let Standing::Left { feed, absence: true, accepted: false, .. } = standing else { return None };
                    Some(feed.clone())
                })
                .collect()
        };
        for feed in feeds {
            self.accept_missing(&feed, pass).await?;
        }
        Ok(())
    }

    /// Gives back seats of ours that a desk no longer shows, without a change of the ledger. Where fewer seats are bought
    /// than are held, no more are given back than were bought.
    async fn repair_lost(&self, pass: u64, applied: &mut Applied) -> Result<(), WardenError> {
        let lost: Vec<(PoolId, PersonId)> = self
            .stand()
            .desks
            .values()
            .flat_map(|desk| desk.lost.iter())
            .flat_map(|(pool, people)| people.iter().map(move |person| (pool.clone(), *person)))
            .collect();
        let modes = self.modes();
        let paused = self.paused(self.now());
        let mut away: BTreeMap<PoolId, BTreeSet<PersonId>> = BTreeMap::new();
        for (pool, person) in &lost {
            away.entry(pool.clone()).or_default().insert(*person);
        }
        for (pool, person) in lost {
            let ledger = self.ledger();
            let in_use = ledger.counts().get(&pool).map_or(0, |count| count.total());
            let shown = in_use.saturating_sub(away.get(&pool).map_or(0, |people| count_of(people.len())));
            let bought = self.parts.catalog.pools.get(&pool).map(|pool| pool.seats);
            if matches!(bought, Some(Seats::Bought(bought)) if shown >= bought) {
                info!(person.id = %person, pool = %pool, pass, "a seat that the desk had lost is not given back: fewer were bought than are held");
                continue;
            }
            let held = ledger.holding(person, &pool).is_some_and(|holding| holding.state == HoldState::Held);
            let key = (person, pool.clone());
            if !held || paused.contains(&key) || modes.get(&pool) == Some(&PoolMode::Observe) {
                continue;
            }
            match self.call_grant(person, &pool).await {
                Ended::Done { .. } => {
                    info!(person.id = %person, pool = %pool, pass, "a seat that the desk had lost was given back");
                    away.entry(pool.clone()).or_default().remove(&person);
                    for desk in self.stand().desks.values_mut() {
                        if let Some(people) = desk.lost.get_mut(&pool) {
                            people.retain(|other| *other != person);
                        }
                    }
                }
                Ended::Dropped(why) => self.note_failing(key, why, self.now()),
                Ended::Open(error) => {
                    applied.failed = applied.failed.saturating_add(1);
                    applied.unreachable |= matches!(error, TargetError::Unreachable { .. });
                    self.note_failing(key, error.to_string(), self.now());
                }
            }
        }
        Ok(())
    }

    fn note_failing(&self, key: (PersonId, PoolId), why: String, now: Time) {
        let mut standing = self.stand();
        let tries = standing.failing.get(&key).map_or(0, |failing| failing.tries).saturating_add(1);
        let pause = Duration::from_mins(1).saturating_mul(1_u32 << tries.min(9)).min(LONGEST_PAUSE);
        warn!(person.id = %key.0, pool = %key.1, why, tries, "a seat could not be changed; it is tried again");
        standing.failing.insert(key, Failing { why, tries, until: now.plus(pause) });
    }

    /// Steps that failed a short while ago. After the first failure the next pass tries again, whenever it comes.
    pub(super) fn paused(&self, now: Time) -> BTreeSet<(PersonId, PoolId)> {
        let standing = self.stand();
        let waits: BTreeMap<_, _> =
            standing.failing.iter().filter(|(_, failing)| failing.tries > 1 && failing.until > now).collect();
        waits.into_keys().cloned().collect()
    }
}

/// Which seat everybody gets.
type Units = BTreeMap<(PersonId, PoolId), UnitNo>;

/// What is known of a person could not be read, so no desk was asked.
fn unread(error: &StoreError) -> Ended {
    Ended::Open(TargetError::Invalid { call: "store".to_owned(), why: error.to_string() })
}

fn step_key(step: &Step) -> (Action, PersonId, PoolId) {
    (step.action, step.person, step.pool.clone())
}

/// The next steps whose calls run side by side: of different people, and none gives a seat of a pool in which another of
/// them takes one, so that a swap never counts one more than before, at the desk or on the bill.
fn chunk<'s>(rest: &mut VecDeque<&'s Step>) -> Vec<&'s Step> {
    let mut chunk: Vec<&Step> = Vec::new();
    let (mut people, mut lost): (BTreeSet<PersonId>, BTreeSet<&PoolId>) = Default::default();
    while let Some(step) = rest.front().copied() {
        let waits = people.contains(&step.person) || step.gains().is_some_and(|pool| lost.contains(pool));
        if waits || chunk.len() >= AT_ONCE {
            break;
        }
        rest.pop_front();
        people.insert(step.person);
        lost.extend(step.loses());
        chunk.push(step);
    }
    chunk
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn count_of(people: usize) -> u32 {
    u32::try_from(people).unwrap_or(u32::MAX)
}
