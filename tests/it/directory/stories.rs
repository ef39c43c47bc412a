//! Who is who, as stories.

use seatwarden::directory::{Asked, Page};
use seatwarden::model::{Account, MatchKey, PersonId};

use super::world::{World, account, at, gone, id};

#[test]
fn accounts_of_several_feeds_become_one_person() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "ann@acme.example"), account("okta/2", "200", "bob@acme.example")]);
    let absorbed = world.show(&[
        account("entra/1", " 100 ", "other@acme.example"),
        account("entra/2", "", "BOB@acme.example"),
        account("entra/3", "", "zoe@acme.example"),
    ]);
    assert_eq!(world.people(), "entra/1 okta/1 | entra/2 okta/2 | entra/3");
    assert_eq!(absorbed.records.len(), 3);
    assert_eq!(absorbed.dirty.len(), 3);
    assert!(world.conflicts().is_empty());
    world.check();
}

#[test]
fn a_rename_keeps_the_person_also_when_the_old_name_is_given_to_another() {
    let mut world = World::new();
    world.show(&[account("okta/1", "", "ann@acme.example")]);
    world.show(&[account("entra/1", "", "ann@acme.example")]);
    let ann = world.person("okta/1");
    world.show(&[account("okta/1", "", "ann.jones@acme.example")]);
    assert_eq!(world.people(), "entra/1 okta/1", "the other feed is late");
    world.show(&[account("entra/1", "", "ann.jones@acme.example")]);
    world.show(&[account("okta/9", "", "ann@acme.example")]);
    assert_eq!(world.people(), "entra/1 okta/1 | okta/9");
    assert_eq!((world.person("okta/1"), world.person("entra/1")), (ann, ann));
    assert!(world.conflicts().is_empty());
    world.check();
}

#[test]
fn a_rehire_is_the_same_person_whether_deactivated_deleted_or_absent() {
    type Leave = fn(&mut World);
    let ways: [(&str, Leave); 3] = [
        ("deactivated", |world| drop(world.show(&[gone(account("okta/1", "100", "ann@acme.example"))]))),
        ("deleted", |world| drop(world.delete("okta/1"))),
        ("absent", |world| drop(world.miss(&["okta/1"], true, true))),
    ];
    for (how, leave) in ways {
        let mut world = World::new();
        world.show(&[account("okta/1", "100", "ann@acme.example")]);
        let ann = world.person("okta/1");
        leave(&mut world);
        world.mirror.settle();
        world.show(&[account("okta/7", "100", "ann2@acme.example")]);
        assert_eq!(world.person("okta/7"), ann, "{how}");
        assert_eq!(world.people(), "okta/1 okta/7", "{how}");
        assert!(world.conflicts().is_empty(), "{how}");
        world.check();
    }
}

#[test]
fn a_second_live_account_in_the_same_feed_is_another_person_in_conflict() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "ann@acme.example")]);
    world.mirror.settle();
    let absorbed = world.show(&[account("okta/2", "100", "adm-ann@acme.example")]);
    assert_eq!(world.people(), "okta/1 | okta/2");
    assert_eq!(absorbed.dirty.len(), 2, "both have to be looked at");
    assert_eq!(world.conflicts(), ["okta/1 employee_number=100 with okta/2", "okta/2 employee_number=100 with okta/1"]);
    let absorbed = world.show(&[account("okta/2", "", "adm-ann@acme.example")]);
    assert!(world.conflicts().is_empty());
    assert_eq!(absorbed.dirty.len(), 2, "and again when it is over");
    world.check();
}

#[test]
fn an_absence_that_is_not_believed_is_no_departure() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "")]);
    for (confirmed, accepted) in [(false, false), (true, false)] {
        world.miss(&["okta/1"], confirmed, accepted);
        assert_eq!(world.mirror.accounts(&"okta".into()), 1);
    }
    world.mirror.settle();
    world.show(&[account("okta/2", "100", "")]);
    assert_eq!(world.people(), "okta/1 | okta/2");
    assert_eq!(world.conflicts().len(), 2);
    world.check();
}

