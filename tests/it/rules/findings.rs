//! Every kind of finding, with its place, and what it advises.

use std::collections::BTreeSet;

use seatwarden::rules::{Compiled, Severity, code};

use super::world::{compiled, csv, source, told, toml};

/// One table for every code: file name, content, and what must be told.
const TABLES: &[(&str, &str, &[&str])] = &[
    ("a.txt", "id,tier\n", &["R001 1:1"]),
    ("rules.d/a", "id,tier\n", &["R001 1:1"]),
    ("a.csv", "id,note\na,\"\u{0}\"\n", &["R003 2:4"]),
    ("a.csv", "id,tier\na,agent\rb,agent\n", &["R004 2:8"]),
    ("a.toml", "[[rule]]\nid = x\n", &["R005 2:6"]),
    ("a.toml", "[[rule]]\nid='a'\nid='b'\ntier='agent'\n", &["R005 3:1"]),
    ("a.csv", "id,tier\na,\"agent\nb,agent\n", &["R006 2:3"]),
    ("a.csv", "id,tier\na,\"ag\"ent\n", &["R006 2:7"]),
    ("a.csv", "id,tier\na,ag\"ent\"\n", &["R006 2:5"]),
    ("a.csv", "id,tier\na\nb,agent,x\nc,agent\n", &["R007 2:1", "R007 3:1"]),
    ("a.csv", "id,tier,note\na,agent,=1+1\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,+49 30\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,@SUM(A1)\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,-cmd\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,\" =1\"\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,＝1\n", &["R008 2:9"]),
    ("a.csv", "id,tier,note\na,agent,-5 degrees\n", &[]),
    ("a.csv", "", &["R009 1:1"]),
    ("a.csv", "id,,tier\na,,agent\n", &["R009 1:4"]),
    ("a.csv", "id,job_cod,tier\na,X,agent\n", &["R010 1:4"]),
    // Nobody can tell whom such rows are for, so they meet no other row.
    ("a.csv", "id,job_cod,department,tier\nu1,SD-1*,IT,fulfiller\nu2,SD-2*,IT,agent\n", &["R010 1:4"]),
    ("a.csv", "id,job_cod,department,tier\nu1,,IT,fulfiller\nu2, ,IT,agent\nu3,X,IT,none\n", &["R010 1:4", "R031 3:1"]),
    ("a.csv", "person,tier,until,owner,reason,x\np,agent,2027-01-01,o,r,1\np,none,2027-01-01,o,r,\n", &["R010 1:32"]),
    (
        "a.toml",
        "[[rule]]\nid='a'\nwhen={department='IT', job_cod='X'}\ntier='agent'\n[[rule]]\nid='b'\nwhen={department='IT'}\ntier='none'\n",
        &["R010 3:24"],
    ),
    (
        "a.toml",
        "[[rule]]\nid='a'\nwhen={department='IT'}\njob_code='X'\ntier='agent'\n[[rule]]\nid='b'\nwhen={department='IT'}\ntier='none'\n",
        &["R010 4:1"],
    ),
    (
        "a.toml",
        "[[exception]]\nperson='p'\ntier='agent'\nuntil=2027-01-01\nowner='o'\nreason='r'\nfeed='x'\n[[exception]]\nperson='p'\ntier='none'\nuntil=2027-01-01\nowner='o'\nreason='r'\n",
        &["R010 7:1"],
    ),
    ("a.csv", "id,attr.job_code,tier\na,X,agent\n", &["R010 1:4"]),
    ("a.csv", "person,job_code,until,owner,reason\n", &["R010 1:8"]),
    ("a.toml", "[[rules]]\n", &["R010 1:3"]),
    ("a.toml", "[[rule]]\nid='a'\ntier='agent'\nuntill=2026-01-01\n", &["R010 4:1"]),
    ("a.toml", "[[rule]]\nid='a'\ntier='agent'\njob_code='X'\n", &["R010 4:1"]),
    ("a.toml", "[[rule]]\nid='a'\nwhen={tier='agent', depart='x'}\ntier='agent'\n", &["R010 3:7", "R010 3:21"]),
    (
        "a.toml",
        "[[exception]]\nperson='p'\nwhen={}\ntier='agent'\nuntil=2027-01-01\nowner='o'\nreason='r'\n",
        &["R010 3:1"],
    ),
    ("a.csv", "id,tier,tier\na,agent,agent\n", &["R011 1:9"]),
    ("a.toml", "[[rule]]\nid='a'\nwhen={attr.x='1', 'attr.x'='2'}\ntier='agent'\n", &["R011 3:19"]),
    ("a.csv", "job_code,tier\nX,agent\n", &["R012 1:1", "R014 2:1"]),
    ("a.csv", "person,tier\nX,agent\n", &["R012 1:1", "R012 1:1", "R012 1:1", "R029 2:1", "R029 2:1", "R029 2:1"]),
    ("a.toml", "rule = 1\n", &["R013 1:1"]),
    ("a.toml", "rule = [1]\n", &["R013 1:9"]),
    (
        "a.toml",
        "[[rule]]\nid=1\nwhen=1\ntier=['agent']\npriority='x'\n",
        &["R013 2:4", "R013 3:6", "R013 4:6", "R028 5:10"],
    ),
    ("a.toml", "[[rule]]\nid='a'\nwhen={job_code=[4711, 'X']}\ntier='agent'\nowner=true\n", &["R013 3:17", "R013 5:7"]),
    ("a.toml", "[[rule]]\nid='a'\ntier='agent'\nfrom=1\npriority=1.5\n", &["R013 4:6", "R013 5:10"]),
    ("a.csv", "id,tier\n,agent\n  ,agent\n", &["R014 2:1", "R014 3:1"]),
    ("a.csv", "id,tier\na,agent\nb,agent\n A ,agent\n", &["R015 4:2"]),
    ("a.csv", "id,tier\nexception:x,agent\n\"a\nb\",agent\n", &["R016 2:1", "R016 3:1"]),
    ("a.csv", "id,job_code,tier\n,,\na,,\n", &["R017 2:1", "R017 3:1"]),
    ("a.csv", "id,job_code,tier\na,X,\n", &["R018 2:1"]),
    ("a.csv", "id,tier\na,fulfller\nb,major-incident\n", &["R019 2:3", "R019 3:3"]),
    ("a.csv", "id,addons\na,chat|repots|agent\n", &["R020 2:8", "R020 2:15"]),
    ("a.csv", "id,tier,class\na,agent,oncall\n", &["R021 2:9"]),
    ("a.csv", "id,tier,addons\na,NONE,chat\n", &["R022 2:8"]),
    (
        "a.csv",
        "id,job_code,tier\na,SD-20..29,agent\nb,SD-9..SD-1,agent\nc,SD-1*..SD-2,agent\n",
        &["R023 2:3", "R023 3:3", "R023 4:3"],
    ),
    ("a.csv", "id,department,tier\na,IT|!|HR,agent\nb,!!x,agent\n", &["R024 2:6", "R024 3:3"]),
    ("a.toml", "[[rule]]\nid='a'\nwhen={department=['a|b']}\ntier='agent'\n", &["R024 3:19"]),
    ("a.csv", "id,status,tier\na,actve,agent\nb,on_*|!x*,agent\n", &["R025 2:3", "R025 3:8"]),
    (
        "a.csv",
        "id,tier,from,until\na,agent,31.12.2026,2026-02-30\nb,agent,2026-1-1,2026-01-01T00:00\n",
        &["R026 2:9", "R026 2:20", "R026 3:9", "R026 3:18"],
    ),
    ("a.toml", "[[rule]]\nid='a'\ntier='agent'\nfrom=2026-01-01T00:00:00Z\n", &["R026 4:6"]),
    ("a.csv", "id,tier,from,until\na,agent,2026-01-02,2026-01-01\n", &["R027 2:20"]),
    ("a.csv", "id,tier,priority\na,agent,1.5\nb,agent,99999999999999999999\nc,agent,-5\n", &["R028 2:9", "R028 3:9"]),
    ("a.toml", "[[exception]]\ntier='agent'\n", &["R029 1:1", "R029 1:1", "R029 1:1", "R029 1:1"]),
    ("a.csv", "person,tier,until,owner,reason\nx,agent,,o,\n", &["R029 2:9", "R029 2:12"]),
    ("a.csv", "id,job_code,tier\na,X,agent\nb,x,fulfiller\n", &["R031 3:1"]),
    ("a.csv", "id,addons\na,major-incident|change-advisory\n", &["R033 2:3"]),
    ("a.csv", "person,tier,until,owner,reason\nx,agent,2027-01-01,o,r\nX,none,2027-02-01,o,r\n", &["R034 3:1"]),
    ("a.toml", "[[rule]]\nid='a'\nwhen={job_code='SD-1 SD-2'}\ntier='agent'\n", &["R035 3:16"]),
    ("a.csv", "id,addons,class\na,chat,on-call\n", &["R036 2:8"]),
    ("a.csv", "id,tier,addons\na,agent,major-incident\n", &["R037 2:9"]),
    ("a.csv", "id,job_code,tier\na,SD-? SD-[12],agent\n", &["R053 2:3", "R053 2:8"]),
    ("a.csv", "id,job_code,tier\na,SD-1 - SD-9,agent\n", &["R053 2:8"]),
    ("a.csv", "id;job_code;tier\na;SD-1,SD-2 A&B c++;agent\n", &["R053 2:3"]),
    (
        "a.toml",
        "[[rule]]\nid='a'\nwhen={department=['^IT', 'R&D (EU)', '!HR;IT']}\ntier='agent'\n",
        &["R053 3:19", "R053 3:38"],
    ),
    ("a.csv", "id,job_code,tier\na,1-Jan,agent\n", &["R039 2:3"]),
    ("a.csv", "id,job_code,tier\na,Jan-01,agent\n", &["R040 2:3"]),
    ("a.csv", "id,job_code,tier\na,1E+05,agent\n", &["R041 2:3"]),
    ("a.csv", "id,job_code,tier\na,0123 99,agent\n", &["R042 2:8"]),
    ("a.csv", "id,tier,note\na,agent,#REF!\n", &["R043 2:9"]),
    ("a.csv", "id,job_code,tier\na,SD\u{200b}-1,agent\n", &["R044 2:3"]),
    ("a.csv", "id,department,tier\na,IT\u{a0}Desk,agent\n", &["R045 2:3"]),
    ("a.csv", "id,job_code,tier\na,“SD-1”,agent\n", &["R046 2:3"]),
    ("a.csv", "id,department,tier\na,Children’s,agent\n", &["R047 2:3"]),
];

