//! Okta's management API: people from `/api/v1/users`.
//!
//! The whole walk asks with `filter=lastUpdated ge "1970…"`: a list without a filter leaves DEPROVISIONED people out,
//! `search` lags behind, and a list of status words would miss a status that Okta adds. Changes are asked for by the
//! same filter with a later time. Group membership is not read: it does not move `lastUpdated`.

mod log;
mod wire;

use async_trait::async_trait;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::sync::mpsc;

use super::answer::{self, Trouble, get, link};
use super::mapping::{Defaults, Dialect, Mapping};
use super::pages::{Limits, Turn, Walk};
use super::since::{Since, stamp};
use super::tally::{Repeats, Tally};
use super::{Feed, Missed, Presence, Scope};
use crate::config::FeedConfig;
use crate::directory::{Coverage, Gap, Page, Reading};
use crate::model::{FeedName, Time};
use crate::outbound::{Budget, Call, Client, Peer, Place, Ports, Reply};

const LIST: &str = "GET /api/v1/users";
const ONE: &str = "GET /api/v1/users/{id}";
/// Okta's own default; more is not promised.
const PAGE: &str = "200";

/// Reads one Okta org.
pub(super) struct Okta {
    name: FeedName,
    client: Client,
    mapping: Mapping,
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
        }
    }

    /// Users changed since an instant, whatever their status.
    fn list(since: Time) -> Call {
        let filter = format!("lastUpdated ge \"{}\"", stamp(since));
        let query = vec![("filter".to_owned(), filter), ("limit".to_owned(), PAGE.to_owned())];
        get("users", Place::Path("/api/v1/users".into(), query), headers(), &[])
    }

    /// Takes in one page.
    fn turn(&self, reply: &Reply, tally: &mut Tally, selves: &mut bool) -> Result<Turn, Trouble> {
        let rows = wire::rows(answer::json(reply)?)?;
        let mut page = Page::default();
        for (index, row) in rows.iter().enumerate() {
            match wire::account(&self.name, &self.mapping, row) {
                Ok(account) => {
                    tally.show(&account.id.id, account.changed_at);
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
        let (whole, since) = match scope {
            Scope::Whole { .. } => (true, Time::default()),
            Scope::Changes { cursor } => (false, Since::read(&cursor).map_or(Time::default(), Since::from)),
        };
        let walk = Walk {
            client: &self.client,
            pages: &pages,
            what: LIST,
            repeats: if whole { Repeats::Drift } else { Repeats::Legal },
            limits: Limits::default(),
        };
        let mut selves = false;
        let walked = walk.run(Self::list(since), |reply, tally| self.turn(reply, tally, &mut selves)).await;
        let cursor = if walked.gap.is_none() { Since::after(&walked, read_at).write() } else { None };
        let coverage = match walked.gap {
            Some(gap) => Coverage::Partial(gap),
            None if whole => Coverage::Whole,
            None => Coverage::Changes,
        };
        Reading { feed: self.name.clone(), coverage, accounts: walked.accounts, cursor, read_at }
    }

    async fn read_account(&self, id: &str) -> Presence {
        self.presence(id).await.unwrap_or_else(Presence::Unknown)
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }

    async fn read_back(&self, cursor: Option<&str>) -> Result<Option<Missed>, Gap> {
        Self::read_back(self, cursor).await.map(Some)
    }
}

impl Okta {
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

/// Leaves credentials out of the answers, which makes them cheaper for Okta and keeps them out of our memory.
fn headers() -> HeaderMap {
    let value = r#"application/json; okta-response="omitCredentials,omitCredentialsLinks""#;
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))])
}