#[test]
fn employee_numbers_that_differ_outweigh_an_equal_address() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "desk@acme.example")]);
    world.mirror.settle();
    world.show(&[account("entra/1", "200", "desk@acme.example")]);
    assert_eq!(world.people(), "entra/1 | okta/1");
    assert_eq!(
        world.conflicts(),
        ["entra/1 email=desk@acme.example with okta/1", "okta/1 email=desk@acme.example with entra/1"]
    );
    world.check();
}

#[test]
fn an_address_given_again_after_its_owner_left_is_no_conflict() {
    let mut world = World::new();
    world.show(&[gone(account("okta/1", "100", "ann@acme.example"))]);
    world.mirror.settle();
    world.show(&[account("okta/2", "200", "ann@acme.example")]);
    world.show(&[account("entra/2", "", "ann@acme.example")]);
    assert_eq!(world.people(), "entra/2 okta/2 | okta/1");
    assert!(world.conflicts().is_empty());
    world.check();
}

#[test]
fn an_account_that_several_match_is_nobody_of_them() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "desk@acme.example")]);
    world.show(&[account("hr/1", "200", "desk@acme.example")]);
    world.show(&[account("entra/1", "", "desk@acme.example")]);
    assert_eq!(world.people(), "entra/1 | hr/1 | okta/1");
    assert_eq!(world.conflicts().len(), 3);
    world.check();
}

#[test]
fn a_key_that_changes_later_never_joins_two_people() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "")]);
    world.show(&[account("entra/1", "", "ann@acme.example")]);
    let (one, two) = (world.person("okta/1"), world.person("entra/1"));
    world.mirror.settle();
    world.show(&[account("entra/1", "100", "ann@acme.example")]);
    assert_eq!((world.person("okta/1"), world.person("entra/1")), (one, two));
    assert_eq!(world.conflicts().len(), 2);
    world.check();
}

#[test]
fn a_settled_person_is_not_split_by_somebody_new() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "desk@acme.example")]);
    world.show(&[account("entra/1", "", "desk@acme.example")]);
    world.restart();
    world.show(&[account("hr/1", "200", "desk@acme.example")]);
    assert_eq!(world.people(), "entra/1 okta/1 | hr/1");
    assert_eq!(world.conflicts().len(), 2);
    world.check();
}

#[test]
fn a_late_account_joins_two_others_of_the_same_round_and_frees_a_number() {
    let mut world = World::new();
    world.show(&[account("okta/1", "100", "")]);
    world.show(&[account("entra/1", "", "ann@acme.example")]);
    world.show(&[account("hr/1", "100", "ann@acme.example")]);
    assert_eq!(world.people(), "entra/1 hr/1 okta/1");
    assert_eq!(world.person("hr/1"), PersonId(1), "the oldest number stays");
    assert!(world.store[&PersonId(2)].accounts.is_empty(), "the other is freed");
    world.restart();
    world.show(&[account("okta/2", "300", "")]);
    assert_eq!(world.person("okta/2"), PersonId(3), "and never used again");
    world.check();
}

#[test]
fn unchanged_accounts_leave_no_trace() {
    let mut world = World::new();
    let page = [account("okta/1", "100", "ann@acme.example"), account("okta/2", "200", "")];
    world.mirror.begin_whole(&"okta".into());
    let first = world.show(&page);
    assert_eq!((first.new_in_reading, first.repeated), (2, 0));
    let mut moved = page.clone();
    moved[0].changed_at = Some(at(99));
    let drifted = world.show(&moved);
    assert_eq!((drifted.new_in_reading, drifted.repeated), (0, 2));
    world.mirror.begin_whole(&"okta".into());
    let again = world.show(&page);
    assert_eq!((again.new_in_reading, again.repeated), (2, 0));
    for absorbed in [drifted, again] {
        assert!(absorbed.records.is_empty() && absorbed.dirty.is_empty());
    }
    assert_eq!(world.row("okta/1").read_at, at(1));
}

#[test]
fn the_last_word_of_a_page_wins() {
    let mut world = World::new();
    let absorbed =
        world.show(&[account("okta/1", "100", "a@acme.example"), account("okta/1", "100", "b@acme.example")]);
    assert_eq!((absorbed.new_in_reading, absorbed.repeated, absorbed.records.len()), (1, 1, 1));
    assert_eq!(world.row("okta/1").account.email.as_deref(), Some("b@acme.example"));
    world.check();
}

