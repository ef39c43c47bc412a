//! A SCIM 2.0 server that we poll (RFC 7643, 7644; cursors of RFC 9865).
//!
//! SCIM has no deltas: changes are listed by `meta.lastModified` where the server filters, deletions are seen by walking
//! the whole list. Where it does not filter, a reading of changes is a whole walk. `active` is never filtered on: a
//! leaver has to be seen leaving.
//!
//! Microsoft Entra's own server (`profile = "entra"`) is not asked what it can do, for that is known and every request
//! is billed: 2xx and 404 are counted.

mod paging;
mod provider;
pub(super) mod wire;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use tokio::sync::{OnceCell, mpsc};

use self::paging::Paging;
use self::provider::Provider;
use super::answer::{self, Trouble, get};
use super::mapping::{Defaults, Dialect, Mapping};
use super::pages::{Limits, Turn, Walk, Walked};
use super::since::{Since, stamp};
use super::tally::{Repeats, Tally};
use super::{Feed, Presence, Scope};
use crate::config::{FeedConfig, Profile};
use crate::directory::{Coverage, Gap, Page, Reading};
use crate::model::{FeedName, Time};
use crate::outbound::{Budget, Call, Client, Peer, Place, Ports, Reply};

/// Names of calls, by profile.
const CALLS: [(&str, &str); 2] = [("GET /Users", "GET /Users/{id}"), ("GET /users", "GET /users/{id}")];
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a SCIM user says in our words.
pub(super) fn mapping(config: &FeedConfig) -> Mapping {
    let defaults = Defaults {
        user_name: "userName",
        email: "emails",
        employee_number: (Some(ENTERPRISE), "employeeNumber"),
        display_name: "displayName",
    };
    Mapping::new(config, Dialect::Scim, defaults)
}

/// Reads one server.
pub(super) struct Scim {
    name: FeedName,
    client: Client,
    mapping: Mapping,
    provider: OnceCell<Provider>,
    /// The server said that it filters and then refused to.
    unfiltered: AtomicBool,
    profile: Profile,
    /// Answers that were billed.
    billed: AtomicU64,
}

impl Scim {
    pub(super) fn new(config: &FeedConfig, peer: Peer, ports: Ports) -> Self {
        Self {
            name: config.name.clone(),
            client: Client::new(peer, ports),
            mapping: mapping(config),
            provider: OnceCell::new(),
            unfiltered: AtomicBool::new(false),
            profile: config.profile,
            billed: AtomicU64::new(0),
        }
    }

    /// The names of the calls for a list and for one account.
    fn calls(&self) -> (&'static str, &'static str) {
        match self.profile {
            Profile::Standard => CALLS[0],
            Profile::Entra => CALLS[1],
        }
    }

