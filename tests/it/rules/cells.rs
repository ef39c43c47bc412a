//! What cells match.

use super::world::{person, somebody, sound, today, toml};
use seatwarden::model::{FeedName, Status};

/// Whether a row with that `when` takes the person.
#[track_caller]
fn takes(when: &str, values: &[(&str, &str)]) -> bool {
    let set = sound(toml(&format!("[[rule]]\nid='a'\nwhen={{{when}}}\ntier='agent'\n")));
    set.decide(&person(values), today()).rule.is_some()
}

#[test]
fn exact_glob_range_and_exclusion() {
    assert!(takes("job_code='sd-12'", &[("job_code", " SD-12 ")]));
    assert!(takes("job_code='ＳＤ－12'", &[("job_code", "sd-12")]));
    assert!(takes("department='STRASSE*'", &[("department", "strasse 5")]));
    assert!(takes("job_code=['FIN-1','SD-1*']", &[("job_code", "SD-199")]));
    assert!(takes("job_code='SD-20..SD-29'", &[("job_code", "SD-20")]));
    assert!(!takes("job_code='SD-20..SD-29'", &[("job_code", "SD-30")]));
    assert!(!takes("job_code='SD-20..SD-29'", &[("job_code", "SD-2x")]));
    assert!(takes("job_code=['SD-*','!SD-13']", &[("job_code", "SD-12")]));
    assert!(!takes("job_code=['SD-*','!SD-13']", &[("job_code", "sd-13")]));
    assert!(!takes("job_code=['SD-13','!SD-1*']", &[("job_code", "SD-13")]));
    assert!(!takes("job_code=['SD-*','!SD-3..SD-5']", &[("job_code", "SD-4")]));
}

#[test]
fn an_empty_cell_matches_anything_and_a_missing_attribute_only_that() {
    for empty in ["", "department=''", "department=[]", "department=['',' ']"] {
        assert!(takes(empty, &[]), "{empty}");
    }
    for filled in ["department='*'", "department='!HR'", "department=['IT','!HR']"] {
        assert!(!takes(filled, &[]), "{filled}");
        assert!(!takes(filled, &[("department", "  ")]), "{filled}: a blank value is no value");
    }
    assert!(takes("department='!HR'", &[("department", "IT")]));
    assert!(!takes("department='!HR'", &[("department", "hr")]));
}

#[test]
fn of_several_values_any_may_match_and_none_may_be_excluded() {
    let groups = [("group", "desk"), ("group", "contractors")];
    assert!(takes("group='desk'", &groups));
    assert!(takes("group=['x','contractors']", &groups));
    assert!(!takes("group=['desk','!contractors']", &groups));
    assert!(!takes("group='!contractors'", &groups));
    assert!(takes("group='!admins'", &groups));
    // A group's id is as good as its name.
    assert!(takes("group='00g1*'", &[("group", "Desk"), ("group", "00G1x")]));
}

#[test]
fn status_feed_manager_and_custom_columns() {
    let set = sound(toml("[[rule]]\nid='a'\nwhen={status='on_leave', feed=['entra','x']}\ntier='agent'\n"));
    let mut someone = somebody();
    assert_eq!(set.decide(&someone, today()).rule, None);
    someone.status = Status::OnLeave;
    assert_eq!(set.decide(&someone, today()).rule, None);
    someone.feeds.insert(FeedName::new("Entra"));
    assert!(set.decide(&someone, today()).rule.is_some());
    assert!(takes("manager='boss@acme.example'", &[("manager", "Boss@ACME.example")]));
    assert!(takes("attr.shift='night'", &[("attr.shift", "Night")]));
    assert!(takes("'attr.shift'='night'", &[("attr.shift", "Night")]));
    assert!(!takes("attr.Shift='night'", &[("attr.shift", "Night")]));
}

#[test]
fn every_column_of_the_contract_is_there() {
    for column in [
        "job_code",
        "title",
        "department",
        "division",
        "cost_center",
        "organization",
        "employee_type",
        "country",
        "location",
        "manager",
        "group",
        "attr.x",
    ] {
        assert!(takes(&format!("{column}='v'"), &[(column, "V")]), "{column}");
        assert!(!takes(&format!("{column}='v'"), &[(column, "w")]), "{column}");
    }
}

#[test]
fn spaces_and_bars_separate_values_in_csv() {
    let set = sound(super::world::csv(
        "id;job_code;department;tier\na;SD-1* SD-20..SD-29|!SD-13;IT | Human Resources;agent\n",
    ));
    let decided = |code: &str, department: &str| {
        set.decide(&person(&[("job_code", code), ("department", department)]), today()).rule.is_some()
    };
    assert!(decided("SD-12", "human resources"));
    assert!(decided("SD-29", "IT"));
    assert!(!decided("SD-13", "IT"));
    assert!(!decided("SD-12", "Human"));
}
