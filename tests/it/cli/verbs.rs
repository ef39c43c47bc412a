//! Verbs without a daemon.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;

use seatwarden_mocks::{Fault, Rule, Server};

use super::desk::{Desk, Said};

const FREE: &str = "[brakes]\ngrant = { per_pass = \"100%\", at_least = 50 }\nfeed_shrink = \"50%\"";

#[test]
fn plan_writes_nothing_and_run_once_does_what_it_says() {
    let desk = Desk::new(12, FREE);
    let plan = desk.run(&["plan", "-o", "json"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(!desk.path("store").exists(), "a plan leaves no trace");
    let view = plan.json();
    assert_eq!(view["summary"]["grant"], 12);
    assert_eq!(view["feeds"][0]["coverage"], "whole");
    assert_eq!(view["feeds"][0]["accounts"], 13);
    let step = &view["steps"][0];
    assert_eq!(
        (&step["action"], &step["pool"], &step["rule"]),
        (&"grant".into(), &"fulfiller".into(), &"analysts".into())
    );
    assert_eq!((&step["from"], &step["to"]), (&"requester".into(), &"fulfiller".into()));
    assert!(step["due_at"].is_null() && step["person"]["employee_number"].is_string() && step["text"].is_string());
    assert!(view["digest"].as_str().unwrap().starts_with("sha256:") && view["held"].is_array());
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 2);

    let once = desk.run(&["run", "--once"]);
    assert_eq!((once.code, desk.members()), (0, 12), "{once:?}");
    let again = desk.run(&["run", "--once", "-o", "json"]);
    assert_eq!((again.code, again.json()["granted"].as_u64()), (0, Some(0)), "{again:?}");
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0);

    let seats = desk.run(&["seats", "-o", "json"]).json();
    let fulfiller = seats.as_array().unwrap().iter().find(|row| row["pool"] == "fulfiller").unwrap().clone();
    assert_eq!(
        (&fulfiller["bought"], &fulfiller["used"], &fulfiller["free"], &fulfiller["target_count"], &fulfiller["kind"]),
        (&30.into(), &12.into(), &18.into(), &12.into(), &"tier".into())
    );
    let csv = desk.run(&["seats", "-o", "csv"]);
    assert!(csv.out.starts_with("pool,kind,bought,used,"), "{csv:?}");
    assert_eq!(desk.run(&["people", "--pool", "fulfiller", "-o", "json"]).json().as_array().unwrap().len(), 12);
}

#[test]
fn a_plan_file_is_applied_as_it_is_or_refused() {
    let desk = Desk::new(5, FREE);
    let file = desk.path("plan.json");
    let file = file.to_str().unwrap();
    assert_eq!(desk.run(&["plan", "--out", file, "-q"]).code, 0);
    assert_eq!(desk.run(&["apply", file]).code, 64, "off a terminal it needs --yes");
    desk.leave("a001@acme.example");
    let refused = desk.run(&["apply", file, "--yes"]);
    assert_eq!((refused.code, desk.members()), (65, 0), "{refused:?}");
    assert!(refused.err.contains("plan again"), "{refused:?}");
    assert_eq!(desk.run(&["plan", "--out", file]).code, 0);
    let applied = desk.run(&["apply", file, "--yes"]);
    assert_eq!((applied.code, desk.members()), (0, 4), "{applied:?}");
    desk.write("broken.json", "{\"digest\": 7");
    assert_eq!(desk.run(&["apply", desk.path("broken.json").to_str().unwrap(), "--yes"]).code, 65);
}

