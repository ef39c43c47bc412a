//! No fault of a feed takes a seat from anybody.

use std::time::Duration;

use seatwarden::worker::request::exit;
use seatwarden_mocks::{Company as People, Fault, Homes, Rule, Server};

use super::company::{Company, Setup, run};

fn everywhere() -> Vec<Fault> {
    vec![
        Fault::Status(503, "down".to_owned()),
        Fault::Status(500, "{\"errorCode\":\"E0000009\"}".to_owned()),
        Fault::Status(403, "{}".to_owned()),
        Fault::Html,
        Fault::NestedBrackets(100_000),
        Fault::DropMidway,
        Fault::TruncatedJson,
        Fault::WrongContentType,
        Fault::InvalidUtf8,
        Fault::EmptyList,
        Fault::ShortPage,
        Fault::DuplicatePage,
        Fault::HostileNext("https://evil.example".to_owned()),
        Fault::LoopingNext,
        Fault::ExpireCursors,
        Fault::ResetDelta,
        Fault::ExpireTokens,
    ]
}

/// Every fault on the first, second and last page of a walk, and lasting: nobody loses a seat, and once it stops the
/// ledger is what it would have been without it.
fn no_fault_revokes(server: Server, homes: Homes) {
    run(async {
        let world = People::new(7, 450).homes(&[homes]).build();
        let setup = Setup { feeds: vec![server], desk: None, ..Setup::default() };
        let company = Company::new(world, setup).await;
        {
            let mut state = company.mocks.state();
            state.entra.page_size = 100;
            state.scim.settings.page_max = 100;
        }
        company.full().await;
        let before = company.holders("fulfiller");
        assert!(before.len() > 10, "{}", before.len());
        for fault in everywhere() {
            for nth in [1, 2, 3] {
                company.mocks.faults.clear();
                company.mocks.faults.push(Rule::on(server).nth(nth).play(fault.clone()));
                company.advance(Duration::from_mins(2));
                drop(company.try_pass(seatwarden::worker::Scope::Full).await);
                assert_eq!(company.holders("fulfiller"), before, "{server:?}: {} on request {nth}", fault.name());
            }
            company.mocks.faults.clear();
            company.mocks.faults.push(Rule::on(server).from(2).play(fault.clone()));
            company.advance(Duration::from_mins(2));
            drop(company.try_pass(seatwarden::worker::Scope::Full).await);
            assert_eq!(company.holders("fulfiller"), before, "{server:?}: {} lasting", fault.name());
        }
        company.mocks.faults.clear();
        company.advance(Duration::from_hours(1));
        let pass = company.full().await;
        assert_eq!(pass.exit(), exit::DONE, "{:?}", pass.readings);
        assert!(pass.plan.steps.is_empty() && company.revoked().is_empty());
        company.assert_sound();
    });
}

#[test]
fn no_fault_of_okta_revokes() {
    no_fault_revokes(Server::Okta, Homes::OKTA);
}

#[test]
fn no_fault_of_entra_revokes() {
    no_fault_revokes(Server::Entra, Homes::ENTRA);
}

#[test]
fn no_fault_of_scim_revokes() {
    no_fault_revokes(Server::Scim, Homes::SCIM);
}

#[test]
fn an_empty_200_is_told_and_changes_nothing() {
    run(async {
        let world = People::new(7, 50).homes(&[Homes::OKTA]).build();
        let company = Company::new(world, Setup { desk: None, ..Setup::default() }).await;
        company.full().await;
        let before = company.holders("fulfiller");
        company.mocks.faults.push(Rule::on(Server::Okta).path("/api/v1/users").query("limit").play(Fault::EmptyList));
        company.advance(Duration::from_mins(2));
        let pass = company.full().await;
        assert_eq!(pass.exit(), exit::LATER, "{:?}", pass.readings);
        assert_eq!(company.holders("fulfiller"), before);
        let status = company.status().await;
        assert_eq!(status.feeds[0].state, "partial");
        assert!(status.feeds[0].error.as_ref().unwrap().contains("read by id"), "{:?}", status.feeds[0].error);
    });
}

#[test]
fn a_feed_that_is_down_does_not_stop_the_other() {
    run(async {
        let world = People::new(7, 60).homes(&[Homes::OKTA, Homes::ENTRA]).build();
        let setup = Setup { feeds: vec![Server::Okta, Server::Entra], desk: None, ..Setup::default() };
        let company = Company::new(world, setup).await;
        company.mocks.faults.push(Rule::on(Server::Okta).play(Fault::Status(503, "down".to_owned())));
        let pass = company.full().await;
        assert_eq!(pass.exit(), exit::UNREACHABLE);
        assert!(pass.view.granted > 0, "{:?}", pass.view);
        company.mocks.faults.clear();
        company.advance(Duration::from_hours(1));
        assert_eq!(company.full().await.exit(), exit::DONE);
        company.assert_sound();
    });
}
