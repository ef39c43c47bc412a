//! The search index, which runs behind: a change shows up only some requests later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::World;
use crate::world::Person;

type Batch = Vec<(Arc<str>, Option<Person>)>;

/// What `search` sees.
#[derive(Debug, Default)]
pub(super) struct SearchIndex {
    shown: BTreeMap<Arc<str>, Person>,
    waiting: VecDeque<(u64, Batch)>,
    seen: u64,
    begun: bool,
}

impl SearchIndex {
    /// Takes note of what changed since the last request and shows what has waited for `lag` requests. What there was
    /// at the first request is shown at once.
    pub(super) fn catch_up(&mut self, world: &World, nth: u64, lag: u64) {
        let batch: Batch = world
            .log_after(self.seen)
            .iter()
            .filter_map(|change| change.accounts.okta.clone())
            .map(|id| {
                let person = world.okta_accounts().get(&id).and_then(|person| world.person(*person)).cloned();
                (id, person)
            })
            .collect();
        self.seen = world.last_seq();
        let due = if self.begun { nth.saturating_add(lag) } else { nth };
        self.begun = true;
        if !batch.is_empty() {
            self.waiting.push_back((due, batch));
        }
        while self.waiting.front().is_some_and(|(due, _)| *due <= nth) {
            for (id, person) in self.waiting.pop_front().into_iter().flat_map(|(_, batch)| batch) {
                match person {
                    Some(person) => drop(self.shown.insert(id, person)),
                    None => drop(self.shown.remove(&id)),
                }
            }
        }
    }

    pub(super) fn people(&self) -> impl Iterator<Item = (&Arc<str>, &Person)> {
        self.shown.iter()
    }
}