#[test]
fn what_a_brake_holds_is_released_by_its_digest_once() {
    let desk = Desk::new(25, "[brakes]\ngrant = { per_pass = \"10%\", at_least = 3 }");
    let held = desk.run(&["run", "--once"]);
    assert_eq!((held.code, desk.members()), (3, 0), "{held:?}");
    let status = desk.run(&["status", "-o", "json"]).json();
    let plan = &status["held"][0];
    assert_eq!((&plan["cause"], &plan["limit"], &plan["wanted"]), (&"grant.per_pass".into(), &3.into(), &25.into()));
    let digest = plan["digest"].as_str().unwrap();
    assert_eq!(desk.run(&["approve", "sha256:0123456789", "--reason", "x"]).code, 65);
    assert_eq!(desk.run(&["approve", digest]).code, 64, "a reason is needed");
    assert_eq!(desk.run(&["reject", digest, "--reason", "not yet", "--as", "lead"]).code, 0);
    assert_eq!(desk.run(&["run", "--once"]).code, 3);
    assert_eq!(desk.run(&["approve", digest, "--reason", "CHG-9", "--as", "boss"]).code, 0);
    assert_eq!((desk.run(&["run", "--once"]).code, desk.members()), (0, 25));
    assert_eq!(desk.run(&["approve", digest, "--reason", "again"]).code, 65, "used");
    let export = desk.run(&["audit", "export"]);
    assert!(export.out.contains("\"by\":\"boss\"") && export.out.contains("CHG-9"));
}

#[test]
fn the_exported_chain_verifies_and_names_the_first_entry_that_was_changed() {
    let desk = Desk::new(4, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    assert_eq!(desk.run(&["audit", "verify"]).code, 0);
    let export = desk.run(&["audit", "export"]);
    desk.write("journal.jsonl", &export.out);
    let file = desk.path("journal.jsonl");
    let file = file.to_str().unwrap();
    assert_eq!(desk.run(&["audit", "verify", file]).code, 0);
    let tampered: Vec<String> = export
        .out
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
            if at == 4 {
                entry["at"] = "2020-01-01T00:00:00Z".into();
            }
            // Another program writes blanks and another order of keys.
            serde_json::to_string(&entry).unwrap().replace("\":", "\" : ")
        })
        .collect();
    desk.write("journal.jsonl", &tampered.join("\n"));
    let broken = desk.run(&["audit", "verify", file, "-o", "json"]);
    assert_eq!((broken.code, broken.json()["first_bad"].as_u64()), (65, Some(5)), "{broken:?}");
    assert_eq!(desk.run(&["store", "verify"]).code, 0);
}

#[test]
fn explain_tells_the_story_and_knows_nobody_by_another_name() {
    let desk = Desk::new(2, FREE);
    desk.run(&["run", "--once"]);
    let view = desk.run(&["explain", "A001@acme.example", "-o", "json"]).json();
    assert_eq!(view["person"]["employee_number"], "00001");
    assert_eq!(view["accounts"][0]["feed"], "okta");
    let row = &view["rows"][0];
    assert_eq!((&row["id"], &row["matched"], &row["decides"]), (&"analysts".into(), &true.into(), &true.into()));
    assert_eq!(view["desired"]["tier"], "fulfiller");
    assert_eq!(view["holding"]["tier"], "fulfiller");
    assert!(view["next"].is_null() && !view["history"].as_array().unwrap().is_empty());
    assert_eq!(desk.run(&["explain", "00002"]).code, 0);
    assert_eq!(desk.run(&["explain", "nobody@acme.example"]).code, 65);
    let accountant = desk.run(&["explain", "fin@acme.example"]);
    assert!(accountant.out.contains("requester"), "{accountant:?}");
}

