//! No order matters, no time is lost: the mirror against slow models.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use seatwarden::directory::Page;
use seatwarden::model::{Account, FeedName, MatchKey};

use super::world::{World, account, gone, id, key, matching};

/// Few feeds, ids and values, so that everything meets everything.
fn accounts(most: usize) -> impl Strategy<Value = Vec<Account>> {
    let one = (0..3_usize, 0..5_u8, 0..4_u8, 0..4_u8, prop::bool::weighted(0.2)).prop_map(
        |(feed, number, employee, mail, left)| {
            let place = format!("{}/{number}", ["hr", "okta", "entra"][feed]);
            let employee = if employee == 0 { String::new() } else { format!("E{employee}") };
            let mail = if mail == 0 { String::new() } else { format!("{mail}@acme.example") };
            let account = account(&place, &employee, &mail);
            if left { gone(account) } else { account }
        },
    );
    prop::collection::vec(one, 1..most).prop_map(|all| {
        let by_id: BTreeMap<_, _> = all.into_iter().map(|account| (account.id.clone(), account)).collect();
        by_id.into_values().collect()
    })
}

/// Who is one person, by the rules and in the slow way.
fn slow_people(accounts: &[Account]) -> BTreeSet<BTreeSet<String>> {
    let mut people: Vec<BTreeSet<usize>> = (0..accounts.len()).map(|at| [at].into()).collect();
    let values = |person: &BTreeSet<usize>, kind: MatchKey| -> BTreeSet<String> {
        person.iter().filter_map(|&at| key(&accounts[at], kind)).collect()
    };
    let live = |person: &BTreeSet<usize>| -> BTreeSet<FeedName> {
        let live = person.iter().filter(|&&at| accounts[at].status != seatwarden::model::Status::Gone);
        live.map(|&at| accounts[at].id.feed.clone()).collect()
    };
    for (rank, &kind) in matching().match_on.iter().enumerate() {
        let fits = |one: &BTreeSet<usize>, other: &BTreeSet<usize>| {
            live(one).is_disjoint(&live(other))
                && matching().match_on[..rank].iter().all(|&higher| {
                    let (own, its) = (values(one, higher), values(other, higher));
                    own.is_empty() || its.is_empty() || !own.is_disjoint(&its)
                })
        };
        let all_fit = |people: &[BTreeSet<usize>]| {
            people.iter().enumerate().all(|(at, one)| people[..at].iter().all(|other| fits(one, other)))
        };
        let union = |people: &[BTreeSet<usize>]| -> BTreeSet<usize> { people.iter().flatten().copied().collect() };
        let mut next = Vec::new();
        while let Some(first) = people.pop() {
            let mut cluster = vec![first];
            while let Some(at) = people.iter().position(|person| {
                cluster.iter().any(|member| !values(member, kind).is_disjoint(&values(person, kind)))
            }) {
                cluster.push(people.remove(at));
            }
            let (here, left): (Vec<_>, Vec<_>) = cluster.into_iter().partition(|person| !live(person).is_empty());
            if !all_fit(&here) || (here.is_empty() && !all_fit(&left)) {
                next.extend(here);
                next.extend(left);
                continue;
            }
            if here.is_empty() {
                next.push(union(&left));
                continue;
            }
            let person = union(&here);
            let (joining, apart): (Vec<_>, Vec<_>) = left.into_iter().partition(|gone| fits(gone, &person));
            next.extend(apart);
            if all_fit(&joining) {
                next.push(person.union(&union(&joining)).copied().collect());
            } else {
                next.push(person);
                next.extend(joining);
            }
        }
        people = next;
    }
    people.into_iter().map(|person| person.into_iter().map(|at| accounts[at].id.to_string()).collect()).collect()
}

fn as_text(people: BTreeSet<BTreeSet<String>>) -> String {
    let mut people: Vec<String> =
        people.into_iter().map(|person| person.into_iter().collect::<Vec<_>>().join(" ")).collect();
    people.sort();
    people.join(" | ")
}

/// Cuts shuffled accounts into pages of one feed each.
fn read(world: &mut World, accounts: &[Account]) {
    let mut rest = accounts;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|account| account.id.feed == first.id.feed).count();
        let (page, after) = rest.split_at(same);
        world.show(page);
        rest = after;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn who_is_who_follows_from_the_facts_alone(
        (ordered, shuffled) in accounts(14).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let mut one = World::new();
        read(&mut one, &ordered);
        one.check();
        let mut other = World::new();
        read(&mut other, &shuffled);
        other.check();
        prop_assert_eq!(one.people(), as_text(slow_people(&ordered)));
        prop_assert_eq!(one.people(), other.people());
        prop_assert_eq!(one.conflicts(), other.conflicts());
    }

    #[test]
    fn reading_the_same_again_changes_nothing(
        (ordered, shuffled) in accounts(14).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        restart: bool,
    ) {
        let mut world = World::new();
        read(&mut world, &ordered);
        let before = (world.people(), world.conflicts());
        if restart {
            world.restart();
        }
        for account in &shuffled {
            let absorbed = world.show(std::slice::from_ref(account));
            prop_assert!(absorbed.records.is_empty() && absorbed.dirty.is_empty(), "{:?}", absorbed);
        }
        prop_assert_eq!(before, (world.people(), world.conflicts()));
    }

    #[test]
    fn whatever_happens_the_index_equals_one_built_anew_and_settled_links_hold(
        steps in prop::collection::vec((accounts(6), 0..8_u8), 1..12),
    ) {
        let mut world = World::new();
        let mut settled: BTreeMap<String, seatwarden::model::PersonId> = BTreeMap::new();
        for (accounts, what) in steps {
            let place = accounts[0].id.to_string();
            let known = world.mirror.person_of(&id(&place)).is_some();
            match what {
                0 => drop(world.delete(&place)),
                1 if known => drop(world.miss(&[place.as_str()], true, accounts.len() % 2 == 0)),
                2 => world.mirror.begin_whole(&accounts[0].id.feed),
                3 => world.mirror.settle(),
                4 => world.restart(),
                _ => read(&mut world, &accounts),
            }
            world.check();
            for (place, person) in &settled {
                prop_assert_eq!(world.person(place), *person, "{} moved", place);
            }
            if matches!(what, 3 | 4) {
                let rows = world.store.values().flat_map(|record| record.accounts.iter().map(|row| (record.id, row)));
                settled = rows.map(|(person, row)| (row.account.id.to_string(), person)).collect();
            }
        }
    }

    #[test]
    fn everybody_whose_conflict_comes_or_goes_is_looked_at(steps in prop::collection::vec(accounts(4), 1..8)) {
        let mut world = World::new();
        for accounts in steps {
            for account in accounts {
                let before: BTreeSet<_> = world.mirror.conflicts().keys().copied().collect();
                let feed = account.id.feed.clone();
                let absorbed = world.page(&feed, &Page { accounts: vec![account], ..Page::default() });
                let after: BTreeSet<_> = world.mirror.conflicts().keys().copied().collect();
                for person in before.symmetric_difference(&after) {
                    prop_assert!(absorbed.dirty.contains(person));
                }
                for record in &absorbed.records {
                    prop_assert!(absorbed.dirty.contains(&record.id));
                }
            }
        }
    }
}
