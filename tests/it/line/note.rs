//! What a pass leaves for the processes after it: its number, and what it saw.

use std::time::Duration;

use seatwarden::worker::view::SeatsView;
use seatwarden::worker::{Request, Scope};
use seatwarden_mocks::{Fault, Hire, Rule, Server, World};

use super::company::{Company, Setup, catalog, run};

fn analysts(count: usize) -> World {
    let mut world = World::empty(7);
    for number in 1..=count {
        let hire = Hire::new(&format!("a{number:03}@acme.example")).number(&format!("{number:05}"));
        world.hire(hire.job("SD-12").department("IT"));
    }
    world
}

#[test]
fn no_number_of_a_pass_is_given_twice() {
    run(async {
        let mut company = Company::new(analysts(3), Setup::default()).await;
        let mut numbers = Vec::new();
        for round in 0..4 {
            numbers.push(company.full().await.view.pass);
            // Quiet ones, and months of which the journal holds nothing.
            numbers.push(company.incremental().await.view.pass);
            numbers.push(company.try_pass(Scope::Due).await.unwrap().view.pass);
            company.advance(Duration::from_hours(24 * 60 * (round % 2)));
            company.restart();
        }
        assert_eq!(numbers, (1..=12).collect::<Vec<u64>>());
        company.assert_sound();
    });
}

#[test]
fn a_store_without_the_number_takes_it_from_the_journal() {
    run(async {
        let mut company = Company::new(analysts(2), Setup::default()).await;
        company.full().await;
        company.incremental().await;
        let mut batch = seatwarden::store::Batch::new(seatwarden::model::Time::default(), 0);
        batch.notes.insert("pass".to_owned(), None);
        company.store.commit(batch).await.unwrap();
        company.advance(Duration::from_hours(24 * 90));
        company.restart();
        assert_eq!(company.full().await.view.pass, 2, "the journal knows of the first alone");
    });
}

#[test]
fn a_process_that_makes_no_pass_tells_what_the_last_one_saw() {
    run(async {
        let setup = Setup { catalog: catalog(2, ""), ..Setup::default() };
        let mut company = Company::new(analysts(2), setup).await;
        {
            let mut state = company.mocks.state();
            let state = &mut *state;
            state.desk.add_member(&state.world, "lic-fulfiller", "stranger@elsewhere.example");
        }
        let first = company.full().await;
        assert_eq!(first.view.granted, 1, "one seat of two is somebody else's");
        company.mocks.faults.push(Rule::on(Server::Okta).play(Fault::Status(403, "{}".to_owned())));
        company.advance(Duration::from_mins(10));
        let last = company.full().await.view;
        company.mocks.faults.clear();
        let before = company.status().await;

        company.restart();
        let calls = company.wire.calls();
        let after = company.status().await;
        assert_eq!(after.last_pass, Some(last));
        assert_eq!(after.feeds[0].error, before.feeds[0].error);
        assert_eq!((after.feeds[0].state.as_str(), after.feeds[0].error.is_some()), ("partial", true));
        assert_eq!(after.targets, before.targets);
        assert_eq!(after.targets[0].foreign.values().sum::<u64>(), 1);
        assert!(after.targets[0].observed_at.is_some());
        let seats: Vec<SeatsView> = serde_json::from_value(company.ask(Request::Seats {}).await.data).unwrap();
        let pool = seats.iter().find(|seats| seats.pool.as_str() == "fulfiller").unwrap();
        assert_eq!((pool.foreign, pool.target_count), (1, Some(2)));
        let person = company.waiting("fulfiller")[0].clone();
        let ask = Request::Explain { person, at: None, rules: None, all_rows: false };
        let told = company.ask(ask).await.data;
        assert!(!told.to_string().contains("\"what\":\"grant\""), "no seat is free for them: {told}");
        assert_eq!(company.wire.calls(), calls, "nobody was called");
    });
}

#[test]
fn what_a_desk_refused_is_told_after_a_restart_and_tried_by_the_first_pass() {
    run(async {
        let mut company = Company::new(analysts(1), Setup::default()).await;
        company.mocks.faults.push(Rule::on(Server::Desk).method("PATCH").play(Fault::Status(503, String::new())));
        for _ in 0..2 {
            company.full().await;
        }
        company.mocks.faults.clear();
        company.restart();
        let desk = company.status().await.targets.remove(0);
        assert_eq!((desk.state.as_str(), desk.failing.len()), ("failing", 1), "{desk:?}");
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 1);
        company.restart();
        assert!(company.status().await.targets[0].failing.is_empty());
    });
}

#[test]
fn a_quiet_pass_adds_nothing_to_the_journal() {
    run(async {
        let company = Company::new(analysts(2), Setup::default()).await;
        company.full().await;
        let before = company.events().len();
        for _ in 0..3 {
            company.advance(Duration::from_mins(1));
            company.incremental().await;
        }
        assert_eq!(company.events().len(), before);
    });
}
