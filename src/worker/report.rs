//! Values for reports, out of what is known. Reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::agenda::agenda;
use super::pass::Planned;
use super::status::Standing;
use super::view::{
    AskView, ConflictView, CoolingView, DenialView, DenialsView, FailingView, FeedView, ForecastView, HeldView,
    HookView, HooksView, KeptView, PersonRow, PersonView, PlanView, ProtectedView, RateView, ReadingView, ReassignView,
    ReservedView, RulesView, SeatsView, StatusView, StepView, SubscriptionView, Summary, TargetView, UNITS_SHOWN,
    UnitsView, WaitingView,
};
use super::warden::{Warden, WardenError};
use crate::config::Mode;
use crate::model::{AccountId, Attribute, PersonId, Pool, PoolId, PoolKind, Seats, Time, UnitNo};
use crate::rules::{Given, Severity};
use crate::seats::{self, Action, Book, HeldPlan, Kept, Ledger, Plan, Step};
use crate::store::StoreError;

/// A feed that has not been read well for so many incremental intervals is late.
const LATE_AFTER: u32 = 5;

/// Where many claim one identity, a mapping is wrong, and a few of them tell it.
const CONFLICTS_SHOWN: usize = 100;

/// However short an interval is, a pass that retries a call is not late yet.
const LATE_AT_LEAST: Duration = Duration::from_mins(1);

impl Warden {
    /// Who a number stands for.
    pub(super) fn person_view(&self, id: PersonId, ledger: &Ledger) -> PersonView {
        if let Ok(Some(record)) = self.parts.store.person(id) {
            let person = self.person_of(&record);
            return PersonView { id, email: person.email, employee_number: person.employee_number };
        }
        let known = ledger.known.get(&id);
        PersonView {
            id,
            email: known.and_then(|known| known.email.clone()),
            employee_number: known.and_then(|known| known.employee_number.clone()),
        }
    }

    fn step_view(&self, step: &Step, ledger: &Ledger) -> StepView {
        StepView {
            action: step.action,
            person: self.person_view(step.person, ledger),
            pool: step.pool.clone(),
            from: step.from.clone(),
            to: step.to.clone(),
            rule: step.cause.rule.clone(),
            reason: step.cause.reason,
            evidence: step.cause.evidence,
            text: step.cause.text.clone(),
            due_at: step.due_at,
        }
    }

    fn held_view(&self, held: &HeldPlan, ledger: &Ledger) -> HeldView {
        let verdicts = ledger.held.get(&held.digest);
        HeldView {
            digest: held.digest.clone(),
            cause: held.cause.clone(),
            pool: held.pool.clone(),
            limit: held.limit,
            wanted: held.wanted,
            text: held.text.clone(),
            held_at: held.held_at,
            expires_at: held.expires_at,
            approved_by: verdicts.map(|hold| hold.approvals.keys().cloned().collect()).unwrap_or_default(),
            rejected_by: verdicts.and_then(|hold| hold.rejected.as_ref()).map(|(by, _)| by.clone()),
            steps: held.steps.iter().map(|step| self.step_view(step, ledger)).collect(),
        }
    }

    /// `plan -o json`, from a plan that was just made.
    pub(super) fn plan_view(&self, planned: &Planned) -> PlanView {
        let ledger = self.ledger();
        let plan = &planned.plan;
        let read: BTreeMap<_, _> = planned.readings.readings.iter().map(|reading| (&reading.feed, reading)).collect();
        let states = self.parts.store.feeds().unwrap_or_default();
        let feeds = self
            .parts
            .config
            .feeds
            .keys()
            .map(|name| {
                let standing = self.stand().readings.get(name).cloned();
                standing.filter(|_| read.contains_key(name)).unwrap_or_else(|| ReadingView {
                    name: name.clone(),
                    coverage: "none".to_owned(),
                    accounts: states.get(name).map_or(0, |state| state.accounts),
                    read_at: states.get(name).and_then(|state| state.last_good),
                    error: None,
                })
            })
            .collect();
        PlanView {
            digest: seats::plan_digest(plan, &planned.policy),
            made_at: self.now(),
            rules_digest: Some(planned.policy.rules_digest.clone()),
            feeds,
            summary: summary(plan),
            steps: plan.steps.iter().map(|step| self.step_view(step, &ledger)).collect(),
            waiting: plan
                .waiting
                .iter()
                .map(|row| WaitingView {
                    person: self.person_view(row.person, &ledger),
                    pool: row.pool.clone(),
                    position: row.position,
                    since: row.since,
                    reason: row.reason.clone(),
                    not_before: row.not_before,
                    text: row.text.clone(),
                    expected: row.expected,
                    expected_by: row.expected_by.clone(),
                })
                .collect(),
            held: plan.held.iter().map(|held| self.held_view(held, &ledger)).collect(),
            findings: self.table.load().findings.clone(),
            conflicts: self.conflict_views(&ledger),
            targets: self.target_views(),
            kept: plan.kept.iter().map(|kept| self.kept_view(kept, &ledger)).collect(),
        }
    }

