//! Undoing a pass, from the operator's word to the desk, and what becomes of it.

use std::time::Duration;

use seatwarden::seats::event::HoldEnd;
use seatwarden::seats::{Event, Evidence, PinEnd};
use seatwarden::worker::request::exit;
use seatwarden::worker::view::UndoView;
use seatwarden::worker::{Answer, Request, Scope};
use seatwarden_mocks::{Hire, World};

use super::company::{Company, GENEROUS, Setup, catalog, run};

fn analysts(count: usize) -> World {
    let mut world = World::empty(7);
    for number in 1..=count {
        let hire = Hire::new(&format!("a{number:03}@acme.example")).number(&format!("{number:05}"));
        world.hire(hire.job("SD-12").department("IT"));
    }
    world
}

fn moves(company: &Company, people: std::ops::RangeInclusive<usize>, code: &str, department: &str) {
    let mut state = company.mocks.state();
    for number in people {
        let person = state.world.by_email(&format!("a{number:03}@acme.example")).unwrap();
        state.world.move_to(person, code, department);
    }
}

async fn undo(company: &Company, pass: u64, really: bool) -> (u8, Option<UndoView>, String) {
    let (reason, by) = ("CHG-7".to_owned(), "ann".to_owned());
    let Answer { exit, data, error } = company.ask(Request::Undo { pass, reason, by, really }).await;
    (exit, serde_json::from_value(data).ok(), error.unwrap_or_default())
}

#[test]
fn a_pass_that_took_seats_is_undone_and_the_next_does_not_redo_it() {
    run(async {
        let company = Company::new(analysts(6), Setup { catalog: catalog(6, ""), ..Setup::default() }).await;
        company.full().await;
        moves(&company, 1..=3, "FIN-3", "Finance");
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await.view.pass;
        assert_eq!(company.holders("fulfiller").len(), 3);

        let (code, view, _) = undo(&company, pass, false).await;
        let view = view.unwrap();
        assert_eq!((code, view.done, view.people, view.plan.steps.len()), (exit::DONE, false, 3, 3));
        assert_eq!(company.holders("fulfiller").len(), 3, "only shown");
        assert!(view.plan.steps.iter().all(|step| step.evidence == Evidence::Operator), "{view:?}");
        let text = "undo of pass 2 gives fulfiller back, asked for by ann: CHG-7";
        assert_eq!(view.plan.steps[0].text, text);

        let (code, view, error) = undo(&company, pass, true).await;
        assert_eq!((code, error.as_str()), (exit::DONE, ""));
        assert_eq!(view.unwrap().applied.unwrap().granted, 3);
        assert_eq!(company.holders("fulfiller").len(), 6);
        assert_eq!(company.at_desk("lic-fulfiller"), company.holders("fulfiller"));

        // Again: nothing is left to do. Later passes keep it so, whatever they read, and after a restart.
        let (code, view, _) = undo(&company, pass, true).await;
        assert_eq!((code, view.unwrap().people), (exit::DONE, 0));
        let mut company = company;
        for _ in 0..2 {
            company.advance(Duration::from_hours(30));
            let again = company.full().await;
            assert!(again.plan.steps.is_empty() && again.plan.notes.is_empty(), "{:?}", again.plan);
            company.restart();
        }
        let status = company.status().await;
        assert_eq!((status.undone.len(), status.undone[0].people, status.undone[0].pass), (1, 3, pass));
        company.assert_sound();

        // One of them moves again: the table decides about that one, and says so.
        moves(&company, 1..=1, "FIN-4", "Finance");
        company.advance(Duration::from_mins(2));
        company.incremental().await;
        assert_eq!(company.holders("fulfiller").len(), 5);
        let ended =
            company.events().into_iter().filter(|event| matches!(event, Event::Unpinned { why: PinEnd::Facts, .. }));
        assert_eq!(ended.count(), 1);
        assert_eq!(company.status().await.undone[0].people, 2);
        company.assert_sound();
    });
}

