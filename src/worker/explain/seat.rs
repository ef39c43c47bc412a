//! What somebody holds, what is due for them, and what the desk answered.

use jiff::civil::Date;
use serde_json::Value;

use super::verdict::rule_words;
use super::{Decision, Ledger, Person, PersonId, RuleSet, Table, Time, Want, Warden, WardenError};
use crate::audit::{self, Entry};
use crate::model::PoolId;
use crate::rules::Given;
use crate::seats::{self, Action, Event, HoldState, Holding, Plan, WaitingRow};
use crate::worker::report::waits;
use crate::worker::view::{CallView, HoldingView, NextView, SeatView, SeatsView, WaitingView};

/// Days of the table that are looked ahead for another decision.
const DAYS_AHEAD: usize = 64;

impl Warden {
    /// What a pass would do now with that table, on what is known; reads no feed.
    pub(super) fn plan_with(&self, rules: &RuleSet, in_force: bool) -> Result<Plan, WardenError> {
        let policy = self.policy(rules);
        let ledger = self.ledger();
        let now = self.now();
        let made_for = (now.date_in(&self.parts.config.time_zone), rules.digest().clone());
        {
            let known = self.known();
            if in_force && known.made_for.as_ref() == Some(&made_for) {
                return Ok(seats::decide(&known.desired, &ledger, &policy, now));
            }
        }
        let desired = self.desired_by(rules, &ledger)?;
        Ok(seats::decide(&desired, &ledger, &policy, now))
    }

    pub(super) fn holding_view(
        &self,
        id: PersonId,
        ledger: &Ledger,
        given: &Given,
        queue: &[WaitingRow],
    ) -> HoldingView {
        HoldingView {
            tier: self.tier_of(id, ledger, given),
            seats: ledger.of_person(id).map(|(pool, holding)| seat(pool, holding)).collect(),
            waiting: waits(ledger, id).into_iter().filter_map(|pool| self.wait(id, pool, ledger, queue)).collect(),
            cooling: ledger
                .cooling
                .iter()
                .filter(|((person, _), _)| *person == id)
                .map(|((_, pool), cooling)| (pool.clone(), cooling.until))
                .collect(),
        }
    }

    /// A place in a queue: as the plan has it, else by the time of waiting.
    fn wait(&self, id: PersonId, pool: PoolId, ledger: &Ledger, queue: &[WaitingRow]) -> Option<WaitingView> {
        let place = ledger.waiting.get(&(id, pool.clone()))?;
        let planned = queue.iter().find(|row| row.person == id && row.pool == pool);
        let before = || {
            let others = ledger
                .waiting
                .iter()
                .filter(|((other, waited), wait)| *waited == pool && (wait.since, *other) < (place.since, id));
            u32::try_from(others.count()).unwrap_or(u32::MAX).saturating_add(1)
        };
        Some(WaitingView {
            person: self.person_view(id, ledger),
            position: planned.map_or_else(before, |row| row.position),
            reason: planned.map_or_else(|| "pool_full".to_owned(), |row| row.reason.clone()),
            not_before: planned.and_then(|row| row.not_before),
            text: planned.map_or_else(|| "the next pass looks at it".to_owned(), |row| row.text.clone()),
            expected: planned.and_then(|row| row.expected),
            expected_by: planned.map_or_else(String::new, |row| row.expected_by.clone()),
            since: place.since,
            pool,
        })
    }