    fn count(&self, reply: &Reply) {
        if (200..300).contains(&reply.status) || reply.status == 404 {
            self.billed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Walks the list: everybody, or those who changed since an instant. The flag says whether the server refused the
    /// question itself.
    async fn walk(&self, provider: Provider, since: Option<Time>, pages: &mpsc::Sender<Page>) -> (Walked, bool) {
        let walk = Walk {
            client: &self.client,
            pages,
            what: self.calls().0,
            // Also in a list of changes: by index, whoever comes twice has pushed somebody else off a page.
            repeats: Repeats::Drift,
            limits: Limits::default(),
        };
        let filter = since.map(|since| format!("meta.lastModified ge \"{}\"", stamp(since)));
        let mut paging = Paging::new(provider, filter);
        let mut refused = false;
        let first = paging.first();
        let walked = walk
            .run(first, |reply, tally| {
                refused = tally.page == 1 && reply.status != 200;
                self.turn(reply, tally, &mut paging)
            })
            .await;
        (walked, refused)
    }

    fn turn(&self, reply: &Reply, tally: &mut Tally, paging: &mut Paging) -> Result<Turn, Trouble> {
        self.count(reply);
        if !(200..300).contains(&reply.status) {
            return paging.refused(reply);
        }
        let list = wire::list(answer::json(reply)?)?;
        let mut accounts = Vec::with_capacity(list.rows.len());
        for (index, row) in list.rows.iter().enumerate() {
            match wire::account(&self.name, &self.mapping, row) {
                Ok(account) => accounts.push(account),
                Err(why) => tally.fault(index, &why),
            }
        }
        let stale = accounts.iter().all(|account| tally.has(&account.id.id));
        if stale && paging.is_beyond() {
            return Ok(Turn::End(Page::default()));
        }
        for account in &accounts {
            tally.show(&account.id.id, account.changed_at);
        }
        if stale && !accounts.is_empty() && paging.is_by_index() {
            // The server takes no notice of `startIndex`: asking on would never end. The repeats make this drift.
            return Ok(Turn::End(Page { accounts, ..Page::default() }));
        }
        paging.turn(&list, Page { accounts, ..Page::default() }, tally)
    }
}

#[async_trait]
impl Feed for Scim {
    fn name(&self) -> &FeedName {
        &self.name
    }

    /// Reads everybody, or those who changed. Also [`Scope::Changes`] ends with [`Coverage::Whole`] where the server
    /// does not filter.
    async fn read(&self, scope: Scope, pages: mpsc::Sender<Page>) -> Reading {
        let read_at = self.client.ports().clock.now();
        let partial = |gap: Gap| Reading {
            feed: self.name.clone(),
            coverage: Coverage::Partial(gap),
            accounts: 0,
            cursor: None,
            read_at,
        };
        let provider = match self.provider().await {
            Ok(provider) => provider,
            Err(gap) => return partial(gap),
        };
        let since = match scope {
            Scope::Changes { cursor } if self.filters(provider) => Since::read(&cursor).map(Since::from),
            Scope::Changes { .. } | Scope::Whole { .. } => None,
        };
        let (mut walked, refused) = self.walk(provider, since, &pages).await;
        let mut whole = since.is_none();
        if refused && !whole && walked.gap.is_some() {
            tracing::warn!(feed.name = %self.name, "the server refuses to list changes, so everybody is read");
            self.unfiltered.store(true, Ordering::Relaxed);
            whole = true;
            (walked, _) = self.walk(provider, None, &pages).await;
        }
        // Without a single `meta.lastModified` in the list a filter on it would find nobody, for ever.
        let dated = !whole || walked.latest.is_some();
        let cursor = if walked.gap.is_none() && dated && self.filters(provider) {
            Since::after(&walked, read_at).write()
        } else {
            None
        };
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
        let billed = self.is_billed().then(|| self.billed.load(Ordering::Relaxed));
        Budget { billed, ..self.client.budget() }
    }

    fn is_billed(&self) -> bool {
        self.profile == Profile::Entra
    }
}

impl Scim {
    fn filters(&self, provider: Provider) -> bool {
        provider.filter && !self.unfiltered.load(Ordering::Relaxed)
    }

    /// What the server can do, asked once.
    async fn provider(&self) -> Result<Provider, Gap> {
        if self.profile == Profile::Entra {
            return Ok(Provider::ENTRA);
        }
        if let Some(provider) = self.provider.get() {
            return Ok(*provider);
        }
        let (provider, lasting) = provider::discover(&self.client).await?;
        if lasting {
            return Ok(*self.provider.get_or_init(|| async { provider }).await);
        }
        Ok(provider)
    }

    async fn presence(&self, id: &str) -> Result<Presence, Gap> {
        let (_, one) = self.calls();
        let gap = |why: String| Trouble::invalid(why).at(one.into());
        let id = answer::check_id(id).map_err(gap)?;
        let users = Provider::of(self.profile).users;
        let place = Place::Path(format!("{users}/{}", answer::segment(id)), Vec::new());
        let reply = answer::fetch(&self.client, get("user", place, headers(), &[404]), one).await?;
        self.count(&reply);
        if reply.status == 404 {
            if wire::says_not_found(&reply) {
                return Ok(Presence::Gone);
            }
            return Err(gap("answered 404 without a SCIM error, which any web server does".into()));
        }
        let row = answer::json(&reply).map_err(|trouble| trouble.at(one.into()))?;
        let account = wire::account(&self.name, &self.mapping, &row).map_err(gap)?;
        if account.id.id != id {
            return Err(gap("answered with another account than the one asked for".into()));
        }
        Ok(Presence::Here(Box::new(account)))
    }
}

fn headers() -> HeaderMap {
    let value = HeaderValue::from_static("application/scim+json, application/json;q=0.9");
    HeaderMap::from_iter([(ACCEPT, value)])
}

fn call(users: &str, query: Vec<(String, String)>, expects: &'static [u16]) -> Call {
    get("users", Place::Path(users.to_owned(), query), headers(), expects)
}
