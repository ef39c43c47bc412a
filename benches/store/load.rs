//! The store: latency of commits, a first load, reopening, reading everything.
//!
//! Each phase runs in a process of its own, so that its peak of memory is its own. Wall times on a busy machine vary
//! by two; compare within one run.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement reads the clock, prints a table, rounds for people, and stops where it cannot go on"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use seatwarden::directory::{AccountRow, PersonRecord};
use seatwarden::model::{Account, AccountId, Attribute, FeedName, PersonId, Status, Time, UnitNo};
use seatwarden::seats::Event;
use seatwarden::store::{Batch, FeedState, SledStore, Store};

/// Runs all phases for 100,000 people and for a million, or for the number given.
pub(crate) fn run(words: &[&str]) {
    match words {
        ["phase", name, folder, people] => phase(name, Path::new(folder), people.parse().unwrap()),
        [] => [100_000, 1_000_000].into_iter().for_each(all),
        [people, ..] => all(people.parse().unwrap()),
    }
}

fn all(people: u64) {
    let dir = tempfile::tempdir_in("target").unwrap();
    let folder = dir.path().join("store");
    println!("store, {people} people; `load` commits pages of 200, `bulk` of 1,000");
    for name in ["bulk", "load", "reopen", "walk", "point", "change", "reopen", "one", "hook", "many"] {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["phase", name, folder.to_str().unwrap(), &people.to_string()])
            .status();
        assert!(status.unwrap().success(), "{name}");
    }
}

fn phase(name: &str, folder: &Path, people: u64) {
    let beside = folder.with_extension("bulk");
    let folder = if name == "bulk" { &beside } else { folder };
    let begun = Instant::now();
    let store = SledStore::open(folder).unwrap().store;
    let opened = begun.elapsed();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let begun = Instant::now();
    let said = match name {
        "load" => runtime.block_on(load(&store, people, 200)),
        "bulk" => runtime.block_on(load(&store, people, 1_000)),
        "reopen" => format!("opened in {}", ms(opened)),
        "walk" => walk(&store),
        "point" => point(&store, people),
        "change" => runtime.block_on(change(&store, people)),
        "one" => runtime.block_on(one(&store, true)),
        "hook" => runtime.block_on(one(&store, false)),
        _ => runtime.block_on(many(Arc::new(store), folder)),
    };
    let took = begun.elapsed();
    println!(
        "  {name:<7} {:>9}  cpu {:>9}  peak {:>4} MiB  written {:>5} MiB  disk {:>5} MiB  {said}",
        ms(took),
        ms(cpu()),
        status("VmHWM") / 1024,
        proc("/proc/self/io", "write_bytes") >> 20,
        disk(folder) >> 20,
    );
}

fn person(id: u64, version: u64) -> PersonRecord {
    let account = Account {
        id: AccountId { feed: FeedName::new("okta-prod"), id: format!("00u{id:017}") },
        status: Status::Active,
        raw_status: "ACTIVE".to_owned(),
        user_name: Some(format!("first.last{id}@acme.example")),
        email: Some(format!("first.last{id}@acme.example")),
        employee_number: Some(format!("{:06}", 100_000 + id)),
        display_name: Some(format!("First Last {id}")),
        attributes: BTreeMap::from([
            (Attribute::JobCode, vec![format!("SD-{}", (id + version) % 1_000)]),
            (Attribute::Department, vec!["Service Operations".to_owned()]),
            (Attribute::Country, vec!["DE".to_owned()]),
            (Attribute::CostCenter, vec![format!("CC-{}", id % 300)]),
        ]),
        changed_at: Some(Time::from_millis(1_700_000_000_000)),
    };
    let read_at = Time::from_millis(1_700_000_000_000);
    PersonRecord { id: PersonId(id), accounts: vec![AccountRow { account, read_at, missing: None }] }
}

fn page(ids: impl Iterator<Item = u64>, version: u64) -> Batch {
    let mut batch = Batch::new(Time::from_millis(1_700_000_000_000), 1);
    batch.people.extend(ids.map(|id| person(id, version)));
    batch.dirty.extend(batch.people.iter().map(|record| record.id));
    let state = FeedState { cursor: Some("c".repeat(80)), ..FeedState::default() };
    batch.feeds.insert(FeedName::new("okta-prod"), state);
    batch
}

