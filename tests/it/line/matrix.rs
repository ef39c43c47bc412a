//! The fault matrix: feed kind, fault, moment of the walk and depth of the pass, drawn from a seed, while people join,
//! move and leave. A seat is only ever taken from somebody who should not have it, readings say what they are worth,
//! and one clean walk after the fault ends where the company is.
//!
//! `SEATWARDEN_FAULT_RUNS` sets the runs of each feed and `SEATWARDEN_FAULT_SEED` where they begin.

use std::collections::BTreeSet;
use std::time::Duration;

use seatwarden::directory::GapKind;
use seatwarden::model::FeedName;
use seatwarden::worker::Scope;
use seatwarden_mocks::scim::{Paging, Settings};
use seatwarden_mocks::world::{Person, Standing};
use seatwarden_mocks::{Company as People, Fault, Hire, Homes, PersonId, Rng, Rule, Server, World};

use super::company::{Company, Setup, run};

/// Runs of one feed in which the fault met a request.
const RUNS: u64 = 350;
const PEOPLE: usize = 60;
const PAGE: usize = 10;

/// What a fault does to the reading that it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Worth {
    /// Once is nothing to a client that tries again; for good it keeps the feed from being read.
    Passing,
    /// The place in the list is lost, and a new walk within the same reading finds everybody.
    Again,
    /// No answer that can be believed: the reading is partial.
    Broken,
    /// It depends on the page whether there is anything to be seen.
    Lie,
}

fn faults(server: Server) -> Vec<(Fault, Worth)> {
    let forbidden = "{\"error\":{\"code\":\"Authorization_RequestDenied\"}}".to_owned();
    // A SCIM server may refuse to filter, and to show a page beyond its last one: neither hides anybody.
    let refusal = if server == Server::Scim { Worth::Lie } else { Worth::Broken };
    let mut faults = vec![
        (Fault::Status(500, "{}".to_owned()), Worth::Passing),
        (Fault::Status(502, "<html>bad gateway</html>".to_owned()), Worth::Passing),
        (Fault::Status(503, String::new()), Worth::Passing),
        (Fault::Status(504, String::new()), Worth::Passing),
        (Fault::Throttle { retry_after: Some(1) }, Worth::Passing),
        (Fault::Throttle { retry_after: None }, Worth::Passing),
        (Fault::DropMidway, Worth::Passing),
        (Fault::LoseAnswer, Worth::Passing),
        (Fault::ExpireCursors, Worth::Again),
        (Fault::Status(403, forbidden), refusal),
        (Fault::Status(404, "{}".to_owned()), refusal),
        (Fault::Html, Worth::Broken),
        (Fault::NestedBrackets(10_000), Worth::Broken),
        (Fault::TruncatedJson, Worth::Broken),
        (Fault::WrongContentType, Worth::Broken),
        (Fault::InvalidUtf8, Worth::Broken),
        (Fault::EmptyList, Worth::Lie),
        (Fault::ShortPage, Worth::Lie),
        (Fault::DuplicatePage, Worth::Lie),
        (Fault::Reversed, Worth::Lie),
        (Fault::HostileNext("https://evil.example".to_owned()), Worth::Lie),
        (Fault::LoopingNext, Worth::Lie),
    ];
    if server == Server::Entra {
        faults.push((Fault::ExpireTokens, Worth::Passing));
        faults.push((Fault::ResetDelta, Worth::Again));
        faults.push((Fault::LoseAttribute("accountEnabled".to_owned()), Worth::Lie));
    }
    faults
}

/// Who should hold a seat, by the company's own books.
fn entitled(world: &World) -> BTreeSet<String> {
    let works = |person: &&Person| person.standing == Standing::Active;
    let coded = |person: &&Person| {
        let code = person.get(seatwarden_mocks::Field::JobCode).unwrap_or_default();
        code.starts_with("SD-") || code.starts_with("OPS-")
    };
    world.people().iter().filter(works).filter(coded).map(|person| person.email.clone()).collect()
}

