//! What was: seats, waits and causes by the journal; facts and table as far as they are still proven.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::find::remembered;
use super::seat::{approve, doing, entry, next};
use super::{
    Answer, DesiredView, ExplainView, Found, Ledger, PersonId, PersonRecord, PersonView, Question, RuleSet, Table,
    TableView, Time, Warden, WardenError, exit, verdict,
};
use crate::audit::{Past, PastReader};
use crate::rules::Given;
use crate::worker::report::waits;
use crate::worker::view::{FactView, NextView};

/// The note that says which table passes use, and since when.
const RULES_SINCE: &str = "rules_since";

impl Warden {
    pub(super) fn explain_past(
        &self,
        question: &Question,
        at: Time,
        given: Option<Arc<RuleSet>>,
    ) -> Result<Answer, WardenError> {
        let text = question.person.trim();
        let today = self.look_up(text)?;
        let first = if let Found::One(id) = today { Some(id) } else { None };
        let mut past = self.read_past(at, first)?;
        // A name may have been another person's then; whom it could mean is listed, not guessed.
        let mut people: BTreeSet<PersonId> = match today {
            Found::One(id) => [id].into(),
            Found::Several(people) => people.into_iter().collect(),
            Found::Nobody => BTreeSet::new(),
        };
        people.extend(remembered(&past.ledger, text));
        let id = match people.iter().copied().collect::<Vec<_>>().as_slice() {
            [] => return self.not_one(text, Found::Nobody),
            [one] => *one,
            several => return self.not_one(text, Found::Several(several.to_vec())),
        };
        if first != Some(id) {
            past = self.read_past(at, Some(id))?;
        }
        let table = match given {
            Some(set) => Some(Table { set, in_force: false, since: None }),
            None => self.table_in_force().ok().filter(|table| table.since.is_some_and(|since| since <= at)),
        };
        let view = self.past_view(id, at, &past, table.as_ref(), question.all_rows)?;
        if question.rules.is_some() && view.desired.standing == UNKNOWN {
            let why = format!(
                "what the given table would have given {} at {at} cannot be told: {}",
                view.person.label(),
                view.unknown.join("; ")
            );
            return Ok(Answer::failed(exit::DATA, why));
        }
        Ok(Answer::data(&view))
    }

    fn read_past(&self, at: Time, person: Option<PersonId>) -> Result<Past, WardenError> {
        let mut reader = PastReader::new(at, person);
        self.parts.store.journal(1, &mut |entry| reader.take(&entry))?;
        Ok(reader.done())
    }

