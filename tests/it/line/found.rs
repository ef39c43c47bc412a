//! What the simulation found, each told by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use seatwarden::model::PoolId;
use seatwarden::seats::event::HoldEnd;
use seatwarden::seats::{Event, Ledger};
use seatwarden::worker::{Request, Scope};
use seatwarden_mocks::{Fault, Field, Hire, Homes, Rule, Server, World};

use super::company::{Company, Setup, catalog, run};

fn hire(name: &str, number: usize, job: &str) -> Hire {
    Hire::new(&format!("{name}@acme.example")).number(&format!("{number:05}")).job(job).department("IT")
}

fn world(people: &[(&str, &str)]) -> World {
    let mut world = World::empty(7);
    for (number, (name, job)) in people.iter().enumerate() {
        world.hire(hire(name, number + 1, job));
    }
    world
}

fn change(company: &Company, act: impl FnOnce(&mut World)) {
    act(&mut company.mocks.state().world);
    company.advance(Duration::from_mins(10));
}

fn approve_all(company: &Company) -> Vec<Request> {
    let held = company.store.ledger().held.keys().map(ToString::to_string).collect::<Vec<_>>();
    let ask = |digest| Request::Approve { digest, reason: "looked at".to_owned(), by: "ada".to_owned() };
    held.into_iter().map(ask).collect()
}

#[test]
fn an_empty_answer_to_a_search_at_the_desk_is_no_free_seat() {
    run(async {
        let company = Company::new(world(&[("ann", "SD-12"), ("ben", "SD-12")]), Setup::default()).await;
        company.full().await;
        change(&company, |world| world.leave(world.by_email("ann@acme.example").unwrap()));
        company.mocks.faults.push(Rule::on(Server::Desk).path("/Users").query("filter").play(Fault::EmptyList));
        let pass = company.full().await;
        assert_eq!(pass.view.revoked, 1);
        assert_eq!(company.at_desk("lic-fulfiller"), ["ben@acme.example"], "the group shows whose seat it is");
    });
}

#[test]
fn a_seat_that_is_being_taken_stays_with_whoever_is_entitled_again() {
    run(async {
        let company = Company::new(world(&[("ann", "SD-12"), ("ben", "SD-12")]), Setup::default()).await;
        company.full().await;
        change(&company, |world| world.leave(world.by_email("ann@acme.example").unwrap()));
        company.mocks.faults.push(Rule::on(Server::Desk).method("PATCH").play(Fault::Status(503, String::new())));
        assert_eq!(company.full().await.view.failed, 1, "the desk did not take the seat");
        company.mocks.faults.clear();
        change(&company, |world| world.rehire(world.by_email("ann@acme.example").unwrap()));
        let pass = company.full().await;
        assert_eq!((pass.view.revoked, pass.view.failed), (0, 0));
        assert_eq!(company.holders("fulfiller"), ["ann@acme.example", "ben@acme.example"]);
        assert_eq!(company.at_desk("lic-fulfiller"), company.holders("fulfiller"));
        assert!(company.events().iter().any(|event| matches!(event, Event::RevokeDropped { .. })));
        assert!(company.full().await.plan.steps.is_empty());
        company.assert_sound();
    });
}

#[test]
fn a_grant_that_was_begun_for_somebody_who_left_is_not_made_first() {
    run(async {
        let company = Company::new(world(&[("ann", "SD-12")]), Setup::default()).await;
        company.mocks.faults.push(Rule::on(Server::Desk).method("PATCH").play(Fault::Status(503, String::new())));
        company.full().await;
        company.mocks.faults.clear();
        let before = company.mocks.count(Server::Desk, "PATCH", "/Groups");
        change(&company, |world| world.leave(world.by_email("ann@acme.example").unwrap()));
        company.full().await;
        assert!(company.holders("fulfiller").is_empty() && company.at_desk("lic-fulfiller").is_empty());
        assert_eq!(company.mocks.count(Server::Desk, "PATCH", "/Groups"), before, "nothing was given to be taken back");
        company.assert_sound();
    });
}

