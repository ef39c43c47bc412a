//! The signed hook, for systems that are no identity provider.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use seatwarden::inbound::public::Limits;
use seatwarden::model::Time;
use seatwarden_mocks::Server;
use sha2::Sha256;

use super::super::company::{GENEROUS, Setup, run};
use super::world::{Called, SECRET, analysts};

fn hook() -> String {
    format!("{GENEROUS}[feed.hr.hook]\nkind = \"hmac\"\nsecret = {{ file = \"hook.secret\" }}\nwindow = \"5m\"\n")
}

fn mac(key: &str, text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

async fn called() -> Called {
    let mut world = analysts(&[]);
    for (number, name) in ["ann", "ben"].iter().enumerate() {
        let hire = seatwarden_mocks::Hire::new(&format!("{name}@acme.example"));
        let hire = hire.number(&format!("{:05}", number + 1)).job("SD-12").homes(seatwarden_mocks::Homes::SCIM);
        world.hire(hire);
    }
    let setup = Setup { more: hook(), feeds: vec![Server::Scim], ..Setup::default() };
    Called::on(world, setup, Limits::default(), std::sync::Arc::new(seatwarden::store::Overlay::empty())).await
}

fn seconds(called: &Called) -> i64 {
    called.company.warden().now().millis() / 1_000
}

async fn plain(called: &Called, key: &str, stamp: i64, body: &str) -> u16 {
    let signature = format!("sha256={}", hex::encode(mac(key, &format!("{stamp}.{body}"))));
    let stamp = stamp.to_string();
    let headers = [("x-seatwarden-timestamp", stamp.as_str()), ("x-seatwarden-signature", signature.as_str())];
    called.post("/hooks/hr", &headers, body.to_owned()).await.status.as_u16()
}

#[test]
fn a_signed_event_leads_to_a_look() {
    run(async {
        let called = called().await;
        called.company.full().await;
        assert_eq!(called.company.holders("fulfiller").len(), 2);
        called.leave("ann");
        let body = r#"{"events":[{"id":"evt-1","employee_number":"00001","leaver":true}]}"#;
        assert_eq!(plain(&called, SECRET, seconds(&called), body).await, 202);
        let outcome = called.look().await;
        assert_eq!(outcome.applied.revoked, 1, "{outcome:?}");
        let body = r#"{"events":[{"email":"BEN@acme.example"},{},{"account":"x"}]}"#;
        assert_eq!(plain(&called, SECRET, seconds(&called), body).await, 202);
        assert_eq!(called.on_disk(), 3, "ben, the feed, and somebody");
        called.look().await;
        assert_eq!(called.on_disk(), 0);
    });
}

#[test]
fn wrong_old_and_repeated_signatures_are_refused() {
    run(async {
        let called = called().await;
        let now = seconds(&called);
        let body = "{\"events\":[]}";
        assert_eq!(plain(&called, "wrong", now, body).await, 401);
        assert_eq!(plain(&called, SECRET, now - 301, body).await, 401, "too old");
        assert_eq!(plain(&called, SECRET, now + 302, body).await, 401, "too early");
        assert_eq!(plain(&called, SECRET, i64::MAX, body).await, 401);
        assert_eq!(plain(&called, SECRET, now - 290, body).await, 202);
        assert_eq!(plain(&called, SECRET, now - 290, body).await, 401, "a replay");
        assert_eq!(plain(&called, SECRET, now, body).await, 202, "signed anew");
        assert_eq!(plain(&called, SECRET, now, "{\"events\":{}}").await, 400);
        assert_eq!(called.post("/hooks/hr", &[], body).await.status, 401, "not signed");
        let half = [("x-seatwarden-signature", "sha256=00")];
        assert_eq!(called.post("/hooks/hr", &half, body).await.status, 401);
        called.company.clock.set(Time::from_millis((now + 1_000) * 1_000));
        assert_eq!(plain(&called, SECRET, now, body).await, 401);
    });
}

#[test]
fn standard_webhooks_are_understood() {
    run(async {
        let called = called().await;
        let stamp = seconds(&called).to_string();
        let body = "{\"events\":[]}";
        let good = STANDARD.encode(mac(SECRET, &format!("msg_1.{stamp}.{body}")));
        let signature = format!("v2,xx v1,AAAA v1,{good}");
        let send = async |id: &str, signature: &str| {
            let headers = [("webhook-id", id), ("webhook-timestamp", stamp.as_str()), ("webhook-signature", signature)];
            called.post("/hooks/hr", &headers, body).await.status.as_u16()
        };
        assert_eq!(send("msg_2", &signature).await, 401, "the id is signed too");
        assert_eq!(send("msg_1", &signature).await, 202);
        assert_eq!(send("msg_1", &signature).await, 401);
    });
}
