//! What was: the journal read up to an instant.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use super::report::subject;
use crate::model::{Digest, PersonId, PoolId, Time};
use crate::rules::Basis;
use crate::seats::{Event, Ledger};

/// The most entries about one person that are kept.
pub const STORY: usize = 200;

/// Reads a journal from its first entry, up to and with the last one at or before an instant.
///
/// Reading ends at the first entry that is later: where a clock was set back, what was written again before that
/// instant counts as later.
#[derive(Debug)]
pub struct PastReader {
    until: Time,
    person: Option<PersonId>,
    digests: BTreeSet<Digest>,
    latest: Time,
    past: Past,
}

/// How seats stood at an instant, and what had happened to one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The ledger of then.
    pub ledger: Ledger,
    /// The first entry of the journal, also when it is later than the instant.
    pub begins: Option<Time>,
    /// The last entry that was read.
    pub last_seq: u64,
    /// The last [`STORY`] entries about the person, oldest first, with held plans that concern them.
    pub story: Vec<Entry>,
    /// The facts behind the person's seats, by pool, and when they were written down.
    pub proofs: BTreeMap<PoolId, (Time, Basis)>,
    /// The first entry that is earlier than the one before it: a clock was set back.
    pub set_back: Option<u64>,
}

impl PastReader {
    /// Begins to read. Without a person no story is kept.
    pub fn new(until: Time, person: Option<PersonId>) -> Self {
        Self { until, person, digests: BTreeSet::new(), latest: Time::from_millis(i64::MIN), past: Past::default() }
    }

    /// Takes the next entry. False when reading is over.
    pub fn take(&mut self, entry: &Entry) -> bool {
        self.past.begins.get_or_insert(entry.at);
        if entry.at > self.until {
            return false;
        }
        if entry.at < self.latest {
            self.past.set_back.get_or_insert(entry.seq);
        }
        self.latest = entry.at;
        self.past.ledger.apply(entry.at, &entry.event);
        self.past.last_seq = entry.seq;
        if let Some(person) = self.person
            && self.concerns(person, &entry.event)
        {
            self.prove(entry);
            if self.past.story.len() >= STORY {
                self.past.story.remove(0);
            }
            self.past.story.push(entry.clone());
        }
        true
    }

    /// What was read.
    pub fn done(self) -> Past {
        self.past
    }

    /// Whether an event is about the person, by name or as one of a held plan.
    fn concerns(&mut self, person: PersonId, event: &Event) -> bool {
        if let Event::Held(plan) = event
            && plan.steps.iter().any(|step| step.person == person)
        {
            self.digests.insert(plan.digest.clone());
            return true;
        }
        if let Event::Approved { digest, .. } | Event::Rejected { digest, .. } | Event::HoldEnded { digest, .. } = event
        {
            return self.digests.contains(digest);
        }
        subject(event) == Some(person)
    }

    fn prove(&mut self, entry: &Entry) {
        if let Event::Granting { pool, basis, .. }
        | Event::Adopted { pool, basis, .. }
        | Event::Rebased { pool, basis, .. } = &entry.event
        {
            self.past.proofs.insert(pool.clone(), (entry.at, basis.clone()));
        }
        if let Event::Revoked { pool, .. } | Event::GrantDropped { pool, .. } = &entry.event {
            self.past.proofs.remove(pool);
        }
    }
}