#[test]
fn trouble_has_its_exit_code() {
    let mut desk = Desk::new(3, FREE);
    assert_eq!(desk.run(&["check"]).code, 0, "{:?}", desk.run(&["check"]));
    assert_eq!(desk.run(&["no-such-verb"]).code, 64);
    assert_eq!(desk.run(&["plan", "--no-such-flag"]).code, 64);
    assert_eq!(desk.run(&["--help"]).code, 0);

    desk.mocks.faults.push(Rule::on(Server::Okta).play(Fault::Status(403, "{\"errorCode\":\"E0000006\"}".into())));
    let refused = desk.run(&["run", "--once", "--deadline", "2s"]);
    assert_eq!(refused.code, 77, "{refused:?}");
    desk.mocks.faults.clear();
    desk.mocks.faults.push(Rule::on(Server::Okta).play(Fault::TruncatedJson));
    let partial = desk.run(&["run", "--once", "--deadline", "2s"]);
    assert_eq!(partial.code, 75, "{partial:?}");
    desk.mocks.faults.clear();

    desk.write("rules/people.csv", "id,job_code,tier\nanalysts,SD-*,fulfillr\n");
    let rules = desk.run(&["rules", "check", "-o", "json"]);
    assert_eq!(rules.code, 65);
    let finding = &rules.json()["findings"][0];
    assert_eq!((&finding["line"], &finding["severity"]), (&2.into(), &"error".into()));
    assert!(finding["file"].as_str().unwrap().ends_with("people.csv") && finding["column"].is_u64(), "{finding}");
    assert_eq!(desk.run(&["plan"]).code, 65);
    let sarif = desk.run(&["rules", "check", "-o", "sarif"]);
    assert_eq!(sarif.code, 65);
    let sarif = sarif.json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "seatwarden");
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"R019".into(), &"error".into()));
    let number = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][number]["id"], "R019");
    assert!(result["message"]["text"].as_str().unwrap().contains("fulfillr"));
    let place = &result["locations"][0]["physicalLocation"];
    assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("rules/people.csv"));
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&2.into(), &15.into()));
    assert_eq!(desk.run(&["status", "-o", "sarif"]).code, 64);

    let story = desk.run(&["rules", "explain", "r31"]);
    assert!(
        story.code == 0 && story.out.contains("## R031") && story.out.contains("tie for job_code sd-1"),
        "{story:?}"
    );
    assert_eq!(desk.run(&["rules", "explain", "R999"]).code, 64);
    assert_eq!(desk.run(&["rules", "explain"]).code, 64);
    assert!(desk.run(&["rules", "explain", "C006"]).out.contains("no such setting"));

    desk.write("rules/people.csv", "id,job_code,tier,priority\nanalysts,SD-*,fulfiller,1\nleads,SD-1*,requester,\n");
    let warned = desk.run(&["rules", "check", "-o", "json"]);
    assert_eq!((warned.code, &warned.json()["ok"]), (0, &true.into()));
    assert_eq!(warned.json()["findings"][0]["code"], "R050");
    assert_eq!(warned.json()["findings"][0]["related"].as_array().unwrap().len(), 3);
    desk.write("rules/people.csv", "id,job_code,tier\nanalysts,SD-*,fulfiller\n");

    let config = std::fs::read_to_string(desk.path("seatwarden.toml")).unwrap();
    desk.write("seatwarden.toml", &config.replace("lic-fulfiller", "lic-nobody-made"));
    let (checked, ran) = (desk.run(&["check"]), desk.run(&["run", "--once"]));
    assert_eq!((checked.code, ran.code), (75, 75), "{checked:?} {ran:?}");
    assert!(checked.err.contains("lic-nobody-made") && ran.err.contains("lic-nobody-made"), "{checked:?} {ran:?}");
    desk.write("seatwarden.toml", &config);
    std::fs::rename(desk.path("okta.token"), desk.path("gone.token")).unwrap();
    for verb in [&["check"][..], &["plan"], &["run", "--once"]] {
        let lacking = desk.run(verb);
        assert_eq!(lacking.code, 78, "{lacking:?}");
        assert!(lacking.err.contains("okta.token"), "{lacking:?}");
    }
    std::fs::rename(desk.path("gone.token"), desk.path("okta.token")).unwrap();

    desk.stop_okta();
    let down = desk.run(&["run", "--once", "--deadline", "1s"]);
    assert_eq!(down.code, 69, "{down:?}");

    desk.write(
        "seatwarden.toml",
        &config.replace("token = { file = \"desk.token\" }", "token = \"s3cret\"").replace("[pass]", "[pas]"),
    );
    let broken = desk.run(&["check", "--offline", "-o", "json"]);
    assert_eq!(broken.code, 78);
    let view = broken.json();
    assert_eq!(view["ok"], false);
    assert!(view["findings"].as_array().unwrap().len() >= 2, "all findings at once: {view}");
    assert!(!broken.out.contains("s3cret") && !broken.err.contains("s3cret"));
    let text = desk.run(&["plan"]);
    assert_eq!(text.code, 78);
    assert!(text.err.contains("seatwarden.toml") && text.out.is_empty(), "{text:?}");
    assert!(!text.err.contains('\u{1b}'), "no color off a terminal");
}

