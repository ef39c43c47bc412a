//! Asks the daemon where one runs, else does it here. The user sees no difference.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
    let loaded = setup::read_config(global)?;
    let socket = loaded.config.listen.control.clone();
    if let Some(answer) = ask_daemon(&socket, &request, each).await? {
        return Ok(answer);
    }
    // A running daemon has its own table in force, whatever the files say now; here the files are all there is.
    let ready = if decides(&request) { setup::with_rules(global, loaded)? } else { setup::with_any_rules(loaded) };
    let mut tries = 0;
    let (store, recovered) = loop {
        match open_store(&ready, !writes(&request)) {
            Ok(opened) => break opened,
            // Somebody has just opened it: a daemon that will answer in a moment, or another command.
            Err(StoreError::InUse { .. }) if tries < OPEN_TRIES => {
                tries += 1;
                tokio::time::sleep(OPEN_PAUSE).await;
                if let Some(answer) = ask_daemon(&socket, &request, each).await? {
                    return Ok(answer);
                }
            }
            Err(error) => return Err(store_trouble(&error)),
        }
    };
    let lacks_secret = setup::lacks_secret(&ready.loaded);
    let verifies = matches!(request, Request::StoreVerify {});
    let warden = setup::warden(global, ready, store)?;
    let mut answer = here(&warden, request, each).await?;
    if let (true, Some(why)) = (verifies, recovered) {
        was_damaged(&mut answer, &why);
    }
    if answer.exit == exit::REFUSED && lacks_secret {
        // Nobody refused us: we came without the secret that the configuration names.
        answer.exit = exit::CONFIG;
    }
    Ok(answer)
}

/// How often a store in use is tried again, and how long after.
pub(super) const OPEN_TRIES: u32 = 50;
/// The pause between two tries.
pub(super) const OPEN_PAUSE: Duration = Duration::from_millis(100);

/// Asks the daemon; `None` where none runs.
async fn ask_daemon(
    socket: &Path,
    request: &Request,
    each: &mut (dyn FnMut(Frame) + Send),
) -> Result<Option<Answer>, u8> {
    match control::ask(socket, request, each).await {
        Ok(answer) => Ok(Some(answer)),
        Err(ControlError::NoDaemon(_)) => Ok(None),
        Err(error @ ControlError::NotAllowed(_)) => {
            output::complain(&error.to_string());
            Err(exit::REFUSED)
        }
        Err(error @ (ControlError::Broken(_) | ControlError::Listen { .. } | ControlError::Taken(_))) => {
            output::complain(&error.to_string());
            Err(exit::UNREACHABLE)
        }
    }
}

/// Shows why the store cannot be opened and gives the exit code.
pub(super) fn store_trouble(error: &StoreError) -> u8 {
    if matches!(error, StoreError::InUse { .. }) {
        output::complain(&format!("{error}, and no daemon answers on its control socket"));
    } else {
        output::complain(&error.to_string());
    }
    exit::UNREACHABLE
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
/// Says also what had to be mended.
pub(super) fn open_store(ready: &Ready, read_only: bool) -> Result<(Arc<dyn Store>, Option<String>), StoreError> {
    let path = &ready.loaded.config.store;
    if read_only && !path.exists() {
        return Ok((Arc::new(Overlay::empty()), None));
    }
    let opened = SledStore::open(path)?;
    if let Some(why) = &opened.recovered {
        output::complain(&format!(
            "the store was damaged and has been rebuilt ({why}); nothing is revoked until every feed was read whole"
        ));
    }
    Ok((Arc::new(opened.store), opened.recovered))
}

/// A store that was mended when it was opened is whole now, and was not when somebody asked.
fn was_damaged(answer: &mut Answer, why: &str) {
    if let Some(found) = answer.data.as_object_mut() {
        found.insert("ok".to_owned(), false.into());
        if let Some(findings) = found.get_mut("findings").and_then(serde_json::Value::as_array_mut) {
            findings.insert(0, format!("found when the store was opened, and mended: {why}").into());
        }
    }
    answer.exit = exit::DATA;
}

/// Whether a request needs a table in force.
fn decides(request: &Request) -> bool {
    match request {
        Request::Plan {}
        | Request::Apply { .. }
        | Request::Sync { .. }
        | Request::Undo { .. }
        | Request::People { .. }
        | Request::TargetAdopt { .. } => true,
        // With a table of its own the question is about that one.
        Request::Explain { rules, .. } => rules.is_none(),
        Request::Approve { .. }
        | Request::Reject { .. }
        // These two bring the tables that they are about, or find none in force.
        | Request::RulesDiff { .. }
        | Request::RulesCoverage { .. }
        | Request::Status {}
        | Request::Seats {}
        | Request::TargetList {}
        | Request::AuditExport { .. }
        | Request::AuditVerify {}
        | Request::StoreVerify {}
        | Request::StoreBackup {}
        | Request::TargetDrift { .. }
        | Request::WebhookReplay { .. } => false,
    }
}

/// Whether a request changes the store.
fn writes(request: &Request) -> bool {
    match request {
        Request::Apply { .. }
        | Request::Sync { .. }
        | Request::Undo { .. }
        | Request::Approve { .. }
        | Request::Reject { .. }
        | Request::TargetAdopt { .. }
        | Request::WebhookReplay { .. } => true,
        Request::Plan {}
        | Request::Explain { .. }
        | Request::RulesDiff { .. }
        | Request::RulesCoverage { .. }
        | Request::Status {}
        | Request::Seats {}
        | Request::People { .. }
        | Request::TargetList {}
        | Request::AuditExport { .. }
        | Request::AuditVerify {}
        | Request::StoreVerify {}
        | Request::StoreBackup {}
        | Request::TargetDrift { .. } => false,
    }
}