/// What may happen in a company between two passes.
fn live_on(world: &mut World, rng: &mut Rng, homes: Homes, nth: u64) {
    let active: Vec<PersonId> =
        world.people().iter().filter(|person| person.standing == Standing::Active).map(|person| person.id).collect();
    let Some(&someone) = rng.pick(&active) else { return };
    match rng.below(10) {
        0 => {
            world.hire(Hire::new(&format!("joiner{nth}@acme.example")).job("SD-12").homes(homes));
        }
        1 => world.move_to(someone, "SD-20", "IT"),
        2 if active.len() > PEOPLE / 2 => world.move_to(someone, "FIN-1", "Finance"),
        3 if active.len() > PEOPLE / 2 => world.leave(someone),
        4 if active.len() > PEOPLE / 2 => world.delete(someone),
        5 if active.len() > PEOPLE / 2 => world.purge(someone),
        _ => {}
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// How a SCIM server pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Index,
    Cursor,
    /// By cursor, and all else that Entra's own server does.
    Entra,
}

struct Bench {
    company: Company,
    server: Server,
    feed: FeedName,
}

impl Bench {
    async fn new(server: Server, homes: Homes, way: Way) -> Self {
        let world = People::new(7, PEOPLE).homes(&[homes]).build();
        let profile = if way == Way::Entra { "entra" } else { "standard" };
        let setup = Setup { feeds: vec![server], desk: None, profile, ..Setup::default() };
        let company = Company::new(world, setup).await;
        {
            let mut state = company.mocks.state();
            state.entra.page_size = PAGE;
            state.scim.settings = match way {
                Way::Index => Settings::default(),
                Way::Cursor => Settings { paging: Paging::FORCED_CURSOR, ..Settings::default() },
                Way::Entra => Settings::entra(),
            };
            state.scim.settings.page_max = PAGE;
            state.okta.page_max = PAGE;
        }
        let feed = FeedName::new(match server {
            Server::Okta => "okta",
            Server::Entra => "entra",
            Server::Scim | Server::Desk => "hr",
        });
        Self { company, server, feed }
    }

    fn entitled(&self) -> BTreeSet<String> {
        entitled(&self.company.mocks.state().world)
    }

    fn holders(&self) -> BTreeSet<String> {
        self.company.holders("fulfiller").into_iter().collect()
    }

    /// Requests for people, without tokens.
    fn asked(&self) -> usize {
        self.company.mocks.requests().iter().filter(|seen| seen.method == http::Method::GET).count()
    }

    /// The requests that were met by the fault since the journal was forgotten.
    fn hits(&self) -> Vec<String> {
        let seen = self.company.mocks.requests();
        seen.into_iter().filter(|seen| seen.fault.is_some()).map(|seen| seen.path).collect()
    }
}

fn matrix(server: Server, homes: Homes, way: Way) {
    let runs = number("SEATWARDEN_FAULT_RUNS").unwrap_or(RUNS);
    let seed = number("SEATWARDEN_FAULT_SEED").unwrap_or(1);
    run(async {
        let bench = Bench::new(server, homes, way).await;
        let company = &bench.company;
        {
            // What Graph does on a good day.
            let mut state = company.mocks.state();
            state.entra.empty_page_every = Some(4);
            state.entra.repeat_ids = true;
            state.entra.replay = 5;
        }
        company.full().await;
        assert!(bench.holders().len() > 5 && bench.holders() == bench.entitled(), "{:?}", bench.holders());
        let faults = faults(server);
        let (mut hit, mut tried) = (0_u64, 0_u64);
        while hit < runs {
            tried += 1;
            assert!(tried < 10 * runs + 100, "the faults meet nothing: {hit} of {tried}");
            let mut rng = Rng::labeled(seed, &format!("{server:?}/{tried}"));
            live_on(&mut company.mocks.state().world, &mut rng, homes, tried);
            let (fault, worth) = rng.pick(&faults).unwrap().clone();
            let nth = 1 + u64::try_from(rng.below(PEOPLE / PAGE + 2)).unwrap();
            let lasting = rng.chance(250);
            let scope = match rng.below(3) {
                0 => Scope::Feed(bench.feed.clone()),
                1 => Scope::Full,
                _ => Scope::Incremental,
            };
            let story = format!(
                "seed {seed} run {tried}: {} on request {nth}{} of a pass {}",
                fault.name(),
                if lasting { " and after it" } else { "" },
                scope.word()
            );
            let rule = Rule::on(server);
            company.mocks.faults.push(if lasting { rule.from(nth) } else { rule.nth(nth) }.play(fault));
            company.mocks.forget_requests();
            company.advance(Duration::from_mins(2));
            let before = bench.holders();
            let pass = company.try_pass(scope).await.unwrap_or_else(|error| panic!("{story}: {error}"));
            let hits = bench.hits();
            company.mocks.faults.clear();
            let wrong: Vec<_> = before
                .difference(&bench.holders())
                .filter(|email| bench.entitled().contains(*email))
                .cloned()
                .collect();
            assert!(wrong.is_empty(), "{story}: {wrong:?} lost a seat that is theirs");
            if !hits.is_empty() {
                hit += 1;
                judge(&bench, &pass.readings, worth, lasting, &hits, &story).await;
            }
            company.advance(Duration::from_mins(30));
            let clean = company.try_pass(Scope::Feed(bench.feed.clone())).await.unwrap();
            assert!(clean.readings.iter().all(|reading| reading.coverage.gap().is_none()), "{story}: {clean:?}");
            assert_eq!(bench.holders(), bench.entitled(), "{story}: after one clean walk");
            assert_eq!(company.status().await.feeds[0].state, "ok", "{story}");
        }
        company.assert_sound();
    });
}

/// The reading says what it is worth, and `status` says the same.
async fn judge(
    bench: &Bench,
    readings: &[seatwarden::directory::Reading],
    worth: Worth,
    lasting: bool,
    hits: &[String],
    story: &str,
) {
    let gap = readings.iter().find_map(|reading| reading.coverage.gap());
    let feed = bench.company.status().await.feeds.remove(0);
    // Of a server that says nothing good of itself the most modest things are believed.
    let listed =
        hits.iter().any(|path| path.ends_with("/Users") || path.ends_with("/users") || path.ends_with("/delta"));
    match worth {
        Worth::Passing | Worth::Again if !lasting => assert_eq!(gap, None, "{story}"),
        Worth::Passing if listed => {
            let kind = gap.map(|gap| gap.kind);
            // Whose tokens never hold is refused, not away.
            assert!(matches!(kind, Some(GapKind::Unreachable | GapKind::Refused)), "{story}: {kind:?}");
        }
        Worth::Broken if listed => assert!(gap.is_some(), "{story}: {hits:?}"),
        Worth::Passing | Worth::Again | Worth::Broken | Worth::Lie => {}
    }
    let word = if gap.is_some() { "partial" } else { "ok" };
    assert_eq!(feed.state, word, "{story}: {feed:?}");
    if let Some(gap) = gap {
        let error = feed.error.unwrap_or_default();
        assert!(error.starts_with(&gap.call) && !gap.why.is_empty(), "{story}: {error}");
    }
    assert_eq!(bench.server == Server::Entra, feed.name == "entra");
}

#[test]
fn okta() {
    matrix(Server::Okta, Homes::OKTA, Way::Index);
}

#[test]
fn entra() {
    matrix(Server::Entra, Homes::ENTRA, Way::Index);
}

#[test]
fn scim_by_index() {
    matrix(Server::Scim, Homes::SCIM, Way::Index);
}

#[test]
fn scim_by_cursor() {
    matrix(Server::Scim, Homes::SCIM, Way::Cursor);
}

#[test]
fn scim_of_entra() {
    matrix(Server::Scim, Homes::SCIM, Way::Entra);
}

/// A whole walk takes the pages that there are, and a quiet look one request, or two at Okta: its log and its
/// list. By index one page more is asked for:
/// totals lie in the field, and a list that is believed too early looks like leavers.
#[test]
fn a_walk_takes_the_fewest_requests_that_the_protocol_allows() {
    let pages = PEOPLE.div_ceil(PAGE);
    let cases = [
        (Server::Okta, Homes::OKTA, Way::Index, pages, 2),
        (Server::Entra, Homes::ENTRA, Way::Index, pages, 1),
        (Server::Scim, Homes::SCIM, Way::Index, pages + 1, 1),
        (Server::Scim, Homes::SCIM, Way::Cursor, pages, 1),
        (Server::Scim, Homes::SCIM, Way::Entra, pages, 0),
    ];
    for (server, homes, way, walk, quiet) in cases {
        run(async {
            let bench = Bench::new(server, homes, way).await;
            let company = &bench.company;
            company.full().await;
            company.advance(Duration::from_mins(30));
            company.mocks.forget_requests();
            company.try_pass(Scope::Feed(bench.feed.clone())).await.unwrap();
            assert_eq!(bench.asked(), walk, "{server:?} {way:?}: {:?}", company.mocks.requests());
            for _ in 0..3 {
                company.advance(Duration::from_mins(30));
                company.mocks.forget_requests();
                let pass = company.incremental().await;
                assert!(pass.readings.iter().all(|reading| reading.coverage.gap().is_none()));
                assert_eq!(bench.asked(), quiet, "{server:?} {way:?}: {:?}", company.mocks.requests());
            }
        });
    }
}

/// What Entra bills is counted; nobody is read by incremental passes, and trouble is looked at again by them.
#[test]
fn a_billed_feed_is_read_by_full_passes_and_its_requests_are_counted() {
    run(async {
        let bench = Bench::new(Server::Scim, Homes::SCIM, Way::Entra).await;
        let company = &bench.company;
        company.full().await;
        let pages = u64::try_from(PEOPLE.div_ceil(PAGE)).unwrap();
        assert_eq!(company.status().await.feeds[0].rate.billed, Some(pages), "no request is spent on discovery");
        company.advance(Duration::from_hours(3));
        company.incremental().await;
        let feed = company.status().await.feeds.remove(0);
        assert_eq!((feed.rate.billed, feed.state.as_str()), (Some(pages), "ok"), "{feed:?}");
        company.mocks.faults.push(Rule::on(Server::Scim).nth(2).play(Fault::Html));
        company.full().await;
        assert_eq!(company.status().await.feeds[0].state, "partial");
        company.incremental().await;
        let feed = company.status().await.feeds.remove(0);
        assert_eq!((feed.rate.billed, feed.state.as_str()), (Some(2 + 2 * pages), "ok"), "{feed:?}");
        assert_eq!(bench.holders(), bench.entitled());
    });
}