#[test]
fn what_needs_no_company_works_without_one() {
    let desk = Desk::new(1, FREE);
    let folder = desk.path("new");
    let init = desk.run(&["init", folder.to_str().unwrap()]);
    assert_eq!(init.code, 0, "{init:?}");
    let config = folder.join("seatwarden.toml");
    let check = desk.run(&["-c", config.to_str().unwrap(), "check", "--offline"]);
    assert!([0, 78].contains(&check.code), "{check:?}");
    assert_ne!(desk.run(&["init", folder.to_str().unwrap()]).code, 0, "nothing is overwritten");
    assert_eq!(desk.run(&["version", "-o", "json"]).json()["name"], "seatwarden");
    assert!(desk.run(&["man"]).out.contains(".TH seatwarden"));
    assert!(desk.run(&["completions", "bash"]).out.contains("_seatwarden"));
    assert!(desk.run(&["config", "schema"]).json()["configuration"].is_object());
    let show = desk.run(&["config", "show"]);
    assert!(show.code == 0 && show.out.contains("okta.token") && !show.out.contains("mockSsws"), "{show:?}");
}

#[test]
fn seats_that_were_there_before_are_adopted() {
    let desk = Desk::new(3, FREE);
    desk.mocks.with(|state| {
        state.desk.add_member(&state.world, "lic-fulfiller", "a001@acme.example");
        state.desk.add_member(&state.world, "lic-fulfiller", "fin@acme.example");
        state.desk.add_member(&state.world, "lic-fulfiller", "stranger@elsewhere.example");
    });
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let list = desk.run(&["target", "list", "-o", "json"]).json();
    assert_eq!((&list[0]["mode"], &list[0]["counts"]["fulfiller"]), (&"full".into(), &5.into()), "{list}");
    assert_eq!(list[0]["foreign"]["fulfiller"], 2, "{list}");
    let adopted = desk.run(&["target", "adopt", "desk", "-o", "json"]).json();
    assert_eq!((&adopted["adopted"], &adopted["strangers"]), (&1.into(), &1.into()), "{adopted}");
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    assert_eq!(desk.members(), 4, "the accountant has no row, the stranger is nobody's business");
    assert_eq!(desk.run(&["target", "adopt", "nodesk"]).code, 64);
}

#[test]
fn a_second_approver_is_asked_for_and_a_third_is_refused() {
    let desk = Desk::new(25, "[brakes]\napprovers = 2\ngrant = { per_pass = \"10%\", at_least = 3 }");
    assert_eq!(desk.run(&["run", "--once"]).code, 3);
    let status = desk.run(&["status", "-o", "json"]).json();
    let digest = status["held"][0]["digest"].as_str().unwrap();
    let approve = |by: &str| desk.run(&["approve", digest, "--reason", "CHG-9", "--as", by]);
    let first = approve("ann");
    assert_eq!((first.code, first.out.trim()), (0, "approved by ann (1 of 2 needed); 1 more needed"));
    let second = approve("bo");
    assert_eq!((second.code, second.out.trim()), (0, "approved by bo (2 of 2 needed); the next pass does it"));
    let third = approve("cy");
    assert_eq!((third.code, third.out.as_str()), (65, ""), "{third:?}");
    assert!(third.err.contains("all the approvals it needs"), "{third:?}");
    assert_eq!((desk.run(&["run", "--once"]).code, desk.members()), (0, 25));
}

