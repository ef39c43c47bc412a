//! Why somebody has what they have.

use std::collections::BTreeMap;

use super::pass::Planned;
use super::report::waits;
use super::view::{
    AccountView, DesiredView, ExplainView, HoldingView, NextView, PersonView, RowView, SeatView, WaitingView,
};
use super::warden::{Warden, WardenError};
use crate::directory::PersonRecord;
use crate::model::{AccountId, MatchKey, OnSuspended, PersonId};
use crate::rules::{Standing, want};
use crate::seats::{self, HoldState};

/// Entries of the journal that are shown.
const HISTORY: usize = 50;

/// Who was asked for.
pub(super) enum Found {
    /// This person.
    One(PersonId),
    /// Nobody.
    Nobody,
    /// Several.
    Several(Vec<PersonId>),
}

impl Warden {
    /// Finds somebody by number, e-mail, employee number, login name or account id.
    pub(super) fn look_up(&self, text: &str) -> Result<Found, WardenError> {
        let text = text.trim();
        if let Ok(id) = text.parse::<PersonId>() {
            let ledger = self.ledger();
            let exists = self.parts.store.person(id)?.is_some() || ledger.known.contains_key(&id);
            return Ok(if exists { Found::One(id) } else { Found::Nobody });
        }
        for key in [MatchKey::Email, MatchKey::EmployeeNumber, MatchKey::UserName] {
            let people = self.people_with(key, text);
            match people.as_slice() {
                [] => {}
                [one] => return Ok(Found::One(*one)),
                _ => return Ok(Found::Several(people)),
            }
        }
        let known = self.known();
        let by_account = self
            .parts
            .config
            .feeds
            .keys()
            .find_map(|feed| known.mirror.person_of(&AccountId { feed: feed.clone(), id: text.to_owned() }));
        Ok(by_account.map_or(Found::Nobody, Found::One))
    }

