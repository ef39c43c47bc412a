//! Microsoft Entra ID by Graph: rounds of `/v1.0/users/delta`.
//!
//! A round without a delta link shows everybody; one that follows a delta link shows every change, deletions included.
//! A link that Graph no longer knows leads to a new first round inside the same reading: it says that we forgot, never
//! that anybody left. The cursor is the delta link together with the properties that it was asked for, because a link
//! keeps the `$select` of its first call: after a change of the mapping it would go on without the new attribute.

mod subscription;
mod wire;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use xxhash_rust::xxh3::Xxh3;

use super::answer::{self, Trouble, get, link};
use super::mapping::{Defaults, Dialect, Mapping};
use super::pages::{Limits, Turn, Walk};
use super::tally::{Repeats, Tally};
use super::{Feed, Presence, Scope, Subscription, Wish};
use crate::config::FeedConfig;
use crate::directory::{Coverage, Gap, Page, Reading};
use crate::model::{FeedName, Time};
use crate::outbound::{Budget, Call, Client, Peer, Place, Ports, Reply};

const ROUND: &str = "GET /v1.0/users/delta";
const ONE: &str = "GET /v1.0/users/{id}";
const VERSION: u32 = 1;
/// How long Graph knows the delta link of a directory object.
const LINK_LIFE: Duration = Duration::from_hours(7 * 24);
/// What every account needs, beside what the configuration maps. Only selected properties raise changes.
const ALWAYS: [&str; 7] =
    ["id", "accountEnabled", "userPrincipalName", "mail", "displayName", "userType", "employeeId"];

/// Reads one tenant.
pub(super) struct Entra {
    name: FeedName,
    client: Client,
    mapping: Mapping,
    select: String,
}

/// Where the next round begins.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    v: u32,
    select: String,
    link: String,
    /// When the round began that ended with the link.
    #[serde(default)]
    at: Option<Time>,
}

impl Entra {
    pub(super) fn new(config: &FeedConfig, peer: Peer, ports: Ports) -> Self {
        let defaults = Defaults {
            user_name: "userPrincipalName",
            email: "mail",
            employee_number: (None, "employeeId"),
            display_name: "displayName",
        };
        let mapping = Mapping::new(config, Dialect::Exact, defaults);
        let mut select: Vec<&str> = ALWAYS.to_vec();
        for property in mapping.properties() {
            if !select.contains(&property) {
                select.push(property);
            }
        }
        let select = select.join(",");
        Self { name: config.name.clone(), client: Client::new(peer, ports), mapping, select }
    }

    fn first(&self) -> Call {
        let query = vec![("$select".to_owned(), self.select.clone())];
        round(Place::Path("/v1.0/users/delta".into(), query))
    }

    /// The place where a cursor goes on; `None` where only a first round will do.
    fn follow(&self, cursor: Option<&str>) -> Option<Call> {
        let cursor: Cursor = serde_json::from_str(cursor?).ok()?;
        if cursor.v != VERSION || cursor.select != self.select {
            return None;
        }
        link(&self.client.peer().base, "delta link", &cursor.link).ok().map(round)
    }

    /// Takes in one page. The end is a page with a delta link.
    fn turn(&self, reply: &Reply, tally: &mut Tally, end: &mut Round) -> Result<Turn, Trouble> {
        if reply.status == 410 || reply.status == 400 {
            if reply.status == 400 && !wire::lost_state(reply) {
                return Err(wire::refusal(reply));
            }
            // The `Location` of a 410 is this same first call without our `$select`: following it would bring accounts
            // without their job codes.
            *end = Round { whole: true, ..Round::default() };
            return Ok(Turn::Restart(self.first()));
        }
        let round_page = wire::page(answer::json(reply)?)?;
        let mut rows = Vec::with_capacity(round_page.rows.len());
        for (index, row) in round_page.rows.iter().enumerate() {
            match wire::row(&self.name, &self.mapping, row) {
                Ok(row) => rows.push(row),
                Err(why) => tally.fault(index, &why),
            }
        }
        // An account may be shown again, a page of several in the same order is the page before, in place of this one.
        let shown = fingerprint(&rows);
        if rows.len() > 1 && end.page == Some(shown) {
            tally.drift("the page before came again in place of the next".into());
        }
        end.page = Some(shown);
        let page = settle(rows, tally);
        let base = &self.client.peer().base;
        Ok(match round_page.link {
            wire::Link::Next(next) => match link(base, "link to the next page", &next) {
                Ok(place) => Turn::Next(page, round(place)),
                Err(trouble) => Turn::Stop(page, trouble),
            },
            wire::Link::Delta(delta) => match link(base, "delta link", &delta) {
                Ok(_) => {
                    end.link = Some(delta);
                    Turn::End(page)
                }
                Err(trouble) => Turn::Stop(page, trouble),
            },
        })
    }
}

