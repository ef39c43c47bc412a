//! The gate of one endpoint class: what is known of the vendor's window, and the pace that follows from it.
//!
//! In a window that allows `limit` calls we take at most `share * limit`, spread evenly: the pace is what we may still
//! take divided by the time that is left. The rest is a reserve for others in the same bucket. Where they take more than
//! that, and `Remaining` falls faster than we spend, we give way: what they are going to take until the window ends, at
//! the rate they had so far, is not ours.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::client::Budget;
use super::vendor::Told;
use crate::ambient::Clock;
use crate::model::Time;

/// Where a window's length is not told: Okta, Freshservice and Zendesk count per minute.
const MINUTE: Duration = Duration::from_mins(1);
/// Two resets that differ by less are the same: both `Date` and Reset are cut to seconds.
const SAME: Duration = Duration::from_millis(2500);
/// A reset is told in whole seconds; the window ends somewhere in that second.
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// Where the end of a spent window is not told, ask again after this.
const PROBE: Duration = Duration::from_secs(5);
/// How often pressure may slow us down once more, and after which quiet time we grow quicker again.
const SLOWER_EVERY: Duration = Duration::from_secs(2);
const QUICKER_EVERY: Duration = Duration::from_secs(10);
const SLOWEST: f64 = 0.05;
/// The share of our own pace that giving way does not go below.
const LEAST: f64 = 0.05;
/// Others' rate in the last window counts like this many seconds of the present one, and is taken for a little more.
const JUDGED_S: f64 = 5.0;
const CAUTION: f64 = 1.1;
/// The last of a window is nobody's: what is on the wire has not been counted yet.
const UNTOUCHED: f64 = 0.02;
/// Calls that may go at once: a look at one person takes a few. More would be a spike in a small bucket.
const BURST: f64 = 4.0;

/// May a call go?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    Now,
    /// In its turn, at our own pace.
    At(Time),
    /// Not before: the vendor said so, or our share of this window is spent.
    Held(Time),
}

pub(super) struct Gate {
    share: f64,
    unknown: f64,
    clock: Arc<dyn Clock>,
    pace: Pace,
    limit: Option<u64>,
    window: Duration,
    remaining: Option<u64>,
    /// What was left when call `newest` was counted, and that number: less the number of the last call sent, it is what
    /// is left now.
    credit: Option<u64>,
    /// The highest number that was answered.
    newest: u64,
    /// The number of the last call before this window.
    base: u64,
    /// Others' calls per second, in this window and at the end of the last one.
    rate: f64,
    last_rate: f64,
    reset: Option<Time>,
    /// Calls sent; the number of the last one.
    sent: u64,
    hold: Option<Time>,
    slow: f64,
    slow_since: Time,
    seen: Time,
}

impl Gate {
    /// A gate that knows nothing yet; `unknown` calls per second until a header tells a limit.
    pub(super) fn new(share: f64, unknown: f64, clock: Arc<dyn Clock>) -> Self {
        let seen = clock.now();
        Self {
            share,
            unknown,
            pace: Pace::new(unknown, Arc::clone(&clock)),
            clock,
            limit: None,
            window: MINUTE,
            remaining: None,
            credit: None,
            newest: 0,
            base: 0,
            rate: 0.0,
            last_rate: 0.0,
            reset: None,
            sent: 0,
            hold: None,
            slow: 1.0,
            slow_since: seen,
            seen,
        }
    }

    /// May a call go at `now`? `Now` takes the turn.
    pub(super) fn ask(&mut self, now: Time) -> Go {
        self.turn_page(now);
        if let Some(until) = self.hold {
            return Go::Held(until);
        }
        if self.spare().is_some_and(|spare| spare < 1.0) {
            let until = self.reset.unwrap_or_else(|| {
                let probe = now.plus(PROBE);
                self.hold = Some(probe);
                probe
            });
            return Go::Held(until);
        }
        match self.pace.turn(now) {
            None => Go::Now,
            Some(at) => Go::At(at),
        }
    }

    /// True when a hold came while the call waited for its slot.
    pub(super) fn is_held(&mut self, now: Time) -> bool {
        self.turn_page(now);
        self.hold.is_some() || self.spare().is_some_and(|spare| spare < 1.0)
    }

    /// A call leaves; its number, from 1.
    pub(super) fn sent(&mut self) -> u64 {
        self.sent = self.sent.saturating_add(1);
        self.sent
    }

