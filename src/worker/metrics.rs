//! Numbers for Prometheus, without personal data.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use super::view::PassView;
use super::warden::Warden;
use crate::model::{Digest, FeedName, Time};
use crate::seats::Action;

/// One pass.
pub(super) fn pass(view: &PassView) {
    counter!("seatwarden_passes_total", "scope" => view.scope.clone(), "result" => view.result.clone()).increment(1);
    histogram!("seatwarden_pass_duration_seconds").record(seconds(view.duration_ms));
}

/// One step.
pub(super) fn change(action: Action, ok: bool) {
    let action = match action {
        Action::Grant => "grant",
        Action::Revoke => "revoke",
        Action::Move => "move",
        Action::HoldOff => return,
    };
    let result = if ok { "ok" } else { "failed" };
    counter!("seatwarden_changes_total", "action" => action, "result" => result).increment(1);
}

/// An event has come to a confirmed seat.
pub(super) fn event_to_seat(took: Duration) {
    histogram!("seatwarden_event_to_seat_seconds").record(took.as_secs_f64());
}

/// What became of events at a hook.
pub(super) fn hook_events(feed: &FeedName, result: &'static str, count: u64) {
    if count > 0 {
        counter!("seatwarden_hook_events_total", "feed" => feed.to_string(), "result" => result).increment(count);
    }
}

/// The table in force. The digest of an earlier one stays with the value 0.
pub(super) fn rules(at: Time, digest: &Digest, earlier: Option<&Digest>) {
    gauge!("seatwarden_rules_loaded_timestamp_seconds").set(timestamp(at));
    if let Some(earlier) = earlier.filter(|earlier| *earlier != digest) {
        gauge!("seatwarden_rules_info", "digest" => earlier.to_string()).set(0.0);
    }
    gauge!("seatwarden_rules_info", "digest" => digest.to_string()).set(1.0);
}

impl Warden {
    /// Sets the gauges to how it stands.
    pub(super) fn show_metrics(&self) {
        for seats in self.seats_view() {
            let set = |state: &'static str, count: f64| {
                gauge!("seatwarden_seats", "pool" => seats.pool.to_string(), "state" => state).set(count);
            };
            set("used", f64::from(seats.used));
            set("pending", f64::from(seats.pending));
            set("cooling", f64::from(seats.cooling));
            if let (Some(bought), Some(free)) = (seats.bought, seats.free) {
                set("bought", f64::from(bought));
                set("free", f64::from(free));
            }
            gauge!("seatwarden_waiting", "pool" => seats.pool.to_string()).set(f64::from(seats.waiting));
        }
        let ledger = self.ledger();
        let mut held = std::collections::BTreeMap::new();
        for hold in ledger.held.values() {
            let count: &mut u32 = held.entry(hold.plan.cause.clone()).or_default();
            *count = count.saturating_add(u32::try_from(hold.plan.steps.len()).unwrap_or(u32::MAX));
        }
        for cause in crate::seats::causes() {
            let count = held.get(cause).copied().unwrap_or(0);
            gauge!("seatwarden_held_steps", "cause" => cause).set(f64::from(count));
        }
        if let Ok(status) = self.status_view() {
            for feed in status.feeds {
                if let Some(billed) = feed.rate.billed {
                    let name = feed.name.clone();
                    counter!("seatwarden_feed_billed_requests_total", "feed" => name).absolute(billed);
                }
                if let Some(at) = feed.cursor_expires {
                    let name = feed.name.clone();
                    gauge!("seatwarden_feed_cursor_expires_timestamp_seconds", "feed" => name).set(timestamp(at));
                }
                if let Some(at) = feed.last_whole {
                    gauge!("seatwarden_feed_last_whole_timestamp_seconds", "feed" => feed.name).set(timestamp(at));
                }
            }
        }
        let table = self.table.load();
        if let (Some(at), Some(set)) = (table.loaded_at, &table.set) {
            rules(at, set.digest(), None);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a pass and since 1970 are far below 2^52")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

fn timestamp(at: Time) -> f64 {
    seconds(u64::try_from(at.millis()).unwrap_or(0))
}
