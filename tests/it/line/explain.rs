//! What `explain` tells: everything that decides about a person, what was, and what would be.

use std::time::Duration;

use insta::assert_snapshot;
use seatwarden::cli::screen::{self, Screen};
use seatwarden::config::load_rules_sources;
use seatwarden::model::{FeedName, Time};
use seatwarden::worker::request::exit;
use seatwarden::worker::view::ExplainView;
use seatwarden::worker::{Answer, Request, RulesFile, Scope};
use seatwarden_mocks::{Fault, Field, Hire, Homes, Rule, Server, World};

use super::company::{Company, GENEROUS, Setup, catalog, run};

fn analyst(name: &str, number: usize) -> Hire {
    Hire::new(&format!("{name}@acme.example")).number(&format!("{number:05}")).job("SD-12").department("IT")
}

fn analysts(count: usize) -> World {
    let mut world = World::empty(7);
    for number in 1..=count {
        world.hire(analyst(&format!("a{number:03}"), number));
    }
    world
}

/// Rows that match, nearly match and do not match an analyst in IT.
const TABLE: &str = "id,job_code,department,country,tier,addons,class,from,until,owner,note\n\
    sd-analysts,SD-1* SD-20..SD-29,IT,,fulfiller,,,,2027-03-31,itam@acme.example,CHG-1042\n\
    sd-wide,SD-*,,,requester,,,,,,\n\
    sd-finance,SD-12,Finance,,fulfiller,,,,,,\n\
    sd-spring,SD-12,IT,,requester,,,2027-01-01,2027-02-28,,\n\
    hr-germany,HR-*,HR,DE,fulfiller,,,,,,\n";

struct Ask<'a> {
    company: &'a Company,
    at: Option<String>,
    rules: Option<Vec<RulesFile>>,
}

impl<'a> Ask<'a> {
    fn of(company: &'a Company) -> Self {
        Self { company, at: None, rules: None }
    }

    fn at(self, at: impl ToString) -> Self {
        Self { at: Some(at.to_string()), ..self }
    }

    fn with(self, table: &str) -> Self {
        let file = self.company.folder.path().join("other.csv");
        std::fs::write(&file, table).unwrap();
        let files = load_rules_sources(&file).unwrap().into_iter().map(|mut source| {
            "other.csv".clone_into(&mut source.path);
            source.into()
        });
        Self { rules: Some(files.collect()), ..self }
    }

    async fn answer(self, person: &str) -> Answer {
        let Self { company, at, rules } = self;
        company.ask(Request::Explain { person: person.to_owned(), at, rules, all_rows: false }).await
    }

    async fn view(self, person: &str) -> ExplainView {
        let folder = self.company.folder.path().display().to_string();
        let answer = self.answer(person).await;
        assert_eq!(answer.exit, exit::DONE, "{:?}", answer.error);
        let text = answer.data.to_string().replace(&format!("{folder}/"), "");
        serde_json::from_str(&text).unwrap()
    }

    async fn refused(self, person: &str) -> (u8, String) {
        let answer = self.answer(person).await;
        (answer.exit, answer.error.unwrap_or_default())
    }
}

fn text(view: &ExplainView, width: usize) -> String {
    anstream::adapter::strip_str(&screen::explain(view, false, &Screen::new(width, true))).to_string()
}

/// Okta and Entra, Okta preferred, and Entra a reading behind.
async fn two_providers() -> Company {
    let mut world = World::empty(7);
    let ann = world.hire(analyst("ann", 104_233).homes(Homes { okta: true, entra: true, scim: false }));
    world.set(ann, Field::Title, Some("Analyst"));
    let setup = Setup {
        feeds: vec![Server::Okta, Server::Entra],
        catalog: catalog(10, "grace = \"7d\"\nreserve = { on-call = 2 }"),
        rules: TABLE.to_owned(),
        more: format!("prefer = [\"okta\", \"entra\"]\n{GENEROUS}"),
        ..Setup::default()
    };
    let company = Company::new(world, setup).await;
    company.full().await;
    company.advance(Duration::from_hours(26));
    {
        let mut state = company.mocks.state();
        state.world.set(ann, Field::CostCenter, Some("CC-7 Zürich"));
        state.world.set(ann, Field::Title, Some("Senior Analyst"));
    }
    company.try_pass(Scope::Feed(FeedName::new("okta"))).await.unwrap();
    company.advance(Duration::from_hours(3));
    company
}

