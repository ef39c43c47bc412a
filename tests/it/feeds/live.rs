//! The same feeds over real HTTP with tokens, against the mock providers around one company.

use std::collections::BTreeMap;
use std::sync::Arc;

use seatwarden::ambient::{Chance, ManualClock};
use seatwarden::config::{Auth, ClientAuth, FeedKind, Secret};
use seatwarden::directory::{Coverage, GapKind, Page, Reading};
use seatwarden::feed::{Feed, Presence, Scope, build};
use seatwarden::model::{Attribute, Status, Time};
use seatwarden::outbound::{HttpTransport, Ports};
use seatwarden_mocks::okta::SSWS_TOKEN;
use seatwarden_mocks::scim::{BEARER_TOKEN, Paging};
use seatwarden_mocks::world::Standing;
use seatwarden_mocks::{Company, Fault, Homes, MockServer, Mocks, PersonId, Rule, Server, World, entra, okta};
use tokio::sync::mpsc;

use super::script::{Kind, runtime};

/// People enough for three pages at Okta and five elsewhere.
const PEOPLE: usize = 450;

fn server(kind: Kind) -> Server {
    match kind {
        Kind::Okta => Server::Okta,
        Kind::Entra => Server::Entra,
        Kind::Scim => Server::Scim,
    }
}

/// A company whose people live in all three providers, some of whom left, wait, or were deleted.
fn company() -> World {
    let mut world = Company::new(7, PEOPLE).homes(&[Homes::OKTA.and(Homes::ENTRA).and(Homes::SCIM)]).build();
    let people: Vec<PersonId> = world.people().iter().map(|person| person.id).collect();
    for (at, person) in people.into_iter().enumerate() {
        match at % 50 {
            11 => world.leave(person),
            12 => world.suspend(person),
            13 => world.delete(person),
            14 => world.purge(person),
            15 => world.set_okta_status(person, Some("LOCKED_OUT")),
            _ => {}
        }
    }
    world
}

/// The id of a person at a provider and the status it should show; `None` when no list shows them.
fn expected(world: &World, kind: Kind, id: PersonId) -> (String, Option<Status>) {
    let person = world.person(id).unwrap();
    let account = match kind {
        Kind::Okta => world.okta_id(id),
        Kind::Entra => world.entra_id(id),
        Kind::Scim => world.scim_id(id),
    };
    let status = match (kind, person.standing) {
        (_, Standing::Active) => Some(Status::Active),
        (_, Standing::Purged) | (Kind::Entra | Kind::Scim, Standing::Deleted) => None,
        (Kind::Okta, Standing::PreStart) => Some(Status::PreStart),
        (Kind::Okta, Standing::Suspended) => Some(Status::Suspended),
        (_, Standing::PreStart | Standing::Suspended | Standing::Left) | (Kind::Okta, Standing::Deleted) => {
            Some(Status::Gone)
        }
    };
    (account.unwrap(), status)
}

/// What makes Graph forget its links.
type Lose = fn(&mut entra::Tenant);

/// One mock server and the feed that reads it.
struct Live {
    kind: Kind,
    mocks: Mocks,
    feed: Box<dyn Feed>,
    server_up: MockServer,
    secret_file: tempfile::NamedTempFile,
}

struct Read {
    reading: Reading,
    /// The last word on every account; `None` when it was a removal.
    shown: BTreeMap<String, Option<Status>>,
}

fn ports() -> Ports {
    Ports {
        transport: Arc::new(HttpTransport::new(None).unwrap()),
        clock: Arc::new(ManualClock::auto(Time::parse("2026-11-22T10:00:00Z").unwrap())),
        chance: Arc::new(Chance::seeded(7)),
        patience: std::time::Duration::from_mins(1),
    }
}

impl Live {
    async fn start(kind: Kind, world: World) -> Self {
        let mocks = Mocks::new(world);
        let http = mocks.serve(server(kind)).await.unwrap();
        let secret = tempfile::NamedTempFile::new().unwrap();
        let mut config = kind.config(&secret);
        config.url = http.url().parse().unwrap();
        let file = Secret::File(secret.path().to_owned());
        let text = match kind {
            Kind::Okta => {
                config.auth = Auth::Ssws { token: file };
                SSWS_TOKEN
            }
            Kind::Entra => {
                config.kind = FeedKind::Entra { tenant: entra::TENANT_ID.into(), login_url: config.url.clone() };
                config.auth = Auth::ClientSecret {
                    client_id: entra::CLIENT_ID.into(),
                    secret: file,
                    token_url: format!("{}/{}/oauth2/v2.0/token", http.url(), entra::TENANT_ID).parse().unwrap(),
                    scope: Some("https://graph.microsoft.com/.default".into()),
                    client_auth: ClientAuth::Post,
                };
                entra::CLIENT_SECRET
            }
            Kind::Scim => {
                config.url = format!("{}/scim/v2", http.url()).parse().unwrap();
                BEARER_TOKEN
            }
        };
        std::fs::write(secret.path(), text).unwrap();
        Self { kind, mocks, feed: build(&config, &ports()).unwrap(), server_up: http, secret_file: secret }
    }