#[test]
fn every_table_is_told_what_is_wrong_and_where() {
    for (path, content, expected) in TABLES {
        let compiled = compiled(&[source(path, *content)]);
        let told = told(&compiled);
        assert_eq!(told, *expected, "{content}\n{:#?}", compiled.findings);
        for finding in &compiled.findings {
            assert_eq!(finding.place.as_ref().unwrap().file, *path);
            assert!(finding.help.is_some(), "{finding:?}");
            let first = finding.message.chars().next().unwrap();
            assert!(!first.is_uppercase() && !finding.message.ends_with('.'), "{}", finding.message);
        }
    }
}

#[test]
fn every_code_has_a_test_and_a_number_of_its_own() {
    let numbers: BTreeSet<&str> = code::ALL.iter().map(|code| code.id).collect();
    assert_eq!(numbers.len(), code::ALL.len());
    let tested: BTreeSet<&str> = TABLES
        .iter()
        .flat_map(|(_, _, told)| told.iter().filter_map(|told| told.split_once(' ')))
        .map(|(c, _)| c)
        .collect();
    // These need more than a line, see `hostile`, `decide` and `cases`, or a look at the whole table, see `covers` and
    // `damage`.
    let elsewhere =
        BTreeSet::from(["R002", "R030", "R032", "R038", "R048", "R049", "R050", "R051", "R052", "R070", "R071"]);
    let all: BTreeSet<&str> = tested.union(&elsewhere).copied().collect();
    assert_eq!(all, numbers);
}

