//! People by row and code, and job codes over time: bounded, and nobody's name.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use proptest::prelude::*;
use seatwarden::directory::Person;
use seatwarden::model::Status;
use seatwarden::rules::history::{CodeBook, DAYS, DayBefore};
use seatwarden::rules::{Census, CensusTaker, RuleSet};

use super::world::{cases, day, person, sound, toml};

const TABLE: &str = "[[rule]]\nid='analysts'\nwhen={job_code='SD-*', department='IT'}\ntier='agent'\n\
    [[rule]]\nid='extra'\nwhen={job_code='SD-1'}\naddons=['reports']\n\
    [[rule]]\nid='idle'\nwhen={job_code='X-1'}\ntier='agent'\n\
    [[exception]]\nperson='boss@acme.example'\ntier='fulfiller'\nuntil=2030-01-01\nowner='o'\nreason='r'\n";

fn census(set: &RuleSet, people: &[Person], today: Date) -> Census {
    let mut taker = CensusTaker::new(set, today);
    for person in people {
        taker.see(person, &set.decide(person, today));
    }
    taker.finish()
}

#[test]
fn a_census_counts_by_row_and_code() {
    let set = sound(toml(TABLE));
    let mut boss = person(&[("job_code", "SD-2"), ("department", "IT")]);
    boss.email = Some("Boss@acme.example".to_owned());
    let mut left = person(&[("job_code", "SD-1")]);
    left.status = Status::Gone;
    let people = [
        person(&[("job_code", "SD-1"), ("department", "IT")]),
        person(&[("job_code", " sd-1 ")]),
        person(&[("job_code", "FIN-1")]),
        person(&[]),
        boss,
        left,
    ];
    let census = census(&set, &people, day("2026-06-15"));
    assert_eq!((census.people, census.without_code), (5, 1));
    let rows: Vec<_> =
        census.rows.iter().map(|row| (row.line.id.as_str(), row.decides, row.adds, row.exception)).collect();
    assert_eq!(
        rows,
        [
            ("analysts", 1, 0, false),
            ("extra", 0, 2, false),
            ("idle", 0, 0, false),
            ("exception:boss@acme.example", 1, 0, true)
        ]
    );
    let codes: Vec<_> = census
        .codes
        .values()
        .map(|code| {
            let rule = code.meaning().and_then(|meaning| meaning.rule.clone()).map(|rule| rule.to_string());
            (code.shown.as_str(), code.people, code.without_row, rule)
        })
        .collect();
    assert_eq!(
        codes,
        [("FIN-1", 1, 1, None), ("SD-1", 2, 0, Some("analysts".to_owned())), ("SD-2", 1, 0, None)],
        "an exception is about a person, not about a code"
    );
}

/// What the store keeps.
#[derive(Default)]
struct Kept {
    book: CodeBook,
    days: BTreeMap<Date, DayBefore>,
}

impl Kept {
    /// Learns as the worker does; tells whether anything was written.
    fn learn(&mut self, set: &RuleSet, people: &[Person], today: Date) -> bool {
        let mut before = self.days.get(&today).cloned().unwrap_or_default();
        let found = census(set, people, today);
        let Some(dropped) = self.book.learn(&found, set.digest(), &mut before) else { return false };
        self.days.insert(today, before);
        for day in dropped {
            self.days.remove(&day);
        }
        // What is written is read again.
        let text = serde_json::to_string(&(&self.book, &self.days)).unwrap();
        assert!(!text.contains("acme.example"), "{text}");
        (self.book, self.days) = serde_json::from_str(&text).unwrap();
        true
    }
}

fn analysts(count: usize) -> Vec<Person> {
    vec![person(&[("job_code", "SD-1"), ("department", "IT")]); count]
}

