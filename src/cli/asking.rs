//! Asks the daemon where one runs, else does it here. The user sees no difference.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::setup::{self, Ready};
use super::{Global, LogLevel, output};
use crate::inbound::control::{self, ControlError};
use crate::store::{Overlay, SledStore, Store, StoreError};
use crate::worker::request::{FRAMES, exit};
use crate::worker::{Answer, Frame, Request, Warden};

/// Asks and hands frames on as they come. `Err` is an exit code for trouble that was shown already.
pub(super) async fn ask(global: &Global, request: Request, each: &mut (dyn FnMut(Frame) + Send)) -> Result<Answer, u8> {
    setup::start_log(global, LogLevel::Warn);
    let ready = setup::read(global)?;
    let socket = ready.loaded.config.listen.control.clone();
    match control::ask(&socket, &request, each).await {
        Ok(answer) => return Ok(answer),
        Err(ControlError::NoDaemon(_)) => {}
        Err(error @ ControlError::NotAllowed(_)) => {
            output::complain(&error.to_string());
            return Err(exit::REFUSED);
        }
        Err(error @ (ControlError::Broken(_) | ControlError::Listen { .. })) => {
            output::complain(&error.to_string());
            return Err(exit::UNREACHABLE);
        }
    }
    let store = open_store(&ready, !writes(&request))?;
    let warden = setup::warden(global, ready, store)?;
    here(&warden, request, each).await
}

/// Asks without caring for frames.
pub(super) async fn ask_once(global: &Global, request: Request) -> Result<Answer, u8> {
    ask(global, request, &mut |frame| {
        if let Frame::Talk(text) = frame {
            output::talk(global, &text);
        }
    })
    .await
}

async fn here(warden: &Warden, request: Request, each: &mut (dyn FnMut(Frame) + Send)) -> Result<Answer, u8> {
    let (frames, mut waiting) = mpsc::channel(FRAMES);
    let answer = warden.answer(request, &frames);
    tokio::pin!(answer);
    let end = loop {
        tokio::select! {
            biased;
            Some(frame) = waiting.recv() => each(frame),
            end = &mut answer => break end,
        }
    };
    while let Ok(frame) = waiting.try_recv() {
        each(frame);
    }
    Ok(end)
}

/// Opens the store of the configuration. Where none exists yet and nothing is to be written, an empty one in memory
/// serves, so that `plan` leaves no trace.
pub(super) fn open_store(ready: &Ready, read_only: bool) -> Result<Arc<dyn Store>, u8> {
    let path = &ready.loaded.config.store;
    if read_only && !path.exists() {
        return Ok(Arc::new(Overlay::empty()));
    }
    match SledStore::open(path) {
        Ok(opened) => {
            if let Some(why) = &opened.recovered {
                output::complain(&format!(
                    "the store was damaged and has been rebuilt ({why}); nothing is revoked until every feed was read whole"
                ));
            }
            Ok(Arc::new(opened.store))
        }
        Err(error @ StoreError::InUse { .. }) => {
            output::complain(&format!("{error}, and no daemon answers on its control socket"));
            Err(exit::UNREACHABLE)
        }
        Err(error) => {
            output::complain(&error.to_string());
            Err(exit::UNREACHABLE)
        }
    }
}

/// Whether a request changes the store.
fn writes(request: &Request) -> bool {
    match request {
        Request::Apply { .. }
        | Request::Sync { .. }
        | Request::Approve { .. }
        | Request::Reject { .. }
        | Request::TargetAdopt { .. } => true,
        Request::Plan {}
        | Request::Explain { .. }
        | Request::Status {}
        | Request::Seats {}
        | Request::People { .. }
        | Request::TargetList {}
        | Request::AuditExport { .. }
        | Request::AuditVerify {}
        | Request::StoreVerify {} => false,
    }
}
