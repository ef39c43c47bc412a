//! The one thread that writes. Whatever is queued when it looks becomes one group with one sync.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::{mpsc, oneshot};

use super::changes::{Group, PeopleRows};
use super::engine::Engine;
use crate::store::{Batch, StoreError};

/// So many batches wait at most; further committers wait to get in.
pub(super) const QUEUE: usize = 1_024;
/// So many batches become one group at most.
const GROUP_BATCHES: usize = 512;
/// A group is closed once it has so many people, so that its memory is bounded whatever waits behind it.
const GROUP_PEOPLE: usize = 8_192;

/// A batch and who waits for it.
pub(super) struct Job {
    /// The batch without its people.
    pub(super) batch: Batch,
    pub(super) people: PeopleRows,
    pub(super) answer: oneshot::Sender<Result<(), StoreError>>,
}

/// Works until every sender is gone.
pub(super) fn run(mut engine: Engine, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut people = first.people.len();
        let mut queued = vec![first];
        while queued.len() < GROUP_BATCHES && people < GROUP_PEOPLE {
            let Ok(job) = jobs.try_recv() else { break };
            people = people.saturating_add(job.people.len());
            queued.push(job);
        }
        write(&mut engine, queued);
        while (jobs.is_empty() || engine.is_fold_overdue()) && fold(&mut engine) {
            if !jobs.is_empty() {
                break;
            }
        }
    }
    if engine.shared.stopped().is_none() {
        let shared = std::sync::Arc::clone(&engine.shared);
        let closed = guarded(|| {
            engine.sync_database().and_then(|()| engine.write_side()).and_then(|()| shared.folder.close_to_others())
        });
        if let Err(error) = closed {
            tracing::warn!(%error, "the store was not closed cleanly; the next opening checks it");
            shared.stop(&error.to_string());
        }
    }
}

fn write(engine: &mut Engine, jobs: Vec<Job>) {
    if let Some(why) = engine.shared.stopped() {
        for job in jobs {
            reply(job.answer, Err(StoreError::Stopped(why.clone())));
        }
        return;
    }
    let path = engine.shared.folder.journal();
    let mut tip = engine.manifest.journal.tip();
    let mut group = Group::default();
    let mut waiting = Vec::with_capacity(jobs.len());
    for Job { batch, people, answer } in jobs {
        match group.add(batch, people, &mut tip, &path) {
            Ok(()) => waiting.push(answer),
            Err(refused) => reply(answer, Err(refused)),
        }
    }
    if waiting.is_empty() {
        return;
    }
    match guarded(|| engine.commit(&mut group)) {
        Ok(()) => waiting.into_iter().for_each(|answer| reply(answer, Ok(()))),
        Err(error) => {
            // Whether the group is on disk is not known now; the next opening finds out.
            let why = error.to_string();
            tracing::error!(error = %why, "the store takes no more writes; restart once the cause is mended");
            engine.shared.stop(&why);
            let mut waiting = waiting.into_iter();
            if let Some(first) = waiting.next() {
                reply(first, Err(error));
            }
            waiting.for_each(|answer| reply(answer, Err(StoreError::Stopped(why.clone()))));
        }
    }
}

fn fold(engine: &mut Engine) -> bool {
    if engine.shared.stopped().is_some() {
        return false;
    }
    guarded(|| engine.fold()).unwrap_or_else(|error| {
        tracing::error!(%error, "the store takes no more writes; restart once the cause is mended");
        engine.shared.stop(&error.to_string());
        false
    })
}

/// Whoever no longer waits does not mind.
fn reply(answer: oneshot::Sender<Result<(), StoreError>>, result: Result<(), StoreError>) {
    drop(answer.send(result));
}

/// sled panics on pages that it cannot read.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::Damaged("the database could not read its own pages".to_owned())))
}
