//! Stop the process after every store write and every call in turn, restart, and compare the end with that of a process
//! that was never stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use seatwarden::model::PoolId;
use seatwarden::seats::HoldState;
use seatwarden::store::StoreError;
use seatwarden_mocks::{Hire, World};

use super::company::{Company, Cut, Setup, catalog, run};
use crate::mortal::{Death, Mortal};

/// The process dies after so many writes: the last is on disk and nobody hears of it.
struct Writes {
    left: AtomicU64,
    commits: AtomicU64,
}

impl Writes {
    fn new() -> Self {
        Self { left: AtomicU64::new(u64::MAX), commits: AtomicU64::new(0) }
    }

    fn dies_after(&self, commits: u64) {
        self.left.store(commits, Ordering::SeqCst);
    }
}

#[async_trait]
impl Death for Writes {
    async fn around(&self, write: BoxFuture<'_, Result<(), StoreError>>) -> Result<(), StoreError> {
        let dead = || StoreError::Stopped("the test stopped the process".to_owned());
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(dead());
        }
        self.left.store(left.saturating_sub(1), Ordering::SeqCst);
        self.commits.fetch_add(1, Ordering::SeqCst);
        write.await?;
        if left == 1 { Err(dead()) } else { Ok(()) }
    }
}

/// Who holds and waits for what, by address: numbers of people are not part of the promise.
fn seats(company: &Company) -> BTreeMap<String, Vec<String>> {
    let ledger = company.store.ledger();
    assert!(ledger.holdings.values().all(|holding| holding.state == HoldState::Held), "an intent was left open");
    let mut seats = BTreeMap::new();
    for pool in ["fulfiller", "agent", "major-incident"] {
        seats.insert(pool.to_owned(), company.holders(pool));
        seats.insert(format!("{pool} queue"), company.waiting(pool));
    }
    for (pool, group) in
        [("fulfiller", "lic-fulfiller"), ("agent", "lic-agent"), ("major-incident", "lic-major-incident")]
    {
        assert_eq!(company.at_desk(group), company.holders(pool), "the desk and the ledger differ");
    }
    assert!(ledger.counts().get(&PoolId::from("fulfiller")).is_none_or(|count| count.total() <= 4));
    seats
}

fn setup() -> Setup {
    Setup {
        catalog: catalog(
            4,
            "[tier.agent]\nrank = 10\nseats = 3\nfallback = \"requester\"\n\
             [addon.major-incident]\nseats = 2\nrequires = [\"fulfiller\"]",
        ),
        rules: "id,job_code,tier,addons\nanalysts,SD-*,fulfiller,\nmajor,SD-12,,major-incident\nagents,AG-*,agent,\n"
            .to_owned(),
        ..Setup::default()
    }
}

fn world() -> World {
    let mut world = World::empty(3);
    for (number, (name, code)) in [
        ("ann", "SD-12"),
        ("ben", "SD-20"),
        ("cem", "SD-20"),
        ("dan", "SD-12"),
        ("eve", "SD-20"),
        ("fay", "AG-1"),
        ("gus", "AG-1"),
    ]
    .into_iter()
    .enumerate()
    {
        world.hire(
            Hire::new(&format!("{name}@acme.example")).number(&format!("{:05}", number + 1)).job(code).department("IT"),
        );
    }
    world
}

/// A leaver, a mover down and a mover up, at once.
fn change(company: &Company) {
    let mut state = company.mocks.state();
    let of =
        |state: &seatwarden_mocks::State, name: &str| state.world.by_email(&format!("{name}@acme.example")).unwrap();
    let (ann, ben, fay) = (of(&state, "ann"), of(&state, "ben"), of(&state, "fay"));
    state.world.leave(ann);
    state.world.move_to(ben, "AG-2", "IT");
    state.world.move_to(fay, "SD-30", "IT");
    drop(state);
    company.advance(Duration::from_mins(10));
}

/// The whole story: fill, change, fill again. `stop` says where the process dies; it is restarted as often as needed.
async fn story(stop: impl Fn(&Company, &Writes)) -> (BTreeMap<String, Vec<String>>, u64, u64) {
    let mortal = Arc::new(Mortal::new(Writes::new()));
    let mut company = Company::on(world(), setup(), mortal.clone()).await;
    stop(&company, &mortal.death);
    for part in 0..2 {
        if part == 1 {
            change(&company);
        }
        drop(company.try_pass(seatwarden::worker::Scope::Full).await);
        mortal.death.dies_after(u64::MAX);
        company.wire.cut_after(None);
        company.restart();
        for _ in 0..3 {
            company.advance(Duration::from_mins(10));
            company.full().await;
        }
        if part == 0 {
            stop(&company, &mortal.death);
        }
    }
    mortal.death.dies_after(u64::MAX);
    company.wire.cut_after(None);
    let last = company.full().await;
    assert!(last.plan.steps.is_empty(), "{:?}", last.plan.steps);
    company.assert_sound();
    (seats(&company), mortal.death.commits.load(Ordering::SeqCst), company.wire.calls())
}

#[test]
fn a_process_that_dies_after_any_write_ends_where_one_ends_that_never_died() {
    run(async {
        let (expected, commits, _) = story(|_, _| {}).await;
        assert_eq!(expected["fulfiller"].len(), 4, "{expected:?}");
        assert!(commits > 8, "{commits}");
        for dies in 1..=commits {
            let (ended, _, _) = story(|_, writes| writes.dies_after(dies)).await;
            assert_eq!(ended, expected, "died after write {dies}");
        }
    });
}

#[test]
fn a_process_whose_calls_break_anywhere_ends_where_one_ends_that_never_failed() {
    run(async {
        let (expected, _, calls) = story(|_, _| {}).await;
        for cut in [Cut::Before, Cut::After] {
            for after in 1..=calls.min(40) {
                let (ended, _, _) = story(|company, _| company.wire.cut_after(Some((after, cut)))).await;
                assert_eq!(ended, expected, "calls were cut {cut:?} number {after}");
            }
        }
    });
}
