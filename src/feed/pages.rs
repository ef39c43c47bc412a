//! The paging loop, once for all protocols.
//!
//! A protocol gives the first call and a `turn`: what an answer holds and where to go on. The loop fetches ahead while
//! a page is being taken in, keeps the limits, notices links that lead in a circle, and turns every trouble into a
//! [`Gap`] that names the call. It never decides what an account that was not shown means, and it never retries: that
//! is the client's work.

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use xxhash_rust::xxh3::xxh3_64;

use super::answer::{Trouble, date_of, trouble_of};
use super::tally::{Repeats, Tally};
use crate::directory::{Gap, GapKind, Page};
use crate::model::Time;
use crate::outbound::{Call, Client, Reply};

/// How far one walk may go before it is believed to have no end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Answers taken in, restarts included. At the smallest page cap seen in the field (20 rows) this is two million
    /// accounts.
    pub pages: u64,
    /// Accounts shown. Twice the largest directory that was measured; the seen ids then stay below 40 MB.
    pub accounts: u64,
    /// Pages without anybody, one after the other. Graph sends some in a row; nobody sends a thousand.
    pub empty: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pages: 100_000, accounts: 2_000_000, empty: 1_000 }
    }
}

/// What the protocol makes of an answer.
#[derive(Debug)]
pub(super) enum Turn {
    /// Some accounts, and where to go on.
    Next(Page, Call),
    /// The last accounts: the protocol's own sign of the end was seen.
    End(Page),
    /// Some accounts that are good, on a page that does not say well where to go on.
    Stop(Page, Trouble),
    /// What was read so far no longer holds together: begin again here. Granted once a walk.
    Restart(Call),
}

/// The end of a walk.
#[derive(Debug)]
pub(super) struct Walked {
    /// Accounts shown, each counted once.
    pub accounts: u64,
    /// What keeps the walk from being whole.
    pub gap: Option<Gap>,
    /// The server's `Date` when it gave the first answer.
    pub began: Option<Time>,
    /// The latest change that an account told.
    pub latest: Option<Time>,
}

/// One walk over the pages of a list.
pub(super) struct Walk<'a> {
    /// The way out.
    pub client: &'a Client,
    /// Where pages go. Bounded: the walk is never more than a page ahead of a full channel.
    pub pages: &'a mpsc::Sender<Page>,
    /// Method and path of the list, for gaps and logs.
    pub what: &'static str,
    /// Whether an account may be shown twice.
    pub repeats: Repeats,
    /// How far it may go.
    pub limits: Limits,
}

/// The receiver of the pages is gone.
struct Closed;