    fn conflict_views(&self, ledger: &Ledger) -> Vec<ConflictView> {
        let conflicts = self.known().mirror.conflicts().clone().into_iter().take(CONFLICTS_SHOWN);
        let view = |(id, conflict)| ConflictView {
            person: self.person_view(id, ledger),
            text: self.conflict_text(&conflict, ledger),
        };
        conflicts.map(view).collect()
    }

    fn kept_view(&self, kept: &Kept, ledger: &Ledger) -> KeptView {
        let Kept { step, by } = kept;
        let pool = step.ends().unwrap_or(&step.pool);
        KeptView {
            person: self.person_view(step.person, ledger),
            pool: pool.clone(),
            text: step.cause.text.clone(),
            why: by.text(pool),
        }
    }

    fn protected_views(&self, ledger: &Ledger) -> Vec<ProtectedView> {
        let names = self.protected_names().into_iter();
        let view = |(name, people): (String, BTreeSet<PersonId>)| {
            let people = people.into_iter().map(|person| self.person_view(person, ledger)).collect();
            ProtectedView { name, people }
        };
        names.map(view).collect()
    }

    /// `seats -o json`.
    pub fn seats_view(&self) -> Vec<SeatsView> {
        let (ledger, now) = (self.ledger(), self.now());
        let counts = ledger.counts();
        let queues = ledger.queues();
        let standing = self.stand();
        let (desk_counts, occupied) = (standing.desk_counts(), standing.occupied());
        drop(standing);
        let mut pools: Vec<_> = self.parts.catalog.pools.values().collect();
        pools.sort_by_key(|pool| (pool.kind, -pool.rank, pool.id.clone()));
        pools
            .into_iter()
            .map(|pool| {
                let count = counts.get(&pool.id).copied().unwrap_or_default();
                let foreign = occupied.get(&pool.id).map_or(0, |others| {
                    u64::from(others.strangers).saturating_add(u64::try_from(others.people.len()).unwrap_or(u64::MAX))
                });
                let bought = match pool.seats {
                    Seats::Unlimited => None,
                    Seats::Bought(bought) => Some(bought),
                };
                let taken = u64::from(count.total()).saturating_add(foreign);
                let free = bought.map(|bought| u32::try_from(u64::from(bought).saturating_sub(taken)).unwrap_or(0));
                let reserved = pool
                    .reserve
                    .iter()
                    .map(|(class, floor)| {
                        let used = ledger
                            .holdings
                            .iter()
                            .filter(|((_, held), holding)| *held == pool.id && holding.class.as_ref() == Some(class))
                            .count();
                        (class.to_string(), ReservedView { floor: *floor, used: small(used) })
                    })
                    .collect();
                let over = bought.map_or(0, |bought| taken.saturating_sub(u64::from(bought)));
                let over = u32::try_from(over).unwrap_or(u32::MAX);
                let count_over = usize::try_from(over).unwrap_or(usize::MAX);
                let ask = if over == 0 {
                    Vec::new()
                } else {
                    seats::whom_to_ask(&ledger, &self.known().desired, &pool.id, count_over)
                };
                let ask = ask.into_iter().map(|ask| AskView { person: ask.person, unit: ask.unit, why: ask.why });
                let ask = ask.collect();
                let target_count = desk_counts.values().filter_map(|counts| counts.get(&pool.id)).copied().max();
                SeatsView {
                    pool: pool.id.clone(),
                    kind: pool.kind,
                    bought,
                    used: count.used,
                    pending: count.pending,
                    cooling: count.cooling,
                    free,
                    reserved,
                    waiting: queues.get(&pool.id).copied().unwrap_or(0),
                    target_count,
                    foreign,
                    over,
                    units: bought.map(|bought| units_view(&ledger, pool, bought, now)),
                    forecast: free.map(|free| {
                        let zone = &self.parts.config.time_zone;
                        let forecast = seats::forecast(&pool.id, ledger.books.get(&pool.id), free, now, zone);
                        ForecastView { full_at: forecast.full_at, text: forecast.text }
                    }),
                    denials: ledger.books.get(&pool.id).map(denials_view).unwrap_or_default(),
                    ask,
                }
            })
            .collect()
    }

