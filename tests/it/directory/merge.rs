//! One person out of their accounts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use seatwarden::directory::{
    AccountRow, Departure, Matching, Missing, Person, PersonRecord, Yields, merge, provenance,
};
use seatwarden::model::{Account, Attribute, PersonId, Status};

use super::world::{account, at, matching};

fn row(place: &str, status: Status) -> AccountRow {
    let account = account(place, "", "");
    let raw_status = format!("{status}!");
    let attributes = BTreeMap::from([(Attribute::JobCode, vec![place.to_owned()])]);
    AccountRow { account: Account { status, raw_status, attributes, ..account }, read_at: at(0), missing: None }
}

fn missing(place: &str, confirmed: bool, accepted: bool) -> AccountRow {
    AccountRow { missing: Some(Missing { since: at(0), confirmed, accepted }), ..row(place, Status::Active) }
}

fn person(accounts: Vec<AccountRow>) -> Person {
    merge(&PersonRecord { id: PersonId(1), accounts }, &matching())
}

#[test]
fn the_first_preferred_feed_that_has_an_account_decides_the_status() {
    use Status::{Active, Gone, OnLeave, PreStart, Suspended, Unknown};
    for (rows, status, by) in [
        (vec![("okta/1", Active), ("hr/1", Gone)], Gone, "hr"),
        (vec![("entra/1", Active), ("okta/1", Suspended)], Suspended, "okta"),
        (vec![("entra/1", Gone), ("okta/1", Active)], Active, "okta"),
        (vec![("entra/1", Gone), ("scim/1", Active)], Active, "scim"),
        (vec![("okta/1", Gone), ("okta/2", Active)], Active, "okta"),
        (vec![("okta/1", PreStart), ("okta/2", Unknown)], Unknown, "okta"),
        (vec![("okta/1", Suspended), ("okta/2", Unknown)], Unknown, "okta"),
        (vec![("okta/1", OnLeave), ("okta/2", Unknown)], Unknown, "okta"),
        (vec![("okta/1", Gone), ("okta/2", Unknown)], Unknown, "okta"),
        (vec![("okta/1", Active), ("okta/2", Unknown)], Active, "okta"),
        (vec![("okta/1", OnLeave), ("okta/2", Suspended)], OnLeave, "okta"),
    ] {
        for turned in [false, true] {
            let mut accounts: Vec<AccountRow> = rows.iter().map(|(place, status)| row(place, *status)).collect();
            if turned {
                accounts.reverse();
            }
            let person = person(accounts);
            assert_eq!((person.status, person.status_feed.unwrap().as_str()), (status, by), "{rows:?}");
            assert_eq!(person.departure.is_some(), status == Gone, "{rows:?}");
        }
    }
}

#[test]
fn a_departure_says_how_it_is_known() {
    let positive = Departure::Positive { feed: "okta".into(), word: "gone!".into() };
    let absence = |accepted| Departure::Absence { feed: "okta".into(), accepted };
    for (accounts, status, departure) in [
        (vec![row("okta/1", Status::Gone)], Status::Gone, Some(positive.clone())),
        (vec![missing("okta/1", false, false)], Status::Active, None),
        (vec![missing("okta/1", false, true)], Status::Active, None),
        (vec![missing("okta/1", true, false)], Status::Gone, Some(absence(false))),
        (vec![missing("okta/1", true, true)], Status::Gone, Some(absence(true))),
        (vec![missing("okta/1", true, true), row("okta/2", Status::Unknown)], Status::Unknown, None),
        // One absence that is not believed holds the loss.
        (vec![row("okta/1", Status::Gone), missing("okta/2", true, false)], Status::Gone, Some(absence(false))),
        (vec![missing("okta/1", true, true), missing("okta/2", true, false)], Status::Gone, Some(absence(false))),
        (vec![row("okta/1", Status::Gone), row("entra/1", Status::Active)], Status::Gone, Some(positive)),
    ] {
        let person = person(accounts.clone());
        assert_eq!((person.status, person.departure), (status, departure), "{accounts:?}");
    }
}

#[test]
fn each_attribute_comes_from_the_first_feed_that_has_one() {
    let mut hr = row("hr/1", Status::Active);
    hr.account.attributes =
        BTreeMap::from([(Attribute::Title, vec!["Analyst".into()]), (Attribute::JobCode, vec![" ".into()])]);
    hr.account.employee_number = Some(String::new());
    let mut okta = row("okta/1", Status::Active);
    okta.account.attributes.insert(Attribute::Title, vec!["old".into()]);
    okta.account.employee_number = Some("100".into());
    let person = person(vec![okta, hr]);
    assert_eq!(person.attributes[&Attribute::Title], ["Analyst"]);
    assert_eq!(person.sources[&Attribute::Title].as_str(), "hr");
    assert_eq!(person.attributes[&Attribute::JobCode], ["okta/1"], "blank is no value");
    assert_eq!(person.employee_number.as_deref(), Some("100"));
    assert_eq!(person.order_key, "100");
    assert_eq!(person.feeds.len(), 2);
}

