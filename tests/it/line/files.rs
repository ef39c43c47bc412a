//! Files of people in a folder: who is in them, who is not, and when they are believed.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use seatwarden::ambient::Clock as _;
use seatwarden::directory::Coverage;
use seatwarden::worker::Scope;
use seatwarden_mocks::World;

use super::company::{Company, Setup, run};

const FEED: &str = "[feed.hr]\nkind = \"csv\"\npath = \"drop\"\nfile = \"people-*.csv\"\n\
    attributes = { job_code = \"Job Code\", employee_number = \"Personnel No\", email = \"E-Mail\" }\nid = \"personnel no\"\n";

struct Files {
    company: Company,
    drop: PathBuf,
}

impl Files {
    async fn new(more: &str) -> Self {
        let setup = Setup { feeds: Vec::new(), desk: None, ..Setup::default() };
        let feed = format!("{FEED}{more}");
        let company = Company::new(World::empty(7), Setup { more: format!("{}{feed}", setup.more), ..setup }).await;
        let drop = company.folder.path().join("drop");
        fs::create_dir(&drop).unwrap();
        Self { company, drop }
    }

    /// A file that was written a minute ago.
    fn write(&self, name: &str, content: &str) {
        let path = self.drop.join(name);
        fs::write(&path, content).unwrap();
        let millis = u64::try_from(self.company.clock.now().millis()).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(millis) - Duration::from_mins(1);
        fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    }

    fn drop(&self, name: &str, people: &[(&str, &str)]) {
        self.write(name, &file(people));
    }

    /// A full pass half an hour later. Gives the coverage's word and why it is not whole.
    async fn pass(&self) -> (String, String) {
        self.company.advance(Duration::from_mins(30));
        let pass = self.company.try_pass(Scope::Full).await.unwrap();
        let coverage = &pass.readings[0].coverage;
        (coverage.word().to_owned(), coverage.gap().map(|gap| gap.why.clone()).unwrap_or_default())
    }

    fn holders(&self) -> Vec<String> {
        self.company.holders("fulfiller").into_iter().map(|email| email.replace("@acme.example", "")).collect()
    }
}

fn file(people: &[(&str, &str)]) -> String {
    let rows = people
        .iter()
        .enumerate()
        .map(|(number, (name, job))| format!("{name};{job};{name}@acme.example;x{number}\r\n"));
    format!("Personnel No;Job Code;E-Mail;Extra\r\n{}", rows.collect::<String>())
}

const FOUR: [(&str, &str); 4] = [("ann", "SD-12"), ("bob", "SD-12"), ("cid", "SD-20"), ("dan", "FIN-1")];

#[test]
fn a_file_gives_seats_and_the_second_without_somebody_takes_theirs() {
    run(async {
        let files = Files::new("").await;
        assert_eq!(files.pass().await.0, "partial", "an empty folder is nobody's departure");
        files.drop("people-1.csv", &FOUR);
        assert_eq!(files.pass().await.0, "whole");
        assert_eq!(files.holders(), ["ann", "bob", "cid"]);
        files.drop("people-2.csv", &[FOUR[0], FOUR[2], FOUR[3]]);
        for _ in 0..3 {
            assert_eq!(files.pass().await.0, "whole");
            files.company.incremental().await;
            assert_eq!(
                files.holders(),
                ["ann", "bob", "cid"],
                "one file alone proves no absence, however often it is read"
            );
        }
        files.drop("people-3.csv", &[FOUR[0], FOUR[2], FOUR[3]]);
        files.company.incremental().await;
        assert_eq!(files.company.revoked(), ["bob@acme.example"], "an incremental pass finds the file");
        assert_eq!(files.holders(), ["ann", "cid"]);
        files.drop("people-4.csv", &[FOUR[0], FOUR[1], ("cid", "FIN-2"), FOUR[3]]);
        files.pass().await;
        assert_eq!(files.holders(), ["ann", "bob"], "who moved loses at once, who is back has a seat");
        files.company.assert_sound();
        assert_eq!(fs::read_dir(&files.drop).unwrap().count(), 4, "nothing in the folder is touched");
    });
}

#[test]
fn a_word_for_gone_is_believed_at_once_and_an_unknown_one_changes_nothing() {
    run(async {
        let more = "status = { column = \"Extra\", active = [\"A\"], gone = [\"Left\"] }\n";
        let files = Files::new(more).await;
        let write = |name: &str, words: [&str; 3]| {
            let rows: Vec<String> = ["ann", "bob", "cid"]
                .iter()
                .zip(words)
                .map(|(who, word)| format!("{who},SD-1,{who}@acme.example,{word}\n"))
                .collect();
            files.write(name, &format!("personnel_no,job code,e-mail,extra\n{}", rows.concat()));
        };
        write("people-1.csv", ["A", "a", " A "]);
        files.pass().await;
        assert_eq!(files.holders(), ["ann", "bob", "cid"]);
        write("people-2.csv", ["A", "LEFT", "?"]);
        files.pass().await;
        assert_eq!(files.holders(), ["ann", "cid"]);
        assert_eq!(files.company.revoked(), ["bob@acme.example"]);
    });
}

