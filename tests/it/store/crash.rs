//! A process that commits is killed with no warning; what it was told is on disk must be there, and nothing in half.
//!
//! The child is this test binary once more. Twenty rounds, or as many as `SEATWARDEN_CRASH_ROUNDS` says. Killing a
//! process keeps the system's page cache: this proves the order of writes, not what a power cut leaves.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use seatwarden::model::{FeedName, PersonId, PoolId};
use seatwarden::seats::Event;
use seatwarden::store::{Batch, FeedState, SledStore, Store};

use super::world::{at, basis, cause, open, person};

const COMMITTERS: u64 = 4;
const FOLDER: &str = "SEATWARDEN_CRASH_FOLDER";
const ROUNDS: &str = "SEATWARDEN_CRASH_ROUNDS";

fn name(committer: u64) -> String {
    format!("committer-{committer}")
}

/// The batch of one committer's turn. Every fifth needs more writes than a transaction takes.
fn batch(committer: u64, turn: u64) -> Batch {
    let mut batch = Batch::new(at(turn), committer);
    let own = committer * 1_000_000;
    if turn.is_multiple_of(5) {
        batch.people.extend((0..250).map(|n| person(own + n * 64, turn)));
    } else {
        batch.people.push(person(own, turn));
    }
    batch.dirty.insert(PersonId(own + turn));
    batch.notes.insert(name(committer), Some(turn.to_string()));
    let state = FeedState { cursor: Some(turn.to_string()), accounts: turn, ..FeedState::default() };
    batch.feeds.insert(FeedName::new(name(committer)), state);
    let holder = PersonId(own + turn);
    let pool = PoolId::new("fulfiller");
    batch.events.push(Event::Granting {
        person: holder,
        pool: pool.clone(),
        class: None,
        cause: cause("a row"),
        basis: basis("SD-1"),
        unit: None,
    });
    batch.events.push(Event::Granted { person: holder, pool });
    batch.events.push(Event::FeedAccepted { feed: FeedName::new(name(committer)), accounts: turn });
    batch
}

/// Not a test of its own: what the killed process does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Arc::new(SledStore::open(Path::new(&folder)).unwrap().store);
    let mut tasks = Vec::new();
    for committer in 0..COMMITTERS {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let first = store.note(&name(committer)).unwrap().map_or(1, |turn| turn.parse::<u64>().unwrap() + 1);
            for turn in first.. {
                store.commit(batch(committer, turn)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "acknowledged {committer} {turn}").unwrap();
                out.flush().unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Runs the child until it has been told `enough` times that a batch is on disk, kills it, and says what it was told.
fn run_and_kill(folder: &Path, enough: usize) -> BTreeMap<u64, u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::child", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BTreeMap::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.by_ref().filter(|line| heard(line.as_ref().unwrap(), &mut told)).take(enough) {
        line.unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What still stood in the pipe had been acknowledged too; only its last line may be torn.
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    if let Some((_torn, whole)) = rest.split_last() {
        for line in whole {
            heard(line, &mut told);
        }
    }
    told
}

/// Whether the line acknowledges a batch, which is then noted.
fn heard(line: &str, told: &mut BTreeMap<u64, u64>) -> bool {
    let Some((committer, turn)) = line.split_once("acknowledged ").and_then(|(_before, words)| words.split_once(' '))
    else {
        return false;
    };
    told.insert(committer.parse().unwrap(), turn.parse().unwrap());
    true
}

#[test]
fn a_killed_process_loses_nothing_acknowledged_and_tears_nothing() {
    if std::env::var(FOLDER).is_ok() {
        return;
    }
    let rounds = std::env::var(ROUNDS).map_or(20, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    for round in 0..rounds {
        let told = run_and_kill(dir.path(), 1 + round * 37 % 101);
        let opened = SledStore::open_at(dir.path(), at(0)).unwrap();
        let store = opened.store;
        assert!(store.ledger().distrusted.is_none(), "round {round}: {:?}", opened.recovered);
        let found = store.verify().unwrap();
        assert!(found.ok, "round {round}: {:?}", found.findings);
        for committer in 0..COMMITTERS {
            let last = store.note(&name(committer)).unwrap().map_or(0, |turn| turn.parse().unwrap());
            let acknowledged = told.get(&committer).copied().unwrap_or(0);
            assert!(last >= acknowledged, "round {round}: {acknowledged} was acknowledged, {last} is there");
            assert_whole(&store, committer, last);
        }
    }
    assert_eq!(open(dir.path()).verify().unwrap().findings, Vec::<String>::new());
}

/// Everything of the batches up to `last`, and nothing of the next.
fn assert_whole(store: &SledStore, committer: u64, last: u64) {
    let own = committer * 1_000_000;
    let feed = FeedName::new(name(committer));
    assert_eq!(store.feeds().unwrap().get(&feed).map_or(0, |state| state.accounts), last);
    let ledger = store.ledger();
    assert_eq!(ledger.accepted.get(&feed).copied().unwrap_or(0), last);
    let mine = PersonId(own)..PersonId(own + 1_000_000);
    let holders: Vec<u64> =
        ledger.holdings.keys().map(|(person, _)| *person).filter(|p| mine.contains(p)).map(|p| p.0 - own).collect();
    assert_eq!(holders, (1..=last).collect::<Vec<_>>());
    let dirty: Vec<u64> = store.dirty().unwrap().range(mine).map(|person| person.0 - own).collect();
    assert_eq!(dirty, holders);
    let expect = |id, turn| (turn > 0).then(|| person(id, turn));
    assert_eq!(store.person(PersonId(own)).unwrap(), expect(own, last));
    for n in 1..250 {
        let id = own + n * 64;
        assert_eq!(store.person(PersonId(id)).unwrap(), expect(id, last - last % 5), "person {n} of {committer}");
    }
}