    /// `people -o json`.
    pub fn people_view(
        &self,
        pool: Option<&PoolId>,
        search: Option<&str>,
        limit: usize,
    ) -> Result<Vec<PersonRow>, WardenError> {
        let ledger = self.ledger();
        let rules = self.rules()?;
        let today = self.now().date_in(&self.parts.config.time_zone);
        let search = search.map(|text| text.trim().to_lowercase());
        let mut rows = Vec::new();
        self.parts.store.people(&mut |record| {
            let person = self.person_of(&record);
            let view = PersonView {
                id: record.id,
                email: person.email.clone(),
                employee_number: person.employee_number.clone(),
            };
            let matches_search = search.as_ref().is_none_or(|wanted| {
                let named = [&view.email, &view.employee_number, &person.display_name, &person.user_name]
                    .into_iter()
                    .flatten()
                    .any(|text| text.to_lowercase().contains(wanted.as_str()));
                let of_account =
                    |id: &AccountId| id.id.to_lowercase() == *wanted || id.to_string().to_lowercase() == *wanted;
                named
                    || record.id.to_string() == *wanted
                    || record.accounts.iter().any(|row| of_account(&row.account.id))
            });
            let decision = rules.decide(&person, today);
            let waiting_for: Vec<PoolId> = waits(&ledger, record.id);
            let held: BTreeSet<&PoolId> = ledger.of_person(record.id).map(|(pool, _)| pool).collect();
            if matches_search && pool.is_none_or(|pool| held.contains(pool) || waiting_for.contains(pool)) {
                rows.push(PersonRow {
                    name: person.display_name.clone(),
                    status: person.status.to_string(),
                    job_code: person.attributes.get(&Attribute::JobCode).map(|codes| codes.join(", ")),
                    tier: self.tier_of(record.id, &ledger, &decision.tier),
                    addons: held.into_iter().filter(|pool| self.kind(pool) == Some(PoolKind::Addon)).cloned().collect(),
                    waiting_for,
                    rule: decision.rule,
                    person: view,
                });
            }
            rows.len() < limit
        })?;
        Ok(rows)
    }

    /// The tier a person has now: the counted one they hold, else the free one that the table gives.
    pub(super) fn tier_of(&self, id: PersonId, ledger: &Ledger, given: &Given) -> PoolId {
        let held = ledger.of_person(id).map(|(pool, _)| pool).find(|pool| self.kind(pool) == Some(PoolKind::Tier));
        let free = match given {
            Given::Tier(pool, _) if !self.parts.catalog.is_counted(pool) => Some(pool),
            Given::Tier(..) | Given::Default | Given::Denied(_) => None,
        };
        held.or(free).unwrap_or(&self.parts.catalog.default_tier).clone()
    }

    pub(super) fn kind(&self, pool: &PoolId) -> Option<PoolKind> {
        self.parts.catalog.pool(pool).map(|pool| pool.kind)
    }

