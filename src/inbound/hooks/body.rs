//! Bodies: at most 1 MiB each, in a limited time, and all together in a limited memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refused;

/// The longest body.
pub(super) const LIMIT: usize = 1 << 20;

/// All bodies that are being read, in KiB. Taken as bytes come in, so that who only announces a body takes nothing.
pub(super) const ROOM_KIB: usize = 64 << 10;

/// What is read of a body that is not wanted. A connection that is closed before the sender is through may cost it
/// the answer.
const DISCARDED: usize = 64 << 20;

/// A body and its share of the room.
pub(super) struct Read {
    pub(super) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// Reads a body whole.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    room: &Arc<Semaphore>,
    time: Duration,
) -> Result<Read, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > LIMIT)) {
        discard(body, time).await;
        return Err(Refused::TooLarge);
    }
    tokio::time::timeout(time, gather(body, room)).await.unwrap_or(Err(Refused::TooSlow))
}

async fn gather(body: Body, room: &Arc<Semaphore>) -> Result<Read, Refused> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let mut taken: Option<OwnedSemaphorePermit> = None;
    let mut kib = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::Malformed("the body broke off".to_owned()))?;
        let length = bytes.len().saturating_add(chunk.len());
        if length > LIMIT {
            drop((bytes, taken));
            sink(chunks).await;
            return Err(Refused::TooLarge);
        }
        let more = length.div_ceil(1 << 10).saturating_sub(kib);
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            let full = |_| Refused::Busy("too many bodies are being read at once".to_owned());
            let permit = Arc::clone(room).try_acquire_many_owned(more).map_err(full)?;
            kib = length.div_ceil(1 << 10);
            match &mut taken {
                Some(taken) => taken.merge(permit),
                None => taken = Some(permit),
            }
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Read { bytes: bytes.freeze(), _room: taken })
}

/// Reads on without keeping anything, for a while.
pub(super) async fn discard(body: Body, time: Duration) {
    // Whether it came to an end is all the same.
    drop(tokio::time::timeout(time, sink(body.into_data_stream())).await);
}

async fn sink(mut chunks: axum::body::BodyDataStream) {
    let mut read = 0_usize;
    while let Some(Ok(chunk)) = chunks.next().await {
        read = read.saturating_add(chunk.len());
        if read > DISCARDED {
            return;
        }
    }
}
