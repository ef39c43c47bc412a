//! Giving and taking seats.

use seatwarden::config::Mode;
use seatwarden::target::{DeskPerson, Outcome, TargetError};
use serde_json::json;

use super::desk::Quirk::{
    EmptyGroupsOfUsers, ForgetsPatches, Full, HidesMembers, IgnoresFilters, IgnoresValuePaths, NoGroupsOfUsers,
    NumberStatus, RefusesFilters, RefusesMembersAgain, RefusesValuePaths, RemoveEmpties, RemovedByOthers,
};
use super::desk::{ann, config, desk, outcome, person, target, target_with, zoe};

fn invalid(result: Result<Outcome, TargetError>) -> String {
    match result {
        Err(TargetError::Invalid { call, why }) => format!("{call}: {why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_seat_is_given_once_and_taken_once_at_desks_of_all_manners() {
    let manners: [&[_]; 9] = [
        &[],
        &[NoGroupsOfUsers],
        &[EmptyGroupsOfUsers],
        &[RefusesValuePaths],
        &[IgnoresValuePaths],
        &[IgnoresFilters],
        &[RefusesFilters],
        &[HidesMembers, NoGroupsOfUsers],
        &[HidesMembers, EmptyGroupsOfUsers, NumberStatus],
    ];
    for quirks in manners {
        for pool in ["fulfiller", "by-id", "module", "admin"] {
            let desk = desk(quirks);
            desk.join("u2");
            let bob = desk.user("u2");
            let target = target(&desk);
            let pool = pool.into();
            let told = |outcome| (outcome, format!("{quirks:?} {pool}"));
            assert_eq!(told(outcome(target.grant(&ann(), &pool).await)), told(Ok(Outcome::Done)));
            let again = outcome(target.grant(&ann(), &pool).await).unwrap();
            // A desk that always shows `groups: []` cannot tell that it was so before; it is done all the same.
            assert!(again == Outcome::AlreadySo || quirks.contains(&EmptyGroupsOfUsers), "{quirks:?} {pool}");
            assert_eq!(told(target.revoke(&ann(), &pool).await), told(Ok(Outcome::Done)));
            assert_eq!(told(target.revoke(&ann(), &pool).await), told(Ok(Outcome::AlreadySo)));
            assert_eq!(desk.members(), ["u3", "u2"], "nobody else is touched: {quirks:?} {pool}");
            assert_eq!(desk.user("u2"), bob);
        }
    }
}

#[tokio::test]
async fn only_single_values_are_ever_sent() {
    let desk = desk(&[RefusesValuePaths]);
    let target = target(&desk);
    outcome(target.grant(&ann(), &"fulfiller".into()).await).unwrap();
    target.revoke(&ann(), &"fulfiller".into()).await.unwrap();
    let patch = |operation| {
        let message = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
        format!("PATCH /Groups/g1 {message}")
    };
    assert_eq!(
        desk.writes(),
        [
            patch(json!({"op": "add", "path": "members", "value": [{"value": "u1"}]})),
            patch(json!({"op": "remove", "path": "members[value eq \"u1\"]"})),
            patch(json!({"op": "remove", "path": "members", "value": [{"value": "u1"}]})),
        ]
    );
}

#[tokio::test]
async fn an_accepted_write_that_is_not_stored_is_no_success() {
    for pool in ["fulfiller", "module"] {
        let desk = desk(&[ForgetsPatches]);
        let target = target(&desk);
        let why = invalid(outcome(target.grant(&ann(), &pool.into()).await));
        assert!(why.ends_with("accepted, and the seat is not there when read back"), "{why}");
        let mut zoe_there = desk.user("u3");
        zoe_there["entitlements"] = json!([{"value": "major"}, {"value": "other"}]);
        desk.put("u3", zoe_there.clone());
        let why = invalid(target.revoke(&zoe(), &pool.into()).await);
        assert!(why.ends_with("accepted, and the seat is still there when read back"), "{why}");
        assert_eq!((desk.members(), desk.user("u3")), (vec!["u3".to_owned()], zoe_there));
    }
}

#[tokio::test]
async fn a_desk_that_empties_a_list_is_caught_and_the_list_restored() {
    let desk = desk(&[RefusesValuePaths, RemoveEmpties]);
    desk.join("u1");
    desk.join("u2");
    let mut ann_there = desk.user("u1");
    ann_there["roles"] = json!([{"value": "admin"}, {"value": "auditor"}]);
    desk.put("u1", ann_there);
    let target = target(&desk);
    let why = invalid(target.revoke(&ann(), &"fulfiller".into()).await);
    assert!(why.contains("removed 2 others") && why.ends_with("they were added again"), "{why}");
    assert_eq!(desk.members(), ["u3", "u2"]);
    let why = invalid(target.revoke(&ann(), &"admin".into()).await);
    assert!(why.contains("removed 1 others"), "{why}");
    assert_eq!(desk.user("u1")["roles"], json!([{"value": "auditor"}]));
}

#[tokio::test]
async fn a_refusal_that_is_so_already_is_adopted() {
    let desk = desk(&[RefusesMembersAgain, EmptyGroupsOfUsers]);
    let target = target(&desk);
    assert_eq!(outcome(target.grant(&zoe(), &"fulfiller".into()).await), Ok(Outcome::AlreadySo));
    assert_eq!(desk.writes().len(), 1, "asked, refused, looked at");
}

#[tokio::test]
async fn a_member_whom_somebody_else_removed_is_gone_all_the_same() {
    let desk = desk(&[RemovedByOthers]);
    let target = target(&desk);
    assert_eq!(target.revoke(&zoe(), &"fulfiller".into()).await, Ok(Outcome::AlreadySo));
}

#[tokio::test]
async fn a_full_desk_says_so_without_naming_anybody() {
    for status in [vec![Full], vec![Full, NumberStatus]] {
        let desk = desk(&status);
        let full = outcome(target(&desk).grant(&ann(), &"fulfiller".into()).await);
        let detail = "answered 400 (License limit reached for)".to_owned();
        assert_eq!(full, Err(TargetError::Full { detail }));
    }
}

#[tokio::test]
async fn a_group_that_is_missing_or_not_alone_is_told_by_name() {
    let desk = desk(&[]);
    let target = target(&desk);
    for result in [outcome(target.grant(&ann(), &"lost".into()).await), target.revoke(&ann(), &"lost".into()).await] {
        assert_eq!(invalid(result), "GET /Groups (displayName): the desk has no group `nowhere`");
    }
    desk.state.lock().unwrap().groups.insert("g2".into(), ("LIC".into(), Vec::new()));
    let why = invalid(outcome(target.grant(&ann(), &"fulfiller".into()).await));
    assert!(why.contains("2 groups `lic`"), "{why}");
    assert_eq!(outcome(target.grant(&ann(), &"by-id".into()).await), Ok(Outcome::Done));
    assert!(!target.has_place_for(&"elsewhere".into()));
    assert!(invalid(outcome(target.grant(&ann(), &"elsewhere".into()).await)).contains("no place for pool elsewhere"));
}

#[tokio::test]
async fn a_group_that_was_made_anew_is_found_again() {
    let desk = desk(&[]);
    let target = target(&desk);
    outcome(target.grant(&ann(), &"fulfiller".into()).await).unwrap();
    {
        let mut state = desk.state.lock().unwrap();
        state.groups.clear();
        state.groups.insert("g9".into(), ("lic".into(), Vec::new()));
    }
    invalid(outcome(target.grant(&ann(), &"fulfiller".into()).await));
    assert_eq!(outcome(target.grant(&ann(), &"fulfiller".into()).await), Ok(Outcome::Done));
    assert_eq!(desk.state.lock().unwrap().groups["g9"].1, ["u1"]);
}

#[tokio::test]
async fn a_seat_through_another_group_is_not_ours_to_take() {
    let desk = desk(&[EmptyGroupsOfUsers]);
    let target = target(&desk);
    // The list shows the indirect membership; the group has no such member.
    desk.state.lock().unwrap().quirks = [NoGroupsOfUsers].into();
    let mut user = desk.user("u1");
    user["groups"] = json!([{"value": "g1", "type": "indirect"}]);
    desk.put("u1", user);
    let why = invalid(target.revoke(&ann(), &"fulfiller".into()).await);
    assert!(why.contains("through another group"), "{why}");
    assert!(desk.writes().is_empty());
}

#[tokio::test]
async fn names_with_quotes_ask_for_that_name_and_nothing_else() {
    let desk = desk(&[]);
    let nasty = r#"x" or userName eq "zoe@acme.example"#;
    desk.put(r#"a"]/../u3"#, json!({"id": r#"a"]/../u3"#, "userName": "x", "externalId": nasty}));
    let target = target(&desk);
    let someone = person("nobody", nasty);
    let found = target.find(&someone).await.unwrap().unwrap();
    assert_eq!(found.id, r#"a"]/../u3"#);
    let mut stranger = person("nobody", r"\");
    stranger.email = Some(r#"" or id pr or userName eq ""#.into());
    assert_eq!(target.find(&stranger).await.unwrap(), None);
}

#[tokio::test]
async fn ids_are_one_segment_of_a_path_whatever_they_hold() {
    let desk = desk(&[]);
    desk.put("u/4 ?x", json!({"id": "u/4 ?x", "userName": "eve@acme.example", "externalId": "104"}));
    let target = target(&desk);
    let failed = outcome(target.grant(&person("eve", "104"), &"module".into()).await);
    assert!(failed.is_err(), "this desk does not decode paths");
    let state = desk.state.lock().unwrap();
    assert!(state.calls.iter().any(|(_, path, _)| path == "/Users/u%2F4%20%3Fx"), "{:?}", state.calls);
}

#[tokio::test]
async fn observing_and_add_only_targets_have_no_way_to_take() {
    let desk = desk(&[]);
    let pool = "fulfiller".into();
    let observing = target_with(&desk, &seatwarden::config::TargetConfig { mode: Mode::Observe, ..config() });
    assert_eq!(outcome(observing.grant(&ann(), &pool).await), Err(TargetError::ReadOnly));
    assert_eq!(observing.revoke(&zoe(), &pool).await, Err(TargetError::ReadOnly));
    assert!(observing.find(&ann()).await.unwrap().is_some());
    let adding = target_with(&desk, &seatwarden::config::TargetConfig { mode: Mode::AddOnly, ..config() });
    assert_eq!(outcome(adding.grant(&ann(), &pool).await), Ok(Outcome::Done));
    assert_eq!(adding.revoke(&zoe(), &pool).await, Err(TargetError::ReadOnly));
    assert_eq!(desk.members(), ["u3", "u1"]);
    assert_eq!((adding.name().as_str(), adding.has_place_for(&pool)), ("desk", true));
}

#[tokio::test]
async fn a_grant_at_a_good_desk_takes_three_calls_once_the_group_is_known() {
    let desk = desk(&[]);
    let target = target(&desk);
    outcome(target.grant(&ann(), &"fulfiller".into()).await).unwrap();
    assert_eq!(desk.calls(), 4, "group, account, write, look");
    outcome(target.grant(&person("bob", "102"), &"fulfiller".into()).await).unwrap();
    assert_eq!(desk.calls(), 7, "the group is known");
}

#[tokio::test]
async fn a_seat_is_taken_from_the_account_that_was_given_it_whatever_the_person_is_called_since() {
    let desk = desk(&[]);
    let target = target(&desk);
    let given = target.grant(&ann(), &"fulfiller".into()).await.unwrap();
    assert!(desk.members().contains(&given.account));
    let renamed = DeskPerson { account: Some(given.account.clone()), ..person("hannah", "999") };
    assert_eq!(target.revoke(&renamed, &"fulfiller".into()).await, Ok(Outcome::Done));
    assert!(!desk.members().contains(&given.account));
    let again = target.grant(&renamed, &"fulfiller".into()).await.unwrap();
    assert_eq!((again.outcome, &again.account), (Outcome::Done, &given.account));
    let gone = DeskPerson { account: Some("u-999".into()), ..person("hannah", "999") };
    assert_eq!(target.revoke(&gone, &"fulfiller".into()).await, Ok(Outcome::AlreadySo));
}