    /// The whole story of one person, from what is known now; reads no feed.
    pub(super) fn explain(&self, id: PersonId) -> Result<ExplainView, WardenError> {
        let rules = self.rules()?;
        let ledger = self.ledger();
        let record = self.parts.store.person(id)?.unwrap_or(PersonRecord { id, accounts: Vec::new() });
        let person = self.person_of(&record);
        let now = self.now();
        let today = now.date_in(&self.parts.config.time_zone);
        let decision = rules.decide(&person, today);
        let on_suspended = person
            .status_feed
            .as_ref()
            .and_then(|feed| self.parts.config.feeds.get(feed))
            .map_or(OnSuspended::Hold, |feed| feed.on_suspended);
        let known = self.known();
        let conflict = known.mirror.conflicts().get(&id).cloned();
        drop(known);
        let want = want(&person, &decision, conflict.as_ref(), on_suspended, &self.parts.catalog);
        let history = self
            .parts
            .store
            .history(id, HISTORY)?
            .iter()
            .filter_map(|entry| serde_json::to_value(entry).ok())
            .collect();
        let waiting = waits(&ledger, id)
            .into_iter()
            .filter_map(|pool| {
                let place = ledger.waiting.get(&(id, pool.clone()))?;
                let before = ledger
                    .waiting
                    .iter()
                    .filter(|((other, waited), other_wait)| {
                        *waited == pool && (other_wait.since, *other) < (place.since, id)
                    })
                    .count();
                Some(WaitingView {
                    person: self.person_view(id, &ledger),
                    pool,
                    position: u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1),
                    since: place.since,
                    reason: "pool_full".to_owned(),
                })
            })
            .collect::<Vec<_>>();
        let protected = self.protected().contains(&id);
        Ok(ExplainView {
            person: PersonView { id, email: person.email.clone(), employee_number: person.employee_number.clone() },
            name: person.display_name.clone(),
            status: person.status.to_string(),
            accounts: accounts(&record),
            rows: rules
                .trace(&person, today)
                .into_iter()
                .map(|row| RowView { id: row.id, matched: row.matched, decides: row.decides, why: row.why })
                .collect(),
            desired: DesiredView {
                tier: want.tier.as_ref().map(|(pool, _)| pool.clone()).or_else(|| want.free_tier.clone()),
                addons: want.addons.keys().cloned().collect(),
                class: want.class.as_ref().map(ToString::to_string),
                rule: want.rule.clone(),
                standing: standing_word(&want.standing),
            },
            holding: HoldingView {
                tier: self.tier_of(id, &ledger, &decision.tier),
                seats: ledger
                    .of_person(id)
                    .map(|(pool, holding)| SeatView {
                        pool: pool.clone(),
                        state: match holding.state {
                            HoldState::Granting => "granting",
                            HoldState::Held => "held",
                            HoldState::Revoking => "revoking",
                        }
                        .to_owned(),
                        since: holding.since,
                        rule: holding.rule.clone(),
                        text: holding.cause.text.clone(),
                        leaving_at: holding.leaving.as_ref().map(|leaving| leaving.due_at),
                        protected: protected.then(|| seats::KeptBy::Protected.text(pool)),
                    })
                    .collect(),
                waiting: waiting.clone(),
            },
            next: self.what_is_next(id, &rules),
            history,
            conflict: conflict.map(|conflict| {
                let others: Vec<String> =
                    conflict.with.iter().map(|other| self.person_view(*other, &ledger).label()).collect();
                format!("{} `{}` is also claimed by {}", conflict.key, conflict.value, others.join(", "))
            }),
        })
    }

    /// What the next pass would do for one person on what is known now.
    fn what_is_next(&self, id: PersonId, rules: &crate::rules::RuleSet) -> Option<NextView> {
        let policy = self.policy(rules);
        let known = self.known();
        let plan = seats::decide(&known.desired, &self.ledger(), &policy, self.now());
        drop(known);
        let planned =
            Planned { plan, policy, readings: super::read::ReadingsDone::default(), desk_trouble: Vec::new() };
        let plan = &planned.plan;
        let held = plan.held.iter().find_map(|held| {
            let step = held.steps.iter().find(|step| step.person == id)?;
            Some(NextView {
                what: "held".to_owned(),
                pool: step.pool.clone(),
                due_at: None,
                text: format!("{} (held by {}: {})", step.cause.text, held.cause, held.text),
            })
        });
        let kept = plan.kept.iter().find(|kept| kept.step.person == id).map(|kept| {
            let pool = kept.step.ends().unwrap_or(&kept.step.pool);
            NextView {
                what: "kept".to_owned(),
                pool: pool.clone(),
                due_at: None,
                text: format!("{}, but {}", kept.step.cause.text, kept.by.text(pool)),
            }
        });
        let step = plan.steps.iter().find(|step| step.person == id).map(|step| NextView {
            what: serde_json::to_value(step.action)
                .ok()
                .and_then(|word| word.as_str().map(str::to_owned))
                .unwrap_or_default(),
            pool: step.pool.clone(),
            due_at: step.due_at,
            text: step.cause.text.clone(),
        });
        let wait = plan.waiting.iter().find(|row| row.person == id).map(|row| NextView {
            what: "waiting".to_owned(),
            pool: row.pool.clone(),
            due_at: None,
            text: format!("number {} in the queue for {}", row.position, row.pool),
        });
        held.or(kept).or(step).or(wait)
    }
}

fn standing_word(standing: &Standing) -> String {
    match standing {
        Standing::Active => "active".to_owned(),
        Standing::Frozen { why } => format!("frozen: {why}"),
        Standing::Suspended { word } => format!("suspended: {word}"),
        Standing::PreStart => "pre_start".to_owned(),
        Standing::Left { word, .. } => format!("left: {word}"),
    }
}

fn accounts(record: &PersonRecord) -> Vec<AccountView> {
    record
        .accounts
        .iter()
        .map(|row| {
            let account = &row.account;
            let mut attributes: BTreeMap<String, Vec<String>> =
                account.attributes.iter().map(|(name, values)| (name.to_string(), values.clone())).collect();
            for (name, value) in [
                ("employee_number", &account.employee_number),
                ("email", &account.email),
                ("user_name", &account.user_name),
                ("display_name", &account.display_name),
            ] {
                if let Some(value) = value {
                    attributes.insert(name.to_owned(), vec![value.clone()]);
                }
            }
            AccountView {
                feed: account.id.feed.clone(),
                id: account.id.id.clone(),
                status: account.status.to_string(),
                raw_status: account.raw_status.clone(),
                attributes,
                read_at: row.read_at,
                missing_since: row.missing.map(|missing| missing.since),
            }
        })
        .collect()
}
