//! Metrics in the text format of Prometheus. Names begin with `seatwarden_`, units are base units, and labels hold
//! names from the configuration only, never people.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use thiserror::Error;

/// Seconds from an event at the provider to the seat at the desk: a webhook takes about one, a pass minutes.
const EVENT_TO_SEAT_S: [f64; 10] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];
/// Seconds of a pass: a few people, or a million.
const PASS_S: [f64; 10] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0];

/// Why there are no metrics.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The buckets are not valid.
    #[error("cannot set up metrics")]
    Setup(#[from] BuildError),
    /// The process has a recorder already.
    #[error("metrics are set up already")]
    Twice,
}

/// Sets up the process's metrics. The handle is what `/metrics` shows.
pub fn install() -> Result<PrometheusHandle, MetricsError> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::Twice)?;
    describe();
    Ok(handle)
}

/// A recorder of its own, for tests.
pub fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("seatwarden_event_to_seat_seconds".to_owned()), &EVENT_TO_SEAT_S)?
        .set_buckets_for_metric(Matcher::Full("seatwarden_pass_duration_seconds".to_owned()), &PASS_S)?;
    Ok(builder.build_recorder())
}

/// Help texts, and the build.
pub fn describe() {
    metrics::describe_gauge!("seatwarden_build_info", "1; the version is a label");
    metrics::gauge!("seatwarden_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::describe_counter!(
        "seatwarden_outbound_requests_total",
        "Requests to providers and desks by status; none: there was no answer"
    );
    metrics::describe_gauge!(
        "seatwarden_outbound_budget_remaining_ratio",
        "Share of our own part of the vendor's rate limit that is left in this window"
    );
    metrics::describe_counter!("seatwarden_passes_total", "Passes by scope and result");
    metrics::describe_histogram!("seatwarden_pass_duration_seconds", "How long passes take");
    metrics::describe_gauge!("seatwarden_feed_last_whole_timestamp_seconds", "When a feed was last read whole");
    metrics::describe_gauge!("seatwarden_seats", "Seats by pool and state");
    metrics::describe_counter!("seatwarden_changes_total", "Grants, moves and revocations by result");
    metrics::describe_gauge!("seatwarden_held_steps", "Steps that a brake holds, by cause");
    metrics::describe_gauge!("seatwarden_waiting", "People who wait for a seat");
    metrics::describe_histogram!("seatwarden_event_to_seat_seconds", "From an event at the provider to the seat");
    metrics::describe_gauge!("seatwarden_rules_loaded_timestamp_seconds", "When the rules table was last loaded");
}
