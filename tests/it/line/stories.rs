//! What a desk lead would tell: who came, moved and left, and what became of the seats.

use std::time::Duration;

use seatwarden::worker::request::exit;
use seatwarden::worker::{Request, Scope};
use seatwarden_mocks::{Hire, Homes, Server, World};

use super::company::{Company, GENEROUS, Setup, catalog, run};

fn analyst(name: &str, number: usize) -> Hire {
    Hire::new(&format!("{name}@acme.example")).number(&format!("{number:05}")).job("SD-12").department("IT")
}

pub(super) fn analysts(count: usize) -> World {
    let mut world = World::empty(7);
    for number in 1..=count {
        world.hire(analyst(&format!("a{number:03}"), number));
    }
    world
}

#[test]
fn everybody_whom_a_row_names_gets_a_seat_and_a_second_pass_changes_nothing() {
    run(async {
        let mut world = analysts(20);
        world.hire(Hire::new("fin@acme.example").number("90001").job("FIN-3").department("Finance"));
        let company = Company::new(world, Setup::default()).await;
        let first = company.full().await;
        assert_eq!((first.view.granted, first.exit()), (20, exit::DONE));
        assert_eq!(company.holders("fulfiller").len(), 20);
        assert_eq!(company.at_desk("lic-fulfiller"), company.holders("fulfiller"));
        let written = company.events().len();
        let calls = company.mocks.count(Server::Desk, "PATCH", "/Groups");
        let second = company.full().await;
        assert!(second.plan.steps.is_empty() && second.plan.notes.is_empty(), "{:?}", second.plan);
        assert_eq!(company.events().len(), written, "a pass without changes writes no entry");
        assert_eq!(company.mocks.count(Server::Desk, "PATCH", "/Groups"), calls);
        company.assert_sound();
    });
}

#[test]
fn a_leaver_loses_the_seat_at_once_and_the_first_in_the_queue_gets_it_in_the_same_pass() {
    run(async {
        let world = analysts(6);
        let setup = Setup { catalog: catalog(4, "grace = \"7d\""), ..Setup::default() };
        let company = Company::new(world, setup).await;
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 4);
        assert_eq!(company.waiting("fulfiller"), ["a005@acme.example", "a006@acme.example"]);
        {
            let mut state = company.mocks.state();
            let leaver = state.world.by_email("a002@acme.example").unwrap();
            state.world.leave(leaver);
        }
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await;
        assert_eq!((pass.view.revoked, pass.view.granted), (1, 1));
        let holders = company.holders("fulfiller");
        assert!(!holders.contains(&"a002@acme.example".to_owned()));
        assert!(holders.contains(&"a005@acme.example".to_owned()), "{holders:?}");
        assert_eq!(company.waiting("fulfiller"), ["a006@acme.example"]);
        assert_eq!(company.at_desk("lic-fulfiller"), holders);
        company.assert_sound();
    });
}

#[test]
fn a_mover_keeps_the_seat_through_grace_and_loses_it_when_it_is_over() {
    run(async {
        let setup = Setup { catalog: catalog(10, "grace = \"7d\""), ..Setup::default() };
        let company = Company::new(analysts(3), setup).await;
        company.full().await;
        {
            let mut state = company.mocks.state();
            let mover = state.world.by_email("a001@acme.example").unwrap();
            state.world.move_to(mover, "FIN-3", "Finance");
        }
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await;
        assert_eq!(pass.view.revoked, 0);
        assert_eq!(company.holders("fulfiller").len(), 3);
        let due = company.warden().next_due(company.warden().now()).unwrap();
        assert_eq!(due.since(company.warden().now()), Duration::from_hours(168));
        company.advance(Duration::from_hours(168));
        let pass = company.try_pass(Scope::Due).await.unwrap();
        assert_eq!(pass.view.revoked, 1, "{:?}", pass.plan);
        assert_eq!(company.holders("fulfiller").len(), 2);
        let step = &pass.plan.steps[0];
        assert!(step.cause.text.contains("SD-12") && step.cause.text.contains("FIN-3"), "{}", step.cause.text);
        company.assert_sound();
    });
}