#[test]
fn a_removal_keeps_the_facts_and_is_taken_once() {
    let mut world = World::new();
    assert!(world.delete("okta/404").records.is_empty(), "nobody we know");
    world.show(&[account("okta/1", "100", "ann@acme.example")]);
    let absorbed = world.delete("okta/1");
    assert_eq!(absorbed.dirty.len(), 1);
    let row = world.row("okta/1").clone();
    assert_eq!(row.account.raw_status, "@removed: deleted");
    assert_eq!(row.account.email.as_deref(), Some("ann@acme.example"));
    assert!(world.delete("okta/1").records.is_empty(), "a replay");
    assert_eq!(world.mirror.accounts(&"okta".into()), 0);
    world.show(&[account("okta/1", "100", "ann@acme.example")]);
    assert_eq!(world.mirror.accounts(&"okta".into()), 1, "restored");
    world.check();
}

#[test]
fn unseen_are_those_whom_a_whole_reading_left_out() {
    let mut world = World::new();
    let okta = "okta".into();
    world.show(&[account("okta/1", "1", ""), account("okta/2", "2", ""), account("okta/3", "3", "")]);
    world.show(&[account("entra/1", "1", "")]);
    world.mirror.begin_whole(&okta);
    world.show(&[account("okta/2", "2", "")]);
    assert_eq!(world.unseen("okta"), ["okta/1", "okta/3"], "half a walk: nothing is done about them");
    world.mirror.begin_whole(&okta);
    world.show(&[account("okta/2", "2", ""), account("okta/3", "3", "")]);
    assert_eq!(world.unseen("okta"), ["okta/1"]);
    let absorbed = world.miss(&["okta/1"], false, false);
    assert_eq!((absorbed.records.len(), absorbed.dirty.len()), (1, 1));
    assert!(world.miss(&["okta/1"], false, false).records.is_empty(), "no news");
    assert_eq!(world.unseen("okta"), ["okta/1"], "not believed yet");
    let since = world.row("okta/1").missing.unwrap().since;
    world.miss(&["okta/1"], true, false);
    world.miss(&["okta/1"], false, true);
    let missing = world.row("okta/1").missing.unwrap();
    assert!(missing.confirmed && missing.accepted);
    assert_eq!(missing.since, since);
    assert!(world.unseen("okta").is_empty());
    assert_eq!(world.mirror.accounts(&okta), 2);
    world.restart();
    world.mirror.begin_whole(&okta);
    world.show(&[account("okta/2", "2", ""), account("okta/3", "3", "")]);
    assert!(world.unseen("okta").is_empty(), "also after a restart");
    let absorbed = world.show(&[account("okta/1", "1", "")]);
    assert_eq!(absorbed.dirty.len(), 1, "shown again");
    assert_eq!(world.row("okta/1").missing, None);
    assert_eq!(world.row("okta/1").read_at, at(1), "the facts are the old ones");
    world.check();
}

#[test]
fn a_rebuilt_store_finds_its_people_by_their_accounts() {
    let mut world = World::new();
    world.mirror.reserve(PersonId(41), &[id("okta/1"), id("entra/1")]);
    world.mirror.reserve(PersonId(17), &[id("okta/2")]);
    assert_eq!(world.mirror.person_of(&id("entra/1")), Some(PersonId(41)));
    assert_eq!(world.mirror.accounts(&"okta".into()), 0, "nothing was read");
    world.mirror.begin_whole(&"okta".into());
    world.show(&[account("entra/1", "100", "ann@acme.example")]);
    world.show(&[account("okta/3", "300", ""), account("okta/1", "100", "")]);
    assert_eq!(world.person("okta/1"), PersonId(41));
    assert_eq!(world.person("okta/3"), PersonId(42), "new numbers come after those of the journal");
    assert_eq!(world.unseen("okta"), ["okta/2"]);
    world.miss(&["okta/2"], true, true);
    assert_eq!(world.row("okta/2").account.raw_status, "known from the journal only");
    assert_eq!(world.mirror.accounts(&"okta".into()), 2);
    world.check();
}

