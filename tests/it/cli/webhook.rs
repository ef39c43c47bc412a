//! Hooks with the real program: no timer, a leaver, and the verbs beside it.

use std::fs;
use std::net::TcpListener;

use super::daemon::{Daemon, wait};
use super::desk::Desk;

const SECRET: &str = "a long and random hook secret";
const FREE: &str =
    "[brakes]\ngrant = { per_pass = \"100%\", at_least = 50 }\nrevoke = { per_pass = \"50%\", at_least = 50 }";

/// A desk whose Okta calls us, and no timer that would look by itself.
fn desk() -> (Desk, String) {
    let desk = Desk::new(6, FREE);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = fs::read_to_string(desk.path("seatwarden.toml")).unwrap();
    let config = config.replace("incremental = \"1s\"", "incremental = \"1h\"");
    let config = config.replace("[listen]\n", &format!("[listen]\npublic = \"{address}\"\n"));
    desk.write("seatwarden.toml", &format!("{config}[feed.okta.hook]\nsecret = {{ file = \"hook.secret\" }}\n"));
    desk.write("hook.secret", SECRET);
    (desk, format!("http://{address}/hooks/okta"))
}

#[test]
fn a_leaver_is_seen_without_a_timer_and_the_verbs_tell_of_it() {
    let (desk, url) = desk();
    let down = desk.run(&["webhook", "verify"]);
    assert_eq!(down.code, 69, "{down:?}");
    let daemon = Daemon::start(&desk);
    wait("the first pass has given the seats", || desk.members() == 6);
    let verified = desk.run(&["webhook", "verify", "okta", "-o", "json"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let json = verified.json();
    assert_eq!((json[0]["url"].as_str(), json[0]["ok"].as_bool()), (Some(url.as_str()), Some(true)));
    assert!(!verified.out.contains(SECRET));
    assert!(desk.run(&["webhook", "verify"]).out.contains(&url));

    assert_eq!(desk.block_on(desk.mocks.hook_okta(&url, SECRET)).unwrap(), 200);
    desk.leave("a002@acme.example");
    assert_eq!(desk.block_on(desk.mocks.send_okta_events()).statuses, [200]);
    wait("the leaver's seat is free", || desk.members() == 5);
    wait("it is measured", || desk.run(&["status", "-o", "json"]).json()["hooks"]["measured"] == 1);
    let status = desk.run(&["status"]).out;
    assert!(status.contains("Event to confirmed seat"), "{status}");

    // A delivery that was recorded elsewhere.
    desk.leave("a003@acme.example");
    let body = desk.mocks.okta_deliveries().remove(0).to_string();
    desk.write("delivery.json", &body);
    let file = desk.path("delivery.json");
    let replayed = desk.run(&["webhook", "replay", "okta", file.to_str().unwrap(), "-o", "json"]);
    assert_eq!((replayed.code, replayed.json()["accepted"].as_u64()), (0, Some(1)), "{replayed:?}");
    wait("the second leaver's seat is free", || desk.members() == 4);
    let again = desk.run(&["webhook", "replay", "okta", file.to_str().unwrap(), "-o", "json"]);
    assert_eq!(again.json()["accepted"], 1, "a replay is wanted, whatever was heard before");
    desk.write("junk.json", "{\"data\":7}");
    assert_eq!(desk.run(&["webhook", "replay", "okta", desk.path("junk.json").to_str().unwrap()]).code, 65);
    assert_eq!(desk.run(&["webhook", "replay", "nobody", file.to_str().unwrap()]).code, 64);
    assert_eq!(desk.run(&["webhook", "verify", "nobody"]).code, 64);
    drop(daemon);
    desk.write("hook.secret", "");
    assert_eq!(desk.run(&["webhook", "verify"]).code, 78, "there is no secret");
    assert_eq!(desk.run(&["store", "verify"]).code, 0);
}
