//! Why somebody has what they have, what was, and what would be with another table. Reads no feed and calls no desk.
//!
//! | file | what |
//! |---|---|
//! | `find` | whom a text names |
//! | `facts` | accounts and facts, each with its source |
//! | `verdict` | what a table gives, in words |
//! | `seat` | what is held, what is due, what the desk answered |
//! | `past` | what was, by the journal |

mod facts;
mod find;
mod past;
mod seat;
mod verdict;

use std::sync::Arc;

use jiff::civil::Date;

use super::request::{Answer, RulesFile, exit};
use super::view::{DesiredView, ExplainView, PersonView, RowView, SideView, TableView};
use super::warden::{Warden, WardenError};
use crate::directory::{Conflict, Person, PersonRecord};
use crate::model::{OnSuspended, PersonId, Time};
use crate::rules::{Decision, RuleSet, Severity, Source, Want, compile, want};
use crate::seats::{KeptBy, Ledger};

pub(super) use find::Found;

/// Entries of the journal that are shown.
const HISTORY: usize = 50;
/// Rows that do not match and are listed all the same, unless all are asked for.
const ROWS_LISTED: usize = 50;

/// A question.
pub(super) struct Question {
    /// E-mail, employee number, login name, account id or `p-17`.
    pub(super) person: String,
    /// A date or an instant that is over.
    pub(super) at: Option<String>,
    /// Another table than the one in force.
    pub(super) rules: Option<Vec<RulesFile>>,
    /// Lists every row.
    pub(super) all_rows: bool,
}

/// The table to explain by.
struct Table {
    set: Arc<RuleSet>,
    in_force: bool,
    since: Option<Time>,
}

impl Warden {
    /// Answers `explain`.
    pub(super) fn explain(&self, question: &Question) -> Result<Answer, WardenError> {
        let at = match question.at.as_deref().map(|text| past::instant(text, self.now(), &self.parts.config.time_zone))
        {
            Some(Err(why)) => return Ok(Answer::failed(exit::USAGE, why)),
            Some(Ok(at)) => Some(at),
            None => None,
        };
        let given = match &question.rules {
            Some(files) => match self.compile_given(files) {
                Ok(set) => Some(set),
                Err(answer) => return Ok(answer),
            },
            None => None,
        };
        if let Some(at) = at {
            return self.explain_past(question, at, given);
        }
        let id = match self.look_up(&question.person)? {
            Found::One(id) => id,
            other @ (Found::Nobody | Found::Several(_)) => return self.not_one(&question.person, other),
        };
        let table = match given {
            Some(set) => Table { set, in_force: false, since: None },
            None => self.table_in_force()?,
        };
        Ok(Answer::data(&self.explain_present(id, &table, question.all_rows)?))
    }

    fn compile_given(&self, files: &[RulesFile]) -> Result<Arc<RuleSet>, Answer> {
        let sources: Vec<Source> = files.iter().cloned().map(Source::from).collect();
        let compiled = compile(&sources, &self.parts.catalog, &self.parts.config.time_zone);
        compiled.set.map(Arc::new).ok_or_else(|| {
            let errors = compiled.findings.iter().filter(|finding| finding.severity == Severity::Error);
            let lines: Vec<String> = errors.map(verdict::finding).collect();
            Answer::failed(exit::DATA, format!("the given table does not compile:\n{}", lines.join("\n")))
        })
    }

    fn table_in_force(&self) -> Result<Table, WardenError> {
        let set = self.rules()?;
        let since = self.rules_since(&set)?;
        Ok(Table { set, in_force: true, since })
    }

