//! Keeps within a share of what the vendor allows, so that 429 stays the exception and other clients of the same bucket
//! keep their part. One gate per endpoint class, one cap on calls in flight per peer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::address::is_loopback;
use super::classify::Class;
use super::client::Budget;
use super::gate::{Gate, Go, SECOND};
use super::{Ports, vendor};
use crate::ambient::Clock;
use crate::model::Time;

/// Okta allows 75 calls at the same time to a whole org, 35 to a small one, for all of its clients.
const IN_FLIGHT: usize = 4;
/// Calls per second where no header tells a limit.
const MODEST: f64 = 20.0;
/// Loopback is a look-alike or a sidecar; no other client's budget is at stake.
const LOOPBACK: f64 = 1000.0;
/// Spread after a window's end, when everybody who waited comes back.
const SPREAD: Duration = Duration::from_millis(500);

/// The budget of one peer.
pub(super) struct Limiter {
    share: f64,
    unknown: f64,
    gates: Mutex<BTreeMap<&'static str, Arc<Mutex<Gate>>>>,
    in_flight: Semaphore,
    throttled: AtomicU64,
}

/// The right to send one call. Counts as in flight until it is dropped.
pub(super) struct Permit<'l> {
    gate: Arc<Mutex<Gate>>,
    number: u64,
    _slot: Option<SemaphorePermit<'l>>,
}

impl Limiter {
    /// `share` of a vendor's limit, `0.01..=1.0`.
    pub(super) fn new(share: f64, base: &Url) -> Self {
        Self {
            share: share.clamp(0.01, 1.0),
            unknown: if is_loopback(base) { LOOPBACK } else { MODEST },
            gates: Mutex::default(),
            in_flight: Semaphore::new(IN_FLIGHT),
            throttled: AtomicU64::new(0),
        }
    }

    /// Waits for the right to send. What lies after `latest(now)` is not waited for; it is the error.
    pub(super) async fn permit(
        &self,
        class: &'static str,
        ports: &Ports,
        latest: impl Fn(Time) -> Time,
    ) -> Result<Permit<'_>, Time> {
        let gate = self.gate(class, &ports.clock);
        loop {
            let now = ports.clock.now();
            let go = lock(&gate).ask(now);
            match go {
                Go::Now => {}
                Go::At(until) | Go::Held(until) if until > latest(now).plus(SECOND) => return Err(until),
                Go::At(at) => {
                    ports.clock.sleep_until(at).await;
                    continue;
                }
                Go::Held(until) => {
                    ports.clock.sleep_until(until.plus(SPREAD.mul_f64(ports.chance.fraction()))).await;
                    continue;
                }
            }
            // The slot comes after the pace, so that a held class does not keep the others from theirs.
            let slot = self.in_flight.acquire().await.ok();
            let mut open = lock(&gate);
            if open.is_held(ports.clock.now()) {
                continue;
            }
            let number = open.sent();
            drop(open);
            return Ok(Permit { gate, number, _slot: slot });
        }
    }

    /// How much is left in the tightest class.
    pub(super) fn budget(&self, now: Time) -> Budget {
        let gates: Vec<Arc<Mutex<Gate>>> = lock(&self.gates).values().cloned().collect();
        let throttled = self.throttled.load(Ordering::Relaxed);
        let views = gates.iter().map(|gate| lock(gate).view(now));
        let tightest = views.min_by(|a, b| a.left.unwrap_or(2.0).total_cmp(&b.left.unwrap_or(2.0)));
        Budget { throttled, ..tightest.unwrap_or_default() }
    }

    /// Takes note of an answer.
    pub(super) fn learn(&self, permit: &Permit<'_>, headers: &HeaderMap, class: Class, now: Time) {
        let told = vendor::read(headers, now);
        let mut gate = lock(&permit.gate);
        gate.learn(&told, permit.number, now);
        match class {
            Class::Throttled { until } => {
                self.throttled.fetch_add(1, Ordering::Relaxed);
                gate.throttled(until, now);
            }
            Class::Transient { until: Some(until) } => gate.hold(until),
            Class::Transient { until: None }
            | Class::Done
            | Class::Unauthorized
            | Class::Forbidden
            | Class::Permanent => {}
        }
    }

    fn gate(&self, class: &'static str, clock: &Arc<dyn Clock>) -> Arc<Mutex<Gate>> {
        let mut gates = lock(&self.gates);
        let gate = gates
            .entry(class)
            .or_insert_with(|| Arc::new(Mutex::new(Gate::new(self.share, self.unknown, Arc::clone(clock)))));
        Arc::clone(gate)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
