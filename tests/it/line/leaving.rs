//! Leaving by date: the seat is free on the day that HR gave, whether or not somebody has disabled the account.

use std::time::Duration;

use seatwarden::worker::Scope;
use seatwarden::worker::request::exit;
use seatwarden_mocks::{Field, Hire, Homes, PersonId, Server, World};

use super::company::{Company, Setup, catalog, run};

fn ann_and_ben() -> (World, PersonId) {
    let mut world = World::empty(7);
    let ann = world.hire(Hire::new("ann@acme.example").number("00001").job("SD-12").homes(Homes::ENTRA));
    world.hire(Hire::new("ben@acme.example").number("00002").job("SD-12").homes(Homes::ENTRA));
    (world, ann)
}

fn setup() -> Setup {
    Setup {
        feeds: vec![Server::Entra],
        catalog: catalog(1, ""),
        attributes: "leaves_at = \"employeeLeaveDateTime\", ".to_owned(),
        ..Setup::default()
    }
}

/// A day of the company's clock, as text.
fn days_from_now(company: &Company, days: i64) -> String {
    let at = company.mocks.state().world.now + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn company() -> (Company, PersonId) {
    let (world, ann) = ann_and_ben();
    let company = Company::new(world, setup()).await;
    company.mocks.state().entra.permissions.push("User-LifeCycleInfo.Read.All".to_owned());
    company.full().await;
    assert_eq!(company.holders("fulfiller"), ["ann@acme.example"]);
    assert_eq!(company.waiting("fulfiller"), ["ben@acme.example"]);
    (company, ann)
}

#[test]
fn a_seat_is_free_on_the_day_that_hr_gave_though_the_account_is_enabled() {
    run(async {
        let (company, ann) = company().await;
        let day = days_from_now(&company, 10);
        company.mocks.state().world.set(ann, Field::LeaveDate, Some(&day));
        company.advance(Duration::from_mins(5));
        company.incremental().await;
        assert_eq!(company.holders("fulfiller"), ["ann@acme.example"], "not before the day");
        let due = company.warden().next_due(company.warden().now()).unwrap();
        assert_eq!(due.to_string(), day, "the loop wakes exactly then");
        let agenda = company.status().await.due;
        assert!(agenda.iter().any(|due| due.what == "leaves" && due.count == 1), "{agenda:?}");
        company.advance(due.since(company.warden().now()));
        let calls = company.mocks.count(Server::Entra, "GET", "/users");
        let pass = company.try_pass(Scope::Due).await.unwrap();
        assert_eq!(company.mocks.count(Server::Entra, "GET", "/users"), calls, "nobody is asked again");
        assert_eq!((pass.view.revoked, pass.view.granted, pass.exit()), (1, 1, exit::DONE));
        assert_eq!(company.holders("fulfiller"), ["ben@acme.example"]);
        let told = format!("{:?}", company.events());
        assert!(told.contains("leaves_at") && told.contains("has passed"), "the journal names the date");
        let again = company.full().await;
        assert!(again.plan.steps.is_empty(), "{:?}", again.plan);
        company.assert_sound();
    });
}

#[test]
fn a_date_that_moves_or_goes_takes_nobodys_seat() {
    run(async {
        let (company, ann) = company().await;
        for day in [Some(days_from_now(&company, 2)), Some(days_from_now(&company, 400)), None, Some("soon".to_owned())]
        {
            company.mocks.state().world.set(ann, Field::LeaveDate, day.as_deref());
            company.advance(Duration::from_hours(24));
            company.incremental().await;
        }
        company.advance(Duration::from_hours(24 * 30));
        company.full().await;
        assert_eq!(company.holders("fulfiller"), ["ann@acme.example"]);
        assert!(company.revoked().is_empty());
    });
}

#[test]
fn without_the_permission_the_refusal_is_told_and_nobody_loses_a_seat() {
    run(async {
        let (company, _) = company().await;
        company.mocks.state().entra.permissions.retain(|name| name != "User-LifeCycleInfo.Read.All");
        company.advance(Duration::from_mins(5));
        let pass = company.try_pass(Scope::Feed("entra".into())).await.unwrap();
        assert_eq!(pass.exit(), exit::REFUSED);
        assert_eq!(company.holders("fulfiller"), ["ann@acme.example"]);
    });
}

#[test]
fn a_delta_link_that_is_about_to_be_forgotten_is_told_before_it_is() {
    run(async {
        let (company, _) = company().await;
        let expires = company.status().await.feeds[0].cursor_expires.unwrap();
        let life = expires.since(company.warden().now());
        let week = Duration::from_hours(24 * 7);
        assert!(life <= week && life.as_secs() + 300 > week.as_secs(), "{life:?}");
        company.advance(Duration::from_hours(24 * 8));
        let pass = company.incremental().await;
        assert_eq!(pass.exit(), exit::DONE, "a forgotten link is a new first round: {:?}", pass.readings);
        assert!(company.status().await.feeds[0].cursor_expires.unwrap() > expires);
        assert!(company.revoked().is_empty());
    });
}