    /// The same, proving who we are in another way; `text` is what the secret file holds.
    async fn start_as(kind: Kind, world: World, text: &str, auth: impl FnOnce(Secret, String) -> Auth) -> Self {
        let live = Self::start(kind, world).await;
        let mut config = kind.config(&live.secret_file);
        config.url = live.server_up.url().parse().unwrap();
        config.auth = auth(Secret::File(live.secret_file.path().to_owned()), live.server_up.url());
        std::fs::write(live.secret_file.path(), text).unwrap();
        Self { feed: build(&config, &ports()).unwrap(), ..live }
    }

    async fn read(&self, scope: Scope) -> Read {
        let (sender, mut receiver) = mpsc::channel(2);
        let collect = async {
            let mut shown = BTreeMap::new();
            while let Some(Page { accounts, removed, .. }) = receiver.recv().await {
                shown.extend(removed.into_iter().map(|removed| (removed.id, None)));
                shown.extend(accounts.into_iter().map(|account| (account.id.id, Some(account.status))));
            }
            shown
        };
        let (reading, shown) = tokio::join!(self.feed.read(scope, sender), collect);
        Read { reading, shown }
    }

    async fn whole(&self) -> Read {
        self.read(Scope::Whole { cursor: None, fresh: true }).await
    }

    /// What lists should show now.
    fn expected(&self) -> BTreeMap<String, Status> {
        let state = self.mocks.state();
        let all = state.world.people().iter().map(|person| expected(&state.world, self.kind, person.id));
        all.filter_map(|(id, status)| Some((id, status?))).collect()
    }
}

impl Read {
    fn present(&self) -> BTreeMap<String, Status> {
        self.shown.iter().filter_map(|(id, status)| Some((id.clone(), (*status)?))).collect()
    }
}

#[test]
fn every_provider_shows_the_company_as_it_is() {
    runtime().block_on(async {
        for kind in Kind::ALL {
            let live = Live::start(kind, company()).await;
            let read = live.whole().await;
            assert_eq!(read.reading.coverage, Coverage::Whole, "{kind:?}");
            assert_eq!(read.present(), live.expected(), "{kind:?}");
            assert_eq!(read.reading.accounts, read.present().len() as u64, "{kind:?}");
        }
    });
}

#[test]
fn changes_and_reads_by_id_tell_what_happened_since() {
    runtime().block_on(async {
        for kind in Kind::ALL {
            let live = Live::start(kind, company()).await;
            let cursor = live.whole().await.reading.cursor.unwrap();
            let (mover, leaver, purged) = {
                let mut state = live.mocks.state();
                let people: Vec<PersonId> = state.world.people()[..3].iter().map(|person| person.id).collect();
                state.world.advance(jiff::SignedDuration::from_secs(60));
                state.world.move_to(people[0], "MGR-1", "IT");
                state.world.leave(people[1]);
                state.world.purge(people[2]);
                (people[0], people[1], people[2])
            };
            let id = |person| expected(&live.mocks.state().world, kind, person).0;
            let read = live.read(Scope::Changes { cursor }).await;
            match kind {
                Kind::Entra => {
                    assert_eq!(read.reading.coverage, Coverage::Delta);
                    assert_eq!(read.shown.get(&id(purged)), Some(&None), "removed");
                    assert_eq!(read.shown.len(), 3);
                }
                Kind::Okta => {
                    assert_eq!(read.reading.coverage, Coverage::Changes);
                    assert_eq!(read.shown.get(&id(purged)), Some(&None), "told by the log, read by id");
                }
                Kind::Scim => assert_eq!(read.reading.coverage, Coverage::Changes),
            }
            assert_eq!(read.shown.get(&id(mover)), Some(&Some(Status::Active)), "{kind:?}");
            assert_eq!(read.shown.get(&id(leaver)), Some(&Some(Status::Gone)), "{kind:?}");
            let Presence::Here(account) = live.feed.read_account(&id(mover)).await else { panic!("{kind:?}") };
            assert_eq!(account.attributes[&Attribute::JobCode], ["MGR-1"], "{kind:?}");
            assert_eq!(live.feed.read_account(&id(purged)).await, Presence::Gone, "{kind:?}");
        }
    });
}

