//! The Unix socket between the command line and a running daemon: one JSON line asks, JSON lines answer.
//!
//! Mode 0600, and the peer's uid must be ours: whoever may connect may change seats.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use thiserror::Error;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::codec::{Framed, LinesCodec};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::worker::request::exit;
use crate::worker::{Answer, Frame, Request, Scope, Trigger, Warden};

/// A request holds at most the files of a rules table.
const REQUEST_BYTES: usize = 64 << 20;

/// An answer frame holds at most a list of a million people.
const FRAME_BYTES: usize = 1 << 30;

/// Conversations at once; a further one waits.
const CONVERSATIONS: usize = 16;

/// How long a peer may take to send its request.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// How long a peer may leave an answer unread: long enough for a pager, and an end to a place taken for nothing.
const UNREAD_TIME: Duration = Duration::from_mins(5);

/// How long conversations may take to end when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why there is no conversation.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The socket cannot be made.
    #[error("cannot listen on {}: {source}", path.display())]
    Listen {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A daemon listens there.
    #[error("another daemon runs and listens on {}; one store has one daemon", .0.display())]
    Taken(PathBuf),
    /// No daemon listens there.
    #[error("no daemon listens on {}", .0.display())]
    NoDaemon(PathBuf),
    /// The socket is there and we may not use it.
    #[error("{} may only be used by the user that runs the daemon", .0.display())]
    NotAllowed(PathBuf),
    /// The conversation broke off.
    #[error("the daemon broke off: {0}")]
    Broken(String),
}

/// Makes the socket. A socket that nobody listens on is replaced; one with a listener is an error.
pub async fn listen(path: &Path) -> Result<UnixListener, ControlError> {
    let error = |source| ControlError::Listen { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(error)?;
    }
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if UnixStream::connect(path).await.is_ok() {
            return Err(ControlError::Taken(path.to_owned()));
        }
        if !metadata.file_type().is_socket() {
            return Err(error(std::io::Error::new(
                std::io::ErrorKind::AlreadyExists,
                "a file that is no socket is there",
            )));
        }
        std::fs::remove_file(path).map_err(error)?;
    }
    let listener = UnixListener::bind(path).map_err(error)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(error)?;
    Ok(listener)
}

/// Answers until `stop`, then lets conversations end.
pub async fn serve(
    listener: UnixListener,
    path: PathBuf,
    warden: Arc<Warden>,
    triggers: mpsc::Sender<Trigger>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CONVERSATIONS));
    let conversations = TaskTracker::new();
    loop {
        // A place comes first: whoever waits for one waits in the system's queue and costs no file.
        let accepted = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (warden, triggers, stop) = (warden.clone(), triggers.clone(), stop.clone());
                conversations.spawn(async move {
                    converse(stream, &warden, &triggers, &stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                warn!(%error, "the control socket could not accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(std::fs::remove_file(&path));
    conversations.close();
    if tokio::time::timeout(FAREWELL, conversations.wait()).await.is_err() {
        warn!("a peer of the control socket does not read its answer and is left");
    }
}

async fn converse(stream: UnixStream, warden: &Warden, triggers: &mpsc::Sender<Trigger>, stop: &CancellationToken) {
    let ours = rustix::process::getuid().as_raw();
    let theirs = stream.peer_cred().ok().map(|peer| peer.uid());
    let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(REQUEST_BYTES));
    if theirs != Some(ours) {
        warn!(peer.uid = theirs, "a peer with another uid was refused on the control socket");
        let refused = Answer::failed(exit::REFUSED, "only the user that runs the daemon may use its control socket");
        say(&mut lines, &Frame::End(refused)).await;
        return;
    }
    let request = match tokio::time::timeout(REQUEST_TIME, lines.next()).await {
        Ok(Some(Ok(line))) => serde_json::from_str::<Request>(&line).map_err(|error| error.to_string()),
        Ok(Some(Err(error))) => Err(error.to_string()),
        Ok(None) => return,
        Err(_) => Err("no request came in time".to_owned()),
    };
    let request = match request {
        Ok(request) => request,
        Err(why) => {
            let refused = Answer::failed(exit::USAGE, format!("the daemon does not understand: {why}"));
            say(&mut lines, &Frame::End(refused)).await;
            return;
        }
    };
    let approves = matches!(request, Request::Approve { .. });
    let asks_status = matches!(request, Request::Status {});
    let (frames, mut waiting) = mpsc::channel(crate::worker::request::FRAMES);
    let answer = async {
        tokio::select! {
            answer = warden.answer(request, &frames) => answer,
            () = stop.cancelled() => Answer::failed(exit::LATER, "the daemon is stopping"),
        }
    };
    tokio::pin!(answer);
    let mut end = loop {
        tokio::select! {
            biased;
            Some(frame) = waiting.recv() => {
                if !say(&mut lines, &frame).await {
                    return;
                }
            }
            end = &mut answer => break end,
        }
    };
    while let Ok(frame) = waiting.try_recv() {
        if !say(&mut lines, &frame).await {
            return;
        }
    }
    if approves && end.exit == exit::DONE && triggers.try_send(Trigger::Pass(Scope::Due)).is_err() {
        warn!("the inbox is full; the next pass acts on the approval");
    }
    if asks_status && let Some(status) = end.data.as_object_mut() {
        status.insert("daemon".to_owned(), true.into());
    }
    say(&mut lines, &Frame::End(end)).await;
}

async fn say(lines: &mut Framed<UnixStream, LinesCodec>, frame: &Frame) -> bool {
    let Ok(text) = serde_json::to_string(frame) else { return false };
    match tokio::time::timeout(UNREAD_TIME, lines.send(text)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            debug!(%error, "a peer of the control socket went away");
            false
        }
        Err(_) => {
            warn!("a peer of the control socket does not read its answer");
            false
        }
    }
}

/// Asks a running daemon. Frames go to `each` as they come.
pub async fn ask(path: &Path, request: &Request, each: &mut (dyn FnMut(Frame) + Send)) -> Result<Answer, ControlError> {
    let stream = UnixStream::connect(path).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            ControlError::NotAllowed(path.to_owned())
        } else {
            ControlError::NoDaemon(path.to_owned())
        }
    })?;
    let broken = |why: String| ControlError::Broken(why);
    let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(FRAME_BYTES));
    let text = serde_json::to_string(request).map_err(|error| broken(error.to_string()))?;
    // Whoever refuses us may have answered and closed before it read the request: what it said comes first.
    let sent = lines.send(text).await;
    while let Some(line) = lines.next().await {
        let line = line.map_err(|error| broken(sent.as_ref().err().unwrap_or(&error).to_string()))?;
        match serde_json::from_str(&line).map_err(|error| broken(error.to_string()))? {
            Frame::End(answer) => return Ok(answer),
            frame @ (Frame::Item(_) | Frame::Talk(_)) => each(frame),
        }
    }
    sent.map_err(|error| broken(error.to_string()))?;
    Err(broken("it closed the connection without an answer".to_owned()))
}