    /// Takes in what the answer to call `number` told.
    pub(super) fn learn(&mut self, told: &Told, number: u64, now: Time) {
        self.turn_page(now);
        // Okta's 0 tells of too many calls at the same time and nothing about the bucket.
        if told.limit == Some(0) {
            return;
        }
        if let Some(limit) = told.limit {
            self.limit = Some(limit);
        }
        if let Some(window) = told.window.filter(|window| *window >= Duration::from_secs(1)) {
            self.window = window;
        } else if let Some(reset) = told.reset {
            self.window = self.window.max(usual_window(reset.since(now)));
        }
        if let Some(remaining) = told.remaining {
            self.learn_remaining(remaining, number, told.reset.map(|reset| reset.plus(SECOND)), now);
        } else {
            self.repace(now);
        }
        if let Some(used) = told.used.filter(|used| *used > 0.8) {
            self.press(if used >= 1.0 { 0.5 } else { 0.8 }, now);
            self.repace(now);
        }
    }

    /// Answers may come in another order than they were written: one that was overtaken tells nothing new.
    fn learn_remaining(&mut self, remaining: u64, number: u64, reset: Option<Time>, now: Time) {
        let same = self.reset.zip(reset).is_some_and(|(known, told)| told.since(known) <= SAME);
        let before = number.saturating_sub(1);
        if number < self.newest {
            if same && self.reset.zip(reset).is_some_and(|(known, told)| known.since(told) <= SAME) {
                self.base = self.base.min(before);
            }
            return;
        }
        if !same {
            self.base = before;
            self.last_rate = self.rate;
            self.reset = reset;
        }
        self.newest = number;
        self.remaining = Some(remaining);
        self.credit = Some(remaining.saturating_add(number));
        self.judge_others(now);
        self.repace(now);
    }

    /// Nobody goes before `until`.
    pub(super) fn hold(&mut self, until: Time) {
        self.hold = Some(self.hold.map_or(until, |known| known.max(until)));
    }

    /// We were refused. Where nothing tells the vendor's limit, half the pace is the only guess.
    pub(super) fn throttled(&mut self, until: Option<Time>, now: Time) {
        self.hold(until.unwrap_or_else(|| now.plus(Duration::from_secs(1))));
        if self.limit.is_none() {
            self.press(0.5, now);
            self.repace(now);
        }
    }

    /// What `status` and metrics show.
    pub(super) fn view(&mut self, now: Time) -> Budget {
        self.turn_page(now);
        let left = self.allowance().map(|allowance| {
            let spare = self.spare().unwrap_or(allowance);
            (spare / allowance).clamp(0.0, 1.0)
        });
        Budget { limit: self.limit, remaining: self.remaining, reset: self.reset, left, throttled: 0, billed: None }
    }

    /// Forgets a window that is over, a hold that is past, and everything when the clock was put back.
    fn turn_page(&mut self, now: Time) {
        if self.seen.since(now) > Duration::from_secs(1) {
            let sent = self.sent;
            *self = Self { sent, ..Self::new(self.share, self.unknown, Arc::clone(&self.clock)) };
        }
        self.seen = now;
        if self.hold.is_some_and(|until| until <= now) {
            self.hold = None;
            if self.reset.is_none() {
                (self.remaining, self.credit) = (None, None);
            }
        }
        if self.reset.is_some_and(|reset| reset <= now) {
            (self.reset, self.remaining, self.credit) = (None, None, None);
            self.repace(now);
        }
    }

    /// What we may take of a whole window; at least one call, or we would stand still.
    fn allowance(&self) -> Option<f64> {
        self.limit.map(|limit| (wide(limit) * self.share).floor().max(1.0))
    }

    /// What we may still take of this window.
    fn spare(&self) -> Option<f64> {
        let (limit, credit) = (wide(self.limit?), wide(self.credit?));
        let reserve = limit - self.allowance()?;
        if self.reset.is_none() {
            // Nobody tells where the window begins, so that what was taken cannot be told from what others took.
            return Some(credit - wide(self.sent) - reserve);
        }
        let ours = wide(self.sent) - wide(self.base);
        Some(limit - ours - reserve.max(self.others()? + limit * UNTOUCHED))
    }

    /// What others took of this window.
    fn others(&self) -> Option<f64> {
        Some((wide(self.limit?) + wide(self.base) - wide(self.credit?)).max(0.0))
    }

    /// Others' calls per second in this window, with what they did in the last one as a first guess.
    fn judge_others(&mut self, now: Time) {
        if let (Some(others), Some(reset)) = (self.others(), self.reset) {
            let elapsed = self.window.saturating_sub(reset.since(now)).as_secs_f64();
            self.rate = (others + self.last_rate * JUDGED_S) / (elapsed + JUDGED_S);
        }
    }

