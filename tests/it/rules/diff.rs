//! Two tables over the same people, against a slow model that decides everybody twice.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use seatwarden::directory::Person;
use seatwarden::model::{Attribute, OnSuspended, PersonId, PoolId};
use seatwarden::rules::{Edit, Impact, Kind, RuleSet, Standing, Subject, Tally, diff, want};

use super::agree::{people, table, toml_of};
use super::reference::Table;
use super::world::{cases, catalog, compiled, person, sound, today, toml};

fn impact(old: &RuleSet, new: &RuleSet, people: &[Person]) -> Impact {
    diff(old, new, people.iter().map(subject), today())
}

fn subject(person: &Person) -> Subject<'_> {
    // The same in every run, and different for different people.
    let in_conflict = person.id.0 % 7 == 3;
    let on_suspended = if person.id.0.is_multiple_of(2) { OnSuspended::Keep } else { OnSuspended::Hold };
    Subject { person, in_conflict, on_suspended }
}

/// What somebody should hold by one table; `None` where the table has no say or is in conflict.
fn seats(set: &RuleSet, person: &Person) -> Option<BTreeMap<PoolId, String>> {
    let subject = subject(person);
    let conflict = subject.in_conflict.then(|| seatwarden::directory::Conflict {
        key: "email".to_owned(),
        value: "x".to_owned(),
        with: BTreeSet::new(),
    });
    let decision = set.decide(person, today());
    let want = want(person, &decision, conflict.as_ref(), subject.on_suspended, &catalog());
    (want.standing == Standing::Active).then(|| {
        let tier = want.tier.iter().map(|(pool, claim)| (pool.clone(), claim.rule.to_string()));
        tier.chain(want.addons.iter().map(|(pool, claim)| (pool.clone(), claim.rule.to_string()))).collect()
    })
}

#[derive(Debug, Default, PartialEq)]
struct Slow {
    total: Tally,
    pools: BTreeMap<PoolId, (u64, u64, u64, u64)>,
    codes: BTreeMap<String, (u64, u64, u64)>,
    kinds: BTreeMap<PersonId, &'static str>,
    gained_by: BTreeMap<String, u64>,
    lost_by: BTreeMap<String, u64>,
}

fn slow(old: &RuleSet, new: &RuleSet, people: &[Person]) -> Slow {
    let mut slow = Slow::default();
    for person in people {
        let (Some(had), Some(has)) = (seats(old, person), seats(new, person)) else { continue };
        for pool in had.keys() {
            slow.pools.entry(pool.clone()).or_default().2 += 1;
        }
        for pool in has.keys() {
            slow.pools.entry(pool.clone()).or_default().3 += 1;
        }
        let tier = |seats: &BTreeMap<PoolId, String>| {
            seats.keys().find(|pool| ["agent", "fulfiller"].contains(&pool.as_str())).cloned()
        };
        let moves = tier(&had).is_some() && tier(&has).is_some() && tier(&had) != tier(&has);
        let (mut gains, mut loses) = (false, false);
        for (pool, row) in has.iter().filter(|(pool, _)| !had.contains_key(*pool)) {
            gains = true;
            slow.pools.entry(pool.clone()).or_default().0 += 1;
            if !(moves && tier(&has).as_ref() == Some(pool)) {
                *slow.gained_by.entry(row.clone()).or_default() += 1;
            }
        }
        for (pool, row) in had.iter().filter(|(pool, _)| !has.contains_key(*pool)) {
            loses = true;
            slow.pools.entry(pool.clone()).or_default().1 += 1;
            if !(moves && tier(&had).as_ref() == Some(pool)) {
                *slow.lost_by.entry(row.clone()).or_default() += 1;
            }
        }
        let code =
            person.attributes.get(&Attribute::JobCode).and_then(|codes| codes.iter().find(|c| !c.trim().is_empty()));
        let code = code.map(|code| code.trim().to_lowercase()).unwrap_or_default();
        let (kind, at) = match (gains, loses) {
            (false, false) => continue,
            (true, false) => ("gain", &mut slow.total.gain),
            (true, true) => ("move", &mut slow.total.moves),
            (false, true) => ("lose", &mut slow.total.lose),
        };
        *at += 1;
        slow.kinds.insert(person.id, kind);
        let codes = slow.codes.entry(code).or_default();
        match kind {
            "gain" => codes.0 += 1,
            "move" => codes.1 += 1,
            _ => codes.2 += 1,
        }
    }
    slow.pools.retain(|_, counts| *counts != (0, 0, 0, 0));
    slow
}

