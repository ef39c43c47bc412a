//! Who a person is at the desk.

use seatwarden::config::{DeskKey, TargetConfig};
use seatwarden::target::{DeskPerson, Outcome, TargetError};
use serde_json::json;

use super::desk::Quirk::{Exact, Grows, IgnoresFilters, Loops, RefusesFilters, RefusesUsers, SmallPages};
use super::desk::{ann, config, desk, outcome, person, target, target_with};

#[tokio::test]
async fn keys_are_tried_in_order_and_the_first_that_finds_counts() {
    let desk = desk(&[]);
    desk.put(
        "u4",
        json!({"id": "u4", "userName": "x", "emails": [{"value": "ANN@acme.example"}], "externalId": "777"}),
    );
    let target = target(&desk);
    assert_eq!(target.find(&ann()).await.unwrap().unwrap().id, "u1");
    let by_mail = target.find(&person("bob", "999")).await.unwrap().unwrap();
    assert_eq!((by_mail.id.as_str(), by_mail.external_id.as_deref()), ("u2", Some("102")));
    assert_eq!(target.find(&person("nobody", "999")).await.unwrap(), None);
    let nobody = DeskPerson { email: Some("  ".into()), ..DeskPerson::default() };
    let before = desk.calls();
    assert_eq!(target.find(&nobody).await.unwrap(), None);
    assert_eq!(desk.calls(), before, "no value, no question");
}

/// RFC 7643 section 3.1: `externalId` is case-exact.
#[tokio::test]
async fn a_number_is_asked_for_as_it_is_written() {
    let desk = desk(&[Exact]);
    desk.put("u4", json!({"id": "u4", "userName": "x", "externalId": "AB123"}));
    desk.put("u5", json!({"id": "u5", "userName": "y", "externalId": "cd456"}));
    let target = target(&desk);
    assert_eq!(target.find(&person("nobody", " AB123 ")).await.unwrap().unwrap().id, "u4");
    assert_eq!(
        target.find(&person("nobody", "CD456")).await.unwrap().unwrap().id,
        "u5",
        "kept there in its normal form"
    );
}

#[tokio::test]
async fn two_that_match_are_nobody() {
    let desk = desk(&[]);
    desk.put("u4", json!({"id": "u4", "userName": "x", "externalId": " 101 "}));
    desk.put("u5", json!({"id": "u5", "userName": "y", "externalId": "101"}));
    let target = target(&desk);
    let ambiguous = TargetError::Ambiguous { key: "external_id".into(), count: 2 };
    assert_eq!(target.find(&ann()).await, Err(ambiguous.clone()));
    assert_eq!(outcome(target.grant(&ann(), &"fulfiller".into()).await), Err(ambiguous.clone()));
    assert_eq!(target.revoke(&ann(), &"fulfiller".into()).await, Err(ambiguous));
    assert!(desk.writes().is_empty());
}

#[tokio::test]
async fn a_login_is_the_address_or_the_name() {
    let config = TargetConfig { match_on: vec![DeskKey::UserName], ..config() };
    let desk = desk(&[]);
    desk.put("u4", json!({"id": "u4", "userName": "EVE"}));
    let target = target_with(&desk, &config);
    let eve = DeskPerson { user_name: Some("eve".into()), ..person("eve", "104") };
    assert_eq!(target.find(&eve).await.unwrap().unwrap().id, "u4");
    desk.put("u5", json!({"id": "u5", "userName": "eve@acme.example"}));
    let ambiguous = TargetError::Ambiguous { key: "user_name".into(), count: 2 };
    assert_eq!(target.find(&eve).await, Err(ambiguous));
}

#[tokio::test]
async fn a_desk_that_cannot_filter_is_read_whole_and_once() {
    for quirk in [IgnoresFilters, RefusesFilters] {
        let desk = desk(&[quirk, SmallPages]);
        let target = target(&desk);
        for (name, number, id) in [("ann", "101", "u1"), ("bob", "102", "u2"), ("zoe", "103", "u3")] {
            assert_eq!(target.find(&person(name, number)).await.unwrap().unwrap().id, id, "{quirk:?}");
        }
        assert_eq!(target.find(&person("nobody", "104")).await.unwrap(), None);
        let state = desk.state.lock().unwrap();
        let walks = state.calls.iter().filter(|(_, path, _)| path == "/Users").count();
        assert!(walks <= 16, "{quirk:?}: {walks} lists");
    }
}

#[tokio::test]
async fn a_list_that_moves_or_never_ends_is_an_error() {
    for (quirk, told) in [(Grows, "changed while"), (Loops, "ended after 2 of 3")] {
        let desk = desk(&[IgnoresFilters, quirk]);
        match target(&desk).find(&person("nobody", "104")).await {
            Err(TargetError::Invalid { why, .. }) => assert!(why.contains(told), "{why}"),
            other => panic!("{quirk:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_account_is_made_only_where_that_is_allowed() {
    let desk = desk(&[]);
    let eve = person("eve", "104");
    let pool = "fulfiller".into();
    let missing = TargetError::NoAccount { tried: "external_id, email".into() };
    assert_eq!(outcome(target(&desk).grant(&eve, &pool).await), Err(missing.clone()));
    assert_eq!(target(&desk).revoke(&eve, &pool).await, Ok(Outcome::AlreadySo), "no account, no seat");
    assert!(desk.writes().is_empty());
    let creating = target_with(&desk, &TargetConfig { create: true, ..config() });
    assert_eq!(outcome(creating.grant(&eve, &pool).await), Ok(Outcome::Done));
    let made = desk.user("u4");
    assert_eq!((&made["userName"], &made["externalId"]), (&json!("eve@acme.example"), &json!("104")));
    assert_eq!((&made["active"], &made["displayName"]), (&json!(true), &json!("eve")));
    assert_eq!(desk.members(), ["u3", "u4"]);
    let nameless = DeskPerson { employee_number: Some("105".into()), ..DeskPerson::default() };
    assert_eq!(outcome(creating.grant(&nameless, &pool).await), Err(missing));
    assert_eq!(creating.revoke(&person("new", "106"), &pool).await, Ok(Outcome::AlreadySo));
    assert_eq!(desk.state.lock().unwrap().users.len(), 4, "a revocation makes nobody");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_and_never_used() {
    let desk = desk(&[RefusesUsers]);
    let creating = target_with(&desk, &TargetConfig { create: true, ..config() });
    match outcome(creating.grant(&person("eve", "104"), &"fulfiller".into()).await) {
        Err(TargetError::Invalid { call, why }) => {
            assert_eq!(
                (call.as_str(), why.as_str()),
                ("POST /Users", "answered 409 (is in use), and no account matches")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.members(), ["u3"]);
}
