//! How the servers misbehave, when they are told to.
//!
//! A [`Rule`] names requests (server, method, part of the path), says which of them are hit (the nth, every nth, all
//! from the nth on, so many in a thousand by a seed) and what happens to them, a [`Fault`]. Rules are pushed while the
//! servers run. The first rule that fires decides; the others count the request all the same.

mod body;
mod rows;
mod spoil;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use body::response_of;
pub(crate) use rows::LastPages;
pub(crate) use spoil::{after, before};

use crate::rng::Rng;
use crate::wire::Call;
use crate::{Server, State};

/// What goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Answers this status and body and does nothing.
    Status(u16, String),
    /// Answers 429 in the vendor's form and does nothing. `retry_after` in seconds; Okta shows it as a reset time.
    Throttle {
        /// What the vendor says about when to come back, if anything.
        retry_after: Option<u64>,
    },
    /// Answers 429 as Okta does when too many requests run at once: limit and remaining are 0.
    ConcurrencyLimit,
    /// Answers 200 with a proxy's HTML page.
    Html,
    /// Answers 200 with so many nested brackets.
    NestedBrackets(usize),
    /// Answers 200 with a list that never ends.
    EndlessBody,
    /// Sends the headers and a first byte, and then nothing more, without closing.
    Stall,
    /// Does what was asked, then sends half of the answer and cuts the connection.
    DropMidway,
    /// Does what was asked, then sends half of the answer as if it were all.
    TruncatedJson,
    /// Does what was asked, then answers 504.
    LoseAnswer,
    /// Sends the answer with the content type `text/plain`.
    WrongContentType,
    /// Sends the answer with a byte that is not UTF-8 in the middle.
    InvalidUtf8,
    /// Answers 200 with no rows and without a next page (Entra: also without a delta link).
    EmptyList,
    /// Leaves out the second half of a page's rows; links and totals stay.
    ShortPage,
    /// Gives the rows of the page before instead of this page's; the links stay.
    DuplicatePage,
    /// Gives a page's rows in reverse order.
    Reversed,
    /// Removes an attribute (a name at any depth) from every row: the mapping broke.
    LoseAttribute(String),
    /// Lets the next link lead to another origin, such as `https://evil.example`.
    HostileNext(String),
    /// Lets the next link lead to the page it stands on.
    LoopingNext,
    /// Answers as usual, but only after so long.
    Slow(Duration),
    /// Lets every access token that is out be expired before this request is looked at.
    ExpireTokens,
    /// Lets every cursor and delta token that is out be too old: SCIM `expiredCursor`, Entra 400 `syncStateNotFound`.
    ExpireCursors,
    /// Lets Entra forget every delta token that is out: 410 with a `Location`.
    ResetDelta,
    /// Lets something happen in the world before this request is answered: drift between two pages.
    Meanwhile(Twist),
}

/// Something to be done to the state in the middle of a run.
#[derive(Clone)]
pub struct Twist(Arc<dyn Fn(&mut State) + Send + Sync>);

impl fmt::Debug for Twist {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Twist")
    }
}

impl Fault {
    /// Makes a [`Fault::Meanwhile`]: `Fault::meanwhile(move |state| state.world.purge(ann))`.
    pub fn meanwhile(twist: impl Fn(&mut State) + Send + Sync + 'static) -> Self {
        Self::Meanwhile(Twist(Arc::new(twist)))
    }

    /// Gives the fault's name, as the journal shows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status(..) => "status",
            Self::Throttle { .. } => "throttle",
            Self::ConcurrencyLimit => "concurrency_limit",
            Self::Html => "html",
            Self::NestedBrackets(_) => "nested_brackets",
            Self::EndlessBody => "endless_body",
            Self::Stall => "stall",
            Self::DropMidway => "drop_midway",
            Self::TruncatedJson => "truncated_json",
            Self::LoseAnswer => "lose_answer",
            Self::WrongContentType => "wrong_content_type",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::EmptyList => "empty_list",
            Self::ShortPage => "short_page",
            Self::DuplicatePage => "duplicate_page",
            Self::Reversed => "reversed",
            Self::LoseAttribute(_) => "lose_attribute",
            Self::HostileNext(_) => "hostile_next",
            Self::LoopingNext => "looping_next",
            Self::Slow(_) => "slow",
            Self::ExpireTokens => "expire_tokens",
            Self::ExpireCursors => "expire_cursors",
            Self::ResetDelta => "reset_delta",
            Self::Meanwhile(_) => "meanwhile",
        }
    }

    /// The faults after which trying again helps. A client that retries ends where it would have ended without them.
    pub fn passing() -> Vec<Self> {
        vec![
            Self::Status(500, "{}".to_owned()),
            Self::Status(502, "<html>bad gateway</html>".to_owned()),
            Self::Status(503, String::new()),
            Self::Throttle { retry_after: Some(1) },
            Self::Throttle { retry_after: None },
            Self::DropMidway,
            Self::ExpireTokens,
            Self::LoseAnswer,
        ]
    }

    /// The faults that look like an answer. A client that believes them revokes people who are still there.
    pub fn lying() -> Vec<Self> {
        vec![
            Self::EmptyList,
            Self::ShortPage,
            Self::DuplicatePage,
            Self::TruncatedJson,
            Self::Html,
            Self::LoopingNext,
            Self::WrongContentType,
            Self::InvalidUtf8,
        ]
    }
}