impl Walk<'_> {
    /// Walks from `first` to the end, to trouble or to a limit. Pages sent before trouble stand.
    pub(super) async fn run(
        self,
        first: Call,
        mut turn: impl FnMut(&Reply, &mut Tally) -> Result<Turn, Trouble> + Send,
    ) -> Walked {
        let mut tally = Tally::new(self.repeats);
        let mut began = None;
        let stop = self.steps(first, &mut tally, &mut began, &mut turn).await.err();
        // What ended the walk tells an operator more than what was odd on the way.
        let gap = stop.or_else(|| tally.gap(self.what));
        Walked { accounts: tally.accounts(), gap, began, latest: tally.latest }
    }

    async fn steps(
        &self,
        first: Call,
        tally: &mut Tally,
        began: &mut Option<Time>,
        turn: &mut (impl FnMut(&Reply, &mut Tally) -> Result<Turn, Trouble> + Send),
    ) -> Result<(), Gap> {
        let mut links = BTreeSet::from([hash_of(&first)]);
        let (mut taken, mut empty, mut restarted) = (0_u64, 0_u64, false);
        let mut reply = self.ahead(Page::default(), first, 1).await?;
        loop {
            let gap = |trouble: Trouble, tally: &Tally| trouble.at(label(self.what, tally.page));
            taken = taken.saturating_add(1);
            if began.is_none() {
                *began = date_of(&reply.headers);
            }
            let (page, next) = match turn(&reply, tally).map_err(|trouble| gap(trouble, tally))? {
                Turn::End(page) => return self.hand_over(page).await.map_err(|closed| gap(closed.into(), tally)),
                Turn::Stop(page, trouble) => return Err(gap(self.stop(page, trouble).await, tally)),
                Turn::Next(page, next) => (page, next),
                Turn::Restart(_) if restarted => {
                    return Err(gap(Trouble::drift("the list had to be begun again twice"), tally));
                }
                Turn::Restart(next) => {
                    restarted = true;
                    tally.clear();
                    links = BTreeSet::from([hash_of(&next)]);
                    tracing::info!(feed.name = self.client.peer().name, "begins the list again from its first page");
                    reply = self.ahead(Page::default(), next, 1).await?;
                    continue;
                }
            };
            empty = if is_empty(&page) { empty.saturating_add(1) } else { 0 };
            if let Some(trouble) = self.beyond(taken, empty, tally).or_else(|| circle(&mut links, &next)) {
                return Err(gap(self.stop(page, trouble).await, tally));
            }
            tally.page = tally.page.saturating_add(1);
            reply = self.ahead(page, next, tally.page).await?;
        }
    }

    /// Hands a page over while the next one is being fetched.
    async fn ahead(&self, page: Page, mut call: Call, number: u64) -> Result<Reply, Gap> {
        call.label = label(self.what, number);
        let both =
            async { tokio::try_join!(self.hand_over(page), async { Ok::<_, Closed>(self.client.send(call).await) }) };
        let outcome = tokio::select! {
            biased;
            outcome = both => outcome.map(|((), reply)| reply),
            // Nobody waits for the answer any more, however long it may take.
            () = self.pages.closed() => Err(Closed),
        };
        match outcome {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => Err(trouble_of(error).at(label(self.what, number))),
            Err(closed) => Err(Trouble::from(closed).at(label(self.what, number))),
        }
    }

    /// Shows the accounts of a good page before the walk gives up.
    async fn stop(&self, page: Page, trouble: Trouble) -> Trouble {
        self.hand_over(page).await.err().map_or(trouble, Trouble::from)
    }

    async fn hand_over(&self, page: Page) -> Result<(), Closed> {
        if is_empty(&page) {
            return Ok(());
        }
        self.pages.send(page).await.map_err(|_| Closed)
    }

    fn beyond(&self, taken: u64, empty: u64, tally: &Tally) -> Option<Trouble> {
        let Limits { pages, accounts, empty: most_empty } = self.limits;
        if taken >= pages {
            return Some(Trouble::invalid(format!("the list has no end after {pages} pages")));
        }
        if tally.accounts() > accounts {
            return Some(Trouble::invalid(format!("the list has more than {accounts} accounts")));
        }
        (empty > most_empty).then(|| Trouble::invalid(format!("{empty} pages in a row showed nobody")))
    }
}

impl From<Closed> for Trouble {
    fn from(Closed: Closed) -> Self {
        Self { kind: GapKind::Unreachable, why: "the reading was given up before the list ended".into() }
    }
}

fn circle(links: &mut BTreeSet<u64>, next: &Call) -> Option<Trouble> {
    (!links.insert(hash_of(next))).then(|| Trouble::invalid("the link to the next page leads back to an earlier one"))
}

fn hash_of(call: &Call) -> u64 {
    xxh3_64(format!("{:?}", call.place).as_bytes())
}

fn is_empty(page: &Page) -> bool {
    let Page { accounts, removed, asked: _ } = page;
    accounts.is_empty() && removed.is_empty()
}

/// The name of a call in gaps and logs.
pub(super) fn label(what: &str, page: u64) -> String {
    format!("{what} (page {page})")
}