#[test]
fn a_pass_that_gave_seats_is_undone_and_an_edit_of_the_table_ends_it() {
    run(async {
        let setup = Setup { catalog: catalog(10, "grace = \"7d\""), ..Setup::default() };
        let company = Company::new(analysts(4), setup).await;
        let first = company.full().await.view.pass;
        assert_eq!(company.holders("fulfiller").len(), 4);
        let (code, view, _) = undo(&company, first, true).await;
        assert_eq!((code, view.unwrap().applied.unwrap().revoked), (exit::DONE, 4), "without waiting for grace");
        assert_eq!(company.holders("fulfiller").len(), 0);
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 0);
        // The undo of the undo gives them back by the table's own word.
        let undoing = company.status().await.last_pass.unwrap().pass - 1;
        let (code, view, _) = undo(&company, undoing, true).await;
        assert_eq!((code, view.unwrap().applied.unwrap().granted), (exit::DONE, 4));
        assert!(company.status().await.undone.is_empty());
        company.assert_sound();

        let last = company.status().await.last_pass.unwrap().pass;
        undo(&company, last, true).await;
        assert_eq!(company.holders("fulfiller").len(), 0);
        company.write_rules("id,job_code,tier,addons,class\nanalysts,SD-*|QA-*,fulfiller,,\n");
        assert!(company.warden().reload_rules());
        company.try_pass(Scope::Due).await.unwrap();
        assert_eq!(company.holders("fulfiller").len(), 4, "another table is another word");
        company.assert_sound();
    });
}

#[test]
fn what_stands_against_an_undo_is_said_person_by_person() {
    run(async {
        let company = Company::new(analysts(5), Setup { catalog: catalog(5, ""), ..Setup::default() }).await;
        company.full().await;
        moves(&company, 1..=2, "FIN-3", "Finance");
        {
            let mut state = company.mocks.state();
            let leaver = state.world.by_email("a003@acme.example").unwrap();
            state.world.leave(leaver);
        }
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await.view.pass;
        assert_eq!(company.holders("fulfiller").len(), 2);
        let (code, view, error) = undo(&company, pass, true).await;
        let view = view.unwrap();
        assert_eq!((code, view.people, view.not_undone.len()), (exit::LATER, 2, 1), "{error}");
        assert_eq!(view.not_undone[0].person.email.as_deref(), Some("a003@acme.example"));
        assert_eq!(view.not_undone[0].why, "okta says DEPROVISIONED");
        assert_eq!(company.holders("fulfiller").len(), 4);

        // What is left of it cannot be undone at all.
        let (code, view, error) = undo(&company, pass, true).await;
        assert_eq!((code, view.unwrap().people), (exit::DATA, 0));
        assert!(error.contains("nothing of pass 2 can be undone"), "{error}");
        for (pass, text) in [(99, "there has been no pass 99"), (0, "passes begin with 1")] {
            let (code, _, error) = undo(&company, pass, true).await;
            assert!(code == exit::DATA && error.contains(text), "{code} {error}");
        }
        let quiet = company.full().await.view.pass;
        let (code, view, _) = undo(&company, quiet, true).await;
        assert_eq!((code, view.unwrap().people), (exit::DONE, 0), "a pass that changed nothing");
        company.assert_sound();
    });
}

#[test]
fn an_undo_is_held_by_brakes_like_any_plan_and_done_once_approved() {
    run(async {
        let setup = Setup {
            more: GENEROUS.replace(
                "grant = { per_pass = \"100%\", at_least = 2000 }",
                "grant = { per_pass = \"50%\", at_least = 4 }",
            ),
            catalog: catalog(12, ""),
            ..Setup::default()
        };
        let company = Company::new(analysts(12), setup).await;
        approve_all(&company).await;
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 12);
        moves(&company, 1..=8, "FIN-3", "Finance");
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await.view.pass;
        assert_eq!(company.holders("fulfiller").len(), 4);
        let (code, view, error) = undo(&company, pass, true).await;
        assert_eq!((code, view.unwrap().done), (exit::HELD, true));
        assert!(error.contains("8 of 8 come from the undo of pass"), "{error}");
        let (code, view, _) = undo(&company, pass, true).await;
        assert_eq!((code, view.unwrap().people), (exit::DONE, 0), "asked for before");
        approve_all(&company).await;
        assert_eq!(company.holders("fulfiller").len(), 12);
        let released = |event: &Event| matches!(event, Event::HoldEnded { why: HoldEnd::Released, .. });
        assert_eq!(company.events().iter().filter(|event| released(event)).count(), 2);
        company.assert_sound();
    });
}

async fn approve_all(company: &Company) {
    company.full().await;
    let digests: Vec<_> = company.store.ledger().held.keys().cloned().collect();
    for digest in digests {
        let (digest, reason, by) = (digest.to_string(), "fine".to_owned(), "bo".to_owned());
        assert_eq!(company.ask(Request::Approve { digest, reason, by }).await.exit, exit::DONE);
    }
    company.full().await;
}
