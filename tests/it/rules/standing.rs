//! What becomes of a decision: who gains, who keeps, who loses.

use std::collections::BTreeSet;

use seatwarden::directory::{Conflict, Departure, Person};
use seatwarden::model::{FeedName, OnSuspended, PersonId, Status};
use seatwarden::rules::{Decision, Standing, Want, unmet, want};

use super::world::{catalog, csv, person, sound, today};

fn decided(person: &Person) -> Decision {
    let set = sound(csv("id,job_code,tier,addons,class\n\
        a,SD-1,fulfiller,major-incident|chat|reports,on-call\nb,SD-2,agent,,\nmi,SD-2,,major-incident|reports,\n\
        n,SD-3,none,,\nf,SD-4,requester,,\n"));
    set.decide(person, today())
}

fn wanted(person: &Person, on_suspended: OnSuspended) -> Want {
    want(person, &decided(person), None, on_suspended, &catalog())
}

fn active(code: &str) -> Want {
    wanted(&person(&[("job_code", code)]), OnSuspended::Hold)
}

fn with(status: Status, departure: Option<Departure>) -> Person {
    Person { status, departure, ..person(&[("job_code", "SD-1")]) }
}

/// The counted pools that are wanted.
fn pools(want: &Want) -> Vec<&str> {
    want.tier
        .iter()
        .map(|(pool, _)| pool.as_str())
        .chain(want.addons.keys().map(seatwarden::model::PoolId::as_str))
        .collect()
}

#[test]
fn counted_pools_are_wanted_and_free_ones_named() {
    let want = active("SD-1");
    assert_eq!(want.standing, Standing::Active);
    // chat is free: nothing to hold.
    assert_eq!(pools(&want), ["fulfiller", "major-incident", "reports"]);
    assert_eq!(want.free_tier, None);
    assert_eq!(want.class.unwrap().as_str(), "on-call");
    assert_eq!(want.rule.unwrap().as_str(), "a");
    assert_eq!(want.order_key, "104233");
}

#[test]
fn free_default_and_denied_tiers_want_no_seat() {
    let free = |code: &str| {
        let want = active(code);
        assert!(pools(&want).is_empty(), "{want:?}");
        (want.free_tier.map(|pool| pool.to_string()), want.rule.map(|rule| rule.to_string()))
    };
    assert_eq!(free("SD-4"), (Some("requester".to_owned()), Some("f".to_owned())));
    assert_eq!(free("X"), (Some("requester".to_owned()), None));
    assert_eq!(free("SD-3"), (None, Some("n".to_owned())));
}

#[test]
fn an_addon_without_its_base_tier_is_dropped_and_named() {
    let want = active("SD-2");
    assert_eq!(pools(&want), ["agent", "reports"]);
    let dropped = unmet(&decided(&person(&[("job_code", "SD-2")])), &catalog());
    let dropped: Vec<String> = dropped.iter().map(|(pool, claim)| format!("{pool} by {}", claim.rule)).collect();
    assert_eq!(dropped, ["major-incident by mi"]);
    assert!(unmet(&decided(&person(&[("job_code", "SD-1")])), &catalog()).is_empty());
}

#[test]
fn on_leave_counts_as_active() {
    let want = wanted(&with(Status::OnLeave, None), OnSuspended::Revoke);
    assert_eq!(want.standing, Standing::Active);
    assert_eq!(pools(&want), ["fulfiller", "major-incident", "reports"]);
}

#[test]
fn whoever_left_or_has_not_started_wants_nothing() {
    let feed = FeedName::new("okta");
    let positive = Departure::Positive { feed: feed.clone(), word: "DEPROVISIONED".to_owned() };
    let want = wanted(&with(Status::Gone, Some(positive)), OnSuspended::Keep);
    let left =
        |word: &str, absence, accepted| Standing::Left { feed: feed.clone(), word: word.to_owned(), absence, accepted };
    assert_eq!(want.standing, left("DEPROVISIONED", false, true));
    assert!(pools(&want).is_empty() && want.free_tier.is_none());
    for accepted in [true, false] {
        let absent = Departure::Absence { feed: feed.clone(), accepted };
        let Standing::Left { absence, accepted: told, .. } =
            wanted(&with(Status::Gone, Some(absent)), OnSuspended::Keep).standing
        else {
            panic!("left")
        };
        assert_eq!((absence, told), (true, accepted));
    }
    let early = wanted(&with(Status::PreStart, None), OnSuspended::Keep);
    assert_eq!(early.standing, Standing::PreStart);
    assert!(pools(&early).is_empty());
}

#[test]
fn nobody_is_gone_without_evidence() {
    let want = wanted(&with(Status::Gone, None), OnSuspended::Keep);
    assert!(matches!(want.standing, Standing::Frozen { .. }), "{want:?}");
}

#[test]
fn the_feed_decides_what_a_suspension_means() {
    let suspended = with(Status::Suspended, None);
    let standing = |policy| wanted(&suspended, policy).standing;
    assert_eq!(standing(OnSuspended::Hold), Standing::Suspended { word: "suspended".to_owned() });
    assert_eq!(standing(OnSuspended::Keep), Standing::Active);
    let feed = FeedName::new("okta");
    let word = "suspended".to_owned();
    assert_eq!(standing(OnSuspended::Revoke), Standing::Left { feed, word, absence: false, accepted: true });
    assert!(pools(&wanted(&suspended, OnSuspended::Revoke)).is_empty());
    let nameless = Person { status_feed: None, ..suspended };
    assert!(matches!(wanted(&nameless, OnSuspended::Revoke).standing, Standing::Frozen { .. }));
}

#[test]
fn conflicts_unknown_words_and_clashes_freeze() {
    let frozen = |person: &Person, decision: &Decision, conflict: Option<&Conflict>| match want(
        person,
        decision,
        conflict,
        OnSuspended::Revoke,
        &catalog(),
    )
    .standing
    {
        Standing::Frozen { why } => why,
        other => panic!("{other:?}"),
    };
    let ann = with(Status::Active, None);
    let decision = decided(&ann);
    let conflict = Conflict {
        key: "employee_number".to_owned(),
        value: "104233".to_owned(),
        with: BTreeSet::from([PersonId(7), PersonId(9)]),
    };
    assert_eq!(frozen(&ann, &decision, Some(&conflict)), "employee_number is also claimed by p-7, p-9");
    // Two claims on one identity: even a departure may be the other one's.
    let feed = FeedName::new("okta");
    let gone = with(Status::Gone, Some(Departure::Positive { feed, word: "DEPROVISIONED".to_owned() }));
    frozen(&gone, &decision, Some(&conflict));
    frozen(&with(Status::Unknown, None), &decision, None);
    let clash = Decision { clash: Some("a and b exclude each other".to_owned()), ..decision };
    assert_eq!(frozen(&ann, &clash, None), "a and b exclude each other");
    // Whatever the rows say, a leaver holds nothing.
    let left = want(&gone, &clash, None, OnSuspended::Hold, &catalog());
    assert!(matches!(left.standing, Standing::Left { .. }));
}
