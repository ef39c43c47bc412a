//! Seeded worlds: months of a company, its providers, its desks and its operators, with faults and crashes, in one
//! process and without sockets, under the eyes of all invariants.
//!
//! `case` draws a world from its seed, `house` runs it, `life` makes its steps, `truth` says who should hold what,
//! `laws` looks at every moment, `numbers` at the terms of numbered seats, `calm` at the end. A world that breaks a law is printed with the fewest steps that
//! still break one; its seed goes into `tests/seeds.txt`.

mod calm;
mod case;
mod house;
mod laws;
mod life;
mod numbers;
mod truth;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use seatwarden::ambient::{Clock as _, SystemClock};

use self::case::{Case, Step, What};
use self::house::House;
use self::laws::{Seats, Totals, Watch};

/// Whether worlds tell what happens in them; switched on for the one that is printed, where `TELL=1` is in the
/// environment.
static TELLS: AtomicBool = AtomicBool::new(false);

/// Says what happens, where somebody wants to hear it.
fn tell(line: impl FnOnce() -> String) {
    if TELLS.load(Ordering::SeqCst) {
        say(&line());
    }
}

#[expect(clippy::print_stderr, reason = "what a test says to whoever looks for a fault")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// Worlds of an ordinary run.
const SEEDS: u64 = 200;

/// Worlds of an ordinary run that are lived through twice.
const QUIET_SEEDS: u64 = 40;

/// Lives through a world. The error names the law that was broken, and after which step.
fn live(case: &Case) -> Result<Totals, String> {
    end_of(case).map(|(totals, _)| totals)
}

/// Lives through a world, and tells who holds and waits for what in the end.
fn end_of(case: &Case) -> Result<(Totals, Seats), String> {
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut house = House::new(case)?;
            let mut watch = Watch::default();
            life::settle(&house, case.seed);
            watch.note_world(&house);
            for (at, step) in case.steps.iter().enumerate() {
                life::step(&mut house, &mut watch, *step).await.map_err(|why| format!("step {at} {step:?}: {why}"))?;
            }
            calm::settle(&mut house, &mut watch).await.map_err(|why| format!("calm: {why}"))?;
            Ok((watch.totals, watch.seats(&house)))
        })
    }));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panic: {}", text.unwrap_or_default()))
    })
}

/// The law that was broken, without where and by whom.
fn kind(why: &str) -> String {
    let law = why.rsplit_once("}: ").filter(|(step, _)| step.starts_with("step")).map_or(why, |(_, law)| law);
    let law = law.strip_prefix("calm: ").unwrap_or(law);
    law.chars().filter(|letter| !letter.is_ascii_digit()).take(16).collect()
}

/// The fewest steps that still break a law: the shortest prefix, and of that what cannot be left out.
fn shrink(case: &Case) -> (Case, String) {
    let with = |steps: &[Step]| Case { steps: steps.to_vec(), ..case.clone() };
    let mut best = case.clone();
    let mut why = live(case).err().unwrap_or_else(|| "it broke once and not again".to_owned());
    let same = kind(&why);
    for length in 0..best.steps.len() {
        let shorter = with(&case.steps[..length]);
        if let Some(reason) = live(&shorter).err().filter(|reason| kind(reason) == same) {
            (best, why) = (shorter, reason);
            break;
        }
    }
    let mut at = 0;
    while at < best.steps.len() {
        let mut steps = best.steps.clone();
        steps.remove(at);
        let shorter = with(&steps);
        match live(&shorter).err().filter(|reason| kind(reason) == same) {
            Some(reason) => (best, why) = (shorter, reason),
            None => at += 1,
        }
    }
    (best, why)
}

/// Lives through many worlds on all cores. Gives the totals, or the first world that broke a law.
fn run(seeds: impl Iterator<Item = u64> + Send) -> (u64, Totals, Vec<u64>) {
    let seeds = Mutex::new(seeds);
    let (totals, failed) = (Mutex::new(Totals::default()), Mutex::new(Vec::new()));
    let worlds = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = seeds.lock().unwrap().next();
                    let Some(seed) = next else { return };
                    if failed.lock().unwrap().len() >= 20 {
                        return;
                    }
                    match live(&Case::new(seed)) {
                        Ok(more) => *totals.lock().unwrap() += more,
                        Err(why) => {
                            let short: String = why.chars().take(400).collect();
                            say(&format!("seed {seed} broke: {short}"));
                            failed.lock().unwrap().push(seed);
                        }
                    }
                    worlds.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    (worlds.into_inner(), totals.into_inner().unwrap(), failed.into_inner().unwrap())
}

fn report(seeds: impl Iterator<Item = u64> + Send) {
    let began = SystemClock.now();
    let (worlds, totals, mut failed) = run(seeds);
    failed.sort_unstable();
    let Totals { passes, granted, revoked, held, crashes } = totals;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = worlds as f64 / SystemClock.now().since(began).as_secs_f64().max(0.001);
    say(&format!(
        "{worlds} worlds, {rate:.1} worlds/s: {passes} passes, {crashes} crashes, {granted} seats granted, {revoked} revoked, \
         {held} plans held; {} broke a law",
        failed.len()
    ));
    let Some(first) = failed.first() else { return };
    let case = Case::new(*first);
    let (small, why) = shrink(&case);
    if number("TELL").is_some() {
        TELLS.store(true, Ordering::SeqCst);
        drop(live(&small));
    }
    let steps: Vec<String> = small.steps.iter().map(|step| format!("  {step:?}")).collect();
    panic!(
        "seeds {failed:?} broke a law; put the seed into tests/seeds.txt\nseed {first} with {} steps:\n{}\n{:?}\n{}\n{why}",
        steps.len(),
        steps.join("\n"),
        small.shape,
        small.table.text()
    );
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `SEEDS` and `FROM` in the environment say how many and which.
#[test]
fn random_worlds_keep_every_invariant() {
    let from = number("FROM").unwrap_or(0);
    report(from..from + number("SEEDS").unwrap_or(SEEDS));
}

#[test]
fn worlds_that_once_broke_a_law_keep_it_now() {
    let seeds = include_str!("../../seeds.txt").lines();
    let seeds: Vec<u64> = seeds.filter_map(|line| line.split('#').next()?.trim().parse().ok()).collect();
    report(seeds.into_iter());
}

#[test]
fn passes_over_changes_end_where_full_passes_end() {
    let from = number("FROM").unwrap_or(0);
    for seed in from..from + number("SEEDS").unwrap_or(QUIET_SEEDS) {
        let full = Case::quiet(seed);
        let changes = |step: &Step| match step.what {
            What::Full => Step { what: What::Incremental, ..*step },
            _ => *step,
        };
        let incremental = Case { steps: full.steps.iter().map(changes).collect(), ..full.clone() };
        let (all, few) = (end_of(&full), end_of(&incremental));
        let (all, few) = (all.map(|(_, seats)| seats), few.map(|(_, seats)| seats));
        assert!(all.is_ok() && all == few, "seed {seed}\n{:#?}\nfull {all:?}\nincremental {few:?}", full.steps);
    }
}
