//! Every event at every stage of an assignment: where it leads, or that it changes nothing.

use seatwarden::model::{PersonId, PoolId, TargetName, Time};
use seatwarden::rules::Basis;
use seatwarden::seats::{Cause, Event, Evidence, Ledger, Reason, Stage};

use super::world::{left, want};

const PERSON: PersonId = PersonId(7);

fn pool() -> PoolId {
    "fulfiller".into()
}

fn at(second: i64) -> Time {
    Time::from_millis(1_795_000_000_000 + second * 1_000)
}

fn cause() -> Cause {
    Cause { reason: Reason::Rule, evidence: Evidence::Rule, rule: Some("sd".into()), text: "a row".into() }
}

/// Each event by a letter.
fn event(letter: char) -> Event {
    let (person, pool, why, basis) = (PERSON, pool(), "said so".to_owned(), Basis::default());
    match letter {
        'g' => Event::Granting { person, pool, class: None, cause: cause(), basis, unit: None },
        'c' => Event::Granted { person, pool },
        'd' => Event::GrantDropped { person, pool, why },
        'a' => {
            let target = TargetName::new("desk");
            Event::Adopted { person, pool, target, class: None, cause: cause(), basis, unit: None }
        }
        'r' => Event::Revoking { person, pool, cause: cause() },
        'v' => Event::Revoked { person, pool, cooling_until: None },
        'k' => Event::Revoked { person, pool, cooling_until: Some(at(900)) },
        'n' => Event::RevokeDropped { person, pool, why },
        'l' => Event::Leaving { person, pool, due_at: at(500), cause: cause() },
        's' => Event::Stays { person, pool },
        'b' => Event::Rebased { person, pool, class: None, rule: Some("other".into()), basis },
        'w' => Event::Waiting { person, pool, rule: None, blocked: false },
        'e' => Event::WaitEnded { person, pool, granted: false },
        'o' => Event::Cooled { person, pool },
        other => panic!("no event {other}"),
    }
}

const EVENTS: &str = "gcdarvknlsbweo";

/// A ledger after those events.
fn after(letters: &str) -> Ledger {
    let mut ledger = Ledger::default();
    for (second, letter) in (0..).zip(letters.chars()) {
        ledger.apply(at(second), &event(letter));
    }
    ledger
}

/// The events that lead to a stage, the stage, and where each further event leads.
type Road = (&'static str, Stage, &'static [(char, Stage)]);

/// How each stage is reached, and where each event that may happen leads.
const LIFE: [Road; 11] = {
    use Stage::{Cooling, Free, Grace, Granting, Held, Revoking, Waiting};
    const IN_USE: &[(char, Stage)] = &[('a', Held), ('r', Revoking), ('l', Grace), ('b', Held), ('e', Held)];
    [
        ("", Free, &[('g', Granting), ('a', Held), ('w', Waiting), ('e', Free)]),
        ("w", Waiting, &[('g', Granting), ('a', Held), ('w', Waiting), ('e', Free)]),
        (
            "g",
            Granting,
            &[
                ('c', Held),
                ('d', Free),
                ('a', Held),
                ('r', Revoking),
                ('l', Granting),
                ('s', Granting),
                ('b', Granting),
                ('w', Granting),
                ('e', Granting),
            ],
        ),
        // A grant that is dropped leaves the place in the queue.
        (
            "wg",
            Granting,
            &[
                ('c', Held),
                ('d', Waiting),
                ('a', Held),
                ('r', Revoking),
                ('l', Granting),
                ('s', Granting),
                ('b', Granting),
                ('w', Granting),
                ('e', Granting),
            ],
        ),
        ("gc", Held, IN_USE),
        ("wa", Held, IN_USE),
        ("gcl", Grace, &[('a', Held), ('r', Revoking), ('l', Grace), ('s', Held), ('b', Grace), ('e', Grace)]),
        ("gcr", Revoking, &[('v', Free), ('k', Cooling), ('n', Held), ('w', Revoking), ('e', Revoking)]),
        // A revocation that is dropped leaves grace as it was.
        ("gclr", Revoking, &[('v', Free), ('k', Cooling), ('n', Grace), ('w', Revoking), ('e', Revoking)]),
        ("gcrk", Cooling, &[('g', Granting), ('a', Held), ('w', Cooling), ('e', Cooling), ('o', Free)]),
        // A return that does not come about cools on.
        (
            "gcrkg",
            Granting,
            &[
                ('c', Held),
                ('d', Cooling),
                ('a', Held),
                ('r', Revoking),
                ('l', Granting),
                ('s', Granting),
                ('b', Granting),
                ('w', Granting),
                ('e', Granting),
            ],
        ),
    ]
};

#[test]
fn every_event_at_every_stage_leads_where_it_should_or_changes_nothing() {
    for (road, stage, leads) in LIFE {
        let before = after(road);
        assert_eq!(Stage::of(&before, PERSON, &pool()), stage, "{road}");
        for letter in EVENTS.chars() {
            let mut ledger = before.clone();
            ledger.apply(at(100), &event(letter));
            let found = Stage::of(&ledger, PERSON, &pool());
            if let Some((_, next)) = leads.iter().find(|(other, _)| *other == letter) {
                assert_eq!(found, *next, "{road} then {letter}");
            } else {
                assert_eq!(ledger, before, "{road} then {letter} is refused");
                assert!(!stage.allows(&event(letter)));
            }
        }
    }
    let reached: std::collections::BTreeSet<Stage> = LIFE.iter().map(|(_, stage, _)| *stage).collect();
    let all: std::collections::BTreeSet<Stage> = Stage::ALL.into_iter().filter(|it| *it != Stage::Requested).collect();
    assert_eq!(reached, all);
}

#[test]
fn whoever_wants_a_seat_and_has_no_word_yet_has_requested_it() {
    let mut wants = want(7, "SD-12", "fulfiller");
    let free = Stage::of(&Ledger::default(), PERSON, &pool());
    assert_eq!(free.with(Some(&wants), &pool()), Stage::Requested);
    assert_eq!(free.with(Some(&wants), &"approver".into()), Stage::Free);
    assert_eq!(Stage::Held.with(Some(&wants), &pool()), Stage::Held);
    wants.standing = left(false, true);
    assert_eq!(free.with(Some(&wants), &pool()), Stage::Free);
    assert_eq!(free.with(None, &pool()), Stage::Free);
    for stage in Stage::ALL {
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.word());
    }
}