#[test]
fn codes_are_remembered_with_their_days_and_meanings() {
    let set = sound(toml(TABLE));
    let mut kept = Kept::default();
    assert!(kept.learn(&set, &analysts(3), day("2026-01-01")));
    assert!(!kept.learn(&set, &analysts(3), day("2026-01-01")), "nothing is written for nothing");
    assert!(kept.learn(&set, &analysts(4), day("2026-01-01")));
    assert!(kept.learn(&set, &[], day("2026-01-05")));
    let mut both = analysts(2);
    both.push(person(&[("job_code", "FIN-1")]));
    assert!(kept.learn(&set, &both, day("2026-02-01")));
    let history = |kept: &Kept, code: &str| {
        let history = kept.book.history(code, &kept.days).into_iter();
        history.map(|(day, people)| format!("{day} {people}")).collect::<Vec<_>>()
    };
    assert_eq!(history(&kept, "sd-1"), ["2026-01-01 4", "2026-01-05 0", "2026-02-01 2"]);
    assert_eq!(history(&kept, "fin-1"), ["2026-02-01 1"]);
    assert_eq!(history(&kept, "x"), Vec::<String>::new());
    let entry = &kept.book.codes["sd-1"];
    assert_eq!((entry.first_seen, entry.last_seen), (day("2026-01-01"), day("2026-02-01")));
    assert!(entry.changed.is_none());

    // Another table gives the code another meaning; people who move within one do not.
    let edited = sound(toml("[[rule]]\nid='fin'\nwhen={job_code='FIN-1'}\ntier='agent'\n"));
    assert!(kept.learn(&edited, &both, day("2026-02-02")));
    let changed = kept.book.codes["sd-1"].changed.clone().unwrap();
    assert_eq!((changed.on, changed.rule.unwrap().as_str()), (day("2026-02-02"), "analysts"));
    assert_eq!(kept.book.codes["fin-1"].changed.clone().unwrap().rule, None);
    assert!(kept.learn(&edited, &both, day("2026-02-03")));
    assert!(kept.book.codes["sd-1"].changed.is_some(), "until the table is edited again");
    let again = sound(toml("[[rule]]\nid='fin'\nwhen={job_code='FIN-*'}\ntier='agent'\n"));
    assert!(kept.learn(&again, &both, day("2026-02-04")));
    assert!(kept.book.codes.values().all(|entry| entry.changed.is_none()));
}

#[test]
fn what_is_kept_is_bounded() {
    let set = sound(toml(TABLE));
    let mut kept = Kept::default();
    let first = day("2026-01-01");
    let last = DAYS + 100;
    for number in 0..=last {
        let mut people = analysts(usize::try_from(number % 2 + 1).unwrap());
        if number == 0 {
            people.push(person(&[("job_code", "OLD")]));
        }
        kept.learn(&set, &people, first.saturating_add(number.days()));
    }
    assert!(kept.days.len() <= usize::try_from(DAYS + 1).unwrap(), "{}", kept.days.len());
    assert_eq!(kept.days.keys().copied().collect::<Vec<_>>(), kept.book.days);
    assert!(!kept.book.codes.contains_key("old"), "a code that nobody has had for so long is forgotten");
    let many: Vec<Person> = (0..10_050).map(|number| person(&[("job_code", format!("C-{number}").as_str())])).collect();
    kept.learn(&set, &many, first.saturating_add((last + 1).days()));
    assert_eq!(kept.book.codes.len(), 10_000);
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn every_day_can_be_told_from_what_is_kept(counts in prop::collection::vec((0_u64..3, 0_usize..4, 0_usize..3), 1..30)) {
        let set = sound(toml(TABLE));
        let mut kept = Kept::default();
        let mut today = day("2026-01-01");
        let mut truth: BTreeMap<Date, [usize; 2]> = BTreeMap::new();
        for (step, analysts_count, others) in counts {
            today = today.saturating_add(i64::try_from(step).unwrap().days());
            let mut people = analysts(analysts_count);
            people.extend(vec![person(&[("job_code", "FIN-1")]); others]);
            kept.learn(&set, &people, today);
            truth.insert(today, [analysts_count, others]);
        }
        for (at, code) in ["sd-1", "fin-1"].into_iter().enumerate() {
            let history = kept.book.history(code, &kept.days);
            for (day, counts) in &truth {
                let told = history.iter().rev().find(|(since, _)| since <= day).map_or(0, |(_, people)| *people);
                prop_assert_eq!(told, counts[at] as u64, "{} on {}: {:?}", code, day, history);
            }
        }
    }
}
