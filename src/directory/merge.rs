//! One person out of their accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountRow, PersonRecord};
use crate::model::{Account, AccountId, Attribute, Attributes, FeedName, MatchKey, PersonId, Status};

/// A person as the rules see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person's number.
    pub id: PersonId,
    /// Where they stand; the first feed of `[people] prefer` that has an account of theirs decides.
    pub status: Status,
    /// How we know that they left; `None` while they have not.
    pub departure: Option<Departure>,
    /// E-mail address as written at the provider.
    pub email: Option<String>,
    /// Employee number as written at the provider.
    pub employee_number: Option<String>,
    /// Login name.
    pub user_name: Option<String>,
    /// Name for people to read.
    pub display_name: Option<String>,
    /// Attributes, each from the first feed in order of preference that has one.
    pub attributes: Attributes,
    /// The feed each attribute came from.
    pub sources: BTreeMap<Attribute, FeedName>,
    /// The feeds whose account of the person is neither gone nor absent beyond doubt.
    pub feeds: BTreeSet<FeedName>,
    /// The feed that decided `status`.
    pub status_feed: Option<FeedName>,
    /// The text that orders people who wait equally long: employee number, else e-mail, else account id.
    pub order_key: String,
}

/// How it is known that somebody left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The provider said so: deactivated, disabled or deleted.
    Positive {
        /// The feed that said it.
        feed: FeedName,
        /// The provider's own word.
        word: String,
    },
    /// Missing from a whole reading, and gone by a read by id; accepted or within `feed_shrink`.
    Absence {
        /// The feed that no longer shows them.
        feed: FeedName,
        /// False while the feed's shrinking is not accepted, so that the loss is held under `feed_shrink`.
        accepted: bool,
    },
}

/// Two claims on one identity. Nobody gains or loses by it until a person resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The first key of `match_on` that several claim, such as `employee_number`.
    pub key: String,
    /// The value, trimmed and in lower case.
    pub value: String,
    /// The other people who claim it, or a value of another key of this person; a few of them where there are many.
    pub with: BTreeSet<PersonId>,
}

/// How accounts of several feeds become one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Keys in the order they are tried; the immutable id of a feed always wins.
    pub match_on: Vec<MatchKey>,
    /// Feeds in the order their word counts; feeds not named come after, all alike.
    pub prefer: Vec<FeedName>,
}

/// Makes one person of a record.
///
/// The accounts of the first feed of `prefer` that has one decide the status; accounts of feeds that are not named
/// decide together. Of several that decide, the one most alive wins, so that no second account costs a seat.
pub fn merge(record: &PersonRecord, matching: &Matching) -> Person {
    let accounts = ranked(record, matching);
    let decides = accounts.first();
    let (status, departure) = decides.map_or((Status::Unknown, None), Ranked::standing);
    let present = accounts.iter().any(Ranked::is_present);
    let telling = || accounts.iter().filter(move |account| account.is_present() == present).map(|it| &it.row.account);
    let mut attributes = Attributes::new();
    let mut sources = BTreeMap::new();
    for account in telling() {
        for (attribute, values) in &account.attributes {
            if !attributes.contains_key(attribute) && values.iter().any(|value| !value.trim().is_empty()) {
                attributes.insert(attribute.clone(), values.clone());
                sources.insert(attribute.clone(), account.id.feed.clone());
            }
        }
    }
    let text = |of: fn(&Account) -> &Option<String>| {
        telling().find_map(|account| of(account).as_deref().filter(|text| !text.trim().is_empty())).map(str::to_owned)
    };
    let email = text(|account| &account.email);
    let employee_number = text(|account| &account.employee_number);
    let account_id = || accounts.iter().map(Ranked::id).min().map(ToString::to_string);
    let order_key = employee_number.clone().or_else(|| email.clone()).or_else(account_id).unwrap_or_default();
    Person {
        id: record.id,
        status,
        departure,
        order_key: order_key.trim().to_owned(),
        email,
        employee_number,
        user_name: text(|account| &account.user_name),
        display_name: text(|account| &account.display_name),
        attributes,
        sources,
        feeds: accounts.iter().filter(|account| account.is_present()).map(|account| account.feed().clone()).collect(),
        status_feed: decides.map(|account| account.feed().clone()),
    }
}

/// The accounts of a person, the one whose word counts most first.
pub(super) fn ranked<'a>(record: &'a PersonRecord, matching: &Matching) -> Vec<Ranked<'a>> {
    let mut accounts: Vec<Ranked<'a>> = record.accounts.iter().map(|row| Ranked::new(row, matching)).collect();
    accounts.sort_by(|a, b| (a.rank, a.life, a.id()).cmp(&(b.rank, b.life, b.id())));
    accounts
}

/// An account with what orders it among those of its person.
pub(super) struct Ranked<'a> {
    pub(super) row: &'a AccountRow,
    pub(super) rank: usize,
    pub(super) life: Life,
}

/// How much an account speaks for somebody working here, most first. An unknown word may mean active, so it comes
/// before every word that could cost a seat. Among those who left the weakest evidence decides: one absence that is
/// not believed holds the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Life {
    Active,
    Unknown,
    OnLeave,
    Suspended,
    PreStart,
    Doubted,
    Absent,
    Gone,
}

impl<'a> Ranked<'a> {
    fn new(row: &'a AccountRow, matching: &Matching) -> Self {
        let feed = &row.account.id.feed;
        let rank = matching.prefer.iter().position(|name| name == feed).unwrap_or(matching.prefer.len());
        let life = match (row.account.status, row.missing.filter(|missing| missing.confirmed)) {
            (Status::Gone, _) => Life::Gone,
            (_, Some(missing)) if missing.accepted => Life::Absent,
            (_, Some(_)) => Life::Doubted,
            (Status::Active, None) => Life::Active,
            (Status::Unknown, None) => Life::Unknown,
            (Status::OnLeave, None) => Life::OnLeave,
            (Status::Suspended, None) => Life::Suspended,
            (Status::PreStart, None) => Life::PreStart,
        };
        Self { row, rank, life }
    }

    pub(super) fn id(&self) -> &AccountId {
        &self.row.account.id
    }

    fn feed(&self) -> &FeedName {
        &self.row.account.id.feed
    }

    /// Whether its facts still tell something. An absence that is not believed takes no fact away: otherwise a feed
    /// that fails would look like a change of everybody's job code.
    pub(super) fn is_present(&self) -> bool {
        self.life < Life::Absent
    }

    pub(super) fn standing(&self) -> (Status, Option<Departure>) {
        let feed = self.feed().clone();
        let departure = match self.life {
            Life::Active | Life::Unknown | Life::OnLeave | Life::Suspended | Life::PreStart => {
                return (self.row.account.status, None);
            }
            Life::Doubted => Departure::Absence { feed, accepted: false },
            Life::Absent => Departure::Absence { feed, accepted: true },
            Life::Gone => Departure::Positive { feed, word: self.row.account.raw_status.clone() },
        };
        (Status::Gone, Some(departure))
    }
}