#[test]
fn lies_on_any_page_are_not_believed() {
    // What no protocol shows: Okta gives no totals, so a page that lost rows and kept its links looks like any other, and
    // so does an empty last page; Graph gives none either; a SCIM list of nobody may say so. A reading that shrank and
    // the read by id before a decision are the answers to these.
    let unseen = |kind: Kind, fault: &str, nth: u64| match kind {
        Kind::Okta => matches!(fault, "short_page" | "empty_list"),
        Kind::Entra => fault == "short_page",
        Kind::Scim => fault == "empty_list" && nth == 1,
    };
    runtime().block_on(async {
        for kind in Kind::ALL {
            let live = Live::start(kind, company()).await;
            assert_eq!(live.whole().await.reading.coverage, Coverage::Whole, "{kind:?} without a fault");
            let path = if kind == Kind::Scim { "/Users" } else { "/users" };
            let mut faults = Fault::lying();
            faults.push(Fault::HostileNext("https://evil.example".into()));
            faults.push(Fault::NestedBrackets(100_000));
            for fault in faults {
                for nth in 1..=3 {
                    live.mocks.faults.clear();
                    live.mocks
                        .faults
                        .push(Rule::on(server(kind)).method("GET").path(path).nth(nth).play(fault.clone()));
                    let read = live.whole().await;
                    let lost = read.present() != live.expected();
                    let whole = read.reading.coverage == Coverage::Whole;
                    if !unseen(kind, fault.name(), nth) {
                        assert!(!(whole && lost), "{kind:?} believed {} on page {nth}", fault.name());
                    }
                    if !lost {
                        continue;
                    }
                    assert!(whole || read.reading.cursor.is_none(), "{kind:?} {}", fault.name());
                }
            }
        }
    });
}

#[test]
fn passing_faults_change_nothing() {
    runtime().block_on(async {
        for kind in Kind::ALL {
            let live = Live::start(kind, company()).await;
            live.mocks.faults.storm(server(kind), 11, 300, Fault::passing());
            let read = live.whole().await;
            assert_eq!(read.reading.coverage, Coverage::Whole, "{kind:?}");
            assert_eq!(read.present(), live.expected(), "{kind:?}");
        }
    });
}

#[test]
fn a_refused_token_is_told_as_a_refusal() {
    runtime().block_on(async {
        for kind in Kind::ALL {
            let live = Live::start(kind, company()).await;
            let refusal = Fault::Status(403, "{\"errorCode\":\"E0000006\"}".into());
            live.mocks.faults.push(Rule::on(server(kind)).method("GET").play(refusal));
            let read = live.whole().await;
            assert_eq!(read.reading.coverage.gap().map(|gap| gap.kind), Some(GapKind::Refused), "{kind:?}");
            assert!(
                matches!(live.feed.read_account("x").await, Presence::Unknown(gap) if gap.kind == GapKind::Refused)
            );
        }
    });
}

#[test]
fn somebody_purged_between_two_pages_of_scim_is_drift() {
    runtime().block_on(async {
        let live = Live::start(Kind::Scim, company()).await;
        let first = live.mocks.state().world.people()[0].id;
        let drift = Fault::meanwhile(move |state| state.world.purge(first));
        live.mocks.faults.push(Rule::on(Server::Scim).path("/Users").nth(2).play(drift));
        let read = live.whole().await;
        assert_eq!(read.reading.coverage.gap().map(|gap| gap.kind), Some(GapKind::Drift));
        live.mocks.faults.clear();
        assert_eq!(live.whole().await.reading.coverage, Coverage::Whole, "the next walk is whole again");
    });
}

#[test]
fn scim_providers_are_read_whole_in_all_their_ways() {
    let minutes = jiff::SignedDuration::from_mins(10);
    let paging = [Paging::Index, Paging::Both { timeout: minutes }, Paging::Cursor { timeout: minutes }];
    runtime().block_on(async {
        for paging in paging {
            let live = Live::start(Kind::Scim, company()).await;
            live.mocks.state().scim.settings.paging = paging;
            for bits in 0..16_u8 {
                {
                    let mut state = live.mocks.state();
                    let settings = &mut state.scim.settings;
                    settings.lower_case_resources = bits & 1 > 0;
                    settings.omit_total = bits & 2 > 0;
                    settings.omit_empty_resources = bits & 4 > 0;
                    settings.page_max = if bits & 8 > 0 { 70 } else { 1_000 };
                }
                let read = live.whole().await;
                assert_eq!(read.reading.coverage, Coverage::Whole, "{paging:?} {bits:b}");
                assert_eq!(read.present(), live.expected(), "{paging:?} {bits:b}");
            }
        }
    });
}

#[test]
fn a_scim_cursor_that_expires_once_costs_a_second_walk() {
    runtime().block_on(async {
        let live = Live::start(Kind::Scim, company()).await;
        live.mocks.state().scim.settings.paging = Paging::FORCED_CURSOR;
        live.mocks.faults.push(Rule::on(Server::Scim).path("/Users").nth(3).play(Fault::ExpireCursors));
        let read = live.whole().await;
        assert_eq!((&read.reading.coverage, &read.present()), (&Coverage::Whole, &live.expected()));
    });
}

