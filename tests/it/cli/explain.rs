//! `explain` from outside: with and without a daemon, other tables, other times.

use super::desk::Desk;

const FREE: &str = "[brakes]\ngrant = { per_pass = \"100%\", at_least = 50 }\nfeed_shrink = \"50%\"";

#[test]
fn it_tells_where_facts_come_from_which_rows_nearly_matched_and_what_the_desk_answered() {
    let desk = Desk::new(2, FREE);
    desk.write(
        "rules/people.csv",
        "id,job_code,department,tier\nanalysts,SD-1* SD-20..SD-29,IT,fulfiller\nothers,SD-1*,Finance,requester\n",
    );
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let view = desk.run(&["explain", "a001@acme.example", "-o", "json"]).json();
    let facts = view["facts"].as_array().unwrap();
    let job = facts.iter().find(|fact| fact["name"] == "job_code").unwrap();
    assert_eq!(
        (&job["feed"], &job["path"], &job["values"][0]),
        (&"okta".into(), &"profile.jobCode".into(), &"SD-12".into())
    );
    assert!(job["read_at"].is_string());
    assert_eq!(view["accounts"][0]["attributes"]["job_code"][0], "SD-12");
    let near = &view["rows"][1];
    assert_eq!((&near["id"], &near["matched"], &near["near"]), (&"others".into(), &false.into(), &true.into()));
    assert_eq!(near["why"], "department is IT, not Finance");
    assert_eq!((&view["last_call"]["what"], &view["last_call"]["done"]), (&"grant".into(), &true.into()));
    assert!(
        view["history"].as_array().unwrap().iter().all(|entry| entry["text"].is_string() && entry["kind"].is_string())
    );

    let text = desk.run(&["explain", "00001"]);
    assert!(text.out.lines().all(|line| line.len() <= 80), "80 columns when piped: {text:?}");
    assert!(text.out.is_ascii() && text.out.contains("department is IT, not Finance"), "{text:?}");
    let wide = desk.command(&["explain", "00001"]).env("COLUMNS", "160").env("LANG", "C.UTF-8").output().unwrap();
    assert!(String::from_utf8(wide.stdout).unwrap().contains('░'));
}

#[test]
fn it_tells_what_would_be_with_another_table_and_what_is_wrong_with_it() {
    let desk = Desk::new(2, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    desk.write("next.csv", "id,job_code,tier\nnobody,X-*,fulfiller\n");
    let file = desk.path("next.csv");
    let file = file.to_str().unwrap();
    let view = desk.run(&["explain", "00001", "--with-rules", file, "-o", "json"]).json();
    assert_eq!((&view["desired"]["tier"], &view["next"]["what"]), (&"requester".into(), &"revoke".into()), "{view}");
    assert_eq!((&view["holding"]["tier"], &view["table"]["in_force"]), (&"fulfiller".into(), &false.into()));
    // A table that is broken on disk does not keep anybody from asking about a better one.
    desk.write("rules/people.csv", "id,job_code,tier\nanalysts,SD-*,fulfillr\n");
    assert_eq!(desk.run(&["explain", "00001", "--with-rules", file]).code, 0);
    let broken = desk.path("rules");
    let broken = desk.run(&["explain", "00001", "--with-rules", broken.to_str().unwrap()]);
    assert!(broken.code == 65 && broken.err.contains("fulfillr") && broken.err.contains("people.csv"), "{broken:?}");
    let missing = desk.run(&["explain", "00001", "--with-rules", "no-such-folder", "-o", "json"]);
    assert_eq!((missing.code, &missing.json()["ok"]), (65, &false.into()), "{missing:?}");
}

#[test]
fn it_tells_what_was() {
    let desk = Desk::new(2, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let now = desk.run(&["explain", "00001", "-o", "json"]).json();
    let at = now["at"].as_str().unwrap().to_owned();
    desk.leave("a001@acme.example");
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let gone = desk.run(&["explain", "a001@acme.example", "-o", "json"]).json();
    assert!(gone["holding"]["seats"].as_array().unwrap().is_empty() && gone["status"] == "gone", "{gone}");
    let then = desk.run(&["explain", "a001@acme.example", "--at", &at, "-o", "json"]).json();
    assert_eq!(then["holding"]["seats"][0]["pool"], "fulfiller");
    assert!(!then["unknown"].as_array().unwrap().is_empty(), "the facts of then were replaced: {then}");
    let text = desk.run(&["explain", "a001@acme.example", "--at", &at]);
    assert!(text.out.contains("Not known") && text.out.contains("by the journal"), "{text:?}");
    let before = desk.run(&["explain", "a001@acme.example", "--at", "2001-01-01"]);
    assert!(before.out.contains("What they held is not known: the journal begins at"), "{before:?}");
    assert!(!before.out.contains("Held no counted seat"), "{before:?}");
    assert_eq!(desk.run(&["explain", "00001", "--at", "2999-01-01"]).code, 64);
    assert_eq!(desk.run(&["explain", "00001", "--at", "last week"]).code, 64);
}

#[test]
fn who_fits_several_is_listed() {
    let desk = Desk::new(2, FREE);
    assert_eq!(desk.run(&["run", "--once"]).code, 0);
    let near = desk.run(&["explain", "acme"]);
    assert!(near.code == 65 && near.out.is_empty() && near.err.contains("did you mean"), "{near:?}");
    assert!(near.err.contains("a002@acme.example") && near.err.contains("p-1"), "{near:?}");
}