#[test]
fn warnings_do_not_stop_a_table() {
    for (path, content, _) in TABLES {
        let Compiled { set, findings } = compiled(&[source(path, *content)]);
        for finding in &findings {
            let known = code::ALL.iter().find(|code| code.id == finding.code).unwrap();
            assert_eq!(known.severity, finding.severity);
        }
        assert_eq!(set.is_some(), findings.iter().all(|finding| finding.severity == Severity::Warning));
    }
}

/// The advice of the only finding.
#[track_caller]
fn advice(compiled: Compiled) -> String {
    let [finding] = compiled.findings.as_slice() else { panic!("one finding: {:#?}", compiled.findings) };
    finding.help.clone().unwrap()
}

#[test]
fn advice_names_what_was_meant() {
    assert_eq!(advice(csv("id,Job_Code,tier\n")), "did you mean `job_code`?");
    assert_eq!(advice(csv("id,deprtment,tier\n")), "did you mean `department`?");
    assert_eq!(advice(csv("id,attr.title,tier\n")), "write `title`, which is a column of its own");
    assert_eq!(advice(csv("id,tier\na,fulfillr\n")), "did you mean `fulfiller`?");
    assert_eq!(advice(csv("id,tier\na,nne\n")), "did you mean `none`?");
    assert_eq!(advice(csv("id,tier\na,chat\n")), "it is an add-on; write it into `addons`");
    assert_eq!(advice(csv("id,addons\na,agent\n")), "it is a tier; write it into `tier`");
    assert_eq!(advice(csv("id,tier,class\na,agent,on-cal\n")), "did you mean `on-call`?");
    assert_eq!(advice(csv("id,status,tier\na,onleave,agent\n")), "did you mean `on_leave`?");
    assert_eq!(advice(toml("[[rul]]\n")), "did you mean `rule`?");
    assert_eq!(advice(toml("[[rule]]\nid='a'\ntier='agent'\ntitle='x'\n")), "write when = { title = … }");
    assert_eq!(
        advice(toml("[[rule]]\nid='a'\ntier='agent'\nprio=1\n")),
        "known: id, tier, addons, class, priority, from, until, owner, note, when"
    );
    assert_eq!(
        advice(csv("id,tier\na,agent\nA,agent\n")),
        "the first row with it is at a.csv:2; plans and seats name rows by id"
    );
}

#[test]
fn all_findings_come_at_once_and_in_order() {
    let compiled = compiled(&[
        source("b.csv", "id,tier\nx,agnt\ny,agent,z\n"),
        source("a.toml", "[[rule]]\nid='x'\ntier='agent'\n[[rule]]\nid='y'\nwhen={job_code='9..1'}\ntir='agent'\n"),
    ]);
    let told: Vec<String> = compiled
        .findings
        .iter()
        .map(|finding| {
            let place = finding.place.as_ref().unwrap();
            format!("{} {}:{}:{}", finding.code, place.file, place.line, place.column)
        })
        .collect();
    assert_eq!(
        told,
        [
            "R018 a.toml:4:1",
            "R023 a.toml:6:16",
            "R010 a.toml:7:1",
            "R015 b.csv:2:1",
            "R019 b.csv:2:3",
            "R007 b.csv:3:1",
        ]
    );
}
