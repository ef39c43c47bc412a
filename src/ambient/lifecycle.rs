//! Stopping in two steps, and reloading. The first SIGTERM or SIGINT asks everybody to finish the step in hand; the
//! second, or the end of the grace, tells them to drop it. SIGHUP asks for a reload.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Clock;

/// What the process is asked to do. Cheap to clone; all clones see the same.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    reloads: watch::Sender<u64>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self::new()
    }
}

impl Lifecycle {
    /// One that only [`stop`](Self::stop) and [`reload`](Self::reload) move; for tests and for `run --once`.
    pub fn new() -> Self {
        let soft = CancellationToken::new();
        Self { hard: CancellationToken::new(), soft, reloads: watch::Sender::new(0) }
    }

    /// Listens to SIGTERM, SIGINT and SIGHUP from now on; they no longer end the process by themselves. The hard stop
    /// follows `grace` after the soft one. Must be called within a tokio runtime.
    pub fn listen(grace: Duration, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let lifecycle = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let moved = lifecycle.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => moved.stop(),
                    _ = interrupt.recv() => moved.stop(),
                    _ = hangup.recv() => moved.reload(),
                }
            }
        });
        let timed = lifecycle.clone();
        tokio::spawn(async move {
            timed.soft.cancelled().await;
            clock.sleep_until(clock.now().plus(grace)).await;
            timed.hard.cancel();
        });
        Ok(lifecycle)
    }

    /// Asks to stop: softly, and when that was asked already, hard.
    pub fn stop(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }

    /// Asks for a reload.
    pub fn reload(&self) {
        self.reloads.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Cancelled when no new step may begin.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when the step in hand has to be dropped.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Changes with every reload that is asked for. Several in a row may be seen as one.
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.subscribe()
    }
}