#[test]
fn a_missing_or_empty_rules_folder_is_a_fault_of_the_configuration() {
    let desk = Desk::new(1, FREE);
    std::fs::remove_file(desk.path("rules/people.csv")).unwrap();
    for state in ["empty", "missing"] {
        let codes = [&["check", "--offline"][..], &["run", "--once"], &["plan"]].map(|verb| desk.run(verb).code);
        assert_eq!(codes, [78; 3], "{state}");
        std::fs::remove_dir(desk.path("rules")).unwrap_or_default();
    }
    std::fs::create_dir(desk.path("rules")).unwrap();
    desk.write("rules/people.csv", "id,job_code,tier\nanalysts,SD-*,fulfillr\n");
    let codes = [&["check", "--offline"][..], &["run", "--once"]].map(|verb| desk.run(verb).code);
    assert_eq!(codes, [65; 2], "a table that does not compile is a fault of the data");
}

#[test]
fn without_a_daemon_status_tells_of_the_last_pass() {
    let desk = Desk::new(2, FREE);
    let none = desk.run(&["status"]);
    assert!(none.out.contains("None has been made yet."), "{none:?}");
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let status = desk.run(&["status", "-o", "json"]).json();
    assert_eq!((&status["last_pass"]["pass"], &status["last_pass"]["granted"]), (&1.into(), &2.into()), "{status}");
    assert_eq!(desk.run(&["run", "--once", "-o", "json"]).json()["pass"], 2);
    assert_eq!(desk.run(&["run", "--once", "-o", "json"]).json()["pass"], 3);
}

#[test]
fn a_pass_is_undone_from_the_command_line() {
    let desk = Desk::new(4, FREE);
    assert_eq!((desk.run(&["run", "--once"]).code, desk.members()), (0, 4));
    let shown = desk.run(&["undo", "1", "-o", "json"]);
    assert_eq!((shown.code, desk.members()), (64, 4), "off a terminal it needs --yes: {shown:?}");
    assert_eq!((&shown.json()["people"], &shown.json()["done"]), (&4.into(), &false.into()));
    let undone = desk.run(&["undo", "1", "--yes", "--reason", "CHG-9", "--as", "ann", "-o", "json"]);
    assert_eq!((undone.code, desk.members()), (0, 0), "{undone:?}");
    let step = &undone.json()["plan"]["steps"][0];
    assert_eq!((&step["evidence"], &step["reason"]), (&"operator".into(), &"operator".into()), "{step}");
    assert!(step["text"].as_str().unwrap().ends_with("asked for by ann: CHG-9"), "{step}");
    // It is kept by every process after it, and nothing is left to undo.
    assert_eq!((desk.run(&["run", "--once"]).code, desk.members()), (0, 0));
    assert_eq!(desk.run(&["undo", "1", "--yes"]).code, 0);
    let status = desk.run(&["status", "-o", "json"]).json();
    assert_eq!((&status["undone"][0]["people"], &status["undone"][0]["by"]), (&4.into(), &"ann".into()));
    assert_eq!(desk.run(&["undo", "99", "--yes"]).code, 65);
    assert_eq!(desk.run(&["undo", "x", "--yes"]).code, 64);
    assert!(desk.run(&["audit", "export"]).out.contains("\"kind\":\"pinned\""));
    assert_eq!((desk.run(&["audit", "verify"]).code, desk.run(&["store", "verify"]).code), (0, 0));
}

#[test]
fn what_is_rows_is_a_spreadsheet_too_and_text_fits_a_pipe() {
    let desk = Desk::new(3, FREE);
    let plan = desk.run(&["plan", "-o", "csv"]);
    assert!(plan.code == 0 && plan.out.starts_with("action,id,email,"), "{plan:?}");
    assert_eq!(plan.out.lines().count(), 4, "{plan:?}");
    assert!(plan.out.contains("grant,p-1,") && plan.out.contains(",requester,fulfiller,analysts,"), "{plan:?}");
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    for verb in ["seats", "people", "plan", "status"] {
        let text = desk.run(&[verb]);
        assert!(text.code == 0 && text.out.is_ascii(), "{text:?}");
        let fits = |line: &str| line.len() <= 80 || line.starts_with("Digest ");
        assert!(text.out.lines().all(fits), "{verb}: {}", text.out);
    }
    let account = desk.run(&["explain", "00002", "-o", "json"]).json();
    let account = account["accounts"][0]["id"].as_str().unwrap().to_owned();
    for name in ["00002", "A002@acme", &account, &format!("okta/{account}")] {
        let found = desk.run(&["people", name, "-o", "json"]).json();
        assert_eq!((found.as_array().unwrap().len(), &found[0]["employee_number"]), (1, &"00002".into()), "{name}");
    }
    assert_eq!(desk.run(&["status", "-o", "csv"]).code, 64);
}