    /// `status -o json`.
    pub fn status_view(&self) -> Result<StatusView, StoreError> {
        let ledger = self.ledger();
        let table = self.table.load();
        let now = self.now();
        let states = self.parts.store.feeds()?;
        let late = self.parts.config.pass.incremental.saturating_mul(LATE_AFTER).max(LATE_AT_LEAST);
        let standing = self.stand().clone();
        let feeds = self
            .parts
            .config
            .feeds
            .keys()
            .map(|name| {
                let state = states.get(name).cloned().unwrap_or_default();
                let (last_whole, last_good) =
                    standing.times.get(name).copied().unwrap_or((state.last_whole, state.last_good));
                let error = standing.readings.get(name).and_then(|reading| reading.error.clone());
                let lag = last_good.map(|at| now.since(at));
                let feed = self.parts.feeds.get(name);
                // Incremental passes leave a feed alone that bills them.
                let billed = feed.is_some_and(|feed| feed.is_billed());
                let late = if billed { late.saturating_add(self.parts.config.pass.full) } else { late };
                let word = match () {
                    () if error.is_some() => "partial",
                    () if lag.is_none_or(|lag| lag > late) => "late",
                    () => "ok",
                };
                let budget = feed.map(|feed| feed.budget()).unwrap_or_default();
                let cursor_expires = feed.and_then(|feed| feed.cursor_expires(state.cursor.as_deref()?));
                FeedView {
                    name: name.to_string(),
                    state: word.to_owned(),
                    last_whole,
                    last_change: last_good,
                    lag_s: lag.map(|lag| lag.as_secs()),
                    accounts: state.accounts,
                    rate: RateView {
                        limit: budget.limit,
                        remaining: budget.remaining,
                        reset: budget.reset,
                        throttled: budget.throttled,
                        billed: budget.billed,
                    },
                    error,
                    degraded: self.parts.feeds.get(name).and_then(|feed| feed.degraded()),
                    cursor_expires,
                }
            })
            .collect();
        let error = table.findings.iter().find(|finding| finding.severity == Severity::Error).map(|finding| {
            let place =
                finding.place.as_ref().map(|place| format!("{}:{}: ", place.file, place.line)).unwrap_or_default();
            format!("{place}{}", finding.message)
        });
        let hooks = self.hooks_view(&standing);
        Ok(StatusView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: now,
            seats: self.seats_view(),
            due: agenda(&ledger, table.set.as_deref(), &self.known().leaving, now, &self.parts.config.time_zone),
            ready: table.set.is_some(),
            daemon: false,
            feeds,
            targets: self.target_views(),
            last_pass: standing.last_pass,
            held: ledger.held.values().map(|hold| self.held_view(&hold.plan, &ledger)).collect(),
            rules: RulesView {
                digest: table.set.as_ref().map(|set| set.digest().clone()),
                loaded_at: table.loaded_at,
                error,
            },
            distrusted: ledger.distrusted.clone(),
            hooks,
            alerts: standing.alerts,
            conflicts: self.conflict_views(&ledger),
            protected: self.protected_views(&ledger),
            kept: standing.kept.iter().map(|kept| self.kept_view(kept, &ledger)).collect(),
            undone: super::undo::undone_views(&ledger),
        })
    }

    fn hooks_view(&self, standing: &Standing) -> HooksView {
        let waiting = self.inbox.waiting();
        let with_hook = self.parts.config.feeds.values().filter(|feed| feed.hook.is_some());
        let feeds = with_hook.map(|feed| {
            let knocked = standing.hooks.get(&feed.name).cloned().unwrap_or_default();
            let keeps = feed.hook.as_ref().is_some_and(|hook| {
                hook.public_url.is_some() && matches!(hook.knock, Some(crate::config::Knock::Graph { .. }))
            });
            let subscription = keeps.then(|| {
                let subscribed = self.subscribed(&feed.name);
                let seen = subscribed.subscription;
                let is_live = seen.as_ref().is_some_and(|seen| seen.expires_at > self.now());
                let state = match () {
                    () if subscribed.error.is_some() => "failing",
                    () if is_live => "active",
                    () => "none",
                };
                SubscriptionView {
                    state: state.to_owned(),
                    expires_at: seen.as_ref().map(|seen| seen.expires_at),
                    checked_at: seen.as_ref().map(|seen| seen.checked_at),
                    error: subscribed.error,
                }
            });
            HookView {
                name: feed.name.to_string(),
                waiting: waiting.get(&feed.name).copied().unwrap_or(0),
                last_event: knocked.last,
                events: knocked.events,
                refused: knocked.refused,
                last_refusal: knocked.why,
                subscription,
                read_back_error: standing.read_back.get(&feed.name).and_then(|back| back.error.clone()),
            }
        });
        HooksView {
            waiting: waiting.values().sum(),
            event_to_seat_p50_ms: standing.event_to_seat(50),
            event_to_seat_p95_ms: standing.event_to_seat(95),
            measured: long(standing.event_to_seat_ms.len()),
            feeds: feeds.collect(),
        }
    }

    /// The desks, as they were last seen.
    pub fn target_views(&self) -> Vec<TargetView> {
        let standing = self.stand();
        self.parts
            .config
            .targets
            .iter()
            .map(|(name, config)| {
                let desk = standing.desks.get(name).cloned().unwrap_or_default();
                let failing: Vec<FailingView> = standing
                    .failing()
                    .filter(|((_, pool), _)| self.parts.targets.get(name).is_some_and(|desk| desk.has_place_for(pool)))
                    .map(|((person, pool), failing)| FailingView {
                        person: *person,
                        pool: pool.clone(),
                        why: failing.why.clone(),
                        next_try: Some(failing.until),
                    })
                    .collect();
                let state = match () {
                    () if desk.error.is_some() || !failing.is_empty() => "failing",
                    () if desk.at.is_none() => "unknown",
                    () => "ok",
                };
                TargetView {
                    name: name.to_string(),
                    mode: mode_word(config.mode).to_owned(),
                    state: state.to_owned(),
                    counts: desk.counts,
                    foreign: desk
                        .occupied
                        .iter()
                        .map(|(pool, others)| {
                            (pool.clone(), u64::from(others.strangers).saturating_add(long(others.people.len())))
                        })
                        .collect(),
                    lost: desk.lost.iter().map(|(pool, people)| (pool.clone(), long(people.len()))).collect(),
                    observed_at: desk.at,
                    error: desk.error,
                    failing,
                }
            })
            .collect()
    }
}

