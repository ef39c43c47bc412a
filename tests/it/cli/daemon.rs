//! The daemon: the socket, files that change, signals, kill -9.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use seatwarden_mocks::{Fault, Rule, Server};

use super::desk::Desk;

const FREE: &str = "[brakes]\ngrant = { per_pass = \"100%\", at_least = 50 }\nrevoke = { per_pass = \"50%\", at_least = 50 }\nrules_edit = { per_pass = \"50%\", at_least = 50 }";

pub(super) struct Daemon(Child);

impl Daemon {
    pub(super) fn start(desk: &Desk) -> Self {
        let log = std::fs::File::create(desk.path("log.jsonl")).unwrap();
        let child = desk.command(&["run", "--log-format", "json"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let daemon = Self(child);
        wait("the daemon answers", || desk.run(&["status", "-o", "json"]).out.contains("\"daemon\": true"));
        daemon
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Waits for the end and gives the exit code.
    fn ended(mut self) -> Option<i32> {
        let mut code = None;
        wait("the daemon ends", || {
            code = self.0.try_wait().unwrap();
            code.is_some()
        });
        code.and_then(|status| status.code())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits for a state, at most ten seconds.
pub(super) fn wait(what: &str, mut seen: impl FnMut() -> bool) {
    for _ in 0..200 {
        if seen() {
            return;
        }
        pause();
    }
    panic!("this never came: {what}");
}

#[expect(clippy::disallowed_methods, reason = "between two looks at another process there is nothing to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// The digest of the plan that a daemon holds, once it does.
fn held(desk: &Desk) -> String {
    let mut digest = String::new();
    wait("the first fill is held", || {
        let status = desk.run(&["status", "-o", "json"]).json();
        status["held"][0]["digest"].as_str().unwrap_or_default().clone_into(&mut digest);
        !digest.is_empty()
    });
    digest
}

#[test]
fn it_passes_by_itself_answers_and_stops() {
    let desk = Desk::new(6, FREE);
    let daemon = Daemon::start(&desk);
    wait("the first pass has given the seats", || desk.members() == 6);
    let mode = std::fs::metadata(desk.path("control.sock")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    desk.leave("a002@acme.example");
    wait("the leaver's seat is free", || desk.members() == 5);
    desk.write("rules/people.csv", "id,job_code,department,tier\nanalysts,SD-1*,IT,fulfillr\n");
    wait("the broken table is told", || desk.run(&["status"]).out.contains("do not compile"));
    assert_eq!(desk.members(), 5);
    desk.write("rules/people.csv", "id,job_code,department,tier\naccounting,FIN-*,Finance,fulfiller\n");
    wait("the edited table is in force", || desk.members() == 1);
    let status = desk.run(&["status", "-o", "json"]).json();
    let digest = status["rules"]["digest"].as_str().unwrap();
    let log = std::fs::read_to_string(desk.path("log.jsonl")).unwrap();
    assert!(log.lines().any(|line| line.contains("another rules table") && line.contains(digest)), "{log}");
    let journal = desk.run(&["audit", "export"]).out;
    assert!(journal.lines().next_back().unwrap().contains(&format!("\"rules\":\"{digest}\"")), "{journal}");
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);
    assert_eq!(desk.run(&["audit", "verify"]).code, 0);
    assert_eq!(desk.run(&["sync", "fin@acme.example"]).code, 0);
    assert_eq!(desk.run(&["healthcheck"]).code, 0);
    let backup = desk.path("backup");
    assert_eq!(desk.run(&["store", "backup", backup.to_str().unwrap()]).code, 0);
    assert_eq!(desk.run(&["store", "restore", backup.to_str().unwrap(), "--yes"]).code, 69);
    let second = desk.run(&["run"]);
    assert!(second.code != 0 && !second.err.is_empty(), "a second daemon is refused: {second:?}");
    daemon.signal(Signal::HUP);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended(), Some(0));
    assert!(!desk.path("control.sock").exists());
    assert_eq!(desk.run(&["store", "verify"]).code, 0);
}

#[test]
fn it_is_killed_at_any_time_and_goes_on() {
    let desk = Desk::new(20, FREE);
    for _ in 0..3 {
        let daemon = Daemon::start(&desk);
        daemon.signal(Signal::KILL);
        drop(daemon);
    }
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    assert_eq!(desk.members(), 20);
    assert_eq!(desk.run(&["store", "verify"]).code, 0);
    assert_eq!(desk.run(&["audit", "verify"]).code, 0);
}

#[test]
fn an_approval_starts_a_pass_at_once() {
    let desk = Desk::new(12, "[brakes]\ngrant = { per_pass = \"10%\", at_least = 3 }");
    let _daemon = Daemon::start(&desk);
    let digest = held(&desk);
    assert_eq!(desk.members(), 0);
    assert_eq!(desk.run(&["approve", &digest, "--reason", "first fill"]).code, 0);
    wait("the plan is done", || desk.members() == 12);
}

#[test]
fn an_operators_word_does_not_wait_for_the_pass_under_way() {
    let desk = Desk::new(12, "[brakes]\ngrant = { per_pass = \"10%\", at_least = 3 }");
    let _daemon = Daemon::start(&desk);
    let digest = held(&desk);
    desk.mocks.faults.push(Rule::on(Server::Okta).play(Fault::Stall).times(u64::MAX));
    let talks = [desk.path("one.txt"), desk.path("two.txt")];
    let mut syncing = talks.each_ref().map(|talk| {
        let talk = std::fs::File::create(talk).unwrap();
        desk.command(&["sync"]).stderr(talk).stdout(Stdio::null()).spawn().unwrap()
    });
    let talk = || talks.each_ref().map(|talk| std::fs::read_to_string(talk).unwrap()).concat();
    wait("a pass is stalled and the next one waits for it", || talk().contains("a pass is under way"));
    let approved = desk.run(&["approve", &digest, "--reason", "first fill"]);
    assert_eq!((approved.code, desk.members()), (0, 0), "{approved:?}");
    for sync in &mut syncing {
        assert!(sync.try_wait().unwrap().is_none(), "{}", talk());
        sync.kill().unwrap();
        sync.wait().unwrap();
    }
}

/// Nothing but the date itself leads to the pass: feeds are read again in an hour.
#[test]
fn it_wakes_when_a_grace_ends() {
    let desk = Desk::new(3, FREE);
    let config = std::fs::read_to_string(desk.path("seatwarden.toml")).unwrap();
    desk.write("seatwarden.toml", &config.replace("incremental = \"1s\"", "incremental = \"1h\""));
    let catalog = std::fs::read_to_string(desk.path("catalog.toml")).unwrap();
    desk.write("catalog.toml", &format!("{catalog}grace = \"2s\"\n"));
    let _daemon = Daemon::start(&desk);
    wait("the first pass has given the seats", || desk.members() == 3);
    desk.mocks.with(|state| {
        let mover = state.world.by_email("a001@acme.example").unwrap();
        state.world.move_to(mover, "OPS-1", "Operations");
    });
    assert_eq!(desk.run(&["sync", "a001@acme.example"]).code, 0);
    assert_eq!(desk.members(), 3, "the seat is kept for the grace");
    wait("the grace is over", || desk.members() == 2);
    let log = std::fs::read_to_string(desk.path("log.jsonl")).unwrap();
    assert!(log.contains("\"due\""), "{log}");
}

#[test]
fn a_store_has_one_daemon() {
    let desk = Desk::new(1, FREE);
    let daemon = Daemon::start(&desk);
    let second = desk.run(&["run"]);
    assert_eq!(second.code, 69, "{second:?}");
    assert!(second.err.contains("another daemon runs"), "{second:?}");
    drop(daemon);
    assert_eq!(desk.run(&["healthcheck"]).code, 69);
}

#[test]
fn it_compares_a_proposal_with_the_table_in_force() {
    let desk = Desk::new(6, FREE);
    let _daemon = Daemon::start(&desk);
    wait("the first pass has given the seats", || desk.members() == 6);
    desk.write("proposal.csv", "id,job_code,department,tier\naccounting,FIN-*,Finance,fulfiller\n");
    let proposal = desk.path("proposal.csv");
    let diff = desk.run(&["rules", "diff", "active", proposal.to_str().unwrap(), "-o", "json", "--detailed-exitcode"]);
    assert_eq!(diff.code, 2, "{diff:?}");
    let view = diff.json();
    let status = desk.run(&["status", "-o", "json"]).json();
    assert_eq!((&view["old"], &view["old_digest"]), (&"the table in force".into(), &status["rules"]["digest"]));
    assert_eq!(
        (&view["summary"]["gain"], &view["summary"]["lose"], &view["held"]),
        (&1.into(), &6.into(), &false.into())
    );
    assert_eq!((&view["brakes"][0]["wanted"], &view["brakes"][0]["limit"]), (&6.into(), &50.into()));
    let same = desk.run(&["rules", "diff"]);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(same.err.contains("both tables decide the same"), "{same:?}");
    let coverage = desk.run(&["rules", "coverage", "-o", "json"]).json();
    assert_eq!((&coverage["rows"][0]["people"], &coverage["codes"][0]["code"]), (&6.into(), &"FIN-3".into()));
    let test = desk.run(&["rules", "test"]);
    assert_eq!(test.code, 0);
    assert!(test.out.contains("7 people of today reach 1"), "{test:?}");
}