#[test]
fn those_who_left_lend_facts_only_when_nobody_else_does() {
    let leaver = || row("hr/1", Status::Gone);
    let both = person(vec![leaver(), row("okta/1", Status::Active)]);
    assert_eq!(both.attributes[&Attribute::JobCode], ["okta/1"]);
    assert_eq!(both.feeds.len(), 1);
    let alone = person(vec![leaver(), missing("okta/1", true, true)]);
    assert_eq!(alone.attributes[&Attribute::JobCode], ["hr/1"]);
    assert!(alone.feeds.is_empty());
}

#[test]
fn an_absence_that_is_not_believed_takes_no_fact_away() {
    for (confirmed, accepted) in [(false, false), (true, false), (false, true)] {
        let person = person(vec![missing("hr/1", confirmed, accepted), row("okta/1", Status::Active)]);
        assert_eq!(person.attributes[&Attribute::JobCode], ["hr/1"]);
        assert_eq!(person.feeds.len(), 2);
    }
}

#[test]
fn a_person_without_accounts_is_unknown() {
    let nobody = person(Vec::new());
    assert_eq!((nobody.status, nobody.departure, nobody.status_feed), (Status::Unknown, None, None));
}

#[test]
fn the_order_key_is_number_then_address_then_account() {
    let mut one = row("scim/1", Status::Active);
    assert_eq!(person(vec![row("scim/2", Status::Active), one.clone()]).order_key, "scim/1");
    one.account.email = Some("ann@acme.example".into());
    assert_eq!(person(vec![one]).order_key, "ann@acme.example");
}

#[test]
fn unlisted_feeds_are_alike_and_their_names_break_ties_only() {
    let accounts = vec![row("a/1", Status::Suspended), row("b/1", Status::Active)];
    let person = merge(&PersonRecord { id: PersonId(1), accounts }, &Matching::default());
    assert_eq!((person.status, person.status_feed.unwrap().as_str()), (Status::Active, "b"));
    assert_eq!(person.attributes[&Attribute::JobCode], ["b/1"]);
}

#[test]
fn a_fact_names_its_account_and_why_others_do_not_count() {
    use Status::{Active, Gone, Suspended};
    let told = |accounts: Vec<AccountRow>| -> Vec<(String, Yields)> {
        let facts = provenance(&PersonRecord { id: PersonId(1), accounts }, &matching());
        let job = facts.into_iter().find(|fact| fact.name == "job_code").unwrap();
        let mut told = vec![(job.values.join(","), Yields::Agrees)];
        told.extend(job.others.into_iter().map(|other| (other.values.join(","), other.why)));
        told
    };
    let by = |place: &str, why| (place.to_owned(), why);
    assert_eq!(
        told(vec![row("entra/1", Active), row("okta/1", Active)]),
        [by("okta/1", Yields::Agrees), by("entra/1", Yields::Preference)]
    );
    assert_eq!(
        told(vec![row("okta/1", Suspended), row("okta/2", Active)]),
        [by("okta/2", Yields::Agrees), by("okta/1", Yields::LessAlive)]
    );
    assert_eq!(
        told(vec![row("okta/2", Active), row("okta/1", Active)]),
        [by("okta/1", Yields::Agrees), by("okta/2", Yields::Order)]
    );
    assert_eq!(
        told(vec![row("okta/1", Gone), row("entra/1", Active)]),
        [by("entra/1", Yields::Agrees), by("okta/1", Yields::Departed)]
    );
}

proptest! {
    #[test]
    fn provenance_tells_what_merge_decides(
        accounts in prop::collection::vec((0_usize..4, 0_usize..6, 0_usize..3, 0_usize..3), 1..5),
    ) {
        let places = ["okta/1", "okta/2", "entra/1", "hr/1"];
        let statuses = [
            Status::Active, Status::Gone, Status::Suspended, Status::Unknown, Status::PreStart, Status::OnLeave,
        ];
        let mut rows: BTreeMap<usize, AccountRow> = BTreeMap::new();
        for (place, status, absence, code) in accounts {
            let mut shown = row(places[place], statuses[status]);
            shown.missing = match absence {
                0 => None,
                1 => Some(Missing { since: at(0), confirmed: true, accepted: false }),
                _ => Some(Missing { since: at(0), confirmed: true, accepted: true }),
            };
            shown.account.attributes = match code {
                0 => BTreeMap::new(),
                1 => BTreeMap::from([(Attribute::JobCode, vec!["SD-1".to_owned()])]),
                _ => BTreeMap::from([(Attribute::JobCode, vec![format!("SD-{place}")])]),
            };
            shown.account.email = (code == 1).then(|| "ann@acme.example".to_owned());
            rows.insert(place, shown);
        }
        let record = PersonRecord { id: PersonId(1), accounts: rows.into_values().collect() };
        let person = merge(&record, &matching());
        let facts = provenance(&record, &matching());
        let fact = |name: &str| facts.iter().find(|fact| fact.name == name);
        prop_assert_eq!(&fact("status").unwrap().values[0], person.status.as_str());
        prop_assert_eq!(Some(&fact("status").unwrap().from.feed), person.status_feed.as_ref());
        prop_assert_eq!(fact("job_code").map(|fact| &fact.values), person.attributes.get(&Attribute::JobCode));
        prop_assert_eq!(fact("job_code").map(|fact| &fact.from.feed), person.sources.get(&Attribute::JobCode));
        prop_assert_eq!(fact("email").map(|fact| &fact.values[0]), person.email.as_ref());
    }
}