#[test]
fn delta_rounds_survive_everything_that_graph_does() {
    runtime().block_on(async {
        let live = Live::start(Kind::Entra, company()).await;
        {
            let mut state = live.mocks.state();
            state.entra.empty_page_every = Some(3);
            state.entra.repeat_ids = true;
            state.entra.replay = 20;
        }
        let first = live.whole().await;
        assert_eq!((&first.reading.coverage, &first.present()), (&Coverage::Whole, &live.expected()));
        let mut cursor = first.reading.cursor.unwrap();
        let resync: [(&str, Lose); 2] =
            [("400", entra::Tenant::expire_delta_tokens), ("410", entra::Tenant::reset_delta_tokens)];
        for (how, lose) in resync {
            let leaver = live.mocks.state().world.people()[20].id;
            live.mocks.state().world.purge(leaver);
            lose(&mut live.mocks.state().entra);
            let read = live.read(Scope::Changes { cursor }).await;
            assert_eq!((&read.reading.coverage, &read.present()), (&Coverage::Whole, &live.expected()), "{how}");
            let next = live.read(Scope::Whole { cursor: read.reading.cursor, fresh: false }).await;
            assert_eq!(next.reading.coverage, Coverage::Delta, "{how}");
            cursor = next.reading.cursor.unwrap();
        }
    });
}

/// Okta, read by an app with a key pair.
async fn okta_app(scope: &str, dpop: bool) -> Live {
    Live::start_as(Kind::Okta, company(), seatwarden_mocks::TEST_PRIVATE_KEY_PEM, |key, url| Auth::PrivateKeyJwt {
        client_id: okta::CLIENT_ID.into(),
        key,
        key_id: Some(seatwarden_mocks::TEST_KEY_ID.into()),
        token_url: format!("{url}/oauth2/v1/token").parse().unwrap(),
        scope: Some(scope.into()),
        dpop,
    })
    .await
}

#[test]
fn okta_is_read_with_tokens_bound_to_a_key() {
    runtime().block_on(async {
        let live = okta_app("okta.users.read okta.groups.read", true).await;
        live.mocks.state().okta.require_dpop = true;
        live.mocks.run_clock(Time::parse("2026-11-22T10:00:00Z").unwrap().timestamp());
        assert_eq!(live.whole().await.reading.coverage, Coverage::Whole);
        live.mocks.state().okta.renew_dpop_nonce();
        live.mocks.faults.push(Rule::on(Server::Okta).path("/api/v1/users").nth(1).play(Fault::ExpireTokens));
        assert_eq!(live.whole().await.reading.coverage, Coverage::Whole, "after another nonce and an ended token");
        assert_eq!(live.mocks.state().okta.tokens_minted(), 2);
    });
}

/// An app that was made before the System Log was read has no scope for it, and Okta then gives no token at all.
#[test]
fn an_app_without_the_scope_of_the_log_goes_on_by_the_list() {
    runtime().block_on(async {
        let live = okta_app("okta.users.read okta.groups.read okta.logs.read", false).await;
        live.mocks.state().okta.scopes.retain(|scope| scope != "okta.logs.read");
        live.mocks.run_clock(Time::parse("2026-11-22T10:00:00Z").unwrap().timestamp());
        let whole = live.whole().await.reading;
        assert_eq!(whole.coverage, Coverage::Whole);
        let changes = live.read(Scope::Changes { cursor: whole.cursor.unwrap() }).await;
        assert_eq!(changes.reading.coverage, Coverage::Changes);
        let told = live.feed.degraded().expect("what is missing is told");
        assert!(told.contains("/api/v1/logs") && told.contains("okta.logs.read"), "{told}");
    });
}

#[test]
fn entra_is_read_with_a_certificate() {
    runtime().block_on(async {
        let bundle =
            format!("{}{}", include_str!("../outbound/keys/rsa.crt.pem"), include_str!("../outbound/keys/rsa.pem"));
        let live = Live::start_as(Kind::Entra, company(), &bundle, |key, url| Auth::Certificate {
            client_id: entra::CLIENT_ID.into(),
            certificate: key.clone(),
            key,
            token_url: format!("{url}/{}/oauth2/v2.0/token", entra::TENANT_ID).parse().unwrap(),
            scope: Some("https://graph.microsoft.com/.default".into()),
        })
        .await;
        let public = include_str!("../outbound/keys/rsa.pub.pem");
        live.mocks.state().entra.keys = vec![(None, public.to_owned())];
        live.mocks.run_clock(Time::parse("2026-11-22T10:00:00Z").unwrap().timestamp());
        assert_eq!(live.whole().await.reading.coverage, Coverage::Whole);
    });
}