/// The same out of the quick comparison.
fn quick(impact: &Impact) -> Slow {
    let mut quick = Slow { total: Tally { other: 0, conflict: 0, ..impact.total }, ..Slow::default() };
    let counts = impact.pools.iter().map(|pool| (pool.pool.clone(), (pool.gain, pool.lose, pool.before, pool.after)));
    quick.pools = counts.filter(|(_, counts)| *counts != (0, 0, 0, 0)).collect();
    let codes = impact.codes.iter().map(|code| {
        let shown = code.code.clone().unwrap_or_default().to_lowercase();
        (shown, (code.people.gain, code.people.moves, code.people.lose))
    });
    quick.codes = codes.filter(|(_, counts)| *counts != (0, 0, 0)).collect();
    for change in &impact.changes {
        let (before, after) = impact.outcomes_of(change).unwrap();
        let kind = match Kind::between(before, after, &catalog()) {
            Kind::Gain => "gain",
            Kind::Move => "move",
            Kind::Lose => "lose",
            Kind::Other | Kind::Conflict => continue,
        };
        quick.kinds.insert(change.person, kind);
    }
    for row in &impact.rows {
        if row.gain > 0 {
            quick.gained_by.insert(row.id.to_string(), row.gain);
        }
        if row.lose > 0 {
            quick.lost_by.insert(row.id.to_string(), row.lose);
        }
    }
    quick
}