#[test]
fn a_held_plan_about_somebody_who_left_is_asked_for_anew_at_once() {
    run(async {
        let people: Vec<(String, &str)> = (0..6).map(|number| (format!("p{number}"), "SD-12")).collect();
        let people: Vec<(&str, &str)> = people.iter().map(|(name, job)| (name.as_str(), *job)).collect();
        let more = "[brakes]\ngrant = { per_pass = \"10%\", at_least = 3 }\n".to_owned();
        let setup = Setup { catalog: catalog(10, ""), more, ..Setup::default() };
        let company = Company::new(world(&people), setup).await;
        assert_eq!(company.full().await.plan.held[0].wanted, 6);
        change(&company, |world| world.leave(world.by_email("p3@acme.example").unwrap()));
        let pass = company.full().await;
        assert_eq!(pass.plan.held[0].wanted, 5, "five are asked for, and not six of whom one is gone");
        assert!(company.events().iter().any(|event| matches!(event, Event::HoldEnded { why: HoldEnd::Outdated, .. })));
        for ask in approve_all(&company) {
            company.ask(ask).await;
        }
        assert_eq!(company.full().await.view.granted, 5);
        company.assert_sound();
    });
}

#[test]
fn a_change_that_entra_left_out_is_found_by_reading_the_feed_afresh() {
    run(async {
        let mut world = World::empty(7);
        for (number, name) in ["ann", "ben", "cem"].into_iter().enumerate() {
            world.hire(hire(name, number + 1, "SD-12").homes(Homes::ENTRA));
        }
        let company = Company::new(world, Setup { feeds: vec![Server::Entra], ..Setup::default() }).await;
        company.full().await;
        change(&company, |world| world.leave(world.by_email("ann@acme.example").unwrap()));
        company.mocks.faults.push(Rule::on(Server::Entra).path("/users/delta").times(1).play(Fault::ShortPage));
        company.incremental().await;
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 3, "the list of changes never names the leaver again");
        company.try_pass(Scope::Feed("entra".into())).await.unwrap();
        assert_eq!(company.holders("fulfiller"), ["ben@acme.example", "cem@acme.example"]);
        company.assert_sound();
    });
}

#[test]
fn people_who_follow_each_other_into_a_seat_never_use_more_than_was_bought() {
    run(async {
        let tiers = "[tier.agent]\nrank = 10\nseats = 2\nfallback = \"requester\"";
        let rules = "id,job_code,tier,addons\nanalysts,SD-*,fulfiller,\nagents,AG-*,agent,\n".to_owned();
        let setup = Setup { catalog: catalog(1, tiers), rules, ..Setup::default() };
        let company = Company::new(world(&[("ann", "SD-12"), ("ben", "AG-1")]), setup).await;
        company.full().await;
        change(&company, |world| {
            world.move_to(world.by_email("ann@acme.example").unwrap(), "AG-1", "IT");
            world.move_to(world.by_email("ben@acme.example").unwrap(), "SD-12", "IT");
        });
        let pass = company.full().await;
        assert_eq!(pass.view.moved, 2, "{:?}", pass.plan.steps);
        assert_eq!(company.at_desk("lic-fulfiller"), ["ben@acme.example"]);
        let bought = BTreeMap::from([(PoolId::from("fulfiller"), 1), (PoolId::from("agent"), 2)]);
        let mut ledger = Ledger::default();
        company
            .store
            .journal(1, &mut |entry| {
                ledger.apply(entry.at, &entry.event);
                for (pool, count) in ledger.counts() {
                    assert!(count.total() <= bought[&pool], "{pool} has {count:?} after {:?}", entry.event);
                }
                true
            })
            .unwrap();
    });
}

#[test]
fn whoever_leaves_under_another_name_frees_the_seat_at_the_desk() {
    run(async {
        let company = Company::new(world(&[("ann", "SD-12"), ("ben", "SD-12")]), Setup::default()).await;
        company.full().await;
        change(&company, |world| {
            let ann = world.by_email("ann@acme.example").unwrap();
            world.rename(ann, "hannah@acme.example");
            world.set(ann, Field::EmployeeNumber, Some("99999"));
            world.leave(ann);
        });
        assert_eq!(company.full().await.view.revoked, 1);
        assert_eq!(company.at_desk("lic-fulfiller"), ["ben@acme.example"], "the desk has another name and number");
    });
}
