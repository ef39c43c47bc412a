//! Signals in, systemd out.
//!
//! SIGTERM and SIGINT ask for a stop: the pass in hand is finished. A second one ends the process at once, which loses
//! nothing, since every intent is in the journal. SIGHUP asks to look at the files again.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the process was asked to do.
#[derive(Debug)]
pub struct Lifecycle {
    stop: CancellationToken,
    hangup: Signal,
}

impl Lifecycle {
    /// Begins to listen. From here on the first SIGTERM or SIGINT no longer ends the process.
    pub fn start() -> std::io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let hangup = signal(SignalKind::hangup())?;
        let stop = CancellationToken::new();
        let asked = stop.clone();
        tokio::spawn(async move {
            for _ in 0..2 {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if asked.is_cancelled() {
                    // The second time somebody means it.
                    std::process::exit(130);
                }
                asked.cancel();
            }
        });
        Ok(Self { stop, hangup })
    }

    /// Is canceled once a stop was asked for.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Calls `reload` on every SIGHUP, and tells systemd when it is done: a unit that never says READY after a reload
    /// hangs its operator. Ends with `stop`.
    pub async fn reloads(mut self, reload: impl Fn()) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                hangup = self.hangup.recv() => {
                    if hangup.is_none() {
                        return;
                    }
                    tell(&[NotifyState::Reloading, NotifyState::monotonic_usec_now().unwrap_or(NotifyState::Reloading)]);
                    reload();
                    tell(&[NotifyState::Ready]);
                }
            }
        }
    }
}

/// Tells systemd that the service is up.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells systemd that the service is going down.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Shows a line in `systemctl status`.
pub fn status(line: &str) {
    tell(&[NotifyState::Status(line)]);
}

/// Keeps systemd's watchdog quiet for as long as this runtime turns. Returns at once where no watchdog waits.
pub async fn watchdog(stop: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let pause = (limit / 3).max(Duration::from_millis(100));
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    // Without systemd there is nobody to tell, and a deaf one must not stop the daemon.
    drop(sd_notify::notify(states));
}
