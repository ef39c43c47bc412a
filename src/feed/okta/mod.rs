//! Okta's management API: people from `/api/v1/users`.
//!
//! The whole walk asks with `filter=lastUpdated ge "1970…"`: a list without a filter leaves DEPROVISIONED people out,
//! `search` lags behind, and a list of status words would miss a status that Okta adds. Changes are asked for in two
//! ways: whom the System Log names since the last reading, and the same filter with a later time. The list comes after
//! the log, so that only those whom it does not show are read by id: who was deleted for good above all. Where the log
//! cannot be read the list stands alone, and `status` says so. Group membership is not read: it does not move
//! `lastUpdated`.

mod log;
mod place;
mod wire;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::mpsc;

use super::answer::{self, Trouble, get, link};
use super::mapping::{Defaults, Dialect, Mapping};
use super::pages::{Limits, Turn, Walk};
use super::since::{Since, stamp};
use super::tally::{Repeats, Tally};
use super::{Feed, Missed, Presence, Scope};
use crate::config::FeedConfig;
use crate::directory::{Asked, Coverage, Gap, GapKind, Page, Reading, Removed};
use crate::model::{FeedName, Time};
use crate::outbound::{Budget, Call, Client, Peer, Place, Ports, Reply};
use place::Cursor;

const LIST: &str = "GET /api/v1/users";
const ONE: &str = "GET /api/v1/users/{id}";
/// Okta's own default; more is not promised.
const PAGE: &str = "200";
/// When a log that refused us is asked again: somebody has to grant a scope first.
const REFUSED: Duration = Duration::from_hours(1);
/// When a log that gave no good answer is asked again, so that its retries do not hold up every pass.
const FAILED: Duration = Duration::from_mins(5);
/// Reads by id side by side; the client lets no more through at once.
const READS_AT_ONCE: usize = 4;

/// Reads one Okta org.
pub(super) struct Okta {
    name: FeedName,
    client: Client,
    mapping: Mapping,
    silent: Mutex<Option<Silent>>,
}

/// The log cannot be read.
#[derive(Clone, Debug)]
struct Silent {
    until: Time,
    gap: Gap,
}

impl Okta {
    pub(super) fn new(config: &FeedConfig, peer: Peer, ports: Ports) -> Self {
        let defaults = Defaults {
            user_name: "profile.login",
            email: "profile.email",
            employee_number: (None, "profile.employeeNumber"),
            display_name: "profile.displayName",
        };
        Self {
            name: config.name.clone(),
            client: Client::new(peer, ports),
            mapping: Mapping::new(config, Dialect::Exact, defaults),
            silent: Mutex::default(),
        }
    }

    /// Users changed since an instant, whatever their status.
    fn list(since: Time) -> Call {
        let filter = format!("lastUpdated ge \"{}\"", stamp(since));
        let query = vec![("filter".to_owned(), filter), ("limit".to_owned(), PAGE.to_owned())];
        get("users", Place::Path("/api/v1/users".into(), query), headers(), &[])
    }

    /// Takes in one page. Whom it shows need not be read by id.
    fn turn(
        &self,
        reply: &Reply,
        tally: &mut Tally,
        selves: &mut bool,
        named: &mut BTreeSet<String>,
    ) -> Result<Turn, Trouble> {
        let rows = wire::rows(answer::json(reply)?)?;
        let mut page = Page::default();
        for (index, row) in rows.iter().enumerate() {
            match wire::account(&self.name, &self.mapping, row) {
                Ok(account) => {
                    tally.show(&account.id.id, account.changed_at);
                    named.remove(&account.id.id);
                    page.accounts.push(account);
                }
                Err(why) => tally.fault(index, &why),
            }
        }
        Ok(match self.onward(reply, selves) {
            Ok(Some(next)) => Turn::Next(page, next),
            Ok(None) => Turn::End(page),
            Err(trouble) => Turn::Stop(page, trouble),
        })
    }

