//! What passes have to remember from earlier ones: what passed lately, and the catalog they were made by.

use super::warden::{Warden, WardenError};
use crate::model::Time;
use crate::seats::{self, Plan, Recent, Shape, Span};
use crate::store::{Batch, Store, StoreError};

/// The note that keeps the shape of the catalog that earlier passes were made by.
const CATALOG: &str = "catalog_shape";

impl Warden {
    /// Takes in what the journal has got since the last look; the first look reads no further back than a brake can
    /// count, so that a restart forgets nothing and reads no years.
    pub(super) fn recall(&self) -> Result<(), StoreError> {
        let store = self.parts.store.as_ref();
        let now = self.now();
        let known = self.stand().recalled;
        let from = match known {
            Some(next) => next,
            // A plan that is released within the week was held at most so much earlier.
            None => first_since(store, Span::Week.start(now).minus(self.parts.config.brakes.approval_expires))?,
        };
        let mut next = from;
        let mut last_pass = 0;
        let mut recent = if known.is_some() { std::mem::take(&mut self.stand().recent) } else { Recent::default() };
        let read = store.journal(from, &mut |entry| {
            recent.take_in(entry.at, &entry.event);
            next = entry.seq.saturating_add(1);
            last_pass = last_pass.max(entry.pass);
            true
        });
        recent.forget(now);
        let mut standing = self.stand();
        standing.recent = recent;
        standing.recalled = Some(next);
        drop(standing);
        self.saw_pass(last_pass);
        read
    }

    /// The catalog that earlier passes were made by.
    pub(super) fn catalog_before(&self) -> Option<Shape> {
        let note = self.parts.store.note(CATALOG).ok().flatten()?;
        serde_json::from_str(&note).ok()
    }

    /// Keeps the catalog that the plan was made by, unless the plan holds what an edit of it would take: until that is
    /// decided it has to be told from an edit of the table.
    pub(super) async fn remember_catalog(&self, plan: &Plan, pass: u64) -> Result<(), WardenError> {
        if plan.held.iter().any(|held| held.cause.starts_with("catalog_edit")) {
            return Ok(());
        }
        let shape = seats::shape(&self.parts.catalog);
        let text = serde_json::to_string(&shape).unwrap_or_default();
        if self.parts.store.note(CATALOG)?.as_ref() != Some(&text) {
            let mut batch = Batch::new(self.now(), pass);
            batch.notes.insert(CATALOG.to_owned(), Some(text));
            self.commit(batch).await?;
        }
        Ok(())
    }
}

/// The number of the first entry at or after `from`, by halving: a journal of years is not read for one day.
fn first_since(store: &dyn Store, from: Time) -> Result<u64, StoreError> {
    first_seq(|seq| {
        let mut reached = true;
        store.journal(seq, &mut |entry| {
            reached = entry.at >= from;
            false
        })?;
        Ok(reached)
    })
}

/// The number of the first entry of which `reached` holds, as it does of all after it and behind the end.
pub(super) fn first_seq(reached: impl Fn(u64) -> Result<bool, StoreError>) -> Result<u64, StoreError> {
    let mut low = 1_u64;
    let mut high = 1_u64;
    while !reached(high)? {
        low = high;
        high = high.saturating_mul(2);
    }
    while low < high {
        let middle = low.midpoint(high);
        if reached(middle)? {
            high = middle;
        } else {
            low = middle.saturating_add(1);
        }
    }
    Ok(low)
}