#[test]
fn a_holder_sees_every_fact_with_its_source_every_row_and_what_comes() {
    run(async {
        let company = two_providers().await;
        let view = Ask::of(&company).view("ANN@acme.example").await;
        let fact = |name: &str| view.facts.iter().find(|fact| fact.name == name).unwrap();
        let title = fact("title");
        assert_eq!(
            (title.values.as_slice(), title.path.as_deref()),
            (&["Senior Analyst".to_owned()][..], Some("profile.title"))
        );
        assert_eq!(title.why.as_deref(), Some("okta comes before entra in [people] prefer"));
        assert_eq!(fact("job_code").path.as_deref(), Some("profile.jobCode"));
        assert_eq!(fact("job_code").others[0].why, "says the same");
        assert!(title.read_at > fact("job_code").others[0].read_at);
        let rows: Vec<(&str, bool, bool, bool)> =
            view.rows.iter().map(|row| (row.id.as_str(), row.matched, row.decides, row.near)).collect();
        assert_eq!(
            rows,
            [
                ("sd-analysts", true, true, false),
                ("sd-wide", true, false, false),
                ("sd-spring", false, false, true),
                ("sd-finance", false, false, true),
                ("hr-germany", false, false, false),
            ]
        );
        assert_eq!(view.rows[2].missed, ["from"]);
        assert!(
            view.rows[0].why.ends_with(
                "decides by more specific job code than row sd-wide (a glob of 4 letters against a glob of 3 letters)"
            ),
            "{}",
            view.rows[0].why
        );
        assert_eq!(view.last_call.as_ref().map(|call| (call.what.as_str(), call.done)), Some(("grant", true)));
        let next = view.next.as_ref().unwrap();
        assert_eq!((next.what.as_str(), next.due_at), ("table", Some(Time::parse("2027-01-01T00:00:00Z").unwrap())));
        assert_snapshot!("holder_80", text(&view, 80));
        assert_snapshot!("holder_160", text(&view, 160));
    });
}

#[test]
fn a_table_of_thousands_of_rows_shows_the_near_ones_and_counts_the_rest() {
    run(async {
        let mut table = TABLE.to_owned();
        for number in 0..2_000 {
            table.push_str(&format!("x{number:04},QX-{number},Plant {number},,requester,,,,,,\n"));
        }
        let company = Company::new(analysts(1), Setup { rules: table, ..Setup::default() }).await;
        company.full().await;
        let view = Ask::of(&company).view("p-1").await;
        assert_eq!((view.rows.len(), view.rows_omitted), (52, 1_953), "two match, fifty more are listed");
        assert!(
            text(&view, 80).contains("2001 more rows do not match (--all-rows lists every row)"),
            "{}",
            text(&view, 80)
        );
        let all = Request::Explain { person: "p-1".into(), at: None, rules: None, all_rows: true };
        let all: ExplainView = serde_json::from_value(company.ask(all).await.data).unwrap();
        assert_eq!((all.rows.len(), all.rows_omitted), (2_005, 0));
    });
}

#[test]
fn what_a_brake_holds_names_the_plan_and_how_to_let_it_pass() {
    run(async {
        let more = GENEROUS.replace(
            "grant = { per_pass = \"100%\", at_least = 2000 }",
            "grant = { per_pass = \"10%\", at_least = 3 }",
        );
        let company = Company::new(analysts(20), Setup { more, ..Setup::default() }).await;
        company.full().await;
        let view = Ask::of(&company).view("a003@acme.example").await;
        let next = view.next.as_ref().unwrap();
        let held = &company.status().await.held[0];
        assert_eq!((next.what.as_str(), next.digest.as_ref()), ("held", Some(&held.digest)));
        let how = next.how.as_deref().unwrap();
        assert!(how.starts_with("seatwarden approve sha256:") && how.ends_with("--reason TEXT"), "{how}");
        assert_snapshot!("held_80", text(&view, 80));
        let then = company.warden().now();
        company.advance(Duration::from_mins(5));
        let approve = Request::Approve { digest: held.digest.to_string(), reason: "CHG-1".into(), by: "lead".into() };
        company.ask(approve).await;
        let view = Ask::of(&company).view("a003@acme.example").await;
        assert_eq!(view.next.as_ref().unwrap().what, "grant", "{:?}", view.due);
        company.try_pass(Scope::Due).await.unwrap();
        let view = Ask::of(&company).view("a003@acme.example").await;
        assert!(view.next.is_none() && view.holding.seats.len() == 1, "{view:?}");
        let past = Ask::of(&company).at(then).view("a003@acme.example").await;
        assert_eq!(past.due[0].digest.as_ref(), Some(&held.digest), "then it was held");
        assert!(past.due[0].how.is_none(), "and can no longer be approved");
    });
}