    /// The pace that spreads over the rest of the window what others will leave us.
    fn even_pace(&self, allowance: f64, now: Time) -> f64 {
        let window = self.window.as_secs_f64();
        let (Some(limit), Some(reset), Some(spare)) = (self.limit, self.reset, self.spare()) else {
            let left_over = self.limit.map_or(allowance, |limit| wide(limit) - self.rate * CAUTION * window);
            return allowance.min(left_over) / window;
        };
        let left = reset.since(now).as_secs_f64();
        let ours = wide(self.sent) - wide(self.base);
        let foreseen = self.others().unwrap_or(0.0) + self.rate * CAUTION * left + wide(limit) * UNTOUCHED;
        spare.min(wide(limit) - ours - foreseen) / left.max(1.0)
    }

    fn press(&mut self, factor: f64, now: Time) {
        if now.since(self.slow_since) >= SLOWER_EVERY || self.slow >= 1.0 {
            self.slow = (self.slow * factor).max(SLOWEST);
            self.slow_since = now;
        }
    }

    fn repace(&mut self, now: Time) {
        if self.slow < 1.0 && now.since(self.slow_since) >= QUICKER_EVERY {
            self.slow = (self.slow + 0.1).min(1.0);
            self.slow_since = now;
        }
        let pace = self.allowance().map_or(self.unknown, |allowance| {
            let window = self.window.as_secs_f64();
            // Now and then one has to ask, or one never hears that the others have gone.
            let least = allowance * LEAST / window;
            self.even_pace(allowance, now).clamp(least, allowance / window)
        });
        self.pace.follow(pace * self.slow);
    }
}

/// Windows are minutes, hours or days; one that has longer to go than a minute is of the next kind.
fn usual_window(left: Duration) -> Duration {
    let kinds = [60, 300, 3600].map(Duration::from_secs);
    // A little slack: the reset may be told one second late.
    kinds.into_iter().find(|kind| left <= *kind + Duration::from_secs(5)).unwrap_or(Duration::from_hours(24))
}

/// An even pace by governor, on our own clock.
struct Pace {
    per_second: f64,
    clock: Ticks,
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>,
}

#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().millis()).unwrap_or(0))
    }
}

impl Pace {
    fn new(per_second: f64, clock: Arc<dyn Clock>) -> Self {
        let clock = Ticks(clock);
        Self { per_second, limiter: limiter(per_second, clock.clone()), clock }
    }

    /// Takes a turn, or says when the next one is.
    fn turn(&self, now: Time) -> Option<Time> {
        let wait = self.limiter.check().err()?.wait_time_from(self.clock.now());
        // Rounded up: a wait below a millisecond would not move a clock of milliseconds.
        Some(now.plus(wait.saturating_add(Duration::from_nanos(999_999))))
    }

    /// Changes the pace. governor's quota is fixed, so a new limiter is built; all of its burst but one call is taken
    /// away, or every change would be a gift. Small changes are not worth that.
    fn follow(&mut self, per_second: f64) {
        let ratio = per_second / self.per_second;
        if (0.9..=1.1).contains(&ratio) {
            return;
        }
        self.per_second = per_second;
        self.limiter = limiter(per_second, self.clock.clone());
        let spent = NonZeroU32::new(burst(per_second).saturating_sub(1)).unwrap_or(NonZeroU32::MIN);
        // Only a number above the burst is an error.
        drop(self.limiter.check_n(spent));
    }
}

fn limiter(per_second: f64, clock: Ticks) -> RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>> {
    let interval = Duration::try_from_secs_f64(1.0 / per_second.max(1e-6)).unwrap_or(MINUTE);
    let burst = NonZeroU32::new(burst(per_second)).unwrap_or(NonZeroU32::MIN);
    let quota =
        Quota::with_period(interval.max(Duration::from_micros(1))).unwrap_or(Quota::per_second(NonZeroU32::MIN));
    RateLimiter::direct_with_clock(quota.allow_burst(burst), clock)
}

/// Half a second's worth, and at least two, so that a late turn is made up for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 4")]
fn burst(per_second: f64) -> u32 {
    (per_second / 2.0).clamp(2.0, BURST) as u32
}

#[expect(clippy::cast_precision_loss, reason = "call counts are far below 2^52")]
fn wide(count: u64) -> f64 {
    count as f64
}
