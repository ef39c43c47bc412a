//! The fuzz targets for a short time: the kept corpus, then mutations of it.
//!
//! A fault names its seed: `SEATWARDEN_FUZZ_SEED=… cargo test --test it -- fuzz::` tries the same inputs again.
//! `SEATWARDEN_FUZZ_SECONDS` makes it look longer; `make fuzz` looks with libFuzzer where that is installed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

/// Words that mean something to one reader or another.
const WORDS: [&str; 40] = [
    "[[rule]]\n",
    "[[exception]]\n",
    "[[case]]\n",
    "[rule.when]\n",
    "when = { ",
    "attr.x",
    "\"\"\"",
    "'''",
    "\\u0000",
    "# c\n",
    "=",
    ",",
    ";",
    "\t",
    "|",
    "!",
    "*",
    "..",
    "\"",
    "\"\"",
    "\r\n",
    "\r",
    "\n\n",
    "\u{feff}",
    "id",
    "person",
    "tier",
    "addons",
    "until",
    "2026-12-31",
    "priority",
    "-9223372036854775808",
    "<c r=\"XFD1048576\"><v>1</v></c>",
    "<f>1</f>",
    "t=\"s\"",
    "s=\"1\"",
    "1e308",
    "NaN",
    "&#x0;",
    "ﬁ＝！",
];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn mutated(rng: &mut fastrand::Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus[rng.usize(..corpus.len())].clone();
    for _ in 0..=rng.usize(..6) {
        let at = rng.usize(..=input.len());
        let end = (at + rng.usize(..40)).min(input.len());
        match rng.u8(..8) {
            0 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
            1 => drop(input.splice(at..end, [])),
            2 => drop(input.splice(at..at, std::iter::repeat_with(|| rng.u8(..)).take(4))),
            3 => {
                let piece = input[at..end].to_vec();
                let to = rng.usize(..=input.len());
                drop(input.splice(to..to, piece));
            }
            4 => {
                let other = &corpus[rng.usize(..corpus.len())];
                let from = rng.usize(..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            5 if at < input.len() => input[at] = rng.u8(..),
            _ => drop(input.splice(at..at, WORDS[rng.usize(..WORDS.len())].bytes())),
        }
        // A slow evaluator is slow, and long inputs find little that short ones do not.
        input.truncate(4_096);
    }
    input
}

/// Tries the corpus and as many mutations as the time allows, at least some hundred.
#[expect(clippy::disallowed_methods, reason = "how long to look is a matter of the wall clock")]
fn look(name: &str, target: fn(&[u8])) {
    let corpus = corpus(name);
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let time = Duration::from_secs(setting("SEATWARDEN_FUZZ_SECONDS").unwrap_or(3));
    let first = setting("SEATWARDEN_FUZZ_SEED");
    let begun = Instant::now();
    let from = first.unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    for (number, input) in corpus.iter().enumerate() {
        tried(target, input, &format!("{name}: corpus file {number}"));
    }
    let mut seed = from;
    while begun.elapsed() < time || seed - from < 100 {
        let input = mutated(&mut fastrand::Rng::with_seed(seed), &corpus);
        tried(target, &input, &format!("{name}: SEATWARDEN_FUZZ_SEED={seed}"));
        seed += 1;
    }
    eprintln!("{name}: {} inputs from SEATWARDEN_FUZZ_SEED={from}", seed - from);
}

fn tried(target: fn(&[u8]), input: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        eprintln!("{what}\n{:?}\n{input:?}", String::from_utf8_lossy(input));
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn any_bytes_are_a_table_in_toml_or_are_refused() {
    look("toml", targets::toml);
}

#[test]
fn any_bytes_are_a_table_in_csv_or_are_refused() {
    look("csv", targets::csv);
}

#[test]
fn any_bytes_are_a_workbook_or_are_refused() {
    look("xlsx", targets::xlsx);
}

#[test]
fn any_table_decides_as_the_slow_evaluator_does() {
    look("matcher", targets::matcher);
}

#[test]
fn any_bytes_are_a_filter_and_a_patch_or_are_refused() {
    look("scim", targets::scim);
}