#[test]
fn a_person_is_found_by_key() {
    let mut world = World::new();
    let login = Some("ann".to_owned());
    world.show(&[Account { user_name: login, ..account("okta/1", "A-100", "Ann@acme.example") }]);
    let ann = world.person("okta/1");
    assert_eq!(world.mirror.find(MatchKey::Email, " ann@ACME.example"), [ann]);
    assert_eq!(world.mirror.find(MatchKey::EmployeeNumber, "a-100"), [ann]);
    assert!(world.mirror.find(MatchKey::Email, "").is_empty());
    assert_eq!(world.mirror.find(MatchKey::UserName, "ANN"), [ann], "also where nobody is matched by it");
    assert!(world.mirror.find(MatchKey::UserName, "A-100").is_empty());
}

#[test]
fn a_value_that_too_many_share_links_nobody_and_costs_little() {
    let mut world = World::new();
    for number in 0..400 {
        let feed = if number % 2 == 0 { "okta" } else { "entra" };
        world.show(&[account(&format!("{feed}/{number}"), "n/a", &format!("{number}@acme.example"))]);
    }
    assert_eq!(world.mirror.people(), 400);
    assert_eq!(world.mirror.conflicts().len(), 400);
    for number in 2..400 {
        let feed = if number % 2 == 0 { "okta" } else { "entra" };
        world.show(&[account(&format!("{feed}/{number}"), "", &format!("{number}@acme.example"))]);
    }
    assert_eq!(world.people().matches("entra/1 okta/0").count(), 1, "the last two that share it fit together");
    assert!(world.conflicts().is_empty());
    world.check();
}

#[test]
fn a_listed_row_older_than_what_is_known_is_named_and_not_believed() {
    let changed =
        |seconds: i64, email: &str| Account { changed_at: Some(at(seconds)), ..account("okta/1", "100", email) };
    let mut world = World::new();
    world.show(&[changed(10, "ann@acme.example")]);
    world.show(&[changed(20, "jones@acme.example")]);
    let stale = world.show(&[changed(10, "ann@acme.example")]);
    assert_eq!(stale.doubted, [id("okta/1")].into());
    assert!(stale.records.is_empty() && stale.dirty.is_empty(), "{stale:?}");
    assert_eq!(world.row("okta/1").account, changed(20, "jones@acme.example"));
    assert!(world.show(&[changed(20, "smith@acme.example")]).doubted.is_empty(), "another mapping shows other facts");
    // Seen again unchanged and later: what lies between is old as well, as long as the process lives.
    world.show(&[changed(40, "smith@acme.example")]);
    assert_eq!(world.show(&[changed(30, "ann@acme.example")]).doubted.len(), 1);
    // A provider whose clock went back is followed by the reads by id, and believed from there on.
    let page = Page { accounts: vec![changed(5, "ann@acme.example")], asked: Asked::ById, ..Page::default() };
    assert!(world.page(&"okta".into(), &page).doubted.is_empty());
    assert_eq!(world.row("okta/1").account, changed(5, "ann@acme.example"));
    assert!(world.show(&[changed(6, "jones@acme.example")]).doubted.is_empty());
    // Without times the last word wins.
    assert!(world.show(&[account("okta/1", "100", "ann@acme.example")]).doubted.is_empty());
    world.check();
    world.restart();
    assert!(world.show(&[changed(1, "jones@acme.example")]).doubted.is_empty(), "no time is known of it");
    assert_eq!(world.show(&[changed(0, "ann@acme.example")]).doubted.len(), 1);
    world.check();
}

#[test]
fn a_row_from_before_a_deletion_does_not_bring_the_account_back() {
    let changed =
        |seconds: i64| Account { changed_at: Some(at(seconds)), ..account("okta/1", "100", "ann@acme.example") };
    let mut world = World::new();
    world.show(&[changed(10)]);
    world.delete("okta/1");
    assert_eq!(world.show(&[changed(10)]).doubted, [id("okta/1")].into());
    assert_eq!(world.row("okta/1").account.status, seatwarden::model::Status::Gone);
    assert!(world.show(&[gone(changed(10))]).doubted.is_empty(), "it is gone either way");
    assert!(world.show(&[changed(11)]).doubted.is_empty(), "brought back since");
    world.check();
}