#[derive(Debug, Clone, Copy)]
enum When {
    Always,
    Nth(u64),
    Every(u64),
    From(u64),
    Chance(u32),
}

/// Which requests are hit, and by what.
#[derive(Debug, Clone)]
pub struct Rule {
    server: Option<Server>,
    method: Option<String>,
    path: Option<String>,
    query: Option<String>,
    when: When,
    left: Option<u64>,
    counted: u64,
    rng: Rng,
    faults: Vec<Fault>,
}

impl Rule {
    /// Begins a rule for every request to one server.
    pub fn on(server: Server) -> Self {
        Self { server: Some(server), ..Self::any() }
    }

    /// Begins a rule for every request to any server.
    pub fn any() -> Self {
        let (server, method, path, query) = (None, None, None, None);
        Self {
            server,
            method,
            path,
            query,
            when: When::Always,
            left: None,
            counted: 0,
            rng: Rng::new(0),
            faults: Vec::new(),
        }
    }

    /// Keeps to one method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Keeps to paths that contain this text.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Keeps to queries that contain this text, as sent or decoded.
    #[must_use]
    pub fn query(mut self, part: &str) -> Self {
        self.query = Some(part.to_owned());
        self
    }

    /// Hits the nth such request alone, counted from 1.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.when = When::Nth(nth);
        self
    }

    /// Hits every nth such request.
    #[must_use]
    pub fn every(mut self, nth: u64) -> Self {
        self.when = When::Every(nth.max(1));
        self
    }

    /// Hits the nth such request and all after it.
    #[must_use]
    pub fn from(mut self, nth: u64) -> Self {
        self.when = When::From(nth);
        self
    }

    /// Hits so many of a thousand such requests, as a seed decides.
    #[must_use]
    pub fn chance(mut self, per_mille: u32, seed: u64) -> Self {
        self.when = When::Chance(per_mille);
        self.rng = Rng::labeled(seed, "faults");
        self
    }

    /// Ends the rule after so many hits.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.left = Some(times);
        self
    }

    /// Says what happens.
    #[must_use]
    pub fn play(mut self, fault: Fault) -> Self {
        self.faults = vec![fault];
        self
    }

    /// Lets one of several things happen, drawn by the seed of [`Rule::chance`].
    #[must_use]
    pub fn play_one_of(mut self, faults: Vec<Fault>) -> Self {
        self.faults = faults;
        self
    }

    fn meet(&mut self, server: Server, call: &Call) -> Option<Fault> {
        let Self { server: on, method, path, query, when, left, counted, rng, faults } = self;
        let decoded = |part: &str| call.query.iter().any(|(key, value)| format!("{key}={value}").contains(part));
        let named = on.is_none_or(|on| on == server)
            && method.as_deref().is_none_or(|method| call.method.as_str() == method)
            && path.as_deref().is_none_or(|part| call.path.contains(part))
            && query.as_deref().is_none_or(|part| call.raw_query.contains(part) || decoded(part));
        if !named || *left == Some(0) {
            return None;
        }
        *counted += 1;
        let hit = match *when {
            When::Always => true,
            When::Nth(nth) => *counted == nth,
            When::Every(nth) => counted.is_multiple_of(nth),
            When::From(nth) => *counted >= nth,
            When::Chance(per_mille) => rng.chance(per_mille),
        };
        if !hit {
            return None;
        }
        *left = left.map(|left| left - 1);
        rng.pick(faults).cloned()
    }
}

/// The rules in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Rule>>>);

impl Faults {
    /// Adds a rule, after those that stand.
    pub fn push(&self, rule: Rule) {
        self.rules().push(rule);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.rules().clear();
    }

    /// Lets so many of a thousand requests to a server meet one of `faults`, as a seed decides.
    pub fn storm(&self, server: Server, seed: u64, per_mille: u32, faults: Vec<Fault>) {
        self.push(Rule::on(server).chance(per_mille, seed).play_one_of(faults));
    }

    pub(crate) fn meet(&self, server: Server, call: &Call) -> Option<Fault> {
        let met: Vec<Fault> = self.rules().iter_mut().filter_map(|rule| rule.meet(server, call)).collect();
        met.into_iter().next()
    }

    /// Whether some rule may ask for the page before; keeping it costs a look at every answer.
    pub(crate) fn want_pages(&self) -> bool {
        self.rules().iter().any(|rule| rule.faults.iter().any(|fault| matches!(fault, Fault::DuplicatePage)))
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Twist {
    pub(crate) fn happen(&self, state: &mut State) {
        (self.0)(state);
    }
}
