//! Rules files that change on disk. The folder is watched, not the files: a `ConfigMap` is swapped by a link, and a file
//! watch goes blind at the second swap. The content decides, not the event; a slow poll covers file systems that send
//! no events.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify_debouncer_full::{DebounceEventResult, new_debouncer, notify::RecursiveMode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Trigger;
use super::warden::Warden;
use crate::rules::Severity;

/// Events of one edit come in bursts.
const SETTLE: Duration = Duration::from_millis(300);

/// How often the content is compared without any event.
const POLL: Duration = Duration::from_mins(1);

impl Warden {
    /// Reads the files again and puts the table in force if it compiles. A broken table never replaces a good one.
    /// Returns whether another table is in force now.
    pub fn reload_rules(&self) -> bool {
        let sources = match crate::config::load_rules_sources(&self.parts.config.rules) {
            Ok(sources) => sources,
            Err(finding) => {
                warn!(why = finding.message, "the rules files cannot be read; the table in force stays");
                let before = self.table.load_full();
                self.table.store(Arc::new(super::warden::Table {
                    set: before.set.clone(),
                    loaded_at: before.loaded_at,
                    findings: vec![finding],
                    sources: before.sources.clone(),
                }));
                return false;
            }
        };
        let before = self.table.load_full();
        let changed = self.load_table(sources);
        let table = self.table.load();
        let errors = table.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if errors > 0 {
            warn!(errors, "the edited rules table does not compile; the table in force stays");
        } else if let (true, Some(set)) = (changed, &table.set) {
            info!(rules.digest = %set.digest(), "another rules table is in force");
            super::metrics::rules(self.now(), set.digest(), before.set.as_ref().map(|set| set.digest()));
        }
        changed
    }
}

/// Sends [`Trigger::RulesChanged`] when something happens around the rules files, until `stop`.
pub async fn watch_rules(rules: PathBuf, triggers: mpsc::Sender<Trigger>, stop: CancellationToken) {
    let (events_in, mut events) = mpsc::channel::<()>(1);
    let seen = move |result: DebounceEventResult| {
        // Whoever reads the files, as we do to compare them, has not changed them.
        if result.is_ok_and(|events| events.iter().any(|event| !event.kind.is_access())) {
            // A full channel means that a look is due anyway.
            let _anyway = events_in.try_send(());
        }
    };
    let watched = new_debouncer(SETTLE, None, seen).and_then(|mut debouncer| {
        for folder in folders(&rules) {
            debouncer.watch(&folder, RecursiveMode::NonRecursive)?;
        }
        Ok(debouncer)
    });
    if let Err(error) = &watched {
        warn!(%error, "the rules folder cannot be watched; it is compared every minute");
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(()) = events.recv() => {}
            () = tokio::time::sleep(POLL) => {}
        }
        if triggers.send(Trigger::RulesChanged).await.is_err() {
            return;
        }
    }
}

/// The rules folder, and the folder around it, which sees the folder or file itself being replaced.
fn folders(rules: &Path) -> Vec<PathBuf> {
    let around = rules.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut folders = vec![around.to_owned()];
    if rules.is_dir() {
        folders.push(rules.to_owned());
    }
    folders
}