/// The word of a mode in the configuration.
pub(super) const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::AddOnly => "add_only",
        Mode::Full => "full",
    }
}

/// The pools a person waits for.
pub(super) fn waits(ledger: &Ledger, id: PersonId) -> Vec<PoolId> {
    ledger
        .waiting
        .range((id, PoolId::new(""))..)
        .take_while(|((person, _), _)| *person == id)
        .map(|((_, pool), _)| pool.clone())
        .collect()
}

/// The seats of a pool that nobody has.
fn units_view(ledger: &Ledger, pool: &Pool, bought: u32, now: Time) -> UnitsView {
    let units = ledger.units.get(&pool.id);
    let is_ours = |number: UnitNo| (1..=bought).contains(&number.0);
    let given = units.map_or(0, |units| units.iter().filter(|(number, _)| is_ours(*number)).count());
    let idle = units.map_or(0, |units| units.idle().filter(|(number, _)| is_ours(*number)).count());
    let cooling = ledger.cooling.iter().filter(|((_, id), _)| *id == pool.id);
    let mut cooling: Vec<CoolingView> =
        cooling.map(|(_, cooling)| CoolingView { unit: cooling.unit, until: cooling.until }).collect();
    cooling.sort_by_key(|cooling| (cooling.until, cooling.unit));
    cooling.truncate(UNITS_SHOWN);
    let reassign = pool.reassign.map(|reassign| ReassignView {
        made: small(seats::changes_of_hands(ledger, pool, now).len()),
        at_most: reassign.at_most,
    });
    UnitsView { new: bought.saturating_sub(small(given)), idle: small(idle), cooling, reassign }
}

fn denials_view(book: &Book) -> DenialsView {
    let last = book.denials.iter().rev().map(|denial| DenialView {
        person: denial.person,
        since: denial.since,
        until: denial.until,
        granted: denial.granted,
    });
    DenialsView {
        refused: book.refused,
        later_granted: book.later_granted,
        given_up: book.given_up,
        last: last.collect(),
    }
}

fn summary(plan: &Plan) -> Summary {
    let of = |action| long(plan.steps.iter().filter(|step| step.action == action).count());
    Summary {
        grant: of(Action::Grant),
        r#move: of(Action::Move),
        revoke: of(Action::Revoke),
        hold_off: of(Action::HoldOff),
        wait: long(plan.waiting.len()),
        hold: plan.held.iter().map(|held| long(held.steps.len())).sum(),
        keep: plan.keep,
    }
}

fn long(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
