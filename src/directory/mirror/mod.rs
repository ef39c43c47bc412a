//! The index of the mirror: which account is whose, and whether its facts are new. Hashes and numbers only, so that a
//! million accounts take tens of megabytes; the records themselves stay in the store.
//!
//! `facts` hashes an account, `index` finds rows by account, person and key value, `link` says which accounts are one
//! person, `relink` keeps links and conflicts up to date, `work` gathers the records that a call changes.
//!
//! An account never changes its person once that is **settled**: a rename keeps the person, whatever the new names
//! match. Settled are accounts that were loaded, and all of them when a new round of readings begins. Until then the
//! accounts first shown in a round are linked by their facts alone, so that pages, feeds and restarts in the middle
//! of a page may come in any order.

mod facts;
mod index;
mod link;
mod relink;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use self::facts::{ABSENT, account_hash, digest, is_live, key_hash, value_hash};
use self::index::{Flags, Index, NEVER, Row};
use self::relink::{WORN, take};
use self::work::Work;
use super::{AccountRow, Asked, Conflict, Matching, Missing, Page, PersonRecord};
use crate::model::{Account, AccountId, FeedName, MatchKey, PersonId, Status, Time};

pub use facts::normalize;

/// Reads the record of a person as of the last call, also when what that call returned is not committed yet.
pub type Lookup<'a> = &'a mut dyn FnMut(PersonId) -> Option<PersonRecord>;

/// What a page changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// Records to write, whole. One without accounts frees the record of a number that turned out to be somebody
    /// else; the number is not used again.
    pub records: Vec<PersonRecord>,
    /// People to look at again.
    pub dirty: BTreeSet<PersonId>,
    /// Accounts of the page that this whole reading had not shown before.
    pub new_in_reading: u64,
    /// Accounts of the page that this whole reading had shown before: the walk drifted.
    pub repeated: u64,
    /// Accounts whose rows are older than what is known of them: they stay as they are until they are read by id.
    pub doubted: BTreeSet<AccountId>,
}

