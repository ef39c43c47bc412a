//! `rules test`, `rules diff` and `rules coverage` from outside.

use std::process::Command;

use super::desk::{Desk, Said};

const FREE: &str =
    "[brakes]\ngrant = { per_pass = \"100%\", at_least = 50 }\nrules_edit = { per_pass = \"10%\", at_least = 2 }";

const HEADER: &str = "id,job_code,department,tier\n";

/// Twelve analysts with a seat each, and a pass that has counted them.
fn desk() -> Desk {
    let desk = Desk::new(12, FREE);
    let once = desk.run(&["run", "--once"]);
    assert_eq!((once.code, desk.members()), (0, 12), "{once:?}");
    desk
}

fn edit(desk: &Desk, rows: &str) {
    desk.write("rules/people.csv", &format!("{HEADER}{rows}"));
}

fn git(desk: &Desk, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(desk.folder.path()).env("HOME", desk.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in [("NAME", "Ann"), ("EMAIL", "ann@acme.example")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// Runs the program where it finds git.
fn run(desk: &Desk, arguments: &[&str]) -> Said {
    let path = std::env::var_os("PATH").unwrap_or_default();
    desk.command(arguments).env("PATH", path).output().unwrap().into()
}

#[test]
fn an_edit_is_compared_with_the_table_of_the_last_pass() {
    let desk = desk();
    let same = desk.run(&["rules", "diff", "--detailed-exitcode"]);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(same.out.contains("nothing changes for anybody"), "{same:?}");

    edit(&desk, "analysts,SD-99,IT,fulfiller\naccounts,FIN-*,,fulfiller\n");
    let diff = desk.run(&["rules", "diff", "-o", "json", "--detailed-exitcode"]);
    assert_eq!(diff.code, 2, "{diff:?}");
    let view = diff.json();
    assert_eq!((&view["old"], &view["new"]), (&"the table of the last pass".into(), &"the files".into()));
    assert_eq!(
        (&view["summary"]["gain"], &view["summary"]["lose"], &view["people"]),
        (&1.into(), &12.into(), &13.into())
    );
    let pool = &view["pools"][0];
    assert_eq!((&pool["pool"], &pool["gain"], &pool["lose"]), (&"fulfiller".into(), &1.into(), &12.into()));
    assert_eq!(
        (&pool["before"], &pool["after"], &pool["bought"], &pool["short"]),
        (&12.into(), &1.into(), &30.into(), &0.into())
    );
    let brake = &view["brakes"][0];
    assert_eq!((&brake["cause"], &brake["pool"]), (&"rules_edit.per_pass".into(), &"fulfiller".into()));
    assert_eq!((&brake["limit"], &brake["wanted"], &brake["holds"]), (&2.into(), &12.into(), &true.into()));
    assert_eq!(view["held"], true);
    let rows = view["rows"].as_array().unwrap();
    assert_eq!((&rows[0]["id"], &rows[0]["edit"], &rows[0]["gain"]), (&"accounts".into(), &"added".into(), &1.into()));
    assert_eq!(
        (&rows[1]["id"], &rows[1]["edit"], &rows[1]["lose"]),
        (&"analysts".into(), &"changed".into(), &12.into())
    );
    assert!(rows[0]["file"].as_str().unwrap().ends_with("people.csv") && rows[0]["line"] == 3, "{rows:?}");
    assert_eq!((&view["codes"][1]["code"], &view["codes"][1]["lose"]), (&"SD-12".into(), &12.into()));
    assert!(view["changes"].is_null() && !diff.out.contains("@acme"), "nobody is named: {diff:?}");

    // What it foretells is what the pass does.
    let pass = desk.run(&["run", "--once"]);
    assert_eq!((pass.code, desk.members()), (3, 13), "{pass:?}");
    let held = desk.run(&["status", "-o", "json"]).json();
    assert_eq!((&held["held"][0]["cause"], &held["held"][0]["wanted"]), (&brake["cause"], &12.into()));

    let named = desk.run(&["rules", "diff", "active", "active", "--names"]);
    assert_eq!(named.code, 0, "{named:?}");
    edit(&desk, "analysts,SD-*,IT,fulfiller\n");
    let named = desk.run(&["rules", "diff", "--names"]);
    assert!(named.out.contains("a001@acme.example (SD-12)") && named.out.contains("fin@acme.example"), "{named:?}");
    assert!(!named.out.contains('\u{1b}'), "no color off a terminal");
}

#[test]
fn a_comment_for_a_pull_request_names_nobody() {
    let desk = desk();
    desk.write(
        "catalog.toml",
        "default_tier = \"requester\"\n[tier.requester]\nrank = 0\nseats = \"unlimited\"\n\
         [tier.fulfiller]\nrank = 20\nseats = 12\nfallback = \"requester\"\n\
         cost = { amount = \"99.50\", currency = \"USD\", per = \"month\" }\n",
    );
    edit(&desk, "analysts,SD-1* SD-20..SD-29,IT,fulfiller\naccounts,FIN-*,Finance,fulfiller\n");
    desk.write(
        "rules/exceptions.csv",
        "person,tier,until,owner,reason\na001@acme.example,none,2099-01-01,o,r\na002@acme.example,none,2099-01-01,o,r\n",
    );
    let comment = desk.run(&["rules", "diff", "-o", "markdown"]);
    assert_eq!(comment.code, 0, "{comment:?}");
    for part in [
        "### Rules: 1 gain, 2 lose",
        "| fulfiller | +1 | -2 | 12 → 11 | 12 | 1 to spare | 0 → 0 |",
        "-99.50 USD per month (1194.00 -\\&gt; 1094.50)",
        "<details><summary>3 rows</summary>",
        "exceptions",
        "</details>",
    ] {
        let part = part.replace("\\&", "&");
        assert!(comment.out.contains(&part), "{part} is not in\n{}", comment.out);
    }
    assert!(!comment.out.contains("acme.example"), "{}", comment.out);
    let named = desk.run(&["rules", "diff", "-o", "markdown", "--names"]);
    assert!(named.out.contains("a001\\@acme.example"), "{}", named.out);

    std::fs::remove_file(desk.path("rules/exceptions.csv")).unwrap();
    let short = desk.run(&["rules", "diff", "-o", "json"]).json();
    let pool = &short["pools"][0];
    assert_eq!((&pool["short"], &pool["waiting"], &pool["waiting_new"]), (&1.into(), &1.into(), &1.into()), "{pool}");
    assert_eq!((&pool["cost"]["to_buy"], &short["cost"][0]["change"]), (&"99.50".into(), &"99.50".into()));
    assert!(desk.run(&["rules", "diff"]).out.contains("short by 1; 1 more wait"));
    assert_eq!(desk.run(&["plan", "-o", "markdown"]).code, 64);
}

#[test]
fn a_brake_that_comes_with_the_end_of_grace_is_foretold() {
    let desk = desk();
    let catalog = std::fs::read_to_string(desk.path("catalog.toml")).unwrap();
    desk.write("catalog.toml", &format!("{catalog}grace = \"7d\"\n"));
    edit(&desk, "analysts,SD-99,IT,fulfiller\n");
    let view = desk.run(&["rules", "diff", "-o", "json"]).json();
    let brake = &view["brakes"][0];
    assert_eq!((&brake["wanted"], &brake["later"], &brake["limit"]), (&0.into(), &12.into(), &2.into()), "{brake}");
    assert_eq!((&brake["holds"], &brake["holds_later"], &view["held"]), (&false.into(), &true.into(), &true.into()));
    assert!(
        desk.run(&["rules", "diff"])
            .out
            .contains("Held by rules_edit.per_pass in fulfiller: 0 wanted, 2 pass; 12 more when grace ends")
    );
    desk.write("catalog.toml", &catalog);
}

#[test]
fn tables_are_named_by_revision_and_folder() {
    let desk = desk();
    let absent = desk.command(&["rules", "diff", "HEAD~1"]).env("PATH", "/nonexistent").output().unwrap();
    let absent: Said = absent.into();
    assert_eq!(absent.code, 64);
    assert!(absent.err.contains("git") && absent.err.contains("not installed"), "{absent:?}");
    let outside = run(&desk, &["rules", "diff", "HEAD~1"]);
    assert_eq!(outside.code, 64);
    assert!(outside.err.contains("`HEAD~1`") && outside.err.contains("repository"), "{outside:?}");

    git(&desk, &["init", "-q", "-b", "main"]);
    git(&desk, &["add", "rules"]);
    git(&desk, &["commit", "-q", "-m", "first"]);
    edit(&desk, "desk,SD-*,,fulfiller\n");
    desk.write("rules/.hidden.csv", "x\n");
    git(&desk, &["add", "-f", "rules"]);
    git(&desk, &["commit", "-q", "-m", "second"]);
    edit(&desk, "desk,SD-*,IT,fulfiller\naccounts,FIN-*,,fulfiller\n");

    let steps = run(&desk, &["rules", "diff", "HEAD~1", "HEAD", "-o", "json"]).json();
    assert_eq!((&steps["old"], &steps["new"]), (&"HEAD~1".into(), &"HEAD".into()));
    // The same seats by another row.
    assert_eq!((&steps["summary"]["other"], &steps["summary"]["gain"]), (&12.into(), &0.into()));
    assert_eq!(steps["rows"][1]["file"], "HEAD:people.csv");
    let files = run(&desk, &["rules", "diff", "HEAD", "-o", "json"]).json();
    assert_eq!((&files["new"], &files["summary"]["gain"]), (&"the files".into(), &1.into()));
    let unknown = run(&desk, &["rules", "diff", "no-such-branch"]);
    assert_eq!(unknown.code, 64);
    assert!(unknown.err.contains("neither a file or folder nor a revision"), "{unknown:?}");

    desk.write("proposal.csv", "id,job_code,tier\nall,*,fulfiller\n");
    let proposal = desk.path("proposal.csv");
    let proposed = run(&desk, &["rules", "diff", "active", proposal.to_str().unwrap(), "-o", "json"]).json();
    assert_eq!((&proposed["summary"]["gain"], &proposed["summary"]["other"]), (&1.into(), &12.into()));
    desk.write("proposal.csv", "id,job_code,tier\nall,*,fulfillr\n");
    let broken = run(&desk, &["rules", "diff", "active", proposal.to_str().unwrap()]);
    assert_eq!(broken.code, 65);
    assert!(broken.err.contains("proposal.csv:2") && broken.err.contains("fulfillr"), "{broken:?}");

    // Without a pass and without a daemon git's HEAD is what there is to compare with.
    std::fs::remove_dir_all(desk.path("store")).unwrap();
    let head = run(&desk, &["rules", "diff", "-o", "json"]);
    assert_eq!((head.code, &head.json()["old"], &head.json()["people"]), (0, &"HEAD".into(), &0.into()));
    assert!(head.err.contains("nobody is in the store yet"), "{head:?}");
    std::fs::remove_dir_all(desk.path(".git")).unwrap();
    let none = run(&desk, &["rules", "diff"]);
    assert_eq!(none.code, 64);
    assert!(none.err.contains("no table to compare with"), "{none:?}");
}

#[test]
fn cases_pass_fail_and_cover() {
    let desk = desk();
    let none = desk.run(&["rules", "test"]);
    assert_eq!(none.code, 0, "{none:?}");
    assert!(none.out.contains("0 of 0 cases pass") && none.out.contains("(12 people today)"), "{none:?}");
    desk.write(
        "rules/cases.toml",
        "[[case]]\nname = \"analyst\"\ngiven = { job_code = \"SD-12\", department = \"IT\" }\n\
         expect = { tier = \"fulfiller\", addons = [], rule = \"analysts\" }\n\
         [[case]]\nexpect = { tier = \"requester\", rule = \"none\" }\n",
    );
    assert_eq!(desk.run(&["rules", "check"]).code, 0, "cases are no error of the table");
    let pass = desk.run(&["rules", "test", "--min-coverage", "100"]);
    assert_eq!(pass.code, 0, "{pass:?}");
    assert!(
        pass.out.contains("2 of 2 cases pass; they reach 1 of 1 row (100 %), 13 people of today reach 1"),
        "{pass:?}"
    );
    assert_eq!(desk.run(&["plan", "--detailed-exitcode"]).code, 0, "the table is the same with cases and without");

    edit(&desk, "analysts,SD-1*,HR,fulfiller\nleads,SD-9,,fulfiller\n");
    let fail = desk.run(&["rules", "test"]);
    assert_eq!(fail.code, 65, "{fail:?}");
    let line = fail.out.lines().find(|line| line.starts_with("FAIL")).unwrap();
    for part in [
        "cases.toml:1: analyst:",
        "tier expected fulfiller, got requester",
        "rule expected analysts, got none",
        "no row decides",
        "department is it, not HR",
    ] {
        assert!(line.to_lowercase().contains(&part.to_lowercase()), "{part} is not in {line}");
    }
    let view = desk.run(&["rules", "test", "-o", "json"]).json();
    assert_eq!((&view["ok"], &view["cases"], &view["failed"]), (&false.into(), &2.into(), &1.into()));
    assert_eq!(view["failures"][0]["faults"][0]["got"], "requester");
    assert_eq!((&view["coverage"]["rows"], &view["coverage"]["reached"]), (&2.into(), &0.into()));
    assert_eq!(view["coverage"]["people"]["rows_without_people"], 2);

    edit(&desk, "analysts,SD-1*,IT,fulfiller\nleads,SD-9,,fulfiller\n");
    let short = desk.run(&["rules", "test", "--min-coverage", "80%"]);
    assert_eq!(short.code, 65, "{short:?}");
    assert!(short.out.contains("less than the 80 %"), "{short:?}");
    assert_eq!(desk.run(&["rules", "test", "--min-coverage", "50"]).code, 0);
    assert_eq!(desk.run(&["rules", "test", "--min-coverage", "many"]).code, 64);

    desk.write("rules/cases.toml", "[[case]]\ngivn = {}\nexpect = { tier = \"fulfillr\" }\n");
    let wrong = desk.run(&["rules", "test", "-o", "json"]);
    assert_eq!(wrong.code, 65);
    let findings = &wrong.json()["findings"];
    assert_eq!((&findings[0]["line"], &findings[1]["line"]), (&2.into(), &3.into()), "{findings}");
    assert!(findings[0]["help"].as_str().unwrap().contains("given"), "{findings}");
    assert!(desk.run(&["rules", "test"]).err.contains("cases.toml:3"));
}

#[test]
fn a_table_of_one_file_has_its_cases_beside_it() {
    let desk = Desk::new(1, FREE);
    let config = std::fs::read_to_string(desk.path("seatwarden.toml")).unwrap();
    desk.write("seatwarden.toml", &config.replace("path = \"rules\"", "path = \"rules/people.csv\""));
    let case = |tier: &str| format!("[[case]]\ngiven = {{ job_code = \"FIN-1\" }}\nexpect = {{ tier = \"{tier}\" }}\n");
    desk.write("rules/people.cases.toml", &case("requester"));
    desk.write("more.toml", &case("fulfiller"));
    let beside = desk.run(&["rules", "test"]);
    assert_eq!(beside.code, 0, "{beside:?}");
    assert!(beside.out.contains("1 of 1 case pass"), "{beside:?}");
    let more = desk.path("more.toml");
    let more = desk.run(&["rules", "test", more.to_str().unwrap()]);
    assert_eq!(more.code, 65, "{more:?}");
    assert!(more.out.contains("1 of 2 cases pass"), "{more:?}");
    assert!(!desk.path("store").exists(), "nothing is made");
}

#[test]
fn coverage_counts_codes_and_rows_and_remembers() {
    let desk = desk();
    let view = desk.run(&["rules", "coverage", "-o", "json"]).json();
    assert_eq!((&view["summary"]["people"], &view["summary"]["codes"]), (&13.into(), &2.into()));
    assert_eq!((&view["summary"]["codes_without_row"], &view["summary"]["people_without_row"]), (&1.into(), &1.into()));
    let code = &view["codes"][0];
    assert_eq!((&code["code"], &code["people"], &code["without_row"]), (&"FIN-3".into(), &1.into(), &1.into()));
    assert_eq!((&code["tier"], &code["first_seen"]), (&"requester".into(), &view["day"]));
    assert_eq!((&code["history"][0]["people"], &view["counted_since"]), (&1.into(), &view["day"]));
    let row = &view["rows"][0];
    assert_eq!((&row["id"], &row["people"], &row["line"]), (&"analysts".into(), &12.into(), &2.into()));

    edit(&desk, "analysts,SD-1*,HR,fulfiller\naccounts,FIN-*,,fulfiller\n");
    // Not in force yet, and already told.
    let edited = desk.run(&["rules", "coverage", "-o", "json"]).json();
    assert_eq!(
        (&edited["summary"]["codes_changed"], &edited["summary"]["rows_without_people"]),
        (&2.into(), &1.into())
    );
    assert_eq!(desk.run(&["run", "--once"]).code, 3);
    let text = desk.run(&["rules", "coverage"]);
    assert_eq!(text.code, 0);
    for part in [
        "Job codes without a row",
        "another meaning",
        "requester by -",
        "Rows without people",
        "People per row",
        "analysts",
    ] {
        assert!(text.out.contains(part), "{part} is not in\n{}", text.out);
    }
    let csv = desk.run(&["rules", "coverage", "-o", "csv"]);
    let line = csv.out.lines().find(|line| line.starts_with("FIN-3,1,0,accounts,fulfiller,")).unwrap_or_default();
    assert!(line.contains(",requester,") && csv.out.starts_with("code,people,without_row,"), "{csv:?}");
    let rows = desk.run(&["rules", "coverage", "-o", "csv", "--by", "row"]);
    assert!(rows.out.starts_with("id,people,adds,") && rows.out.contains("accounts,1,0,"), "{rows:?}");
    assert!(desk.run(&["rules", "coverage", "--all"]).out.contains("SD-12"));
    assert!(!text.out.contains("acme.example") && !csv.out.contains("acme.example"));
}