    /// What a plan has for the person: what brakes hold, steps, places in queues.
    pub(super) fn due(&self, id: PersonId, plan: &Plan) -> Vec<NextView> {
        let ledger = self.ledger();
        let needed = self.parts.config.brakes.approvers.max(1);
        let mut due = Vec::new();
        let mut held_pools = Vec::new();
        for (held, step) in plan.held_for(id) {
            held_pools.push(step.pool.clone());
            let verdicts = ledger.held.get(&held.digest);
            let approvals = verdicts.map_or(0, |hold| hold.approvals.len());
            let rejected = verdicts.and_then(|hold| hold.rejected.as_ref());
            let word = match rejected {
                Some((by, verdict)) => format!("{by} rejected it: {}", verdict.reason),
                None => format!("{approvals} of {needed} approvals so far"),
            };
            let text = format!(
                "{}: {}; held by {} in {}, {} wanted and {} pass ({}); {word}",
                doing(step),
                step.cause.text,
                held.cause,
                held.pool,
                held.wanted,
                held.limit,
                held.text
            );
            due.push(NextView {
                how: Some(approve(&held.digest)),
                digest: Some(held.digest.clone()),
                until: Some(held.expires_at),
                ..next("held", &step.pool, text)
            });
        }
        for kept in plan.kept.iter().filter(|kept| kept.step.person == id) {
            let pool = kept.step.ends().unwrap_or(&kept.step.pool);
            due.push(next("kept", pool, format!("{}, but {}", kept.step.cause.text, kept.by.text(pool))));
        }
        for step in plan.steps_of(id) {
            let text = match step.action {
                Action::HoldOff => step.cause.text.clone(),
                Action::Grant | Action::Move | Action::Revoke => format!("{}: {}", doing(step), step.cause.text),
            };
            due.push(NextView { due_at: step.due_at, ..next(action_word(step.action), &step.pool, text) });
        }
        for row in plan.waits_of(id).filter(|row| !held_pools.contains(&row.pool)) {
            let length = plan.waiting.iter().filter(|other| other.pool == row.pool).count();
            let text = format!("number {} of {length} in the queue for {}: {}", row.position, row.pool, row.text);
            let (position, due_at) = (Some(row.position), row.not_before);
            due.push(NextView { due_at, position, ..next("waiting", &row.pool, text) });
        }
        due
    }

    /// The next day on which the table alone decides otherwise for the person.
    pub(super) fn later(&self, person: &Person, table: &Table, today: Date, decision: &Decision) -> Option<NextView> {
        let gives = |decision: &Decision| {
            let tier = match &decision.tier {
                Given::Tier(pool, _) => Some(pool.clone()),
                Given::Default => Some(self.parts.catalog.default_tier.clone()),
                Given::Denied(_) => None,
            };
            (tier, decision.addons.keys().cloned().collect::<Vec<PoolId>>())
        };
        let before = gives(decision);
        let days = std::iter::successors(table.set.next_change(today), |day| table.set.next_change(*day));
        let (day, after) = days.take(DAYS_AHEAD).find_map(|day| {
            let after = table.set.decide(person, day);
            (gives(&after) != before).then_some((day, after))
        })?;
        let ends = decision.basis.until.filter(|until| *until < day);
        let ended = match (&decision.rule, ends) {
            (Some(rule), Some(until)) => format!("{} is over on {until}; ", rule_words(rule)),
            _ => String::new(),
        };
        let tier = gives(&after).0;
        let pool = tier.unwrap_or_else(|| self.parts.catalog.default_tier.clone());
        let then = match (&after.tier, &after.rule) {
            (Given::Tier(pool, _), Some(rule)) => format!("{} gives {pool}", rule_words(rule)),
            (Given::Denied(_), Some(rule)) => format!("{} denies every tier", rule_words(rule)),
            _ => format!("no row decides, so {pool} counts"),
        };
        let text = format!("{ended}from {day} {then}");
        Some(NextView { due_at: Some(Time::start_of(day, &self.parts.config.time_zone)), ..next("table", &pool, text) })
    }

    /// Calls that were begun and that no desk has confirmed.
    pub(super) fn unfinished(&self, id: PersonId, ledger: &Ledger) -> Vec<NextView> {
        let standing = self.stand();
        let open = ledger.of_person(id).filter(|(_, holding)| holding.state != HoldState::Held);
        open.map(|(pool, holding)| {
            let failing = standing.failing().find(|(key, _)| **key == (id, pool.clone())).map(|(_, failing)| failing);
            let verb = if holding.state == HoldState::Granting { "grant" } else { "revocation" };
            let why = failing.map_or("no answer of the desk is known yet".to_owned(), |failing| {
                format!("the desk answered: {}", failing.why)
            });
            let text = format!("the {verb} of {pool} was begun and is tried again; {why}");
            NextView { due_at: failing.map(|failing| failing.until), ..next("unfinished", pool, text) }
        })
        .collect()
    }

    /// The last call whose answer is known: by the journal, or by the last pass where a call failed since.
    pub(super) fn last_call(&self, id: PersonId, history: &[Entry]) -> Option<CallView> {
        let failing = {
            let standing = self.stand();
            let own = standing.failing().filter(|((person, _), _)| *person == id);
            own.max_by_key(|(_, failing)| failing.until).map(|((_, pool), failing)| (pool.clone(), failing.clone()))
        };
        let told = history.iter().rev().find_map(|entry| self.call(entry));
        let Some((pool, failing)) = failing else { return told };
        let begun = |entry: &&Entry| matches!(&entry.event, Event::Granting { pool: of, .. } | Event::Revoking { pool: of, .. } if *of == pool);
        let begun = history.iter().rev().find(begun)?;
        if told.as_ref().is_some_and(|told| told.at > begun.at) {
            return told;
        }
        let losing = matches!(begun.event, Event::Revoking { .. });
        Some(CallView {
            at: begun.at,
            what: if losing { "revoke" } else { "grant" }.to_owned(),
            desks: self.desk_names(&pool),
            pool,
            done: false,
            answer: failing.why,
            next_try: Some(failing.until),
        })
    }