#[test]
fn who_waits_sees_the_place_and_which_pool_is_full_also_in_a_process_that_made_no_pass() {
    run(async {
        let mut company = Company::new(analysts(6), Setup { catalog: catalog(4, ""), ..Setup::default() }).await;
        company.full().await;
        company.restart();
        let view = Ask::of(&company).view("a006@acme.example").await;
        let next = view.next.as_ref().unwrap();
        assert_eq!((next.what.as_str(), next.position), ("waiting", Some(2)));
        assert!(
            next.text.contains("number 2 of 2") && next.text.contains("all 4 seats of fulfiller are in use"),
            "{}",
            next.text
        );
        assert_eq!((view.pools[0].free, view.pools[0].waiting), (Some(0), 2));
        assert_snapshot!("waiting_80", text(&view, 80));
    });
}

#[test]
fn a_mover_in_grace_and_a_leaver_whose_desk_fails() {
    run(async {
        let company =
            Company::new(analysts(3), Setup { catalog: catalog(10, "grace = \"7d\""), ..Setup::default() }).await;
        company.full().await;
        company.moves_one_and_loses_one();
        company.advance(Duration::from_mins(2));
        company.mocks.faults.push(
            Rule::on(Server::Desk).method("PATCH").play(Fault::Status(403, "{\"detail\":\"not yours\"}".to_owned())),
        );
        company.incremental().await;
        let mover = Ask::of(&company).view("a001@acme.example").await;
        let next = mover.next.as_ref().unwrap();
        assert_eq!((next.what.as_str(), next.due_at), ("hold_off", mover.holding.seats[0].leaving_at));
        assert_snapshot!("mover_80", text(&mover, 80));
        let leaver = Ask::of(&company).view("a002@acme.example").await;
        let call = leaver.last_call.as_ref().unwrap();
        assert!(!call.done && call.what == "revoke" && call.answer.contains("403"), "{call:?}");
        assert!(leaver.due.iter().any(|next| next.what == "unfinished"), "{:?}", leaver.due);
        assert!(leaver.desired.standing.starts_with("left"), "{:?}", leaver.desired);
        assert_snapshot!("leaver_80", text(&leaver, 80));
    });
}

#[test]
fn a_conflict_shows_both_sides() {
    run(async {
        let mut world = analysts(1);
        world.hire(analyst("ann", 2));
        world.hire(analyst("bea", 2));
        let company = Company::new(world, Setup::default()).await;
        company.full().await;
        let view = Ask::of(&company).view("ann@acme.example").await;
        assert_eq!(view.conflict_sides.len(), 2);
        assert!(view.conflict_sides[1].accounts[0].contains("says employee_number 00002"), "{:?}", view.conflict_sides);
        assert_snapshot!("conflict_80", text(&view, 80));
        let shown = company.status().await.conflicts;
        assert_eq!(shown.len(), 2, "status tells of everybody in it without being asked about one");
        assert!(shown[0].text.starts_with("employee_number `00002` is also claimed by"), "{shown:?}");
        let (code, why) = Ask::of(&company).refused("00002").await;
        assert_eq!(code, exit::DATA);
        assert!(why.contains("fits 2 people") && why.contains("<ann@acme.example>") && why.contains("p-2"), "{why}");
    });
}

#[test]
fn people_are_found_by_any_of_their_names_and_the_gone_by_the_journal() {
    run(async {
        let company = Company::new(analysts(2), Setup::default()).await;
        company.full().await;
        let view = Ask::of(&company).view("A001@ACME.example").await;
        let account = &view.accounts[0].id;
        let id = view.person.id.to_string();
        for name in ["00001", &id, &id.to_uppercase(), account, &format!("okta/{account}"), " a001@acme.example "] {
            assert_eq!(Ask::of(&company).view(name).await.person, view.person, "{name}");
        }
        let (code, why) = Ask::of(&company).refused("a00").await;
        assert!(code == exit::DATA && why.contains("did you mean") && why.contains("p-2"), "{why}");
        let (code, why) = Ask::of(&company).refused("xy").await;
        assert_eq!((code, why.as_str()), (exit::DATA, "nobody is known as `xy`"));
    });
}