    fn past_view(
        &self,
        id: PersonId,
        at: Time,
        past: &Past,
        table: Option<&Table>,
        all_rows: bool,
    ) -> Result<ExplainView, WardenError> {
        let record = self.parts.store.person(id)?.unwrap_or(PersonRecord { id, accounts: Vec::new() });
        let mut unknown = gaps(past, at);
        let name = self.person_of(&record).display_name;
        let (record, whole) = proven(record, at, &mut unknown);
        let person = self.person_of(&record);
        let known = past.ledger.known.get(&id);
        let history: Vec<_> = past.story.iter().filter_map(entry).collect();
        let last_call = past.story.iter().rev().find_map(|entry| self.call(entry));
        let due = self.past_due(id, &past.ledger);
        let mut view = ExplainView {
            person: PersonView {
                id,
                email: known.and_then(|known| known.email.clone()).or_else(|| person.email.clone()),
                employee_number: known
                    .and_then(|known| known.employee_number.clone())
                    .or_else(|| person.employee_number.clone()),
            },
            // Of today, to tell the person by.
            name,
            status: if whole { person.status.to_string() } else { UNKNOWN.to_owned() },
            at,
            past: true,
            journal_begins: past.begins,
            accounts: self.accounts(&record, Some(at))?,
            facts: Vec::new(),
            rows: Vec::new(),
            rows_omitted: 0,
            table: None,
            desired: not_known(&past.ledger, id),
            desired_in_force: None,
            holding: self.holding_view(id, &past.ledger, &Given::Default, &[]),
            pools: Vec::new(),
            next: due.first().cloned(),
            due,
            last_call,
            history,
            conflict: None,
            conflict_sides: Vec::new(),
            unknown: Vec::new(),
        };
        view.facts = if whole { self.facts(&record, &view.accounts) } else { journal_facts(past) };
        match table {
            Some(table) if whole => {
                let day = at.date_in(&self.parts.config.time_zone);
                let (decision, want) = self.wanted(&person, &table.set, day, None);
                (view.rows, view.rows_omitted) = verdict::rows(&table.set, &person, day, all_rows);
                view.desired = self.desired_view(&want, &decision, &view.rows);
                view.holding = self.holding_view(id, &past.ledger, &decision.tier, &[]);
                let digest = table.set.digest().clone();
                view.table = Some(TableView { digest, in_force: table.in_force, since: table.since });
            }
            Some(_) => {}
            None => {
                let since = self.table_in_force().ok().and_then(|table| table.since);
                let since = since.map_or("a time that is not written down".to_owned(), |since| since.to_string());
                unknown.push(format!(
                    "the rules table of then: the one in force is used since {since}, and earlier ones are not kept \
                     (--with-rules FOLDER tells what another table gives)"
                ));
            }
        }
        if self.known().mirror.conflicts().contains_key(&id) {
            unknown.push("whether the conflict of today was there then".to_owned());
        }
        view.unknown = unknown;
        Ok(view)
    }

    /// What was due then, by the ledger alone.
    fn past_due(&self, id: PersonId, ledger: &Ledger) -> Vec<NextView> {
        let mut due = Vec::new();
        for hold in ledger.held.values() {
            for step in hold.plan.steps.iter().filter(|step| step.person == id) {
                let held = &hold.plan;
                let why = &step.cause.text;
                let text = format!("{}: {why}; held by {} in {} ({})", doing(step), held.cause, held.pool, held.text);
                // Only a plan that is still held can be approved.
                let how = self.ledger().held.contains_key(&held.digest).then(|| approve(&held.digest));
                let (digest, until) = (Some(held.digest.clone()), Some(held.expires_at));
                due.push(NextView { how, digest, until, ..next("held", &step.pool, text) });
            }
        }
        for pool in waits(ledger, id) {
            let length = ledger.waiting.keys().filter(|(_, waited)| *waited == pool).count();
            due.push(next("waiting", &pool, format!("one of {length} in the queue for {pool}")));
        }
        let grace = ledger.of_person(id).filter_map(|(pool, holding)| Some((pool, holding.leaving.as_ref()?)));
        due.extend(grace.map(|(pool, leaving)| NextView {
            due_at: Some(leaving.due_at),
            ..next("hold_off", pool, leaving.cause.text.clone())
        }));
        due
    }

    /// Since when passes use that table.
    pub(super) fn rules_since(&self, rules: &RuleSet) -> Result<Option<Time>, WardenError> {
        let noted = self.parts.store.note(RULES_SINCE)?;
        let noted = noted.as_deref().and_then(|note| note.split_once(' '));
        let noted = noted.filter(|(digest, _)| *digest == rules.digest().as_str());
        Ok(noted.and_then(|(_, since)| Time::parse(since).ok()))
    }

    /// The note for a pass that uses another table than the pass before it.
    pub(in crate::worker) fn rules_note(
        &self,
        rules: &RuleSet,
        now: Time,
    ) -> Result<Option<(String, String)>, WardenError> {
        let is_noted = self.rules_since(rules)?.is_some();
        Ok((!is_noted).then(|| (RULES_SINCE.to_owned(), format!("{} {now}", rules.digest()))))
    }
}

const UNKNOWN: &str = "unknown";

