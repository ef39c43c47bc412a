//! What holds for the paging loop of all kinds: circles, limits, lost receivers, lost connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use seatwarden::ambient::{Chance, SystemClock};
use seatwarden::config::FeedKind;
use seatwarden::directory::{Coverage, GapKind};
use seatwarden::feed::{Presence, Scope, build};
use seatwarden::outbound::Ports;

use super::script::{
    Answer, BASE, Kind, Script, Stage, entra_page, entra_user, okta_page, okta_user, scim_page, scim_user,
};

const WHOLE: Scope = Scope::Whole { cursor: None, fresh: false };

#[test]
fn a_next_link_that_leads_in_a_circle_ends_the_walk() {
    let okta = Script::new(|before, _| {
        let page = Answer::json(200, &serde_json::json!([okta_user(before, "ACTIVE")]));
        Some(page.with("link", format!("<{BASE}/api/v1/users?after={}>; rel=\"next\"", before % 3)))
    });
    let read = Stage::new(Kind::Okta, okta.clone()).whole();
    read.assert_gap(GapKind::Invalid, "GET /api/v1/users (page 4)", "back to an earlier one");
    assert_eq!((okta.asked().len(), read.reading.accounts), (4, 4));
    let entra = Script::new(|before, _| Some(entra_page(&[entra_user(before, true)], Ok("same"))));
    let read = Stage::new(Kind::Entra, entra).whole();
    read.assert_gap(GapKind::Invalid, "GET /v1.0/users/delta (page 2)", "back to an earlier one");
}

#[test]
fn a_feed_that_pushes_is_not_polled() {
    let token = tempfile::NamedTempFile::new().unwrap();
    let mut config = Kind::Scim.config(&token);
    config.kind = FeedKind::ScimPush;
    let ports = Ports {
        transport: Script::new(|_, _| None),
        clock: Arc::new(SystemClock),
        chance: Arc::new(Chance::seeded(7)),
        patience: std::time::Duration::from_mins(1),
    };
    assert!(build(&config, &ports).is_none());
}

#[test]
fn pages_without_anybody_come_to_an_end() {
    let script = Script::new(|before, _| Some(entra_page(&[], Ok(&before.to_string()))));
    let read = Stage::new(Kind::Entra, script.clone()).whole();
    read.assert_gap(GapKind::Invalid, "GET /v1.0/users/delta (page 1001)", "in a row");
    assert_eq!(script.asked().len(), 1001);
}

#[test]
fn a_receiver_that_leaves_ends_the_walk_early() {
    let script = Script::new(|before, _| Some(entra_page(&[entra_user(before, true)], Ok(&before.to_string()))));
    let read = Stage::new(Kind::Entra, script.clone()).read_until(WHOLE, 3);
    assert_eq!(read.gap().kind, GapKind::Unreachable);
    assert!(read.gap().why.contains("given up"), "{:?}", read.gap());
    assert!(script.asked().len() <= 6, "no page is fetched for nobody: {}", script.asked().len());
}

#[test]
fn a_connection_that_breaks_leaves_the_pages_before_it() {
    for kind in Kind::ALL {
        let script = Script::new(move |before, asked| match (kind, before) {
            (Kind::Okta, 0) => Some(okta_page(&[okta_user(1, "ACTIVE"), okta_user(2, "ACTIVE")], 1, asked)),
            (Kind::Entra, 0) => Some(entra_page(&[entra_user(1, true)], Ok("x"))),
            (Kind::Scim, 0) => Some(Answer::json(404, &serde_json::json!({}))),
            (Kind::Scim, 1) => Some(scim_page(&[scim_user(1, true), scim_user(2, true)], 1, asked)),
            _ => None,
        });
        let read = Stage::new(kind, script).whole();
        assert_eq!(read.gap().kind, GapKind::Unreachable);
        assert!(read.gap().call.ends_with("(page 2)"), "{:?}", read.gap());
        assert_eq!(read.ids().len(), 1, "{kind:?}");
    }
}

#[test]
fn no_answer_is_an_unreachable_provider_on_every_way() {
    for kind in Kind::ALL {
        let script = Script::new(|_, _| None);
        let stage = Stage::new(kind, script);
        assert_eq!(stage.whole().gap().kind, GapKind::Unreachable);
        assert_eq!(stage.changes("x").gap().kind, GapKind::Unreachable);
        let Presence::Unknown(gap) = stage.account("x") else { panic!("it cannot know") };
        assert_eq!(gap.kind, GapKind::Unreachable);
        assert!(gap.call.ends_with("{id}"));
    }
}

#[test]
fn the_next_page_is_fetched_while_the_last_is_being_taken_in() {
    // The receiver takes no page before three were asked for: a loop that waits for it would never get there.
    let asked = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&asked);
    let script = Script::new(move |before, call| {
        seen.fetch_max(before + 1, Ordering::SeqCst);
        let users: Vec<_> = (0..6).map(|number| okta_user(number, "ACTIVE")).collect();
        Some(okta_page(&users, 1, call))
    });
    let stage = Stage::new(Kind::Okta, script);
    let read = stage.read_late(WHOLE, move || asked.load(Ordering::SeqCst) >= 3);
    assert_eq!((&read.reading.coverage, read.reading.accounts), (&Coverage::Whole, 6));
}
