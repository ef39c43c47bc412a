//! `run`: the daemon, or one full pass.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::{Global, LogLevel, asking, output, setup, sync};
use crate::ambient::Chance;
use crate::ambient::lifecycle::{self, Lifecycle};
use crate::config::{Config, FeedKind};
use crate::inbound::control::ControlError;
use crate::inbound::{control, ops, public};
use crate::store::StoreError;
use crate::worker::request::exit;
use crate::worker::{self, INBOX, Request, Trigger, Warden};

/// How long the pass in hand may take once a stop was asked for. With what ends after it the process is gone within
/// five seconds.
const STOP_WITHIN: Duration = Duration::from_secs(4);

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Makes one full pass and exits.
    #[arg(long)]
    pub once: bool,
}

impl Run {
    pub(super) async fn run(self, global: &Global) -> u8 {
        if self.once {
            return match asking::ask_once(global, Request::Sync { what: None }).await {
                Ok(answer) => output::finish(global, answer, sync::render),
                Err(code) => code,
            };
        }
        setup::start_log(global, LogLevel::Info);
        match setup::read(global) {
            Ok(ready) => daemon(global, ready).await,
            Err(code) => code,
        }
    }
}

pub(super) async fn daemon(global: &Global, ready: setup::Ready) -> u8 {
    let config = ready.loaded.config.clone();
    let counts = match ops::count() {
        Ok(counts) => counts,
        Err(error) => {
            output::complain(&format!("cannot count: {error}"));
            return exit::FAILED;
        }
    };
    let listener = match control::listen(&config.listen.control).await {
        Ok(listener) => listener,
        Err(error) => {
            output::complain(&error.to_string());
            return if matches!(error, ControlError::Taken(_)) { exit::UNREACHABLE } else { exit::CONFIG };
        }
    };
    let mut tries = 0;
    let store = loop {
        match asking::open_store(&ready, false) {
            Ok((store, _)) => break store,
            // A command may have it open for a moment.
            Err(StoreError::InUse { .. }) if tries < asking::OPEN_TRIES => {
                tries += 1;
                tokio::time::sleep(asking::OPEN_PAUSE).await;
            }
            Err(error) => return asking::store_trouble(&error),
        }
    };
    let warden = match setup::warden(global, ready, store) {
        Ok(warden) => Arc::new(warden),
        Err(code) => return code,
    };
    let lifecycle = match Lifecycle::start() {
        Ok(lifecycle) => lifecycle,
        Err(error) => {
            output::complain(&format!("cannot listen to signals: {error}"));
            return exit::FAILED;
        }
    };
    let stop = lifecycle.stop();
    let tasks = TaskTracker::new();
    let (triggers, inbox) = mpsc::channel(INBOX);
    let serving =
        control::serve(listener, config.listen.control.clone(), warden.clone(), triggers.clone(), stop.clone());
    tasks.spawn(serving);
    if let Err((address, error)) = listeners(&config, &warden, counts, &tasks, &stop).await {
        output::complain(&format!("cannot listen on {address}: {error}"));
        return exit::CONFIG;
    }
    tasks.spawn(worker::watch_rules(config.rules.clone(), triggers.clone(), stop.clone()));
    tasks.spawn(lifecycle::watchdog(stop.clone()));
    let reload = triggers.clone();
    tasks.spawn(lifecycle.reloads(move || {
        if reload.try_send(Trigger::RulesChanged).is_err() {
            warn!("the inbox is full; the files are compared within a minute");
        }
    }));
    info!(version = env!("CARGO_PKG_VERSION"), config = %config.file.display(), "seatwarden is up");
    lifecycle::ready();
    let work = tokio::spawn(worker::run(warden, inbox, Arc::new(Chance::system()), stop.clone()));
    stop.cancelled().await;
    lifecycle::stopping();
    info!("stopping; the pass in hand is finished first");
    tasks.close();
    let ended = tokio::time::timeout(STOP_WITHIN, async {
        let worked = work.await;
        tasks.wait().await;
        worked
    });
    match ended.await {
        Ok(Ok(())) => exit::DONE,
        Ok(Err(error)) => {
            error!(%error, "the loop broke off by a fault of our own");
            exit::FAILED
        }
        Err(_) => {
            // Every intent is in the journal: the next start takes it up.
            warn!("the pass in hand did not end in time and is broken off; the next start goes on with it");
            exit::DONE
        }
    }
}

/// Opens the listeners of the configuration.
async fn listeners(
    config: &Config,
    warden: &Arc<Warden>,
    counts: PrometheusHandle,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), (SocketAddr, std::io::Error)> {
    if let Some(address) = config.listen.ops {
        let listener = ops::listen(address).await.map_err(|error| (address, error))?;
        info!(%address, "ops listener is up");
        tasks.spawn(ops::serve(listener, warden.clone(), counts, stop.clone()));
    }
    // Without a hook and without a feed that pushes nobody has a reason to call.
    let hooked = config.feeds.values().any(|feed| feed.hook.is_some() || feed.kind == FeedKind::ScimPush);
    if let Some(address) = config.listen.public.filter(|_| hooked) {
        let limits = public::Limits::default();
        let listener = public::listen(address, limits).await.map_err(|error| (address, error))?;
        info!(%address, "public listener is up");
        tasks.spawn(public::serve(listener, warden.clone(), limits, stop.clone()));
        // Graph calls back while it makes a subscription.
        tasks.spawn(worker::keep_subscribed(warden.clone(), stop.clone()));
    }
    Ok(())
}
