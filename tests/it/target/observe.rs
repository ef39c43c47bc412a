//! Who holds what, as the desk says.

use std::collections::BTreeMap;

use seatwarden::config::{DeskSeat, TargetConfig};
use seatwarden::target::TargetError;
use serde_json::json;

use super::desk::Quirk::{Cursors, Grows, SmallPages};
use super::desk::{config, desk, target_with};

fn seats(seats: &[(&str, DeskSeat)]) -> TargetConfig {
    let seats: BTreeMap<_, _> = seats.iter().map(|(pool, seat)| ((*pool).into(), seat.clone())).collect();
    TargetConfig { seats, ..config() }
}

#[tokio::test]
async fn every_place_is_read_and_members_are_accounts() {
    for quirks in [&[][..], &[SmallPages], &[Cursors]] {
        let desk = desk(quirks);
        desk.join("u1");
        desk.join("deleted");
        let mut bob = desk.user("u2");
        bob["entitlements"] = json!([{"value": "major"}]);
        bob["roles"] = json!(["admin"]);
        desk.put("u2", bob);
        let group = || DeskSeat::Group("lic".into());
        let all = seats(&[
            ("fulfiller", group()),
            ("module", DeskSeat::Entitlement("Major".into())),
            ("admin", DeskSeat::Role("admin".into())),
            ("none", DeskSeat::Role("none".into())),
        ]);
        for config in [all, seats(&[("fulfiller", group())])] {
            let observed = target_with(&desk, &config).observe().await.unwrap();
            let ids = |pool: &str| -> Vec<&str> {
                observed.holders[&pool.into()].iter().map(|account| account.id.as_str()).collect()
            };
            assert_eq!(ids("fulfiller"), ["deleted", "u1", "u3"], "{quirks:?}");
            let zoe = observed.holders[&"fulfiller".into()].iter().find(|account| account.id == "u3").unwrap();
            assert_eq!(zoe.email.as_deref(), Some("zoe@acme.example"));
            assert_eq!((zoe.external_id.as_deref(), zoe.user_name.as_deref()), (Some("103"), Some("zoe@acme.example")));
            if config.seats.len() > 1 {
                assert_eq!((ids("module"), ids("admin"), ids("none").len()), (vec!["u2"], vec!["u2"], 0));
            }
        }
        assert!(desk.writes().is_empty());
    }
}

#[tokio::test]
async fn a_large_group_is_resolved_by_one_walk() {
    let desk = desk(&[]);
    for number in 10..60 {
        let id = format!("u{number}");
        desk.put(&id, json!({"id": id, "userName": format!("user{number}")}));
        desk.join(&id);
    }
    let target = target_with(&desk, &seats(&[("fulfiller", DeskSeat::Group("lic".into()))]));
    assert_eq!(target.observe().await.unwrap().holders[&"fulfiller".into()].len(), 51);
    assert_eq!(desk.calls(), 3, "the group's id, the group, the users");
}

#[tokio::test]
async fn a_place_that_is_missing_or_a_moving_list_fails_the_whole_count() {
    let desk_one = desk(&[]);
    let lost = seats(&[("fulfiller", DeskSeat::Group("lic".into())), ("lost", DeskSeat::GroupId("g7".into()))]);
    assert!(matches!(target_with(&desk_one, &lost).observe().await, Err(TargetError::Invalid { .. })));
    let moving = desk(&[Grows]);
    let role = seats(&[("admin", DeskSeat::Role("admin".into()))]);
    assert!(matches!(target_with(&moving, &role).observe().await, Err(TargetError::Invalid { .. })));
}
