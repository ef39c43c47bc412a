//! Tables as files: one style, other forms, there and back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use super::desk::{Desk, Said};

const TOML: &str = "# who answers the phone\n[[rule]]\nowner = 'itam@acme.example'\nid = 'analysts'\nwhen = { job_code = ['SD-*', '!SD-9'] }\ntier = 'fulfiller'\n\
                    [[exception]]\nperson = 'fin@acme.example'\ntier = 'fulfiller'\nuntil = 2099-12-31\nowner = 'lead@acme.example'\nreason = 'month, end'\n";

fn desk() -> Desk {
    let desk = Desk::new(1, "");
    fs::remove_file(desk.path("rules/people.csv")).unwrap();
    desk.write("rules/people.toml", TOML);
    desk
}

/// The digest of a table that stands in these files alone.
fn digest(desk: &Desk, files: &[&str]) -> String {
    for entry in fs::read_dir(desk.path("rules")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for file in files {
        fs::copy(desk.path(file), desk.path("rules").join(Path::new(file).file_name().unwrap())).unwrap();
    }
    let plan = desk.run(&["plan", "-o", "json"]);
    plan.json()["rules_digest"].as_str().unwrap().to_owned()
}

fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn export_and_import_pass_a_table_through_every_form() {
    let desk = desk();
    fs::copy(desk.path("rules/people.toml"), desk.path("t.toml")).unwrap();
    let printed = desk.run(&["rules", "export", "-o", "csv"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    assert_eq!(
        printed.out,
        "id,job_code,tier,owner\nanalysts,SD-* !SD-9,fulfiller,itam@acme.example\n\nperson,tier,until,owner,reason\n\
         fin@acme.example,fulfiller,2099-12-31,lead@acme.example,\"month, end\"\n"
    );
    assert!(printed.err.contains("1 line with comments stays behind"), "{printed:?}");
    desk.write("both.csv", &printed.out);
    let toml = desk.run(&["rules", "export"]);
    assert!(
        toml.code == 0 && toml.out.starts_with("# who answers the phone\n[[rule]]\nid    = 'analysts'\n"),
        "{toml:?}"
    );
    let csv = desk.path("x.csv");
    let said = desk.run(&["rules", "export", "--out", arg(&csv)]);
    assert!(said.code == 0 && said.out.is_empty() && desk.path("x.exceptions.csv").exists(), "{said:?}");
    let book = desk.path("x.xlsx");
    assert_eq!(desk.run(&["rules", "export", "-o", "xlsx", "--out", arg(&book)]).code, 0);
    let piped = desk.command(&["rules", "export", "-o", "xlsx"]).output().unwrap();
    assert_eq!(piped.stdout, fs::read(&book).unwrap(), "the same table, the same bytes");
    for (file, out) in [(&csv, "from-csv.toml"), (&book, "from-xlsx.toml")] {
        let said = desk.run(&["rules", "import", arg(file), "--out", arg(&desk.path(out))]);
        assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:?}");
    }
    assert_eq!(fs::read(desk.path("from-csv.toml")).unwrap(), fs::read(desk.path("from-xlsx.toml")).unwrap());
    let shown = desk.run(&["rules", "import", arg(&book)]);
    assert_eq!(shown.out, fs::read_to_string(desk.path("from-xlsx.toml")).unwrap());
    let back = desk.run(&["rules", "import", arg(&book), "-o", "csv"]);
    assert_eq!(back.out, printed.out);
    let wanted = digest(&desk, &["t.toml"]);
    for files in [&["x.csv", "x.exceptions.csv"][..], &["both.csv"], &["from-csv.toml"], &["from-xlsx.toml"]] {
        assert_eq!(digest(&desk, files), wanted, "{files:?}");
    }
}

#[test]
fn what_cannot_be_converted_is_said_and_nothing_is_written() {
    let desk = desk();
    let out = desk.path("out.csv");
    desk.write("rules/people.toml", "[[rule]]\nid = 'a'\ntier = 'fulfiller'\nnote = '=1+1'\n");
    let said = desk.run(&["rules", "export", "--out", arg(&out)]);
    assert!(said.code == 65 && said.err.contains("`=1+1` in `note` of `a`") && !out.exists(), "{said:?}");
    desk.write("rules/people.toml", "[[rule]]\nid = a\n");
    assert_eq!(desk.run(&["rules", "export"]).code, 65);
    assert_eq!(desk.run(&["rules", "export", "-o", "json"]).code, 64);
    desk.write("no.xlsx", "id,tier\na,agent\n");
    let said = desk.run(&["rules", "import", arg(&desk.path("no.xlsx")), "-o", "csv"]);
    assert!(said.code == 65 && said.out.is_empty() && said.err.contains("not an XLSX workbook"), "{said:?}");
    desk.write("no.csv", "id,tier\na,\"agent\n");
    assert_eq!(desk.run(&["rules", "import", arg(&desk.path("no.csv"))]).code, 65);
    assert_eq!(desk.run(&["rules", "import", arg(&desk.path("nosuch.csv"))]).code, 65);
    // A table that only the catalog objects to can be taken elsewhere to be mended.
    desk.write("rules/people.toml", "[[rule]]\nid = 'a'\ntier = 'nosuch'\n");
    let said = desk.run(&["rules", "export", "-o", "csv"]);
    assert!(said.code == 0 && said.err.contains("1 errors"), "{said:?}");
}

fn piped(desk: &Desk, arguments: &[&str], input: &str) -> Said {
    let mut child =
        desk.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn fmt_writes_files_in_one_style_and_check_shows_the_difference() {
    let desk = desk();
    let file = desk.path("rules/people.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    desk.write("rules/fine.csv", "id,tier\nb,requester\n");
    let check = desk.run(&["rules", "fmt", "--check"]);
    assert_eq!(check.code, 1, "{check:?}");
    assert!(check.out.contains("-id = 'analysts'\n") && check.out.contains("+id    = 'analysts'\n"), "{check:?}");
    assert!(check.err.contains("people.toml is not formatted") && !check.err.contains("fine.csv"), "{check:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), TOML);
    let fmt = desk.run(&["rules", "fmt"]);
    assert_eq!((fmt.code, fmt.out.trim()), (0, arg(&file)), "{fmt:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(desk.run(&["rules", "fmt", "--check"]).code, 0);
    assert_eq!(desk.run(&["rules", "fmt"]).out, "");
    let folder: Vec<_> = fs::read_dir(desk.path("rules")).unwrap().collect();
    assert_eq!(folder.len(), 2, "nothing is left behind");

    // Files need no configuration; those with errors stay, the others are formatted.
    desk.write("a.toml", TOML);
    desk.write("b.csv", "id,tier\na,\"x\n");
    std::os::unix::fs::symlink(desk.path("a.toml"), desk.path("link.toml")).unwrap();
    let both = desk.run(&["-c", "/nosuch", "rules", "fmt", arg(&desk.path("b.csv")), arg(&desk.path("link.toml"))]);
    assert_eq!(both.code, 65, "{both:?}");
    assert!(both.err.contains("b.csv") && fs::read_to_string(desk.path("b.csv")).unwrap().contains('"'));
    assert_eq!(fs::read(desk.path("a.toml")).unwrap(), fs::read(&file).unwrap());
    assert!(fs::symlink_metadata(desk.path("link.toml")).unwrap().is_symlink());

    let formatted = fs::read_to_string(&file).unwrap();
    assert_eq!(piped(&desk, &["rules", "fmt", "-"], TOML).out, formatted);
    assert_eq!(piped(&desk, &["rules", "fmt", "-", "--check"], &formatted).code, 0);
    assert_eq!(piped(&desk, &["rules", "fmt", "-"], "tier,id\nrequester , a\n").out, "id,tier\na,requester\n");
    // Line ends stay as they are.
    assert_eq!(piped(&desk, &["rules", "fmt", "-"], "tier,id\r\nrequester , a\r\n").out, "id,tier\r\na,requester\r\n");
    assert_eq!(piped(&desk, &["rules", "fmt", "-"], &TOML.replace('\n', "\r\n")).out, formatted.replace('\n', "\r\n"));
    assert_eq!(piped(&desk, &["rules", "fmt", "-"], "[[rule]\n").code, 65);
    assert_eq!(desk.run(&["rules", "fmt", "-", "x"]).code, 64);
    assert_eq!(
        piped(&desk, &["rules", "import", "-", "-o", "csv"], TOML).out,
        desk.run(&["rules", "import", arg(&file), "-o", "csv"]).out
    );
}

#[test]
fn check_looks_at_the_files_that_are_named() {
    let desk = desk();
    assert_eq!(desk.run(&["rules", "check"]).code, 0);
    desk.write("draft.csv", "id,tier\na,fulfilller\n");
    let draft = desk.path("draft.csv");
    let check = desk.run(&["rules", "check", arg(&draft), "-o", "json"]);
    assert_eq!((check.code, &check.json()["findings"][0]["code"]), (65, &"R019".into()), "{check:?}");
    assert_eq!(check.json()["findings"][0]["file"], arg(&draft));
    // The files are one table: an id that is in both is found, one that is named twice is not.
    desk.write("other.csv", "id,tier\nanalysts,requester\n");
    let (people, other) = (desk.path("rules/people.toml"), desk.path("other.csv"));
    let both = desk.run(&["rules", "check", arg(&people), arg(&other), arg(&other)]);
    assert!(both.code == 65 && both.err.matches("the id `analysts` is taken").count() == 1, "{both:?}");
    let folder = desk.run(&["rules", "check", arg(&desk.path("rules"))]);
    assert!(folder.code == 0 && folder.out.contains("1 file of rules is in order"), "{folder:?}");
    let piped = piped(&desk, &["rules", "check", "-"], "id,tier\na,nosuch\n");
    assert!(piped.code == 65 && piped.err.contains("standard input"), "{piped:?}");
    assert_eq!(desk.run(&["rules", "check", "nosuch.csv"]).code, 65);
}

#[test]
fn faults_of_configuration_and_table_are_told_together() {
    let desk = desk();
    desk.write("rules/more.csv", "id,tier\na,fulfilller\n");
    let settings = fs::read_to_string(desk.path("seatwarden.toml")).unwrap();
    desk.write("seatwarden.toml", &settings.replace("incremental", "incrmental"));
    for command in [&["check", "--offline"][..], &["rules", "check"]] {
        let both = desk.run(command);
        assert_eq!(both.code, 78, "{both:?}");
        assert!(both.err.contains("incrmental") && both.err.contains("`fulfilller` is not a tier"), "{both:?}");
    }
    let json = desk.run(&["check", "--offline", "-o", "json"]).json();
    let codes: Vec<_> = json["findings"].as_array().unwrap().iter().map(|found| found["code"].clone()).collect();
    assert!(codes.len() == 2 && codes.contains(&"R019".into()), "{json}");
    // Without a catalog no tier is known; how the table is written is told all the same.
    fs::remove_file(desk.path("catalog.toml")).unwrap();
    desk.write("rules/more.csv", "id,tier\na,\"x\n");
    let broken = desk.run(&["check", "--offline"]);
    assert!(broken.code == 78 && broken.err.contains("more.csv") && broken.err.contains("catalog.toml"), "{broken:?}");
}

#[test]
fn what_init_writes_is_in_style() {
    let desk = desk();
    let folder = desk.path("new");
    assert_eq!(desk.run(&["init", arg(&folder)]).code, 0);
    let check = desk.run(&["rules", "fmt", "--check", arg(&folder.join("rules"))]);
    assert_eq!((check.code, check.out.as_str()), (0, ""), "{check:?}");
}