async fn load(store: &SledStore, people: u64, size: u64) -> String {
    // Encoded for the measure of the disk, not for the store: a thousandth of all people tells.
    let bytes = (0..people).step_by(1_000).map(|id| postcard::to_stdvec(&person(id, 0)).unwrap().len()).sum::<usize>();
    let begun = Instant::now();
    for first in 0..people.div_ceil(size) {
        let batch = page(first * size..people.min((first + 1) * size), 0);
        store.commit(batch).await.unwrap();
    }
    let per_second = people as f64 / begun.elapsed().as_secs_f64();
    format!("{per_second:.0} people/s, encoded {} MiB", (bytes * 1_000) >> 20)
}

fn walk(store: &SledStore) -> String {
    let mut count = 0_u64;
    store
        .people(&mut |_| {
            count += 1;
            true
        })
        .unwrap();
    format!("{count} people decoded")
}

fn point(store: &SledStore, people: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(1);
    let begun = Instant::now();
    let reads = 100_000;
    for _ in 0..reads {
        assert!(store.person(PersonId(rng.u64(..people))).unwrap().is_some());
    }
    format!("{:.0} reads/s", f64::from(reads) / begun.elapsed().as_secs_f64())
}

/// A tenth of all people change, a page at a time, anywhere.
async fn change(store: &SledStore, people: u64) -> String {
    let mut rng = fastrand::Rng::with_seed(2);
    let begun = Instant::now();
    for _ in 0..people / 2_000 {
        store.commit(page((0..200).map(|_| rng.u64(..people)), 1)).await.unwrap();
    }
    format!("{:.0} changes/s", (people / 10) as f64 / begun.elapsed().as_secs_f64())
}

/// One committer; with a change of a seat, or with no more than a hook leaves.
async fn one(store: &SledStore, with_event: bool) -> String {
    let mut took = Vec::new();
    for turn in 0..2_000_u64 {
        let begun = Instant::now();
        store.commit(small(turn, with_event)).await.unwrap();
        took.push(begun.elapsed());
    }
    percentiles(took)
}

fn small(turn: u64, with_event: bool) -> Batch {
    let mut batch = Batch::new(Time::from_millis(1_700_000_000_000), 1);
    batch.dirty.insert(PersonId(turn));
    if with_event {
        let cause = seatwarden::seats::Cause {
            reason: seatwarden::seats::Reason::Rule,
            evidence: seatwarden::seats::Evidence::Rule,
            rule: Some("sd".into()),
            text: "job code SD-1 matches row sd".to_owned(),
        };
        batch.events.push(Event::Granting {
            person: PersonId(turn),
            pool: "fulfiller".into(),
            class: None,
            cause,
            basis: seatwarden::rules::Basis::default(),
            unit: u32::try_from(turn).ok().map(UnitNo),
        });
    }
    batch
}

async fn many(store: Arc<SledStore>, _folder: &Path) -> String {
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..64_u64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let mut took = Vec::new();
            for turn in 0..500_u64 {
                let begun = Instant::now();
                store.commit(small(writer * 500 + turn, false)).await.unwrap();
                took.push(begun.elapsed());
            }
            took
        }));
    }
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let per_second = took.len() as f64 / begun.elapsed().as_secs_f64();
    format!("64 committers, {per_second:.0} commits/s, {}", percentiles(took))
}

fn percentiles(mut took: Vec<Duration>) -> String {
    took.sort();
    let of = |share: f64| ms(took.get((took.len() as f64 * share) as usize).copied().unwrap_or_default());
    format!("p50 {} p99 {}", of(0.5), of(0.99))
}

fn ms(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1_000.0)
}

/// User and system time of this process, in the hundredths of a second that Linux counts in.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

fn status(field: &str) -> u64 {
    proc("/proc/self/status", field)
}

fn proc(path: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
}

fn disk(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let meta = std::fs::symlink_metadata(path).unwrap();
    let children = if meta.is_dir() { Some(std::fs::read_dir(path).unwrap()) } else { None };
    let inside: u64 = children.into_iter().flatten().map(|child| disk(&child.unwrap().path())).sum();
    meta.blocks() * 512 + inside
}
