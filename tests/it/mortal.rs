//! A store in memory whose process dies at a write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use seatwarden::audit::Entry;
use seatwarden::directory::PersonRecord;
use seatwarden::model::{FeedName, PersonId};
use seatwarden::seats::Ledger;
use seatwarden::store::{Batch, FeedState, Hint, Overlay, Store, StoreError, Verification};

/// When the process dies.
#[async_trait]
pub(super) trait Death: Send + Sync {
    /// Makes the write, unless the process dies before it; nobody hears of it when it dies behind it.
    async fn around(&self, write: BoxFuture<'_, Result<(), StoreError>>) -> Result<(), StoreError>;
}

/// The store.
pub(super) struct Mortal<D> {
    inner: Overlay,
    pub(super) death: D,
}

impl<D> Mortal<D> {
    pub(super) fn new(death: D) -> Self {
        Self { inner: Overlay::empty(), death }
    }
}

#[async_trait]
impl<D: Death> Store for Mortal<D> {
    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.death.around(self.inner.commit(batch)).await
    }

    fn ledger(&self) -> Arc<Ledger> {
        self.inner.ledger()
    }

    fn feeds(&self) -> Result<BTreeMap<FeedName, FeedState>, StoreError> {
        self.inner.feeds()
    }

    fn dirty(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        self.inner.dirty()
    }

    fn hints(&self) -> Result<BTreeMap<u64, Hint>, StoreError> {
        self.inner.hints()
    }

    fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.inner.note(name)
    }

    fn notes_under(&self, prefix: &str, each: &mut dyn FnMut(&str, String) -> bool) -> Result<(), StoreError> {
        self.inner.notes_under(prefix, each)
    }

    fn person(&self, id: PersonId) -> Result<Option<PersonRecord>, StoreError> {
        self.inner.person(id)
    }

    fn people(&self, each: &mut dyn FnMut(PersonRecord) -> bool) -> Result<(), StoreError> {
        self.inner.people(each)
    }

    fn journal(&self, from: u64, each: &mut dyn FnMut(Entry) -> bool) -> Result<(), StoreError> {
        self.inner.journal(from, each)
    }

    fn history(&self, person: PersonId, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.history(person, limit)
    }

    fn verify(&self) -> Result<Verification, StoreError> {
        self.inner.verify()
    }
}