#[test]
fn a_big_change_is_held_until_it_is_approved_and_then_done_once() {
    run(async {
        let setup = Setup {
            more: GENEROUS.replace(
                "revoke = { per_pass = \"50%\", at_least = 100 }",
                "revoke = { per_pass = \"5%\", at_least = 5 }",
            ),
            ..Setup::default()
        };
        let company = Company::new(analysts(40), setup).await;
        company.full().await;
        {
            let mut state = company.mocks.state();
            for number in 1..=9 {
                let leaver = state.world.by_email(&format!("a{number:03}@acme.example")).unwrap();
                state.world.leave(leaver);
            }
        }
        company.advance(Duration::from_mins(2));
        let pass = company.incremental().await;
        assert_eq!((pass.view.revoked, pass.exit()), (0, exit::HELD));
        assert_eq!(company.holders("fulfiller").len(), 40);
        let held = &company.status().await.held[0];
        assert_eq!((held.cause.as_str(), held.limit, held.wanted), ("revoke.per_pass", 5, 9));
        let digest = held.digest.to_string();
        let again = company.full().await;
        assert_eq!(again.plan.held[0].digest.to_string(), digest, "the same facts give the same digest");
        let wrong = Request::Approve { digest: "sha256:00000000".to_owned(), reason: "x".into(), by: "lead".into() };
        assert_eq!(company.ask(wrong).await.exit, exit::DATA);
        let approve = Request::Approve { digest: digest.clone(), reason: "CHG-7".into(), by: "lead".into() };
        assert_eq!(company.ask(approve.clone()).await.exit, exit::DONE);
        let pass = company.try_pass(Scope::Due).await.unwrap();
        assert_eq!((pass.view.revoked, pass.exit()), (9, exit::DONE));
        assert_eq!(company.holders("fulfiller").len(), 31);
        assert_eq!(company.ask(approve).await.exit, exit::DATA, "a digest releases once");
        company.assert_sound();
    });
}

#[test]
fn one_person_in_two_providers_holds_one_seat() {
    run(async {
        let mut world = World::empty(7);
        world.hire(analyst("ann", 1).homes(Homes { okta: true, entra: true, scim: false }));
        world.hire(analyst("ben", 2).homes(Homes::ENTRA));
        let setup = Setup { feeds: vec![Server::Okta, Server::Entra], ..Setup::default() };
        let company = Company::new(world, setup).await;
        let pass = company.full().await;
        assert_eq!((pass.view.granted, pass.exit()), (2, exit::DONE), "{:?}", pass.readings);
        assert_eq!(company.holders("fulfiller"), ["ann@acme.example", "ben@acme.example"]);
        company.assert_sound();
    });
}

#[test]
fn a_purged_person_is_missing_then_gone_by_id_and_loses_the_seat() {
    run(async {
        let company = Company::new(analysts(10), Setup::default()).await;
        company.full().await;
        {
            let mut state = company.mocks.state();
            let purged = state.world.by_email("a004@acme.example").unwrap();
            state.world.purge(purged);
        }
        company.advance(Duration::from_mins(2));
        let pass = company.full().await;
        assert_eq!(company.revoked(), ["a004@acme.example"], "{:?}", pass.plan);
        company.assert_sound();
    });
}

#[test]
fn an_observing_desk_is_planned_for_and_not_written_to() {
    run(async {
        let setup = Setup { desk: Some("observe"), ..Setup::default() };
        let company = Company::new(analysts(5), setup).await;
        let pass = company.full().await;
        assert_eq!(pass.plan.steps.len(), 5);
        assert_eq!((pass.view.granted, pass.applied.observed), (0, 5));
        assert!(company.holders("fulfiller").is_empty());
        assert!(company.at_desk("lic-fulfiller").is_empty());
    });
}

#[test]
fn seats_of_strangers_are_counted_and_left_alone() {
    run(async {
        let setup = Setup { catalog: catalog(4, ""), ..Setup::default() };
        let company = Company::new(analysts(5), setup).await;
        {
            let mut state = company.mocks.state();
            let state = &mut *state;
            state.desk.add_member(&state.world, "lic-fulfiller", "stranger@elsewhere.example");
        }
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 3, "four were bought and a stranger has one");
        assert_eq!(company.at_desk("lic-fulfiller").len(), 4);
        company.assert_sound();
    });
}

#[test]
fn an_edited_table_takes_effect_and_a_broken_one_does_not() {
    run(async {
        let company = Company::new(analysts(5), Setup::default()).await;
        company.full().await;
        company.write_rules("id,job_code,tier\nanalysts,SD-*,fulfillr\n");
        assert!(!company.warden().reload_rules());
        assert!(company.status().await.rules.error.is_some());
        assert!(company.full().await.plan.steps.is_empty(), "the table in force stays");
        company.write_rules("id,job_code,tier\nothers,FIN-*,fulfiller\n");
        assert!(company.warden().reload_rules());
        let pass = company.try_pass(Scope::Due).await.unwrap();
        assert_eq!(pass.view.revoked, 5);
        assert!(company.status().await.rules.error.is_none());
        company.assert_sound();
    });
}