#[test]
fn the_past_tells_seats_and_causes_and_says_what_is_not_known_any_more() {
    run(async {
        let company = Company::new(analysts(3), Setup { rules: TABLE.to_owned(), ..Setup::default() }).await;
        company.full().await;
        let first = company.warden().now();
        company.advance(Duration::from_hours(30));
        {
            let mut state = company.mocks.state();
            let mover = state.world.by_email("a001@acme.example").unwrap();
            state.world.move_to(mover, "FIN-3", "Finance");
        }
        company.full().await;
        let now = Ask::of(&company).view("a001@acme.example").await;
        assert!(now.holding.seats.is_empty(), "{:?}", now.holding);

        let then = Ask::of(&company).at(first).view("a001@acme.example").await;
        assert!(then.past && then.at == first);
        assert_eq!(then.holding.seats[0].pool.as_str(), "fulfiller");
        let facts: Vec<(&str, &str, bool)> =
            then.facts.iter().map(|fact| (fact.name.as_str(), fact.values[0].as_str(), fact.feed.is_none())).collect();
        assert_eq!(facts, [("job_code", "SD-12", true), ("department", "IT", true)]);
        assert!(then.rows.is_empty() && then.desired.standing == "unknown");
        assert!(
            then.unknown.iter().any(|line| line.contains("its present facts were first read")),
            "{:?}",
            then.unknown
        );
        assert_snapshot!("past_80", text(&then, 80));

        // Of somebody who did not change, and with the table of then, nothing is lost.
        let whole = Ask::of(&company).at(first).view("a002@acme.example").await;
        assert!(whole.unknown.is_empty(), "{:?}", whole.unknown);
        assert_eq!(
            (whole.desired.tier.as_ref().unwrap().as_str(), whole.rows[0].id.as_str()),
            ("fulfiller", "sd-analysts")
        );
        let date = Ask::of(&company).at("2026-11-22").view("a002@acme.example").await;
        assert_eq!((date.at.to_string(), &date.holding), ("2026-11-22T23:59:59.999Z".to_owned(), &whole.holding));
        let before = Ask::of(&company).at("2026-11-01").view("a002@acme.example").await;
        assert!(
            before.holding.seats.is_empty() && before.unknown.iter().any(|line| line.contains("the journal begins")),
            "{:?}",
            before.unknown
        );

        company.write_rules("id,job_code,tier\nothers,SD-1*,fulfiller\n");
        assert!(company.warden().reload_rules());
        company.try_pass(Scope::Due).await.unwrap();
        let other = Ask::of(&company).at(first).view("a002@acme.example").await;
        assert!(
            other.table.is_none() && other.unknown.iter().any(|line| line.contains("the rules table of then")),
            "{:?}",
            other.unknown
        );
        let asked = Ask::of(&company).at(first).with(TABLE).view("a002@acme.example").await;
        assert_eq!(asked.desired.rule.as_ref().unwrap().as_str(), "sd-analysts");
        let (code, why) = Ask::of(&company).at(first).with(TABLE).refused("a001@acme.example").await;
        assert!(code == exit::DATA && why.contains("cannot be told"), "{why}");
    });
}

#[test]
fn a_time_that_is_not_over_or_not_a_time_is_a_usage_error() {
    run(async {
        let company = Company::new(analysts(1), Setup::default()).await;
        company.full().await;
        for at in ["2030-01-01", "2026-11-23", "2026-11-22T10:30:00Z", "yesterday", "2026-13-01", ""] {
            let (code, why) = Ask::of(&company).at(at).refused("p-1").await;
            assert_eq!(code, exit::USAGE, "{at}: {why}");
        }
        assert_eq!(Ask::of(&company).at("2026-11-22").view("p-1").await.at, company.warden().now(), "today so far");
        assert_eq!(Ask::of(&company).at("2026-11-22 09:00").view("p-1").await.at.to_string(), "2026-11-22T09:00:00Z");
    });
}

#[test]
fn another_table_tells_what_would_be_and_changes_nothing() {
    run(async {
        let company = Company::new(analysts(3), Setup::default()).await;
        company.full().await;
        let entries = company.events().len();
        let view = Ask::of(&company).with("id,job_code,tier\nnobody,X-1,fulfiller\n").view("a001@acme.example").await;
        assert!(!view.table.as_ref().unwrap().in_force);
        assert_eq!(view.desired.tier.as_ref().unwrap().as_str(), "requester");
        assert_eq!(view.desired_in_force.as_ref().unwrap().tier.as_ref().unwrap().as_str(), "fulfiller");
        assert_eq!(view.next.as_ref().unwrap().what, "revoke");
        assert!(
            view.next.as_ref().unwrap().text.contains("row analysts no longer grants fulfiller"),
            "{:?}",
            view.next
        );
        assert_eq!(view.holding.seats.len(), 1, "the seats are those of today");
        assert_snapshot!("with_rules_80", text(&view, 80));
        let (code, why) = Ask::of(&company).with("id,job_code,tier\nnobody,X-1,fulfillr\n").refused("p-1").await;
        assert_eq!(code, exit::DATA);
        assert!(why.contains("other.csv:2:") && why.contains("fulfillr"), "{why}");
        assert_eq!(company.events().len(), entries);
        assert_eq!(company.holders("fulfiller").len(), 3);
    });
}