    /// Where a page leads. The end is a page without a `next` link; a walk whose pages carry a `self` link ends on one
    /// that does, so that a proxy that drops the header does not pass for the end.
    fn onward(&self, reply: &Reply, selves: &mut bool) -> Result<Option<Call>, Trouble> {
        let links = wire::links(&reply.headers)?;
        let own = links.of("self")?.is_some();
        match links.of("next")? {
            Some(next) => {
                *selves |= own;
                let place = link(&self.client.peer().base, "link to the next page", next)?;
                Ok(Some(get("users", place, headers(), &[])))
            }
            None if *selves && !own => {
                Err(Trouble::drift("the links are missing from the page, so its end is not believed"))
            }
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Feed for Okta {
    fn name(&self) -> &FeedName {
        &self.name
    }

    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading {
        let read_at = self.client.ports().clock.now();
        // A cursor that cannot be read asks for everything: more work, and nothing is missed.
        let (whole, place) = match scope {
            Scope::Whole { .. } => (true, None),
            Scope::Changes { cursor } => (false, Some(Cursor::read(&cursor))),
        };
        let place = place.flatten();
        let since = place.as_ref().map_or(Time::default(), |place| place.since.from());
        // A whole walk leaves no place in the log: everything before its begin is seen by it.
        let (mut named, link) = match &place {
            Some(place) => self.named(place, since, read_at).await,
            None => (BTreeSet::new(), None),
        };
        let walk = Walk {
            client: &self.client,
            pages: &pages,
            what: LIST,
            repeats: if whole { Repeats::Drift } else { Repeats::Legal },
            limits: Limits::default(),
        };
        let mut selves = false;
        let turn = |reply: &Reply, tally: &mut Tally| self.turn(reply, tally, &mut selves, &mut named);
        let walked = walk.run(Self::list(since), turn).await;
        let mut accounts = walked.accounts;
        let mark = Since::after(&walked, read_at);
        let mut gap = walked.gap;
        if gap.is_none() && !named.is_empty() {
            let (page, unknown) = self.read_named(named).await;
            accounts = accounts.saturating_add(u64::try_from(page.accounts.len()).unwrap_or(u64::MAX));
            gap = unknown;
            if pages.send(page).await.is_err() {
                gap = gap.or_else(|| Some(closed()));
            }
        }
        let cursor = if gap.is_none() { Cursor::new(mark, link).write() } else { None };
        let coverage = match gap {
            Some(gap) => Coverage::Partial(gap),
            None if whole => Coverage::Whole,
            None => Coverage::Changes,
        };
        Reading { feed: self.name.clone(), coverage, accounts, cursor, read_at }
    }

    async fn read_account(&self, id: &str) -> Presence {
        self.presence(id).await.unwrap_or_else(Presence::Unknown)
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }

    fn degraded(&self) -> Option<String> {
        let Silent { gap: Gap { kind, call, why }, .. } = self.silence()?;
        let advice = match kind {
            GapKind::Refused => "; the System Log needs the scope okta.logs.read and a role that may read it",
            GapKind::Unreachable | GapKind::Drift | GapKind::Invalid | GapKind::Suspect => "",
        };
        Some(format!(
            "{call}: {why}{advice}. Changes are read by `lastUpdated` alone, and people deleted for good are found by full passes alone"
        ))
    }

    async fn read_back(&self, cursor: Option<&str>) -> Result<Option<Missed>, Gap> {
        Self::read_back(self, cursor).await.map(Some)
    }
}

impl Okta {
    /// Whom the log names, and where it goes on. A log that cannot be read keeps its place.
    async fn named(&self, place: &Cursor, since: Time, now: Time) -> (BTreeSet<String>, Option<String>) {
        let kept = place.link().map(str::to_owned);
        if self.silence().is_some_and(|silent| silent.until > now) {
            return (BTreeSet::new(), kept);
        }
        let (silent, named) = match self.log_changes(place.link(), since).await {
            Ok(named) => (None, named),
            Err(gap) => {
                tracing::warn!(feed.name = %self.name, call = %gap.call, why = %gap.why, "reads changes without the log");
                let pause = if gap.kind == GapKind::Refused { REFUSED } else { FAILED };
                (Some(Silent { until: now.plus(pause), gap }), (BTreeSet::new(), kept))
            }
        };
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = silent;
        named
    }

    fn silence(&self) -> Option<Silent> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads by id those whom the list did not show. What cannot be read leaves the reading partial.
    async fn read_named(&self, ids: BTreeSet<String>) -> (Page, Option<Gap>) {
        let reads = ids.into_iter().map(|id| async move {
            let presence = self.read_account(&id).await;
            (id, presence)
        });
        let mut reads = futures_util::stream::iter(reads).buffered(READS_AT_ONCE);
        let (mut page, mut gap) = (Page { asked: Asked::ById, ..Page::default() }, None);
        while let Some((id, presence)) = reads.next().await {
            match presence {
                Presence::Here(account) => page.accounts.push(*account),
                Presence::Gone => page.removed.push(Removed { id, how: "read by id: it does not exist".to_owned() }),
                Presence::Unknown(unknown) => gap = gap.or(Some(unknown)),
            }
        }
        (page, gap)
    }

    async fn presence(&self, id: &str) -> Result<Presence, Gap> {
        let gap = |why: String| Trouble::invalid(why).at(ONE.into());
        let id = answer::check_id(id).map_err(gap)?;
        let place = Place::Path(format!("/api/v1/users/{}", answer::segment(id)), Vec::new());
        let reply = answer::fetch(&self.client, get("user", place, headers(), &[404]), ONE).await?;
        if reply.status == 404 {
            // A 404 of a proxy or of a wrong base URL says nothing about the person.
            return match wire::error_code(&reply).as_deref() {
                Some("E0000007") => Ok(Presence::Gone),
                Some(code) => Err(gap(format!("answered 404 {code}"))),
                None => Err(gap("answered 404 without Okta's error code".into())),
            };
        }
        let row = answer::json(&reply).map_err(|trouble| trouble.at(ONE.into()))?;
        let account = wire::account(&self.name, &self.mapping, &row).map_err(gap)?;
        if account.id.id != id {
            return Err(gap("answered with another account than the one asked for".into()));
        }
        Ok(Presence::Here(Box::new(account)))
    }
}

fn closed() -> Gap {
    Gap { kind: GapKind::Unreachable, call: ONE.to_owned(), why: "the reading was given up before it ended".to_owned() }
}

/// Leaves credentials out of the answers, which makes them cheaper for Okta and keeps them out of our memory.
fn headers() -> HeaderMap {
    let value = r#"application/json; okta-response="omitCredentials,omitCredentialsLinks""#;
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))])
}