/// A table and an edit of it: rows dropped, added, changed.
fn edited() -> impl Strategy<Value = (Table, Table)> {
    (table(), table(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(old, other, drop, take, keep_exceptions)| {
            let mut new = old.clone();
            new.rules.remove(drop.index(old.rules.len()));
            let mut taken = other.rules[take.index(other.rules.len())].clone();
            // Either a further row, or another content for the id of one that is there.
            if take.index(3) == 0 && !new.rules.is_empty() {
                let at = take.index(new.rules.len());
                taken.id.clone_from(&new.rules[at].id);
                new.rules[at] = taken;
            } else {
                "added".clone_into(&mut taken.id);
                new.rules.push(taken);
            }
            if !keep_exceptions {
                new.exceptions = other.exceptions;
            }
            (old, new)
        },
    )
}

fn numbered(people: Vec<Person>) -> Vec<Person> {
    let number = |(number, person): (usize, Person)| Person { id: PersonId(number as u64), ..person };
    people.into_iter().enumerate().map(number).collect()
}

proptest! {
    #![proptest_config(cases(80))]

    #[test]
    fn the_quick_comparison_agrees_with_the_slow_one(
        (old, new) in edited(),
        people in prop::collection::vec(people(false), 40),
    ) {
        let (Some(old), Some(new)) = (compiled(&[toml_of(&old)]).set, compiled(&[toml_of(&new)]).set) else {
            return Ok(());
        };
        let people = numbered(people);
        let impact = impact(&old, &new, &people);
        // Seats needed are not compared where a conflict keeps people as they are: the slow model leaves them out.
        if impact.total.conflict == 0 && people.iter().all(|person| old.decide(person, today()).clash.is_none()) {
            prop_assert_eq!(quick(&impact), slow(&old, &new, &people));
        } else {
            prop_assert_eq!(quick(&impact).kinds, slow(&old, &new, &people).kinds);
        }
    }

    #[test]
    fn two_unlike_tables_are_compared_as_well(
        old in table(),
        new in table(),
        people in prop::collection::vec(people(true), 30),
    ) {
        let (Some(old), Some(new)) = (compiled(&[toml_of(&old)]).set, compiled(&[toml_of(&new)]).set) else {
            return Ok(());
        };
        let people = numbered(people);
        let impact = impact(&old, &new, &people);
        prop_assert_eq!(quick(&impact).kinds, slow(&old, &new, &people).kinds);
    }

    #[test]
    fn the_way_back_is_the_mirror_of_the_way_there(
        (old, new) in edited(),
        people in prop::collection::vec(people(false), 40),
    ) {
        let (Some(old), Some(new)) = (compiled(&[toml_of(&old)]).set, compiled(&[toml_of(&new)]).set) else {
            return Ok(());
        };
        let people = numbered(people);
        let there = impact(&old, &new, &people);
        let back = impact(&new, &old, &people);
        let Tally { gain, moves, lose, other, conflict } = there.total;
        prop_assert_eq!(back.total, Tally { gain: lose, lose: gain, moves, other, conflict });
        for (there, back) in there.pools.iter().zip(&back.pools) {
            prop_assert_eq!((&there.pool, there.gain, there.lose), (&back.pool, back.lose, back.gain));
            prop_assert_eq!((there.before, there.after), (back.after, back.before));
        }
        prop_assert_eq!(there.rows.len(), back.rows.len());
        for (there, back) in there.rows.iter().zip(&back.rows) {
            prop_assert_eq!((&there.id, there.gain, there.lose, there.moves), (&back.id, back.lose, back.gain, back.moves));
            prop_assert_eq!((there.before, there.after, &there.was, &there.is), (back.after, back.before, &back.is, &back.was));
        }
        let people = |impact: &Impact| impact.changes.iter().map(|change| change.person).collect::<Vec<_>>();
        prop_assert_eq!(people(&there), people(&back));
    }

    #[test]
    fn a_table_does_not_differ_from_itself(
        table in table(),
        turned in any::<prop::sample::Index>(),
        people in prop::collection::vec(people(false), 10),
    ) {
        let Some(old) = compiled(&[toml_of(&table)]).set else { return Ok(()) };
        let mut again = table.clone();
        again.rules.rotate_left(turned.index(table.rules.len()));
        let new = compiled(&[toml_of(&again)]).set.unwrap();
        let impact = impact(&old, &new, &numbered(people));
        prop_assert!(impact.is_empty() && impact.rows.is_empty() && impact.codes.is_empty());
        prop_assert_eq!(impact.total, Tally::default());
        prop_assert!(impact.pools.iter().all(|pool| pool.before == pool.after));
    }
}

#[test]
fn an_edit_is_told_by_row_pool_and_code() {
    let old = sound(toml(
        "[[rule]]\nid='desk'\nwhen={job_code='SD-*'}\ntier='agent'\n\
         [[rule]]\nid='leads'\nwhen={job_code='SD-9'}\ntier='fulfiller'\naddons=['major-incident']\n\
         [[rule]]\nid='hr'\nwhen={department='HR'}\ntier='agent'\n",
    ));
    let new = sound(toml(
        "[[rule]]\nid='desk'\nwhen={job_code='SD-*'}\ntier='fulfiller'\n\
         [[rule]]\nid='leads'\nwhen={job_code='SD-9'}\ntier='fulfiller'\n\
         [[rule]]\nid='ops'\nwhen={job_code='OPS-1'}\ntier='agent'\n",
    ));
    let people = numbered(vec![
        person(&[("job_code", "SD-1")]),
        person(&[("job_code", "sd-1")]),
        person(&[("job_code", "SD-9")]),
        person(&[("job_code", "OPS-1")]),
        person(&[("job_code", "FIN-1"), ("department", "HR")]),
        person(&[]),
    ]);
    let everybody = |person| Subject { person, in_conflict: false, on_suspended: OnSuspended::Hold };
    let impact = diff(&old, &new, people.iter().map(everybody), today());
    assert_eq!(impact.total, Tally { gain: 1, moves: 2, lose: 2, other: 0, conflict: 0 });
    let pools: Vec<_> =
        impact.pools.iter().map(|pool| (pool.pool.as_str(), pool.gain, pool.lose, pool.before, pool.after)).collect();
    assert!(pools.contains(&("agent", 1, 3, 3, 1)) && pools.contains(&("fulfiller", 2, 0, 1, 3)), "{pools:?}");
    assert!(pools.contains(&("major-incident", 0, 1, 1, 0)), "{pools:?}");
    let rows: Vec<_> =
        impact.rows.iter().map(|row| (row.id.as_str(), row.edit, row.gain, row.moves, row.lose)).collect();
    assert_eq!(
        rows,
        [
            ("desk", Edit::Changed, 0, 2, 0),
            ("hr", Edit::Removed, 0, 0, 1),
            ("leads", Edit::Changed, 0, 0, 1),
            ("ops", Edit::Added, 1, 0, 0),
        ]
    );
    let desk = &impact.rows[0];
    assert_eq!(
        (desk.was.as_deref(), desk.is.as_deref()),
        (Some("job_code SD-*: agent"), Some("job_code SD-*: fulfiller"))
    );
    let codes: Vec<_> = impact.codes.iter().map(|code| (code.code.as_deref(), code.people.sum())).collect();
    assert_eq!(codes, [(Some("FIN-1"), 1), (Some("OPS-1"), 1), (Some("SD-1"), 2), (Some("SD-9"), 1)]);
}