/// See the module.
#[derive(Debug)]
pub struct Mirror {
    matching: Matching,
    /// Columns of the index by rank in `match_on`.
    ranks: Vec<usize>,
    index: Index,
    feeds: Vec<FeedState>,
    /// The next number of a person.
    next: u64,
    /// Accounts that are not settled.
    fresh: Vec<u32>,
    /// Accounts of which only the journal knows.
    reserved: BTreeMap<u32, AccountId>,
    conflicts: BTreeMap<PersonId, Conflict>,
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct FeedState {
    name: FeedName,
    live: u64,
    begun: bool,
}

impl Default for Mirror {
    fn default() -> Self {
        Self::new(Matching::default())
    }
}

impl Mirror {
    /// An empty mirror.
    pub fn new(matching: Matching) -> Self {
        // All of them, since desks may be matched by keys that people are not.
        let index = Index::new(&[MatchKey::EmployeeNumber, MatchKey::Email, MatchKey::UserName]);
        let ranks = matching.match_on.iter().filter_map(|&key| index.column_of(key)).collect();
        Self {
            matching,
            ranks,
            index,
            feeds: Vec::new(),
            next: 1,
            fresh: Vec::new(),
            reserved: BTreeMap::new(),
            conflicts: BTreeMap::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes in a stored record, at start. What it says is settled.
    pub fn load(&mut self, record: &PersonRecord) {
        self.keep_number(record.id);
        let mut none = |_: PersonId| None;
        let mut work = Work::new(&mut none);
        for row in &record.accounts {
            let feed = self.feed(&row.account.id.feed);
            let hash = account_hash(&row.account.id);
            let at = self.index.find(hash).unwrap_or_else(|| self.push(hash, feed, Flags::default(), record.id));
            self.index.give(at, record.id);
            self.write(at, row, Flags::default());
            self.touch(at, &mut work);
        }
        if !work.values.is_empty() {
            work.keep(record.clone());
            self.refresh(&mut work);
        }
    }

    /// Keeps a number for the accounts it stood for, so that a store rebuilt from the journal finds its people again.
    /// Accounts that no reading shows are then `unseen` like any other.
    pub fn reserve(&mut self, person: PersonId, accounts: &[AccountId]) {
        self.keep_number(person);
        for account in accounts {
            let hash = account_hash(account);
            if self.index.find(hash).is_none() {
                let feed = self.feed(&account.feed);
                let flags = Flags::LIVE.with(Flags::RESERVED, true);
                let at = self.push(hash, feed, flags, person);
                self.reserved.insert(at, account.clone());
            }
        }
    }

    /// Settles every link made so far. To be called when a pass has read its feeds and begins to decide; a whole
    /// reading of a feed that was begun before in this round does the same.
    pub fn settle(&mut self) {
        for at in std::mem::take(&mut self.fresh) {
            self.index.flag(at, Flags::FRESH, false);
        }
        for feed in &mut self.feeds {
            feed.begun = false;
        }
    }

    /// Begins a whole reading of a feed: nothing has been shown yet. A reading that ends badly needs no undoing.
    pub fn begin_whole(&mut self, feed: &FeedName) {
        let number = self.feed(feed);
        if self.feeds.get(usize::from(number)).is_some_and(|feed| feed.begun) {
            self.settle();
        }
        if let Some(feed) = self.feeds.get_mut(usize::from(number)) {
            feed.begun = true;
        }
        self.index.clear(number, Flags::SEEN);
    }

    /// Takes in a page. The last word on an account wins; of accounts and removals the removals. A listed row that the
    /// provider changed before what is known of the account is not believed but named in `doubted`: a cached page would
    /// take back what has happened since. A read by id is always believed, so that a provider whose clock went back, or
    /// that was restored, is followed.
    pub fn absorb(&mut self, feed: &FeedName, page: &Page, read_at: Time, lookup: Lookup<'_>) -> Absorbed {
        let mut work = Work::new(lookup);
        let number = self.feed(feed);
        for account in &page.accounts {
            self.show(number, account, page.asked, read_at, &mut work);
        }
        for removed in &page.removed {
            let id = AccountId { feed: feed.clone(), id: removed.id.clone() };
            self.remove(&id, &removed.how, read_at, &mut work);
        }
        self.refresh(&mut work);
        work.done()
    }

    /// Accounts of a feed that the whole reading since `begin_whole` did not show, other than those already known to
    /// be gone or accepted as missing.
    pub fn unseen(&self, feed: &FeedName, lookup: Lookup<'_>) -> Vec<(PersonId, AccountId)> {
        let Some(number) = self.feed_number(feed) else { return Vec::new() };
        let mut people = BTreeSet::new();
        let mut unseen = Vec::new();
        for (at, row) in (0_u32..).zip(self.index.rows()) {
            let missed = row.feed == number && row.flags.has(Flags::LIVE) && !row.flags.has(Flags::SEEN);
            if missed && row.flags.has(Flags::RESERVED) {
                unseen.extend(self.reserved.get(&at).map(|id| (row.person, id.clone())));
            } else if missed {
                people.insert(row.person);
            }
        }
        for person in people {
            let Some(record) = lookup(person) else { continue };
            let ids = record.accounts.into_iter().map(|row| row.account.id).filter(|id| &id.feed == feed);
            unseen.extend(ids.filter(|id| self.is_missed(id)).map(|id| (person, id)));
        }
        unseen.sort();
        unseen
    }

    fn is_missed(&self, id: &AccountId) -> bool {
        let row = self.index.find(account_hash(id)).and_then(|at| self.index.row(at));
        row.is_some_and(|row| row.flags.has(Flags::LIVE) && !row.flags.has(Flags::SEEN))
    }

    /// Writes down that whole readings no longer show these accounts. `confirmed`: a read by id said gone.
    /// `accepted`: the absence is believed. Neither is taken back until the account is shown again.
    pub fn mark_missing(
        &mut self,
        accounts: &[(PersonId, AccountId)],
        confirmed: bool,
        accepted: bool,
        at: Time,
        lookup: Lookup<'_>,
    ) -> Absorbed {
        let mut work = Work::new(lookup);
        for (_, id) in accounts {
            let Some((number, row)) = self.known(id, at, &mut work) else { continue };
            if row.account.status == Status::Gone {
                continue;
            }
            let missing = Missing {
                since: row.missing.map_or(at, |missing| missing.since),
                confirmed: confirmed || row.missing.is_some_and(|missing| missing.confirmed),
                accepted: accepted || row.missing.is_some_and(|missing| missing.accepted),
            };
            if row.missing != Some(missing) {
                self.change(number, AccountRow { missing: Some(missing), ..row }, &mut work);
            }
        }
        self.refresh(&mut work);
        work.done()
    }

    /// People who share an identity with others. Everybody named in one has one.
    pub fn conflicts(&self) -> &BTreeMap<PersonId, Conflict> {
        &self.conflicts
    }

    /// Live accounts of a feed: not gone by the provider's word, and not absent beyond doubt.
    pub fn accounts(&self, feed: &FeedName) -> u64 {
        self.feeds.iter().find(|known| &known.name == feed).map_or(0, |feed| feed.live)
    }

    /// Whose account it is.
    pub fn person_of(&self, account: &AccountId) -> Option<PersonId> {
        self.index.row(self.index.find(account_hash(account))?).map(|row| row.person)
    }

    /// People with that value of a key, by hash: the caller compares the record.
    pub fn find(&self, key: MatchKey, value: &str) -> Vec<PersonId> {
        let Some(column) = self.index.column_of(key) else { return Vec::new() };
        let value = normalize(value).map_or(ABSENT, |text| value_hash(&text));
        let rows = self.index.with_value(column, value).filter_map(|at| self.index.row(at));
        let people: BTreeSet<PersonId> = rows.map(|row| row.person).collect();
        people.into_iter().collect()
    }

    /// How many people there are.
    pub fn people(&self) -> u64 {
        self.index.people() as u64
    }

    /// Takes in an account that a reading shows.
    fn show(&mut self, feed: u16, account: &Account, asked: Asked, read_at: Time, work: &mut Work<'_>) {
        let hash = account_hash(&account.id);
        let Some(at) = self.index.find(hash) else {
            work.new_in_reading += 1;
            let person = take(&mut self.next, work);
            let at = self.push(hash, feed, Flags::SEEN.with(Flags::FRESH, true), person);
            self.fresh.push(at);
            let row = AccountRow { account: account.clone(), read_at, missing: None };
            self.write(at, &row, Flags::SEEN.with(Flags::FRESH, true));
            work.put(person, row);
            self.relink(&[at], work);
            self.touch(at, work);
            if self.index.of_person(person).next().is_none() && self.next == person.0.saturating_add(1) {
                work.forget(person);
                self.next = person.0;
            }
            return;
        };
        let Some(known) = self.index.row(at).copied() else { return };
        if known.flags.has(Flags::SEEN) {
            work.repeated += 1;
        } else {
            work.new_in_reading += 1;
            self.index.flag(at, Flags::SEEN, true);
        }
        let same = known.digest == digest(account, &mut self.scratch) && !known.flags.has(Flags::RESERVED);
        let changed_at = changed(account);
        if same && !known.flags.has(Flags::MISSING) {
            // The record is not written for it: after a restart a row has to be a little older to be doubted.
            if asked == Asked::ById || changed_at > known.changed_at {
                self.index.changed(at, changed_at);
            }
            return;
        }
        if asked == Asked::Listed && !same && is_stale(known, account.status, changed_at) {
            work.doubted.insert(account.id.clone());
            return;
        }
        let before = same.then(|| work.row(known.person, hash).map(|row| row.read_at)).flatten();
        let row = AccountRow { account: account.clone(), read_at: before.unwrap_or(read_at), missing: None };
        self.change(at, row, work);
    }

    /// Takes in the provider's word that an account is deleted. Accounts never shown are nobody's.
    fn remove(&mut self, id: &AccountId, how: &str, read_at: Time, work: &mut Work<'_>) {
        let gone = |at: u32| self.index.row(at).is_some_and(|row| row.flags.has(Flags::GONE));
        if self.index.find(account_hash(id)).is_some_and(gone) {
            return;
        }
        let Some((at, mut row)) = self.known(id, read_at, work) else { return };
        row.account.status = Status::Gone;
        how.clone_into(&mut row.account.raw_status);
        self.change(at, AccountRow { read_at, missing: None, ..row }, work);
    }

    /// An account of the index with its facts; of one that only the journal knows, next to none.
    fn known(&self, id: &AccountId, read_at: Time, work: &mut Work<'_>) -> Option<(u32, AccountRow)> {
        let at = self.index.find(account_hash(id))?;
        let row = self.index.row(at)?;
        let unknown = || AccountRow { account: unknown_account(id), read_at, missing: None };
        Some((at, work.row(row.person, row.hash).cloned().unwrap_or_else(unknown)))
    }

    /// Writes new facts of an account that has a person.
    fn change(&mut self, at: u32, row: AccountRow, work: &mut Work<'_>) {
        let Some(known) = self.index.row(at).copied() else { return };
        let before: Vec<u64> = self.ranks.iter().map(|&column| self.index.value(column, at)).collect();
        let moved = self.ranks.iter().zip(&before).any(|(&column, &value)| {
            self.index.kinds().any(|(number, key)| number == column && key_hash(&row.account, key) != value)
        });
        let turned = known.flags.has(Flags::LIVE) != is_live(&row);
        if !moved && !turned {
            self.write(at, &row, known.flags);
            work.put(known.person, row);
            return;
        }
        // New facts of an account never part it from its person.
        let siblings: Vec<u32> = self.index.of_person(known.person).collect();
        for sibling in siblings {
            self.index.flag(sibling, Flags::FRESH, false);
        }
        self.touch(at, work);
        self.write(at, &row, known.flags.with(Flags::FRESH, false));
        work.put(known.person, row);
        let mut seeds = vec![at];
        for (&column, &value) in self.ranks.iter().zip(&before) {
            seeds.extend(self.index.with_value(column, value).take(WORN + 2));
        }
        self.relink(&seeds, work);
        self.touch(at, work);
        work.people.insert(known.person);
    }

    /// Brings a row of the index in line with a record.
    fn write(&mut self, at: u32, row: &AccountRow, flags: Flags) {
        let flags = flags
            .with(Flags::LIVE, is_live(row))
            .with(Flags::GONE, row.account.status == Status::Gone)
            .with(Flags::MISSING, row.missing.is_some())
            .with(Flags::RESERVED, false);
        let counted = |flags: Flags| flags.has(Flags::LIVE) && !flags.has(Flags::RESERVED);
        if let Some(known) = self.index.row(at)
            && let Some(feed) = self.feeds.get_mut(usize::from(known.feed))
        {
            feed.live = feed.live + u64::from(counted(flags)) - u64::from(counted(known.flags));
            if known.flags.has(Flags::RESERVED) {
                self.reserved.remove(&at);
            }
        }
        let digest = digest(&row.account, &mut self.scratch);
        self.index.note(at, digest, flags);
        self.index.changed(at, changed(&row.account));
        let columns: Vec<(usize, MatchKey)> = self.index.kinds().collect();
        for (column, key) in columns {
            self.index.set_value(column, at, key_hash(&row.account, key));
        }
    }

    fn push(&mut self, hash: u64, feed: u16, flags: Flags, person: PersonId) -> u32 {
        self.index.push(hash, feed, flags, person)
    }

    fn keep_number(&mut self, person: PersonId) {
        self.next = self.next.max(person.0.saturating_add(1));
    }

    fn feed_number(&self, feed: &FeedName) -> Option<u16> {
        self.feeds.iter().position(|known| &known.name == feed).and_then(|at| u16::try_from(at).ok())
    }

    fn feed(&mut self, feed: &FeedName) -> u16 {
        self.feed_number(feed).unwrap_or_else(|| {
            self.feeds.push(FeedState { name: feed.clone(), live: 0, begun: false });
            u16::try_from(self.feeds.len() - 1).unwrap_or(u16::MAX)
        })
    }
}

/// When the provider changed an account, as the index keeps it.
fn changed(account: &Account) -> i64 {
    account.changed_at.map_or(NEVER, Time::millis)
}

/// Whether a row is older than what is known. Deleting an account leaves its time as it was, so a row of the same time
/// comes from before that, or else the account was brought back: a read by id tells.
fn is_stale(known: Row, status: Status, changed_at: i64) -> bool {
    let revives = known.flags.has(Flags::GONE) && status != Status::Gone;
    changed_at != NEVER && (changed_at < known.changed_at || revives && changed_at == known.changed_at)
}

/// What is known of an account that only the journal names. Its unknown status gains and loses nothing.
fn unknown_account(id: &AccountId) -> Account {
    Account {
        id: id.clone(),
        status: Status::Unknown,
        raw_status: "known from the journal only".to_owned(),
        user_name: None,
        email: None,
        employee_number: None,
        display_name: None,
        attributes: BTreeMap::new(),
        changed_at: None,
    }
}
