//! Okta from event to seat, without a hook: what the log names, what it costs, and what is left without it.

use std::time::Duration;

use seatwarden::worker::Scope;
use seatwarden_mocks::okta::Bucket;
use seatwarden_mocks::{Fault, Hire, Rule, Server, World};

use super::company::{Company, Setup, run};

async fn company() -> Company {
    let mut world = World::empty(7);
    for name in ["ann", "bob", "cid", "dan"] {
        world.hire(Hire::new(&format!("{name}@acme.example")).job("SD-12"));
    }
    world.hire(Hire::new("eve@acme.example").job("FIN-1"));
    let company = Company::new(world, Setup { desk: None, ..Setup::default() }).await;
    company.full().await;
    assert_eq!(company.holders("fulfiller"), ["ann", "bob", "cid", "dan"].map(|name| format!("{name}@acme.example")));
    company.advance(Duration::from_mins(30));
    company.mocks.forget_requests();
    company
}

fn person(company: &Company, name: &str) -> seatwarden_mocks::PersonId {
    company.mocks.state().world.by_email(&format!("{name}@acme.example")).unwrap()
}

fn paths(company: &Company) -> Vec<String> {
    company.mocks.requests().into_iter().map(|seen| seen.path).collect()
}

#[test]
fn a_quiet_look_takes_two_requests_and_somebody_purged_is_seen_by_the_next_one() {
    run(async {
        let company = company().await;
        // The first look reaches back to before the walk, when all of them were hired.
        company.incremental().await;
        company.advance(Duration::from_mins(30));
        company.mocks.forget_requests();
        for _ in 0..3 {
            company.incremental().await;
            assert_eq!(paths(&company), ["/api/v1/logs", "/api/v1/users"]);
            company.mocks.forget_requests();
            company.advance(Duration::from_mins(2));
        }
        let ann = person(&company, "ann");
        company.mocks.state().world.purge(ann);
        company.incremental().await;
        assert_eq!(company.revoked(), ["ann@acme.example"]);
        assert_eq!(
            paths(&company).len(),
            4,
            "the log until it is read, the list, one read by id: {:?}",
            paths(&company)
        );
        company.assert_sound();
    });
}

#[test]
fn what_an_hr_import_changes_is_seen() {
    run(async {
        let company = company().await;
        company.mocks.state().okta.imports = true;
        let (bob, eve) = (person(&company, "bob"), person(&company, "eve"));
        {
            let mut state = company.mocks.state();
            state.world.leave(bob);
            state.world.move_to(eve, "SD-20", "IT");
            state.world.hire(Hire::new("fay@acme.example").job("SD-12"));
        }
        company.incremental().await;
        let holders = ["ann", "cid", "dan", "eve", "fay"].map(|name| format!("{name}@acme.example"));
        assert_eq!(company.holders("fulfiller"), holders);
        assert!(paths(&company).iter().all(|path| !path.starts_with("/api/v1/users/")), "the list shows them all");
    });
}

#[test]
fn without_the_log_purged_people_wait_for_a_full_pass_and_status_says_why() {
    run(async {
        let company = company().await;
        let refusal = Fault::Status(403, "{\"errorCode\":\"E0000006\"}".to_owned());
        company.mocks.faults.push(Rule::on(Server::Okta).path("/api/v1/logs").play(refusal));
        let (ann, bob) = (person(&company, "ann"), person(&company, "bob"));
        company.mocks.state().world.purge(ann);
        company.mocks.state().world.leave(bob);
        let pass = company.incremental().await;
        assert!(pass.readings.iter().all(|reading| reading.coverage.gap().is_none()));
        assert_eq!(company.revoked(), ["bob@acme.example"], "leavers are in the list");
        let feed = company.status().await.feeds.remove(0);
        assert_eq!((feed.state.as_str(), feed.error), ("ok", None));
        let degraded = feed.degraded.unwrap();
        assert!(degraded.contains("403 E0000006") && degraded.contains("okta.logs.read"), "{degraded}");
        company.mocks.faults.clear();
        company.advance(Duration::from_hours(1));
        company.incremental().await;
        assert_eq!(company.revoked(), ["bob@acme.example", "ann@acme.example"], "asked again after an hour");
        assert_eq!(company.status().await.feeds[0].degraded, None);
    });
}

