//! Between the answer and the look: storms, crashes, a store that cannot.

use std::sync::Arc;

use seatwarden::inbound::public::Limits;
use seatwarden::store::{Overlay, SledStore, Store};
use seatwarden_mocks::{Company as Staff, Server};

use super::super::company::{Setup, catalog, run};
use super::world::{Called, SECRET, analysts, delivery, okta_hook};

#[test]
fn a_process_that_dies_between_answer_and_look_looks_after_its_restart() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&folder.path().join("store")).unwrap().store);
        let setup = Setup { more: okta_hook(), ..Setup::default() };
        let mut called = Called::on(analysts(&["ann", "ben"]), setup, Limits::default(), store).await;
        called.company.full().await;
        called.company.mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap();
        called.leave("ann");
        assert_eq!(called.company.mocks.send_okta_events().await.statuses, [200]);
        called.restart().await;
        assert_eq!(called.on_disk(), 1);
        assert_eq!(called.look().await.applied.revoked, 1);
        assert_eq!(called.on_disk(), 0);
        assert!(called.company.store.verify().unwrap().ok);
        called.restart().await;
        assert!(called.company.warden().take_hints().is_empty());
        called.company.assert_sound();
    });
}

#[test]
fn a_storm_becomes_one_reading_and_leavers_overtake_it() {
    run(async {
        let staff = Staff::generate(5, 600);
        let setup = Setup { more: okta_hook(), catalog: catalog(5_000, ""), ..Setup::default() };
        let called = Called::on(staff, setup, Limits::default(), Arc::new(Overlay::empty())).await;
        called.company.full().await;
        let ids: Vec<String> = called.company.mocks.with(|state| {
            let world = &state.world;
            world.people().iter().filter_map(|person| world.okta_id(person.id)).collect()
        });
        assert!(ids.len() > 250, "{}", ids.len());
        let mut number = 0;
        for round in 0..20 {
            for chunk in ids.chunks(100) {
                let events: Vec<(String, &str)> = chunk
                    .iter()
                    .map(|id| {
                        number += 1;
                        (format!("{round}-{number}"), id.as_str())
                    })
                    .collect();
                let events: Vec<(&str, &str)> = events.iter().map(|(uuid, id)| (uuid.as_str(), *id)).collect();
                assert_eq!(called.okta(delivery("user.account.update_profile", &events)).await, 200);
            }
        }
        assert_eq!(called.on_disk(), ids.len(), "twenty events about one account are one hint");
        let holder = called.company.holders("fulfiller").first().cloned().unwrap();
        called.company.mocks.hook_okta(&called.url("okta"), SECRET).await.unwrap();
        called.leave(holder.split('@').next().unwrap());
        called.company.mocks.send_okta_events().await;
        called.company.mocks.forget_requests();
        let first = called.look().await;
        assert_eq!(first.applied.revoked, 1, "the leaver came first");
        assert_eq!(called.company.mocks.count(Server::Okta, "GET", "/api/v1/users/"), 1);
        let second = called.look().await;
        assert_eq!(second.applied.revoked, 0);
        let requests = called.company.mocks.count(Server::Okta, "GET", "/api/v1/users");
        assert!(requests < 10, "{requests} requests for a storm");
        assert_eq!(called.on_disk(), 0);
        assert!(called.company.warden().take_hints().is_empty());
    });
}