    fn explain_present(&self, id: PersonId, table: &Table, all_rows: bool) -> Result<ExplainView, WardenError> {
        let now = self.now();
        let ledger = self.ledger();
        let record = self.parts.store.person(id)?.unwrap_or(PersonRecord { id, accounts: Vec::new() });
        let person = self.person_of(&record);
        let today = now.date_in(&self.parts.config.time_zone);
        let conflict = self.known().mirror.conflicts().get(&id).cloned();
        let (decision, want) = self.wanted(&person, &table.set, today, conflict.as_ref());
        let (rows, rows_omitted) = verdict::rows(&table.set, &person, today, all_rows);
        let desired = self.desired_view(&want, &decision, &rows);
        let in_force = if table.in_force { None } else { self.rules().ok() };
        let desired_in_force = in_force.map(|rules| {
            let (decision, want) = self.wanted(&person, &rules, today, conflict.as_ref());
            let (rows, _) = verdict::rows(&rules, &person, today, false);
            self.desired_view(&want, &decision, &rows)
        });
        let planned = self.plan_with(&table.set, table.in_force)?;
        let mut holding = self.holding_view(id, &ledger, &decision.tier, &planned.waiting);
        if self.protected().contains(&id) {
            for seat in &mut holding.seats {
                seat.protected = Some(KeptBy::Protected.text(&seat.pool));
            }
        }
        let history = self.parts.store.history(id, HISTORY)?;
        let last_call = self.last_call(id, &history);
        let mut due = self.due(id, &planned);
        due.extend(self.later(&person, table, today, &decision));
        due.extend(self.unfinished(id, &ledger));
        due.sort_by_key(|next| (next.due_at.is_some(), next.due_at));
        let accounts = self.accounts(&record, None)?;
        let mut unknown = Vec::new();
        if record.accounts.is_empty() {
            unknown.push("no account: the journal alone knows this person, and no feed has shown them".to_owned());
        }
        let gains = due.iter().any(|next| matches!(next.what.as_str(), "grant" | "move"));
        if gains && !self.parts.targets.is_empty() && self.stand().desks.values().all(|desk| desk.at.is_none()) {
            unknown.push("no pass has read the desk: seats there that are not ours are not counted".to_owned());
        }
        let known = ledger.known.get(&id);
        Ok(ExplainView {
            person: PersonView {
                id,
                email: person.email.clone().or_else(|| known.and_then(|known| known.email.clone())),
                employee_number: person
                    .employee_number
                    .clone()
                    .or_else(|| known.and_then(|known| known.employee_number.clone())),
            },
            name: person.display_name.clone(),
            status: person.status.to_string(),
            at: now,
            past: false,
            journal_begins: None,
            facts: self.facts(&record, &accounts),
            accounts,
            rows,
            rows_omitted,
            table: Some(TableView { digest: table.set.digest().clone(), in_force: table.in_force, since: table.since }),
            pools: self.pools_of(&want, &holding),
            desired,
            desired_in_force,
            holding,
            next: due.first().cloned(),
            due,
            last_call,
            history: history.iter().filter_map(seat::entry).collect(),
            conflict: conflict.as_ref().map(|conflict| self.conflict_text(conflict, &ledger)),
            conflict_sides: conflict
                .map(|conflict| self.sides(id, &conflict, &ledger))
                .transpose()?
                .unwrap_or_default(),
            unknown,
        })
    }

    /// What a table gives, and what becomes of it.
    fn wanted(&self, person: &Person, rules: &RuleSet, today: Date, conflict: Option<&Conflict>) -> (Decision, Want) {
        let decision = rules.decide(person, today);
        let on_suspended = person
            .status_feed
            .as_ref()
            .and_then(|feed| self.parts.config.feeds.get(feed))
            .map_or(OnSuspended::Hold, |feed| feed.on_suspended);
        let want = want(person, &decision, conflict, on_suspended, &self.parts.catalog);
        let want = self.by_pin(person.id, want, rules, &self.ledger());
        (decision, want)
    }

    fn desired_view(&self, want: &Want, decision: &Decision, rows: &[RowView]) -> DesiredView {
        verdict::desired(want, decision, rows, &self.parts.catalog)
    }

    /// Who else claims the identity.
    pub(in crate::worker) fn conflict_text(&self, conflict: &Conflict, ledger: &Ledger) -> String {
        let others: Vec<String> = conflict.with.iter().map(|other| self.person_view(*other, ledger).label()).collect();
        format!("{} `{}` is also claimed by {}", conflict.key, conflict.value, others.join(", "))
    }

    /// Everybody who claims the identity, with what each account says.
    fn sides(&self, id: PersonId, conflict: &Conflict, ledger: &Ledger) -> Result<Vec<SideView>, WardenError> {
        let mut sides = Vec::new();
        for side in std::iter::once(id).chain(conflict.with.iter().copied().filter(|other| *other != id)) {
            let record = self.parts.store.person(side)?.unwrap_or(PersonRecord { id: side, accounts: Vec::new() });
            let person = self.person_of(&record);
            sides.push(SideView {
                person: self.person_view(side, ledger),
                name: person.display_name,
                status: person.status.to_string(),
                accounts: record.accounts.iter().map(|row| facts::claim(&row.account, &conflict.key)).collect(),
                holds: ledger.of_person(side).map(|(pool, _)| pool.clone()).collect(),
            });
        }
        Ok(sides)
    }
}