/// Reads a date, a date and time of day, or RFC 3339, as an instant that is over. A date means its end: what was on
/// that day when the day was done.
pub(super) fn instant(text: &str, now: Time, zone: &TimeZone) -> Result<Time, String> {
    let at = parse(text.trim(), now, zone).ok_or_else(|| {
        format!("`{text}` is neither a date such as 2026-11-20 nor a time such as 2026-11-20T09:30:00Z")
    })?;
    if at > now {
        return Err(format!("--at {text} is not over (it is {now}): it tells what was, `explain` alone what is due"));
    }
    Ok(at)
}

fn parse(text: &str, now: Time, zone: &TimeZone) -> Option<Time> {
    if let Ok(at) = Time::parse(text) {
        return Some(at);
    }
    if text.contains(['T', 't', ' ', ':']) {
        let at = text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok()?;
        return Some(at.timestamp().into());
    }
    let date = text.parse::<Date>().ok()?;
    if date == now.date_in(zone) {
        return Some(now);
    }
    Some(Time::from_millis(Time::start_of(date.tomorrow().ok()?, zone).millis().saturating_sub(1)))
}

/// What is true of the whole past: where the journal begins, and whether its clock can be relied on.
fn gaps(past: &Past, at: Time) -> Vec<String> {
    let mut unknown = Vec::new();
    match past.begins {
        None => unknown.push("anything: the journal is empty".to_owned()),
        Some(begins) if begins > at => unknown.push(format!("any seat: the journal begins at {begins}")),
        Some(_) => {}
    }
    if let Some(seq) = past.set_back {
        unknown.push(format!("the exact order in time: a clock was set back before entry #{seq}"));
    }
    unknown
}

/// The accounts whose present facts are as old as that, and whether they are all.
fn proven(record: PersonRecord, at: Time, unknown: &mut Vec<String>) -> (PersonRecord, bool) {
    let PersonRecord { id, accounts } = record;
    let (mut then, later): (Vec<_>, Vec<_>) = accounts.into_iter().partition(|row| row.read_at <= at);
    for row in &later {
        unknown.push(format!(
            "what {} said then: its present facts were first read at {}, and earlier ones are not kept",
            row.account.id, row.read_at
        ));
    }
    if then.is_empty() && later.is_empty() {
        unknown.push("what the feeds said: no account of this person is known".to_owned());
    }
    for row in &mut then {
        match row.missing {
            Some(missing) if missing.since > at => row.missing = None,
            Some(_) => unknown.push(format!("how sure it was then that {} is gone", row.account.id)),
            None => {}
        }
    }
    let whole = later.is_empty() && !then.is_empty();
    (PersonRecord { id, accounts: then }, whole)
}

/// The facts that the journal wrote down with the seats.
fn journal_facts(past: &Past) -> Vec<FactView> {
    let mut facts: Vec<FactView> = Vec::new();
    for (pool, (at, basis)) in &past.proofs {
        for (attribute, value) in basis.facts.iter().filter(|(_, value)| !value.is_empty()) {
            let name = attribute.to_string();
            // Of two seats the one whose facts were written down last tells more of then.
            if let Some(known) = facts.iter_mut().find(|fact| fact.name == name) {
                if known.read_at >= *at {
                    continue;
                }
                known.values = vec![value.clone()];
                known.read_at = *at;
                continue;
            }
            facts.push(FactView {
                name,
                values: vec![value.clone()],
                feed: None,
                account: None,
                path: None,
                read_at: *at,
                why: Some(format!("written into the journal with the seat of {pool}")),
                others: Vec::new(),
            });
        }
    }
    facts
}

fn not_known(ledger: &Ledger, id: PersonId) -> DesiredView {
    let rule = ledger.of_person(id).find_map(|(_, holding)| holding.rule.clone());
    DesiredView {
        tier: None,
        addons: Vec::new(),
        class: None,
        rule,
        standing: UNKNOWN.to_owned(),
        unmet: std::collections::BTreeMap::new(),
        text: "what the table gave then is not known; the seats below name the rows that gave them".to_owned(),
    }
}