    pub(super) fn call(&self, entry: &Entry) -> Option<CallView> {
        let (what, pool, done, answer) = if let Event::Granted { pool, .. } = &entry.event {
            ("grant", pool, true, "done".to_owned())
        } else if let Event::Revoked { pool, .. } = &entry.event {
            ("revoke", pool, true, "done".to_owned())
        } else if let Event::GrantDropped { pool, why, .. } = &entry.event {
            ("grant", pool, false, why.clone())
        } else if let Event::RevokeDropped { pool, why, .. } = &entry.event {
            ("revoke", pool, false, why.clone())
        } else if let Event::Adopted { pool, target, .. } = &entry.event {
            ("adopt", pool, true, format!("{target} showed the seat already"))
        } else {
            return None;
        };
        let (desks, pool, what) = (self.desk_names(pool), pool.clone(), what.to_owned());
        Some(CallView { at: entry.at, what, pool, desks, done, answer, next_try: None })
    }

    fn desk_names(&self, pool: &PoolId) -> Vec<String> {
        let desks = self.parts.targets.iter().filter(|(_, desk)| desk.has_place_for(pool));
        desks.map(|(name, _)| name.to_string()).collect()
    }

    /// The counted pools that concern somebody.
    pub(super) fn pools_of(&self, want: &Want, holding: &HoldingView) -> Vec<SeatsView> {
        let wanted = want.tier.iter().map(|(pool, _)| pool).chain(want.addons.keys());
        let held = holding.seats.iter().map(|seat| &seat.pool);
        let pools: Vec<&PoolId> = wanted.chain(held).chain(holding.waiting.iter().map(|row| &row.pool)).collect();
        self.seats_view().into_iter().filter(|seats| pools.contains(&&seats.pool)).collect()
    }
}

/// The command that approves a held plan.
pub(super) fn approve(digest: &crate::model::Digest) -> String {
    let short: String = digest.as_str().chars().take("sha256:".len().saturating_add(16)).collect();
    format!("seatwarden approve {short} --reason TEXT")
}

pub(super) fn next(what: &str, pool: &PoolId, text: String) -> NextView {
    NextView {
        what: what.to_owned(),
        pool: pool.clone(),
        due_at: None,
        text,
        how: None,
        digest: None,
        until: None,
        position: None,
    }
}

const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Revoke => "revoke",
        Action::Move => "move",
        Action::Grant => "grant",
        Action::HoldOff => "hold_off",
    }
}

/// What a step does, in words.
pub(super) fn doing(step: &seats::Step) -> String {
    let pool = &step.pool;
    match (step.action, &step.from) {
        (Action::Grant, _) => format!("gets {pool}"),
        (Action::Move, Some(from)) => format!("moves from {from} to {pool}"),
        (Action::Move, None) => format!("moves to {pool}"),
        (Action::Revoke, _) => format!("loses {pool}"),
        (Action::HoldOff, _) => format!("keeps {pool} for now"),
    }
}

fn seat(pool: &PoolId, holding: &Holding) -> SeatView {
    let leaving = holding.leaving.as_ref();
    SeatView {
        pool: pool.clone(),
        unit: holding.unit,
        state: match holding.state {
            HoldState::Granting => "granting",
            HoldState::Held => "held",
            HoldState::Revoking => "revoking",
        }
        .to_owned(),
        since: holding.since,
        rule: holding.rule.clone(),
        class: holding.class.as_ref().map(ToString::to_string),
        adopted: holding.adopted,
        text: holding.cause.text.clone(),
        leaving_at: leaving.map(|leaving| leaving.due_at),
        protected: None,
        leaving_text: holding
            .revoking
            .as_ref()
            .or(leaving.map(|leaving| &leaving.cause))
            .map(|cause| cause.text.clone()),
    }
}

/// An entry of the journal with what it says in words.
pub(super) fn entry(entry: &Entry) -> Option<Value> {
    let mut value = serde_json::to_value(entry).ok()?;
    value.as_object_mut()?.insert("text".to_owned(), audit::deed(&entry.event).into());
    Some(value)
}
