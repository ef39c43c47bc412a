//! Time as a port: the system's, or one that tests move by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::model::Time;

/// Where `now` comes from, and what waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Time;

    /// Returns once `until` has come; at once when it is past.
    async fn sleep_until(&self, until: Time);
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Time {
        #[expect(clippy::disallowed_methods, reason = "this is the port that the others are sent to")]
        let now = jiff::Timestamp::now();
        now.into()
    }

    async fn sleep_until(&self, until: Time) {
        loop {
            let left = until.since(self.now());
            if left.is_zero() {
                return;
            }
            // Short naps, so that a step of the system's clock is noticed.
            tokio::time::sleep(left.min(Duration::from_secs(30))).await;
        }
    }
}

/// A clock that stands still until a test moves it. With `auto_advance`, a sleeper moves it to its own hour, so that
/// retries and budgets take no real time.
#[derive(Clone, Debug)]
pub struct ManualClock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    millis: AtomicI64,
    moved: Notify,
    auto_advance: bool,
}

impl ManualClock {
    /// A clock that only `advance` and `set` move.
    pub fn new(start: Time) -> Self {
        Self::build(start, false)
    }

    /// A clock that every sleeper moves to its own hour.
    pub fn auto(start: Time) -> Self {
        Self::build(start, true)
    }

    fn build(start: Time, auto_advance: bool) -> Self {
        let inner = Inner { millis: AtomicI64::new(start.millis()), moved: Notify::new(), auto_advance };
        Self { inner: Arc::new(inner) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().plus(span));
    }

    /// Puts the clock to an instant, also an earlier one.
    pub fn set(&self, to: Time) {
        self.inner.millis.store(to.millis(), Ordering::SeqCst);
        self.inner.moved.notify_waiters();
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time::from_millis(self.inner.millis.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, until: Time) {
        if self.inner.auto_advance {
            self.inner.millis.fetch_max(until.millis(), Ordering::SeqCst);
            self.inner.moved.notify_waiters();
            tokio::task::yield_now().await;
            return;
        }
        loop {
            let moved = self.inner.moved.notified();
            if self.now() >= until {
                return;
            }
            moved.await;
        }
    }
}
