//! What people see: every screen at 80 and 160 columns, in the states that a desk lead meets.

use std::time::Duration;

use insta::assert_snapshot;
use seatwarden::cli::screen::{self, Screen};
use seatwarden::worker::Request;
use seatwarden::worker::view::{PersonRow, PlanView, SeatsView, StatusView};
use seatwarden_mocks::{Fault, Hire, Homes, Rule, Server, World};
use serde::de::DeserializeOwned;

use super::company::{Company, GENEROUS, Setup, catalog, run};

struct Screens {
    seats: Vec<SeatsView>,
    people: Vec<PersonRow>,
    plan: PlanView,
    status: StatusView,
}

impl Screens {
    async fn of(company: &Company) -> Self {
        // The plan first: it reads what the others show.
        let plan = asked(company, Request::Plan {}).await;
        let people = Request::People { pool: None, search: None, limit: 1_000 };
        let mut status: StatusView = asked(company, Request::Status {}).await;
        // How long a pass takes depends on the machine.
        status.last_pass.iter_mut().for_each(|pass| pass.duration_ms = 12);
        Self { seats: asked(company, Request::Seats {}).await, people: asked(company, people).await, plan, status }
    }

    /// All four, one below the other.
    fn shown(&self, screen: Screen) -> String {
        let parts = [
            ("seats", screen::seats(&self.seats, &screen)),
            ("people", screen::people(&self.people, &screen)),
            ("plan", screen::plan(&self.plan, &screen)),
            ("status", screen::status(&self.status, &screen)),
        ];
        let shown = parts.map(|(verb, text)| format!("$ seatwarden {verb}\n{}", plain(&text)));
        shown.join(&format!("\n{}\n", "-".repeat(screen.width)))
    }
}