#[test]
fn whoever_is_purged_between_walk_and_look_is_neither_lost_nor_taken_for_many() {
    run(async {
        let company = company().await;
        let cid = person(&company, "cid");
        company.mocks.state().world.purge(cid);
        company.full().await;
        assert_eq!(company.revoked(), ["cid@acme.example"], "absent, and gone by id");
        company.advance(Duration::from_mins(2));
        company.incremental().await;
        company.try_pass(Scope::Incremental).await.unwrap();
        assert_eq!(company.revoked(), ["cid@acme.example"]);
        company.assert_sound();
    });
}

#[test]
fn an_org_without_calls_left_for_the_log_is_still_read() {
    run(async {
        let company = company().await;
        company.mocks.state().okta.limits.set(Bucket::Logs, 1);
        for _ in 0..4 {
            let pass = company.incremental().await;
            assert!(pass.readings.iter().all(|reading| reading.coverage.gap().is_none()), "{:?}", pass.readings);
            company.advance(Duration::from_secs(5));
        }
        company.assert_sound();
    });
}

/// A cached page of yesterday, served once more today: nobody is what they were then.
#[test]
fn a_stale_page_takes_nothing_back() {
    run(async {
        let company = company().await;
        // The mock keeps the last page for as long as some rule may ask for it.
        company.mocks.faults.push(Rule::on(Server::Okta).nth(99).play(Fault::DuplicatePage));
        company.full().await;
        company.mocks.faults.clear();
        let eve = person(&company, "eve");
        company.mocks.state().world.move_to(eve, "SD-20", "IT");
        company.full().await;
        assert_eq!(company.holders("fulfiller").len(), 5);
        company.advance(Duration::from_mins(30));
        company.mocks.faults.push(Rule::on(Server::Okta).nth(1).play(Fault::DuplicatePage));
        company.mocks.forget_requests();
        company.full().await;
        assert_eq!(company.revoked(), Vec::<String>::new(), "a page from before her move says nothing of her");
        assert_eq!(company.holders("fulfiller").len(), 5);
        let read = paths(&company).into_iter().filter(|path| path.starts_with("/api/v1/users/")).count();
        assert_eq!(read, 1, "she alone is read by id: {:?}", paths(&company));
    });
}

#[test]
fn a_provider_that_was_restored_is_followed_by_reads_by_id() {
    run(async {
        let company = company().await;
        let eve = person(&company, "eve");
        company.mocks.state().world.move_to(eve, "SD-20", "IT");
        company.full().await;
        company.advance(Duration::from_mins(30));
        // Restored from before her move: the time of her last change is an old one, and so are the facts.
        {
            let mut state = company.mocks.state();
            let now = state.world.now;
            state.world.now = now.checked_sub(jiff::SignedDuration::from_hours(48)).unwrap();
            state.world.move_to(eve, "FIN-1", "Finance");
            state.world.now = now;
        }
        company.mocks.forget_requests();
        let pass = company.try_pass(Scope::Full).await.unwrap();
        assert!(pass.readings.iter().all(|reading| reading.coverage.gap().is_none()), "{:?}", pass.readings);
        let read = paths(&company).into_iter().filter(|path| path.starts_with("/api/v1/users/")).count();
        assert_eq!(read, 1, "she alone is read by id: {:?}", paths(&company));
        assert_eq!(company.revoked(), ["eve@acme.example"]);
        // Believed from there on.
        company.advance(Duration::from_mins(30));
        company.mocks.forget_requests();
        company.full().await;
        assert!(paths(&company).iter().all(|path| !path.starts_with("/api/v1/users/")), "{:?}", paths(&company));
    });
}

#[test]
fn an_older_row_that_cannot_be_read_by_id_leaves_everything_as_known() {
    run(async {
        let company = company().await;
        let ann = person(&company, "ann");
        {
            let mut state = company.mocks.state();
            let now = state.world.now;
            state.world.now = now.checked_sub(jiff::SignedDuration::from_hours(48)).unwrap();
            state.world.move_to(ann, "FIN-1", "Finance");
            state.world.now = now;
        }
        // The first request is the list.
        company.mocks.faults.push(Rule::on(Server::Okta).from(2).play(Fault::Html));
        let pass = company.try_pass(Scope::Full).await.unwrap();
        let gap = pass.readings[0].coverage.gap().expect("what could not be read is told");
        assert_eq!(gap.call, "GET /api/v1/users/{id}");
        assert_eq!(company.holders("fulfiller").len(), 4);
        company.mocks.faults.clear();
        company.full().await;
        assert_eq!(company.revoked(), ["ann@acme.example"], "it was true after all");
    });
}