#[test]
fn a_store_is_backed_up_and_restored_and_desks_are_compared_with_it() {
    let desk = Desk::new(6, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let agree = desk.run(&["target", "drift", "--detailed-exitcode"]);
    assert_eq!((agree.code, agree.out.trim()), (0, "desks and ledger agree"), "{agree:?}");
    let file = desk.path("backup");
    let file = file.to_str().unwrap();
    let backup = desk.run(&["store", "backup", file]);
    assert_eq!(backup.code, 0, "{backup:?}");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.run(&["store", "backup", file]).code, 64, "a backup overwrites nothing");
    assert_eq!(desk.run(&["store", "restore", file]).code, 64, "off a terminal it needs --yes");

    // A seventh person gets a seat that the backup knows nothing of.
    desk.write(
        "rules/people.csv",
        "id,job_code,tier\nanalysts,SD-1* SD-20..SD-29,fulfiller\naccounting,FIN-*,fulfiller\n",
    );
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    assert_eq!(desk.members(), 7);
    let restored = desk.run(&["store", "restore", file, "--yes", "-o", "json"]);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(Path::new(restored.json()["before"].as_str().unwrap()).exists());
    assert!(desk.run(&["status"]).out.contains("nothing is revoked"), "{:?}", desk.run(&["status"]));
    assert_eq!(desk.run(&["store", "verify"]).code, 0);
    assert_eq!(desk.run(&["audit", "verify"]).code, 0);
    let drift = desk.run(&["target", "drift", "desk", "-o", "json", "--detailed-exitcode"]);
    assert_eq!(drift.code, 2, "{drift:?}");
    assert_eq!(
        (drift.json().as_array().unwrap().len(), &drift.json()[0]["difference"]),
        (1, &"not_in_ledger".into()),
        "{drift:?}"
    );
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    assert_eq!((desk.members(), desk.run(&["target", "drift", "--detailed-exitcode"]).code), (7, 0));
    assert_eq!(desk.run(&["target", "drift", "nosuch"]).code, 64);

    desk.write("broken", "{\"backup\":{\"format\":1,\"made_at\":\"2026-11-22T10:00:00Z\"}}\n");
    let broken = desk.path("broken");
    let refused = desk.run(&["store", "restore", broken.to_str().unwrap(), "--yes"]);
    assert_eq!(refused.code, 65, "{refused:?}");
    assert!(refused.err.contains("the last line is missing"), "{refused:?}");
}

#[test]
fn what_could_not_be_said_and_what_was_damaged_has_its_exit_code() {
    let desk = Desk::new(2, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    match std::fs::File::options().write(true).open("/dev/full") {
        Ok(full) if full.metadata().unwrap().file_type().is_char_device() => {
            let unsaid: Said = desk.command(&["audit", "export"]).stdout(full).output().unwrap().into();
            assert_eq!(unsaid.code, 1, "{unsaid:?}");
            assert!(unsaid.err.contains("cannot write the data"), "{unsaid:?}");
        }
        Ok(_) | Err(_) => eprintln!("skipped: there is no device that is always full"),
    }

    let journal = desk.path("store/journal.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let damaged = desk.run(&["store", "verify", "-o", "json"]);
    assert_eq!((damaged.code, &damaged.json()["ok"]), (65, &false.into()), "{damaged:?}");
    assert_eq!(desk.run(&["store", "verify"]).code, 0, "it was mended");
}