#[test]
fn damaged_half_and_strange_files_revoke_nobody() {
    run(async {
        let files = Files::new("").await;
        files.drop("people-1.csv", &FOUR);
        files.pass().await;
        let whole = file(&FOUR);
        let half = whole.get(..whole.len() - 20).unwrap();
        let without_codes = whole.replace("Job Code", "Position");
        let twice = format!("{whole}ann;FIN-1;ann@acme.example;x\r\n");
        let cases = [
            ("cut off", half, "cut off"),
            ("without the job code", &without_codes, "no column `Job Code`"),
            ("with one person twice", &twice, "neither is believed"),
            ("empty", "", "no header"),
            ("of a workbook", "PK\u{3}\u{4}\0", "NUL"),
        ];
        for (number, (what, content, told)) in cases.into_iter().enumerate() {
            // Twice, since the second file in a row is what counts.
            for turn in 0..2 {
                files.write(&format!("people-2{number}{turn}.csv"), content);
                let (word, why) = files.pass().await;
                assert!(word == "partial" && why.contains(told), "a file {what}: {word} {why}");
                assert_eq!(files.holders(), ["ann", "bob", "cid"], "a file {what}");
            }
        }
        files.drop("people-3.csv", &FOUR);
        assert_eq!(files.pass().await.0, "whole", "the next good file ends it");
        assert_eq!(files.company.status().await.feeds[0].state, "ok");
    });
}

#[test]
fn a_file_that_is_being_written_waits_and_manifests_are_held_to() {
    run(async {
        let files = Files::new("complete = \"manifest\"\n").await;
        files.drop("people-1.csv", &FOUR);
        files.drop(".people-0.csv", &[]);
        assert!(files.pass().await.1.contains("no manifest"));
        files.write("people-1.csv.manifest", "rows = 4\n");
        assert_eq!(files.pass().await.0, "whole");
        files.drop("people-2.csv", &FOUR[..2]);
        assert_eq!(files.pass().await.0, "whole", "the file before stands until the manifest is there");
        files.write("people-2.csv.manifest", "rows = 4\n");
        let (word, why) = files.pass().await;
        assert!(word == "partial" && why.contains("2 rows, its manifest says 4"), "{why}");
        assert_eq!(files.holders(), ["ann", "bob", "cid"]);
        files.drop("people-3.csv", &FOUR);
        files.write("people-3.csv.manifest", "rows = 4\n");
        let path = files.drop.join("people-3.csv");
        let millis = u64::try_from(files.company.clock.now().millis()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(millis) + Duration::from_hours(2);
        fs::File::options().write(true).open(path).unwrap().set_modified(now).unwrap();
        fs::remove_file(files.drop.join("people-2.csv")).unwrap();
        files.pass().await;
        assert_eq!(files.holders(), ["ann", "bob", "cid"]);
    });
}

#[test]
fn a_file_that_shrank_is_held_by_the_brake() {
    run(async {
        let files = Files::new("").await;
        let many: Vec<(String, &str)> = (0..20).map(|number| (format!("p{number:02}"), "SD-12")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, job)| (name.as_str(), *job)).collect();
        files.drop("people-1.csv", &many);
        files.pass().await;
        assert_eq!(files.holders().len(), 20);
        for name in ["people-2.csv", "people-3.csv", "people-4.csv"] {
            files.drop(name, &many[..5]);
            files.pass().await;
            assert_eq!(files.holders().len(), 20, "{name}");
        }
        let held: Vec<String> = files.company.status().await.held.into_iter().map(|held| held.cause).collect();
        assert!(held.iter().any(|cause| cause.contains("feed_shrink")), "{held:?}");
        assert_eq!(files.company.revoked(), Vec::<String>::new());
    });
}

#[test]
fn an_old_file_is_late_and_an_older_one_is_not_gone_back_to() {
    run(async {
        let files = Files::new("late_after = \"26h\"\n").await;
        files.drop("people-1.csv", &FOUR);
        files.pass().await;
        files.company.advance(Duration::from_hours(3));
        files.drop("people-2.csv", &[("ann", "SD-1"), ("bob", "FIN-1")]);
        files.pass().await;
        assert_eq!(files.holders(), ["ann", "cid"]);
        files.company.advance(Duration::from_hours(26));
        let pass = files.company.incremental().await;
        let Coverage::Partial(gap) = &pass.readings[0].coverage else { panic!("{:?}", pass.readings) };
        assert!(gap.why.contains("the next one is late"), "{}", gap.why);
        assert_eq!(files.company.status().await.feeds[0].state, "partial");
        files.drop("people-3.csv", &[("ann", "SD-1"), ("bob", "FIN-1"), ("cid", "SD-1")]);
        assert_eq!(files.pass().await.0, "whole");
        fs::remove_file(files.drop.join("people-3.csv")).unwrap();
        fs::remove_file(files.drop.join("people-2.csv")).unwrap();
        let (word, why) = files.pass().await;
        assert!(word == "partial" && why.contains("older than people-3.csv"), "{why}");
        assert_eq!(files.holders(), ["ann", "cid"], "the file of long ago is nobody's truth");
    });
}