/// Counts the rows in their order and keeps the last word on each account: a page has no order between accounts and
/// removals.
fn settle(rows: Vec<wire::Row>, tally: &mut Tally) -> Page {
    for row in &rows {
        match row {
            wire::Row::Here(account) => {
                tally.show(&account.id.id, None);
            }
            wire::Row::Removed(removed) => tally.remove(&removed.id),
        }
    }
    let mut page = Page::default();
    let mut settled = BTreeSet::new();
    for row in rows.into_iter().rev() {
        if settled.insert(row.id().to_owned()) {
            match row {
                wire::Row::Here(account) => page.accounts.push(*account),
                wire::Row::Removed(removed) => page.removed.push(removed),
            }
        }
    }
    page.accounts.reverse();
    page.removed.reverse();
    page
}

fn fingerprint(rows: &[wire::Row]) -> u64 {
    let mut hash = Xxh3::new();
    for row in rows {
        hash.update(row.id().as_bytes());
        hash.update(&[0]);
    }
    hash.digest()
}

/// How a round stands.
#[derive(Default)]
struct Round {
    /// The delta link at its end.
    link: Option<String>,
    /// It began without a delta link, so that it shows everybody.
    whole: bool,
    /// The ids of the last page.
    page: Option<u64>,
}

#[async_trait]
impl Feed for Entra {
    fn name(&self) -> &FeedName {
        &self.name
    }

    /// Follows the delta link of the cursor, or reads everybody where there is none. Also [`Scope::Changes`] ends with
    /// [`Coverage::Whole`] when the link is no longer known to Graph or was made for other attributes.
    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading {
        let read_at = self.client.ports().clock.now();
        let cursor = match &scope {
            Scope::Whole { fresh: true, .. } => None,
            Scope::Whole { cursor, fresh: false } => cursor.as_deref(),
            Scope::Changes { cursor } => Some(cursor.as_str()),
        };
        let follow = self.follow(cursor);
        let mut round = Round { whole: follow.is_none(), ..Round::default() };
        let walk = Walk {
            client: &self.client,
            pages: &pages,
            what: ROUND,
            repeats: Repeats::Legal,
            limits: Limits::default(),
        };
        let first = follow.unwrap_or_else(|| self.first());
        let walked = walk.run(first, |reply, tally| self.turn(reply, tally, &mut round)).await;
        let cursor = match (&walked.gap, round.link) {
            (None, Some(link)) => {
                let cursor = Cursor { v: VERSION, select: self.select.clone(), link, at: Some(read_at) };
                serde_json::to_string(&cursor).ok()
            }
            (Some(_), _) | (None, None) => None,
        };
        let coverage = match walked.gap {
            Some(gap) => Coverage::Partial(gap),
            None if round.whole => Coverage::Whole,
            None => Coverage::Delta,
        };
        Reading { feed: self.name.clone(), coverage, accounts: walked.accounts, cursor, read_at }
    }

    async fn read_account(&self, id: &str) -> Presence {
        self.presence(id).await.unwrap_or_else(Presence::Unknown)
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }

    fn cursor_expires(&self, cursor: &str) -> Option<Time> {
        let cursor: Cursor = serde_json::from_str(cursor).ok()?;
        cursor.at.map(|at| at.plus(LINK_LIFE))
    }

    async fn subscribe(&self, wish: &Wish, known: Option<Subscription>) -> Result<Option<Subscription>, Gap> {
        Self::subscribe(self, wish, known).await.map(Some)
    }
}

impl Entra {
    async fn presence(&self, id: &str) -> Result<Presence, Gap> {
        let gap = |why: String| Trouble::invalid(why).at(ONE.into());
        let id = answer::check_id(id).map_err(gap)?;
        let query = vec![("$select".to_owned(), self.select.clone())];
        let place = Place::Path(format!("/v1.0/users/{}", answer::segment(id)), query);
        let reply = answer::fetch(&self.client, get("user", place, HeaderMap::new(), &[404]), ONE).await?;
        if reply.status == 404 {
            return match wire::codes(&reply).as_slice() {
                codes if codes.iter().any(|code| code == "Request_ResourceNotFound") => Ok(Presence::Gone),
                [code, ..] => Err(gap(format!("answered 404 {code}"))),
                [] => Err(gap("answered 404 without an error code of Graph".into())),
            };
        }
        let row = answer::json(&reply).map_err(|trouble| trouble.at(ONE.into()))?;
        match wire::row(&self.name, &self.mapping, &row).map_err(gap)? {
            // Object ids are GUIDs, which compare without case; ours stays as it was first written.
            wire::Row::Here(mut account) if account.id.id.eq_ignore_ascii_case(id) => {
                id.clone_into(&mut account.id.id);
                Ok(Presence::Here(account))
            }
            wire::Row::Removed(removed) if removed.id.eq_ignore_ascii_case(id) => Ok(Presence::Gone),
            wire::Row::Here(_) | wire::Row::Removed(_) => {
                Err(gap("answered with another account than the one asked for".into()))
            }
        }
    }
}

/// One call of a round. A lost state comes as 410, or as 400 with a code.
fn round(place: Place) -> Call {
    // Sweeps give way to the work of others when the tenant is throttled.
    let low = (HeaderName::from_static("x-ms-throttle-priority"), HeaderValue::from_static("Low"));
    let size = (HeaderName::from_static("prefer"), HeaderValue::from_static("odata.maxpagesize=200"));
    get("users/delta", place, HeaderMap::from_iter([low, size]), &[400, 410])
}
