//! `undo PASS`: gives the seats of a pass back, by a plan like any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Scope;
use super::pass::Outcome;
use super::request::{Answer, exit};
use super::view::{NotUndoneView, UndoView, UndoneView};
use super::warden::{Warden, WardenError};
use crate::model::Digest;
use crate::rules::RuleSet;
use crate::seats::undo::{self, Stamp};
use crate::seats::{self, Event, Ledger};
use crate::store::{Batch, Overlay, Store, StoreError};

impl Warden {
    /// Shows what undoing a pass would do; with `really`, does it.
    pub(super) async fn undo(&self, pass: u64, by: &str, reason: &str, really: bool) -> Result<Answer, WardenError> {
        let by = by.trim();
        if by.is_empty() {
            return Ok(Answer::failed(exit::USAGE, "a name is needed"));
        }
        if pass == 0 {
            return Ok(Answer::failed(exit::DATA, "passes begin with 1; what operators did belongs to none"));
        }
        let turn = self.turn.lock().await;
        let done = events_of(self.parts.store.as_ref(), pass)?;
        if done.is_empty() && pass > self.last_pass() {
            let why = format!("there has been no pass {pass}; the last one is {}", self.last_pass());
            return Ok(Answer::failed(exit::DATA, why));
        }
        let (events, refused) = self.undoing(pass, by, reason, &done)?;
        let beside = self.beside(Arc::new(Overlay::new(self.parts.store.clone())))?;
        let mut batch = Batch::new(self.now(), 0);
        // Whoever is decided about by the table again has to be looked at, also without a seat.
        batch.dirty = events.iter().filter_map(crate::audit::report::subject).collect();
        batch.events = events;
        if !batch.is_empty() {
            beside.parts.store.commit(batch.clone()).await?;
        }
        // What the checker refuses is refused before anything is written.
        let (planned, _) = beside.plan_pass(&Scope::Due, 0).await?;
        let ledger = self.ledger();
        let mut view = UndoView {
            pass,
            by: by.to_owned(),
            reason: reason.to_owned(),
            done: false,
            people: u64::try_from(batch.events.len()).unwrap_or(u64::MAX),
            not_undone: refused
                .iter()
                .map(|not| NotUndoneView {
                    person: self.person_view(not.person, &ledger),
                    pool: not.pool.clone(),
                    why: not.why.clone(),
                })
                .collect(),
            plan: beside.plan_view(&planned),
            applied: None,
        };
        let nothing = batch.events.is_empty();
        if nothing && !view.not_undone.is_empty() {
            let error = format!("nothing of pass {pass} can be undone now");
            return Ok(Answer { error: Some(error), ..Answer::with_exit(exit::DATA, &view) });
        }
        if nothing || !really {
            return Ok(Answer::data(&view));
        }
        self.stir(&batch.events);
        self.parts.store.commit(batch).await?;
        drop(turn);
        let outcome = self.pass(Scope::Due).await?;
        view.done = true;
        view.applied = Some(outcome.view.clone());
        Ok(answer(&view, &outcome))
    }

    /// The events that undo what a pass did, and what of it stays.
    fn undoing(
        &self,
        pass: u64,
        by: &str,
        reason: &str,
        done: &[Event],
    ) -> Result<(Vec<Event>, Vec<undo::NotUndone>), WardenError> {
        let rules = self.rules()?;
        let policy = self.policy(&rules);
        let ledger = self.ledger();
        let stamp = Stamp {
            pass,
            by: by.to_owned(),
            reason: reason.to_owned(),
            rules: rules.digest().clone(),
            catalog: self.catalog_digest(),
        };
        let (mut events, mut refused) = (Vec::new(), Vec::new());
        for (person, change) in undo::changes(done) {
            let want = self.want_by_table(person, &rules)?;
            let (event, not) = undo::undo(person, &change, want.as_ref(), &ledger, &policy, &stamp);
            events.extend(event);
            refused.extend(not);
        }
        Ok((events, refused))
    }

    /// The digest of the catalog's shape: what a pin rests on.
    pub(super) fn catalog_digest(&self) -> Digest {
        seats::shape::digest(&seats::shape(&self.parts.catalog))
    }

    /// The ends of pins that no longer stand.
    pub(super) fn ended_pins(&self, rules: &RuleSet) -> Result<Vec<Event>, StoreError> {
        let catalog = self.catalog_digest();
        let mut ended = Vec::new();
        for (person, pinned) in &self.ledger().pins {
            // Somebody whom no feed has shown since a rebuild is in doubt, not gone.
            let Some(want) = self.want_by_table(*person, rules)? else { continue };
            if let Err(why) = undo::stands(&pinned.pin, &want, rules.digest(), &catalog) {
                ended.push(Event::Unpinned { person: *person, why });
            }
        }
        Ok(ended)
    }
}

/// Undone passes that still decide what people hold.
pub(super) fn undone_views(ledger: &Ledger) -> Vec<UndoneView> {
    let mut views: BTreeMap<(u64, String), UndoneView> = BTreeMap::new();
    for pinned in ledger.pins.values() {
        let pin = &pinned.pin;
        let view = views.entry((pin.undone, pin.by.clone())).or_insert_with(|| UndoneView {
            pass: pin.undone,
            by: pin.by.clone(),
            reason: pin.reason.clone(),
            at: pinned.at,
            people: 0,
        });
        view.people = view.people.saturating_add(1);
    }
    views.into_values().collect()
}

fn answer(view: &UndoView, outcome: &Outcome) -> Answer {
    let held: Vec<String> = outcome
        .plan
        .held
        .iter()
        .map(|held| format!("held by {}: {} (digest {})", held.cause, held.text, held.digest))
        .collect();
    let code = match outcome.exit() {
        exit::DONE if !view.not_undone.is_empty() => exit::LATER,
        code => code,
    };
    let mut answer = Answer::with_exit(code, view);
    if !held.is_empty() {
        answer.error = Some(held.join("\n"));
    } else if code == exit::LATER && !view.not_undone.is_empty() {
        answer.error = Some(format!("{} seats of pass {} stay as they are", view.not_undone.len(), view.pass));
    }
    answer
}

/// What a pass wrote. Passes stand in the journal in order, with what operators did between them as pass 0.
fn events_of(store: &dyn Store, pass: u64) -> Result<Vec<Event>, StoreError> {
    let at_or_after = |seq: u64| -> Result<bool, StoreError> {
        let mut found = true;
        store.journal(seq, &mut |entry| {
            found = entry.pass >= pass;
            entry.pass == 0
        })?;
        Ok(found)
    };
    let first = super::memory::first_seq(at_or_after)?;
    let mut events = Vec::new();
    store.journal(first, &mut |entry| {
        if entry.pass == pass {
            events.push(entry.event);
        }
        entry.pass <= pass
    })?;
    Ok(events)
}
