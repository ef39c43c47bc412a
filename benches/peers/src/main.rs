//! One decision of the rules table, and compiling the table, beside other engines in one run: `make bench-peers`.
//!
//! Nothing is timed before all engines have given every person the same tier. Engines take turns, so that a busy
//! machine is busy for all of them; ratios are those within one turn.

mod engines;
mod table;

use std::hint::black_box;
use std::time::{Duration, Instant};

use fastrand::Rng;

use engines::{Decide, Engine, Fault, engines};
use table::{Facts, TIERS, people, rows};

const SEED: u64 = 20;
const PEOPLE: usize = 1_000;
/// Odd, so that the median is one of them.
const TURNS: usize = 9;
const COMPILATIONS: usize = 5;
/// What an engine has in each turn; as many people as it gets through, but no fewer than [`LEAST`].
const SLICE: Duration = Duration::from_millis(50);
const LEAST: usize = 20;

fn main() -> Result<(), Fault> {
    println!("| rows | engine | compile, ms | one decision, ns (fastest turn) | beside seatwarden |");
    println!("|---|---|---|---|---|");
    for count in [100, 1_000, 10_000] {
        let mut rng = Rng::with_seed(SEED);
        let rows = rows(count, &mut rng);
        let people = people(PEOPLE, &rows, &mut rng);
        let engines = engines(&rows, &people)?;
        let compiled = engines.iter().map(|engine| (engine.compile)()).collect::<Result<Vec<_>, _>>()?;
        agree(&engines, &compiled, &people)?;
        report(count, &engines, &compiled)?;
    }
    Ok(())
}

/// Fails unless all give the same tier to every person, and every tier to somebody.
fn agree(engines: &[Engine], compiled: &[Decide], people: &[Facts]) -> Result<(), Fault> {
    let mut given = [0_usize; TIERS.len()];
    for (number, facts) in people.iter().enumerate() {
        let tiers = compiled.iter().map(|decide| decide(number)).collect::<Result<Vec<_>, _>>()?;
        let first = tiers[0];
        for (engine, tier) in engines.iter().zip(tiers) {
            let other = || {
                format!(
                    "{} gives {} to {facts:?}, {} gives {}",
                    engine.name,
                    tier.name(),
                    engines[0].name,
                    first.name()
                )
            };
            if tier != first {
                return Err(other().into());
            }
        }
        given.iter_mut().zip(TIERS).filter(|(_, tier)| *tier == first.name()).for_each(|(given, _)| *given += 1);
    }
    if given.contains(&0) {
        return Err(format!("a tier that nobody has proves nothing: {given:?} of {TIERS:?}").into());
    }
    eprintln!("all {} engines agree on {} people: {given:?} of {TIERS:?}", engines.len(), people.len());
    Ok(())
}

fn report(rows: usize, engines: &[Engine], compiled: &[Decide]) -> Result<(), Fault> {
    let mut compiling = vec![Vec::new(); engines.len()];
    for turn in 0..COMPILATIONS {
        for at in order(turn, engines.len()) {
            let begun = now();
            let compiled = black_box((engines[at].compile)()?);
            compiling[at].push(begun.elapsed().as_secs_f64() * 1e3);
            drop(compiled);
        }
    }
    let mut deciding = vec![Vec::new(); engines.len()];
    let mut next = vec![0; engines.len()];
    for turn in 0..TURNS {
        for at in order(turn, engines.len()) {
            deciding[at].push(slice(&compiled[at], &mut next[at])?);
        }
    }
    let ours = deciding[0].clone();
    for ((engine, compiling), deciding) in engines.iter().zip(compiling).zip(deciding) {
        let ratios = deciding.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
        let fastest = deciding.iter().copied().fold(f64::INFINITY, f64::min);
        let (compiling, deciding, ratio) = (median(compiling), median(deciding), median(ratios));
        println!("| {rows} | {} | {compiling:.2} | {deciding:.0} ({fastest:.0}) | {ratio:.1} x |", engine.name);
    }
    Ok(())
}

/// Every other turn goes backwards.
fn order(turn: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| if turn.is_multiple_of(2) { at } else { count - 1 - at })
}

/// Nanoseconds per decision. Goes on with the people where the engine's last turn ended.
fn slice(decide: &Decide, next: &mut usize) -> Result<f64, Fault> {
    let begun = now();
    let mut decided = 0_u32;
    loop {
        for _ in 0..LEAST {
            black_box(decide(black_box(*next))?);
            *next = (*next + 1) % PEOPLE;
            decided += 1;
        }
        let passed = begun.elapsed();
        if passed >= SLICE {
            return Ok(passed.as_secs_f64() * 1e9 / f64::from(decided));
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "the system's clock is what a measurement asks")]
fn now() -> Instant {
    Instant::now()
}