async fn asked<T: DeserializeOwned>(company: &Company, request: Request) -> T {
    let answer = company.ask(request).await;
    // The folder differs from run to run.
    let folder = company.folder.path().display().to_string();
    let text = answer.data.to_string().replace(&folder, "/etc/seatwarden");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {:?} {text}", answer.error))
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Snapshots at both widths, and what is true of every screen.
fn check(name: &str, screens: &Screens) {
    for width in [80, 160] {
        let shown = screens.shown(Screen::new(width, true));
        for line in shown.lines().filter(|line| !line.starts_with("Digest ")) {
            assert!(unicode(line) <= width, "{name} at {width}: {line}");
            assert_eq!(line, line.trim_end(), "{name} at {width}: blanks at the end");
        }
        assert_snapshot!(format!("{name}_{width}"), shown);
    }
    let ascii = screens.shown(Screen::new(80, false));
    assert!(ascii.lines().all(|line| !line.contains(['█', '░', '…', '•', '→'])), "{ascii}");
}

/// How wide a line stands, by the east Asian width of its letters.
fn unicode(line: &str) -> usize {
    line.chars()
        .map(|letter| {
            if ('\u{1100}'..='\u{ffdc}').contains(&letter) && !('\u{2000}'..='\u{2fff}').contains(&letter) {
                2
            } else {
                1
            }
        })
        .sum()
}

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

#[test]
fn an_empty_store() {
    run(async {
        let company = Company::new(World::empty(7), Setup::default()).await;
        check("empty", &Screens::of(&company).await);
    });
}

#[test]
fn a_full_pool_with_a_queue_a_reserve_a_stranger_and_somebody_in_grace() {
    run(async {
        let mut world = analysts(9);
        for number in 20..22 {
            world.hire(Hire::new(&format!("b{number}@acme.example")).number(&number.to_string()).job("OPS-1"));
        }
        let catalog =
            catalog(8, "grace = \"7d\"\nreserve = { on-call = 3 }\nmin_hold = { time = \"30d\", exempt = [] }")
                + "[addon.major-incident]\nseats = 4\nrequires = [\"fulfiller\"]\n";
        let rules = "id,job_code,tier,addons,class,until\nanalysts,SD-*,fulfiller,,,\n\
                     on-call,OPS-*,fulfiller,major-incident,on-call,2027-01-31\n";
        let setup = Setup { catalog, rules: rules.to_owned(), ..Setup::default() };
        let company = Company::new(world, setup).await;
        {
            let mut state = company.mocks.state();
            let state = &mut *state;
            state.desk.add_member(&state.world, "lic-fulfiller", "stranger@elsewhere.example");
        }
        company.full().await;
        {
            let mut state = company.mocks.state();
            let holders: Vec<String> =
                state.desk.members("lic-fulfiller").into_iter().filter(|name| name.starts_with('a')).collect();
            let mover = state.world.by_email(&holders[0]).unwrap();
            state.world.move_to(mover, "FIN-3", "Finance");
            let leaver = state.world.by_email(&holders[1]).unwrap();
            state.world.leave(leaver);
        }
        company.advance(Duration::from_hours(2));
        company.incremental().await;
        company.advance(Duration::from_mins(30));
        check("full_pool", &Screens::of(&company).await);
    });
}

#[test]
fn a_held_plan() {
    run(async {
        let more = GENEROUS
            .replace("revoke = { per_pass = \"50%\", at_least = 100 }", "revoke = { per_pass = \"5%\", at_least = 5 }");
        let company = Company::new(analysts(40), Setup { more, ..Setup::default() }).await;
        company.full().await;
        {
            let mut state = company.mocks.state();
            for number in 1..=14 {
                let mover = state.world.by_email(&format!("a{number:03}@acme.example")).unwrap();
                state.world.move_to(mover, if number < 13 { "FIN-3" } else { "HR-1" }, "Finance");
            }
        }
        company.advance(Duration::from_mins(2));
        company.incremental().await;
        company.advance(Duration::from_hours(5));
        let mut screens = Screens::of(&company).await;
        screens.people.truncate(5);
        check("held", &screens);
    });
}

#[test]
fn a_feed_and_a_desk_in_trouble_and_a_broken_table() {
    run(async {
        let mut world = analysts(3);
        for number in 5..8 {
            world.hire(analyst(&format!("e{number}"), number).homes(Homes::ENTRA));
        }
        let company = Company::new(world, Setup { feeds: vec![Server::Okta, Server::Entra], ..Setup::default() }).await;
        company.full().await;
        {
            let mut state = company.mocks.state();
            let leaver = state.world.by_email("a002@acme.example").unwrap();
            state.world.leave(leaver);
        }
        company.mocks.faults.push(Rule::on(Server::Entra).play(Fault::Status(403, "{}".to_owned())));
        company.mocks.faults.push(
            Rule::on(Server::Desk).method("PATCH").play(Fault::Status(403, "{\"detail\":\"not yours\"}".to_owned())),
        );
        company.advance(Duration::from_mins(3));
        company.incremental().await;
        company.write_rules("id,job_code,tier\nanalysts,SD-*,fulfillr\n");
        assert!(!company.warden().reload_rules());
        let screens = Screens::of(&company).await;
        check("trouble", &screens);
    });
}

#[test]
fn long_names_and_wide_letters() {
    run(async {
        let mut world = World::empty(7);
        let long = "maximiliane-friederike.von-und-zu-hohenlohe-schillingsfuerst@service-desk.emea.acme.example";
        let wide = "t.tanaka@acme.example";
        world.hire(Hire::new(long).number("1").job("SD-EMEA-WEST-SENIOR-ANALYST-LEVEL-3").department("IT"));
        let tanaka = world.hire(Hire::new(wide).number("2").job("SD-部長").department("情報システム部"));
        world.rename_person(tanaka, "太郎", "田中");
        let catalog = "default_tier = \"requester-with-self-service-portal\"\n\
             [tier.requester-with-self-service-portal]\nrank = 0\nseats = \"unlimited\"\n\
             [tier.fulfiller]\nrank = 20\nseats = 1\nreserve = { \"weekend-on-call-in-every-region\" = 0 }\n\
             fallback = \"requester-with-self-service-portal\"\n";
        let setup = Setup {
            catalog: catalog.to_owned(),
            rules: "id,job_code,tier\nanalysts-of-every-level-in-europe-and-japan,SD-*,fulfiller\n".to_owned(),
            ..Setup::default()
        };
        let company = Company::new(world, setup).await;
        company.full().await;
        check("names", &Screens::of(&company).await);
    });
}

#[test]
fn a_first_fill_in_observe_mode_with_a_plan_of_every_kind() {
    run(async {
        let company =
            Company::new(analysts(4), Setup { catalog: catalog(10, "grace = \"7d\""), ..Setup::default() }).await;
        company.full().await;
        company.moves_one_and_loses_one();
        company.mocks.state().world.hire(analyst("new", 77));
        company.advance(Duration::from_mins(2));
        check("plan", &Screens::of(&company).await);
    });
}
